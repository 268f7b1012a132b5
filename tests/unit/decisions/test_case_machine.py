"""Whatever commands come in whatever order: three cases that share an appropriation, meetings, stand-ins and the
people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import chain
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from schemas.decisions import (
    ActRefused,
    AgendaSet,
    AppealDecided,
    AppealLodged,
    AppropriationCommitted,
    AppropriationReleased,
    AppropriationSet,
    AssessmentRecorded,
    CaseAssigned,
    CaseTransferred,
    CaseWithdrawn,
    ConflictDeclared,
    DecisionBecameFinal,
    DecisionMade,
    DecisionNotified,
    DecisionPublished,
    HearingAnswered,
    HearingOpened,
    Matter,
    MeetingConvened,
    Outcome,
    PaymentNoted,
    ProposalMade,
    RecoveryDecided,
    RectificationClaimed,
    RectificationDecided,
    RectificationNotified,
    RectificationWithdrawn,
    SectionTaken,
    StandInEnded,
    StandInNamed,
    SupplementReceived,
    SupplementRequested,
    TaskDecided,
)
from schemas.facts import Fact
from schemas.refusals import Refused
from services.decisions.domain import appeals, appropriations, cases, claims, meetings, recovery, stand_ins
from services.decisions.domain.cases import Case, Judgement
from services.decisions.handlers.authority import Act
from tests.unit.decisions.desk import APPLIED, DECIDERS, NAME, PEOPLE, Desk, paid, refolded, request
from tests.unit.given import fact, folded
from tests.unit.reaching import Kinds, reaching

NUMBERS: Final = st.integers(0, 2)
PERSONS: Final = st.sampled_from(PEOPLE)
SUMS: Final = st.sampled_from([0, 1, 300, 400, 999, APPLIED])
DAYS: Final = st.integers(0, 20)
STEPS: Final = st.sampled_from([0, 0, 1, 2, 3, 4, 5, 5, 5, 5])
RARELY: Final = st.integers(0, 5)
"""What closes or bars happens at 0 alone, so that most cases live."""
SAID: list[tuple[Outcome, int]] = [
    ("granted", APPLIED), ("granted_in_part", 1), ("granted_in_part", 400), ("granted_in_part", 999), ("rejected", 0),
    ("not_examined", 0), ("granted", 400), ("granted_in_part", APPLIED), ("rejected", 1),
]  # fmt: skip
RULINGS: Final = st.sampled_from(SAID)
THEN: Final = st.sampled_from([
    "nothing", "final", "upheld", "changed", "changed", "late", "appealed", "annulled", "appealed late", "recovered",
    "withdrawn",
])  # fmt: skip
"""What comes of a case that was decided, notified and perhaps paid."""
WRITTEN: Final[Kinds] = {
    ActRefused, AgendaSet, AppealDecided, AppealLodged, AppropriationCommitted, AppropriationReleased,
    AppropriationSet, AssessmentRecorded, CaseAssigned, CaseTransferred, CaseWithdrawn, ConflictDeclared,
    DecisionBecameFinal, DecisionMade, DecisionNotified, HearingAnswered, HearingOpened, MeetingConvened, PaymentNoted,
    ProposalMade, RecoveryDecided, RectificationClaimed, RectificationDecided, RectificationNotified, SectionTaken,
    StandInEnded, StandInNamed, SupplementReceived, SupplementRequested, TaskDecided, DecisionPublished,
    RectificationWithdrawn,
}  # fmt: skip
LIMIT: Final = 100
"""What is under it need not be returned; cents."""
REACHED: Final[Kinds] = set()


class CasesMachine(Desk, RuleBasedStateMachine):
    """Does with the domain what the commands do: an attempt first, then the act, and what it writes all at once."""

    def __init__(self) -> None:
        Desk.__init__(self)
        RuleBasedStateMachine.__init__(self)
        self.named: list[Fact] = []

    # --- what people and other services do -------------------------------------------------------------------

    @initialize(
        steps=st.tuples(*[STEPS] * 3), then=st.tuples(*[THEN] * 3), turn=st.integers(0, 2),
        left_out=st.none() | NUMBERS, amount=st.sampled_from([3_000, 1_500, 1_000, 700]),
    )  # fmt: skip
    def start_midway(
        self, steps: tuple[int, ...], then: tuple[str, ...], turn: int, left_out: int | None, amount: int
    ) -> None:
        self.set_appropriation(amount)
        if left_out is not None:
            self.convene_with_agenda(left_out)
        for number, each in enumerate(steps):
            self.usual_way(number, each, turn)
            self.and_then(number, then[number], turn)

    @rule(days=DAYS)
    def days_pass(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(number=NUMBERS, later=st.integers(0, 1), appeal=st.booleans())
    def last_day_for_a_claim_or_to_appeal_comes(self, number: int, later: int, appeal: bool) -> None:
        notified, told = self.case(number).notified, self.case(number).claim_notified
        last = told.last_appeal_day if appeal and told else notified.last_claim_day if notified else None
        if last is not None:
            self.today = max(self.today, last + timedelta(days=later))
            self.run_deadlines()

    @rule(principal=st.sampled_from(DECIDERS), stand_in=PERSONS, days=DAYS, limit=SUMS)
    def name_stand_in(self, principal: str, stand_in: str, days: int, limit: int) -> None:
        named = fact(
            StandInNamed, stand_in_id=request(1000 + len(self.stand_ins)), principal=principal, person=principal,
            stand_in=stand_in, valid_from=self.today, valid_until=self.today + timedelta(days=days), limit=limit,
        )  # fmt: skip
        self.stand_in_facts(lambda: stand_ins.name(self.stand_ins, named, self.today))

    @rule(person=st.none() | st.sampled_from(DECIDERS), which=st.integers(0, 3), days=st.sampled_from([0, 0, 0, 1, 5]))
    def end_stand_in(self, person: str | None, which: int, days: int) -> None:
        """By the one who named them, or by somebody else, who may not."""
        known = list(self.stand_ins.values())[-1 - which :][:1]
        principal = known[0].principal if known else "anna"
        last = self.today + timedelta(days=days)
        ended = fact(
            StandInEnded, stand_in_id=known[0].stand_in_id if known else request(1000), person=person or principal,
            valid_until=last,
        )  # fmt: skip
        self.stand_in_facts(lambda: stand_ins.end(self.stand_ins, ended, self.today))

    def stand_in_facts(self, run: Callable[[], list[Fact]]) -> None:
        try:
            made = run()
        except Refused:
            return
        self.named += made
        self.stand_ins = folded(stand_ins.evolve, self.stand_ins, *made)

    @rule(left_out=NUMBERS)
    def convene_with_agenda(self, left_out: int) -> None:
        """The next meeting takes up every case but one."""
        items: list[tuple[int, Matter]] = [(each, "decision") for each in range(3) if each != left_out]
        self.minutes.append([fact(MeetingConvened, present=PEOPLE)])
        self.set_agenda([*items, *((number, "claim") for number, _ in items)])

    @rule(items=st.lists(st.tuples(NUMBERS, st.sampled_from(["decision", "claim"])), min_size=1, max_size=4))
    def set_agenda(self, items: Sequence[tuple[int, Matter]]) -> None:
        listed = [{"application_id": request(number), "matter": matter} for number, matter in items]
        try:
            self.minutes[-1] += meetings.set_agenda(self.meeting, fact(AgendaSet, items=listed))
        except Refused:
            assert self.meeting.section or len(set(items)) < len(items)

    @rule()
    def convene(self) -> None:
        self.minutes.append([fact(MeetingConvened, present=PEOPLE)])

    @rule(number=NUMBERS, principal=st.sampled_from(DECIDERS), proposer=PERSONS, late=st.booleans())
    def stand_in_decides(self, number: int, principal: str, proposer: str, late: bool) -> None:
        """Otto decides for somebody, or tries to the day after."""
        self.name_stand_in(principal, "otto", 0, 400)
        self.today += timedelta(days=int(late))
        said: tuple[Outcome, int] = ("granted_in_part", min(300, self.case(number).eligible))
        self.propose(number, proposer, said)
        self.decide(number, "otto", said, at_meeting=False)
        self.claim(number)
        self.decide_claim(number, "otto", said, change=False, at_meeting=False)

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

    @rule(number=NUMBERS, person=PERSONS, days=st.integers(1, 5), comes=st.booleans())
    def ask_and_wait(self, number: int, person: str, days: int, comes: bool) -> None:
        """A supplement is asked for, and comes or does not come in its time."""
        self.request_supplement(number, person, days, rarely=0)
        self.days_pass(days + 1)
        if comes:
            self.supplement_comes(number)

    @rule(number=NUMBERS, rarely=RARELY)
    def applicant_withdraws(self, number: int, rarely: int) -> None:
        case = self.case(number)
        if rarely == 0 and case.decision is None and not case.closed_without_decision:
            self.add(number, fact(CaseWithdrawn))

    @rule(number=NUMBERS, person=PERSONS, rarely=st.integers(0, 2))
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
        def run(case: Case, on_behalf_of: str | None) -> tuple[list[Fact], list[Fact]]:
            taken = self.section(case, "decision") if at_meeting else []
            made = cases.decide(case, self.ruling(person, said, on_behalf_of, taken))
            return made, [*taken, *self.bind(case, said[1])]

        self.rule_on(number, person, Act("decide", said[1]), run)

    @rule(number=NUMBERS, steps=STEPS, turn=st.integers(0, 2))
    def usual_way(self, number: int, steps: int, turn: int) -> None:
        """As far as `steps` says, each by another person, so that what follows a decision is reached often."""
        case = self.case(number)
        said: tuple[Outcome, int] = ("granted_in_part", min(400, case.eligible))
        if case.opened.late:
            said = ("not_examined", 0)
        first = DECIDERS[turn]
        way: list[Callable[[], None]] = [
            lambda: self.assign(number, "olga", "olga", "otto"),
            lambda: self.propose(number, "olga", said),
            lambda: self.decide(number, first, said, at_meeting=turn > 0),
            lambda: self.notify(number, "otto"),
            lambda: None if turn == 1 else self.pay(number),
        ]
        for step in way[:steps]:
            step()

    @rule(number=NUMBERS, then=THEN, turn=st.integers(0, 2))
    def and_then(self, number: int, then: str, turn: int) -> None:
        second, third = (DECIDERS[(turn + index) % 3] for index in (1, 2))
        if then in {"final", "late"}:
            self.last_day_for_a_claim_or_to_appeal_comes(number, 1, appeal=False)
        if then == "recovered":
            self.pay(number)
            self.hear(number, "otto", 300, answered=True)
            self.recover(number, third, 300)
        if then in {"nothing", "final", "recovered"}:
            return
        new: tuple[Outcome, int] = ("granted_in_part", min(300 + 200 * turn, self.case(number).eligible))
        self.claim(number)
        if then == "withdrawn":
            self.withdraw_claim(number, "otto", earlier=False)
            return
        changes = then not in {"upheld", "late"} and not self.case(number).opened.late
        self.decide_claim(number, second, new, changes, at_meeting=turn > 1)
        self.notify_claim(number, "otto")
        if then in {"upheld", "changed", "late"}:
            return
        late = then == "appealed late"
        if late:
            self.last_day_for_a_claim_or_to_appeal_comes(number, 1, appeal=True)
        self.appeal(number, "otto", days=int(late) * (1 + turn))
        self.days_pass(60)
        self.run_deadlines()
        self.court_decides(number, "otto", annulled=then == "annulled", days=None if turn else 30)
        if then == "annulled":
            self.decide_claim(number, third, new, change=True, at_meeting=False)
            self.notify_claim(number, "otto")

    @rule(number=NUMBERS, person=PERSONS)
    def notify(self, number: int, person: str) -> None:
        notice = fact(
            DecisionNotified, sent_on=self.today, received_on=self.today + timedelta(days=3),
            last_claim_day=self.today + timedelta(days=17),
        )  # fmt: skip
        self.act(number, person, "notify", lambda case: (cases.notify(case, notice), []))

    @rule(number=NUMBERS, person=PERSONS, days=DAYS)
    def publish(self, number: int, person: str, days: int) -> None:
        """The decision was on the web so many days ago."""
        on = self.today - timedelta(days=days)
        published = fact(DecisionPublished, published_on=on, person=person, last_claim_day=on + timedelta(days=21))

        def run(case: Case) -> tuple[list[Fact], list[Fact]]:
            claims.check_published(case, on, self.today)
            return [published], []

        self.act(number, person, "publish", run)

    @rule(number=NUMBERS, person=PERSONS, earlier=st.booleans())
    def withdraw_claim(self, number: int, person: str, earlier: bool) -> None:
        """The pending claim, or the one that was decided before."""
        case = self.case(number)
        claim = case.claim_answered if earlier else case.claim
        withdrawn = fact(
            RectificationWithdrawn, claim_id=request(0) if claim is None else claim.claim_id, withdrawn_on=self.today,
            person=person,
        )  # fmt: skip
        self.act(number, person, "withdraw_claim", lambda each: (claims.withdraw(each, withdrawn, self.today), []))

    @rule(number=NUMBERS)
    def claim(self, number: int) -> None:
        made = request(len(self.cases[number]))
        self.act(number, "applicant", None, lambda case: (claims.claim(case, made, self.today, "Laskuvirhe"), []))

    @rule(number=NUMBERS, person=PERSONS, said=RULINGS, change=st.booleans(), at_meeting=st.booleans())
    def decide_claim(self, number: int, person: str, said: tuple[Outcome, int], change: bool, at_meeting: bool) -> None:
        def run(case: Case, on_behalf_of: str | None) -> tuple[list[Fact], list[Fact]]:
            taken = self.section(case, "claim") if at_meeting else []
            made = claims.decide_claim(case, self.ruling(person, said, on_behalf_of, taken), change)
            return made, [*taken, *(self.bind(case, said[1] - case.amount) if change else [])]

        amount = said[1] if change else self.case(number).amount
        self.rule_on(number, person, Act("decide_claim", amount), run)

    @rule(number=NUMBERS, person=PERSONS)
    def notify_claim(self, number: int, person: str) -> None:
        def run(case: Case) -> tuple[list[Fact], list[Fact]]:
            notice = fact(
                RectificationNotified, claim_id=claims.claim_to_notify(case).claim_id, sent_on=self.today,
                last_appeal_day=self.today + timedelta(days=33),
            )  # fmt: skip
            return claims.notify_claim(case, notice), []

        self.act(number, person, "notify", run)

    @rule(number=NUMBERS, person=PERSONS, said=RULINGS)
    def rectify(self, number: int, person: str, said: tuple[Outcome, int]) -> None:
        self.claim(number)
        self.decide_claim(number, person, said, change=True, at_meeting=False)

    @rule(number=NUMBERS, person=PERSONS, days=st.integers(0, 5))
    def appeal(self, number: int, person: str, days: int) -> None:
        """An appeal that came so many days ago becomes known."""
        told = appeals.Lodged("Hallinto-oikeus", None, self.today - timedelta(days=days))
        made = request(len(self.cases[number]))
        self.act(
            number, person, "record_appeal", lambda case: (appeals.lodge(case, made, told, person, self.today), [])
        )

    @rule(number=NUMBERS, person=PERSONS, annulled=st.booleans(), days=st.none() | DAYS)
    def court_decides(self, number: int, person: str, annulled: bool, days: int | None) -> None:
        appeal = self.case(number).appeal
        decided = fact(
            AppealDecided, appeal_id=request(0) if appeal is None else appeal.appeal_id, decided_on=self.today,
            outcome="annulled" if annulled else "stands", person=person,
            open_until=None if days is None else self.today + timedelta(days=days),
        )  # fmt: skip
        self.act(number, person, "record_appeal", lambda case: (appeals.decide(case, decided, self.today), []))

    @rule()
    def run_deadlines(self) -> None:
        for number in range(3):
            self.record(number, claims.become_final(self.case(number), self.today), [])

    # --- what follows a decision -----------------------------------------------------------------------------

    @rule(number=NUMBERS)
    def pay(self, number: int) -> None:
        """What is in force and not paid yet is paid, also where the decision is not final: on notice."""
        case = self.case(number)
        left = case.amount - paid(self.cases[number])
        if case.notified is not None and left > 0:
            instalment = 1 + sum(isinstance(each, PaymentNoted) for each in self.cases[number])
            self.add(
                number, fact(PaymentNoted, instalment=instalment, amount=left, booked_on=self.today, kind="booked")
            )

    @rule(number=NUMBERS, rarely=RARELY)
    def payment_comes_back(self, number: int, rarely: int) -> None:
        noted = [each for each in self.cases[number] if isinstance(each, PaymentNoted)]
        if rarely == 0 and noted and noted[-1].kind == "booked":
            self.add(number, noted[-1].model_copy(update={"kind": "returned", "booked_on": self.today}))

    @rule(number=NUMBERS, person=PERSONS, amount=SUMS, answered=st.booleans())
    def hear(self, number: int, person: str, amount: int, answered: bool) -> None:
        if not amount:
            return
        opened = fact(
            HearingOpened, amount=amount, answer_by=self.today + timedelta(days=14), person=person,
            learned_on=self.today,
        )  # fmt: skip
        self.act(
            number, person, "open_hearing", lambda case: (recovery.open_hearing(case, opened, self.today, LIMIT), [])
        )
        answer = fact(HearingAnswered, answered_on=self.today)
        if answered:
            self.act(number, "applicant", None, lambda case: (recovery.answer_hearing(case, answer), []))

    @rule(number=NUMBERS, person=PERSONS, amount=SUMS)
    def recover(self, number: int, person: str, amount: int) -> None:
        def run(case: Case, on_behalf_of: str | None) -> tuple[list[Fact], list[Fact]]:
            recovery.check_heard(case, amount, self.today)
            due_on = self.today + timedelta(days=30)
            recovery.interest_on(case, amount, self.today, due_on, None)
            made = fact(
                RecoveryDecided, amount=amount, decided_on=self.today, due_on=due_on, person=person,
                on_behalf_of=on_behalf_of,
            )  # fmt: skip
            return recovery.recover(case, made, LIMIT), []

        if amount:
            hearing = self.case(number).hearing
            prepared_by = frozenset[str]() if hearing is None else frozenset({hearing.person})
            self.rule_on(number, person, Act("recover", amount, prepared_by), run)

    def teardown(self) -> None:
        REACHED.update(type(each) for each in chain(*self.cases, *self.minutes, self.money, self.named))
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
    def a_case_is_decided_once_by_nobody_who_proposed_and_for_nobody_who_did(self) -> None:
        for facts in self.cases:
            decided = [(index, each) for index, each in enumerate(facts) if isinstance(each, DecisionMade)]
            assert len(decided) <= 1
            for index, made in decided:
                proposers = {each.person for each in facts[:index] if isinstance(each, ProposalMade)}
                assert proposers
                assert not proposers & {made.person, made.on_behalf_of}

    @invariant()
    def a_claim_is_decided_by_nobody_who_decided_and_for_nobody_who_did(self) -> None:
        for facts in self.cases:
            made = {each.person for each in facts if isinstance(each, DecisionMade)}
            for each in facts:
                if isinstance(each, RectificationDecided):
                    assert not made & {each.person, each.on_behalf_of}

    @invariant()
    def a_recovery_is_decided_by_nobody_who_opened_its_hearing_and_for_nobody_who_did(self) -> None:
        for facts in self.cases:
            for index, each in enumerate(facts):
                if isinstance(each, RecoveryDecided):
                    hearings = [one for one in facts[:index] if isinstance(one, HearingOpened)]
                    assert hearings[-1].person not in {each.person, each.on_behalf_of}
                    assert each.amount <= hearings[-1].amount

    @invariant()
    def a_case_that_was_closed_is_never_decided(self) -> None:
        for number in range(3):
            case = self.case(number)
            assert not (case.closed_without_decision and case.decision)

    @invariant()
    def a_decision_is_final_once_unless_it_is_attacked_in_time_and_never_while_it_can_be_attacked(self) -> None:
        for facts in self.cases:
            assert sum(isinstance(each, DecisionNotified) for each in facts) <= 1
            is_final = False
            for index, each in enumerate(facts):
                if isinstance(each, DecisionBecameFinal):
                    assert not is_final
                    is_final = True
                    self.nothing_is_open(facts[:index], each.final_on)
                suspended = isinstance(each, AppealLodged) and each.suspends
                annulled = isinstance(each, AppealDecided) and each.outcome == "annulled"
                claimed = isinstance(each, RectificationClaimed) and each.in_time
                is_final = is_final and not suspended and not annulled and not claimed

    def nothing_is_open(self, facts: list[Fact], final_on: date) -> None:
        """By the facts alone: the parties' and the members' time for a claim is over, every claim in time was decided
        and notified or taken back, every appeal in time was decided, and nobody appeals any more.
        """
        withdrawn = {each.claim_id for each in facts if isinstance(each, RectificationWithdrawn)}
        told = {each.claim_id: each.last_appeal_day for each in facts if isinstance(each, RectificationNotified)}
        courts = {each.appeal_id: (at, each) for at, each in enumerate(facts) if isinstance(each, AppealDecided)}
        for each in facts:
            if isinstance(each, DecisionNotified | DecisionPublished):
                assert final_on > each.last_claim_day
            if isinstance(each, RectificationClaimed) and each.in_time and each.claim_id not in withdrawn:
                assert final_on > told[each.claim_id]
            if isinstance(each, AppealLodged) and (each.suspends or each.appeal_id in courts):
                assert each.appeal_id in courts
                at, court = courts[each.appeal_id]
                anew = {one.claim_id for one in facts[at:] if isinstance(one, RectificationDecided)}
                assert not each.suspends or final_on > (court.open_until or court.decided_on)
                assert court.outcome == "stands" or each.claim_id in anew

    @invariant()
    def a_claim_is_decided_or_taken_back_and_never_both(self) -> None:
        for facts in self.cases:
            withdrawn = [each.claim_id for each in facts if isinstance(each, RectificationWithdrawn)]
            decided = {each.claim_id for each in facts if isinstance(each, RectificationDecided)}
            assert len(withdrawn) == len(set(withdrawn))
            assert not decided & set(withdrawn)

    @invariant()
    def an_appeal_is_of_a_claim_that_was_decided_and_told(self) -> None:
        for facts in self.cases:
            for index, each in enumerate(facts):
                if isinstance(each, AppealLodged):
                    told = [one for one in facts[:index] if isinstance(one, RectificationNotified)]
                    assert told[-1].claim_id == each.claim_id
                if isinstance(each, AppealDecided):
                    lodged = [one for one in facts[:index] if isinstance(one, AppealLodged)]
                    assert lodged[-1].appeal_id == each.appeal_id
                    assert lodged[-1].in_time or each.outcome == "stands"

    @invariant()
    def no_more_is_granted_than_was_applied_for_of_the_countys_task(self) -> None:
        for facts in self.cases:
            eligible = APPLIED
            for each in facts:
                if isinstance(each, TaskDecided):
                    eligible = each.eligible
                if isinstance(each, DecisionMade) or (isinstance(each, RectificationDecided) and each.changed_to):
                    assert 0 <= each.amount <= eligible <= APPLIED

    @invariant()
    def no_more_is_recovered_than_was_paid(self) -> None:
        for facts in self.cases:
            for index, each in enumerate(facts):
                if isinstance(each, RecoveryDecided):
                    recovered = sum(one.amount for one in facts[: index + 1] if isinstance(one, RecoveryDecided))
                    assert recovered <= paid(facts[:index])

    @invariant()
    def whoever_is_barred_holds_no_part_of_the_case(self) -> None:
        """What they assessed before the decision stays told with it."""
        for number, barred in enumerate(self.barred):
            case = self.case(number)
            assert not barred & {case.officer, case.deputy}
            assert case.decision is not None or not barred & case.assessments.keys()
            assert barred == case.disqualified

    @invariant()
    def sections_have_no_gap_and_stand_on_the_agenda(self) -> None:
        for minutes in self.minutes:
            taken = [each for each in minutes if isinstance(each, SectionTaken)]
            assert [each.section for each in taken] == list(range(1, len(taken) + 1))
            for agenda in [each for each in minutes if isinstance(each, AgendaSet)][-1:]:
                items = {(item.application_id, item.matter) for item in agenda.items}
                assert {(each.application_id, each.matter) for each in taken} <= items


TestCases = reaching(CasesMachine, WRITTEN, REACHED)
