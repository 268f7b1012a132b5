"""The lines of a reconciliation as a file: CSV for a spreadsheet, JSON lines or Parquet for a program."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import duckdb

FORMATS: Final = {".csv": "format csv, header, delimiter ';'", ".jsonl": "format json", ".parquet": "format parquet"}
# What a spreadsheet could run as a formula has an apostrophe in front, and what looks guarded already gets one more.
# This is a literal of SQL, in which an apostrophe is written twice. Source: OWASP, CSV Injection.
_FORMULA: Final = r"'^([=+\-@\t\r\n＝＋－＠]|''[=+\-@\t\r\n＝＋－＠''])'"
_GUARDED: Final = ("subject", "expected", "found")


def write_lines(database: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    """Writes the rows of a query and returns their number; the file replaces another when it is whole.

    Raises ValueError for an ending that names no format, and OSError where the file cannot be written.
    """
    options = FORMATS.get(path.suffix)
    if options is None:
        raise ValueError(f"{path} ends in none of {', '.join(FORMATS)}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to write {path.name} to")
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    inert = ", ".join(
        f"case when regexp_matches({name}, {_FORMULA}) then '''' || {name} else {name} end as {name}"
        for name in _GUARDED
    )
    selected = f"select * replace ({inert}) from ({query})" if path.suffix == ".csv" else query  # noqa: S608 - names are this package's own, texts are quoted
    database.execute("set preserve_insertion_order = true")
    try:
        [(written,)] = database.execute(f"copy ({selected}) to {_quoted(beside)} ({options})").fetchall()
        beside.replace(path)
    except duckdb.IOException as error:
        raise OSError(f"{path} cannot be written: {error}") from error
    finally:
        beside.unlink(missing_ok=True)
    return int(written)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
