"""Compares a ledger as it stands in its own database with what it has published and signed (promise P5).

Rows are fed in the order of positions. Whatever a superuser changes there shows: a changed body differs from the mirror
and from the signed root, a changed column from the body, a removed row leaves a gap, a cut end misses what was published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from services.ledger.errors import Corrupt
from services.ledger.records import Record, decode_body
from services.ledger.tree import TILE_WIDTH, Hash, edge_root, extend_edge, leaf_hash, root_of

FINDINGS_MAX: Final = 100
"""Findings kept for one ledger; the first ones by position."""

COLUMNS: Final = (
    "position",
    "event_id",
    "stream",
    "version",
    "type",
    "schema_version",
    "recorded_at",
    "actor",
    "correlation",
    "causation",
)
_IN_BODY: Final = (
    "position",
    "id",
    "stream",
    "version",
    "type",
    "schema",
    "recorded_at",
    "actor",
    "correlation",
    "causation",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and where. `position` is None only when the ledger could not be read at all."""

    ledger: str
    position: int | None
    column: str
    what: str


@dataclass(slots=True)
class Comparison:
    """One ledger's comparison. `expected` holds the roots that are signed, by size."""

    ledger: str
    expected: Mapping[int, Hash]
    findings: list[Finding] = field(default_factory=list)
    checked: int = 0
    _last: int = 0
    _whole: bool = True
    _edge: list[Hash] = field(default_factory=list)
    _tail: list[Hash] = field(default_factory=list)
    _tiles: list[tuple[Hash, bytes]] = field(default_factory=list)
    _moment: datetime | None = None

    def row(self, row: Sequence[Any], mirrored: bytes | None) -> None:
        """The next row of the ledger (`RECORD_COLUMNS`), and the body that the mirror has for its position."""
        position, body = row[0], row[-1]
        self._check_order(position, row[6])
        self._last = position
        self.checked += 1
        if mirrored is not None and mirrored != body:
            self._find(position, "body", _other_body(mirrored, body))
        try:
            self._check_columns(row, decode_body(body))
        except Corrupt as error:
            self._find(position, "body", str(error))
        if self._whole:
            self._grow(position, leaf_hash(body))

    def finish(self, size: int, edge: Sequence[Hash], published: int) -> None:
        """After the last row: the head row of the ledger, and the size of the mirror."""
        if self._last < published:
            what = f"the ledger ends at {self._last}, but {published} events were published"
            self._find(self._last + 1, "position", what)
        if size != self._last:
            self._find(
                min(size, self._last) + 1, "head.size", f"the head says {size}, the last is {self._last}"
            )
        elif self._whole and list(edge) != self._edge:
            self._find(self._last, "head.edge", "the head's tree is not the tree of the events")
        signed = max(self.expected, default=0)
        if signed > self._last:
            what = f"the ledger ends at {self._last}, but a checkpoint of {signed} events is signed"
            self._find(self._last + 1, "checkpoint", what)

    def tiles(self, rows: Iterable[tuple[int, int, bytes, bytes]]) -> None:
        """After the last row: the ledger's tiles as (level, number, root, hashes)."""
        if not self._whole:
            return
        found = {(level, number): (root, sha256(hashes).digest()) for level, number, root, hashes in rows}
        for place, (root, digest) in self._own_tiles().items():
            if found.pop(place, None) != (root, digest):
                self._find_tile(place, "is not the tile of the events, or is missing")
        for place in found:
            self._find_tile(place, "lies beyond the events")

    def result(self) -> list[Finding]:
        """The findings by position."""
        return sorted(self.findings, key=lambda finding: finding.position or 0)[:FINDINGS_MAX]

    def _check_order(self, position: int, recorded_at: datetime) -> None:
        if position != self._last + 1:
            what = f"missing: after {self._last} comes {position}"
            self._find(self._last + 1, "position", what)
            self._whole = False
        if self._moment is not None and recorded_at < self._moment:
            self._find(position, "recorded_at", "recorded time goes back here")
        self._moment = recorded_at

    def _check_columns(self, row: Sequence[Any], record: Record) -> None:
        for at, (column, name) in enumerate(zip(COLUMNS, _IN_BODY, strict=True)):
            if row[at] != getattr(record, name):
                self._find(row[0], column, f"the column {column} is not what the hashed body says")

    def _grow(self, position: int, leaf: Hash) -> None:
        self._edge, _ = extend_edge(self._edge, position - 1, (leaf,))
        self._tail.append(leaf)
        if len(self._tail) == TILE_WIDTH:
            self._tiles.append((root_of(self._tail), sha256(b"".join(self._tail)).digest()))
            self._tail.clear()
        signed = self.expected.get(position)
        if signed is not None and signed != edge_root(self._edge):
            self._find(position, "checkpoint", f"the first {position} events are not those that were signed")

    def _own_tiles(self) -> dict[tuple[int, int], tuple[Hash, bytes]]:
        own: dict[tuple[int, int], tuple[Hash, bytes]] = {}
        level, row = 0, self._tiles
        while row:
            own.update({(level, number): tile for number, tile in enumerate(row)})
            roots = [root for root, _ in row]
            wide = range(0, len(roots) - TILE_WIDTH + 1, TILE_WIDTH)
            groups = [roots[at : at + TILE_WIDTH] for at in wide]
            row = [(root_of(group), sha256(b"".join(group)).digest()) for group in groups]
            level += 1
        return own

    def _find_tile(self, place: tuple[int, int], what: str) -> None:
        level, number = place
        self._find(number * TILE_WIDTH ** (level + 1) + 1, "tile", f"tile {level}/{number} {what}")

    def _find(self, position: int, column: str, what: str) -> None:
        if len(self.findings) < 4 * FINDINGS_MAX:
            self.findings.append(Finding(self.ledger, position, column, what))


def _other_body(mirrored: bytes, body: bytes) -> str:
    published, stored = leaf_hash(mirrored).hex()[:16], leaf_hash(body).hex()[:16]
    return (
        f"the body is not the one that was published: its leaf hash is {stored}…, published was {published}…"
    )
