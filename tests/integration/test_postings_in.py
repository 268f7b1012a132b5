"""Postings over HTTP: whole or the good lines, as CSV or .xlsx, and the reconciliation compares what was taken."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from services.ledger import decode_body
from services.payments.queries import all_entries
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import InProcess, in_process, problem
from tests.integration.test_payments_service import exported, finance, take_postings


@pytest.fixture
async def payments(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[InProcess]:
    async with in_process("payments", database, tmp_path, datetime(2026, 4, 1, 8, 0, tzinfo=UTC)) as service:
        yield service


def with_bad_line(content: bytes) -> bytes:
    """One line more, whose date is no day of the calendar."""
    last = content.splitlines(keepends=True)[-1]
    return content + last.replace(b"2026-02-24", b"2026-02-31")


def as_workbook(content: bytes) -> bytes:
    """The same rows as a person keeps them: real dates and numbers."""
    lines = list(csv.reader(io.StringIO(content.decode())))
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        day = book.add_format({"num_format": "d.m.yyyy"})
        sheet = book.add_worksheet("Kirjaukset")
        for number, line in enumerate(lines):
            for index, (header, cell) in enumerate(zip(lines[0], line, strict=True)):
                if number and header.endswith("_date"):
                    sheet.write_datetime(number, index, date.fromisoformat(cell), day)
                elif number and header in {"debit", "credit", "voucher_number", "row", "account"}:
                    sheet.write_number(number, index, float(cell))
                else:
                    sheet.write_string(number, index, cell)
    return file.getvalue()


async def reconciled(service: InProcess) -> tuple[Any, Any]:
    run = await service.client.post("/v1/reconciliations", json={"period": "2026-02"}, headers=finance(service))
    assert run.status_code == 201, run.text
    return run.json()["matched"], run.json()["differences"]


async def test_the_good_lines_are_taken_when_asked_and_the_others_are_listed_in_both_cases(
    payments: InProcess,
) -> None:
    content = with_bad_line(await exported(payments))
    size = await payments.size()
    refused = problem(await take_postings(payments, content), 422, "postings-refused")
    assert await payments.size() == size
    taken = await take_postings(payments, content, take="good_lines")
    assert (taken.status_code, taken.json()["rows"]) == (200, 2)
    assert taken.json()["left_out"] == [each["detail"] for each in refused["errors"]]
    assert "line 4" in taken.json()["left_out"][0]
    again = await take_postings(payments, content, take="good_lines")
    assert again.json()["already_imported"] is True
    assert await reconciled(payments) == (1, 0)


async def test_a_file_that_a_corrected_one_replaced_is_in_force_again_when_it_comes_again(payments: InProcess) -> None:
    right = (await exported(payments)).replace(b"Avustus", b"Tuki")
    wrong = right.replace(b"1500.00", b"1499.99", 1)
    told = []
    for content, differs in ((wrong, 1), (right, 0), (wrong, 1), (wrong, 1)):
        told.append((await take_postings(payments, content)).json()["already_imported"])
        assert await reconciled(payments) == (1 - differs, differs)
    assert told == [False, False, False, True]
    records = await payments.ledger.stream("postings/2026-02")
    imported = [decode_body(record.body).data["sha256"] for record in records]
    assert (len(imported), imported[0], imported[0] == imported[1]) == (3, imported[2], False)
    files = await all_entries(payments.ledger, "files", {"kind": "postings.imported"})
    assert sorted(each.key for each in files) == sorted(imported[:2])


async def test_a_file_without_a_good_line_is_refused_and_so_is_an_unknown_choice(payments: InProcess) -> None:
    content = (await exported(payments)).replace(b"2026-02-24", b"2026-02-31")
    size = await payments.size()
    problem(await take_postings(payments, content, take="good_lines"), 422, "postings-refused")
    assert (await take_postings(payments, content, take="some")).status_code == 422
    assert await payments.size() == size


async def test_the_same_columns_as_a_workbook_are_postings_too(payments: InProcess) -> None:
    content = as_workbook(await exported(payments))
    taken = await take_postings(payments, content)
    assert taken.status_code == 200, taken.text
    assert (taken.json()["rows"], taken.json()["encoding"], taken.json()["sheet"]) == (2, "xlsx", "Kirjaukset")
    assert await reconciled(payments) == (1, 0)


async def test_what_was_found_out_of_the_file_is_shown(payments: InProcess) -> None:
    content = (await exported(payments)).decode()
    lines = csv.reader(io.StringIO(content))
    other = "".join(";".join(line) + "\r\n" for line in lines)
    taken = await take_postings(payments, other.encode("cp1252"))
    assert taken.status_code == 200, taken.text
    assert (taken.json()["encoding"], taken.json()["delimiter"]) == ("cp1252", ";")
    assert taken.json()["left_out"] == []


async def test_a_workbook_that_is_a_bomb_is_refused(payments: InProcess) -> None:
    from tests.unit.payments.backoffice.test_workbook_limits import bomb

    size = await payments.size()
    problem(await take_postings(payments, bomb(300 << 20)), 422, "postings-refused")
    assert await payments.size() == size
