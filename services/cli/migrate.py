"""`grants migrate`: a service's schema brought up to date, as its owner."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.console import CannotDo, PasswordFile, Service, console

SERVICES = Path(__file__).parents[1]


def migrate(
    service: Annotated[Service, typer.Argument(help="Whose schema.")],
    owner_url: Annotated[
        str | None,
        typer.Option(
            "--owner-url",
            envvar=["GRANTS_OWNER_URL", "GRANTS_DATABASE_URL"],
            show_envvar=True,
            help="postgresql:// address with the role that owns the schema.",
        ),
    ] = None,
    password_file: PasswordFile = None,
) -> None:
    """Apply the migrations that are missing. Safe to repeat, and to run twice at once."""
    import psycopg

    from services.cli.ledgers import NO_ADDRESS, address_with_password
    from services.ledger import migrate as apply

    if owner_url is None:
        raise typer.BadParameter(
            "set GRANTS_OWNER_URL to the address with the schema's owner", param_hint="--owner-url"
        )
    address = address_with_password(owner_url, password_file)
    try:
        applied = apply(address, service.value, [SERVICES / service.value / "migrations"])
    except psycopg.Error as error:
        raise CannotDo(f"cannot migrate {service.value}: {type(error).__name__}: {str(error).strip()}") from error
    except ValueError as error:
        raise CannotDo(NO_ADDRESS) from error
    for name in applied:
        console.print(f"applied {name}", markup=False)
    console.print(f"{service.value} is up to date")
