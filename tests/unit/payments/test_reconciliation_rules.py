"""What finance asks of the reconciliation, a sentence each, and each with the attack on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from schemas.money import euros
from services.payments.domain.postings import Voucher
from services.payments.domain.reconciliation import BankEntry, BookRow, reconcile, rows_of
from tests.unit.payments.test_reconciliation import APRIL_2, ONE, ROWS, changed, classes, entry, voucher

APRIL_9 = date(2026, 4, 9)
TWO = voucher(2, 50_000)
BATCH = "BATCH1"
WRONG = [replace(ROWS[0], account="4740"), ROWS[1]]


def reversed_rows(rows: Sequence[BookRow], on: date = APRIL_2) -> list[BookRow]:
    """The other way about, as a reversal (*oikaisutosite*) under the same number is posted."""
    return [replace(row, debit=row.credit, credit=row.debit, posted_on=on) for row in rows]


def in_batch(of: Voucher) -> Voucher:
    return Voucher(of.series, of.number, replace(of.posting, bank_reference=BATCH))


def found_for_one(*book: BookRow) -> list[tuple[str, str]]:
    return classes(reconcile([ONE], [entry(ONE)], book, {}))


# Corrections and reversals are netted.


@pytest.mark.parametrize(
    ("book", "line_class"),
    [
        ([*ROWS, *reversed_rows(ROWS), *ROWS], "matched"),
        ([*ROWS, *reversed_rows(ROWS), *ROWS, *ROWS], "duplicate"),
        ([*ROWS, *reversed_rows(ROWS)], "missing_in_back_office"),
        ([*WRONG, *reversed_rows(WRONG), *ROWS], "matched"),
        ([*ROWS, *reversed_rows(ROWS), *WRONG], "account_or_cost_centre_differs"),
        ([*ROWS, *reversed_rows(ROWS, APRIL_9), *changed(ROWS, posted_on=APRIL_9)], "date_or_period_differs"),
        ([*ROWS, *reversed_rows(WRONG)], "account_or_cost_centre_differs"),
        ([*ROWS, *reversed_rows([replace(row, debit=row.debit // 2, credit=row.credit // 2) for row in ROWS])],
         "amount_differs"),
        ([replace(ROWS[0], debit=160_000), replace(ROWS[0], debit=0, credit=10_000), ROWS[1]], "matched"),
        ([replace(ROWS[0], debit=160_000), replace(ROWS[0], debit=0, credit=10_001), ROWS[1]], "amount_differs"),
    ],
)  # fmt: skip
def test_a_voucher_that_was_posted_reversed_and_posted_again_counts_as_what_is_left(
    book: list[BookRow], line_class: str
) -> None:
    assert found_for_one(*book) == [(line_class, "av-1")]


def test_what_was_posted_and_reversed_says_so() -> None:
    [line] = reconcile([ONE], [entry(ONE)], [*ROWS, *reversed_rows(ROWS)], {})
    assert line.found == "nothing: posted and reversed"
    moved = [*ROWS, *reversed_rows(ROWS), *changed(ROWS, series="x", number=9)]
    assert found_for_one(*moved) == [("matched", "av-1")]
    stray = changed([*ROWS, *reversed_rows(ROWS)], series="x", number=9)
    assert found_for_one(*ROWS, *stray) == [("matched", "av-1"), ("matched", "x-9")]


# Amounts over several postings.


def halves(rows: Sequence[BookRow], off: int = 0) -> list[BookRow]:
    first = [replace(row, debit=row.debit // 3, credit=row.credit // 3) for row in rows]
    rest = [
        replace(row, debit=row.debit - one.debit + off * bool(row.debit), credit=row.credit - one.credit)
        for row, one in zip(rows, first, strict=True)
    ]
    return [*first, *rest]


@pytest.mark.parametrize(
    ("book", "line_class"),
    [
        (halves(ROWS), "matched"),
        (halves(ROWS, 1), "amount_differs"),
        (halves([*ROWS, *ROWS]), "duplicate"),
        ([*halves(ROWS)[:2], *changed(halves(ROWS)[2:], cost_centre="131099")], "account_or_cost_centre_differs"),
        ([*halves(ROWS)[:2], *changed(halves(ROWS)[2:], posted_on=APRIL_9)], "date_or_period_differs"),
    ],
)
def test_several_rows_of_one_voucher_are_compared_by_their_sums(book: list[BookRow], line_class: str) -> None:
    assert found_for_one(*book) == [(line_class, "av-1")]


def test_several_postings_with_one_strong_key_match_only_when_they_add_up() -> None:
    parts = halves(ROWS)
    first, rest = changed(parts[:2], series="x", number=8), changed(parts[2:], series="x", number=9)
    assert found_for_one(*first, *rest) == [("matched", "av-1")]
    assert found_for_one(*parts[:2], *rest) == [("matched", "av-1")]
    assert found_for_one(*first) == [("missing_in_back_office", "av-1"), ("missing_in_ledger", "x-8")]
    once_more = changed(parts[2:], series="x", number=10)
    assert ("matched", "av-1") not in found_for_one(*first, *rest, *once_more)
    other = changed(rest, end_to_end_id="E9-9-9")
    assert ("matched", "av-1") not in found_for_one(*first, *other)


# One posting of the back office for several payments.


def as_one(*vouchers: Voucher, off: int = 0) -> list[BookRow]:
    """A posting of all sums together, which names the bank's entry only."""
    total = sum(each.posting.amount for each in vouchers)
    one = changed(
        ROWS, series="x", number=9, end_to_end_id=None, diary_number="", instalment=None, bank_reference=BATCH
    )
    return [replace(one[0], debit=total + off), replace(one[1], credit=total + off)]


def batch(*vouchers: Voucher, off: int = 0) -> BankEntry:
    return BankEntry(BATCH, APRIL_2, -sum(each.posting.amount for each in vouchers) - off, None)


def test_one_posting_for_several_payments_matches_each_of_them() -> None:
    both = [in_batch(ONE), in_batch(TWO)]
    assert classes(reconcile(both, [batch(*both)], as_one(*both), {})) == [("matched", "av-1"), ("matched", "av-2")]
    by_payment = changed([*ROWS, *rows_of(TWO)], series="x", number=9)
    assert classes(reconcile(both, [batch(*both)], by_payment, {})) == [("matched", "av-1"), ("matched", "av-2")]


def test_one_posting_for_several_payments_counts_once_and_only_when_it_adds_up() -> None:
    both = [in_batch(ONE), in_batch(TWO)]
    wrong = classes(reconcile(both, [batch(*both)], as_one(*both, off=1), {}))
    assert wrong == [
        ("missing_in_back_office", "av-1"), ("missing_in_back_office", "av-2"), ("missing_in_ledger", "x-9"),
    ]  # fmt: skip
    twice = [*as_one(*both), *changed(as_one(*both), number=10)]
    matched = [("matched", "av-1"), ("matched", "av-2")]
    assert classes(reconcile(both, [batch(*both)], twice, {})) == [*matched, ("duplicate", "x-10")]
    besides = [*rows_of(both[0]), *rows_of(both[1]), *as_one(*both)]
    assert classes(reconcile(both, [batch(*both)], besides, {})) == [*matched, ("duplicate", "x-9")]


# A batch entry of the bank against its parts.


def both_booked() -> tuple[list[Voucher], list[BookRow]]:
    both = [in_batch(ONE), in_batch(TWO)]
    return both, [row for each in both for row in rows_of(each)]


@pytest.mark.parametrize(
    ("off", "found"),
    [
        (0, [("matched", "av-1"), ("matched", "av-2")]),
        (1, [("amount_differs", "av-1"), ("amount_differs", "av-2")]),
    ],
)
def test_a_batch_that_the_bank_books_as_one_entry_is_the_sum_of_its_payments(
    off: int, found: list[tuple[str, str]]
) -> None:
    both, book = both_booked()
    assert classes(reconcile(both, [batch(*both, off=off)], book, {})) == found


def parts_of(vouchers: Sequence[Voucher]) -> list[BankEntry]:
    return [replace(entry(each), bank_reference=f"P{each.number}", entry_of=BATCH) for each in vouchers]


def test_a_batch_whose_parts_the_bank_tells_is_compared_part_by_part() -> None:
    both, book = both_booked()
    matched = [("matched", "av-1"), ("matched", "av-2")]
    assert classes(reconcile(both, [batch(*both), *parts_of(both)], book, {})) == matched
    by_part = [Voucher("av", 1, replace(ONE.posting, bank_reference="P1")), both[1]]
    assert classes(reconcile(by_part, [batch(*both), *parts_of(both)], book, {})) == matched
    one_part = [batch(both[0]), *parts_of(both[:1])]
    assert classes(reconcile(both, one_part, book, {})) == [("matched", "av-1"), ("missing_at_bank", "av-2")]
    exchanged = [replace(part, amount=-100_000) for part in parts_of(both)]
    assert classes(reconcile(both, [batch(*both), *exchanged], book, {})) == [
        ("amount_differs", "av-1"), ("amount_differs", "av-2"),
    ]  # fmt: skip


def test_a_batch_that_is_not_the_sum_of_its_parts_is_a_line_of_its_own() -> None:
    both, book = both_booked()
    lines = reconcile(both, [batch(*both, off=1), *parts_of(both)], book, {})
    assert classes(lines) == [("matched", "av-1"), ("matched", "av-2"), ("amount_differs", "bank BATCH1")]
    assert (lines[2].expected, lines[2].found) == ("2 parts, together -2000.00 EUR", "2.4.2026 -2000.01 EUR")


def test_the_bank_bears_out_the_sum_and_the_end_to_end_id() -> None:
    short = replace(entry(ONE), amount=-149_999)
    [line] = reconcile([ONE], [short], ROWS, {})
    assert (line.line_class, line.found) == ("amount_differs", "bank B1 2.4.2026 -1499.99 EUR")
    other = replace(entry(ONE), end_to_end_id="E9-9-9")
    assert classes(reconcile([ONE], [other], ROWS, {})) == [
        ("missing_at_bank", "av-1"),
        ("missing_in_ledger", "bank B1"),
    ]


# Genuine equals.


def equals() -> list[Voucher]:
    """The same payee, grant, sum and day; two payments."""
    return [Voucher("av", number, replace(ONE.posting, end_to_end_id=None)) for number in (1, 2)]


def test_genuine_equals_are_no_duplicates_and_a_third_is() -> None:
    two = equals()
    bank = [replace(entry(ONE), end_to_end_id=None)] * 2
    book = [row for each in two for row in rows_of(each)]
    matched = [("matched", "av-1"), ("matched", "av-2")]
    assert classes(reconcile(two, bank, book, {})) == matched
    renumbered = [row for number in (7, 8) for row in changed(rows_of(two[0]), series="x", number=number)]
    assert classes(reconcile(two, bank, renumbered, {})) == matched
    third = changed(rows_of(two[0]), series="x", number=9)
    assert classes(reconcile(two, bank, [*book, *third], {})) == [*matched, ("duplicate", "x-9")]
    assert classes(reconcile(two, bank, [*renumbered, *third], {})) == [*matched, ("duplicate", "x-9")]
    assert classes(reconcile(two, bank * 2, book, {})) == [
        *matched, ("missing_in_ledger", "bank B1"), ("missing_in_ledger", "bank B1"),
    ]  # fmt: skip


def test_what_a_strong_key_names_is_not_given_away_to_a_proposal() -> None:
    two = [ONE, voucher(2)]
    weak = changed(ROWS, series="x", number=1, end_to_end_id=None, diary_number="", instalment=None)
    strong = changed(rows_of(two[1]), series="x", number=2)
    lines = reconcile(two, [entry(each) for each in two], [*weak, *strong], {})
    assert classes(lines) == [("matched", "av-2"), ("ambiguous", "x-1")]
    assert lines[1].expected == "perhaps av-1"


@pytest.mark.parametrize(
    ("values", "line_class"),
    [({"posted_on": APRIL_9}, "date_or_period_differs"), ({"cost_centre": "131099"}, "account_or_cost_centre_differs")],
)
def test_what_is_found_by_another_key_must_agree_as_well(values: dict[str, object], line_class: str) -> None:
    assert found_for_one(*changed(ROWS, series="x", number=9, **values)) == [(line_class, "av-1")]
    assert classes(reconcile([ONE], [], changed(ROWS, series="x", number=9), {})) == [("missing_at_bank", "av-1")]


# Tolerance.


@pytest.mark.parametrize(("off", "tolerance", "line_class"), [
    (0, 0, "matched"), (1, 0, "amount_differs"), (2, 2, "matched"), (3, 2, "amount_differs"), (-2, 2, "matched"),
    (-3, 2, "amount_differs"),
])  # fmt: skip
def test_a_difference_within_the_tolerance_is_matched_and_says_so(off: int, tolerance: int, line_class: str) -> None:
    book = [replace(ROWS[0], debit=150_000 + off), replace(ROWS[1], credit=150_000 + off)]
    [by_book] = reconcile([ONE], [entry(ONE)], book, {}, tolerance)
    [by_bank] = reconcile([ONE], [replace(entry(ONE), amount=-150_000 + off)], ROWS, {}, tolerance)
    for line in (by_book, by_bank):
        assert line.line_class == line_class
        said = f"differs by 0.02 EUR, within the tolerance of {euros(tolerance)}"
        assert (said in line.found) == (line_class == "matched" and off != 0)


def test_a_text_of_a_difference_stays_short_however_many_rows_there_are() -> None:
    many = [replace(ROWS[0], debit=1) for _ in range(200)]
    [line] = reconcile([ONE], [entry(ONE)], many, {})
    assert line.found.endswith("; and 175 more")
    assert len(line.found) < 4000


def test_a_line_within_the_tolerance_says_which_side_is_off_by_how_much() -> None:
    book = [replace(ROWS[0], debit=150_002), replace(ROWS[1], credit=150_002)]
    bank = [replace(entry(ONE), amount=-149_999)]
    [line] = reconcile([ONE], bank, book, {}, 5)
    assert (line.line_class, line.off) == ("matched", 2)
    assert line.found == (
        "bank B1 2.4.2026 -1499.99 EUR (the back office differs by 0.02 EUR, the bank differs by 0.01 EUR, within the "
        "tolerance of 0.05 EUR)"
    )
    [exact] = reconcile([ONE], [entry(ONE)], ROWS, {}, 5)
    assert (exact.off, "tolerance" in exact.found) == (0, False)


def test_a_cent_on_another_account_within_the_tolerance_is_shown_too() -> None:
    astray = [replace(ROWS[0], debit=149_999), replace(ROWS[0], debit=1, cost_centre="131099"), ROWS[1]]
    [line] = reconcile([ONE], [entry(ONE)], astray, {}, 1)
    assert (line.line_class, line.off) == ("matched", 1)
    [line] = reconcile([ONE], [entry(ONE)], astray, {})
    assert (line.line_class, line.off) == ("account_or_cost_centre_differs", 0)


@pytest.mark.parametrize(("off", "line_class"), [(2, "matched"), (3, "amount_differs")])
def test_a_batch_and_one_posting_for_several_payments_match_within_the_tolerance_and_say_so(
    off: int, line_class: str
) -> None:
    both, book = both_booked()
    lines = reconcile(both, [batch(*both, off=off)], book, {}, 2)
    assert {(line.line_class, line.off) for line in lines} == {(line_class, off if line_class == "matched" else 0)}
    by_parts = reconcile(both, [batch(*both, off=off), *parts_of(both)], book, {}, 2)
    assert [(line.line_class, line.off) for line in by_parts if line.subject == "bank BATCH1"] == [
        (line_class, off if line_class == "matched" else 0)
    ]
    as_posted = reconcile(both, [batch(*both)], as_one(*both, off=off), {}, 2)
    assert (("matched", "av-1") in classes(as_posted)) == (off <= 2)


# One payment in several entries, and under another archive id.


@pytest.mark.parametrize(
    ("amounts", "found"),
    [
        ((-100_000, -50_000), [("matched", "av-1")]),
        ((-100_000, -49_999), [("amount_differs", "av-1"), ("missing_in_ledger", "bank B1")]),
        ((-150_000, -50_000), [("matched", "av-1"), ("missing_in_ledger", "bank B1")]),
    ],
)
def test_several_entries_for_one_payment_match_when_they_add_up(
    amounts: tuple[int, int], found: list[tuple[str, str]]
) -> None:
    bank = [replace(entry(ONE), amount=amount) for amount in amounts]
    assert classes(reconcile([ONE], bank, ROWS, {})) == found


def test_a_payment_under_another_archive_id_is_known_by_its_end_to_end_id_direction_and_sum() -> None:
    elsewhere = replace(entry(ONE), bank_reference="S1")
    missing = [("missing_at_bank", "av-1"), ("missing_in_ledger", "bank S1")]
    [line] = reconcile([ONE], [elsewhere], ROWS, {})
    assert (line.line_class, line.off) == ("matched", 0)
    assert line.found == "bank S1 2.4.2026 -1500.00 EUR, by its EndToEndId: the ledger has archive id B1"
    both = classes(reconcile([ONE], [entry(ONE), elsewhere], ROWS, {}))
    assert both == [("matched", "av-1"), ("missing_in_ledger", "bank S1")]
    for wrong in (
        replace(elsewhere, amount=150_000), replace(elsewhere, amount=-149_999), replace(elsewhere, end_to_end_id=None),
        replace(elsewhere, end_to_end_id="E9-9-9"),
    ):  # fmt: skip
        assert classes(reconcile([ONE], [wrong], ROWS, {})) == missing


def test_a_part_without_a_sum_names_its_batch_and_no_more() -> None:
    by_part = [Voucher("av", each.number, replace(each.posting, bank_reference=f"P{each.number}"))
               for each in (ONE, TWO)]  # fmt: skip
    book = [row for each in by_part for row in rows_of(each)]
    named = [replace(part, amount=None) for part in parts_of(by_part)]
    matched = [("matched", "av-1"), ("matched", "av-2")]
    assert classes(reconcile(by_part, [batch(*by_part), *named], book, {})) == matched
    assert classes(reconcile(by_part, [batch(*by_part), named[0]], book, {})) == [
        ("amount_differs", "av-1"), ("missing_at_bank", "av-2"),
    ]  # fmt: skip
