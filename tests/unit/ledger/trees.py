"""A tree in memory for tests of proofs: bodies by number, and tiles stored as a ledger stores them."""

from collections.abc import Sequence

from services.ledger.tree import TILE_WIDTH, Hash, leaf_hash, root_of


def bodies(count: int) -> list[bytes]:
    """`count` bodies that all differ."""
    return [b"body %d" % number for number in range(count)]


class MemorySource:
    """A TreeSource. `reads` lists what was asked for, to hold how much a proof reads."""

    def __init__(self, stored: Sequence[bytes]) -> None:
        self._bodies = stored
        self._tiles: dict[tuple[int, int], list[Hash]] = {}
        self.reads: list[tuple[str, int, int]] = []
        self.bodies_read = 0
        level, hashes = 0, [leaf_hash(body) for body in stored]
        while len(hashes) >= TILE_WIDTH:
            complete = range(len(hashes) // TILE_WIDTH)
            parts = [hashes[n * TILE_WIDTH : (n + 1) * TILE_WIDTH] for n in complete]
            self._tiles |= {(level, n): part for n, part in enumerate(parts)}
            level, hashes = level + 1, [root_of(part) for part in parts]

    async def tile(self, level: int, number: int) -> bytes | None:
        self.reads.append(("tile", level, number))
        found = self._tiles.get((level, number))
        return None if found is None else b"".join(found)

    async def roots(self, level: int, start: int, end: int) -> list[Hash]:
        self.reads.append(("roots", level, start))
        found = (self._tiles.get((level, number)) for number in range(start, end))
        return [root_of(hashes) for hashes in found if hashes is not None]

    async def bodies(self, start: int, end: int) -> list[bytes]:
        self.reads.append(("bodies", start, end))
        self.bodies_read += end - start
        return list(self._bodies[start:end])
