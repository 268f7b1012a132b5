"""Who sends a request: a bearer token (JWT) checked against the issuer's public keys.

Checked are the signature (RS256, ES256 or EdDSA with the key that `kid` names), issuer, audience, expiry
and the start of validity, by real time even where the service's time is simulated. An answer of 401 says
which of these failed and repeats nothing of the token.

    InvalidToken    a token that is not accepted; its text is for the sender
"""

from __future__ import annotations

import hashlib
import warnings
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jws, jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError, SecurityWarning

from services.web.clock import Clock, system_clock
from services.web.jwks import KeyCache, KeysUnavailable
from services.web.problems import Problem

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
LEEWAY_S: Final = 30
ACCEPTED_S: Final = 30
_ACCEPTED_MAX: Final = 4096
_TOKEN_LENGTH_MAX: Final = 8192
_PERSON_LENGTH_MAX: Final = 128
_REALM: Final = 'Bearer realm="grant-ledger"'

# RFC 9864 renames EdDSA to Ed25519; issuers write EdDSA still, and the key alone decides the curve.
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)


class Role(StrEnum):
    """What a person acts as. The value is what stands in the token's claim `roles`."""

    ASSOCIATION = "association"
    OFFICER = "officer"
    DECISION_MAKER = "decision_maker"
    FINANCE = "finance"
    AUDITOR = "auditor"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as the token names them. `association` is the business id that an association's user acts
    for.
    """

    person: str
    roles: frozenset[Role]
    association: str | None = None
    name: str | None = None


class InvalidToken(Exception):
    """A token that is not accepted; the text is for the sender and repeats nothing of the token."""


class TokenVerifier:
    """Turns a token into an Identity. `clock` is the real time; a skew of 30 s between the clocks is
    forgiven. A token that was accepted is not checked again for ACCEPTED_S seconds, or until it expires.
    """

    def __init__(self, keys: KeyCache, *, issuer: str, audience: str, clock: Clock = system_clock) -> None:
        self._keys = keys
        self._clock = clock
        self._accepted: OrderedDict[bytes, tuple[float, Identity]] = OrderedDict()
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(clock().timestamp()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    async def verify(self, token: str) -> Identity:
        """Raises InvalidToken, and KeysUnavailable when no key of the issuer can be had."""
        if len(token) > _TOKEN_LENGTH_MAX:
            raise InvalidToken("The token is too long.")
        digest, now = hashlib.sha256(token.encode()).digest(), self._clock().timestamp()
        until, known = self._accepted.get(digest, (0.0, None))
        if known is not None and now < until:
            return known
        claims = await self._check(token)
        identity = _identity(claims)
        self._accepted[digest] = (min(now + ACCEPTED_S, float(claims["exp"])), identity)
        if len(self._accepted) > _ACCEPTED_MAX:
            self._accepted.popitem(last=False)
        return identity

    async def _check(self, token: str) -> Mapping[str, Any]:
        key = await self._keys.find(_key_id(token))
        if key is None:
            raise InvalidToken("The token is signed with a key that the issuer does not publish.")
        try:
            claims: dict[str, Any] = jwt.decode(token, key, algorithms=ALGORITHMS).claims
            self._claims.validate(claims)
        except JoseError as error:
            raise InvalidToken(_reason(error)) from error
        return claims


def _key_id(token: str) -> str:
    try:
        header: Mapping[str, Any] = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError) as error:
        raise InvalidToken("The token is not a signed JWT.") from error
    if header.get("alg") not in ALGORITHMS:
        raise InvalidToken(f"The token should be signed with one of {', '.join(ALGORITHMS)}.")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise InvalidToken("The token should name its key in the header `kid`.")
    return kid


def _reason(error: JoseError) -> str:
    if isinstance(error, ExpiredTokenError):
        return "The token has expired."
    if isinstance(error, MissingClaimError):
        return f"The token lacks the claim `{error.claim}`."
    if isinstance(error, InvalidClaimError):
        return f"The claim `{error.claim}` of the token is not what this service accepts."
    return "The signature of the token does not hold."


def _identity(claims: Mapping[str, Any]) -> Identity:
    person = claims["sub"]
    if not 0 < len(person) <= _PERSON_LENGTH_MAX:
        raise InvalidToken(f"The claim `sub` should be 1 to {_PERSON_LENGTH_MAX} characters.")
    return Identity(person, _roles(claims.get("roles", [])), _text(claims, "association"), _text(claims, "name"))


def _roles(claimed: object) -> frozenset[Role]:
    """The known ones among the claimed: an issuer serves other systems too, whose roles mean nothing here."""
    if not isinstance(claimed, list) or not all(isinstance(role, str) for role in claimed):
        raise InvalidToken("The claim `roles` should be a list of strings.")
    return frozenset(role for role in Role if role.value in claimed)


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is not None and not (isinstance(value, str) and 0 < len(value) <= _PERSON_LENGTH_MAX):
        raise InvalidToken(f"The claim `{name}` should be 1 to {_PERSON_LENGTH_MAX} characters.")
    return value


bearer: Final = HTTPBearer(auto_error=False, bearerFormat="JWT", scheme_name="bearer")


Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


async def identify(request: Request, credentials: Credentials) -> Identity:
    """FastAPI dependency: the sender of the request. Raises Problem 401 and 503."""
    if credentials is None:
        raise Problem(
            401,
            "token-missing",
            "A token is needed",
            "Send `Authorization: Bearer <token>` with a token of the issuer that this service trusts.",
            headers={"WWW-Authenticate": _REALM},
        )
    verifier: TokenVerifier = request.app.state.verifier
    try:
        return await verifier.verify(credentials.credentials)
    except InvalidToken as error:
        description = str(error).replace("`", "")
        challenge = f'{_REALM}, error="invalid_token", error_description="{description}"'
        raise Problem(
            401,
            "token-invalid",
            "The token is not accepted",
            str(error),
            headers={"WWW-Authenticate": challenge},
        ) from error
    except KeysUnavailable as error:
        raise Problem(
            503,
            "identity-unavailable",
            "Tokens cannot be checked now",
            "The issuer's keys cannot be had at the moment. Try again soon.",
            headers={"Retry-After": "5"},
        ) from error
