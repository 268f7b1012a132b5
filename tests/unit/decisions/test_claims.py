"""Claims for rectification, notice of what was decided on them, and finality. Given facts, when an act, then facts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from schemas.decisions import (
    DecisionBecameFinal,
    DecisionMade,
    ProposalMade,
    RecoveryDecided,
    RectificationClaimed,
    RectificationDecided,
    RectificationNotified,
)
from services.decisions.domain import claims
from tests.unit.decisions.test_cases import CLAIMED, DECIDED, NOTIFIED, OTHER, PROPOSED, case, ruling
from tests.unit.given import fact, refused


@pytest.mark.parametrize(("day", "in_time"), [(28, True), (29, False)])
def test_a_claim_on_the_last_day_is_in_time_and_after_it_is_recorded_as_late(day: int, in_time: bool) -> None:
    state = case(PROPOSED, DECIDED, NOTIFIED)
    [made] = claims.claim(state, OTHER, date(2026, 12, day), "Laskuvirhe")
    assert isinstance(made, RectificationClaimed)
    assert made.in_time is in_time


def test_a_claim_is_made_against_a_notified_decision_one_at_a_time() -> None:
    with refused("not-notified"):
        claims.claim(case(PROPOSED, DECIDED), OTHER, date(2026, 3, 1), "Laskuvirhe")
    with refused("claim-pending"):
        claims.claim(case(PROPOSED, DECIDED, NOTIFIED, CLAIMED), OTHER, date(2026, 3, 1), "Laskuvirhe")


def test_a_claim_changes_the_sum_or_leaves_it() -> None:
    state = case(PROPOSED, DECIDED, NOTIFIED, CLAIMED)
    [changed] = claims.decide_claim(state, ruling("granted_in_part", 160_000), change=True)
    assert isinstance(changed, RectificationDecided)
    assert (changed.outcome, changed.previous_amount, changed.amount) == ("changed", state.amount, 160_000)
    [upheld] = claims.decide_claim(state, ruling("rejected", 0), change=False)
    assert isinstance(upheld, RectificationDecided)
    assert (upheld.outcome, upheld.amount, upheld.instalments) == ("upheld", state.amount, ())


def test_a_claim_against_what_was_left_unexamined_may_grant_it() -> None:
    unexamined = fact(DecisionMade, outcome="not_examined", amount=0, instalments=[])
    proposed = fact(ProposalMade, outcome="not_examined", amount=0)
    state = case(proposed, unexamined, NOTIFIED, CLAIMED, late=True)
    [changed] = claims.decide_claim(state, ruling("granted_in_part", 160_000), change=True)
    assert isinstance(changed, RectificationDecided)
    assert (changed.outcome, changed.changed_to, changed.amount) == ("changed", "granted_in_part", 160_000)
    with refused("not-late", "invalid", "/outcome"):
        claims.decide_claim(case(PROPOSED, DECIDED, NOTIFIED, CLAIMED), ruling("not_examined", 0), change=True)


def test_a_late_claim_is_not_examined() -> None:
    state = case(PROPOSED, DECIDED, NOTIFIED, fact(RectificationClaimed, in_time=False))
    with refused("claim-late"):
        claims.decide_claim(state, ruling(), change=True)
    [made] = claims.decide_claim(state, ruling(), change=False)
    assert isinstance(made, RectificationDecided)
    assert (made.outcome, made.amount) == ("not_examined", state.amount)
    with refused("no-claim"):
        claims.decide_claim(case(PROPOSED, DECIDED, NOTIFIED), ruling(), change=False)


def test_a_decision_is_final_when_the_last_day_has_passed_and_no_claim_is_pending() -> None:
    waiting = (PROPOSED, DECIDED, NOTIFIED)
    day_after = date(2026, 12, 29)
    assert claims.become_final(case(PROPOSED, DECIDED), day_after) == []
    assert claims.become_final(case(*waiting), date(2026, 12, 28)) == []
    assert claims.become_final(case(*waiting), day_after) == [fact(DecisionBecameFinal, final_on=day_after)]
    assert claims.become_final(case(*waiting, CLAIMED), day_after) == []
    assert claims.become_final(case(*waiting, fact(DecisionBecameFinal)), day_after) == []


@pytest.mark.parametrize("outcome", ["changed", "upheld"])
def test_a_decision_whose_claim_was_examined_is_final_when_the_days_to_appeal_have_passed(outcome: str) -> None:
    examined = (PROPOSED, DECIDED, NOTIFIED, CLAIMED, fact(RectificationDecided, outcome=outcome))
    assert claims.last_open_day(case(*examined)) is None
    assert claims.become_final(case(*examined), date(2027, 12, 31)) == []
    told = (*examined, fact(RectificationNotified, last_appeal_day="2027-01-20"))
    assert claims.last_open_day(case(*told)) == date(2027, 1, 20)
    assert claims.become_final(case(*told), date(2027, 1, 20)) == []
    day_after = date(2027, 1, 21)
    assert claims.become_final(case(*told), day_after) == [fact(DecisionBecameFinal, final_on=day_after)]


def test_a_claim_that_was_not_examined_leaves_the_last_day_as_it_was() -> None:
    late = (fact(RectificationClaimed, in_time=False), fact(RectificationDecided, outcome="not_examined"))
    state = case(PROPOSED, DECIDED, NOTIFIED, *late)
    assert claims.last_open_day(state) == date(2026, 12, 28)
    assert len(claims.become_final(state, date(2026, 12, 29))) == 1


def test_a_late_claim_after_an_examined_one_leaves_the_days_to_appeal_as_they_were() -> None:
    late = fact(RectificationClaimed, in_time=False)
    decided, notice = fact(RectificationDecided), fact(RectificationNotified, last_appeal_day="2027-01-20")
    examined = (PROPOSED, DECIDED, NOTIFIED, CLAIMED, decided, notice)
    not_examined = fact(RectificationDecided, outcome="not_examined")
    told_too = fact(RectificationNotified, last_appeal_day="2027-03-01")
    for state in (case(*examined, late), case(*examined, late, not_examined),
                  case(*examined, late, not_examined, told_too)):  # fmt: skip
        assert claims.last_open_day(state) == date(2027, 1, 20)


def test_a_claim_is_decided_once_notice_of_the_decision_on_the_earlier_one_was_given() -> None:
    earlier = (PROPOSED, DECIDED, NOTIFIED, CLAIMED, fact(RectificationDecided))
    with refused("claim-not-notified"):
        claims.decide_claim(case(*earlier, CLAIMED), ruling(), change=False)
    state = case(*earlier, fact(RectificationNotified), CLAIMED)
    assert len(claims.decide_claim(state, ruling(), change=False)) == 1


def test_notice_of_a_claims_decision_is_given_once_and_of_the_last_one() -> None:
    notice = fact(RectificationNotified)
    with refused("claim-not-decided"):
        claims.claim_to_notify(case(PROPOSED, DECIDED, NOTIFIED, CLAIMED))
    decided = fact(RectificationDecided)
    state = case(PROPOSED, DECIDED, NOTIFIED, CLAIMED, decided)
    assert claims.claim_to_notify(state) == decided
    assert claims.notify_claim(state, notice) == [notice]
    with refused("notified-already"):
        claims.notify_claim(case(PROPOSED, DECIDED, NOTIFIED, CLAIMED, decided, notice), notice)
    again = case(PROPOSED, DECIDED, NOTIFIED, CLAIMED, decided, notice, CLAIMED, fact(RectificationDecided))
    assert claims.notify_claim(again, notice) == [notice]
    assert claims.last_open_day(again) is None


@pytest.mark.parametrize(("counts_on", "in_time"), [(28, True), (29, False)])
def test_a_claim_is_in_time_by_the_day_on_which_it_counts_as_received(counts_on: int, in_time: bool) -> None:
    came_on = date(2026, 12, 28)
    state = case(PROPOSED, DECIDED, NOTIFIED)
    [made] = claims.claim(state, OTHER, came_on, "Laskuvirhe", date(2026, 12, counts_on))
    assert isinstance(made, RectificationClaimed)
    assert (made.received_on, made.in_time) == (came_on, in_time)


def test_a_claim_that_came_in_time_and_is_recorded_late_takes_finality_away() -> None:
    final = (PROPOSED, DECIDED, NOTIFIED, fact(DecisionBecameFinal))
    last_day = NOTIFIED.last_claim_day
    [made] = claims.claim(case(*final), OTHER, last_day, "Laskuvirhe")
    assert isinstance(made, RectificationClaimed)
    assert made.in_time is True
    assert case(*final, made).final_on is None
    [late] = claims.claim(case(*final), OTHER, last_day + timedelta(days=1), "Laskuvirhe")
    assert isinstance(late, RectificationClaimed)
    assert late.in_time is False
    assert case(*final, late).final_on is not None


def test_a_claim_comes_after_the_decision() -> None:
    with refused("before-the-decision", "invalid", "/received_at"):
        claims.claim(case(PROPOSED, DECIDED, NOTIFIED), OTHER, DECIDED.decided_on - timedelta(days=1), "Laskuvirhe")


def test_finality_begins_the_day_after_the_last_one_whenever_it_is_noticed() -> None:
    state = case(PROPOSED, DECIDED, NOTIFIED)
    last_day = NOTIFIED.last_claim_day
    assert claims.become_final(state, last_day) == []
    for later in (1, 31):
        [made] = claims.become_final(state, last_day + timedelta(days=later))
        assert isinstance(made, DecisionBecameFinal)
        assert made.final_on == last_day + timedelta(days=1)


def test_a_claim_does_not_lower_the_sum_below_what_is_recovered() -> None:
    state = case(PROPOSED, DECIDED, NOTIFIED, fact(RecoveryDecided, amount=30_000), CLAIMED)
    assert len(claims.decide_claim(state, ruling("granted_in_part", 30_000), change=True)) == 1
    with refused("less-than-recovered"):
        claims.decide_claim(state, ruling("granted_in_part", 29_999), change=True)
    with refused("less-than-recovered"):
        claims.decide_claim(state, ruling("rejected", 0), change=True)


def test_a_late_claim_does_not_hold_up_finality() -> None:
    late = fact(RectificationClaimed, in_time=False)
    after = date(2026, 12, 29)
    assert len(claims.become_final(case(PROPOSED, DECIDED, NOTIFIED, late), after)) == 1
    assert claims.become_final(case(PROPOSED, DECIDED, NOTIFIED, CLAIMED), after) == []
