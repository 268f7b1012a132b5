"""Proofs out of what is stored: subtree roots from complete tiles, and from at most 255 bodies for the
incomplete rest.

Leaf i of the tree (0-based, as in RFC 9162) is the event at position i + 1. What is read comes through a
`TreeSource`, so that the same proofs can be made from a ledger and from a mirror of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import asyncpg

from .errors import Corrupt
from .tree import (
    EMPTY_ROOT,
    TILE_WIDTH,
    Hash,
    consistency_path,
    inclusion_path,
    largest_power_below,
    leaf_hash,
    node_hash,
    root_of,
)

HASH_BYTES = 32
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?")
_TILE_PATH = re.compile(r"(?:tile/)?(\d{1,2})/((?:x\d{3}/)*\d{3})(?:\.p/(\d{1,3}))?", re.ASCII)


class TreeSource(Protocol):
    """Where tiles and bodies come from. Numbers of tiles and leaves are 0-based, `end` is exclusive."""

    async def tile(self, level: int, number: int) -> bytes | None:
        """The 256 hashes of a complete tile, one after another; None when it is not complete."""

    async def roots(self, level: int, start: int, end: int) -> Sequence[Hash]:
        """The roots of the complete tiles [start, end) of a level, in order; fewer when some lack."""

    async def bodies(self, start: int, end: int) -> Sequence[bytes]:
        """The bodies of leaves [start, end), in order; fewer when some lack."""


class TableSource:
    """Reads from tables with the columns of `tile` and `event`. With `ledger`, only rows whose column
    `ledger_column` says so: for a mirror that keeps several ledgers in one table.
    """

    def __init__(
        self,
        connection: asyncpg.Connection[Any] | asyncpg.Pool[Any],
        *,
        events: str = "event",
        tiles: str = "tile",
        ledger: str | None = None,
        ledger_column: str = "source",
    ) -> None:
        for name in (events, tiles, ledger_column):
            if _IDENTIFIER.fullmatch(name) is None:
                raise ValueError(f"{name!r} is no plain name of a table or column")
        self._connection = connection
        self._ledger = () if ledger is None else (ledger,)
        # The names were checked above; values travel as parameters.
        mine = "" if ledger is None else f" AND {ledger_column} = $%d"
        self._tile = f"SELECT hashes FROM {tiles} WHERE level = $1 AND number = $2" + (mine and mine % 3)  # noqa: S608
        self._roots = (
            f"SELECT root FROM {tiles} WHERE level = $1 AND number >= $2 AND number < $3"  # noqa: S608
            + (mine and mine % 4)
            + " ORDER BY number"
        )
        self._bodies = (
            f"SELECT body FROM {events} WHERE position > $1 AND position <= $2"  # noqa: S608
            + (mine and mine % 3)
            + " ORDER BY position"
        )

    async def tile(self, level: int, number: int) -> bytes | None:
        hashes: bytes | None = await self._connection.fetchval(self._tile, level, number, *self._ledger)
        return hashes

    async def roots(self, level: int, start: int, end: int) -> list[Hash]:
        rows = await self._connection.fetch(self._roots, level, start, end, *self._ledger)
        return [row[0] for row in rows]

    async def bodies(self, start: int, end: int) -> list[bytes]:
        rows = await self._connection.fetch(self._bodies, start, end, *self._ledger)
        return [row[0] for row in rows]


@dataclass(frozen=True, slots=True)
class TileAddress:
    """A tile of C2SP tlog-tiles: `width` is 256 for a complete tile, else that of the partial one."""

    level: int
    number: int
    width: int = TILE_WIDTH

    @classmethod
    def parse(cls, path: str) -> TileAddress:
        """From `tile/<L>/<N>[.p/<W>]`, the leading `tile/` may be missing; raises ValueError."""
        match = _TILE_PATH.fullmatch(path)
        if match is None:
            raise ValueError(f"{path!r} is no tile: tile/<level>/<number>[.p/<width>] is expected")
        level, number, width = match.groups()
        address = cls(int(level), int(number.replace("x", "").replace("/", "")), int(width or TILE_WIDTH))
        widest = TILE_WIDTH if width is None else TILE_WIDTH - 1
        if not 1 <= address.width <= widest or (number.startswith("x000") or str(address.level) != level):
            raise ValueError(f"{path!r} is no tile: the width is 1 to 255, and numbers have no needless zeros")
        return address


class Proofs:
    """Roots, inclusion and consistency proofs. Each call reads a tile at most once, and forgets it then."""

    def __init__(self, source: TreeSource) -> None:
        self._source = source

    async def root(self, size: int) -> Hash:
        """The tree head over the first `size` events. Raises Corrupt when some of them are not there."""
        return EMPTY_ROOT if size == 0 else await _Reading(self._source, size).subtree(0, size)

    async def inclusion(self, position: int, size: int) -> list[Hash]:
        """Proof that the event at `position` is in the tree over the first `size`, leaf to root (RFC 9162,
        2.1.3.1). Raises ValueError when it is outside of that tree, Corrupt when events are missing.
        """
        return await inclusion_path(position - 1, 0, size, _Reading(self._source, size).subtree)

    async def consistency(self, old: int, new: int) -> list[Hash]:
        """Proof that the tree of `new` events begins with that of `old` (RFC 9162, 2.1.4.1); 0 < old <= new,
        else ValueError.
        """
        return await consistency_path(old, new, _Reading(self._source, new).subtree)

    async def tile(self, address: TileAddress) -> bytes | None:
        """The bytes of a tile, complete or partial; None while the ledger has not come so far."""
        start = address.number * TILE_WIDTH
        stored = await self._source.tile(address.level, address.number)
        if stored is not None:
            return stored[: address.width * HASH_BYTES]
        if address.width == TILE_WIDTH:
            return None
        if address.level:
            hashes = await self._source.roots(address.level - 1, start, start + address.width)
        else:
            hashes = [leaf_hash(body) for body in await self._source.bodies(start, start + address.width)]
        return b"".join(hashes) if len(hashes) == address.width else None


class _Reading:
    """One call's view: each tile, complete or not, is read once."""

    def __init__(self, source: TreeSource, size: int) -> None:
        self._source = source
        self._size = size
        self._hashes: dict[tuple[int, int], list[Hash]] = {}

    async def subtree(self, start: int, end: int) -> Hash:
        """The root over leaves [start, end), where `start` is a multiple of the next power of two of the
        length.
        """
        width = end - start
        if width & (width - 1):
            middle = start + largest_power_below(width)
            return node_hash(await self.subtree(start, middle), await self.subtree(middle, end))
        height = width.bit_length() - 1
        level = max(0, (height - 1) // 8)
        unit = TILE_WIDTH**level
        first, last = start // unit, end // unit
        hashes = await self._tile(level, first // TILE_WIDTH)
        offset = first % TILE_WIDTH
        chosen = hashes[offset : offset + last - first]
        if len(chosen) != last - first:
            raise Corrupt(f"positions {start + 1} to {end} are not all there: the ledger or its tiles have gaps")
        return root_of(chosen)

    async def _tile(self, level: int, number: int) -> list[Hash]:
        known = self._hashes.get((level, number))
        if known is None:
            known = self._hashes[level, number] = await self._load(level, number)
        return known

    async def _load(self, level: int, number: int) -> list[Hash]:
        start = number * TILE_WIDTH
        end = min(start + TILE_WIDTH, self._size // TILE_WIDTH**level)
        stored = await self._source.tile(level, number)
        if stored is not None:
            if len(stored) != TILE_WIDTH * HASH_BYTES:
                raise Corrupt(f"tile {level}/{number} holds {len(stored)} bytes, not {TILE_WIDTH * HASH_BYTES}")
            return [stored[at : at + HASH_BYTES] for at in range(0, len(stored), HASH_BYTES)]
        if level:
            return list(await self._source.roots(level - 1, start, end))
        return [leaf_hash(body) for body in await self._source.bodies(start, end)]


def verify_inclusion(leaf: Hash, position: int, size: int, path: Sequence[Hash], root: Hash) -> bool:
    """Whether `path` proves that the event at `position` with this leaf hash is in the tree: RFC 9162,
    2.1.3.2.
    """
    if not 0 < position <= size:
        return False
    index, last, computed = position - 1, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if index & 1 or index == last:
            computed = node_hash(sibling, computed)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and computed == root


def verify_consistency(old: int, old_root: Hash, new: int, new_root: Hash, path: Sequence[Hash]) -> bool:
    """Whether `path` proves that the tree of `new` events begins with that of `old`: RFC 9162, 2.1.4.2.

    Nothing is proved from the empty tree (`old` = 0), which every tree begins with: answers False.
    """
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not hashes:
        return False
    index, last = old - 1, new - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    before = after = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root
