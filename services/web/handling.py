"""Load, decide, append: how every service turns a command or a received event into events of its own ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, TypeVar

from schemas import catalogue
from schemas.facts import Fact
from schemas.refusals import Refused, SeveralRefused
from services.ledger import (
    Context,
    Idempotency,
    KeyReused,
    Ledger,
    NewEvent,
    Record,
    StreamWrite,
    Unit,
    VersionConflict,
    decode_body,
)
from services.web.idempotency import IdempotencyKey
from services.web.preconditions import check_version
from services.web.problems import Problem

State = TypeVar("State")
TRIES_MAX = 50
FACTS_KEPT = 4096


def event_of(fact: Fact) -> NewEvent:
    """A fact as it goes into the ledger."""
    return NewEvent(fact.event_type, fact.model_dump_json().encode(), fact.event_schema)


def fact_of(record: Record) -> Fact:
    """A record as the newest version of its contract; raises ContractUnknown or ValidationError. What is read again
    and again, such as a call, is not parsed and validated again: bodies and facts never change.
    """
    return _read(record.type, record.schema, record.body)


@lru_cache(maxsize=FACTS_KEPT)
def _read(event_type: str, schema: int, body: bytes) -> Fact:
    return catalogue.read(event_type, schema, decode_body(body).data)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[State]):
    """A stream's state with the version at which it was loaded (0: the stream does not exist)."""

    stream: str
    version: int
    state: State

    def write(self, facts: Sequence[Fact]) -> StreamWrite:
        """These facts on this stream, refused by the ledger if it has moved on since."""
        return StreamWrite(self.stream, self.version, tuple(event_of(fact) for fact in facts))

    def unchanged(self) -> StreamWrite:
        """Nothing on this stream, and still refused if it has moved on: what was read is what the plan rests on."""
        return StreamWrite(self.stream, self.version, ())


async def load(ledger: Ledger, stream: str, evolve: Callable[[State, Fact], State], initial: State) -> Loaded[State]:
    """A stream's state by folding its facts."""
    return fold(stream, await ledger.stream(stream), evolve, initial)


def fold(
    stream: str, records: Sequence[Record], evolve: Callable[[State, Fact], State], initial: State
) -> Loaded[State]:
    """A stream's state from all its records."""
    state = initial
    for record in records:
        state = evolve(state, fact_of(record))
    return Loaded(stream, len(records), state)


async def load_many(
    ledger: Ledger, streams: Sequence[str], evolve: Callable[[State, Fact], State], initial: State
) -> dict[str, Loaded[State]]:
    """Several streams' states, read by one statement."""
    found = await ledger.streams(streams)
    return {stream: fold(stream, records, evolve, initial) for stream, records in found.items()}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a command decided: what to write, what to answer, and the refusal to raise once an attempt is recorded."""

    writes: tuple[StreamWrite, ...]
    answer: dict[str, Any] = field(default_factory=dict)
    refusal: Refused | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller gets: the body, the version of the first stream that the command is about (for the ETag; None
    where it is about none), how many events it recorded, and whether it had been answered before.
    """

    body: bytes
    version: int | None
    events: int
    replayed: bool = False


async def handle(
    ledger: Ledger,
    context: Context,
    decide: Callable[[], Awaitable[Plan]],
    encode: Callable[[dict[str, Any]], bytes],
    key: IdempotencyKey | None = None,
    seen: int | None = None,
) -> Answer:
    """Runs `decide` (which loads what it needs) and appends its plan in one transaction.

    When a stream moved on meanwhile everything is loaded and decided again. `seen` is the version of the plan's first
    stream that the caller saw (If-Match). A command that was answered before is answered so again, even where it would
    be refused now, and an attempt that is refused is recorded whatever version was seen. Raises what `decide` raises,
    Problem 412 when another version was seen, the plan's refusal once the attempt is in the ledger, KeyReused, and
    Unavailable.
    """
    for attempt in range(1, TRIES_MAX + 1):
        try:
            plan = await decide()
            if plan.writes and plan.refusal is None:
                check_version(seen, plan.writes[0].expected)
        except (Refused, SeveralRefused, Problem):
            answered = None if key is None else await ledger.answered(key.actor, key.key, key.fingerprint)
            if answered is None:
                raise
            return Answer(answered, None, 0, replayed=True)
        if plan.refusal is not None and (answered := await _repeated(ledger, key)) is not None:
            return Answer(answered, None, 0, replayed=True)
        try:
            answer = await _append(ledger, context, plan, encode(plan.answer), key)
        except VersionConflict:
            if attempt == TRIES_MAX:
                raise
            continue
        if plan.refusal is not None:
            raise plan.refusal
        return answer
    raise AssertionError("the loop ends by return or raise")


async def _repeated(ledger: Ledger, key: IdempotencyKey | None) -> bytes | None:
    """The answer that this very command got before; an attempt under the key of another command is one of its own."""
    if key is None:
        return None
    with suppress(KeyReused):
        return await ledger.answered(key.actor, key.key, key.fingerprint)
    return None


async def _append(ledger: Ledger, context: Context, plan: Plan, body: bytes, key: IdempotencyKey | None) -> Answer:
    """Appends a plan as one unit; a refused attempt leaves its key free."""
    idempotency = None
    if key is not None and plan.refusal is None:
        idempotency = Idempotency(key.actor, key.key, key.fingerprint, body)
    appended = await ledger.append(Unit(context, plan.writes, idempotency))
    if appended.replayed is not None:
        return Answer(appended.replayed, None, 0, replayed=True)
    version = None
    if plan.writes:
        version = appended.versions.get(plan.writes[0].stream, plan.writes[0].expected)
    return Answer(body, version, sum(len(write.events) for write in plan.writes))
