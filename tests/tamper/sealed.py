"""A real ledger whose history, checkpoints and key are also kept elsewhere, as a mirror would keep them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.local.service_database import ServiceDatabase
from services.ledger import Checkpoint, Context, Ledger, NewEvent, Signer, StreamWrite, Unit
from services.ledger.checkpointing import Checkpointer
from services.ledger.inspection import Finding, inspect, leaves_of
from tests.infrastructure.databases import FreshDatabase

LEDGER = "letters"
SIZE = 600
SIGNED_EARLIER = 300
STREAMS = 7
EACH = 10
START = datetime(2026, 1, 15, 6, tzinfo=UTC)


@dataclass(frozen=True)
class Sealed:
    """A ledger of 600 events: two complete tiles and a tail of 88; checkpoints at 300 and 600.

    `bodies`, `notes` (by size) and `signer` are what is known of it outside of its database.
    """

    database: ServiceDatabase
    superuser_dsn: str
    signer: Signer
    bodies: Sequence[bytes]
    notes: dict[int, str]

    def checkpoints(self) -> list[Checkpoint]:
        return [self.signer.verifier.open(note) for note in self.notes.values()]

    async def superuser(self) -> asyncpg.Connection[Any]:
        return await asyncpg.connect(self.superuser_dsn, server_settings={"search_path": self.database.schema})

    async def inspected(self, connection: asyncpg.Connection[Any]) -> list[Finding]:
        """What is found with what is kept elsewhere."""
        leaves = leaves_of(_each(self.bodies))
        return await inspect(
            connection, checkpoints=self.checkpoints(), leaves=leaves, verifier=self.signer.verifier
        )  # fmt: skip

    async def inspected_by_checkpoints(self, connection: asyncpg.Connection[Any]) -> list[Finding]:
        """What is found by whoever kept the checkpoints and nothing else."""
        return await inspect(connection, checkpoints=self.checkpoints(), verifier=self.signer.verifier)

    async def inspected_from_inside(self, connection: asyncpg.Connection[Any]) -> list[Finding]:
        """What is found by whoever has the database and the public key alone."""
        return await inspect(connection, verifier=self.signer.verifier)


async def _each(bodies: Sequence[bytes]) -> AsyncIterator[bytes]:
    for body in bodies:
        yield body


def unit(number: int, version: int) -> Unit:
    """Ten letters to one of seven people; every second unit has a cause."""
    letters = tuple(
        NewEvent("letter.sent", b'{"number":%d,"amount":"1234.50 EUR"}' % (number * EACH + at)) for at in range(EACH)
    )
    cause = f"cause-{number}" if number % 2 else None
    context = Context(f"person:{number % 3}", f"affair-{number}", cause)
    return Unit(context, (StreamWrite(f"letter/{number % STREAMS}", version, letters),))


async def fill(ledger: Ledger, checkpointer: Checkpointer) -> None:
    """Appends 600 events; signs at 300 and at the end."""
    for number in range(SIZE // EACH):
        await ledger.append(unit(number, number // STREAMS * EACH))
        if (number + 1) * EACH in {SIGNED_EARLIER, SIZE}:
            await checkpointer.sign()


async def seal(database: FreshDatabase, fill: Callable[[Ledger, Checkpointer], Awaitable[None]] = fill) -> Sealed:
    """Makes the ledger in a database of its own."""
    made = await database.migrated(LEDGER)
    ticks = count()
    ledger = Ledger(made.service_dsn, made.schema, lambda: START + timedelta(seconds=next(ticks)), pool_size=1)
    signer = Signer(f"grant-ledger/{LEDGER}", Ed25519PrivateKey.generate())
    await ledger.start()
    try:
        await fill(ledger, Checkpointer(ledger, signer))
        bodies = [record.body async for record in ledger.scan()]
        notes = {row["size"]: row["note"] for row in await ledger.pool.fetch("SELECT size, note FROM checkpoint")}
    finally:
        await ledger.stop()
    return Sealed(made, database.superuser_dsn, signer, bodies, dict(sorted(notes.items())))
