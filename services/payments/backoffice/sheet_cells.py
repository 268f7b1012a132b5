"""A cell of a workbook: the value of a field from what the sheet keeps. Raises ValueError with a reason."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from schemas.backoffice import DATE_FIELDS, MONEY_FIELDS, Column, PostingField
from services.payments.backoffice.amounts import cents_of_number
from services.payments.backoffice.workbook import Faulty, Merged

SheetReader = Callable[[Any], Any]


def sheet_reader(field: PostingField, column: Column, read_text: Callable[[str], Any]) -> SheetReader:
    """Give the function that reads a cell of any type; a text is read as in a delimited file."""
    of_number, of_date = _number_reader(field, column, read_text), _date_reader(field, read_text)

    def read(cell: Any) -> Any:
        match cell:
            case str():
                return read_text(cell)
            case float():
                return of_number(cell)
            case Faulty():
                raise ValueError(cell.reason)
            case Merged():
                return read(_of_merged(field, cell))
            case bool() | time() | timedelta():
                raise ValueError(f"{cell_text(cell)!r} is a truth value or a time, which no column holds")
            case int():
                return of_number(cell)
            case _:
                return of_date(cell)

    return read


def cell_text(cell: Any) -> str:
    """A cell as a person sees it, nearly: a whole number without decimals, a date in the Finnish way."""
    match cell:
        case Faulty():
            return ""
        case Merged():
            return cell_text(cell.value)
        case bool():
            return str(cell).upper()
        case float():
            return str(int(cell)) if cell.is_integer() else f"{cell:.15g}"
        case date():
            return _finnish(cell)
    return str(cell)


def _finnish(day: date) -> str:
    written = f"{day.day}.{day.month}.{day.year:04d}"
    return f"{written} {day:%H:%M:%S}" if isinstance(day, datetime) and day.time() != time() else written


def _of_merged(field: PostingField, cell: Merged) -> Any:
    if field in MONEY_FIELDS:
        raise ValueError("is merged with the cell above it, so that its sum would count twice: undo the merge")
    return cell.value


def _number_reader(field: PostingField, column: Column, read_text: Callable[[str], Any]) -> SheetReader:
    if field in MONEY_FIELDS and column.format != "cents":
        return cents_of_number
    if field in DATE_FIELDS:
        return lambda cell: _date_of_digits(cell_text(cell), read_text)
    return lambda cell: read_text(cell_text(cell))


def _date_of_digits(digits: str, read_text: Callable[[str], Any]) -> Any:
    """A date of digits alone, as 20261005, may well be a number; a day that lost its format is one too."""
    try:
        return read_text(digits)
    except ValueError as error:
        raise ValueError(f"{digits} is a number, not a date: give the column a date format in the sheet") from error


def _date_reader(field: PostingField, read_text: Callable[[str], Any]) -> SheetReader:
    if field in DATE_FIELDS:
        return _whole_day
    if field is PostingField.PERIOD:
        return _month_of
    if field in MONEY_FIELDS:
        return _no_amount
    return lambda cell: read_text(cell_text(cell))


def _whole_day(cell: date) -> date:
    if not isinstance(cell, datetime):
        return cell
    if cell.time() != time():
        raise ValueError(f"{cell_text(cell)} has a time of day, a date is wanted")
    return cell.date()


def _month_of(cell: date) -> str:
    """A spreadsheet makes a date of 10/2026 or 2026-10: the first of the month."""
    if cell.day != 1:
        raise ValueError(f"{cell_text(cell)} is a day, not a period (as in 2026-10)")
    return f"{cell.year:04d}-{cell.month:02d}"


def _no_amount(cell: date) -> int:
    raise ValueError(f"{cell_text(cell)} is a date, not an amount")
