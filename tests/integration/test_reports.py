"""A report of use from its request to its acceptance, in each service by itself: the days bring it, officers check it,
and payments hold what is overdue.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.decisions import (
    CallNoted,
    CaseOpened,
    ChangeDecided,
    ChangeReceived,
    ConflictDeclared,
    DecisionBecameFinal,
    DecisionMade,
    DecisionNotified,
    PaymentNoted,
    ProposalMade,
    ReportAccepted,
    ReportReceived,
    ReportReminded,
)
from schemas.payments import GrantAwarded, GrantReleased
from services.ledger import Context, Unit
from services.ledger.records import Record, decode_body, encode_body
from services.payments.reactions import Reactions
from services.web.handling import event_of
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, InProcess, identity, in_process, problem
from tests.unit.given import county, fact

CASE = identity(1)
CALL = fact(CallNoted, reports_due_on=["2026-11-30"])


@pytest.fixture
async def decisions(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[InProcess]:
    async with in_process("decisions", database, tmp_path, datetime(2026, 10, 1, 8, 0, tzinfo=UTC)) as service:
        await service.given("call/operating-2026", CALL)
        kinds = (CaseOpened, ProposalMade, DecisionMade, DecisionNotified, DecisionBecameFinal, PaymentNoted)
        await service.given(f"case/{CASE}", *(fact(kind, application_id=CASE) for kind in kinds))
        yield service


async def bring(service: InProcess, month: int, day: int) -> int:
    """What the timer does on a day."""
    service.at(datetime(2026, month, day, 9, 0, tzinfo=UTC))
    run = await service.client.post("/v1/deadlines/run", headers=service.token(Role.OPERATOR))
    return int(run.json()["reports"])


async def act(service: InProcess, path: str, person: str = "anna", **sent: Any) -> httpx.Response:
    headers = service.token(Role.OFFICER, person=person)
    return await service.client.post(f"/v1/cases/{CASE}/reports/1/{path}", json=sent, headers=headers)


async def test_the_days_ask_and_remind_once_and_officers_check_both_parts(decisions: InProcess) -> None:
    assert [await bring(decisions, 10, 30), await bring(decisions, 10, 31), await bring(decisions, 11, 30)] == [0, 1, 0]
    assert [await bring(decisions, 12, 1), await bring(decisions, 12, 2)] == [1, 0]
    problem(await act(decisions, "checks", part="money", sound=True, remarks="Ok"), 409, "report-not-here")
    await decisions.given(f"case/{CASE}", fact(ReportReceived, application_id=CASE))
    for part in ("content", "money"):
        assert (await act(decisions, "checks", part=part, sound=True, remarks="Ok")).status_code == 201
    await decisions.given(f"case/{CASE}", fact(ConflictDeclared, application_id=CASE, person="bertta"))
    problem(await act(decisions, "acceptance", person="bertta", unused="0.00 EUR"), 403, "may-not-take-part")
    assert (await act(decisions, "acceptance", unused="100.00 EUR")).status_code == 200
    shown = await decisions.client.get(f"/v1/cases/{CASE}", headers=decisions.token(Role.AUDITOR))
    assert shown.json()["reports"] == {
        "1": {
            "due_on": "2026-11-30", "used": "1400.00 EUR", "unused": "100.00 EUR", "state": "accepted",
            "checks": {"content": True, "money": True},
        }
    }  # fmt: skip


async def test_an_unknown_report_is_not_found_and_a_returned_one_has_a_new_day(decisions: InProcess) -> None:
    problem(await act(decisions, "acceptance", unused="0.00 EUR"), 404, "not-found")
    await decisions.given(f"case/{CASE}", fact(ReportReceived, application_id=CASE))
    returned = await act(decisions, "return", reason="Kuitit puuttuvat", due_on="2026-12-15")
    assert returned.status_code == 200, returned.text
    assert (await decisions.types())[-1] == "report.returned"
    assert [await bring(decisions, 12, 15), await bring(decisions, 12, 16), await bring(decisions, 12, 17)] == [0, 1, 0]
    assert (await decisions.types())[-1] == "report.reminded"


async def test_a_report_that_got_more_time_is_reminded_of_again_when_that_is_over(decisions: InProcess) -> None:
    assert [await bring(decisions, 11, 1), await bring(decisions, 12, 1)] == [1, 1]
    asked = fact(ChangeReceived, application_id=CASE, what="time")
    more = fact(ChangeDecided, application_id=CASE, reports_due_on=["2026-12-15"])
    await decisions.given(f"case/{CASE}", asked, more)
    assert [await bring(decisions, 12, 15), await bring(decisions, 12, 16), await bring(decisions, 12, 17)] == [0, 1, 0]


async def test_an_overdue_report_holds_what_is_still_to_be_paid_until_it_is_accepted(
    database: FreshDatabase, tmp_path: Path
) -> None:
    async with in_process("payments", database, tmp_path, datetime(2026, 12, 2, 8, 0, tzinfo=UTC)) as service:
        kinds = (GrantAwarded, GrantReleased)
        await service.given(f"grant/{CASE}", *(fact(kind, application_id=CASE) for kind in kinds))
        reactions = Reactions(service.ledger, county())

        async def happened(of: Any) -> None:
            """Twice, as messages may come."""
            for _ in range(2):
                writes = await reactions.by_type()["decisions"][of.event_type](record_of(of))
                written = tuple(each for each in writes if each.events)
                await service.ledger.append(Unit(Context("reaction", "test"), written))

        async def held() -> list[str | None]:
            headers = service.token(Role.FINANCE)
            items = (await service.client.get("/v1/payables", headers=headers)).json()["items"]
            return [item["held"] for item in items]

        assert await held() == [None]
        await happened(fact(ReportReminded, application_id=CASE))
        (reason,) = await held()
        assert reason is not None
        assert "report of use is overdue" in reason
        proposed = await service.client.post(
            "/v1/runs", json={"execution_date": "2026-12-03"}, headers=service.token(Role.FINANCE)
        )
        problem(proposed, 409, "nothing-payable")
        await happened(fact(ReportAccepted, application_id=CASE))
        assert await held() == [None]
        assert [kind for kind in await service.types() if "hold" in kind or "held" in kind] == [
            "grant.held", "grant.hold_lifted",
        ]  # fmt: skip


def record_of(of: Any) -> Record:
    """A fact as a message brings it."""
    event = event_of(of)
    body = encode_body(7, "2026-12-01T08:00:00.000000Z", event, f"case/{CASE}", 7, Context("anna", "test"))
    return decode_body(body)


async def test_a_recovery_waits_until_the_applicant_was_heard(decisions: InProcess) -> None:
    planned = {"grounds": "Jäi käyttämättä", "amount": "300.00 EUR", "answer_by": "2026-10-20"}
    recovery = {"amount": "300.00 EUR", "grounds": "Jäi käyttämättä", "due_on": "2026-12-02"}
    officer, board = decisions.token(Role.OFFICER), decisions.token(Role.DECISION_MAKER, person="board-1")

    async def recover() -> httpx.Response:
        return await decisions.client.post(f"/v1/cases/{CASE}/recovery", json=recovery, headers=board)

    problem(await recover(), 409, "not-heard")
    opened = await decisions.client.post(f"/v1/cases/{CASE}/hearings", json=planned, headers=officer)
    assert opened.status_code == 201, opened.text
    problem(await recover(), 409, "hearing-open")
    answer = f"/v1/cases/{CASE}/hearings/{opened.json()['hearing_id']}/answer"
    stranger = decisions.token(Role.ASSOCIATION, association="1234567-1")
    problem(await decisions.client.post(answer, json={"answer": "Ei"}, headers=stranger), 404, "not-found")
    own = decisions.token(Role.ASSOCIATION, association=ASSOCIATION)
    assert (await decisions.client.post(answer, json={"answer": "Palautamme"}, headers=own)).status_code == 200
    assert (await recover()).status_code == 201
    assert (await decisions.types())[-3:] == ["hearing.opened", "hearing.answered", "recovery.decided"]
