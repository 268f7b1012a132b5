"""What follows a decision over HTTP: agreements of partnerships, costs and own funding of projects, changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response

from schemas.decisions import AgreementDrafted, AgreementPartySigned, AgreementSigned, Party
from services.decisions.domain.agreements import PARTIES, Partnership
from services.decisions.handlers import Decisions, FollowUp
from services.decisions.handlers.follow_up import (
    AcceptCosts,
    DecideChange,
    DraftAgreement,
    NoteNegotiation,
    ProposeChange,
    ProveOwnFunding,
    ReviewPartnership,
    SignAgreement,
)
from services.decisions.handlers.reports import ReturnReport
from services.web.commands import Command, command, respond
from services.web.identity import Identity
from services.web.permissions import require
from services.web.problems import problem_responses

from .cases import own_case

_ANSWERS = problem_responses(404, 409, 412)
_SHOWN = {"version", "years", "without_money", "contributions", "terms", "valid_from", "valid_until", "signed_on"}
_SIGNATURE = {"party", "person", "signed_on"}
Number = Annotated[int, Path(ge=1, le=60, description="The report's number, from 1")]


def partnerships(follow_up: FollowUp, decisions: Decisions) -> APIRouter:
    """Negotiations, the agreement in its versions, and yearly reviews."""
    routes = APIRouter(prefix="/cases/{application_id}", tags=["partnerships"])

    @routes.post("/negotiations", status_code=201, responses=_ANSWERS)
    async def note_negotiation(
        application_id: UUID,
        sent: NoteNegotiation,
        commanded: Annotated[Command, Depends(command("negotiation.note"))],
    ) -> Response:
        """Note a negotiation of a partnership that took place."""
        return respond(await follow_up.note_negotiation(commanded, application_id, sent), 201)

    @routes.post("/agreement-drafts", status_code=201, responses=_ANSWERS)
    async def draft_agreement(
        application_id: UUID,
        sent: DraftAgreement,
        commanded: Annotated[Command, Depends(command("agreement.draft"))],
    ) -> Response:
        """Offer the next version of the agreement to be signed by both."""
        return respond(await follow_up.draft_agreement(commanded, application_id, sent), 201)

    @routes.post("/agreement-signatures", status_code=201, responses=_ANSWERS)
    async def sign_agreement(
        application_id: UUID,
        sent: SignAgreement,
        commanded: Annotated[Command, Depends(command("agreement.sign"))],
    ) -> Response:
        """Sign the offered version: the association its own, a decision maker for the county."""
        await own_case(decisions, commanded.identity, "agreement.sign", application_id)
        return respond(await follow_up.sign_agreement(commanded, application_id, sent), 201)

    @routes.get("/agreement", responses=problem_responses(404))
    async def read_agreement(
        application_id: UUID, identity: Annotated[Identity, Depends(require("agreement.read"))]
    ) -> dict[str, Any]:
        """The version on offer, until both have signed it, and the one in force, each with who signed."""
        await own_case(decisions, identity, "agreement.read", application_id)
        return {"application_id": str(application_id), **_agreement(await follow_up.agreement(application_id))}

    @routes.post("/reviews", status_code=201, responses=_ANSWERS)
    async def review_partnership(
        application_id: UUID,
        sent: ReviewPartnership,
        commanded: Annotated[Command, Depends(command("partnership.review"))],
    ) -> Response:
        """Review a partnership before the instalments of a later year."""
        return respond(await follow_up.review_partnership(commanded, application_id, sent), 201)

    return routes


def projects(follow_up: FollowUp) -> APIRouter:
    """Own funding and reports of costs."""
    routes = APIRouter(prefix="/cases/{application_id}", tags=["projects"])

    @routes.post("/own-funding", status_code=201, responses=_ANSWERS)
    async def prove_own_funding(
        application_id: UUID,
        sent: ProveOwnFunding,
        commanded: Annotated[Command, Depends(command("own_funding.prove"))],
    ) -> Response:
        """Record that a part of the declared own funding was proven."""
        return respond(await follow_up.prove_own_funding(commanded, application_id, sent), 201)

    @routes.post("/cost-reports/{number}/return", responses=_ANSWERS)
    async def return_cost_report(
        application_id: UUID,
        number: Number,
        sent: ReturnReport,
        commanded: Annotated[Command, Depends(command("cost_report.check"))],
    ) -> Response:
        """Give a report of costs back to be completed."""
        return respond(await follow_up.return_cost_report(commanded, application_id, number, sent))

    @routes.post("/cost-reports/{number}/acceptance", responses=_ANSWERS)
    async def accept_cost_report(
        application_id: UUID,
        number: Number,
        sent: AcceptCosts,
        commanded: Annotated[Command, Depends(command("cost_report.check"))],
    ) -> Response:
        """Accept the costs of a report or a part of them."""
        return respond(await follow_up.accept_cost_report(commanded, application_id, number, sent))

    return routes


def changes(follow_up: FollowUp) -> APIRouter:
    """Changes that the applicant asks for after the decision."""
    routes = APIRouter(prefix="/cases/{application_id}/changes/{change_id}", tags=["changes"])

    @routes.post("/proposal", responses=_ANSWERS)
    async def propose_change(
        application_id: UUID,
        change_id: UUID,
        sent: ProposeChange,
        commanded: Annotated[Command, Depends(command("change.propose"))],
    ) -> Response:
        """Propose to approve or reject a change."""
        return respond(await follow_up.propose_change(commanded, application_id, change_id, sent))

    @routes.post("/decision", responses=_ANSWERS)
    async def decide_change(
        application_id: UUID,
        change_id: UUID,
        sent: DecideChange,
        commanded: Annotated[Command, Depends(command("change.decide"))],
    ) -> Response:
        """Decide a proposed change; another person than who proposed it."""
        return respond(await follow_up.decide_change(commanded, application_id, change_id, sent))

    return routes


def _agreement(partnership: Partnership) -> dict[str, Any]:
    draft, signed = partnership.draft, partnership.signed
    offered = None if set(partnership.signatures) == PARTIES else draft
    return {
        "offered": None if offered is None else _version(offered, partnership.signatures),
        "signed": None if signed is None else _version(signed, partnership.signed_by),
    }


def _version(
    agreement: AgreementDrafted | AgreementSigned, signatures: Mapping[Party, AgreementPartySigned]
) -> dict[str, Any]:
    """A version with its signatures, in the order of the parties' names."""
    said = agreement.model_dump(mode="json", include=_SHOWN)
    signed = [signatures[party] for party in sorted(signatures)]
    return {**said, "signatures": [each.model_dump(mode="json", include=_SIGNATURE) for each in signed]}
