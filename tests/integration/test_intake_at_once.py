"""Somebody else is faster by a moment: what an application rests on is as it was read when the application is recorded,
over HTTP on a real database.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest

from services.ledger import Appended, Unit
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, pointers, problem
from tests.integration.intake_office import CALL_ID, CONTENT, PERSON, TERMS, Office, office

PERSONS = f"/associations/{ASSOCIATION}/persons"
CORRECTIONS = f"/associations/{ASSOCIATION}/corrections"
CORRECTION = {
    "name": "Esimerkkiyhdistys ry", "display_name": "Esimerkki", "register_number": "123456", "domicile": "joensuu",
    "kind": "district", "language": "fi", "reason": "Yhdistysrekisterin ote",
}  # fmt: skip


@pytest.fixture
async def intake(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(database, tmp_path) as made:
        yield made


@contextmanager
def faster(intake: Office, act: Callable[[], Awaitable[httpx.Response]]) -> Iterator[None]:
    """Between the look of the next command and its append somebody else acts."""
    ledger = intake.service.ledger
    append = ledger.append
    acted: list[bool] = []

    async def late(unit: Unit) -> Appended:
        if not acted:
            acted.append(True)
            assert (await act()).status_code < 300
        return await append(unit)

    with mock.patch.object(ledger, "append", late):
        yield
    assert acted


async def test_an_amendment_that_is_faster_is_what_the_application_is_sent_under(intake: Office) -> None:
    question = {"question_id": "rooms", "kind": "number", "label": {"fi": "Tiloja"}, "required": True}
    changed = {**TERMS, "questions": [question], "what_changed": {"fi": "Uusi kysymys."}}

    async def amend() -> httpx.Response:
        return await intake.post(f"/calls/{CALL_ID}/amendments", changed, intake.officer())

    with faster(intake, amend):
        told = problem(await intake.apply(), 422, "rules-broken")
    assert "the question rooms needs an answer" in told["errors"][0]["detail"]
    assert await intake.records("application.submitted") == []


async def test_of_two_who_amend_a_call_at_once_one_is_told_that_the_other_was_faster(intake: Office) -> None:
    path = f"/calls/{CALL_ID}/amendments"
    later = {**TERMS, "closes_at": "2026-01-23T16:00", "what_changed": {"fi": "Haku jatkuu."}}
    other = {**TERMS, "instructions": "Hae paperilla.", "what_changed": {"fi": "Uudet ohjeet."}}

    async def extend() -> httpx.Response:
        return await intake.post(path, later, intake.officer("officer-2"))

    with faster(intake, extend):
        stale = await intake.post(path, other, intake.officer())
    problem(stale, 412, "version-stale")
    shown = (await intake.get(f"/calls/{CALL_ID}", intake.officer())).json()
    assert (shown["call_version"], shown["closes_at"]) == (2, "2026-01-23T16:00:00+02:00")


@pytest.mark.parametrize("path", ["/applications", "/withdrawal"])
async def test_a_mandate_that_is_ended_faster_is_no_mandate(intake: Office, path: str) -> None:
    application_id = (await intake.apply()).json()["application_id"]
    person_id = await intake.name(role="mandate", person="anna", valid_from="2026-01-01")

    async def end() -> httpx.Response:
        return await intake.post(f"{PERSONS}/{person_id}/end", {"valid_until": "2026-01-11"}, intake.officer())

    async def act() -> httpx.Response:
        if path == "/applications":
            return await intake.apply()
        return await intake.post(f"/applications/{application_id}{path}", {"reason": "Peruttiin"}, intake.applicant())

    with faster(intake, end):
        problem(await act(), 403, "no-mandate")
    assert len(await intake.records("application.submitted")) == 1


async def test_an_account_that_changes_faster_is_the_applications_account(intake: Office) -> None:
    path = f"/associations/{ASSOCIATION}/account-changes"
    asked = await intake.post(path, {"iban": "FI1410093000123458", "reason": "Pankki vaihtui"}, intake.officer())
    intake.service.at(datetime(2026, 1, 13, 8, 0, tzinfo=UTC))
    change_id = asked.json()["change_id"]

    async def confirm() -> httpx.Response:
        return await intake.post(f"{path}/{change_id}/confirmation", None, intake.officer("officer-2"))

    with faster(intake, confirm):
        assert (await intake.apply()).status_code == 201
    [sent] = await intake.records("application.submitted")
    assert sent.data["iban"] == "FI1410093000123458"


async def test_of_two_who_correct_an_association_at_once_one_is_told_that_the_other_was_faster(intake: Office) -> None:
    async def rename() -> httpx.Response:
        return await intake.post(CORRECTIONS, {**CORRECTION, "name": "Uusi nimi ry"}, intake.officer("officer-2"))

    with faster(intake, rename):
        problem(await intake.post(CORRECTIONS, CORRECTION, intake.officer()), 412, "version-stale")
    shown = (await intake.get(f"/associations/{ASSOCIATION}", intake.officer())).json()
    assert (shown["name"], shown["kind"]) == ("Uusi nimi ry", "district")


async def test_a_correction_that_is_faster_decides_who_may_apply(intake: Office) -> None:
    changed = {**TERMS, "applicants": ["local"], "what_changed": {"fi": "Vain paikallisyhdistyksille."}}
    assert (await intake.post(f"/calls/{CALL_ID}/amendments", changed, intake.officer())).status_code == 201

    async def correct() -> httpx.Response:
        return await intake.post(CORRECTIONS, CORRECTION, intake.officer())

    with faster(intake, correct):
        assert pointers(problem(await intake.apply(), 422, "rules-broken")) == ["/association_id"]
    assert await intake.records("application.submitted") == []


async def test_who_is_named_for_an_association_faster_corrects_it_no_more(intake: Office) -> None:
    async def name() -> httpx.Response:
        return await intake.post(PERSONS, {**PERSON, "person": "officer-2"}, intake.officer())

    with faster(intake, name):
        problem(await intake.post(CORRECTIONS, CORRECTION, intake.officer("officer-2")), 412, "version-stale")
    problem(await intake.post(CORRECTIONS, CORRECTION, intake.officer("officer-2")), 403, "acts-for-it")
    assert await intake.records("association.corrected") == []


async def test_a_draft_that_is_saved_while_it_is_sent_shows_what_was_sent(intake: Office) -> None:
    who = intake.applicant()
    draft: dict[str, Any] = (await intake.post("/drafts", {"call_id": CALL_ID, "content": CONTENT}, who)).json()
    path = f"/v1/drafts/{draft['draft_id']}"

    async def save() -> httpx.Response:
        content = {**CONTENT, "purpose": "Toinen"}
        headers = intake.applicant("bertta") | {"If-Match": '"1"'}
        return await intake.service.client.put(path, json={"content": content}, headers=headers)

    with faster(intake, save):
        assert (await intake.post(f"/drafts/{draft['draft_id']}/submission", None, who)).status_code == 201
    [sent] = await intake.records("application.submitted")
    shown = (await intake.get(f"/drafts/{draft['draft_id']}", who)).json()
    assert sent.data["purpose"] == shown["content"]["purpose"] == CONTENT["purpose"]
    assert (shown["version"], shown["sent_at"] is None) == (3, False)


async def test_a_mandate_of_the_day_of_sending_counts_though_midnight_comes_while_it_is_on_its_way(
    intake: Office,
) -> None:
    await intake.name(role="mandate", person="anna", valid_until="2026-01-12")
    intake.service.at(datetime(2026, 1, 12, 21, 59, 59, tzinfo=UTC))
    person_id = await intake.name()

    async def later() -> httpx.Response:
        """Midnight comes, and a change of the association's people lets the application be decided on anew."""
        intake.service.at(datetime(2026, 1, 12, 22, 0, 1, tzinfo=UTC))
        return await intake.post(f"{PERSONS}/{person_id}/end", {"valid_until": "2026-02-28"}, intake.officer())

    with faster(intake, later):
        sent = await intake.apply()
    assert (sent.status_code, sent.json()["arrived_on"]) == (201, "2026-01-12")
