"""What auditors read. Of each ledger only the dense prefix shows: what joined the mirror's tree."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg

from services.ledger.export import line_of
from services.ledger.tree import edge_root

from .domain.filters import EventFilter
from .erased import Erased, all_erased, erased_among, shown

_BEFORE: Final = "e.recorded_at, e.source, e.position"
_EVENTS = """
SELECT e.source, e.position, e.recorded_at, e.body
FROM mirrored_event e JOIN mirror_head h ON h.source = e.source AND e.position <= h.size
"""
_OF_APPLICATION = """
OR e.application_id IN (SELECT f.application_id FROM application_facet f WHERE f.facet = '{}' AND f.value = ${{0}})
"""
_TESTS: Final = {
    "source": "e.source = ${0}",
    "type": "e.type = ${0}",
    "stream": "e.stream = ${0}",
    "actor": "e.actor = ${0}",
    "application_id": "e.application_id = ${0}",
    "association_id": f"(e.association_id = ${{0}} {_OF_APPLICATION.format('association_id')})",
    "diary_number": f"(e.diary_number = ${{0}} {_OF_APPLICATION.format('diary_number')})",
    "municipality": f"(${{0}} = ANY (e.municipalities) {_OF_APPLICATION.format('municipality')})",
    "amount_min": "e.amount_cents >= ${0}",
    "amount_max": "e.amount_cents <= ${0}",
    "recorded_from": "e.recorded_at >= ${0}",
    "recorded_before": "e.recorded_at < ${0}",
    "position_min": "e.position >= ${0}",
    "position_max": "e.position <= ${0}",
}
_SOURCES = """
SELECT h.source, h.size, h.edge, h.recorded_at,
    coalesce((SELECT max(e.position) FROM mirrored_event e WHERE e.source = h.source), 0) AS highest,
    (SELECT count(*) FROM divergence d WHERE d.source = h.source) AS divergences,
    (SELECT max(w.size) FROM witnessed_checkpoint w WHERE w.source = h.source) AS signed
FROM mirror_head h ORDER BY h.source
"""
_NEWEST_CHECKPOINT = """
SELECT w.size, w.root, w.note, w.witnessed_at FROM witnessed_checkpoint w
WHERE w.source = $1 AND w.size <= $2 ORDER BY w.size DESC, w.witnessed_at LIMIT 1
"""
_ONE = f"{_EVENTS} WHERE e.source = $1 AND e.position = $2"
_STREAM = f"""{_EVENTS}
WHERE e.source = $1 AND e.stream = $2 AND e.position <= $3 AND e.recorded_at <= $4 ORDER BY e.position
"""
_SUBMITTED = f"""{_EVENTS}
WHERE e.application_id = $1 AND e.type = 'application.submitted' ORDER BY e.source, e.position LIMIT 1
"""
_BODIES = "SELECT body FROM mirrored_event WHERE source = $1 AND position <= $2 ORDER BY position"
_SIZE = "SELECT size FROM mirror_head WHERE source = $1"
_DIVERGENCES = "SELECT * FROM divergence WHERE number > $1 ORDER BY number LIMIT $2"
_DISCLOSURES = "SELECT * FROM disclosure WHERE number > $1 ORDER BY number LIMIT $2"
_VERIFICATIONS = "SELECT * FROM verification WHERE number > $1 ORDER BY number LIMIT $2"
_VERIFICATION = "SELECT * FROM verification WHERE number = $1"
_DISCLOSE = """
INSERT INTO disclosure (disclosed_at, person, roles, action, path, filters, correlation)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
POSITION_MAX: Final = 2**63 - 1
_PREFETCH = 500


class Views:
    """Reads audit's database, and notes who read."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self.pool = pool

    async def events(self, asked: EventFilter, after: tuple[datetime, str, int] | None, rows: int) -> Sequence[Any]:
        """Events by recorded time, then ledger, then position, behind a sort key."""
        where, values = _conditions(asked)
        if after is not None:
            at = len(values)
            where += f" AND ({_BEFORE}) > (${at + 1}, ${at + 2}, ${at + 3})"
            values += after
        return await self.pool.fetch(f"{_EVENTS} WHERE {where} ORDER BY {_BEFORE} LIMIT {int(rows)}", *values)

    async def shown(self, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """Events' rows as they are shown."""
        documents = [_event_document(row) for row in rows]
        erased = await erased_among(self.pool, documents)
        return [shown(document, erased) for document in documents]

    async def export_events(self, asked: EventFilter) -> AsyncIterator[bytes]:
        """All events that are asked for as JSON Lines: the body, with the ledger's name as its first field, and with
        `erased` for what it held of an erased person.
        """
        where, values = _conditions(asked)
        async with self.pool.acquire() as connection, connection.transaction(readonly=True):
            erased = await all_erased(connection)
            query = f"{_EVENTS} WHERE {where} ORDER BY {_BEFORE}"
            async for row in connection.cursor(query, *values, prefetch=_PREFETCH):
                yield _exported(row, erased)

    async def export_ledger(self, source: str, size: int) -> AsyncIterator[bytes]:
        """The first `size` bodies of a ledger, exactly as they are hashed, one a line."""
        async with self.pool.acquire() as connection, connection.transaction(readonly=True):
            async for row in connection.cursor(_BODIES, source, size, prefetch=_PREFETCH):
                yield line_of(row["body"])

    async def sources(self) -> list[dict[str, Any]]:
        """How far each ledger is mirrored."""
        return [await self._source(row) for row in await self.pool.fetch(_SOURCES)]

    async def size(self, source: str) -> int:
        """How many events of a ledger are in the mirror's tree."""
        return int(await self.pool.fetchval(_SIZE, source) or 0)

    async def newest_checkpoint(self, source: str, size: int = POSITION_MAX) -> Any:
        """The row of the newest witnessed checkpoint of at most `size` events; None where there is none."""
        return await self.pool.fetchrow(_NEWEST_CHECKPOINT, source, size)

    async def event(self, source: str, position: int) -> Any:
        """One event's row; None when it is not mirrored."""
        return await self.pool.fetchrow(_ONE, source, position)

    async def stream(
        self, source: str, stream: str, position: int | None, moment: datetime | None
    ) -> list[dict[str, Any]]:
        """A stream's events as of a position or moment, in order."""
        last = POSITION_MAX if position is None else position
        # The database's own infinity: later than any moment.
        until = datetime.max if moment is None else moment  # noqa: DTZ901
        return await self.shown(await self.pool.fetch(_STREAM, source, stream, last, until))

    async def submitted(self, application_id: str) -> Any:
        """The row of the event by which an application was sent; None when it is not mirrored."""
        return await self.pool.fetchrow(_SUBMITTED, application_id)

    async def divergences(self, after: int, rows: int) -> Sequence[Any]:
        """By their numbers."""
        return await self.pool.fetch(_DIVERGENCES, after, rows)

    async def disclosures(self, after: int, rows: int) -> list[dict[str, Any]]:
        """By their numbers."""
        found = await self.pool.fetch(_DISCLOSURES, after, rows)
        return [{**row, "filters": json.loads(row["filters"])} for row in found]

    async def verifications(self, after: int, rows: int) -> list[dict[str, Any]]:
        """By their numbers."""
        return [_verification(row) for row in await self.pool.fetch(_VERIFICATIONS, after, rows)]

    async def verification(self, number: int) -> dict[str, Any] | None:
        """One verification; None when there is none of this number."""
        row = await self.pool.fetchrow(_VERIFICATION, number)
        return None if row is None else _verification(row)

    async def disclose(
        self,
        moment: datetime,
        person: str,
        roles: Sequence[str],
        action: str,
        path: str,
        filters: dict[str, Any],
        correlation: str | None,
    ) -> None:
        """Notes who looks at what. Durable on return, so nothing is shown that is not noted."""
        await self.pool.execute(_DISCLOSE, moment, person, list(roles), action, path, json.dumps(filters), correlation)

    async def _source(self, row: Any) -> dict[str, Any]:
        checkpoint = await self.newest_checkpoint(row["source"], row["size"])
        return {
            "source": row["source"],
            "size": row["size"],
            "root": edge_root(row["edge"]).hex(),
            "recorded_at": row["recorded_at"],
            "highest_position": row["highest"],
            "lag": max(row["highest"], row["signed"] or 0, row["size"]) - row["size"],
            "checkpoint": None if checkpoint is None else checkpoint_document(checkpoint),
            "divergences": row["divergences"],
        }


def _event_document(row: Any) -> dict[str, Any]:
    """An event's body's fields, with the ledger's name."""
    return {"source": row["source"], **json.loads(row["body"])}


def _exported(row: Any, erased: Erased) -> bytes:
    """An event's line; its body's own bytes where it holds nobody who was erased."""
    if erased and b'"person_id"' in row["body"]:
        document = _event_document(row)
        if (after := shown(document, erased)) is not document:
            return json.dumps(after, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    return b'{"source":%s,%s\n' % (json.dumps(row["source"]).encode(), row["body"][1:])


def checkpoint_document(row: Any) -> dict[str, Any]:
    """A checkpoint as it is shown."""
    return {
        "size": row["size"],
        "root": row["root"].hex(),
        "note": row["note"],
        "witnessed_at": row["witnessed_at"],
    }


def _verification(row: Any) -> dict[str, Any]:
    return {**row, "findings": json.loads(row["findings"]), "checked": json.loads(row["checked"])}


def _conditions(asked: EventFilter) -> tuple[str, list[Any]]:
    values: list[Any] = []
    tests = ["true"]
    for name, test in _TESTS.items():
        value = getattr(asked, name)
        if value is not None:
            values.append(value)
            tests.append(test.format(len(values)))
    return " AND ".join(tests), values
