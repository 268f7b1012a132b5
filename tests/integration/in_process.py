"""One service of its own database in the test's process: its composition as it is, with only the ledger started. What
other services would publish is given as facts.
"""

from __future__ import annotations

import importlib
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import FastAPI

from schemas.facts import Fact
from services.decisions.settings import DecisionsSettings
from services.intake.settings import IntakeSettings
from services.ledger import Context, Ledger, StreamWrite, Unit
from services.payments.settings import PaymentsSettings
from services.web.county import load_county
from services.web.handling import event_of
from services.web.identity import Role
from services.web.settings import ServiceSettings
from tests.infrastructure.databases import FreshDatabase
from tests.unit.given import COUNTY_FOLDER
from tests.unit.web.conftest import AUDIENCE, ISSUER, Issuer, make_verifier

SERVICES = Path(__file__).parents[2] / "services"
SETTINGS: dict[str, type[ServiceSettings]] = {
    "intake": IntakeSettings,
    "decisions": DecisionsSettings,
    "payments": PaymentsSettings,
}
ASSOCIATION = "2050864-5"
# The county's data never changes once it is read, and reading it takes 0.1 s.
county_in = cache(load_county)
UNKNOWN = "019b7a1e-8c00-7000-8000-0000000000ff"


@dataclass
class InProcess:
    """A started service. Its time stands where `at` set it and runs on from there."""

    app: FastAPI
    ledger: Ledger
    client: httpx.AsyncClient
    issuer: Issuer
    clock_file: Path
    folder: Path

    def at(self, moment: datetime) -> None:
        """Sets the service's time."""
        set_clock(self.clock_file, moment)

    def token(self, *roles: Role, person: str = "anna", association: str | None = None) -> dict[str, str]:
        """The header of a token."""
        claims: dict[str, Any] = {"sub": person, "roles": [role.value for role in roles], "association": association}
        return {"Authorization": f"Bearer {self.issuer.token(**claims)}"}

    async def given(self, stream: str, *facts: Fact) -> None:
        """These facts are on a stream, after what is there."""
        version = len(await self.ledger.stream(stream))
        write = StreamWrite(stream, version, tuple(event_of(fact) for fact in facts))
        await self.ledger.append(Unit(Context("given", "given"), (write,)))

    async def size(self) -> int:
        """How many events the ledger has."""
        return (await self.ledger.head()).size

    async def types(self) -> list[str]:
        """The types of all events, in their order."""
        return [record.type async for record in self.ledger.scan()]


def set_clock(file: Path, moment: datetime) -> None:
    """Sets a simulated clock."""
    content = {"simulated": moment.isoformat(), "set_at": datetime.now(UTC).isoformat()}
    file.write_text(json.dumps(content), encoding="utf-8")


def settings_of(name: str, dsn: str, folder: Path, moment: datetime) -> ServiceSettings:
    """The settings of a service in a test's folder, with a new signing key and a simulated clock."""
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(key)
    (folder / "persons.key").write_text(b64encode(bytes(range(32))).decode(), encoding="ascii")
    set_clock(folder / "clock.json", moment)
    values: dict[str, Any] = {
        "mode": "embedded", "database_url": dsn, "GRANTS_SCHEMA": name, "kafka_bootstrap": "127.0.0.1:1",
        "signing_key_file": folder / "key.pem", "county_folder": COUNTY_FOLDER, "issuer": ISSUER,
        "audience": AUDIENCE, "jwks_url": "file:///nowhere/jwks.json", "clock_file": folder / "clock.json",
        "bank_outbox": folder / "outbox", "key_encryption_key_file": folder / "persons.key",
        "attachments_url": (folder / "attachments").as_uri(), "scratch_folder": folder,
    }  # fmt: skip
    return SETTINGS[name].model_validate(values)


def composed(name: str, settings: ServiceSettings) -> tuple[FastAPI, Ledger]:
    """The service's own composition, and the ledger in it."""
    module = importlib.import_module(f"services.{name}.app")
    made: list[Ledger] = []

    def keep(*arguments: Any) -> Ledger:
        made.append(original(*arguments))
        return made[-1]

    original = module.ledger_of
    with mock.patch.multiple(module, ledger_of=keep, load_county=county_in):
        app, _ = module.application(settings)
    return app, made[0]


@asynccontextmanager
async def in_process(name: str, database: FreshDatabase, folder: Path, moment: datetime) -> AsyncIterator[InProcess]:
    """A service with an empty ledger."""
    made = await database.migrated(name, SERVICES / name / "migrations")
    app, ledger = composed(name, settings_of(name, made.service_dsn, folder, moment))
    issuer = Issuer()
    app.state.verifier = make_verifier(issuer)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    await ledger.start()
    try:
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{name}.example") as client:
            yield InProcess(app, ledger, client, issuer, folder / "clock.json", folder)
    finally:
        await ledger.stop()


def identity(number: int) -> str:
    return f"019b7a1e-8c00-7000-8000-{number:012x}"


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The problem document, which must be of this status and kind."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"urn:grant-ledger:problem:{slug}", document
    return document


def pointers(document: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in document["errors"]]
