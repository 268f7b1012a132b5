from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, Key

from services.web.identity import Role, TokenVerifier
from services.web.jwks import KeyCache
from services.web.settings import ServiceSettings
from tests.unit.web import sample

ISSUER = "https://issuer.example"
AUDIENCE = "grant-ledger"
NOW = datetime(2026, 1, 15, 6, 0, tzinfo=UTC)


@dataclass
class Issuer:
    """An issuer by hand: its published document, and how often it was asked for."""

    keys: list[Key] = field(default_factory=lambda: [ECKey.generate_key("P-256", auto_kid=True)])
    fetched: int = 0

    async def fetch(self) -> bytes:
        import json

        self.fetched += 1
        return json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()

    def token(self, *, key: Key | None = None, header: dict[str, Any] | None = None, **changed: Any) -> str:
        """A good token, with these claims changed; None leaves a claim out."""
        signing = key or self.keys[0]
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "p-1",
            "roles": ["officer"],
            "nbf": int(NOW.timestamp()),
            "exp": int((NOW + timedelta(hours=1)).timestamp()),
            **changed,
        }
        head = {"alg": "ES256", "kid": signing.kid, **(header or {})}
        return jwt.encode(
            {name: value for name, value in head.items() if value is not None},
            {name: value for name, value in claims.items() if value is not None},
            signing,
            algorithms=[str(head["alg"])],
        )


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def verifier(issuer: Issuer) -> TokenVerifier:
    return make_verifier(issuer)


def make_verifier(issuer: Issuer) -> TokenVerifier:
    return TokenVerifier(KeyCache(issuer.fetch), issuer=ISSUER, audience=AUDIENCE, clock=lambda: NOW)


@pytest.fixture
def settings(tmp_path: Path) -> ServiceSettings:
    return make_settings(tmp_path)


def make_settings(folder: Path, **changed: Any) -> ServiceSettings:
    key = folder / "key.pem"
    key.touch()
    values: dict[str, Any] = {
        "database_url": "postgresql://notes@127.0.0.1:1/none",
        "schema_name": "notes",
        "kafka_bootstrap": "127.0.0.1:1",
        "signing_key_file": key,
        "county_folder": folder,
        "jwks_url": "file:///nowhere/jwks.json",
        "issuer": ISSUER,
        "audience": AUDIENCE,
        **changed,
    }
    return ServiceSettings(**values)


@pytest.fixture
def app(settings: ServiceSettings, verifier: TokenVerifier) -> FastAPI:
    return sample.make(settings, verifier)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as opened:
        yield opened


def client_of(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://notes.example")


Bearer = Callable[..., dict[str, str]]


@pytest.fixture
def bearer(issuer: Issuer) -> Bearer:
    """Headers with a token of these roles."""

    def make(*roles: Role, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {issuer.token(roles=[role.value for role in roles], **claims)}"}

    return make
