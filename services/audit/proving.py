"""The Merkle tree of a mirrored ledger, as `services.ledger.proofs` reads it."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import asyncpg

from services.ledger.proofs import Proofs, TableSource

Reader: TypeAlias = "asyncpg.Connection[Any] | asyncpg.Pool[Any] | asyncpg.pool.PoolConnectionProxy[Any]"


def tree_of(connection: Reader, source: str) -> TableSource:
    """The stored tiles and bodies of one mirrored ledger."""
    same = cast("asyncpg.Connection[Any]", connection)  # A proxy has what its connection has.
    return TableSource(same, events="mirrored_event", tiles="mirror_tile", ledger=source)


def proofs_of(connection: Reader, source: str) -> Proofs:
    """Roots and proofs of one mirrored ledger."""
    return Proofs(tree_of(connection, source))
