"""Commands on reports of use, and what the days bring of them by themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final, Literal
from uuid import UUID

from pydantic import StrictBool

from schemas.county import County
from schemas.decisions import ReportAccepted, ReportChecked, ReportReturned
from schemas.facts import Contract, Date, Fact
from schemas.helsinki import HELSINKI
from schemas.identifiers import Text
from schemas.money import NonNegativeAmount, cents, euros
from services.decisions.domain import follow_up, reports
from services.decisions.domain.cases import Case
from services.ledger import Context, Document, Ledger
from services.web.clock import Clock
from services.web.commands import Command, encode
from services.web.handling import Answer, Plan, handle

from .cases import Decisions

PAGE = 200
_DECIDED: Final = ("notified", "claimed", "claim_decided", "appealed", "final")
"""The states of a case that may be reported on: what pays on notice is paid before it is final."""


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
        """Asks for the reports whose time has come and reminds of those that are overdue; how many events. What was
        paid is reported on, whatever is claimed or appealed against meanwhile.

        The register tells which cases the day concerns, so that the others cost no query of their own.
        """
        today = self.today()
        ask_days = self._county.deadline_rules(today).report_ask_days
        plans: dict[tuple[str, int], Sequence[date]] = {}
        done = 0
        position = (await self._ledger.head()).size
        for state in _DECIDED:
            after = ""
            while page := await self._ledger.page("cases", position, after=after, where={"state": state}, limit=PAGE):
                after = page[-1].key
                for entry in page:
                    plan = await self._plan(entry.document, plans)
                    if _concerned(entry.document, plan, today, ask_days):
                        done += await self._bring(context, UUID(entry.key), plan, today, ask_days)
        return done

    async def _plan(self, case: Document, plans: dict[tuple[str, int], Sequence[date]]) -> Sequence[date]:
        """The days on which a case's reports are due: those of a decided change, else those of its call; each call is
        looked up once a run.
        """
        if "reports_due_on" in case:
            return [date.fromisoformat(day) for day in case["reports_due_on"]]
        key = (case["call_id"], case.get("call_version", 1))
        if key not in plans:
            call = await self._decisions.call_version(*key)
            plans[key] = () if call is None else call.reports_due_on
        return plans[key]

    async def _bring(
        self, context: Context, application_id: UUID, plan: Sequence[date], today: date, ask_days: int
    ) -> int:
        async def decide() -> Plan:
            loaded, case = await self._decisions.existing(application_id)
            days = (case.changes.reports_due_on or plan) if follow_up.reported_on(case) else ()
            facts = list(reports.due(application_id, case.reports, days, today, ask_days))
            return Plan((loaded.write(facts),), {})

        return (await handle(self._ledger, context, decide, encode)).events

    async def _act(self, command: Command, application_id: UUID, act: Callable[[Case], list[Fact]]) -> Answer:
        return await self._decisions.on_case(command, application_id, "check_report", lambda case: (act(case), {}))


def _concerned(case: Document, plan: Sequence[date], today: date, ask_days: int) -> bool:
    """Whether a day may bring something to a case, by its document; what it brings is decided by its events."""
    if not _reported_on(case):
        return False
    known = case.get("reports", {})
    for number, day in enumerate(plan, start=1):
        report = known.get(str(number))
        if report is None:
            if day <= today + timedelta(days=ask_days):
                return True
        elif report["state"] in {"requested", "returned"}:
            last = date.fromisoformat(report["due_on"])
            if today > (max(day, last) if report["state"] == "requested" else last):
                return True
        elif report["state"] == "overdue" and date.fromisoformat(report["due_on"]) < day < today:
            return True
    return False


def _reported_on(case: Document) -> bool:
    """What `follow_up.reported_on` says, by a case's document."""
    nothing = euros(0)
    if case["amount"] != nothing:
        return cents(case.get("paid", nothing)) > cents(case.get("recovered", nothing))
    outcome = case.get("changed_to") or case["outcome"]
    return bool(case["state"] == "final" and case["applied"] == nothing and outcome == "granted")
