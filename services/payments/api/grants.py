"""Grants, payments and claims over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response

from schemas.identifiers import BusinessId, Reference, Slug
from services.ledger import Ledger
from services.payments.bank.reason_codes import explained
from services.payments.bank.status_codes import with_status_text
from services.payments.claiming import AgreePlan, Claiming, ProposeWriteOff, SetOffAgainst, SettleCause
from services.payments.handlers import Payments
from services.web.commands import AsOf, Command, as_of, command, register_entry, register_page, respond
from services.web.pages import PageRequest, page_request
from services.web.permissions import require
from services.web.problems import problem_responses

Asked = Annotated[PageRequest, Depends(page_request)]
When = Annotated[AsOf, Depends(as_of)]
_ANSWERS = problem_responses(404, 409, 412)


def router(payments: Payments, claiming: Claiming, ledger: Ledger) -> APIRouter:
    """Grants, what is payable of them, payments, and the claims of recovery."""
    routes = APIRouter(tags=["grants"])

    @routes.get("/grants", dependencies=[Depends(require("grant.list"))])
    async def list_grants(
        asked: Asked, when: When, basket: Slug | None = None, association_id: BusinessId | None = None
    ) -> dict[str, Any]:
        """The grants as of a moment."""
        where = {"basket": basket, "association_id": association_id}
        return await register_page(ledger, "grants", asked, when, where)

    @routes.get(
        "/grants/{application_id}",
        dependencies=[Depends(require("grant.read"))],
        responses=problem_responses(404),
    )
    async def read_grant(application_id: UUID, when: When, response: Response) -> dict[str, Any]:
        """One grant as of a moment."""
        key = str(application_id)
        return await register_entry(ledger, response, "grants", key, f"grant/{key}", when)

    @routes.get("/payables", dependencies=[Depends(require("grant.list"))])
    async def list_payables() -> dict[str, Any]:
        """Every instalment that is neither paid nor on its way, with what holds it."""
        return {"items": await payments.payables(), "next": None}

    @routes.get("/payments", dependencies=[Depends(require("grant.list"))])
    async def list_payments(
        asked: Asked,
        when: When,
        state: Literal["proposed", "dropped", "sent", "rejected", "booked", "returned"] | None = None,
    ) -> dict[str, Any]:
        """Every attempt to pay an instalment, as of a moment; what the bank told of it last (`bank_status`), and why it
        did not pay, are told in Finnish too.
        """
        page = await register_page(ledger, "payments", asked, when, {"state": state})
        return {**page, "items": [with_status_text(explained(each)) for each in page["items"]]}

    @routes.get("/claims", dependencies=[Depends(require("grant.list"))])
    async def list_claims(asked: Asked, when: When) -> dict[str, Any]:
        """Recoveries that were claimed, with their reference numbers and what came in."""
        return await register_page(ledger, "claims", asked, when, {})

    @routes.post("/payables/{application_id}/{instalment}/settled-cause", responses=_ANSWERS)
    async def settle_cause(
        application_id: UUID,
        instalment: Annotated[int, Path(ge=1, le=100, description="The instalment's number")],
        sent: SettleCause,
        commanded: Annotated[Command, Depends(command("payment.settle_cause"))],
    ) -> Response:
        """Record what was done about a payment that the bank did not make, so that it is payable again."""
        return respond(await claiming.settle_cause(commanded, application_id, instalment, sent))

    return routes


def claims(claiming: Claiming) -> APIRouter:
    """What is done with a claim of recovery, by its reference number."""
    routes = APIRouter(prefix="/claims/{reference}", tags=["claims"])

    @routes.get("/late-interest", dependencies=[Depends(require("grant.read"))], responses=_ANSWERS)
    async def preview_late_interest(reference: Reference) -> dict[str, Any]:
        """The late interest that could be claimed now, by stretches of days; records nothing."""
        return await claiming.preview_late_interest(reference)

    @routes.post("/late-interest", status_code=201, responses=_ANSWERS)
    async def claim_late_interest(
        reference: Reference, commanded: Annotated[Command, Depends(command("recovery.claim_late_interest"))]
    ) -> Response:
        """Claim interest on what came late, under the same reference number."""
        return respond(await claiming.claim_late_interest(commanded, reference), 201)

    @routes.post("/plan", responses=_ANSWERS)
    async def agree_plan(
        reference: Reference, sent: AgreePlan, commanded: Annotated[Command, Depends(command("recovery.plan"))]
    ) -> Response:
        """Agree that the rest is paid in parts."""
        return respond(await claiming.agree_plan(commanded, reference, sent))

    @routes.post("/set-off", responses=_ANSWERS)
    async def set_off(
        reference: Reference, sent: SetOffAgainst, commanded: Annotated[Command, Depends(command("recovery.set_off"))]
    ) -> Response:
        """Set the claim off against an instalment that is payable."""
        return respond(await claiming.set_off(commanded, reference, sent))

    @routes.post("/write-off-proposal", responses=_ANSWERS)
    async def propose_write_off(
        reference: Reference,
        sent: ProposeWriteOff,
        commanded: Annotated[Command, Depends(command("recovery.write_off"))],
    ) -> Response:
        """Propose to give up what is left, or a part of it."""
        return respond(await claiming.propose_write_off(commanded, reference, sent))

    @routes.post("/write-off", responses=_ANSWERS)
    async def decide_write_off(
        reference: Reference, commanded: Annotated[Command, Depends(command("recovery.write_off"))]
    ) -> Response:
        """Give up what another person proposed to."""
        return respond(await claiming.decide_write_off(commanded, reference))

    return routes
