"""Group commit: while one transaction is in flight the next batch gathers, so the cost of a commit is shared.

One transaction locks the head row (which orders all replicas), checks every expected version, hands out dense
positions,
inserts the batch in one statement, writes inbox, parking, idempotency and register rows, and moves the head.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
import structlog

from .batch import Batch, Known, admit, columns, streams_of
from .ending import end
from .errors import LedgerError, Unavailable
from .registers import Registers
from .treekeeper import TreeKeeper
from .units import Appended, Unit

log = structlog.get_logger(__name__)
Connect = Callable[[], Awaitable["asyncpg.Connection[Any]"]]
Pending = tuple[Unit, "asyncio.Future[Appended]"]

CONNECTION_LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.CannotConnectNowError,
                   asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.InternalClientError, OSError,
                   TimeoutError)  # fmt: skip
"""How a connection that was ended shows itself; InternalClientError when it is ended between two messages."""

_INSERT = "SELECT insert_batch($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)"
_ANSWERED = """
SELECT i.actor, i.key, i.fingerprint, i.response FROM unnest($1::text[], $2::text[]) w (actor, key)
JOIN idempotency i USING (actor, key)
"""
_RECEIVED = """
SELECT i.source, i.event_id FROM unnest($1::text[], $2::text[]) w (source, event_id) JOIN inbox i USING (source,
event_id)
"""
_PARKED = """
SELECT p.source, p.event_id FROM unnest($1::text[], $2::text[]) w (source, event_id)
JOIN parked p USING (source, event_id) WHERE p.released_at IS NULL
"""
_QUEUES = """
SELECT w.source, w.key, min(p.number) AS first FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) d
(source, key)) w
JOIN parked p ON p.source = w.source AND p.key = w.key AND p.released_at IS NULL GROUP BY w.source, w.key
"""
_ADD_ANSWERS = """
INSERT INTO idempotency (actor, key, fingerprint, response, recorded_at)
SELECT a.actor, a.key, a.fingerprint, a.response, $5 FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[])
    a (actor, key, fingerprint, response)
"""
_ADD_RECEIPTS = """
INSERT INTO inbox (source, event_id, recorded_at)
SELECT r.source, r.event_id, $3 FROM unnest($1::text[], $2::text[]) r (source, event_id)
"""
_RELEASE = "UPDATE parked SET released_at = $2, ready = false WHERE number = ANY ($1::bigint[])"
_PARK = """
INSERT INTO parked (source, event_id, key, headers, value, reason, waiting_for, ready, parked_at)
VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7, $8, $9)
"""
_PARK_AGAIN = """
UPDATE parked SET attempts = attempts + 1, reason = $2, waiting_for = $3, ready = $4 WHERE number = $1
"""


class Writer:
    """Appends units. Any number of writers, in any number of processes, may append to one ledger."""

    def __init__(
        self,
        connect: Connect,
        clock: Callable[[], datetime],
        registers: Registers,
        tree: TreeKeeper,
        *,
        batch_max: int = 1024,
        patience_seconds: float = 20.0,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._registers = registers
        self._tree = tree
        self._batch_max = batch_max
        self._patience_seconds = patience_seconds
        self._pending: list[Pending] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._connection: asyncpg.Connection[Any] | None = None
        self._settling = False
        self._stopping = False
        self.on_append: list[Callable[[], None]] = []

    async def start(self) -> None:
        """Starts committing."""
        self._task = asyncio.create_task(self._run(), name="ledger-writer")

    async def stop(self) -> None:
        """Commits what is pending or in flight, so that every caller gets an answer, then stops."""
        self._stopping = True
        if self._task is None:
            return
        while self._pending or self._settling:  # noqa: ASYNC110 - waits for work that nothing else announces
            await asyncio.sleep(0.001)
        await end(self._task)
        for _, future in self._pending:
            if not future.done():
                future.set_exception(Unavailable("the service is stopping"))
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close(timeout=2)

    async def submit(self, unit: Unit) -> Appended:
        """Returns once the unit is durable; raises a LedgerError when it was refused, and then nothing is recorded."""
        if self._stopping:
            raise Unavailable("the service is stopping")
        future: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        self._pending.append((unit, future))
        self._wake.set()
        return await future

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._pending:
                # Whoever became runnable during the last commit may submit before the batch closes.
                await asyncio.sleep(0)
                batch, self._pending = self._pending[: self._batch_max], self._pending[self._batch_max :]
                self._settling = True
                try:
                    await self._settle(batch)
                finally:
                    self._settling = False

    async def _settle(self, pending: Sequence[Pending]) -> None:  # noqa: C901, PLR0912 - one arm for each kind
        try:
            outcomes = await self._commit([unit for unit, _ in pending])
        except CONNECTION_LOST as error:
            failure = Unavailable(f"the database cannot be reached: {type(error).__name__}")
            outcomes = [failure] * len(pending)
        except asyncpg.PostgresError as error:
            if len(pending) > 1:
                for one in pending:
                    await self._settle([one])
                return
            log.exception("unit refused by the database")
            outcomes = [LedgerError(f"the database refused the unit: {error}")]
        except asyncio.CancelledError:
            raise
        except Exception as error:
            if len(pending) > 1:
                for one in pending:
                    await self._settle([one])
                return
            log.exception("unit cannot be recorded")
            outcomes = [LedgerError(f"the unit cannot be recorded: {type(error).__name__}: {error}")]
        for (_, future), outcome in zip(pending, outcomes, strict=True):
            if future.done():
                continue
            if isinstance(outcome, LedgerError):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        for notify in self.on_append:
            notify()

    async def _commit(self, units: Sequence[Unit]) -> list[Appended | LedgerError]:
        """Commits a batch once, also across a lost connection: see `_was_committed`."""
        deadline = asyncio.get_running_loop().time() + self._patience_seconds
        attempted: Batch | None = None
        while True:
            try:
                connection = await self._connected()
                if attempted is not None and await self._was_committed(connection, attempted):
                    return attempted.outcomes
                attempted = None
                transaction = connection.transaction()
                await transaction.start()
                try:
                    batch = await self._write(connection, units)
                    if batch.writes_anything:
                        attempted = batch
                        await transaction.commit()
                    else:
                        await transaction.rollback()
                except CONNECTION_LOST:
                    raise
                except BaseException:
                    attempted = None
                    self._connection = None
                    await connection.close(timeout=2)
                    raise
                if batch.records:
                    self._tree.commit()
                return batch.outcomes
            except CONNECTION_LOST as error:
                self._drop_connection()
                if asyncio.get_running_loop().time() > deadline:
                    raise
                log.warning("database connection lost, trying again", error=type(error).__name__)
                await asyncio.sleep(0.05)

    async def _was_committed(self, connection: asyncpg.Connection[Any], batch: Batch) -> bool:
        """Whether a batch whose commit was not answered is in the ledger. The head's lock is taken first: while the old
        session still works on its commit it holds that lock, so the answer is final.
        """
        async with connection.transaction():
            await connection.execute("SELECT size FROM head FOR UPDATE")
            if batch.records:
                first = "SELECT EXISTS (SELECT FROM event WHERE event_id = $1)"
                return bool(await connection.fetchval(first, batch.records[0].id))
            if batch.answers:
                answer = "SELECT EXISTS (SELECT FROM idempotency WHERE actor = $1 AND key = $2)"
                return bool(await connection.fetchval(answer, batch.answers[0].actor, batch.answers[0].key))
            if batch.receipts:
                receipt = "SELECT EXISTS (SELECT FROM inbox WHERE source = $1 AND event_id = $2)"
                return bool(await connection.fetchval(receipt, batch.receipts[0].source, batch.receipts[0].event_id))
            parking = batch.parkings[0][0]
            parked = "SELECT EXISTS (SELECT FROM parked WHERE source = $1 AND event_id = $2)"
            return parking.parked is None and bool(await connection.fetchval(parked, parking.source, parking.event_id))

    async def _connected(self) -> asyncpg.Connection[Any]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            connection.terminate()

    async def _write(self, connection: asyncpg.Connection[Any], units: Sequence[Unit]) -> Batch:
        names = streams_of(units)
        head = await connection.fetchrow("SELECT * FROM lock_head($1)", names)
        if head is None:
            raise Unavailable("the ledger has no head row: run the migrations")
        known = Known(head["size"], dict(zip(names, head["versions"] or [], strict=True)))
        await _learn(connection, units, known)
        batch = admit(units, known, max(self._clock(), head["recorded_at"]) if head["size"] else self._clock())
        if batch.records:
            bodies = [record.body for record in batch.records]
            edge = await self._tree.extend(connection, head["size"], head["edge"], bodies)
            c = columns(batch.records)
            await connection.execute(
                _INSERT, c["positions"], c["ids"], c["streams"], c["versions"], c["types"], c["schemas"],
                batch.moment, c["actors"], c["correlations"], c["causations"], c["bodies"], known.size, edge,
            )  # fmt: skip
            await self._registers.apply(connection, batch.records)
        await _write_companions(connection, batch)
        return batch


async def _learn(connection: asyncpg.Connection[Any], units: Sequence[Unit], known: Known) -> None:
    keys = [unit.idempotency for unit in units if unit.idempotency is not None]
    if keys:
        rows = await connection.fetch(_ANSWERED, [key.actor for key in keys], [key.key for key in keys])
        known.answered = {(row["actor"], row["key"]): (row["fingerprint"], row["response"]) for row in rows}
    messages = [message for unit in units if (message := unit.receipt or unit.parking) is not None]
    if messages:
        sources = [message.source for message in messages]
        ids = [message.event_id for message in messages]
        known.received = {(row[0], row[1]) for row in await connection.fetch(_RECEIVED, sources, ids)}
        known.parked = {(row[0], row[1]) for row in await connection.fetch(_PARKED, sources, ids)}
        queues = await connection.fetch(_QUEUES, sources, [message.key for message in messages])
        known.queues = {(row["source"], row["key"]): row["first"] for row in queues}


async def _write_companions(connection: asyncpg.Connection[Any], batch: Batch) -> None:
    if batch.answers:
        await connection.execute(
            _ADD_ANSWERS,
            [answer.actor for answer in batch.answers],
            [answer.key for answer in batch.answers],
            [answer.fingerprint for answer in batch.answers],
            [answer.response for answer in batch.answers],
            batch.moment,
        )
    if batch.receipts:
        await connection.execute(
            _ADD_RECEIPTS,
            [receipt.source for receipt in batch.receipts],
            [receipt.event_id for receipt in batch.receipts],
            batch.moment,
        )
        released = [receipt.parked for receipt in batch.receipts if receipt.parked is not None]
        if released:
            await connection.execute(_RELEASE, released, batch.moment)
    for parking, ready in batch.parkings:
        if parking.parked is None:
            await connection.execute(
                _PARK, parking.source, parking.event_id, parking.key, msgspec.json.encode(parking.headers).decode(),
                parking.value, parking.reason, parking.waiting_for, ready, batch.moment,
            )  # fmt: skip
        else:
            await connection.execute(_PARK_AGAIN, parking.parked, parking.reason, parking.waiting_for, ready)
