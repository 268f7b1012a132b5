"""The issuer's public keys (JWKS, RFC 7517), fetched when needed and kept.

KeysUnavailable    the keys cannot be fetched and none is known
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

Fetch = Callable[[], Awaitable[bytes]]

_FETCH_TIMEOUT_S: Final = 3.0
_DOCUMENT_BYTES_MAX: Final = 1_000_000
_RSA_BITS_MIN: Final = 2048
_FIRST_INTERVAL_S: Final = 1.0

_log = structlog.get_logger(__name__)


class KeysUnavailable(Exception):
    """The keys cannot be fetched and none is known."""


def fetch_from(url: str) -> Fetch:
    """How to fetch the document at an http(s):// or file:// address. The fetch raises KeysUnavailable."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return lambda: asyncio.to_thread(_read, Path(url2pathname(parts.path)))
    if parts.scheme in {"http", "https"}:
        return lambda: _download(url)
    raise ValueError("the address of the keys should start with https://, http:// or file://")


class KeyCache:
    """Finds a key by its `kid`.

    Keys are fetched at the first need and again after `age_s_max`. An unknown `kid` causes another fetch,
    at most one each `interval_s` (one a second while none is known), so that made-up ids cannot turn this
    service against its issuer. While a fetch fails the known keys serve on, until they are `stale_s_max`
    old: a key that the issuer withdrew must not live for ever.
    """

    def __init__(
        self,
        fetch: Fetch,
        *,
        interval_s: float = 5.0,
        age_s_max: float = 300.0,
        stale_s_max: float = 3600.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._interval_s = interval_s
        self._age_s_max = age_s_max
        self._stale_s_max = stale_s_max
        self._monotonic = monotonic
        self._keys: dict[str, Key] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._lock = asyncio.Lock()

    async def find(self, kid: str) -> Key | None:
        """The key, or None when the issuer does not publish it. Raises KeysUnavailable when no key is known
        at all.
        """
        if kid not in self._keys or self._age_s() > self._age_s_max:
            await self._refresh(kid)
        if not self._keys:
            raise KeysUnavailable("no key of the issuer is known")
        return self._keys.get(kid)

    async def _refresh(self, kid: str) -> None:
        if kid in self._keys and self._lock.locked():
            return  # A known key serves on while another request fetches.
        async with self._lock:
            fresh = kid in self._keys and self._age_s() <= self._age_s_max
            interval_s = self._interval_s if self._keys else min(self._interval_s, _FIRST_INTERVAL_S)
            if fresh or self._since(self._tried_at) < interval_s:
                return
            self._tried_at = self._monotonic()
            try:
                self._keys = parse_keys(await self._fetch())
                self._fetched_at = self._monotonic()
            except KeysUnavailable as error:
                _log.warning("the issuer's keys cannot be fetched", reason=str(error), known=len(self._keys))
                if self._age_s() > self._stale_s_max:
                    self._keys = {}

    def _age_s(self) -> float:
        return self._since(self._fetched_at)

    def _since(self, moment: float | None) -> float:
        return float("inf") if moment is None else self._monotonic() - moment


def parse_keys(document: bytes) -> dict[str, Key]:
    """The signature keys of a JWKS by their `kid`. Keys without one, for encryption, symmetric, too short or
    of an unknown kind are left out, as RFC 7517 asks. Raises KeysUnavailable when this is no JWKS.
    """
    try:
        listed = json.loads(document)["keys"]
        return {key["kid"]: found for key in listed if (found := _parse_key(key)) is not None}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise KeysUnavailable("the document is no JWKS") from error


def _parse_key(data: Mapping[str, Any]) -> Key | None:
    kinds: Mapping[str, type[RSAKey | ECKey | OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    kind = kinds.get(str(data.get("kty")))
    if kind is None or not isinstance(data.get("kid"), str) or data.get("use", "sig") != "sig":
        return None
    try:
        key = kind.import_key(dict(data))
    except (JoseError, ValueError):
        _log.warning("a key of the issuer cannot be read and is left out", kid=data["kid"])
        return None
    if isinstance(key, RSAKey) and key.raw_value.key_size < _RSA_BITS_MIN:
        return None
    return key


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeysUnavailable(f"the file of the keys cannot be read: {error.strerror}") from error


async def _download(url: str) -> bytes:
    try:
        async with httpx.AsyncClient(timeout=_FETCH_TIMEOUT_S, follow_redirects=False) as client:
            response = await client.get(url)
    except httpx.HTTPError as error:
        raise KeysUnavailable(f"the issuer cannot be reached: {type(error).__name__}") from error
    if response.status_code != httpx.codes.OK or len(response.content) > _DOCUMENT_BYTES_MAX:
        raise KeysUnavailable(f"the issuer answered {response.status_code}")
    return response.content
