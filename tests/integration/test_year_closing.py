"""A year is closed on two documents that anybody can check: what is granted and unpaid, and what is claimed and open.
What comes later belongs to the next open month, and the closed year stays as it was.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.money import cents
from schemas.payments import GrantAwarded
from services.payments.closing import Books
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.finance_office import Entry, FinanceOffice, finance_office, statement
from tests.integration.in_process import identity, problem
from tests.integration.test_closing import books_agree, close, left_of
from tests.unit.given import fact

YEAR = 2026
FEBRUARY, APRIL, JANUARY = "2026-02", "2026-04", "2027-01"
DECEMBER_FIRST, NEW_YEAR = datetime(2026, 12, 1, 8, tzinfo=UTC), datetime(2027, 1, 4, 8, tzinfo=UTC)
OWED, CLAIMED, BANK = "2590", "1590", "1700"
ACCRUALS = [
    ["1/02.05.01.00/2026", "Maksamaton ry", "Toiminta-avustus", OWED, "1500,00", "2026-02"],
    ["2/02.05.01.00/2026", "Puoliksi ry", "Toiminta-avustus", OWED, "500,00", "2026-04"],
    ["4/02.05.01.00/2026", "Palautunut ry", "Toiminta-avustus", OWED, "700,10", "2026-04"],
]
RECEIVABLES = [["3/02.05.01.00/2026", "Takaisin ry", "Toiminta-avustus", CLAIMED, "180,00", "2026-04"]]


@pytest.fixture
async def office(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[FinanceOffice]:
    async with finance_office(database, tmp_path) as made:
        yield made


def named(number: int, name: str) -> dict[str, Any]:
    return {"diary_number": f"{number}/02.05.01.00/2026", "association_name": name}


async def spring(office: FinanceOffice) -> None:
    """A grant is not released, one is paid in part, one is recovered and partly received, one comes back."""
    unpaid = fact(GrantAwarded, application_id=identity(1), **named(1, "Maksamaton ry"))
    await office.service.given(f"grant/{identity(1)}", unpaid)
    await office.grant(2, (100_000, 50_000), **named(2, "Puoliksi ry"))
    await office.grant(3, **named(3, "Takaisin ry"))
    await office.grant(4, (70_010,), **named(4, "Palautunut ry"))
    run = await office.pay()
    reference = await office.claim(identity(3), 30_000)
    await office.receive(reference, 12_000, date(2026, 4, 20))
    [back] = [each for each in run["lines"] if each["amount"] == "700.10 EUR"]
    returned = Entry(70_010, "BACK1", back["end_to_end_id"], returned=True)
    assert await office.hand_in(statement(date(2026, 4, 10), returned)) == {"payment.returned": 1}


async def months_closed(office: FinanceOffice) -> None:
    """Both months with postings are closed, at the beginning of the next year."""
    office.service.at(NEW_YEAR)
    for period in (FEBRUARY, APRIL):
        await books_agree(office, period)
        await close(office, period)


async def close_year(office: FinanceOffice, key: str | None = None) -> httpx.Response:
    headers = office.headers() | ({} if key is None else {"Idempotency-Key": key})
    return await office.service.client.post(f"/v1/years/{YEAR}/closing", headers=headers)


async def closed_year(office: FinanceOffice) -> dict[str, Any]:
    """The year is closed; the answer."""
    answer = await close_year(office)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def left_of_year(office: FinanceOffice) -> set[str]:
    items = (await office.get(f"/years/{YEAR}/checklist"))["items"]
    assert all(item["done"] == (item["left"] is None) for item in items)
    return {item["check"] for item in items if not item["done"]}


async def bytes_of(office: FinanceOffice, digest: str) -> bytes:
    answer = await office.service.client.get(f"/v1/files/{digest}", headers=office.headers())
    assert answer.status_code == 200, answer.text
    assert sha256(answer.content).hexdigest() == digest
    return answer.content


async def report(office: FinanceOffice, name: str, **asked: Any) -> httpx.Response:
    answer = await office.service.client.get(f"/v1/reports/{name}", params=asked, headers=office.headers())
    assert answer.status_code == 200, answer.text
    return answer


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


async def test_a_year_is_closed_on_documents_whose_rows_add_up_to_the_accounts(office: FinanceOffice) -> None:
    await spring(office)
    await months_closed(office)
    balance = await office.get("/trial-balance", period=f"{YEAR}-12")
    closed = await closed_year(office)
    assert (closed["accrued"], closed["receivable"]) == ("2700.10 EUR", "180.00 EUR")
    assert closed["months"] == [FEBRUARY, APRIL]
    assert {each["account"]: each["balance"] for each in closed["balances"]} == balance["accounts"]
    assert (closed["debits"], closed["credits"]) == (balance["debits"], balance["credits"])
    for digest, account, sign, listed in (
        (closed["accruals_sha256"], OWED, -1, ACCRUALS), (closed["receivables_sha256"], CLAIMED, 1, RECEIVABLES),
    ):  # fmt: skip
        [header, *rows] = rows_of(await bytes_of(office, digest))
        items = rows[: len(listed)]
        assert [row[:6] for row in items] == listed
        total = sum(sign * int(row[4].replace(",", "")) for row in items)
        assert total == cents(balance["accounts"][account])
        assert rows[len(listed)][header.index("Avoinna (EUR)")] == f"{abs(total) // 100},{abs(total) % 100:02d}"
        assert "täsmää" in rows[len(listed) + 1][0]
    [shown] = (await office.get("/years"))["items"]
    assert shown | closed == shown
    assert (await office.get(f"/years/{YEAR}/checklist"))["closing"] == closed | {"person": "anna"}


async def test_the_documents_are_the_same_bytes_when_the_year_is_asked_for_again_as_of_its_position(
    office: FinanceOffice,
) -> None:
    await spring(office)
    await months_closed(office)
    closed = await closed_year(office)
    await office.service.given(
        f"grant/{identity(5)}", fact(GrantAwarded, application_id=identity(5), awarded_on="2026-11-20")
    )
    office.service.at(datetime(2027, 6, 1, 8, tzinfo=UTC))
    asked = {
        "period": f"{YEAR}-12", "position": closed["up_to_position"], "on": f"{YEAR}-12-31", "format": "csv",
    }  # fmt: skip
    for name in ("accruals", "receivables"):
        assert (await report(office, name, **asked)).content == await bytes_of(office, closed[f"{name}_sha256"])
        now = (await report(office, name, period=f"{YEAR}-12")).json()
        assert now["totals"][0]["sums"]["amount"] == closed["accrued" if name == "accruals" else "receivable"]


async def test_a_checklist_says_what_is_left_of_a_year_at_each_stage(office: FinanceOffice) -> None:
    await spring(office)
    assert await left_of_year(office) == {"year-not-over", "months-open"}
    problem(await close_year(office), 409, "year-not-over")
    await books_agree(office, FEBRUARY)
    await close(office, FEBRUARY)
    office.service.at(datetime(2026, 12, 31, 21, 59, tzinfo=UTC))
    assert "month-not-over" not in await left_of(office, APRIL)
    await books_agree(office, APRIL)
    problem(await close_year(office), 409, "year-not-over")
    office.service.at(datetime(2026, 12, 31, 22, tzinfo=UTC))
    assert await left_of_year(office) == {"months-open"}
    assert APRIL in problem(await close_year(office), 409, "months-open")["detail"]
    assert [each["kind"] for each in await _kept(office) if each["kind"] in {"accruals", "receivables"}] == []
    await close(office, APRIL)
    checklist = await office.get(f"/years/{YEAR}/checklist")
    assert (checklist["ready"], checklist["closed"], checklist["closing"]) == (True, False, None)
    await closed_year(office)
    assert (await office.get(f"/years/{YEAR}/checklist"))["closed"] is True
    problem(await close_year(office), 409, "closed-already")
    problem(await office.post("/years/2010/closing"), 422, "validation")


async def _kept(office: FinanceOffice) -> list[dict[str, str]]:
    """What is kept in the store of files."""
    found = await office.service.ledger.pool.fetch("SELECT kind, sha256 FROM stored_file ORDER BY stored_at")
    return [dict(each) for each in found]


async def test_what_comes_after_the_year_was_closed_belongs_to_the_next_open_month_with_its_reference(
    office: FinanceOffice,
) -> None:
    await spring(office)
    office.service.at(DECEMBER_FIRST)
    run = await office.send(await office.propose(on="2026-12-02"))
    [line] = run["lines"]
    await months_closed(office)
    closed = await closed_year(office)
    before = await office.get("/trial-balance", period=f"{YEAR}-12")
    booked = Entry(50_000, "LATE1", line["end_to_end_id"])
    assert await office.hand_in(statement(date(2026, 12, 30), booked)) == {"payment.booked": 1}
    after = await office.get("/trial-balance", period=f"{YEAR}-12")
    assert (after["accounts"], after["debits"]) == (before["accounts"], before["debits"])
    moved = (await report(office, "account-statement", account=BANK, period=JANUARY)).json()["items"]
    assert [row["voucher"] for row in moved] == ["opening", None]
    assert moved[1] | {
        "posted_on": "2026-12-30", "period": JANUARY, "end_to_end_id": line["end_to_end_id"],
        "credit": "500.00 EUR", "text": "Maksu 2 2/02.05.01.00/2026 (koskee 12/2026)", "counter_account": OWED,
        "bank_reference": "LATE1",
    } == moved[1]  # fmt: skip
    office.service.at(datetime(2027, 2, 1, 8, tzinfo=UTC))
    lines = await books_agree(office, JANUARY)
    assert [each["class"] for each in lines] == ["matched"]
    assert (await close(office, JANUARY))["late"] == 1
    late = fact(GrantAwarded, application_id=identity(6), awarded_on="2026-12-15", amount=7)
    await office.service.given(f"grant/{identity(6)}", late)
    assert (await office.get("/trial-balance", period=JANUARY))["accounts"][OWED] == "-2200.10 EUR"
    assert (await office.get("/trial-balance", period="2027-02"))["accounts"][OWED] == "-2200.17 EUR"
    assert (await office.get("/years"))["items"][0]["accrued"] == closed["accrued"]


async def test_a_posting_that_comes_while_the_year_is_being_closed_is_not_lost_between_two_years(
    office: FinanceOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    await spring(office)
    await months_closed(office)
    real = Books.postings
    given: list[int] = []

    async def postings(books: Books, up_to: int) -> list[Any]:
        """Right after the closing has read the ledger, an award of December is noted."""
        found = await real(books, up_to)
        if not given:
            given.append(up_to)
            late = fact(GrantAwarded, application_id=identity(7), awarded_on="2026-12-15", amount=7)
            await office.service.given(f"grant/{identity(7)}", late)
        return found

    monkeypatch.setattr(Books, "postings", postings)
    closed = await closed_year(office)
    monkeypatch.undo()
    assert given == [closed["up_to_position"]]
    assert (await office.get("/trial-balance", period=f"{YEAR}-12"))["accounts"][OWED] == "-2700.10 EUR"
    assert (await office.get("/trial-balance", period=JANUARY))["accounts"][OWED] == "-2700.17 EUR"


async def test_an_empty_month_of_a_closed_year_takes_no_postings_no_comparison_and_no_closing_of_its_own(
    office: FinanceOffice,
) -> None:
    await office.grant(1)
    exported = await _come_back(office)
    await _reconcile_a_stranger(office, exported, "2026-08")
    await months_closed_alone(office)
    assert await left_of(office, "2026-08") == set()
    await closed_year(office)
    answer = await _hand_in(office, exported.replace(b"Avustus", b"Toinen"), "2026-08")
    problem(answer, 409, "period-closed")
    problem(await _hand_in(office, exported, "2026-09"), 409, "period-closed")
    problem(await office.post("/reconciliations", period="2026-08"), 409, "period-closed")
    problem(await office.post("/periods/2026-08/closing"), 409, "closed-already")
    assert (await office.get("/periods/2026-08/checklist"))["closed"] is True
    assert (await office.get("/periods/2027-01/checklist"))["closed"] is False


async def _come_back(office: FinanceOffice) -> bytes:
    """February's vouchers as they went out."""
    made = (await office.post("/voucher-exports", period=FEBRUARY, profile="generic")).json()
    return await bytes_of(office, made["sha256"])


async def _hand_in(office: FinanceOffice, content: bytes, period: str) -> httpx.Response:
    asked = {"period": period, "profile": "generic"}
    return await office.service.client.post("/v1/postings", params=asked, content=content, headers=office.headers())


async def _reconcile_a_stranger(office: FinanceOffice, content: bytes, period: str) -> None:
    """The back office has rows in a month in which the ledger has none; somebody explains them, another accepts."""
    assert (await _hand_in(office, content, period)).status_code == 200
    assert (await office.post("/reconciliations", period=period)).status_code == 201
    for each in (await office.get("/differences", period=period))["items"]:
        path = f"/differences/{each['difference_id']}"
        assert (await office.post(f"{path}/explanation", explanation="Väärä kausi")).status_code == 200
        assert (await office.post(f"{path}/acceptance", "bertta", reason="Selvä")).status_code == 200


async def months_closed_alone(office: FinanceOffice) -> None:
    office.service.at(NEW_YEAR)
    content = (await office.get("/files"))["items"]
    [sent] = [each["sha256"] for each in content if each["kind"] == "vouchers.exported"]
    assert (await _hand_in(office, await bytes_of(office, sent), FEBRUARY)).status_code == 200
    assert (await office.post("/reconciliations", period=FEBRUARY)).status_code == 201
    await close(office, FEBRUARY)


async def test_of_two_closings_at_once_one_closes_the_year(office: FinanceOffice) -> None:
    await spring(office)
    await months_closed(office)
    answers = await asyncio.gather(*(close_year(office) for _ in range(3)))
    assert sorted(each.status_code for each in answers) == [200, 409, 409]
    for each in answers:
        if each.status_code == 409:
            problem(each, 409, "closed-already")
    assert (await office.service.types()).count("year.closed") == 1


async def test_a_closing_that_is_sent_again_by_its_key_is_answered_as_it_was(office: FinanceOffice) -> None:
    await spring(office)
    await months_closed(office)
    first, second = await asyncio.gather(close_year(office, "year-2026"), close_year(office, "year-2026"))
    third = await close_year(office, "year-2026")
    assert (first.status_code, second.status_code, third.status_code) == (200, 200, 200)
    assert first.content == second.content == third.content
    assert third.headers["Idempotency-Replayed"] == "true"
    assert (await office.service.types()).count("year.closed") == 1


async def test_an_auditor_reads_checklists_and_closes_nothing(office: FinanceOffice) -> None:
    headers = office.service.token(Role.AUDITOR)
    for path in (f"/v1/years/{YEAR}/checklist", f"/v1/periods/{FEBRUARY}/checklist", "/v1/years"):
        assert (await office.service.client.get(path, headers=headers)).status_code == 200
    for path in (f"/v1/years/{YEAR}/closing", f"/v1/periods/{FEBRUARY}/closing"):
        assert (await office.service.client.post(path, headers=headers)).status_code == 403
