"""The development issuer: gives out tokens for anybody, to anybody on this machine. It stands in for the
county's real identity provider in embedded mode and refuses to start in any other.

    GRANTS_MODE=embedded GRANTS_ISSUER_FOLDER=out/issuer python -m deploy.local.issuer

    GET  /.well-known/jwks.json    its public key
    POST /token                    {"person", "roles", "association"?, "name"?} → {"access_token", ...}

    IssuerRefused    it must not, or cannot, run as it was told to
"""

from __future__ import annotations

import ipaddress
import json
import os
import tempfile
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from fastapi import FastAPI
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.middleware.trustedhost import TrustedHostMiddleware

from deploy.local.errors import LocalServerError
from services.web.clock import Clock, system_clock
from services.web.identity import Role
from services.web.problems import install_problems
from services.web.server import serve
from services.web.telemetry import configure_logging

ALGORITHM: Final = "ES256"
LIFETIME: Final = timedelta(hours=1)
DEFAULT_ISSUER: Final = "http://127.0.0.1:8090"
DEFAULT_AUDIENCE: Final = "grant-ledger"
_KEY_FILE: Final = "issuer-key.json"
_JWKS_FILE: Final = "jwks.json"

ShortText = Annotated[str, Field(min_length=1, max_length=128)]


class IssuerRefused(LocalServerError):
    """The development issuer must not, or cannot, run as it was told to."""


class IssuerSettings(BaseSettings):
    """The issuer's environment: variables with the prefix GRANTS_."""

    model_config = SettingsConfigDict(env_prefix="GRANTS_", frozen=True, extra="ignore")

    mode: Literal["embedded"] = Field(description="No default: the issuer must be told that it may run")
    host: str = "127.0.0.1"
    port: int = Field(default=8090, ge=0, le=65535)
    issuer: str = DEFAULT_ISSUER
    audience: str = DEFAULT_AUDIENCE
    issuer_folder: Path = Field(description="Where the key is kept; made when it is not there")

    @model_validator(mode="after")
    def _listens_on_loopback_only(self) -> Self:
        if self.host != "localhost" and not ipaddress.ip_address(self.host).is_loopback:
            raise ValueError("GRANTS_HOST should be a loopback address: this issuer believes everybody")
        return self


class TokenRequest(BaseModel):
    """Whom the token is for."""

    model_config = ConfigDict(extra="forbid")

    person: ShortText
    roles: list[Role]
    association: ShortText | None = None
    name: ShortText | None = None


class TokenAnswer(BaseModel):
    """As in RFC 6749 section 5.1."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = Field(description="Seconds")


def load_key(folder: Path) -> ECKey:
    """The issuer's key (P-256) in this folder, made with its JWKS at the first call. Raises IssuerRefused
    when the file is damaged. Several processes may call this at the same time: one key wins and all get
    it.
    """
    path = folder / _KEY_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write_new(path, json.dumps(ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True)))
    try:
        key = ECKey.import_key(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, JoseError) as error:
        raise IssuerRefused(f"{path} should hold a private key as JSON: remove it to have a new one made") from error
    _draft(jwks_file(folder), json.dumps(jwks(key))).replace(jwks_file(folder))
    return key


def jwks_file(folder: Path) -> Path:
    """The file that `load_key` writes the public key to, for services that are given a file:// address."""
    return folder / _JWKS_FILE


def jwks(key: ECKey) -> dict[str, object]:
    """The public part of the key as a JWKS (RFC 7517)."""
    published = KeySet([key]).as_dict(private=False, use="sig", alg=ALGORITHM)
    return {"keys": published["keys"]}


def mint(  # noqa: PLR0913 - the claims of a token
    key: ECKey,
    *,
    person: str,
    roles: Collection[Role],
    association: str | None = None,
    name: str | None = None,
    issuer: str = DEFAULT_ISSUER,
    audience: str = DEFAULT_AUDIENCE,
    clock: Clock = system_clock,
    lifetime: timedelta = LIFETIME,
) -> str:
    """A token for this person, valid from now for `lifetime` of real time. Needs no running issuer."""
    now: datetime = clock()
    claims: dict[str, object] = {
        "iss": issuer,
        "aud": audience,
        "sub": person,
        "roles": sorted(role.value for role in roles),
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
    }
    claims |= {claim: value for claim, value in (("association", association), ("name", name)) if value}
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key, algorithms=[ALGORITHM])


def create_issuer(settings: IssuerSettings) -> FastAPI:
    """The issuer's application. Requests under a host name that is not this machine's own are refused, so
    that no web page can reach it through a name of its own (DNS rebinding).
    """
    key = load_key(settings.issuer_folder)
    app = FastAPI(title="Development issuer", version="1", docs_url=None, redoc_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])
    install_problems(app)

    @app.get("/.well-known/jwks.json")
    async def published_keys() -> dict[str, object]:
        return jwks(key)

    @app.post("/token")
    async def token(asked: TokenRequest) -> TokenAnswer:
        return TokenAnswer(
            access_token=mint(
                key,
                person=asked.person,
                roles=asked.roles,
                association=asked.association,
                name=asked.name,
                issuer=settings.issuer,
                audience=settings.audience,
            ),
            expires_in=int(LIFETIME.total_seconds()),
        )

    return app


def main() -> None:
    """Runs the issuer as the environment says. Exits with a sentence when it may not."""
    try:
        settings = IssuerSettings()
        app = create_issuer(settings)
    except ValidationError as error:
        if os.environ.get("GRANTS_MODE") != "embedded":
            raise SystemExit("the development issuer runs with GRANTS_MODE=embedded only") from error
        raise SystemExit(f"the development issuer cannot start: {error}") from error
    except IssuerRefused as error:
        raise SystemExit(f"the development issuer cannot start: {error}") from error
    configure_logging("issuer")
    serve(app, settings.host, settings.port)


def _write_new(path: Path, content: str) -> None:
    """Writes the file, whole or not at all, unless it is there already."""
    draft = _draft(path, content)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _draft(path: Path, content: str) -> Path:
    """A file beside `path`, readable by its owner alone, for taking its place."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    return Path(name)


if __name__ == "__main__":
    main()
