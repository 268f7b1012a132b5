"""A report as a page of JSON, as CSV that a Finnish spreadsheet opens, and as .xlsx.

CSV is UTF-8 with a byte order mark, `;`, CRLF, a decimal comma and Finnish dates. No cell of either file runs: a text
that a spreadsheet would take for a formula has an apostrophe in front in CSV (OWASP, CSV Injection), and is kept as
text in .xlsx. Both are written a batch of rows at a time. The same rows give the same bytes.
"""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from schemas.helsinki import HELSINKI
from schemas.money import euros
from services.payments.backoffice.cells import guard
from services.payments.backoffice.spreadsheet import SheetCell, SheetColumn, write_sheet

from .model import Cell, Check, Closing, Column, KeyedRow, Report, Row, Standing
from .wording import finnish_date, finnish_euros

BOM: Final = "\ufeff".encode()
SECONDS_FOR_A_BATCH: Final = 60
_BREAKS: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff]+")


def one_line(text: str) -> str:
    """A text on one line, without characters that nobody sees."""
    return _BREAKS.sub(" ", text).strip(" ")


async def json_page(report: Report, after: str, limit: int) -> tuple[dict[str, Any], str | None]:
    """At most `limit` rows after a key, and the key to go on from (None: there are no more). What stands below the rows
    comes with the first page: it is of all of them, and for a later page it is None.
    """
    shown, more = await _taken(report, after, limit)
    document = {
        "report": report.name,
        "title": report.title,
        **_standing(report.standing),
        "columns": [{"name": each.name, "header": each.header, "kind": each.kind} for each in report.columns],
        "items": [json_row(report.columns, row) for _, row in shown],
        **(_json_closing(None if after else report.closing())),
    }
    return document, shown[-1][0] if more else None


async def _taken(report: Report, after: str, limit: int) -> tuple[list[KeyedRow], bool]:
    """The rows to show, and whether others follow; of a first page all rows are read, so that they are added up."""
    shown: list[KeyedRow] = []
    async for batch in report.batches(after):
        shown += batch[: limit + 1 - len(shown)]
        if after and len(shown) > limit:
            break
    return shown[:limit], len(shown) > limit


def _standing(standing: Standing) -> dict[str, Any]:
    recorded_at = standing.recorded_at
    return {
        "position": standing.position,
        "recorded_at": None if recorded_at is None else recorded_at.isoformat().replace("+00:00", "Z"),
        "on": standing.on.isoformat(),
    }


def json_row(columns: Sequence[Column], row: Row) -> dict[str, Any]:
    """A row by the names of its columns: sums as "1234.50 EUR", dates as ISO 8601, codes as they are."""
    return {column.name: _json_cell(column, row.get(column.name)) for column in columns}


def _json_cell(column: Column, cell: Cell) -> Any:
    if isinstance(cell, date):
        return cell.isoformat()
    return euros(cell) if column.kind == "money" and isinstance(cell, int) else cell


def _json_closing(closing: Closing | None) -> dict[str, Any]:
    if closing is None:
        return {"totals": None, "checks": None, "notes": None}
    return {
        "totals": [
            {"name": each.name, "label": each.label, "sums": {name: euros(sum_) for name, sum_ in each.sums.items()}}
            for each in closing.totals
        ],
        "checks": [
            {"name": each.name, "label": each.label, "told": euros(each.told), "ledger": euros(each.ledger),
             "agrees": each.agrees}
            for each in closing.checks
        ],
        "notes": [{"name": each.name, "label": each.label, "value": each.value} for each in closing.notes],
    }  # fmt: skip


async def csv_file(report: Report) -> AsyncIterator[bytes]:
    """The report as CSV, a batch at a time."""
    yield BOM + _lines([[guard(one_line(column.header)) for column in report.columns]])
    async for batch in report.batches(""):
        yield _lines(_csv_cells(report.columns, row) for _, row in batch)
    yield _lines(_csv_cells(report.columns, row) for row in footer(report))


def _csv_cells(columns: Sequence[Column], row: Row) -> list[str]:
    return [_csv_cell(column, row.get(column.name)) for column in columns]


def _csv_cell(column: Column, cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date):
        return finnish_date(cell)
    if isinstance(cell, int):
        return finnish_euros(cell) if column.kind == "money" else str(cell)
    return guard(one_line(column.words.get(cell, cell)))


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=";", lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode()


async def workbook(report: Report) -> bytes:
    """The report as .xlsx. It is written in a thread that asks for a batch when it has written the one before."""
    loop = asyncio.get_running_loop()
    columns = [SheetColumn(one_line(each.header), each.kind, each.width) for each in report.columns]
    cells = (_sheet_cells(report.columns, row) for row in _drawn(report, loop))
    return await asyncio.to_thread(write_sheet, report.title, columns, cells)


def _drawn(report: Report, loop: asyncio.AbstractEventLoop) -> Iterator[Row]:
    """The rows and what stands below them, for a thread beside the loop that reads them."""
    batches = report.batches("")

    async def following() -> Sequence[KeyedRow] | None:
        return await anext(batches, None)

    while (
        batch := asyncio.run_coroutine_threadsafe(following(), loop).result(timeout=SECONDS_FOR_A_BATCH)
    ) is not None:
        yield from (row for _, row in batch)
    yield from footer(report)


def _sheet_cells(columns: Sequence[Column], row: Row) -> list[SheetCell]:
    return [_sheet_cell(column, row.get(column.name)) for column in columns]


def _sheet_cell(column: Column, cell: Cell) -> SheetCell:
    if isinstance(cell, str):
        return one_line(column.words.get(cell, cell))
    if isinstance(cell, int):
        return Decimal(cell).scaleb(-2) if column.kind == "money" else cell
    return cell


def footer(report: Report) -> list[Row]:
    """What stands below the rows of a file: totals in their columns, and the rest as text in the first one."""
    closing, first = report.closing(), report.columns[0].name
    texts = [
        *(_check(each) for each in closing.checks),
        *(f"{each.label}: {each.value}" for each in closing.notes),
        _as_of(report.standing),
    ]
    totals: list[Row] = [{first: each.label, **each.sums} for each in closing.totals]
    return totals + [{first: text} for text in texts]


def _check(check: Check) -> str:
    verdict = "täsmää" if check.agrees else "EI TÄSMÄÄ"
    told, ledger = finnish_euros(check.told), finnish_euros(check.ledger)
    return f"{check.label}: raportti {told}, kirjanpito {ledger}, {verdict}"


def _as_of(standing: Standing) -> str:
    told = f"Tilanne: pääkirjan sijainti {standing.position}"
    if standing.recorded_at is not None:
        at = standing.recorded_at.astimezone(HELSINKI)
        told += f" ({finnish_date(at.date())} klo {at:%-H.%M})"
    return f"{told}, päivät laskettu {finnish_date(standing.on)}"
