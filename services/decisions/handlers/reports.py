"""Commands on reports of use, and what the days bring of them by themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import StrictBool

from schemas.county import County
from schemas.decisions import ReportAccepted, ReportChecked, ReportReturned
from schemas.facts import Contract, Date, Fact
from schemas.helsinki import HELSINKI
from schemas.identifiers import Text
from schemas.money import NonNegativeAmount
from services.decisions.domain import reports
from services.decisions.domain.cases import Case
from services.ledger import Context, Ledger
from services.web.clock import Clock
from services.web.commands import Command, encode
from services.web.handling import Answer, Plan, handle

from .cases import Decisions

PAGE = 200


class CheckReport(Contract):
    """A part of a report that was checked, with what was found."""

    part: Literal["content", "money"]
    sound: StrictBool
    remarks: Text


class ReturnReport(Contract):
    """What has to be completed, and by which Helsinki date."""

    reason: Text
    due_on: Date


class AcceptReport(Contract):
    """What was not used of the grant."""

    unused: NonNegativeAmount


class Reports:
    """The commands, and the timer's work. Each returns once its events are durable."""

    def __init__(self, ledger: Ledger, county: County, clock: Clock, decisions: Decisions) -> None:
        self._ledger = ledger
        self._county = county
        self._clock = clock
        self._decisions = decisions

    def today(self) -> date:
        """The Helsinki date now."""
        return self._clock().astimezone(HELSINKI).date()

    async def check(self, command: Command, application_id: UUID, number: int, given: CheckReport) -> Answer:
        fact = ReportChecked(
            application_id=application_id, report=number, person=command.identity.person, **dict(given)
        )
        return await self._act(command, application_id, lambda case: reports.check(case.reports, fact))

    async def give_back(self, command: Command, application_id: UUID, number: int, given: ReturnReport) -> Answer:
        fact = ReportReturned(
            application_id=application_id, report=number, person=command.identity.person, **dict(given)
        )
        today = self.today()
        return await self._act(command, application_id, lambda case: reports.give_back(case.reports, fact, today))

    async def accept(self, command: Command, application_id: UUID, number: int, given: AcceptReport) -> Answer:
        fact = ReportAccepted(
            application_id=application_id, report=number, person=command.identity.person, unused=given.unused
        )
        return await self._act(command, application_id, lambda case: reports.accept(case.reports, fact, case.amount))

    async def run(self, context: Context) -> int:
        """Asks for the reports whose time has come and reminds of those that are overdue; how many events."""
        done, after = 0, ""
        position = (await self._ledger.head()).size
        while page := await self._ledger.page("cases", position, after=after, where={"state": "final"}, limit=PAGE):
            after = page[-1].key
            for entry in page:
                done += await self._look_at(context, UUID(entry.key)) if entry.document["amount"] != "0.00 EUR" else 0
        return done

    async def _look_at(self, context: Context, application_id: UUID) -> int:
        today = self.today()
        ask_days = self._county.deadline_rules(today).report_ask_days
        _, case = await self._decisions.existing(application_id)
        call = await self._decisions.call_for(case)
        if call is None or not list(reports.due(application_id, case.reports, call.reports_due_on, today, ask_days)):
            return 0

        async def decide() -> Plan:
            loaded, case = await self._decisions.existing(application_id)
            facts = list(reports.due(application_id, case.reports, call.reports_due_on, today, ask_days))
            return Plan((loaded.write(facts),), {})

        return (await handle(self._ledger, context, decide, encode)).events

    async def _act(self, command: Command, application_id: UUID, act: Callable[[Case], list[Fact]]) -> Answer:
        return await self._decisions.on_case(command, application_id, "check_report", lambda case: (act(case), {}))
