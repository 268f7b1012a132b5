"""The keys of persons: what events hold of somebody is encrypted with a key of their own, and destroying it erases it.

A key (256 bits) is kept wrapped (AES key wrap, RFC 3394) by the county's key-encryption key, in a table that may have a
database of its own: its backups are kept as long as an erasure may take, no longer, for a key that a backup still holds
is not destroyed. The table is no part of the ledger, and no proof depends on it.

    Refused (conflict, person-erased)    something should be sealed for a person whose key was destroyed
    PersonsUnavailable                   nothing can be sealed, opened or destroyed now
    ├── KeysAway                         the keys' database cannot be used
    └── KeyUnusable                      the key-encryption key is missing, malformed, or not the kept keys' own
"""

from __future__ import annotations

import asyncio
import os
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg
import msgspec
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from schemas.personal import Sealed
from schemas.refusals import conflict
from services.ledger.writer import CONNECTION_LOST

log = structlog.get_logger(__name__)

Found = TypeVar("Found")
KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_MAKE: Final = "INSERT INTO person_key (person_id, wrapped, made_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
_WRAPPED: Final = "SELECT wrapped FROM person_key WHERE person_id = $1"
_ALL_WRAPPED: Final = (
    "SELECT person_id, wrapped FROM person_key WHERE person_id = ANY ($1::uuid[]) AND wrapped IS NOT NULL"
)
_DESTROY: Final = """
INSERT INTO person_key (person_id, wrapped, made_at, destroyed_at) VALUES ($1, NULL, $2, $2)
ON CONFLICT (person_id) DO UPDATE SET wrapped = NULL, destroyed_at = coalesce(person_key.destroyed_at, $2)
"""


class PersonsUnavailable(Exception):
    """Nothing that is said of persons can be sealed, opened or destroyed now."""


class KeysAway(PersonsUnavailable):
    """The database of the persons' keys cannot be used. Its own words hold its address: they are this error's cause."""


class KeyUnusable(PersonsUnavailable):
    """The key-encryption key is missing, malformed, or not the one that wrapped the kept keys."""


def load_key_encryption_key(path: Path) -> bytes:
    """The county's key-encryption key: 32 bytes in base64. Raises KeyUnusable."""
    try:
        key = b64decode(path.read_text(encoding="ascii").strip(), validate=True)
    except (OSError, UnicodeDecodeError, NotBase64) as error:
        raise KeyUnusable(f"{path.name} should hold 32 random bytes in base64") from error
    if len(key) != KEY_BYTES:
        raise KeyUnusable(f"{path.name} should hold 32 random bytes in base64, and holds {len(key)}")
    return key


class PersonKeys:
    """Seals and opens what is said of persons. It connects at its first use; `stop` after. All that it does may raise
    PersonsUnavailable, which is logged where it is raised.
    """

    def __init__(self, dsn: str, schema: str, key_encryption_key: bytes, clock: Callable[[], datetime]) -> None:
        self._dsn = dsn
        self._settings = {"search_path": schema, "application_name": f"{schema}-person-keys"}
        self._key = key_encryption_key
        self._clock = clock
        self._pool: asyncpg.Pool[Any] | None = None
        self._opening = asyncio.Lock()

    async def stop(self) -> None:
        if self._pool is not None:
            await self._pool.close()

    async def seal(self, person_id: UUID, details: Mapping[str, str]) -> Sealed:
        """Encrypts what is said of a person, with a new key for a new person. Raises Refused for an erased one."""
        made = aes_key_wrap(self._key, AESGCM.generate_key(KEY_BYTES * 8))
        await self._asked(lambda pool: pool.execute(_MAKE, person_id, made, self._clock()))
        wrapped = await self._asked(lambda pool: pool.fetchval(_WRAPPED, person_id))
        if wrapped is None:
            raise conflict("person-erased", "this person was erased: name them anew under a new id")
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self._unwrap(wrapped)).encrypt(nonce, msgspec.json.encode(details), person_id.bytes)
        return Sealed(person_id=person_id, ciphertext=b64encode(nonce + sealed).decode())

    async def open(self, sealed: Iterable[Sealed]) -> dict[Sealed, Mapping[str, str]]:
        """What was sealed, by its sealed form, read with one statement; without those whose person was erased.

        Raises KeyUnusable when something does not open though its key is there.
        """
        asked = list(sealed)
        persons = list({each.person_id for each in asked})
        rows = await self._asked(lambda pool: pool.fetch(_ALL_WRAPPED, persons))
        keys = {row["person_id"]: self._unwrap(row["wrapped"]) for row in rows}
        return {each: _decrypt(keys[each.person_id], each) for each in asked if each.person_id in keys}

    async def destroy(self, person_id: UUID) -> None:
        """Destroys a person's key, for good; does nothing when that is done."""
        await self._asked(lambda pool: pool.execute(_DESTROY, person_id, self._clock()))

    async def _asked(self, ask: Callable[[asyncpg.Pool[Any]], Awaitable[Found]]) -> Found:
        """What the keys' database answers. Raises KeysAway."""
        try:
            return await ask(await self._connections())
        except (*CONNECTION_LOST, asyncpg.PostgresError) as error:
            log.warning("the database of persons' keys cannot be used", error=type(error).__name__)
            raise KeysAway("the database of persons' keys cannot be used") from error

    async def _connections(self) -> asyncpg.Pool[Any]:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._dsn, server_settings=self._settings, min_size=0, max_size=4, timeout=5
                )
        return self._pool

    def _unwrap(self, wrapped: bytes) -> bytes:
        try:
            return aes_key_unwrap(self._key, wrapped)
        except InvalidUnwrap as error:
            raise _unusable("the key-encryption key is not the one that the persons' keys were wrapped with") from error


def _decrypt(key: bytes, sealed: Sealed) -> Mapping[str, str]:
    raw = b64decode(sealed.ciphertext)
    try:
        plain = AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], sealed.person_id.bytes)
    except InvalidTag as error:
        raise _unusable(f"what is said of person {sealed.person_id} was not sealed with their key") from error
    return msgspec.json.decode(plain, type=dict[str, str])


def _unusable(reason: str) -> KeyUnusable:
    """Somebody has to look at it: the log says so, since whoever asked is told no more than to try later."""
    log.error("persons cannot be opened", reason=reason)
    return KeyUnusable(reason)
