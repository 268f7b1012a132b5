"""`grants demo`: one whole year of the county."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.console import CannotDo, console

_OF_A_DEMO = "system"


def demo(
    folder: Annotated[
        Path, typer.Option("--folder", file_okay=False, help="Where the results go; emptied first.")
    ] = Path("out/demo"),
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same year.")] = 2026,
) -> None:
    """Run one whole year of the county on embedded servers, and leave its results in a folder."""
    from deploy.local.demo.run import run
    from deploy.local.errors import LocalServerError

    if folder.exists() and any(folder.iterdir()) and not (folder / _OF_A_DEMO).is_dir():
        raise CannotDo(f"{folder} holds something else than an earlier demo: empty it first, or choose another folder")
    try:
        code = run(folder, seed, console)
    except LocalServerError as error:
        raise CannotDo(str(error)) from error
    raise typer.Exit(code)
