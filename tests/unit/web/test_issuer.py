from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from deploy.local.issuer import IssuerRefused, IssuerSettings, create_issuer, jwks_file, load_key, mint
from services.web.clock import system_clock
from services.web.identity import Identity, InvalidToken, Role, TokenVerifier
from services.web.jwks import KeyCache, fetch_from


def embedded(folder: Path) -> IssuerSettings:
    return IssuerSettings(mode="embedded", issuer_folder=folder)


def verifier_of(folder: Path, settings: IssuerSettings) -> TokenVerifier:
    keys = KeyCache(fetch_from(jwks_file(folder).as_uri()))
    return TokenVerifier(keys, issuer=settings.issuer, audience=settings.audience)


async def test_a_token_made_without_a_running_issuer_is_accepted(tmp_path: Path) -> None:
    token = mint(load_key(tmp_path), person="aino", roles=[Role.ASSOCIATION], association="2050864-5", name="Aino")
    identity = await verifier_of(tmp_path, embedded(tmp_path)).verify(token)
    assert identity == Identity("aino", frozenset({Role.ASSOCIATION}), "2050864-5", "Aino")


async def test_a_token_ends_after_an_hour(tmp_path: Path) -> None:
    settings = embedded(tmp_path)
    made = mint(
        load_key(tmp_path),
        person="aino",
        roles=[],
        clock=lambda: system_clock() - timedelta(hours=1, minutes=1),
    )
    with pytest.raises(InvalidToken, match="expired"):
        await verifier_of(tmp_path, settings).verify(made)


async def test_the_issuer_publishes_its_key_and_gives_tokens(tmp_path: Path) -> None:
    settings = embedded(tmp_path)
    transport = httpx.ASGITransport(create_issuer(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8090") as client:
        published = (await client.get("/.well-known/jwks.json")).json()
        answer = (await client.post("/token", json={"person": "olli", "roles": ["officer", "auditor"]})).json()
        wrong = await client.post("/token", json={"person": "", "roles": ["king"], "scope": "all"})
        rebound = await client.get("/.well-known/jwks.json", headers={"Host": "evil.example"})
    assert published == json.loads(jwks_file(tmp_path).read_text(encoding="utf-8"))
    assert "d" not in published["keys"][0]
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    identity = await verifier_of(tmp_path, settings).verify(answer["access_token"])
    assert identity.roles == {Role.OFFICER, Role.AUDITOR}
    assert {error["pointer"] for error in wrong.json()["errors"]} == {"/person", "/roles/0", "/scope"}
    assert rebound.status_code == 400


def test_the_key_is_made_once_however_many_ask_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "issuer"
    with ThreadPoolExecutor(8) as pool:
        kids = {key.kid for key in pool.map(lambda _: load_key(folder), range(16))}
    assert len(kids) == 1
    assert (folder / "issuer-key.json").stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in folder.iterdir()) == ["issuer-key.json", "jwks.json"]


def test_a_damaged_key_is_said(tmp_path: Path) -> None:
    (tmp_path / "issuer-key.json").write_text("{}", encoding="utf-8")
    with pytest.raises(IssuerRefused, match="should hold a private key"):
        load_key(tmp_path)


@pytest.mark.parametrize("mode", [None, "production"])
def test_the_issuer_does_not_start_outside_embedded_mode(tmp_path: Path, mode: str | None) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GRANTS_")}
    environment |= {"GRANTS_ISSUER_FOLDER": str(tmp_path), **({"GRANTS_MODE": mode} if mode else {})}
    ended = subprocess.run(
        [sys.executable, "-m", "deploy.local.issuer"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert ended.returncode == 1
    assert ended.stderr.strip() == "the development issuer runs with GRANTS_MODE=embedded only"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",  # noqa: S104 - refused
        "::",
        "192.168.1.5",
        "county.example",
    ],
)
def test_the_issuer_listens_on_this_machine_only(tmp_path: Path, host: str) -> None:
    with pytest.raises(ValidationError):
        IssuerSettings(mode="embedded", issuer_folder=tmp_path, host=host)
