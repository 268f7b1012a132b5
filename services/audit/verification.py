"""Verifies the ledgers in their own databases, read as the auditors' role, against the mirror and the
checkpoints.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg
import structlog

from services.ledger.inspection import inspect, leaves_of
from services.ledger.notes import Checkpoint
from services.ledger.writer import CONNECTION_LOST
from services.web.clock import Clock

from .settings import Source

log = structlog.get_logger(__name__)
_PREFETCH = 2000
FINDINGS_MAX = 100
"""Findings kept of one ledger, by position."""

_MIRROR = "SELECT position, body FROM mirrored_event WHERE source = $1 AND position <= $2 ORDER BY position"
_SIZE = "SELECT coalesce((SELECT size FROM mirror_head WHERE source = $1), 0)"
_SIGNED = "SELECT size, root FROM witnessed_checkpoint WHERE source = $1 ORDER BY size, witnessed_at DESC"
_RECORD = """
INSERT INTO verification (person, started_at, finished_at, verified, findings, checked)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING number
"""
_DIVERGE = """
INSERT INTO divergence (source, position, kind, what, found_at, verification)
VALUES ($1, $2, 'ledger_differs', $3, $4, $5)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong in a ledger. `position` is None where it cannot be told, `column` where it is no column
    of an event.
    """

    ledger: str
    position: int | None
    column: str | None
    what: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found, as it is stored. `checked` counts the events of each ledger that its
    mirror holds.
    """

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
                return await _compare_ledger(name, source, mirror, published, signed), published
            except (*CONNECTION_LOST, asyncpg.PostgresError) as error:
                log.warning("a ledger cannot be read", ledger=name, error=type(error).__name__)
                what = f"the ledger's database cannot be read: {type(error).__name__}"
                return [Finding(name, None, None, what)], 0
            except Exception as error:
                # What an attacker wrote must not be able to end a verification without a verdict.
                log.exception("a ledger holds what cannot be inspected", ledger=name)
                what = f"what the ledger's database holds cannot be inspected: {type(error).__name__}"
                return [Finding(name, None, None, what)], 0

    async def _store(self, person: str, started: Any, findings: list[Finding], checked: dict[str, int]) -> Verified:
        now = self._clock()
        async with self._pool.acquire() as connection, connection.transaction():
            number = await connection.fetchval(
                _RECORD, person, started, now, not findings,
                json.dumps([asdict(finding) for finding in findings]), json.dumps(checked),
            )  # fmt: skip
            for one in findings:
                what = one.what if one.column is None else f"{one.column}: {one.what}"
                await connection.execute(_DIVERGE, one.ledger, one.position, what, now, number)
        return Verified(number, findings, checked)


async def _compare_ledger(
    name: str, source: Source, mirror: Any, published: int, signed: Mapping[int, bytes]
) -> list[Finding]:
    ledger = await asyncpg.connect(
        source.dsn.get_secret_value(), server_settings={"search_path": source.schema_name}, timeout=5
    )
    try:
        bodies = _bodies(mirror.cursor(_MIRROR, name, published, prefetch=_PREFETCH))
        trusted = [Checkpoint(source.verifier.name, size, root) for size, root in signed.items()]
        found = await inspect(
            ledger,
            checkpoints=trusted,
            leaves=leaves_of(bodies),
            verifier=source.verifier,
            findings_max=FINDINGS_MAX,
        )
    finally:
        await ledger.close(timeout=5)
    return [Finding(name, each.position, each.column, each.what) for each in found]


async def _bodies(rows: Any) -> AsyncIterator[bytes]:
    async for row in rows:
        yield row["body"]
