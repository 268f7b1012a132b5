"""Interest on what is recovered: each sum below is counted by hand, then for any payments, days and rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.county import County
from schemas.county_rules import ReferenceRate
from schemas.decisions import CaseOpened, DecisionMade, InterestPeriod, PaymentNoted, RecoveryDecided
from schemas.decisions import RectificationDecided as ClaimDecided
from schemas.facts import Fact
from schemas.interest import terms_of
from services.decisions.domain import cases, interest, recovery
from services.decisions.domain.cases import Case
from services.decisions.domain.interest import Movement, Terms, count, last_paid, not_recovered, taken_from
from tests.unit.given import county, fact, folded, refused

TERMS = Terms(((date(2026, 1, 1), 250), (date(2026, 7, 1), 300), (date(2027, 1, 1), 0)), 300, 365)
"""2.50 % in the first half of 2026, 3.00 % in the second, nothing from 2027 on, and three percentage points more."""
APRIL, MAY, JUNE = date(2026, 4, 2), date(2026, 5, 4), date(2026, 6, 1)


def booked(day: date, amount: int, instalment: int = 1) -> PaymentNoted:
    return fact(PaymentNoted, kind="booked", booked_on=day, amount=amount, instalment=instalment)


def returned(day: date, amount: int, instalment: int = 1) -> PaymentNoted:
    return fact(PaymentNoted, kind="returned", booked_on=day, amount=amount, instalment=instalment)


def set_off(day: date, amount: int, instalment: int = 1) -> PaymentNoted:
    return fact(PaymentNoted, kind="set_off", booked_on=day, amount=amount, instalment=instalment)


def overpaid(day: date, amount: int) -> PaymentNoted:
    return fact(PaymentNoted, kind="overpaid", booked_on=day, amount=amount, instalment=None)


def recovered(amount: int) -> RecoveryDecided:
    return fact(RecoveryDecided, amount=amount)


def case(*facts: Fact) -> Case:
    state = folded(cases.evolve, None, fact(CaseOpened), fact(DecisionMade, amount=150_000), *facts)
    assert state is not None
    return state


def told(periods: Sequence[InterestPeriod]) -> list[tuple[int, date, date, int, int, int]]:
    """Principal, from, to, days, rate and interest of each period."""
    return [
        (each.principal, each.counted_from, each.counted_to, each.days, each.rate_hundredths, each.amount)
        for each in periods
    ]


# --- by hand -------------------------------------------------------------------------------------------------


def test_the_day_of_payment_counts_and_the_due_date_does_not() -> None:
    # 1500.00 x 5.50 % x 1 day / 365 = 0.2260
    (period,) = count([(APRIL, 150_000)], APRIL + timedelta(days=1), TERMS)
    assert told([period]) == [(150_000, APRIL, date(2026, 4, 3), 1, 550, 23)]


def test_a_change_of_the_rate_cuts_the_time_and_each_stretch_is_rounded_by_itself() -> None:
    # 29 days of April, 31 of May and 30 of June at 5.50 %: 1500 x 0.055 x 90 / 365 = 20.3425.
    # 31 days of July at 6.00 %: 1500 x 0.06 x 31 / 365 = 7.6438.
    periods = count([(APRIL, 150_000)], date(2026, 8, 1), TERMS)
    assert told(periods) == [
        (150_000, APRIL, date(2026, 7, 1), 90, 550, 2_034),
        (150_000, date(2026, 7, 1), date(2026, 8, 1), 31, 600, 764),
    ]


def test_a_change_on_the_day_of_payment_or_on_the_due_date_cuts_nothing() -> None:
    july, august = date(2026, 7, 1), date(2026, 8, 1)
    assert told(count([(july, 100_000)], august, TERMS)) == [(100_000, july, august, 31, 600, 510)]
    assert told(count([(JUNE, 100_000)], july, TERMS)) == [(100_000, JUNE, july, 30, 550, 452)]


@pytest.mark.parametrize(
    ("since", "until", "days", "interest_of_it"),
    [
        # 1000.00 at 3.00 % in a year of 365 days: 0.0822 a day. The leap day of 2028 is one day more.
        (date(2028, 2, 28), date(2028, 3, 1), 2, 16),
        (date(2027, 2, 28), date(2027, 3, 1), 1, 8),
        (date(2028, 2, 29), date(2028, 3, 1), 1, 8),
        (date(2027, 3, 1), date(2028, 3, 1), 366, 3_008),
        (date(2028, 3, 1), date(2029, 3, 1), 365, 3_000),
    ],
)
def test_a_leap_day_is_a_day(since: date, until: date, days: int, interest_of_it: int) -> None:
    (period,) = count([(since, 100_000)], until, TERMS)
    assert (period.days, period.amount) == (days, interest_of_it)


def test_a_year_may_have_360_days() -> None:
    (period,) = count([(date(2027, 3, 1), 100_000)], date(2028, 2, 24), replace(TERMS, year_days=360))
    assert (period.days, period.amount) == (360, 3_000)


def test_half_a_cent_is_rounded_up() -> None:
    # 60.00 x 3.00 % x 1 day / 360 is half a cent exactly.
    exact = replace(TERMS, year_days=360)
    day = date(2027, 3, 1)
    assert [count([(day, cents)], day + timedelta(days=1), exact)[0].amount for cents in (5_999, 6_000)] == [0, 1]


def test_of_several_payments_the_last_are_taken_first_each_from_its_own_day() -> None:
    parts = taken_from(not_recovered([booked(APRIL, 50_000), booked(JUNE, 50_000, 2)]), 70_000)
    assert parts == [(JUNE, 50_000), (APRIL, 20_000)]
    # June: 500 x 0.055 x 30 / 365 = 2.2603; April: 200 x 0.055 x 90 / 365 = 2.7123.
    assert [period.amount for period in count(parts, date(2026, 7, 1), TERMS)] == [226, 271]


def test_an_earlier_recovery_took_its_part_before() -> None:
    paid: list[Movement] = [booked(APRIL, 50_000), booked(JUNE, 50_000, 2)]
    assert not_recovered([*paid, recovered(30_000)]) == [(APRIL, 50_000), (JUNE, 20_000)]
    assert taken_from(not_recovered([*paid, recovered(30_000)]), 40_000) == [(JUNE, 20_000), (APRIL, 20_000)]
    assert not_recovered([*paid, recovered(30_000), recovered(40_000)]) == [(APRIL, 30_000)]


def test_a_recovery_takes_from_what_was_paid_by_then_and_no_payment_twice() -> None:
    moved: list[Movement] = [booked(APRIL, 50_000), recovered(30_000), booked(JUNE, 50_000, 2)]
    assert not_recovered(moved) == [(APRIL, 20_000), (JUNE, 50_000)]
    assert taken_from(not_recovered(moved), 70_000) == [(JUNE, 50_000), (APRIL, 20_000)]


def test_a_payment_that_came_back_has_no_interest_and_once_paid_again_counts_from_its_new_day() -> None:
    came_back: list[Movement] = [booked(APRIL, 50_000), returned(MAY, 50_000)]
    assert not_recovered(came_back) == []
    assert not_recovered([*came_back, booked(JUNE, 50_000)]) == [(JUNE, 50_000)]
    # 500 x 0.055 x 30 / 365 = 2.2603: the days from April to June are not counted.
    parts = taken_from(not_recovered([*came_back, booked(JUNE, 50_000)]), 50_000)
    assert told(count(parts, date(2026, 7, 1), TERMS)) == [(50_000, JUNE, date(2026, 7, 1), 30, 550, 226)]


def test_what_was_taken_from_a_payment_that_came_back_later_is_taken_from_the_others() -> None:
    moved: list[Movement] = [
        booked(APRIL, 50_000),
        booked(MAY, 50_000, 2),
        recovered(30_000),
        returned(JUNE, 50_000, 2),
    ]
    assert not_recovered(moved) == [(APRIL, 20_000)]
    alone: list[Movement] = [booked(APRIL, 50_000), recovered(30_000), returned(MAY, 50_000)]
    assert not_recovered(alone) == []
    assert not_recovered([*alone, booked(JUNE, 50_000)]) == [(JUNE, 20_000)]


def test_what_was_set_off_counts_as_paid_on_its_day_whatever_becomes_of_the_rest_of_its_instalment() -> None:
    moved: list[Movement] = [booked(APRIL, 100_000), recovered(30_000), set_off(MAY, 30_000, 2)]
    assert not_recovered(moved) == [(APRIL, 70_000), (MAY, 30_000)]
    moved += [booked(JUNE, 20_000, 2), set_off(JUNE, 5_000, 2), returned(JUNE, 20_000, 2)]
    assert not_recovered(moved) == [(APRIL, 70_000), (MAY, 30_000), (JUNE, 5_000)]
    assert taken_from(not_recovered(moved), 105_000) == [(JUNE, 5_000), (MAY, 30_000), (APRIL, 70_000)]


def test_what_was_overpaid_and_is_paid_out_again_is_no_grant_money() -> None:
    moved: list[Movement] = [booked(APRIL, 50_000), recovered(30_000), overpaid(MAY, 10_000)]
    assert not_recovered(moved) == [(APRIL, 10_000)]
    assert not_recovered([*moved, booked(JUNE, 10_000, 2)]) == [(APRIL, 10_000), (JUNE, 10_000)]
    more: list[Movement] = [booked(APRIL, 50_000), recovered(50_000), overpaid(MAY, 70_000)]
    assert not_recovered([*more, booked(JUNE, 70_000, 2)]) == []
    # The refund came back and is paid once more; a later instalment is grant money again.
    again: list[Movement] = [*more, booked(JUNE, 70_000, 2), returned(JUNE, 70_000, 2), booked(JUNE, 70_000, 2)]
    assert not_recovered(again) == []
    assert not_recovered([*again, booked(JUNE, 20_000, 3)]) == [(JUNE, 20_000)]


def test_the_last_payment_is_the_last_that_stayed_paid_also_where_it_was_recovered() -> None:
    assert last_paid([]) is None
    assert last_paid([booked(APRIL, 50_000), returned(MAY, 50_000)]) is None
    assert last_paid([booked(JUNE, 50_000, 2), booked(APRIL, 50_000), recovered(90_000)]) == JUNE
    assert last_paid([booked(APRIL, 50_000), set_off(MAY, 100, 2), booked(JUNE, 1, 3), returned(JUNE, 1, 3)]) == MAY


def test_nothing_that_was_not_paid_is_recovered() -> None:
    with refused("more-than-paid"):
        taken_from([], 1)
    with refused("more-than-paid"):
        taken_from([(APRIL, 100)], 101)
    assert taken_from([(APRIL, 100)], 100) == [(APRIL, 100)]


def test_a_due_date_before_a_payment_or_on_its_day_has_no_interest() -> None:
    for until in (APRIL, APRIL - timedelta(days=1)):
        assert count([(APRIL, 150_000)], until, TERMS) == ()
    assert [each.principal for each in count([(JUNE, 10_000), (APRIL, 20_000)], MAY, TERMS)] == [20_000]


def test_where_no_rate_is_known_the_county_is_told_to_add_it() -> None:
    with refused("no-reference-rate"):
        count([(date(2025, 12, 31), 100)], date(2026, 2, 1), TERMS)
    ended = replace(TERMS, rates=((date(2026, 1, 1), 250), (date(2026, 7, 1), None)))
    assert len(count([(APRIL, 100)], date(2026, 7, 1), ended)) == 1
    with refused("no-reference-rate"):
        count([(APRIL, 100)], date(2026, 7, 2), ended)


def test_more_stretches_than_a_decision_shows_are_refused() -> None:
    many = [(APRIL, 100)] * (interest.PERIODS_MAX // 2)
    assert len(count(many, date(2026, 8, 1), TERMS)) == interest.PERIODS_MAX
    with refused("too-many-periods"):
        count([*many, (APRIL, 100)], date(2026, 8, 1), TERMS)


# --- of a case -----------------------------------------------------------------------------------------------

DECIDED_ON, DUE_ON = date(2026, 6, 15), date(2026, 7, 15)


def test_interest_on_a_case_is_that_of_its_payments_and_none_without_terms() -> None:
    paid = case(booked(APRIL, 150_000))
    periods = recovery.interest_on(paid, 30_000, DECIDED_ON, DUE_ON, TERMS)
    # 300 x 0.055 x 90 / 365 = 4.0685; 300 x 0.06 x 14 / 365 = 0.6904.
    assert [each.amount for each in periods] == [407, 69]
    assert recovery.interest_on(paid, 30_000, DECIDED_ON, DUE_ON, None) == ()
    for terms in (TERMS, None):
        with refused("more-than-paid"):
            recovery.interest_on(paid, 150_001, DECIDED_ON, DUE_ON, terms)
        with refused("due-date-past", "invalid", "/due_on"):
            recovery.interest_on(paid, 30_000, DECIDED_ON, DECIDED_ON, terms)
    last = DECIDED_ON + timedelta(days=recovery.DUE_DAYS_MAX)
    assert recovery.interest_on(paid, 30_000, DECIDED_ON, last, TERMS)
    with refused("due-date-far", "invalid", "/due_on"):
        recovery.interest_on(paid, 30_000, DECIDED_ON, last + timedelta(days=1), TERMS)


def test_what_was_paid_before_the_sum_was_lowered_is_recovered_too() -> None:
    lowered = case(booked(APRIL, 150_000), fact(ClaimDecided, amount=40_000))
    made = fact(RecoveryDecided, amount=110_000)
    assert recovery.recover(lowered, made, 10_000) == [made]
    with refused("more-than-granted"):
        recovery.recover(lowered, fact(RecoveryDecided, amount=150_001), 10_000)


# --- the county's data ---------------------------------------------------------------------------------------


def test_the_terms_are_the_countys_margin_and_its_rates_in_the_order_of_their_days() -> None:
    terms = terms_of(county(), DECIDED_ON)
    assert terms is not None
    assert (terms.margin, terms.year_days) == (300, 365)
    assert list(terms.rates)[-2:] == [(date(2025, 1, 1), 350), (date(2025, 7, 1), 250)]
    assert [day for day, _ in terms.rates] == sorted(each.valid_from for each in county().reference_rates)


def test_a_county_without_a_rule_asks_no_interest() -> None:
    assert terms_of(with_rule(county(), None), DECIDED_ON) is None


def test_a_rate_that_ended_is_not_counted_on_with() -> None:
    rates = (
        rate("2026-01-01", "2026-06-30", "2.50"),
        rate("2025-01-01", "2025-12-31", "3.50"),
    )
    terms = terms_of(county().model_copy(update={"reference_rates": rates}), DECIDED_ON)
    assert terms is not None
    assert terms.rates == [(date(2025, 1, 1), 350), (date(2026, 1, 1), 250), (date(2026, 7, 1), None)]


def rate(since: str, until: str, percent: str) -> ReferenceRate:
    days = {"valid_from": date.fromisoformat(since), "valid_to": date.fromisoformat(until)}
    return ReferenceRate.model_validate({**days, "rate": percent})


def with_rule(of: County, rule: object) -> County:
    changed = tuple(each.model_copy(update={"recovery_interest": rule}) for each in of.payments)
    return of.model_copy(update={"payments": changed})


# --- against another way of counting, 2026 to 2028 -----------------------------------------------------------

RATES = ((date(2026, 1, 1), 250), (date(2026, 7, 1), 275), (date(2027, 1, 1), 310), (date(2027, 7, 1), 225),
         (date(2028, 1, 1), 0), (date(2028, 7, 1), 1_050))  # fmt: skip
PAID_ON = [date(2026, 1, 1), date(2026, 2, 28), date(2026, 6, 30), date(2026, 7, 1), date(2027, 12, 31),
           date(2028, 2, 28), date(2028, 2, 29)]  # fmt: skip
DUE = [date(2026, 1, 2), date(2026, 3, 1), date(2026, 7, 1), date(2026, 7, 2), date(2027, 3, 1), date(2028, 2, 29),
       date(2028, 3, 1), date(2028, 12, 31)]  # fmt: skip
SUMS = [1, 6_083, 12_345, 150_000, 9_999_999_999]


def day_by_day(principal: int, start: date, until: date, margin: int, year_days: int) -> list[tuple[int, int]]:
    """Days and cents of each stretch, a day at a time: another rate than yesterday's begins a stretch."""
    stretches: list[tuple[int, Decimal]] = []
    day, rate_before = start, None
    while day < until:
        rate = max((since, rate) for since, rate in RATES if since <= day)[1]
        days, grown = (0, Decimal(0)) if rate != rate_before else stretches.pop()
        percent = (Decimal(rate) + margin) / 100
        stretches.append((days + 1, grown + Decimal(principal) * percent))
        day, rate_before = day + timedelta(days=1), rate
    with localcontext() as context:
        context.prec = 60
        return [
            (days, int((grown / (100 * year_days)).quantize(Decimal(1), rounding=ROUND_HALF_UP)))
            for days, grown in stretches
        ]


@pytest.mark.parametrize("year_days", [365, 360])
@pytest.mark.parametrize("start", PAID_ON)
def test_from_2026_to_2028_both_ways_of_counting_agree(start: date, year_days: int) -> None:
    terms = Terms(RATES, 300, year_days)
    for until in DUE:
        for principal in SUMS:
            periods = count([(start, principal)], until, terms)
            expected = day_by_day(principal, start, until, 300, year_days)
            assert [(each.days, each.amount) for each in periods] == expected


# --- for any payments, recoveries, days and rates ------------------------------------------------------------

DAYS = st.dates(date(2026, 1, 1), date(2029, 12, 31))
CENTS = st.integers(1, 10**9)


@st.composite
def movements(draw: st.DrawFn) -> list[Movement]:
    """Payments of five instalments, which may come back and be paid again, with recoveries of what stayed paid."""
    moved: list[Movement] = []
    stands: dict[int, int] = {}
    for number in draw(st.lists(st.integers(1, 5), min_size=1, max_size=12)):
        if number in stands and draw(st.booleans()):
            moved.append(returned(draw(DAYS), stands.pop(number), number))
        elif number in stands:
            left = sum(part for _, part in not_recovered(moved))
            moved += [recovered(draw(st.integers(1, left)))] if left else []
        else:
            stands[number] = draw(CENTS)
            moved.append(booked(draw(DAYS), stands[number], number))
    return moved


@st.composite
def rates(draw: st.DrawFn) -> Terms:
    days = draw(st.lists(DAYS, max_size=6, unique=True))
    held = [(day, draw(st.integers(0, 1_000))) for day in sorted([date(2020, 1, 1), *days])]
    return Terms(held, draw(st.integers(0, 1_000)), draw(st.sampled_from([360, 365])))


PARTS = st.lists(st.tuples(DAYS, CENTS), min_size=1, max_size=6).map(sorted)


def total(periods: Sequence[InterestPeriod]) -> int:
    return sum(each.amount for each in periods)


@settings(print_blob=True)
@given(movements())
def test_what_is_left_is_what_was_paid_less_what_came_back_and_what_was_recovered(moved: list[Movement]) -> None:
    signs = {"booked": 1, "returned": -1}
    paid = sum(signs[each.kind] * each.amount for each in moved if isinstance(each, PaymentNoted))
    taken = sum(each.amount for each in moved if isinstance(each, RecoveryDecided))
    left = not_recovered(moved)
    assert sum(part for _, part in left) == max(paid - taken, 0)
    assert left == sorted(left)
    standing = {(each.instalment, each.booked_on): each.amount for each in moved if isinstance(each, PaymentNoted)}
    for day, part in left:
        assert 0 < part <= max(amount for (_, on), amount in standing.items() if on == day)


@settings(print_blob=True)
@given(PARTS, st.data())
def test_the_parts_of_a_recovery_add_up_to_it_and_none_is_more_than_was_paid(
    parts: list[tuple[date, int]], data: st.DataObject
) -> None:
    paid = sum(part for _, part in parts)
    amount = data.draw(st.integers(1, paid))
    taken = taken_from(parts, amount)
    assert sum(part for _, part in taken) == amount
    assert [day for day, _ in taken] == sorted((day for day, _ in taken), reverse=True)
    left = list(parts)
    for day, piece in taken:
        most = left.pop()
        assert (day, piece) == most or (day == most[0] and piece < most[1] and (day, piece) == taken[-1])
    with refused("more-than-paid"):
        taken_from(parts, paid + 1)


@settings(print_blob=True)
@given(DAYS, CENTS, DAYS, rates())
def test_the_periods_of_a_part_follow_each_other_without_a_gap_and_their_days_add_up(
    start: date, principal: int, until: date, terms: Terms
) -> None:
    periods = count([(start, principal)], until, terms)
    assert sum(each.days for each in periods) == max((until - start).days, 0)
    assert all(each.principal == principal for each in periods)
    assert all((each.counted_to - each.counted_from).days == each.days > 0 for each in periods)
    edges = [start, *(each.counted_to for each in periods)]
    assert [each.counted_from for each in periods] == edges[:-1]
    if periods:
        assert edges[-1] == until


@settings(print_blob=True)
@given(PARTS, DAYS, DAYS, rates())
def test_interest_grows_with_time(parts: list[tuple[date, int]], one: date, other: date, terms: Terms) -> None:
    sooner, later = sorted((one, other))
    assert total(count(parts, sooner, terms)) <= total(count(parts, later, terms))


@settings(print_blob=True)
@given(PARTS, DAYS, rates(), st.data())
def test_interest_grows_with_the_amount(
    parts: list[tuple[date, int]], until: date, terms: Terms, data: st.DataObject
) -> None:
    paid = sum(part for _, part in parts)
    less, more = sorted(data.draw(st.tuples(st.integers(1, paid), st.integers(1, paid))))
    of_less, of_more = (total(count(taken_from(parts, amount), until, terms)) for amount in (less, more))
    assert of_less <= of_more
