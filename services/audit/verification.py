"""Verifies the ledgers in their own databases, read as the auditors' role, against the mirror and the checkpoints."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg
import structlog

from services.ledger.errors import NoteInvalid
from services.ledger.records import RECORD_COLUMNS
from services.ledger.writer import CONNECTION_LOST
from services.web.clock import Clock

from .domain.comparison import Comparison, Finding
from .settings import Source

log = structlog.get_logger(__name__)
_PREFETCH = 2000

_MIRROR = "SELECT position, body FROM mirrored_event WHERE source = $1 AND position <= $2 ORDER BY position"
_SIZE = "SELECT coalesce((SELECT size FROM mirror_head WHERE source = $1), 0)"
_SIGNED = "SELECT size, root FROM witnessed_checkpoint WHERE source = $1 ORDER BY size, witnessed_at DESC"
_EVENTS = f"SELECT {RECORD_COLUMNS} FROM event ORDER BY position"
_HEAD = "SELECT size, edge FROM head"
_TILES = "SELECT level, number, root, hashes FROM tile"
_NEWEST = "SELECT size, root, note FROM checkpoint ORDER BY size DESC LIMIT 1"
_RECORD = """
INSERT INTO verification (person, started_at, finished_at, verified, findings, checked)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING number
"""
_DIVERGE = """
INSERT INTO divergence (source, position, kind, what, found_at, verification) VALUES ($1, $2, 'ledger_differs', $3, $4, $5)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found, as it is stored. `checked` counts the events of each ledger."""

    number: int
    findings: list[Finding]
    checked: dict[str, int]


class Verification:
    """Runs verifications, one at a time in this process; each is stored whatever it finds."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock, sources: Mapping[str, Source]) -> None:
        self._pool = pool
        self._clock = clock
        self._sources = sources
        self._running = asyncio.Lock()

    async def run(self, person: str) -> Verified:
        """Compares every ledger. A ledger that cannot be read is a finding: it is not verified."""
        async with self._running:
            started = self._clock()
            findings: list[Finding] = []
            checked: dict[str, int] = {}
            for name, source in self._sources.items():
                found, checked[name] = await self._compare(name, source)
                findings += found
            return await self._store(person, started, findings, checked)

    async def _compare(self, name: str, source: Source) -> tuple[list[Finding], int]:
        async with (
            self._pool.acquire() as mirror,
            mirror.transaction(isolation="repeatable_read", readonly=True),
        ):
            # The mirror's state is taken first: whatever it holds by now the ledger must hold too.
            published = await mirror.fetchval(_SIZE, name)
            signed = {row["size"]: row["root"] for row in await mirror.fetch(_SIGNED, name)}
            try:
                return await _compare_ledger(name, source, mirror, published, signed)
            except (*CONNECTION_LOST, asyncpg.PostgresError) as error:
                log.warning("a ledger cannot be read", ledger=name, error=type(error).__name__)
                what = f"the ledger's database cannot be read: {type(error).__name__}"
                return [Finding(name, None, "database", what)], 0

    async def _store(
        self, person: str, started: Any, findings: list[Finding], checked: dict[str, int]
    ) -> Verified:
        now = self._clock()
        async with self._pool.acquire() as connection, connection.transaction():
            number = await connection.fetchval(
                _RECORD, person, started, now, not findings,
                json.dumps([asdict(finding) for finding in findings]), json.dumps(checked),
            )  # fmt: skip
            for one in findings:
                what = f"{one.column}: {one.what}"
                await connection.execute(_DIVERGE, one.ledger, one.position, what, now, number)
        return Verified(number, findings, checked)


async def _compare_ledger(
    name: str, source: Source, mirror: Any, published: int, signed: dict[int, bytes]
) -> tuple[list[Finding], int]:
    ledger = await asyncpg.connect(
        source.dsn.get_secret_value(), server_settings={"search_path": source.schema_name}, timeout=5
    )
    try:
        async with ledger.transaction(isolation="repeatable_read", readonly=True):
            newest = await ledger.fetchrow(_NEWEST)
            expected = dict(signed)
            if newest is not None:
                expected.setdefault(newest["size"], newest["root"])
            comparison = Comparison(name, expected)
            async for row, body in _side_by_side(name, ledger, mirror, published):
                comparison.row(row, body)
            head = await ledger.fetchrow(_HEAD)
            comparison.finish(head["size"], head["edge"], published) if head else comparison.finish(
                0, [], published
            )
            comparison.tiles([tuple(row) async for row in ledger.cursor(_TILES)])
    finally:
        await ledger.close(timeout=5)
    findings = comparison.result() + _check_newest(name, source, newest, signed)
    return findings, comparison.checked


async def _side_by_side(
    name: str, ledger: Any, mirror: Any, published: int
) -> AsyncIterator[tuple[Any, bytes | None]]:
    """The ledger's rows, each with the mirrored body of its position."""
    copies = aiter(mirror.cursor(_MIRROR, name, published, prefetch=_PREFETCH))
    copy = await anext(copies, None)
    async for row in ledger.cursor(_EVENTS, prefetch=_PREFETCH):
        while copy is not None and copy["position"] < row["position"]:
            copy = await anext(copies, None)
        matching = copy is not None and copy["position"] == row["position"]
        yield row, copy["body"] if matching else None


def _check_newest(name: str, source: Source, newest: Any, signed: Mapping[int, bytes]) -> list[Finding]:
    """The newest checkpoint in the ledger's own table must be signed, and the same as the one witnessed."""
    if newest is None:
        return []
    size = newest["size"]
    try:
        checkpoint = source.verifier.open(newest["note"])
    except NoteInvalid as error:
        return [Finding(name, size, "checkpoint.note", str(error))]
    if (checkpoint.size, checkpoint.root) != (size, newest["root"]) or signed.get(
        size, newest["root"]
    ) != newest["root"]:
        return [Finding(name, size, "checkpoint", "the stored checkpoint is not the one that was signed")]
    return []
