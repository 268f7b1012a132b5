"""A case from opening to finality. Given facts, when an act, then facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.decisions import (
    AgreementSigned,
    AssessmentRecorded,
    CaseAssigned,
    CaseOpened,
    CaseTransferred,
    CaseWithdrawn,
    ConflictDeclared,
    DecisionBecameFinal,
    DecisionMade,
    DecisionNotified,
    Outcome,
    ProposalMade,
    RecoveryDecided,
    RectificationClaimed,
    RectificationDecided,
    SupplementReceived,
    SupplementRequested,
)
from schemas.facts import Fact
from services.decisions.domain import cases
from services.decisions.domain.cases import Case, Judgement, Ruling
from tests.unit.given import fact, folded, refused

APPLIED = 200_000
OTHER = UUID("019b7a1e-8c00-7000-8000-000000000002")
APRIL = date(2026, 4, 1)
JUDGEMENT = Judgement("anna", 50, (), "Syyt")
ACTS = ("assign", "request_supplement", "assess", "propose", "decide", "notify", "transfer", "decide_claim", "recover")


def case(*facts: Fact, **opened: Any) -> Case:
    state = folded(cases.evolve, None, fact(CaseOpened, **opened), *facts)
    assert state is not None
    return state


def ruling(outcome: Outcome = "granted", amount: int = APPLIED, **changed: Any) -> Ruling:
    made = Ruling("board-1", "Hallitus", date(2026, 2, 24), outcome, amount, "Syyt", ("Ehto",), (APRIL,))
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
    with refused("supplement-awaited"):
        cases.decide(case(PROPOSED, fact(SupplementRequested)), ruling())


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


@pytest.mark.parametrize(("day", "in_time"), [(28, True), (29, False)])
def test_a_claim_on_the_last_day_is_in_time_and_after_it_is_recorded_as_late(day: int, in_time: bool) -> None:
    state = case(PROPOSED, DECIDED, NOTIFIED)
    [made] = cases.claim(state, OTHER, date(2026, 12, day), "Laskuvirhe")
    assert isinstance(made, RectificationClaimed)
    assert made.in_time is in_time


def test_a_claim_is_made_against_a_notified_decision_one_at_a_time() -> None:
    with refused("not-notified"):
        cases.claim(case(PROPOSED, DECIDED), OTHER, date(2026, 3, 1), "Laskuvirhe")
    with refused("claim-pending"):
        cases.claim(case(PROPOSED, DECIDED, NOTIFIED, CLAIMED), OTHER, date(2026, 3, 1), "Laskuvirhe")


def test_a_claim_changes_the_sum_or_leaves_it() -> None:
    state = case(PROPOSED, DECIDED, NOTIFIED, CLAIMED)
    [changed] = cases.decide_claim(state, ruling("granted_in_part", 160_000), change=True)
    assert isinstance(changed, RectificationDecided)
    assert (changed.outcome, changed.previous_amount, changed.amount) == ("changed", state.amount, 160_000)
    [upheld] = cases.decide_claim(state, ruling("rejected", 0), change=False)
    assert isinstance(upheld, RectificationDecided)
    assert (upheld.outcome, upheld.amount, upheld.instalments) == ("upheld", state.amount, ())


def test_a_late_claim_is_not_examined() -> None:
    state = case(PROPOSED, DECIDED, NOTIFIED, fact(RectificationClaimed, in_time=False))
    with refused("claim-late"):
        cases.decide_claim(state, ruling(), change=True)
    [made] = cases.decide_claim(state, ruling(), change=False)
    assert isinstance(made, RectificationDecided)
    assert (made.outcome, made.amount) == ("not_examined", state.amount)
    with refused("no-claim"):
        cases.decide_claim(case(PROPOSED, DECIDED, NOTIFIED), ruling(), change=False)


def test_a_decision_is_final_when_the_last_day_has_passed_and_no_claim_is_pending() -> None:
    waiting = (PROPOSED, DECIDED, NOTIFIED)
    day_after = date(2026, 12, 29)
    assert cases.become_final(case(PROPOSED, DECIDED), day_after) == []
    assert cases.become_final(case(*waiting), date(2026, 12, 28)) == []
    assert cases.become_final(case(*waiting), day_after) == [fact(DecisionBecameFinal, final_on=day_after)]
    assert cases.become_final(case(*waiting, CLAIMED), day_after) == []
    assert len(cases.become_final(case(*waiting, CLAIMED, fact(RectificationDecided)), day_after)) == 1
    assert cases.become_final(case(*waiting, fact(DecisionBecameFinal)), day_after) == []


def test_an_agreement_follows_a_favourable_decision_on_a_partnership() -> None:
    with refused("no-partnership"):
        cases.sign_agreement(case(PROPOSED, DECIDED), 3, without_money=False, terms="Sopimus")
    with refused("not-granted"):
        cases.sign_agreement(case(PROPOSED, basket="partnership"), 3, without_money=False, terms="Sopimus")
    refusal = fact(DecisionMade, outcome="rejected", amount=0, instalments=[])
    with refused("not-granted"):
        cases.sign_agreement(case(PROPOSED, refusal, basket="partnership"), 3, without_money=False, terms="Sopimus")
    signed = cases.sign_agreement(
        case(PROPOSED, DECIDED, basket="partnership"), 3, without_money=False, terms="Sopimus"
    )
    assert signed == [fact(AgreementSigned)]


def test_a_recovery_is_at_most_what_was_granted_and_at_least_the_countys_limit() -> None:
    state = case(PROPOSED, fact(DecisionMade, amount=150_000))
    whole = fact(RecoveryDecided, amount=150_000)
    assert cases.recover(state, whole, 10_000) == [whole]
    with refused("more-than-granted"):
        cases.recover(state, fact(RecoveryDecided, amount=150_001), 10_000)
    with refused("more-than-granted"):
        cases.recover(case(PROPOSED, DECIDED, whole), fact(RecoveryDecided, amount=10_000), 10_000)
    with refused("under-the-limit"):
        cases.recover(state, fact(RecoveryDecided, amount=9_999), 10_000)
    with refused("due-date-past", "invalid", "/due_on"):
        cases.recover(state, fact(RecoveryDecided, due_on="2026-11-02"), 10_000)
