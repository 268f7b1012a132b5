"""Hearing before a recovery. Given facts, when an act, then facts or a refusal."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from schemas.decisions import (
    CaseOpened,
    DecisionMade,
    HearingAnswered,
    HearingClosed,
    HearingOpened,
    PaymentNoted,
    ProposalMade,
    RecoveryDecided,
)
from schemas.facts import Fact
from services.decisions.domain import cases, recovery
from services.decisions.domain.cases import Case
from tests.unit.given import fact, folded, refused

PROPOSED, DECIDED = fact(ProposalMade), fact(DecisionMade)
HEARING = fact(HearingOpened, amount=30_000)
OCTOBER = date(2026, 10, 1)
LIMIT = 10_000


def case(*facts: Fact) -> Case:
    state = folded(cases.evolve, None, fact(CaseOpened), *facts)
    assert state is not None
    return state


def test_a_hearing_is_opened_once_at_a_time_on_what_can_be_recovered_with_a_day_ahead() -> None:
    assert recovery.open_hearing(case(PROPOSED, DECIDED), HEARING, OCTOBER, LIMIT) == [HEARING]
    for today in (OCTOBER, HEARING.answer_by):
        with refused("hearing-open"):
            recovery.open_hearing(case(PROPOSED, DECIDED, HEARING), HEARING, today, LIMIT)
    more, little = fact(HearingOpened, amount=DECIDED.amount + 1), fact(HearingOpened, amount=LIMIT - 1)
    with refused("more-than-granted"):
        recovery.open_hearing(case(PROPOSED, DECIDED), more, OCTOBER, LIMIT)
    with refused("under-the-limit"):
        recovery.open_hearing(case(PROPOSED, DECIDED), little, OCTOBER, LIMIT)
    with refused("deadline-past", "invalid", "/answer_by"):
        recovery.open_hearing(case(PROPOSED, DECIDED), HEARING, HEARING.answer_by, LIMIT)


def test_another_hearing_replaces_one_that_was_answered_or_whose_time_is_over() -> None:
    wider = fact(HearingOpened, hearing_id=UUID(int=7), amount=50_000, answer_by="2026-11-30")
    answered = case(PROPOSED, DECIDED, HEARING, fact(HearingAnswered))
    assert recovery.open_hearing(answered, wider, OCTOBER, LIMIT) == [wider]
    assert recovery.open_hearing(case(PROPOSED, DECIDED, HEARING), wider, date(2026, 10, 31), LIMIT) == [wider]
    heard_anew = case(PROPOSED, DECIDED, HEARING, fact(HearingAnswered), wider)
    with refused("hearing-open"):
        recovery.check_heard(heard_anew, 50_000, wider.answer_by)
    recovery.check_heard(heard_anew, 50_000, date(2026, 12, 1))


def test_a_hearing_is_answered_once_and_under_its_own_id() -> None:
    answered = fact(HearingAnswered)
    assert recovery.answer_hearing(case(PROPOSED, DECIDED, HEARING), answered) == [answered]
    with refused("answered-already"):
        recovery.answer_hearing(case(PROPOSED, DECIDED, HEARING, answered), answered)
    for state in (case(PROPOSED, DECIDED), case(PROPOSED, DECIDED, fact(HearingOpened, hearing_id=UUID(int=7)))):
        with refused("not-found", "not_found"):
            recovery.answer_hearing(state, answered)


def test_a_hearing_is_closed_once_under_its_own_id_and_nothing_is_recovered_by_it_then() -> None:
    closed, answered = fact(HearingClosed), fact(HearingAnswered)
    for given in ((HEARING,), (HEARING, answered)):
        assert recovery.close_hearing(case(PROPOSED, DECIDED, *given), closed) == [closed]
        after = case(PROPOSED, DECIDED, *given, closed)
        with refused("not-heard"):
            recovery.check_heard(after, 100, date(2027, 1, 1))
        with refused("not-found", "not_found"):
            recovery.close_hearing(after, closed)
        with refused("not-found", "not_found"):
            recovery.answer_hearing(after, answered)
        assert recovery.open_hearing(after, HEARING, OCTOBER, LIMIT) == [HEARING]
    with refused("not-found", "not_found"):
        recovery.close_hearing(case(PROPOSED, DECIDED, fact(HearingOpened, hearing_id=UUID(int=7))), closed)
    with refused("not-found", "not_found"):
        recovery.close_hearing(case(PROPOSED, DECIDED, HEARING, fact(RecoveryDecided)), closed)


def test_the_county_learned_of_the_grounds_no_later_than_today_nor_than_of_the_hearing_that_is_replaced() -> None:
    with refused("learned-later", "invalid", "/learned_on"):
        recovery.open_hearing(case(PROPOSED, DECIDED), HEARING, date(2026, 9, 30), LIMIT)
    before = case(PROPOSED, DECIDED, fact(HearingOpened, learned_on="2026-08-01"))
    assert recovery.learned_on(case(PROPOSED, DECIDED), None, OCTOBER) == OCTOBER
    assert recovery.learned_on(before, None, OCTOBER) == date(2026, 8, 1)
    assert recovery.learned_on(before, date(2026, 9, 1), OCTOBER) == date(2026, 9, 1)


@pytest.mark.parametrize(
    ("paid", "learned", "last"),
    [
        ("2026-04-02", "2026-10-01", "2028-12-31"),
        ("2026-04-02", "2026-12-31", "2028-12-31"),
        ("2026-04-02", "2027-01-01", "2029-12-31"),
        ("2026-04-02", "2035-06-01", "2036-04-02"),
        ("2026-04-02", None, "2036-04-02"),
        ("2028-02-29", None, "2038-02-28"),
        ("2027-02-28", None, "2037-02-28"),
        ("2030-02-28", None, "2040-02-28"),
        (None, "2026-10-01", "2028-12-31"),
    ],
)
def test_a_recovery_is_decided_by_the_sooner_of_both_limits(paid: str | None, learned: str | None, last: str) -> None:
    payments = [] if paid is None else [fact(PaymentNoted, booked_on=paid)]
    state = case(PROPOSED, fact(DecisionMade, amount=150_000), *payments, fact(HearingOpened, learned_on=learned))
    limits = recovery.Limits(10, 2)
    assert recovery.decide_by(state, limits) == date.fromisoformat(last)
    assert recovery.decide_by(state, recovery.Limits()) is None
    on_time, late = (_decided(date.fromisoformat(last).toordinal() + days) for days in (0, 1))
    assert recovery.recover(state, on_time, LIMIT, limits) == [on_time]
    with refused("too-late"):
        recovery.recover(state, late, LIMIT, limits)
    assert recovery.recover(state, late, LIMIT) == [late]


def _decided(day: int) -> RecoveryDecided:
    decided_on, due_on = date.fromordinal(day), date.fromordinal(day + 30)
    return fact(RecoveryDecided, decided_on=decided_on, due_on=due_on)


def test_of_a_leap_day_ten_years_end_on_the_leap_day_where_there_is_one() -> None:
    paid = case(PROPOSED, DECIDED, fact(PaymentNoted, booked_on="2028-02-29"))
    assert recovery.decide_by(paid, recovery.Limits(12, None)) == date(2040, 2, 29)
    assert recovery.decide_by(case(PROPOSED, DECIDED), recovery.Limits(10, 2)) is None


def test_nothing_is_recovered_before_the_applicant_was_heard_on_it() -> None:
    with refused("not-heard"):
        recovery.check_heard(case(PROPOSED, DECIDED), 100, OCTOBER)
    open_still = case(PROPOSED, DECIDED, HEARING)
    with refused("hearing-open"):
        recovery.check_heard(open_still, 100, HEARING.answer_by)
    recovery.check_heard(open_still, 30_000, HEARING.answer_by.replace(day=31))
    recovery.check_heard(case(PROPOSED, DECIDED, HEARING, fact(HearingAnswered)), 30_000, OCTOBER)
    with refused("heard-on-less"):
        recovery.check_heard(open_still, 30_001, HEARING.answer_by.replace(day=31))
    with refused("not-heard"):
        recovery.check_heard(case(PROPOSED, DECIDED, HEARING, fact(RecoveryDecided)), 100, OCTOBER)


def test_a_recovery_is_at_most_what_was_granted_and_at_least_the_countys_limit() -> None:
    state = case(PROPOSED, fact(DecisionMade, amount=150_000))
    whole = fact(RecoveryDecided, amount=150_000)
    assert recovery.recover(state, whole, 10_000) == [whole]
    with refused("more-than-granted"):
        recovery.recover(state, fact(RecoveryDecided, amount=150_001), 10_000)
    with refused("more-than-granted"):
        recovery.recover(case(PROPOSED, DECIDED, whole), fact(RecoveryDecided, amount=10_000), 10_000)
    with refused("under-the-limit"):
        recovery.recover(state, fact(RecoveryDecided, amount=9_999), 10_000)
    with refused("due-date-past", "invalid", "/due_on"):
        recovery.recover(state, fact(RecoveryDecided, due_on="2026-11-02"), 10_000)
