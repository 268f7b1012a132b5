"""Appeals to the administrative court over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from services.decisions.handlers import Appeals
from services.decisions.handlers.appeals import RecordAppeal, RecordCourtDecision
from services.web.commands import Command, command, respond
from services.web.problems import problem_responses

_ANSWERS = problem_responses(404, 409, 412)


def router(appeals: Appeals) -> APIRouter:
    """What the court tells: that an appeal came, and what was decided on it."""
    routes = APIRouter(prefix="/cases/{application_id}/appeals", tags=["appeals"])

    @routes.post("", status_code=201, responses=_ANSWERS)
    async def record_appeal(
        application_id: UUID,
        sent: RecordAppeal,
        commanded: Annotated[Command, Depends(command("appeal.record"))],
    ) -> Response:
        """Record an appeal against the decision on a claim; while it is pending, the decision is not final."""
        return respond(await appeals.record(commanded, application_id, sent), 201)

    @routes.post("/{appeal_id}/decision", responses=_ANSWERS)
    async def record_court_decision(
        application_id: UUID,
        appeal_id: UUID,
        sent: RecordCourtDecision,
        commanded: Annotated[Command, Depends(command("appeal.record"))],
    ) -> Response:
        """Record what the court decided: the decision stands, or the claim is to be decided anew."""
        return respond(await appeals.decide(commanded, application_id, appeal_id, sent))

    return routes
