"""`grants reconcile`: ledger, bank and back office from three files of any size, without database or service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from services.cli.console import CannotDo, console, errors

if TYPE_CHECKING:
    from services.payments.reconciling import Reconciliation

DIFFERENCES: Final = 1
UNREADABLE: Final = 2
SHOWN_MAX: Final = 100
_File = Annotated[
    Path, typer.Option(dir_okay=False, help="CSV with a header, or Parquet; columns as in docs/finance.md.")
]


def reconcile(
    ledger: _File,
    bank: _File,
    book: _File,
    tolerance: Annotated[
        int,
        typer.Option("--tolerance", min=0, help="Cents by which sums may differ and still agree; shown where used."),
    ] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="Differences as .csv, .jsonl or .parquet.")
    ] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Only the number of lines in each class.")] = False,
    memory: Annotated[
        str | None, typer.Option("--memory", help="Most memory, such as 2GB; what does not fit goes to disk.")
    ] = None,
) -> None:
    """Compare three files (täsmäytys). Exit code 0: all match; 1: differences; 2: a file cannot be read."""
    from services.payments.reconciling import Reconciliation, SideUnreadable

    _can_be_written(out)
    with _told_as_a_sentence(), Reconciliation(tolerance=tolerance, memory=memory) as run:
        try:
            with _progress() as bar:
                _compare(run, {"ledger": ledger, "bank": bank, "book": book}, bar)
        except SideUnreadable as error:
            errors.print(f"grants: {error}", markup=False)
            raise typer.Exit(UNREADABLE) from error
        found = _show_counts(run)
        if found and not summary:
            _show_differences(run)
        if out is not None:
            errors.print(f"{run.write_differences(out):,} differences are written to {out}", markup=False)
    if found:
        raise typer.Exit(DIFFERENCES)


@contextmanager
def _told_as_a_sentence() -> Iterator[None]:
    """What the machine lacks, memory or disk, ends the command with a sentence."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise CannotDo(f"the comparison ended early: {str(error).splitlines()[0]}") from error


def _can_be_written(out: Path | None) -> None:
    """Said before the work, not after it."""
    from services.payments.reconciling.writing import FORMATS

    if out is not None and out.suffix not in FORMATS:
        raise CannotDo(f"{out} would end in one of {', '.join(FORMATS)}")
    if out is not None and not out.parent.is_dir():
        raise CannotDo(f"there is no folder {out.parent} to write {out.name} to")


def _compare(run: Reconciliation, files: dict[str, Path], bar: Progress) -> None:
    task = bar.add_task("reading", total=None)

    def tell(question: str, at: int, of: int) -> None:
        bar.update(task, description=question, completed=at, total=of)

    for side, path in files.items():
        tell(f"reading {path.name}", 0, 1)
        rows = run.take_file(side, path)
        errors.print(f"{side}: {rows:,} rows", markup=False)
    run.compare(tell)


def _show_counts(run: Reconciliation) -> int:
    """The table of counts; returns how many lines do not match."""
    counts = run.counts()
    table = Table("class", box=None, pad_edge=False)
    table.add_column("lines", justify="right")
    for line_class, lines in counts.items():
        table.add_row(line_class, f"{lines:,}")
    console.print(table)
    if within := run.within_tolerance():
        console.print(f"{within:,} of the matched lines agree only within the tolerance", markup=False)
    return sum(counts.values()) - counts["matched"]


def _show_differences(run: Reconciliation) -> None:
    for place, line in enumerate(run.lines(differences_only=True)):
        if place == SHOWN_MAX:
            console.print(f"only the first {SHOWN_MAX} are shown; --out writes all", markup=False)
            return
        console.print(f"{line.line_class}  {line.subject}: expected {line.expected}; found {line.found}", markup=False)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(),
        console=errors, transient=True, disable=not errors.is_terminal,
    )  # fmt: skip
