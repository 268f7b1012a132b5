"""What decisions makes of intake's events: cases are opened, supplements and withdrawals are noted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from schemas.county import County
from schemas.decisions import CaseOpened, CaseWithdrawn, SupplementReceived
from schemas.facts import Fact
from schemas.intake import ApplicationSubmitted, ApplicationSupplemented, ApplicationWithdrawn
from services.ledger import Ledger, NotYet, Record, StreamWrite
from services.web.handling import Loaded, fact_of, load

from .domain import appropriations, cases

Reaction = Callable[[Record], Awaitable[Sequence[StreamWrite]]]


class Reactions:
    """Reactions by event type. All concern one case; opening one takes the next diary number with it."""

    def __init__(self, ledger: Ledger, county: County) -> None:
        self._ledger = ledger
        self._county = county

    async def open_case(self, record: Record) -> Sequence[StreamWrite]:
        """An application came: a case with the next diary number of the year in which it arrived."""
        fact = fact_of(record)
        assert isinstance(fact, ApplicationSubmitted)
        stream = f"case/{fact.application_id}"
        case: Loaded[cases.Case | None] = await load(self._ledger, stream, cases.evolve, None)
        if case.state is not None:
            return ()
        rule = self._county.diary_rule(fact.arrived_on)
        year = fact.arrived_on.year
        diary_stream = f"diary/{rule.class_code}-{year}"
        diary = await load(self._ledger, diary_stream, appropriations.evolve_diary, 0)
        number = appropriations.assign_diary_number(diary.state, rule.number, year, fact.application_id)
        return (case.write([_opened(fact, number.diary_number)]), diary.write([number]))

    async def note(self, record: Record) -> Sequence[StreamWrite]:
        """A supplement or a withdrawal came for a case."""
        fact = fact_of(record)
        assert isinstance(fact, ApplicationSupplemented | ApplicationWithdrawn)
        stream = f"case/{fact.application_id}"
        loaded = await load(self._ledger, stream, cases.evolve, None)
        if loaded.state is None:
            raise NotYet(stream, loaded.version, "the case of the application")
        return (loaded.write(_noted(fact, loaded.state)),)

    def by_type(self) -> Mapping[str, Mapping[str, Reaction]]:
        """Topic → event type → reaction."""
        return {
            "intake": {
                ApplicationSubmitted.event_type: self.open_case,
                ApplicationSupplemented.event_type: self.note,
                ApplicationWithdrawn.event_type: self.note,
            }
        }


def _noted(fact: ApplicationSupplemented | ApplicationWithdrawn, case: cases.Case) -> list[Fact]:
    if isinstance(fact, ApplicationWithdrawn):
        if case.decision is not None or case.closed_without_decision:
            return []
        return [CaseWithdrawn(application_id=fact.application_id, reason=fact.reason)]
    if fact.request_id not in case.open_requests:
        return []
    return [SupplementReceived(application_id=fact.application_id, request_id=fact.request_id, answer=fact.answer)]


def _opened(fact: ApplicationSubmitted, diary_number: str) -> CaseOpened:
    largest = max(fact.municipalities, key=lambda share: (share.percent, share.municipality))
    return CaseOpened(
        application_id=fact.application_id, diary_number=diary_number, call_id=fact.call_id, basket=fact.basket,
        pays=fact.pays, association_id=fact.association_id, association_name=fact.association_name, iban=fact.iban,
        activity=fact.activity, municipality=largest.municipality, purpose=fact.purpose, applied=fact.applied,
        own_funding=fact.own_funding, years=fact.years, channel=fact.channel, arrived_on=fact.arrived_on,
        late=fact.late,
    )  # fmt: skip
