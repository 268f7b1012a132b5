"""`grants verify`: an exported ledger against a signed checkpoint, without database, network or service."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from services.cli.console import console, errors
from services.ledger.verify import NOT_CHECKED, NOT_SOUND, CannotCheck, Report, verify_export

_LINES_PER_UPDATE = 5000


def verify(
    export: Annotated[Path, typer.Argument(help="Exported events, one a line, from position 1.")],
    checkpoint: Annotated[Path, typer.Option("--checkpoint", help="Signed checkpoint, from a place that you trust.")],
    key: Annotated[Path, typer.Option("--key", help="Public key of the ledger: name+id+key.")],
    tiles: Annotated[
        Path | None,
        typer.Option("--tiles", help="Folder with tile/0/…: names the first position that differs."),
    ] = None,
) -> None:
    """Check an exported ledger. Exit code 0: sound; 1: not sound; 2: it could not be checked."""
    try:
        note, public = _text(checkpoint), _text(key)
        with export.open("rb") as file, _bytes() as bar:
            report = verify_export(_counted(file, bar), note, public, tiles)
    except (OSError, CannotCheck) as error:
        errors.print(f"cannot be checked: {error}", markup=False)
        raise typer.Exit(NOT_CHECKED) from error
    _show(report)
    if not report.sound:
        raise typer.Exit(NOT_SOUND)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CannotCheck(f"{file} is no text: {error}") from error


def _show(report: Report) -> None:
    for problem in report.problems:
        console.print(f"NOT SOUND  {problem}", markup=False)
    for remark in report.remarks:
        console.print(f"note       {remark}", markup=False)
    if report.sound:
        console.print(f"SOUND      {report.origin}: {report.size} events, root {report.root.hex()}", markup=False)


def _bytes() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(),
        console=errors, transient=True, disable=not errors.is_terminal,
    )  # fmt: skip


def _counted(file: BinaryIO, bar: Progress) -> Iterator[bytes]:
    """The file's lines, with the bar moved now and then."""
    task = bar.add_task("verifying", total=os.fstat(file.fileno()).st_size)
    read = 0
    for number, line in enumerate(file, start=1):
        read += len(line)
        if number % _LINES_PER_UPDATE == 0:
            bar.update(task, completed=read)
        yield line
