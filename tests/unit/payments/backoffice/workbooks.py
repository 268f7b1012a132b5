"""Small workbooks, as spreadsheet programs write them, and parts of them changed by hand."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import xlsxwriter

from tests.unit.payments.backoffice.profiles import DYNASTY

HEADERS = tuple(column.header for column in DYNASTY.columns)
ROW: Mapping[str, Any] = {
    "Numerosarja": "AV", "Tositenumero": 17, "Rivi": 1, "Tositepäivä": date(2026, 10, 5),
    "Kirjauspäivä": date(2026, 10, 6), "Kausi": "2026-10", "Tili": 4700, "Kustannuspaikka": "1310",
    "Palveluluokka": "5900", "Diaarinumero": "1234/02.05.01.00/2026", "Maksuerä": 1, "EndToEndId": "E1",
    "Vientiselite": "Avustus", "Debet": 1234.5, "Kredit": None,
}  # fmt: skip
SHEET = "xl/worksheets/sheet1.xml"


def row(**changes: Any) -> list[Any]:
    values = {**ROW, **changes}
    return [values[header] for header in HEADERS]


def book(
    lines: Sequence[Sequence[Any]],
    *,
    sheets: Sequence[str] = ("Kirjaukset",),
    then: Callable[[Any, Any], object] = lambda _book, _sheet: None,
) -> bytes:
    """Write the lines to the last sheet; `then` may add to it."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as made:
        day = made.add_format({"num_format": "d.m.yyyy"})
        for name in sheets:
            sheet = made.add_worksheet(name)
        for number, cells in enumerate(lines):
            for index, cell in enumerate(cells):
                if isinstance(cell, datetime | date):
                    sheet.write_datetime(number, index, cell, day)
                elif cell is not None:
                    sheet.write(number, index, cell)
        then(made, sheet)
    return file.getvalue()


def dynasty(*rows: Sequence[Any]) -> bytes:
    return book([HEADERS, *rows])


def changed(data: bytes, change: Mapping[str, Callable[[bytes], bytes]], *, deflated: bool = True) -> bytes:
    """Pack the workbook again with the content of some parts changed; new parts are added."""
    file = io.BytesIO()
    old = zipfile.ZipFile(io.BytesIO(data))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry.filename, change.get(entry.filename, bytes)(content))
        for name in change.keys() - set(old.namelist()):
            new.writestr(name, change[name](b""))
    return file.getvalue()
