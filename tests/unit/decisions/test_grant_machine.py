"""Whatever follows a decision in whatever order: agreements, changes, reports of use and of costs, own funding, and
claims that change what is granted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final, Literal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from schemas.decisions import (
    AgreementDrafted,
    AgreementPartySigned,
    AgreementSigned,
    CaseOpened,
    ChangeDecided,
    ChangeProposed,
    ChangeReceived,
    CostReportAccepted,
    CostReportReceived,
    CostReportReturned,
    DecisionMade,
    DecisionNotified,
    NegotiationNoted,
    Outcome,
    OwnFundingProven,
    PartnershipReviewed,
    Party,
    ProposalMade,
    RectificationDecided,
    RectificationNotified,
    ReportAccepted,
    ReportChecked,
    ReportReceived,
    ReportReminded,
    ReportRequested,
    ReportReturned,
)
from schemas.facts import Fact
from schemas.intake import ChangeRequested, CostReportSubmitted, UsageReportSubmitted
from schemas.money import euros
from services.decisions.domain import changes, claims, follow_up, projects, reports
from services.decisions.domain.cases import Case
from services.decisions.handlers.authority import Act
from tests.unit.decisions.desk import APPLIED, DECIDERS, PEOPLE, Acted, Desk, refolded, request
from tests.unit.given import fact
from tests.unit.reaching import Kinds, reaching

PERSONS: Final = st.sampled_from(PEOPLE)
NUMBERS: Final = st.integers(1, 3)
DAYS: Final = st.sampled_from([0, 1, 5, 20, 40])
COSTS: Final = st.sampled_from([0, 100, 250, 900])
GRANTED, DECLARED, ASK_DAYS = 900, 500, 14
WRITTEN: Final[Kinds] = {
    AgreementDrafted, AgreementPartySigned, AgreementSigned, ChangeDecided, ChangeProposed, ChangeReceived,
    CostReportAccepted, CostReportReceived, CostReportReturned, NegotiationNoted, OwnFundingProven,
    PartnershipReviewed, RectificationDecided, ReportAccepted, ReportChecked, ReportReceived, ReportReminded,
    ReportRequested, ReportReturned,
}  # fmt: skip
REACHED: Final[Kinds] = set()
NEEDS_A_GRANT: Final = AgreementDrafted | AgreementPartySigned | PartnershipReviewed | OwnFundingProven


class GrantMachine(Desk, RuleBasedStateMachine):
    """One case that was decided and of which notice was given; Anna decided it on Olga's proposal."""

    def __init__(self) -> None:
        Desk.__init__(self)
        RuleBasedStateMachine.__init__(self)
        self.cases[0] = [
            fact(CaseOpened, application_id=request(0), applied=APPLIED, own_funding=DECLARED, basket="partnership"),
            fact(ProposalMade, person="olga", amount=GRANTED),
            fact(DecisionMade, person="anna", amount=GRANTED, decided_on=self.today, use_from=self.today,
                 use_until=self.today + timedelta(days=200)),
            fact(DecisionNotified, sent_on=self.today, last_claim_day=self.today + timedelta(days=300)),
        ]  # fmt: skip
        self.states[0] = refolded(self.cases[0])
        self.plan = [self.today + timedelta(days=days) for days in (30, 60)]

    @property
    def facts(self) -> list[Fact]:
        return self.cases[0]

    def do(self, person: str, name: str | None, run: Acted, another: str | None = None) -> None:
        self.act(0, person, name, run, another)

    @initialize(steps=st.integers(0, 4), costs=COSTS)
    def start_midway(self, steps: int, costs: int) -> None:
        way: list[Callable[[], None]] = [
            lambda: self.agree("olga", "bertta"),
            lambda: self.days_pass(35),
            lambda: self.report_and_check(1, 100, sound=True, accepts=steps > 3),
            lambda: self.account_for(1, costs, costs),
        ]
        for step in way[:steps]:
            step()

    @rule(days=DAYS)
    def days_pass(self, days: int) -> None:
        """The calendar asks for reports and reminds of them, once a day, and twice on the last one: it restarts."""
        self.today += timedelta(days=days)
        for _ in range(2):
            case = self.case(0)
            plan: Sequence[date] = case.changes.reports_due_on or self.plan if follow_up.favourable(case) else ()
            self.add(0, *reports.due(request(0), case.reports, plan, self.today, ASK_DAYS))

    # --- the agreement ---------------------------------------------------------------------------------------

    @rule(person=PERSONS, ago=st.integers(-2, 3))
    def negotiate(self, person: str, ago: int) -> None:
        noted = fact(NegotiationNoted, held_on=self.today - timedelta(days=ago), person=person)
        self.do(person, "note_negotiation", lambda case: (follow_up.note_negotiation(case, noted, self.today), []))

    @rule(person=PERSONS, years=st.sampled_from([1, 2, 3, 3, 6]), without_money=st.sampled_from([False, False, True]))
    def draft_agreement(self, person: str, years: int, without_money: bool) -> None:
        last = date(2026 + min(years, 3) - 1, 12, 31)
        offered = fact(AgreementDrafted, person=person, years=min(years, 5), valid_from=date(2026, 1, 1),
                       valid_until=last, without_money=without_money)  # fmt: skip
        self.do(person, "draft_agreement", lambda case: (follow_up.draft_agreement(case, offered, 3), []))

    @rule(person=st.sampled_from(DECIDERS), party=st.sampled_from(["county", "association"]), back=st.integers(0, 1))
    def sign_agreement(self, person: str, party: Party, back: int) -> None:
        draft = self.case(0).partnership.draft
        version = max(1, (draft.version if draft else 1) - back)
        own = party == "association"
        signature = fact(AgreementPartySigned, party=party, version=version, person="applicant" if own else person,
                         signed_on=self.today)  # fmt: skip
        drafter = None if draft is None else draft.person
        self.do(
            person, None if own else "sign_agreement",
            lambda case: (follow_up.sign_agreement(case, signature), []), drafter,
        )  # fmt: skip

    @rule(drafter=PERSONS, signer=st.sampled_from(DECIDERS))
    def agree(self, drafter: str, signer: str) -> None:
        self.draft_agreement(drafter, 3, without_money=False)
        self.sign_agreement(signer, "county", 0)
        self.sign_agreement(signer, "association", 0)

    @rule(person=PERSONS, year=st.integers(2025, 2029), continues=st.booleans())
    def review(self, person: str, year: int, continues: bool) -> None:
        reviewed = fact(PartnershipReviewed, person=person, year=year, continues=continues, reviewed_on=self.today)
        self.do(person, "review_partnership", lambda case: (follow_up.review(case, reviewed), []))

    # --- changes and claims ----------------------------------------------------------------------------------

    @rule(number=NUMBERS, what=st.sampled_from(["time", "budget"]))
    def ask_for_change(self, number: int, what: str) -> None:
        asked = fact(ChangeRequested, change_id=request(2000 + number), what=what)
        self.add(0, *changes.receive(self.case(0).changes, asked, self.today))

    @rule(number=NUMBERS, person=PERSONS, approve=st.booleans())
    def propose_change(self, number: int, person: str, approve: bool) -> None:
        proposed = fact(ChangeProposed, change_id=request(2000 + number), approve=approve, person=person)
        self.do(person, "propose_change", lambda case: (follow_up.propose_change(case, proposed), []))

    @rule(number=NUMBERS, person=st.sampled_from(DECIDERS), approved=st.booleans(), longer=st.none() | DAYS,
          due=st.lists(DAYS, max_size=2))  # fmt: skip
    def decide_change(self, number: int, person: str, approved: bool, longer: int | None, due: list[int]) -> None:
        change = request(2000 + number)
        days = [self.today + timedelta(days=each) for each in due]

        def run(_case: Case, on_behalf_of: str | None) -> tuple[list[Fact], list[Fact]]:
            decided = fact(
                ChangeDecided, change_id=change, approved=approved, decided_on=self.today, reports_due_on=days,
                person=person, on_behalf_of=on_behalf_of,
                use_until=None if longer is None else self.today + timedelta(days=longer),
            )  # fmt: skip
            return follow_up.decide_change(self.case(0), decided), []

        prepared_by = changes.proposers(self.case(0).changes, change)
        self.rule_on(0, person, Act("decide_change", 0, prepared_by), run)

    @rule(number=NUMBERS, first=PERSONS, second=st.sampled_from(DECIDERS), later=st.booleans())
    def change(self, number: int, first: str, second: str, later: bool) -> None:
        """Of time, and then of the day of a report too; or of the budget."""
        self.ask_for_change(number, "time" if later else "budget")
        self.propose_change(number, first, approve=True)
        self.decide_change(number, second, approved=True, longer=40 if later else None, due=[20, 40] if later else [])

    @rule(person=st.sampled_from(DECIDERS), amount=st.sampled_from([0, 400, GRANTED, APPLIED]))
    def rectify(self, person: str, amount: int) -> None:
        """A claim that makes the grant another sum, or nothing, with notice of what was decided."""
        outcome: Outcome = "rejected" if amount == 0 else "granted" if amount == APPLIED else "granted_in_part"
        made = request(len(self.facts))
        self.do("applicant", None, lambda case: (claims.claim(case, made, self.today, "Virhe"), []))
        ruling = self.ruling(person, (outcome, amount), None, [])
        self.do(person, "decide_claim", lambda case: (claims.decide_claim(case, ruling, change=True), []))
        notice = fact(RectificationNotified, claim_id=made, sent_on=self.today,
                      last_appeal_day=self.today + timedelta(days=33))  # fmt: skip
        decided = self.case(0).claim_decided
        if decided is not None and decided.claim_id == made:
            self.do(person, None, lambda case: (claims.notify_claim(case, notice), []))

    # --- reports ---------------------------------------------------------------------------------------------

    @rule(used=COSTS)
    def report_use(self, used: int) -> None:
        sent = fact(UsageReportSubmitted, used=used)
        self.add(0, *reports.receive(self.case(0).reports, sent, self.today))

    @rule(number=NUMBERS, person=PERSONS, part=st.sampled_from(["content", "money"]), sound=st.booleans())
    def check_report(self, number: int, person: str, part: Literal["content", "money"], sound: bool) -> None:
        checked = fact(ReportChecked, report=number, part=part, sound=sound, person=person)
        self.do(person, "check_report", lambda case: (reports.check(case.reports, checked), []))

    @rule(number=NUMBERS, person=PERSONS, days=DAYS)
    def return_report(self, number: int, person: str, days: int) -> None:
        returned = fact(ReportReturned, report=number, due_on=self.today + timedelta(days=days), person=person)
        self.do(person, "check_report", lambda case: (reports.give_back(case.reports, returned, self.today), []))

    @rule(number=NUMBERS, person=PERSONS, unused=COSTS)
    def accept_report(self, number: int, person: str, unused: int) -> None:
        accepted = fact(ReportAccepted, report=number, unused=unused, person=person)
        self.do(person, "check_report", lambda case: (reports.accept(case.reports, accepted, case.amount), []))

    @rule(number=NUMBERS, used=COSTS, sound=st.booleans(), accepts=st.booleans())
    def report_and_check(self, number: int, used: int, sound: bool, accepts: bool) -> None:
        self.report_use(used)
        self.check_report(number, "otto", "content", sound=True)
        self.check_report(number, "otto", "money", sound)
        if accepts:
            self.accept_report(number, "otto", 0)
        else:
            self.return_report(number, "otto", 5)

    @rule(month=st.integers(1, 4), months=st.integers(1, 2), total=COSTS)
    def report_costs(self, month: int, months: int, total: int) -> None:
        row = {"label": "Palkat", "amount": euros(total)}
        sent = fact(CostReportSubmitted, period_from=date(2026, month, 1), period_until=date(2026, month + months, 1),
                    rows=[row], total=total)  # fmt: skip
        self.add(0, *projects.receive(self.case(0).project, sent, self.today))

    @rule(number=NUMBERS, person=PERSONS, days=DAYS)
    def return_costs(self, number: int, person: str, days: int) -> None:
        returned = fact(CostReportReturned, cost_report=number, due_on=self.today + timedelta(days=days), person=person)
        self.do(person, "check_cost_report", lambda case: (projects.give_back(case.project, returned, self.today), []))

    @rule(number=NUMBERS, person=PERSONS, amount=COSTS)
    def accept_costs(self, number: int, person: str, amount: int) -> None:
        accepted = fact(CostReportAccepted, cost_report=number, accepted=amount, accepted_total=0, person=person)
        self.do(person, "check_cost_report", lambda case: (projects.accept(case.project, accepted), []))

    @rule(month=st.integers(1, 4), total=COSTS, accepted=COSTS)
    def account_for(self, month: int, total: int, accepted: int) -> None:
        self.report_costs(month, 1, total)
        self.accept_costs(len(self.case(0).project.reports), "otto", accepted)

    @rule(person=PERSONS, amount=st.sampled_from([100, 250, DECLARED]))
    def prove_own_funding(self, person: str, amount: int) -> None:
        proven = fact(OwnFundingProven, amount=amount, total=0, declared=0, covered=False, person=person)
        self.do(person, "prove_own_funding", lambda case: (follow_up.prove_own_funding(case, proven), []))

    def teardown(self) -> None:
        REACHED.update(type(each) for each in self.facts)
        assert self.case(0) == refolded(self.facts)

    # --- what holds after each, by the facts alone -----------------------------------------------------------

    def since(self, index: int, kinds: type[Fact] | tuple[type[Fact], ...]) -> list[Fact]:
        """What was recorded since the last one of some kinds before a place."""
        at = max((one for one, each in enumerate(self.facts[:index]) if isinstance(each, kinds)), default=-1)
        return self.facts[at + 1 : index]

    def in_force(self, index: int) -> int:
        decided = [each for each in self.facts[:index] if isinstance(each, DecisionMade | RectificationDecided)]
        return decided[-1].amount

    @invariant()
    def nothing_is_agreed_proven_or_approved_of_what_is_not_granted(self) -> None:
        for index, each in enumerate(self.facts):
            approves = isinstance(each, ChangeDecided) and each.approved
            if approves or isinstance(each, NEEDS_A_GRANT):
                assert self.in_force(index) > 0

    @invariant()
    def the_agreement_in_force_was_signed_by_both_and_not_by_its_drafter_for_the_county(self) -> None:
        versions = [each.version for each in self.facts if isinstance(each, AgreementDrafted)]
        assert versions == list(range(1, len(versions) + 1))
        for index, each in enumerate(self.facts):
            if isinstance(each, AgreementSigned):
                [*_, draft] = [one for one in self.facts[:index] if isinstance(one, AgreementDrafted)]
                signed = [one for one in self.since(index, AgreementDrafted) if isinstance(one, AgreementPartySigned)]
                assert sorted(one.party for one in signed) == ["association", "county"]
                assert {one.version for one in signed} == {draft.version} == {each.version}
                assert draft.person not in {one.person for one in signed if one.party == "county"}

    @invariant()
    def a_partnership_goes_on_by_one_review_for_each_later_year_of_its_agreement(self) -> None:
        passed: set[int] = set()
        for index, each in enumerate(self.facts):
            if isinstance(each, PartnershipReviewed):
                agreed = [one for one in self.facts[:index] if isinstance(one, AgreementSigned)]
                assert agreed[-1].valid_until is not None
                assert 2026 < each.year <= agreed[-1].valid_until.year
                assert each.year not in passed
                passed |= {each.year} if each.continues else set()

    @invariant()
    def a_change_is_decided_once_and_by_nobody_who_ever_proposed_it_and_for_nobody_who_did(self) -> None:
        decided = [(index, each) for index, each in enumerate(self.facts) if isinstance(each, ChangeDecided)]
        assert len({each.change_id for _, each in decided}) == len(decided)
        for index, each in decided:
            before = self.facts[:index]
            proposed = [one for one in before if isinstance(one, ChangeProposed) and one.change_id == each.change_id]
            assert proposed
            assert not {one.person for one in proposed} & {each.person, each.on_behalf_of}
            [asked] = [one for one in before if isinstance(one, ChangeReceived) and one.change_id == each.change_id]
            assert (each.use_until is not None) == (each.approved and asked.what == "time")
            assert each.approved or not each.reports_due_on
        lengthened = [each.use_until for _, each in decided if each.use_until is not None]
        assert self.case(0).changes.use_until == (lengthened[-1] if lengthened else None)

    @invariant()
    def a_report_is_asked_for_once_and_reminded_of_once_for_each_day_by_which_it_is_awaited(self) -> None:
        came = [each.report for each in self.facts if isinstance(each, ReportReceived)]
        asked = [each.report for each in self.facts if isinstance(each, ReportRequested)]
        assert len(set(asked)) == len(asked)
        assert {*came, *asked} == set(range(1, len({*came, *asked}) + 1))
        for number in {*came, *asked}:
            awaited, reminded = False, date.min
            for each in self.facts:
                if getattr(each, "report", None) != number:
                    continue
                if isinstance(each, ReportRequested | ReportReturned):
                    awaited, reminded = True, date.min
                if isinstance(each, ReportReminded):
                    assert awaited
                    assert each.reminded_on > each.due_on > reminded
                    reminded = each.reminded_on
                awaited = awaited and not isinstance(each, ReportReceived)

    @invariant()
    def a_report_is_accepted_once_both_its_parts_were_found_sound_since_it_came(self) -> None:
        accepted: set[int] = set()
        for index, each in enumerate(self.facts):
            if isinstance(each, ReportReceived | ReportChecked | ReportReturned | ReportAccepted):
                assert each.report not in accepted
            if isinstance(each, ReportAccepted):
                own = [one for one in self.facts[:index] if getattr(one, "report", None) == each.report]
                at = max(place for place, one in enumerate(own) if isinstance(one, ReportReceived))
                checks = {one.part: one.sound for one in own[at:] if isinstance(one, ReportChecked)}
                assert checks == {"content": True, "money": True}
                assert each.unused <= self.in_force(index)
                accepted.add(each.report)

    @invariant()
    def no_days_costs_are_accepted_twice_and_no_more_than_was_reported(self) -> None:
        latest: dict[int, CostReportReceived] = {}
        days: set[date] = set()
        total = 0
        for each in self.facts:
            if isinstance(each, CostReportReceived):
                before = latest.get(each.cost_report, each)
                assert (before.period_from, before.period_until) == (each.period_from, each.period_until)
                latest[each.cost_report] = each
            if isinstance(each, CostReportAccepted):
                report = latest[each.cost_report]
                own = {report.period_from + timedelta(days=one)
                       for one in range((report.period_until - report.period_from).days + 1)}  # fmt: skip
                total += each.accepted
                assert each.accepted == 0 or not own & days
                assert (each.accepted <= report.total, each.accepted_total) == (True, total)
                days |= own if each.accepted else set()
        assert set(latest) == set(range(1, len(latest) + 1))

    @invariant()
    def own_funding_is_what_was_proven_and_nothing_is_proven_once_it_is_covered(self) -> None:
        total = 0
        for each in self.facts:
            if isinstance(each, OwnFundingProven):
                assert total < DECLARED
                total += each.amount
                assert (each.total, each.covered) == (total, total >= DECLARED)

    @invariant()
    def a_negotiation_took_place_before_it_was_noted(self) -> None:
        assert all(each.held_on <= self.today for each in self.facts if isinstance(each, NegotiationNoted))


TestGrants = reaching(GrantMachine, WRITTEN, REACHED)
