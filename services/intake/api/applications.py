"""Applications over HTTP: sending, supplements, what follows later, withdrawal, changes, reports of use and costs."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from uuid_utils.compat import uuid7

from schemas.calls import Budget
from schemas.facts import Contract
from schemas.identifiers import BusinessId, Slug, Text
from schemas.intake import ChangeRequested, Standing
from schemas.refusals import not_found
from services.intake.handlers import (
    Applications,
    RegisterPaperApplication,
    ReportCosts,
    ReportUse,
    SubmitApplication,
)
from services.ledger import Ledger
from services.web.commands import AsOf, Command, as_of, command, register_entry, register_page, respond
from services.web.identity import Identity
from services.web.pages import PageRequest, page_request
from services.web.permissions import limited_to, require
from services.web.problems import problem_responses

from .ownership import own, own_application

Asked = Annotated[PageRequest, Depends(page_request)]
When = Annotated[AsOf, Depends(as_of)]
_ANSWERS = problem_responses(404, 409, 412)


class Withdraw(Contract):
    """Why the application is taken back."""

    reason: Text


class Supplement(Contract):
    """The answer to a request for a supplement."""

    request_id: UUID
    answer: Text


class AddAttachment(Contract):
    """A stored file that may follow later."""

    attachment_id: UUID


class RequestChange(Contract):
    """A change asked for after the decision (*muutoshakemus*); a changed budget comes whole."""

    what: Literal["time", "budget", "purpose"]
    proposal: Text
    reasons: Text
    budget: Budget | None = None


def sending(applications: Applications) -> APIRouter:
    """What an applicant does with an application, and an officer with one on paper."""
    routes = APIRouter(tags=["applications"])

    @routes.post("/applications", status_code=201, responses=_ANSWERS)
    async def submit_application(
        sent: SubmitApplication, commanded: Annotated[Command, Depends(command("application.submit"))]
    ) -> Response:
        """Send an application. One that comes after the call has closed is taken and marked as late."""
        own(commanded.identity, "application.submit", sent.association_id)
        return respond(await applications.submit(commanded, sent), 201)

    @routes.post("/paper-applications", status_code=201, responses=_ANSWERS)
    async def register_paper_application(
        sent: RegisterPaperApplication,
        commanded: Annotated[Command, Depends(command("application.register_paper"))],
    ) -> Response:
        """Register a paper application with its own day of arrival and its scan, an attachment of the kind `scan`."""
        return respond(await applications.register_paper(commanded, sent), 201)

    @routes.post("/applications/{application_id}/withdrawal", responses=_ANSWERS)
    async def withdraw(
        application_id: UUID,
        sent: Withdraw,
        commanded: Annotated[Command, Depends(command("application.withdraw"))],
    ) -> Response:
        """Take an application back."""
        return respond(await applications.withdraw(commanded, application_id, sent.reason))

    @routes.post("/applications/{application_id}/supplements", responses=_ANSWERS)
    async def supplement(
        application_id: UUID,
        sent: Supplement,
        commanded: Annotated[Command, Depends(command("application.supplement"))],
    ) -> Response:
        """Answer a request for a supplement."""
        return respond(await applications.supplement(commanded, application_id, sent.request_id, sent.answer))

    @routes.post("/applications/{application_id}/attachments", status_code=201, responses=_ANSWERS)
    async def add_attachment(
        application_id: UUID,
        sent: AddAttachment,
        commanded: Annotated[Command, Depends(command("application.supplement"))],
    ) -> Response:
        """Add an attachment that the call lets follow later."""
        return respond(await applications.add_attachment(commanded, application_id, sent.attachment_id), 201)

    @routes.post("/applications/{application_id}/change-requests", status_code=201, responses=_ANSWERS)
    async def request_change(
        application_id: UUID,
        sent: RequestChange,
        commanded: Annotated[Command, Depends(command("application.request_change"))],
    ) -> Response:
        """Ask for a change of time, budget or purpose after the decision."""
        request = ChangeRequested(application_id=application_id, change_id=uuid7(), **dict(sent))
        return respond(await applications.request_change(commanded, request), 201)

    @routes.post("/applications/{application_id}/usage-report", responses=_ANSWERS)
    async def report_use(
        application_id: UUID,
        sent: ReportUse,
        commanded: Annotated[Command, Depends(command("usage_report.submit"))],
    ) -> Response:
        """Report how the grant was used."""
        return respond(await applications.report_use(commanded, application_id, sent))

    @routes.post("/applications/{application_id}/cost-reports", status_code=201, responses=_ANSWERS)
    async def report_costs(
        application_id: UUID,
        sent: ReportCosts,
        commanded: Annotated[Command, Depends(command("cost_report.submit"))],
    ) -> Response:
        """Report a project's costs of a period, by row."""
        return respond(await applications.report_costs(commanded, application_id, sent), 201)

    return routes


def reading(applications: Applications, ledger: Ledger) -> APIRouter:
    """Applications as their applicant and the officers see them."""
    routes = APIRouter(tags=["applications"])

    @routes.get("/applications")
    async def list_applications(
        asked: Asked,
        when: When,
        identity: Annotated[Identity, Depends(require("application.list"))],
        basket: Slug | None = None,
        standing: Standing | None = None,
        call_id: Slug | None = None,
        association_id: Annotated[BusinessId | None, Query()] = None,
    ) -> dict[str, Any]:
        """The applications that the caller may see, as of a moment; an association sees its own alone."""
        own = limited_to(identity, "application.list")
        if own is not None and association_id not in {None, own}:
            raise not_found("such association")
        where = {
            "basket": basket, "standing": standing, "call_id": call_id, "association_id": own or association_id,
        }  # fmt: skip
        return await register_page(ledger, "applications", asked, when, where)

    @routes.get("/applications/{application_id}", responses=problem_responses(404))
    async def read_application(
        application_id: UUID,
        when: When,
        response: Response,
        identity: Annotated[Identity, Depends(require("application.read"))],
    ) -> dict[str, Any]:
        """One application as of a moment: where it stands, what is asked next, and which attachments are awaited."""
        await own_application(applications, identity, "application.read", application_id)
        key, then = str(application_id), AsOf(await when.resolve(ledger), None)
        shown = await register_entry(ledger, response, "applications", key, f"application/{key}", then)
        return {**shown, "awaited_attachments": await applications.awaited(shown, await then.resolve(ledger))}

    @routes.get("/applications/{application_id}/receipt", responses=problem_responses(404, 409))
    async def read_receipt(
        application_id: UUID, identity: Annotated[Identity, Depends(require("application.read"))]
    ) -> dict[str, Any]:
        """Proof, checkable offline and by anybody, that the application is in the ledger as it was sent."""
        await own_application(applications, identity, "application.read", application_id)
        return await applications.receipt(application_id)

    return routes
