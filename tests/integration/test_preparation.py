"""Preparation where it does not go straight: who is found to act for the applicant, a supplement that never comes, and
what an allocation may share.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from schemas.decisions import (
    AssessmentRecorded,
    CallNoted,
    CaseAssigned,
    CaseOpened,
    ConflictDeclared,
    DecisionMade,
    PersonNoted,
    ProposalMade,
    SupplementRequested,
    TaskDecided,
)
from schemas.intake import ApplicationSupplemented, PersonNamed
from services.decisions.handlers import Decisions
from services.ledger.parking import list_parked
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, identity, in_process, pointers, problem
from tests.integration.test_decisions_depth import (
    CRITERIA,
    DECISION,
    FEBRUARY,
    HYTE,
    PROPOSAL,
    Desk,
    Fed,
    given_field,
    scores,
)
from tests.unit.given import fact

CALL = "calls/operating-2026"


@pytest.fixture
async def desk(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Desk]:
    async with in_process("decisions", database, tmp_path, FEBRUARY) as service:
        yield Desk(service)


async def acts_for_the_applicant(desk: Desk, person: str, **changed: Any) -> None:
    stream = f"association/{ASSOCIATION}"
    await desk.service.given(stream, fact(PersonNoted, person=person, **changed))


# --- conflicts of interest that are found --------------------------------------------------------------------


async def test_an_officer_who_acts_for_the_applicant_loses_the_case_to_the_deputy_by_the_first_attempt(
    desk: Desk,
) -> None:
    case = await desk.case(1, fact(CaseAssigned, officer="olga", deputy="bertta"))
    await acts_for_the_applicant(desk, "olga")
    problem(await desk.post(f"cases/{case}/proposal", PROPOSAL, by="olga"), 403, "may-not-take-part")
    shown = await desk.shown(f"cases/{case}")
    assert (shown["officer"], shown["deputy"], shown["disqualified"]) == ("bertta", None, ["olga"])
    assert (await desk.last_types(case))[-2:] == ["conflict.declared", "act.refused"]
    problem(await desk.post(f"cases/{case}/proposal", PROPOSAL, by="olga"), 403, "may-not-take-part")
    assert (await desk.last_types(case)).count("conflict.declared") == 1
    await desk.done(f"cases/{case}/proposal", PROPOSAL, by="bertta")


async def test_what_was_proposed_and_assessed_by_who_turns_out_to_act_for_the_applicant_decides_nothing(
    desk: Desk,
) -> None:
    await desk.appropriation()
    await desk.call(criteria=[])
    by_both = [fact(AssessmentRecorded, person=person, scores=[]) for person in ("olga", "bertta")]
    case = await desk.case(1, *by_both, fact(ProposalMade, person="olga"))
    await acts_for_the_applicant(desk, "olga")
    problem(await desk.post(f"cases/{case}/decision", DECISION, by="anna"), 409, "no-proposal")
    problem(await desk.post(f"cases/{case}/proposal", PROPOSAL, by="bertta"), 409, "not-assessed")
    await desk.done(f"cases/{case}/assessments", {"points": 70, "reasons": "Syyt"}, by="cecilia")
    shown = await desk.shown(f"cases/{case}")
    assert (set(shown["assessments"]), shown["disqualified"], shown["proposed"]) == (
        {"bertta", "cecilia"}, ["olga"], None,
    )  # fmt: skip
    await desk.done(f"cases/{case}/proposal", PROPOSAL, by="bertta")
    await desk.done(f"cases/{case}/decision", DECISION, by="anna")


async def test_who_is_named_for_an_association_leaves_its_cases_at_once(
    desk: Desk, database: FreshDatabase, tmp_path: Path
) -> None:
    folder = tmp_path / "intake"
    folder.mkdir()
    both = fact(CaseAssigned, officer="olga", deputy="bertta")
    mine, deputys = await desk.case(1, both), await desk.case(2, fact(CaseAssigned, officer="bertta", deputy="olga"))
    decided = await desk.case(3, both, fact(AssessmentRecorded, person="olga"), fact(ProposalMade), fact(DecisionMade))
    others = await desk.case(4, both, association_id="0116753-1")
    async with in_process("intake", database, folder, FEBRUARY) as intake:
        fed = Fed(intake, desk.service)
        stream = f"association/{ASSOCIATION}"
        later = {"person_id": identity(7), "valid_from": "2026-03-01", "valid_until": None}
        later_on = await fed.happened(stream, fact(PersonNamed, person="bertta", **later))
        await fed.bring(await fed.happened(stream, fact(PersonNamed, person="olga", valid_until=None)), times=2)
        await fed.bring(later_on)
        assert await list_parked(desk.service.ledger) == []
    for case, officer, deputy in ((mine, "bertta", None), (deputys, "bertta", None), (decided, "bertta", None)):
        shown = await desk.shown(f"cases/{case}")
        assert (shown["officer"], shown["deputy"], shown["disqualified"]) == (officer, deputy, ["olga"])
    assert (await desk.shown(f"cases/{others}"))["officer"] == "olga"
    # What was decided rests on what was assessed then, and still shows it.
    assert set((await desk.shown(f"cases/{decided}"))["assessments"]) == {"olga"}
    problem(await desk.post(f"cases/{mine}/assignment", {"officer": "olga"}), 403, "may-not-take-part")


async def test_who_is_disqualified_says_so_of_themselves_and_of_nobody_else(desk: Desk) -> None:
    case = await desk.case(1, fact(CaseAssigned, officer="olga", deputy="bertta"))
    stepping_aside = {"person": "olga", "reason": "Hallituksen jäsen"}
    await desk.done(f"cases/{case}/conflicts", stepping_aside, by="olga")
    size = await desk.service.size()
    await desk.done(f"cases/{case}/conflicts", stepping_aside, by="olga")
    assert await desk.service.size() == size
    told = {"person": "bertta", "reason": "Sukulainen"}
    problem(await desk.post(f"cases/{case}/conflicts", told, by="olga"), 403, "may-not-take-part")
    shown = await desk.shown(f"cases/{case}")
    assert (shown["officer"], shown["disqualified"], shown["refused_acts"]) == ("bertta", ["olga"], 1)


# --- assessments ---------------------------------------------------------------------------------------------


async def test_each_assessors_scores_and_reasons_are_read_with_the_criteria_of_the_applications_own_version(
    desk: Desk,
) -> None:
    await desk.call()
    weighed_anew = [{**CRITERIA[0], "points_max": 50}]
    amended = fact(CallNoted, criteria=weighed_anew, assessors=1, call_version=2)
    case = await desk.case(1, call_version=1)
    before = await desk.service.size()
    await desk.done(f"cases/{case}/assessments", scores(7, 4), by="anna")
    await desk.service.given(CALL.replace("calls", "call"), amended)
    wrong = await desk.post(f"cases/{case}/assessments", scores(40, 4), by="bertta")
    assert pointers(problem(wrong, 422, "rules-broken")) == ["/scores/0/points"]
    await desk.done(f"cases/{case}/assessments", {**scores(5, 5), "reasons": "Eri mieltä"}, by="bertta")
    shown = await desk.shown(f"cases/{case}/assessments")
    assert [each["criterion_id"] for each in shown["criteria"]] == ["impact", "equality"]
    assert (shown["assessors_wanted"], shown["points_hundredths"], shown["spread_hundredths"]) == (2, 7_200, 400)
    assert (shown["lowest_hundredths"], shown["highest_hundredths"]) == (7_000, 7_400)
    by_anna, by_bertta = shown["items"]
    assert (by_anna["person"], by_anna["points_hundredths"], by_bertta["reasons"]) == ("anna", 7_400, "Eri mieltä")
    assert by_anna["scores"][1] == {"criterion_id": "equality", "points": 4, "points_max": 5, "reason": "Peruste"}
    then = await desk.shown(f"cases/{case}/assessments?position={before}")
    assert (then["items"], then["points_hundredths"]) == ([], None)
    headers = desk.service.token(Role.OFFICER)
    absent = await desk.service.client.get(f"/v1/cases/{identity(99)}/assessments", headers=headers)
    problem(absent, 404, "not-found")


# --- supplements ---------------------------------------------------------------------------------------------


async def test_a_supplement_that_never_comes_does_not_keep_a_case_undecided(
    desk: Desk, database: FreshDatabase, tmp_path: Path
) -> None:
    await desk.appropriation()
    case = await desk.case(1, fact(SupplementRequested, due_on="2026-02-24"))
    rejected = {"outcome": "rejected", "amount": "0.00 EUR", "reasons": "Tilinpäätös puuttuu"}
    told = problem(await desk.post(f"cases/{case}/proposal", rejected), 409, "supplement-awaited")
    assert "until 24.2.2026" in told["detail"]
    desk.service.at(datetime(2026, 2, 24, 21, 59, tzinfo=UTC))
    problem(await desk.post(f"cases/{case}/proposal", rejected), 409, "supplement-awaited")
    desk.service.at(datetime(2026, 2, 24, 22, 0, tzinfo=UTC))
    await desk.done(f"cases/{case}/assessments", {"points": 10, "reasons": "Syyt"})
    await desk.done(f"cases/{case}/proposal", rejected)
    decision = {**DECISION, **rejected, "payable_from": []}
    await desk.done(f"cases/{case}/decision", decision, by="anna")
    # What comes after the decision changes nothing of it; it stays with the application.
    folder = tmp_path / "intake"
    folder.mkdir()
    async with in_process("intake", database, folder, FEBRUARY) as intake:
        fed = Fed(intake, desk.service)
        late = await fed.happened(f"application/{case}", fact(ApplicationSupplemented, application_id=case))
        await fed.bring(late)
    shown = await desk.shown(f"cases/{case}")
    assert (shown["state"], shown["outcome"], shown["next_deadline"]) == ("decided", "rejected", None)


# --- allocation ----------------------------------------------------------------------------------------------


async def test_no_more_is_chosen_to_share_than_the_appropriation_and_the_call_have_left(desk: Desk) -> None:
    first, second, third, _ = await given_field(desk)
    over = {"rule": "full_by_rank", "available": "1000.01 EUR"}
    told = problem(await desk.post(f"{CALL}/allocation", over), 409, "more-than-is-free")
    assert "1000.00 EUR are free" in told["detail"]
    await desk.done(f"{CALL}/allocation-preview", {"available": "1000.01 EUR"})
    granted = fact(DecisionMade, application_id=second, amount="300.00 EUR")
    await desk.service.given(f"case/{second}", granted)
    shown = await desk.done(f"{CALL}/allocation-preview")
    assert (shown["available"], shown["totals"]["full_by_rank"]) == ("700.00 EUR", "700.00 EUR")
    assert [item["application_id"] for item in shown["items"]][:2] == [first, third]
    chosen = await desk.done(f"{CALL}/allocation", {"rule": "full_by_rank"})
    assert (chosen["cases"], chosen["total"]) == (3, "700.00 EUR")


async def test_who_is_disqualified_in_one_case_does_not_choose_what_all_of_them_get(desk: Desk) -> None:
    first, *_ = await given_field(desk)
    choice = {"rule": "proportional"}
    await desk.service.given(f"case/{first}", fact(ConflictDeclared, application_id=first, person="olga"))
    problem(await desk.post(f"{CALL}/allocation", choice), 403, "may-not-take-part")
    tried = (await desk.service.ledger.stream(f"case/{first}"))[-1]
    assert (tried.type, tried.data["act"], tried.data["person"]) == ("act.refused", "choose_allocation", "olga")
    await acts_for_the_applicant(desk, "bertta")
    problem(await desk.post(f"{CALL}/allocation", choice, by="bertta"), 403, "may-not-take-part")
    assert (await desk.service.types()).count("act.refused") == 5
    assert "allocation.chosen" not in await desk.service.types()
    await desk.done(f"{CALL}/allocation", choice, by="cecilia")


async def test_a_case_that_is_ranked_otherwise_by_now_is_not_proposed_by_the_old_ranking(desk: Desk) -> None:
    first, second, third, fourth = await given_field(desk)
    await desk.done(f"{CALL}/allocation", {"rule": "proportional"}, by="bertta")
    await desk.service.given(f"case/{second}", fact(ConflictDeclared, application_id=second, person="anna"))
    assessed = fact(AssessmentRecorded, application_id=second, person="cecilia", hundredths=100, points=1)
    await desk.service.given(f"case/{second}", assessed)
    part = {"task": "county_part", "eligible": "10.00 EUR"}
    await desk.service.given(f"case/{third}", fact(TaskDecided, application_id=third, **part))
    answer = await desk.done(f"{CALL}/proposals", {"reasons": "Jako"}, by="bertta")
    told = {item["application_id"]: item["reason"] for item in answer["items"]}
    assert told == {second: "allocation-outdated", first: None, third: "allocation-outdated", fourth: None}
    await desk.done(f"{CALL}/allocation", {"rule": "proportional"}, by="bertta")
    again = await desk.done(f"{CALL}/proposals", {"reasons": "Jako"}, by="bertta")
    assert again["done"] == 4


async def test_equal_points_are_ranked_by_arrival_and_not_by_when_a_draft_was_begun(desk: Desk) -> None:
    await desk.appropriation()
    await desk.call(criteria=[], assessors=1)

    async def came(number: int, arrived_on: str, running: int) -> str:
        own = {"arrived_on": arrived_on, "diary_number": f"{running}/02.05.01.00/2026"}
        chosen = identity(number)
        opened = fact(CaseOpened, application_id=chosen, applied="600.00 EUR", **own)
        await desk.service.given(f"case/{chosen}", opened, fact(AssessmentRecorded, application_id=chosen))
        return chosen

    begun_first = await came(1, "2026-01-20", 10)
    sent_first = await came(2, "2026-01-20", 9)
    paper = await came(3, "2026-01-19", 11)
    shown = await desk.done(f"{CALL}/allocation-preview")
    assert [item["application_id"] for item in shown["items"]] == [paper, sent_first, begun_first]


# --- decisions on many ---------------------------------------------------------------------------------------


async def test_a_board_decides_many_as_proposed_section_by_section_and_once(desk: Desk) -> None:
    await desk.appropriation("2500.00 EUR")
    nothing = fact(ProposalMade, person="bertta", outcome="rejected", amount="0.00 EUR", reasons="Ei riitä")
    whole = {"outcome": "granted", "amount": "2000.00 EUR"}
    granted = await desk.case(1, fact(ProposalMade, person="bertta", **whole))
    rejected = await desk.case(2, nothing)
    by_anna = await desk.case(3, fact(ProposalMade, person="anna", **whole))
    unproposed = await desk.case(4)
    beyond = await desk.case(5, fact(ProposalMade, person="bertta", **whole))
    meeting = {"meeting_id": "hyte-1", "organ": HYTE, "held_on": "2026-02-24", "present": ["anna", "cecilia"]}
    await desk.done("meetings", meeting, by="anna")
    wanted = [granted, rejected, by_anna, unproposed, beyond, identity(99), granted]
    sent = {
        "application_ids": wanted, "organ": HYTE, "meeting_id": "hyte-1", "payable_from": ["2026-04-01", "2026-09-01"],
        "conditions": ["Ehto"], "use_from": "2026-01-01", "use_until": "2026-12-31",
    }  # fmt: skip
    answer = (await desk.post("bulk/decisions", sent, by="anna", key="meeting")).json()
    assert [(each["application_id"], each["reason"]) for each in answer["items"]] == [
        (granted, None), (rejected, None), (by_anna, "may-not-take-part"), (unproposed, "no-proposal"),
        (beyond, "appropriation-exceeded"), (identity(99), "not-found"),
    ]  # fmt: skip
    assert answer["done"] == 2
    repeated = await desk.post("bulk/decisions", sent, by="anna", key="meeting")
    assert repeated.json() == answer
    assert (await desk.service.types()).count("decision.made") == 2
    first, second = await desk.shown(f"cases/{granted}"), await desk.shown(f"cases/{rejected}")
    assert (first["section"], first["outcome"], first["amount"], first["use_until"]) == (
        1, "granted", "2000.00 EUR", "2026-12-31",
    )  # fmt: skip
    assert (second["section"], second["outcome"], second["reasons"], second["use_until"]) == (
        2, "rejected", "Ei riitä", None,
    )  # fmt: skip


async def test_a_proposal_made_in_the_moment_between_is_not_decided_as_the_one_that_was_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.appropriation()
    case = await desk.case(1, fact(ProposalMade, person="bertta", outcome="granted", amount="2000.00 EUR"))
    meanwhile = [fact(ProposalMade, application_id=case, person="bertta", amount="100.00 EUR")]
    read = Decisions.existing

    async def read_and_then(self: Decisions, application_id: UUID) -> Any:
        found = await read(self, application_id)
        if meanwhile:
            await desk.service.given(f"case/{case}", meanwhile.pop())
        return found

    monkeypatch.setattr(Decisions, "existing", read_and_then)
    sent = {"application_ids": [case], "organ": "hyte-johtaja", "payable_from": ["2026-04-01"]}
    [told] = (await desk.post("bulk/decisions", sent, by="anna")).json()["items"]
    assert told["reason"] == "proposal-replaced"
    assert "decision.made" not in await desk.last_types(case)
    [told] = (await desk.post("bulk/decisions", sent, by="anna")).json()["items"]
    assert told["done"]
    assert (await desk.shown(f"cases/{case}"))["amount"] == "100.00 EUR"
