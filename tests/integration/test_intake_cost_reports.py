"""Reports of costs over HTTP: by the association itself, with its own files, once money was granted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.intake import ApplicationStandingChanged, AttachmentStored
from schemas.samples import SAMPLES
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, UNKNOWN, identity, pointers, problem
from tests.integration.intake_office import OTHER_ASSOCIATION, Office, office
from tests.unit.given import fact

REPORT: dict[str, Any] = {
    "period_from": "2026-01-01", "period_until": "2026-06-30",
    "rows": [{"label": "Palkat", "amount": "900.00 EUR"}, {"label": "Vuokra", "amount": "0.01 EUR"}],
}  # fmt: skip
LAST_DAY = datetime(2026, 6, 29, 21, 0, tzinfo=UTC)
"""30.6.2026 begins in Helsinki."""
FILE, OTHERS_FILE = identity(11), identity(12)


@pytest.fixture
async def intake(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(database, tmp_path) as made:
        for association, file in ((ASSOCIATION, FILE), (OTHER_ASSOCIATION, OTHERS_FILE)):
            named = {**SAMPLES["attachment.stored", 1]["file"], "attachment_id": file}
            stored = fact(AttachmentStored, association_id=association, file=named)
            await made.service.given(f"attachment/{file}", stored)
        yield made


async def applied(intake: Office) -> str:
    answer = await intake.apply()
    assert answer.status_code == 201, answer.text
    intake.service.at(LAST_DAY)
    return str(answer.json()["application_id"])


async def stands(intake: Office, application: str, standing: str, **more: Any) -> None:
    changed = fact(ApplicationStandingChanged, application_id=application, standing=standing, **more)
    await intake.service.given(f"application/{application}", changed)


async def report(
    intake: Office, application: str, headers: dict[str, str] | None = None, **changed: Any
) -> httpx.Response:
    path = f"/applications/{application}/cost-reports"
    return await intake.post(path, {**REPORT, **changed}, headers or intake.applicant())


async def test_costs_are_reported_with_files_and_their_sum_and_are_shown(intake: Office) -> None:
    application = await applied(intake)
    problem(await report(intake, application), 409, "not-decided")
    await stands(intake, application, "decided", amount="1500.00 EUR")
    sent = await report(intake, application, attachments=[FILE])
    assert sent.status_code == 201, sent.text
    assert sent.json() == {"application_id": application, "total": "900.01 EUR"}
    [event] = await intake.records("cost_report.submitted")
    assert (event.data["total"], event.data["rows"]) == ("900.01 EUR", REPORT["rows"])
    assert [each["attachment_id"] for each in event.data["attachments"]] == [FILE]
    shown = (await intake.get(f"/applications/{application}", intake.applicant())).json()
    assert shown["cost_reports"] == [
        {"period_from": "2026-01-01", "period_until": "2026-06-30", "total": "900.01 EUR", "state": "sent"}
    ]  # fmt: skip


async def test_a_report_sent_again_with_its_key_is_one(intake: Office) -> None:
    application = await applied(intake)
    await stands(intake, application, "decided", amount="1500.00 EUR")
    headers = intake.applicant() | {"Idempotency-Key": "costs-1"}
    first, again = [await report(intake, application, headers) for _ in range(2)]
    assert (first.json(), again.headers["Idempotency-Replayed"]) == (again.json(), "true")
    assert len(await intake.records("cost_report.submitted")) == 1


async def test_nothing_is_reported_of_what_was_rejected(intake: Office) -> None:
    application = await applied(intake)
    await stands(intake, application, "decided", amount="0.00 EUR")
    problem(await report(intake, application), 409, "nothing-granted")


async def test_every_unknown_file_is_told_and_anothers_file_is_one(intake: Office) -> None:
    application = await applied(intake)
    await stands(intake, application, "decided", amount="1500.00 EUR")
    told = problem(await report(intake, application, attachments=[FILE, OTHERS_FILE, UNKNOWN]), 422, "rules-broken")
    assert pointers(told) == ["/attachments/1", "/attachments/2"]
    assert await intake.records("cost_report.submitted") == []


async def test_only_the_association_reports_or_an_officer_for_it(intake: Office) -> None:
    application = await applied(intake)
    await stands(intake, application, "decided", amount="1500.00 EUR")
    problem(await report(intake, application, intake.applicant(association=OTHER_ASSOCIATION)), 404, "not-found")
    problem(await report(intake, UNKNOWN), 404, "not-found")
    for role in (Role.DECISION_MAKER, Role.FINANCE, Role.AUDITOR):
        problem(await report(intake, application, intake.service.token(role)), 403, "forbidden")
    await intake.name(role="mandate", person="valtuutettu")
    problem(await report(intake, application), 403, "no-mandate")
    assert (await report(intake, application, intake.applicant("valtuutettu"))).status_code == 201
    assert (await report(intake, application, intake.officer())).status_code == 201


LARGEST = "999999999999.99 EUR"


@pytest.mark.parametrize(
    ("changed", "slug", "pointer"),
    [
        ({"period_until": "2025-12-31"}, "period-backwards", "/period_until"),
        ({"period_until": "2026-07-01"}, "period-not-over", "/period_until"),
        ({"attachments": [FILE, FILE]}, "rules-broken", "/attachments/1"),
        ({"rows": [{"label": "Palkat", "amount": LARGEST}] * 2}, "total-too-large", "/rows"),
        ({"rows": []}, "validation", "/rows"),
        ({"rows": [{"label": "Palkat", "amount": "-1.00 EUR"}]}, "validation", "/rows/0/amount"),
        ({"total": "900.01 EUR"}, "validation", "/total"),
    ],
)
async def test_a_wrong_report_is_told_its_place(
    intake: Office, changed: dict[str, Any], slug: str, pointer: str
) -> None:
    application = await applied(intake)
    await stands(intake, application, "decided", amount="1500.00 EUR")
    answer = await report(intake, application, **changed)
    assert pointers(problem(answer, 422, slug)) == [pointer]
