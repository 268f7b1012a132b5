"""What all subcommands write to, the error that they end with, and the options that they share.

CannotDo    it could not be done; the message says what, where, and what would be right
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

WIDE: Final = 240
"""Columns for what is not read on a terminal: a row stays one line for grep and its like."""


def _width() -> int | None:
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDE


console: Final = Console(soft_wrap=True, highlight=False, width=_width())
errors: Final = Console(stderr=True, soft_wrap=True, highlight=False)

DEFAULT_FOLDER: Final = Path("out/up")


class CannotDo(Exception):
    """It could not be done; the message says what, where, and what would be right."""


class LedgerService(StrEnum):
    """A service with a ledger."""

    INTAKE = "intake"
    DECISIONS = "decisions"
    PAYMENTS = "payments"


class Service(StrEnum):
    """Any service."""

    INTAKE = "intake"
    DECISIONS = "decisions"
    PAYMENTS = "payments"
    AUDIT = "audit"


Folder = Annotated[
    Path, typer.Option("--folder", file_okay=False, help="Folder of the running local system (see `grants up`).")
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        envvar="GRANTS_DATABASE_URL",
        show_envvar=True,
        help="postgresql:// address with the service's role, instead of --folder. Set the variable rather "
        "than the option: others can see command lines.",
    ),
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        envvar="GRANTS_DATABASE_PASSWORD_FILE",
        exists=True,
        dir_okay=False,
        help="File with the password for the database address.",
    ),
]


def positions() -> Progress:
    """A progress bar over positions of a ledger; shown on a terminal only, on the error stream."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=errors, transient=True, disable=not errors.is_terminal,
    )  # fmt: skip
