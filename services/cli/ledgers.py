"""How a subcommand gets at a service's ledger: through a running local system, or by a database address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg

from services.cli.console import CannotDo, LedgerService
from services.ledger import Ledger, LedgerError, Register
from services.ledger.writer import CONNECTION_LOST
from services.web.clock import system_clock
from services.web.settings import with_password

NO_ADDRESS: Final = (
    "the database's address should look like postgresql://user@host:5432/database, with everything but letters and "
    "digits in the password percent-encoded"
)


@asynccontextmanager
async def ledger_of(
    service: LedgerService, folder: Path, database_url: str | None, password_file: Path | None
) -> AsyncIterator[Ledger]:
    """The service's ledger with its registers, started. Raises CannotDo when the database is away or refuses."""
    address = database_address(service, folder, database_url, password_file)
    ledger = Ledger(address, service.value, system_clock, registers_of(service), pool_size=2)
    try:
        await _start(ledger)
        try:
            yield ledger
        finally:
            await ledger.stop()
    except (*CONNECTION_LOST, asyncpg.PostgresError, LedgerError) as error:
        raise CannotDo(f"the database of {service.value} does not do it: {type(error).__name__}: {error}") from error


async def _start(ledger: Ledger) -> None:
    try:
        await ledger.start()
    except asyncpg.InterfaceError:
        raise
    except (ValueError, OverflowError) as error:
        raise CannotDo(NO_ADDRESS) from error


def database_address(service: LedgerService, folder: Path, database_url: str | None, password_file: Path | None) -> str:
    """The given address, with the file's password in it; else that of the local system in the folder."""
    if database_url is not None:
        return address_with_password(database_url, password_file)
    from deploy.local.errors import LocalServerError
    from deploy.local.system_folder import SystemFolder

    place = SystemFolder(folder)
    try:
        return place.dsn(place.running(), service.value)
    except LocalServerError as error:
        raise CannotDo(f"{error}, or give --database-url") from error


def address_with_password(database_url: str, password_file: Path | None) -> str:
    """The address, with the password of the file when one is given. Raises CannotDo for another address."""
    if not database_url.startswith(("postgresql://", "postgres://")):
        raise CannotDo("the database's address should start with postgresql://")
    if password_file is None:
        return database_url
    try:
        password = password_file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotDo(f"the password cannot be read from {password_file}: {error}") from error
    try:
        return with_password(database_url, password)
    except ValueError as error:
        raise CannotDo(str(error)) from error


def registers_of(service: LedgerService) -> tuple[Register, ...]:
    """The registers that the service keeps."""
    match service:
        case LedgerService.INTAKE:
            from services.intake import views as of_intake

            return tuple(of_intake.REGISTERS)
        case LedgerService.DECISIONS:
            from services.decisions import views as of_decisions

            return tuple(of_decisions.REGISTERS)
        case LedgerService.PAYMENTS:
            from services.payments import views as of_payments

            return tuple(of_payments.REGISTERS)
