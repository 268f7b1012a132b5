"""Intake over HTTP: calls, associations, applications, supplements, withdrawals, usage reports."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from schemas.facts import Contract, Date
from schemas.identifiers import BusinessId, Iban, Slug, Text
from schemas.intake import AssociationRegistered, CallPublished, Standing, UsageReportSubmitted
from schemas.money import NonNegativeAmount
from schemas.refusals import not_found
from services.ledger import Ledger
from services.web.commands import AsOf, Command, as_of, command, register_entry, register_page, respond
from services.web.identity import Identity
from services.web.pages import PageRequest, page_request
from services.web.permissions import limited_to, require
from services.web.problems import problem_responses

from .handlers import Intake, SubmitApplication

Asked = Annotated[PageRequest, Depends(page_request)]
When = Annotated[AsOf, Depends(as_of)]
CREATED = {201: {"description": "Recorded"}}


class ChangeAccount(Contract):
    """A corrected account."""

    iban: Iban
    reason: Text


class RegisterPaperApplication(SubmitApplication):
    """A paper application with the Helsinki date on which it arrived."""

    arrived_on: Date


class Withdraw(Contract):
    """Why the application is taken back."""

    reason: Text


class Supplement(Contract):
    """The answer to a request for a supplement."""

    request_id: UUID
    answer: Text


class ReportUse(Contract):
    """How the grant was used."""

    used: NonNegativeAmount
    account: Text


def router(intake: Intake, ledger: Ledger) -> APIRouter:
    """All routes of intake."""
    routes = APIRouter(prefix="/v1")
    routes.include_router(_sending(intake))
    routes.include_router(_calls(intake, ledger))
    routes.include_router(_associations(intake, ledger))
    routes.include_router(_applications(intake, ledger))
    return routes


def _calls(intake: Intake, ledger: Ledger) -> APIRouter:
    routes = APIRouter(tags=["calls"])
    read = Depends(require("call.read"))

    @routes.post("/calls", status_code=201, responses=problem_responses(409, 412))
    async def publish_call(
        call: CallPublished, commanded: Annotated[Command, Depends(command("call.publish"))]
    ) -> Response:
        """Publish a call."""
        return respond(await intake.publish_call(commanded, call), 201)

    @routes.get("/calls", dependencies=[read])
    async def list_calls(asked: Asked, when: When, basket: Slug | None = None) -> dict[str, Any]:
        """The calls as of a moment."""
        return await register_page(ledger, "calls", asked, when, {"basket": basket})

    @routes.get("/calls/{call_id}", dependencies=[read], responses=problem_responses(404))
    async def read_call(call_id: Slug, when: When, response: Response) -> dict[str, Any]:
        """One call as of a moment."""
        return await register_entry(ledger, response, "calls", call_id, f"call/{call_id}", when)

    return routes


def _associations(intake: Intake, ledger: Ledger) -> APIRouter:
    routes = APIRouter(tags=["associations"])

    @routes.post("/associations", status_code=201, responses=problem_responses(404, 409, 412))
    async def register_association(
        association: AssociationRegistered,
        commanded: Annotated[Command, Depends(command("association.register"))],
    ) -> Response:
        """Register an association."""
        _own(commanded.identity, "association.register", association.association_id)
        return respond(await intake.register_association(commanded, association), 201)

    @routes.get("/associations")
    async def list_associations(
        asked: Asked,
        when: When,
        identity: Annotated[Identity, Depends(require("association.read"))],
        domicile: Slug | None = None,
    ) -> dict[str, Any]:
        """The associations that the caller may see, as of a moment."""
        where = {"domicile": domicile, "association_id": limited_to(identity, "association.read")}
        return await register_page(ledger, "associations", asked, when, where)

    @routes.get("/associations/{association_id}", responses=problem_responses(404))
    async def read_association(
        association_id: BusinessId,
        when: When,
        response: Response,
        identity: Annotated[Identity, Depends(require("association.read"))],
    ) -> dict[str, Any]:
        """One association as of a moment."""
        _own(identity, "association.read", association_id)
        stream = f"association/{association_id}"
        return await register_entry(ledger, response, "associations", association_id, stream, when)

    @routes.post("/associations/{association_id}/account", responses=problem_responses(404, 409, 412))
    async def change_account(
        association_id: BusinessId,
        change: ChangeAccount,
        commanded: Annotated[Command, Depends(command("association.change_account"))],
    ) -> Response:
        """Correct an association's account."""
        return respond(await intake.change_account(commanded, association_id, change.iban, change.reason))

    return routes


def _sending(intake: Intake) -> APIRouter:
    routes = APIRouter(tags=["applications"])

    @routes.post("/applications", status_code=201, responses=problem_responses(404, 409, 412))
    async def submit_application(
        sent: SubmitApplication, commanded: Annotated[Command, Depends(command("application.submit"))]
    ) -> Response:
        """Send an application. One that comes after the call has closed is taken and marked as late."""
        _own(commanded.identity, "application.submit", sent.association_id)
        return respond(await intake.submit(commanded, sent), 201)

    @routes.post("/paper-applications", status_code=201, responses=problem_responses(404, 409, 412))
    async def register_paper_application(
        sent: RegisterPaperApplication,
        commanded: Annotated[Command, Depends(command("application.register_paper"))],
    ) -> Response:
        """Register a paper application with its own day of arrival."""
        content = SubmitApplication.model_construct(
            **{name: getattr(sent, name) for name in SubmitApplication.model_fields}
        )
        return respond(await intake.submit(commanded, content, sent.arrived_on), 201)

    @routes.post("/applications/{application_id}/withdrawal", responses=problem_responses(404, 409, 412))
    async def withdraw(
        application_id: UUID,
        withdrawal: Withdraw,
        commanded: Annotated[Command, Depends(command("application.withdraw"))],
    ) -> Response:
        """Take an application back."""
        await _own_application(intake, commanded.identity, "application.withdraw", application_id)
        return respond(await intake.withdraw(commanded, application_id, withdrawal.reason))

    @routes.post("/applications/{application_id}/supplements", responses=problem_responses(404, 409, 412))
    async def supplement(
        application_id: UUID,
        sent: Supplement,
        commanded: Annotated[Command, Depends(command("application.supplement"))],
    ) -> Response:
        """Answer a request for a supplement."""
        await _own_application(intake, commanded.identity, "application.supplement", application_id)
        return respond(await intake.supplement(commanded, application_id, sent.request_id, sent.answer))

    @routes.post("/applications/{application_id}/usage-report", responses=problem_responses(404, 409, 412))
    async def report_use(
        application_id: UUID,
        sent: ReportUse,
        commanded: Annotated[Command, Depends(command("usage_report.submit"))],
    ) -> Response:
        """Report how the grant was used."""
        await _own_application(intake, commanded.identity, "usage_report.submit", application_id)
        report = UsageReportSubmitted(application_id=application_id, used=sent.used, account=sent.account)
        return respond(await intake.report_use(commanded, report))

    return routes


def _applications(intake: Intake, ledger: Ledger) -> APIRouter:
    routes = APIRouter(tags=["applications"])

    @routes.get("/applications")
    async def list_applications(
        asked: Asked,
        when: When,
        identity: Annotated[Identity, Depends(require("application.list"))],
        basket: Slug | None = None,
        standing: Standing | None = None,
        association_id: Annotated[BusinessId | None, Query()] = None,
    ) -> dict[str, Any]:
        """The applications that the caller may see, as of a moment; an association sees its own alone."""
        own = limited_to(identity, "application.list")
        if own is not None and association_id not in {None, own}:
            raise not_found("such association")
        where = {"basket": basket, "standing": standing, "association_id": own or association_id}
        return await register_page(ledger, "applications", asked, when, where)

    @routes.get("/applications/{application_id}", responses=problem_responses(404))
    async def read_application(
        application_id: UUID,
        when: When,
        response: Response,
        identity: Annotated[Identity, Depends(require("application.read"))],
    ) -> dict[str, Any]:
        """One application as of a moment: where it stands and what is asked next."""
        await _own_application(intake, identity, "application.read", application_id)
        key = str(application_id)
        return await register_entry(ledger, response, "applications", key, f"application/{key}", when)

    @routes.get("/applications/{application_id}/receipt", responses=problem_responses(404, 409))
    async def read_receipt(
        application_id: UUID, identity: Annotated[Identity, Depends(require("application.read"))]
    ) -> dict[str, Any]:
        """Proof, checkable offline and by anybody, that the application is in the ledger as it was sent."""
        await _own_application(intake, identity, "application.read", application_id)
        return await intake.receipt(application_id)

    return routes


def _own(identity: Identity, action: str, association_id: str) -> None:
    """Another association's things are answered as if they were not there."""
    limit = limited_to(identity, action)
    if limit is not None and limit != association_id:
        raise not_found("such association")


async def _own_application(intake: Intake, identity: Identity, action: str, application_id: UUID) -> None:
    limit = limited_to(identity, action)
    if limit is None:
        return
    loaded = await intake.application(application_id)
    if loaded.state is None or loaded.state.submitted.association_id != limit:
        raise not_found("such application")
