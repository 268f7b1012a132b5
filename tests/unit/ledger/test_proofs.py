import random
from collections import Counter

import pytest
from scitt_cose import merkle

from services.ledger.errors import Corrupt
from services.ledger.proofs import Proofs, TableSource, TileAddress, verify_consistency, verify_inclusion
from services.ledger.tree import EMPTY_ROOT, TILE_WIDTH, leaf_hash, root_of, tile_path
from tests.unit.ledger.trees import MemorySource, bodies

LARGE = 256 * 256 + 3 * 256 + 77
BODIES = bodies(LARGE)
LEAVES = [leaf_hash(body) for body in BODIES]
SOURCE = MemorySource(BODIES)
PROOFS = Proofs(SOURCE)
ROOTS = {size: root_of(LEAVES[:size]) for size in (1, 2, 255, 256, 257, 512, 1000, 65535, 65536, 65537, LARGE)}


@pytest.mark.parametrize("size", ROOTS)
async def test_roots_from_tiles_equal_roots_from_leaves(size: int) -> None:
    assert await PROOFS.root(size) == ROOTS[size]


async def test_the_root_of_nothing_needs_no_reading() -> None:
    source = MemorySource([])
    assert await Proofs(source).root(0) == EMPTY_ROOT
    assert not source.reads


@pytest.mark.parametrize("stored", [0, 1, 255, 256, 300, 700])
async def test_roots_of_every_size_are_right_while_the_ledger_has_any_number_of_tiles(stored: int) -> None:
    proofs = Proofs(MemorySource(BODIES[:stored]))
    for size in range(1, stored + 1):
        assert await proofs.root(size) == root_of(LEAVES[:size])


async def test_inclusion_proofs_hold_here_and_in_another_implementation() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chooser = random.Random(seed)
    for size in (*range(1, 20), 255, 256, 257, 1000):
        entries = [body.hex() for body in BODIES[:size]]
        root = root_of(LEAVES[:size])
        for position in {1, size, chooser.randint(1, size), chooser.randint(1, size)}:
            path = await PROOFS.inclusion(position, size)
            assert verify_inclusion(LEAVES[position - 1], position, size, path, root)
            hexes = [node.hex() for node in path]
            assert hexes == merkle.inclusion_proof(entries, position - 1)


@pytest.mark.parametrize("size", [65536, 65537, LARGE])
async def test_large_trees_prove_every_kind_of_position(size: int) -> None:
    for position in (1, 256, 257, size // 2, 65536, size):
        path = await PROOFS.inclusion(position, size)
        assert verify_inclusion(LEAVES[position - 1], position, size, path, ROOTS[size])
    for old in (1, 255, 256, 1000, 65535, 65536, size):
        path = await PROOFS.consistency(old, size)
        assert verify_consistency(old, root_of(LEAVES[:old]), size, ROOTS[size], path)


async def test_consistency_holds_between_all_small_sizes() -> None:
    roots = [root_of(LEAVES[:size]) for size in range(41)]
    for new in range(1, 41):
        for old in range(1, new + 1):
            path = await PROOFS.consistency(old, new)
            assert verify_consistency(old, roots[old], new, roots[new], path), (old, new)


async def test_a_proof_reads_each_tile_once_and_at_most_255_bodies() -> None:
    source = MemorySource(BODIES)
    for ask in (
        Proofs(source).inclusion(LARGE - 300, LARGE),
        Proofs(source).inclusion(5, LARGE),
        Proofs(source).consistency(1000, LARGE),
    ):
        source.reads.clear()
        source.bodies_read = 0
        await ask
        assert max(Counter(source.reads).values()) == 1
        assert source.bodies_read <= 255
        assert len(source.reads) < 12


def _wrong_by_one_bit(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]


async def test_an_inclusion_proof_fails_for_anything_changed() -> None:
    path, root, leaf = await PROOFS.inclusion(77, 200), root_of(LEAVES[:200]), LEAVES[76]
    assert verify_inclusion(leaf, 77, 200, path, root)
    for at in range(len(path)):
        assert not verify_inclusion(leaf, 77, 200, [*path[:at], _wrong_by_one_bit(path[at]), *path[at + 1 :]], root)
    assert not verify_inclusion(_wrong_by_one_bit(leaf), 77, 200, path, root)
    assert not verify_inclusion(leaf, 77, 200, path, _wrong_by_one_bit(root))
    assert not verify_inclusion(leaf, 77, 200, path[:-1], root)
    assert not verify_inclusion(leaf, 77, 200, [*path, root], root)
    assert not any(verify_inclusion(leaf, other, 200, path, root) for other in range(-1, 203) if other != 77)


async def test_a_consistency_proof_fails_for_anything_changed() -> None:
    for old, new in ((77, 200), (64, 200), (64, 128)):
        path, before, after = await PROOFS.consistency(old, new), root_of(LEAVES[:old]), root_of(LEAVES[:new])
        assert verify_consistency(old, before, new, after, path)
        for at in range(len(path)):
            changed = [*path[:at], _wrong_by_one_bit(path[at]), *path[at + 1 :]]
            assert not verify_consistency(old, before, new, after, changed)
        assert not verify_consistency(old, _wrong_by_one_bit(before), new, after, path)
        assert not verify_consistency(old, before, new, _wrong_by_one_bit(after), path)
        assert not verify_consistency(old, before, new, after, path[:-1])
        assert not verify_consistency(old, before, new, after, [*path, after])
        assert not verify_consistency(old, before, new, after, [])
        assert not verify_consistency(0, EMPTY_ROOT, new, after, path)
        assert not verify_consistency(new, after, old, before, path)


def test_a_tree_is_consistent_with_itself_by_an_empty_proof_only() -> None:
    assert verify_consistency(5, LEAVES[0], 5, LEAVES[0], [])
    assert not verify_consistency(5, LEAVES[0], 5, LEAVES[1], [])
    assert not verify_consistency(5, LEAVES[0], 5, LEAVES[0], [LEAVES[0]])


async def test_missing_events_are_told_instead_of_proved() -> None:
    with pytest.raises(Corrupt, match="not all there"):
        await Proofs(MemorySource(BODIES[:300])).root(301)


async def test_tiles_complete_and_partial_hold_the_hashes_of_their_level() -> None:
    assert await PROOFS.tile(TileAddress(0, 3)) == b"".join(LEAVES[768:1024])
    assert await PROOFS.tile(TileAddress(0, 3, 10)) == b"".join(LEAVES[768:778])
    assert await PROOFS.tile(TileAddress(0, 256 + 3, 77)) == b"".join(LEAVES[-77:])
    roots = [root_of(LEAVES[n * TILE_WIDTH : (n + 1) * TILE_WIDTH]) for n in range(259)]
    assert await PROOFS.tile(TileAddress(1, 0)) == b"".join(roots[:256])
    assert await PROOFS.tile(TileAddress(1, 1, 3)) == b"".join(roots[256:])
    assert await PROOFS.tile(TileAddress(2, 0, 1)) == root_of(roots[:256])


@pytest.mark.parametrize(
    "address", [TileAddress(0, 259), TileAddress(0, 259, 78), TileAddress(1, 1, 4), TileAddress(2, 0, 2)]
)
async def test_a_tile_that_the_ledger_has_not_reached_is_not_there(address: TileAddress) -> None:
    assert await PROOFS.tile(address) is None


@pytest.mark.parametrize(("level", "number"), [(0, 0), (0, 999), (1, 1000), (0, 1234067), (3, 5)])
def test_paths_of_tiles_are_read_as_they_are_written(level: int, number: int) -> None:
    assert TileAddress.parse(tile_path(level, number)) == TileAddress(level, number)
    assert TileAddress.parse(tile_path(level, number) + ".p/7") == TileAddress(level, number, 7)


@pytest.mark.parametrize(
    "path",
    ["", "tile/0/0", "tile/0/1000", "tile/0/x000/001", "tile/0/001.p/0", "tile/0/001.p/256", "tile/00/001",
     "tile/0/001.p/1/", "tile/-1/001", "tile/0/x001/x001", "tile/0/001/002", "tile/entries/000", "tile/0/٠٠٠"],
)  # fmt: skip
def test_what_is_no_path_of_a_tile_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is no tile"):
        TileAddress.parse(path)


def test_names_of_tables_are_never_more_than_names() -> None:
    with pytest.raises(ValueError, match="no plain name"):
        TableSource(None, events="event; DROP TABLE event")  # type: ignore[arg-type]
