"""Two ledgers that know no grants: `letters` publishes events, `replies` reacts to them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from schemas.envelope import Header, to_message
from services.ledger import Appended, Context, Ledger, NewEvent, Record, StreamWrite, Unit
from services.ledger.inbox import Message
from services.ledger.partitions import reading
from services.ledger.records import encode_moment
from tests.infrastructure.databases import FreshDatabase

SOURCE = "letters"
LEDGERS = (SOURCE, "replies")
DEADLINE_S = 40.0


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def ledger_of(database: FreshDatabase, service: str) -> AsyncIterator[Ledger]:
    """A started ledger of its own schema; asked for twice, two replicas of one ledger."""
    made = (await database.all_migrated({each: [] for each in sorted({service, *LEDGERS})}))[service]
    ledger = Ledger(made.service_dsn, made.schema, now, pool_size=4)
    await ledger.start()
    try:
        yield ledger
    finally:
        await ledger.stop()


async def write(ledger: Ledger, key: str, *events: NewEvent, category: str = "letter") -> Appended:
    """Appends events to `<category>/<key>`, after what is there."""
    stream = f"{category}/{key}"
    version = len(await ledger.stream(stream))
    return await ledger.append(Unit(Context("person:anna", "affair-1"), (StreamWrite(stream, version, events),)))


async def write_letters(ledger: Ledger, keys: Sequence[str], each: int) -> None:
    """`each` events to the stream of every key, taking turns, each in a unit of its own."""
    for number in range(each):
        writes = (write(ledger, key, NewEvent("letter.sent", b'{"number":%d}' % number)) for key in keys)
        await asyncio.gather(*writes)


def as_kafka(record: Record, service: str = SOURCE) -> tuple[bytes, bytes, list[Header]]:
    return to_message(
        service=service,
        id=str(record.id),
        type=record.type,
        schema=record.schema,
        stream=record.stream,
        version=record.version,
        position=record.position,
        time=encode_moment(record.recorded_at),
        actor=record.actor,
        correlation=record.correlation,
        causation=record.causation,
        body=record.body,
    )


def as_message(record: Record) -> Message:
    key, value, headers = as_kafka(record)
    return Message.read(SOURCE, key, value, headers)


async def until(condition: Callable[[], Awaitable[Any]], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Returns when the condition holds; fails the test when it does not in time."""
    end = asyncio.get_running_loop().time() + deadline_s
    while not await condition():
        assert asyncio.get_running_loop().time() < end, f"not within {deadline_s:g} s: {what}"
        await asyncio.sleep(0.02)


async def everything_in(bootstrap: str, topic: str) -> dict[int, list[Any]]:
    """Every record of a topic, by partition, in order."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    numbers = await producer.partitions_for(topic)
    await producer.stop()
    async with reading(bootstrap, topic) as reader:
        ends = {number: (await reader.at(number, 0)).highwater for number in numbers}
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, fetch_max_wait_ms=20)
    await consumer.start()
    await asyncio.sleep(0)  # As in `reading`.
    found: dict[int, list[Any]] = {number: [] for number in ends}
    try:
        for number, end in ends.items():
            place = TopicPartition(topic, number)
            consumer.assign([place])
            consumer.seek(place, 0)
            while len(found[number]) < end:
                found[number].append(await asyncio.wait_for(consumer.getone(place), 10))
    finally:
        await consumer.stop()
    return found


def positions(records: Sequence[Any]) -> list[int]:
    return [int(dict(record.headers)["ce_position"]) for record in records]
