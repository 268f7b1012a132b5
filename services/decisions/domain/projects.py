"""Projects (*hanke*): own funding that is proven, and costs that are reported before the next instalment.

The county's sum may itself be the own-funding share (*omarahoitusosuus*) of a project that another body funds; the
association's own share is declared in the application and proven here. Payments lets an instalment go once the accepted
costs cover the instalments before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from schemas.decisions import CostReportAccepted, CostReportReceived, CostReportReturned, OwnFundingProven
from schemas.facts import Fact
from schemas.intake import CostReportSubmitted
from schemas.money import LARGEST_CENTS, euros
from schemas.refusals import conflict, invalid, not_found


@dataclass(frozen=True, slots=True)
class CostReport:
    """A report of costs as it stands; `accepted` in cents."""

    received: CostReportReceived
    state: Literal["received", "returned", "accepted"] = "received"
    accepted: int = 0


@dataclass(frozen=True, slots=True)
class Project:
    """What is proven of a project's own funding, in cents, and its reports of costs by their numbers."""

    proven: int = 0
    reports: Mapping[int, CostReport] = field(default_factory=dict)

    @property
    def accepted(self) -> int:
        """All costs accepted so far, in cents."""
        return sum(report.accepted for report in self.reports.values())


def evolve(state: Project, fact: Fact) -> Project:
    """The project after a fact; the same object when it concerns none."""
    match fact:
        case OwnFundingProven():
            return replace(state, proven=fact.total)
        case CostReportReceived():
            return _with(state, fact.cost_report, CostReport(fact))
        case CostReportReturned():
            return _with(state, fact.cost_report, replace(state.reports[fact.cost_report], state="returned"))
        case CostReportAccepted():
            settled = replace(state.reports[fact.cost_report], state="accepted", accepted=fact.accepted)
            return _with(state, fact.cost_report, settled)
    return state


def _with(state: Project, number: int, report: CostReport) -> Project:
    return replace(state, reports={**state.reports, number: report})


def prove(state: Project, proven: OwnFundingProven, declared: int) -> list[Fact]:
    """Records that a part of the declared own funding (cents) was proven."""
    if declared == 0:
        raise conflict("no-own-funding", "the application declares no own funding")
    if state.proven >= declared:
        raise conflict("own-funding-covered", f"the declared {euros(declared)} are proven already")
    total = _written(state.proven + proven.amount, "/amount")
    return [proven.model_copy(update={"total": total, "declared": declared, "covered": total >= declared})]


def receive(state: Project, sent: CostReportSubmitted, received_on: date) -> list[Fact]:
    """Takes a report of costs: the first that was returned with the same period, else the next one."""
    period = (sent.period_from, sent.period_until)
    again = [
        number
        for number, report in sorted(state.reports.items())
        if report.state == "returned" and (report.received.period_from, report.received.period_until) == period
    ]
    number = again[0] if again else len(state.reports) + 1
    return [
        CostReportReceived(
            application_id=sent.application_id, cost_report=number, period_from=sent.period_from,
            period_until=sent.period_until, rows=sent.rows, total=sent.total, attachments=sent.attachments,
            received_on=received_on,
        )
    ]  # fmt: skip


def give_back(state: Project, returned: CostReportReturned, today: date) -> list[Fact]:
    """Gives a report of costs back to be completed."""
    _received(state, returned.cost_report)
    if returned.due_on <= today:
        raise invalid("deadline-past", "the deadline lies after today", "/due_on")
    return [returned]


def accept(state: Project, accepted: CostReportAccepted) -> list[Fact]:
    """Accepts the costs of a report or a part of them; no day's costs are accepted twice. Where nothing of a report was
    accepted, another one of the same days may be.
    """
    report = _received(state, accepted.cost_report)
    if accepted.accepted > report.received.total:
        raise invalid("more-than-reported", f"{euros(report.received.total)} were reported", "/accepted")
    overlapping = [number for number, other in sorted(state.reports.items()) if _overlaps(report, other)]
    if overlapping:
        raise conflict("period-accepted-already", f"report {overlapping[0]}, accepted already, has days of the same "
                       "period: return this one")  # fmt: skip
    total = _written(state.accepted + accepted.accepted, "/accepted")
    return [accepted.model_copy(update={"accepted_total": total})]


def _written(total: int, field: str) -> int:
    """The total itself. Raises Refused for one that is too large to be written as an amount."""
    if total > LARGEST_CENTS:
        raise invalid("total-too-large", f"all together are {euros(LARGEST_CENTS)} at most", field)
    return total


def _overlaps(report: CostReport, other: CostReport) -> bool:
    mine, theirs = report.received, other.received
    apart = mine.period_until < theirs.period_from or theirs.period_until < mine.period_from
    return other.state == "accepted" and other.accepted > 0 and not apart


def _received(state: Project, number: int) -> CostReport:
    report = state.reports.get(number)
    if report is None:
        raise not_found(f"report of costs {number} of this case")
    if report.state != "received":
        raise conflict("report-not-here", f"the report is {report.state}: nothing is there to check")
    return report
