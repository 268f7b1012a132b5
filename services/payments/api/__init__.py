"""Payments over HTTP: a module of routes for each thing that they are about."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from services.ledger import Ledger
from services.payments.backoffice import PostingFileInvalid
from services.payments.bank.errors import BankFileError, CreditTransferInvalid
from services.payments.channel import ChannelUnavailable
from services.payments.commands import Handlers
from services.payments.reports import Reports
from services.web.problems import Problem, register_problem
from services.web.validation import FieldError

from . import bank, books, files, grants, reports, runs

LARGE_BODIES = files.LARGE_BODIES


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
        app, ChannelUnavailable,
        lambda error: Problem(
            503, "bank-unavailable", "The bank cannot be reached", f"{error}. Nothing was recorded as sent: try again.",
            headers={"Retry-After": "30"},
        ),
    )  # fmt: skip
    register_problem(
        app, PostingFileInvalid,
        lambda error: Problem(
            422, "postings-refused", "The file of postings is refused whole", "Correct the lines that `errors` lists.",
            [FieldError("", str(each)) for each in error.errors[:1000]],
        ),
    )  # fmt: skip


def router(handlers: Handlers, made: Reports, ledger: Ledger) -> APIRouter:
    """All routes of payments."""
    routes = APIRouter(prefix="/v1")
    routes.include_router(grants.router(handlers.payments, handlers.claiming, ledger))
    routes.include_router(grants.claims(handlers.claiming))
    routes.include_router(runs.router(handlers.payments, handlers.approving, ledger))
    routes.include_router(runs.approvers(handlers.approving, ledger))
    routes.include_router(bank.router(handlers.bank_files, ledger))
    routes.include_router(files.router(handlers.payments, handlers.books, ledger))
    routes.include_router(books.reconciliation(handlers.books, ledger))
    routes.include_router(books.periods(handlers.books, ledger))
    routes.include_router(reports.router(made))
    return routes
