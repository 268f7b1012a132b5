"""`grants up`: the whole system on this machine, until it is told to stop."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from services.cli.console import DEFAULT_FOLDER, CannotDo, console
from services.web.identity import Role

if TYPE_CHECKING:
    from deploy.local.system import System

ASSOCIATION = "2050864-5"


def up(
    folder: Annotated[
        Path,
        typer.Option(
            "--folder", file_okay=False, help="Where data and logs are kept; a second start goes on with them."
        ),
    ] = DEFAULT_FOLDER,
    county: Annotated[
        Path | None,
        typer.Option(
            "--county", exists=True, file_okay=False, help="Folder of the county's data; North Karelia by default."
        ),
    ] = None,
    bank: Annotated[bool, typer.Option("--bank", help="Run a mock bank that reads the outbox.")] = False,
) -> None:
    """Start everything on embedded servers and keep it running. Ctrl-C stops all; the data stay."""
    from deploy.local.errors import LocalServerError
    from deploy.local.system import NORTH_KARELIA, System

    system = System(
        folder,
        county=county or NORTH_KARELIA,
        with_bank=bank,
        bank_reads_outbox=bank,
        with_issuer=True,
        progress=lambda what: console.print(what, markup=False),
    )
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _interrupt)
    try:
        system.start()
        _show(system)
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("stopping")
    except LocalServerError as error:
        raise CannotDo(str(error)) from error
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        system.stop()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM does what Ctrl-C does, and both also where a shell without job control ignores Ctrl-C."""
    raise KeyboardInterrupt


def _show(system: System) -> None:
    addresses = Table(title="Addresses", title_justify="left", box=None)
    for name, url in system.addresses.items():
        addresses.add_row(name, url, f"{url}/openapi.json" if name != "issuer" else f"POST {url}/token")
    console.print(addresses)
    console.print("\nA token for each role, valid for an hour (more: `grants token --help`):", markup=False)
    for role in Role:
        association = ASSOCIATION if role is Role.ASSOCIATION else None
        token = system.token(f"{role.value}.1", [role], association=association)
        console.print(f"\n{role.value} (person {role.value}.1)\n{token}", markup=False)
    console.print(f"\nData and logs: {system.folder.path}. Ctrl-C stops everything.", markup=False)
