"""A claim of recovery: planned, given up by two people, and late interest on what came late or is missing, counted by
hand.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.decisions import InterestPeriod
from schemas.interest import Terms, late_terms_of
from schemas.payments import (
    LateInterestClaimed,
    PaymentPlanAgreed,
    RecoveryClaimed,
    RecoveryInterestClaimed,
    RecoveryReceived,
    RecoverySetOff,
    RecoveryWrittenOff,
    WriteOffProposed,
    WriteOffRefused,
)
from schemas.refusals import Refused
from services.payments.domain import claims
from services.payments.domain.claims import Claim, Late
from tests.unit.given import county, fact, refused

TODAY = date(2026, 12, 1)
DUE, SECOND, THIRD = date(2026, 12, 2), date(2026, 12, 31), date(2027, 1, 31)
LATER = date(2027, 2, 10)
TERMS = Terms(((date(2026, 7, 1), 250), (date(2027, 1, 1), 300)), 700, 365)
"""2.50 % in the second half of 2026, 3.00 % from 2027 on, and seven percentage points more."""
PLAN = fact(PaymentPlanAgreed)
"""150.00 by the last day of 2026 and 150.00 by the last day of January."""
PROPOSED = fact(WriteOffProposed, person="anna")


def claim(*facts: claims.ClaimFact) -> Claim:
    """A claim of 300.00 that is due on 2 December 2026, after these facts."""
    state = claims.evolve(None, fact(RecoveryClaimed))
    for each in facts:
        state = claims.evolve(state, each)
    return state


def received(amount: int, on: date) -> RecoveryReceived:
    return fact(RecoveryReceived, amount=amount, booked_on=on)


def plan(*parts: tuple[date, int]) -> PaymentPlanAgreed:
    return fact(PaymentPlanAgreed, parts=[{"due_on": day, "amount": amount} for day, amount in parts])


# --- what is left --------------------------------------------------------------------------------------------


def test_what_is_left_is_what_neither_came_nor_was_set_off_nor_given_up() -> None:
    state = claim(
        fact(RecoveryInterestClaimed, amount=493), received(10_000, TODAY), fact(RecoverySetOff, amount=5_000),
        fact(RecoveryWrittenOff, amount=400),
    )  # fmt: skip
    assert (state.principal, state.interest, state.left) == (30_000, 493, 15_093)
    later = claims.evolve(state, fact(LateInterestClaimed, amount=78))
    assert (later.interest, later.left) == (571, 15_171)


# --- plans ---------------------------------------------------------------------------------------------------


def test_what_is_left_is_planned_in_parts_and_a_later_plan_replaces_the_one_before() -> None:
    assert claims.agree_plan(claim(), PLAN, TODAY) == [PLAN]
    state = claim(received(10_000, TODAY), plan((SECOND, 20_000)))
    other = plan((SECOND, 5_000), (THIRD, 15_000))
    assert claims.agree_plan(state, other, TODAY) == [other]
    assert claims.evolve(state, other).plan == other.parts


@pytest.mark.parametrize(
    "days", [(TODAY, THIRD), (SECOND, SECOND), (THIRD, SECOND)], ids=["today", "twice", "backwards"]
)
def test_each_part_is_due_after_the_one_before_and_after_today(days: tuple[date, date]) -> None:
    with refused("days-out-of-order", "invalid", "/parts"):
        claims.agree_plan(claim(), plan((days[0], 15_000), (days[1], 15_000)), TODAY)


@pytest.mark.parametrize("amount", [14_999, 15_001])
def test_the_parts_come_to_what_is_left(amount: int) -> None:
    with refused("plan-does-not-add-up", "invalid", "/parts"):
        claims.agree_plan(claim(), plan((SECOND, 15_000), (THIRD, amount)), TODAY)


# --- given up ------------------------------------------------------------------------------------------------


def test_a_write_off_is_proposed_by_one_and_decided_by_another() -> None:
    assert claims.propose_write_off(claim(), PROPOSED) == [PROPOSED]
    facts, attempt = claims.decide_write_off(claim(PROPOSED), "bertta", date(2027, 1, 10))
    assert attempt is None
    assert facts == [fact(RecoveryWrittenOff, proposed_by="anna", person="bertta")]
    after = claims.evolve(claim(PROPOSED), fact(RecoveryWrittenOff))
    assert (after.left, after.proposal) == (20_000, None)


def test_who_proposed_a_write_off_does_not_decide_it_and_the_attempt_is_an_event() -> None:
    facts, attempt = claims.decide_write_off(claim(PROPOSED), "anna", TODAY)
    assert facts == []
    assert attempt == fact(
        WriteOffRefused, person="anna", reason="anna proposed the write-off and so does not decide on it"
    )


def test_the_last_proposal_counts() -> None:
    state = claim(PROPOSED, fact(WriteOffProposed, amount=1, person="bertta"))
    assert claims.decide_write_off(state, "bertta", TODAY)[1] is not None
    [made], _ = claims.decide_write_off(state, "anna", TODAY)
    assert getattr(made, "amount", 0) == 1


def test_no_more_is_given_up_than_is_left_also_when_money_came_after_the_proposal() -> None:
    with refused("more-than-left"):
        claims.propose_write_off(claim(), fact(WriteOffProposed, amount=30_001))
    with refused("more-than-left"):
        claims.decide_write_off(claim(PROPOSED, received(20_001, TODAY)), "bertta", TODAY)


def test_a_write_off_is_proposed_before_it_is_decided_and_decided_once() -> None:
    for state in (claim(), claim(PROPOSED, fact(RecoveryWrittenOff))):
        with refused("no-proposal"):
            claims.decide_write_off(state, "bertta", TODAY)


def test_nothing_is_planned_or_given_up_of_a_claim_of_which_nothing_is_left() -> None:
    settled = claim(PROPOSED, received(30_000, TODAY))
    for act in (
        lambda: claims.agree_plan(settled, PLAN, TODAY),
        lambda: claims.propose_write_off(settled, PROPOSED),
        lambda: claims.decide_write_off(settled, "bertta", TODAY),
    ):
        with refused("claim-settled"):
            act()


# --- what came late ------------------------------------------------------------------------------------------


def test_what_comes_on_the_due_date_is_in_time() -> None:
    assert claim(received(30_000, DUE)).late == ()


def test_what_comes_late_in_one_sum_is_late_since_the_due_date() -> None:
    assert claim(received(30_000, date(2026, 12, 12))).late == (Late(DUE, date(2026, 12, 12), 30_000),)


def test_of_what_comes_in_parts_only_the_later_ones_are_late() -> None:
    state = claim(received(10_000, DUE), received(15_000, date(2026, 12, 3)), received(5_000, THIRD))
    assert state.late == (Late(DUE, date(2026, 12, 3), 15_000), Late(DUE, THIRD, 5_000))


def test_by_a_plan_each_part_is_late_since_its_own_day() -> None:
    came = date(2027, 1, 10)
    assert claim(PLAN, received(15_000, came), received(15_000, THIRD)).late == (Late(SECOND, came, 15_000),)


def test_one_receipt_settles_several_parts_each_since_its_own_day() -> None:
    came = date(2027, 2, 5)
    assert claim(PLAN, received(20_000, came)).late == (Late(SECOND, came, 15_000), Late(THIRD, came, 5_000))


def test_what_came_before_the_plan_settles_no_part_of_it() -> None:
    came = date(2027, 1, 10)
    state = claim(received(10_000, DUE), plan((SECOND, 10_000), (THIRD, 10_000)), received(10_000, came))
    assert state.late == (Late(SECOND, came, 10_000),)


@pytest.mark.parametrize("settles", [fact(RecoverySetOff, amount=15_000), fact(RecoveryWrittenOff, amount=15_000)])
def test_what_is_set_off_or_given_up_settles_the_earliest_part(settles: claims.ClaimFact) -> None:
    assert claim(PLAN, settles, received(15_000, THIRD)).late == ()


def test_interest_bears_no_interest() -> None:
    came = date(2026, 12, 12)
    state = claim(fact(RecoveryInterestClaimed, amount=493), received(30_000, came), received(493, THIRD))
    assert state.late == (Late(DUE, came, 30_000),)
    planned = claim(
        fact(RecoveryInterestClaimed, amount=493), plan((SECOND, 15_000), (THIRD, 15_493)), received(15_000, SECOND),
        received(15_493, date(2027, 2, 1)),
    )  # fmt: skip
    assert planned.late == (Late(THIRD, date(2027, 2, 1), 15_000),)


def test_what_came_late_bears_late_interest_once() -> None:
    came = date(2026, 12, 12)
    counted = claim(received(10_000, came), fact(LateInterestClaimed, amount=26, counted_until=None))
    assert counted.late == ()
    assert claims.evolve(counted, received(20_000, SECOND)).late == (Late(DUE, SECOND, 20_000),)
    paid = claims.evolve(counted, received(20_026, SECOND))
    assert (paid.late, paid.left) == ((Late(DUE, SECOND, 20_000),), 0)


# --- late interest, by hand ----------------------------------------------------------------------------------


def counted(state: Claim, today: date = LATER) -> list[tuple[int, date, date, int, int, int]]:
    """Principal, from, to, days, rate and interest of each stretch."""
    return [
        (each.principal, each.counted_from, each.counted_to, each.days, each.rate_hundredths, each.amount)
        for each in claims.count_late_interest(state, TERMS, today)
    ]


def interest_claimed(state: Claim, today: date) -> tuple[Claim, tuple[InterestPeriod, ...]]:
    """The claim after its late interest was claimed, and the stretches of days; the same claim where it has none."""
    try:
        periods = claims.count_late_interest(state, TERMS, today)
    except Refused:
        return state, ()
    fields = {"amount": sum(each.amount for each in periods), "periods": periods, "claimed_on": today}
    until = today if claims.overdue(state, today) else None
    return claims.evolve(state, fact(LateInterestClaimed, **fields, counted_until=until)), periods


def test_late_interest_is_counted_from_the_due_date_to_the_day_it_came() -> None:
    # 300.00 x 9.50 % x 10 days / 365 = 0.7808
    came = date(2026, 12, 12)
    assert counted(claim(received(30_000, came))) == [(30_000, DUE, came, 10, 950, 78)]


def test_late_interest_is_cut_where_the_reference_rate_changes() -> None:
    # 150.00 x 9.50 % x 1 day / 365 = 0.0390 and 150.00 x 10.00 % x 9 days / 365 = 0.3699
    new_year, came = date(2027, 1, 1), date(2027, 1, 10)
    assert counted(claim(PLAN, received(15_000, came)), came) == [
        (15_000, SECOND, new_year, 1, 950, 4), (15_000, new_year, came, 9, 1000, 37),
    ]  # fmt: skip


def test_each_part_that_came_late_has_its_own_days() -> None:
    # 100.00 x 9.50 % x 1 / 365 = 0.0260 and 200.00 x 9.50 % x 29 / 365 = 1.5096
    first = date(2026, 12, 3)
    assert counted(claim(received(10_000, first), received(20_000, SECOND))) == [
        (10_000, DUE, first, 1, 950, 3), (20_000, DUE, SECOND, 29, 950, 151),
    ]  # fmt: skip


def test_the_county_asks_the_reference_rate_and_its_late_margin() -> None:
    terms = late_terms_of(county(), date(2026, 12, 12))
    assert terms is not None
    [period] = claims.count_late_interest(claim(received(30_000, date(2026, 12, 12))), terms, LATER)
    assert (period.rate_hundredths, period.amount) == (950, 78)


def test_late_interest_is_refused_where_nothing_came_late_or_all_of_it_was_counted() -> None:
    late = received(30_000, date(2026, 12, 12))
    for state, today in (
        (claim(), DUE), (claim(received(30_000, DUE)), LATER), (claim(late, fact(LateInterestClaimed)), LATER),
        (claim(fact(LateInterestClaimed, counted_until=LATER)), LATER),
    ):  # fmt: skip
        with refused("nothing-came-late"):
            claims.count_late_interest(state, TERMS, today)
    with refused("less-than-a-cent"):
        claims.count_late_interest(claim(received(29_990, DUE), received(10, date(2026, 12, 3))), TERMS, LATER)
    with refused("no-late-interest"):
        claims.count_late_interest(claim(late), None, LATER)
    with refused("no-reference-rate"):
        claims.count_late_interest(claim(late), Terms((), 700, 365), LATER)


def test_no_more_stretches_are_claimed_at_once_than_an_event_shows() -> None:
    state = claim(*(received(100, DUE + timedelta(days=number)) for number in range(1, 202)))
    with refused("too-many-periods"):
        claims.count_late_interest(state, TERMS, date(2027, 6, 23))


# --- late interest of what has not come ----------------------------------------------------------------------


def test_what_has_not_come_bears_interest_from_the_day_it_was_due_and_today_is_not_counted() -> None:
    # 300.00 x 9.50 % x 10 days / 365 = 0.7808
    today = date(2026, 12, 12)
    assert counted(claim(), today) == [(30_000, DUE, today, 10, 950, 78)]
    assert claims.overdue(claim(), DUE) == ()
    assert claims.overdue(claim(), DUE + timedelta(days=1)) == (Late(DUE, DUE + timedelta(days=1), 30_000),)


def test_of_a_part_that_came_late_and_a_part_that_is_missing_each_has_its_own_days() -> None:
    # 100.00 x 9.50 % x 10 / 365 = 0.2603 and 200.00 x 9.50 % x 29 / 365 = 1.5096
    came = date(2026, 12, 12)
    assert counted(claim(received(10_000, came)), SECOND) == [
        (10_000, DUE, came, 10, 950, 26), (20_000, DUE, SECOND, 29, 950, 151),
    ]  # fmt: skip


def test_by_a_plan_only_the_parts_whose_day_has_passed_bear_interest() -> None:
    today = date(2027, 1, 10)
    assert claims.overdue(claim(PLAN), today) == (Late(SECOND, today, 15_000),)
    assert claims.overdue(claim(PLAN), LATER) == (Late(SECOND, LATER, 15_000), Late(THIRD, LATER, 15_000))
    assert claims.overdue(claim(PLAN, received(15_000, SECOND)), today) == ()


def test_what_is_missing_is_cut_where_the_reference_rate_changes() -> None:
    # 300.00 x 9.50 % x 30 / 365 = 2.3425 and 300.00 x 10.00 % x 30 / 365 = 2.4658
    new_year = date(2027, 1, 1)
    assert counted(claim(), THIRD) == [(30_000, DUE, new_year, 30, 950, 234), (30_000, new_year, THIRD, 30, 1000, 247)]


def test_interest_in_the_parts_of_a_plan_bears_none_while_it_is_missing() -> None:
    interest, parts = fact(RecoveryInterestClaimed, amount=493), plan((SECOND, 15_000), (THIRD, 15_493))
    state = claim(interest, parts)
    assert claims.overdue(state, LATER) == (Late(SECOND, LATER, 15_000), Late(THIRD, LATER, 15_000))
    assert claims.overdue(claims.evolve(state, received(30_000, SECOND)), LATER) == ()


def test_late_interest_that_was_claimed_is_counted_on_from_that_day() -> None:
    first = date(2026, 12, 12)
    state, periods = interest_claimed(claim(), first)
    assert [(each.counted_from, each.counted_to) for each in periods] == [(DUE, first)]
    with refused("nothing-came-late"):
        claims.count_late_interest(state, TERMS, first)
    assert counted(state, SECOND)[0][:4] == (30_000, first, SECOND, 19)


def test_what_comes_after_interest_was_claimed_is_late_since_the_day_of_that_claim() -> None:
    first, came = date(2026, 12, 12), date(2026, 12, 20)
    state, _ = interest_claimed(claim(), first)
    assert claims.evolve(state, received(30_000, came)).late == (Late(first, came, 30_000),)
    assert claims.evolve(state, received(30_000, first)).late == ()


def test_a_part_that_was_not_due_when_interest_was_claimed_is_late_since_its_own_day() -> None:
    state, _ = interest_claimed(claim(PLAN), date(2027, 1, 10))
    assert claims.overdue(state, LATER) == (Late(date(2027, 1, 10), LATER, 15_000), Late(THIRD, LATER, 15_000))


def test_a_settled_claim_has_no_late_interest_but_for_what_came_late_of_it() -> None:
    state, periods = interest_claimed(claim(received(30_000, date(2026, 12, 12))), LATER)
    assert (len(periods), claims.overdue(state, LATER), state.counted_until) == (1, (), None)
    paid = claims.evolve(state, received(state.left, LATER))
    assert (paid.left, interest_claimed(paid, LATER + timedelta(days=90))[1]) == (0, ())


CAME = st.lists(st.tuples(st.integers(0, 120), st.integers(1, 20_000)), max_size=6)
ASKED = st.lists(st.integers(0, 130), max_size=8)


def days_and_sums(state: Claim, today: date) -> int:
    """Days times cents of what bears late interest that was not claimed yet."""
    bearing = (*state.late, *claims.overdue(state, today))
    return sum(each.amount * (each.came_on - each.due_on).days for each in bearing)


def told_of(came: list[tuple[int, int]], asked: list[int], *, planned: bool) -> tuple[int, list[InterestPeriod]]:
    """Days times cents up to the 131st day when money comes and interest is claimed on these days, and every stretch
    that was claimed.
    """
    state = claim(plan((SECOND, 12_345), (THIRD, 17_655))) if planned else claim()
    claimed: list[InterestPeriod] = []
    for day in range(131):
        today = DUE + timedelta(days=day - 10)
        for _, amount in (each for each in came if each[0] == day):
            state = claims.evolve(state, received(min(amount, state.left), today)) if state.left else state
        for _ in range(asked.count(day)):
            state, periods = interest_claimed(state, today)
            claimed += periods
    counted_days = sum(each.principal * each.days for each in claimed)
    return counted_days + days_and_sums(state, DUE + timedelta(days=121)), claimed


@given(came=CAME, asked=ASKED, planned=st.booleans())
def test_whenever_late_interest_is_claimed_the_days_and_sums_are_those_of_one_claim_at_the_end(
    came: list[tuple[int, int]], asked: list[int], planned: bool
) -> None:
    once, _ = told_of(came, [], planned=planned)
    total, claimed = told_of(came, asked, planned=planned)
    assert total == once
    for day in {each.counted_from for each in claimed}:
        covered = sum(each.principal for each in claimed if each.counted_from <= day < each.counted_to)
        assert covered <= 30_000, "no sum bears interest twice for a day"


RECEIPTS = st.lists(st.tuples(st.integers(1, 20_000), st.integers(-30, 90)), max_size=8)
FIRST_PARTS = st.integers(1, 29_999)


@given(receipts=RECEIPTS, first=FIRST_PARTS, interest=st.integers(1, 999), planned=st.booleans())
def test_whatever_comes_what_is_late_and_what_is_due_never_exceed_the_principal(
    receipts: list[tuple[int, int]], first: int, interest: int, planned: bool
) -> None:
    parts = plan((SECOND, first), (THIRD, 30_000 + interest - first))
    before: list[claims.ClaimFact] = [fact(RecoveryInterestClaimed, amount=interest), *([parts] if planned else [])]
    state = claim(*before)
    for amount, day in receipts:
        settles = min(amount, state.left)
        if settles:
            state = claims.evolve(state, received(settles, DUE + timedelta(days=day)))
    assert sum(each.amount for each in state.late) <= min(state.received, state.principal)
    assert all(each.came_on > each.due_on for each in state.late)
    unmet = sum(amount for _, amount in state.due)
    assert unmet == max(state.principal - state.received, 0) + (interest if planned else 0)
