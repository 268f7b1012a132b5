"""The comparison itself: statements over sets, one file for each question, in the order of their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Final, Self, cast
from uuid import UUID

import duckdb

from .columns import SIDES
from .lines import CLASSES, Line, LineClass
from .reading import read_file
from .writing import write_lines

CHUNK: Final = 10_000
_STATEMENTS: Final = tuple(
    (each.name, each.read_text("utf-8"))
    for each in sorted((files(__package__) / "sql").iterdir(), key=lambda each: each.name)
    if each.name.endswith(".sql")
)
_LINES: Final = "select class, subject, expected, found, amount, application_id, off from line"
_ORDER: Final = " order by subject, class, expected, found, amount"


class Reconciliation:
    """One run: each side is taken once, then `compare`, then what was found is asked for.

    The result depends on nothing but the rows, not on their order. `tolerance` is cents by which sums may differ and
    still agree; a line within it is matched and says so. With `every_line` also plain matches tell their rows. A
    voucher is named by series and number, so that a run takes one year of a series. What does not fit into `memory`
    (such as 2GB) goes to disk.
    """

    def __init__(
        self, *, tolerance: int = 0, every_line: bool = False, threads: int | None = None, memory: str | None = None
    ) -> None:
        assert tolerance >= 0, "a tolerance is zero cents or more"
        self._disk = TemporaryDirectory(prefix="reconcile-")
        settings = {"threads": threads, "memory_limit": memory, "temp_directory": self._disk.name}
        given: dict[str, Any] = {name: value for name, value in settings.items() if value is not None}
        # Rows that have no order need none kept: a result is ordered by its subjects when it is read.
        self._database = duckdb.connect(config={**given, "preserve_insertion_order": False})
        self._database.execute(f"set variable tolerance = {int(tolerance)}")
        self._database.execute(f"set variable every_line = {every_line}")
        for side, columns in SIDES.items():
            listed = ", ".join(f"{column.name} {column.kind.type}" for column in columns)
            self._database.execute(f"create table {side} ({listed})")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._database.close()
        self._disk.cleanup()

    def take_file(self, side: str, path: Path) -> int:
        """Takes a side from a CSV or Parquet file; returns how many rows. Raises SideUnreadable, and took nothing."""
        return read_file(self._database, side, path)

    def take_rows(self, side: str, rows: Iterable[Sequence[object]]) -> None:
        """Takes a side from rows, whose values stand in the order of the side's columns."""
        columns = SIDES[side]
        values = list(zip(*rows, strict=True)) or [()] * len(columns)
        unnested = ", ".join(f"unnest(${at}::{column.kind.type}[])" for at, column in enumerate(columns, start=1))
        self._database.execute(f"insert into {side} select {unnested}", [list(each) for each in values])

    def compare(self, tell: Callable[[str, int, int], None] = lambda _question, _at, _of: None) -> None:
        """Compares what was taken; `tell` hears which question is being answered."""
        for at, (name, statements) in enumerate(_STATEMENTS):
            tell(name[3:].removesuffix(".sql").replace("_", " "), at, len(_STATEMENTS))
            self._database.execute(statements)

    def counts(self) -> dict[LineClass, int]:
        """The number of lines in each class, also of those without any."""
        found = dict(self._database.execute("select class, lines from class_count").fetchall())
        assert found.keys() <= set(CLASSES), "every line is in a class"
        return {each: found.get(each, 0) for each in CLASSES}

    def within_tolerance(self) -> int:
        """The number of lines that match only by the tolerance."""
        [(found,)] = self._database.execute("select count(*) from told where class = 'matched' and off > 0").fetchall()
        return int(found)

    def lines(self, *, differences_only: bool = False) -> Iterator[Line]:
        """The lines, ordered by subject, fetched piece by piece."""
        cursor = self._database.cursor()
        where = " where class <> 'matched'" if differences_only else ""
        cursor.execute(_LINES + where + _ORDER)
        while rows := cursor.fetchmany(CHUNK):
            yield from (_line(row) for row in rows)

    def write_differences(self, path: Path) -> int:
        """Writes the lines that do not match as .csv, .jsonl or .parquet, by the name's ending; returns how many.

        The file is there whole or not at all.
        """
        return write_lines(self._database, f"{_LINES} where class <> 'matched'{_ORDER}", path)


def _line(row: tuple[Any, ...]) -> Line:
    line_class, subject, expected, found, amount, application_id, off = row
    return Line(
        cast("LineClass", line_class), subject, expected, found, amount,
        cast("UUID | None", application_id), off,
    )  # fmt: skip
