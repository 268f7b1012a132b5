"""One cell: the value of a field as text, and back. Readers raise ValueError with a reason."""

import re
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, cast

from schemas.backoffice import (
    DATE_FIELDS,
    MONEY_FIELDS,
    NUMBER_FIELDS,
    Column,
    PostingField,
    Profile,
)
from services.payments.backoffice.amounts import cents_of_decimal, cents_of_whole, decimal_text
from services.payments.backoffice.rows import VoucherRow

CellWriter = Callable[[VoucherRow], str]
CellReader = Callable[[str], Any]

REQUIRED_TEXTS = frozenset({PostingField.VOUCHER_SERIES, PostingField.ACCOUNT})
TEXT_FIELDS = frozenset(PostingField) - DATE_FIELDS - MONEY_FIELDS - NUMBER_FIELDS - {PostingField.PERIOD}

_FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"
_GUARDED_STARTS = frozenset(_FORMULA_STARTS + "'")
_NUMBER = re.compile(r"[0-9]{1,18}")
_ISO_DATE = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")
_FINNISH_DATE = re.compile(r"(?P<day>[0-9]{1,2})\.(?P<month>[0-9]{1,2})\.(?P<year>[0-9]{4})")
_COMPACT_DATE = re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")
_SHORT_DATE = re.compile(r"(?P<year>[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")
_PERIODS = {
    "iso": re.compile(r"(?P<year>[0-9]{4})-(?P<month>0[1-9]|1[0-2])"),
    "finnish": re.compile(r"(?P<month>0?[1-9]|1[0-2])/(?P<year>[0-9]{4})"),
    "compact": re.compile(r"(?P<year>[0-9]{4})(?P<month>0[1-9]|1[0-2])"),
}
_DATE_READERS = {
    "iso": (_ISO_DATE, _FINNISH_DATE),
    "finnish": (_FINNISH_DATE, _ISO_DATE),
    "finnish_padded": (_FINNISH_DATE, _ISO_DATE),
    "compact": (_COMPACT_DATE,),
    "short": (_SHORT_DATE,),
}
_DATE_EXAMPLES = {
    "iso": "2026-10-05 or 5.10.2026",
    "finnish": "5.10.2026 or 2026-10-05",
    "finnish_padded": "05.10.2026 or 2026-10-05",
    "compact": "20261005",
    "short": "261005",
}
_PERIOD_EXAMPLES = {"iso": "2026-10", "finnish": "10/2026", "compact": "202610"}


def guard(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run as a formula.

    `unguard` takes back exactly what this did: a text that looks guarded already is guarded once
    more. Source: OWASP, CSV Injection.
    """
    if not text:
        return text
    looks_guarded = text[0] == "'" and text[1:2] in _GUARDED_STARTS
    return f"'{text}" if text[0] in _FORMULA_STARTS or looks_guarded else text


def unguard(text: str) -> str:
    """Take the apostrophe of `guard` off. Before anything else it stays: it is the text's own."""
    return text[1:] if text[:1] == "'" and text[1:2] in _GUARDED_STARTS else text


def cell_writer(column: Column, profile: Profile) -> CellWriter:
    """Give the function that writes the column's cell of a row, before quoting and padding."""
    field = column.field
    if field is None:
        return lambda _row: ""
    if field in MONEY_FIELDS:
        return _money_writer(field, column, profile)
    written = _value_writer(field, column, profile)
    return lambda row: written(getattr(row, field.value))


def cell_reader(field: PostingField, column: Column | None, profile: Profile) -> CellReader:
    """Give the function that reads a cell of the field; without a column, the profile's constant."""
    own_format = column.format if column is not None else None
    if field in MONEY_FIELDS:
        if own_format == "cents":
            return lambda cell: cents_of_whole(cell) if cell.strip() else None
        return lambda cell: cents_of_decimal(cell, profile.decimal_mark) if cell.strip() else None
    if field in NUMBER_FIELDS:
        return _optional_number if field is PostingField.INSTALMENT else _number
    if field in DATE_FIELDS:
        return lambda cell: _date(cell, own_format or profile.date_format)
    if field is PostingField.PERIOD:
        return lambda cell: _period(cell, own_format or profile.period_format)
    return _text_reader(field, profile)


def _value_writer(field: PostingField, column: Column, profile: Profile) -> Callable[[Any], str]:
    if field in NUMBER_FIELDS:
        return _number_text
    if field in DATE_FIELDS:
        return partial(_date_text, date_format=column.format or profile.date_format)
    if field is PostingField.PERIOD:
        return partial(_period_text, period_format=column.format or profile.period_format)
    return _guarded_text if profile.spreadsheet_guard else _plain_text


def _money_writer(field: PostingField, column: Column, profile: Profile) -> CellWriter:
    def cents(row: VoucherRow) -> int:
        if field is PostingField.AMOUNT:
            return row.debit_cents - row.credit_cents
        return row.debit_cents if field is PostingField.DEBIT else row.credit_cents

    if column.format != "cents":
        return lambda row: decimal_text(cents(row), profile.decimal_mark, profile.thousands)
    return lambda row: str(cents(row))


def _plain_text(text: str | None) -> str:
    return text or ""


def _guarded_text(text: str | None) -> str:
    return guard(text or "")


def _number_text(number: int | None) -> str:
    return "" if number is None else str(number)


def _date_text(day: date, date_format: str) -> str:
    match date_format:
        case "iso":
            return day.isoformat()
        case "finnish":
            return f"{day.day}.{day.month}.{day.year:04d}"
        case "finnish_padded":
            return f"{day.day:02d}.{day.month:02d}.{day.year:04d}"
        case "compact":
            return f"{day.year:04d}{day.month:02d}{day.day:02d}"
    if not 2000 <= day.year <= 2099:
        raise ValueError(f"{day} does not fit a date of two year digits, which means 2000-2099")
    return f"{day.year % 100:02d}{day.month:02d}{day.day:02d}"


def _period_text(period: str, period_format: str) -> str:
    if not _PERIODS["iso"].fullmatch(period):
        raise ValueError(f"{period!r} is not a period YYYY-MM (as in 2026-10)")
    year, month = period.split("-")
    return {"iso": period, "finnish": f"{month}/{year}", "compact": f"{year}{month}"}[period_format]


def _text_reader(field: PostingField, profile: Profile) -> CellReader:
    guarded = profile.spreadsheet_guard

    def read(cell: str) -> str | None:
        text = cell if field is PostingField.TEXT else cell.strip()
        text = unguard(text) if guarded else text
        if not text and field in REQUIRED_TEXTS:
            raise ValueError("is empty")
        return None if not text and field is PostingField.END_TO_END_ID else text

    return read


def _number(cell: str) -> int:
    digits = cell.strip()
    if not _NUMBER.fullmatch(digits) or int(digits) == 0:
        raise ValueError(f"{cell!r} is not a whole number from 1")
    return int(digits)


def _optional_number(cell: str) -> int | None:
    return _number(cell) if cell.strip() else None


def _date(cell: str, date_format: str) -> date:
    text = cell.strip()
    for pattern in _DATE_READERS[date_format]:
        if found := pattern.fullmatch(text):
            year = int(found["year"]) + (2000 if pattern is _SHORT_DATE else 0)
            try:
                return date(year, int(found["month"]), int(found["day"]))
            except ValueError as error:
                raise ValueError(f"{cell!r} is no day of the calendar") from error
    raise ValueError(f"{cell!r} is not a date (as in {_DATE_EXAMPLES[date_format]})")


def _period(cell: str, period_format: str) -> str:
    found = _PERIODS[period_format].fullmatch(cell.strip())
    if found is None:
        raise ValueError(f"{cell!r} is not a period (as in {_PERIOD_EXAMPLES[period_format]})")
    return f"{cast(str, found['year'])}-{int(found['month']):02d}"
