"""The Merkle tree of a mirrored ledger, read from its tiles and, behind the last complete tile, from its events."""

from __future__ import annotations

from services.ledger.errors import Corrupt
from services.ledger.tree import (
    TILE_WIDTH,
    Hash,
    consistency_path,
    edge_root,
    inclusion_path,
    leaf_hash,
    root_of,
)

from .database import Reader

_BITS_OF_TILE = 8

_LEAVES = """
SELECT body FROM mirrored_event WHERE source = $1 AND position > $2 AND position <= $3 ORDER BY position
"""
_ROOTS = """
SELECT root FROM mirror_tile WHERE source = $1 AND level = $2 AND number >= $3 AND number < $4 ORDER BY number
"""


class MirrorTree:
    """Roots and proofs of one source. Sizes must not exceed the mirror's size; Corrupt is raised where hashes lack."""

    def __init__(self, reader: Reader, source: str) -> None:
        self._reader = reader
        self._source = source

    async def root(self, size: int) -> Hash:
        """The tree head over the first `size` events."""
        return await self._subtree(0, size)

    async def inclusion(self, position: int, size: int) -> list[Hash]:
        """The audit path of the event at `position` (from 1) in the tree of `size` events."""
        return await inclusion_path(position - 1, 0, size, self._subtree)

    async def consistency(self, old: int, new: int) -> list[Hash]:
        """Proof that the tree of `new` events begins with the tree of `old`; raises ValueError unless 0 < old <= new."""
        return await consistency_path(old, new, self._subtree)

    async def hashes(self, level: int, first: int, count: int) -> list[Hash]:
        """`count` hashes of a level of tiles, from `first`: leaf hashes at level 0, roots of 256^level leaves above."""
        if level == 0:
            rows = await self._reader.fetch(_LEAVES, self._source, first, first + count)
            found = [leaf_hash(row["body"]) for row in rows]
        else:
            rows = await self._reader.fetch(_ROOTS, self._source, level - 1, first, first + count)
            found = [row["root"] for row in rows]
        if len(found) != count:
            raise Corrupt(
                f"the mirror of {self._source} lacks hashes {first}..{first + count} of level {level}"
            )
        return found

    async def _subtree(self, start: int, end: int) -> Hash:
        """The root over [start, end), where RFC 6962's splitting starts: `start` is a multiple of a large enough power."""
        edge: list[Hash] = []
        while start < end:
            bits = (end - start).bit_length() - 1
            edge.append(await self._perfect(start, bits))
            start += 1 << bits
        return edge_root(edge)

    async def _perfect(self, start: int, bits: int) -> Hash:
        level, rest = divmod(bits, _BITS_OF_TILE)
        width = TILE_WIDTH**level
        return root_of(await self.hashes(level, start // width, 1 << rest))
