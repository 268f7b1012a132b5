"""P2: whoever has seen position n has seen everything before it. With plain sequence numbers that does not hold."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import asyncpg
import pytest

from services.ledger import Context, Ledger, NewEvent, StreamWrite, Unit
from tests.infrastructure.databases import FreshDatabase
from tests.integration.post import ledger_of

WRITERS = 8
EVENTS_EACH = 25
READ_DEADLINE_S = 60.0

# Commits of some transactions take longer than those of others: the same for the plain table and for the ledger.
_SLOW_COMMITS = """
CREATE FUNCTION commit_slowly() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(random() * 0.02); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION commit_slowly();
"""
_PLAIN = "CREATE TABLE letters.plain (position bigserial PRIMARY KEY, name text NOT NULL)"


@dataclass
class Reading:
    """What a reader saw: it asks for positions greater than the last one, and never looks back."""

    seen: list[int]
    last: int = 0

    async def follow(self, read: Callable[[int], Awaitable[list[int]]], done: asyncio.Event) -> None:
        """Reads until nothing more comes after `done`."""
        async with asyncio.timeout(READ_DEADLINE_S):
            while True:
                finished = done.is_set()
                new = await read(self.last)
                self.seen += new
                self.last = max([self.last, *new])
                if finished and not new:
                    return
                await asyncio.sleep(0.002)


@pytest.fixture
async def superuser(database: FreshDatabase) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    await database.service("letters")
    connection = await asyncpg.connect(database.superuser_dsn)
    yield connection
    await connection.close()


async def test_a_naive_reader_of_a_plain_sequence_misses_events(
    database: FreshDatabase, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await superuser.execute(_PLAIN)
    await superuser.execute("SET search_path = letters")
    await superuser.execute(_SLOW_COMMITS.format(table="letters.plain"))

    async def write(writer: int) -> None:
        connection = await asyncpg.connect(database.superuser_dsn)
        for number in range(EVENTS_EACH):
            await connection.execute("INSERT INTO letters.plain (name) VALUES ($1)", f"{writer}-{number}")
        await connection.close()

    async def read(last: int) -> list[int]:
        rows = await superuser.fetch("SELECT position FROM letters.plain WHERE position > $1 ORDER BY position", last)
        return [row["position"] for row in rows]

    reading = await _under_load(write, read)

    written = await superuser.fetchval("SELECT count(*) FROM letters.plain")
    assert written == WRITERS * EVENTS_EACH
    assert len(reading.seen) < written, "the naive reader was lucky: this load proves nothing about our own"


async def test_the_same_reader_of_a_ledger_under_the_same_load_sees_everything(
    database: FreshDatabase, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    # As many replicas as there were connections: each has its own transaction in flight.
    async with asyncio.TaskGroup() as group:
        ledgers: list[Ledger] = []
        ready, done = asyncio.Event(), asyncio.Event()
        for _ in range(WRITERS):
            group.create_task(_replica(database, ledgers, ready, done))
        async with asyncio.timeout(READ_DEADLINE_S):
            await ready.wait()
        await superuser.execute("SET search_path = letters")
        await superuser.execute(_SLOW_COMMITS.format(table="letters.event"))

        async def write(writer: int) -> None:
            chance = random.Random(writer)
            for number in range(EVENTS_EACH):
                stream = f"letter/{writer}-{number}-{chance.randrange(10**6)}"
                event = NewEvent("letter.sent", b"{}")
                await ledgers[writer].append(Unit(Context("person:anna", stream), (StreamWrite(stream, 0, (event,)),)))

        async def read(last: int) -> list[int]:
            return [record.position for record in await ledgers[0].after(last, 1000)]

        reading = await _under_load(write, read)
        done.set()

    assert reading.seen == list(range(1, WRITERS * EVENTS_EACH + 1))


async def _replica(database: FreshDatabase, ledgers: list[Ledger], ready: asyncio.Event, done: asyncio.Event) -> None:
    async with ledger_of(database, "letters") as ledger:
        ledgers.append(ledger)
        if len(ledgers) == WRITERS:
            ready.set()
        await done.wait()


async def _under_load(write: Callable[[int], Awaitable[None]], read: Callable[[int], Awaitable[list[int]]]) -> Reading:
    reading, written = Reading([]), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(reading.follow(read, written))
        await asyncio.gather(*(write(number) for number in range(WRITERS)))
        written.set()
    return reading
