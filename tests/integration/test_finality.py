"""Claims for rectification, notice of what is decided on them, and finality, over HTTP on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.decisions import ConflictDeclared, MeetingConvened
from services.ledger import Context, NewEvent, StreamWrite, Unit
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, in_process, pointers, problem
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
    await decide_claim(desk, case, "2026-12-30")
    shown = await desk.shown(f"cases/{case}")
    assert (shown["state"], shown["amount"], shown["claim_outcome"]) == ("final", "1500.00 EUR", "not_examined")


async def decide_claim(desk: Desk, case: str, held_on: str) -> None:
    """The committee leaves the decision as it is."""
    meeting = fact(MeetingConvened, organ=HYTE, present=["olga"], held_on=held_on)
    await desk.service.given(f"meeting/hyte-{held_on}", meeting)
    stands = {"outcome": "granted_in_part", "amount": "1500.00 EUR", "reasons": "Peruste", "change": False}
    await desk.done(f"cases/{case}/claim-decision", {**stands, "organ": HYTE, "meeting_id": f"hyte-{held_on}"})


async def claim_decided(desk: Desk) -> str:
    """A claim that the committee examined on 14.12.2026, and of which no notice was given yet."""
    case = await notified(desk, 1)
    await desk.done(f"cases/{case}/claims", {"grounds": "Laskuvirhe"})
    desk.service.at(datetime(2026, 12, 14, 8, 0, tzinfo=UTC))
    await decide_claim(desk, case, "2026-12-14")
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


async def test_finality_begins_after_the_last_day_also_where_the_service_stood_still_for_a_month(desk: Desk) -> None:
    case = await notified(desk, 1)
    desk.service.at(datetime(2027, 1, 28, 8, 0, tzinfo=UTC))
    assert (await desk.done("deadlines/run"))["finalised"] == 1
    shown = await desk.shown(f"cases/{case}")
    assert (shown["state"], shown["final_on"]) == ("final", "2026-12-29")


async def test_each_decision_becomes_final_once_however_many_replicas_look_at_once(desk: Desk) -> None:
    cases = [await notified(desk, number) for number in range(1, 6)]
    desk.service.at(datetime(2026, 12, 29, 8, 0, tzinfo=UTC))
    told = await asyncio.gather(*(desk.done("deadlines/run") for _ in range(4)))
    assert sum(each["finalised"] for each in told) == len(cases)
    assert (await desk.service.types()).count("decision.became_final") == len(cases)


async def test_a_case_that_cannot_be_read_holds_up_the_finality_of_no_other(desk: Desk) -> None:
    cases = [await notified(desk, number) for number in (1, 2, 3)]
    stream = f"case/{cases[0]}"
    unknown = NewEvent("case.unknown_here", b"{}", 9)
    write = StreamWrite(stream, len(await desk.service.ledger.stream(stream)), (unknown,))
    await desk.service.ledger.append(Unit(Context("given", "given"), (write,)))
    desk.service.at(datetime(2026, 12, 29, 8, 0, tzinfo=UTC))
    assert (await desk.done("deadlines/run"))["finalised"] == 2
    assert [(await desk.shown(f"cases/{case}"))["state"] for case in cases] == ["notified", "final", "final"]


async def test_a_claim_that_came_in_time_and_was_recorded_when_the_decision_was_final_is_examined(desk: Desk) -> None:
    case = await notified(desk, 1)
    desk.service.at(datetime(2026, 12, 29, 8, 0, tzinfo=UTC))
    assert (await desk.done("deadlines/run"))["finalised"] == 1
    letter = {"grounds": "Laskuvirhe", "received_at": "2026-12-28T14:59:59+02:00"}
    assert (await desk.done(f"cases/{case}/claims", letter))["in_time"] is True
    shown = await desk.shown(f"cases/{case}")
    assert (shown["state"], shown["final_on"]) == ("claimed", None)
    [claimed] = [r for r in await desk.service.ledger.stream(f"case/{case}") if r.type == "rectification.claimed"]
    assert claimed.data["received_on"] == "2026-12-28"
    assert (await desk.done("deadlines/run"))["finalised"] == 0
    await decide_claim(desk, case, "2026-12-29")
    told = await desk.done(f"cases/{case}/claim-notice", {"manner": "electronic"})
    desk.service.at(datetime.fromisoformat(told["last_appeal_day"]).replace(tzinfo=UTC) + timedelta(days=1))
    assert (await desk.done("deadlines/run"))["finalised"] == 1
    assert (await desk.shown(f"cases/{case}"))["state"] == "final"


@pytest.mark.parametrize(
    ("received_at", "in_time"),
    [("2026-12-28T15:00:00+02:00", False), ("2026-12-28T12:59:59Z", True), ("2026-12-07T00:00:00+02:00", True)],
)
async def test_the_registry_says_when_a_claim_came(desk: Desk, received_at: str, in_time: bool) -> None:
    case = await notified(desk, 1)
    desk.service.at(datetime(2027, 1, 4, 8, 0, tzinfo=UTC))
    told = await desk.done(f"cases/{case}/claims", {"grounds": "Laskuvirhe", "received_at": received_at})
    assert told["in_time"] is in_time


@pytest.mark.parametrize(
    ("received_at", "slug"),
    [
        ("2027-01-04T10:01:00+02:00", "not-received-then"),
        ("9999-12-31T23:59:59-12:00", "not-received-then"),
        ("2025-12-31T23:59:00+02:00", "before-the-decision"),
        ("2020-01-01T00:00:00+02:00", "before-the-decision"),
        ("0001-01-01T00:00:00+14:00", "not-received-then"),
    ],
)
async def test_no_claim_comes_in_the_future_or_before_the_decision(desk: Desk, received_at: str, slug: str) -> None:
    case = await notified(desk, 1)
    desk.service.at(datetime(2027, 1, 4, 8, 0, tzinfo=UTC))
    sent = {"grounds": "Laskuvirhe", "received_at": received_at}
    assert pointers(problem(await desk.post(f"cases/{case}/claims", sent), 422, slug)) == ["/received_at"]
    undecided = await desk.post(f"cases/{await desk.case(2)}/claims", sent)
    problem(undecided, *((422, slug) if slug == "not-received-then" else (409, "not-notified")))


async def test_an_association_does_not_say_when_its_claim_came(desk: Desk) -> None:
    case = await notified(desk, 1)
    desk.service.at(datetime(2027, 1, 4, 8, 0, tzinfo=UTC))
    own = desk.service.token(Role.ASSOCIATION, association=ASSOCIATION)
    sent = {"grounds": "Laskuvirhe", "received_at": "2026-12-28T12:00:00+02:00"}
    answer = await desk.service.client.post(f"/v1/cases/{case}/claims", json=sent, headers=own)
    assert pointers(problem(answer, 422, "not-the-registry")) == ["/received_at"]
    assert (await desk.shown(f"cases/{case}"))["state"] == "notified"
