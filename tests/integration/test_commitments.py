"""What decisions bind, over HTTP on a real database: an appropriation by its year, a call's own share beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from schemas.decisions import AppropriationSet, CallNoted, ConflictDeclared, ProposalMade
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import in_process, problem
from tests.integration.test_decisions_depth import DECISION, FEBRUARY, Desk
from tests.unit.given import fact


@pytest.fixture
async def desk(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Desk]:
    async with in_process("decisions", database, tmp_path, FEBRUARY) as service:
        yield Desk(service)


async def call(desk: Desk, **terms: Any) -> None:
    plain: dict[str, Any] = {"criteria": [], "assessors": 1, "attachments": [], **terms}
    await desk.service.given("call/operating-2026", fact(CallNoted, **plain))


async def proposed(desk: Desk, number: int) -> str:
    return await desk.case(number, fact(ProposalMade, person="bertta"))


async def bound(desk: Desk, name: str) -> tuple[str, str]:
    """What there is, and what of it is bound."""
    page = await desk.shown("appropriations")
    [found] = [each for each in page["items"] if each["appropriation_id"] == name]
    return found["amount"], found["committed"]


async def test_a_calls_own_share_bounds_its_decisions_however_many_decide_at_once(desk: Desk) -> None:
    await call(desk, appropriation="5000.00 EUR")
    await desk.appropriation()
    ids = [await proposed(desk, number) for number in range(1, 9)]
    answers = await asyncio.gather(*(desk.post(f"cases/{case}/decision", DECISION) for case in ids))
    statuses = sorted(answer.status_code for answer in answers)
    fits = 500_000 // 200_000
    assert statuses == [200] * fits + [409] * (len(ids) - fits)
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert "1000.00 EUR of call-operating-2026 is free" in problem(refused, 409, "appropriation-exceeded")["detail"]
    assert await bound(desk, "call-operating-2026") == ("5000.00 EUR", "4000.00 EUR")
    assert await bound(desk, "operating-2026") == ("180000.00 EUR", "4000.00 EUR")


async def test_an_amended_call_has_another_share(desk: Desk) -> None:
    await call(desk, appropriation="1000.00 EUR")
    await desk.appropriation()
    case = await proposed(desk, 1)
    problem(await desk.post(f"cases/{case}/decision", DECISION), 409, "appropriation-exceeded")
    amended = fact(CallNoted, criteria=[], assessors=1, attachments=[], call_version=2, appropriation="2000.00 EUR")
    await desk.service.given("call/operating-2026", amended)
    await desk.done(f"cases/{case}/decision", DECISION)
    assert await bound(desk, "call-operating-2026") == ("2000.00 EUR", "2000.00 EUR")


async def test_a_round_that_is_decided_before_its_year_draws_on_its_own_year(desk: Desk) -> None:
    await call(desk, year=2027, appropriation=None)
    await desk.appropriation()
    await desk.service.given(
        "appropriation/operating-2027", fact(AppropriationSet, appropriation_id="operating-2027", amount=200_000)
    )
    await desk.done(f"cases/{await proposed(desk, 1)}/decision", DECISION)
    assert await bound(desk, "operating-2027") == ("2000.00 EUR", "2000.00 EUR")
    assert await bound(desk, "operating-2026") == ("180000.00 EUR", "0.00 EUR")


async def test_the_share_of_a_call_is_set_with_the_call_alone(desk: Desk) -> None:
    sent = {"appropriation_id": "call-operating-2026", "amount": "5.00 EUR"}
    told = problem(await desk.post("appropriations", sent), 422, "share-of-a-call")
    assert told["errors"][0]["pointer"] == "/appropriation_id"


async def test_a_wrong_conflict_is_lifted_by_a_decision_maker_whom_it_does_not_concern(desk: Desk) -> None:
    case = await desk.case(1, fact(ConflictDeclared, person="anna"))
    lifting = {"person": "anna", "reason": "Erosi hallituksesta 2023"}
    problem(await desk.post(f"cases/{case}/conflicts/lifting", lifting, by="anna"), 403, "may-not-take-part")
    officer = desk.service.token(Role.OFFICER, person="olga")
    answer = await desk.service.client.post(f"/v1/cases/{case}/conflicts/lifting", json=lifting, headers=officer)
    problem(answer, 403, "forbidden")
    problem(await desk.post(f"cases/{case}/assessments", {"points": 5, "reasons": "Syyt"}, by="anna"), 403,
            "may-not-take-part")  # fmt: skip
    await desk.done(f"cases/{case}/conflicts/lifting", lifting, by="board-1")
    assert (await desk.shown(f"cases/{case}"))["disqualified"] == []
    await desk.done(f"cases/{case}/assessments", {"points": 5, "reasons": "Syyt"}, by="anna")
    problem(await desk.post(f"cases/{case}/conflicts/lifting", lifting, by="board-1"), 409, "not-disqualified")
