"""Claims for rectification, notice of what was decided on them, and finality. Given facts, when an act, then facts."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from schemas.decisions import (
    AppealDecided,
    AppealLodged,
    DecisionBecameFinal,
    DecisionMade,
    DecisionPublished,
    ProposalMade,
    RecoveryDecided,
    RectificationClaimed,
    RectificationDecided,
    RectificationNotified,
    RectificationWithdrawn,
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


PUBLISHED = fact(DecisionPublished, last_claim_day="2027-01-07")
"""Later than the party's last day, 28.12.2026."""


@pytest.mark.parametrize(("first", "last_day"), [("2026-12-21", date(2026, 12, 28)), ("2027-01-07", date(2027, 1, 7))])
def test_a_claim_is_in_time_until_the_later_of_the_partys_and_the_members_last_day(first: str, last_day: date) -> None:
    published = fact(DecisionPublished, last_claim_day=first)
    state = case(PROPOSED, DECIDED, NOTIFIED, published)
    assert claims.last_open_day(state) == last_day == claims.last_open_day(case(PROPOSED, DECIDED, published, NOTIFIED))
    for later, in_time in ((0, True), (1, False)):
        [made] = claims.claim(state, OTHER, last_day + timedelta(days=later), "Laskuvirhe")
        assert isinstance(made, RectificationClaimed)
        assert made.in_time is in_time
    assert claims.become_final(state, last_day) == []
    after = last_day + timedelta(days=1)
    assert claims.become_final(state, after) == [fact(DecisionBecameFinal, final_on=after)]


def test_a_publication_alone_begins_no_time_for_the_party() -> None:
    state = case(PROPOSED, DECIDED, PUBLISHED)
    assert claims.last_open_day(state) is None
    assert claims.become_final(state, date(2028, 1, 1)) == []
    with refused("not-notified"):
        claims.claim(state, OTHER, date(2026, 12, 28), "Laskuvirhe")


def test_a_publication_after_finality_takes_it_away_only_when_somebody_claims() -> None:
    final = (PROPOSED, DECIDED, NOTIFIED, fact(DecisionBecameFinal), PUBLISHED)
    assert case(*final).final_on is not None
    assert claims.become_final(case(*final), date(2027, 1, 8)) == []
    [made] = claims.claim(case(*final), OTHER, date(2027, 1, 7), "Laskuvirhe")
    assert isinstance(made, RectificationClaimed)
    assert made.in_time is True
    assert case(*final, made).final_on is None
    back = fact(RectificationWithdrawn, claim_id=OTHER)
    assert claims.become_final(case(*final, made, back), date(2027, 1, 7)) == []
    [again] = claims.become_final(case(*final, made, back), date(2027, 1, 8))
    assert again == fact(DecisionBecameFinal, final_on="2027-01-08")


def test_members_may_claim_longer_than_anybody_may_appeal() -> None:
    told = (CLAIMED, fact(RectificationDecided), fact(RectificationNotified, last_appeal_day="2027-01-06"))
    state = case(PROPOSED, DECIDED, NOTIFIED, PUBLISHED, *told)
    assert claims.last_open_day(state) == date(2027, 1, 7)
    late = case(PROPOSED, DECIDED, NOTIFIED, *told)
    assert claims.last_open_day(late) == date(2027, 1, 6)


def test_a_decision_is_published_once_between_its_day_and_today() -> None:
    decided_on = DECIDED.decided_on
    with refused("not-decided"):
        claims.check_published(case(PROPOSED), decided_on, decided_on)
    with refused("published-already"):
        claims.check_published(case(PROPOSED, DECIDED, PUBLISHED), decided_on, decided_on)
    state, day = case(PROPOSED, DECIDED), timedelta(days=1)
    claims.check_published(state, decided_on, decided_on)
    for on, today in ((decided_on - day, decided_on), (decided_on + day, decided_on)):
        with refused("not-published-then", "invalid", "/published_on"):
            claims.check_published(state, on, today)


BACK = fact(RectificationWithdrawn, withdrawn_on="2026-12-20")


def test_a_claim_that_is_taken_back_leaves_the_last_day_as_it_was() -> None:
    claimed = (PROPOSED, DECIDED, NOTIFIED, CLAIMED)
    assert claims.withdraw(case(*claimed), BACK, BACK.withdrawn_on) == [BACK]
    state = case(*claimed, BACK)
    assert (state.claim, claims.last_open_day(state)) == (None, date(2026, 12, 28))
    assert len(claims.become_final(state, date(2026, 12, 29))) == 1
    assert len(claims.claim(state, OTHER, date(2026, 12, 28), "Uusi")) == 1
    examined = (*claimed, fact(RectificationDecided), fact(RectificationNotified, last_appeal_day="2027-01-20"))
    assert claims.last_open_day(case(*examined, CLAIMED, BACK)) == date(2027, 1, 20)


def test_only_a_pending_claim_is_taken_back_and_after_it_came() -> None:
    claimed = (PROPOSED, DECIDED, NOTIFIED, CLAIMED)
    for facts in ((PROPOSED, DECIDED, NOTIFIED), (*claimed, BACK)):
        with refused("not-found", "not_found"):
            claims.withdraw(case(*facts), BACK, BACK.withdrawn_on)
    with refused("not-found", "not_found"):
        claims.withdraw(case(*claimed), BACK.model_copy(update={"claim_id": UUID(int=9)}), BACK.withdrawn_on)
    with refused("claim-decided"):
        claims.withdraw(case(*claimed, fact(RectificationDecided)), BACK, BACK.withdrawn_on)
    for on in (CLAIMED.received_on - timedelta(days=1), BACK.withdrawn_on + timedelta(days=1)):
        with refused("not-withdrawn-then", "invalid", "/withdrawn_on"):
            claims.withdraw(case(*claimed), BACK.model_copy(update={"withdrawn_on": on}), BACK.withdrawn_on)


def test_a_claim_whose_decision_a_court_annulled_is_decided_and_not_taken_back() -> None:
    court = (fact(RectificationDecided), fact(RectificationNotified), fact(AppealLodged), fact(AppealDecided))
    annulled = court[-1].model_copy(update={"outcome": "annulled", "open_until": None})
    with refused("annulled"):
        claims.withdraw(case(PROPOSED, DECIDED, NOTIFIED, CLAIMED, *court[:-1], annulled), BACK, BACK.withdrawn_on)
