"""A month that is closed takes nothing more: what comes later, or in the same instant, belongs to the next open one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schemas.payments import GrantAwarded
from services.payments.closing import Books
from tests.infrastructure.databases import FreshDatabase
from tests.integration.finance_office import Entry, FinanceOffice, finance_office, statement
from tests.integration.in_process import identity, problem
from tests.unit.given import fact

FEBRUARY, APRIL, MAY = "2026-02", "2026-04", "2026-05"


@pytest.fixture
async def office(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[FinanceOffice]:
    async with finance_office(database, tmp_path) as made:
        yield made


async def books_agree(office: FinanceOffice, period: str) -> list[dict[str, Any]]:
    """The month's vouchers go out and come back as they were; the lines of the comparison."""
    made = await office.post("/voucher-exports", period=period, profile="generic")
    assert made.status_code == 201, made.text
    headers = office.headers()
    exported = await office.service.client.get(f"/v1/files/{made.json()['sha256']}", headers=headers)
    asked = {"period": period, "profile": "generic"}
    back = await office.service.client.post("/v1/postings", params=asked, content=exported.content, headers=headers)
    assert back.status_code == 200, back.text
    ran = await office.post("/reconciliations", period=period)
    assert ran.status_code == 201, ran.text
    lines: list[dict[str, Any]] = (await office.get(f"/reconciliations/{period}"))["items"]
    return lines


async def close(office: FinanceOffice, period: str) -> dict[str, Any]:
    closed = await office.post(f"/periods/{period}/closing")
    assert closed.status_code == 200, closed.text
    told: dict[str, Any] = closed.json()
    return told


def classes(lines: list[dict[str, Any]]) -> list[str]:
    return [line["line_class"] if "line_class" in line else line["class"] for line in lines]


async def test_a_booking_that_comes_after_its_month_was_closed_belongs_to_the_next_with_its_reference(
    office: FinanceOffice,
) -> None:
    await office.grant(1)
    await office.grant(2)
    run = await office.send(await office.propose())
    first, second = run["lines"]
    await office.book({**run, "lines": [first]}, date(2026, 4, 2))
    assert set(classes(await books_agree(office, APRIL))) == {"matched"}
    assert (await close(office, APRIL))["late"] == 0
    april = await office.get("/trial-balance", period=APRIL)
    await office.book({**run, "lines": [second]}, date(2026, 4, 30))
    assert await office.get("/trial-balance", period=APRIL, position=str(april["position"])) == april
    after = await office.get("/trial-balance", period=APRIL)
    assert after["accounts"] == april["accounts"]
    assert (await office.get("/trial-balance", period=MAY))["accounts"]["1700"] == "-3000.00 EUR"
    problem(await office.post("/voucher-exports", period=APRIL, profile="generic"), 409, "nothing-to-export")
    lines = await books_agree(office, MAY)
    assert classes(lines) == ["matched"]
    assert (await close(office, MAY))["late"] == 1
    assert (await office.get("/periods"))["items"][-1]["late"] == 1


async def test_a_posting_that_comes_while_the_month_is_being_closed_is_not_lost_between_two_months(
    office: FinanceOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.grant(1)
    await books_agree(office, FEBRUARY)
    real = Books.postings
    given: list[int] = []

    async def postings(books: Books, up_to: int) -> list[Any]:
        """Right after the closing has read the ledger, another award of February is noted."""
        found = await real(books, up_to)
        if not given:
            given.append(up_to)
            await office.service.given(f"grant/{identity(2)}", fact(GrantAwarded, amount=7))
        return found

    monkeypatch.setattr(Books, "postings", postings)
    closed = await close(office, FEBRUARY)
    monkeypatch.undo()
    assert given
    assert closed["debits"] == "1500.00 EUR"
    now = await office.get("/trial-balance", period=FEBRUARY)
    later = await office.get("/trial-balance", period="2026-03")
    assert (now["debits"], later["debits"]) == ("1500.00 EUR", "1500.07 EUR")


async def test_a_month_is_not_closed_on_what_was_not_compared(office: FinanceOffice) -> None:
    run = await _paid(office)
    await books_agree(office, APRIL)
    await office.hand_in(_unknown_credit())
    problem(await office.post(f"/periods/{APRIL}/closing"), 409, "reconcile-again")
    await office.post("/reconciliations", period=APRIL)
    problem(await office.post(f"/periods/{APRIL}/closing"), 409, "differences-open")
    assert run["state"] == "sent"


async def _paid(office: FinanceOffice) -> dict[str, Any]:
    await office.grant(1)
    run = await office.send(await office.propose())
    await office.book(run)
    return run


def _unknown_credit() -> bytes:
    return statement(date(2026, 4, 3), Entry(500, "XUNKNOWN1", reference="RF18539007547034"))
