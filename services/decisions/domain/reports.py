"""Reports of use (*selvitys*): asked for in time, reminded of, checked in two parts, accepted or returned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from schemas.decisions import (
    ReportAccepted,
    ReportChecked,
    ReportReceived,
    ReportReminded,
    ReportRequested,
    ReportReturned,
)
from schemas.facts import Fact
from schemas.intake import UsageReportSubmitted
from schemas.money import euros
from schemas.refusals import conflict, invalid, not_found

Part = Literal["content", "money"]
PARTS: frozenset[Part] = frozenset({"content", "money"})
ReportState = Literal["requested", "received", "returned", "accepted"]


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it stands; `checks` are the results of the parts that were checked since it came, `reminded` the last
    day of which the association was reminded.
    """

    state: ReportState
    due_on: date
    reminded: date | None = None
    used: int = 0
    checks: Mapping[Part, bool] = field(default_factory=dict)


Reports = Mapping[int, Report]
"""A case's reports by their numbers."""


def evolve(reports: Reports, fact: Fact) -> Reports:  # noqa: PLR0911 - one arm for each kind
    """The reports after a fact; the same object when it concerns none."""
    match fact:
        case ReportRequested():
            return {**reports, fact.report: Report("requested", fact.due_on)}
        case ReportReminded():
            return _changed(reports, fact.report, reminded=fact.due_on)
        case ReportReceived():
            before = reports.get(fact.report, Report("requested", fact.received_on))
            return {**reports, fact.report: replace(before, state="received", used=fact.used, checks={})}
        case ReportChecked():
            checks = {**reports[fact.report].checks, fact.part: fact.sound}
            return _changed(reports, fact.report, checks=checks)
        case ReportReturned():
            return _changed(reports, fact.report, state="returned", due_on=fact.due_on, reminded=None, checks={})
        case ReportAccepted():
            return _changed(reports, fact.report, state="accepted")
    return reports


def _changed(reports: Reports, number: int, **changes: object) -> Reports:
    return {**reports, number: replace(reports[number], **changes)}  # type: ignore[arg-type]


def due(application_id: UUID, reports: Reports, due_on: Sequence[date], today: date, ask_days: int) -> Iterator[Fact]:
    """What the day brings by itself: reports to ask for, so many days before they are due, and reminders of those that
    have not come by the end of their last day; each once, also after a restart, for what was done is in the reports.
    What is asked for only after its day, since it was paid later, is due so many days after it is asked for. A report
    that is asked for moves to a later day of the plan, also after a reminder; one that was returned has its own.
    """
    soon = today + timedelta(days=ask_days)
    for number, day in enumerate(due_on, start=1):
        report = reports.get(number)
        if report is None and day <= soon:
            last = soon if day < today else day
            yield ReportRequested(application_id=application_id, report=number, due_on=last)
            report = Report("requested", last)
        if report is not None and _overdue(report, day, today):
            last = _last_day(report, day)
            yield ReportReminded(application_id=application_id, report=number, due_on=last, reminded_on=today)


def _last_day(report: Report, planned: date) -> date:
    return max(planned, report.due_on) if report.state == "requested" else report.due_on


def _overdue(report: Report, planned: date, today: date) -> bool:
    last = _last_day(report, planned)
    reminded = report.reminded is not None and report.reminded >= last
    return report.state in {"requested", "returned"} and not reminded and today > last


def receive(reports: Reports, sent: UsageReportSubmitted, received_on: date) -> list[Fact]:
    """Takes a report: the first that is asked for or was returned, else, sent unasked, the next one."""
    waiting = [number for number, report in sorted(reports.items()) if report.state in {"requested", "returned"}]
    number = waiting[0] if waiting else len(reports) + 1
    return [
        ReportReceived(
            application_id=sent.application_id, report=number, used=sent.used, account=sent.account,
            attachments=sent.attachments, received_on=received_on,
        )
    ]  # fmt: skip


def check(reports: Reports, checked: ReportChecked) -> list[Fact]:
    """Checks a part of a report that has come; a second check of a part replaces the first."""
    _received(reports, checked.report)
    return [checked]


def give_back(reports: Reports, returned: ReportReturned, today: date) -> list[Fact]:
    """Gives a report back to be completed."""
    _received(reports, returned.report)
    if returned.due_on <= today:
        raise invalid("deadline-past", "the deadline lies after today", "/due_on")
    return [returned]


def accept(reports: Reports, accepted: ReportAccepted, in_force: int) -> list[Fact]:
    """Accepts a report whose content and money were both found sound. `in_force` is the grant's sum, in cents."""
    report = _received(reports, accepted.report)
    missing = sorted(part for part in PARTS if not report.checks.get(part, False))
    if missing:
        raise conflict("not-checked", f"found sound first: {' and '.join(missing)}")
    if accepted.unused > in_force:
        raise invalid("more-than-granted", f"at most {euros(in_force)} can be left unused", "/unused")
    return [accepted]


def _received(reports: Reports, number: int) -> Report:
    report = reports.get(number)
    if report is None:
        raise not_found(f"report {number} of this case")
    if report.state != "received":
        raise conflict("report-not-here", f"the report is {report.state}: nothing is there to check")
    return report
