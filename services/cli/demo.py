"""`grants demo`: one whole year of the county."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.console import CannotDo, console


def demo(
    folder: Annotated[Path, typer.Option("--folder", help="Where the results go.")] = Path("out/demo"),
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same year.")] = 2026,
) -> None:
    """Run one whole year of the county on embedded servers, and leave its results in a folder."""
    from deploy.local.demo.run import run
    from deploy.local.errors import LocalServerError

    try:
        code = run(folder, seed, console)
    except LocalServerError as error:
        raise CannotDo(str(error)) from error
    raise typer.Exit(code)
