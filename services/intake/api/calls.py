"""Calls over HTTP, and what an application to one chooses from: activities and municipalities."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from schemas.calls import CallKind
from schemas.identifiers import Slug
from services.intake.handlers.calls import AmendCall, Calls, PublishCall
from services.ledger import Ledger
from services.web.commands import AsOf, Command, as_of, command, register_entry, register_page, respond
from services.web.pages import PageRequest, page_request
from services.web.permissions import require
from services.web.problems import problem_responses

Asked = Annotated[PageRequest, Depends(page_request)]
When = Annotated[AsOf, Depends(as_of)]


def router(calls: Calls, ledger: Ledger) -> APIRouter:
    """Publishing, amending and reading."""
    routes = APIRouter(tags=["calls"])
    read = Depends(require("call.read"))

    @routes.post("/calls", status_code=201, responses=problem_responses(409, 412))
    async def publish_call(
        sent: PublishCall, commanded: Annotated[Command, Depends(command("call.publish"))]
    ) -> Response:
        """Publish a call. It opens and closes at minutes of the clock in Helsinki, the closing minute included."""
        return respond(await calls.publish(commanded, sent), 201)

    @routes.post("/calls/{call_id}/amendments", status_code=201, responses=problem_responses(404, 409, 412))
    async def amend_call(
        call_id: Slug, sent: AmendCall, commanded: Annotated[Command, Depends(command("call.amend"))]
    ) -> Response:
        """Change a call that has not closed. What was sent before keeps the version under which it was sent."""
        return respond(await calls.amend(commanded, call_id, sent), 201)

    @routes.get("/calls", dependencies=[read])
    async def list_calls(
        asked: Asked,
        when: When,
        basket: Slug | None = None,
        kind: CallKind | None = None,
        year: Annotated[int | None, Query(ge=2020, le=2100)] = None,
    ) -> dict[str, Any]:
        """The calls as of a moment."""
        where = {"basket": basket, "kind": kind, "year": year}
        return await register_page(ledger, "calls", asked, when, where)

    @routes.get("/calls/{call_id}", dependencies=[read], responses=problem_responses(404))
    async def read_call(call_id: Slug, when: When, response: Response) -> dict[str, Any]:
        """One call as of a moment."""
        return await register_entry(ledger, response, "calls", call_id, f"call/{call_id}", when)

    @routes.get("/activities", dependencies=[read])
    async def list_activities() -> dict[str, Any]:
        """The division by activity (*toimintaperustainen jaottelu*) today: whose task each activity is. Where it is of
        both, it is the county's under `county_condition`; what is the municipality's is sent on to it.
        """
        said = {"id", "name", "task", "county_condition"}
        return {"items": [each.model_dump(mode="json", include=said) for each in calls.activities()], "next": None}

    @routes.get("/municipalities", dependencies=[read])
    async def list_municipalities() -> dict[str, Any]:
        """The county's municipalities today, wholly in which a funded activity takes place."""
        said = {"id", "name"}
        return {"items": [each.model_dump(mode="json", include=said) for each in calls.municipalities()], "next": None}

    return routes
