"""Claims for rectification, notice of what is decided on them, and finality, over HTTP on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.decisions import ConflictDeclared, MeetingConvened
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import in_process, problem
from tests.integration.test_decisions_depth import FEBRUARY, HYTE, Desk
from tests.unit.given import fact


@pytest.fixture
async def desk(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Desk]:
    async with in_process("decisions", database, tmp_path, FEBRUARY) as service:
        yield Desk(service)


async def notified(desk: Desk, number: int) -> str:
    """Notice given on 7.12.2026: the last day is 28.12.2026."""
    case = await desk.decided(number)
    desk.service.at(datetime(2026, 12, 7, 8, 0, tzinfo=UTC))
    told = await desk.done(f"cases/{case}/notice", {"manner": "electronic"})
    assert told["last_claim_day"] == "2026-12-28"
    return case


@pytest.mark.parametrize(("minute", "in_time"), [("12:58", True), ("13:00", False)])
async def test_a_claim_after_three_on_the_last_day_is_late(desk: Desk, minute: str, in_time: bool) -> None:
    case = await notified(desk, 1)
    desk.service.at(datetime.fromisoformat(f"2026-12-28T{minute}:00+00:00"))
    told = await desk.done(f"cases/{case}/claims", {"grounds": "Laskuvirhe"})
    assert told["in_time"] is in_time
    [claimed] = [r for r in await desk.service.ledger.stream(f"case/{case}") if r.type == "rectification.claimed"]
    assert claimed.data["received_on"] == "2026-12-28"


async def test_a_decision_is_final_after_the_last_day_and_not_on_it_also_after_a_restart(
    database: FreshDatabase, tmp_path: Path
) -> None:
    async with in_process("decisions", database, tmp_path, FEBRUARY) as service:
        desk = Desk(service)
        cases = [await notified(desk, number) for number in (1, 2)]
        service.at(datetime(2026, 12, 28, 21, 58, tzinfo=UTC))
        assert (await desk.done("deadlines/run"))["finalised"] == 0
    async with in_process("decisions", database, tmp_path, datetime(2026, 12, 28, 22, 0, tzinfo=UTC)) as service:
        desk = Desk(service)
        assert (await desk.done("deadlines/run"))["finalised"] == 2
        assert (await desk.done("deadlines/run"))["finalised"] == 0
        shown = [await desk.shown(f"cases/{case}") for case in cases]
        assert {(each["state"], each["final_on"]) for each in shown} == {("final", "2026-12-29")}


async def test_a_late_claim_against_a_final_decision_leaves_it_final(desk: Desk) -> None:
    case = await notified(desk, 1)
    desk.service.at(datetime(2026, 12, 30, 8, 0, tzinfo=UTC))
    assert (await desk.done("deadlines/run"))["finalised"] == 1
    assert (await desk.done(f"cases/{case}/claims", {"grounds": "Laskuvirhe"}))["in_time"] is False
    await desk.service.given("meeting/hyte-2026-02-24", fact(MeetingConvened, organ=HYTE, present=["olga"]))
    decision = {
        "outcome": "rejected", "amount": "0.00 EUR", "reasons": "Myöhässä", "change": False, "organ": HYTE,
        "meeting_id": "hyte-2026-02-24",
    }  # fmt: skip
    await desk.done(f"cases/{case}/claim-decision", decision)
    shown = await desk.shown(f"cases/{case}")
    assert (shown["state"], shown["amount"], shown["claim_outcome"]) == ("final", "1500.00 EUR", "not_examined")


async def claim_decided(desk: Desk) -> str:
    """A claim that the committee examined on 14.12.2026, and of which no notice was given yet."""
    case = await notified(desk, 1)
    await desk.done(f"cases/{case}/claims", {"grounds": "Laskuvirhe"})
    desk.service.at(datetime(2026, 12, 14, 8, 0, tzinfo=UTC))
    await desk.service.given("meeting/hyte-2026-12-14", fact(MeetingConvened, organ=HYTE, present=["olga"]))
    upheld = {"outcome": "granted_in_part", "amount": "1500.00 EUR", "reasons": "Peruste", "change": False}
    await desk.done(f"cases/{case}/claim-decision", {**upheld, "organ": HYTE, "meeting_id": "hyte-2026-12-14"})
    return case


async def test_a_decision_whose_claim_was_examined_waits_for_notice_and_the_days_to_appeal(desk: Desk) -> None:
    case = await claim_decided(desk)
    desk.service.at(datetime(2027, 2, 1, 8, 0, tzinfo=UTC))
    assert (await desk.done("deadlines/run"))["finalised"] == 0
    assert (await desk.shown(f"cases/{case}"))["state"] == "claim_decided"
    told = await desk.done(f"cases/{case}/claim-notice", {"manner": "electronic"})
    assert told["last_appeal_day"] == "2027-03-08"
    problem(await desk.post(f"cases/{case}/claim-notice", {"manner": "electronic"}), 409, "notified-already")
    shown = await desk.shown(f"cases/{case}")
    assert (shown["state"], shown["last_open_day"]) == ("notified", "2027-03-08")
    for day, finalised in ((8, 0), (9, 1)):
        desk.service.at(datetime(2027, 3, day, 8, 0, tzinfo=UTC))
        assert (await desk.done("deadlines/run"))["finalised"] == finalised
    shown = await desk.shown(f"cases/{case}")
    assert (shown["state"], shown["final_on"], shown["claim_outcome"]) == ("final", "2027-03-09", "upheld")


async def test_notice_of_a_claims_decision_needs_one_and_somebody_who_may_take_part(desk: Desk) -> None:
    case = await notified(desk, 2)
    problem(await desk.post(f"cases/{case}/claim-notice", {"manner": "letter"}), 409, "claim-not-decided")
    decided = await claim_decided(desk)
    await desk.service.given(f"case/{decided}", fact(ConflictDeclared, application_id=decided, person="olga"))
    problem(await desk.post(f"cases/{decided}/claim-notice", {"manner": "letter"}), 403, "may-not-take-part")
    assert (await desk.shown(f"cases/{decided}"))["refused_acts"] == 1
