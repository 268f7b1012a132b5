"""The parking place: messages that could not be handled, oldest first for each source and key.

The first of a queue is tried again by itself when the fact that it waits for has come, or when a person asks;
when it took effect, those behind it follow at once, in order, until one fails. Several replicas may attend to
one parking place: the transaction of the effect lets one of them win, and the others learn that it was done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
import structlog

from .ending import end
from .errors import LedgerError
from .inbox import INFRASTRUCTURE, Inbox, Message
from .ledger import Ledger

log = structlog.get_logger(__name__)

_READY = """
SELECT p.source, p.key FROM parked p
WHERE p.ready AND p.released_at IS NULL AND NOT EXISTS (
    SELECT FROM parked q
    WHERE q.source = p.source AND q.key = p.key AND q.released_at IS NULL AND q.number < p.number)
ORDER BY p.number LIMIT 100
"""
_QUEUES = """
SELECT source, key FROM parked WHERE released_at IS NULL AND ($1::text IS NULL OR source = $1) AND ($2::text
IS NULL OR key = $2) GROUP BY source, key ORDER BY min(number)
"""
_FIRST = """
SELECT number, source, key, headers, value, ready FROM parked
WHERE source = $1 AND key = $2 AND released_at IS NULL ORDER BY number LIMIT 1
"""
_ONE = """
SELECT p.source, p.key, p.released_at,
    (SELECT min(q.number) FROM parked q WHERE q.source = p.source AND q.key = p.key AND q.released_at IS NULL)
    AS first
FROM parked p WHERE p.number = $1
"""
_LIST = """
SELECT p.number, p.source, p.event_id, p.headers ->> 'ce_type' AS type, p.headers ->> 'ce_subject' AS stream,
p.key, p.reason,
    p.waiting_for, p.ready, p.attempts, p.parked_at, p.number = (
        SELECT min(q.number) FROM parked q
        WHERE q.source = p.source AND q.key = p.key AND q.released_at IS NULL) AS first
FROM parked p
WHERE p.released_at IS NULL AND p.number > $1 AND ($2::text IS NULL OR p.source = $2) AND ($3::text IS NULL OR
p.key = $3) ORDER BY p.number LIMIT $4
"""


class NotParked(LedgerError):
    """No message is parked under this number, or it was released."""


class NotFirst(LedgerError):
    """The message queues behind another, which must be retried first."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A parked message, as a person sees it. `first`: nothing of its key is before it. `waiting_for`: the own
    stream whose next event it waits for; None waits for a person, or for those before it. `type` and `stream`
    are as its headers say.
    """

    number: int
    source: str
    event_id: str
    type: str | None
    stream: str | None
    key: str
    reason: str
    waiting_for: str | None
    ready: bool
    attempts: int
    parked_at: datetime
    first: bool


@dataclass(slots=True)
class Retried:
    """What a retry brought: the numbers that took effect in order, and of those that failed the reason."""

    released: list[int] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)


async def list_parked(
    ledger: Ledger, *, source: str | None = None, key: str | None = None, after: int = 0, limit: int = 100
) -> list[Parked]:
    """Parked messages by number, those after number `after`."""
    rows = await ledger.pool.fetch(_LIST, after, source, key, limit)
    return [Parked(**dict(row)) for row in rows]


class Attendant:
    """Tries parked messages again. `start` before use, `stop` after; a person's retries work without `start`
    too.
    """

    def __init__(self, ledger: Ledger, inbox: Inbox, *, poll_seconds: float = 1.0) -> None:
        self._ledger = ledger
        self._inbox = inbox
        self._poll_seconds = poll_seconds
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    @property
    def running(self) -> bool:
        """Whether parked messages are attended to."""
        return self._task is not None and not self._task.done()

    async def start(self) -> None:
        self._ledger.writer.on_append.append(self._wake.set)
        self._task = asyncio.create_task(self._run(), name="parking-attendant")

    async def stop(self) -> None:
        if self._task is None:
            return
        self._ledger.writer.on_append.remove(self._wake.set)
        await end(self._task)
        self._task = None

    async def retry_number(self, number: int) -> Retried:
        """Tries one message, and then those behind it. Raises NotParked, NotFirst."""
        row = await self._ledger.pool.fetchrow(_ONE, number)
        if row is None or row["released_at"] is not None:
            raise NotParked(f"no message is parked under number {number}: see the list of parked messages")
        if row["first"] != number:
            raise NotFirst(f"number {number} queues behind number {row['first']} of {row['key']}: retry that one")
        return await self._drain(row["source"], row["key"], Retried())

    async def retry(self, *, source: str | None = None, key: str | None = None) -> Retried:
        """Tries the queue of a key, or of every key, each from its first message on."""
        retried = Retried()
        for row in await self._ledger.pool.fetch(_QUEUES, source, key):
            await self._drain(row["source"], row["key"], retried)
        return retried

    async def _run(self) -> None:
        try:
            while True:
                self._wake.clear()
                try:
                    await self._attend()
                except (LedgerError, asyncpg.PostgresError, *INFRASTRUCTURE) as error:
                    log.warning("parked messages wait", error=f"{type(error).__name__}: {error}")
                    await asyncio.sleep(self._poll_seconds)
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_seconds):
                        await self._wake.wait()
        except Exception:
            log.exception("parking attendant failed")
            raise

    async def _attend(self) -> None:
        while rows := await self._ledger.pool.fetch(_READY):
            for row in rows:
                await self._drain(row["source"], row["key"], Retried())

    async def _drain(self, source: str, key: str, retried: Retried) -> Retried:
        """Runs the messages of one queue in order until one fails or none is left."""
        async with self._turn:
            last = 0
            while (row := await self._ledger.pool.fetchrow(_FIRST, source, key)) and row["number"] > last:
                last = row["number"]
                reason = await self._inbox.retry(_message(row), last)
                if reason is not None:
                    retried.failed[last] = reason
                    break
                retried.released.append(last)
        return retried


def _message(row: Mapping[str, Any]) -> Message:
    headers = [(name, text.encode()) for name, text in msgspec.json.decode(row["headers"]).items()]
    return Message.read(row["source"], row["key"].encode(), bytes(row["value"]), headers)
