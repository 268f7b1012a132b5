"""Every compared thing ends in exactly one class, in whatever order the three sides come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.payments.domain.postings import GrantIdentity, Posting, Voucher
from services.payments.domain.reconciliation import BankEntry, BookRow, Line, reconcile, rows_of
from tests.unit.payments import reconciliation_oracle as oracle

APRIL_2 = date(2026, 4, 2)


def voucher(number: int, amount: int = 150_000) -> Voucher:
    """A booked payment of a grant of its own."""
    grant = GrantIdentity(UUID(int=number), f"{number}/02.05.01.00/2026", "Esimerkki ry", "operating")
    return Voucher(
        "av", number,
        Posting(
            number, "payment.booked", grant, 1, f"E{number}-1-1", f"B{number}", APRIL_2, "2590", "1700", "131010",
            "5900", amount, f"Maksu 1 {grant.diary_number}",
        ),
    )  # fmt: skip


def entry(of: Voucher) -> BankEntry:
    posting = of.posting
    assert posting.bank_reference is not None
    return BankEntry(posting.bank_reference, posting.posted_on, -posting.amount, posting.end_to_end_id)


def classes(lines: Sequence[Line]) -> list[tuple[str, str]]:
    return [(line.line_class, line.subject) for line in lines]


ONE = voucher(1)
ROWS = rows_of(ONE)
NUMBER_UNKNOWN = {"series": "x", "number": 9}
NO_KEYS = {**NUMBER_UNKNOWN, "end_to_end_id": None, "diary_number": "", "instalment": None}


def changed(rows: Sequence[BookRow], **values: object) -> list[BookRow]:
    return [replace(row, **values) for row in rows]  # type: ignore[arg-type]  # a test names the fields itself


def test_what_agrees_on_all_three_sides_is_matched() -> None:
    lines = reconcile([ONE], [entry(ONE)], ROWS, {})
    assert classes(lines) == [("matched", "av-1")]
    assert (lines[0].amount, lines[0].application_id) == (150_000, UUID(int=1))


def test_an_award_needs_no_bank() -> None:
    award = Voucher("av", 1, replace(ONE.posting, bank_reference=None, end_to_end_id=None))
    assert classes(reconcile([award], [], rows_of(award), {})) == [("matched", "av-1")]


@pytest.mark.parametrize(
    ("book", "line_class"),
    [
        ([ROWS[0], replace(ROWS[1], credit=149_999)], "amount_differs"),
        ([ROWS[0]], "amount_differs"),
        ([*ROWS, ROWS[0]], "amount_differs"),
        ([replace(ROWS[0], debit=0, credit=150_000), replace(ROWS[1], debit=150_000, credit=0)],
         "account_or_cost_centre_differs"),
        (changed(ROWS, posted_on=date(2026, 4, 3)), "date_or_period_differs"),
        (changed(ROWS, period="2026-05"), "date_or_period_differs"),
        (changed(ROWS, account="4740"), "account_or_cost_centre_differs"),
        (changed(ROWS, cost_centre="131099"), "account_or_cost_centre_differs"),
        ([*ROWS, *ROWS], "duplicate"),
        ([], "missing_in_back_office"),
    ],
)  # fmt: skip
def test_each_way_not_to_agree_with_the_back_office_has_its_class(book: list[BookRow], line_class: str) -> None:
    assert classes(reconcile([ONE], [entry(ONE)], book, {})) == [(line_class, "av-1")]


def test_what_the_bank_does_not_have_is_missing_there() -> None:
    assert classes(reconcile([ONE], [], ROWS, {})) == [("missing_at_bank", "av-1")]


def test_a_posting_of_a_payment_that_the_bank_has_not_booked_is_missing_at_the_bank() -> None:
    waiting = UUID(int=9)
    lines = reconcile([], [], changed(ROWS, **NUMBER_UNKNOWN), {"E1-1-1": waiting})
    assert classes(lines) == [("missing_at_bank", "x-9")]
    assert lines[0].application_id == waiting


def test_what_only_the_back_office_or_the_bank_has_is_missing_in_the_ledger() -> None:
    stray = BankEntry("B7", APRIL_2, -500, None)
    lines = reconcile([], [stray], changed(ROWS, **NUMBER_UNKNOWN), {})
    assert classes(lines) == [("missing_in_ledger", "bank B7"), ("missing_in_ledger", "x-9")]
    assert [line.amount for line in lines] == [500, 150_000]


def test_the_same_entry_of_the_bank_twice_is_one_too_many() -> None:
    lines = reconcile([ONE], [entry(ONE), entry(ONE)], ROWS, {})
    assert classes(lines) == [("matched", "av-1"), ("missing_in_ledger", "bank B1")]


@pytest.mark.parametrize("key", [{}, {"end_to_end_id": None}], ids=["end to end id", "diary number and instalment"])
def test_another_number_with_a_strong_key_is_matched_once_and_then_a_duplicate(key: dict[str, object]) -> None:
    renumbered = changed(ROWS, **NUMBER_UNKNOWN, **key)
    keyed = Voucher("av", 1, replace(ONE.posting, end_to_end_id=None)) if key else ONE
    bank = [replace(entry(ONE))]
    assert classes(reconcile([keyed], bank, renumbered, {})) == [("matched", "av-1")]
    again = [*renumbered, *changed(renumbered, number=10)]
    assert classes(reconcile([keyed], bank, again, {})) == [("matched", "av-1"), ("duplicate", "x-10")]
    both = [*rows_of(keyed), *renumbered]
    assert classes(reconcile([keyed], bank, both, {})) == [("matched", "av-1"), ("duplicate", "x-9")]


def test_without_a_strong_key_a_match_is_only_proposed() -> None:
    [line] = reconcile([ONE], [entry(ONE)], changed(ROWS, **NO_KEYS), {})
    assert (line.line_class, line.subject, line.expected) == ("ambiguous", "x-9", "perhaps av-1")
    two = voucher(2)
    [both] = reconcile([ONE, two], [entry(ONE), entry(two)], changed(ROWS, **NO_KEYS), {})
    assert (both.line_class, both.expected) == ("ambiguous", "perhaps av-1, av-2")


def test_a_weak_match_needs_the_same_sum_and_date() -> None:
    other = changed(ROWS, **NO_KEYS, posted_on=date(2026, 4, 3))
    assert classes(reconcile([ONE], [entry(ONE)], other, {})) == [
        ("missing_in_back_office", "av-1"), ("missing_in_ledger", "x-9"),
    ]  # fmt: skip


MUTATIONS: tuple[Callable[[list[BookRow]], list[BookRow]], ...] = (
    lambda rows: rows,
    lambda _rows: [],
    lambda rows: [*rows, *rows],
    lambda rows: changed(rows, period="2026-05"),
    lambda rows: changed(rows, cost_centre="131099"),
    lambda rows: [rows[0], replace(rows[1], credit=rows[1].credit + 1)],
    lambda rows: changed(rows, series="x"),
    lambda rows: [*rows, *changed(rows, series="x")],
    lambda rows: changed(rows, series="x", end_to_end_id=None, diary_number="", instalment=None),
    lambda rows: changed(rows, series="x", end_to_end_id="UNKNOWN", diary_number="", instalment=None),
)


@settings(max_examples=25, print_blob=True, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(range(len(MUTATIONS))), st.integers(0, 2)), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_the_lines_are_the_same_in_whatever_order_the_sides_come_and_each_thing_has_one(
    chosen: list[tuple[int, int]], chance: object
) -> None:
    vouchers = [voucher(number) for number, _ in enumerate(chosen, start=1)]
    book = [
        row
        for each, (mutation, _) in zip(vouchers, chosen, strict=True)
        for row in MUTATIONS[mutation]([*rows_of(each)])
    ]
    bank = [entry(each) for each, (_, times) in zip(vouchers, chosen, strict=True) for _ in range(times)]
    before = reconcile(vouchers, bank, book, {})
    for side in (vouchers, bank, book):
        chance.shuffle(side)  # type: ignore[attr-defined]  # Hypothesis' own random.Random
    after = reconcile(vouchers, bank, book, {})
    assert Counter(before) == Counter(after)
    twice_at_the_bank = sum(max(times - 1, 0) for _, times in chosen)
    subjects = [line.subject for line in after]
    assert len(subjects) == len(set(subjects))
    named = {f"av-{each.number}" for each in vouchers}
    proposed = {name for line in after if line.line_class == "ambiguous" for name in line.expected[8:].split(", ")}
    assert named == (named & set(subjects)) | proposed
    assert sum(subject.startswith("bank ") for subject in subjects) == twice_at_the_bank


@settings(max_examples=40, print_blob=True, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(range(len(MUTATIONS))), st.integers(0, 2)), min_size=1, max_size=8),
    st.sets(st.integers(20, 24)),
)
def test_small_months_end_in_the_lines_that_plain_python_finds(
    chosen: list[tuple[int, int]], waiting: set[int]
) -> None:
    """Sums differ from each other here, so that a proposal meets one voucher alone."""
    vouchers = [voucher(number, 150_000 + 10 * number) for number, _ in enumerate(chosen, start=1)]
    mutated = [MUTATIONS[mutation]([*rows_of(each)]) for each, (mutation, _) in zip(vouchers, chosen, strict=True)]
    late = [changed(rows_of(voucher(number, 90_000 + number)), series="late") for number in waiting]
    book = [row for rows in [*mutated, *late] for row in rows]
    bank = [entry(each) for each, (_, times) in zip(vouchers, chosen, strict=True) for _ in range(times)]
    unbooked = {f"E{number}-1-1": UUID(int=number) for number in waiting if number % 2}
    assert Counter(reconcile(vouchers, bank, book, unbooked)) == Counter(
        oracle.reconcile(vouchers, bank, book, unbooked)
    )
