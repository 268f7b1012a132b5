"""Assessment, allocation, acts on many cases, documents and finality over HTTP on a real database."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from pypdf import PdfReader

from schemas.decisions import (
    AppropriationSet,
    AssessmentRecorded,
    CallNoted,
    CaseOpened,
    CaseWithdrawn,
    ConflictDeclared,
    DecisionMade,
    PersonNoted,
    ProposalMade,
)
from schemas.facts import Fact
from schemas.helsinki import HELSINKI
from schemas.intake import (
    ApplicationSubmitted,
    ApplicationWithdrawn,
    CallAmended,
    CallPublished,
    PersonEnded,
    PersonErased,
    PersonNamed,
)
from services.decisions.domain import people
from services.decisions.reactions import Reactions
from services.ledger import Record
from services.ledger.inbox import Inbox, Message
from services.ledger.parking import list_parked
from services.web.handling import fact_of
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, InProcess, identity, in_process, pointers, problem
from tests.integration.post import as_kafka
from tests.unit.given import county, fact, fold, refused

FEBRUARY = datetime(2026, 2, 24, 8, 0, tzinfo=UTC)
CRITERIA = [
    {"criterion_id": "impact", "label": {"fi": "Vaikuttavuus"}, "weight": 60, "points_max": 10},
    {"criterion_id": "equality", "label": {"fi": "Yhdenvertaisuus"}, "weight": 40, "points_max": 5},
]
HYTE = "Hyvinvoinnin ja terveyden edistämisen lautakunta"
PROPOSAL = {"outcome": "granted", "amount": "2000.00 EUR", "reasons": "Syyt"}
DECISION = {**PROPOSAL, "payable_from": ["2026-04-01"], "organ": "hyte-johtaja"}


@dataclass
class Desk:
    """The service as its people use it."""

    service: InProcess

    async def post(
        self, path: str, sent: dict[str, Any] | None = None, *, by: str = "olga", key: str | None = None
    ) -> httpx.Response:
        """Sends a command; everybody here is an officer and a decision maker, so that only the person counts."""
        headers = self.service.token(Role.OFFICER, Role.DECISION_MAKER, Role.OPERATOR, person=by)
        own = headers | ({} if key is None else {"Idempotency-Key": key})
        return await self.service.client.post(f"/v1/{path}", json=sent or {}, headers=own)

    async def done(self, path: str, sent: dict[str, Any] | None = None, *, by: str = "olga") -> dict[str, Any]:
        """Sends a command that must succeed."""
        answer = await self.post(path, sent, by=by)
        assert answer.status_code in {200, 201}, answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def shown(self, path: str) -> dict[str, Any]:
        answer = await self.service.client.get(f"/v1/{path}", headers=self.service.token(Role.AUDITOR))
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def call(self, **changed: Any) -> None:
        """A call with two criteria and two assessors, unless the test says otherwise."""
        noted = {"criteria": CRITERIA, "assessors": 2, "attachments": [], **changed}
        await self.service.given("call/operating-2026", fact(CallNoted, **noted))

    async def case(self, number: int, *facts: Fact, **changed: Any) -> str:
        """A case with these facts, each about it."""
        chosen = identity(number)
        own = {"application_id": chosen, "diary_number": f"{number}/02.05.01.00/2026", **changed}
        about = [each.model_validate({**each.model_dump(mode="json"), "application_id": chosen}) for each in facts]
        await self.service.given(f"case/{chosen}", fact(CaseOpened, **own), *about)
        return chosen

    async def decided(self, number: int, amount: str = "1500.00 EUR") -> str:
        made = {"amount": amount, "instalments": [{"number": 1, "amount": amount, "payable_from": "2026-04-01"}]}
        decision = fact(DecisionMade, person="anna", organ=HYTE, **made)
        return await self.case(number, fact(ProposalMade, person="bertta"), decision)

    async def assessed(self, number: int, hundredths: Sequence[int], applied: str) -> str:
        by = ("anna", "bertta", "cecilia")
        points = [
            fact(AssessmentRecorded, person=person, hundredths=each, points=(each + 50) // 100)
            for person, each in zip(by, hundredths, strict=False)
        ]
        return await self.case(number, *points, applied=applied)

    async def appropriation(self, amount: str = "180000.00 EUR") -> None:
        await self.service.given("appropriation/operating-2026", fact(AppropriationSet, amount=amount))

    async def last_types(self, case: str) -> list[str]:
        return [record.type for record in await self.service.ledger.stream(f"case/{case}")]


@pytest.fixture
async def desk(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Desk]:
    async with in_process("decisions", database, tmp_path, FEBRUARY) as service:
        yield Desk(service)


def scores(impact: int, equality: int) -> dict[str, Any]:
    given_for = {"impact": impact, "equality": equality}
    return {
        "scores": [{"criterion_id": name, "points": each, "reason": "Peruste"} for name, each in given_for.items()],
        "reasons": "Syyt",
    }


# --- assessment ----------------------------------------------------------------------------------------------


async def test_two_assess_by_criteria_before_anything_is_proposed_and_their_spread_is_shown(desk: Desk) -> None:
    await desk.call()
    case = await desk.case(1)
    problem(await desk.post(f"cases/{case}/proposal", PROPOSAL, by="anna"), 409, "not-assessed")
    await desk.done(f"cases/{case}/assessments", scores(7, 4), by="anna")
    await desk.done(f"cases/{case}/assessments", scores(7, 4), by="anna")
    problem(await desk.post(f"cases/{case}/proposal", PROPOSAL, by="anna"), 409, "not-assessed")
    await desk.done(f"cases/{case}/assessments", scores(5, 5), by="bertta")
    shown = await desk.shown(f"cases/{case}")
    assert shown["assessments"] == {"anna": 7_400, "bertta": 7_000}
    assert (shown["points_hundredths"], shown["spread_hundredths"], shown["points"]) == (7_200, 400, 72)
    await desk.done(f"cases/{case}/proposal", PROPOSAL, by="anna")
    await desk.done(f"cases/{case}/conflicts", {"person": "anna", "reason": "Jäsen"})
    shown = await desk.shown(f"cases/{case}")
    assert (shown["assessments"], shown["points_hundredths"], shown["spread_hundredths"]) == (
        {"bertta": 7_000},
        7_000,
        0,
    )


async def test_every_wrong_score_is_told_with_its_place(desk: Desk) -> None:
    await desk.call()
    case = await desk.case(1)
    wrong = scores(11, 4)
    wrong["scores"][1]["criterion_id"] = "novelty"
    told = problem(await desk.post(f"cases/{case}/assessments", wrong), 422, "rules-broken")
    assert pointers(told) == ["/scores/0/points", "/scores/1/criterion_id", "/scores"]
    with_points = {"points": 70, "reasons": "Syyt"}
    told = problem(await desk.post(f"cases/{case}/assessments", with_points), 422, "points-by-criteria")
    assert pointers(told) == ["/points"]


async def test_a_call_without_criteria_takes_plain_points_and_one_that_is_not_known_too(desk: Desk) -> None:
    await desk.call(criteria=[], assessors=1)
    for number, call_id in ((1, "operating-2026"), (2, "not-known-here")):
        case = await desk.case(number, call_id=call_id)
        problem(await desk.post(f"cases/{case}/assessments", scores(7, 4)), 422, "points-missing")
        await desk.done(f"cases/{case}/assessments", {"points": 71, "reasons": "Syyt"})
        shown = await desk.shown(f"cases/{case}")
        assert (shown["points"], shown["points_hundredths"], shown["spread_hundredths"]) == (71, 7_100, 0)
        await desk.done(f"cases/{case}/proposal", PROPOSAL)


# --- who takes no part ---------------------------------------------------------------------------------------

ACTS: list[tuple[str, dict[str, Any]]] = [
    ("assessments", {"points": 50, "reasons": "Syyt"}),
    ("proposal", PROPOSAL),
    ("decision", DECISION),
    ("supplement-requests", {"question": "Tilinpäätös?", "due_on": "2026-03-10"}),
    ("task", {"task": "county", "eligible": "2000.00 EUR", "reason": "Syy"}),
    ("transfer", {"reason": "Kunnan tehtävä"}),
    ("assignment", {"officer": "anna"}),
]


async def test_whoever_acts_for_the_applicant_takes_no_part_and_every_attempt_is_recorded(desk: Desk) -> None:
    await desk.appropriation()
    await desk.service.given(f"association/{ASSOCIATION}", fact(PersonNoted, person="hilkka"))
    case = await desk.case(1, fact(ProposalMade, person="bertta"))
    for number, (act, sent) in enumerate(ACTS, 1):
        told = problem(await desk.post(f"cases/{case}/{act}", sent, by="hilkka"), 403, "may-not-take-part")
        assert "acts for the applicant" in told["detail"]
        assert (await desk.shown(f"cases/{case}"))["refused_acts"] == number
    records = await desk.service.ledger.stream(f"case/{case}")
    kept = [record.data["act"] for record in records if record.type == "act.refused"]
    assert kept == ["assess", "propose", "decide", "request_supplement", "decide_task", "transfer", "assign"]
    for sent in ({"officer": "hilkka"}, {"officer": "anna", "deputy": "hilkka"}):
        problem(await desk.post(f"cases/{case}/assignment", sent), 409, "officer-disqualified")
    await desk.done(f"cases/{case}/decision", DECISION, by="anna")
    problem(await desk.post(f"cases/{case}/notice", {"manner": "letter"}, by="hilkka"), 403, "may-not-take-part")


async def test_who_acted_for_the_applicant_last_year_takes_part(desk: Desk) -> None:
    ended = fact(PersonNoted, person="hilkka", valid_from="2025-01-01", valid_until="2026-02-23")
    await desk.service.given(f"association/{ASSOCIATION}", ended)
    await desk.done(f"cases/{await desk.case(1)}/assignment", {"officer": "hilkka"}, by="hilkka")


async def test_the_deputy_takes_over_from_an_officer_who_is_disqualified(desk: Desk) -> None:
    case = await desk.case(1)
    told = problem(await desk.post(f"cases/{case}/assignment", {"officer": "a", "deputy": "a"}), 422, "own-deputy")
    assert pointers(told) == ["/deputy"]
    await desk.done(f"cases/{case}/assignment", {"officer": "anna", "deputy": "bertta"})
    await desk.done(f"cases/{case}/conflicts", {"person": "anna", "reason": "Hallituksen jäsen"}, by="anna")
    shown = await desk.shown(f"cases/{case}")
    assert (shown["officer"], shown["deputy"], shown["disqualified"]) == ("bertta", None, ["anna"])
    problem(await desk.post(f"cases/{case}/proposal", PROPOSAL, by="anna"), 403, "may-not-take-part")
    await desk.done(f"cases/{case}/proposal", PROPOSAL, by="bertta")


# --- whose task it is ----------------------------------------------------------------------------------------


async def test_what_is_the_countys_task_in_part_is_granted_once_its_part_is_decided(desk: Desk) -> None:
    await desk.appropriation()
    case = await desk.case(1, activity="cultural-work")
    problem(await desk.post(f"cases/{case}/proposal", PROPOSAL), 409, "task-undecided")
    part = {"task": "county_part", "eligible": "1200.00 EUR", "reason": "Osa on kunnan"}
    wrong = await desk.post(f"cases/{case}/task", {**part, "eligible": "2000.00 EUR"})
    assert pointers(problem(wrong, 422, "eligible-does-not-fit")) == ["/eligible"]
    await desk.done(f"cases/{case}/task", part)
    over = {"outcome": "granted_in_part", "amount": "1200.01 EUR", "reasons": "Syyt"}
    problem(await desk.post(f"cases/{case}/proposal", over), 422, "more-than-the-countys-part")
    within = {**over, "amount": "1200.00 EUR"}
    await desk.done(f"cases/{case}/proposal", within)
    problem(await desk.post(f"cases/{case}/decision", DECISION, by="anna"), 422, "more-than-the-countys-part")
    await desk.done(f"cases/{case}/decision", {**DECISION, **within}, by="anna")
    shown = await desk.shown(f"cases/{case}")
    assert (shown["task"], shown["eligible"], shown["amount"]) == ("county_part", "1200.00 EUR", "1200.00 EUR")


@pytest.mark.parametrize(
    ("activity", "slug"), [("sports-and-exercise", "municipality-task"), ("cultural-work", "task-undecided")]
)
async def test_no_money_is_proposed_or_decided_for_what_is_not_the_countys_task(
    desk: Desk, activity: str, slug: str
) -> None:
    await desk.appropriation()
    case = await desk.case(1, activity=activity)
    problem(await desk.post(f"cases/{case}/proposal", PROPOSAL), 409, slug)
    rejected = {"outcome": "rejected", "amount": "0.00 EUR", "reasons": "Kunnan tehtävä"}
    await desk.done(f"cases/{case}/proposal", rejected)
    size = await desk.service.size()
    problem(await desk.post(f"cases/{case}/decision", DECISION, by="anna"), 409, slug)
    assert await desk.service.size() == size
    await desk.done(f"cases/{case}/decision", {**DECISION, **rejected, "payable_from": []}, by="anna")


# --- allocation ----------------------------------------------------------------------------------------------


async def given_field(desk: Desk) -> list[str]:
    """Five cases of a call that shares 1000 euros: ranked 2, 1, 3, 4; the fifth came late."""
    await desk.appropriation()
    await desk.call(appropriation="1000.00 EUR")
    found = [
        await desk.assessed(1, (7_000, 7_000), "600.00 EUR"),
        await desk.assessed(2, (9_000, 8_000), "300.00 EUR"),
        await desk.assessed(3, (7_000, 7_000), "600.00 EUR"),
        await desk.assessed(4, (2_000, 1_000), "500.00 EUR"),
    ]
    await desk.case(5, late=True)
    await desk.case(6, fact(CaseWithdrawn))
    await desk.case(7, call_id="theme-2026")
    return found


async def test_the_rules_are_shown_side_by_side_and_nothing_is_recorded(desk: Desk) -> None:
    first, second, third, fourth = await given_field(desk)
    size = await desk.service.size()
    shown = await desk.done("calls/operating-2026/allocation-preview", {"points_min": 40})
    assert (shown["available"], set(shown["totals"])) == ("1000.00 EUR", {"full_by_rank", "proportional"})
    assert set(shown["totals"].values()) == {"1000.00 EUR"}
    shares = {item["application_id"]: tuple(item["shares"].values()) for item in shown["items"]}
    assert list(shares) == [second, first, third, fourth]
    assert shares == {
        second: ("300.00 EUR", "200.00 EUR"), first: ("600.00 EUR", "400.00 EUR"),
        third: ("100.00 EUR", "400.00 EUR"), fourth: ("0.00 EUR", "0.00 EUR"),
    }  # fmt: skip
    assert (shown["items"][0]["points_hundredths"], shown["items"][0]["spread_hundredths"]) == (8_500, 1_000)
    bounds = {"floor": "200.00 EUR", "ceiling": "350.00 EUR", "available": "1000.01 EUR"}
    bounded = await desk.done("calls/operating-2026/allocation-preview", bounds)
    assert set(bounded["totals"]) == {"full_by_rank", "proportional", "floor_and_ceiling"}
    assert set(bounded["totals"].values()) == {"1000.01 EUR"}
    by_floor = {item["application_id"]: item["shares"]["floor_and_ceiling"] for item in bounded["items"]}
    # 200.01 are left for what they lack up to the ceiling, 100, 150, 150 and 150: 36.365 and three times 54.548.
    assert by_floor == {second: "236.36 EUR", first: "254.55 EUR", third: "254.55 EUR", fourth: "254.55 EUR"}
    half = await desk.done("calls/operating-2026/allocation-preview", {"floor": "200.00 EUR"})
    assert set(half["totals"]) == {"full_by_rank", "proportional"}
    wrong = await desk.post("calls/operating-2026/allocation-preview", {"floor": "2.00 EUR", "ceiling": "1.00 EUR"})
    problem(wrong, 422, "floor-above-ceiling")
    assert await desk.service.size() == size


async def test_what_is_chosen_is_proposed_to_all_with_an_answer_for_each_and_once(desk: Desk) -> None:
    first, second, third, fourth = await given_field(desk)
    reasons = {"reasons": "Jako"}
    problem(await desk.post("calls/operating-2026/proposals", reasons), 409, "no-allocation")
    choice = {"rule": "proportional", "points_min": 40}
    chosen = await desk.post("calls/operating-2026/allocation", choice, key="choice")
    assert chosen.json() == {"call_id": "operating-2026", "rule": "proportional", "cases": 4, "total": "1000.00 EUR"}
    again = await desk.post("calls/operating-2026/allocation", choice, key="choice")
    assert (again.content, again.headers["Idempotency-Replayed"]) == (chosen.content, "true")
    register = await desk.shown("calls/operating-2026")
    assert [line["amount"] for line in register["allocation"]["lines"]] == [
        "200.00 EUR", "400.00 EUR", "400.00 EUR", "0.00 EUR",
    ]  # fmt: skip
    await desk.service.given(f"case/{first}", fact(ConflictDeclared, application_id=first, person="olga"))
    await desk.service.given(f"case/{third}", fact(DecisionMade, application_id=third))
    answer = (await desk.post("calls/operating-2026/proposals", reasons, key="proposals")).json()
    told = {item["application_id"]: (item["done"], item["reason"]) for item in answer["items"]}
    assert told == {
        second: (True, None), first: (False, "may-not-take-part"), third: (False, "decided-already"),
        fourth: (True, None),
    }  # fmt: skip
    assert answer["done"] == 2
    proposed = (await desk.shown(f"cases/{second}"))["proposed"]
    part = {"outcome": "granted_in_part", "amount": "200.00 EUR"}
    assert proposed == {**part, "reasons": "Jako", "person": "olga"}
    assert (await desk.shown(f"cases/{fourth}"))["proposed"]["outcome"] == "rejected"
    repeated = (await desk.post("calls/operating-2026/proposals", reasons, key="proposals")).json()
    assert repeated == answer
    assert (await desk.service.types()).count("proposal.made") == 2


# --- acts on many cases --------------------------------------------------------------------------------------


async def test_many_are_assigned_with_an_answer_for_each_and_once(desk: Desk) -> None:
    cases = [await desk.case(number) for number in (1, 2)]
    cases.append(await desk.case(3, fact(ConflictDeclared, person="anna")))
    cases.append(identity(99))
    sent = {"application_ids": [*cases, cases[0]], "officer": "anna", "deputy": "bertta"}
    answer = (await desk.post("bulk/assignments", sent, key="many")).json()
    told = [(item["application_id"], item["done"], item["reason"]) for item in answer["items"]]
    assert told == [
        (cases[0], True, None), (cases[1], True, None), (cases[2], False, "officer-disqualified"),
        (cases[3], False, "not-found"),
    ]  # fmt: skip
    assert answer["done"] == 2
    size = await desk.service.size()
    assert (await desk.post("bulk/assignments", sent, key="many")).json() == answer
    assert await desk.service.size() == size
    shown = await desk.shown(f"cases/{cases[1]}")
    assert (shown["officer"], shown["deputy"]) == ("anna", "bertta")


async def test_notice_of_many_is_given_with_an_answer_for_each_and_once(desk: Desk) -> None:
    cases = [await desk.decided(1), await desk.decided(2), await desk.case(3)]
    sent = {"application_ids": cases, "manner": "letter", "language": "sv"}
    answer = (await desk.post("bulk/notices", sent, key="notices")).json()
    assert [(item["done"], item["reason"]) for item in answer["items"]] == [
        (True, None), (True, None), (False, "not-decided"),
    ]  # fmt: skip
    size = await desk.service.size()
    assert (await desk.post("bulk/notices", sent, key="notices")).json() == answer
    assert await desk.service.size() == size
    without_key = (await desk.post("bulk/notices", sent)).json()
    assert [item["reason"] for item in without_key["items"]] == ["notified-already", "notified-already", "not-decided"]
    assert (await desk.last_types(cases[0]))[-2:] == ["decision.documented", "decision.notified"]
    assert set((await desk.shown(f"cases/{cases[0]}"))["document_sha256"]) == {"sv"}


async def test_twenty_decisions_at_once_never_exceed_the_appropriation(desk: Desk) -> None:
    await desk.appropriation("7000.00 EUR")
    cases = [await desk.case(number, fact(ProposalMade, person="bertta")) for number in range(1, 21)]
    answers = await asyncio.gather(*(desk.post(f"cases/{case}/decision", DECISION, by="anna") for case in cases))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 17
    assert {answer.json()["type"] for answer in answers if answer.status_code == 409} == {
        "urn:grant-ledger:problem:appropriation-exceeded"
    }
    [shown] = (await desk.shown("appropriations"))["items"]
    assert shown["committed"] == "6000.00 EUR"
    types = await desk.service.types()
    assert (types.count("decision.made"), types.count("appropriation.committed")) == (3, 3)


# --- the decision document -----------------------------------------------------------------------------------


async def read_document(desk: Desk, case: str, headers: dict[str, str], **query: str) -> httpx.Response:
    return await desk.service.client.get(f"/v1/cases/{case}/document", headers=headers, params=query)


async def test_notice_makes_a_document_whose_bytes_are_those_in_the_ledger(desk: Desk, database: FreshDatabase) -> None:
    case = await desk.decided(1)
    own = desk.service.token(Role.ASSOCIATION, person="user-1", association=ASSOCIATION)
    problem(await read_document(desk, case, own), 404, "not-found")
    told = await desk.done(f"cases/{case}/notice", {"manner": "electronic"})
    answer = await read_document(desk, case, own)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    [documented] = [r for r in await desk.service.ledger.stream(f"case/{case}") if r.type == "decision.documented"]
    digest = sha256(answer.content).hexdigest()
    assert digest == documented.data["sha256"] == told["document_sha256"]
    assert documented.data["size_bytes"] == len(answer.content)
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    plain = text.replace("\xa0", " ").replace("\u202f", " ")
    assert "1/02.05.01.00/2026" in plain
    assert "1 500,00" in plain
    problem(await read_document(desk, case, own, language="sv"), 404, "not-found")
    other = desk.service.token(Role.ASSOCIATION, person="user-2", association="0116753-1")
    problem(await read_document(desk, case, other), 404, "not-found")
    problem(await read_document(desk, identity(99), own), 404, "not-found")
    made = await database.service("decisions")
    for dsn in (made.owner_dsn, made.service_dsn):
        connection = await asyncpg.connect(dsn, server_settings={"search_path": "decisions"})
        try:
            for change in ("UPDATE decision_document SET stored_at = now()", "DELETE FROM decision_document"):
                with pytest.raises((asyncpg.IntegrityConstraintViolationError, asyncpg.InsufficientPrivilegeError)):
                    await connection.execute(change)
        finally:
            await connection.close()
    assert (await read_document(desk, case, own)).content == answer.content


async def test_the_same_decision_makes_the_same_document_again_and_another_in_swedish(
    database: FreshDatabase, tmp_path: Path
) -> None:
    made = []
    for number, language in enumerate(("fi", "fi", "sv")):
        folder = tmp_path / str(number)
        folder.mkdir()
        fresh = FreshDatabase(database.server)
        try:
            async with in_process("decisions", fresh, folder, FEBRUARY) as service:
                desk = Desk(service)
                case = await desk.decided(1)
                await desk.done(f"cases/{case}/notice", {"manner": "letter", "language": language})
                made.append((await read_document(desk, case, service.token(Role.OFFICER))).content)
        finally:
            await fresh.drop()
    assert made[0] == made[1] != made[2]
    swedish = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(made[2])).pages)
    assert "Norra Karelens" in swedish


# --- what intake's events make here --------------------------------------------------------------------------


@dataclass
class Fed:
    """Intake's ledger, and the inbox of decisions that its events are brought to by hand."""

    intake: InProcess
    decisions: InProcess

    @property
    def inbox(self) -> Inbox:
        reactions = Reactions(self.decisions.ledger, county()).by_type()["intake"]
        return Inbox(self.decisions.ledger, "decisions", reactions, lambda _type, _schema: True, back_off_seconds=0.01)

    async def happened(self, stream: str, made: Fact) -> Record:
        await self.intake.given(stream, made)
        return (await self.intake.ledger.stream(stream))[-1]

    async def bring(self, record: Record, *, times: int = 1) -> None:
        key, value, headers = as_kafka(record, "intake")
        for _ in range(times):
            await self.inbox.receive(Message.read("intake", key, value, headers))
        assert await list_parked(self.decisions.ledger) == []

    async def facts(self, stream: str) -> list[Fact]:
        return [fact_of(record) for record in await self.decisions.ledger.stream(stream)]


@pytest.fixture
async def fed(desk: Desk, database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Fed]:
    folder = tmp_path / "intake"
    folder.mkdir()
    async with in_process("intake", database, folder, FEBRUARY) as intake:
        yield Fed(intake, desk.service)


async def test_a_call_is_noted_once_for_each_version_however_often_it_comes(fed: Fed) -> None:
    call = "call/operating-2026"
    published = await fed.happened(call, fact(CallPublished, criteria=CRITERIA, assessors=2))
    amended = await fed.happened(call, fact(CallAmended, criteria=CRITERIA, assessors=3))
    for record in (published, amended, published):
        await fed.bring(record, times=2)
    first, second = await fed.facts(call)
    assert isinstance(first, CallNoted)
    assert isinstance(second, CallNoted)
    assert [(each.call_version, each.assessors, len(each.criteria)) for each in (first, second)] == [
        (1, 2, 2),
        (2, 3, 2),
    ]
    # Delivered under another id, as after a restored broker, the version is known all the same.
    await fed.intake.given("call/operating-2026", fact(CallAmended, criteria=CRITERIA, assessors=3))
    await fed.bring((await fed.intake.ledger.stream(call))[-1])
    assert len(await fed.facts(call)) == 2


async def test_a_person_with_an_id_is_noted_and_ends_and_a_contact_without_one_is_not(fed: Fed) -> None:
    stream = f"association/{ASSOCIATION}"
    named = await fed.happened(stream, fact(PersonNamed, person="hilkka"))
    contact = await fed.happened(stream, fact(PersonNamed, person_id=identity(7), role="contact", person=None))
    ended = await fed.happened(stream, fact(PersonEnded, valid_until="2026-02-23"))
    unknown = await fed.happened(stream, fact(PersonEnded, person_id=identity(7)))
    for record in (named, contact):
        await fed.bring(record, times=2)
    assert [each.person for each in await fed.facts(stream) if isinstance(each, PersonNoted)] == ["hilkka"]
    desk = Desk(fed.decisions)
    case = await desk.case(1)
    problem(await desk.post(f"cases/{case}/assignment", {"officer": "hilkka"}), 409, "officer-disqualified")
    for record in (ended, unknown):
        await fed.bring(record, times=2)
    assert len(await fed.facts(stream)) == 2
    await desk.done(f"cases/{case}/assignment", {"officer": "hilkka"})


async def test_who_was_erased_neither_acts_nor_signs_for_the_association_any_more(fed: Fed) -> None:
    stream = f"association/{ASSOCIATION}"
    named = await fed.happened(stream, fact(PersonNamed, person="hilkka", valid_until=None))
    erased = await fed.happened(stream, fact(PersonErased))
    unknown = await fed.happened(stream, fact(PersonErased, person_id=identity(7)))
    again = await fed.happened(stream, fact(PersonErased))
    for record in (named, erased, unknown, erased, again):
        await fed.bring(record)
    noted = [each for each in await fed.facts(stream) if isinstance(each, PersonNoted)]
    today = FEBRUARY.astimezone(HELSINKI).date()
    assert [each.valid_until for each in noted] == [None, today - timedelta(days=1)]
    known = fold(people.evolve, people.NOBODY, noted)
    assert people.in_force(known, today) == frozenset()
    with refused("no-mandate", "forbidden"):
        people.check_signs(known, "hilkka", today)


async def test_an_application_opens_one_case_with_the_next_diary_number_and_its_withdrawal_closes_it(fed: Fed) -> None:
    for number in (1, 2):
        application = identity(number)
        sent = await fed.happened(f"application/{application}", fact(ApplicationSubmitted, application_id=application))
        await fed.bring(sent, times=2)
        [opened] = await fed.facts(f"case/{application}")
        assert isinstance(opened, CaseOpened)
        assert (opened.diary_number, opened.municipality) == (f"{number}/02.05.01.00/2026", "joensuu")
    gone = await fed.happened(
        f"application/{identity(1)}", fact(ApplicationWithdrawn, application_id=identity(1), reason="Peruttu")
    )
    await fed.bring(gone, times=2)
    assert (await Desk(fed.decisions).shown(f"cases/{identity(1)}"))["state"] == "withdrawn"
