"""Cases over HTTP: appropriations, meetings, each act on a case, and acts on many."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from schemas.decisions import MeetingConvened
from schemas.facts import Contract, Date
from schemas.identifiers import Person, Slug, Text
from schemas.money import NonNegativeAmount
from schemas.refusals import not_found
from services.decisions.handlers import Decisions, Documents, Reports
from services.decisions.handlers.bulk import on_each
from services.decisions.handlers.cases import (
    Assess,
    Assign,
    DecideClaim,
    DecideTask,
    GiveNotice,
    MakeDecision,
    OpenHearing,
    Propose,
    Recover,
    SignAgreement,
)
from services.decisions.handlers.documents import Language
from services.ledger import Ledger
from services.web.commands import AsOf, Command, as_of, command, register_entry, register_page, respond
from services.web.identity import Identity
from services.web.pages import PageRequest, page_request
from services.web.permissions import limited_to, require
from services.web.problems import problem_responses

Asked = Annotated[PageRequest, Depends(page_request)]
When = Annotated[AsOf, Depends(as_of)]
_ANSWERS = problem_responses(404, 409, 412)
_PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
}


class SetAppropriation(Contract):
    """An appropriation, such as operating-2026."""

    appropriation_id: Slug
    amount: NonNegativeAmount


class DeclareConflict(Contract):
    """Who is disqualified, and why."""

    person: Person
    reason: Text


class RequestSupplement(Contract):
    """What is asked, and by which Helsinki date."""

    question: Text
    due_on: Date


class Reasoned(Contract):
    """The reason for an act."""

    reason: Text


class AnswerHearing(Contract):
    """What the applicant says to a planned recovery."""

    answer: Text


class Claim(Contract):
    """The grounds of a claim for rectification."""

    grounds: Text


class AssignMany(Assign):
    """The same officer and deputy for several cases."""

    application_ids: tuple[UUID, ...] = Field(min_length=1, max_length=500)


class NotifyMany(GiveNotice):
    """The same manner of notice for several cases."""

    application_ids: tuple[UUID, ...] = Field(min_length=1, max_length=500)


def shared(decisions: Decisions, reports: Reports, ledger: Ledger) -> APIRouter:
    """Appropriations, meetings, and the timer that people may run by hand."""
    routes = APIRouter(tags=["appropriations and meetings"])

    @routes.post("/appropriations", status_code=201, responses=_ANSWERS)
    async def set_appropriation(
        sent: SetAppropriation, commanded: Annotated[Command, Depends(command("appropriation.set"))]
    ) -> Response:
        """Set an appropriation."""
        return respond(await decisions.set_appropriation(commanded, sent.appropriation_id, sent.amount), 201)

    @routes.get("/appropriations", dependencies=[Depends(require("appropriation.read"))])
    async def list_appropriations(asked: Asked, when: When) -> dict[str, Any]:
        """The appropriations, with what decisions bind of them."""
        return await register_page(ledger, "appropriations", asked, when, {})

    @routes.post("/meetings", status_code=201, responses=_ANSWERS)
    async def convene(
        meeting: MeetingConvened, commanded: Annotated[Command, Depends(command("meeting.convene"))]
    ) -> Response:
        """Convene a meeting with those present."""
        return respond(await decisions.convene(commanded, meeting), 201)

    @routes.get("/meetings", dependencies=[Depends(require("meeting.read"))])
    async def list_meetings(asked: Asked, when: When) -> dict[str, Any]:
        """The meetings."""
        return await register_page(ledger, "meetings", asked, when, {})

    @routes.post("/deadlines/run")
    async def run_deadlines(
        commanded: Annotated[Command, Depends(command("deadline.run"))],
    ) -> dict[str, int]:
        """Make decisions final whose last day for a claim has passed, then ask for reports and remind of them."""
        finalised = await decisions.run_deadlines(commanded.context)
        return {"finalised": finalised, "reports": await reports.run(commanded.context)}

    return routes


def reading(ledger: Ledger) -> APIRouter:
    """The worklist and single cases."""
    routes = APIRouter(tags=["cases"])

    @routes.get("/cases", dependencies=[Depends(require("case.list"))])
    async def list_cases(
        asked: Asked,
        when: When,
        basket: Slug | None = None,
        state: Slug | None = None,
        officer: Person | None = None,
        municipality: Slug | None = None,
    ) -> dict[str, Any]:
        """The cases as of a moment."""
        where = {"basket": basket, "state": state, "officer": officer, "municipality": municipality}
        return await register_page(ledger, "cases", asked, when, where)

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
        application_id: UUID, sent: Reasoned, commanded: Annotated[Command, Depends(command("case.transfer"))]
    ) -> Response:
        """Send the application to the municipality whose task it is."""
        return respond(await decisions.transfer(commanded, application_id, sent.reason))

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

    @routes.post("/claims", status_code=201, responses=_ANSWERS)
    async def claim(
        application_id: UUID,
        sent: Claim,
        commanded: Annotated[Command, Depends(command("rectification.claim"))],
    ) -> Response:
        """Claim rectification of the decision."""
        await _own_case(decisions, commanded.identity, "rectification.claim", application_id)
        return respond(await decisions.claim(commanded, application_id, sent.grounds), 201)

    @routes.post("/claim-decision", responses=_ANSWERS)
    async def decide_claim(
        application_id: UUID,
        sent: DecideClaim,
        commanded: Annotated[Command, Depends(command("rectification.decide"))],
    ) -> Response:
        """Decide the pending claim."""
        return respond(await decisions.decide_claim(commanded, application_id, sent))

    @routes.post("/agreement", responses=_ANSWERS)
    async def sign_agreement(
        application_id: UUID,
        sent: SignAgreement,
        commanded: Annotated[Command, Depends(command("agreement.sign"))],
    ) -> Response:
        """Sign a partnership's agreement."""
        return respond(await decisions.sign_agreement(commanded, application_id, sent))

    @routes.post("/hearings", status_code=201, responses=_ANSWERS)
    async def open_hearing(
        application_id: UUID,
        sent: OpenHearing,
        commanded: Annotated[Command, Depends(command("hearing.open"))],
    ) -> Response:
        """Hear the applicant on a planned recovery."""
        return respond(await decisions.open_hearing(commanded, application_id, sent), 201)

    @routes.post("/hearings/{hearing_id}/answer", responses=_ANSWERS)
    async def answer_hearing(
        application_id: UUID,
        hearing_id: UUID,
        sent: AnswerHearing,
        commanded: Annotated[Command, Depends(command("hearing.answer"))],
    ) -> Response:
        """Answer in a hearing."""
        await _own_case(decisions, commanded.identity, "hearing.answer", application_id)
        return respond(await decisions.answer_hearing(commanded, application_id, hearing_id, sent.answer))

    @routes.post("/recovery", status_code=201, responses=_ANSWERS)
    async def recover(
        application_id: UUID,
        sent: Recover,
        commanded: Annotated[Command, Depends(command("recovery.decide"))],
    ) -> Response:
        """Decide to recover a grant or a part of it."""
        return respond(await decisions.recover(commanded, application_id, sent), 201)

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
        return _tally(
            await on_each(commanded, sent.application_ids, lambda own, each: decisions.assign(own, each, given))
        )

    @routes.post("/notices")
    async def notify_many(
        sent: NotifyMany, commanded: Annotated[Command, Depends(command("decision.notify"))]
    ) -> dict[str, Any]:
        """Give notice of several decisions."""
        given = GiveNotice(manner=sent.manner, language=sent.language)
        return _tally(
            await on_each(commanded, sent.application_ids, lambda own, each: decisions.notify(own, each, given))
        )

    return routes


def _tally(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"items": items, "done": sum(each["done"] for each in items), "next": None}


def documents(decisions: Decisions, documents: Documents) -> APIRouter:
    """The decision document."""
    routes = APIRouter(prefix="/cases/{application_id}", tags=["decisions"])

    @routes.get("/document", response_class=Response, responses={**_PDF, **problem_responses(404)})
    async def read_document(
        application_id: UUID,
        identity: Annotated[Identity, Depends(require("decision.read_document"))],
        language: Language | None = None,
    ) -> Response:
        """The decision document of which notice was given, as PDF."""
        await _own_case(decisions, identity, "decision.read_document", application_id)
        loaded = await decisions.case(application_id)
        if loaded.state is None:
            raise not_found("such case")
        content = await documents.read(loaded.state, language)
        name = f"paatos-{application_id}.pdf"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type="application/pdf", headers=headers)

    return routes


async def _own_case(decisions: Decisions, identity: Identity, action: str, application_id: UUID) -> None:
    """Another association's case is answered as if it were not there."""
    limit = limited_to(identity, action)
    if limit is None:
        return
    loaded = await decisions.case(application_id)
    if loaded.state is None or loaded.state.opened.association_id != limit:
        raise not_found("such case")
