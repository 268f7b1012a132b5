"""Each money event is one balanced posting by the county's table; vouchers are numbered without gaps."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.facts import Fact
from schemas.payments import (
    GrantAwarded,
    GrantChanged,
    GrantReleased,
    LateInterestClaimed,
    PaymentBooked,
    PaymentCauseSettled,
    PaymentDropped,
    PaymentPlanAgreed,
    PaymentProposed,
    PaymentReturnCharged,
    PaymentReturned,
    PaymentSent,
    PeriodClosed,
    RecoveryClaimed,
    RecoveryInterestClaimed,
    RecoveryOverpaid,
    RecoveryReceived,
    RecoverySetOff,
    RecoveryWrittenOff,
    VouchersExported,
    WriteOffProposed,
    WriteOffRefused,
    YearClosed,
)
from services.payments.domain import postings
from services.payments.domain.postings import (
    GrantIdentity,
    Posting,
    closed_months,
    posting_of,
    settle_periods,
    trial_balance,
)
from tests.unit.given import county, fact

IDENTITY = GrantIdentity(
    UUID("019b7a1e-8c00-7000-8000-000000000001"), "17/02.05.01.00/2026", "Esimerkki ry", "operating"
)
MONEY = (
    GrantAwarded, PaymentBooked, PaymentReturned, PaymentReturnCharged, RecoveryClaimed, RecoveryInterestClaimed,
    LateInterestClaimed, RecoveryReceived, RecoveryOverpaid, RecoverySetOff, RecoveryWrittenOff,
)  # fmt: skip


def post(each: Fact, position: int = 1) -> Posting | None:
    return posting_of(position, each, IDENTITY, county())


@pytest.mark.parametrize(
    ("money", "debit", "credit", "amount", "period"),
    [
        (fact(GrantAwarded), "4740", "2590", 150_000, "2026-02"),
        (fact(GrantChanged, change=700), "4740", "2590", 700, "2026-03"),
        (fact(GrantChanged, change=-700), "2590", "4740", 700, "2026-03"),
        (fact(PaymentBooked), "2590", "1700", 150_000, "2026-04"),
        (fact(PaymentReturned), "1700", "2590", 150_000, "2026-04"),
        (fact(PaymentReturnCharged), "4930", "2590", 500, "2026-04"),
        (fact(RecoveryClaimed), "1590", "4740", 30_000, "2026-11"),
        (fact(RecoveryReceived), "1700", "1590", 30_000, "2026-11"),
        (fact(RecoveryInterestClaimed), "1590", "6180", 493, "2026-11"),
        (fact(LateInterestClaimed), "1590", "6180", 78, "2026-12"),
        (fact(RecoveryOverpaid), "1700", "2590", 1_000, "2026-11"),
        (fact(RecoverySetOff), "2590", "1590", 20_000, "2026-12"),
        (fact(RecoveryWrittenOff), "4790", "1590", 10_000, "2027-01"),
    ],
)
def test_each_money_event_has_its_accounts(money: Fact, debit: str, credit: str, amount: int, period: str) -> None:
    made = post(money)
    assert made is not None
    assert (made.debit, made.credit, made.amount, made.period) == (debit, credit, amount, period)
    assert made.text.endswith(IDENTITY.diary_number)


@pytest.mark.parametrize(
    "silent",
    [
        GrantReleased, PaymentProposed, PaymentSent, PaymentDropped, PaymentCauseSettled, PaymentPlanAgreed,
        WriteOffProposed, WriteOffRefused,
    ],
)  # fmt: skip
def test_what_moves_no_money_is_not_posted(silent: type[Fact]) -> None:
    assert post(fact(silent)) is None


def test_every_money_event_is_tried() -> None:
    assert set(postings.MONEY_EVENTS) == {*MONEY, GrantChanged}


@settings(print_blob=True, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(MONEY), st.integers(1, 10**14 - 1)), max_size=50))
def test_debits_equal_credits_at_every_position(moved: list[tuple[type[Fact], int]]) -> None:
    made = [post(fact(kind, amount=amount), position) for position, (kind, amount) in enumerate(moved, start=1)]
    for count in range(len(made) + 1):
        so_far = [each for each in made[:count] if each is not None]
        assert sum(trial_balance(so_far).values()) == 0


def numbered(*exports: VouchersExported) -> list[tuple[int, int]]:
    made = [post(fact(PaymentBooked), position) for position in range(1, 6)]
    made.append(post(fact(GrantAwarded), 6))
    vouchers = postings.number_vouchers([each for each in made if each is not None], exports)
    return [(voucher.number, voucher.posting.position) for voucher in vouchers]


def export(after: int, up_to: int, first: int, count: int, period: str = "2026-04") -> VouchersExported:
    return fact(
        VouchersExported, after_position=after, up_to_position=up_to, first_number=first, count=count, period=period
    )


def test_vouchers_are_numbered_in_the_order_of_the_ledger_without_gaps_over_exports() -> None:
    assert numbered(export(0, 3, 1, 3), export(3, 6, 4, 2), export(0, 6, 6, 1, "2026-02")) == [
        (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6),
    ]  # fmt: skip


def test_an_export_that_counted_otherwise_is_noticed() -> None:
    with pytest.raises(AssertionError, match="counted"):
        numbered(export(0, 3, 1, 2))


MOVED = [fact(PaymentBooked, booked_on=day) for day in ("2026-04-02", "2026-04-30", "2026-05-04", "2026-12-31")]


def settled(closed: dict[str, int]) -> list[tuple[str, str, bool]]:
    """The period, the month of the date, and whether it is late, of payments at the positions 10, 20, 30, 40."""
    found = [posting_of(10 * number, each, IDENTITY, county()) for number, each in enumerate(MOVED, start=1)]
    postings = settle_periods([each for each in found if each is not None], closed)
    return [(each.period, each.concerns, each.late) for each in postings]


def test_what_comes_after_its_month_was_closed_belongs_to_the_next_open_one_and_says_which_it_concerns() -> None:
    on_time = [("2026-04", "2026-04", False), ("2026-04", "2026-04", False), ("2026-05", "2026-05", False)]
    assert settled({})[:3] == on_time
    assert settled({"2026-04": 20})[:3] == on_time
    assert settled({"2026-04": 19})[1] == ("2026-05", "2026-04", True)
    assert settled({"2026-04": 9, "2026-05": 15})[:2] == [("2026-05", "2026-04", True), ("2026-06", "2026-04", True)]
    assert settled({"2026-12": 35})[3] == ("2027-01", "2026-12", True)


def test_a_late_posting_keeps_its_date_and_its_text_names_its_month() -> None:
    posting = posting_of(20, MOVED[1], IDENTITY, county())
    assert posting is not None
    [late] = settle_periods([posting], {"2026-04": 19})
    assert (late.posted_on, late.amount, late.debit) == (posting.posted_on, posting.amount, posting.debit)
    assert late.text == f"{posting.text} (koskee 4/2026)"


def test_a_closed_month_or_year_closes_the_earlier_months_that_were_open() -> None:
    february = fact(PeriodClosed, period="2026-02", up_to_position=10)
    april = fact(PeriodClosed, period="2026-04", up_to_position=20)
    closed = closed_months([february, april, fact(YearClosed, year=2026, up_to_position=30)])
    months = ("2025-12", "2026-02", "2026-03", "2026-04", "2026-05", "2026-12")
    assert [closed[month] for month in months] == [10, 10, 20, 20, 30, 30]
    assert "2027-01" not in closed
    assert closed_months([]) == {}
