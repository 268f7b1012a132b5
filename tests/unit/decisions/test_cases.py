"""A case from opening to finality. Given facts, when an act, then facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.calls import Criterion
from schemas.decisions import (
    ActRefused,
    AgreementDrafted,
    AgreementPartySigned,
    AgreementSigned,
    AssessmentRecorded,
    CallNoted,
    CaseAssigned,
    CaseOpened,
    CaseTransferred,
    CaseWithdrawn,
    ConflictDeclared,
    DecisionDocumented,
    DecisionMade,
    DecisionNotified,
    Outcome,
    ProposalMade,
    RectificationClaimed,
    Score,
    SupplementReceived,
    SupplementRequested,
    TaskDecided,
)
from schemas.facts import Fact
from schemas.refusals import SeveralRefused
from services.decisions.domain import cases, claims
from services.decisions.domain.cases import Case, Judgement, Ruling
from tests.unit.given import fact, folded, refused

APPLIED = 200_000
OTHER = UUID("019b7a1e-8c00-7000-8000-000000000002")
THIRD = UUID("019b7a1e-8c00-7000-8000-000000000003")
APRIL = date(2026, 4, 1)
JUDGEMENT = Judgement("anna", 50, (), "Syyt")
ACTS = ("assign", "request_supplement", "assess", "propose", "decide", "notify", "transfer", "decide_claim", "recover")


def case(*facts: Fact, **opened: Any) -> Case:
    state = folded(cases.evolve, None, fact(CaseOpened, **opened), *facts)
    assert state is not None
    return state


def ruling(outcome: Outcome = "granted", amount: int = APPLIED, **changed: Any) -> Ruling:
    made = Ruling("board-1", "Aluehallitus", date(2026, 2, 24), outcome, amount, "Syyt", ("Ehto",), (APRIL,))
    return replace(made, **changed)


PROPOSED = fact(ProposalMade)
DECIDED = fact(DecisionMade)
NOTIFIED = fact(DecisionNotified)
CLAIMED = fact(RectificationClaimed)
CLOSED = [fact(CaseWithdrawn), fact(CaseTransferred), DECIDED]


@pytest.mark.parametrize("act", ACTS)
def test_whoever_is_disqualified_takes_no_part_in_anything(act: str) -> None:
    state = case(fact(ConflictDeclared, person="anna"))
    refusal = cases.attempt(state, "anna", act)
    assert refusal is not None
    assert (refusal.person, refusal.act, refusal.application_id) == ("anna", act, state.opened.application_id)
    assert (cases.refusal_of(refusal).kind, cases.refusal_of(refusal).detail) == ("forbidden", refusal.reason)
    assert cases.attempt(state, "bertta", act) is None


def test_whoever_proposed_does_not_decide_whatever_their_roles() -> None:
    state = case(fact(ProposalMade, person="anna"))
    assert cases.attempt(state, "anna", "decide") is not None
    assert cases.attempt(state, "bertta", "decide") is None
    assert cases.attempt(state, "anna", "propose") is None


def test_the_last_proposal_counts() -> None:
    state = case(fact(ProposalMade, person="anna"), fact(ProposalMade, person="bertta"))
    assert cases.attempt(state, "bertta", "decide") is not None


def test_whoever_decided_does_not_decide_on_the_claim_against_it() -> None:
    state = case(PROPOSED, fact(DecisionMade, person="anna"), NOTIFIED, CLAIMED)
    assert cases.attempt(state, "anna", "decide_claim") is not None
    assert cases.attempt(state, "bertta", "decide_claim") is None


def test_who_prepared_it_leaves_it_to_another_person() -> None:
    state = case(PROPOSED, DECIDED)
    told = cases.attempt(state, "anna", "decide_change", another="anna")
    assert told is not None
    assert told.reason == "anna prepared it and so leaves it to another person"
    assert cases.attempt(state, "bertta", "decide_change", another="anna") is None


def test_a_refusal_says_who_what_and_why() -> None:
    told = cases.refuse(case(), "anna", "decide", "anna stands in for none")
    assert told == fact(ActRefused, person="anna", act="decide", reason="anna stands in for none")


def test_a_conflict_is_recorded_once_and_takes_the_case_from_its_officer() -> None:
    state = case(fact(CaseAssigned, officer="anna", deputy=None))
    declared = cases.declare_conflict(state, "anna", "Hallituksen jäsen")
    assert declared == [fact(ConflictDeclared, person="anna")]
    after = case(fact(CaseAssigned, officer="anna", deputy=None), *declared)
    assert after.officer is None
    assert cases.declare_conflict(after, "anna", "Hallituksen jäsen") == []


def test_a_disqualified_officer_is_not_assigned() -> None:
    assert cases.assign(case(), "anna") == [fact(CaseAssigned, officer="anna", deputy=None)]
    with refused("officer-disqualified"):
        cases.assign(case(fact(ConflictDeclared, person="anna")), "anna")


@pytest.mark.parametrize("closing", CLOSED, ids=lambda closing: closing.event_type)
def test_a_closed_or_decided_case_is_not_prepared(closing: Fact) -> None:
    slug = "decided-already" if closing is DECIDED else "case-closed"
    state = case(closing)
    with refused(slug):
        cases.assign(state, "anna")
    with refused(slug):
        cases.request_supplement(state, OTHER, "Tilinpäätös?", date(2026, 2, 6), date(2026, 2, 5))
    with refused(slug):
        cases.transfer(state, "Kunnan tehtävä")
    with refused(slug):
        cases.assess(state, JUDGEMENT)
    with refused(slug):
        cases.propose(state, "anna", "granted", APPLIED, "Syyt")
    with refused(slug):
        cases.decide(state, ruling())


def test_a_supplement_is_due_after_today() -> None:
    asked = fact(SupplementRequested)
    assert cases.request_supplement(case(), OTHER, "Tilinpäätös?", asked.due_on, date(2026, 2, 5)) == [asked]
    with refused("deadline-past", "invalid", "/due_on"):
        cases.request_supplement(case(), OTHER, "Tilinpäätös?", date(2026, 2, 6), date(2026, 2, 6))
    assert len(cases.request_supplement(case(), OTHER, "Tilinpäätös?", date(2027, 2, 6), date(2026, 2, 6))) == 1
    with refused("deadline-too-far", "invalid", "/due_on"):
        cases.request_supplement(case(), OTHER, "Tilinpäätös?", date(2062, 2, 20), date(2026, 2, 6))


def test_nothing_is_assessed_or_proposed_while_a_supplement_is_awaited() -> None:
    waiting = case(fact(SupplementRequested))
    with refused("supplement-awaited"):
        cases.assess(waiting, JUDGEMENT)
    with refused("supplement-awaited"):
        cases.propose(waiting, "anna", "granted", APPLIED, "Syyt")
    answered = case(fact(SupplementRequested), fact(SupplementReceived))
    assert cases.assess(answered, JUDGEMENT) == [
        fact(AssessmentRecorded, points=50, hundredths=5000, scores=[], reasons="Syyt", person="anna")
    ]


def test_nothing_is_decided_while_a_supplement_is_awaited() -> None:
    waiting = case(PROPOSED, fact(SupplementRequested, due_on="2026-02-24"))
    with refused("supplement-awaited"):
        cases.decide(waiting, ruling())


def test_a_supplement_that_did_not_come_by_its_last_day_holds_the_case_up_no_longer() -> None:
    last_day, next_day = date(2026, 2, 6), date(2026, 2, 7)
    waiting = case(fact(SupplementRequested, due_on="2026-02-05"), fact(SupplementRequested, request_id=THIRD))
    acts: tuple[Callable[[date], list[Fact]], ...] = (
        lambda today: cases.assess(waiting, JUDGEMENT, None, today),
        lambda today: cases.propose(waiting, "anna", "rejected", 0, "Selvitys puuttuu", today),
    )
    for run in acts:
        with refused("supplement-awaited"):
            run(last_day)
        assert len(run(next_day)) == 1
    proposed = case(fact(SupplementRequested), PROPOSED)
    with refused("supplement-awaited"):
        cases.decide(proposed, ruling(decided_on=last_day))
    assert len(cases.decide(proposed, ruling(decided_on=next_day))) == 1


def test_a_transfer_names_municipality_and_activity() -> None:
    [made] = cases.transfer(case(), "Kunnan tehtävä")
    assert isinstance(made, CaseTransferred)
    assert (made.municipality, made.activity) == ("joensuu", "patient-organisations")


@pytest.mark.parametrize(
    ("outcome", "amount", "fits"),
    [
        ("granted", APPLIED, True),
        ("granted", APPLIED - 1, False),
        ("granted", APPLIED + 1, False),
        ("granted_in_part", APPLIED - 1, True),
        ("granted_in_part", 1, True),
        ("granted_in_part", 0, False),
        ("granted_in_part", APPLIED, False),
        ("rejected", 0, True),
        ("rejected", 1, False),
    ],
)
def test_an_outcome_fits_its_sum(outcome: Outcome, amount: int, fits: bool) -> None:
    if fits:
        assert len(cases.propose(case(), "anna", outcome, amount, "Syyt")) == 1
        return
    with refused("amount-does-not-fit", "invalid", "/amount"):
        cases.propose(case(), "anna", outcome, amount, "Syyt")


def test_what_came_late_is_not_examined_and_nothing_else_is() -> None:
    assert len(cases.propose(case(late=True), "anna", "not_examined", 0, "Myöhässä")) == 1
    with refused("late"):
        cases.propose(case(late=True), "anna", "granted", APPLIED, "Syyt")
    with refused("not-late", "invalid", "/outcome"):
        cases.propose(case(), "anna", "not_examined", 0, "Syyt")


def test_a_decision_needs_a_proposal_and_carries_what_payments_needs() -> None:
    with refused("no-proposal"):
        cases.decide(case(), ruling())
    [made] = cases.decide(case(PROPOSED), ruling(payable_from=(APRIL, date(2026, 9, 1)), section=5))
    assert isinstance(made, DecisionMade)
    assert [(each.number, each.amount) for each in made.instalments] == [(1, 100_000), (2, 100_000)]
    assert (made.amount, made.section, made.iban, made.pays) == (APPLIED, 5, "FI2112345600000785", "when_final")


def test_a_rejection_has_no_instalments_and_a_grant_has_one_at_least() -> None:
    [made] = cases.decide(case(PROPOSED), ruling("rejected", 0))
    assert isinstance(made, DecisionMade)
    assert made.instalments == ()
    with refused("no-instalments", "invalid", "/payable_from"):
        cases.decide(case(PROPOSED), ruling(payable_from=()))
    with refused("days-out-of-order", "invalid", "/payable_from"):
        cases.decide(case(PROPOSED), ruling(payable_from=(date(2026, 9, 1), APRIL)))


def test_more_instalments_than_cents_are_refused() -> None:
    with refused("too-many-instalments", "invalid", "/payable_from"):
        cases.plan_instalments(2, (APRIL,) * 3)


@settings(print_blob=True)
@given(st.integers(1, 60), st.integers(60, 10**13))
def test_instalments_are_exact_to_the_cent_and_as_equal_as_can_be(count: int, amount: int) -> None:
    planned = cases.plan_instalments(amount, (APRIL,) * count)
    assert sum(each.amount for each in planned) == amount
    assert [each.number for each in planned] == list(range(1, count + 1))
    assert max(each.amount for each in planned) - min(each.amount for each in planned) <= 1


def test_notice_is_given_once_and_of_a_decision() -> None:
    with refused("not-decided"):
        cases.notify(case(PROPOSED), NOTIFIED)
    assert cases.notify(case(PROPOSED, DECIDED), NOTIFIED) == [NOTIFIED]
    with refused("notified-already"):
        cases.notify(case(PROPOSED, DECIDED, NOTIFIED), NOTIFIED)


def test_an_agreement_is_in_force_once_both_have_signed_it_and_not_before() -> None:
    offered = fact(AgreementDrafted)
    by_one = fact(AgreementPartySigned, party="county")
    assert case(PROPOSED, DECIDED, offered, by_one).partnership.signed is None
    signed = fact(AgreementSigned)
    assert case(PROPOSED, DECIDED, offered, by_one, signed).partnership.signed == signed


# --- who takes over, and whose words count -------------------------------------------------------------------

ANNA_FOR_BERTTA = fact(CaseAssigned, officer="anna", deputy="bertta")


def test_the_deputy_takes_over_when_the_officer_is_disqualified() -> None:
    state = case(ANNA_FOR_BERTTA, fact(ConflictDeclared, person="anna"))
    assert (state.officer, state.deputy) == ("bertta", None)
    assert cases.attempt(state, "bertta", "propose") is None


@pytest.mark.parametrize("order", [("bertta", "anna"), ("anna", "bertta")])
def test_a_deputy_who_is_disqualified_takes_nothing_over(order: tuple[str, str]) -> None:
    state = case(ANNA_FOR_BERTTA, *(fact(ConflictDeclared, person=person) for person in order))
    assert (state.officer, state.deputy) == (None, None)


def test_a_deputy_who_is_disqualified_leaves_the_case_to_its_officer() -> None:
    state = case(ANNA_FOR_BERTTA, fact(ConflictDeclared, person="bertta"))
    assert (state.officer, state.deputy) == ("anna", None)


def test_somebody_elses_conflict_changes_nothing_for_officer_and_deputy() -> None:
    state = case(ANNA_FOR_BERTTA, fact(ConflictDeclared, person="cecilia"))
    assert (state.officer, state.deputy) == ("anna", "bertta")


@pytest.mark.parametrize(("officer", "deputy"), [("anna", "bertta"), ("bertta", "anna"), ("anna", None)])
def test_neither_a_disqualified_nor_a_tied_person_is_assigned(officer: str, deputy: str | None) -> None:
    with refused("officer-disqualified"):
        cases.assign(case(fact(ConflictDeclared, person="anna")), officer, deputy)
    with refused("officer-disqualified"):
        cases.assign(case(), officer, deputy, frozenset({"anna"}))


def test_nobody_is_their_own_deputy() -> None:
    with refused("own-deputy", "invalid", "/deputy"):
        cases.assign(case(), "anna", "anna")


def test_who_acts_for_the_applicant_and_has_a_part_in_the_case_leaves_it_as_if_they_had_said_so() -> None:
    state = case(
        fact(CaseAssigned, officer="anna", deputy="bertta"), fact(AssessmentRecorded, person="cecilia"),
        fact(ProposalMade, person="doris"),
    )  # fmt: skip
    tied = frozenset({"anna", "cecilia", "doris", "erkki"})
    made = cases.found(state, tied)
    assert [(each.event_type, getattr(each, "person", None)) for each in made] == [
        ("conflict.declared", "anna"), ("conflict.declared", "cecilia"), ("conflict.declared", "doris"),
    ]  # fmt: skip
    after = folded(cases.evolve, state, *made)
    assert after is not None
    assert (after.officer, after.deputy, after.assessments, after.proposal) == ("bertta", None, {}, None)
    assert cases.found(after, tied) == []


def test_what_was_decided_stays_assessed_and_only_the_case_goes_to_the_deputy() -> None:
    state = case(
        fact(CaseAssigned, officer="anna", deputy="bertta"), fact(AssessmentRecorded, person="anna"),
        fact(AssessmentRecorded, person="cecilia"), fact(ProposalMade, person="anna"), DECIDED,
    )  # fmt: skip
    made = cases.found(state, frozenset({"anna", "cecilia"}))
    after = folded(cases.evolve, state, *made)
    assert after is not None
    assert [getattr(each, "person", None) for each in made] == ["anna"]
    assert (after.officer, after.assessments, after.proposal) == ("bertta", state.assessments, state.proposal)


def test_a_disqualified_persons_assessment_no_longer_counts() -> None:
    by_both = (fact(AssessmentRecorded, person="anna"), fact(AssessmentRecorded, person="bertta"))
    assert set(case(*by_both).assessments) == {"anna", "bertta"}
    assert set(case(*by_both, fact(ConflictDeclared, person="anna")).assessments) == {"bertta"}


def test_a_second_assessment_of_the_same_person_replaces_the_first() -> None:
    first, second = fact(AssessmentRecorded, person="anna"), fact(AssessmentRecorded, person="anna", hundredths=100)
    assert case(first, second).assessments == {"anna": second}
    assert len(cases.assess(case(first), JUDGEMENT)) == 1


# --- a judgement, with criteria and without ------------------------------------------------------------------


def call(*points_max: int, assessors: int = 1) -> CallNoted:
    """A call with a criterion for each maximum, all of the same weight."""
    criteria = [
        {"criterion_id": f"c{index}", "label": {"fi": "Peruste"}, "weight": 1, "points_max": each}
        for index, each in enumerate(points_max)
    ]
    return fact(CallNoted, criteria=[Criterion.model_validate(each) for each in criteria], assessors=assessors)


def judgement(points: int | None, *scores: int) -> Judgement:
    given_for = [Score(criterion_id=f"c{index}", points=each, reason="Perustelu") for index, each in enumerate(scores)]
    return Judgement("anna", points, given_for, "Syyt")


def test_points_follow_from_the_scores_and_are_rounded_half_up() -> None:
    [made] = cases.assess(case(), judgement(None, 1, 2), call(4, 3))
    assert isinstance(made, AssessmentRecorded)
    assert (made.hundredths, made.points, len(made.scores)) == (4_583, 46, 2)
    [half] = cases.assess(case(), judgement(None, 11), call(16))
    assert isinstance(half, AssessmentRecorded)
    assert (half.hundredths, half.points) == (6_875, 69)
    [under] = cases.assess(case(), judgement(None, 31), call(42))
    assert isinstance(under, AssessmentRecorded)
    assert (under.hundredths, under.points) == (7_381, 74)
    [exactly] = cases.assess(case(), judgement(None, 5), call(40))
    assert isinstance(exactly, AssessmentRecorded)
    assert (exactly.hundredths, exactly.points) == (1_250, 13)


def test_a_call_without_criteria_takes_points_from_0_to_100() -> None:
    for known in (None, call()):
        [made] = cases.assess(case(), judgement(71), known)
        assert isinstance(made, AssessmentRecorded)
        assert (made.hundredths, made.points, made.scores) == (7_100, 71, ())


def test_points_and_criteria_exclude_each_other() -> None:
    with refused("points-by-criteria", "invalid", "/points"):
        cases.assess(case(), judgement(50, 1), call(10))
    for wrong in (judgement(None), judgement(50, 1), judgement(None, 1)):
        with refused("points-missing", "invalid", "/points"):
            cases.assess(case(), wrong, call())
    with pytest.raises(SeveralRefused):
        cases.assess(case(), judgement(None), call(10))


@pytest.mark.parametrize(("assessed", "enough"), [((), False), (("anna",), False), (("anna", "bertta"), True)])
def test_a_proposal_waits_for_as_many_assessors_as_the_call_asks_for(assessed: tuple[str, ...], enough: bool) -> None:
    state = case(*(fact(AssessmentRecorded, person=person) for person in assessed))
    for asks in (call(10, assessors=2), call(assessors=2)):
        if enough:
            cases.check_assessed(state, asks)
            continue
        with refused("not-assessed"):
            cases.check_assessed(state, asks)


def test_one_person_who_assesses_twice_is_one_assessor() -> None:
    twice = case(fact(AssessmentRecorded, person="anna"), fact(AssessmentRecorded, person="anna"))
    with refused("not-assessed"):
        cases.check_assessed(twice, call(10, assessors=2))


def test_no_assessment_is_asked_for_where_the_call_asks_none_or_the_application_came_late() -> None:
    for state, known in ((case(), None), (case(), call()), (case(late=True), call(10, assessors=2))):
        cases.check_assessed(state, known)
    with refused("not-assessed"):
        cases.check_assessed(case(), call(10))


# --- the county's part ---------------------------------------------------------------------------------------


def task(eligible: int, whose: str = "county_part") -> TaskDecided:
    return fact(TaskDecided, task=whose, eligible=eligible)


@pytest.mark.parametrize(
    ("whose", "eligible", "fits"),
    [
        ("county", APPLIED, True),
        ("county", APPLIED - 1, False),
        ("county", APPLIED + 1, False),
        ("county", 0, False),
        ("county_part", 1, True),
        ("county_part", APPLIED - 1, True),
        ("county_part", 0, False),
        ("county_part", APPLIED, False),
        ("county_part", APPLIED + 1, False),
    ],
)
def test_the_countys_part_is_the_whole_or_less_but_something(whose: str, eligible: int, fits: bool) -> None:
    decided = task(eligible, whose)
    if fits:
        assert cases.decide_task(case(), decided) == [decided]
        assert case(decided).eligible == eligible
        return
    with refused("eligible-does-not-fit", "invalid", "/eligible"):
        cases.decide_task(case(), decided)


def test_the_task_is_not_decided_once_the_case_is() -> None:
    for closing in CLOSED:
        with refused("decided-already" if closing is DECIDED else "case-closed"):
            cases.decide_task(case(closing), task(1))


def test_nothing_over_the_countys_part_is_proposed_decided_or_granted_on_a_claim() -> None:
    part = task(120_000)
    assert len(cases.propose(case(part), "anna", "granted_in_part", 120_000, "Syyt")) == 1
    for over in (ruling("granted_in_part", 120_001), ruling("granted", APPLIED)):
        with refused("more-than-the-countys-part", "invalid", "/amount"):
            cases.propose(case(part), "anna", over.outcome, over.amount, "Syyt")
        with refused("more-than-the-countys-part", "invalid", "/amount"):
            cases.decide(case(part, PROPOSED), over)
        with refused("more-than-the-countys-part", "invalid", "/amount"):
            claims.decide_claim(case(part, PROPOSED, DECIDED, NOTIFIED, CLAIMED), over, change=True)


# --- documents, and when a claim counts as received ----------------------------------------------------------


def test_a_decisions_document_is_recorded_once_for_each_language() -> None:
    finnish, swedish = fact(DecisionDocumented), fact(DecisionDocumented, language="sv")
    with refused("not-decided"):
        cases.document(case(PROPOSED), finnish)
    assert cases.document(case(PROPOSED, DECIDED), finnish) == [finnish]
    state = case(PROPOSED, DECIDED, finnish)
    assert cases.document(state, finnish) == []
    assert cases.document(state, swedish) == [swedish]
    assert case(PROPOSED, DECIDED, finnish, swedish).documents == {
        (None, "fi"): finnish, (None, "sv"): swedish,
    }  # fmt: skip


# --- what a claim may not undo -------------------------------------------------------------------------------


def test_what_a_disqualified_person_proposed_falls_away_unless_it_was_decided() -> None:
    declared = fact(ConflictDeclared, person="anna")
    assert case(fact(ProposalMade, person="anna"), declared).proposal is None
    assert case(fact(ProposalMade, person="bertta"), declared).proposal is not None
    assert case(fact(ProposalMade, person="anna"), DECIDED, declared).proposal is not None


def test_whoever_ever_proposed_in_a_case_does_not_decide_it() -> None:
    state = case(fact(ProposalMade, person="anna"), fact(ProposalMade, person="bertta"))
    assert [cases.attempt(state, person, "decide") is None for person in ("anna", "bertta", "cecilia")] == [
        False, False, True,
    ]  # fmt: skip
