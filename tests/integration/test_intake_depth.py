"""Calls that change while they are open, and drafts that are saved, sent and copied: over HTTP on a real database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.intake import AssociationRegistered, CallPublished
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import UNKNOWN, pointers, problem
from tests.integration.intake_office import (
    APPLICATION,
    CALL_ID,
    CONTENT,
    OTHER_ASSOCIATION,
    TERMS,
    Office,
    office,
)
from tests.unit.given import fact

CLOSED = datetime(2026, 1, 16, 14, 1, tzinfo=UTC)
CHANGED = {**TERMS, "closes_at": "2026-01-23T16:00", "what_changed": {"fi": "Haku päättyy 23.1.2026 klo 16.00."}}
NEXT = {"call_id": "operating-2027", "opens_at": "2026-01-16T08:00:00+02:00", "closes_at": "2026-03-16T16:00:00+02:00"}


@pytest.fixture
async def intake(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(database, tmp_path) as made:
        yield made


# --- calls ---------------------------------------------------------------------------------------------------


async def test_a_call_is_published_by_minutes_of_the_clock_in_helsinki(intake: Office) -> None:
    sent = {**TERMS, "call_id": "summer-2026", "opens_at": "2026-03-28T08:00", "closes_at": "2026-06-30T16:00"}
    answer = await intake.post("/calls", sent, intake.officer())
    assert (answer.status_code, answer.json()) == (201, {"call_id": "summer-2026", "call_version": 1})
    [record] = await intake.service.ledger.stream("call/summer-2026")
    assert (record.data["opens_at"], record.data["closes_at"]) == (
        "2026-03-28T08:00:00+02:00", "2026-06-30T16:00:00+03:00",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("minute", "reason"),
    [
        ("2026-03-29T03:30", "29.3.2026 at 03.30 does not exist"),
        ("2026-10-25T03:00", "25.10.2026 at 03.00 comes twice"),
        ("2026-10-25T03:59+02:00", "25.10.2026 at 03.59 comes twice"),
        ("2026-01-16T16:00:30", "a minute of the clock in Helsinki reads"),
        ("2026-02-30T16:00", "there is no such minute"),
        ("9999-12-31T23:59", "the year is 2000 to 2200"),
        ("0001-01-01T00:00+14:00", "there is no such minute"),
        (1768572000, "a minute of the clock in Helsinki reads"),
    ],
)
async def test_a_closing_minute_that_is_none_or_two_is_refused_with_the_reason(
    intake: Office, minute: str | int, reason: str
) -> None:
    size = await intake.service.size()
    published = await intake.post("/calls", {**TERMS, "call_id": "new-2026", "closes_at": minute}, intake.officer())
    amended = await intake.post(f"/calls/{CALL_ID}/amendments", {**CHANGED, "closes_at": minute}, intake.officer())
    for answer in (published, amended):
        document = problem(answer, 422, "validation")
        assert pointers(document) == ["/closes_at"]
        assert reason in document["errors"][0]["detail"]
    assert await intake.service.size() == size


async def test_an_appropriation_is_read_from_text_alone(intake: Office) -> None:
    for amount in (180000, 1800.5, "180000", "180000.00 EUR "):
        sent = {**TERMS, "call_id": "new-2026", "appropriation": amount}
        assert pointers(problem(await intake.post("/calls", sent, intake.officer()), 422, "validation")) == [
            "/appropriation"
        ]
    published = await intake.post("/calls", {**TERMS, "call_id": "new-2026"}, intake.officer())
    assert published.status_code == 201
    [record] = await intake.service.ledger.stream("call/new-2026")
    assert record.data["appropriation"] == "180000.00 EUR"


async def test_an_amended_call_shows_its_new_terms_now_and_the_old_ones_as_of_then(intake: Office) -> None:
    before = await intake.get(f"/calls/{CALL_ID}", intake.applicant())
    position = await intake.service.size()
    answer = await intake.post(f"/calls/{CALL_ID}/amendments", CHANGED, intake.officer() | {"If-Match": '"1"'})
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"2"')
    assert answer.json() == {"call_id": CALL_ID, "call_version": 2}
    [event] = await intake.records("call.amended")
    assert event.data["what_changed"] == {"fi": "Haku päättyy 23.1.2026 klo 16.00.", "sv": None, "en": None}
    assert (event.data["call_version"], event.actor) == (2, "officer-1")
    now = (await intake.get(f"/calls/{CALL_ID}", intake.applicant())).json()
    assert (now["call_version"], now["closes_at"]) == (2, "2026-01-23T16:00:00+02:00")
    then = await intake.get(f"/calls/{CALL_ID}", intake.applicant(), position=position)
    assert then.json() == before.json()
    assert (before.json()["call_version"], before.json()["closes_at"]) == (1, "2026-01-16T16:00:00+02:00")


async def test_an_application_keeps_the_version_of_the_call_under_which_it_was_sent(intake: Office) -> None:
    first = (await intake.apply()).json()["application_id"]
    await intake.post(f"/calls/{CALL_ID}/amendments", CHANGED, intake.officer())
    intake.service.at(datetime(2026, 1, 20, 8, 0, tzinfo=UTC))
    second = await intake.apply()
    assert (second.status_code, second.json()["late"]) == (201, False)
    shown = (await intake.get("/applications", intake.officer())).json()["items"]
    assert {each["application_id"]: each["call_version"] for each in shown} == {
        first: 1, second.json()["application_id"]: 2,
    }  # fmt: skip


async def awaited(intake: Office, application_id: str, **asked: Any) -> Any:
    shown = await intake.get(f"/applications/{application_id}", intake.applicant(), **asked)
    return shown.json()["awaited_attachments"]


async def test_an_attachment_may_follow_under_the_version_by_which_the_application_was_sent(intake: Office) -> None:
    asked = {"kind": "annual-accounts", "label": {"fi": "Tilinpäätös"}, "later_until": "2026-04-30"}
    await intake.post("/calls", {**TERMS, "call_id": "new-2026", "attachments": [asked]}, intake.officer())
    before = (await intake.apply(call_id="new-2026")).json()["application_id"]
    changed = {**TERMS, "attachments": [], "what_changed": {"fi": "Tilinpäätöstä ei pyydetä."}}
    assert (await intake.post("/calls/new-2026/amendments", changed, intake.officer())).status_code == 201
    after = (await intake.apply(call_id="new-2026")).json()["application_id"]
    query = {"kind": "annual-accounts", "name": "tilinpaatos.txt"}
    stored = await intake.service.client.post(
        "/v1/attachments", params=query, content="Tilinpäätös 2025".encode(), headers=intake.applicant()
    )
    sent = {"attachment_id": stored.json()["attachment_id"]}
    refused = await intake.post(f"/applications/{after}/attachments", sent, intake.applicant())
    problem(refused, 422, "attachment-not-awaited")
    assert await awaited(intake, after) == []
    label = {"fi": "Tilinpäätös", "sv": None, "en": None}
    waits = [{"kind": "annual-accounts", "label": label, "later_until": "2026-04-30"}]
    assert await awaited(intake, before) == waits
    position = await intake.service.size()
    assert (await intake.post(f"/applications/{before}/attachments", sent, intake.applicant())).status_code == 201
    assert await awaited(intake, before) == []
    assert await awaited(intake, before, position=position) == waits


async def test_calls_are_listed_by_basket_kind_and_year_and_applications_by_call(intake: Office) -> None:
    theme = {**TERMS, "call_id": "theme-2027", "basket": "theme", "year": 2027}
    project = {**TERMS, "call_id": "project-2026", "basket": "project", "kind": "continuous", "closes_at": None}
    for sent in (theme, project):
        assert (await intake.post("/calls", sent, intake.officer())).status_code == 201

    async def listed(what: str, **asked: Any) -> list[str]:
        page = (await intake.get(what, intake.applicant(), **asked)).json()
        return [each["call_id"] for each in page["items"]]

    assert await listed("/calls", basket="theme") == await listed("/calls", year=2027) == ["theme-2027"]
    assert await listed("/calls", kind="continuous", year=2026) == ["project-2026"]
    assert await listed("/calls", kind="negotiated") == []
    for call_id in ("theme-2027", CALL_ID, CALL_ID):
        assert (await intake.apply(call_id=call_id)).status_code == 201
    assert await listed("/applications", call_id="theme-2027") == ["theme-2027"]
    assert await listed("/applications", call_id=CALL_ID) == [CALL_ID] * 2


async def test_a_closed_call_is_not_amended_and_a_fixed_term_never(intake: Office) -> None:
    async def amend(**changed: Any) -> httpx.Response:
        return await intake.post(f"/calls/{CALL_ID}/amendments", {**CHANGED, **changed}, intake.officer())

    assert pointers(problem(await amend(basket="theme"), 422, "fixed-term")) == ["/basket"]
    assert pointers(problem(await amend(opens_at="2025-12-14T08:00"), 422, "opened-already")) == ["/opens_at"]
    assert pointers(problem(await amend(closes_at="2026-01-12T09:58"), 422, "closes-in-the-past")) == ["/closes_at"]
    problem(await amend(closes_at=TERMS["closes_at"]), 409, "nothing-changes")
    intake.service.at(CLOSED)
    problem(await amend(), 409, "call-closed")
    unknown = await intake.post("/calls/nothing-2026/amendments", CHANGED, intake.officer())
    problem(unknown, 404, "not-found")
    problem(await intake.post(f"/calls/{CALL_ID}/amendments", CHANGED, intake.applicant()), 403, "forbidden")
    assert await intake.records("call.amended") == []


# --- drafts --------------------------------------------------------------------------------------------------


async def begin(
    intake: Office, content: Any = CONTENT, key: str | None = None, call_id: str = CALL_ID, **who: str
) -> httpx.Response:
    headers = intake.applicant(**who) | ({} if key is None else {"Idempotency-Key": key})
    return await intake.post("/drafts", {"call_id": call_id, "content": content}, headers)


async def save(intake: Office, draft_id: str, content: Any, seen: str | None) -> httpx.Response:
    headers = intake.applicant() | ({} if seen is None else {"If-Match": seen})
    return await intake.service.client.put(f"/v1/drafts/{draft_id}", json={"content": content}, headers=headers)


async def send(intake: Office, draft_id: str, key: str | None = None, seen: str | None = None) -> httpx.Response:
    headers = intake.applicant() | ({} if key is None else {"Idempotency-Key": key})
    headers |= {} if seen is None else {"If-Match": seen}
    return await intake.post(f"/drafts/{draft_id}/submission", None, headers)


async def remove(intake: Office, draft_id: str, **who: str) -> httpx.Response:
    return await intake.service.client.delete(f"/v1/drafts/{draft_id}", headers=intake.applicant(**who))


async def begun(intake: Office, content: Any = CONTENT) -> str:
    return str((await begin(intake, content)).json()["draft_id"])


async def test_a_draft_is_saved_only_over_the_version_that_was_seen(intake: Office) -> None:
    started = await begin(intake, {})
    draft_id = started.json()["draft_id"]
    assert (started.status_code, started.headers["ETag"]) == (201, '"1"')
    problem(await save(intake, draft_id, CONTENT, None), 428, "if-match-required")
    saved = await save(intake, draft_id, CONTENT, '"1"')
    assert (saved.status_code, saved.headers["ETag"], saved.json()["errors"]) == (200, '"2"', [])
    stale = await save(intake, draft_id, {}, '"1"')
    problem(stale, 412, "version-stale")
    assert stale.headers["ETag"] == '"2"'
    read = await intake.get(f"/drafts/{draft_id}", intake.applicant())
    assert (read.headers["ETag"], read.json()["content"], read.json()["version"]) == ('"2"', CONTENT, 2)
    assert await intake.service.size() == 2


async def test_a_draft_is_sent_and_removed_only_as_it_was_seen(intake: Office) -> None:
    draft_id = await begun(intake)
    await save(intake, draft_id, {**CONTENT, "purpose": "Toinen"}, '"1"')
    path, headers = f"/v1/drafts/{draft_id}", intake.applicant() | {"If-Match": '"1"'}
    for answer in (
        await send(intake, draft_id, "k-1", '"1"'),
        await intake.service.client.delete(path, headers=headers),
    ):
        problem(answer, 412, "version-stale")
        assert answer.headers["ETag"] == '"2"'
    assert await intake.records("application.submitted") == []
    sent, again = await send(intake, draft_id, "k-2", '"2"'), await send(intake, draft_id, "k-2", '"2"')
    assert (sent.status_code, again.status_code, again.content) == (201, 201, sent.content)
    problem(await send(intake, draft_id, seen='"1"'), 409, "application-exists")
    removable = await begun(intake)
    removed = await intake.service.client.delete(f"/v1/drafts/{removable}", headers=headers)
    assert removed.status_code == 204


async def test_of_two_who_save_at_once_one_is_told_that_the_other_was_faster(intake: Office) -> None:
    draft_id = await begun(intake)
    contents = [{**CONTENT, "purpose": f"Tarkoitus {number}"} for number in range(6)]
    answers = await asyncio.gather(*(save(intake, draft_id, each, '"1"') for each in contents))
    assert sorted(each.status_code for each in answers) == [200, 412, 412, 412, 412, 412]
    [won] = [each for each in answers if each.status_code == 200]
    read = (await intake.get(f"/drafts/{draft_id}", intake.applicant())).json()
    assert (read["content"], read["version"]) == (won.json()["content"], 2)


async def test_everything_wrong_in_a_draft_is_told_at_once_with_its_place(intake: Office) -> None:
    content = {
        "activity": "space-travel", "applied": 5, "colour": "blue", "years": 3, "separable_bookkeeping": False,
        "municipalities": [{"municipality": "kuopio", "percent": 100}],
        "answers": [{"question_id": "members", "value": -1}, {"question_id": "shoe-size", "value": 45}],
        "attachments": [UNKNOWN], "contact_id": UNKNOWN,
    }  # fmt: skip
    draft = (await begin(intake, content)).json()
    assert sorted(each["pointer"] for each in draft["errors"]) == [
        "/activity", "/answers/0/value", "/answers/1/question_id", "/applied", "/attachments/0", "/colour",
        "/contact_id", "/costs", "/municipalities/0/municipality", "/other_funding", "/own_funding", "/purpose",
        "/separable_bookkeeping", "/years",
    ]  # fmt: skip
    told = {each["pointer"]: each["detail"] for each in draft["errors"]}
    assert told["/purpose"] == "is required"
    assert told["/applied"] == 'an amount is a string such as "1234.50 EUR"'
    assert told["/answers/0/value"] == "the answer is 0 or more"


async def test_a_field_of_a_wrong_type_hides_only_its_own_rules(intake: Office) -> None:
    content = {**CONTENT, "municipalities": [{"municipality": "joensuu", "percent": 0}], "activity": "space-travel"}
    draft = (await begin(intake, content)).json()
    assert [each["pointer"] for each in draft["errors"]] == ["/municipalities/0/percent", "/activity"]
    costs = (await begin(intake, {**CONTENT, "costs": "1.00 EUR", "applied": "2 000 EUR"})).json()
    assert [each["pointer"] for each in costs["errors"]] == ["/applied"]


async def test_a_draft_with_a_key_is_begun_once_however_often_it_is_sent(intake: Office) -> None:
    answers = await asyncio.gather(*(begin(intake, key="k-1") for _ in range(5)))
    assert {each.status_code for each in answers} == {201}
    assert len({each.json()["draft_id"] for each in answers}) == 1
    draft_id = answers[0].json()["draft_id"]
    await save(intake, draft_id, {**CONTENT, "purpose": "Toinen"}, '"1"')
    again = await begin(intake, key="k-1")
    assert (again.json()["draft_id"], again.json()["version"]) == (draft_id, 2)
    assert (await begin(intake, key="k-2")).json()["draft_id"] != draft_id
    assert (await begin(intake, key="k-1", person="bertta")).json()["draft_id"] != draft_id


async def test_a_key_that_began_a_draft_begins_no_other_one(intake: Office) -> None:
    registered = fact(AssociationRegistered, association_id=OTHER_ASSOCIATION)
    await intake.service.given(f"association/{OTHER_ASSOCIATION}", registered)
    draft_id = (await begin(intake, key="k-1")).json()["draft_id"]
    told = problem(await begin(intake, {**CONTENT, "purpose": "Toinen"}, "k-1"), 409, "idempotency-key-reused")
    assert "take a new key" in told["detail"]
    problem(await begin(intake, key="k-1", association=OTHER_ASSOCIATION), 409, "idempotency-key-reused")
    headers = intake.applicant() | {"Idempotency-Key": "k-1"}
    copied = await intake.post(f"/drafts/{draft_id}/copies", {"call_id": CALL_ID}, headers)
    problem(copied, 409, "idempotency-key-reused")
    assert (await begin(intake, key="k-1")).json()["draft_id"] == draft_id
    assert await intake.service.ledger.pool.fetchval("SELECT count(*) FROM draft") == 1


async def test_of_two_requests_with_one_key_at_the_same_time_one_begins_a_draft(intake: Office) -> None:
    contents = [{**CONTENT, "purpose": f"Tarkoitus {number}"} for number in range(6)]
    answers = await asyncio.gather(*(begin(intake, each, "k-1") for each in contents))
    assert sorted(each.status_code for each in answers) == [201, *[409] * 5]
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "idempotency-key-reused")
    (purpose,) = await intake.service.ledger.pool.fetch("SELECT content ->> 'purpose' AS purpose FROM draft")
    assert purpose["purpose"] in {each["purpose"] for each in contents}


async def test_a_key_of_the_ledger_is_free_for_a_draft_and_a_removed_draft_frees_its_own(intake: Office) -> None:
    headers = intake.applicant() | {"Idempotency-Key": "k-1"}
    assert (await intake.apply(headers)).status_code == 201
    draft_id = (await begin(intake, key="k-1")).json()["draft_id"]
    assert (await remove(intake, draft_id)).status_code == 204
    another = await begin(intake, {}, key="k-1")
    assert another.status_code == 201
    assert another.json()["draft_id"] != draft_id


async def test_a_copy_is_made_once_however_often_it_is_asked_for(intake: Office) -> None:
    draft_id = await begun(intake)
    headers = intake.applicant() | {"Idempotency-Key": "k-1"}
    asked = [intake.post(f"/drafts/{draft_id}/copies", {"call_id": CALL_ID}, headers) for _ in range(3)]
    answers = await asyncio.gather(*asked)
    assert [each.status_code for each in answers] == [201] * 3
    assert len({each.json()["draft_id"] for each in answers}) == 1


async def test_another_associations_draft_is_as_if_it_were_not_there(intake: Office) -> None:
    registered = fact(AssociationRegistered, association_id=OTHER_ASSOCIATION)
    await intake.service.given(f"association/{OTHER_ASSOCIATION}", registered)
    draft_id = await begun(intake)
    other = intake.applicant(association=OTHER_ASSOCIATION)
    client = intake.service.client
    path = f"/v1/drafts/{draft_id}"
    answers = [
        await client.get(path, headers=other),
        await client.put(path, json={"content": {}}, headers=other | {"If-Match": '"1"'}),
        await client.delete(path, headers=other),
        await client.post(f"{path}/submission", headers=other),
        await client.post(f"{path}/copies", json={"call_id": CALL_ID}, headers=other),
    ]
    for answer in answers:
        problem(answer, 404, "not-found")
    assert (await client.get("/v1/drafts", headers=other)).json()["items"] == []
    for role in (Role.OFFICER, Role.AUDITOR, Role.OPERATOR):
        problem(await client.get(path, headers=intake.service.token(role)), 403, "forbidden")
    assert (await client.get(path, headers=intake.applicant())).json()["version"] == 1


async def test_a_draft_of_no_call_or_no_association_is_refused_and_leaves_nothing(intake: Office) -> None:
    problem(await begin(intake, call_id="nothing-2026"), 404, "not-found")
    problem(await begin(intake, association=OTHER_ASSOCIATION), 404, "not-found")
    assert await intake.service.ledger.pool.fetchval("SELECT count(*) FROM draft") == 0


async def test_drafts_are_listed_in_pages_and_a_forged_cursor_is_no_error_of_ours(intake: Office) -> None:
    made = sorted([await begun(intake) for _ in range(3)])
    first = (await intake.get("/drafts", intake.applicant(), limit=2)).json()
    assert {"errors"}.isdisjoint(first["items"][0])
    second = (await intake.get("/drafts", intake.applicant(), limit=2, cursor=first["next"])).json()
    assert [each["draft_id"] for each in first["items"] + second["items"]] == made
    assert second["next"] is None
    forged = await intake.get("/drafts", intake.applicant(), cursor="WyJ4Il0")
    assert forged.status_code == 200
    problem(await intake.get("/drafts", intake.applicant(), cursor="x!"), 400, "cursor-invalid")


async def test_a_draft_is_sent_once_it_is_whole_and_the_application_has_its_id(intake: Office) -> None:
    draft_id = await begun(intake, {"activity": "space-travel", "applied": "0 EUR"})
    incomplete = problem(await send(intake, draft_id), 422, "draft-incomplete")
    assert sorted(pointers(incomplete)) == [
        "/activity", "/applied", "/costs", "/municipalities", "/other_funding", "/own_funding", "/purpose",
        "/separable_bookkeeping",
    ]  # fmt: skip
    await save(intake, draft_id, {**CONTENT, "activity": "space-travel", "years": 3}, '"1"')
    assert pointers(problem(await send(intake, draft_id), 422, "rules-broken")) == ["/activity", "/years"]
    assert await intake.records("application.submitted") == []
    await save(intake, draft_id, CONTENT, '"2"')
    sent = await send(intake, draft_id)
    assert (sent.status_code, sent.json()) == (
        201, {"application_id": draft_id, "late": False, "arrived_on": "2026-01-12"},
    )  # fmt: skip
    [event] = await intake.records("application.submitted")
    assert (event.stream, event.data["purpose"]) == (f"application/{draft_id}", CONTENT["purpose"])
    shown = (await intake.get(f"/applications/{draft_id}", intake.applicant())).json()
    assert shown["standing"] == "received"


async def test_a_draft_that_is_sent_twice_is_one_application(intake: Office) -> None:
    draft_id = await begun(intake)
    first, replayed = await send(intake, draft_id, "k-1"), await send(intake, draft_id, "k-1")
    assert (first.status_code, replayed.status_code, replayed.content) == (201, 201, first.content)
    assert replayed.headers["Idempotency-Replayed"] == "true"
    problem(await send(intake, draft_id), 409, "application-exists")
    intake.service.at(CLOSED)
    problem(await send(intake, draft_id), 409, "application-exists")
    assert len(await intake.records("application.submitted")) == 1


async def test_a_sent_draft_is_told_to_be_sent_also_where_it_would_break_a_rule_by_now(intake: Office) -> None:
    person_id = await intake.name()
    draft_id = await begun(intake, {**CONTENT, "contact_id": person_id})
    assert (await send(intake, draft_id)).status_code == 201
    await intake.erase(person_id)
    problem(await send(intake, draft_id), 409, "application-exists")
    assert (await intake.get(f"/drafts/{draft_id}", intake.applicant())).json()["errors"] == []


@pytest.mark.parametrize("key", [None, "k-1"])
async def test_a_draft_that_is_sent_twice_at_the_same_moment_is_one_application(
    intake: Office, key: str | None
) -> None:
    draft_id = await begun(intake)
    answers = await asyncio.gather(*(send(intake, draft_id, key) for _ in range(6)))
    assert sorted(each.status_code for each in answers) == ([201] + [409] * 5 if key is None else [201] * 6)
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "application-exists")
    assert len(await intake.records("application.submitted")) == 1


async def test_a_sent_draft_stays_as_it_was_sent(intake: Office) -> None:
    draft_id = await begun(intake)
    await send(intake, draft_id)
    problem(await save(intake, draft_id, {}, '"1"'), 409, "draft-sent")
    problem(await remove(intake, draft_id), 409, "draft-sent")
    read = (await intake.get(f"/drafts/{draft_id}", intake.applicant())).json()
    assert (read["content"], read["version"]) == (CONTENT, 1)
    assert read["sent_at"] is not None


async def test_a_draft_whose_sending_a_crash_left_unnoted_is_closed_when_it_is_sent_again(intake: Office) -> None:
    draft_id = await begun(intake)
    await send(intake, draft_id)
    await intake.service.ledger.pool.execute("UPDATE draft SET sent_at = NULL")
    problem(await send(intake, draft_id), 409, "application-exists")
    problem(await save(intake, draft_id, {}, '"1"'), 409, "draft-sent")
    problem(await remove(intake, draft_id), 409, "draft-sent")


async def test_a_draft_of_a_closed_call_is_copied_to_the_next_one_and_sent_there(intake: Office) -> None:
    await intake.service.given(f"call/{NEXT['call_id']}", fact(CallPublished, **NEXT))
    draft_id = await begun(intake)
    intake.service.at(CLOSED)
    read = (await intake.get(f"/drafts/{draft_id}", intake.applicant())).json()
    assert read["errors"] == [{"pointer": "/call_id", "detail": "the call has closed: copy the draft to the next call"}]
    problem(await send(intake, draft_id), 409, "call-closed")
    assert await intake.records("application.submitted") == []
    path = f"/drafts/{draft_id}/copies"
    headers = intake.applicant() | {"Idempotency-Key": "k-1"}
    copy = await intake.post(path, {"call_id": NEXT["call_id"]}, headers)
    again = await intake.post(path, {"call_id": NEXT["call_id"]}, headers)
    assert (copy.status_code, copy.headers["ETag"], copy.json()["errors"]) == (201, '"1"', [])
    assert again.json()["draft_id"] == copy.json()["draft_id"] != draft_id
    sent = await send(intake, copy.json()["draft_id"])
    assert (sent.status_code, sent.json()["late"]) == (201, False)
    [event] = await intake.records("application.submitted")
    assert event.data["call_id"] == NEXT["call_id"]
    problem(await intake.post(path, {"call_id": "nothing-2026"}, intake.applicant()), 404, "not-found")


async def test_a_draft_can_be_sent_until_the_end_of_the_closing_minute(intake: Office) -> None:
    draft_id = await begun(intake)
    intake.service.at(datetime(2026, 1, 16, 14, 0, 30, tzinfo=UTC))
    assert (await send(intake, draft_id)).status_code == 201


async def test_a_removed_draft_is_gone(intake: Office) -> None:
    draft_id = await begun(intake)
    assert (await remove(intake, draft_id)).status_code == 204
    problem(await remove(intake, draft_id), 404, "not-found")
    problem(await intake.get(f"/drafts/{draft_id}", intake.applicant()), 404, "not-found")
    problem(await send(intake, draft_id), 404, "not-found")
    assert await intake.service.ledger.pool.fetchval("SELECT count(*) FROM draft") == 0


# --- hostile content -----------------------------------------------------------------------------------------


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


HOSTILE: dict[str, str] = {
    "a little too deep": '{"x": ' + nested(20) + "}",
    "deep": '{"x": ' + nested(300) + "}",
    "as deep as the parser goes": '{"x": ' + nested(900) + "}",
    "deeper than the parser goes": '{"x": ' + nested(100_000) + "}",
    "deep objects": '{"x":' * 300 + "1" + "}" * 300,
    "deep where an amount should be": '{"applied": ' + nested(300) + "}",
    "a number of 4300 digits": '{"years": ' + "9" * 4300 + "}",
    "a number of 5000 digits": '{"years": ' + "9" * 5000 + "}",
    "a large answer": '{"answers": [{"question_id": "members", "value": ' + "9" * 400 + "}]}",
    "more than a float holds": '{"years": 1e400}',
    "nearly more than a float holds": '{"years": 1e308, "x": -1e-320}',
    "no number": '{"years": NaN}',
    "no end": '{"years": -Infinity}',
    "half a pair": '{"purpose": "\\ud800"}',
    "half a pair in a name": '{"\\udfff": 1}',
    "nothing in a name": '{"": 1, "/": 2, "~": 3, "a/b~c": 4}',
    "a long name": json.dumps({"x" * 5000: 1, "y" * 101: 2, "applied": 3}),
    "names of other things": '{"call_id": [], "association_id": {}, "draft_id": 1, "late": true, "iban": "x"}',
    "wrong everywhere": json.dumps({name: [{"a": [None, True, {}]}] for name in [*APPLICATION, "budget", "answers"]}),
    "wrong inside": '{"municipalities": [null, 1, {}], "budget": {"costs": [{}]}, "attachments": ["x"]}',
    "nothing there": json.dumps(dict.fromkeys([*APPLICATION, "budget", "answers", "attachments", "contact_id"])),
    "no object": "[]",
    "text": '"x"',
    "nothing": "null",
    "U+0000": '{"purpose": "\\u0000"}',
    "many unknown fields": json.dumps({f"k{number}": number for number in range(20_000)}),
    "nearly 2 MB": json.dumps({"purpose": "x" * (2 * 1024 * 1024 - 200)}),
    "more than 2 MB": json.dumps({"purpose": "x" * (2 * 1024 * 1024)}),
}


def expected(answer: httpx.Response) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_content_is_kept_or_refused_and_never_an_error_of_ours(intake: Office, name: str) -> None:
    content = HOSTILE[name]
    headers = intake.applicant() | {"Content-Type": "application/json"}
    client = intake.service.client
    draft_id = await begun(intake)
    begin_body = f'{{"call_id": "{CALL_ID}", "content": {content}}}'
    expected(await client.post("/v1/drafts", content=begin_body, headers=headers))
    body = f'{{"content": {content}}}'
    saved = await client.put(f"/v1/drafts/{draft_id}", content=body, headers=headers | {"If-Match": '"1"'})
    expected(saved)
    expected(await client.get(f"/v1/drafts/{draft_id}", headers=headers))
    sent = await client.post(f"/v1/drafts/{draft_id}/submission", headers=headers)
    expected(sent)
    assert sent.status_code == (422 if saved.status_code == 200 else 201)
    expected(await client.get("/v1/drafts", headers=headers))


@pytest.mark.parametrize("content", ['{"\\ud800": 1}', '{"call_id": "\\ud800"}', '{"content": {}, "\\ud800": {}}'])
async def test_half_a_pair_beside_the_content_is_refused(intake: Office, content: str) -> None:
    headers = intake.applicant() | {"Content-Type": "application/json"}
    for path in ("/v1/drafts", "/v1/applications"):
        answer = await intake.service.client.post(path, content=content, headers=headers)
        assert answer.status_code in {400, 422}, answer.text


NESTING = [
    "activity", "municipalities", "purpose", "years", "separable_bookkeeping", "budget", "answers", "colour", "applied",
    "costs", "other_funding", "own_funding",
]  # fmt: skip


@pytest.mark.parametrize("name", NESTING)
async def test_an_application_that_nests_without_end_is_refused(intake: Office, name: str) -> None:
    headers = intake.applicant() | {"Content-Type": "application/json"}
    for depth in (300, 900, 100_000):
        content = json.dumps({**APPLICATION, name: 0}).replace(f'"{name}": 0', f'"{name}": {nested(depth)}')
        answer = await intake.service.client.post("/v1/applications", content=content, headers=headers)
        assert answer.status_code in {400, 422}, answer.text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1000-02-29"])
async def test_a_day_far_away_is_no_day_of_arrival(intake: Office, day: str) -> None:
    sent = {**APPLICATION, "arrived_on": day}
    answer = await intake.post("/paper-applications", sent, intake.officer())
    assert answer.status_code in {409, 422}, answer.text
