"""A profile tried on a file: how each column was read, and what is wrong, for a person who writes the profile."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from schemas.backoffice import MONEY_FIELDS, Column, PostingField, Profile
from services.payments.backoffice.amounts import decimal_text
from services.payments.backoffice.errors import LineError, PostingFileInvalid
from services.payments.backoffice.lines import LineReader, columns_in_file
from services.payments.backoffice.reading import CUT_OFF
from services.payments.backoffice.rows import PostingRow
from services.payments.backoffice.sheet_cells import cell_text
from services.payments.backoffice.tables import Cells, Table, open_table, shape_of

Source = Literal["column", "skipped", "unknown", "missing", "constant", "found out"]
"""Where a value comes from: a column that the profile names, with or without a field; a column that it does not know;
a column that the file lacks; the profile's constant; or what is found out from other columns.
"""
BAD = "?"
"""Stands before the text of a cell that could not be read."""


@dataclass(frozen=True, slots=True)
class TriedColumn:
    """A column as it was read. `values` are the first ones: dates the Finnish way, sums in euros."""

    header: str
    field: PostingField | None
    source: Source
    assumed: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """What a profile makes of a file. The file would be taken whole when there are no bad lines."""

    encoding: str
    delimiter: str | None
    sheet: str | None
    header_line: int | None
    columns: tuple[TriedColumn, ...]
    lines: int
    """Lines below the header that are not empty."""
    rows: int
    """Lines of these that are good."""
    sum_debit_cents: int
    sum_credit_cents: int
    bad_lines: tuple[LineError, ...]


def try_profile(profile: Profile, data: bytes, rows_shown: int = 3) -> Trial:
    """Read the file by the profile, and tell how. Raises PostingFileInvalid when the file cannot be opened at all."""
    table = open_table(shape_of(profile), data)
    columns, faults = columns_in_file(profile, table)
    trial = _Reading(profile, table, columns, rows_shown)
    trial.run(faults)
    bad = [*trial.bad, *_cut_off(profile, table)]
    return Trial(
        encoding=table.encoding, delimiter=table.delimiter, sheet=table.sheet,
        header_line=None if table.header is None else table.header[0], columns=tuple(trial.columns()),
        lines=trial.lines, rows=trial.rows, sum_debit_cents=trial.debit, sum_credit_cents=trial.credit,
        bad_lines=tuple(bad),
    )  # fmt: skip


def _cut_off(profile: Profile, table: Table) -> list[LineError]:
    cut_off = table.cut_off if profile.final_newline else None
    return [] if cut_off is None else [LineError(cut_off, None, CUT_OFF)]


class _Reading:
    def __init__(self, profile: Profile, table: Table, columns: list[Column | None], shown: int) -> None:
        self._profile = profile
        self._table = table
        self._columns = columns
        self._shown = shown
        self._samples: list[tuple[Cells, dict[str, Any], PostingRow | None]] = []
        self.bad: list[LineError] = []
        self.lines = self.rows = self.debit = self.credit = 0

    def run(self, faults: list[LineError]) -> None:
        """Read all lines; where the header line is wrong, only look at the first ones."""
        self.bad.extend(faults)
        reader = LineReader(self._profile, self._columns, workbook=self._table.is_workbook)
        try:
            for line in self._table.lines:
                if faults and self.lines == self._shown:
                    return
                self.lines += 1
                number, values, errors = (line[0], {}, []) if faults else reader.values(line)
                row = None if faults or errors else self._row(reader, number, values)
                self.bad.extend(errors)
                if self.lines <= self._shown:
                    self._samples.append((line[1], values, row))
        except PostingFileInvalid as broken:
            self.bad.extend(broken.errors)

    def _row(self, reader: LineReader, number: int, values: dict[str, Any]) -> PostingRow | None:
        try:
            row = reader.row(number, values)
        except ValueError as error:
            self.bad.append(LineError(number, None, str(error)))
            return None
        self.rows += 1
        self.debit += row.debit_cents
        self.credit += row.credit_cents
        return row

    def columns(self) -> Iterator[TriedColumn]:
        headers = self._table.header[1] if self._table.header is not None else [
            "" if column is None else column.header for column in self._columns
        ]  # fmt: skip
        for index, (header, column) in enumerate(zip(headers, self._columns, strict=False)):
            if column is None:
                yield TriedColumn(header, None, "unknown", values=self._raw(index))
            elif column.field is None:
                yield TriedColumn(header, None, "skipped", values=self._raw(index))
            else:
                values = self._read(index, column.field)
                yield TriedColumn(header, column.field, "column", assumed=column.assumed, values=values)
        there = {column.header for column in self._columns if column is not None}
        for column in self._profile.columns:
            if column.header not in there:
                yield TriedColumn(column.header, column.field, "missing", assumed=column.assumed)
        yield from self._without_column()

    def _without_column(self) -> Iterator[TriedColumn]:
        for field, text in sorted(self._profile.constants.items()):
            yield TriedColumn("", field, "constant", values=(text,))
        given = self._profile.fields | self._profile.constants.keys()
        for field in PostingField:
            if field not in given | MONEY_FIELDS:
                found = [row for _, _, row in self._samples if row is not None]
                yield TriedColumn("", field, "found out", values=tuple(_shown(field, getattr(row, field.value))
                                                                       for row in found))  # fmt: skip

    def _raw(self, index: int) -> tuple[str, ...]:
        return tuple(_cell(cells, index) for cells, _, _ in self._samples)

    def _read(self, index: int, field: PostingField) -> tuple[str, ...]:
        return tuple(
            _shown(field, values[field.value]) if field.value in values else f"{BAD} {_cell(cells, index)}"
            for cells, values, _ in self._samples
        )


def _cell(cells: Cells, index: int) -> str:
    return "" if isinstance(cells, str) or index >= len(cells) else cell_text(cells[index])


def _shown(field: PostingField, value: Any) -> str:
    if value is None or value == "":
        return "(empty)"
    if isinstance(value, date):
        return f"{value.day}.{value.month}.{value.year:04d}"
    return f"{decimal_text(value, ',', 'space')} €" if field in MONEY_FIELDS else str(value)
