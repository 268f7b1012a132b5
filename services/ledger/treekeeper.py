"""Keeps the Merkle tree of a ledger in step with its events, inside the append's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from .tree import TILE_WIDTH, Hash, extend_edge, leaf_hash, root_of

_TAIL = "SELECT body FROM event WHERE position > $1 AND position <= $2 ORDER BY position"
_TILE = "INSERT INTO tile (level, number, root, hashes) VALUES ($1, $2, $3, $4)"
_ROOTS = "SELECT root FROM tile WHERE level = $1 AND number >= $2 AND number < $3 ORDER BY number"


class TreeKeeper:
    """Extends the edge by a batch's bodies and stores each tile that becomes complete.

    The leaf hashes since the last complete tile are kept in memory; when another replica has appended meanwhile
    (the size
    is not the remembered one) they are made again from the at most 255 bodies concerned. What is remembered of an
    uncommitted batch counts only once `commit` was called.
    """

    def __init__(self) -> None:
        self._size = -1
        self._tail: list[Hash] = []
        self._next: tuple[int, list[Hash]] | None = None

    async def extend(
        self, connection: asyncpg.Connection[Any], size: int, edge: Sequence[Hash], bodies: Sequence[bytes]
    ) -> list[Hash]:
        """The edge after `bodies`; tiles that became complete are inserted on `connection`."""
        tail = list(self._tail) if size == self._size else await self._load(connection, size)
        leaves = [leaf_hash(body) for body in bodies]
        number, width = divmod(size, TILE_WIDTH)
        # The edge's last subtrees lie in the tile that is not complete: growing them apart gives the tile's root, and
        # no node is hashed twice.
        border = len(edge) - width.bit_count()
        outer, inner = list(edge[:border]), list(edge[border:])
        added = 0
        while added < len(leaves):
            part = leaves[added : added + TILE_WIDTH - width]
            inner, width = extend_edge(inner, width, part)
            tail += part
            added += len(part)
            if width == TILE_WIDTH:
                await self._store(connection, 0, number, inner[0], tail)
                outer, number = extend_edge(outer, number, inner)
                inner, width, tail = [], 0, []
        self._next = (size + len(leaves), tail)
        return outer + inner

    def commit(self) -> None:
        """The batch of the last `extend` is in the ledger."""
        if self._next is not None:
            self._size, self._tail = self._next
            self._next = None

    async def _load(self, connection: asyncpg.Connection[Any], size: int) -> list[Hash]:
        rows = await connection.fetch(_TAIL, size - size % TILE_WIDTH, size)
        return [leaf_hash(row["body"]) for row in rows]

    async def _store(
        self, connection: asyncpg.Connection[Any], level: int, number: int, root: Hash, hashes: Sequence[Hash]
    ) -> None:
        await connection.execute(_TILE, level, number, root, b"".join(hashes))
        if (number + 1) % TILE_WIDTH == 0:
            first = number + 1 - TILE_WIDTH
            roots = [row["root"] for row in await connection.fetch(_ROOTS, level, first, number + 1)]
            await self._store(connection, level + 1, first // TILE_WIDTH, root_of(roots), roots)
