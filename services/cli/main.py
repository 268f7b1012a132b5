"""Puts the subcommands together, and tells errors for people as a sentence instead of a traceback."""

from __future__ import annotations

import sys
from typing import Final

import typer

from services.cli import (
    contracts,
    demo,
    migrate,
    parked,
    profile,
    rebuild,
    receipt,
    reconcile,
    replay,
    sweep,
    token,
    up,
    verify,
)
from services.cli.console import CannotDo, errors

app: Final = typer.Typer(
    name="grants",
    help="Grants of a county or city, from call to payment, on a ledger that cannot be altered unseen.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("up")(up.up)
app.command("demo")(demo.demo)
app.command("verify")(verify.verify)
app.command("receipt")(receipt.receipt)
app.command("replay")(replay.replay)
app.command("rebuild")(rebuild.rebuild)
app.command("reconcile")(reconcile.reconcile)
app.add_typer(parked.app, name="parked")
app.add_typer(sweep.app, name="intake")
app.command("token")(token.token)
app.command("migrate")(migrate.migrate)
app.command("contracts")(contracts.contracts)
app.add_typer(profile.app, name="profile")


def main() -> None:
    """The entry of the `grants` command."""
    try:
        app()
    except (CannotDo, OSError) as error:
        errors.print(f"grants: {error}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)
