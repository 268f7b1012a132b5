"""The Merkle tree of RFC 6962 / RFC 9162, pure: hashes in, hashes out.

A leaf is SHA-256(0x00 ‖ body), a node SHA-256(0x01 ‖ left ‖ right). The *edge* of a tree of n leaves is the list of
roots of its complete subtrees from the largest to the smallest: one for every bit set in n. It is all that
appending needs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from hashlib import sha256

TILE_WIDTH = 256
EMPTY_ROOT = sha256(b"").digest()

# A copy of a hash that has its first byte already costs less than a new one: the library looks up the algorithm anew
# for each, and the bytes need not be joined.
_begin_leaf = sha256(b"\x00").copy
_begin_node = sha256(b"\x01").copy

Hash = bytes
SubtreeRoot = Callable[[int, int], Awaitable[Hash]]


def leaf_hash(body: bytes) -> Hash:
    """SHA-256(0x00 ‖ body)."""
    leaf = _begin_leaf()
    leaf.update(body)
    return leaf.digest()


def node_hash(left: Hash, right: Hash) -> Hash:
    """SHA-256(0x01 ‖ left ‖ right)."""
    node = _begin_node()
    node.update(left + right)
    return node.digest()


def extend_edge(edge: Sequence[Hash], size: int, leaves: Iterable[Hash]) -> tuple[list[Hash], int]:
    """The edge and size after `leaves`; amortised one node hash a leaf."""
    grown = list(edge)
    for leaf in leaves:
        size += 1
        carried = leaf
        bits = size
        while not bits & 1:
            node = _begin_node()
            node.update(grown.pop() + carried)
            carried = node.digest()
            bits >>= 1
        grown.append(carried)
    return grown, size


def edge_root(edge: Sequence[Hash]) -> Hash:
    """The tree head of an edge; SHA-256 of nothing for the empty tree."""
    if not edge:
        return EMPTY_ROOT
    root = edge[-1]
    for subtree in reversed(edge[:-1]):
        root = node_hash(subtree, root)
    return root


def root_of(leaves: Sequence[Hash]) -> Hash:
    """The tree head over leaf hashes."""
    if leaves and not len(leaves) & (len(leaves) - 1):
        return _complete_root(leaves)
    return edge_root(extend_edge((), 0, leaves)[0])


def _complete_root(level: Sequence[Hash]) -> Hash:
    """The tree head over a power of two of leaf hashes, level by level: quicker than leaf by leaf."""
    while len(level) > 1:
        level = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
    return level[0]


def largest_power_below(size: int) -> int:
    """The largest power of two smaller than `size` (size ≥ 2): where RFC 6962 splits a tree."""
    return 1 << (size - 1).bit_length() - 1


async def inclusion_path(index: int, start: int, end: int, subtree: SubtreeRoot) -> list[Hash]:
    """Audit path of leaf `index` (0-based) in the tree over leaves [start, end): RFC 6962 section 2.1.1, leaf to
    root.
    """
    if not start <= index < end:
        raise ValueError(f"leaf {index} is not in the tree over {start}..{end}")
    path: list[Hash] = []
    while end - start > 1:
        middle = start + largest_power_below(end - start)
        if index < middle:
            path.append(await subtree(middle, end))
            end = middle
        else:
            path.append(await subtree(start, middle))
            start = middle
    path.reverse()
    return path


async def consistency_path(old: int, new: int, subtree: SubtreeRoot) -> list[Hash]:
    """Proof that the tree of `new` leaves begins with the tree of `old` leaves: RFC 6962 section 2.1.2."""
    if not 0 < old <= new:
        raise ValueError(f"there is no consistency proof from {old} to {new} leaves: 0 < old <= new is needed")
    if old == new:
        return []
    path: list[Hash] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + largest_power_below(end - start)
        if old <= middle:
            path.append(await subtree(middle, end))
            end = middle
        else:
            path.append(await subtree(start, middle))
            start, whole = middle, False
    if not whole:
        path.append(await subtree(start, end))
    path.reverse()
    return path


def tile_path(level: int, number: int) -> str:
    """The address of a tile by C2SP tlog-tiles: groups of three digits, all but the last with an x before them."""
    groups = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        groups.append(f"x{number % 1000:03d}")
    return f"tile/{level}/" + "/".join(reversed(groups))
