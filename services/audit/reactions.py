"""Events and checkpoints from Kafka into the mirror.

Offsets are committed after the transaction only, so a message comes again until the mirror has it; the
mirror takes each once. What the database refuses for its content is kept as a divergence: one bad message
does not hold up the others.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import asyncpg
import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from services.ledger.ending import end
from services.ledger.writer import CONNECTION_LOST
from services.web.settings import KafkaFlavour

from .handlers import Mirror
from .settings import AuditSettings

log = structlog.get_logger(__name__)
CHECKPOINTS_SUFFIX = ".checkpoints"
RECORDS_MAX = 2000
BACK_OFF_S = 0.5
SILENCE_MAX_S = 30.0
"""A consumer that has not come round for longer is not well."""
_FETCH_WAIT_MS: Mapping[KafkaFlavour, int] = {KafkaFlavour.APACHE: 100, KafkaFlavour.EMBEDDED: 20}

Receive = Callable[[Sequence[bytes]], Awaitable[None]]


class Silent(Exception):
    """The consumer does not come round, or was not started."""


class MirrorConsumer:
    """Consumes the topics of all watched ledgers; `start` before use, `stop` after."""

    def __init__(self, settings: AuditSettings, mirror: Mirror) -> None:
        self._settings = settings
        self._mirror = mirror
        self._task: asyncio.Task[None] | None = None
        self._last_round = float("-inf")
        self._receivers: dict[str, tuple[str, Receive]] = {}
        for name, source in settings.sources.items():
            notes = partial(mirror.receive_notes, name, source.verifier)
            self._receivers[name] = (name, partial(mirror.receive_events, name))
            self._receivers[name + CHECKPOINTS_SUFFIX] = (name, notes)

    async def start(self) -> None:
        """Starts consuming; returns at once, also while the broker is away."""
        self._task = asyncio.create_task(self._run(), name="mirror-consumer")

    async def stop(self) -> None:
        """Stops; what was received and not committed comes again."""
        if self._task is not None:
            await end(self._task)

    async def check(self) -> None:
        """Raises Silent when nothing is consumed."""
        if self._task is None or self._task.done() or time.monotonic() - self._last_round > SILENCE_MAX_S:
            raise Silent("the mirror does not consume: is the broker there?")

    async def _run(self) -> None:
        while True:
            consumer = self._consumer()
            try:
                await consumer.start()
                await self._consume(consumer)
            except (KafkaError, OSError) as error:
                log.warning("the broker fails, trying again", error=type(error).__name__)
                await asyncio.sleep(BACK_OFF_S)
            finally:
                await consumer.stop()

    def _consumer(self) -> Any:
        settings = self._settings
        return AIOKafkaConsumer(
            *self._receivers,
            bootstrap_servers=settings.kafka_bootstrap,
            group_id=settings.kafka_group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=_FETCH_WAIT_MS[settings.kafka_flavour],
            request_timeout_ms=10_000,
        )

    async def _consume(self, consumer: Any) -> None:
        while True:
            batches = await consumer.getmany(timeout_ms=500, max_records=RECORDS_MAX)
            by_topic: dict[str, list[bytes]] = defaultdict(list)
            for partition, records in batches.items():
                by_topic[partition.topic] += [record.value or b"" for record in records]
            for topic, values in by_topic.items():
                await self._receive(topic, values)
            if by_topic:
                await consumer.commit()
            self._last_round = time.monotonic()

    async def _receive(self, topic: str, values: Sequence[bytes]) -> None:
        """Returns once the mirror has the messages, or has kept why it cannot have one."""
        source, receive = self._receivers[topic]
        while True:
            try:
                await receive(values)
            except CONNECTION_LOST as error:
                log.warning("database connection lost, trying again", error=type(error).__name__)
                await asyncio.sleep(BACK_OFF_S)
            except asyncpg.DataError as error:
                if len(values) == 1:
                    log.exception("message refused by the database", topic=topic)
                    await self._mirror.refuse(source, values[0], type(error).__name__)
                    return
                for value in values:
                    await self._receive(topic, [value])
                return
            except asyncpg.PostgresError as error:
                log.exception("the database fails, trying again", topic=topic, error=type(error).__name__)
                await asyncio.sleep(BACK_OFF_S)
            else:
                return
