"""A back office in Dynasty's style: it posts the vouchers that it gets, and makes the mistakes it is told to make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any

from services.payments.backoffice import VoucherRow

OWN_SERIES = "mu"
Rows = list[VoucherRow]


@dataclass(frozen=True, slots=True)
class Planted:
    """A mistake: the class in which reconciliation must find it, and its subject."""

    line_class: str
    subject: str


def post_back(
    vouchers: Sequence[VoucherRow], wanted: Sequence[str], on_their_way: Sequence[dict[str, Any]]
) -> tuple[Rows, list[Planted]]:
    """The postings of a month, with one mistake for each class in `wanted`. `on_their_way` are payments that the bank
    has not booked by the end of the month.
    """
    groups: dict[int, Rows] = {}
    for row in vouchers:
        groups.setdefault(row.voucher_number, []).append(_plain(row))
    sums = Counter(rows[0].debit_cents or rows[0].credit_cents for rows in groups.values())
    alone = [n for n, rows in sorted(groups.items()) if sums[rows[0].debit_cents or rows[0].credit_cents] == 1]
    planted: list[Planted] = []
    for index, line_class in enumerate(wanted):
        if line_class in _MISTAKES:
            number = alone.pop(0)
            subject = f"{groups[number][0].voucher_series}-{number}"
            groups[number], other = _MISTAKES[line_class](groups[number], 9000 + index)
            planted.append(Planted(line_class, other or subject))
        else:
            row = next(iter(groups.values()))[0]
            nothing = line_class == "missing_in_ledger"
            groups[9000 + index] = (
                _of_nothing(row, 9000 + index) if nothing else _early(row, 9000 + index, on_their_way[0])
            )
            planted.append(Planted(line_class, f"{OWN_SERIES}-{9000 + index}"))
    return [row for rows in groups.values() for row in rows], planted


def _plain(row: VoucherRow) -> VoucherRow:
    return VoucherRow(**{each.name: getattr(row, each.name) for each in fields(VoucherRow)})


def _own(rows: Sequence[VoucherRow], number: int, **change: Any) -> Rows:
    return [replace(row, voucher_series=OWN_SERIES, voucher_number=number, **change) for row in rows]


def _other_amount(rows: Rows, _number: int) -> tuple[Rows, str | None]:
    """A cent too much on both sides."""
    return [
        replace(
            row,
            debit_cents=row.debit_cents + (row.debit_cents > 0),
            credit_cents=row.credit_cents + (row.credit_cents > 0),
        )
        for row in rows
    ], None


def _other_date(rows: Rows, _number: int) -> tuple[Rows, str | None]:
    return [replace(row, posting_date=row.posting_date - timedelta(days=1)) for row in rows], None


def _other_centre(rows: Rows, _number: int) -> tuple[Rows, str | None]:
    return [replace(row, cost_centre="139999") for row in rows], None


def _forgotten(_rows: Rows, _number: int) -> tuple[Rows, str | None]:
    return [], None


def _twice(rows: Rows, _number: int) -> tuple[Rows, str | None]:
    return [*rows, *(replace(row, row=row.row + len(rows)) for row in rows)], None


def _nameless(rows: Rows, number: int) -> tuple[Rows, str | None]:
    """Posted under a number of its own, without diary number and EndToEndId."""
    bare = _own(rows, number, diary_number="", instalment=None, end_to_end_id=None, text="Avustus")
    return bare, f"{OWN_SERIES}-{number}"


def _of_nothing(row: VoucherRow, number: int) -> Rows:
    """A posting that no event of ours stands behind."""
    first = replace(row, diary_number="999/02.05.01.00/2026", instalment=None, end_to_end_id=None, text="Muu avustus")
    return _pair(first, number, 12_345)


def _early(row: VoucherRow, number: int, payment: dict[str, Any]) -> Rows:
    """A payment that was sent and that the bank has not booked."""
    amount = int(payment["amount"].removesuffix(" EUR").replace(".", ""))
    first = replace(
        row, diary_number=payment["diary_number"], instalment=payment["instalment"],
        end_to_end_id=payment["end_to_end_id"], text="Maksu",
    )  # fmt: skip
    return _pair(first, number, amount)


def _pair(row: VoucherRow, number: int, amount: int) -> Rows:
    debit = replace(row, row=1, debit_cents=amount, credit_cents=0)
    credit = replace(row, row=2, debit_cents=0, credit_cents=amount, account="1700")
    return _own([debit, credit], number)


_MISTAKES: dict[str, Callable[[Rows, int], tuple[Rows, str | None]]] = {
    "amount_differs": _other_amount,
    "date_or_period_differs": _other_date,
    "account_or_cost_centre_differs": _other_centre,
    "missing_in_back_office": _forgotten,
    "duplicate": _twice,
    "ambiguous": _nameless,
}
