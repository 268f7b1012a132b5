"""`grants replay`: a service's events once more to the broker."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from services.cli.console import (
    DEFAULT_FOLDER,
    CannotDo,
    DatabaseUrl,
    Folder,
    LedgerService,
    PasswordFile,
    console,
)

LAST_POSITION = 2**63 - 1


def replay(
    service: Annotated[LedgerService, typer.Argument(help="Whose events.")],
    first: Annotated[
        int, typer.Option("--from", min=1, max=LAST_POSITION, help="The first position to publish again.")
    ],
    folder: Folder = DEFAULT_FOLDER,
    database_url: DatabaseUrl = None,
    password_file: PasswordFile = None,
) -> None:
    """Let the service's relay publish its events again from a position on. Consumers that had them before
    notice nothing.
    """
    size = asyncio.run(_replay(service, first, folder, database_url, password_file))
    console.print(f"{service.value} publishes {size - first + 1} events again, from position {first} to {size}")


async def _replay(
    service: LedgerService, first: int, folder: Path, database_url: str | None, password_file: Path | None
) -> int:
    from services.cli.ledgers import ledger_of
    from services.ledger.relay import replay_from

    async with ledger_of(service, folder, database_url, password_file) as ledger:
        size = (await ledger.head()).size
        if first > size:
            raise CannotDo(f"{service.value} has {size} events: there is no position {first}")
        await replay_from(ledger, first)
        return size
