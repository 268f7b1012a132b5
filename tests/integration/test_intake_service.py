"""Intake over HTTP on a real database: what it refuses, what it answers twice, what it shows as of a moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.intake import ApplicationStandingChanged, AssociationRegistered, CallPublished
from schemas.samples import IBAN, SAMPLES
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, UNKNOWN, InProcess, in_process, pointers, problem
from tests.unit.given import fact

JANUARY = datetime(2026, 1, 12, 8, 0, tzinfo=UTC)
CALL: dict[str, Any] = dict(SAMPLES["call.published", 1])
REGISTRATION: dict[str, Any] = dict(SAMPLES["association.registered", 1])
APPLICATION: dict[str, Any] = {
    "call_id": "operating-2026", "association_id": ASSOCIATION, "activity": "patients-and-disability-organisations",
    "municipalities": [{"municipality": "joensuu", "percent": 100}], "purpose": "Vertaistuki",
    "applied": "2000.00 EUR", "costs": "2500.50 EUR", "other_funding": "0.50 EUR", "own_funding": "500.00 EUR",
    "years": 1, "separable_bookkeeping": True,
}  # fmt: skip


@pytest.fixture
async def intake(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[InProcess]:
    async with in_process("intake", database, tmp_path, JANUARY) as service:
        await service.given("call/operating-2026", fact(CallPublished))
        await service.given(f"association/{ASSOCIATION}", fact(AssociationRegistered))
        yield service


def applicant(service: InProcess) -> dict[str, str]:
    return service.token(Role.ASSOCIATION, association=ASSOCIATION)


async def apply(service: InProcess, headers: dict[str, str] | None = None, **changed: Any) -> httpx.Response:
    sent = {**APPLICATION, **changed}
    return await service.client.post("/v1/applications", json=sent, headers=applicant(service) | (headers or {}))


# --- commands that come twice, and versions that were seen ---------------------------------------------------


async def test_a_repeated_key_is_answered_as_before_and_done_once(intake: InProcess) -> None:
    first = await apply(intake, {"Idempotency-Key": "k-1"})
    size = await intake.size()
    again = await apply(intake, {"Idempotency-Key": "k-1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.headers["ETag"] == '"1"'
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.content == first.content
    assert await intake.size() == size


async def test_a_repeated_key_is_answered_as_before_even_where_the_command_would_be_refused_now(
    intake: InProcess,
) -> None:
    headers = intake.token(Role.OFFICER) | {"Idempotency-Key": "k-1", "If-Match": '"0"'}
    call = {**CALL, "call_id": "theme-2026", "basket": "theme"}
    first = await intake.client.post("/v1/calls", json=call, headers=headers)
    again = await intake.client.post("/v1/calls", json=call, headers=headers)
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_a_key_with_another_request_is_refused(intake: InProcess) -> None:
    await apply(intake, {"Idempotency-Key": "k-1"})
    size = await intake.size()
    other = await apply(intake, {"Idempotency-Key": "k-1"}, purpose="Muu")
    problem(other, 409, "idempotency-key-reused")
    assert await intake.size() == size


async def test_twins_at_the_same_moment_are_one(intake: InProcess) -> None:
    answers = await asyncio.gather(*(apply(intake, {"Idempotency-Key": "k-1"}) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert (await intake.types()).count("application.submitted") == 1


async def test_a_stale_version_is_refused_with_the_current_one(intake: InProcess) -> None:
    async def change(iban: str, seen: str) -> httpx.Response:
        headers = intake.token(Role.OFFICER) | {"If-Match": seen}
        sent = {"iban": iban, "reason": "Tili vaihtui"}
        return await intake.client.post(f"/v1/associations/{ASSOCIATION}/account-changes", json=sent, headers=headers)

    right = await change("FI1410093000123458", '"1"')
    assert (right.status_code, right.headers["ETag"]) == (201, '"2"')
    dropped = await intake.client.post(
        f"/v1/associations/{ASSOCIATION}/account-changes/{right.json()['change_id']}/refusal",
        json={"reason": "Väärä tili"}, headers=intake.token(Role.OFFICER),
    )  # fmt: skip
    assert dropped.headers["ETag"] == '"3"'
    size = await intake.size()
    stale = await change("FI1410093000123458", '"2"')
    problem(stale, 412, "version-stale")
    assert stale.headers["ETag"] == '"3"'
    problem(await change(IBAN, "2"), 400, "if-match-invalid")
    assert await intake.size() == size


# --- who may ask ---------------------------------------------------------------------------------------------


async def test_without_a_token_nothing_is_answered(intake: InProcess) -> None:
    problem(await intake.client.post("/v1/applications", json=APPLICATION), 401, "token-missing")
    problem(await intake.client.get("/v1/applications"), 401, "token-missing")


async def test_a_wrong_role_is_refused(intake: InProcess) -> None:
    for role in set(Role) - {Role.ASSOCIATION}:
        answer = await intake.client.post("/v1/applications", json=APPLICATION, headers=intake.token(role))
        problem(answer, 403, "forbidden")


async def test_anothers_application_is_as_if_it_were_not_there(intake: InProcess) -> None:
    application_id = (await apply(intake)).json()["application_id"]
    other = intake.token(Role.ASSOCIATION, association="0116753-1")
    path = f"/v1/applications/{application_id}"
    problem(await intake.client.get(path, headers=other), 404, "not-found")
    refused = await intake.client.post(f"{path}/withdrawal", json={"reason": "x"}, headers=other)
    problem(refused, 404, "not-found")
    assert (await intake.client.get("/v1/applications", headers=other)).json()["items"] == []
    problem(await intake.client.post("/v1/applications", json=APPLICATION, headers=other), 404, "not-found")
    asked = await intake.client.get("/v1/applications", params={"association_id": ASSOCIATION}, headers=other)
    problem(asked, 404, "not-found")
    assert (await intake.client.get(path, headers=applicant(intake))).status_code == 200


# --- what is sent --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe{}", b'{"a": 1}}', b"null,"])
async def test_broken_json_is_refused(intake: InProcess, content: bytes) -> None:
    headers = applicant(intake) | {"Content-Type": "application/json"}
    answer = await intake.client.post("/v1/applications", content=content, headers=headers)
    assert answer.status_code == (400 if content else 422)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_missing_and_extra_fields_are_each_told_with_their_place(intake: InProcess) -> None:
    sent = {name: value for name, value in APPLICATION.items() if name != "purpose"} | {"colour": "blue"}
    answer = await intake.client.post("/v1/applications", json=sent, headers=applicant(intake))
    assert sorted(pointers(problem(answer, 422, "validation"))) == ["/colour", "/purpose"]


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"applied": "2000.000 EUR"}, "/applied"),
        ({"applied": "2000.0 EUR"}, "/applied"),
        ({"applied": "2000,00 EUR"}, "/applied"),
        ({"applied": "2000.00"}, "/applied"),
        ({"applied": "-2000.00 EUR"}, "/applied"),
        ({"applied": 2000.0}, "/applied"),
        ({"applied": True}, "/applied"),
        ({"applied": 200000}, "/applied"),
        ({"separable_bookkeeping": "yes"}, "/separable_bookkeeping"),
        ({"years": "1"}, "/years"),
        ({"applied": None}, "/applied"),
        ({"association_id": "2050864-6"}, "/association_id"),
        ({"years": 0}, "/years"),
        ({"years": 6}, "/years"),
        ({"municipalities": []}, "/municipalities"),
        ({"municipalities": [{"municipality": "joensuu", "percent": 101}]}, "/municipalities/0/percent"),
        ({"purpose": "  "}, "/purpose"),
        ({"purpose": "x" * 4001}, "/purpose"),
    ],
)
async def test_wrong_values_are_refused_with_their_place(
    intake: InProcess, changed: dict[str, Any], pointer: str
) -> None:
    size = await intake.size()
    assert pointers(problem(await apply(intake, **changed), 422, "validation")) == [pointer]
    assert await intake.size() == size


async def test_all_broken_rules_are_told_at_once(intake: InProcess) -> None:
    answer = await apply(intake, activity="space-travel", applied="0.00 EUR", costs="500.50 EUR")
    assert pointers(problem(answer, 422, "rules-broken")) == ["/activity", "/applied"]


async def test_a_wrong_account_number_is_refused(intake: InProcess) -> None:
    sent = {**REGISTRATION, "association_id": "0116753-1", "iban": "FI2112345600000786"}
    answer = await intake.client.post("/v1/associations", json=sent, headers=intake.token(Role.OFFICER))
    assert pointers(problem(answer, 422, "validation")) == ["/iban"]


async def test_what_does_not_exist_is_not_found(intake: InProcess) -> None:
    problem(await apply(intake, call_id="nothing-2026"), 404, "not-found")
    for path in (f"/v1/applications/{UNKNOWN}", "/v1/calls/nothing", "/v1/associations/0116753-1"):
        problem(await intake.client.get(path, headers=intake.token(Role.OFFICER)), 404, "not-found")
    withdrawn = await intake.client.post(
        f"/v1/applications/{UNKNOWN}/withdrawal", json={"reason": "x"}, headers=applicant(intake)
    )
    problem(withdrawn, 404, "not-found")


@pytest.mark.parametrize(
    ("moment", "late"),
    [
        (datetime(2026, 1, 16, 14, 0, 30, tzinfo=UTC), False),
        (datetime(2026, 1, 16, 14, 1, 0, tzinfo=UTC), True),
    ],
)
async def test_an_application_after_the_closing_minute_is_taken_as_late(
    intake: InProcess, moment: datetime, late: bool
) -> None:
    intake.at(moment)
    answer = await apply(intake)
    assert answer.status_code == 201
    assert (answer.json()["late"], answer.json()["arrived_on"]) == (late, "2026-01-16")


async def scan(intake: InProcess) -> str:
    """The id of a paper application's scan."""
    query = {"kind": "scan", "name": "hakemus.txt", "association_id": ASSOCIATION}
    headers = intake.token(Role.OFFICER)
    stored = await intake.client.post("/v1/attachments", params=query, content=b"Hakemus", headers=headers)
    return str(stored.json()["attachment_id"])


async def test_a_paper_application_comes_with_its_scan(intake: InProcess) -> None:
    sent = {**APPLICATION, "arrived_on": "2026-01-12", "activity": "dancing"}
    answer = await intake.client.post("/v1/paper-applications", json=sent, headers=intake.token(Role.OFFICER))
    assert pointers(problem(answer, 422, "rules-broken")) == ["/activity", "/attachments"]


async def test_what_lacks_something_is_registered_from_paper_and_refused_from_the_form(intake: InProcess) -> None:
    lacking = {**APPLICATION, "costs": "9000.00 EUR", "separable_bookkeeping": False, "years": 5}
    refused = problem(await apply(intake, **lacking), 422, "rules-broken")
    assert pointers(refused) == ["/separable_bookkeeping", "/costs", "/years"]
    sent = {**lacking, "arrived_on": "2026-01-12", "attachments": [await scan(intake)]}
    answer = await intake.client.post("/v1/paper-applications", json=sent, headers=intake.token(Role.OFFICER))
    assert answer.status_code == 201, answer.text


async def test_an_application_for_a_project_comes_with_its_budget_by_row_and_from_paper_also_without(
    intake: InProcess,
) -> None:
    await intake.given("call/project-2026", fact(CallPublished, call_id="project-2026", basket="project"))
    lacking: dict[str, Any] = {"call_id": "project-2026", "answers": [{"question_id": "members", "value": 120}]}
    refused = problem(await apply(intake, **lacking), 422, "rules-broken")
    assert pointers(refused) == ["/budget"]
    assert (await apply(intake, **lacking, budget=SAMPLES["application.submitted", 3]["budget"])).status_code == 201
    sent = {**APPLICATION, **lacking, "arrived_on": "2026-01-12", "attachments": [await scan(intake)]}
    answer = await intake.client.post("/v1/paper-applications", json=sent, headers=intake.token(Role.OFFICER))
    assert answer.status_code == 201, answer.text


async def test_a_paper_application_counts_by_the_day_on_which_it_came(intake: InProcess) -> None:
    intake.at(datetime(2026, 1, 20, 8, 0, tzinfo=UTC))
    sent = {**APPLICATION, "arrived_on": "2026-01-16", "attachments": [await scan(intake)]}
    answer = await intake.client.post("/v1/paper-applications", json=sent, headers=intake.token(Role.OFFICER))
    assert (answer.status_code, answer.json()["late"]) == (201, False)


async def test_what_comes_on_paper_an_officer_sends_for_the_association(intake: InProcess) -> None:
    officer = intake.token(Role.OFFICER, person="officer-1")
    ids = [(await apply(intake)).json()["application_id"] for _ in range(3)]
    asked = {"standing": "supplement_requested", "request_id": UNKNOWN, "due_on": "2026-01-20"}
    for application_id, told in zip(ids, (asked, {"standing": "in_preparation"}, {"standing": "decided"}), strict=True):
        noted = fact(ApplicationStandingChanged, application_id=application_id, amount="2000.00 EUR", **told)
        await intake.given(f"application/{application_id}", noted)
    paid = fact(ApplicationStandingChanged, application_id=ids[2], amount="2000.00 EUR", standing="paid")
    await intake.given(f"application/{ids[2]}", paid)
    change = {"what": "time", "proposal": "Vuoden 2027 loppuun", "reasons": "Viivästyi"}
    for path, sent in (
        (f"{ids[0]}/supplements", {"request_id": UNKNOWN, "answer": "Liitteenä"}),
        (f"{ids[1]}/withdrawal", {"reason": "Kirje 12.1.2026"}),
        (f"{ids[2]}/change-requests", change),
        (f"{ids[2]}/usage-report", {"used": "2000.00 EUR", "account": "Käytetty"}),
    ):
        for role in (Role.DECISION_MAKER, Role.FINANCE, Role.AUDITOR):
            refused = await intake.client.post(f"/v1/applications/{path}", json=sent, headers=intake.token(role))
            problem(refused, 403, "forbidden")
        answer = await intake.client.post(f"/v1/applications/{path}", json=sent, headers=officer)
        assert answer.status_code in {200, 201}, answer.text
    written = [record async for record in intake.ledger.scan() if record.actor == "officer-1"]
    assert [record.type for record in written] == [
        "application.supplemented", "application.withdrawn", "application.change_requested", "usage_report.submitted",
    ]  # fmt: skip


# --- lists ---------------------------------------------------------------------------------------------------


async def test_registers_show_what_was_shown_then_by_position_and_by_moment(intake: InProcess) -> None:
    officer = intake.token(Role.OFFICER)
    application_id = (await apply(intake)).json()["application_id"]
    before = (await intake.client.get("/v1/applications", headers=officer)).json()
    intake.at(datetime(2026, 1, 13, 8, 0, tzinfo=UTC))
    path = f"/v1/applications/{application_id}"
    await intake.client.post(f"{path}/withdrawal", json={"reason": "Peruttiin"}, headers=applicant(intake))
    now = (await intake.client.get("/v1/applications", headers=officer)).json()
    assert [each["items"][0]["standing"] for each in (before, now)] == ["received", "withdrawn"]
    then = {"position": before["position"]}
    assert (await intake.client.get("/v1/applications", params=then, headers=officer)).json() == before
    moment = {"moment": "2026-01-13T07:59:59+00:00"}
    assert (await intake.client.get("/v1/applications", params=moment, headers=officer)).json() == before
    one = await intake.client.get(path, params=moment, headers=officer)
    assert one.json() == {**before["items"][0], "awaited_attachments": []}
    earlier = await intake.client.get(path, params={"position": 2}, headers=officer)
    problem(earlier, 404, "not-found")
    both = await intake.client.get("/v1/applications", params=then | moment, headers=officer)
    problem(both, 400, "as-of-twice")


async def test_pages_follow_each_other_without_gap_or_repetition(intake: InProcess) -> None:
    sent = [(await apply(intake)).json()["application_id"] for _ in range(7)]
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        asked = {"limit": "3", **cursor}
        page = (await intake.client.get("/v1/applications", params=asked, headers=applicant(intake))).json()
        found += [item["application_id"] for item in page["items"]]
        if page["next"] is None:
            break
        assert len(page["items"]) == 3
        cursor = {"cursor": page["next"]}
    assert found == sorted(sent)
    broken = await intake.client.get("/v1/applications", params={"cursor": "x!"}, headers=applicant(intake))
    problem(broken, 400, "cursor-invalid")


async def test_a_paper_application_may_come_on_the_opening_day_and_not_tomorrow(intake: InProcess) -> None:
    intake.at(datetime(2026, 1, 20, 8, 0, tzinfo=UTC))
    scanned = [await scan(intake)]

    async def register(arrived_on: str) -> httpx.Response:
        sent = {**APPLICATION, "arrived_on": arrived_on, "attachments": scanned}
        return await intake.client.post("/v1/paper-applications", json=sent, headers=intake.token(Role.OFFICER))

    assert (await register("2025-12-15")).status_code == 201
    problem(await register("2025-12-14"), 409, "call-not-open")
    assert pointers(problem(await register("2026-01-21"), 422, "arrives-in-future")) == ["/arrived_on"]
    assert pointers(problem(await register("2026-02-30"), 422, "validation")) == ["/arrived_on"]


async def test_a_slip_in_a_filters_name_is_told(intake: InProcess) -> None:
    answer = await intake.client.get("/v1/applications", params={"standin": "final"}, headers=applicant(intake))
    assert pointers(problem(answer, 422, "validation")) == ["/standin"]
