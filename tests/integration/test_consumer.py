import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest
from aiokafka import AIOKafkaProducer

from services.ledger import Ledger, NewEvent, Record, StreamWrite
from services.ledger.consumer import Consumer, Delivery, into
from services.ledger.inbox import Inbox, Reaction
from services.ledger.parking import list_parked
from services.ledger.relay import Relay, replay_from
from tests.infrastructure.addresses import BrokerAddress
from tests.infrastructure.databases import FreshDatabase
from tests.integration.post import SOURCE, ledger_of, until, write_letters

KEYS = [f"person-{number}" for number in range(6)]


async def send(broker: BrokerAddress, topic: str, values: Sequence[int]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
    await producer.start()
    for value in values:
        await producer.send_and_wait(topic, b"%d" % value, key=b"%d" % (value % 5))
    await producer.stop()


@pytest.mark.parametrize("workers", [1, 3])
async def test_a_message_whose_handler_raised_comes_again_and_none_is_lost_or_overtaken(
    broker: BrokerAddress, topic_prefix: str, workers: int
) -> None:
    topic = f"{topic_prefix}numbers"
    await broker.create_topics([topic], partitions=3)
    await send(broker, topic, range(60))
    tries: Counter[int] = Counter()
    done: list[int] = []

    async def handle(delivery: Delivery) -> None:
        number = int(delivery.value or b"")
        tries[number] += 1
        if tries[number] <= number % 3:
            raise ConnectionResetError(f"{number} fails at try {tries[number]}")
        done.append(number)

    consumer = Consumer(broker.bootstrap, broker.flavour, f"{topic_prefix}g", {topic: handle}, workers=workers)
    await consumer.start()
    try:

        async def all_done() -> bool:
            return set(done) == set(range(60))

        await until(all_done, "every message is handled")
    finally:
        await consumer.stop()

    for key in range(5):
        own = [number for number in dict.fromkeys(done) if number % 5 == key]
        assert own == sorted(own)
    assert all(tries[number] >= number % 3 + 1 for number in range(60))


async def test_what_was_not_handled_when_a_consumer_stopped_comes_to_the_next(
    broker: BrokerAddress, topic_prefix: str
) -> None:
    topic = f"{topic_prefix}numbers"
    await broker.create_topics([topic])
    await send(broker, topic, range(10))
    done: list[int] = []
    stuck = asyncio.Event()

    async def stop_at_five(delivery: Delivery) -> None:
        if int(delivery.value or b"") == 5:
            stuck.set()
            await asyncio.Event().wait()
        done.append(int(delivery.value or b""))

    async def handle(delivery: Delivery) -> None:
        done.append(int(delivery.value or b""))

    first = Consumer(broker.bootstrap, broker.flavour, f"{topic_prefix}g", {topic: stop_at_five})
    await first.start()
    await asyncio.wait_for(stuck.wait(), 30)
    await first.stop()
    second = Consumer(broker.bootstrap, broker.flavour, f"{topic_prefix}g", {topic: handle})
    await second.start()
    try:

        async def all_done() -> bool:
            return set(done) == set(range(10))

        await until(all_done, "every message is handled")
    finally:
        await second.stop()


async def test_a_message_that_no_one_can_read_is_parked_and_the_next_goes_on(
    broker: BrokerAddress, database: FreshDatabase, topic_prefix: str
) -> None:
    topic = f"{topic_prefix}letters"
    await broker.create_topics([topic])
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
    await producer.start()
    bad = [
        ("content-type", b"application/json"),
        ("ce_id", b"\xff"),
        ("reply_to", topic.encode()),
        ("n", None),
    ]
    for value in (b"{not json", None, b"\xff"):
        await producer.send_and_wait(topic, value, key=b"anna", headers=bad)
    await producer.stop()
    async with ledger_of(database, "replies") as replies:
        inbox = Inbox(replies, "replies", {}, lambda *_: True)
        consumer = Consumer(broker.bootstrap, broker.flavour, f"{topic_prefix}g", {topic: into(inbox, SOURCE)})
        await consumer.start()
        try:

            async def all_parked() -> bool:
                return len(await list_parked(replies)) == 3

            await until(all_parked, "the three are parked")
        finally:
            await consumer.stop()


async def test_from_ledger_to_ledger_every_event_has_one_effect_with_two_consumers_and_a_replay(
    broker: BrokerAddress, database: FreshDatabase, topic_prefix: str
) -> None:
    topic, checkpoints = f"{topic_prefix}letters", f"{topic_prefix}letters.checkpoints"
    await broker.create_topics([topic], partitions=3)
    await broker.create_topics([checkpoints])
    async with AsyncExitStack() as stack:
        letters = await stack.enter_async_context(ledger_of(database, SOURCE))
        replicas = [await stack.enter_async_context(ledger_of(database, "replies")) for _ in range(2)]
        relay = Relay(letters, broker.bootstrap, broker.flavour, topic, checkpoints, service=SOURCE)
        await relay.start()
        stack.push_async_callback(relay.stop)
        for replica in replicas:
            inbox = Inbox(replica, "replies", {"letter.sent": _replying(replica)}, lambda *_: True)
            consumer = Consumer(broker.bootstrap, broker.flavour, f"{topic_prefix}g", {topic: into(inbox, SOURCE)})
            await consumer.start()
            stack.push_async_callback(consumer.stop)

        await write_letters(letters, KEYS, 6)
        await replay_from(letters, 1)
        await write_letters(letters, KEYS, 6)

        async def all_answered() -> bool:
            return (await replicas[0].head()).size >= len(KEYS) * 12

        await until(all_answered, "every letter is answered")
        for key in KEYS:
            answers = await replicas[0].stream(f"reply/{key}")
            causes = [str(letter.id) for letter in await letters.stream(f"letter/{key}")]
            assert [answer.causation for answer in answers] == causes
        assert await list_parked(replicas[0]) == []


def _replying(ledger: Ledger) -> Reaction:
    async def reply(record: Record) -> Sequence[StreamWrite]:
        stream = f"reply/{record.key}"
        version = len(await ledger.stream(stream))
        return [StreamWrite(stream, version, (NewEvent("reply.sent", record.data_bytes),))]

    return reply
