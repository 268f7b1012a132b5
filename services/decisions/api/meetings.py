"""What cases share, over HTTP: appropriations, meetings and their agendas, stand-ins, and the timer's work by hand."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from schemas.decisions import MeetingConvened
from schemas.facts import Contract
from schemas.identifiers import Person, Slug
from schemas.money import NonNegativeAmount
from services.decisions.handlers import Handlers
from services.decisions.handlers.bulk import publish_meeting, tally
from services.decisions.handlers.claims import Publish
from services.decisions.handlers.meetings import EndStandIn, NameStandIn, SetAgenda
from services.ledger import Ledger
from services.web.commands import AsOf, Command, as_of, command, register_entry, register_page, respond
from services.web.pages import PageRequest, page_request
from services.web.permissions import require
from services.web.problems import problem_responses

Asked = Annotated[PageRequest, Depends(page_request)]
When = Annotated[AsOf, Depends(as_of)]
_ANSWERS = problem_responses(404, 409, 412)


class SetAppropriation(Contract):
    """An appropriation, such as operating-2026."""

    appropriation_id: Slug
    amount: NonNegativeAmount


def router(handlers: Handlers, ledger: Ledger) -> APIRouter:
    """Appropriations, meetings, stand-ins and the timer."""
    routes = APIRouter(tags=["appropriations and meetings"])
    _appropriations(routes, handlers, ledger)
    _meetings(routes, handlers, ledger)
    _stand_ins(routes, handlers, ledger)

    @routes.post("/deadlines/run")
    async def run_deadlines(
        commanded: Annotated[Command, Depends(command("deadline.run"))],
    ) -> dict[str, int]:
        """Make decisions final that nobody can attack any more, then ask for reports and remind of them."""
        finalised = await handlers.decisions.run_deadlines(commanded.context)
        return {"finalised": finalised, "reports": await handlers.reports.run(commanded.context)}

    return routes


def _appropriations(routes: APIRouter, handlers: Handlers, ledger: Ledger) -> None:
    @routes.post("/appropriations", status_code=201, responses=_ANSWERS)
    async def set_appropriation(
        sent: SetAppropriation, commanded: Annotated[Command, Depends(command("appropriation.set"))]
    ) -> Response:
        """Set an appropriation."""
        return respond(await handlers.meetings.set_appropriation(commanded, sent.appropriation_id, sent.amount), 201)

    @routes.get("/appropriations", dependencies=[Depends(require("appropriation.read"))])
    async def list_appropriations(asked: Asked, when: When) -> dict[str, Any]:
        """The appropriations, with what decisions bind of them."""
        return await register_page(ledger, "appropriations", asked, when, {})


def _meetings(routes: APIRouter, handlers: Handlers, ledger: Ledger) -> None:
    @routes.post("/meetings", status_code=201, responses=_ANSWERS)
    async def convene(
        meeting: MeetingConvened, commanded: Annotated[Command, Depends(command("meeting.convene"))]
    ) -> Response:
        """Convene a meeting of a board with those present."""
        return respond(await handlers.meetings.convene(commanded, meeting), 201)

    @routes.get("/meetings", dependencies=[Depends(require("meeting.read"))])
    async def list_meetings(asked: Asked, when: When) -> dict[str, Any]:
        """The meetings."""
        return await register_page(ledger, "meetings", asked, when, {})

    @routes.get(
        "/meetings/{meeting_id}", dependencies=[Depends(require("meeting.read"))], responses=problem_responses(404)
    )
    async def read_meeting(meeting_id: Slug, when: When, response: Response) -> dict[str, Any]:
        """A meeting with its agenda and the sections of its minutes."""
        return await register_entry(ledger, response, "meetings", meeting_id, f"meeting/{meeting_id}", when)

    @routes.put("/meetings/{meeting_id}/agenda", responses=_ANSWERS)
    async def set_agenda(
        meeting_id: Slug, sent: SetAgenda, commanded: Annotated[Command, Depends(command("meeting.set_agenda"))]
    ) -> Response:
        """Set a meeting's agenda."""
        return respond(await handlers.meetings.set_agenda(commanded, meeting_id, sent))

    @routes.post("/meetings/{meeting_id}/publication", responses=problem_responses(404))
    async def publish(
        meeting_id: Slug,
        commanded: Annotated[Command, Depends(command("decision.notify"))],
        sent: Publish | None = None,
    ) -> dict[str, Any]:
        """Record that the minutes are on the county's web pages, for each case decided at the meeting."""
        given = sent or Publish()
        return tally(await publish_meeting(handlers.claims, handlers.decisions, commanded, meeting_id, given))


def _stand_ins(routes: APIRouter, handlers: Handlers, ledger: Ledger) -> None:
    @routes.post("/stand-ins", status_code=201, responses=_ANSWERS)
    async def name_stand_in(
        sent: NameStandIn, commanded: Annotated[Command, Depends(command("stand_in.name"))]
    ) -> Response:
        """Name who decides for the sender while they are away."""
        return respond(await handlers.meetings.name_stand_in(commanded, sent), 201)

    @routes.get("/stand-ins", dependencies=[Depends(require("stand_in.read"))])
    async def list_stand_ins(
        asked: Asked, when: When, stand_in: Person | None = None, principal: Person | None = None
    ) -> dict[str, Any]:
        """Who stands in for whom."""
        return await register_page(ledger, "stand_ins", asked, when, {"stand_in": stand_in, "principal": principal})

    @routes.post("/stand-ins/{stand_in_id}/end", responses=_ANSWERS)
    async def end_stand_in(
        stand_in_id: UUID, sent: EndStandIn, commanded: Annotated[Command, Depends(command("stand_in.name"))]
    ) -> Response:
        """End a standing in early."""
        return respond(await handlers.meetings.end_stand_in(commanded, stand_in_id, sent))
