"""The outbox of mails: made of what the ledger records, kept until they are sent.

A message holds no address and no name, but a reference to its addressee. Its id is made of the event's id and the
addressee's number, so that the same event never makes a message twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from inspect import isawaitable
from typing import Any, Final, Literal
from uuid import UUID, uuid5

import msgspec

from schemas.words import Language
from services.intake.messages.errors import MessageUnknown, NotRetriable
from services.intake.messages.texts import OCCASIONS, kept
from services.ledger import Ledger, Record
from services.ledger.errors import Corrupt

State = Literal["queued", "sent", "failed", "unaddressed"]
BATCH_MAX: Final = 500
COLUMNS: Final = (
    "id, event_position, application_id, occasion, language, subject, parameters, state, attempts, due_at, created_at, "
    "sent_at, last_error"
)

_POSITION = "SELECT position FROM messenger"
_MOVE = "UPDATE messenger SET position = $2 WHERE position = $1 RETURNING position"
_INSERT = """
INSERT INTO message
    (id, event_position, application_id, occasion, language, subject, parameters, due_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $8) ON CONFLICT DO NOTHING
"""
_LIST = f"""
SELECT {COLUMNS} FROM message
WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR application_id = $2)
    AND (event_position, id) > ($3::bigint, $4::uuid)
ORDER BY event_position, id LIMIT $5
"""  # noqa: S608 - the columns are a constant
_RETRY = """
UPDATE message SET state = 'queued', attempts = 0, due_at = $2, last_error = NULL
WHERE id = $1 AND state IN ('failed', 'unaddressed') RETURNING id
"""
_STATE = "SELECT state FROM message WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something to tell somebody: `name` is one of `OCCASIONS`, `subject` refers to whom ('application/<id>',
    'association/<id>'). `language` None is the addressee's own.
    """

    name: str
    subject: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    application_id: str | None = None
    language: Language | None = None


OccasionsOf = Callable[[Record], Sequence[Occasion] | Awaitable[Sequence[Occasion]]]
"""What an event is the occasion for, one for each addressee and always in the same order. One that has to look up whom
an event concerns (a changed call) reads as of the event's position.
"""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a person sees it. `language` is None until it is known; `due_at` is when it is sent next."""

    id: UUID
    event_position: int
    application_id: str | None
    occasion: str
    language: Language | None
    subject: str
    parameters: Mapping[str, Any]
    state: State
    attempts: int
    due_at: datetime
    created_at: datetime
    sent_at: datetime | None
    last_error: str | None

    @property
    def key(self) -> tuple[int, str]:
        """What lists are sorted by: the key of the page that follows this message."""
        return self.event_position, str(self.id)


def message_from_row(row: Mapping[str, Any]) -> Message:
    """A message from a row of `COLUMNS`."""
    return Message(**{**row, "parameters": msgspec.json.decode(row["parameters"])})


def message_id(event_id: UUID, number: int) -> UUID:
    """The id of an event's message to its addressee `number` (from 0)."""
    return uuid5(event_id, str(number))


async def follow(ledger: Ledger, occasions_of: OccasionsOf) -> int:
    """Makes messages of all events that were not looked at yet, and returns how many events it looked at.

    A batch's messages and the position behind it are one transaction, and of two replicas one moves the position on:
    every event is looked at, and makes its messages once. An occasion that has no text makes none, and of parameters
    only those are kept that the text uses. What `occasions_of` raises is raised before anything of its batch is kept.
    """
    looked_at = 0
    while records := await ledger.after(position := await _position(ledger), BATCH_MAX):
        rows = [row for record in records for row in await _rows(ledger, record, occasions_of)]
        async with ledger.pool.acquire() as connection, connection.transaction():
            # The row's lock lets one replica move on from here; for the other the position is another by then.
            if await connection.fetchval(_MOVE, position, records[-1].position) is None:
                continue
            await connection.executemany(_INSERT, rows)
        looked_at += len(records)
    return looked_at


async def _position(ledger: Ledger) -> int:
    position = await ledger.pool.fetchval(_POSITION)
    if position is None:
        raise Corrupt("table messenger has no row")
    return int(position)


async def _rows(ledger: Ledger, record: Record, occasions_of: OccasionsOf) -> list[tuple[Any, ...]]:
    found = occasions_of(record)
    occasions = await found if isawaitable(found) else found
    now = ledger.clock()
    return [
        (
            message_id(record.id, number), record.position, each.application_id, each.name, each.language, each.subject,
            msgspec.json.encode(kept(each.name, each.parameters)).decode(), now,
        )
        for number, each in enumerate(occasions) if each.name in OCCASIONS
    ]  # fmt: skip


async def list_messages(
    ledger: Ledger,
    *,
    state: State | None = None,
    application_id: str | None = None,
    after: tuple[int, str] | None = None,
    limit: int = 100,
) -> list[Message]:
    """Messages in the order of their events, those behind `after` (the `key` of the last one seen; with an id that is
    none the list starts with all messages of that event).
    """
    position, last = after or (0, "")
    rows = await ledger.pool.fetch(_LIST, state, application_id, position, _id_or_first(last), limit)
    return [message_from_row(row) for row in rows]


def _id_or_first(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


async def retry(ledger: Ledger, id: UUID) -> None:
    """Queues a message again that had failed or had no address; it is due now. Raises MessageUnknown, NotRetriable."""
    if await ledger.pool.fetchval(_RETRY, id, ledger.clock()) is not None:
        return
    state = await ledger.pool.fetchval(_STATE, id)
    if state is None:
        raise MessageUnknown(f"there is no message {id}: see the list of messages")
    raise NotRetriable(f"message {id} is {state}: only one that failed or has no address is retried")
