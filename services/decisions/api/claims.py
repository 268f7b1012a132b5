"""Claims for rectification over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from services.decisions.handlers import Claims, Decisions
from services.decisions.handlers.cases import GiveNotice
from services.decisions.handlers.claims import DecideClaim, MakeClaim, Publish, WithdrawClaim
from services.web.commands import Command, command, respond
from services.web.problems import problem_responses

from .cases import own_case

_ANSWERS = problem_responses(404, 409, 412)


def router(claims: Claims, decisions: Decisions) -> APIRouter:
    """Publishing the decision, claims against it made and taken back, deciding and notifying."""
    routes = APIRouter(prefix="/cases/{application_id}", tags=["claims"])

    @routes.post("/publication", status_code=201, responses=_ANSWERS)
    async def publish(
        application_id: UUID,
        commanded: Annotated[Command, Depends(command("decision.notify"))],
        sent: Publish | None = None,
    ) -> Response:
        """Record that the decision is on the county's web pages: the members' time for a claim counts from then."""
        return respond(await claims.publish(commanded, application_id, sent or Publish()), 201)

    @routes.post("/claims", status_code=201, responses=_ANSWERS)
    async def claim(
        application_id: UUID,
        sent: MakeClaim,
        commanded: Annotated[Command, Depends(command("rectification.claim"))],
    ) -> Response:
        """Claim rectification of the decision, or record a claim that came to the registry."""
        await own_case(decisions, commanded.identity, "rectification.claim", application_id)
        return respond(await claims.claim(commanded, application_id, sent), 201)

    @routes.post("/claims/{claim_id}/withdrawal", responses=_ANSWERS)
    async def withdraw(
        application_id: UUID,
        claim_id: UUID,
        commanded: Annotated[Command, Depends(command("rectification.claim"))],
        sent: WithdrawClaim | None = None,
    ) -> Response:
        """Take a claim back before it is decided, or record that the registry was told so."""
        await own_case(decisions, commanded.identity, "rectification.claim", application_id)
        return respond(await claims.withdraw(commanded, application_id, claim_id, sent or WithdrawClaim()))

    @routes.post("/claim-decision", responses=_ANSWERS)
    async def decide_claim(
        application_id: UUID,
        sent: DecideClaim,
        commanded: Annotated[Command, Depends(command("rectification.decide"))],
    ) -> Response:
        """Decide the pending claim, in the body that it goes to."""
        return respond(await claims.decide(commanded, application_id, sent))

    @routes.post("/claim-notice", responses=_ANSWERS)
    async def notify_claim(
        application_id: UUID,
        sent: GiveNotice,
        commanded: Annotated[Command, Depends(command("decision.notify"))],
    ) -> Response:
        """Give notice of the decision on the claim today, with its document and how to appeal."""
        return respond(await claims.notify(commanded, application_id, sent))

    return routes
