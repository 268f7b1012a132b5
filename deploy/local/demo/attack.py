"""An attacker with superuser rights: changes a payment in the database and recomputes every hash, then puts it back."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import asyncpg

from services.ledger.tree import TILE_WIDTH, edge_root, extend_edge, leaf_hash, root_of

_BODIES = "SELECT body FROM payments.event ORDER BY position"
_VICTIM = """
SELECT position, body FROM payments.event WHERE type = 'payment.booked' ORDER BY position LIMIT 1 OFFSET 3
"""


@dataclass(frozen=True, slots=True)
class Saved:
    """What stood there before."""

    position: int
    body: bytes


async def _rewrite(connection: asyncpg.Connection[Any], position: int, body: bytes) -> None:
    """Writes a body and makes head, tiles and checkpoints agree with it, as somebody would who knows the system."""
    await connection.execute("UPDATE payments.event SET body = $2 WHERE position = $1", position, body)
    leaves = [leaf_hash(row[0]) for row in await connection.fetch(_BODIES)]
    edge, size = extend_edge((), 0, leaves)
    await connection.execute("UPDATE payments.head SET edge = $1 WHERE size = $2", edge, size)
    for number in range(size // TILE_WIDTH):
        hashes = leaves[number * TILE_WIDTH : (number + 1) * TILE_WIDTH]
        await connection.execute(
            "UPDATE payments.tile SET root = $2, hashes = $3 WHERE level = 0 AND number = $1", number, root_of(hashes),
            b"".join(hashes),
        )  # fmt: skip
    for row in await connection.fetch("SELECT size, note FROM payments.checkpoint WHERE size >= $1", position):
        root = edge_root(extend_edge((), 0, leaves[: row["size"]])[0])
        lines = row["note"].split("\n")
        lines[2] = base64.b64encode(root).decode()
        await connection.execute(
            "UPDATE payments.checkpoint SET root = $2, note = $3 WHERE size = $1", row["size"], root, "\n".join(lines)
        )


async def _as_superuser(dsn: str, position: int, body: bytes) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            for table in ("event", "tile", "checkpoint"):
                await connection.execute(f"ALTER TABLE payments.{table} DISABLE TRIGGER ALL")
            await _rewrite(connection, position, body)
            for table in ("event", "tile", "checkpoint"):
                await connection.execute(f"ALTER TABLE payments.{table} ENABLE ALWAYS TRIGGER {table}_is_insert_only")
    finally:
        await connection.close()


async def attack(dsn: str) -> Saved:
    """Moves the decimal point of one booked payment."""
    connection = await asyncpg.connect(dsn)
    try:
        row = await connection.fetchrow(_VICTIM)
    finally:
        await connection.close()
    assert row is not None, "the year has booked payments"
    saved = Saved(row["position"], row["body"])
    before = b'"amount":"'
    place = saved.body.index(before) + len(before)
    digit = b"9" if saved.body[place : place + 1] != b"9" else b"8"
    forged = saved.body[:place] + digit + saved.body[place + 1 :]
    await _as_superuser(dsn, saved.position, forged)
    return saved


async def put_back(dsn: str, saved: Saved) -> None:
    """Restores the bytes as they were."""
    await _as_superuser(dsn, saved.position, saved.body)
