"""The outbox: publishes a ledger's events in order, and publishes again what the broker has lost.

The ledger is the truth; the broker may lose everything. What was published is noted in table `relay` after
the broker has acknowledged it, so an event is published at least once, and again after a crash in between;
inboxes make it one effect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg
import msgspec
import structlog
from aiokafka.errors import KafkaError

from .ending import end
from .errors import Corrupt
from .ledger import Ledger
from .partitions import Flavour, Mark, PartitionReader, reading
from .publisher import BrokerLostData, Publisher
from .writer import CONNECTION_LOST

log = structlog.get_logger(__name__)
POLL_SECONDS = 0.2

_TAKE = "SELECT pg_try_advisory_lock(hashtextextended('relay of ' || current_schema(), 0))"
_LOAD = "SELECT published, partitions, checkpoint FROM relay"
_STORE = """
UPDATE relay SET published = $1, partitions = $2::jsonb WHERE published = $3 AND partitions = $4::jsonb
RETURNING published
"""
_RESET = "UPDATE relay SET published = $1, partitions = $2::jsonb, checkpoint = 0"
_BACK = "UPDATE relay SET published = least(published, $1), partitions = '{}'"
_NOTES = "SELECT size, note FROM checkpoint WHERE size > $1 ORDER BY size LIMIT 100"
_NOTED = "UPDATE relay SET checkpoint = $1 WHERE checkpoint = $2"
_LAG = "SELECT h.size - r.published FROM head h, relay r"

RECOVERABLE = (*CONNECTION_LOST, asyncpg.PostgresError, KafkaError, BrokerLostData)


@dataclass(frozen=True, slots=True)
class Published:
    """What has been published: every event up to `position`, and of each partition the last one."""

    position: int
    marks: Mapping[int, Mark]
    checkpoint: int


async def replay_from(ledger: Ledger, position: int) -> None:
    """Lets the relay, in whatever process it runs, publish again from `position` (≥ 1) on. Consumers that had
    the events before notice nothing.
    """
    if position < 1:
        raise ValueError(f"the first position of a ledger is 1, not {position}")
    await ledger.pool.execute(_BACK, position - 1)


async def lag(ledger: Ledger) -> int:
    """How many events are recorded but not yet noted as published."""
    return int(await ledger.pool.fetchval(_LAG))


class Relay:
    """Publishes the events of a ledger to `topic` and its checkpoints to `checkpoint_topic`.

    Any number of replicas may run: a session lock in the database lets one of them relay, and the next takes
    over when that one's connection ends. Both topics must exist. `service` names the source in the envelope
    (default: the topic).
    """

    def __init__(  # noqa: PLR0913 - its collaborators, and its patience for tests
        self,
        ledger: Ledger,
        bootstrap: str,
        flavour: Flavour,
        topic: str,
        checkpoint_topic: str,
        *,
        service: str | None = None,
        batch_max: int = 1000,
        check_seconds: float = 5.0,
    ) -> None:
        self._ledger = ledger
        self._bootstrap = bootstrap
        self._flavour = flavour
        self._topic = topic
        self._checkpoint_topic = checkpoint_topic
        self._service = service or topic
        self._batch_max = batch_max
        self._check_seconds = check_seconds
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._counted: dict[int, tuple[int, int]] = {}
        self._counted_to = 0
        self.relaying = False

    @property
    def running(self) -> bool:
        """Whether the relay works or waits for its turn; False also after a failure that it cannot mend."""
        return self._task is not None and not self._task.done()

    async def start(self) -> None:
        """Starts relaying in the background; a broker or database that is away is waited for."""
        self._ledger.writer.on_append.append(self._wake.set)
        self._task = asyncio.create_task(self._run(), name=f"relay-{self._topic}")

    async def stop(self) -> None:
        """Stops after giving up what is in flight."""
        if self._task is None:
            return
        self._ledger.writer.on_append.remove(self._wake.set)
        await end(self._task)
        self._task = None

    async def _run(self) -> None:
        try:
            while True:
                try:
                    await self._take_turn()
                except asyncio.CancelledError:
                    # A library's own cancelled task must not end the relay in silence.
                    if (task := asyncio.current_task()) is None or task.cancelling():
                        raise
                    log.warning("relay interrupted", topic=self._topic, error="a cancellation from within")
                except RECOVERABLE as error:
                    log.warning("relay interrupted", topic=self._topic, error=f"{type(error).__name__}: {error}")
                self.relaying = False
                await asyncio.sleep(POLL_SECONDS)
        except Exception:
            log.exception("relay failed", topic=self._topic)
            raise

    async def _take_turn(self) -> None:
        connection = await self._ledger.connect()
        try:
            while not await connection.fetchval(_TAKE):  # noqa: ASYNC110 - a lock in the database
                await asyncio.sleep(POLL_SECONDS)
            publisher = Publisher(self._bootstrap, self._flavour, self._topic, self._service)
            self._counted, self._counted_to = {}, 0  # A topic may have more partitions by now.
            try:
                await publisher.start()
                await self._relay(connection, publisher)
            finally:
                await publisher.stop()
        finally:
            connection.terminate()

    async def _relay(self, connection: asyncpg.Connection[Any], publisher: Publisher) -> None:
        loop = asyncio.get_running_loop()
        check_at = loop.time()
        while True:
            if loop.time() >= check_at:
                await self._compare(connection, publisher)
                check_at = loop.time() + self._check_seconds
                self.relaying = True
            self._wake.clear()
            moved = await self._relay_events(connection, publisher)
            moved |= await self._relay_checkpoints(connection, publisher)
            if not moved:
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._wake.wait()

    async def _relay_events(self, connection: asyncpg.Connection[Any], publisher: Publisher) -> bool:
        before = await _load(connection)
        records = await self._ledger.after(before.position, self._batch_max)
        if not records:
            return False
        marks = await publisher.publish(records, before.marks)
        # Nothing is stored when a person has set the position back meanwhile: the next round starts from
        # there.
        await connection.fetchval(_STORE, records[-1].position, _encode(marks), before.position, _encode(before.marks))
        return True

    async def _relay_checkpoints(self, connection: asyncpg.Connection[Any], publisher: Publisher) -> bool:
        published = (await _load(connection)).checkpoint
        rows = await connection.fetch(_NOTES, published)
        if not rows:
            return False
        await publisher.publish_notes(self._checkpoint_topic, [row["note"] for row in rows])
        await connection.execute(_NOTED, rows[-1]["size"], published)
        return True

    async def _compare(self, connection: asyncpg.Connection[Any], publisher: Publisher) -> None:
        """Sets the stored state back to what the broker still holds."""
        state = await _load(connection)
        if not state.marks and not state.checkpoint and not state.position:
            return
        found: dict[int, Mark | None] = {}
        lost: dict[int, Mark | None] = {}
        async with reading(self._bootstrap, self._topic) as reader:
            for partition, mark in state.marks.items():
                found[partition] = await self._standing(reader, publisher, partition, mark)
            for partition in await publisher.partitions_of(self._topic):
                # A person who set the position back left no marks: what was published up to there must still stand.
                if partition not in state.marks and not await self._holds(reader, publisher, partition, state.position):
                    lost[partition] = None
        lost |= {partition: mark for partition, mark in found.items() if mark != state.marks[partition]}
        if not lost and not (state.checkpoint and await self._no_checkpoint_left(publisher)):
            return
        marks = {partition: mark for partition, mark in found.items() if mark is not None}
        back_to = min([state.position, *(mark.position if mark is not None else 0 for mark in lost.values())])
        log.warning("the broker has lost data", topic=self._topic, partitions=sorted(lost), publishes_after=back_to)
        await connection.execute(_RESET, back_to, _encode(marks))

    async def _standing(self, reader: PartitionReader, publisher: Publisher, partition: int, mark: Mark) -> Mark | None:
        """The mark itself when the partition holds it, else the last event up to which the partition is
        whole, else None. What retention has deleted was there.
        """
        sight = await reader.at(partition, mark.offset)
        if sight.position == mark.position or sight.beginning > mark.offset:
            return mark
        last = await reader.last(partition)
        if last is None or last.position > mark.position or not await self._is_whole(publisher, partition, last):
            return None
        return last

    async def _holds(self, reader: PartitionReader, publisher: Publisher, partition: int, position: int) -> bool:
        """Whether a partition without a mark has room for what belongs there up to a position, and reaches so far."""
        count, newest = (await self._belonging(publisher, position)).get(partition, (0, 0))
        last = await reader.last(partition) if count else None
        return not count or (last is not None and last.offset + 1 >= count and last.position >= newest)

    async def _belonging(self, publisher: Publisher, position: int) -> dict[int, tuple[int, int]]:
        """How many events up to a position belong to each partition, and the newest of them. Counted on from where it
        was counted to in this turn: a partition that no event belongs to is asked about again and again.
        """
        if position < self._counted_to:
            self._counted, self._counted_to = {}, 0
        async for record in self._ledger.scan(after=self._counted_to, up_to=position):
            partition = publisher.partition_of(record.key.encode())
            count, _ = self._counted.get(partition, (0, 0))
            self._counted[partition] = (count + 1, record.position)
            self._counted_to = record.position
        return self._counted

    async def _is_whole(self, publisher: Publisher, partition: int, last: Mark) -> bool:
        """Whether a partition holds as many records as the ledger has events for it up to its last one. A
        broker that came back empty may have taken a later batch first: then its last record says nothing of
        earlier ones.
        """
        belonging = 0
        async for record in self._ledger.scan(up_to=max(last.position, 0)):
            belonging += publisher.partition_of(record.key.encode()) == partition
        return belonging == last.offset + 1

    async def _no_checkpoint_left(self, publisher: Publisher) -> bool:
        async with reading(self._bootstrap, self._checkpoint_topic) as reader:
            for partition in await publisher.partitions_of(self._checkpoint_topic):
                if (await reader.at(partition, 0)).highwater > 0:
                    return False
        return True


async def _load(connection: asyncpg.Connection[Any]) -> Published:
    row = await connection.fetchrow(_LOAD)
    if row is None:
        raise Corrupt("table relay has no row")
    marks = {int(name): Mark(*pair) for name, pair in msgspec.json.decode(row["partitions"]).items()}
    return Published(row["published"], marks, row["checkpoint"])


def _encode(marks: Mapping[int, Mark]) -> str:
    return msgspec.json.encode({str(p): [mark.offset, mark.position] for p, mark in marks.items()}).decode()
