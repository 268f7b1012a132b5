"""One line of a file to a posting row, by the columns as they stand in the file."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from schemas.backoffice import MONEY_FIELDS, Column, PostingField, Profile
from services.payments.backoffice.cells import CellReader, cell_reader
from services.payments.backoffice.errors import LineError
from services.payments.backoffice.rows import PostingRow
from services.payments.backoffice.sheet_cells import cell_text, sheet_reader
from services.payments.backoffice.tables import Line, Table

KEPT_MAX = 4096
"""Codes and dates repeat from line to line: so many different cells of a column are read once and shared."""
_SHARED = frozenset(
    {
        PostingField.VOUCHER_SERIES,
        PostingField.VOUCHER_DATE,
        PostingField.POSTING_DATE,
        PostingField.PERIOD,
        PostingField.ACCOUNT,
        PostingField.COST_CENTRE,
        PostingField.SERVICE_CLASS,
        PostingField.TEXT,
    }
)
_MONEY = tuple(field.value for field in MONEY_FIELDS)

Values = dict[str, Any]
"""What a line's cells hold, by the field's name."""


def columns_in_file(profile: Profile, table: Table) -> tuple[list[Column | None], list[LineError]]:
    """Give the profile's columns in the file's order, None for one that is not the profile's; and what is wrong."""
    if not profile.header:
        return list(profile.columns), []
    if table.header is None:
        return [], [LineError(1, None, "the header line is missing")]
    number, headers = table.header
    known = {column.header: column for column in profile.columns}
    errors = [
        LineError(number, header, "the column is missing from the header line")
        for header in known
        if header not in headers
    ]
    for header in sorted(set(headers)):
        if header not in known and not (table.is_workbook and not header):
            errors.append(LineError(number, header, f"profile {profile.id!r} does not know the column"))
        elif header in known and headers.count(header) > 1:
            errors.append(LineError(number, header, "the column stands twice in the header line"))
    return [known.get(header) for header in headers], errors


class LineReader:
    """Reads the lines of one table in turn: a row that lacks a number gets the ordinal of its line."""

    def __init__(self, profile: Profile, columns: Sequence[Column | None], *, workbook: bool) -> None:
        self._width = len(columns)
        self._readers = [
            (index, column.field.value, column.header, _reader(column, column.field, profile, workbook=workbook))
            for index, column in enumerate(columns)
            if column is not None and column.field is not None
        ]
        self._outside = [index for index, column in enumerate(columns) if column is None]
        self._constants: Mapping[str, Any] = {
            field.value: cell_reader(field, None, profile)(text) for field, text in profile.constants.items()
        }
        self._ordinal = 0

    def read(self, line: Line) -> PostingRow | list[LineError]:
        """Give the row, or what is wrong with it."""
        number, values, errors = self.values(line)
        if errors:
            return errors
        try:
            return self.row(number, values)
        except ValueError as error:
            return [LineError(number, None, str(error))]

    def values(self, line: Line) -> tuple[int, Values, list[LineError]]:
        """Give what each cell holds, without those that cannot be read."""
        number, cells = line
        self._ordinal += 1
        if isinstance(cells, str):
            return number, {}, [LineError(number, None, cells)]
        if len(cells) != self._width:
            return number, {}, [LineError(number, None, f"has {len(cells)} cells, not {self._width}")]
        values, errors = dict(self._constants), []
        for index, name, header, read in self._readers:
            try:
                values[name] = read(cells[index])
            except ValueError as error:
                errors.append(LineError(number, header, str(error)))
        errors += [
            LineError(number, None, f"{cell_text(cells[index])!r} stands in a column without a header")
            for index in self._outside
            if cells[index] != ""
        ]
        return number, values, errors

    def row(self, number: int, values: Values) -> PostingRow:
        """Make a row of what the cells hold. Raises ValueError when its sides contradict each other."""
        debit, credit = _sides(values)
        posting_date: date = values["posting_date"]
        return PostingRow(
            voucher_series=values["voucher_series"],
            voucher_number=values.get("voucher_number", self._ordinal),
            row=values.get("row", self._ordinal),
            voucher_date=values.get("voucher_date", posting_date),
            posting_date=posting_date,
            period=values.get("period") or f"{posting_date.year:04d}-{posting_date.month:02d}",
            account=values["account"],
            cost_centre=values.get("cost_centre", ""),
            service_class=values.get("service_class", ""),
            diary_number=values.get("diary_number", ""),
            instalment=values.get("instalment"),
            end_to_end_id=values.get("end_to_end_id"),
            text=values.get("text", ""),
            debit_cents=debit,
            credit_cents=credit,
            line=number,
        )


def _reader(column: Column, field: PostingField, profile: Profile, *, workbook: bool) -> CellReader:
    read = cell_reader(field, column, profile)
    if field is PostingField.TEXT:
        read = _with_plain_breaks(read)
    if field in _SHARED:
        read = _sharing(read)
    return sheet_reader(field, column, read) if workbook else read


def _with_plain_breaks(read: CellReader) -> CellReader:
    return lambda cell: read(cell.replace("\r\n", "\n"))


def _sharing(read: CellReader) -> CellReader:
    kept: dict[str, Any] = {}

    def shared(cell: str) -> Any:
        if cell in kept:
            return kept[cell]
        value = read(cell)
        if len(kept) < KEPT_MAX:
            kept[cell] = value
        return value

    return shared


def _sides(values: Values) -> tuple[int, int]:
    if all(values.get(name) is None for name in _MONEY):
        raise ValueError("has no amount")
    amount = values.get("amount")
    if amount is not None:
        return max(amount, 0), max(-amount, 0)
    debit, credit = values.get("debit") or 0, values.get("credit") or 0
    if debit and credit:
        raise ValueError("has both a debit and a credit")
    return debit, credit
