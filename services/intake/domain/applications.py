"""Applications (*hakemus*): what makes one acceptable, and what may be done with it while it is on its way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas.county import County
from schemas.facts import Fact
from schemas.intake import (
    ApplicationStandingChanged,
    ApplicationSubmitted,
    ApplicationSupplemented,
    ApplicationWithdrawn,
    Standing,
    UsageReportSubmitted,
)
from schemas.refusals import Refused, conflict, invalid

from .calls import Call

HELSINKI = ZoneInfo("Europe/Helsinki")
DECIDED: frozenset[Standing] = frozenset({"decided", "notified", "final", "paid", "payment_delayed", "recovery"})


@dataclass(frozen=True, slots=True)
class Application:
    """An application as it stands."""

    submitted: ApplicationSubmitted
    standing: Standing = "received"
    diary_number: str | None = None
    open_requests: frozenset[UUID] = field(default_factory=frozenset)
    report: UsageReportSubmitted | None = None


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
        case UsageReportSubmitted():
            return replace(state, report=fact)
        case ApplicationStandingChanged():
            asked = {fact.request_id} if fact.standing == "supplement_requested" and fact.request_id else set()
            return replace(
                state,
                standing=fact.standing,
                diary_number=fact.diary_number or state.diary_number,
                open_requests=state.open_requests | asked,
            )
    return state


def problems(application: ApplicationSubmitted, county: County) -> list[Refused]:
    """Everything that is wrong with an application's content, each with a pointer to its field.

    The two conditions of every basket (memo of 20 May 2022): the activity lies wholly in the county, and it can be told
    apart in the association's bookkeeping.
    """
    found: list[Refused] = []
    on = application.arrived_on
    if county.activity(application.activity, on) is None:
        found.append(invalid("unknown-activity", f"{application.activity} is no activity of the division", "/activity"))
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
    if sum(share.percent for share in application.municipalities) != 100:
        found.append(invalid("shares-do-not-add-up", "the shares of municipalities add up to 100", "/municipalities"))
    if not application.separable_bookkeeping:
        found.append(invalid("bookkeeping-not-separable", "the activity must be told apart in the bookkeeping",
                             "/separable_bookkeeping"))  # fmt: skip
    funded = application.applied + application.other_funding + application.own_funding
    if funded != application.costs:
        found.append(invalid("budget-does-not-add-up", "applied, other funding and own funding add up to the costs",
                             "/costs"))  # fmt: skip
    if application.applied == 0 and application.basket != "partnership":
        found.append(invalid("nothing-applied", "only a partnership may be without money", "/applied"))
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


def paper_moment(arrived_on: date) -> datetime:
    """The moment that counts for a paper application: the start of its own day of arrival in Helsinki, so that one that
    arrives on the closing day is in time.
    """
    return datetime.combine(arrived_on, time(0), HELSINKI).astimezone(UTC)


def supplement(state: Application, request_id: UUID, answer: str) -> list[Fact]:
    """Answers a request for a supplement. Refused when there is no such open request."""
    if request_id not in state.open_requests:
        raise conflict("no-such-request", "there is no open request for a supplement with this id")
    return [
        ApplicationSupplemented(application_id=state.submitted.application_id, request_id=request_id, answer=answer)
    ]


def withdraw(state: Application, reason: str) -> list[Fact]:
    """Takes the application back, until it is decided."""
    if state.standing == "withdrawn":
        raise conflict("withdrawn-already", "the application was withdrawn already")
    if state.standing in DECIDED:
        raise conflict("decided-already", "a decided application can no longer be withdrawn")
    return [ApplicationWithdrawn(application_id=state.submitted.application_id, reason=reason)]


def report_use(state: Application, report: UsageReportSubmitted) -> list[Fact]:
    """Reports how the grant was used, once it was paid."""
    if state.standing not in {"paid", "recovery"}:
        raise conflict("nothing-paid", "a report of use is made of a grant that was paid")
    if state.report is not None:
        raise conflict("reported-already", "the report of use was sent already")
    return [report]


def note_standing(state: Application, change: ApplicationStandingChanged) -> list[Fact]:
    """Notes where the application stands now; nothing when that is known already. A withdrawal stays."""
    if state.standing == "withdrawn" or (state.standing == change.standing and change.request_id is None):
        return []
    return [change]
