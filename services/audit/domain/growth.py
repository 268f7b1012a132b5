"""How the Merkle tree of a mirrored ledger grows: leaves in; edge, complete tiles and asked roots out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.ledger.tree import TILE_WIDTH, Hash, edge_root, extend_edge


@dataclass(frozen=True, slots=True)
class Growth:
    """The tree after some leaves. `tail` holds the leaf hashes behind the last complete tile, `tiles` the
    new complete tiles of level 0 as (number, hashes), `roots` the tree heads at the sizes that were asked
    for.
    """

    size: int
    edge: list[Hash]
    tail: list[Hash]
    tiles: list[tuple[int, list[Hash]]]
    roots: dict[int, Hash]


def grow(
    size: int, edge: Sequence[Hash], tail: Sequence[Hash], leaves: Sequence[Hash], asked: Collection[int]
) -> Growth:
    """The tree of `size` leaves, grown by `leaves`. `asked` are sizes; those not reached now are left out."""
    stops = sorted(stop for stop in set(asked) if size < stop <= size + len(leaves))
    reached, grown, roots = size, list(edge), {}
    for stop in (*stops, size + len(leaves)):
        grown, reached = extend_edge(grown, reached, leaves[reached - size : stop - size])
        roots[stop] = edge_root(grown)
    wanted = {stop: roots[stop] for stop in stops}
    pending = [*tail, *leaves]
    first = size // TILE_WIDTH
    whole = len(pending) // TILE_WIDTH
    tiles = [(first + at, pending[at * TILE_WIDTH : (at + 1) * TILE_WIDTH]) for at in range(whole)]
    return Growth(reached, grown, pending[whole * TILE_WIDTH :], tiles, wanted)


def dense_run(size: int, positions: Sequence[int]) -> int:
    """How many of these ascending positions follow `size` without a gap."""
    for count, position in enumerate(positions):
        if position != size + count + 1:
            return count
    return len(positions)
