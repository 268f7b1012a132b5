"""Load, decide, append: how every service turns a command or a received event into events of its own ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from schemas import catalogue
from schemas.facts import Fact
from schemas.refusals import Refused
from services.ledger import Context, Idempotency, Ledger, NewEvent, Record, StreamWrite, Unit, VersionConflict

State = TypeVar("State")
TRIES_MAX = 50


def event_of(fact: Fact) -> NewEvent:
    """A fact as it goes into the ledger."""
    return NewEvent(fact.event_type, fact.model_dump_json().encode(), fact.event_schema)


def fact_of(record: Record) -> Fact:
    """A record as the newest version of its contract; raises ContractUnknown or ValidationError."""
    return catalogue.read(record.type, record.schema, record.data)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[State]):
    """A stream's state with the version at which it was loaded (0: the stream does not exist)."""

    stream: str
    version: int
    state: State

    def write(self, facts: Sequence[Fact]) -> StreamWrite:
        """These facts on this stream, refused by the ledger if it has moved on since."""
        return StreamWrite(self.stream, self.version, tuple(event_of(fact) for fact in facts))


async def load(ledger: Ledger, stream: str, evolve: Callable[[State, Fact], State], initial: State) -> Loaded[State]:
    """A stream's state by folding its facts."""
    records = await ledger.stream(stream)
    state = initial
    for record in records:
        state = evolve(state, fact_of(record))
    return Loaded(stream, len(records), state)


async def load_many(
    ledger: Ledger, streams: Sequence[str], evolve: Callable[[State, Fact], State], initial: State
) -> dict[str, Loaded[State]]:
    """Several streams' states, read by one statement."""
    found: dict[str, Loaded[State]] = {}
    for stream, records in (await ledger.streams(streams)).items():
        state = initial
        for record in records:
            state = evolve(state, fact_of(record))
        found[stream] = Loaded(stream, len(records), state)
    return found


@dataclass(frozen=True, slots=True)
class Plan:
    """What a command decided: what to write, what to answer, and the refusal to raise once an attempt is recorded."""

    writes: tuple[StreamWrite, ...]
    answer: dict[str, Any] = field(default_factory=dict)
    refusal: Refused | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A caller's idempotency key with the fingerprint (SHA-256) of the request."""

    actor: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller gets: the body, the version of the first stream written (for the ETag), and whether the command
    had been answered before.
    """

    body: bytes
    version: int
    replayed: bool = False


async def handle(
    ledger: Ledger,
    context: Context,
    decide: Callable[[], Awaitable[Plan]],
    encode: Callable[[dict[str, Any]], bytes],
    key: Key | None = None,
) -> Answer:
    """Runs `decide` (which loads what it needs) and appends its plan in one transaction.

    When a stream moved on meanwhile everything is loaded and decided again. Raises what `decide` raises, the plan's
    refusal once the attempt is in the ledger, KeyReused, and Unavailable.
    """
    for attempt in range(1, TRIES_MAX + 1):
        plan = await decide()
        writes = tuple(write for write in plan.writes if write.events)
        body = encode(plan.answer)
        idempotency = None
        if key is not None and plan.refusal is None:
            idempotency = Idempotency(key.actor, key.key, key.fingerprint, body)
        try:
            appended = await ledger.append(Unit(context, writes, idempotency))
        except VersionConflict:
            if attempt == TRIES_MAX:
                raise
            continue
        if plan.refusal is not None:
            raise plan.refusal
        if appended.replayed is not None:
            return Answer(appended.replayed, 0, replayed=True)
        first = appended.versions.get(writes[0].stream, 0) if writes else 0
        return Answer(body, first)
    raise AssertionError("the loop ends by return or raise")
