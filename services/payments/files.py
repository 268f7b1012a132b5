"""Files of the bank and the back office, kept byte for byte under their SHA-256."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Literal

from services.ledger import Ledger

FileOrigin = Literal["payment_file", "bank_file", "vouchers", "acknowledgement", "postings", "accruals", "receivables"]

_PUT = "INSERT INTO stored_file (sha256, kind, content, stored_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
_GET = "SELECT content FROM stored_file WHERE sha256 = $1"
_GET_MANY = "SELECT sha256, content FROM stored_file WHERE sha256 = ANY ($1::text[])"


class Files:
    """The store of one ledger's database. What is stored twice is there once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def put(self, origin: FileOrigin, content: bytes) -> str:
        """Stores bytes durably, before any event names them; returns their SHA-256 in hex."""
        digest = sha256(content).hexdigest()
        await self._ledger.pool.execute(_PUT, digest, origin, content, self._ledger.clock())
        return digest

    async def get(self, digest: str) -> bytes | None:
        """The bytes under a SHA-256, or None."""
        content: bytes | None = await self._ledger.pool.fetchval(_GET, digest)
        return content

    async def get_many(self, digests: Sequence[str]) -> dict[str, bytes]:
        """The bytes under several SHA-256s, by one statement."""
        return {row["sha256"]: row["content"] for row in await self._ledger.pool.fetch(_GET_MANY, list(digests))}
