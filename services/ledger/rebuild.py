"""Makes all registers anew from the events, and compares them with the live ones, byte for byte (P7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import asyncpg

from .ledger import Ledger
from .records import RECORD_COLUMNS, record_from_row
from .registers import Registers

Progress = Callable[[int, int], None]

TABLE = "register_rebuild"
_LOCK = "SELECT pg_advisory_lock(hashtextextended(current_schema() || '.register_rebuild', 0))"
_EMPTY = "TRUNCATE register_rebuild"
_SIZE = "SELECT size FROM head"
_LOCKED_SIZE = "SELECT size FROM head FOR UPDATE"
_NEXT = f"""
SELECT {RECORD_COLUMNS} FROM event WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3
"""  # noqa: S608 - constants
_DIFFERING = """
SELECT register, key, from_position, live.document IS NULL AS missing, made.document IS NULL AS unfounded,
       live.to_position IS NOT DISTINCT FROM made.to_position AS same_end, count(*) OVER () AS total
FROM (SELECT * FROM register_version WHERE register = ANY ($1::text[])) live
FULL JOIN register_rebuild made USING (register, key, from_position)
WHERE live.to_position IS DISTINCT FROM made.to_position
   OR live.document::text IS DISTINCT FROM made.document::text
ORDER BY from_position, register, key LIMIT $2
"""
_CLEAR = "DELETE FROM register_version WHERE register = ANY ($1::text[])"
_REPLACE = "INSERT INTO register_version SELECT * FROM register_rebuild"
_BATCH = 1000
_NEAR = 2 * _BATCH


@dataclass(frozen=True, slots=True)
class Difference:
    """A version of a document whose live row is not what the events say."""

    register: str
    key: str
    from_position: int
    what: str


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """`events` were folded into `versions` of documents; `differing` of them were not what stood in the live
    table, the first of which are `differences`. `replaced` says whether the live rows are the rebuilt ones
    now.
    """

    events: int
    versions: int
    differing: int
    differences: list[Difference]
    replaced: bool


async def rebuild(
    ledger: Ledger,
    registers: Registers,
    *,
    replace: bool = False,
    progress: Progress = lambda done, total: None,  # noqa: ARG005 - a callback that listens to nothing
    differences_max: int = 100,
) -> RebuildReport:
    """Rebuilds `registers` from the first event to the head, in batches and flat memory.

    Without `replace` the comparison sees one snapshot, and appends go on. With it the head stays locked from
    the last events to the end, so that no append falls between, and rows are replaced only where there is a
    difference. Rows of registers that are not among `registers` are left alone. Two rebuilds at once wait for
    each other. `progress(done, total)` is told positions.
    """
    connection = await ledger.connect()
    try:
        await connection.execute(_LOCK)
        await connection.execute(_EMPTY)
        done = await _catch_up(connection, registers, progress)
        async with connection.transaction(isolation="read_committed" if replace else "repeatable_read"):
            size = await connection.fetchval(_LOCKED_SIZE if replace else _SIZE)
            await _fold(connection, registers, done, size, progress)
            names = sorted(registers.names)
            rows = await connection.fetch(_DIFFERING, names, differences_max)
            if rows and replace:
                await connection.execute(_CLEAR, names)
                await connection.execute(_REPLACE)
            versions = await connection.fetchval("SELECT count(*) FROM register_rebuild")
        await connection.execute(_EMPTY)
        return RebuildReport(
            events=size,
            versions=versions,
            differing=rows[0]["total"] if rows else 0,
            differences=[_difference(row) for row in rows],
            replaced=bool(rows) and replace,
        )
    finally:
        await connection.close(timeout=5)


async def _catch_up(connection: asyncpg.Connection[Any], registers: Registers, progress: Progress) -> int:
    """Folds until the head is near, so that what is done in the last transaction is short."""
    done = 0
    while (size := await connection.fetchval(_SIZE)) - done > _NEAR:
        await _fold(connection, registers, done, size, progress)
        done = size
    return done


async def _fold(
    connection: asyncpg.Connection[Any], registers: Registers, done: int, size: int, progress: Progress
) -> None:
    while done < size:
        records = [record_from_row(row) for row in await connection.fetch(_NEXT, done, size, _BATCH)]
        if not records:
            return
        await registers.apply(connection, records, TABLE)
        done = records[-1].position
        progress(done, size)


def _difference(row: asyncpg.Record) -> Difference:
    if row["missing"]:
        what = "the live table lacks this version"
    elif row["unfounded"]:
        what = "no event makes this version"
    else:
        what = "the document differs" if row["same_end"] else "the version ends at another position"
    return Difference(row["register"], row["key"], row["from_position"], what)
