"""A superuser who knows the code: switches the guards off, writes what he likes with the library's own functions,
and switches them on again.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from typing import Any, TypeAlias
from uuid import uuid4

import asyncpg

from services.ledger import Checkpoint, Context, NewEvent, Record, Signer, decode_body
from services.ledger.inspection import Finding
from services.ledger.records import encode_body, encode_moment
from services.ledger.tree import TILE_WIDTH, edge_root, extend_edge, leaf_hash, root_of
from tests.tamper.sealed import Sealed

Connection: TypeAlias = "asyncpg.Connection[Any]"

GUARDED = ("event", "tile", "checkpoint")
TABLES = (*GUARDED, "head")
EVENT_COLUMNS = (
    "position", "event_id", "stream", "version", "type", "schema_version", "recorded_at", "actor", "correlation",
    "causation", "body",
)  # fmt: skip
COLUMNS = """
SELECT column_name AS name, data_type AS type FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position
"""
_CONSTRAINTS = "SELECT conname FROM pg_constraint WHERE conrelid = to_regclass($1) AND contype IN ('p', 'u', 'c')"
_SEEN = f"SELECT {', '.join(EVENT_COLUMNS)} FROM event ORDER BY position"


def forged(record: Record, **other: Any) -> bytes:
    """The body of an event that is as `record` but for what is given: `data`, `position`, `version`, `id`."""
    event = NewEvent(
        record.type, other.get("data", record.data_bytes), record.schema, other.get("id", record.id)
    )  # fmt: skip
    context = Context(record.actor, record.correlation, record.causation)
    position, version = other.get("position", record.position), other.get("version", record.version)
    return encode_body(position, encode_moment(record.recorded_at), event, record.stream, version, context)


def renumbered(bodies: Sequence[bytes]) -> list[bytes]:
    """The bodies with positions and versions that are right where they stand."""
    versions: Counter[str] = Counter()
    anew = []
    for position, body in enumerate(bodies, start=1):
        record = decode_body(body)
        versions[record.stream] += 1
        anew.append(forged(record, position=position, version=versions[record.stream]))
    return anew


def cheaper(body: bytes) -> bytes:
    """The event with another amount, nothing else changed."""
    return body.replace(b"1234.50", b"1234.05")


def another(body: bytes) -> bytes:
    """A new event that looks like this one."""
    return forged(decode_body(body), id=uuid4())


@dataclass(frozen=True)
class Attacker:
    """Acts on one connection of the superuser, inside whatever transaction it is in."""

    connection: Connection

    async def execute(self, statement: str, *values: object) -> None:
        await self.connection.execute(statement, *values)

    async def disarm(self) -> None:
        for table in GUARDED:
            await self.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_is_insert_only")

    async def rearm(self) -> None:
        for table in GUARDED:
            await self.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_is_insert_only")

    async def drop_constraints(self, table: str) -> None:
        """Keys, checks and NOT NULL."""
        for row in await self.connection.fetch(_CONSTRAINTS, table):
            await self.execute(f"ALTER TABLE {table} DROP CONSTRAINT {row['conname']} CASCADE")
        for row in await self.connection.fetch(COLUMNS, table):
            await self.execute(f"ALTER TABLE {table} ALTER COLUMN {row['name']} DROP NOT NULL")

    async def rewrite(self, bodies: Sequence[bytes]) -> None:
        """Puts another history in place of the whole ledger: every column, tile, edge and head recomputed."""
        records = [decode_body(body) for body in bodies]
        await self.execute("TRUNCATE event, tile")
        await self.insert(records)
        await self.recompute([leaf_hash(body) for body in bodies])

    async def insert(self, records: Sequence[Record]) -> None:
        """Rows whose columns say what their bodies say."""
        rows = [tuple(getattr(record, each.name) for each in fields(record)) for record in records]
        await self.connection.copy_records_to_table("event", columns=EVENT_COLUMNS, records=rows)

    async def recompute(self, leaves: Sequence[bytes]) -> None:
        """Makes tiles and head agree with the leaves."""
        await self.execute("DELETE FROM tile")
        for number in range(len(leaves) // TILE_WIDTH):
            part = leaves[number * TILE_WIDTH : (number + 1) * TILE_WIDTH]
            await self.execute("INSERT INTO tile VALUES (0, $1, $2, $3)", number, root_of(part), b"".join(part))
        edge, size = extend_edge((), 0, leaves)
        moment = "coalesce((SELECT max(recorded_at) FROM event), '-infinity')"
        await self.execute(f"UPDATE head SET size = $1, edge = $2, recorded_at = {moment}", size, edge)

    async def sign_anew(self, sign: Callable[[int, bytes, str], str]) -> None:
        """Gives every checkpoint that the history still reaches its new root, and the note that `sign(size, root,
        old note)` makes; removes the others.
        """
        leaves = [leaf_hash(row["body"]) for row in await self.connection.fetch(_SEEN)]
        await self.execute("DELETE FROM checkpoint WHERE size > $1", len(leaves))
        for size, old in await self.connection.fetch("SELECT size, note FROM checkpoint"):
            root = edge_root(extend_edge((), 0, leaves[:size])[0])
            note = sign(size, root, old)
            await self.execute("UPDATE checkpoint SET root = $2, note = $3 WHERE size = $1", size, root, note)

    async def save(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of the ledger's tables."""
        return {table: [tuple(row) for row in await self.connection.fetch(f"TABLE {table}")] for table in TABLES}

    async def restore(self, saved: dict[str, list[tuple[Any, ...]]]) -> None:
        for table, rows in saved.items():
            await self.execute(f"TRUNCATE {table}")
            await self.connection.copy_records_to_table(table, records=rows)


def unsigned(_size: int, root: bytes, old: str) -> str:
    """The old note with another root under its old signature."""
    lines = old.split("\n")
    lines[2] = base64.b64encode(root).decode()
    return "\n".join(lines)


def signed_by(signer: Signer) -> Callable[[int, bytes, str], str]:
    return lambda size, root, _old: signer.sign(Checkpoint(signer.name, size, root))


@dataclass(frozen=True)
class Attack(Attacker):
    """An attack on a sealed ledger that is undone at its end. It is `covered` where no guard is seen switched off."""

    sealed: Sealed
    covered: bool = True

    @asynccontextmanager
    async def undone(self) -> AsyncIterator[None]:
        """What is done inside is undone at its end."""
        part = self.connection.transaction(isolation="repeatable_read")
        await part.start()
        try:
            yield
        finally:
            await part.rollback()

    async def found(self) -> list[Finding]:
        """With all that is kept elsewhere."""
        async with self._as_auditor():
            return await self.sealed.inspected(self.connection)

    async def found_by_checkpoints(self) -> list[Finding]:
        """With the checkpoints that are kept elsewhere."""
        async with self._as_auditor():
            return await self.sealed.inspected_by_checkpoints(self.connection)

    async def found_from_inside(self) -> list[Finding]:
        """With what the database says of itself."""
        async with self._as_auditor():
            return await self.sealed.inspected_from_inside(self.connection)

    @asynccontextmanager
    async def _as_auditor(self) -> AsyncIterator[None]:
        """As the auditors' role; the guards are switched on again meanwhile, so that they give nothing away."""
        async with self.undone():
            if self.covered:
                await self.rearm()
            await self.execute(f'SET LOCAL ROLE "{self.sealed.database.auditor}"')
            yield


@asynccontextmanager
async def attacking(sealed: Sealed, *, covered: bool = True) -> AsyncIterator[Attack]:
    """An attack in a transaction that is rolled back; the ledger is sound again afterwards."""
    connection = await sealed.superuser()
    try:
        attack = Attack(connection, sealed, covered)
        async with attack.undone():
            if covered:
                await attack.disarm()
            yield attack
        assert await sealed.inspected(connection) == []
    finally:
        await connection.close()


def first(found: Sequence[Finding]) -> int | None:
    """The first position that is named; None when none is."""
    return found[0].position if found else None


def told(found: Sequence[Finding]) -> str:
    """The findings, for a message or a search in it."""
    return "\n".join(map(str, found)) or "nothing was found"
