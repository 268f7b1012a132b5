"""Inspects a ledger's database from within: what is stored must agree with itself and with what is trusted
from elsewhere.

Runs as the auditors' role in one snapshot, in flat memory. Whoever changed the database may have made it
agree with itself again; so the verdict rests on `trusted` (checkpoints and leaf hashes that were kept
elsewhere), and all else serves to say where the change is.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from math import inf
from typing import Any

import asyncpg
import msgspec

from .errors import Corrupt, NoteInvalid
from .notes import Checkpoint, Verifier
from .records import RECORD_COLUMNS, Record, decode_body, read_body, record_from_row
from .tree import TILE_WIDTH, Hash, edge_root, extend_edge, leaf_hash, root_of

# Constraints may have been dropped: what no honest ledger holds is read as null or empty, so that it is a finding.
_MOMENT = "CASE WHEN recorded_at >= '0001-01-02Z' AND recorded_at < '9999-12-31Z' THEN recorded_at END"
_COLUMNS = RECORD_COLUMNS.replace("recorded_at", _MOMENT).replace("body", "coalesce(body, '')")
_EVENTS = f"SELECT {_COLUMNS} FROM event WHERE position IS NOT NULL ORDER BY position"  # noqa: S608 - constants
_UNPLACED = "SELECT count(*) FROM event WHERE position IS NULL"
_HEAD = f"SELECT only_row, size, {_MOMENT} AS recorded_at, coalesce(edge, '{{}}') AS edge FROM head LIMIT 2"  # noqa: S608
_CHECKPOINTS = """
SELECT coalesce(size, 0) AS size, coalesce(root, '') AS root, coalesce(note, '') AS note FROM checkpoint ORDER BY 1
"""
_TILES = """
SELECT number, coalesce(root, '') AS root, coalesce(hashes, '') AS hashes FROM tile
WHERE level = 0 AND number >= $1 AND number < $2
"""
_TILE = "SELECT coalesce(root, '') AS root, coalesce(hashes, '') AS hashes FROM tile WHERE level = $1 AND number = $2"
_STRAY = """
SELECT level, number, count(*) AS copies FROM tile GROUP BY level, number
HAVING count(*) > 1 OR level IS NULL OR number IS NULL OR level < 0 OR number < 0
    OR (number + 1) * (256::numeric ^ (least(level, 8) + 1)) > $1
ORDER BY level, number LIMIT $2
"""
_GUARDS = """
SELECT name, g.tgenabled::text AS enabled, pg_get_triggerdef(g.oid, true) AS definition, p.prosrc AS function
FROM unnest($1::text[]) guarded (name)
LEFT JOIN pg_trigger g ON g.tgrelid = to_regclass(name) AND g.tgname = name || '_is_insert_only'
LEFT JOIN pg_proc p ON p.oid = g.tgfoid
"""
_VERSIONS = """
SELECT position, stream, version, expected FROM (
    SELECT position, stream, version, row_number() OVER (PARTITION BY stream ORDER BY position) AS expected
    FROM event
) numbered WHERE version <> expected ORDER BY position LIMIT $1
"""
_ID_USED_TWICE = "SELECT EXISTS (SELECT FROM event GROUP BY event_id HAVING count(*) > 1)"
_IDS = """
SELECT position, event_id FROM (
    SELECT position, event_id, row_number() OVER (PARTITION BY event_id ORDER BY position) AS time FROM event
) numbered WHERE time > 1 ORDER BY position LIMIT $1
"""
_PREFETCH = 1000
_TILES_AT_ONCE = 64
_STREAMS_REMEMBERED_MAX = 250_000
_GUARDED = ("event", "tile", "checkpoint")
_GUARD = """
CREATE TRIGGER {0}_is_insert_only BEFORE DELETE OR UPDATE OR TRUNCATE ON {0}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""
_REFUSES = re.compile(r"\s*BEGIN\s+RAISE EXCEPTION '[^']*'[^;]*;\s*END;?\s*")
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
    """Findings in any order; the first `limit` by position are kept."""

    limit: int
    found: list[Finding] = field(default_factory=list)

    def add(self, position: int | None, column: str | None, what: str) -> None:
        self.found.append(Finding(position, column, what))
        if len(self.found) >= 2 * self.limit:
            self.found = self.first()

    def first(self) -> list[Finding]:
        return sorted(self.found, key=_by_position)[: self.limit]


async def inspect(
    connection: asyncpg.Connection[Any],
    *,
    checkpoints: Sequence[Checkpoint] = (),
    leaves: AsyncIterator[Hash] | None = None,
    verifier: Verifier | None = None,
    findings_max: int = 100,
) -> list[Finding]:
    """All that is wrong with the ledger on `connection`, by position, at most `findings_max`; empty when it
    is sound.

    `checkpoints` are trusted (their signatures were checked), `leaves` are trusted leaf hashes from position
    1 on, for example a mirror's: events after their end are not compared with them, but events that they hold
    and the ledger does not are findings. With `verifier`, the ledger's public key, the signatures of the
    stored checkpoints are checked too. Not proved by anything: `checkpoint.signed_at`.
    """
    findings = _Findings(findings_max)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await _check_guards(connection, findings)
        own = await connection.fetch(_CHECKPOINTS)
        _check_notes(own, verifier, findings)
        _check_kept({row["size"] for row in own}, checkpoints, findings)
        roots = _Roots([(row["size"], row["root"]) for row in own], checkpoints, findings)
        async with _reading_ahead(connection) as reader:
            scan = _Scan(reader, findings, roots, leaves)
            while rows := await reader.events():
                await scan.take(rows)
            await scan.finish()
        await _check_uniqueness(connection, findings, versions_follow=scan.versions_follow)
    return findings.first()


def _by_position(finding: Finding) -> tuple[bool, int]:
    return finding.position is None, finding.position or 0


async def leaves_of(bodies: AsyncIterator[bytes]) -> AsyncIterator[Hash]:
    """Leaf hashes of trusted bodies, for `inspect`."""
    async for body in bodies:
        yield leaf_hash(body)


class _Reader:
    """All that a scan reads. While one batch of events is looked at, the database makes the next one ready; whatever
    else is asked waits until that has come.
    """

    def __init__(self, connection: asyncpg.Connection[Any], cursor: Any) -> None:
        self._connection = connection
        self._cursor = cursor
        self._ahead: asyncio.Task[list[Sequence[Any]]] | None = None

    async def events(self) -> list[Sequence[Any]]:
        """The next batch; empty at the end."""
        rows = await (self._ahead or self._cursor.fetch(_PREFETCH))
        self._ahead = asyncio.create_task(self._cursor.fetch(_PREFETCH)) if rows else None
        # Once for the task to write its request, and once for the loop to send it, before this one takes the processor.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return list(rows)

    async def fetch(self, query: str, *values: Any) -> list[asyncpg.Record]:
        """The rows that answer a query."""
        if self._ahead is not None:
            await asyncio.wait({self._ahead})
        return list(await self._connection.fetch(query, *values))

    async def close(self) -> None:
        """Leaves nothing under way on the connection."""
        if self._ahead is not None:
            self._ahead.cancel()
            await asyncio.wait({self._ahead})


@asynccontextmanager
async def _reading_ahead(connection: asyncpg.Connection[Any]) -> AsyncIterator[_Reader]:
    reader = _Reader(connection, await connection.cursor(_EVENTS))
    try:
        yield reader
    finally:
        await reader.close()


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
        self.compare(0, ())

    def compare(self, size: int, edge: Sequence[Hash]) -> None:
        while self._waiting and self._waiting[-1][0] <= size:
            _, root, kind = self._waiting.pop()
            if edge_root(edge) == root:
                self._good[kind] = size
            elif kind not in self._differing:
                self._differing.add(kind)
                what = f"{kind} of {size} events has another root: changed after position {self._good[kind]}"
                self._findings.add(None, None, f"{what}, up to {size}")

    @property
    def next_size(self) -> float:
        """The size of the smallest tree that is still to be compared."""
        return self._waiting[-1][0] if self._waiting else inf

    def finish(self, size: int) -> None:
        """Those that cover more events than there are."""
        told: set[str] = set()
        for covered, _, kind in reversed(self._waiting):
            if covered > size and kind not in told:
                told.add(kind)
                self._findings.add(size + 1, None, f"missing: {kind} covers {covered} events")


class _Tree:
    """The tree over the events so far. Each node is hashed once: `part` holds the leaves since the last complete tile,
    and is only hashed when somebody asks for the edge or the tile is complete.
    """

    def __init__(self) -> None:
        self.tiles = 0
        self.part: list[Hash] = []
        self._edge_of_tiles: list[Hash] = []
        self._edge_of_part: list[Hash] = []
        self._hashed = 0

    def edge(self) -> list[Hash]:
        """The edge over all leaves."""
        self._edge_of_part, self._hashed = extend_edge(self._edge_of_part, self._hashed, self.part[self._hashed :])
        return self._edge_of_tiles + self._edge_of_part

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self.tiles * TILE_WIDTH + len(self.part)

    def close_tile(self) -> Hash:
        """Begins a new tile and returns the root of the last, which must have 256 leaves."""
        root = self.edge()[-1] if self._hashed else root_of(self.part)
        self._edge_of_tiles, self.tiles = extend_edge(self._edge_of_tiles, self.tiles, (root,))
        self.part, self._edge_of_part, self._hashed = [], [], 0
        return root


class _Scan:
    """One pass over the events in order. Afterwards `versions_follow` tells whether each stream's versions were seen to
    be 1, 2, 3 …; False means only that the database has to be asked.
    """

    def __init__(self, reader: _Reader, findings: _Findings, roots: _Roots, leaves: AsyncIterator[Hash] | None) -> None:
        self._reader = reader
        self._findings = findings
        self._roots = roots
        self._leaves = leaves
        self._position = 0
        self._dense = True
        self._recorded_at: datetime | None = None
        self._tree = _Tree()
        self._tile: list[Hash] | None = None
        self._tiles: dict[int, asyncpg.Record] = {}
        self._tiles_end = 0
        self._versions: dict[str, int] = {}
        self.versions_follow = True

    async def take(self, rows: Sequence[Sequence[Any]]) -> None:
        done = 0
        while done < len(rows):
            leaves = self._sound_leaves(rows, done)
            await self._follow(leaves)
            done += len(leaves)
            if done < len(rows):
                await self._take_doubtful(record_from_row(rows[done]))
                done += 1
        if len(self._versions) > _STREAMS_REMEMBERED_MAX:
            self._forget_versions()

    def _sound_leaves(self, rows: Sequence[Sequence[Any]], start: int) -> list[Hash]:
        """The leaf hashes of the rows from `start` on that come next and of which nothing is to be told, as of almost
        every row; it stops before the first that needs a closer look. This loop is most of what an inspection costs.
        """
        leaves: list[Hash] = []
        moment, moment_text = self._recorded_at, ""
        versions = self._versions
        try:
            for next_position, row in enumerate(islice(rows, start, None), self._position + 1):
                position, identity, stream, version, kind, schema, recorded_at, actor, correlation, causation, body = (
                    row
                )
                told = read_body(body)
                if not (
                    next_position == position == told.position
                    and told.id == str(identity)
                    and told.stream == stream
                    and told.version == version
                    and told.type == kind
                    and told.schema == schema
                    and told.actor == actor
                    and told.correlation == correlation
                    and told.causation == causation
                ):
                    break
                if told.recorded_at != moment_text or recorded_at != moment:
                    if datetime.fromisoformat(told.recorded_at) != recorded_at:
                        break
                    if moment is not None and recorded_at < moment:
                        break
                    moment, moment_text = recorded_at, told.recorded_at
                if versions.get(stream, 0) + 1 != version:
                    self.versions_follow = False
                versions[stream] = version
                leaves.append(leaf_hash(body))
        except (msgspec.DecodeError, ValueError, RecursionError):
            pass
        self._recorded_at = moment
        return leaves

    def _forget_versions(self) -> None:
        self.versions_follow = False
        self._versions.clear()

    async def _take_doubtful(self, record: Record) -> None:
        self._forget_versions()
        self._compare_columns(record)
        expected = self._position + 1
        if record.position < expected:
            what = "there is more than one such row" if record.position > 0 else "there is no such position"
            self._findings.add(record.position, "position", what)
            return
        if record.position > expected:
            self._dense = False
            for missing in range(expected, min(record.position, expected + self._findings.limit)):
                self._findings.add(missing, None, f"missing: the next row is position {record.position}")
            await self._skip_leaves(record.position - expected)
        self._position = record.position - 1
        self._compare_moment(record)
        await self._follow([leaf_hash(record.body)])

    async def _follow(self, leaves: Sequence[Hash]) -> None:
        """Compares the leaves of the next positions with the trusted ones, and lets the tree grow by them. The tree
        ends at the first gap: after it every root differs and would tell nothing.
        """
        if self._leaves is not None:
            for position, leaf in enumerate(leaves, self._position + 1):
                await self._compare_leaf(position, leaf)
        self._position += len(leaves)
        grown = 0
        while self._dense and grown < len(leaves):
            grown += await self._grow(leaves[grown : grown + TILE_WIDTH])

    async def _grow(self, leaves: Sequence[Hash]) -> int:
        """The tree grows by the first of `leaves`, up to the next checkpoint or the end of the tile: by how many."""
        part, size = self._tree.part, self._tree.size
        if not part:
            await self._open_tile()
        added = leaves[: int(min(TILE_WIDTH - len(part), self._roots.next_size - size))]
        self._compare_with_tile(added)
        part += added
        if self._tree.size >= self._roots.next_size:
            self._roots.compare(self._tree.size, self._tree.edge())
        if len(part) == TILE_WIDTH:
            await self._close_tile()
        return len(added)

    def _compare_with_tile(self, added: Sequence[Hash]) -> None:
        if self._tile is None:
            return
        at = len(self._tree.part)
        stored = self._tile[at : at + len(added)]
        if stored == added:
            return
        for position, (one, other) in enumerate(zip(stored, added, strict=True), self._tree.size + 1):
            if one != other:
                self._findings.add(position, "body", "its hash is not the one in the stored tile")

    def _compare_moment(self, record: Record) -> None:
        # Null where it is no moment that can be read, see `_MOMENT`; `_compare_columns` has told so.
        moment: datetime | None = record.recorded_at
        if moment is None:
            return
        if self._recorded_at is not None and moment < self._recorded_at:
            self._findings.add(record.position, "recorded_at", "before that of its predecessor")
        self._recorded_at = moment

    def _compare_columns(self, record: Record) -> None:
        try:
            told = decode_body(record.body)
        except (Corrupt, RecursionError) as problem:
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

    async def _tile_of_events(self, number: int) -> asyncpg.Record | None:
        """A tile of level 0; several are read at once."""
        if number >= self._tiles_end:
            self._tiles_end = number + _TILES_AT_ONCE
            rows = await self._reader.fetch(_TILES, number, self._tiles_end)
            self._tiles = {row["number"]: row for row in reversed(rows)}
        return self._tiles.get(number)

    async def _tile_of_level(self, level: int, number: int) -> asyncpg.Record | None:
        rows = await self._reader.fetch(_TILE, level, number)
        return rows[0] if rows else None

    async def _open_tile(self) -> None:
        number = self._tree.tiles
        row = await self._tile_of_events(number)
        self._tile = None
        if row is not None and len(row["hashes"]) == TILE_WIDTH * 32:
            self._tile = _hashes(row["hashes"])
        elif row is not None:
            self._findings.add(None, None, f"tile 0/{number} holds {len(row['hashes'])} bytes of hashes")

    async def _close_tile(self) -> None:
        """Compares the tiles of every level that the last leaf completes."""
        number, hashes = self._tree.tiles, self._tree.part
        row = await self._tile_of_events(number)
        root, level = self._tree.close_tile(), 0
        while True:
            if row is None:
                self._findings.add(None, None, f"tile {level}/{number} is missing")
            else:
                if row["root"] != root:
                    self._findings.add(None, None, f"the root of tile {level}/{number} is not that of its events")
                if level and _hashes(row["hashes"]) != hashes:
                    self._findings.add(None, None, f"the hashes of tile {level}/{number} are not those of its tiles")
            if (number + 1) % TILE_WIDTH:
                return
            first = number + 1 - TILE_WIDTH
            hashes = await self._roots_of_level(level, first)
            level, number, root = level + 1, first // TILE_WIDTH, root_of(hashes)
            row = await self._tile_of_level(level, number)

    async def _roots_of_level(self, level: int, first: int) -> list[Hash]:
        """Roots of 256 tiles, each made from the tile's own hashes, which were compared before."""
        roots = []
        for number in range(first, first + TILE_WIDTH):
            row = await self._tile_of_level(level, number)
            roots.append(b"" if row is None else root_of(_hashes(row["hashes"])))
        return roots

    async def finish(self) -> None:
        size = self._position
        ((unplaced,),) = await self._reader.fetch(_UNPLACED)
        if unplaced:
            self._forget_versions()
            self._findings.add(None, "position", f"{unplaced} rows have none")
        heads = await self._reader.fetch(_HEAD)
        if len(heads) == 1 and heads[0]["only_row"] and heads[0]["size"] is not None:
            self._compare_head(heads[0], size)
        else:
            what = "it has no size or is not marked as the only one" if len(heads) == 1 else "there is more than one"
            self._findings.add(None, None, f"the head row: {what}" if heads else "the head row is missing")
        for stray in await self._reader.fetch(_STRAY, size, self._findings.limit):
            self._judge_stray(stray, size)
        self._roots.finish(size)
        if self._leaves is not None and await anext(self._leaves, None) is not None:
            self._findings.add(size + 1, None, "missing: the trusted copy holds it")

    def _judge_stray(self, stray: asyncpg.Record, size: int) -> None:
        level, number, copies = stray
        if copies > 1:
            self._findings.add(None, None, f"tile {level}/{number} is there {copies} times")
        elif level is None or number is None or level < 0 or number < 0:
            self._findings.add(None, None, f"tile {level}/{number}: there is no such tile")
        else:
            what = f"missing: tile {level}/{number} covers more events than there are"
            self._findings.add(size + 1, None, what)

    def _compare_head(self, head: asyncpg.Record, size: int) -> None:
        if head["size"] > size:
            self._findings.add(size + 1, None, f"missing: the head says that {head['size']} events are recorded")
        elif head["size"] < size:
            self._findings.add(max(head["size"], 0) + 1, None, f"after the head, which says {head['size']} events")
        if size and head["recorded_at"] != self._recorded_at:
            self._findings.add(None, None, "the head's recorded_at is not that of the last event")
        if self._dense and list(head["edge"]) != self._tree.edge():
            self._findings.add(None, None, "the head's edge is not that of the events' tree")


async def _check_guards(connection: asyncpg.Connection[Any], findings: _Findings) -> None:
    """The triggers that refuse changes (P4) must be as the migrations made them: the owner can take them
    away.
    """
    for row in await connection.fetch(_GUARDS, _GUARDED):
        name, enabled, definition, function = row
        if definition is None:
            findings.add(None, None, f"the trigger that refuses changes of {name} is missing")
        elif enabled != "A":
            findings.add(None, None, f"the trigger that refuses changes of {name} is not always enabled")
        elif definition.split() != _GUARD.format(name).split() or _REFUSES.fullmatch(function) is None:
            findings.add(None, None, f"the trigger that refuses changes of {name} is not the one that was made")


def _check_notes(stored: Iterable[asyncpg.Record], verifier: Verifier | None, findings: _Findings) -> None:
    """A stored note must say what its columns say and, where the key is known, be signed."""
    for size, root, note in stored:
        of = f"the stored checkpoint of {size} events"
        lines = note.split("\n")
        if lines[1:3] != [str(size), base64.b64encode(root).decode()]:
            findings.add(None, None, f"{of}: its note is of another tree")
        elif verifier is not None:
            try:
                if verifier.open(note).origin != verifier.name or not _is_canonical(note):
                    findings.add(None, None, f"{of}: its note is not as {verifier.name} writes it")
            except NoteInvalid as error:
                findings.add(None, None, f"{of}: {error}")


def _is_canonical(note: str) -> bool:
    """Whether a note ends with one signature, in the one form of base64 that encoding gives: the last
    character before the padding has bits that decoding ignores.
    """
    text, _, signature = note.partition("\n\n")
    mark, _, encoded = signature.rpartition(" ")
    try:
        raw = base64.b64decode(encoded.removesuffix("\n"), validate=True)
    except binascii.Error:
        return False
    return note == f"{text}\n\n{mark} {base64.b64encode(raw).decode()}\n" and "\n" not in mark


def _check_kept(stored: set[int], trusted: Iterable[Checkpoint], findings: _Findings) -> None:
    """Whoever holds a checkpoint got it from the ledger's own table, where none is removed."""
    if lost := sorted({each.size for each in trusted} - stored):
        others = f", nor are {len(lost) - 1} later ones" if len(lost) > 1 else ""
        what = f"the trusted checkpoint of {lost[0]} events is not among the stored ones{others}"
        findings.add(None, None, what)


async def _check_uniqueness(connection: asyncpg.Connection[Any], findings: _Findings, *, versions_follow: bool) -> None:
    """The table's own constraints say so too; a superuser can drop them. Where the versions were seen to follow each
    other, the database need not sort the events by stream.
    """
    for row in () if versions_follow else await connection.fetch(_VERSIONS, findings.limit):
        what = f"stream {row['stream']} has version {row['version']} where {row['expected']} is due"
        findings.add(row["position"], "version", what)
    if await connection.fetchval(_ID_USED_TWICE):
        for row in await connection.fetch(_IDS, findings.limit):
            findings.add(row["position"], "event_id", f"{row['event_id']} was used before")


def _hashes(tile: bytes) -> list[Hash]:
    return [tile[at : at + 32] for at in range(0, len(tile), 32)]
