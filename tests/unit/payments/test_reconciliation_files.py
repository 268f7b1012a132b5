"""`grants reconcile`: files are taken whole or refused with the place that is wrong; what is found is inert."""

from __future__ import annotations

import csv
import json
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from services.cli.console import console, errors
from services.cli.main import main
from services.payments.reconciling import CLASSES, SIDES, Reconciliation, SideUnreadable
from tests.bench.reconcile_files import DIFFERENCES, generate

MATCHED, DIFFER, UNREADABLE = 0, 1, 2
_COLUMNS = "series,number,posted_on,period,account,cost_centre,diary_number,instalment,end_to_end_id,debit,credit"
LEDGER = f"""{_COLUMNS},bank_reference
av,1,2026-04-02,2026-04,2590,131010,1/02.05.01.00/2026,1,E1,150000,0,B1
av,1,2026-04-02,2026-04,1700,131010,1/02.05.01.00/2026,1,E1,0,150000,B1
"""
BANK = "bank_reference,booked_on,amount,end_to_end_id\nB1,2026-04-02,-150000,E1\n"
BOOK = "\n".join(line.rsplit(",", 1)[0] for line in LEDGER.splitlines()) + "\n"


@dataclass(frozen=True)
class Ended:
    """What the command left."""

    code: int
    out: str
    err: str


Reconciled = Callable[..., Ended]


def sql(query: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as database:
        return database.execute(query).fetchall()


@pytest.fixture
def reconciled(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Reconciled:
    """Runs the command over three texts, in a folder of its own."""
    for each in (console, errors):
        monkeypatch.setattr(each, "width", 400)
    monkeypatch.chdir(tmp_path)

    def run(*options: str, ledger: str = LEDGER, bank: str = BANK, book: str = BOOK) -> Ended:
        for name, text in {"ledger": ledger, "bank": bank, "book": book}.items():
            Path(f"{name}.csv").write_text(text, encoding="utf-8")
        sides = [part for side in ("ledger", "bank", "book") for part in (f"--{side}", f"{side}.csv")]
        monkeypatch.setattr(sys, "argv", ["grants", "reconcile", *sides, *options])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Ended(int(ended.value.code or 0), captured.out, captured.err)

    return run


def test_three_files_that_agree_end_with_0_and_the_counts(reconciled: Reconciled) -> None:
    ended = reconciled()
    assert ended.code == MATCHED
    counts = dict(line.split() for line in ended.out.splitlines()[1:])
    assert counts == {each: "1" if each == "matched" else "0" for each in CLASSES}


@pytest.mark.parametrize("mark", ["\ufeff", ""], ids=["byte order mark", "none"])
def test_semicolons_other_columns_and_another_order_of_them_are_read(reconciled: Reconciled, mark: str) -> None:
    bank = mark + "note;amount;end_to_end_id;booked_on;bank_reference\nä;-150000;E1;2026-04-02;B1\n"
    assert reconciled(bank=bank).code == MATCHED


def test_an_empty_cost_centre_is_one_that_can_agree_and_be_netted(reconciled: Reconciled) -> None:
    ledger, book = LEDGER.replace("131010", ""), BOOK.replace("131010", "")
    assert reconciled(ledger=ledger, book=book).code == MATCHED
    rows = book.splitlines()[1:]
    back = [
        row.replace("150000,0", "0,150000") if row.endswith(",0") else row.replace("0,150000", "150000,0")
        for row in rows
    ]
    assert reconciled(ledger=ledger, book=book + "\n".join([*back, *rows]) + "\n").code == MATCHED
    twice = reconciled(ledger=ledger, book=book + "\n".join(rows) + "\n")
    assert "duplicate  av-1: expected 2.4.2026 2590/ 1500.00 EUR" in twice.out


def test_an_application_is_named_by_its_id(reconciled: Reconciled) -> None:
    rows = LEDGER.splitlines()
    ledger = "\n".join([f"{rows[0]},application_id", f"{rows[1]},nobody", f"{rows[2]},"]) + "\n"
    ended = reconciled(ledger=ledger)
    assert (ended.code, "ledger.csv, line 2, column 'application_id'" in ended.err) == (UNREADABLE, True)


def test_what_differs_ends_with_1_and_is_told_and_a_summary_tells_the_counts_alone(reconciled: Reconciled) -> None:
    book = BOOK.replace("2590", "4740")
    ended = reconciled(book=book)
    assert ended.code == DIFFER
    assert "account_or_cost_centre_differs  av-1: expected 2.4.2026 2590/131010 1500.00 EUR" in ended.out
    short = reconciled("--summary", book=book)
    assert (short.code, "av-1" in short.out) == (DIFFER, False)


def test_the_tolerance_is_given_in_cents(reconciled: Reconciled) -> None:
    book = BOOK.replace("150000", "150002")
    assert reconciled("--tolerance", "1", book=book).code == DIFFER
    within = reconciled("--tolerance", "2", book=book)
    assert within.code == MATCHED
    assert "1 of the matched lines agree only within the tolerance" in within.out
    assert "tolerance" not in reconciled("--tolerance", "2").out


@pytest.mark.parametrize(
    ("bank", "place", "right"),
    [
        (BANK.replace("amount", "sum"), "bank.csv, line 1, column 'amount'", "the bank file has the columns"),
        (BANK.replace("end_to_end_id", "amount"), "bank.csv, line 1, column 'amount'", "each name stands once"),
        (BANK.replace("-150000", "-1500.5"), "bank.csv, line 2, column 'amount'", "a whole number of cents"),
        (BANK.replace("-150000", "-1.5e5"), "bank.csv, line 2, column 'amount'", "a whole number of cents"),
        (BANK.replace("-150000", "-150000,00"), "bank.csv, line 2", "4 columns of the header"),
        (BANK.replace("-150000", "9" * 20), "bank.csv, line 2, column 'amount'", "a whole number of cents"),
        (BANK.replace("-150000", ""), "bank.csv, line 2, column 'amount'", "is empty"),
        (BANK.replace("04-02", "02-30"), "bank.csv, line 2, column 'booked_on'", "a date of the calendar"),
        (BANK.replace("2026-04-02", "2.4.2026"), "bank.csv, line 2, column 'booked_on'", "such as 2026-04-02"),
        (BANK + "B2,2026-04-03,-5,E2\n,2026-04-03,-5,E2\n", "bank.csv, line 4, column 'bank_reference'", "is empty"),
        ("", "bank.csv, line 1", "the bank file has the columns"),
    ],
)
def test_a_file_that_cannot_be_read_ends_with_2_and_names_the_place_and_what_would_be_right(
    reconciled: Reconciled, bank: str, place: str, right: str
) -> None:
    ended = reconciled(bank=bank)
    assert ended.code == UNREADABLE, ended
    assert place in ended.err
    assert right in ended.err
    assert "Traceback" not in ended.err


def test_a_file_that_is_not_there_or_no_parquet_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "bank.parquet").write_bytes(b"PAR1 not at all")
    with Reconciliation() as run:
        with pytest.raises(SideUnreadable, match="no such file"):
            run.take_file("bank", tmp_path / "nothing.csv")
        with pytest.raises(SideUnreadable, match="no whole Parquet file"):
            run.take_file("bank", tmp_path / "bank.parquet")


@pytest.mark.parametrize(
    ("amount", "refused"),
    [("-150000", None), ("-1500.5::double", "amount"), ("null::bigint", "amount"), ("'-150000'", "amount")],
)
def test_a_parquet_file_holds_whole_cents_and_no_floats(tmp_path: Path, amount: str, refused: str | None) -> None:
    path = tmp_path / "bank.parquet"
    row = f"'B1' as bank_reference, date '2026-04-02' as booked_on, {amount} as amount, 'E1' as end_to_end_id"
    sql(f"copy (select {row}) to '{path}' (format parquet)")
    with Reconciliation() as run:
        if refused is None:
            assert run.take_file("bank", path) == 1
            return
        with pytest.raises(SideUnreadable, match="whole number of cents") as told:
            run.take_file("bank", path)
        assert told.value.column == refused


def test_differences_are_written_as_csv_json_lines_and_parquet(reconciled: Reconciled) -> None:
    for name in ("out.csv", "out.jsonl", "out.parquet"):
        assert reconciled("--summary", "--out", name, bank=BANK.replace("B1", "B2")).code == DIFFER
    with Path("out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert [(row["class"], row["subject"]) for row in rows] == [
        ("missing_at_bank", "av-1"),
        ("missing_in_ledger", "bank B2"),
    ]
    lines = [json.loads(line) for line in Path("out.jsonl").read_text("utf-8").splitlines()]
    assert [line["amount"] for line in lines] == [150_000, 150_000]
    assert sql("select count(*) from 'out.parquet'") == [(2,)]
    assert not list(Path().glob(".out*"))


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@A1", "＝1", "'=1"])
def test_no_cell_of_the_csv_runs_as_a_formula(reconciled: Reconciled, start: str) -> None:
    stray = BOOK + BOOK.splitlines()[1].replace("av,1", f"{start},1").replace("E1", "E9") + "\n"
    reconciled("--summary", "--out", "out.csv", book=stray)
    with Path("out.csv").open(encoding="utf-8", newline="") as file:
        assert [row["subject"] for row in csv.DictReader(file, delimiter=";")] == [f"'{start}-1"]


@pytest.mark.parametrize(("out", "said"), [("out.ods", ".csv, .jsonl, .parquet"), ("nowhere/out.csv", "no folder")])
def test_where_nothing_can_be_written_is_said_before_the_work(reconciled: Reconciled, out: str, said: str) -> None:
    ended = reconciled("--out", out)
    assert ended.code == DIFFER
    assert said in ended.err
    assert "rows" not in ended.err


def found(folder: Path, suffix: str) -> list[tuple[str, str]]:
    with Reconciliation() as run:
        for side in ("ledger", "bank", "book"):
            run.take_file(side, folder / f"{side}{suffix}")
        run.compare()
        return [(line.line_class, line.subject) for line in run.lines(differences_only=True)]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_exactly_the_planted_differences_are_found_in_whatever_order_the_rows_stand(
    tmp_path: Path, suffix: str
) -> None:
    seed = random.randrange(10**6)
    print("seed", seed)
    planted = generate(tmp_path, 16_000, suffix, seed)
    assert len(planted) == 2 * len(DIFFERENCES)
    once = found(tmp_path, suffix)
    assert set(once) == planted
    assert len(once) == len(planted)
    assert once == sorted(once, key=lambda line: line[1])
    for side in ("ledger", "bank", "book"):
        path = tmp_path / f"{side}{suffix}"
        other = tmp_path / f"other{suffix}"
        source = f"read_csv('{path}', all_varchar=true)" if suffix == ".csv" else f"read_parquet('{path}')"
        options = "header" if suffix == ".csv" else "format parquet"
        sql(f"copy (select * from {source} order by hash(columns(*)) desc) to '{other}' ({options})")
        other.replace(path)
    assert found(tmp_path, suffix) == once


def test_finance_reads_of_every_column_in_its_page() -> None:
    page = (Path(__file__).parents[3] / "docs" / "finance.md").read_text("utf-8")
    for side in ("ledger", "bank", "book"):
        assert not [column.name for column in SIDES[side] if f"`{column.name}`" not in page]
