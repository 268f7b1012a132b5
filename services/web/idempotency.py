"""The header Idempotency-Key: a command that is sent again is answered again, not done again.

The key belongs to the person who sends it. The ledger keeps it with the answer, in the transaction of the
command; the same key with another request is refused there.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Header, Request

from services.web.identity import Identity, identify


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """`fingerprint` is the SHA-256 (32 bytes) of method, path, query and body: equal for equal requests."""

    key: str
    actor: str
    fingerprint: bytes


KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern="^[!-~]{1,64}$",
        description="1 to 64 visible ASCII characters: new for each command, kept for repetitions",
    ),
]


async def idempotency_key(
    request: Request, identity: Annotated[Identity, Depends(identify)], key: KeyHeader = None
) -> IdempotencyKey | None:
    """FastAPI dependency: the key of the request, or None when it has none. Reads the whole body."""
    return await key_of(request, identity, key)


async def key_of(request: Request, identity: Identity, key: str | None) -> IdempotencyKey | None:
    """A person's key with the fingerprint of the request; None without a key."""
    return None if key is None else IdempotencyKey(key, identity.person, await fingerprint(request))


async def fingerprint(request: Request) -> bytes:
    """SHA-256 of method, path and query as sent, and body. Reads the whole body."""
    return fingerprint_of(request, await request.body())


def fingerprint_of(request: Request, content: bytes) -> bytes:
    """SHA-256 of method, path and query as sent, and what stands for the body. Their borders are line feeds, which
    method, path and query cannot hold.
    """
    path: bytes = request.scope.get("raw_path") or quote(request.url.path).encode()
    digest = hashlib.sha256()
    query: bytes = request.scope.get("query_string", b"")
    for part in (request.method.encode(), path, query, content):
        digest.update(part + b"\n")
    return digest.digest()
