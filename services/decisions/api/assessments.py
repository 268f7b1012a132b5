"""A case's assessments over HTTP: what is to be scored, and each assessor's scores with their reasons."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends

from schemas.calls import Criterion
from schemas.decisions import AssessmentRecorded, CallNoted
from schemas.refusals import not_found
from services.decisions.domain import assessment, cases
from services.decisions.domain.cases import Case
from services.decisions.handlers import Decisions
from services.ledger import Ledger
from services.web.commands import AsOf, as_of
from services.web.handling import fold
from services.web.permissions import require
from services.web.problems import problem_responses


def router(ledger: Ledger, decisions: Decisions) -> APIRouter:
    """Reading them; what records one is a part of preparation."""
    routes = APIRouter(tags=["cases"])

    @routes.get(
        "/cases/{application_id}/assessments",
        dependencies=[Depends(require("case.read"))],
        responses=problem_responses(404),
    )
    async def read_assessments(application_id: UUID, when: Annotated[AsOf, Depends(as_of)]) -> dict[str, Any]:
        """The assessments that count as of a moment, with the criteria under which the application was sent."""
        position = await when.resolve(ledger)
        stream = f"case/{application_id}"
        until = [record for record in await ledger.stream(stream) if record.position <= position]
        case: Case | None = fold(stream, until, cases.evolve, None).state
        if case is None:
            raise not_found("such case as of then")
        return {**_shown(case, await decisions.call_for(case)), "position": position}

    return routes


def _shown(case: Case, call: CallNoted | None) -> dict[str, Any]:
    criteria = () if call is None else call.criteria
    summary = assessment.summarise(case.assessments.values())
    points = {
        "points_hundredths": None if summary is None else summary.mean,
        "lowest_hundredths": None if summary is None else summary.lowest,
        "highest_hundredths": None if summary is None else summary.highest,
        "spread_hundredths": None if summary is None else summary.spread,
    }
    return {
        "application_id": str(case.opened.application_id), "assessors_wanted": None if call is None else call.assessors,
        "criteria": [each.model_dump(mode="json", exclude_none=True) for each in criteria], **points,
        "items": [_told(each, criteria) for _, each in sorted(case.assessments.items())], "next": None,
    }  # fmt: skip


def _told(recorded: AssessmentRecorded, criteria: tuple[Criterion, ...]) -> dict[str, Any]:
    labels = {each.criterion_id: each for each in criteria}
    scores = [
        {
            **score.model_dump(mode="json"),
            "points_max": labels[score.criterion_id].points_max if score.criterion_id in labels else None,
        }
        for score in recorded.scores
    ]
    return {
        "person": recorded.person, "points_hundredths": recorded.hundredths, "scores": scores,
        "reasons": recorded.reasons,
    }  # fmt: skip
