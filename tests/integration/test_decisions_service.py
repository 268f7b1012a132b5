"""Decisions over HTTP on a real database: the appropriation holds, and who may not decide does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from schemas.decisions import AppropriationSet, CaseOpened, ConflictDeclared, DecisionMade, DecisionNotified
from schemas.decisions import ProposalMade as Proposal
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import InProcess, identity, in_process, pointers, problem
from tests.unit.given import fact


@pytest.fixture
async def decisions(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[InProcess]:
    async with in_process("decisions", database, tmp_path, datetime(2026, 2, 24, 8, 0, tzinfo=UTC)) as service:
        yield service


async def given_case(service: InProcess, number: int, applied: str = "2000.00 EUR") -> str:
    """A case with a proposal by bertta."""
    chosen = identity(number)
    opened = fact(CaseOpened, application_id=chosen, applied=applied, diary_number=f"{number}/02.05.01.00/2026")
    await service.given(f"case/{chosen}", opened, fact(Proposal, application_id=chosen, person="bertta"))
    return chosen


async def decide(service: InProcess, case: str, person: str = "anna", amount: str = "2000.00 EUR") -> httpx.Response:
    sent = {
        "outcome": "granted", "amount": amount, "reasons": "Syyt", "conditions": [], "payable_from": ["2026-04-01"],
        "organ": "hyte-johtaja", "meeting_id": None,
    }  # fmt: skip
    headers = service.token(Role.DECISION_MAKER, Role.OFFICER, person=person)
    return await service.client.post(f"/v1/cases/{case}/decision", json=sent, headers=headers)


async def test_decisions_at_the_same_moment_cannot_exceed_the_appropriation(decisions: InProcess) -> None:
    await decisions.given("appropriation/operating-2026", fact(AppropriationSet, amount="5000.00 EUR"))
    cases = [await given_case(decisions, number) for number in range(1, 6)]
    answers = await asyncio.gather(*(decide(decisions, case) for case in cases))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409, 409]
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "appropriation-exceeded")
    shown = (await decisions.client.get("/v1/appropriations", headers=decisions.token(Role.AUDITOR))).json()["items"]
    assert [(each["amount"], each["committed"]) for each in shown] == [("5000.00 EUR", "4000.00 EUR")]
    assert (await decisions.types()).count("decision.made") == 2


async def test_a_case_is_decided_once_however_many_try(decisions: InProcess) -> None:
    await decisions.given("appropriation/operating-2026", fact(AppropriationSet))
    case = await given_case(decisions, 1)
    answers = await asyncio.gather(*(decide(decisions, case, person) for person in ("anna", "cecilia", "doris")))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


async def test_whoever_proposed_or_is_disqualified_does_not_decide_and_the_attempt_is_recorded(
    decisions: InProcess,
) -> None:
    case = await given_case(decisions, 1)
    await decisions.given(f"case/{case}", fact(ConflictDeclared, application_id=case, person="anna"))
    for person in ("bertta", "anna"):
        problem(await decide(decisions, case, person), 403, "may-not-take-part")
    assert (await decisions.types())[-2:] == ["act.refused", "act.refused"]
    shown = await decisions.client.get(f"/v1/cases/{case}", headers=decisions.token(Role.AUDITOR))
    assert shown.json()["refused_acts"] == 2


async def test_a_decision_needs_an_appropriation(decisions: InProcess) -> None:
    case = await given_case(decisions, 1)
    size = await decisions.size()
    problem(await decide(decisions, case), 404, "not-found")
    assert await decisions.size() == size


async def test_more_instalments_than_cents_are_refused(decisions: InProcess) -> None:
    case = await given_case(decisions, 1, "0.01 EUR")
    sent = {
        "outcome": "granted", "amount": "0.01 EUR", "reasons": "Syyt", "payable_from": ["2026-04-01", "2026-05-01"],
        "organ": "hyte-johtaja",
    }  # fmt: skip
    headers = decisions.token(Role.DECISION_MAKER)
    answer = await decisions.client.post(f"/v1/cases/{case}/decision", json=sent, headers=headers)
    assert pointers(problem(answer, 422, "too-many-instalments")) == ["/payable_from"]


async def test_the_last_day_for_a_claim_skips_christmas_and_finality_comes_after_it(decisions: InProcess) -> None:
    case = await given_case(decisions, 1)
    await decisions.given(f"case/{case}", fact(DecisionMade, application_id=case))
    decisions.at(datetime(2026, 12, 7, 8, 0, tzinfo=UTC))
    officer, operator = decisions.token(Role.OFFICER), decisions.token(Role.OPERATOR)
    told = await decisions.client.post(f"/v1/cases/{case}/notice", json={"manner": "electronic"}, headers=officer)
    assert told.json()["last_claim_day"] == "2026-12-28"
    for day, finalised in ((28, 0), (29, 1), (30, 0)):
        decisions.at(datetime(2026, 12, day, 20, 0, tzinfo=UTC))
        run = await decisions.client.post("/v1/deadlines/run", headers=operator)
        assert run.json()["finalised"] == finalised


async def test_anothers_decision_is_not_claimed_against(decisions: InProcess) -> None:
    case = await given_case(decisions, 1)
    notified = fact(DecisionNotified, application_id=case)
    await decisions.given(f"case/{case}", fact(DecisionMade, application_id=case), notified)
    other = decisions.token(Role.ASSOCIATION, association="0116753-1")
    answer = await decisions.client.post(f"/v1/cases/{case}/claims", json={"grounds": "x"}, headers=other)
    problem(answer, 404, "not-found")
