"""Receives what the ledgers publish: events into the mirror, checkpoints as a witness. Each call is one
transaction.

Messages may come in any order and any number of times: the mirror takes what is new, and what contradicts
it is kept as a divergence. Whatever joins the dense prefix joins the mirror's tree, and each checkpoint is
compared with that tree once both are here, under the lock of the source's head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import asyncpg
import structlog

from services.ledger.errors import NoteInvalid
from services.ledger.notes import Checkpoint, Verifier
from services.ledger.records import Record
from services.ledger.tree import TILE_WIDTH, Hash, leaf_hash, root_of
from services.web.clock import Clock

from .domain.errors import NotMirrorable
from .domain.facets import Facets, facets_of, mirrorable
from .domain.growth import dense_run, grow
from .proving import proofs_of, tree_of

log = structlog.get_logger(__name__)
Connection = asyncpg.pool.PoolConnectionProxy

STEP = 1000
"""Events that join the tree at a time: bounds the memory of a catch-up."""
_BETWEEN_MUNICIPALITIES = "\x1f"

_ADD_HEAD = "INSERT INTO mirror_head (source) VALUES ($1) ON CONFLICT DO NOTHING"
_LOCK_HEAD = "SELECT size, edge, recorded_at FROM mirror_head WHERE source = $1 FOR UPDATE"
_MOVE_HEAD = "UPDATE mirror_head SET size = $2, edge = $3, recorded_at = $4 WHERE source = $1"
_INSERT = """
INSERT INTO mirrored_event (source, position, event_id, stream, version, type, schema_version, recorded_at, actor,
    correlation, causation, body, application_id, association_id, diary_number, municipalities, amount_cents)
SELECT $1, m.position, m.event_id, m.stream, m.version, m.type, m.schema_version, m.recorded_at, m.actor, m.correlation,
    m.causation, m.body, m.application_id, m.association_id, m.diary_number,
    string_to_array(m.municipalities, E'\\x1f'), m.amount_cents
FROM unnest($2::bigint[], $3::uuid[], $4::text[], $5::int[], $6::text[], $7::smallint[], $8::timestamptz[], $9::text[],
    $10::text[], $11::text[], $12::bytea[], $13::text[], $14::text[], $15::text[], $16::text[], $17::bigint[])
    m (position, event_id, stream, version, type, schema_version, recorded_at, actor, correlation, causation, body,
       application_id, association_id, diary_number, municipalities, amount_cents)
ON CONFLICT (source, position) DO NOTHING
"""
_CONTRADICTED = """
SELECT w.position, w.body FROM unnest($2::bigint[], $3::bytea[]) w (position, body)
JOIN mirrored_event m ON m.source = $1 AND m.position = w.position AND m.body <> w.body
"""
_ADD_FACETS = """
INSERT INTO application_facet (application_id, facet, value)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING
"""
_NEXT = """
SELECT position, body, recorded_at FROM mirrored_event WHERE source = $1 AND position > $2 ORDER BY position LIMIT $3
"""
_TAIL = """
SELECT body FROM mirrored_event WHERE source = $1 AND position > $2 AND position <= $3 ORDER BY position
"""
_SIGNED = "SELECT size, root FROM witnessed_checkpoint WHERE source = $1 AND size > $2 AND size <= $3"
_TILE = "INSERT INTO mirror_tile (source, level, number, root, hashes) VALUES ($1, $2, $3, $4, $5)"
_WITNESS = """
INSERT INTO witnessed_checkpoint (source, size, root, note, witnessed_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING (SELECT count(*) FROM witnessed_checkpoint w WHERE w.source = $1 AND w.size = $2)
"""
_DIVERGE = """
INSERT INTO divergence (source, position, kind, what, found_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Divergence:
    """Something that does not fit what was published or signed before."""

    position: int | None
    kind: str
    what: str


class Mirror:
    """Writes the mirror of the ledgers."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def receive_events(self, source: str, bodies: Sequence[bytes]) -> None:
        """Takes published events in. Durable on return; raises asyncpg's errors, and then nothing was
        taken.
        """
        records, divergences = _sorted_out(bodies)
        async with self._pool.acquire() as connection, connection.transaction():
            head = await self._lock(connection, source)
            divergences += await _insert(connection, source, records)
            divergences += await self._advance(connection, source, head["size"], head["edge"])
            await self._diverge(connection, source, divergences)

    async def receive_notes(self, source: str, verifier: Verifier, notes: Sequence[bytes]) -> None:
        """Takes checkpoints in. Durable on return; raises asyncpg's errors, and then nothing was taken."""
        async with self._pool.acquire() as connection, connection.transaction():
            head = await self._lock(connection, source)
            divergences: list[Divergence] = []
            for raw in dict.fromkeys(notes):
                divergences += await self._witness(connection, source, head["size"], verifier, raw)
            await self._diverge(connection, source, divergences)

    async def refuse(self, source: str, value: bytes, reason: str) -> None:
        """Keeps as a divergence that a message could not be taken in at all."""
        async with self._pool.acquire() as connection, connection.transaction():
            await self._diverge(connection, source, [_unreadable(value, reason)])

    async def _lock(self, connection: Connection[Any], source: str) -> Any:
        await connection.execute(_ADD_HEAD, source)
        return await connection.fetchrow(_LOCK_HEAD, source)

    async def _advance(
        self, connection: Connection[Any], source: str, size: int, edge: Sequence[Hash]
    ) -> list[Divergence]:
        """Lets the tree grow over all that joined the dense prefix."""
        start, moment, divergences = size, None, list[Divergence]()
        tail = [leaf_hash(row["body"]) for row in await connection.fetch(_TAIL, source, size - size % TILE_WIDTH, size)]
        while True:
            rows = await connection.fetch(_NEXT, source, size, STEP)
            count = dense_run(size, [row["position"] for row in rows])
            if not count:
                break
            signed = await connection.fetch(_SIGNED, source, size, size + count)
            leaves = [leaf_hash(row["body"]) for row in rows[:count]]
            growth = grow(size, edge, tail, leaves, {row["size"] for row in signed})
            for number, hashes in growth.tiles:
                await _store_tile(connection, source, 0, number, hashes)
            divergences += [_other_root(row["size"]) for row in signed if row["root"] != growth.roots[row["size"]]]
            size, edge, tail, moment = growth.size, growth.edge, growth.tail, rows[count - 1]["recorded_at"]
        if size > start:
            await connection.execute(_MOVE_HEAD, source, size, edge, moment)
        return divergences

    async def _witness(
        self, connection: Connection[Any], source: str, mirrored: int, verifier: Verifier, raw: bytes
    ) -> list[Divergence]:
        try:
            note, checkpoint = _opened(verifier, raw)
        except NoteInvalid as error:
            return [_unreadable(raw, str(error), "note_invalid")]
        size, root = checkpoint.size, checkpoint.root
        earlier = await connection.fetchval(_WITNESS, source, size, root, note, self._clock())
        if earlier is None:
            return []
        found: list[Divergence] = []
        if earlier:
            found.append(Divergence(size, "split_view", f"two different trees of {size} events are signed"))
        if size <= mirrored and await proofs_of(connection, source).root(size) != root:
            found.append(_other_root(size))
        return found

    async def _diverge(self, connection: Connection[Any], source: str, divergences: Sequence[Divergence]) -> None:
        for one in divergences:
            log.error("divergence", ledger=source, position=one.position, kind=one.kind, what=one.what)
            await connection.execute(_DIVERGE, source, one.position, one.kind, one.what, self._clock())


def _sorted_out(bodies: Sequence[bytes]) -> tuple[list[Record], list[Divergence]]:
    records: list[Record] = []
    divergences: list[Divergence] = []
    for body in dict.fromkeys(bodies):
        try:
            records.append(mirrorable(body))
        except NotMirrorable as error:
            divergences.append(_unreadable(body, str(error)))
    return records, divergences


async def _insert(connection: Connection[Any], source: str, records: Sequence[Record]) -> list[Divergence]:
    if not records:
        return []
    facets = [facets_of(record.data) for record in records]
    await connection.execute(_INSERT, source, *_record_columns(records), *_facet_columns(facets))
    # Sorted, so that two replicas that add the same facets wait for each other in the same order.
    named = sorted({triple for facet in facets for triple in facet.of_application()})
    if named:
        await connection.execute(_ADD_FACETS, *map(list, zip(*named, strict=True)))
    positions, bodies = [record.position for record in records], [record.body for record in records]
    other = await connection.fetch(_CONTRADICTED, source, positions, bodies)
    what = "an event was published whose bytes are not those published first; leaf hash {}"
    return [Divergence(row["position"], "other_bytes", what.format(leaf_hash(row["body"]).hex())) for row in other]


def _record_columns(records: Sequence[Record]) -> list[list[Any]]:
    return [
        [record.position for record in records],
        [record.id for record in records],
        [record.stream for record in records],
        [record.version for record in records],
        [record.type for record in records],
        [record.schema for record in records],
        [record.recorded_at for record in records],
        [record.actor for record in records],
        [record.correlation for record in records],
        [record.causation for record in records],
        [record.body for record in records],
    ]


def _facet_columns(facets: Sequence[Facets]) -> list[list[Any]]:
    return [
        [facet.application_id for facet in facets],
        [facet.association_id for facet in facets],
        [facet.diary_number for facet in facets],
        [_BETWEEN_MUNICIPALITIES.join(facet.municipalities) for facet in facets],
        [facet.amount_cents for facet in facets],
    ]


async def _store_tile(
    connection: Connection[Any], source: str, level: int, number: int, hashes: Sequence[Hash]
) -> None:
    await connection.execute(_TILE, source, level, number, root_of(hashes), b"".join(hashes))
    if (number + 1) % TILE_WIDTH == 0:
        first = number + 1 - TILE_WIDTH
        above = await tree_of(connection, source).roots(level, first, first + TILE_WIDTH)
        await _store_tile(connection, source, level + 1, first // TILE_WIDTH, above)


def _opened(verifier: Verifier, raw: bytes) -> tuple[str, Checkpoint]:
    """The note as text with the checkpoint in it; raises NoteInvalid."""
    try:
        note = raw.decode()
    except UnicodeDecodeError as error:
        raise NoteInvalid("a checkpoint is text in UTF-8") from error
    checkpoint = verifier.open(note)
    if "\0" in note or len(checkpoint.root) != 32 or not 0 <= checkpoint.size < 2**63:
        raise NoteInvalid("a checkpoint has a size of zero or more and a root of 32 bytes")
    if checkpoint.origin != verifier.name:
        raise NoteInvalid(f"the checkpoint is not of {verifier.name}")
    return note, checkpoint


def _other_root(size: int) -> Divergence:
    return Divergence(size, "other_root", f"the first {size} published events are not those of the signed checkpoint")


def _unreadable(value: bytes, reason: str, kind: str = "unreadable") -> Divergence:
    printable = reason.replace("\0", "")[:300]
    return Divergence(None, kind, f"a message with SHA-256 {sha256(value).hexdigest()} was refused: {printable}")
