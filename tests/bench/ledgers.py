"""Ledgers for measuring, each in a database of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from deploy.local.postgres import PostgresServer
from deploy.local.service_database import ServiceDatabase
from schemas.samples import SAMPLES
from services.ledger import Context, Ledger, NewEvent, Register, StreamWrite, Unit, migrate
from services.ledger.treekeeper import TreeKeeper
from services.ledger.writer import Writer
from tests.bench.contest import Act
from tests.infrastructure.databases import FreshDatabase

CONTEXT: Final = Context("person:anna", "affair-1")
EVENT_TYPE: Final = "application.submitted"
EVENT_SCHEMA: Final = max(version for name, version in SAMPLES if name == EVENT_TYPE)
CONTENT: Final = dict(SAMPLES[EVENT_TYPE, EVENT_SCHEMA])
SERVICES: Final = Path(__file__).parents[2] / "services"
DATA: Final = msgspec.json.encode(CONTENT)


def now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Opened:
    """A ledger, started, with the addresses of its database."""

    ledger: Ledger
    database: ServiceDatabase
    superuser_dsn: str


@asynccontextmanager
async def fresh_ledger(
    server: PostgresServer,
    registers: Sequence[Register] = (),
    *,
    name: str = "bench",
    tree: Callable[[], TreeKeeper] = TreeKeeper,
) -> AsyncIterator[Opened]:
    """An empty ledger, with what the service of that name adds to it; its database is dropped afterwards."""
    fresh = FreshDatabase(server)
    made = await fresh.service(name)
    own = [folder for folder in (SERVICES / name / "migrations",) if folder.is_dir()]
    await asyncio.to_thread(migrate, made.owner_dsn, made.schema, own)
    ledger = Ledger(made.service_dsn, made.schema, now, registers)
    ledger.writer = Writer(ledger.connect, now, ledger.registers, tree())
    await ledger.start()
    try:
        yield Opened(ledger, made, fresh.superuser_dsn)
    finally:
        await ledger.stop()
        await fresh.drop()


def appending(ledger: Ledger) -> Act:
    """Appends one event to a new stream, whose version is checked."""

    async def append() -> None:
        event = NewEvent(EVENT_TYPE, DATA, EVENT_SCHEMA)
        await ledger.append(Unit(CONTEXT, (StreamWrite(f"application/{event.id}", 0, (event,)),)))

    return append
