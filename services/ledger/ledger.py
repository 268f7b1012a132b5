"""One service's ledger: what the service and its operators may ask of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from .errors import Corrupt, KeyReused
from .records import RECORD_COLUMNS, Record, record_from_row
from .registers import Document, Entry, Order, Register, Registers, read_one, read_page, read_sorted_page
from .tree import edge_root
from .treekeeper import TreeKeeper
from .units import Appended, Unit
from .writer import Writer

_STREAM = f"SELECT {RECORD_COLUMNS} FROM event WHERE stream = $1 AND position <= $2 ORDER BY version"  # noqa: S608 - the columns are a constant
_STREAMS = f"SELECT {RECORD_COLUMNS} FROM event WHERE stream = ANY ($1::text[]) ORDER BY stream, version"  # noqa: S608 - the columns are a constant
_VERSION = "SELECT coalesce(max(version), 0) FROM event WHERE stream = $1 AND position <= $2"
_ANSWERED = "SELECT fingerprint, response FROM idempotency WHERE actor = $1 AND key = $2"
_TYPES = f"SELECT {RECORD_COLUMNS} FROM event WHERE type = ANY ($1::text[]) AND position <= $2 ORDER BY position"  # noqa: S608 - the columns are a constant
_AFTER = f"SELECT {RECORD_COLUMNS} FROM event WHERE position > $1 ORDER BY position LIMIT $2"  # noqa: S608 - the columns are a constant
_BETWEEN = f"SELECT {RECORD_COLUMNS} FROM event WHERE position > $1 AND position <= $2 ORDER BY position"  # noqa: S608 - the columns are a constant
LAST_POSITION = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Head:
    """Where a ledger stands: how many events, when the last was recorded (None when empty), and the Merkle root."""

    size: int
    recorded_at: datetime | None
    root: bytes


class Ledger:
    """Append and read. `start` before use, `stop` after; both sides of one asyncio loop."""

    def __init__(
        self,
        dsn: str,
        schema: str,
        clock: Callable[[], datetime],
        registers: Sequence[Register] = (),
        *,
        pool_size: int = 8,
    ) -> None:
        self.dsn = dsn
        self.schema = schema
        self.clock = clock
        self.registers = Registers(registers)
        self._settings = {"search_path": schema, "application_name": f"{schema}-ledger"}
        self._pool_size = pool_size
        self._pool: asyncpg.Pool[Any] | None = None
        self.writer = Writer(self.connect, clock, self.registers, TreeKeeper())

    async def connect(self) -> asyncpg.Connection[Any]:
        """A connection of its own, with the ledger's schema in front."""
        return await asyncpg.connect(self.dsn, server_settings=self._settings, timeout=5)

    @property
    def pool(self) -> asyncpg.Pool[Any]:
        """Connections for reading."""
        if self._pool is None:
            raise RuntimeError("the ledger is not started")
        return self._pool

    async def start(self) -> None:
        self._pool = await asyncpg.create_pool(
            self.dsn, server_settings=self._settings, min_size=1, max_size=self._pool_size, timeout=5, reset=_keep
        )
        await self.writer.start()

    async def stop(self) -> None:
        await self.writer.stop()
        if self._pool is not None:
            await self._pool.close()

    async def append(self, unit: Unit) -> Appended:
        """Records a unit; returns once it is durable. Raises VersionConflict, KeyReused, MessageRefused,
        Unavailable.
        """
        return await self.writer.submit(unit)

    async def answered(self, actor: str, key: str, fingerprint: bytes) -> bytes | None:
        """The answer that a command with this idempotency key got; None when there was none. Raises KeyReused when the
        request was another.
        """
        row = await self.pool.fetchrow(_ANSWERED, actor, key)
        if row is None:
            return None
        if row["fingerprint"] != fingerprint:
            raise KeyReused(f"the key {key} was used with another request")
        return bytes(row["response"])

    async def version(self, stream: str, up_to: int = LAST_POSITION) -> int:
        """How many events a stream has up to a position; 0 when there are none."""
        return int(await self.pool.fetchval(_VERSION, stream, up_to))

    async def stream(self, name: str, up_to: int = LAST_POSITION) -> list[Record]:
        """A stream's events up to a position, in order; empty when there are none."""
        return [record_from_row(row) for row in await self.pool.fetch(_STREAM, name, up_to)]

    async def streams(self, names: Sequence[str]) -> dict[str, list[Record]]:
        """The events of several streams by one statement; a stream without events has an empty list."""
        found: dict[str, list[Record]] = {name: [] for name in names}
        for row in await self.pool.fetch(_STREAMS, list(found)):
            record = record_from_row(row)
            found[record.stream].append(record)
        return found

    async def of_types(self, types: Sequence[str], up_to: int = LAST_POSITION) -> list[Record]:
        """All events of some types up to a position, in order."""
        return [record_from_row(row) for row in await self.pool.fetch(_TYPES, list(types), up_to)]

    async def after(self, position: int, limit: int) -> list[Record]:
        """The events after a position, in order; dense, so nothing can appear later in between (P2)."""
        return [record_from_row(row) for row in await self.pool.fetch(_AFTER, position, limit)]

    async def scan(self, after: int = 0, up_to: int = LAST_POSITION, prefetch: int = 2000) -> AsyncIterator[Record]:
        """All events of a range in order, streamed in flat memory. Raises Corrupt at a gap."""
        async with self.pool.acquire() as connection, connection.transaction(readonly=True):
            expected = after
            async for row in connection.cursor(_BETWEEN, after, up_to, prefetch=prefetch):
                expected += 1
                if row[0] != expected:
                    raise Corrupt(f"position {expected} is missing: after {expected - 1} comes {row[0]}")
                yield record_from_row(row)

    async def head(self) -> Head:
        """Where the ledger stands now."""
        row = await self.pool.fetchrow("SELECT size, recorded_at, edge FROM head")
        if row is None:
            raise Corrupt("the ledger has no head row")
        return Head(row["size"], row["recorded_at"] if row["size"] else None, edge_root(row["edge"]))

    async def position_at(self, moment: datetime) -> int:
        """The last position recorded at or before a moment (UTC); 0 where there is none."""
        return int(await self.pool.fetchval("SELECT position_at($1)", moment))

    async def resolve(self, position: int | None = None, moment: datetime | None = None) -> int:
        """The position meant by 'as of': the given one, the one at a moment, else the newest."""
        if position is not None:
            return position
        return (await self.head()).size if moment is None else await self.position_at(moment)

    async def page(
        self,
        register: str,
        position: int,
        *,
        after: str = "",
        where: Document | None = None,
        limit: int = 100,
    ) -> list[Entry]:
        """Documents of a register as of a position, by key, that contain `where`."""
        look_up = self.registers.look_up(register, where or {})
        return await read_page(self.pool, register, position, after=after, where=where, limit=limit, look_up=look_up)

    async def sorted_page(
        self,
        register: str,
        position: int,
        order: Order,
        *,
        after: tuple[str | int, str] | None = None,
        where: Document | None = None,
        limit: int = 100,
    ) -> list[Entry]:
        """Documents of a register as of a position, in one of its orders, that contain `where`; those after the one
        with this place and key.
        """
        return await read_sorted_page(self.pool, register, position, order, after=after, where=where, limit=limit)

    async def entry(self, register: str, key: str, position: int = LAST_POSITION - 1) -> Entry | None:
        """One document of a register as of a position."""
        return await read_one(self.pool, register, key, position)


async def _keep(_connection: object) -> None:
    """Nothing here changes a session, so a connection goes back as it is: resetting it would cost a round trip."""
