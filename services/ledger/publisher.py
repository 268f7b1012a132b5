"""Hands records to the broker so that every partition holds a gapless beginning of what belongs there.

Of each partition one batch is in flight, and the next is sent only after its acknowledgement. So a record
that stands in a partition has all earlier ones of that partition before it, whatever failed in between; what
can happen is a repetition.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from functools import lru_cache
from struct import unpack_from
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer

from schemas.envelope import Header, to_message

from .partitions import Flavour, Mark
from .records import Record, encode_moment

BATCH_BYTES = 512 * 1024
ACKNOWLEDGEMENT_SECONDS = 30.0
KEYS_REMEMBERED_MAX = 100_000
Answer = TypeVar("Answer")
Queue = deque[tuple[int, bytes, bytes, list[Header]]]


# Records that were appended together have one moment.
_moment = lru_cache(maxsize=128)(encode_moment)


def murmur2(key: bytes) -> int:
    """The 32-bit hash by which Kafka's clients choose a key's partition. As aiokafka's, which takes half as long again:
    it puts the words together byte by byte.
    """
    bits, factor = 0xFFFFFFFF, 0x5BD1E995
    mixed = 0x9747B28C ^ len(key)
    for given in unpack_from(f"<{len(key) // 4}I", key):
        word = given * factor & bits
        word ^= word >> 24
        mixed = mixed * factor & bits ^ word * factor & bits
    if rest := key[len(key) & ~3 :]:
        mixed = (mixed ^ int.from_bytes(rest, "little")) * factor & bits
    mixed = (mixed ^ mixed >> 13) * factor & bits
    return mixed ^ mixed >> 15


class BrokerLostData(Exception):
    """An acknowledgement shows that the broker no longer holds what it had acknowledged before."""


class Publisher:
    """Publishes to one topic of events; `start` before use, `stop` after. Raises KafkaError when the broker
    fails.
    """

    def __init__(self, bootstrap: str, flavour: Flavour, topic: str, service: str) -> None:
        self._topic = topic
        self._service = service
        self._partition_of_key: dict[bytes, int] = {}
        self._partitions: list[int] = []
        self._producer: Any = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            acks="all",
            enable_idempotence=flavour == "apache",
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=10_000,
        )
        if flavour != "apache":
            # A broker in memory that died comes back empty within a second. A batch that the client sends again by
            # itself would then stand before all that the partition had held; so a batch that failed has failed, and the
            # relay looks at what the broker holds before it sends anything more. The library has no setting for it.
            self._producer._message_accumulator._batch_ttl = 0  # noqa: SLF001

    async def start(self) -> None:
        await self._producer.start()
        self._partitions = await self.partitions_of(self._topic)

    async def stop(self) -> None:
        """Gives up what cannot be delivered at once: it is published again later."""
        stopping = asyncio.ensure_future(self._producer.stop())
        stopped, _ = await asyncio.wait({stopping}, timeout=1)
        if not stopped:
            # An idempotent producer tries for ever, and aiokafka has no other way to let go of what it holds.
            self._producer._sender.sender_task.cancel()  # noqa: SLF001
            await asyncio.wait({stopping}, timeout=1)

    async def partitions_of(self, topic: str) -> list[int]:
        """The numbers of a topic's partitions; raises KafkaError when there is no such topic."""
        return sorted(await self._producer.partitions_for(topic))

    def partition_of(self, key: bytes) -> int:
        """The partition of a message key, as every Kafka client chooses it (murmur2)."""
        partition = self._partition_of_key.get(key)
        if partition is None:
            if len(self._partition_of_key) >= KEYS_REMEMBERED_MAX:
                self._partition_of_key.clear()
            partition = self._partitions[(murmur2(key) & 0x7FFFFFFF) % len(self._partitions)]
            self._partition_of_key[key] = partition
        return partition

    async def publish(self, records: Iterable[Record], marks: Mapping[int, Mark]) -> dict[int, Mark]:
        """Publishes what its partition does not hold yet by its mark, and returns the marks after it.

        Raises BrokerLostData when an offset does not follow the mark: nothing may be noted as published then.
        """
        after = dict(marks)
        queues: dict[int, Queue] = {}
        for record in records:
            key, value, headers = _message(self._service, record)
            partition = self.partition_of(key)
            if partition not in marks or record.position > marks[partition].position:
                queues.setdefault(partition, deque()).append((record.position, key, value, headers))
        while queues:
            await self._send_one_batch_each(queues, after)
            queues = {partition: queue for partition, queue in queues.items() if queue}
        return after

    async def publish_notes(self, topic: str, notes: Sequence[str]) -> None:
        """Publishes signed notes in order; the key is the service."""
        key, headers = self._service.encode(), [("content-type", b"text/plain; charset=utf-8")]
        for note in notes:
            async with asyncio.timeout(ACKNOWLEDGEMENT_SECONDS):
                await self._producer.send_and_wait(topic, note.encode(), key=key, headers=headers)

    async def _send_one_batch_each(self, queues: Mapping[int, Queue], after: dict[int, Mark]) -> None:
        sent: dict[int, tuple[int, int]] = {}
        acknowledgements: list[Awaitable[Any]] = []
        for partition, queue in queues.items():
            batch = self._producer.create_batch()
            last = 0
            while queue:
                position, key, value, headers = queue[0]
                if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
                    break
                last = position
                queue.popleft()
            batch.close()
            sent[partition] = (batch.record_count(), last)
            acknowledgements.append(await self._producer.send_batch(batch, self._topic, partition=partition))
        for answer in await _all(acknowledgements):
            count, last = sent[answer.partition]
            before = after.get(answer.partition)
            if answer.offset < 0 or (before is not None and answer.offset <= before.offset):
                raise BrokerLostData(
                    f"partition {answer.partition} of {self._topic} took a batch at offset {answer.offset}, "
                    f"though offset {-1 if before is None else before.offset} was acknowledged before"
                )
            after[answer.partition] = Mark(answer.offset + count - 1, last)


async def _all(acknowledgements: Sequence[Awaitable[Answer]]) -> list[Answer]:
    """Waits for every one, then raises the first failure."""
    async with asyncio.timeout(ACKNOWLEDGEMENT_SECONDS):
        outcomes = await asyncio.gather(*acknowledgements, return_exceptions=True)
    answers: list[Answer] = []
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
        answers.append(outcome)
    return answers


def _message(service: str, record: Record) -> tuple[bytes, bytes, list[Header]]:
    return to_message(
        service=service,
        id=str(record.id),
        type=record.type,
        schema=record.schema,
        stream=record.stream,
        version=record.version,
        position=record.position,
        time=_moment(record.recorded_at),
        actor=record.actor,
        correlation=record.correlation,
        causation=record.causation,
        body=record.body,
    )
