"""What rows must satisfy before they are written. Each check gives a list of errors, empty when all
is well.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from schemas.backoffice import PostingField, Profile
from services.payments.backoffice.amounts import CENTS_MAX, decimal_text
from services.payments.backoffice.cells import REQUIRED_TEXTS, TEXT_FIELDS
from services.payments.backoffice.errors import LineError
from services.payments.backoffice.rows import VoucherRow

_TEXT_MAX = 32_767
"""Characters that a spreadsheet's cell holds."""
_NUMBER_MAX = 10**18
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufeff]")
"""A byte order mark counts as one: inside a text it would be lost at the head of a file."""
_CONTROL_BUT_BREAKS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff]")
_EMPTY_FAULTS = {
    **dict.fromkeys(REQUIRED_TEXTS, "is empty"),
    PostingField.END_TO_END_ID: "is empty: give None where there is none",
}


def side_errors(rows: Sequence[VoucherRow]) -> list[LineError]:
    """Check that one side of each row is above zero and the other is zero."""
    return [
        LineError(
            number,
            None,
            f"one side is above zero and the other is zero, not {row.debit_cents} and {row.credit_cents} cents",
        )
        for number, row in enumerate(rows, 1)
        if min(row.debit_cents, row.credit_cents) != 0 or max(row.debit_cents, row.credit_cents) <= 0
    ]


def voucher_errors(rows: Sequence[VoucherRow]) -> list[LineError]:
    """Check that each voucher (series, number) balances and has each row number once."""
    balances: defaultdict[tuple[str, int], int] = defaultdict(int)
    places: dict[tuple[str, int], int] = {}
    seen: Counter[tuple[str, int, int]] = Counter()
    errors = []
    for number, row in enumerate(rows, 1):
        voucher = (row.voucher_series, row.voucher_number)
        places.setdefault(voucher, number)
        balances[voucher] += row.debit_cents - row.credit_cents
        seen[(*voucher, row.row)] += 1
        if seen[(*voucher, row.row)] == 2:
            reason = f"voucher {_name(voucher)} has row {row.row} twice"
            errors.append(LineError(number, None, reason))
    for voucher, balance in balances.items():
        if balance:
            reason = f"voucher {_name(voucher)}: debit less credit is {decimal_text(balance, ',')}"
            errors.append(LineError(places[voucher], None, f"{reason}, not 0,00"))
    return errors


def row_errors(number: int, row: VoucherRow, profile: Profile) -> list[LineError]:
    """Check that the profile's file can carry the row so that reading gives the same row."""
    headers = {column.field: column.header for column in profile.columns}
    errors = [
        LineError(number, headers[field], fault)
        for field in sorted(TEXT_FIELDS)
        if (fault := _text_fault(field, getattr(row, field.value), profile)) is not None
    ]
    errors += [
        LineError(number, headers[field], f"{value} is not a whole number from 1")
        for field, value in (
            (PostingField.VOUCHER_NUMBER, row.voucher_number),
            (PostingField.ROW, row.row),
            (PostingField.INSTALMENT, row.instalment),
        )
        if value is not None and not 1 <= value < _NUMBER_MAX
    ]
    fault = _amount_fault(row, signed=PostingField.AMOUNT in headers)
    return errors if fault is None else [*errors, LineError(number, None, fault)]


def _amount_fault(row: VoucherRow, *, signed: bool) -> str | None:
    if row.debit_cents and row.credit_cents:
        return "the row has both a debit and a credit"
    if signed and min(row.debit_cents, row.credit_cents) < 0:
        return "an amount column with a sign cannot tell a side below zero: swap the sides"
    if max(abs(row.debit_cents), abs(row.credit_cents)) >= CENTS_MAX:
        return "the amount is larger than any amount can be"
    return None


def _text_fault(field: PostingField, text: str | None, profile: Profile) -> str | None:
    if text is None:
        return None
    if not text:
        return _EMPTY_FAULTS.get(field)
    if _has_control_character(text, multiline=_multiline(field, profile)):
        return f"{text!r} holds a control character"
    if field is not PostingField.TEXT and text != text.strip():
        return f"{text!r} has spaces around it"
    if profile.kind == "fixed_width" and text != text.strip(" "):
        return f"{text!r} has spaces around it, which a fixed width would lose"
    return f"has {len(text)} characters, at most {_TEXT_MAX}" if len(text) > _TEXT_MAX else None


def _multiline(field: PostingField, profile: Profile) -> bool:
    quoted = profile.kind == "delimited" and profile.quoting != "none"
    return quoted and field is PostingField.TEXT


def _has_control_character(text: str, *, multiline: bool) -> bool:
    return (_CONTROL_BUT_BREAKS if multiline else _CONTROL).search(text) is not None


def _name(voucher: tuple[str, int]) -> str:
    return f"{voucher[0]} {voucher[1]}"
