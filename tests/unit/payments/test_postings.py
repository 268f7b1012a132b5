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
    PaymentBooked,
    PaymentProposed,
    PaymentReturned,
    PaymentSent,
    RecoveryClaimed,
    RecoveryReceived,
    VouchersExported,
)
from services.payments.domain import postings
from services.payments.domain.postings import GrantIdentity, Posting, posting_of, trial_balance
from tests.unit.given import county, fact

IDENTITY = GrantIdentity(
    UUID("019b7a1e-8c00-7000-8000-000000000001"), "17/02.05.01.00/2026", "Esimerkki ry", "operating"
)
MONEY = (GrantAwarded, PaymentBooked, PaymentReturned, RecoveryClaimed, RecoveryReceived)


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
        (fact(RecoveryClaimed), "1590", "4740", 30_000, "2026-11"),
        (fact(RecoveryReceived), "1700", "1590", 30_000, "2026-11"),
    ],
)
def test_each_money_event_has_its_accounts(money: Fact, debit: str, credit: str, amount: int, period: str) -> None:
    made = post(money)
    assert made is not None
    assert (made.debit, made.credit, made.amount, made.period) == (debit, credit, amount, period)
    assert made.text.endswith(IDENTITY.diary_number)


@pytest.mark.parametrize("silent", [GrantReleased, PaymentProposed, PaymentSent])
def test_what_moves_no_money_is_not_posted(silent: type[Fact]) -> None:
    assert post(fact(silent)) is None


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
