"""Whatever commands come in whatever order: three cases that share an appropriation, a meeting and the people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from schemas.decisions import (
    ActRefused,
    AppropriationCommitted,
    AppropriationReleased,
    AppropriationSet,
    CaseAssigned,
    CaseOpened,
    CaseWithdrawn,
    ConflictDeclared,
    DecisionBecameFinal,
    DecisionMade,
    DecisionNotified,
    MeetingConvened,
    Outcome,
    ProposalMade,
    RecoveryDecided,
    RectificationDecided,
    SectionTaken,
    SupplementReceived,
    TaskDecided,
)
from schemas.facts import Fact
from schemas.refusals import Refused
from services.decisions.domain import appropriations, cases
from services.decisions.domain.appropriations import Appropriation, Meeting
from services.decisions.domain.cases import Case, Judgement, Ruling
from tests.unit.given import fact, folded

NAME: Final = "operating-2026"
APPLIED: Final = 1_000
PEOPLE: Final = ("anna", "bertta", "cecilia", "doris")
NUMBERS: Final = st.integers(0, 2)
PERSONS: Final = st.sampled_from(PEOPLE)
SUMS: Final = st.sampled_from([0, 1, 300, 400, 999, APPLIED])
DAYS: Final = st.integers(0, 20)
RARELY: Final = st.integers(0, 5)
"""What closes or bars happens at 0 alone, so that most cases live."""
SAID: list[tuple[Outcome, int]] = [
    ("granted", APPLIED), ("granted_in_part", 1), ("granted_in_part", 400), ("granted_in_part", 999), ("rejected", 0),
    ("not_examined", 0), ("granted", 400), ("granted_in_part", APPLIED), ("rejected", 1),
]  # fmt: skip
RULINGS: Final = st.sampled_from(SAID)
Acted = Callable[[Case], tuple[list[Fact], list[Fact]]]


def request(number: int) -> UUID:
    return UUID(int=0x019B7A1E8C0070008000000000000100 + number)


def opened(number: int, *, late: bool) -> CaseOpened:
    return fact(CaseOpened, application_id=request(number), applied=APPLIED, late=late)


def refolded(facts: list[Fact]) -> Case:
    state = folded(cases.evolve, None, *facts)
    assert state is not None
    return state


class CasesMachine(RuleBasedStateMachine):
    """Does with the domain what the commands do: an attempt first, then the act, and what it writes all at once."""

    def __init__(self) -> None:
        super().__init__()
        self.today = date(2026, 2, 24)
        self.tied: frozenset[str] = frozenset()
        self.cases: list[list[Fact]] = [[opened(number, late=number == 2)] for number in range(3)]
        self.states: list[Case] = [refolded(facts) for facts in self.cases]
        self.money: list[Fact] = [fact(AppropriationSet, amount=700)]
        self.minutes: list[Fact] = [fact(MeetingConvened, present=PEOPLE)]
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
        state = folded(appropriations.evolve_meeting, None, *self.minutes)
        assert state is not None
        return state

    def act(self, number: int, person: str, name: str | None, run: Acted) -> None:
        """Runs an act, or keeps the refused attempt; what a rule refuses leaves no fact anywhere."""
        before = self.case(number)
        attempted = None if name is None else cases.attempt(before, person, name, self.tied)
        if attempted is not None:
            self.record(number, [attempted], [])
            assert self.case(number) == before
            return
        assert name is None or person not in self.barred[number] | self.tied
        kept = (list(self.cases[number]), list(self.money), list(self.minutes))
        try:
            own, shared = run(before)
        except Refused:
            assert kept == (self.cases[number], self.money, self.minutes)
            return
        self.record(number, own, shared)

    def record(self, number: int, own: list[Fact], shared: list[Fact]) -> None:
        barred = self.barred[number] | self.tied
        for each in own:
            if isinstance(each, ConflictDeclared):
                self.barred[number].add(each.person)
            elif not isinstance(each, ActRefused):
                assert getattr(each, "person", None) not in barred, each
            if isinstance(each, CaseAssigned):
                assert not {each.officer, each.deputy} & barred, each
        self.add(number, *own)
        self.minutes += [each for each in shared if isinstance(each, SectionTaken)]
        self.money += [each for each in shared if not isinstance(each, SectionTaken)]

    def bind(self, case: Case, change: int) -> list[Fact]:
        if change >= 0:
            return appropriations.commit(self.appropriation, NAME, case.opened.application_id, change)
        return [fact(AppropriationReleased, application_id=case.opened.application_id, amount=-change)]

    def ruling(self, person: str, outcome: Outcome, amount: int, section: int | None = None) -> Ruling:
        days = (self.today,) if amount else ()
        return Ruling(person, "Hallitus", self.today, outcome, amount, "Syyt", (), days, None, section)

    # --- what people and other services do -------------------------------------------------------------------

    @initialize(steps=st.tuples(*[st.integers(0, 6)] * 3), turn=st.integers(0, 3))
    def start_midway(self, steps: tuple[int, int, int], turn: int) -> None:
        for number, each in enumerate(steps):
            self.usual_way(number, each, turn)

    @rule(days=DAYS)
    def days_pass(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(number=NUMBERS, later=st.integers(0, 1))
    def last_day_for_a_claim_comes(self, number: int, later: int) -> None:
        notified = self.case(number).notified
        if notified is not None:
            self.today = max(self.today, notified.last_claim_day + timedelta(days=later))
            self.run_deadlines()

    @rule(person=PERSONS, rarely=RARELY)
    def somebody_acts_for_the_applicant(self, person: str, rarely: int) -> None:
        self.tied = frozenset({person} if rarely == 0 else ())

    @rule(amount=st.sampled_from([0, 500, 700, 1_000, 3_000]))
    def set_appropriation(self, amount: int) -> None:
        try:
            self.money += appropriations.set_appropriation(self.appropriation, NAME, amount)
        except Refused:
            assert amount < self.appropriation.committed

    @rule(number=NUMBERS, person=PERSONS, rarely=RARELY)
    def declare_conflict(self, number: int, person: str, rarely: int) -> None:
        if rarely == 0:
            self.act(number, "operator", None, lambda case: (cases.declare_conflict(case, person, "Jäsen"), []))

    @rule(number=NUMBERS, person=PERSONS, officer=PERSONS, deputy=st.none() | PERSONS)
    def assign(self, number: int, person: str, officer: str, deputy: str | None) -> None:
        self.act(number, person, "assign", lambda case: (cases.assign(case, officer, deputy, self.tied), []))

    @rule(number=NUMBERS, whose=st.booleans())
    def officer_or_deputy_is_disqualified(self, number: int, whose: bool) -> None:
        person = self.case(number).officer if whose else self.case(number).deputy
        if person is not None:
            self.declare_conflict(number, person, rarely=0)

    @rule(number=NUMBERS, person=PERSONS, eligible=SUMS, whole=st.booleans())
    def decide_task(self, number: int, person: str, eligible: int, whole: bool) -> None:
        decided = fact(TaskDecided, task="county" if whole else "county_part", eligible=eligible, person=person)
        self.act(number, person, "decide_task", lambda case: (cases.decide_task(case, decided), []))

    @rule(number=NUMBERS, person=PERSONS, days=DAYS, rarely=RARELY)
    def request_supplement(self, number: int, person: str, days: int, rarely: int) -> None:
        if rarely:
            return
        due_on = self.today + timedelta(days=days)
        made = request(len(self.cases[number]))
        self.act(
            number, person, "request_supplement",
            lambda case: (cases.request_supplement(case, made, "Tilinpäätös?", due_on, self.today), []),
        )  # fmt: skip

    @rule(number=NUMBERS)
    def supplement_comes(self, number: int) -> None:
        waiting = self.case(number).open_requests
        self.add(number, *(fact(SupplementReceived, request_id=each) for each in waiting))

    @rule(number=NUMBERS, rarely=RARELY)
    def applicant_withdraws(self, number: int, rarely: int) -> None:
        case = self.case(number)
        if rarely == 0 and case.decision is None and not case.closed_without_decision:
            self.add(number, fact(CaseWithdrawn))

    @rule(number=NUMBERS, person=PERSONS, rarely=RARELY)
    def transfer(self, number: int, person: str, rarely: int) -> None:
        if rarely == 0:
            self.act(number, person, "transfer", lambda case: (cases.transfer(case, "Kunnan tehtävä"), []))

    @rule(number=NUMBERS, person=PERSONS, points=st.integers(0, 100))
    def assess(self, number: int, person: str, points: int) -> None:
        judgement = Judgement(person, points, (), "Syyt")
        self.act(number, person, "assess", lambda case: (cases.assess(case, judgement), []))

    @rule(number=NUMBERS, person=PERSONS, said=RULINGS)
    def propose(self, number: int, person: str, said: tuple[Outcome, int]) -> None:
        self.act(number, person, "propose", lambda case: (cases.propose(case, person, *said, "Syyt"), []))

    @rule(number=NUMBERS, person=PERSONS, said=RULINGS, at_meeting=st.booleans())
    def decide(self, number: int, person: str, said: tuple[Outcome, int], at_meeting: bool) -> None:
        def run(case: Case) -> tuple[list[Fact], list[Fact]]:
            left = case.disqualified | self.tied
            application = case.opened.application_id
            taken = appropriations.take_section(self.meeting, application, left) if at_meeting else None
            made = cases.decide(case, self.ruling(person, *said, taken.section if taken else None))
            return made, [*([taken] if taken else []), *self.bind(case, said[1])]

        self.act(number, person, "decide", run)

    @rule(number=NUMBERS, steps=st.integers(1, 6), turn=st.integers(0, 3))
    def usual_way(self, number: int, steps: int, turn: int) -> None:
        """As far as `steps` says, each by the next person, so that what follows a decision is reached often."""
        case = self.case(number)
        said: tuple[Outcome, int] = ("granted_in_part", min(400, case.eligible))
        if case.opened.late:
            said = ("not_examined", 0)
        people = [PEOPLE[(turn + index) % len(PEOPLE)] for index in range(len(PEOPLE))]
        way: list[Callable[[], None]] = [
            lambda: self.assign(number, people[0], people[0], people[3]),
            lambda: self.propose(number, people[0], said),
            lambda: self.decide(number, people[1], said, at_meeting=True),
            lambda: self.notify(number, people[2]),
            lambda: self.claim(number),
            lambda: self.recover(number, people[3], 300),
        ]
        for step in way[:steps]:
            step()

    @rule(number=NUMBERS, person=PERSONS)
    def notify(self, number: int, person: str) -> None:
        notice = fact(
            DecisionNotified, sent_on=self.today, received_on=self.today + timedelta(days=3),
            last_claim_day=self.today + timedelta(days=17),
        )  # fmt: skip
        self.act(number, person, "notify", lambda case: (cases.notify(case, notice), []))

    @rule(number=NUMBERS)
    def claim(self, number: int) -> None:
        made = request(len(self.cases[number]))
        self.act(number, "applicant", None, lambda case: (cases.claim(case, made, self.today, "Laskuvirhe"), []))

    @rule(number=NUMBERS, person=PERSONS, said=RULINGS, change=st.booleans())
    def decide_claim(self, number: int, person: str, said: tuple[Outcome, int], change: bool) -> None:
        def run(case: Case) -> tuple[list[Fact], list[Fact]]:
            made = cases.decide_claim(case, self.ruling(person, *said), change)
            return made, self.bind(case, said[1] - case.amount) if change else []

        self.act(number, person, "decide_claim", run)

    @rule(number=NUMBERS, person=PERSONS, said=RULINGS)
    def rectify(self, number: int, person: str, said: tuple[Outcome, int]) -> None:
        self.claim(number)
        self.decide_claim(number, person, said, change=True)

    @rule()
    def run_deadlines(self) -> None:
        for number in range(3):
            self.record(number, cases.become_final(self.case(number), self.today), [])

    @rule(number=NUMBERS, person=PERSONS, amount=SUMS)
    def recover(self, number: int, person: str, amount: int) -> None:
        if amount:
            due_on = self.today + timedelta(days=30)
            made = fact(RecoveryDecided, amount=amount, decided_on=self.today, due_on=due_on, person=person)
            self.act(number, person, "recover", lambda case: (cases.recover(case, made, 100), []))

    def teardown(self) -> None:
        assert self.states == [refolded(facts) for facts in self.cases]

    # --- what holds after each -------------------------------------------------------------------------------

    @invariant()
    def what_is_bound_is_what_is_in_force(self) -> None:
        """By the facts alone, without the states."""
        taken = sum(each.amount for each in self.money if isinstance(each, AppropriationCommitted))
        bound = taken - sum(each.amount for each in self.money if isinstance(each, AppropriationReleased))
        in_force = [
            [each.amount for each in facts if isinstance(each, DecisionMade | RectificationDecided)][-1:]
            for facts in self.cases
        ]
        assert bound == sum(sum(last) for last in in_force) == self.appropriation.committed
        assert 0 <= bound <= self.appropriation.amount

    @invariant()
    def a_case_is_decided_once_by_another_than_its_proposer(self) -> None:
        for facts in self.cases:
            decided = [index for index, each in enumerate(facts) if isinstance(each, DecisionMade)]
            assert len(decided) <= 1
            for index in decided:
                proposals = [each for each in facts[:index] if isinstance(each, ProposalMade)]
                made = facts[index]
                assert isinstance(made, DecisionMade)
                assert proposals[-1].person != made.person

    @invariant()
    def a_case_that_was_closed_is_never_decided(self) -> None:
        for number in range(3):
            case = self.case(number)
            assert not (case.closed_without_decision and case.decision)

    @invariant()
    def a_decision_is_final_once_and_after_its_last_day_for_a_claim(self) -> None:
        for facts in self.cases:
            final = [each for each in facts if isinstance(each, DecisionBecameFinal)]
            notices = [each for each in facts if isinstance(each, DecisionNotified)]
            assert len(final) <= 1
            assert len(notices) <= 1
            assert all(each.final_on > notices[0].last_claim_day for each in final)

    @invariant()
    def no_more_is_recovered_than_is_in_force(self) -> None:
        for number in range(3):
            case = self.case(number)
            assert 0 <= case.recovered <= case.amount <= case.eligible <= APPLIED

    @invariant()
    def whoever_is_barred_holds_no_part_of_the_case(self) -> None:
        for number, barred in enumerate(self.barred):
            case = self.case(number)
            assert not barred & {case.officer, case.deputy, *case.assessments}
            assert barred == case.disqualified

    @invariant()
    def sections_have_no_gap(self) -> None:
        taken = [each.section for each in self.minutes if isinstance(each, SectionTaken)]
        assert taken == list(range(1, len(taken) + 1))


TestCases = CasesMachine.TestCase
TestCases.settings = settings(max_examples=200, stateful_step_count=40, print_blob=True, deadline=None)
