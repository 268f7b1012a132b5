"""Payments over HTTP: grants, runs, bank files, vouchers, postings, reconciliation, differences, periods."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from pydantic import Field

from schemas.facts import Contract, Date
from schemas.identifiers import BusinessId, Period, Sha256, Slug, Text
from schemas.money import euros
from schemas.payments import DifferenceClass
from schemas.refusals import not_found
from services.ledger import Ledger
from services.web.commands import AsOf, Command, as_of, command, register_entry, register_page, respond
from services.web.pages import PageRequest, page_request
from services.web.permissions import require
from services.web.problems import Problem, problem_responses, register_problem
from services.web.validation import FieldError

from .backoffice import PostingFileInvalid
from .bank.errors import BankFileError, CreditTransferInvalid
from .closing import Books
from .handlers import Payments

Asked = Annotated[PageRequest, Depends(page_request)]
When = Annotated[AsOf, Depends(as_of)]
_ANSWERS = problem_responses(404, 409, 412)
XML_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/xml": {"schema": {"type": "string"}}}}
}
CSV_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
FILE_BYTES_MAX = 128 * 1024 * 1024
LARGE_BODIES = {"/v1/bank-files": FILE_BYTES_MAX, "/v1/postings": FILE_BYTES_MAX}
RunState = Literal["proposed", "approved", "built", "sent"]
DifferenceState = Literal["open", "explained", "accepted"]


class ProposeRun(Contract):
    """A run on an execution date (Helsinki); without applications, of all that is payable."""

    execution_date: Date
    application_ids: tuple[UUID, ...] | None = Field(default=None, min_length=1, max_length=20000)


class ExportVouchers(Contract):
    """The vouchers of a month in a profile's columns."""

    period: Period
    profile: Slug


class Reconcile(Contract):
    """The month to reconcile."""

    period: Period


class Explain(Contract):
    """The cause of a difference, and how it is put right."""

    explanation: Text


class Accept(Contract):
    """Why the explanation is accepted."""

    reason: Text


def install_file_problems(app: FastAPI) -> None:
    """What is wrong in a file becomes a problem document that names line and field."""
    register_problem(
        app, BankFileError,
        lambda error: Problem(422, "bank-file-refused", "The bank file is refused whole", str(error)),
    )  # fmt: skip
    register_problem(
        app, CreditTransferInvalid,
        lambda error: Problem(409, "payment-file-invalid", "The payment file cannot be built", str(error)),
    )  # fmt: skip
    register_problem(
        app, PostingFileInvalid,
        lambda error: Problem(
            422, "postings-refused", "The file of postings is refused whole", "Correct the lines that `errors` lists.",
            [FieldError("", str(each)) for each in error.errors[:1000]],
        ),
    )  # fmt: skip


def router(payments: Payments, books: Books, ledger: Ledger) -> APIRouter:
    """All routes of payments."""
    routes = APIRouter(prefix="/v1")
    routes.include_router(_grants(payments, ledger))
    routes.include_router(_runs(payments, ledger))
    routes.include_router(_files(payments, books, ledger))
    routes.include_router(_reconciliation(books, ledger))
    routes.include_router(_periods(books, ledger))
    return routes


def _grants(payments: Payments, ledger: Ledger) -> APIRouter:
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
        state: Literal["proposed", "sent", "rejected", "booked", "returned"] | None = None,
    ) -> dict[str, Any]:
        """Every attempt to pay an instalment, as of a moment."""
        return await register_page(ledger, "payments", asked, when, {"state": state})

    @routes.get("/claims", dependencies=[Depends(require("grant.list"))])
    async def list_claims(asked: Asked, when: When) -> dict[str, Any]:
        """Recoveries that were claimed, with their reference numbers and what came in."""
        return await register_page(ledger, "claims", asked, when, {})

    return routes


def _runs(payments: Payments, ledger: Ledger) -> APIRouter:
    routes = APIRouter(tags=["runs"])

    @routes.post("/runs", status_code=201, responses=_ANSWERS)
    async def propose(sent: ProposeRun, commanded: Annotated[Command, Depends(command("run.propose"))]) -> Response:
        """Propose a payment run."""
        return respond(await payments.propose(commanded, sent.execution_date, sent.application_ids), 201)

    @routes.get("/runs", dependencies=[Depends(require("run.read"))])
    async def list_runs(asked: Asked, when: When, state: RunState | None = None) -> dict[str, Any]:
        """The runs as of a moment."""
        return await register_page(ledger, "runs", asked, when, {"state": state})

    @routes.get("/runs/{run_id}", dependencies=[Depends(require("run.read"))], responses=problem_responses(404))
    async def read_run(run_id: UUID, when: When, response: Response) -> dict[str, Any]:
        """One run as of a moment."""
        return await register_entry(ledger, response, "runs", str(run_id), f"run/{run_id}", when)

    @routes.post("/runs/{run_id}/approvals", status_code=201, responses=_ANSWERS)
    async def approve(run_id: UUID, commanded: Annotated[Command, Depends(command("run.approve"))]) -> Response:
        """Approve a run that somebody else proposed."""
        return respond(await payments.approve(commanded, run_id), 201)

    @routes.post("/runs/{run_id}/file", responses=_ANSWERS)
    async def build_file(run_id: UUID, commanded: Annotated[Command, Depends(command("run.send"))]) -> Response:
        """Build and store the bank file of an approved run."""
        return respond(await payments.build_file(commanded, run_id))

    @routes.post("/runs/{run_id}/sending", responses=_ANSWERS)
    async def send(run_id: UUID, commanded: Annotated[Command, Depends(command("run.send"))]) -> Response:
        """Hand the stored file to the channel to the bank, once."""
        return respond(await payments.send(commanded, run_id))

    return routes


def _files(payments: Payments, books: Books, ledger: Ledger) -> APIRouter:
    routes = APIRouter(tags=["files"])

    @routes.post("/bank-files", responses=_ANSWERS, openapi_extra=XML_BODY)
    async def import_bank_file(
        request: Request, commanded: Annotated[Command, Depends(command("bank_file.import"))]
    ) -> Response:
        """Take a pain.002, camt.053 or camt.054 whole."""
        return respond(await payments.import_bank_file(commanded, await request.body()))

    @routes.get("/files", dependencies=[Depends(require("statement.read"))])
    async def list_files(asked: Asked, when: When) -> dict[str, Any]:
        """The files that came and went, by their SHA-256."""
        return await register_page(ledger, "files", asked, when, {})

    @routes.get(
        "/files/{sha256}",
        dependencies=[Depends(require("statement.read"))],
        responses={**problem_responses(404), 200: {"content": {"application/octet-stream": {}}}},
        response_class=Response,
    )
    async def read_file(sha256: Sha256) -> Response:
        """A file's bytes as they came or went."""
        content = await payments.files.get(sha256)
        if content is None:
            raise not_found("file with this SHA-256")
        return Response(content, media_type="application/octet-stream")

    @routes.post("/voucher-exports", status_code=201, responses=_ANSWERS)
    async def export_vouchers(
        sent: ExportVouchers, commanded: Annotated[Command, Depends(command("voucher.export"))]
    ) -> Response:
        """Write the vouchers of a month that no file holds yet."""
        return respond(await books.export_vouchers(commanded, sent.period, sent.profile), 201)

    @routes.post("/postings", responses=_ANSWERS, openapi_extra=CSV_BODY)
    async def import_postings(
        request: Request,
        period: Annotated[Period, Query()],
        profile: Annotated[Slug, Query()],
        commanded: Annotated[Command, Depends(command("posting.import"))],
    ) -> Response:
        """Take the back office's postings of a month whole."""
        return respond(await books.import_postings(commanded, period, profile, await request.body()))

    return routes


def _reconciliation(books: Books, ledger: Ledger) -> APIRouter:
    routes = APIRouter(tags=["reconciliation"])

    @routes.post("/reconciliations", status_code=201, responses=_ANSWERS)
    async def reconcile(
        sent: Reconcile, commanded: Annotated[Command, Depends(command("reconciliation.run"))]
    ) -> Response:
        """Compare ledger, bank and back office for a month, and raise each difference once."""
        return respond(await books.reconcile(commanded, sent.period), 201)

    @routes.get(
        "/reconciliations/{period}",
        dependencies=[Depends(require("reconciliation.read"))],
        responses=_ANSWERS,
    )
    async def read_lines(period: Period) -> dict[str, Any]:
        """Every line of a month's comparison with its class."""
        lines, inputs, position = await books.lines(period)
        items = [
            {
                "class": line.line_class,
                "subject": line.subject,
                "expected": line.expected,
                "found": line.found,
                "amount": euros(line.amount),
                "application_id": None if line.application_id is None else str(line.application_id),
            }
            for line in lines
        ]
        return {"period": period, "items": items, "inputs": inputs, "position": position}

    @routes.get("/differences", dependencies=[Depends(require("reconciliation.read"))])
    async def list_differences(
        asked: Asked,
        when: When,
        period: Period | None = None,
        state: DifferenceState | None = None,
        difference_class: DifferenceClass | None = None,
    ) -> dict[str, Any]:
        """The differences as of a moment."""
        where = {"period": period, "state": state, "difference_class": difference_class}
        return await register_page(ledger, "differences", asked, when, where)

    @routes.post("/differences/{difference_id}/explanation", responses=_ANSWERS)
    async def explain(
        difference_id: Slug,
        sent: Explain,
        commanded: Annotated[Command, Depends(command("difference.resolve"))],
    ) -> Response:
        """Explain a difference."""
        return respond(await books.explain(commanded, difference_id, sent.explanation))

    @routes.post("/differences/{difference_id}/acceptance", responses=_ANSWERS)
    async def accept(
        difference_id: Slug,
        sent: Accept,
        commanded: Annotated[Command, Depends(command("difference.accept"))],
    ) -> Response:
        """Accept another person's explanation."""
        return respond(await books.accept(commanded, difference_id, sent.reason))

    return routes


def _periods(books: Books, ledger: Ledger) -> APIRouter:
    routes = APIRouter(tags=["periods"])

    @routes.post("/periods/{period}/closing", responses=_ANSWERS)
    async def close(period: Period, commanded: Annotated[Command, Depends(command("period.close"))]) -> Response:
        """Close a month."""
        return respond(await books.close(commanded, period))

    @routes.get("/periods", dependencies=[Depends(require("reconciliation.read"))])
    async def list_periods(asked: Asked, when: When) -> dict[str, Any]:
        """The months that were reconciled or closed."""
        return await register_page(ledger, "periods", asked, when, {})

    @routes.get("/trial-balance", dependencies=[Depends(require("reconciliation.read"))])
    async def trial_balance(when: When, period: Period | None = None) -> dict[str, Any]:
        """Each account's balance; the total is zero."""
        return await books.trial_balance(period, await when.resolve(ledger))

    return routes
