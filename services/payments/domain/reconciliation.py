"""Three-way reconciliation (*täsmäytys*) of a period: ledger, bank, back office.

Vouchers are matched by strong keys: voucher number first, then EndToEndId, the bank's archive id, or diary number
with instalment. What has no strong key is never matched: where sums, accounts and dates fit open vouchers, a match is
proposed and the line is ambiguous. Every line ends in exactly one class. The sets themselves are compared in
`services.payments.reconciling`, the same for a month and for a country.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from schemas.payments import PaymentBooked
from services.payments.reconciling import Line, LineClass, Reconciliation

from .postings import Posting, Voucher

__all__ = ["BankEntry", "BookRow", "Line", "LineClass", "reconcile", "rows_of"]


@dataclass(frozen=True, slots=True)
class BookRow:
    """One row of a voucher, in the ledger's form or as the back office returned it; cents.

    `bank_reference` is the archive id of the entry that the row stands for, where the back office tells it.
    """

    series: str
    number: int
    posted_on: date
    period: str
    account: str
    cost_centre: str
    diary_number: str
    instalment: int | None
    end_to_end_id: str | None
    debit: int
    credit: int
    bank_reference: str | None = None


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One booked entry of the county's account; cents, negative for a debit.

    `entry_of` is the archive id of the batch of which this is a part, where the bank tells its parts. A part whose sum
    it does not tell (None) names its batch and no more.
    """

    bank_reference: str
    booked_on: date
    amount: int | None
    end_to_end_id: str | None
    entry_of: str | None = None


def rows_of(voucher: Voucher) -> tuple[BookRow, BookRow]:
    """A voucher as its debit row and its credit row."""
    p = voucher.posting

    def row(account: str, debit: int, credit: int) -> BookRow:
        return BookRow(
            voucher.series, voucher.number, p.posted_on, p.period, account, p.cost_centre, p.grant.diary_number,
            p.instalment, p.end_to_end_id, debit, credit,
        )  # fmt: skip

    return row(p.debit, p.amount, 0), row(p.credit, 0, p.amount)


def reconcile(
    vouchers: Sequence[Voucher],
    bank: Sequence[BankEntry],
    book: Sequence[BookRow],
    unbooked: Mapping[str, UUID],
    tolerance: int = 0,
) -> list[Line]:
    """All lines of a period, ordered by subject, each with its rows in words. `unbooked` maps the EndToEndIds of
    payments that the bank has not booked to their applications; `tolerance` is cents. Repeatable: the result depends on
    nothing but the arguments, not on their order.
    """
    with Reconciliation(tolerance=tolerance, every_line=True, threads=1) as run:
        run.take_rows("ledger", (row for voucher in vouchers for row in _ledger_rows(voucher)))
        run.take_rows("bank", ((e.bank_reference, e.booked_on, e.amount, e.end_to_end_id, e.entry_of) for e in bank))
        run.take_rows("book", (_cells(row) for row in book))
        run.take_rows("unbooked", (unbooked.items()))
        run.compare()
        return list(run.lines())


def _ledger_rows(voucher: Voucher) -> Iterator[tuple[object, ...]]:
    posting = voucher.posting
    for row in rows_of(voucher):
        yield *_cells(row)[:-1], posting.bank_reference, posting.grant.application_id, _bank_amount(posting)


def _bank_amount(posting: Posting) -> int | None:
    """What the bank's entry of a posting would be, negative for a debit; None where it has none."""
    if posting.bank_reference is None:
        return None
    return -posting.amount if posting.event_type == PaymentBooked.event_type else posting.amount


def _cells(row: BookRow) -> tuple[object, ...]:
    return (
        row.series, row.number, row.posted_on, row.period, row.account, row.cost_centre, row.diary_number,
        row.instalment, row.end_to_end_id, row.debit, row.credit, row.bank_reference,
    )  # fmt: skip
