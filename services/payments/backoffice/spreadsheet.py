"""Rows to an .xlsx for people: real dates and sums, and no cell that a spreadsheet would run or follow.

Memory is flat: rows are written as they come. The same rows give the same bytes.
"""

import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import xlsxwriter

from services.payments.backoffice.errors import SheetUnwritable

CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - a property without a zone, always the same
"""What a workbook says of when it was made, unless the caller tells: the same rows then give the same bytes."""
TEXT_MAX = 32_767
ROWS_MAX = 1_048_576
MONEY_FORMAT, DATE_FORMAT = "#,##0.00", "d.m.yyyy"
_FIRST_DAY, _LAST_DAY = date(1900, 3, 1), date(9999, 12, 31)
"""Before March 1900 a spreadsheet's calendar has a day that never was."""
_MONEY_MAX = Decimal(10) ** 13
"""Of 15 digits, two are cents."""
_WHOLE_MAX = 10**15
_NO_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_HALF = re.compile("[\ud800-\udfff]")
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column: its header, and what its cells are: a `str`, a `date`, a Decimal of euros with at most two places, or
    a whole number.

    None is an empty cell in each.
    """

    header: str
    kind: Literal["text", "date", "money", "number"] = "text"
    width: float = 16
    """Characters, as a spreadsheet counts them."""


SheetCell = str | date | Decimal | int | None
_Writer = Callable[[int, int, Any], object]


def write_sheet(
    name: str, columns: Sequence[SheetColumn], rows: Iterable[Sequence[SheetCell]], created: datetime = CREATED
) -> bytes:
    """Write a workbook of one sheet: a bold header line that stays in sight, and a line per row.

    Raises SheetUnwritable, with row (from 1, without the header) and column, for a cell of another
    type, a text over 32 767 characters, a date before March 1900, a sum with more than two places or over 13 digits,
    a row of another length, and more rows than a sheet has.
    """
    if not 1 <= len(name) <= 31 or _NO_NAME.search(name) or name.startswith("'") or name.endswith("'"):
        raise SheetUnwritable(f"{name!r} is no name of a sheet: 1 to 31 characters without [ ] : * ? / \\")
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, _OPTIONS) as book:
        book.set_properties({"created": created})
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        for index, column in enumerate(columns):
            sheet.set_column(index, index, column.width)
            sheet.write_string(0, index, _text(column.header), bold)
        _write_rows(_writers(book, sheet), columns, rows)
    return file.getvalue()


def _writers(book: xlsxwriter.Workbook, sheet: Any) -> dict[str, _Writer]:
    money, day = book.add_format({"num_format": MONEY_FORMAT}), book.add_format({"num_format": DATE_FORMAT})
    return {
        "text": lambda row, column, cell: sheet.write_string(row, column, _text(cell)),
        "date": lambda row, column, cell: sheet.write_datetime(row, column, _day(cell), day),
        "money": lambda row, column, cell: sheet.write_number(row, column, _money(cell), money),
        "number": lambda row, column, cell: sheet.write_number(row, column, _whole(cell)),
    }


def _write_rows(
    writers: dict[str, _Writer], columns: Sequence[SheetColumn], rows: Iterable[Sequence[SheetCell]]
) -> None:
    for number, cells in enumerate(rows, 1):
        if number >= ROWS_MAX:
            raise SheetUnwritable(f"a sheet has {ROWS_MAX} lines at most, its header line included")
        if len(cells) != len(columns):
            raise SheetUnwritable(f"row {number} has {len(cells)} cells, not {len(columns)}")
        for index, (column, cell) in enumerate(zip(columns, cells, strict=True)):
            if cell is None:
                continue
            try:
                writers[column.kind](number, index, cell)
            except (TypeError, ValueError) as error:
                raise SheetUnwritable(f"row {number}, column {column.header!r}: {error}") from error


def _text(cell: Any) -> str:
    if not isinstance(cell, str):
        raise TypeError(f"{cell!r} is not a text")
    if len(cell) > TEXT_MAX:
        raise ValueError(f"has {len(cell)} characters, a cell holds {TEXT_MAX}")
    if _HALF.search(cell):
        raise ValueError("holds half a character (a lone surrogate)")
    return cell


def _day(cell: Any) -> date:
    if not isinstance(cell, date) or isinstance(cell, datetime):
        raise TypeError(f"{cell!r} is not a date")
    if not _FIRST_DAY <= cell <= _LAST_DAY:
        raise ValueError(f"{cell} is before {_FIRST_DAY}, where a spreadsheet's calendar is wrong")
    return cell


def _whole(cell: Any) -> int:
    if not isinstance(cell, int) or isinstance(cell, bool):
        raise TypeError(f"{cell!r} is not a whole number")
    if abs(cell) >= _WHOLE_MAX:
        raise ValueError(f"{cell} has more than 15 digits")
    return cell


def _money(cell: Any) -> Decimal:
    if not isinstance(cell, Decimal) or not cell.is_finite():
        raise TypeError(f"{cell!r} is not a Decimal of euros")
    if abs(cell) >= _MONEY_MAX or cell != cell.quantize(Decimal("0.01")):
        raise ValueError(f"{cell} is not a sum of at most 13 digits and two places")
    return cell
