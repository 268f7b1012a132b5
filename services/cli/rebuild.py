"""`grants rebuild`: a service's registers anew from its events, compared with the live ones."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.console import (
    DEFAULT_FOLDER,
    DatabaseUrl,
    Folder,
    LedgerService,
    PasswordFile,
    console,
    positions,
)

if TYPE_CHECKING:
    from services.ledger.rebuild import RebuildReport


def rebuild(
    service: Annotated[LedgerService, typer.Argument(help="Whose registers.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put the rebuilt ones in the place of the live ones.")
    ] = False,
    folder: Folder = DEFAULT_FOLDER,
    database_url: DatabaseUrl = None,
    password_file: PasswordFile = None,
) -> None:
    """Make all registers anew from the events, and compare. Exit code 1 when they differ and were not replaced."""
    report = asyncio.run(_rebuild(service, replace, folder, database_url, password_file))
    for difference in report.differences:
        where = f"{difference.register} {difference.key} from position {difference.from_position}"
        console.print(f"DIFFERS  {where}: {difference.what}", markup=False)
    outcome = "replaced" if report.replaced else ("differ" if report.differing else "equal, byte for byte")
    console.print(
        f"{service.value}: {report.events} events, {report.versions} versions of documents, "
        f"{report.differing} differing: {outcome}"
    )
    if report.differing and not report.replaced:
        raise typer.Exit(1)


async def _rebuild(
    service: LedgerService,
    replace: bool,
    folder: Path,
    database_url: str | None,
    password_file: Path | None,
) -> RebuildReport:
    from services.cli.ledgers import ledger_of
    from services.ledger import rebuild as anew

    async with ledger_of(service, folder, database_url, password_file) as ledger:
        with positions() as bar:
            task = bar.add_task(f"rebuilding {service.value}", total=None)
            return await anew.rebuild(
                ledger,
                ledger.registers,
                replace=replace,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
