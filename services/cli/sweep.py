"""`grants intake`: what only intake's operators need."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.cli.console import DEFAULT_FOLDER, CannotDo, DatabaseUrl, Folder, LedgerService, PasswordFile, console

if TYPE_CHECKING:
    from obstore.store import ObjectStore

    from services.ledger import Ledger

app = typer.Typer(help="What only intake's operators need.", no_args_is_help=True)

_AGE: Final = re.compile(r"(?P<number>[1-9][0-9]{0,3})(?P<unit>[hd])", re.ASCII)
_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1)}


class _StoreSettings(BaseSettings):
    """What an S3 store needs beside its address, from the same variables as the service's."""

    model_config = SettingsConfigDict(env_prefix="GRANTS_ATTACHMENTS_", hide_input_in_errors=True)

    endpoint: str | None = None
    region: str = "eu-north-1"
    access_key_id: str | None = None
    secret_key_file: Path | None = None


@app.callback()
def intake() -> None:
    """What only intake's operators need."""


@app.command("sweep-attachments")
def sweep_attachments(
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="AGE", help="Stored longer ago than this: 12h, 1d; at least 1h.")
    ] = "1d",
    delete: Annotated[bool, typer.Option("--delete", help="Remove them; by default they are only shown.")] = False,
    folder: Folder = DEFAULT_FOLDER,
    database_url: DatabaseUrl = None,
    password_file: PasswordFile = None,
    attachments_url: Annotated[
        str | None,
        typer.Option(
            "--attachments-url",
            envvar="GRANTS_ATTACHMENTS_URL",
            show_envvar=True,
            help="The store of the service with that database; its GRANTS_ATTACHMENTS_* variables are read too.",
        ),
    ] = None,
) -> None:
    """Show stored files that no event names, or remove them: what an upload left that died before it was recorded."""
    age = _age(older_than)
    if (database_url is None) is not (attachments_url is None):
        raise typer.BadParameter("a store goes with its ledger: give --database-url and --attachments-url, or neither")
    from services.cli.ledgers import ledger_of
    from services.intake.storage import StorageError

    async def sweep() -> str:
        async with ledger_of(LedgerService.INTAKE, folder, database_url, password_file) as ledger:
            return await _found_in(_store(attachments_url, folder), ledger, datetime.now(UTC) - age, delete)

    try:
        console.print(asyncio.run(sweep()))
    except StorageError as error:
        raise CannotDo(str(error)) from error


def _age(text: str) -> timedelta:
    match = _AGE.fullmatch(text)
    if match is None:
        raise typer.BadParameter("should be hours or days: 12h, 1d", param_hint="--older-than")
    return int(match["number"]) * _UNITS[match["unit"]]


def _store(url: str | None, folder: Path) -> ObjectStore:
    from services.intake.storage import StoreOptions, open_store

    if url is None:
        from deploy.local.system_folder import SystemFolder

        return open_store(SystemFolder(folder).attachments.as_uri())
    told = _StoreSettings()
    try:
        options = StoreOptions(
            endpoint=told.endpoint, region=told.region, access_key_id=told.access_key_id,
            secret_access_key_file=told.secret_key_file,
        )  # fmt: skip
    except ValidationError as error:
        raise CannotDo(f"the variables GRANTS_ATTACHMENTS_* do not fit: {error.errors()[0]['msg']}") from error
    return open_store(url, options=options)


async def _found_in(store: ObjectStore, ledger: Ledger, before: datetime, delete: bool) -> str:
    """Shows a row for each file, and returns the sum. A ledger that names no file at all is not this store's: nothing
    is removed by it.
    """
    from services.intake.storage import Register, orphans, remove

    register, count, size_bytes = Register(ledger), 0, 0
    if delete and await register.is_empty():
        raise CannotDo("the ledger names no stored file at all, so nothing was removed: is it the store's own ledger?")
    async for page in orphans(store, before, register.named):
        shown = await remove(store, page, before) if delete else page
        for each in shown:
            console.print(f"{each.sha256}  {each.stored_at:%Y-%m-%dT%H:%M:%SZ}  {each.size_bytes} bytes", markup=False)
        count += len(shown)
        size_bytes += sum(each.size_bytes for each in shown)
    done = "removed" if delete else "found; --delete removes them"
    return f"{count} stored files that no event names, {size_bytes} bytes: {done}"
