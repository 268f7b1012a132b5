"""A workbook (.xlsx) to the lines of one sheet, after a check that it unpacks to a bearable size.

Cells are texts, numbers, truth values, dates and times as the sheet keeps them, '' where it keeps none; of a formula
its stored value. `Faulty` and `Merged` tell of cells that look like an empty one and are none.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from services.payments.backoffice.workbook_parts import WorkbookRefused, cell_faults, checked_parts, sheet_part

__all__ = ["Faulty", "Merged", "Sheet", "WorkbookRefused", "is_workbook", "open_sheet"]

_ZIP = b"PK\x03\x04"
_OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"
_HEADER_ROWS_MAX = 50
"""A title, a date and such may stand above the header line, but not more than this."""

SheetLine = tuple[int, list[Any]]


@dataclass(frozen=True, slots=True)
class Faulty:
    """A cell whose value is not known; `reason` says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Merged:
    """A cell that is merged with the one above: it shows that one's value, but a sum would count twice."""

    value: Any


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's header line and the lines below it. Numbers are those that the spreadsheet shows."""

    name: str
    header: tuple[int, list[str]] | None
    lines: Iterator[SheetLine]


def is_workbook(data: bytes) -> bool:
    """Tell by the first bytes; an old or a locked workbook counts, so that it is refused in words of its own."""
    return data.startswith((_ZIP, _OLD_OR_LOCKED))


def open_sheet(data: bytes, name: str | None, headers: frozenset[str]) -> Sheet:
    """Open the named sheet, or the only visible one, at the line that holds the most of the headers.

    Empty rows are left out. Raises WorkbookRefused, before anything is unpacked when it would unpack to too much.
    """
    if data.startswith(_OLD_OR_LOCKED):
        raise WorkbookRefused("is an old .xls or has a password: save it as .xlsx without a password")
    parts = checked_parts(data)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(parts.packed))
        chosen = _chosen(workbook, name)
        sheet = workbook.get_sheet_by_name(chosen)
        faults = cell_faults(sheet_part(parts, chosen))
        lines = _lines(sheet, faults)
        above = list(islice(lines, _HEADER_ROWS_MAX))
    except CalamineError as error:
        raise WorkbookRefused(f"cannot be read as .xlsx: {error}") from error
    return _from_header(chosen, chain(above, lines), above, headers)


def _chosen(workbook: CalamineWorkbook, name: str | None) -> str:
    sheets = [each for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    visible = [each.name for each in sheets if each.visible == SheetVisibleEnum.Visible]
    shown = ", ".join(repr(each) for each in visible) or "none"
    if name is None:
        if len(visible) != 1:
            raise WorkbookRefused(f"has the sheets {shown}: the profile has to name one (sheet)")
        return visible[0]
    if name not in {each.name for each in sheets}:
        raise WorkbookRefused(f"has no sheet {name!r}, but {shown}")
    return name


def _lines(sheet: CalamineSheet, faults: Mapping[tuple[int, int], str]) -> Iterator[SheetLine]:
    merged = _merged_cells(sheet)
    left = sheet.start[1] if sheet.start is not None else 0
    marked = {row for row, _ in (*faults, *merged)}
    above: dict[tuple[int, int], Any] = {}
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells: list[Any] = row
        if number in marked:
            _mark(cells, number, left, faults, merged, above)
        if any(cell != "" and not isinstance(cell, Merged) for cell in cells):
            yield number, cells


def _mark(
    cells: list[Any],
    number: int,
    left: int,
    faults: Mapping[tuple[int, int], str],
    merged: Mapping[tuple[int, int], tuple[int, int]],
    above: dict[tuple[int, int], Any],
) -> None:
    for index in range(len(cells)):
        place = (number, index + left)
        if place in faults:
            cells[index] = Faulty(faults[place])
        first = merged.get(place)
        if first == place:
            above[place] = cells[index]
        elif first is not None:
            own_column = first[1] == place[1]
            cells[index] = Merged(above.get(first, "")) if own_column else Faulty("is merged with the cell before it")


def _merged_cells(sheet: CalamineSheet) -> dict[tuple[int, int], tuple[int, int]]:
    """Each merged cell, and the first cell of its range, which holds the value. Rows from 1, columns from 0.

    A range beyond the cells that are used holds nothing, and may be as large as a sheet.
    """
    last_row, last_column = sheet.end if sheet.end is not None else (0, 0)
    return {
        (row + 1, column): (top + 1, left)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
        for row in range(top, min(bottom, last_row) + 1)
        for column in range(left, min(right, last_column) + 1)
    }


def _from_header(name: str, lines: Iterator[SheetLine], above: list[SheetLine], headers: frozenset[str]) -> Sheet:
    if not above:
        return Sheet(name, None, iter(()))
    names = [[_header(cell) for cell in cells] for _, cells in above]
    known = [len(headers.intersection(each)) for each in names]
    filled = [sum(bool(each) for each in cells) for cells in names]
    scores = known if any(known) else [min(count, 2) for count in filled]
    at = scores.index(max(scores))
    return Sheet(name, (above[at][0], names[at]), islice(lines, at + 1, None))


def _header(cell: Any) -> str:
    return cell.strip() if isinstance(cell, str) else "" if isinstance(cell, Faulty | Merged) else str(cell)
