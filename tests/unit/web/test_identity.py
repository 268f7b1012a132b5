from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from services.web.identity import LEEWAY_S, Identity, InvalidToken, Role, TokenVerifier
from services.web.jwks import KeyCache, KeysUnavailable, fetch_from, parse_keys
from tests.unit.web.conftest import AUDIENCE, ISSUER, NOW, Issuer
from tests.unit.web.test_problems import problem_in


async def test_a_good_token_names_the_person_with_known_roles_and_association(
    issuer: Issuer, verifier: TokenVerifier
) -> None:
    token = issuer.token(roles=["association", "janitor"], association="2050864-5", name="Aino")
    assert await verifier.verify(token) == Identity("p-1", frozenset({Role.ASSOCIATION}), "2050864-5", "Aino")


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (RSAKey.generate_key(2048, auto_kid=True), "RS256"),
        (ECKey.generate_key("P-256", auto_kid=True), "ES256"),
        (OKPKey.generate_key("Ed25519", auto_kid=True), "EdDSA"),
    ],
)
async def test_the_listed_algorithms_are_accepted(
    issuer: Issuer, verifier: TokenVerifier, key: Key, algorithm: str
) -> None:
    issuer.keys.append(key)
    token = issuer.token(key=key, header={"alg": algorithm})
    assert (await verifier.verify(token)).person == "p-1"


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (
            {"iss": "https://elsewhere.example"},
            "The claim `iss` of the token is not what this service accepts.",
        ),
        ({"aud": "other-system"}, "The claim `aud` of the token is not what this service accepts."),
        ({"aud": None}, "The token lacks the claim `aud`."),
        ({"exp": None}, "The token lacks the claim `exp`."),
        ({"exp": "tomorrow"}, "The claim `exp` of the token is not what this service accepts."),
        ({"exp": int((NOW - timedelta(seconds=31)).timestamp())}, "The token has expired."),
        (
            {"nbf": int((NOW + HOUR).timestamp())},
            "The claim `nbf` of the token is not what this service accepts.",
        ),
        ({"sub": None}, "The token lacks the claim `sub`."),
        ({"sub": ["p-1"]}, "The claim `sub` of the token is not what this service accepts."),
        ({"sub": "x" * 129}, "The claim `sub` should be 1 to 128 characters."),
        ({"roles": "officer"}, "The claim `roles` should be a list of strings."),
        ({"association": 5}, "The claim `association` should be 1 to 128 characters."),
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused_with_the_reason(
    issuer: Issuer, verifier: TokenVerifier, changed: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidToken) as refused:
        await verifier.verify(issuer.token(**changed))
    assert str(refused.value) == reason


async def test_an_audience_among_several_is_accepted(issuer: Issuer, verifier: TokenVerifier) -> None:
    assert (await verifier.verify(issuer.token(aud=["other-system", AUDIENCE]))).person == "p-1"


async def test_a_clock_that_is_half_a_minute_off_is_forgiven(issuer: Issuer, verifier: TokenVerifier) -> None:
    assert (await verifier.verify(issuer.token(exp=int((NOW - timedelta(seconds=29)).timestamp())))).person == "p-1"


async def test_a_token_signed_by_another_key_under_a_known_kid_is_refused(
    issuer: Issuer, verifier: TokenVerifier
) -> None:
    forged = issuer.token(key=ECKey.generate_key("P-256"), header={"kid": issuer.keys[0].kid})
    with pytest.raises(InvalidToken, match="The signature of the token does not hold"):
        await verifier.verify(forged)


async def test_the_public_key_does_not_serve_as_a_shared_secret(issuer: Issuer, verifier: TokenVerifier) -> None:
    secret = OctKey.import_key(json.dumps(issuer.keys[0].as_dict(private=False)))
    with pytest.raises(InvalidToken, match="should be signed with one of RS256, ES256, EdDSA"):
        await verifier.verify(issuer.token(key=secret, header={"alg": "HS256", "kid": issuer.keys[0].kid}))


async def test_an_algorithm_that_does_not_belong_to_the_key_is_refused(issuer: Issuer, verifier: TokenVerifier) -> None:
    rsa = RSAKey.generate_key(2048)
    with pytest.raises(InvalidToken):
        await verifier.verify(issuer.token(key=rsa, header={"alg": "RS256", "kid": issuer.keys[0].kid}))


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "e30.e30.", "eyJhbGciOiJub25lIn0.e30.", "é.ü.å", "x" * 9000])
async def test_what_is_no_signed_token_is_refused(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(InvalidToken):
        await verifier.verify(token)


async def test_a_token_without_kid_is_refused(issuer: Issuer, verifier: TokenVerifier) -> None:
    with pytest.raises(InvalidToken, match="should name its key"):
        await verifier.verify(issuer.token(header={"kid": None}))


class Stopwatch:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


async def test_an_unknown_kid_fetches_the_keys_again_but_not_for_every_made_up_one(issuer: Issuer) -> None:
    watch = Stopwatch()
    cache = KeyCache(issuer.fetch, interval_s=5, monotonic=watch)
    assert await cache.find(str(issuer.keys[0].kid))
    new = ECKey.generate_key("P-256", auto_kid=True)
    issuer.keys.append(new)
    for number in range(100):
        assert await cache.find(f"made-up-{number}") is None
    assert issuer.fetched == 1
    watch.seconds += 5
    assert await cache.find(str(new.kid))
    assert issuer.fetched == 2


async def test_known_keys_serve_on_while_the_issuer_is_away_but_not_for_ever(issuer: Issuer) -> None:
    watch = Stopwatch()
    away = False

    async def fetch() -> bytes:
        if away:
            raise KeysUnavailable("away")
        return await issuer.fetch()

    cache = KeyCache(fetch, age_s_max=300, stale_s_max=3600, monotonic=watch)
    kid = str(issuer.keys[0].kid)
    assert await cache.find(kid)
    away = True
    watch.seconds += 3599
    assert await cache.find(kid)
    watch.seconds += 10
    with pytest.raises(KeysUnavailable):
        await cache.find(kid)
    away = False
    watch.seconds += 10
    assert await cache.find(kid)


async def test_a_withdrawn_key_is_gone_after_the_next_fetch(issuer: Issuer) -> None:
    watch = Stopwatch()
    cache = KeyCache(issuer.fetch, age_s_max=300, monotonic=watch)
    old = str(issuer.keys[0].kid)
    assert await cache.find(old)
    issuer.keys[:] = [ECKey.generate_key("P-256", auto_kid=True)]
    watch.seconds += 301
    assert await cache.find(old) is None


@pytest.mark.filterwarnings("ignore:Key size should be")
def test_keys_that_must_not_sign_are_left_out_and_the_others_kept() -> None:
    good = ECKey.generate_key("P-256", auto_kid=True)
    others: list[object] = [
        {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"},
        {"kty": "AKP", "kid": "post-quantum", "pub": "AA"},
        {"kty": "EC", "kid": "damaged", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC", "kid": "half"},
        ECKey.generate_key("P-256").as_dict(private=False),
        RSAKey.generate_key(1024, {"kid": "short"}).as_dict(private=False),
        ECKey.generate_key("P-256", {"kid": "encryption", "use": "enc"}).as_dict(private=False),
    ]
    document = json.dumps({"keys": [*others, good.as_dict(private=False)]}).encode()
    assert list(parse_keys(document)) == [good.kid]


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys": 5}', b'{"keys": [5]}', b"<html>"])
def test_what_is_no_jwks_counts_as_unavailable(document: bytes) -> None:
    with pytest.raises(KeysUnavailable):
        parse_keys(document)


async def test_keys_are_read_from_a_file(tmp_path: Path, issuer: Issuer) -> None:
    path = tmp_path / "keys of ours.json"
    path.write_bytes(await issuer.fetch())
    assert await KeyCache(fetch_from(path.as_uri())).find(str(issuer.keys[0].kid))
    with pytest.raises(KeysUnavailable):
        await KeyCache(fetch_from((tmp_path / "none").as_uri())).find("any")


async def test_a_request_without_token_is_challenged(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/notes")
    problem_in(answer, 401, "token-missing")
    assert answer.headers["www-authenticate"] == 'Bearer realm="grant-ledger"'


@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
async def test_a_refused_token_is_challenged_and_not_repeated(
    client: httpx.AsyncClient, issuer: Issuer, scheme: str
) -> None:
    token = issuer.token(iss="https://elsewhere.example", sub="hidden-person")
    answer = await client.get("/v1/notes", headers={"Authorization": f"{scheme} {token}"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer realm="grant-ledger"')
    for part in (*token.split("."), "hidden-person", "elsewhere"):
        assert part not in answer.text + str(answer.headers)


async def test_without_any_key_tokens_cannot_be_checked_and_the_answer_is_503(
    client: httpx.AsyncClient, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> bytes:
        raise KeysUnavailable("away")

    verifier = TokenVerifier(KeyCache(away), issuer=ISSUER, audience=AUDIENCE, clock=lambda: NOW)
    monkeypatch.setattr(client._transport.app.state, "verifier", verifier)  # type: ignore[attr-defined]
    answer = await client.get("/v1/notes", headers={"Authorization": f"Bearer {issuer.token()}"})
    problem_in(answer, 503, "identity-unavailable")
    assert answer.headers["retry-after"]


async def test_an_accepted_token_is_checked_again_after_half_a_minute_and_ends_when_it_expires(issuer: Issuer) -> None:
    now = NOW
    verifier = TokenVerifier(KeyCache(issuer.fetch), issuer=ISSUER, audience=AUDIENCE, clock=lambda: now)
    token = issuer.token(exp=int((NOW + timedelta(seconds=45)).timestamp()))
    first = await verifier.verify(token)
    assert await verifier.verify(token) is first
    now = NOW + timedelta(seconds=31)
    again = await verifier.verify(token)
    assert (again == first, again is first) == (True, False)
    now = NOW + timedelta(seconds=45 + LEEWAY_S + 1)
    with pytest.raises(InvalidToken):
        await verifier.verify(token)
