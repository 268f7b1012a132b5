"""The desk at which the machine of cases acts: three cases, what they share, and how a command runs on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final
from uuid import UUID

from schemas.decisions import (
    ActRefused,
    AppropriationReleased,
    AppropriationSet,
    CaseAssigned,
    CaseOpened,
    ChangeDecided,
    ConflictDeclared,
    DecisionMade,
    Matter,
    MeetingConvened,
    Outcome,
    PaymentNoted,
    RecoveryDecided,
    RectificationDecided,
    SectionTaken,
)
from schemas.facts import Fact
from schemas.refusals import Refused
from services.decisions.domain import appropriations, cases, meetings, stand_ins
from services.decisions.domain.appropriations import Appropriation
from services.decisions.domain.cases import Case, Ruling
from services.decisions.domain.meetings import Meeting
from services.decisions.domain.stand_ins import StandIns
from services.decisions.handlers.authority import Act, _shut_out
from tests.unit.given import fact, folded

NAME: Final = "operating-2026"
APPLIED: Final = 1_000
DECIDERS: Final = ("anna", "bertta", "cecilia")
PEOPLE: Final = (*DECIDERS, "olga", "otto")
"""Olga and Otto are officers alone: they decide only while standing in."""
Acted = Callable[[Case], tuple[list[Fact], list[Fact]]]
Ruled = Callable[[Case, str | None], tuple[list[Fact], list[Fact]]]
Decided = DecisionMade | RectificationDecided | ChangeDecided | RecoveryDecided


def request(number: int) -> UUID:
    return UUID(int=0x019B7A1E8C0070008000000000000100 + number)


def opened(number: int, *, late: bool) -> CaseOpened:
    return fact(CaseOpened, application_id=request(number), applied=APPLIED, late=late)


def refolded(facts: list[Fact]) -> Case:
    state = folded(cases.evolve, None, *facts)
    assert state is not None
    return state


def paid(facts: list[Fact]) -> int:
    """What stays paid, in cents."""
    signs = {"booked": 1, "returned": -1}
    return sum(signs[each.kind] * each.amount for each in facts if isinstance(each, PaymentNoted))


class Desk:
    """What the commands do with the domain: an attempt first, then the act, and what it writes all at once."""

    def __init__(self) -> None:
        self.today = date(2026, 2, 24)
        self.tied: frozenset[str] = frozenset()
        self.cases: list[list[Fact]] = [[opened(number, late=number == 2)] for number in range(3)]
        self.states: list[Case] = [refolded(facts) for facts in self.cases]
        self.money: list[Fact] = [fact(AppropriationSet, amount=700)]
        self.minutes: list[list[Fact]] = [[fact(MeetingConvened, present=PEOPLE)]]
        self.stand_ins: StandIns = {}
        self.barred: list[set[str]] = [set(), set(), set()]

    def case(self, number: int) -> Case:
        return self.states[number]

    def add(self, number: int, *facts: Fact) -> None:
        self.cases[number] += facts
        for each in facts:
            state = cases.evolve(self.states[number], each)
            assert state is not None
            self.states[number] = state

    @property
    def appropriation(self) -> Appropriation:
        return folded(appropriations.evolve_appropriation, Appropriation(), *self.money)

    @property
    def meeting(self) -> Meeting:
        state = folded(meetings.evolve, None, *self.minutes[-1])
        assert state is not None
        return state

    def act(self, number: int, person: str, name: str | None, run: Acted, another: str | None = None) -> None:
        """Runs an act, or keeps the refused attempt; what a rule refuses leaves no fact anywhere."""
        before = self.case(number)
        attempted = None if name is None else cases.attempt(before, person, name, self.tied, another)
        if attempted is not None:
            self.record(number, [attempted], [])
            assert self.case(number) == before
            return
        assert name is None or person not in self.barred[number] | self.tied
        kept = (list(self.cases[number]), list(self.money), [list(each) for each in self.minutes])
        try:
            own, shared = run(before)
        except Refused:
            assert kept == (self.cases[number], self.money, self.minutes)
            return
        self.record(number, own, shared)

    def rule_on(self, number: int, person: str, act: Act, run: Ruled) -> None:
        """As a decision maker, or for one whom the person stands in for today; else the attempt is kept."""
        case, on_behalf_of = self.case(number), None
        another = person if person in act.prepared_by else None
        if person not in DECIDERS and cases.attempt(case, person, act.name, self.tied, another) is None:
            for named in stand_ins.stands_for(self.stand_ins, person, self.today):
                if stand_ins.why_not(named, act.amount, _shut_out(case, act)) is None:
                    on_behalf_of = named.principal
            if on_behalf_of is None:
                self.record(number, [cases.refuse(case, person, act.name, "ei sijainen")], [])
                return
        self.act(number, person, act.name, lambda before: run(before, on_behalf_of), another)

    def record(self, number: int, own: list[Fact], shared: list[Fact]) -> None:
        barred = self.barred[number] | self.tied
        for each in own:
            if isinstance(each, ConflictDeclared):
                self.barred[number].add(each.person)
            elif not isinstance(each, ActRefused):
                assert getattr(each, "person", None) not in barred, each
            if isinstance(each, CaseAssigned):
                assert not {each.officer, each.deputy} & barred, each
            if isinstance(each, Decided):
                self.was_up_to(each.person, each.on_behalf_of, getattr(each, "amount", 0))
        self.add(number, *own)
        self.minutes[-1] += [each for each in shared if isinstance(each, SectionTaken)]
        self.money += [each for each in shared if not isinstance(each, SectionTaken)]

    def was_up_to(self, person: str, on_behalf_of: str | None, amount: int) -> None:
        """A decision maker decides by their own office; another one for a decision maker who named them for today."""
        assert (person in DECIDERS) == (on_behalf_of is None)
        assert on_behalf_of is None or any(
            (each.principal, each.stand_in) == (on_behalf_of, person)
            and each.valid_from <= self.today <= each.valid_until
            and amount <= each.limit
            for each in self.stand_ins.values()
        )

    def section(self, case: Case, matter: Matter) -> list[Fact]:
        return [meetings.take_section(self.meeting, case.opened.application_id, case.disqualified | self.tied, matter)]

    def bind(self, case: Case, change: int) -> list[Fact]:
        if change >= 0:
            return appropriations.commit(self.appropriation, NAME, case.opened.application_id, change)
        return [fact(AppropriationReleased, application_id=case.opened.application_id, amount=-change)]

    def ruling(self, person: str, said: tuple[Outcome, int], on_behalf_of: str | None, taken: list[Fact]) -> Ruling:
        days = (self.today,) if said[1] else ()
        section = next((each.section for each in taken if isinstance(each, SectionTaken)), None)
        return Ruling(
            person, "Aluehallitus", self.today, *said, "Syyt", (), days, None, section, on_behalf_of
        )  # fmt: skip
