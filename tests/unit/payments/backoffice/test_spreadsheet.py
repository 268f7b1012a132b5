"""An .xlsx for people: real dates and sums to the cent, no cell that runs, the same bytes for the same rows."""

import io
import time
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from services.payments.backoffice.errors import SheetUnwritable
from services.payments.backoffice.spreadsheet import SheetCell, SheetColumn, write_sheet

COLUMNS = (SheetColumn("Teksti"), SheetColumn("Päivä", "date"), SheetColumn("Summa", "money", width=20))
ROW: tuple[SheetCell, ...] = ("Äijänkangas", date(2026, 10, 5), Decimal("1234.50"))


def cells(content: bytes) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("Kausi").to_python()


def part(content: bytes, name: str) -> str:
    return zipfile.ZipFile(io.BytesIO(content)).read(name).decode()


def test_texts_dates_and_sums_come_back_as_what_they_are() -> None:
    content = write_sheet("Kausi", COLUMNS, [ROW, (None, None, None), ("", date(1999, 1, 2), Decimal("-0.07"))])
    assert cells(content) == [
        ["Teksti", "Päivä", "Summa"],
        ["Äijänkangas", date(2026, 10, 5), 1234.5],
        ["", "", ""],
        ["", date(1999, 1, 2), -0.07],
    ]
    styles = part(content, "xl/styles.xml")
    assert 'formatCode="d.m.yyyy"' in styles
    # Number 4 of the formats that every spreadsheet has is #,##0.00.
    assert 'formatCode="#,##0.00"' in styles or 'numFmtId="4"' in styles


@given(st.integers(min_value=-(10**15) + 1, max_value=10**15 - 1))
def test_every_sum_is_exact_to_the_cent(cents: int) -> None:
    [_, [read]] = cells(write_sheet("Kausi", COLUMNS[2:], [(Decimal(cents) / 100,)]))
    assert round(Decimal(str(read)) * 100) == cents


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "{=1}", "http://example.org", "mailto:a@b.org", "0012", "1,5", "\t=1"],
)
def test_a_text_is_a_text_and_never_a_formula_a_link_or_a_number(text: str) -> None:
    content = write_sheet("Kausi", [SheetColumn(text)], [(text,)])
    assert cells(content) == [[text], [text]]
    sheet = part(content, "xl/worksheets/sheet1.xml")
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet


def test_the_same_rows_give_the_same_bytes_at_any_time() -> None:
    first = write_sheet("Kausi", COLUMNS, [ROW])
    time.sleep(1.1)  # A property in whole seconds would differ by now.
    assert write_sheet("Kausi", COLUMNS, iter([list(ROW)])) == first
    assert "2000-01-01T00:00:00Z" in part(first, "docProps/core.xml")
    told = write_sheet("Kausi", COLUMNS, [ROW], created=datetime(2026, 10, 5, 12, tzinfo=UTC).replace(tzinfo=None))
    assert "2026-10-05T12:00:00Z" in part(told, "docProps/core.xml")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((1, None, None), "row 2, column 'Teksti': 1 is not a text"),
        (("x" * 32_768, None, None), "row 2, column 'Teksti': has 32768 characters, a cell holds 32767"),
        (("\ud800", None, None), "half a character"),
        ((None, "5.10.2026", None), "row 2, column 'Päivä': '5.10.2026' is not a date"),
        ((None, datetime(2026, 10, 5, tzinfo=UTC), None), "is not a date"),
        ((None, date(1900, 2, 28), None), "before 1900-03-01"),
        ((None, None, 12.5), "row 2, column 'Summa': 12.5 is not a Decimal"),
        ((None, None, Decimal("0.005")), "two places"),
        ((None, None, Decimal("NaN")), "not a Decimal of euros"),
        ((None, None, Decimal("1e400")), "13 digits"),
        ((None, None), "row 2 has 2 cells, not 3"),
    ],
)
def test_a_cell_that_does_not_fit_is_refused_with_its_row_and_column(row: Any, reason: str) -> None:
    with pytest.raises(SheetUnwritable, match=reason):
        write_sheet("Kausi", COLUMNS, [ROW, row])


@pytest.mark.parametrize("name", ["", "x" * 32, "a/b", "a:b", "'a", "[a]"])
def test_a_name_that_no_sheet_can_have_is_refused(name: str) -> None:
    with pytest.raises(SheetUnwritable, match="is no name of a sheet"):
        write_sheet(name, COLUMNS, [])
