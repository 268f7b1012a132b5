"""`grants token`: a token for a person of a local system."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.console import DEFAULT_FOLDER, CannotDo, Folder
from services.web.identity import Role

PERSON_LENGTH_MAX = 128


def token(
    role: Annotated[list[Role], typer.Option("--role", help="What the person acts as; may be repeated.")],
    person: Annotated[str, typer.Option("--person", help="The person's id (claim sub).")],
    association: Annotated[
        str | None, typer.Option("--association", help="Business id that an association's user acts for.")
    ] = None,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Print a token that the local system accepts for an hour, and nothing else."""
    from deploy.local.errors import LocalServerError
    from deploy.local.system_folder import SystemFolder

    if Role.ASSOCIATION in role and association is None:
        raise typer.BadParameter(
            "the role association needs the business id that it acts for", param_hint="--association"
        )
    if not 0 < len(person) <= PERSON_LENGTH_MAX:
        raise typer.BadParameter(f"a person's id has 1 to {PERSON_LENGTH_MAX} characters", param_hint="--person")
    place = SystemFolder(folder)
    try:
        typer.echo(place.token(place.running(), person, role, association=association))
    except LocalServerError as error:
        raise CannotDo(str(error)) from error
