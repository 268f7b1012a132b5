"""What the topics of the services hold, seen by a consumer of the test's own."""

import asyncio
from collections import defaultdict
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

READ_DEADLINE_S = 30.0


class Topics:
    """Reads on from where the last look ended; `forget` when the broker has lost its data."""

    def __init__(self, bootstrap: str, partitions: int) -> None:
        self._bootstrap = bootstrap
        self._partitions = partitions
        self._next: dict[TopicPartition, int] = defaultdict(int)
        self._positions: dict[TopicPartition, dict[int, None]] = defaultdict(dict)

    def forget(self) -> None:
        """Begins anew."""
        self._next.clear()
        self._positions.clear()

    async def positions(self, topic: str) -> list[list[int]]:
        """For each partition the ledger positions that it holds, in the order of their first occurrence."""
        parts = [TopicPartition(topic, number) for number in range(self._partitions)]
        consumer: Any = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, group_id=None, enable_auto_commit=False, auto_offset_reset="none",
            fetch_max_wait_ms=20,
        )  # fmt: skip
        await consumer.start()
        try:
            async with asyncio.timeout(READ_DEADLINE_S):
                await self._read_to_the_end(consumer, parts)
        finally:
            await consumer.stop()
        return [list(self._positions[part]) for part in parts]

    async def _read_to_the_end(self, consumer: Any, parts: list[TopicPartition]) -> None:
        consumer.assign(parts)
        for part in parts:
            consumer.seek(part, self._next[part])
        while any(consumer.highwater(part) is None or consumer.highwater(part) > self._next[part] for part in parts):
            for part, records in (await consumer.getmany(timeout_ms=100)).items():
                for record in records:
                    self._positions[part].setdefault(int(dict(record.headers)["ce_position"]))
                    self._next[part] = record.offset + 1
