"""A month that is closed takes nothing more: what comes later, or in the same instant, belongs to the next open one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
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
MAY_FOURTH, JUNE_FIRST = datetime(2026, 5, 4, 8, tzinfo=UTC), datetime(2026, 6, 1, 8, tzinfo=UTC)


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


async def february_closed(office: FinanceOffice) -> None:
    """The month of the awards is closed, so that later ones can be."""
    await books_agree(office, FEBRUARY)
    await close(office, FEBRUARY)


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
    await february_closed(office)
    office.service.at(MAY_FOURTH)
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
    problem(await office.post(f"/periods/{MAY}/closing"), 409, "month-not-over")
    office.service.at(JUNE_FIRST)
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
    await february_closed(office)
    office.service.at(MAY_FOURTH)
    await books_agree(office, APRIL)
    await office.hand_in(_unknown_credit())
    problem(await office.post(f"/periods/{APRIL}/closing"), 409, "reconcile-again")
    await office.post("/reconciliations", period=APRIL)
    problem(await office.post(f"/periods/{APRIL}/closing"), 409, "differences-open")
    assert run["state"] == "sent"


async def test_months_are_closed_in_their_order_and_once_they_are_over_in_helsinki(office: FinanceOffice) -> None:
    await _paid(office)
    await books_agree(office, APRIL)
    office.service.at(datetime(2026, 4, 30, 20, 59, tzinfo=UTC))
    problem(await office.post(f"/periods/{APRIL}/closing"), 409, "month-not-over")
    office.service.at(datetime(2026, 4, 30, 21, tzinfo=UTC))
    open_now = problem(await office.post(f"/periods/{APRIL}/closing"), 409, "earlier-month-open")
    assert FEBRUARY in open_now["detail"]
    await february_closed(office)
    await close(office, APRIL)
    problem(await office.post(f"/periods/{APRIL}/closing"), 409, "closed-already")


async def test_a_month_without_postings_is_closed_with_the_later_one_and_changes_nothing_of_it(
    office: FinanceOffice,
) -> None:
    await office.grant(1)
    await office.grant(2)
    run = await office.send(await office.propose())
    await office.book({**run, "lines": run["lines"][:1]}, date(2026, 4, 2))
    await february_closed(office)
    office.service.at(MAY_FOURTH)
    await books_agree(office, APRIL)
    await close(office, APRIL)
    april = (await office.get("/trial-balance", period=APRIL))["accounts"]
    await office.book({**run, "lines": run["lines"][1:]}, date(2026, 3, 30))
    assert (await office.get("/trial-balance", period=APRIL))["accounts"] == april
    assert (await office.get("/trial-balance", period=MAY))["accounts"]["1700"] == "-3000.00 EUR"
    assert (await office.get("/periods/2026-03/checklist"))["closed"] is True
    problem(await office.post("/periods/2026-03/closing"), 409, "closed-already")


async def test_a_checklist_says_what_is_left_of_a_month_at_each_stage(office: FinanceOffice) -> None:
    await office.grant(1)
    assert await left_of(office, FEBRUARY) == {"not-exported", "no-postings", "not-reconciled"}
    made = (await office.post("/voucher-exports", period=FEBRUARY, profile="generic")).json()
    headers = office.headers()
    exported = await office.service.client.get(f"/v1/files/{made['sha256']}", headers=headers)
    assert await left_of(office, FEBRUARY) == {"vouchers-unanswered", "no-postings", "not-reconciled"}
    wrong = exported.content.replace(b"1500.00", b"1499.99", 1)
    asked = {"period": FEBRUARY, "profile": "generic"}
    await office.service.client.post("/v1/postings", params=asked, content=wrong, headers=headers)
    assert await left_of(office, FEBRUARY) == {"vouchers-unanswered", "not-reconciled"}
    await office.post("/reconciliations", period=FEBRUARY)
    assert await left_of(office, FEBRUARY) == {"vouchers-unanswered", "differences-open"}
    await office.service.client.post("/v1/postings", params=asked, content=exported.content, headers=headers)
    await office.post("/reconciliations", period=FEBRUARY)
    checklist = await office.get(f"/periods/{FEBRUARY}/checklist")
    assert (checklist["ready"], checklist["closed"]) == (True, False)
    assert await left_of(office, FEBRUARY) == {"vouchers-unanswered"}
    await close(office, FEBRUARY)
    assert (await office.get(f"/periods/{FEBRUARY}/checklist"))["closed"] is True


async def test_a_number_that_is_missing_between_statements_keeps_its_month_open_and_another_one_not(
    office: FinanceOffice,
) -> None:
    await _paid(office)
    await office.hand_in(_numbered(7))
    await office.hand_in(_numbered(9))
    await february_closed(office)
    office.service.at(MAY_FOURTH)
    await books_agree(office, APRIL)
    missing = problem(await office.post(f"/periods/{APRIL}/closing"), 409, "statements-missing")
    assert "have not come: 8" in missing["detail"]
    await office.hand_in(_numbered(8))
    await close(office, APRIL)


async def left_of(office: FinanceOffice, period: str) -> set[str]:
    """The checks of a month that are not done."""
    items = (await office.get(f"/periods/{period}/checklist"))["items"]
    assert all(item["done"] == (item["left"] is None) for item in items)
    return {item["check"] for item in items if not item["done"]}


async def _paid(office: FinanceOffice) -> dict[str, Any]:
    await office.grant(1)
    run = await office.send(await office.propose())
    await office.book(run)
    return run


def _unknown_credit() -> bytes:
    return statement(date(2026, 4, 3), Entry(500, "XUNKNOWN1", reference="RF18539007547034"))


def _numbered(number: int) -> bytes:
    """The statement without entries of this day of April, with the day as its number."""
    named = f"<Stmt><Id>2026-04-{number:02d}</Id>".encode()
    told = statement(date(2026, 4, number))
    assert named in told
    return told.replace(named, named + f"<ElctrncSeqNb>{number}</ElctrncSeqNb>".encode())
