"""Where a topic's partitions stand: what the broker still holds of what was published to it.

Only fetches tell: they work alike on Apache Kafka and on the embedded broker, whose `ListOffsets` (aiokafka's
`end_offsets` and `seek_to_end`) answers wrongly.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaTimeoutError, OffsetOutOfRangeError

Flavour = Literal["apache", "embedded"]
NO_POSITION = -1


@dataclass(frozen=True, slots=True)
class Mark:
    """The last event of a partition: its offset there, and its position in the ledger."""

    offset: int
    position: int


@dataclass(frozen=True, slots=True)
class Sight:
    """What a fetch at an offset showed: the ledger position of the record there (None when there is none,
    NO_POSITION when it carries none), the partition's high water, and the offset of its first record.
    """

    position: int | None
    highwater: int
    beginning: int


class PartitionReader:
    """Looks into the partitions of one topic."""

    def __init__(self, consumer: Any, topic: str, patience_seconds: float) -> None:
        self._consumer = consumer
        self._topic = topic
        self._patience_seconds = patience_seconds

    async def at(self, partition: int, offset: int) -> Sight:
        """What stands at an offset. Raises KafkaTimeoutError when the broker does not answer."""
        where = TopicPartition(self._topic, partition)
        try:
            return await self._fetch(where, offset, 0)
        except OffsetOutOfRangeError:
            beginning = (await self._consumer.beginning_offsets([where]))[where]
            sight = await self._fetch(where, beginning, beginning)
            return Sight(None, sight.highwater, beginning)

    async def last(self, partition: int) -> Mark | None:
        """The last record of a partition; None when it is empty."""
        highwater = (await self.at(partition, 0)).highwater
        if highwater == 0:
            return None
        position = (await self.at(partition, highwater - 1)).position
        return None if position is None else Mark(highwater - 1, position)

    async def _fetch(self, where: TopicPartition, offset: int, beginning: int) -> Sight:
        self._consumer.assign([where])
        self._consumer.seek(where, offset)
        deadline = asyncio.get_running_loop().time() + self._patience_seconds
        while asyncio.get_running_loop().time() < deadline:
            batches = await self._consumer.getmany(where, timeout_ms=50, max_records=1)
            highwater = self._consumer.highwater(where)
            for records in batches.values():
                return Sight(_position(records[0].headers), highwater, beginning)
            if highwater is not None and highwater <= offset:
                return Sight(None, highwater, beginning)
        raise KafkaTimeoutError(f"{where.topic} partition {where.partition} was not read in time")


@asynccontextmanager
async def reading(bootstrap: str, topic: str, patience_seconds: float = 5.0) -> AsyncIterator[PartitionReader]:
    """A reader with a consumer of its own, without a group."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        fetch_max_wait_ms=20,
        max_partition_fetch_bytes=1,  # A broker hands out the first batch even when it is larger.
        request_timeout_ms=5_000,
    )
    await consumer.start()
    # A consumer that is stopped before its own task has begun lets that task's cancellation out (aiokafka
    # 0.14).
    await asyncio.sleep(0)
    try:
        yield PartitionReader(consumer, topic, patience_seconds)
    finally:
        # A consumer that is stopped while a fetch fails lets that fetch's cancellation out and leaves its connections
        # open (aiokafka 0.14): awaited like that it would end the caller.
        await asyncio.wait({asyncio.ensure_future(consumer.stop())})
        await consumer._client.close()  # noqa: SLF001


def _position(headers: Any) -> int:
    for name, raw in headers:
        if name == "ce_position" and raw.isdigit():
            return int(raw)
    return NO_POSITION
