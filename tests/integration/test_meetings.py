"""Meetings over HTTP on a real database: what a meeting decides is of its own day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.decisions import (
    CaseTransferred,
    CaseWithdrawn,
    DecisionMade,
    DecisionNotified,
    ProposalMade,
    RectificationClaimed,
)
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import UNKNOWN, in_process, pointers, problem
from tests.integration.test_decisions_depth import FEBRUARY, HYTE, Desk
from tests.unit.given import fact

GRANT = {
    "outcome": "granted_in_part", "amount": "1500.00 EUR", "reasons": "Määräraha", "payable_from": ["2026-04-01"],
    "organ": "hyte",
}  # fmt: skip


@pytest.fixture
async def desk(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Desk]:
    async with in_process("decisions", database, tmp_path, FEBRUARY) as service:
        desk = Desk(service)
        await desk.appropriation()
        yield desk


async def convene(desk: Desk, held_on: str, **changed: Any) -> str:
    sent = {"meeting_id": f"hyte-{held_on}", "organ": "hyte", "held_on": held_on, "present": ["olga", "anna"]}
    told = await desk.done("meetings", {**sent, **changed})
    meeting_id: str = told["meeting_id"]
    return meeting_id


async def test_a_meeting_decides_nothing_before_its_day(desk: Desk) -> None:
    meeting = await convene(desk, "2026-02-25")
    case = await desk.case(1, fact(ProposalMade, person="bertta"))
    desk.service.at(datetime(2026, 2, 24, 21, 59, tzinfo=UTC))
    early = await desk.post(f"cases/{case}/decision", {**GRANT, "meeting_id": meeting})
    assert "25.2.2026" in problem(early, 409, "meeting-not-held")["detail"]
    desk.service.at(datetime(2026, 2, 24, 22, 0, tzinfo=UTC))
    await desk.done(f"cases/{case}/decision", {**GRANT, "meeting_id": meeting})
    assert (await desk.shown(f"cases/{case}"))["decided_on"] == "2026-02-25"


async def test_a_decision_that_is_recorded_after_its_meeting_is_of_the_meetings_day(desk: Desk) -> None:
    meeting = await convene(desk, "2026-02-24")
    aid = {"aid": True, "reason": "Myy palveluja"}
    case = await desk.case(1, fact(ProposalMade, person="bertta"))
    desk.service.at(datetime(2027, 1, 4, 8, 0, tzinfo=UTC))
    await desk.done(f"cases/{case}/decision", {**GRANT, "meeting_id": meeting, "de_minimis": aid})
    assert (await desk.shown(f"cases/{case}"))["decided_on"] == "2026-02-24"
    [granted] = (await desk.shown("de-minimis"))["items"]
    assert granted["granted_on"] == "2026-02-24"
    # Its year's appropriation is bound, and there is none of 2027.
    [appropriation] = (await desk.shown("appropriations"))["items"]
    assert (appropriation["appropriation_id"], appropriation["committed"]) == ("operating-2026", "1500.00 EUR")


async def test_a_meeting_does_not_decide_what_came_after_it(desk: Desk) -> None:
    meeting = await convene(desk, "2026-02-24")
    late = await desk.case(1, fact(ProposalMade, person="bertta"), arrived_on="2026-02-25")
    desk.service.at(datetime(2026, 3, 11, 8, 0, tzinfo=UTC))
    answer = await desk.post(f"cases/{late}/decision", {**GRANT, "meeting_id": meeting})
    assert pointers(problem(answer, 422, "meeting-too-early")) == ["/meeting_id"]
    made = fact(DecisionMade, person="bertta", organ=HYTE, decided_on="2026-02-24")
    claimed = fact(RectificationClaimed, received_on="2026-03-10")
    case = await desk.case(2, fact(ProposalMade, person="cecilia"), made, fact(DecisionNotified), claimed)
    stands = {**GRANT, "payable_from": [], "change": False}
    answer = await desk.post(f"cases/{case}/claim-decision", {**stands, "meeting_id": meeting})
    assert "the claim came on 10.3.2026" in problem(answer, 422, "meeting-too-early")["detail"]
    await desk.done(f"cases/{case}/claim-decision", {**stands, "meeting_id": await convene(desk, "2026-03-10")})
    [*_, decided] = await desk.service.ledger.stream(f"case/{case}")
    assert (decided.type, decided.data["decided_on"]) == ("rectification.decided", "2026-03-10")


async def test_nobody_is_present_twice(desk: Desk) -> None:
    sent = {"meeting_id": "hyte-1", "organ": "hyte", "held_on": "2026-02-24", "present": ["olga", "anna", "olga"]}
    assert pointers(problem(await desk.post("meetings", sent), 422, "present-twice")) == ["/present/2"]


async def test_an_agenda_holds_what_waits_for_a_decision(desk: Desk) -> None:
    meeting = await convene(desk, "2026-02-24")
    waits = await desk.case(1, fact(ProposalMade, person="bertta"))
    claimed = await desk.case(
        2, fact(ProposalMade), fact(DecisionMade), fact(DecisionNotified), fact(RectificationClaimed)
    )
    closed = [await desk.case(3, fact(CaseWithdrawn)), await desk.case(4, fact(CaseTransferred))]
    headers = desk.service.token(Role.OFFICER)

    async def agenda(*items: tuple[str, str]) -> httpx.Response:
        sent = {"items": [{"application_id": case, "matter": matter} for case, matter in items]}
        return await desk.service.client.put(f"/v1/meetings/{meeting}/agenda", json=sent, headers=headers)

    for case, matter, slug in (
        (claimed, "decision", "nothing-to-decide"), (closed[0], "decision", "nothing-to-decide"),
        (closed[1], "decision", "nothing-to-decide"), (waits, "claim", "no-claim"), (UNKNOWN, "claim", "unknown-case"),
    ):  # fmt: skip
        answer = await agenda((waits, "decision"), (case, matter))
        assert pointers(problem(answer, 422, slug)) == ["/items/1"]
    assert (await agenda((claimed, "claim"), (waits, "decision"))).status_code == 200
    shown = await desk.shown(f"meetings/{meeting}")
    assert [(item["application_id"], item["matter"]) for item in shown["agenda"]] == [
        (claimed, "claim"), (waits, "decision"),
    ]  # fmt: skip


async def test_a_supplement_without_a_day_is_due_within_the_countys_days(desk: Desk) -> None:
    desk.service.at(datetime(2026, 12, 10, 8, 0, tzinfo=UTC))
    case = await desk.case(1)
    told = await desk.done(f"cases/{case}/supplement-requests", {"question": "Tilinpäätös?"})
    assert told["due_on"] == (await desk.shown(f"cases/{case}"))["next_deadline"] == "2026-12-28"
