import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scitt_cose import merkle

from services.ledger.tree import (
    EMPTY_ROOT,
    consistency_path,
    edge_root,
    extend_edge,
    inclusion_path,
    leaf_hash,
    root_of,
    tile_path,
)
from tests.unit.ledger.trees import bodies

BODIES = bodies(1000)
LEAVES = [leaf_hash(body) for body in BODIES]
ENTRIES = [body.hex() for body in BODIES]


async def subtree(start: int, end: int) -> bytes:
    return root_of(LEAVES[start:end])


def test_the_root_equals_that_of_another_implementation_at_every_size_up_to_1000() -> None:
    edge: list[bytes] = []
    for size in range(1, 1001):
        edge, _ = extend_edge(edge, size - 1, (LEAVES[size - 1],))
        # The other one needs the whole tree each time: every size up to 300, then every seventh.
        if size <= 300 or size % 7 == 0 or size == 1000:
            assert edge_root(edge).hex() == merkle.merkle_root(ENTRIES[:size]), size


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert EMPTY_ROOT.hex() == merkle.merkle_root([]) == edge_root(()).hex()


@given(st.lists(st.binary(max_size=40), max_size=70), st.integers(0, 70))
def test_extending_in_two_batches_gives_the_edge_of_one(stored: list[bytes], cut: int) -> None:
    leaves = [leaf_hash(body) for body in stored]
    edge, size = extend_edge((), 0, leaves[:cut])
    twice, grown = extend_edge(edge, size, leaves[cut:])
    assert (twice, grown) == extend_edge((), 0, leaves)
    assert len(twice) == len(leaves).bit_count()
    assert edge_root(twice).hex() == merkle.merkle_root([body.hex() for body in stored])


async def test_inclusion_paths_equal_those_of_another_implementation() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chooser = random.Random(seed)
    cases = [(size, index) for size in range(1, 34) for index in range(size)]
    cases += [(size, chooser.randrange(size)) for size in chooser.choices(range(34, 1001), k=60)]
    for size, index in cases:
        ours = await inclusion_path(index, 0, size, subtree)
        assert [node.hex() for node in ours] == merkle.inclusion_proof(ENTRIES[:size], index), (size, index)


async def test_consistency_paths_equal_those_of_another_implementation() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chooser = random.Random(seed)
    cases = [(old, new) for new in range(1, 34) for old in range(1, new + 1)]
    cases += [(chooser.randint(1, new), new) for new in chooser.choices(range(34, 1001), k=60)]
    for old, new in cases:
        ours = await consistency_path(old, new, subtree)
        assert [node.hex() for node in ours] == merkle.consistency_proof(ENTRIES[:new], old, new), (old, new)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
async def test_a_leaf_outside_of_the_tree_has_no_path(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="is not in the tree"):
        await inclusion_path(index, 0, size, subtree)


@pytest.mark.parametrize(("old", "new"), [(0, 5), (6, 5), (-1, 5)])
async def test_there_is_no_consistency_path_from_nothing_or_backwards(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="no consistency proof"):
        await consistency_path(old, new, subtree)


@pytest.mark.parametrize(
    ("level", "number", "path"),
    [
        (0, 0, "tile/0/000"),
        (1, 67, "tile/1/067"),
        (0, 1234067, "tile/0/x001/x234/067"),
        (2, 1000, "tile/2/x001/000"),
    ],
)
def test_tiles_have_the_paths_of_c2sp(level: int, number: int, path: str) -> None:
    assert tile_path(level, number) == path
