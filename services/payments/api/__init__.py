"""Payments over HTTP: a module of routes for each thing that they are about."""

from __future__ import annotations

from collections.abc import Sequence

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


def routers(handlers: Handlers, made: Reports, ledger: Ledger) -> Sequence[APIRouter]:
    """All routes of payments."""
    return [
        grants.router(handlers.payments, handlers.claiming, ledger),
        grants.claims(handlers.claiming),
        runs.router(handlers.payments, handlers.approving, ledger),
        runs.approvers(handlers.approving, ledger),
        bank.router(handlers.bank_files, ledger),
        files.router(handlers.payments, handlers.books, ledger),
        books.reconciliation(handlers.books, ledger),
        books.periods(handlers.books, handlers.periods, ledger),
        reports.router(made),
    ]
