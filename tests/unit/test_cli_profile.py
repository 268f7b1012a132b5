"""`grants profile check` lets a person write a profile and try it on a file, without code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
import yaml

from schemas.backoffice import Profile
from services.cli.console import console, errors
from services.cli.main import main
from services.payments.backoffice import read_postings, write_postings, write_vouchers
from tests.unit.payments.backoffice.profiles import DYNASTY, FIXED, REPOSITORY, voucher, voucher_row
from tests.unit.payments.backoffice.workbooks import dynasty, row

FINE, FAILED, WRONG_USE = 0, 1, 2
LIST = REPOSITORY / "tests" / "data" / "books-fi-payments-cp1252.csv"


@dataclass(frozen=True)
class Ended:
    """What the command left: its exit code and both streams."""

    code: int
    out: str
    err: str

    def line(self, start: str) -> list[str]:
        """The words of the line that begins so, without the spaces between columns."""
        return next(line for line in self.out.splitlines() if line.startswith(start)).split()


Check = Callable[..., Ended]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Check:
    """Runs `grants profile check` with these arguments in an empty folder."""
    for name in [name for name in os.environ if name.startswith("GRANTS_")]:
        monkeypatch.delenv(name)
    for each in (console, errors):
        monkeypatch.setattr(each, "width", 240)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["grants", "profile", "check", *map(str, arguments)])
        try:
            main()
            code: object = FINE
        except SystemExit as ended:
            code = ended.code
        captured = capsys.readouterr()
        return Ended(int(str(code or FINE)), captured.out, captured.err)

    return run


def kept(name: str, content: bytes) -> Path:
    path = Path(name)
    path.write_bytes(content)
    return path


def test_a_good_file_is_shown_as_it_was_read_and_ends_well(check: Check) -> None:
    ended = check(kept("a.csv", write_vouchers(DYNASTY, voucher())), "--profile", "dynasty")
    assert ended.code == FINE, ended
    assert "encoding utf-8-sig, delimiter ';', header in line 1" in ended.out
    assert ended.line("Tositepäivä") == [
        "Tositepäivä",
        "voucher_date",
        "column",
        "assumed",
        "5.10.2026",
        "|",
        "5.10.2026",
    ]
    assert ended.line("Debet") == ["Debet", "debit", "column", "assumed", "1", "234,50", "€", "|", "0,00", "€"]
    assert "2 of 2 lines are good; debit 1 234,50 €, credit 1 234,50 €" in ended.out


def test_all_bad_lines_are_listed_with_reasons_and_the_exit_code_is_one(check: Check) -> None:
    rows = [voucher_row(row=index) for index in range(1, 31)]
    content = write_postings(DYNASTY, rows).replace(b"5.10.2026", b"5/10/2026")
    ended = check(kept("a.csv", content), "--profile", "dynasty", "--rows", "1")
    assert ended.code == FAILED
    bad = [line for line in ended.out.splitlines() if line.startswith("line ")]
    assert bad == [
        f"line {number}, column 'Tositepäivä': '5/10/2026' is not a date (as in 5.10.2026 or 2026-10-05)"
        for number in range(2, 32)
    ]
    assert ended.line("Tositepäivä")[-2:] == ["?", "5/10/2026"]
    assert "0 of 30 lines are good" in ended.out


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_as_many_first_values_are_shown_as_were_asked_for(check: Check, count: int) -> None:
    rows = [voucher_row(row=index, text=f"T{index}") for index in range(1, 10)]
    ended = check(kept("a.csv", write_postings(DYNASTY, rows)), "--profile", "dynasty", "--rows", str(count))
    shown = [word for word in ended.line("Vientiselite")[4:] if word != "|"]
    assert shown == [f"T{index}" for index in range(1, count + 1)]


def test_fixed_width_and_workbooks_are_tried_out_too(check: Check) -> None:
    fixed = check(kept("a.txt", write_vouchers(FIXED, voucher())), "--profile", "fixed")
    assert (fixed.code, "encoding cp1252, delimiter -, no header line" in fixed.out) == (FINE, True)
    assert fixed.line("Debet") == ["Debet", "debit", "column", "assumed", "1", "234,50", "€", "|", "0,00", "€"]
    sheet = check(kept("a.xlsx", dynasty(row(), row(Rivi=2, Debet="x"))), "--profile", "dynasty")
    assert sheet.code == FAILED
    assert "encoding xlsx, sheet 'Kirjaukset', header in line 1" in sheet.out
    assert sheet.line("Debet") == ["Debet", "debit", "column", "assumed", "1", "234,50", "€", "|", "?", "x"]
    assert "line 3, column 'Debet': 'x' is not an amount (as in 1 234,50)" in sheet.out


def test_columns_that_are_missing_unknown_skipped_constant_or_found_out_are_told_apart(check: Check) -> None:
    shown = check(LIST, "--profile", "dynasty")
    assert shown.code == FAILED
    assert shown.line("Summa")[:3] == ["Summa", "-", "unknown"]
    assert shown.line("Tili ")[:3] == ["Tili", "account", "missing"]
    kept("p.yaml", completed(check(LIST).out).encode())
    tried = check(LIST, "--profile", "p.yaml")
    assert tried.code == FINE, tried
    assert tried.line("Nimi")[:3] == ["Nimi", "-", "skipped"]
    assert "-                  account         constant" in tried.out
    assert "-                  period          found out           2026-10 | 2026-10" in tried.out


def completed(skeleton: str) -> str:
    """The skeleton as a person completes it."""
    return (
        skeleton.replace("new-profile #", "pankki #")
        .replace("name: #", "name: Pankin lista #")
        .replace("valid_from: #", "valid_from: 2026-01-01 #")
        .replace("account: #", 'account: "1700" #')
        .replace("voucher_series: #", "voucher_series: TI #")
    )


def test_without_a_profile_the_one_that_fits_is_named(check: Check) -> None:
    for name, content in (
        ("a.csv", write_vouchers(DYNASTY, voucher())), ("b.xlsx", dynasty(row())),
    ):  # fmt: skip
        ended = check(kept(name, content))
        assert (ended.code, ended.out.strip()) == (
            FINE, f"Profile dynasty fits: try `grants profile check {name} --profile dynasty`.",
        )  # fmt: skip
    assert "Profile fixed fits" in check(kept("c.txt", write_vouchers(FIXED, voucher()))).out


def test_the_nearest_profile_is_named_with_what_differs(check: Check) -> None:
    content = write_vouchers(DYNASTY, voucher()).replace(b"Palveluluokka", b"Luokka")
    ended = check(kept("a.csv", content))
    assert ended.code == FINE
    assert "# Profile dynasty is the nearest: 88% of the columns or lines are its own." in ended.out
    assert "# The file lacks: Palveluluokka" in ended.out
    assert "# The file has besides: Luokka" in ended.out


def test_a_skeleton_is_guessed_that_cannot_be_used_before_a_person_completed_it(check: Check) -> None:
    skeleton = check(LIST).out
    assert skeleton.startswith("# No known profile is near.")
    raw = yaml.safe_load(skeleton)["profiles"][0]
    assert (raw["encoding"], raw["delimiter"], raw["decimal_mark"]) == ("cp1252", ";", ",")
    assert raw["constants"] == {"account": None, "voucher_series": None}
    kept("p.yaml", skeleton.encode())
    unfinished = check(LIST, "--profile", "p.yaml")
    assert unfinished.code == FAILED
    for place in ("name", "valid_from", "constants / account", "constants / voucher_series"):
        assert f"{place}: " in unfinished.err
    shape = Profile.model_validate(yaml.safe_load(completed(skeleton))["profiles"][0])
    assert len(read_postings(shape, LIST.read_bytes()).rows) == 2


def test_the_skeleton_of_a_workbook_names_its_sheet_and_reads_it(check: Check) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as made:
        sheet = made.add_worksheet("Pääkirja")
        for number, line in enumerate([
            ["Ote pääkirjasta"], ["Pvm", "Konto", "Sarja", "Tosite", "Selite", "Debet", "Kredit"],
            ["5.10.2026", 4700, "AV", 17, "Avustus", 10.5, None],
        ]):  # fmt: skip
            sheet.write_row(number, 0, line)
    path = kept("a.xlsx", file.getvalue())
    skeleton = completed(check(path).out)
    shape = Profile.model_validate(yaml.safe_load(skeleton)["profiles"][0])
    assert (shape.kind, shape.sheet) == ("spreadsheet", "Pääkirja")
    [read] = read_postings(shape, path.read_bytes()).rows
    assert (read.line, read.posting_date, read.account, read.debit_cents) == (3, date(2026, 10, 5), "4700", 1050)


def test_the_skeleton_of_a_fixed_width_file_shows_where_columns_may_begin(check: Check) -> None:
    lines = [b"AV 17 20261005   4700  1050\n", b"AV 18 20261006   1700 -1050\n"]
    skeleton = check(kept("a.txt", b"".join(lines))).out
    raw = yaml.safe_load(skeleton)["profiles"][0]
    assert (raw["kind"], raw["header"]) == ("fixed_width", False)
    assert [column["width"] for column in raw["columns"]] == [3, 3, 11, 5, 5]
    assert sum(column["width"] for column in raw["columns"]) == len(lines[0]) - 1


def test_a_profile_that_nobody_knows_is_refused_with_those_that_are_known(check: Check) -> None:
    ended = check(LIST, "--profile", "nothing")
    assert ended.code == FAILED
    assert "there is no profile nothing" in ended.err
    assert "dynasty, fixed, generic" in ended.err


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("profiles: []", "holds 0 profiles"),
        ("[", "is no YAML with a profile"),
        ("id: x", "name: Field required"),
        ("just text", "holds no profile that can be used"),
        ("profiles: 5", "is no YAML with a profile"),
    ],
)
def test_a_yaml_that_holds_no_profile_is_refused_in_words(check: Check, content: str, reason: str) -> None:
    kept("p.yaml", content.encode())
    ended = check(LIST, "--profile", "p.yaml")
    assert ended.code == FAILED
    assert reason in ended.err


def test_a_file_that_cannot_be_opened_at_all_is_told_in_a_line(check: Check) -> None:
    for arguments in ((), ("--profile", "dynasty")):
        ended = check(kept("a.csv", b"\xff\x81\n"), *arguments)
        assert (ended.code, ended.out.startswith("the file: the file is neither UTF-8 nor CP1252")) == (FAILED, True)
    assert check(kept("b.xlsx", b"PK\x03\x04x"), "--profile", "dynasty").out.startswith("the file: is no sound .xlsx")


def test_an_empty_file_is_told_in_a_line(check: Check) -> None:
    assert check(kept("a.csv", b""), "--profile", "dynasty").code == FAILED
    assert check(kept("a.csv", b"")).code == FINE


def test_a_file_that_is_not_there_is_wrong_use(check: Check) -> None:
    assert check("nothing.csv").code == WRONG_USE
