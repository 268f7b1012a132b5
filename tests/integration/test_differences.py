"""The life of a difference over HTTP on a real database: found, given to somebody, explained, accepted, put right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.infrastructure.databases import FreshDatabase
from tests.integration.finance_office import FinanceOffice, finance_office
from tests.integration.in_process import problem

PERIOD = "2026-02"
EARLIER = {"explanation", "explained_by", "accepted_by", "accepted_because", "dissolved_by_run"}
"""What a difference that was opened again does not say of itself any more."""


@pytest.fixture
async def office(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[FinanceOffice]:
    async with finance_office(database, tmp_path) as made:
        yield made


class Month:
    """February with one grant, its vouchers exported; the back office posts what a test says."""

    def __init__(self, office: FinanceOffice, vouchers: bytes) -> None:
        self.office = office
        self.vouchers = vouchers

    async def posts(self, wrong: str | None = None, text: str = "Avustus") -> None:
        """The back office's postings: as exported, or with another sum in the debit row."""
        content = self.vouchers.replace(b"Avustus", text.encode())
        if wrong is not None:
            content = content.replace(b"1500.00", wrong.encode(), 1)
        asked = {"period": PERIOD, "profile": "generic"}
        headers = self.office.headers()
        answer = await self.office.service.client.post("/v1/postings", params=asked, content=content, headers=headers)
        assert (answer.status_code, answer.json()["already_imported"]) == (200, False), answer.text

    async def reconciles(self) -> tuple[int, int]:
        """The run's number, and how many differences it found."""
        answer = await self.office.post("/reconciliations", period=PERIOD)
        assert answer.status_code == 201, answer.text
        return answer.json()["run"], answer.json()["differences"]

    async def shown(self) -> dict[str, Any]:
        [found] = (await self.office.get("/differences"))["items"]
        return found  # type: ignore[no-any-return]

    async def does(self, act: str, person: str = "anna", **sent: str) -> httpx.Response:
        return await self.office.post(f"/differences/{(await self.shown())['difference_id']}/{act}", person, **sent)

    async def raised(self) -> int:
        return (await self.office.service.types()).count("difference.raised")


@pytest.fixture
async def month(office: FinanceOffice) -> Month:
    await office.grant()
    made = await office.post("/voucher-exports", period=PERIOD, profile="generic")
    headers = office.headers()
    exported = await office.service.client.get(f"/v1/files/{made.json()['sha256']}", headers=headers)
    return Month(office, exported.content)


async def test_a_difference_is_given_to_somebody_talked_about_explained_and_accepted_by_another(month: Month) -> None:
    await month.posts(wrong="1499.99")
    assert await month.reconciles() == (1, 1)
    assert (await month.does("assignment", assignee="bertta")).status_code == 200
    size = await month.office.service.size()
    assert (await month.does("assignment", assignee="bertta")).status_code == 200
    assert await month.office.service.size() == size
    assert (await month.does("comments", comment="Kysytty kirjanpidosta")).status_code == 201
    problem(await month.does("acceptance", reason="Selvä"), 409, "not-explained")
    assert (await month.does("explanation", "bertta", explanation="Näppäilyvirhe")).status_code == 200
    problem(await month.does("acceptance", "bertta", reason="Selvä"), 403, "own-explanation")
    assert (await month.does("acceptance", "cecilia", reason="Selvä")).status_code == 200
    shown = await month.shown()
    assert (shown["state"], shown["assignee"], shown["explained_by"], shown["accepted_by"]) == (
        "accepted", "bertta", "bertta", "cecilia",
    )  # fmt: skip
    assert shown["comments"] == [{"comment": "Kysytty kirjanpidosta", "person": "anna"}]
    problem(await month.does("explanation", explanation="Uudelleen"), 409, "accepted-already")
    problem(await month.does("assignment", assignee="doris"), 409, "accepted-already")


async def test_a_second_run_raises_nothing_again_and_what_was_accepted_stays_so(month: Month) -> None:
    await month.posts(wrong="1499.99")
    await month.reconciles()
    assert await month.reconciles() == (2, 1)
    await month.does("explanation", explanation="Näppäilyvirhe")
    await month.does("acceptance", "bertta", reason="Selvä")
    assert await month.reconciles() == (3, 1)
    assert (await month.raised(), (await month.shown())["state"]) == (1, "accepted")


async def test_what_was_accepted_is_reopened_and_explained_anew(month: Month) -> None:
    await month.posts(wrong="1499.99")
    await month.reconciles()
    problem(await month.does("reopening", reason="Selitys ei pitänyt"), 409, "not-settled")
    await month.does("explanation", explanation="Näppäilyvirhe")
    await month.does("acceptance", "bertta", reason="Selvä")
    assert (await month.does("reopening", reason="Selitys ei pitänyt")).status_code == 200
    shown = await month.shown()
    assert (shown["state"], shown["reopened_because"]) == ("open", "Selitys ei pitänyt")
    assert not EARLIER & shown.keys()
    [before] = shown["earlier"]
    assert (before["explained_by"], before["accepted_by"], before["accepted_because"]) == ("anna", "bertta", "Selvä")
    problem(await month.office.post(f"/periods/{PERIOD}/closing"), 409, "differences-open")
    problem(await month.does("acceptance", "bertta", reason="Selvä"), 409, "not-explained")


async def test_what_is_put_right_dissolves_and_comes_back_when_it_is_found_again(month: Month) -> None:
    await month.posts(wrong="1499.99")
    await month.reconciles()
    await month.posts()
    assert await month.reconciles() == (2, 0)
    shown = await month.shown()
    assert (shown["state"], shown["dissolved_by_run"]) == ("dissolved", 2)
    await month.posts(wrong="1499.99", text="Avustus uudelleen")
    assert await month.reconciles() == (3, 1)
    shown = await month.shown()
    assert (shown["state"], shown["reopened_because"]) == ("open", "a later run found it again")
    assert ([each["dissolved_by_run"] for each in shown["earlier"]], EARLIER & shown.keys()) == ([2], set())
    assert await month.raised() == 1


async def test_a_line_that_differs_by_another_sum_is_raised_anew_also_when_it_was_accepted(month: Month) -> None:
    await month.posts(wrong="1499.99")
    await month.reconciles()
    await month.does("assignment", assignee="bertta")
    await month.does("explanation", explanation="Näppäilyvirhe")
    await month.does("acceptance", "bertta", reason="Selvä")
    await month.posts(wrong="9.99")
    assert await month.reconciles() == (2, 1)
    shown = await month.shown()
    assert (shown["state"], shown["assignee"], await month.raised()) == ("open", "bertta", 2)
    assert "9.99 EUR" in shown["found"]
    assert not EARLIER & shown.keys()
    [before] = shown["earlier"]
    assert ("1499.99 EUR" in before["found"], before["explanation"]) == (True, "Näppäilyvirhe")
    [row] = (await month.office.get("/reports/open-differences"))["items"]
    told = ("state", "found", "raised_on", "assignee", "difference_id")
    assert [row[name] for name in told] == [shown[name] for name in told]
    assert row["explanation"] is None
    problem(await month.does("acceptance", "bertta", reason="Selvä"), 409, "not-explained")


async def test_a_closed_month_is_reconciled_posted_and_reopened_no_more(month: Month) -> None:
    await month.posts(wrong="1499.99")
    await month.reconciles()
    await month.posts()
    await month.reconciles()
    closed = await month.office.post(f"/periods/{PERIOD}/closing")
    assert closed.status_code == 200, closed.text
    problem(await month.does("reopening", reason="Selitys ei pitänyt"), 409, "period-closed")
    problem(await month.office.post("/reconciliations", period=PERIOD), 409, "period-closed")
    assert (await month.does("comments", comment="Tarkastettu")).status_code == 201


async def test_a_month_is_not_closed_while_a_difference_is_reopened_at_the_same_moment(month: Month) -> None:
    await month.posts(wrong="1499.99")
    await month.reconciles()
    await month.does("explanation", explanation="Näppäilyvirhe")
    await month.does("acceptance", "bertta", reason="Selvä")
    reopening = f"/differences/{(await month.shown())['difference_id']}/reopening"
    closed, reopened = await asyncio.gather(
        month.office.post(f"/periods/{PERIOD}/closing"), month.office.post(reopening, reason="Selitys ei pitänyt")
    )
    assert sorted((closed.status_code, reopened.status_code)) == [200, 409], (closed.text, reopened.text)


async def test_a_difference_was_found_on_its_day_in_helsinki(month: Month) -> None:
    month.office.service.at(datetime(2026, 4, 1, 21, 30, tzinfo=UTC))
    await month.posts(wrong="1499.99")
    await month.reconciles()
    [row] = (await month.office.get("/reports/open-differences"))["items"]
    assert (await month.shown())["raised_on"] == row["raised_on"] == "2026-04-02"


async def test_a_difference_that_was_never_raised_is_not_found(office: FinanceOffice) -> None:
    for act, sent in {
        "assignment": {"assignee": "anna"}, "comments": {"comment": "x"}, "reopening": {"reason": "x"},
        "explanation": {"explanation": "x"}, "acceptance": {"reason": "x"},
    }.items():  # fmt: skip
        problem(await office.post(f"/differences/d-none/{act}", **sent), 404, "not-found")
