"""Intake over HTTP: a module of routes for each thing that they are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, FastAPI

from services.intake.handlers import DraftIncomplete, Handlers
from services.intake.person_keys import PersonsUnavailable
from services.intake.storage import NotStored, ScannerUnavailable, StoreUnavailable
from services.intake.storage.limits import SIZE_BYTES_MAX
from services.ledger import Ledger
from services.web.problems import Problem, register_problem

from . import applications, associations, attachments, calls, drafts, messages

LARGE_BODIES: Final = {attachments.PATH: SIZE_BYTES_MAX}
"""What says that it is larger is refused before it is read; what turns out to be, as soon as it does."""


def routers(handlers: Handlers, ledger: Ledger) -> Sequence[APIRouter]:
    """All routes of intake."""
    return [
        applications.sending(handlers.applications),
        calls.router(handlers.calls, ledger),
        associations.router(handlers.associations, ledger),
        associations.persons(handlers.associations, ledger),
        attachments.router(handlers.attachments, ledger),
        drafts.router(handlers.drafts),
        messages.router(ledger),
        applications.reading(handlers.applications, ledger),
    ]


def install_problems(app: FastAPI) -> None:
    """What is wrong with a draft or a file, or cannot be done with files or persons now, becomes a problem document."""
    for unavailable in (ScannerUnavailable, StoreUnavailable):
        register_problem(app, unavailable, lambda _: _away())
    register_problem(
        app, PersonsUnavailable,
        lambda _: Problem(
            503, "persons-unavailable", "Persons cannot be read or changed now",
            "The keys of persons cannot be used. Send the request again soon, a command with the same key.",
            headers={"Retry-After": "30"},
        ),
    )  # fmt: skip
    register_problem(app, NotStored, lambda _: Problem(404, "not-found", "Not found", "The file is not in the store."))
    register_problem(
        app, DraftIncomplete,
        lambda error: Problem(
            422, "draft-incomplete", "The draft is not whole", "Correct what `errors` lists and send it again.",
            error.errors,
        ),
    )  # fmt: skip


def _away() -> Problem:
    return Problem(
        503, "attachments-unavailable", "Files cannot be taken or given now", "Nothing was kept. Try again soon.",
        headers={"Retry-After": "30"},
    )  # fmt: skip
