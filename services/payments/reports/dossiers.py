"""A grant with all its events, and what a payment run's events say: what the reports are pure functions of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec

from schemas.county import Posting as Rule
from schemas.helsinki import HELSINKI
from schemas.payments import GrantAwarded
from services.ledger import Record
from services.payments.domain import grants
from services.payments.domain.grants import Grant
from services.payments.domain.postings import GrantIdentity, Posting, PostingTable, posting_of
from services.web.handling import fact_of

from .model import Event


class RememberedTable:
    """The county's posting table, where each rule is looked for once: reports ask for the same few again and again."""

    def __init__(self, table: PostingTable) -> None:
        self._table = table
        self._found: dict[tuple[str, str, date], Rule] = {}

    def posting(self, event_type: str, basket: str, on: date) -> Rule:
        """The rule for a money event of a basket on a Helsinki date."""
        asked = (event_type, basket, on)
        if asked not in self._found:
            self._found[asked] = self._table.posting(event_type, basket, on)
        return self._found[asked]


@dataclass(frozen=True, slots=True)
class Dossier:
    """A grant with all its events as of a position."""

    application_id: str
    awarded: GrantAwarded
    events: tuple[Event, ...]

    @property
    def grant(self) -> Grant:
        """The grant as it stands after them."""
        state: Grant | None = None
        for event in self.events:
            state = grants.evolve(state, event.fact)
        assert state is not None, "a grant's first event awards it"
        return state

    def postings(self, table: PostingTable) -> list[Posting]:
        """The postings of its money events."""
        fact = self.awarded
        identity = GrantIdentity(fact.application_id, fact.diary_number, fact.association_name, fact.basket)
        made = (posting_of(event.position, event.fact, identity, table) for event in self.events)
        return [each for each in made if each is not None]


@dataclass(frozen=True, slots=True)
class RunEvent:
    """What an event of a payment run says, without its lines: a run may have 20 000. `lines` are those of an approval,
    None for all.
    """

    event: Record
    person: str | None
    on_behalf_of: str | None
    lines: frozenset[str] | None
    sha256: str | None

    @property
    def type(self) -> str:
        """The event's type, such as run.approved."""
        return self.event.type

    @property
    def on(self) -> date:
        """The Helsinki date on which it was recorded."""
        return self.event.recorded_at.astimezone(HELSINKI).date()


class _RunData(msgspec.Struct):
    person: str | None = None
    on_behalf_of: str | None = None
    sha256: str | None = None


class _Approved(msgspec.Struct):
    lines: frozenset[str] | None = None


_RUN_DATA: Final = msgspec.json.Decoder(_RunData)
_APPROVED: Final = msgspec.json.Decoder(_Approved)


def event_of_record(record: Record) -> Event:
    """A record as the reports take it."""
    return Event(
        record.position, record.id, record.stream, record.recorded_at, record.causation, fact_of(record)
    )  # fmt: skip


def run_event(record: Record) -> RunEvent:
    """An event of a run, without its lines."""
    data = record.data_bytes
    read = _RUN_DATA.decode(data)
    lines = _APPROVED.decode(data).lines if record.type == "run.approved" else None
    return RunEvent(record, read.person, read.on_behalf_of, lines, read.sha256)


def approvals_of(events: Iterable[RunEvent], end_to_end_id: str) -> list[RunEvent]:
    """The approvals of a line that hold: those given since the run was last changed."""
    found: list[RunEvent] = []
    for each in events:
        if each.type == "run.changed":
            found = []
        elif each.type == "run.approved" and (each.lines is None or end_to_end_id in each.lines):
            found.append(each)
    return found


def person_of(approval: RunEvent) -> str:
    """Who approved, and for whom."""
    behalf = "" if approval.on_behalf_of is None else f" (puolesta: {approval.on_behalf_of})"
    return f"{approval.person}{behalf}"


def proposer_of(events: Iterable[RunEvent]) -> str | None:
    """Who proposed the run."""
    return next((each.person for each in events if each.type == "run.proposed"), None)


def dossiers_from(events: Iterable[Event]) -> list[Dossier]:
    """Events in the order of their streams, as grants."""
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.stream.split("/")[1], []).append(event)
    return [dossier(key, listed) for key, listed in found.items()]


def dossier(application_id: str, events: Sequence[Event]) -> Dossier:
    """A grant from all its events."""
    awarded = events[0].fact
    assert isinstance(awarded, GrantAwarded), "a grant's first event awards it"
    return Dossier(application_id, awarded, tuple(events))


Runs = Mapping[str, Sequence[RunEvent]]
"""Runs by id."""
