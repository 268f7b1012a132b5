"""Allocations over HTTP: the rules side by side, the choice, and the proposals that follow."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from schemas.identifiers import Slug
from services.decisions.handlers import Allocations
from services.decisions.handlers.allocations import ChooseAllocation, ProposeAllocation, ShareBy
from services.ledger import Ledger
from services.web.commands import AsOf, Command, as_of, command, register_entry, register_page, respond
from services.web.pages import PageRequest, page_request
from services.web.permissions import require
from services.web.problems import problem_responses

_ANSWERS = problem_responses(404, 409, 412)


def router(allocations: Allocations, ledger: Ledger) -> APIRouter:
    """The calls as decisions know them, and their allocations."""
    routes = APIRouter(prefix="/calls", tags=["allocations"])

    @routes.get("", dependencies=[Depends(require("case.list"))])
    async def list_calls(
        asked: Annotated[PageRequest, Depends(page_request)], when: Annotated[AsOf, Depends(as_of)]
    ) -> dict[str, Any]:
        """The calls, each with its criteria and the allocation chosen last, as of a moment."""
        return await register_page(ledger, "calls", asked, when, {})

    @routes.get("/{call_id}", dependencies=[Depends(require("case.read"))], responses=problem_responses(404))
    async def read_call(call_id: Slug, when: Annotated[AsOf, Depends(as_of)], response: Response) -> dict[str, Any]:
        """One call as of a moment."""
        return await register_entry(ledger, response, "calls", call_id, f"call/{call_id}", when)

    @routes.post(
        "/{call_id}/allocation-preview",
        dependencies=[Depends(require("allocation.preview"))],
        responses=problem_responses(404, 409),
    )
    async def preview(call_id: Slug, sent: ShareBy) -> dict[str, Any]:
        """What each rule would give each application, side by side; records nothing."""
        return await allocations.preview(call_id, sent)

    @routes.post("/{call_id}/allocation", status_code=201, responses=_ANSWERS)
    async def choose(
        call_id: Slug, sent: ChooseAllocation, commanded: Annotated[Command, Depends(command("allocation.choose"))]
    ) -> Response:
        """Choose an allocation."""
        return respond(await allocations.choose(commanded, call_id, sent), 201)

    @routes.post("/{call_id}/proposals", responses=_ANSWERS)
    async def propose(
        call_id: Slug, sent: ProposeAllocation, commanded: Annotated[Command, Depends(command("case.propose"))]
    ) -> dict[str, Any]:
        """Propose what the chosen allocation gives, to all its cases, with one answer for each."""
        return await allocations.propose(commanded, call_id, sent.reasons)

    return routes
