"""Coefficients over HTTP: the county's focus areas, and what an application's points are multiplied by."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from services.decisions.handlers import Coefficients
from services.decisions.handlers.coefficients import SetCoefficient
from services.web.commands import Command, command, respond
from services.web.permissions import require
from services.web.problems import problem_responses


def router(coefficients: Coefficients) -> APIRouter:
    """The focus areas, and setting a case's coefficient."""
    routes = APIRouter(tags=["coefficients"])

    @routes.get("/focus-areas", dependencies=[Depends(require("case.read"))])
    async def list_focus_areas() -> dict[str, Any]:
        """The county's focus areas of today, with their names and coefficients."""
        return coefficients.focus_areas()

    @routes.post("/cases/{application_id}/coefficient", responses=problem_responses(404, 409, 412))
    async def set_coefficient(
        application_id: UUID,
        sent: SetCoefficient,
        commanded: Annotated[Command, Depends(command("case.set_coefficient"))],
    ) -> Response:
        """Set what the application's points are multiplied by before it is ranked."""
        return respond(await coefficients.set(commanded, application_id, sent))

    return routes
