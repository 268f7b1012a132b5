"""An .xlsx of the profile's columns is read like its delimited file, and nothing in it is guessed."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import pytest

from schemas.backoffice import Profile
from services.payments.backoffice import PostingFileInvalid, PostingRow, read_postings, write_vouchers
from tests.unit.payments.backoffice.profiles import DYNASTY, FIXED, GENERIC, profile, voucher
from tests.unit.payments.backoffice.workbooks import HEADERS, SHEET, book, changed, dynasty, row

SPREADSHEET = profile("dynasty", kind="spreadsheet", delimiter=None)


def only(data: bytes, shape: Profile = DYNASTY) -> PostingRow:
    [read] = read_postings(shape, data).rows
    return read


def test_a_workbook_gives_the_rows_that_the_delimited_file_gives() -> None:
    of_text = read_postings(DYNASTY, write_vouchers(DYNASTY, voucher()))
    cells = [
        row(Rivi=each.row, Tili=each.account, EndToEndId=each.end_to_end_id, Vientiselite=each.text,
            Debet=each.debit_cents / 100, Kredit=each.credit_cents / 100)
        for each in of_text.rows
    ]  # fmt: skip
    file = read_postings(DYNASTY, dynasty(*cells))
    assert file.rows == of_text.rows
    assert (file.encoding, file.delimiter, file.sheet) == ("xlsx", None, "Kirjaukset")
    assert file.sum_debit_cents == of_text.sum_debit_cents == 123450


def test_a_profile_that_is_a_spreadsheet_reads_the_same() -> None:
    assert only(dynasty(row()), SPREADSHEET) == only(dynasty(row()))


@pytest.mark.parametrize(
    ("cell", "cents"),
    [
        (1234.5, 123450),
        (1234, 123400),
        (0.1 + 0.2, 30),
        (-0.07, -7),
        (999999999999.99, 99999999999999),
        ("1 234,50", 123450),
        ("1\u00a0234,50", 123450),
        ("1\u202f234,50", 123450),
        ("−5,00", -500),
        ("123,45-", -12345),
    ],
)
def test_sums_are_read_to_the_cent_whether_numbers_or_texts(cell: Any, cents: int) -> None:
    assert only(dynasty(row(Debet=cell))).debit_cents == cents


@pytest.mark.parametrize(
    ("header", "cell", "reason"),
    [
        ("Debet", 33.333333, "more than two decimals"),
        ("Debet", 0.005, "more than two decimals"),
        ("Debet", 1e13, "more digits than a spreadsheet keeps"),
        ("Debet", "1234.50", "decimal mark is ','"),
        ("Debet", True, "truth value"),
        ("Debet", date(2026, 10, 5), "a date, not an amount"),
        ("Debet", None, "has no amount"),
        ("Tositepäivä", 46300, "a number, not a date"),
        ("Tositepäivä", datetime(2026, 10, 5, 12, 30), "has a time of day"),  # noqa: DTZ001 - a sheet knows no zone
        ("Tositepäivä", time(12, 30), "truth value or a time"),
        ("Kausi", date(2026, 10, 5), "a day, not a period"),
        ("Tositenumero", 1.5, "not a whole number"),
        ("Tili", None, "is empty"),
    ],
)
def test_a_cell_of_another_kind_is_refused_with_its_line_and_column(header: str, cell: Any, reason: str) -> None:
    def write(made: Any, sheet: Any) -> None:
        if isinstance(cell, time):
            sheet.write_datetime(1, HEADERS.index(header), cell, made.add_format({"num_format": "hh:mm"}))

    content = book([HEADERS, row(**{header: None if isinstance(cell, time) else cell})], then=write)
    with pytest.raises(PostingFileInvalid, match=reason) as refusal:
        read_postings(DYNASTY, content)
    assert [error.line for error in refusal.value.errors] == [2]


@pytest.mark.parametrize("cell", [date(2026, 10, 5), "5.10.2026", "2026-10-05"])
def test_dates_may_be_real_ones_or_texts(cell: Any) -> None:
    assert only(dynasty(row(Tositepäivä=cell))).voucher_date == date(2026, 10, 5)


@pytest.mark.parametrize("cell", ["2026-10", date(2026, 10, 1)])
def test_a_period_that_the_spreadsheet_made_a_date_of_is_the_month(cell: Any) -> None:
    assert only(dynasty(row(Kausi=cell))).period == "2026-10"


def test_codes_that_are_numbers_come_without_decimals_and_the_rest_as_it_stands() -> None:
    read = only(dynasty(row(Tili=4700.0, Kustannuspaikka=1310, Tositenumero="17", Maksuerä=None)))
    assert (read.account, read.cost_centre, read.voucher_number, read.instalment) == ("4700", "1310", 17, None)


def test_a_formula_counts_by_its_stored_value() -> None:
    at = HEADERS.index("Debet")
    content = book(
        [HEADERS, row(Debet=None)], then=lambda _, sheet: sheet.write_formula(1, at, "=1000+234.5", None, 1234.5)
    )
    assert only(content).debit_cents == 123450


@pytest.mark.parametrize(("value", "reason"), [("#DIV/0!", "holds an error"), ("", "holds a formula without a")])
def test_a_formula_without_a_value_is_never_taken_as_empty(value: str, reason: str) -> None:
    at = HEADERS.index("Debet")
    content = book(
        [HEADERS, row(Debet=None, Kredit=5)], then=lambda _, sheet: sheet.write_formula(1, at, "=1/0", None, value)
    )
    with pytest.raises(PostingFileInvalid, match=f"line 2, column 'Debet': {reason}"):
        read_postings(DYNASTY, content)


def test_titles_above_the_header_and_empty_rows_are_passed_over_and_lines_are_numbered_as_shown() -> None:
    lines: list[Sequence[Any]] = [
        ["Kirjanpidon ote"],
        [None, "lokakuu 2026"],
        [],
        HEADERS,
        [],
        row(),
        [],
        [],
        row(Rivi=2),
        [],
    ]
    file = read_postings(DYNASTY, book(lines))
    assert [each.line for each in file.rows] == [6, 9]


def test_a_sheet_that_begins_to_the_right_keeps_its_columns() -> None:
    lines = [[None, None, *HEADERS], [None, None, *row()]]
    assert only(book(lines)) == only(dynasty(row()))


def test_a_code_that_is_merged_over_two_rows_holds_for_both() -> None:
    at = HEADERS.index("Tositenumero")
    content = book(
        [HEADERS, row(Tositenumero=None), row(Tositenumero=None, Rivi=2)],
        then=lambda _, sheet: sheet.merge_range(1, at, 2, at, 18),
    )
    assert [each.voucher_number for each in read_postings(DYNASTY, content).rows] == [18, 18]


def test_a_sum_that_is_merged_over_two_rows_is_refused_as_it_would_count_twice() -> None:
    at = HEADERS.index("Debet")
    content = book(
        [HEADERS, row(Debet=None), row(Debet=None, Rivi=2)],
        then=lambda _, sheet: sheet.merge_range(1, at, 2, at, 5),
    )
    with pytest.raises(PostingFileInvalid, match="line 3, column 'Debet': is merged with the cell above"):
        read_postings(DYNASTY, content)


def test_a_title_merged_across_the_rows_is_listed_and_the_other_lines_can_be_taken() -> None:
    content = book([HEADERS, row(), []], then=lambda _, sheet: sheet.merge_range(2, 0, 2, 14, "Tili 4700 yhteensä"))
    file = read_postings(DYNASTY, content, take="good_lines")
    assert [each.line for each in file.rows] == [2]
    assert {each.line for each in file.bad_lines} == {3}
    assert "merged with the cell before" in str(file.bad_lines[0])


def test_a_value_beside_the_columns_is_not_lost_silently() -> None:
    with pytest.raises(PostingFileInvalid, match="line 2: '99' stands in a column without a header"):
        read_postings(DYNASTY, dynasty([*row(), None, 99]))


def test_the_only_visible_sheet_is_read_and_of_several_the_profile_names_one() -> None:
    several = book([HEADERS, row()], sheets=("Ohje", "Kirjaukset"))
    with pytest.raises(PostingFileInvalid, match="has the sheets 'Ohje', 'Kirjaukset': the profile has to name one"):
        read_postings(DYNASTY, several)
    named = profile("dynasty", sheet="Kirjaukset")
    assert read_postings(named, several).sheet == "Kirjaukset"
    with pytest.raises(PostingFileInvalid, match="has no sheet 'Kirjaukset', but 'Muu'"):
        read_postings(named, book([HEADERS], sheets=("Muu",)))
    hidden = book([HEADERS, row()], sheets=("Ohje", "Kirjaukset"), then=lambda made, _: made.worksheets()[0].hide()
                  or made.worksheets()[1].activate())  # fmt: skip
    assert read_postings(DYNASTY, hidden).sheet == "Kirjaukset"


def test_an_empty_sheet_has_no_header() -> None:
    with pytest.raises(PostingFileInvalid, match="header line is missing"):
        read_postings(DYNASTY, book([]))
    assert read_postings(DYNASTY, book([HEADERS])).rows == ()


def test_a_profile_without_a_header_line_cannot_read_a_workbook() -> None:
    for shape in (FIXED, profile("generic", header=False)):
        with pytest.raises(PostingFileInvalid, match="only a profile with a header line"):
            read_postings(shape, dynasty(row()))


def test_missing_and_unknown_columns_are_named() -> None:
    with pytest.raises(PostingFileInvalid, match=r"'credit': the column is missing.*profile 'generic' does not know"):
        read_postings(GENERIC, dynasty(row()))


def test_cells_that_do_not_say_where_they_stand_are_read_in_turn() -> None:
    full = dynasty(row(Kredit="0,00"))
    unplaced = changed(full, {SHEET: lambda xml: re.sub(rb'(<c) r="[A-Z]+[0-9]+"', rb"\1", xml)})
    assert only(unplaced) == only(full)
