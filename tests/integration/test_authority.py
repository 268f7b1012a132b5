"""Who decides, over HTTP on a real database: stand-ins, boards at their meetings, officials, and what comes between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from schemas.decisions import (
    AppropriationSet,
    CaseOpened,
    ConflictDeclared,
    DecisionMade,
    DecisionNotified,
    PersonNoted,
    ProposalMade,
    RectificationClaimed,
)
from schemas.facts import Fact
from services.ledger import Appended, Ledger, Record, Unit
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, InProcess, identity, in_process, pointers, problem
from tests.unit.given import fact

FEBRUARY = datetime(2026, 2, 24, 8, 0, tzinfo=UTC)
LAST_SECOND = datetime(2026, 2, 23, 21, 59, 59, tzinfo=UTC)
MIDNIGHT = datetime(2026, 2, 23, 22, 0, tzinfo=UTC)
"""24.2.2026 begins in Helsinki."""
HYTE = "Hyvinvoinnin ja terveyden edistämisen lautakunta"
OFFICIAL = "Hyvinvoinnin edistämisen johtaja"
BOARD = ["anna", "bertta", "cecilia"]
GRANT = {
    "outcome": "granted", "amount": "2000.00 EUR", "reasons": "Syyt", "payable_from": ["2026-04-01"],
    "organ": "hyte-johtaja",
}  # fmt: skip
HOLIDAY = {
    "stand_in": "olga", "valid_from": "2026-02-23", "valid_until": "2026-02-27", "limit": "2000.00 EUR",
    "reason": "Talviloma",
}  # fmt: skip
UPHELD = {"outcome": "granted", "amount": "1500.00 EUR", "reasons": "Peruste", "change": False, "organ": HYTE}


@dataclass
class Office:
    """Anna, Bertta, Cecilia and Doris decide; everybody else is an officer and no decision maker."""

    service: InProcess

    def headers(self, person: str) -> dict[str, str]:
        decides = person in {*BOARD, "doris"}
        return self.service.token(Role.DECISION_MAKER if decides else Role.OFFICER, person=person)

    async def post(self, by: str, path: str, sent: dict[str, Any]) -> httpx.Response:
        return await self.service.client.post(f"/v1/{path}", json=sent, headers=self.headers(by))

    async def done(self, by: str, path: str, sent: dict[str, Any]) -> dict[str, Any]:
        """A command that must succeed."""
        answer = await self.post(by, path, sent)
        assert answer.status_code in {200, 201}, answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def shown(self, path: str) -> dict[str, Any]:
        answer = await self.service.client.get(f"/v1/{path}", headers=self.service.token(Role.AUDITOR))
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def case(self, number: int, *facts: Fact, **opened: Any) -> str:
        """A case of 2 000 euros that Otto proposed, and then these facts."""
        chosen = identity(number)
        own = {"application_id": chosen, "diary_number": f"{number}/02.05.01.00/2026"}
        about = [each.model_copy(update={"application_id": UUID(chosen)}) for each in facts]
        proposed = fact(ProposalMade, application_id=chosen, person="otto")
        await self.service.given(f"case/{chosen}", fact(CaseOpened, **own, **opened), proposed, *about)
        return chosen

    async def claimed(self, number: int, organ: str = HYTE, **decided: Any) -> str:
        """A case with a claim in time against the decision of a body."""
        made = fact(DecisionMade, **{"person": "doris", "organ": organ, **decided})
        return await self.case(
            number, made, fact(DecisionNotified), fact(RectificationClaimed, received_on="2026-02-24")
        )

    async def meeting(self, meeting_id: str = "hyte-1", organ: str = HYTE, present: list[str] | None = None) -> str:
        sent = {"meeting_id": meeting_id, "organ": organ, "held_on": "2026-02-24", "present": present or BOARD}
        await self.done("anna", "meetings", sent)
        return meeting_id

    async def agenda(self, *items: tuple[str, str], by: str = "otto", meeting_id: str = "hyte-1") -> httpx.Response:
        sent = {"items": [{"application_id": case, "matter": matter} for case, matter in items]}
        path = f"/v1/meetings/{meeting_id}/agenda"
        return await self.service.client.put(path, json=sent, headers=self.headers(by))

    async def records(self, case: str) -> list[Record]:
        return await self.service.ledger.stream(f"case/{case}")

    async def refused(self, answer: httpx.Response, case: str, act: str, person: str) -> str:
        """The answer and the last event of the case are the same refused attempt; why."""
        told = problem(answer, 403, "may-not-take-part")["detail"]
        last = (await self.records(case))[-1]
        assert last.type == "act.refused"
        assert (last.data["person"], last.data["act"], last.data["reason"]) == (person, act, told)
        assert isinstance(told, str)
        return told


@pytest.fixture
async def office(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Office]:
    async with in_process("decisions", database, tmp_path, FEBRUARY) as service:
        await service.given("appropriation/operating-2026", fact(AppropriationSet, amount="180000.00 EUR"))
        yield Office(service)


@contextmanager
def meanwhile(ledger: Ledger, happens: Callable[[], Awaitable[object]]) -> Iterator[list[Unit]]:
    """Something happens after the next command has loaded and before it appends; what was brought to the ledger."""
    append, brought = ledger.append, list[Unit]()

    async def later(unit: Unit) -> Appended:
        brought.append(unit)
        if len(brought) == 1:
            ledger.append = append  # type: ignore[method-assign]
            await happens()
            ledger.append = later  # type: ignore[method-assign]
        return await append(unit)

    ledger.append = later  # type: ignore[method-assign]
    try:
        yield brought
    finally:
        ledger.append = append  # type: ignore[method-assign]


# --- stand-ins -----------------------------------------------------------------------------------------------


async def test_a_stand_in_decides_for_who_named_them_and_the_decision_says_so(office: Office) -> None:
    told = await office.done("anna", "stand-ins", HOLIDAY)
    case = await office.case(1)
    await office.done("olga", f"cases/{case}/decision", GRANT)
    made = (await office.records(case))[-1]
    assert (made.data["person"], made.data["on_behalf_of"], made.data["organ"]) == ("olga", "anna", OFFICIAL)
    [shown] = (await office.shown("stand-ins"))["items"]
    assert {"stand_in_id": told["stand_in_id"], "principal": "anna", **HOLIDAY}.items() <= shown.items()
    await office.done("anna", f"cases/{await office.case(2)}/decision", GRANT)
    assert (await office.records(identity(2)))[-1].data["on_behalf_of"] is None


async def test_an_officer_whom_nobody_named_decides_nothing(office: Office) -> None:
    await office.done("anna", "stand-ins", {**HOLIDAY, "stand_in": "outi"})
    case, claimed = await office.case(1), await office.claimed(2)
    answer = await office.post("olga", f"cases/{case}/decision", GRANT)
    why = await office.refused(answer, case, "decide", "olga")
    assert why == "olga is no decision maker and stands in for none today"
    answer = await office.post("olga", f"cases/{claimed}/claim-decision", UPHELD)
    assert await office.refused(answer, claimed, "decide_claim", "olga") == why
    assert (await office.shown(f"cases/{case}"))["refused_acts"] == 1


@pytest.mark.parametrize(
    ("moment", "decides"),
    [
        (datetime(2026, 2, 22, 21, 58, tzinfo=UTC), False),
        (datetime(2026, 2, 22, 22, 0, tzinfo=UTC), True),
        (datetime(2026, 2, 27, 21, 58, tzinfo=UTC), True),
        (datetime(2026, 2, 27, 22, 0, tzinfo=UTC), False),
    ],
)
async def test_a_stand_in_decides_from_the_first_helsinki_day_to_the_end_of_the_last(
    office: Office, moment: datetime, decides: bool
) -> None:
    office.service.at(datetime(2026, 2, 20, 8, 0, tzinfo=UTC))
    await office.done("anna", "stand-ins", HOLIDAY)
    case = await office.case(1)
    office.service.at(moment)
    answer = await office.post("olga", f"cases/{case}/decision", GRANT)
    if decides:
        assert answer.status_code == 200, answer.text
        return
    assert "stands in for none today" in await office.refused(answer, case, "decide", "olga")


async def test_a_stand_in_decides_up_to_the_limit_to_the_cent(office: Office) -> None:
    await office.done("anna", "stand-ins", HOLIDAY)
    exactly = await office.case(1)
    await office.done("olga", f"cases/{exactly}/decision", GRANT)
    over = await office.case(2, applied="2000.01 EUR")
    answer = await office.post("olga", f"cases/{over}/decision", {**GRANT, "amount": "2000.01 EUR"})
    why = await office.refused(answer, over, "decide", "olga")
    assert why == "olga stands in for anna up to 2000.00 EUR"


async def test_who_stands_in_for_two_decides_for_the_one_whose_limit_holds(office: Office) -> None:
    await office.done("anna", "stand-ins", {**HOLIDAY, "limit": "100.00 EUR"})
    await office.done("doris", "stand-ins", HOLIDAY)
    case = await office.case(1)
    await office.done("olga", f"cases/{case}/decision", GRANT)
    assert (await office.records(case))[-1].data["on_behalf_of"] == "doris"


@pytest.mark.parametrize(
    ("proposer", "why"),
    [
        ("anna", "anna prepared or decided it before, and so nobody decides in their place"),
        ("olga", "olga made the proposal and so does not decide"),
    ],
    ids=["principal", "stand-in"],
)
async def test_nobody_decides_for_another_what_either_of_them_proposed(office: Office, proposer: str, why: str) -> None:
    await office.done("anna", "stand-ins", HOLIDAY)
    case = await office.case(1, fact(ProposalMade, person=proposer), fact(ProposalMade, person="outi"))
    answer = await office.post("olga", f"cases/{case}/decision", GRANT)
    assert await office.refused(answer, case, "decide", "olga") == why


async def test_a_stand_in_who_is_disqualified_or_tied_to_the_applicant_does_not_decide(office: Office) -> None:
    await office.done("anna", "stand-ins", HOLIDAY)
    case = await office.case(1, fact(ConflictDeclared, person="olga"))
    answer = await office.post("olga", f"cases/{case}/decision", GRANT)
    assert await office.refused(answer, case, "decide", "olga") == "olga is disqualified in this case"
    await office.service.given(f"association/{ASSOCIATION}", fact(PersonNoted, person="olga"))
    tied = await office.case(2)
    answer = await office.post("olga", f"cases/{tied}/decision", GRANT)
    assert "acts for the applicant" in await office.refused(answer, tied, "decide", "olga")


async def test_a_stand_in_decides_a_claim_except_for_who_made_the_decision(office: Office) -> None:
    await office.done("anna", "stand-ins", HOLIDAY)
    meeting = await office.meeting(present=["anna", "olga"])
    annas, doris = await office.claimed(1, person="anna"), await office.claimed(2)
    for_anna = await office.claimed(3, person="stella", on_behalf_of="anna")
    sent = {**UPHELD, "meeting_id": meeting}
    for case in (annas, for_anna):
        answer = await office.post("olga", f"cases/{case}/claim-decision", sent)
        assert "nobody decides in their place" in await office.refused(answer, case, "decide_claim", "olga")
    await office.done("olga", f"cases/{doris}/claim-decision", sent)
    made = (await office.records(doris))[-1]
    assert (made.type, made.data["person"], made.data["on_behalf_of"]) == ("rectification.decided", "olga", "anna")


async def test_a_stand_in_lets_no_sum_stand_that_is_over_the_limit_whatever_the_command_names(office: Office) -> None:
    await office.done("anna", "stand-ins", HOLIDAY)
    meeting = await office.meeting(present=["anna", "olga"])
    more = await office.claimed(1, amount="2000.01 EUR")
    answer = await office.post("olga", f"cases/{more}/claim-decision", {**UPHELD, "meeting_id": meeting})
    assert await office.refused(answer, more, "decide_claim", "olga") == "olga stands in for anna up to 2000.00 EUR"
    as_much = await office.claimed(2, amount="2000.00 EUR")
    await office.done("olga", f"cases/{as_much}/claim-decision", {**UPHELD, "meeting_id": meeting})


async def test_who_is_back_early_ends_it_and_from_the_next_day_the_stand_in_decides_nothing(office: Office) -> None:
    told = await office.done("anna", "stand-ins", HOLIDAY)
    end = f"stand-ins/{told['stand_in_id']}/end"
    for last in ("2026-02-23", "2026-02-27"):
        wrong = problem(await office.post("anna", end, {"valid_until": last}), 422, "no-earlier-end")
        assert pointers(wrong) == ["/valid_until"]
    problem(await office.post("doris", end, {"valid_until": "2026-02-24"}), 404, "not-found")
    problem(await office.post("olga", end, {"valid_until": "2026-02-24"}), 403, "forbidden")
    await office.done("anna", end, {"valid_until": "2026-02-24"})
    [shown] = (await office.shown("stand-ins?stand_in=olga"))["items"]
    assert shown["valid_until"] == "2026-02-24"
    await office.done("olga", f"cases/{await office.case(1)}/decision", GRANT)
    office.service.at(datetime(2026, 2, 25, 8, 0, tzinfo=UTC))
    case = await office.case(2)
    answer = await office.post("olga", f"cases/{case}/decision", GRANT)
    assert "stands in for none today" in await office.refused(answer, case, "decide", "olga")


async def test_nobody_names_a_stand_in_for_somebody_else_or_without_being_a_decision_maker(office: Office) -> None:
    size = await office.service.size()
    for more in ({"principal": "doris"}, {"person": "doris"}, {"stand_in_id": identity(1)}):
        answer = await office.post("anna", "stand-ins", {**HOLIDAY, **more})
        assert answer.status_code == 422, answer.text
    problem(await office.post("olga", "stand-ins", {**HOLIDAY, "stand_in": "outi"}), 403, "forbidden")
    assert await office.service.size() == size


async def test_what_cannot_be_is_refused_with_its_place_and_a_circle_too(office: Office) -> None:
    wrong: list[tuple[dict[str, str], str, str]] = [
        ({"stand_in": "anna"}, "own-stand-in", "/stand_in"),
        ({"valid_until": "2026-02-22"}, "period-over", "/valid_until"),
        ({"valid_from": "2026-02-02", "valid_until": "2026-02-23"}, "period-over", "/valid_until"),
    ]
    for changed, slug, pointer in wrong:
        told = problem(await office.post("anna", "stand-ins", {**HOLIDAY, **changed}), 422, slug)
        assert pointers(told) == [pointer]
    assert (await office.post("anna", "stand-ins", {**HOLIDAY, "limit": "0.00 EUR"})).status_code == 422
    await office.done("anna", "stand-ins", {**HOLIDAY, "stand_in": "doris"})
    problem(await office.post("doris", "stand-ins", {**HOLIDAY, "stand_in": "anna"}), 409, "in-a-circle")
    problem(await office.post("anna", "stand-ins", HOLIDAY), 409, "stood-in-already")


async def test_of_two_who_are_named_at_the_same_moment_one_stands_in(office: Office) -> None:
    stand_ins = [{**HOLIDAY, "stand_in": f"otso-{number}"} for number in range(6)]
    answers = await asyncio.gather(*(office.post("anna", "stand-ins", each) for each in stand_ins))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5


async def test_a_stand_in_whom_another_replica_ends_in_the_same_instant_does_not_decide(
    office: Office, database: FreshDatabase, tmp_path: Path
) -> None:
    """On one replica it is the last second before midnight, on the other the day after."""
    told = await office.done("anna", "stand-ins", HOLIDAY)
    case = await office.case(1)
    folder = tmp_path / "second"
    folder.mkdir()
    async with in_process("decisions", database, folder, LAST_SECOND) as second:
        office.service.at(MIDNIGHT)

        async def end() -> None:
            second.at(LAST_SECOND)
            path = f"stand-ins/{told['stand_in_id']}/end"
            await Office(second).done("anna", path, {"valid_until": "2026-02-23"})

        with meanwhile(office.service.ledger, end) as brought:
            answer = await office.post("olga", f"cases/{case}/decision", GRANT)
    assert "stands in for none today" in await office.refused(answer, case, "decide", "olga")
    assert [[event.type for write in unit.writes for event in write.events] for unit in brought] == [
        ["decision.made", "appropriation.committed"], ["act.refused"],
    ]  # fmt: skip
    assert [record.type for record in await office.records(case)] == ["case.opened", "proposal.made", "act.refused"]


async def test_an_officer_who_is_named_in_the_same_instant_decides(office: Office) -> None:
    case = await office.case(1)
    with meanwhile(office.service.ledger, lambda: office.done("anna", "stand-ins", HOLIDAY)) as brought:
        await office.done("olga", f"cases/{case}/decision", GRANT)
    assert len(brought) == 2
    assert [record.type for record in await office.records(case)][-1] == "decision.made"


async def test_who_comes_to_act_for_the_applicant_in_the_same_instant_does_not_decide(office: Office) -> None:
    case = await office.case(1)
    tied = fact(PersonNoted, person="anna")
    with meanwhile(office.service.ledger, lambda: office.service.given(f"association/{ASSOCIATION}", tied)) as brought:
        answer = await office.post("anna", f"cases/{case}/decision", GRANT)
    assert "acts for the applicant" in await office.refused(answer, case, "decide", "anna")
    assert len(brought) == 2
    assert (await office.service.types()).count("decision.made") == 0


# --- bodies --------------------------------------------------------------------------------------------------


async def test_a_body_that_the_county_does_not_have_is_answered_with_those_that_it_has(office: Office) -> None:
    case = await office.case(1)
    told = problem(
        await office.post("anna", f"cases/{case}/decision", {**GRANT, "organ": "Hallitus"}), 422, "unknown-organ"
    )
    assert pointers(told) == ["/organ"]
    assert told["detail"] == f"the bodies that decide here are: {HYTE}, Aluehallitus, {OFFICIAL}"
    meeting = {"meeting_id": "x-1", "organ": "Jaosto", "held_on": "2026-02-24", "present": ["anna"]}
    assert pointers(problem(await office.post("anna", "meetings", meeting), 422, "unknown-organ")) == ["/organ"]
    too_early = {**meeting, "organ": HYTE, "held_on": "2022-10-31"}
    problem(await office.post("anna", "meetings", too_early), 422, "unknown-organ")


@pytest.mark.parametrize(
    "given_as", ["hyte", HYTE, "Committee for the promotion of wellbeing and health"], ids=["id", "fi", "en"]
)
async def test_a_body_is_recorded_by_its_name_however_it_is_given(office: Office, given_as: str) -> None:
    meeting, case = await office.meeting(organ=given_as), await office.case(1)
    assert (await office.shown(f"meetings/{meeting}"))["organ"] == HYTE
    await office.done("anna", f"cases/{case}/decision", {**GRANT, "organ": given_as, "meeting_id": meeting})
    made = (await office.records(case))[-1].data
    assert (made["organ"], made["meeting_id"], made["section"]) == (HYTE, "hyte-1", 1)


async def test_a_board_decides_at_a_meeting_of_its_own_with_the_decider_present(office: Office) -> None:
    case = await office.case(1)
    hyte, other = await office.meeting(), await office.meeting("hallitus-1", "aluehallitus")
    size = await office.service.size()

    async def told(slug: str, **sent: str) -> list[str]:
        answer = await office.post("anna", f"cases/{case}/decision", {**GRANT, "organ": "hyte", **sent})
        return pointers(problem(answer, 422, slug))

    assert await told("no-meeting") == ["/meeting_id"]
    assert await told("another-organ", meeting_id=other) == ["/organ"]
    absent = await office.post("doris", f"cases/{case}/decision", {**GRANT, "organ": "hyte", "meeting_id": hyte})
    assert pointers(problem(absent, 422, "not-present")) == ["/meeting_id"]
    missing = await office.post("anna", f"cases/{case}/decision", {**GRANT, "organ": "hyte", "meeting_id": "hyte-9"})
    problem(missing, 404, "not-found")
    assert await office.service.size() == size
    await office.done("anna", f"cases/{case}/decision", {**GRANT, "organ": "hyte", "meeting_id": hyte})


async def test_an_official_decides_up_to_the_limit_and_at_no_meeting(office: Office) -> None:
    meeting = await office.meeting()
    within, over = await office.case(1, applied="5000.00 EUR"), await office.case(2, applied="5000.01 EUR")
    at_meeting = {**GRANT, "amount": "5000.00 EUR", "meeting_id": meeting}
    told = problem(await office.post("anna", f"cases/{within}/decision", at_meeting), 422, "no-board")
    assert pointers(told) == ["/meeting_id"]
    much = {**GRANT, "amount": "5000.01 EUR"}
    told = problem(await office.post("anna", f"cases/{over}/decision", much), 409, "beyond-the-official")
    assert "5000.00 EUR" in told["detail"]
    await office.done("anna", f"cases/{within}/decision", {**GRANT, "amount": "5000.00 EUR"})
    await office.done("anna", f"cases/{over}/decision", {**much, "organ": "hyte", "meeting_id": meeting})


async def test_only_boards_are_convened_and_each_meeting_once(office: Office) -> None:
    sent = {"meeting_id": "hyte-1", "organ": "hyte-johtaja", "held_on": "2026-02-24", "present": ["anna"]}
    assert pointers(problem(await office.post("anna", "meetings", sent), 422, "no-board")) == ["/organ"]
    await office.meeting()
    problem(await office.post("anna", "meetings", {**sent, "organ": "hyte"}), 409, "meeting-exists")


# --- agenda and minutes --------------------------------------------------------------------------------------


async def test_a_meeting_decides_what_stands_on_its_agenda(office: Office) -> None:
    meeting = await office.meeting()
    first, second, claimed = await office.case(1), await office.case(2), await office.claimed(3)
    problem(await office.agenda((first, "decision"), meeting_id="hyte-9"), 404, "not-found")
    unknown = await office.agenda((first, "decision"), (identity(99), "decision"))
    assert pointers(problem(unknown, 422, "unknown-case")) == ["/items/1"]
    twice = await office.agenda((first, "decision"), (first, "claim"), (first, "decision"))
    assert pointers(problem(twice, 422, "twice-on-agenda")) == ["/items/2"]
    assert (await office.agenda((second, "decision"))).status_code == 200
    at_meeting = {**GRANT, "organ": "hyte", "meeting_id": meeting}
    problem(await office.post("anna", f"cases/{first}/decision", at_meeting), 409, "not-on-agenda")
    assert (await office.agenda((first, "decision"), (claimed, "claim"), by="anna")).status_code == 200
    shown = await office.shown(f"meetings/{meeting}")
    assert [(item["application_id"], item["matter"]) for item in shown["agenda"]] == [
        (first, "decision"), (claimed, "claim"),
    ]  # fmt: skip
    problem(await office.post("anna", f"cases/{second}/decision", at_meeting), 409, "not-on-agenda")
    await office.done("anna", f"cases/{first}/decision", at_meeting)
    problem(await office.agenda((second, "decision")), 409, "meeting-begun")
    await office.done("anna", f"cases/{claimed}/claim-decision", {**UPHELD, "meeting_id": meeting})
    assert (await office.shown(f"meetings/{meeting}"))["sections"] == 2


async def test_an_agenda_that_changes_in_the_same_instant_is_the_one_that_counts(office: Office) -> None:
    meeting = await office.meeting()
    first, second = await office.case(1), await office.case(2)
    await office.agenda((first, "decision"))
    with meanwhile(office.service.ledger, lambda: office.agenda((second, "decision"))):
        sent = {**GRANT, "organ": "hyte", "meeting_id": meeting}
        problem(await office.post("anna", f"cases/{first}/decision", sent), 409, "not-on-agenda")
    assert (await office.service.types()).count("meeting.section_taken") == 0


async def test_the_sections_of_decisions_and_claims_at_once_have_no_gap(office: Office) -> None:
    meeting = await office.meeting()
    cases = [await office.case(number) for number in range(1, 6)]
    claimed = [await office.claimed(number) for number in range(6, 9)]
    at_meeting = {**GRANT, "organ": "hyte", "meeting_id": meeting}
    upheld = {**UPHELD, "meeting_id": meeting}
    answers = await asyncio.gather(
        *(office.post("anna", f"cases/{case}/decision", at_meeting) for case in cases),
        *(office.post("bertta", f"cases/{case}/claim-decision", upheld) for case in claimed),
        *(office.post("doris", f"cases/{case}/decision", at_meeting) for case in cases),
    )
    sections = [answer.json()["section"] for answer in answers if answer.status_code == 200]
    assert sorted(sections) == list(range(1, 9))
    minutes = (await office.shown(f"meetings/{meeting}"))["minutes"]
    assert [taken["section"] for taken in minutes] == list(range(1, 9))
    matters = {taken["application_id"]: taken["matter"] for taken in minutes}
    assert matters == dict.fromkeys(cases, "decision") | dict.fromkeys(claimed, "claim")


async def test_the_minutes_say_who_left_as_disqualified_or_acting_for_the_applicant(office: Office) -> None:
    meeting = await office.meeting()
    await office.service.given(f"association/{ASSOCIATION}", fact(PersonNoted, person="cecilia"))
    decided = await office.case(1, fact(ConflictDeclared, person="bertta"), fact(ConflictDeclared, person="doris"))
    claimed = await office.claimed(2)
    await office.done("anna", f"cases/{decided}/decision", {**GRANT, "organ": "hyte", "meeting_id": meeting})
    await office.done("anna", f"cases/{claimed}/claim-decision", {**UPHELD, "meeting_id": meeting})
    minutes = (await office.shown(f"meetings/{meeting}"))["minutes"]
    assert [taken["excluded"] for taken in minutes] == [["bertta", "cecilia"], ["cecilia"]]


# --- claims --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decided_by", "right", "wrong"),
    [(HYTE, "hyte", "aluehallitus"), (OFFICIAL, "hyte", "aluehallitus"), ("Aluehallitus", "aluehallitus", "hyte")],
    ids=["committee", "official", "executive"],
)
async def test_a_claim_is_decided_by_the_body_that_claims_against_the_decision_go_to(
    office: Office, decided_by: str, right: str, wrong: str
) -> None:
    rightly, wrongly = await office.meeting("right-1", right), await office.meeting("wrong-1", wrong)
    case = await office.claimed(1, decided_by)
    path = f"cases/{case}/claim-decision"
    answer = await office.post("anna", path, {**UPHELD, "organ": wrong, "meeting_id": wrongly})
    told = problem(answer, 422, "another-organ")
    assert pointers(told) == ["/organ"]
    assert told["detail"].startswith(f"claims against {decided_by} are decided by ")
    official = problem(await office.post("anna", path, {**UPHELD, "organ": "hyte-johtaja"}), 422, "another-organ")
    assert official["detail"] == told["detail"]
    problem(await office.post("anna", path, {**UPHELD, "organ": right}), 422, "no-meeting")
    problem(await office.post("anna", path, {**UPHELD, "organ": right, "meeting_id": wrongly}), 422, "another-organ")
    await office.done("anna", path, {**UPHELD, "organ": right, "meeting_id": rightly})
    assert (await office.shown(f"cases/{case}"))["state"] == "claim_decided"


async def test_who_made_the_decision_does_not_decide_the_claim_against_it_at_any_meeting(office: Office) -> None:
    meeting, case = await office.meeting(), await office.claimed(1, person="anna")
    sent = {**UPHELD, "meeting_id": meeting}
    answer = await office.post("anna", f"cases/{case}/claim-decision", sent)
    assert "made the decision" in await office.refused(answer, case, "decide_claim", "anna")
    await office.done("bertta", f"cases/{case}/claim-decision", sent)
    problem(await office.post("cecilia", f"cases/{case}/claim-decision", sent), 409, "no-claim")
