"""De minimis aid over HTTP on a real database: the limit holds under concurrency, the register says what counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.decisions import AppropriationSet, CaseOpened, MeetingConvened, ProposalMade, RectificationClaimed
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import InProcess, identity, in_process, pointers, problem
from tests.unit.given import fact

APPLIED = "160000.00 EUR"
HYTE = "Hyvinvoinnin ja terveyden edistämisen lautakunta"
AT_MEETING = {"organ": HYTE, "meeting_id": "hyte-2026-02-24"}


@pytest.fixture
async def decisions(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[InProcess]:
    async with in_process("decisions", database, tmp_path, datetime(2026, 2, 24, 8, 0, tzinfo=UTC)) as service:
        await service.given("appropriation/operating-2026", fact(AppropriationSet, amount="900000.00 EUR"))
        convened = fact(MeetingConvened, organ=HYTE, present=["anna", "doris"])
        await service.given("meeting/hyte-2026-02-24", convened)
        yield service


async def given_case(service: InProcess, number: int, **changed: Any) -> str:
    chosen = identity(number)
    opened = fact(
        CaseOpened, application_id=chosen, applied=APPLIED, diary_number=f"{number}/02.05.01.00/2026",
        association_name="=Kaava ry", **changed,
    )  # fmt: skip
    await service.given(f"case/{chosen}", opened, fact(ProposalMade, application_id=chosen, person="bertta"))
    return chosen


async def decide(service: InProcess, case: str, *, aid: bool) -> httpx.Response:
    sent = {
        "outcome": "granted", "amount": APPLIED, "reasons": "Syyt", "payable_from": ["2026-04-01"],
        **AT_MEETING, "de_minimis": {"aid": aid, "reason": "Myy palveluja"},
    }  # fmt: skip
    headers = service.token(Role.DECISION_MAKER, person="anna")
    return await service.client.post(f"/v1/cases/{case}/decision", json=sent, headers=headers)


async def test_two_decisions_at_the_same_moment_do_not_pass_the_limit(decisions: InProcess) -> None:
    cases = [await given_case(decisions, number) for number in (1, 2)]
    answers = await asyncio.gather(*(decide(decisions, case, aid=True) for case in cases))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (refused,) = (answer for answer in answers if answer.status_code == 409)
    assert "140000.00 EUR can be granted at most" in problem(refused, 409, "de-minimis-exceeded")["detail"]
    assert (await decisions.types()).count("decision.made") == 1


async def test_what_is_no_aid_says_why_and_counts_nothing(decisions: InProcess) -> None:
    cases = [await given_case(decisions, number) for number in (1, 2)]
    for case in cases:
        assert (await decide(decisions, case, aid=False)).status_code == 200
    officer = decisions.token(Role.OFFICER)
    assert (await decisions.client.get("/v1/de-minimis", headers=officer)).json()["items"] == []
    shown = (await decisions.client.get(f"/v1/cases/{cases[0]}", headers=officer)).json()
    assert (shown["de_minimis"], shown["de_minimis_reason"]) == (False, "Myy palveluja")


async def test_the_register_is_a_list_and_a_file_and_follows_a_changed_decision(decisions: InProcess) -> None:
    case = await given_case(decisions, 1)
    assert (await decide(decisions, case, aid=True)).status_code == 200
    await decisions.given(f"case/{case}", fact(RectificationClaimed, application_id=case, received_on="2026-02-24"))
    change = {
        "outcome": "granted_in_part", "amount": "150000.00 EUR", "reasons": "Laskuvirhe", "change": True,
        "payable_from": ["2026-04-01"], **AT_MEETING,
    }  # fmt: skip
    headers = decisions.token(Role.DECISION_MAKER, person="doris")
    changed = await decisions.client.post(f"/v1/cases/{case}/claim-decision", json=change, headers=headers)
    assert changed.status_code == 200, changed.text
    auditor = decisions.token(Role.AUDITOR)
    (aid,) = (await decisions.client.get("/v1/de-minimis", params={"year": 2026}, headers=auditor)).json()["items"]
    assert aid["register_by"] == "2026-03-24"
    assert (aid["amount"], aid["granted_on"], aid["three_years_before"]) == ("150000.00 EUR", "2026-02-24", "0.00 EUR")
    assert (await decisions.client.get("/v1/de-minimis", params={"year": 2025}, headers=auditor)).json()["items"] == []
    file = (await decisions.client.get("/v1/de-minimis/register.csv", headers=auditor)).content.decode()
    assert file.startswith("\ufeffHakemusnumero;Tuensaaja;Y-tunnus;")
    assert file.splitlines()[0].endswith(";Muutettu;Rekisteröitävä viimeistään")
    assert (
        file.splitlines()[1]
        == "1/02.05.01.00/2026;'=Kaava ry;2050864-5;2026-02-24;150000,00;0,00;2026-02-24;2026-03-24"
    )


AID = {"aid": True, "reason": "Myy palveluja"}
REJECTED = {"outcome": "rejected", "amount": "0.00 EUR", "reasons": "Syyt", **AT_MEETING}


async def rejected(
    service: InProcess, number: int, activity: str = "patients-and-disability-organisations", **said: Any
) -> str:
    """A rejection with a claim against it."""
    case = await given_case(service, number, activity=activity)
    headers = service.token(Role.DECISION_MAKER, person="anna")
    answer = await service.client.post(f"/v1/cases/{case}/decision", json={**REJECTED, **said}, headers=headers)
    assert answer.status_code == 200, answer.text
    await service.given(f"case/{case}", fact(RectificationClaimed, application_id=case, received_on="2026-02-24"))
    return case


async def decide_claim(service: InProcess, case: str, **said: Any) -> httpx.Response:
    granted = {
        "outcome": "granted", "amount": APPLIED, "reasons": "Laskuvirhe", "change": True,
        "payable_from": ["2026-04-01"], **AT_MEETING,
    }  # fmt: skip
    headers = service.token(Role.DECISION_MAKER, person="doris")
    return await service.client.post(f"/v1/cases/{case}/claim-decision", json={**granted, **said}, headers=headers)


async def listed(service: InProcess) -> list[str]:
    answer = await service.client.get("/v1/de-minimis", headers=service.token(Role.AUDITOR))
    return [each["amount"] for each in answer.json()["items"]]


@pytest.mark.parametrize(("before", "after"), [(AID, None), (None, AID), ({"aid": False, "reason": "Ei"}, AID)])
async def test_what_a_claim_turns_into_a_grant_counts_as_aid_and_stays_within_the_limit(
    decisions: InProcess, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> None:
    first, second = [await rejected(decisions, number, de_minimis=before) for number in (1, 2)]
    assert await listed(decisions) == []
    assert (await decide_claim(decisions, first, de_minimis=after)).status_code == 200
    assert await listed(decisions) == [APPLIED]
    problem(await decide_claim(decisions, second, de_minimis=after), 409, "de-minimis-exceeded")
    assert await listed(decisions) == [APPLIED]


async def test_a_claim_may_find_that_a_grant_is_no_aid(decisions: InProcess) -> None:
    case = await given_case(decisions, 1)
    assert (await decide(decisions, case, aid=True)).status_code == 200
    await decisions.given(f"case/{case}", fact(RectificationClaimed, application_id=case, received_on="2026-02-24"))
    stays = {"change": False, "de_minimis": {"aid": False, "reason": "Ei myy"}}
    assert pointers(problem(await decide_claim(decisions, case, **stays), 422, "nothing-to-assess")) == ["/de_minimis"]
    assert (await decide_claim(decisions, case, **{**stays, "change": True})).status_code == 200
    assert await listed(decisions) == ["0.00 EUR"]
    shown = (await decisions.client.get(f"/v1/cases/{case}", headers=decisions.token(Role.AUDITOR))).json()
    assert (shown["de_minimis"], shown["de_minimis_reason"]) == (False, "Ei myy")


async def test_a_claim_grants_nothing_for_what_is_not_the_countys_task_until_its_part_is_decided(
    decisions: InProcess,
) -> None:
    case = await rejected(decisions, 1, activity="cultural-work")
    problem(await decide_claim(decisions, case), 409, "task-undecided")
    officer = decisions.token(Role.OFFICER, person="otto")
    part = {"task": "county_part", "eligible": "40000.00 EUR", "reason": "Kulttuurihyvinvointityö"}
    answer = await decisions.client.post(f"/v1/cases/{case}/task", json=part, headers=officer)
    assert answer.status_code == 200, answer.text
    problem(await decide_claim(decisions, case), 422, "more-than-the-countys-part")
    granted = {"outcome": "granted_in_part", "amount": "40000.00 EUR"}
    assert (await decide_claim(decisions, case, **granted)).status_code == 200
    problem(await decisions.client.post(f"/v1/cases/{case}/task", json=part, headers=officer), 409, "decided-already")
