"""Reports of use over HTTP: checking, returning, accepting."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response

from services.decisions.handlers import Reports
from services.decisions.handlers.reports import AcceptReport, CheckReport, ReturnReport
from services.web.commands import Command, command, respond
from services.web.problems import problem_responses

_ANSWERS = problem_responses(404, 409, 412)
Number = Annotated[int, Path(ge=1, le=60, description="The report's number, from 1")]


def router(reports: Reports) -> APIRouter:
    """What an officer does with a report."""
    routes = APIRouter(prefix="/cases/{application_id}/reports/{number}", tags=["reports"])

    @routes.post("/checks", status_code=201, responses=_ANSWERS)
    async def check_report(
        application_id: UUID,
        number: Number,
        sent: CheckReport,
        commanded: Annotated[Command, Depends(command("report.check"))],
    ) -> Response:
        """Check the content or the money of a report."""
        return respond(await reports.check(commanded, application_id, number, sent), 201)

    @routes.post("/return", responses=_ANSWERS)
    async def return_report(
        application_id: UUID,
        number: Number,
        sent: ReturnReport,
        commanded: Annotated[Command, Depends(command("report.check"))],
    ) -> Response:
        """Give a report back to be completed."""
        return respond(await reports.give_back(commanded, application_id, number, sent))

    @routes.post("/acceptance", responses=_ANSWERS)
    async def accept_report(
        application_id: UUID,
        number: Number,
        sent: AcceptReport,
        commanded: Annotated[Command, Depends(command("report.accept"))],
    ) -> Response:
        """Accept a report whose content and money were found sound."""
        return respond(await reports.accept(commanded, application_id, number, sent))

    return routes
