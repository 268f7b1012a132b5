"""Hearings and recovery over HTTP."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from schemas.facts import Contract, Date
from schemas.identifiers import Text
from schemas.money import PositiveAmount
from services.decisions.handlers import Decisions, Recoveries
from services.decisions.handlers.recovery import OpenHearing, Recover
from services.web.commands import Command, command, respond
from services.web.permissions import require
from services.web.problems import problem_responses

from .cases import own_case

_ANSWERS = problem_responses(404, 409, 412)
Sum = Annotated[PositiveAmount, Query(description='What would be recovered, such as "300.00 EUR"')]
DueOn = Annotated[Date, Query(description="The Helsinki date on which it would be due")]


class AnswerHearing(Contract):
    """What the applicant says to a planned recovery."""

    answer: Text


class CloseHearing(Contract):
    """Why a hearing ends without a recovery."""

    reasons: Text


def router(recoveries: Recoveries, decisions: Decisions) -> APIRouter:
    """Hearing the applicant, and the decision."""
    routes = APIRouter(prefix="/cases/{application_id}", tags=["recovery"])

    @routes.post("/hearings", status_code=201, responses=_ANSWERS)
    async def open_hearing(
        application_id: UUID,
        sent: OpenHearing,
        commanded: Annotated[Command, Depends(command("hearing.open"))],
    ) -> Response:
        """Hear the applicant on a planned recovery."""
        return respond(await recoveries.open_hearing(commanded, application_id, sent), 201)

    @routes.post("/hearings/{hearing_id}/answer", responses=_ANSWERS)
    async def answer_hearing(
        application_id: UUID,
        hearing_id: UUID,
        sent: AnswerHearing,
        commanded: Annotated[Command, Depends(command("hearing.answer"))],
    ) -> Response:
        """Answer in a hearing."""
        await own_case(decisions, commanded.identity, "hearing.answer", application_id)
        return respond(await recoveries.answer_hearing(commanded, application_id, hearing_id, sent.answer))

    @routes.post("/hearings/{hearing_id}/closing", responses=_ANSWERS)
    async def close_hearing(
        application_id: UUID,
        hearing_id: UUID,
        sent: CloseHearing,
        commanded: Annotated[Command, Depends(command("hearing.open"))],
    ) -> Response:
        """End a hearing that leads to no recovery, with reasons."""
        return respond(await recoveries.close_hearing(commanded, application_id, hearing_id, sent.reasons))

    @routes.post("/recovery", status_code=201, responses=_ANSWERS)
    async def recover(
        application_id: UUID,
        sent: Recover,
        commanded: Annotated[Command, Depends(command("recovery.decide"))],
    ) -> Response:
        """Decide to recover a grant or a part of it, with interest."""
        return respond(await recoveries.recover(commanded, application_id, sent), 201)

    @routes.get(
        "/recovery-interest", dependencies=[Depends(require("case.read"))], responses=problem_responses(404, 409)
    )
    async def preview_interest(application_id: UUID, amount: Sum, due_on: DueOn) -> dict[str, Any]:
        """The interest on a recovery as if it was decided today, by stretches of days, and the last day on which it can
        be decided; records nothing.
        """
        return await recoveries.preview(application_id, amount, due_on)

    return routes
