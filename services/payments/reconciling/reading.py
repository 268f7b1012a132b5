"""A side from a file: CSV with a header (comma or semicolon, UTF-8), or Parquet. Taken whole or not at all."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb

from .columns import SIDES, Column, Kind
from .errors import SideUnreadable

_HEADER_BYTES_MAX: Final = 65_536
_CSV_LINE: Final = re.compile(r"CSV Error on Line: ([0-9]+)")
_WHOLE: Final = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT)|DECIMAL\([0-9]+,0\)")
_FITTING: Final = {
    Kind.TEXT: re.compile("VARCHAR|UUID"),
    Kind.COUNT: _WHOLE,
    Kind.CENTS: _WHOLE,
    Kind.DAY: re.compile("DATE"),
    Kind.ID: re.compile("UUID|VARCHAR"),
}


def read_file(database: duckdb.DuckDBPyConnection, side: str, path: Path) -> int:
    """Takes the rows of a file into the side's table and returns their number. Columns may stand in any order, and
    others beside them. Raises SideUnreadable, which names the first place that is wrong.
    """
    if not path.is_file():
        raise SideUnreadable(str(path), "there is no such file")
    read = _read_parquet if path.suffix == ".parquet" else _read_csv
    return read(database, side, path)


def _read_csv(database: duckdb.DuckDBPyConnection, side: str, path: Path) -> int:
    names, delimiter = _header(path)
    columns = _present(side, path, names)
    source = _csv_source(path, names, delimiter)
    sound = " and ".join(_sound(column) for column in columns)
    chosen = ", ".join(f"{_value(column)} as {column.name}" for column in columns)
    query = f"select {chosen} from {source} where case when {sound} then true else error('unsound') end"  # noqa: S608 - names are this package's own, texts are quoted
    try:
        return _insert(database, side, columns, query)
    except duckdb.Error as error:
        raise _first_fault(path, source, len(names), columns, error) from error


def _insert(database: duckdb.DuckDBPyConnection, side: str, columns: Sequence[Column], query: str) -> int:
    """The side's table anew, with what the file lacks empty: made by its query it is filled by all threads."""
    names = {column.name for column in columns}
    listed = ", ".join(
        column.name if column.name in names else f"null::{column.kind.type} as {column.name}" for column in SIDES[side]
    )
    [(taken,)] = database.execute(f"create or replace table {side} as select {listed} from ({query})").fetchall()  # noqa: S608 - names are this package's own, texts are quoted
    return int(taken)


def _header(path: Path) -> tuple[list[str], str]:
    with path.open("rb") as file:
        first = file.readline(_HEADER_BYTES_MAX)
    try:
        line = first.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise SideUnreadable(str(path), "the header is no UTF-8 text", line=1) from error
    delimiter = ";" if line.count(";") > line.count(",") else ","
    names = next(csv.reader([line], delimiter=delimiter), [])
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SideUnreadable(str(path), "stands twice in the header: each name stands once", line=1, column=twice)
    return names, delimiter


def _present(side: str, path: Path, names: Sequence[str]) -> list[Column]:
    """The side's columns that the file has."""
    missing = [column for column in SIDES[side] if column.required and column.name not in names]
    if missing:
        wanted = ", ".join(column.name for column in SIDES[side] if column.required)
        raise SideUnreadable(
            str(path), f"is missing: the {side} file has the columns {wanted}", line=1, column=missing[0].name
        )
    return [column for column in SIDES[side] if column.name in names]


def _csv_source(path: Path, names: Sequence[str], delimiter: str) -> str:
    listed = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in names)
    return (
        f"read_csv({_text(str(path))}, auto_detect=false, header=true, delim='{delimiter}', quote='\"', escape='\"', "
        f"columns={{{listed}}})"
    )


def _value(column: Column) -> str:
    if column.kind is Kind.TEXT:
        return f"coalesce({column.name}, '')"
    return f"try_cast({column.name} as {column.kind.type})"


def _sound(column: Column) -> str:
    """A condition that holds for every right cell; never unknown."""
    name = column.name
    if column.kind is Kind.TEXT:
        return f"{name} is not null" if column.filled else "true"
    # The database would round 12.5 to a whole number: only what reads back as it was written is one.
    read = f"try_cast({name} as {column.kind.type})"
    right = f"{read} is not null" if column.kind is Kind.ID else f"{read}::varchar = {name}"
    return f"coalesce({right}, false)" if column.filled else f"({name} is null or coalesce({right}, false))"


def _first_fault(path: Path, source: str, names: int, columns: Sequence[Column], error: duckdb.Error) -> SideUnreadable:
    """The first line and column that is wrong, found by reading the file once more, in its order."""
    broken = _CSV_LINE.search(str(error))
    if broken is not None:
        return SideUnreadable(
            str(path), f"has not one cell for each of the {names} columns of the header", line=int(broken.group(1))
        )
    flags = ", ".join(f"not ({_sound(column)}) as fault_{at}" for at, column in enumerate(columns))
    some = " or ".join(f"fault_{at}" for at in range(len(columns)))
    cells = ", ".join(column.name for column in columns)
    try:
        with duckdb.connect(config={"threads": 1}) as ordered:
            found = ordered.execute(
                f"select place, {cells}, [{', '.join(f'fault_{at}' for at in range(len(columns)))}] "  # noqa: S608 - names are this package's own, texts are quoted
                f"from (select row_number() over () as place, {cells}, {flags} from {source}) where {some} "
                "order by place limit 1"
            ).fetchone()
    except duckdb.Error as unreadable:
        return SideUnreadable(str(path), str(unreadable).splitlines()[0])
    if found is None:
        return SideUnreadable(str(path), str(error).splitlines()[0])
    place, *values, faults = found
    at = faults.index(True)
    return _fault(path, columns[at], values[at], int(place) + 1)


def _fault(path: Path, column: Column, value: str | None, line: int, unit: str = "line") -> SideUnreadable:
    shown = "is empty" if value is None else f"{value[:60]!r} is wrong"
    return SideUnreadable(
        str(path), f"{shown}: it would be {column.kind.right}", line=line, column=column.name, unit=unit
    )


def _read_parquet(database: duckdb.DuckDBPyConnection, side: str, path: Path) -> int:
    source = f"read_parquet({_text(str(path))}, file_row_number=true)"
    try:
        types = dict(database.execute(f"select column_name, column_type from (describe from {source})").fetchall())  # noqa: S608 - names are this package's own, texts are quoted
        columns = _present(side, path, list(types))
        for column in columns:
            if not _FITTING[column.kind].fullmatch(types[column.name]):
                raise SideUnreadable(
                    str(path),
                    f"holds {types[column.name]}: each value would be {column.kind.right}",
                    column=column.name,
                )
        _refuse_empty(database, source, columns, path)
        chosen = ", ".join(f"{_value(column)} as {column.name}" for column in columns)
        return _insert(database, side, columns, f"select {chosen} from {source}")  # noqa: S608 - names are this package's own, texts are quoted
    except duckdb.Error as error:
        raise SideUnreadable(str(path), f"is no whole Parquet file: {str(error).splitlines()[0]}") from error


def _refuse_empty(
    database: duckdb.DuckDBPyConnection, source: str, columns: Sequence[Column], path: Path
) -> None:  # fmt: skip
    filled = [column for column in columns if column.filled]
    firsts = ", ".join(f"min(file_row_number) filter ({column.name} is null)" for column in filled)
    found = database.execute(f"select {firsts} from {source}").fetchone() or ()  # noqa: S608 - names are this package's own, texts are quoted
    for column, row in zip(filled, found, strict=True):
        if row is not None:
            raise _fault(path, column, None, int(row) + 1, "row")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
