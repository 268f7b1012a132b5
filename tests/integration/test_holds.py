"""What holds an instalment, from decisions to payments: every event of decisions comes to payments as a message, twice,
and payments proposes what nothing holds any more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.catalogue import known
from schemas.decisions import (
    CallNoted,
    CaseOpened,
    ChangeDecided,
    DecisionBecameFinal,
    DecisionMade,
    DecisionNotified,
    Instalment,
    PaymentNoted,
    ProposalMade,
    RectificationClaimed,
    ReportAccepted,
    ReportReminded,
    ReportRequested,
)
from schemas.facts import Fact
from schemas.intake import CostReportSubmitted
from services.decisions.reactions import Reactions as OfDecisions
from services.ledger import Context, Unit
from services.ledger.inbox import Inbox, Message
from services.ledger.parking import list_parked
from services.ledger.records import decode_body, encode_body
from services.payments.reactions import Reactions
from services.web.handling import event_of
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, InProcess, identity, in_process, problem
from tests.integration.post import as_kafka
from tests.unit.given import county, fact

CASE = identity(1)
SPRING = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
BOTH_YEARS = ["2026-04-01", "2027-04-01"]
AGREEMENT: dict[str, Any] = {
    "years": 2, "without_money": False, "contributions": [], "terms": "Sopimus", "valid_from": "2026-01-01",
    "valid_until": "2027-12-31",
}  # fmt: skip
REVIEW = {"year": 2027, "continues": True, "remarks": "Tavoitteet toteutuneet"}
NOT_SIGNED, NOT_REVIEWED = "the agreement is not signed by both", "the partnership was not reviewed for 2027"


@dataclass
class County:
    """Decisions with one case, and payments, which is brought what decisions published since the last time."""

    decisions: InProcess
    payments: InProcess
    brought: int = 0

    async def decided(self, basket: str, days: list[str], amount: int = 100_000, **changed: Any) -> None:
        """A case of the basket with its decision, of which notice was given and which is final."""
        share = amount // max(len(days), 1)
        plan = [Instalment(number=n, amount=share, payable_from=day) for n, day in enumerate(days, 1)]
        opened = fact(CaseOpened, application_id=CASE, basket=basket, applied=amount, **changed)
        made = fact(
            DecisionMade, application_id=CASE, basket=basket, outcome="granted", amount=amount, instalments=plan,
            **changed,
        )  # fmt: skip
        ended = [fact(kind, application_id=CASE) for kind in (DecisionNotified, DecisionBecameFinal)]
        await self.given(opened, fact(ProposalMade, application_id=CASE), made, *ended)

    async def given(self, *facts: Fact) -> None:
        await self.decisions.given(f"case/{CASE}", *facts)

    def at(self, year: int, month: int, day: int, hour: int, minute: int = 0) -> None:
        for service in (self.decisions, self.payments):
            service.at(datetime(year, month, day, hour, minute, tzinfo=UTC))

    async def act(self, path: str, sent: dict[str, Any], role: Role = Role.OFFICER, person: str = "olga") -> Any:
        """A command of decisions that must succeed."""
        own = ASSOCIATION if role is Role.ASSOCIATION else None
        headers = self.decisions.token(role, person=person, association=own)
        answer = await self.decisions.client.post(f"/v1/cases/{CASE}/{path}", json=sent, headers=headers)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    async def sign(self, version: int = 1) -> None:
        for role, person in ((Role.ASSOCIATION, "user-1"), (Role.DECISION_MAKER, "board-1")):
            await self.act("agreement-signatures", {"version": version}, role, person)

    async def bring(self, *, again: bool = False) -> None:
        """Payments gets the messages, each twice; `again` from the first on, as after a broker that lost all."""
        reactions = Reactions(self.payments.ledger, county()).by_type()["decisions"]
        inbox = Inbox(self.payments.ledger, "payments", reactions, known, back_off_seconds=0.01)
        async for record in self.decisions.ledger.scan(0 if again else self.brought):
            key, value, headers = as_kafka(record, "decisions")
            for _ in range(2):
                await inbox.receive(Message.read("decisions", key, value, headers))
            self.brought = max(self.brought, record.position)
        assert await list_parked(self.payments.ledger) == []

    async def held(self) -> list[str | None]:
        """What holds each instalment that is not paid."""
        await self.bring()
        answer = await self.payments.client.get("/v1/payables", headers=self.payments.token(Role.FINANCE))
        return [item["held"] for item in answer.json()["items"]]

    async def propose(self, on: str) -> httpx.Response:
        headers = self.payments.token(Role.FINANCE)
        return await self.payments.client.post("/v1/runs", json={"execution_date": on}, headers=headers)

    async def proposed(self, on: str) -> list[int]:
        """The numbers of the instalments in a run that is proposed now."""
        answer = await self.propose(on)
        assert answer.status_code == 201, answer.text
        path = f"/v1/runs/{answer.json()['run_id']}"
        run = (await self.payments.client.get(path, headers=self.payments.token(Role.FINANCE))).json()
        return [line["instalment"] for line in run["lines"]]

    async def reported(self, year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> int:
        """How many events about reports a moment brings by itself."""
        self.at(year, month, day, hour, minute)
        headers = self.decisions.token(Role.OPERATOR)
        answer = await self.decisions.client.post("/v1/deadlines/run", headers=headers)
        return int(answer.json()["reports"])

    async def shown(self) -> dict[str, Any]:
        answer = await self.decisions.client.get(f"/v1/cases/{CASE}", headers=self.decisions.token(Role.AUDITOR))
        document: dict[str, Any] = answer.json()
        return document


@pytest.fixture
async def towns(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[County]:
    folders = [tmp_path / name for name in ("decisions", "payments")]
    for folder in folders:
        folder.mkdir()
    async with (
        in_process("decisions", database, folders[0], SPRING) as decisions,
        in_process("payments", database, folders[1], SPRING) as payments,
    ):
        yield County(decisions, payments)


async def test_a_partnership_is_paid_once_both_signed_and_a_later_year_once_it_was_reviewed(towns: County) -> None:
    await towns.decided("partnership", BOTH_YEARS)
    await towns.act("agreement-drafts", AGREEMENT)
    assert await towns.held() == [NOT_SIGNED, NOT_SIGNED]
    towns.at(2026, 4, 1, 8)
    problem(await towns.propose("2026-04-02"), 409, "nothing-payable")
    await towns.sign()
    await towns.bring()
    assert await towns.proposed("2026-04-02") == [1]
    # Another version is offered while the first holds: nothing of the first changes until both have signed it.
    await towns.act("agreement-drafts", {**AGREEMENT, "terms": "Uusi"})
    towns.at(2027, 4, 1, 8)
    assert await towns.held() == [NOT_REVIEWED]
    await towns.act("reviews", {**REVIEW, "continues": False})
    assert await towns.held() == [NOT_REVIEWED]
    problem(await towns.propose("2027-04-02"), 409, "nothing-payable")
    await towns.act("reviews", REVIEW)
    await towns.bring()
    await towns.bring(again=True)
    assert await towns.proposed("2027-04-02") == [2]


async def test_a_partnership_without_money_is_agreed_on_reviewed_and_reported_on_and_payments_waits_for_nothing(
    towns: County,
) -> None:
    await towns.decisions.given("call/operating-2026", fact(CallNoted, reports_due_on=["2026-11-30"]))
    await towns.decided("partnership", [], 0, own_funding="500.00 EUR")
    await towns.act("agreement-drafts", {**AGREEMENT, "without_money": True, "contributions": ["Tilat"]})
    await towns.sign()
    await towns.act("own-funding", {"source": "Jäsenmaksut", "amount": "500.00 EUR"})
    await towns.act("reviews", REVIEW)
    assert [await towns.reported(2026, 11, 30), await towns.reported(2026, 12, 1)] == [1, 1]
    assert (await towns.shown())["reports"]["1"]["state"] == "overdue"
    assert await towns.held() == []


async def test_a_review_goes_from_the_year_after_the_first_instalment_to_the_agreements_last(towns: County) -> None:
    await towns.decided("partnership", ["2026-12-15", "2027-12-15", "2029-12-15"], 90_000)
    await towns.act("agreement-drafts", {**AGREEMENT, "valid_from": "2027-01-01", "valid_until": "2028-12-31"})
    await towns.sign()
    towns.at(2029, 12, 15, 8)
    beyond = "the partnership was not reviewed for 2029"
    assert await towns.held() == [None, NOT_REVIEWED, beyond]
    await towns.act("reviews", REVIEW)
    assert await towns.held() == [None, None, beyond]
    headers = towns.decisions.token(Role.OFFICER)
    review = {**REVIEW, "year": 2029}
    answer = await towns.decisions.client.post(f"/v1/cases/{CASE}/reviews", json=review, headers=headers)
    assert "the years 2027 to 2028 are reviewed" in problem(answer, 422, "no-such-year")["detail"]
    longer = {**AGREEMENT, "years": 3, "valid_from": "2027-01-01", "valid_until": "2029-12-31"}
    await towns.act("agreement-drafts", longer)
    await towns.sign(2)
    await towns.act("reviews", review)
    assert await towns.held() == [None, None, None]


async def test_a_project_is_paid_as_its_own_funding_is_proven_and_its_costs_are_accepted(towns: County) -> None:
    await towns.decided("project", BOTH_YEARS, own_funding="500.00 EUR")
    towns.at(2027, 4, 1, 8)
    unproven = "the own funding is not proven"
    assert await towns.held() == [unproven, unproven]
    for amount, held in (("499.99 EUR", unproven), ("0.01 EUR", None)):
        await towns.act("own-funding", {"source": "Jäsenmaksut", "amount": amount})
        assert (await towns.held())[0] == held
    reactions = OfDecisions(towns.decisions.ledger, county()).by_type()["intake"]
    for number, (period, accepted, covered) in enumerate(
        (("2026-06-30", "499.99 EUR", False), ("2026-07-31", "0.00 EUR", False), ("2026-08-31", "0.01 EUR", True)), 1
    ):
        report = fact(CostReportSubmitted, application_id=CASE, period_from=f"{period[:8]}01", period_until=period)
        body = encode_body(7, "2026-09-10T08:00:00.000000Z", event_of(report), f"case/{CASE}", 7, Context("a", "b"))
        writes = await reactions[report.event_type](decode_body(body))
        await towns.decisions.ledger.append(Unit(Context("reaction", "test"), tuple(writes)))
        assert ((await towns.held())[1] is None) is False
        await towns.act(f"cost-reports/{number}/acceptance", {"accepted": accepted, "reasons": "Tarkastettu"})
        assert ((await towns.held())[1] is None) is covered
    await towns.bring(again=True)
    assert await towns.proposed("2027-04-02") == [1, 2]


async def test_a_report_that_becomes_overdue_stops_what_was_proposed_and_not_yet_built(towns: County) -> None:
    await towns.decided("operating", ["2026-04-01"])
    towns.at(2026, 12, 1, 8)
    assert await towns.held() == [None]
    finance = {person: towns.payments.token(Role.FINANCE, person=person) for person in ("anna", "bertta", "cecilia")}
    post = towns.payments.client.post
    proposed = await post("/v1/runs", json={"execution_date": "2026-12-02"}, headers=finance["anna"])
    run = f"/v1/runs/{proposed.json()['run_id']}"
    for person in ("bertta", "cecilia"):
        assert (await post(f"{run}/approvals", headers=finance[person])).status_code == 201
    await towns.given(fact(ReportRequested, application_id=CASE), fact(ReportReminded, application_id=CASE))
    await towns.bring()
    told = problem(await post(f"{run}/file", headers=finance["anna"]), 409, "held")["detail"]
    [line] = (await towns.payments.client.get(run, headers=finance["anna"])).json()["lines"]
    assert f"take {line['end_to_end_id']} out of the run" in told
    removed = {"lines": [line["end_to_end_id"]], "reason": "Selvitys on myöhässä"}
    assert (await post(f"{run}/removals", json=removed, headers=finance["anna"])).status_code == 200
    assert await towns.held() == ["a report of use is overdue"]
    problem(await towns.propose("2026-12-02"), 409, "nothing-payable")


async def test_each_overdue_report_holds_by_itself_until_it_is_accepted_or_has_another_day(towns: County) -> None:
    await towns.decided("operating", ["2026-04-01"])
    towns.at(2026, 12, 1, 8)
    overdue = "a report of use is overdue"
    await towns.given(*(fact(ReportReminded, application_id=CASE, report=number) for number in (1, 2, 3)))
    assert await towns.held() == [overdue]
    await towns.given(fact(ReportAccepted, application_id=CASE, report=1))
    assert await towns.held() == [overdue]
    register = await towns.payments.client.get(f"/v1/grants/{CASE}", headers=towns.payments.token(Role.AUDITOR))
    assert register.json()["holds"] == ["report_overdue/2", "report_overdue/3"]
    # Report 2 has its day again, ahead of the decision; report 3 has none that lies ahead.
    days = ["2026-11-30", "2027-01-31"]
    await towns.given(fact(ChangeDecided, application_id=CASE, decided_on="2026-12-01", reports_due_on=days))
    assert await towns.held() == [overdue]
    await towns.given(fact(ReportAccepted, application_id=CASE, report=3))
    assert await towns.held() == [None]
    await towns.bring(again=True)
    assert await towns.held() == [None]


async def test_what_was_paid_on_notice_is_reported_on_though_a_claim_is_pending(towns: County) -> None:
    decisions = towns.decisions
    await decisions.given("call/operating-2026", fact(CallNoted, reports_due_on=["2026-11-30"]))
    for number, paid in ((1, True), (2, False)):
        case = identity(number)
        kinds = (CaseOpened, ProposalMade, DecisionMade, DecisionNotified, RectificationClaimed)
        facts = [fact(kind, application_id=case) for kind in kinds]
        await decisions.given(f"case/{case}", *facts, *([fact(PaymentNoted, application_id=case)] if paid else []))
    assert [await towns.reported(2026, 11, 30, 21, minute) for minute in (58, 59)] == [1, 0]
    # 1.12.2026 begins in Helsinki.
    assert [await towns.reported(2026, 11, 30, 22, minute) for minute in (0, 1)] == [1, 0]
    assert (await towns.shown())["reports"]["1"]["state"] == "overdue"


async def test_nothing_is_asked_of_what_was_not_paid_and_what_is_paid_late_is_reported_on_later(towns: County) -> None:
    await towns.decisions.given("call/operating-2026", fact(CallNoted, reports_due_on=["2026-11-30"]))
    await towns.decided("operating", ["2026-04-01"])
    assert [await towns.reported(2026, 11, 30), await towns.reported(2027, 1, 15)] == [0, 0]
    paid = fact(PaymentNoted, application_id=CASE, booked_on="2027-01-18")
    await towns.given(paid, paid.model_copy(update={"kind": "returned"}))
    assert await towns.reported(2027, 1, 19) == 0
    await towns.given(paid)
    assert await towns.reported(2027, 1, 20) == 1
    assert (await towns.shown())["reports"]["1"]["due_on"] == "2027-02-19"
    assert [await towns.reported(2027, 2, 19), await towns.reported(2027, 2, 20)] == [0, 1]
