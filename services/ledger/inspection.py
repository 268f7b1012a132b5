"""Inspects a ledger's database from within: what is stored must agree with itself and with what is trusted
from elsewhere.

Runs as the auditors' role in one snapshot, in flat memory. Whoever changed the database may have made it
agree with itself again; so the verdict rests on `trusted` (checkpoints and leaf hashes that were kept
elsewhere), and all else serves to say where the change is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from .errors import Corrupt
from .notes import Checkpoint
from .records import RECORD_COLUMNS, Record, decode_body, record_from_row
from .tree import TILE_WIDTH, Hash, edge_root, extend_edge, leaf_hash, root_of

_EVENTS = f"SELECT {RECORD_COLUMNS} FROM event ORDER BY position"  # noqa: S608 - constants
_CHECKPOINTS = "SELECT size, root FROM checkpoint ORDER BY size"
_TILE = "SELECT root, hashes FROM tile WHERE level = $1 AND number = $2"
_BEYOND = """
SELECT level, number FROM tile WHERE (number + 1) * (256::numeric ^ (level + 1)) > $1
ORDER BY level, number LIMIT 1
"""
_VERSIONS = """
SELECT position, stream, version, expected FROM (
    SELECT position, stream, version, row_number() OVER (PARTITION BY stream ORDER BY position) AS expected
    FROM event
) numbered WHERE version <> expected ORDER BY position LIMIT $1
"""
_IDS = """
SELECT position, event_id FROM (
    SELECT position, event_id, row_number() OVER (PARTITION BY event_id ORDER BY position) AS time FROM event
) numbered WHERE time > 1 ORDER BY position LIMIT $1
"""
_PREFETCH = 1000
_COMPARED = {
    "position": "position", "id": "event_id", "stream": "stream", "version": "version", "type": "type",
    "schema": "schema_version", "recorded_at": "recorded_at", "actor": "actor", "correlation": "correlation",
    "causation": "causation",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """What does not agree. `position` is None where it cannot be told; `column` names a column of the event
    table.
    """

    position: int | None
    column: str | None
    what: str

    def __str__(self) -> str:
        place = "ledger" if self.position is None else f"position {self.position}"
        return f"{place}{'' if self.column is None else f', {self.column}'}: {self.what}"


@dataclass(slots=True)
class _Findings:
    limit: int
    found: list[Finding] = field(default_factory=list)

    def add(self, position: int | None, column: str | None, what: str) -> None:
        if len(self.found) < self.limit:
            self.found.append(Finding(position, column, what))


async def inspect(
    connection: asyncpg.Connection[Any],
    *,
    checkpoints: Sequence[Checkpoint] = (),
    leaves: AsyncIterator[Hash] | None = None,
    findings_max: int = 100,
) -> list[Finding]:
    """All that is wrong with the ledger on `connection`, by position, at most `findings_max`; empty when it
    is sound.

    `checkpoints` are trusted (their signatures were checked), `leaves` are trusted leaf hashes from position
    1 on, for example a mirror's: events after their end are not compared with them, but events that they hold
    and the ledger does not are findings.
    """
    findings = _Findings(findings_max)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        own = [(row["size"], row["root"]) async for row in connection.cursor(_CHECKPOINTS)]
        scan = _Scan(connection, findings, _Roots(own, checkpoints, findings), leaves)
        async for row in connection.cursor(_EVENTS, prefetch=_PREFETCH):
            await scan.take(record_from_row(row))
        await scan.finish()
        await _check_uniqueness(connection, findings)
    return sorted(findings.found, key=_by_position)


def _by_position(finding: Finding) -> tuple[bool, int]:
    return finding.position is None, finding.position or 0


async def leaves_of(bodies: AsyncIterator[bytes]) -> AsyncIterator[Hash]:
    """Leaf hashes of trusted bodies, for `inspect`."""
    async for body in bodies:
        yield leaf_hash(body)


class _Roots:
    """Checkpoints by size, each compared when the tree has that size; only the first that differs is told of
    each kind.
    """

    def __init__(self, own: Iterable[tuple[int, Hash]], trusted: Iterable[Checkpoint], findings: _Findings) -> None:
        told = [(size, root, "the stored checkpoint") for size, root in own]
        told += [(each.size, each.root, "the trusted checkpoint") for each in trusted]
        self._waiting = sorted(told, reverse=True)
        self._findings = findings
        self._good = dict.fromkeys((kind for _, _, kind in told), 0)
        self._differing: set[str] = set()

    def compare(self, size: int, edge: Sequence[Hash]) -> None:
        while self._waiting and self._waiting[-1][0] <= size:
            _, root, kind = self._waiting.pop()
            if edge_root(edge) == root:
                self._good[kind] = size
            elif kind not in self._differing:
                self._differing.add(kind)
                what = f"{kind} of {size} events has another root: changed after position {self._good[kind]}"
                self._findings.add(None, None, f"{what}, up to {size}")

    def finish(self, size: int) -> None:
        """Those that cover more events than there are."""
        told: set[str] = set()
        for covered, _, kind in reversed(self._waiting):
            if covered > size and kind not in told:
                told.add(kind)
                self._findings.add(size + 1, None, f"missing: {kind} covers {covered} events")


class _Scan:
    """One pass over the events in order."""

    def __init__(
        self,
        connection: asyncpg.Connection[Any],
        findings: _Findings,
        roots: _Roots,
        leaves: AsyncIterator[Hash] | None,
    ) -> None:
        self._connection = connection
        self._findings = findings
        self._roots = roots
        self._leaves = leaves
        self._position = 0
        self._dense = True
        self._edge: list[Hash] = []
        self._last: Record | None = None
        self._tile: list[Hash] | None = None
        self._part: list[Hash] = []

    async def take(self, record: Record) -> None:
        expected = self._position + 1
        if record.position != expected:
            self._dense = False
            for missing in range(expected, min(record.position, expected + self._findings.limit)):
                self._findings.add(missing, None, f"missing: the next row is position {record.position}")
            await self._skip_leaves(record.position - expected)
        self._position = record.position
        self._compare_columns(record)
        if self._last is not None and record.recorded_at < self._last.recorded_at:
            self._findings.add(record.position, "recorded_at", "before that of its predecessor")
        self._last = record
        leaf = leaf_hash(record.body)
        await self._compare_leaf(record.position, leaf)
        if self._dense:
            await self._grow(record.position, leaf)

    def _compare_columns(self, record: Record) -> None:
        try:
            told = decode_body(record.body)
        except Corrupt as problem:
            self._findings.add(record.position, "body", str(problem))
            return
        for name, column in _COMPARED.items():
            stored, hashed = getattr(record, name), getattr(told, name)
            if stored != hashed:
                what = f"the column says {str(stored)[:200]!r}, the body {str(hashed)[:200]!r}"
                self._findings.add(record.position, column, what)

    async def _compare_leaf(self, position: int, leaf: Hash) -> None:
        if self._leaves is None:
            return
        trusted = await anext(self._leaves, None)
        if trusted is None:
            self._leaves = None
        elif trusted != leaf:
            self._findings.add(position, "body", "not the body that is trusted")

    async def _skip_leaves(self, count: int) -> None:
        for _ in range(count):
            if self._leaves is None or await anext(self._leaves, None) is None:
                self._leaves = None
                return

    async def _grow(self, position: int, leaf: Hash) -> None:
        """Extends the tree, and compares with tiles and checkpoints of this size. Ends at the first gap:
        after it every root differs and would tell nothing.
        """
        if (position - 1) % TILE_WIDTH == 0:
            await self._open_tile(0, (position - 1) // TILE_WIDTH)
        place = (position - 1) % TILE_WIDTH
        if self._tile is not None and self._tile[place] != leaf:
            self._findings.add(position, "body", "its hash is not the one in the stored tile")
        self._part.append(leaf)
        self._edge, _ = extend_edge(self._edge, position - 1, (leaf,))
        self._roots.compare(position, self._edge)
        if position % TILE_WIDTH == 0:
            await self._close_tile(position)

    async def _open_tile(self, level: int, number: int) -> None:
        row = await self._connection.fetchrow(_TILE, level, number)
        self._part = []
        self._tile = None if row is None else _hashes(row["hashes"])

    async def _close_tile(self, position: int) -> None:
        """Compares the tiles of every level that this position completes."""
        level, number, hashes = 0, position // TILE_WIDTH - 1, self._part
        while True:
            row = await self._connection.fetchrow(_TILE, level, number)
            if row is None:
                self._findings.add(None, None, f"tile {level}/{number} is missing")
            else:
                if row["root"] != root_of(hashes):
                    self._findings.add(None, None, f"the root of tile {level}/{number} is not that of its events")
                if level and _hashes(row["hashes"]) != hashes:
                    self._findings.add(None, None, f"the hashes of tile {level}/{number} are not those of its tiles")
            if (number + 1) % TILE_WIDTH:
                return
            first = number + 1 - TILE_WIDTH
            hashes = await self._roots_of_level(level, first)
            level, number = level + 1, first // TILE_WIDTH

    async def _roots_of_level(self, level: int, first: int) -> list[Hash]:
        """Roots of 256 tiles, each made from the tile's own hashes, which were compared before."""
        roots = []
        for number in range(first, first + TILE_WIDTH):
            row = await self._connection.fetchrow(_TILE, level, number)
            roots.append(b"" if row is None else root_of(_hashes(row["hashes"])))
        return roots

    async def finish(self) -> None:
        size = self._position
        head = await self._connection.fetchrow("SELECT size, recorded_at, edge FROM head")
        if head is None:
            self._findings.add(None, None, "the head row is missing")
        else:
            self._compare_head(head, size)
        beyond = await self._connection.fetchrow(_BEYOND, size)
        if beyond is not None:
            what = f"missing: tile {beyond['level']}/{beyond['number']} covers more events than there are"
            self._findings.add(size + 1, None, what)
        self._roots.finish(size)
        if self._leaves is not None and await anext(self._leaves, None) is not None:
            self._findings.add(size + 1, None, "missing: the trusted copy holds it")

    def _compare_head(self, head: asyncpg.Record, size: int) -> None:
        if head["size"] > size:
            self._findings.add(size + 1, None, f"missing: the head says that {head['size']} events are recorded")
        elif head["size"] < size:
            self._findings.add(head["size"] + 1, None, f"after the head, which says {head['size']} events")
        if self._last is not None and head["recorded_at"] != self._last.recorded_at:
            self._findings.add(None, None, "the head's recorded_at is not that of the last event")
        if self._dense and list(head["edge"]) != self._edge:
            self._findings.add(None, None, "the head's edge is not that of the events' tree")


async def _check_uniqueness(connection: asyncpg.Connection[Any], findings: _Findings) -> None:
    """The table's own constraints say so too; a superuser can drop them."""
    for row in await connection.fetch(_VERSIONS, findings.limit):
        what = f"stream {row['stream']} has version {row['version']} where {row['expected']} is due"
        findings.add(row["position"], "version", what)
    for row in await connection.fetch(_IDS, findings.limit):
        findings.add(row["position"], "event_id", f"{row['event_id']} was used before")


def _hashes(tile: bytes) -> list[Hash]:
    return [tile[at : at + 32] for at in range(0, len(tile), 32)]
