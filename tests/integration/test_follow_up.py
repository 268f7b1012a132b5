"""What follows a decision over HTTP on a real database: a partnership up to its signed agreement and its review, a
project's own funding and costs, a change that one proposes and another decides.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.decisions import (
    CallNoted,
    CaseOpened,
    ConflictDeclared,
    DecisionBecameFinal,
    DecisionDocumented,
    DecisionMade,
    DecisionNotified,
    PaymentNoted,
    PersonNoted,
    ProposalMade,
    StandInNamed,
)
from schemas.facts import Fact
from schemas.intake import ChangeRequested, CostReportSubmitted
from services.decisions.handlers.authority import STAND_INS
from services.decisions.reactions import Reactions
from services.ledger import Context, Unit
from services.ledger.records import decode_body, encode_body
from services.web.handling import event_of
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, UNKNOWN, InProcess, identity, in_process, pointers, problem
from tests.unit.given import county, fact

CASE = identity(1)
CHANGE = str(fact(ChangeRequested).change_id)
STRANGER = "0116753-1"
REJECTED = fact(DecisionMade, application_id=CASE, outcome="rejected", amount=0, instalments=[])
GRANTED = fact(DecisionMade, application_id=CASE)
DRAFT: dict[str, Any] = {
    "years": 3, "without_money": False, "contributions": ["Tilat Joensuussa"], "terms": "Sopimus",
    "valid_from": "2026-01-01", "valid_until": "2028-12-31",
}  # fmt: skip
OFFICER, BOARD, APPLICANT = (Role.OFFICER,), (Role.DECISION_MAKER,), (Role.ASSOCIATION,)


@dataclass
class Desk:
    """The service as its people use it, with one case."""

    service: InProcess

    def token(self, person: str, roles: tuple[Role, ...], association: str | None = None) -> dict[str, str]:
        own = ASSOCIATION if roles == APPLICANT else None
        return self.service.token(*roles, person=person, association=association or own)

    async def post(
        self, path: str, sent: dict[str, Any], *, by: str = "olga", roles: tuple[Role, ...] = OFFICER,
        association: str | None = None,
    ) -> httpx.Response:  # fmt: skip
        headers = self.token(by, roles, association)
        return await self.service.client.post(f"/v1/cases/{CASE}/{path}", json=sent, headers=headers)

    async def done(self, path: str, sent: dict[str, Any], **who: Any) -> dict[str, Any]:
        answer = await self.post(path, sent, **who)
        assert answer.status_code in {200, 201}, answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def sign(self, version: int = 1, **who: Any) -> httpx.Response:
        return await self.post("agreement-signatures", {"version": version}, **who)

    async def agreement(
        self, by: str = "user-1", roles: tuple[Role, ...] = APPLICANT, association: str | None = None
    ) -> httpx.Response:
        headers = self.token(by, roles, association)
        return await self.service.client.get(f"/v1/cases/{CASE}/agreement", headers=headers)

    async def shown(self) -> dict[str, Any]:
        answer = await self.service.client.get(f"/v1/cases/{CASE}", headers=self.service.token(Role.AUDITOR))
        document: dict[str, Any] = answer.json()
        return document

    async def given(self, basket: str, *facts: Fact, **opened: Any) -> None:
        of_case = fact(CaseOpened, application_id=CASE, basket=basket, **opened)
        await self.service.given(f"case/{CASE}", of_case, fact(ProposalMade, application_id=CASE), *facts)

    async def came(self, of: Fact) -> None:
        """What intake published arrives."""
        body = encode_body(7, "2026-07-10T08:00:00.000000Z", event_of(of), f"case/{CASE}", 7, Context("anna", "test"))
        writes = await Reactions(self.service.ledger, county()).by_type()["intake"][of.event_type](decode_body(body))
        await self.service.ledger.append(Unit(Context("reaction", "test"), tuple(writes)))

    async def last_types(self, count: int) -> list[str]:
        return [record.type for record in await self.service.ledger.stream(f"case/{CASE}")][-count:]


@pytest.fixture
async def desk(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Desk]:
    async with in_process("decisions", database, tmp_path, datetime(2026, 3, 20, 8, 0, tzinfo=UTC)) as service:
        yield Desk(service)


# --- partnerships --------------------------------------------------------------------------------------------


async def test_a_partnership_goes_from_negotiation_to_an_agreement_that_both_signed_and_its_review(desk: Desk) -> None:
    await desk.given("partnership")
    await desk.done("negotiations", {"held_on": "2026-03-20", "notes": "Tilojen käyttö"})
    problem(await desk.post("agreement-drafts", DRAFT), 409, "not-decided")
    await desk.service.given(f"case/{CASE}", GRANTED)
    problem(await desk.agreement(), 404, "not-found")
    assert (await desk.done("agreement-drafts", DRAFT))["version"] == 1
    assert (await desk.done("agreement-drafts", {**DRAFT, "terms": "Tarkennettu"}))["version"] == 2

    signed = await desk.done("agreement-signatures", {"version": 2}, by="user-1", roles=APPLICANT)
    assert (signed["party"], signed["in_force"]) == ("association", False)
    offered = (await desk.agreement()).json()
    assert (offered["offered"]["terms"], offered["signed"]) == ("Tarkennettu", None)
    by_association = {"party": "association", "person": "user-1", "signed_on": "2026-03-20"}
    assert offered["offered"]["signatures"] == [by_association]
    signed = await desk.done("agreement-signatures", {"version": 2}, by="board-1", roles=BOARD)
    assert (signed["party"], signed["in_force"]) == ("county", True)

    in_force = (await desk.agreement()).json()
    by_county = {"party": "county", "person": "board-1", "signed_on": "2026-03-20"}
    assert in_force == {
        "application_id": CASE, "offered": None,
        "signed": {**DRAFT, "version": 2, "terms": "Tarkennettu", "signed_on": "2026-03-20",
                   "signatures": [by_association, by_county]},
    }  # fmt: skip
    review = {"year": 2027, "continues": True, "remarks": "Tavoitteet toteutuneet"}
    await desk.done("reviews", review)
    problem(await desk.post("reviews", review), 409, "reviewed-already")
    shown = await desk.shown()
    assert (shown["agreement"]["version"], shown["reviews"]) == (2, {"2027": True})
    assert await desk.last_types(6) == [
        "agreement.drafted", "agreement.drafted", "agreement.party_signed", "agreement.party_signed",
        "agreement.signed", "partnership.reviewed",
    ]  # fmt: skip


async def test_who_signed_stays_known_while_a_later_version_is_offered(desk: Desk) -> None:
    await desk.given("partnership", GRANTED)
    await desk.done("agreement-drafts", DRAFT)
    assert (await desk.sign(by="board-1", roles=BOARD)).status_code == 201
    assert (await desk.sign(by="user-1", roles=APPLICANT)).json()["in_force"]
    await desk.done("agreement-drafts", {**DRAFT, "terms": "Uusi"})
    both = (await desk.agreement("auditor-1", (Role.AUDITOR,))).json()
    assert (both["offered"]["version"], both["offered"]["signatures"]) == (2, [])
    assert (both["signed"]["version"], len(both["signed"]["signatures"])) == (1, 2)


async def test_the_wrong_people_sign_nothing_and_what_they_try_is_recorded(desk: Desk) -> None:
    await desk.given("partnership", GRANTED, fact(ConflictDeclared, application_id=CASE, person="bertta"))
    await desk.service.given(f"association/{ASSOCIATION}", fact(PersonNoted, person="hilkka"))
    await desk.done("agreement-drafts", DRAFT)
    for number, person in enumerate(("olga", "bertta", "hilkka"), 1):
        problem(await desk.sign(by=person, roles=BOARD), 403, "may-not-take-part")
        assert (await desk.shown())["refused_acts"] == number
    problem(await desk.sign(by="oskari"), 403, "forbidden")
    problem(await desk.sign(by="user-9", roles=APPLICANT, association=STRANGER), 404, "not-found")
    problem(await desk.agreement("user-9", association=STRANGER), 404, "not-found")
    problem(await desk.sign(by="user-1", roles=APPLICANT), 403, "no-mandate")
    problem(await desk.sign(2, by="hilkka", roles=APPLICANT), 409, "version-replaced")
    assert (await desk.sign(by="hilkka", roles=APPLICANT)).status_code == 201
    problem(await desk.sign(by="hilkka", roles=APPLICANT), 409, "signed-already")
    assert (await desk.shown())["offered"]["signed_by"] == ["association"]


@pytest.mark.parametrize(("until", "status"), [("2026-03-19", 403), ("2026-03-20", 201)])
async def test_a_mandate_signs_on_its_last_day_and_not_after_it(desk: Desk, until: str, status: int) -> None:
    await desk.given("partnership", GRANTED)
    await desk.service.given(f"association/{ASSOCIATION}", fact(PersonNoted, person="hilkka", valid_until=until))
    await desk.done("agreement-drafts", DRAFT)
    assert (await desk.sign(by="hilkka", roles=APPLICANT)).status_code == status


PARTNERSHIP_ACTS: list[tuple[str, dict[str, Any]]] = [
    ("negotiations", {"held_on": "2026-03-19", "notes": "Tilat"}),
    ("agreement-drafts", DRAFT),
    ("reviews", {"year": 2027, "continues": True, "remarks": "Hyvä"}),
]


@pytest.mark.parametrize(("path", "sent"), PARTNERSHIP_ACTS)
async def test_officers_prepare_a_partnership_and_nobody_else(desk: Desk, path: str, sent: dict[str, Any]) -> None:
    await desk.given("partnership", GRANTED, fact(ConflictDeclared, application_id=CASE, person="bertta"))
    for roles in (BOARD, APPLICANT, (Role.FINANCE,)):
        problem(await desk.post(path, sent, roles=roles), 403, "forbidden")
    problem(await desk.post(path, sent, by="bertta"), 403, "may-not-take-part")
    assert await desk.last_types(1) == ["act.refused"]


async def test_what_does_not_fit_is_refused_with_its_reason(desk: Desk) -> None:
    await desk.given("operating", GRANTED)
    for path, sent in PARTNERSHIP_ACTS[:2]:
        problem(await desk.post(path, sent), 409, "no-agreement")
    problem(await desk.post(*PARTNERSHIP_ACTS[2]), 409, "not-signed")
    problem(await desk.sign(by="user-1", roles=APPLICANT), 409, "no-draft")


async def test_nothing_is_agreed_of_what_was_rejected_and_a_draft_fits_its_decision(desk: Desk) -> None:
    await desk.given("partnership", REJECTED)
    problem(await desk.post("agreement-drafts", DRAFT), 409, "not-granted")
    later = {"held_on": "2026-03-21", "notes": "Tilat"}
    assert pointers(problem(await desk.post("negotiations", later), 422, "not-held-yet")) == ["/held_on"]


async def test_a_partnership_without_money_gives_something_else(desk: Desk) -> None:
    without = fact(DecisionMade, application_id=CASE, outcome="granted", amount=0, instalments=[])
    await desk.given("partnership", without, applied=0)
    told = problem(await desk.post("agreement-drafts", DRAFT), 422, "money-does-not-fit")
    assert pointers(told) == ["/without_money"]
    nothing = {**DRAFT, "without_money": True, "contributions": []}
    problem(await desk.post("agreement-drafts", nothing), 422, "nothing-agreed")
    assert (await desk.done("agreement-drafts", {**DRAFT, "without_money": True}))["version"] == 1


# --- projects ------------------------------------------------------------------------------------------------


async def test_own_funding_is_proven_in_parts_up_to_what_was_declared(desk: Desk) -> None:
    await desk.given("project")
    part = {"source": "Jäsenmaksut", "amount": "300.00 EUR"}
    problem(await desk.post("own-funding", part), 409, "not-decided")
    await desk.service.given(f"case/{CASE}", GRANTED)
    first = await desk.done("own-funding", part)
    assert (first["total"], first["covered"]) == ("300.00 EUR", False)
    second = await desk.done("own-funding", {**part, "amount": "200.00 EUR", "proof_sha256": "ab" * 32})
    assert (second["total"], second["covered"]) == ("500.00 EUR", True)
    problem(await desk.post("own-funding", part), 409, "own-funding-covered")
    problem(await desk.post("own-funding", part, roles=APPLICANT), 403, "forbidden")
    assert (await desk.shown())["own_funding_proven"] == "500.00 EUR"
    records = await desk.service.ledger.stream(f"case/{CASE}")
    assert (records[-1].data["declared"], records[-1].data["covered"]) == ("500.00 EUR", True)


async def test_a_report_of_costs_is_returned_comes_again_and_is_accepted_in_part(desk: Desk) -> None:
    await desk.given("project", GRANTED, fact(ConflictDeclared, application_id=CASE, person="bertta"))
    accepted = {"accepted": "850.00 EUR", "reasons": "Alkoholi ei ole hyväksyttävä kulu"}
    problem(await desk.post("cost-reports/1/acceptance", accepted), 404, "not-found")
    report = fact(CostReportSubmitted, application_id=CASE)
    await desk.came(report)
    late = {"reason": "Kuitit puuttuvat", "due_on": "2026-03-20"}
    assert pointers(problem(await desk.post("cost-reports/1/return", late), 422, "deadline-past")) == ["/due_on"]
    await desk.done("cost-reports/1/return", {**late, "due_on": "2026-08-01"})
    problem(await desk.post("cost-reports/1/acceptance", accepted), 409, "report-not-here")
    await desk.came(report)
    for act, sent in (("acceptance", accepted), ("return", {**late, "due_on": "2026-08-01"})):
        problem(await desk.post(f"cost-reports/1/{act}", sent, by="bertta"), 403, "may-not-take-part")
        problem(await desk.post(f"cost-reports/1/{act}", sent, roles=BOARD), 403, "forbidden")
    more = {**accepted, "accepted": "900.01 EUR"}
    told = problem(await desk.post("cost-reports/1/acceptance", more), 422, "more-than-reported")
    assert pointers(told) == ["/accepted"]
    assert (await desk.done("cost-reports/1/acceptance", accepted))["accepted_total"] == "850.00 EUR"
    await desk.came(report)
    problem(await desk.post("cost-reports/2/acceptance", accepted), 409, "period-accepted-already")
    autumn = fact(CostReportSubmitted, application_id=CASE, period_from="2026-07-01", period_until="2026-12-31")
    await desk.came(autumn)
    third = await desk.done("cost-reports/3/acceptance", {**accepted, "accepted": "100.00 EUR"})
    assert third["accepted_total"] == "950.00 EUR"
    shown = await desk.shown()
    states = {number: report["state"] for number, report in shown["cost_reports"].items()}
    assert (states, shown["accepted_costs"]) == ({"1": "accepted", "2": "received", "3": "accepted"}, "950.00 EUR")


# --- changes -------------------------------------------------------------------------------------------------

APPROVAL: dict[str, Any] = {
    "approved": True, "reasons": "Perusteltu", "use_until": "2027-06-30", "reports_due_on": ["2027-08-31"],
    "organ": "hyte",
}  # fmt: skip
PROPOSAL = {"approve": True, "reasons": "Perusteltu"}
REJECTION = {"approved": False, "reasons": "Ei perusteltu", "organ": "hyte-johtaja"}


async def test_a_change_is_proposed_by_one_decided_by_another_and_moves_the_days_of_reports(desk: Desk) -> None:
    await desk.service.given("call/operating-2026", fact(CallNoted, reports_due_on=["2026-11-30"]))
    ended = (DecisionDocumented, DecisionNotified, DecisionBecameFinal, PaymentNoted)
    await desk.given("operating", GRANTED, *(fact(kind, application_id=CASE) for kind in ended))
    problem(await desk.post(f"changes/{CHANGE}/proposal", PROPOSAL), 404, "not-found")
    await desk.came(fact(ChangeRequested, application_id=CASE))
    problem(await desk.post(f"changes/{CHANGE}/decision", APPROVAL, by="board-1", roles=BOARD), 409, "no-proposal")
    await desk.done(f"changes/{CHANGE}/proposal", PROPOSAL)
    await desk.done(f"changes/{CHANGE}/proposal", PROPOSAL, by="oskari")
    for proposer in ("olga", "oskari"):
        own = await desk.post(
            f"changes/{CHANGE}/decision", APPROVAL, by=proposer, roles=(Role.OFFICER, Role.DECISION_MAKER)
        )  # fmt: skip
        assert "prepared it" in problem(own, 403, "may-not-take-part")["detail"]
    unknown = {**APPROVAL, "organ": "Lautakunta"}
    told = problem(
        await desk.post(f"changes/{CHANGE}/decision", unknown, by="board-1", roles=BOARD), 422, "unknown-organ"
    )
    assert pointers(told) == ["/organ"]

    await desk.done(f"changes/{CHANGE}/decision", APPROVAL, by="board-1", roles=BOARD)
    problem(await desk.post(f"changes/{CHANGE}/decision", APPROVAL, by="board-1", roles=BOARD), 409, "decided-already")
    record = (await desk.service.ledger.stream(f"case/{CASE}"))[-1]
    assert (record.type, record.data["what"], record.data["person"]) == ("change.decided", "time", "board-1")
    assert record.data["organ"] == "Hyvinvoinnin ja terveyden edistämisen lautakunta"
    assert record.data["on_behalf_of"] is None
    shown = await desk.shown()
    assert (shown["use_until"], shown["reports_due_on"]) == ("2027-06-30", ["2027-08-31"])
    assert shown["changes"][CHANGE]["state"] == "approved"

    assert [await _bring(desk, datetime(2026, 12, 1, 9, 0, tzinfo=UTC)), await _bring(desk, AUGUST)] == [0, 1]
    assert (await desk.shown())["reports"]["1"]["due_on"] == "2027-08-31"


AUGUST = datetime(2027, 8, 1, 9, 0, tzinfo=UTC)


async def _bring(desk: Desk, moment: datetime) -> int:
    """How many events about reports a day brings."""
    desk.service.at(moment)
    run = await desk.service.client.post("/v1/deadlines/run", headers=desk.service.token(Role.OPERATOR))
    return int(run.json()["reports"])


async def test_a_report_that_was_asked_for_already_moves_with_the_change(desk: Desk) -> None:
    await desk.service.given("call/operating-2026", fact(CallNoted, reports_due_on=["2026-11-30"]))
    ended = (DecisionDocumented, DecisionNotified, DecisionBecameFinal, PaymentNoted)
    await desk.given("operating", GRANTED, *(fact(kind, application_id=CASE) for kind in ended))
    assert await _bring(desk, datetime(2026, 11, 2, 9, 0, tzinfo=UTC)) == 1
    await desk.came(fact(ChangeRequested, application_id=CASE))
    await desk.done(f"changes/{CHANGE}/proposal", PROPOSAL)
    await desk.done(f"changes/{CHANGE}/decision", APPROVAL, by="board-1", roles=BOARD)
    reminded = datetime(2027, 9, 1, 9, 0, tzinfo=UTC)
    assert [await _bring(desk, datetime(2026, 12, 1, 9, 0, tzinfo=UTC)), await _bring(desk, reminded)] == [0, 1]
    assert await desk.last_types(1) == ["report.reminded"]


async def test_an_officer_decides_a_change_only_while_standing_in(desk: Desk) -> None:
    await desk.given("operating", GRANTED)
    await desk.came(fact(ChangeRequested, application_id=CASE))
    await desk.done(f"changes/{CHANGE}/proposal", {**PROPOSAL, "approve": False})
    problem(await desk.post(f"changes/{CHANGE}/decision", REJECTION, by="oskari"), 403, "may-not-take-part")
    assert (await desk.shown())["refused_acts"] == 1
    period = {"valid_from": "2026-03-16", "valid_until": "2026-03-20"}
    named = fact(StandInNamed, principal="board-1", stand_in="oskari", person="board-1", **period)
    await desk.service.given(STAND_INS, named)
    await desk.done(f"changes/{CHANGE}/decision", REJECTION, by="oskari")
    record = (await desk.service.ledger.stream(f"case/{CASE}"))[-1]
    assert (record.data["person"], record.data["on_behalf_of"]) == ("oskari", "board-1")
    assert record.data["organ"] == "Hyvinvoinnin edistämisen johtaja"
    assert (await desk.shown())["changes"][CHANGE]["state"] == "rejected"


async def test_an_unknown_case_is_not_found_whatever_is_asked_of_it(desk: Desk) -> None:
    officer = desk.service.token(Role.OFFICER)
    sent: list[tuple[str, dict[str, Any]]] = [
        *PARTNERSHIP_ACTS, ("own-funding", {"source": "Jäsenmaksut", "amount": "1.00 EUR"}),
        (f"changes/{CHANGE}/proposal", PROPOSAL), (f"changes/{CHANGE}/decision", REJECTION),
        ("cost-reports/1/acceptance", {"accepted": "0.00 EUR", "reasons": "Syy"}),
    ]  # fmt: skip
    for path, body in sent:
        answer = await desk.service.client.post(f"/v1/cases/{UNKNOWN}/{path}", json=body, headers=officer)
        problem(answer, 404, "not-found")
    read = await desk.service.client.get(f"/v1/cases/{UNKNOWN}/agreement", headers=officer)
    problem(read, 404, "not-found")
