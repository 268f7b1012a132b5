"""Applications (*hakemus*): what makes one acceptable, and what may be done with it while it is on its way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from uuid import UUID

from schemas.calls import AttachedFile, Budget, CostRow
from schemas.county import County
from schemas.facts import Fact
from schemas.helsinki import HELSINKI
from schemas.intake import (
    ApplicationAttachmentAdded,
    ApplicationStandingChanged,
    ApplicationSubmitted,
    ApplicationSupplemented,
    ApplicationWithdrawn,
    ChangeRequested,
    CostReportSubmitted,
    Standing,
    UsageReportSubmitted,
)
from schemas.money import LARGEST_CENTS, euros
from schemas.refusals import Refused, SeveralRefused, conflict, invalid

from . import forms
from .associations import Association, is_contact
from .calls import Call

DECIDED: frozenset[Standing] = frozenset(
    {
        "decided", "notified", "final", "paid", "payment_delayed", "recovery", "report_requested", "report_returned",
        "report_accepted", "hearing", "agreement_offered", "agreement_signed", "cost_report_returned",
        "cost_report_accepted", "change_decided", "payment_sent", "own_funding_awaited", "report_received", "appealed",
    }
)  # fmt: skip
SEVERAL_TIMES: frozenset[Standing] = frozenset(
    {"agreement_offered", "agreement_signed", "cost_report_accepted", "change_decided"}
)
"""Standings that are news each time: another version, report or change is meant."""
OUTLIVES_WITHDRAWAL: frozenset[Standing] = DECIDED | {"transferred"}
"""What is told of a withdrawn application all the same: once another service heard of a withdrawal it decides and
transfers nothing, so what it tells it did before, and that stands.
"""
COST_REPORTS_MAX = 60
"""As many as decisions can number."""
SCAN = "scan"
"""The kind of the attachment that a paper application's scan is stored as."""
PAPER_MAY_LACK = frozenset(
    {
        "answer-missing", "attachment-missing", "bookkeeping-not-separable", "budget-does-not-add-up",
        "budget-missing", "may-not-apply", "nothing-applied", "rows-do-not-add-up", "too-many-years",
    }
)  # fmt: skip
"""What an application on paper is registered with all the same, for what has arrived is registered: an officer asks for
a supplement, or proposes to reject it.
"""
CHANGES_MAX = 60
"""Each stays in the application as it is listed, so that there is an end to them."""


Reports = Mapping[UUID | date | None, bool]


@dataclass(frozen=True, slots=True)
class Application:
    """An application as it stands. `granted` is the sum of its decision, in cents; None before one. `decided` stays
    once it is so: what another service tells may come late, and takes no decision back. `recoveries`: what is left to
    pay of each recovery, in cents; None stands for one that was told of before recoveries had their ids here. `reports`
    are the reports of use in the order in which they were asked for, by id or, where none was told, by the day on which
    they are due: whether each is awaited.
    """

    submitted: ApplicationSubmitted
    standing: Standing = "received"
    diary_number: str | None = None
    open_requests: frozenset[UUID] = field(default_factory=frozenset)
    added: tuple[AttachedFile, ...] = ()
    changes: frozenset[UUID] = field(default_factory=frozenset)
    report: UsageReportSubmitted | None = None
    reports: Reports = field(default_factory=dict)
    granted: int | None = None
    paid: bool = False
    cost_reports: int = 0
    decided: bool = False
    recoveries: Mapping[UUID | None, int] = field(default_factory=dict)
    own_funding_asked: bool = False


def evolve(state: Application | None, fact: Fact) -> Application | None:  # noqa: PLR0911 - one arm for each kind
    """The application after a fact."""
    match fact:
        case ApplicationSubmitted():
            return Application(fact)
        case _ if state is None:
            return None
        case ApplicationWithdrawn():
            return replace(state, standing="withdrawn")
        case ApplicationSupplemented():
            return replace(state, open_requests=state.open_requests - {fact.request_id})
        case ApplicationAttachmentAdded():
            return replace(state, added=(*state.added, fact.file))
        case ChangeRequested():
            return replace(state, changes=state.changes | {fact.change_id})
        case UsageReportSubmitted():
            return replace(state, report=fact, reports=_sent(state.reports))
        case CostReportSubmitted():
            return replace(state, cost_reports=state.cost_reports + 1)
        case ApplicationStandingChanged():
            asked = {fact.request_id} if fact.standing == "supplement_requested" and fact.request_id else set()
            return replace(
                state,
                standing=fact.standing,
                diary_number=fact.diary_number or state.diary_number,
                open_requests=state.open_requests | asked,
                reports=_reports(state.reports, fact),
                granted=fact.amount if fact.standing == "decided" else state.granted,
                paid=state.paid or fact.standing == "paid",
                decided=state.decided or fact.standing in DECIDED,
                recoveries=_recoveries(state, fact),
                own_funding_asked=state.own_funding_asked or fact.standing == "own_funding_awaited",
            )
    return state


def _recoveries(state: Application, told: ApplicationStandingChanged) -> Mapping[UUID | None, int]:
    if told.standing != "recovery" or told.amount is None:
        return state.recoveries
    return {**state.recoveries, told.request_id: told.amount}


def _reports(reports: Reports, told: ApplicationStandingChanged) -> Reports:
    """The reports after a standing: one that is asked for, reminded of or returned is awaited, one that came is not."""
    report = told.request_id or told.due_on
    match told.standing:
        case "report_requested" | "report_returned":
            return {**reports, report: True}
        case "report_received" | "report_accepted":
            return {**reports, report: False}
    return reports


def _sent(reports: Reports) -> Reports:
    """The first report that is awaited is the one that was sent, as decisions takes it."""
    awaited = [report for report, is_awaited in reports.items() if is_awaited]
    return {**reports, awaited[0]: False} if awaited else reports


def problems(application: ApplicationSubmitted, county: County) -> list[Refused]:
    """Everything that is wrong with an application's content, each with a pointer to its field.

    The two conditions of every basket (memo of 20 May 2022): the activity lies wholly in the county, and it can be told
    apart in the association's bookkeeping.
    """
    found: list[Refused] = []
    on = application.arrived_on
    if county.activity(application.activity, on) is None:
        found.append(invalid("unknown-activity", f"{application.activity} is no activity of the division: "
                             "/v1/activities lists them", "/activity"))  # fmt: skip
    found += [
        invalid(
            "outside-the-county",
            f"{share.municipality} is no municipality of the county; the activity takes place wholly in it",
            f"/municipalities/{index}/municipality",
        )
        for index, share in enumerate(application.municipalities)
        if county.municipality(share.municipality, on) is None
    ]
    names = [share.municipality for share in application.municipalities]
    if len(set(names)) != len(names):
        found.append(invalid("municipality-twice", "each municipality stands once", "/municipalities"))
    shared = sum(share.percent for share in application.municipalities)
    if shared != 100:
        found.append(invalid("shares-do-not-add-up", f"the shares of municipalities add up to 100, not to {shared}",
                             "/municipalities"))  # fmt: skip
    if not application.separable_bookkeeping:
        found.append(invalid("bookkeeping-not-separable", "the activity must be told apart in the bookkeeping",
                             "/separable_bookkeeping"))  # fmt: skip
    funded = application.applied + application.other_funding + application.own_funding
    if funded != application.costs:
        found.append(invalid("budget-does-not-add-up", "applied, other funding and own funding add up to the costs: "
                             f"{euros(funded)} are not {euros(application.costs)}", "/costs"))  # fmt: skip
    if application.channel == "paper" and SCAN not in {file.kind for file in application.attachments}:
        found.append(invalid("scan-missing", "a paper application comes with its scan: an attachment of the kind "
                             f"{SCAN}", "/attachments"))  # fmt: skip
    attached = [file.attachment_id for file in application.attachments]
    if len(set(attached)) != len(attached):
        found.append(invalid("attached-twice", "each attachment stands once", "/attachments"))
    return found + list(_budget_problems(application)) + list(_basket_problems(application, county, on))


def _basket_problems(application: ApplicationSubmitted, county: County, on: date) -> Iterator[Refused]:
    basket = county.basket(application.basket, on)
    if basket is None:
        yield invalid("unknown-basket", f"{application.basket} is no basket on {on:%-d.%-m.%Y}", "/call_id")
        return
    if application.applied == 0 and basket.money == "always":
        yield invalid("nothing-applied", f"a grant of the basket {basket.id} is never without money", "/applied")
    if application.years > basket.years_max:
        yield invalid("too-many-years", f"a grant of the basket {basket.id} is for {basket.years_max} years at most",
                      "/years")  # fmt: skip
    if basket.own_funding_declared and application.budget is None:
        yield invalid("budget-missing", f"an application to the basket {basket.id} says its costs and its income by "
                      "row, own funding among them: give the budget", "/budget")  # fmt: skip


def _budget_problems(application: ApplicationSubmitted) -> Iterator[Refused]:
    """Where a budget by row does not agree with the sums beside it: costs, own funding (own and the activity's income)
    and other funders' money.
    """
    budget = application.budget
    if budget is None:
        return
    yield from _status_problems(budget)
    sums = (
        ("/budget/costs", "costs", sum(row.amount for row in budget.costs), application.costs),
        ("/budget/income", "own funding", _income(budget, "own", "activity"), application.own_funding),
        ("/budget/income", "other funding", _income(budget, "other_funder"), application.other_funding),
    )
    for pointer, name, rows, stated in sums:
        if rows != stated:
            yield invalid("rows-do-not-add-up", f"the rows of {name} add up to {euros(rows)}, not {euros(stated)}",
                          pointer)  # fmt: skip


def _status_problems(budget: Budget) -> Iterator[Refused]:
    for index, row in enumerate(budget.income):
        if (row.source == "other_funder") != (row.status is not None):
            yield invalid("funding-status", "other funders' money, and no other, is applied for or received",
                          f"/budget/income/{index}/status")  # fmt: skip


def _income(budget: Budget, *sources: str) -> int:
    return sum(row.amount for row in budget.income if row.source in sources)


def call_problems(
    application: ApplicationSubmitted, call: Call, association: Association, county: County
) -> list[Refused]:
    """What the call itself asks for and does not find: who may apply, its questions, its attachments, the contact."""
    found: list[Refused] = []
    on, terms = application.arrived_on, call.call
    basket = county.basket(application.basket, on)
    allowed = set(terms.applicants) & set(basket.applicants if basket is not None else ())
    if association.registered.kind not in allowed:
        kinds = " or ".join(sorted(allowed)) or "nobody"
        found.append(invalid("may-not-apply", f"the call is for associations of the kind {kinds}", "/association_id"))
    attached = frozenset(file.attachment_id for file in application.attachments)
    found += forms.answer_problems(terms, application.answers, attached)
    found += forms.attachment_problems(terms.attachments, application.attachments, on)
    contact = application.contact_id
    if contact is not None and not is_contact(association, contact, on):
        found.append(invalid("unknown-contact", "the contact is a person of the association", "/contact_id"))
    return found


def submit(state: Application | None, call: Call, application: ApplicationSubmitted, sent_at: datetime) -> list[Fact]:
    """Sends an application. What comes late is recorded as late, not refused: it is decided as not examined.

    Refused when the call has not opened (on paper: before the day on which it opens), or when the application exists.
    """
    if state is not None:
        raise conflict("application-exists", "this application was sent already")
    opens = call.call.opens_at.astimezone(HELSINKI)
    too_early = application.arrived_on < opens.date() if application.channel == "paper" else sent_at < opens
    if too_early:
        raise conflict("call-not-open", f"the call opens on {opens:%-d.%-m.%Y} at {opens:%H.%M}")
    return [application.model_copy(update={"late": call.is_late(sent_at)})]


def add_attachment(
    state: Application, call: Call, file: AttachedFile, today: date, amended: Call | None = None
) -> list[Fact]:
    """Adds an attachment that may follow later, or, while a supplement is asked for, one of any kind. Refused for a
    kind that the call does not ask for later, after its last day, and once the application was withdrawn or
    transferred. `call` and `amended` as `may_follow` has them.
    """
    if state.standing == "withdrawn":
        raise conflict("withdrawn-already", "the application was withdrawn")
    _check_not_transferred(state, "send it there")
    if state.decided or not state.open_requests:
        _check_follows(file.kind, may_follow(call, amended).get(file.kind), today)
    if file.attachment_id in {each.attachment_id for each in (*state.submitted.attachments, *state.added)}:
        raise conflict("attached-already", "this attachment belongs to the application already")
    return [ApplicationAttachmentAdded(application_id=state.submitted.application_id, file=file)]


def _check_follows(kind: str, last_day: date | None, today: date) -> None:
    if last_day is None:
        raise invalid("attachment-not-awaited", f"no attachment {kind} may follow this application later", "/kind")
    if today > last_day:
        raise conflict("attachment-late", f"the attachment could follow until {last_day:%-d.%-m.%Y}")


def may_follow(call: Call, amended: Call | None = None) -> Mapping[str, date]:
    """The last Helsinki date of each kind of attachment that may follow an application. `call` is the version under
    which it was sent, `amended` the call as it stands by now: what an amendment takes away stays with who had applied,
    and a later day that it gives is everybody's.
    """
    last_days: dict[str, date] = {}
    for version in (call, amended or call):
        for asked in version.call.attachments:
            if asked.later_until is not None:
                last_days[asked.kind] = max(asked.later_until, last_days.get(asked.kind, asked.later_until))
    return last_days


def request_change(state: Application, request: ChangeRequested) -> list[Fact]:
    """Asks for a change after a decision (*muutoshakemus*). A changed budget covers its costs by its income and the
    grant as it stands: a change gives no more money.
    """
    if not state.decided:
        raise conflict("not-decided", "a change is asked for after the decision; before it, send a supplement")
    if (request.budget is None) == (request.what == "budget"):
        raise invalid("budget-of-change", "a change of the budget, and no other, comes with the new budget", "/budget")
    wrong = [] if request.budget is None else list(_changed_budget_problems(request.budget, state.granted))
    if wrong:
        raise SeveralRefused(wrong)
    if len(state.changes) >= CHANGES_MAX:
        raise conflict("too-many-changes", f"of a grant {CHANGES_MAX} changes at most are asked for: ask an officer")
    return [request]


def _changed_budget_problems(budget: Budget, granted: int | None) -> Iterator[Refused]:
    yield from _status_problems(budget)
    if granted is None:
        return
    costs, income = sum(row.amount for row in budget.costs), sum(row.amount for row in budget.income)
    if costs != income + granted:
        yield invalid(
            "rows-do-not-add-up",
            f"the rows of costs add up to {euros(costs)}, and should to {euros(income + granted)}: the rows of income, "
            f"{euros(income)}, and the grant, {euros(granted)}",
            "/budget/costs",
        )


def paper_moment(arrived_on: date) -> datetime:
    """The moment that counts for a paper application: the start of its own day of arrival in Helsinki, so that one that
    arrives on the closing day is in time.
    """
    return datetime.combine(arrived_on, time(0), HELSINKI)


def supplement(state: Application, request_id: UUID, answer: str) -> list[Fact]:
    """Answers a request for a supplement. One that comes after its last day counts as long as nothing is decided.
    Refused when there is no such open request, and once the application was withdrawn, transferred or decided, which
    ends its requests too.
    """
    if state.standing == "withdrawn":
        raise conflict("withdrawn-already", "the application was withdrawn")
    _check_not_transferred(state, "send it there")
    if state.decided:
        raise conflict("decided-already", "the application is decided: a supplement counts until then. Claim what is "
                       "wrong in the decision, ask for a change of what changed since")  # fmt: skip
    if request_id not in state.open_requests:
        raise conflict("no-such-request", "there is no open request for a supplement with this id")
    return [
        ApplicationSupplemented(application_id=state.submitted.application_id, request_id=request_id, answer=answer)
    ]


def withdraw(state: Application, reason: str) -> list[Fact]:
    """Takes the application back, until it is decided."""
    if state.standing == "withdrawn":
        raise conflict("withdrawn-already", "the application was withdrawn already")
    _check_not_transferred(state, "take it back there")
    if state.decided:
        raise conflict("decided-already", "a decided application can no longer be withdrawn")
    return [ApplicationWithdrawn(application_id=state.submitted.application_id, reason=reason)]


def _check_not_transferred(state: Application, instead: str) -> None:
    if state.standing == "transferred":
        raise conflict("transferred-already", f"the application was sent on to the municipality: {instead}")


def report_use(state: Application, report: UsageReportSubmitted) -> list[Fact]:
    """Reports how the grant was used: for each report that is asked for or was returned, else once when it was paid."""
    if not any(state.reports.values()):
        if not state.paid and state.standing not in {"recovery", "hearing"}:
            raise conflict("nothing-paid", "a report of use is made of a grant that was paid, or when it is asked for")
        if state.report is not None:
            raise conflict("reported-already", "the report of use was sent already")
    return [report]


def report_costs(state: Application, report: CostReportSubmitted) -> list[Fact]:
    """Reports the costs of a period, once money was granted. Its total is the sum of its rows."""
    if not state.decided:
        raise conflict("not-decided", "costs are reported after the decision; before it, send a supplement")
    if not state.granted:
        raise conflict("nothing-granted", "costs are reported of a grant of money, and none is granted here")
    if report.period_until < report.period_from:
        raise invalid("period-backwards", "the period ends on the day on which it begins or later", "/period_until")
    if state.cost_reports >= COST_REPORTS_MAX:
        raise conflict("too-many-reports", f"a grant has {COST_REPORTS_MAX} reports of costs at most: ask an officer")
    return [report]


def total_of(rows: Sequence[CostRow]) -> int:
    """What rows of costs come to, in cents. Raises Refused where that is no amount any more."""
    total = sum(row.amount for row in rows)
    if total > LARGEST_CENTS:
        raise invalid("total-too-large", f"the rows add up to {euros(LARGEST_CENTS)} at most", "/rows")
    return total


def note_standing(state: Application, change: ApplicationStandingChanged) -> list[Fact]:
    """Notes where the application stands now; nothing when that is known already. A withdrawal stays, unless the
    application was decided or transferred before anybody there heard of it: it came too late then.
    """
    if state.standing == "withdrawn" and change.standing not in OUTLIVES_WITHDRAWAL:
        return []
    known = state.standing == change.standing and change.standing not in SEVERAL_TIMES
    if known and change.request_id is None and change.due_on is None:
        return []
    return [change]
