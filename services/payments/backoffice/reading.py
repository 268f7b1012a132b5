"""The bytes of a file to posting rows. A file with one bad line is refused whole, with every bad
line listed.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import Any

from schemas.backoffice import MONEY_FIELDS, Column, PostingField, Profile
from services.payments.backoffice.cells import CellReader, cell_reader
from services.payments.backoffice.encoding import decode
from services.payments.backoffice.errors import LineError, PostingFileInvalid
from services.payments.backoffice.rows import PostingFile, PostingRow

_Line = tuple[int, list[str]]


def read_postings(profile: Profile, data: bytes) -> PostingFile:
    """Read a whole file of postings, exactly as `write_vouchers` wrote it or as the back office
    wrote it.

    Vouchers need not balance: to find that out is reconciliation. Whether the file came before is
    told by `sha256`. Raises PostingFileInvalid with every bad line: its number, its column and the
    reason.
    """
    try:
        text, encoding = decode(data)
    except ValueError as error:
        raise PostingFileInvalid([LineError(0, None, str(error))]) from error
    rows = _rows(profile, text)
    return PostingFile(
        rows=tuple(rows),
        sha256=sha256(data).hexdigest(),
        encoding=encoding,
        sum_debit_cents=sum(row.debit_cents for row in rows),
        sum_credit_cents=sum(row.credit_cents for row in rows),
    )


def _rows(profile: Profile, text: str) -> list[PostingRow]:
    errors: list[LineError] = []
    if profile.final_newline and text and not text.endswith("\n"):
        errors.append(LineError(text.count("\n") + 1, None, "has no line break at its end: the file may be cut off"))
    lines = _delimited_lines(profile, text, errors) if profile.kind == "delimited" else _fixed_lines(text)
    columns: list[Column] = list(profile.columns)
    if profile.header:
        columns = _columns_by_header(profile, next(lines, None), errors)
    reader = _RowReader(profile, columns)
    rows = [row for line in lines if (row := reader.read(line, errors)) is not None]
    if errors:
        raise PostingFileInvalid(sorted(errors, key=lambda error: error.line))
    return rows


def _delimited_lines(profile: Profile, text: str, errors: list[LineError]) -> Iterator[_Line]:
    parser = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=profile.delimiter or "",
        quoting=csv.QUOTE_NONE if profile.quoting == "none" else csv.QUOTE_MINIMAL,
        strict=True,
    )
    line = 1
    while True:
        try:
            cells = next(parser)
        except StopIteration:
            return
        except csv.Error as error:
            errors.append(LineError(line, None, f"cannot be read, nor what follows it: {error}"))
            return
        if cells:
            yield line, cells
        line = parser.line_num + 1


def _fixed_lines(text: str) -> Iterator[_Line]:
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if line:
            yield number, [line]


def _columns_by_header(profile: Profile, first: _Line | None, errors: list[LineError]) -> list[Column]:
    if first is None:
        raise PostingFileInvalid([*errors, LineError(1, None, "the header line is missing")])
    number, cells = first
    known = {column.header: column for column in profile.columns}
    headers = [cell.strip() for cell in cells]
    errors.extend(
        LineError(number, header, "the column is missing from the header line")
        for header in known
        if header not in headers
    )
    for header in sorted(set(headers)):
        if header not in known:
            errors.append(LineError(number, header, f"profile {profile.id!r} does not know the column"))
        elif headers.count(header) > 1:
            errors.append(LineError(number, header, "the column stands twice in the header line"))
    if errors:
        raise PostingFileInvalid(errors)
    return [known[header] for header in headers]


class _RowReader:
    """Reads the cells of one line after the other, by the columns as they stand in the file."""

    def __init__(self, profile: Profile, columns: list[Column]) -> None:
        self._profile = profile
        self._columns = columns
        self._readers: list[tuple[Column, PostingField, CellReader] | None] = [
            None if column.field is None else (column, column.field, cell_reader(column.field, column, profile))
            for column in columns
        ]
        self._constants = {field: cell_reader(field, None, profile)(text) for field, text in profile.constants.items()}
        self._ordinal = 0

    def read(self, line: _Line, errors: list[LineError]) -> PostingRow | None:
        """Give the row, or None after adding to `errors` what is wrong with it."""
        number, cells = line
        before = len(errors)
        self._ordinal += 1
        try:
            cells = self._cells(cells)
        except ValueError as error:
            errors.append(LineError(number, None, str(error)))
            return None
        values: dict[PostingField, Any] = dict(self._constants)
        for reader, cell in zip(self._readers, cells, strict=True):
            if reader is not None:
                column, field, read = reader
                try:
                    values[field] = read(cell)
                except ValueError as error:
                    errors.append(LineError(number, column.header, str(error)))
        if len(errors) > before:
            return None
        try:
            return self._row(number, values)
        except ValueError as error:
            errors.append(LineError(number, None, str(error)))
            return None

    def _cells(self, cells: list[str]) -> list[str]:
        if self._profile.kind == "fixed_width":
            return self._fixed_cells(cells[0])
        if len(cells) != len(self._columns):
            raise ValueError(f"has {len(cells)} cells, not {len(self._columns)}")
        return [cell.replace("\r\n", "\n") for cell in cells]

    def _fixed_cells(self, line: str) -> list[str]:
        total = sum(column.width or 0 for column in self._columns)
        if len(line) != total:
            raise ValueError(f"has {len(line)} characters, not {total}")
        cells, start = [], 0
        for column in self._columns:
            end = start + (column.width or 0)
            cells.append(line[start:end].strip(" "))
            start = end
        return cells

    def _row(self, number: int, values: dict[PostingField, Any]) -> PostingRow:
        debit, credit = _sides(values)
        posting_date: date = values[PostingField.POSTING_DATE]
        return PostingRow(
            voucher_series=values[PostingField.VOUCHER_SERIES],
            voucher_number=values.get(PostingField.VOUCHER_NUMBER, self._ordinal),
            row=values.get(PostingField.ROW, self._ordinal),
            voucher_date=values.get(PostingField.VOUCHER_DATE, posting_date),
            posting_date=posting_date,
            period=values.get(PostingField.PERIOD) or f"{posting_date.year:04d}-{posting_date.month:02d}",
            account=values[PostingField.ACCOUNT],
            cost_centre=values.get(PostingField.COST_CENTRE, ""),
            service_class=values.get(PostingField.SERVICE_CLASS, ""),
            diary_number=values.get(PostingField.DIARY_NUMBER, ""),
            instalment=values.get(PostingField.INSTALMENT),
            end_to_end_id=values.get(PostingField.END_TO_END_ID),
            text=values.get(PostingField.TEXT, ""),
            debit_cents=debit,
            credit_cents=credit,
            line=number,
        )


def _sides(values: dict[PostingField, Any]) -> tuple[int, int]:
    if all(values.get(field) is None for field in MONEY_FIELDS):
        raise ValueError("has no amount")
    amount = values.get(PostingField.AMOUNT)
    if amount is not None:
        return max(amount, 0), max(-amount, 0)
    debit, credit = values.get(PostingField.DEBIT) or 0, values.get(PostingField.CREDIT) or 0
    if debit and credit:
        raise ValueError("has both a debit and a credit")
    return debit, credit
