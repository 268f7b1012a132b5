"""Cases over HTTP: the worklist, each act on a case up to notice of its decision, and acts on many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from schemas.county import County
from schemas.facts import Contract, Date
from schemas.identifiers import BusinessId, DiaryNumber, Person, Slug, Text
from schemas.refusals import invalid, not_found
from services.decisions.handlers import Decisions, Documents
from services.decisions.handlers.bulk import DecideMany, decide_as_proposed, on_each, tally
from services.decisions.handlers.cases import (
    Assess,
    Assign,
    DecideTask,
    GiveNotice,
    MakeDecision,
    Propose,
    Transfer,
)
from services.decisions.handlers.documents import Language
from services.decisions.views import CASE_SORTS
from services.ledger import Ledger, Order
from services.web.commands import AsOf, Command, as_of, command, register_entry, respond, sorted_register_page
from services.web.identity import Identity
from services.web.pages import PageRequest, page_request
from services.web.permissions import limited_to, require
from services.web.problems import problem_responses

from . import worklist

Asked = Annotated[PageRequest, Depends(page_request)]
When = Annotated[AsOf, Depends(as_of)]
CaseSort = Literal[
    "arrived_on", "-arrived_on", "next_deadline", "-next_deadline", "association_name", "-association_name",
    "ranking_hundredths", "-ranking_hundredths",
]  # fmt: skip
"""How the worklist may be sorted; with a minus the other way round."""
_ANSWERS = problem_responses(404, 409, 412)
_PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
}
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


class DeclareConflict(Contract):
    """Who is disqualified, and why."""

    person: Person
    reason: Text


class RequestSupplement(Contract):
    """What is asked, and by which Helsinki date; without one, within the county's days."""

    question: Text
    due_on: Date | None = None


class AssignMany(Assign):
    """The same officer and deputy for several cases."""

    application_ids: tuple[UUID, ...] = Field(min_length=1, max_length=500)


class NotifyMany(GiveNotice):
    """The same manner of notice for several cases."""

    application_ids: tuple[UUID, ...] = Field(min_length=1, max_length=500)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases are asked for, and in which order."""

    where: dict[str, str | None]
    order: Order | None


async def wanted_cases(
    *,
    diary_number: DiaryNumber | None = None,
    basket: Slug | None = None,
    state: Slug | None = None,
    officer: Person | None = None,
    deputy: Person | None = None,
    municipality: Slug | None = None,
    activity: Slug | None = None,
    call_id: Slug | None = None,
    association_id: BusinessId | None = None,
    unassigned: bool = False,
    sort: CaseSort | None = None,
    deadline_until: Date | None = None,
) -> Wanted:
    """FastAPI dependency. `deadline_until` asks for what is due by then, the next first; `unassigned` for what has no
    officer, the one that waits longest first.
    """
    fields = {
        "diary_number": diary_number, "basket": basket, "state": state, "officer": officer, "deputy": deputy,
        "municipality": municipality, "activity": activity, "call_id": call_id, "association_id": association_id,
    }  # fmt: skip
    where = {name: value for name, value in fields.items() if value is not None or (unassigned and name == "officer")}
    if unassigned and officer is not None:
        raise invalid("unassigned-has-no-officer", "ask for unassigned cases or for those of an officer", "/unassigned")
    order = _order(sort, deadline_until)
    return Wanted(where, Order(CASE_SORTS[0]) if order is None and unassigned else order)


WantedCases = Annotated[Wanted, Depends(wanted_cases)]


def reading(ledger: Ledger, county: County) -> APIRouter:
    """The worklist, also as a file, and single cases."""
    routes = APIRouter(tags=["cases"])

    @routes.get("/cases", dependencies=[Depends(require("case.list"))])
    async def list_cases(asked: Asked, when: When, wanted: WantedCases) -> dict[str, Any]:
        """The cases as of a moment: the worklist."""
        return await sorted_register_page(ledger, "cases", asked, when, wanted.where, wanted.order)

    @routes.get(
        "/cases.csv", dependencies=[Depends(require("case.list"))], response_class=StreamingResponse, responses=_CSV
    )
    async def download_cases(when: When, wanted: WantedCases) -> Response:
        """The same cases, all of them, as a file for spreadsheets: UTF-8 with a byte order mark, `;`, decimal comma."""
        position = await when.resolve(ledger)
        content = worklist.file(worklist.pages(ledger, position, wanted.where, wanted.order), county)
        headers = {"Content-Disposition": 'attachment; filename="asiat.csv"'}
        return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=headers)

    @routes.get(
        "/cases/{application_id}",
        dependencies=[Depends(require("case.read"))],
        responses=problem_responses(404),
    )
    async def read_case(application_id: UUID, when: When, response: Response) -> dict[str, Any]:
        """One case as of a moment."""
        key = str(application_id)
        return await register_entry(ledger, response, "cases", key, f"case/{key}", when)

    return routes


def _order(sort: CaseSort | None, deadline_until: date | None) -> Order | None:
    """Raises Refused where a deadline is asked for in another order than that of the deadlines."""
    if sort is None and deadline_until is None:
        return None
    field = (sort or "next_deadline").removeprefix("-")
    chosen = next(each for each in CASE_SORTS if each.field == field)
    if deadline_until is not None and field != "next_deadline":
        raise invalid("another-order", "cases by their deadline are sorted by next_deadline", "/sort")
    until = None if deadline_until is None else deadline_until.isoformat()
    return Order(chosen, descending=(sort or "").startswith("-"), until=until)


def preparation(decisions: Decisions) -> APIRouter:
    """What an officer does with a case before the decision."""
    routes = APIRouter(prefix="/cases/{application_id}", tags=["preparation"])

    @routes.post("/assignment", responses=_ANSWERS)
    async def assign(
        application_id: UUID, sent: Assign, commanded: Annotated[Command, Depends(command("case.assign"))]
    ) -> Response:
        """Give the case to an officer, with a deputy."""
        return respond(await decisions.assign(commanded, application_id, sent))

    @routes.post("/task", responses=_ANSWERS)
    async def decide_task(
        application_id: UUID, sent: DecideTask, commanded: Annotated[Command, Depends(command("case.decide_task"))]
    ) -> Response:
        """Decide whose task the activity is where the division splits it or leaves it open."""
        return respond(await decisions.decide_task(commanded, application_id, sent))

    @routes.post("/conflicts", responses=_ANSWERS)
    async def declare_conflict(
        application_id: UUID,
        sent: DeclareConflict,
        commanded: Annotated[Command, Depends(command("conflict.declare"))],
    ) -> Response:
        """Declare that a person is disqualified."""
        return respond(await decisions.declare_conflict(commanded, application_id, sent.person, sent.reason))

    @routes.post("/conflicts/lifting", responses=_ANSWERS)
    async def lift_conflict(
        application_id: UUID,
        sent: DeclareConflict,
        commanded: Annotated[Command, Depends(command("conflict.lift"))],
    ) -> Response:
        """Find that a person is not disqualified after all, with the reason."""
        return respond(await decisions.lift_conflict(commanded, application_id, sent.person, sent.reason))

    @routes.post("/supplement-requests", status_code=201, responses=_ANSWERS)
    async def request_supplement(
        application_id: UUID,
        sent: RequestSupplement,
        commanded: Annotated[Command, Depends(command("case.request_supplement"))],
    ) -> Response:
        """Ask the applicant for a supplement."""
        return respond(await decisions.request_supplement(commanded, application_id, sent.question, sent.due_on), 201)

    @routes.post("/transfer", responses=_ANSWERS)
    async def transfer(
        application_id: UUID, sent: Transfer, commanded: Annotated[Command, Depends(command("case.transfer"))]
    ) -> Response:
        """Send the application to the municipality whose task it is."""
        return respond(await decisions.transfer(commanded, application_id, sent))

    @routes.post("/assessments", status_code=201, responses=_ANSWERS)
    async def assess(
        application_id: UUID, sent: Assess, commanded: Annotated[Command, Depends(command("case.assess"))]
    ) -> Response:
        """Record an assessment."""
        return respond(await decisions.assess(commanded, application_id, sent), 201)

    @routes.post("/proposal", responses=_ANSWERS)
    async def propose(
        application_id: UUID, sent: Propose, commanded: Annotated[Command, Depends(command("case.propose"))]
    ) -> Response:
        """Propose a decision."""
        return respond(await decisions.propose(commanded, application_id, sent))

    return routes


def deciding(decisions: Decisions) -> APIRouter:
    """The decision and what follows from it."""
    routes = APIRouter(prefix="/cases/{application_id}", tags=["decisions"])

    @routes.post("/decision", responses=_ANSWERS)
    async def decide(
        application_id: UUID,
        sent: MakeDecision,
        commanded: Annotated[Command, Depends(command("decision.make"))],
    ) -> Response:
        """Decide the case."""
        return respond(await decisions.make_decision(commanded, application_id, sent))

    @routes.post("/notice", responses=_ANSWERS)
    async def give_notice(
        application_id: UUID,
        sent: GiveNotice,
        commanded: Annotated[Command, Depends(command("decision.notify"))],
    ) -> Response:
        """Give notice of the decision today, with the decision document."""
        return respond(await decisions.notify(commanded, application_id, sent))

    return routes


def bulk(decisions: Decisions) -> APIRouter:
    """Acts on many cases with one answer for each."""
    routes = APIRouter(prefix="/bulk", tags=["bulk acts"])

    @routes.post("/assignments")
    async def assign_many(
        sent: AssignMany, commanded: Annotated[Command, Depends(command("case.assign"))]
    ) -> dict[str, Any]:
        """Give several cases to an officer."""
        given = Assign(officer=sent.officer, deputy=sent.deputy)
        return tally(
            await on_each(commanded, sent.application_ids, lambda own, each: decisions.assign(own, each, given))
        )

    @routes.post("/decisions")
    async def decide_many(
        sent: DecideMany, commanded: Annotated[Command, Depends(command("decision.make"))]
    ) -> dict[str, Any]:
        """Decide several cases as they are proposed."""
        return tally(await decide_as_proposed(decisions, commanded, sent))

    @routes.post("/notices")
    async def notify_many(
        sent: NotifyMany, commanded: Annotated[Command, Depends(command("decision.notify"))]
    ) -> dict[str, Any]:
        """Give notice of several decisions."""
        given = GiveNotice(manner=sent.manner, language=sent.language)
        return tally(
            await on_each(commanded, sent.application_ids, lambda own, each: decisions.notify(own, each, given))
        )

    return routes


def documents(decisions: Decisions, documents: Documents) -> APIRouter:
    """The decision document."""
    routes = APIRouter(prefix="/cases/{application_id}", tags=["decisions"])

    @routes.get("/document", response_class=Response, responses={**_PDF, **problem_responses(404)})
    async def read_document(
        application_id: UUID,
        identity: Annotated[Identity, Depends(require("decision.read_document"))],
        language: Language | None = None,
        about: Literal["decision", "claim"] = "decision",
    ) -> Response:
        """The decision document of which notice was given, as PDF: of the decision, or of the last one on a claim."""
        await own_case(decisions, identity, "decision.read_document", application_id)
        _, case = await decisions.existing(application_id)
        claim_id = None
        if about == "claim":
            if case.claim_decided is None:
                raise not_found("decision on a claim in this case")
            claim_id = case.claim_decided.claim_id
        content = await documents.read(case, language, claim_id)
        name = f"{'paatos' if claim_id is None else 'oikaisupaatos'}-{application_id}.pdf"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type="application/pdf", headers=headers)

    return routes


async def own_case(decisions: Decisions, identity: Identity, action: str, application_id: UUID) -> None:
    """Another association's case is answered as if it were not there."""
    limit = limited_to(identity, action)
    if limit is None:
        return
    loaded = await decisions.case(application_id)
    if loaded.state is None or loaded.state.opened.association_id != limit:
        raise not_found("such case")
