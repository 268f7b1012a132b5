"""Received events take effect once: the effect and the note that the event was received are one transaction.

A message that cannot be handled is parked with its reason, and later messages of its key queue behind it; all
others go on. Only when the database cannot be reached is an error raised, so that the broker delivers the
message again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import asyncpg
import structlog

from schemas.envelope import Envelope, EnvelopeInvalid, Header, from_message, source_of

from .errors import AlreadyReceived, Blocked, Corrupt, NotYet, Unavailable, VersionConflict
from .ledger import Ledger
from .records import Context, Record, StreamWrite, decode_body
from .units import Parking, Receipt, Unit
from .writer import CONNECTION_LOST

log = structlog.get_logger(__name__)

Reaction = Callable[[Record], Awaitable[Sequence[StreamWrite]]]
Known = Callable[[str, int], bool]

INFRASTRUCTURE = (
    *CONNECTION_LOST,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    Unavailable,
)
BACK_OFF_SECONDS_MAX = 5.0
REASON_CHARACTERS_MAX = 2000

_QUEUE = "SELECT min(number) FROM parked WHERE source = $1 AND key = $2 AND released_at IS NULL"


@dataclass(frozen=True, slots=True)
class Message:
    """What came from a topic. `record` is the event, or None when the message is no event of ours: then
    `fault` says why, and `id` is a hash of the message, so that it cannot take the place of an event.
    """

    source: str
    id: str
    key: str
    headers: Mapping[str, str]
    value: bytes
    record: Record | None
    fault: str | None

    @classmethod
    def read(cls, source: str, key: bytes | None, value: bytes | None, headers: Iterable[Header]) -> Message:
        """Never fails: `source` names the service whose topic it came from."""
        pairs = tuple(headers)
        texts = {printable(name.encode(errors="replace")): printable(raw or b"") for name, raw in pairs}
        try:
            envelope = from_message(pairs, key, value)
            record = _record(envelope, source)
        except (EnvelopeInvalid, Corrupt) as error:
            identity = f"unreadable:{_digest(pairs, key, value)}"
            return cls(
                source,
                identity,
                printable(key or b""),
                texts,
                value or b"",
                None,
                printable(str(error).encode()),
            )
        return cls(source, envelope.id, record.key, texts, envelope.body, record, None)


class Inbox:
    """Runs reactions. `reactions` maps an event type to what it brings about: writes to streams of the own
    ledger.

    A reaction reads state and decides; it has no effect of its own. It raises NotYet when it needs a fact
    that comes later. `known(type, schema)` says which events this release can read: a known one without a
    reaction passes by, an unknown one is parked.
    """

    def __init__(
        self,
        ledger: Ledger,
        service: str,
        reactions: Mapping[str, Reaction],
        known: Known,
        *,
        conflicts_max: int = 20,
        back_off_seconds: float = 0.2,
    ) -> None:
        self._ledger = ledger
        self._service = service
        self._reactions = reactions
        self._known = known
        self._conflicts_max = conflicts_max
        self._back_off_first = self._back_off = back_off_seconds

    async def receive(self, message: Message) -> None:
        """Returns when the message took effect, passed by, or is parked. What it raises is nothing of the
        message's own (the database is away): it must come again. Before raising it waits for up to five
        seconds.
        """
        try:
            await self._take(message, None)
        except Exception as error:
            log.warning("message will come again", source=message.source, id=message.id, error=str(error))
            await asyncio.sleep(self._back_off)
            self._back_off = min(2 * self._back_off, BACK_OFF_SECONDS_MAX)
            raise
        self._back_off = self._back_off_first

    async def retry(self, message: Message, number: int) -> str | None:
        """Tries a parked message again. None when it took effect, now or before; else why it stays parked."""
        return await self._take(message, number)

    async def _take(self, message: Message, number: int | None) -> str | None:
        record = message.record
        if record is None:
            return await self._park(message, number, f"unreadable message: {message.fault}")
        if not self._known(record.type, record.schema):
            reason = f"{record.type} version {record.schema} is unknown to this release"
            return await self._park(message, number, reason)
        if number is None and record.type not in self._reactions:
            return None
        try:
            await self._react(message, record, number)
        except AlreadyReceived:
            return None
        except (VersionConflict, *INFRASTRUCTURE):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a reaction raises stops its own stream only (P12)
            return await self._set_aside(message, number, error)
        return None

    async def _set_aside(self, message: Message, number: int | None, error: Exception) -> str | None:
        if isinstance(error, Blocked) and number is not None:
            return str(error)
        if isinstance(error, NotYet):
            return await self._park(message, number, str(error), error)
        if isinstance(error, Blocked):
            return await self._park(message, number, str(error), blocked=True)
        log.warning("message parked", source=message.source, id=message.id, exc_info=error)
        return await self._park(message, number, f"{type(error).__name__}: {error}")

    async def _react(self, message: Message, record: Record, number: int | None) -> None:
        reaction = self._reactions.get(record.type)
        context = Context(f"service:{self._service}", record.correlation, str(record.id))
        receipt = Receipt(message.source, message.id, message.key, number)
        for attempt in range(1, self._conflicts_max + 1):
            writes = () if reaction is None else tuple(await reaction(record))
            try:
                await self._ledger.append(Unit(context, writes, receipt=receipt))
                return
            except VersionConflict:
                if attempt == self._conflicts_max:
                    raise

    async def _park(
        self,
        message: Message,
        number: int | None,
        reason: str,
        missing: NotYet | None = None,
        *,
        blocked: bool = False,
    ) -> str | None:
        """Parks it, or parks it again; None when it took effect meanwhile. What was `blocked` goes on by itself, also
        when the queue that blocked it has run out since.
        """
        behind = number is None and (blocked or await self._queues_behind(message))
        if behind:
            reason, missing = f"queues behind an earlier message of {message.key}", None
        try:
            await self._ledger.append(
                Unit(
                    Context(f"service:{self._service}", message.id),
                    parking=Parking(
                        source=message.source,
                        event_id=message.id,
                        key=message.key,
                        headers=dict(message.headers),
                        value=message.value,
                        reason=printable(reason.encode(errors="replace"))[:REASON_CHARACTERS_MAX],
                        waiting_for=None if missing is None else missing.stream,
                        seen=0 if missing is None else missing.seen,
                        parked=number,
                        behind=behind,
                    ),
                )
            )
        except AlreadyReceived:
            return None
        return reason

    async def _queues_behind(self, message: Message) -> bool:
        return await self._ledger.pool.fetchval(_QUEUE, message.source, message.key) is not None


def printable(raw: bytes) -> str:
    """Text that PostgreSQL can keep: bytes that are no UTF-8, and NUL, are shown as escapes."""
    return raw.decode(errors="backslashreplace").replace("\x00", "\\x00")


def _record(envelope: Envelope, source: str) -> Record:
    if envelope.source != source_of(source):
        raise EnvelopeInvalid(f"header ce_source is {envelope.source!r}, not {source_of(source)!r}")
    return decode_body(envelope.body)


def _digest(headers: Sequence[Header], key: bytes | None, value: bytes | None) -> str:
    digest = sha256(repr((headers, key)).encode(errors="backslashreplace"))
    digest.update(value or b"")
    return digest.hexdigest()
