"""A ledger that audit watches, and audit itself, on a real database."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit.app import application
from services.audit.handlers import Mirror
from services.audit.settings import AuditSettings
from services.ledger import Checkpoint, Context, Ledger, NewEvent, Record, Signer, StreamWrite, Unit
from services.ledger.checkpointing import Checkpointer
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.post import now
from tests.unit.web.conftest import AUDIENCE, ISSUER, Issuer, make_verifier

MIGRATIONS = Path(__file__).parents[2] / "services" / "audit" / "migrations"
LEDGER = "letters"


@dataclass
class Watched:
    """`source` is what audit calls the ledger: the name of its topic."""

    ledger: Ledger
    signer: Signer
    checkpointer: Checkpointer
    mirror: Mirror
    pool: asyncpg.Pool[Any]
    settings: AuditSettings
    database: FreshDatabase
    source: str

    async def record(self, stream: str, type: str, actor: str = "anna", **data: Any) -> Record:
        """One event after what is in the stream; the record as it was published."""
        version = len(await self.ledger.stream(stream))
        event = NewEvent(type, json.dumps(data).encode())
        await self.ledger.append(Unit(Context(actor, "c-1"), (StreamWrite(stream, version, (event,)),)))
        return (await self.ledger.stream(stream))[-1]

    async def bodies(self) -> list[bytes]:
        return [record.body async for record in self.ledger.scan()]

    async def publish(self) -> None:
        """Hands the mirror all that is recorded and a checkpoint over it, as the broker would."""
        await self.mirror.receive_events(self.source, await self.bodies())
        await self.checkpointer.sign()
        notes = await self.ledger.pool.fetch("SELECT note FROM checkpoint ORDER BY size")
        await self.witness(*(row["note"] for row in notes))

    async def witness(self, *notes: str) -> None:
        await self.mirror.receive_notes(self.source, self.signer.verifier, [note.encode() for note in notes])

    def note(self, size: int, root: bytes) -> str:
        return self.signer.sign(Checkpoint(self.signer.name, size, root))

    async def divergences(self) -> list[tuple[str, int | None, str]]:
        rows = await self.pool.fetch("SELECT source, position, kind FROM divergence ORDER BY number")
        return [(row["source"], row["position"], row["kind"]) for row in rows]

    @asynccontextmanager
    async def client(self, role: Role = Role.AUDITOR) -> AsyncIterator[httpx.AsyncClient]:
        """A client of the running service with a token of this role."""
        issuer = Issuer()
        app, _ = application(self.settings, make_verifier(issuer))
        headers = {"Authorization": f"Bearer {issuer.token(sub='auditor-1', roles=[role.value])}"}
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://audit.example", headers=headers) as client,
        ):
            yield client


@asynccontextmanager
async def watching(
    database: FreshDatabase, source: str = LEDGER, bootstrap: str = "127.0.0.1:1", flavour: str = "embedded"
) -> AsyncIterator[Watched]:
    """A ledger and audit, both started, with nothing recorded. Audit's service is made by `client`."""
    both = await database.all_migrated({LEDGER: [], "audit": [MIGRATIONS]})
    made, audit = both[LEDGER], both["audit"]
    ledger = Ledger(made.service_dsn, made.schema, now, pool_size=4)
    await ledger.start()
    signer = Signer(f"grant-ledger/{source}", Ed25519PrivateKey.generate())
    watched = {"dsn": made.auditor_dsn, "schema": made.schema, "vkey": signer.verifier.vkey()}
    settings = AuditSettings.model_validate(
        {
            "database_url": audit.service_dsn,
            "GRANTS_SCHEMA": audit.schema,
            "kafka_bootstrap": bootstrap,
            "kafka_flavour": flavour,
            "kafka_group": f"audit-{uuid4()}",
            "jwks_url": "file:///nowhere/jwks.json",
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "sources": {source: watched},
        }
    )
    pool = asyncpg.create_pool(audit.service_dsn, server_settings={"search_path": audit.schema}, min_size=1, max_size=4)
    try:
        async with pool:
            mirror = Mirror(pool, now)
            yield Watched(ledger, signer, Checkpointer(ledger, signer), mirror, pool, settings, database, source)
    finally:
        await ledger.stop()
