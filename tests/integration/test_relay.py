from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.local.broker import EmbeddedBroker
from schemas.envelope import from_message
from services.ledger import Ledger, Signer
from services.ledger.checkpointing import Checkpointer, latest
from services.ledger.relay import Relay, lag, replay_from
from tests.infrastructure.addresses import BrokerAddress
from tests.infrastructure.databases import FreshDatabase
from tests.integration.post import (
    SOURCE,
    as_kafka,
    everything_in,
    ledger_of,
    positions,
    until,
    write_letters,
)

KEYS = [f"person-{number}" for number in range(7)]


class Office:
    """A ledger of letters with its topics on a broker, and the relays that a test starts."""

    def __init__(self, ledger: Ledger, broker: BrokerAddress | EmbeddedBroker, prefix: str) -> None:
        self.ledger = ledger
        self.broker = broker
        self.topic = f"{prefix}letters"
        self.checkpoints = f"{prefix}letters.checkpoints"

    async def create_topics(self) -> None:
        await self.broker.create_topics([self.topic], partitions=3)
        await self.broker.create_topics([self.checkpoints])

    def relay(self, ledger: Ledger | None = None, check_seconds: float = 0.3) -> Relay:
        return Relay(
            ledger or self.ledger,
            self.broker.bootstrap,
            self.broker.flavour,
            self.topic,
            self.checkpoints,
            service=SOURCE,
            batch_max=20,
            check_seconds=check_seconds,
        )

    async def all_published(self) -> bool:
        return await lag(self.ledger) == 0

    async def everything(self) -> dict[int, list[Any]]:
        return await everything_in(self.broker.bootstrap, self.topic)

    async def whole(self) -> bool:
        """Whether every event of the ledger is in the topic, in order when repetitions are left out."""
        head = await self.ledger.head()
        firsts = [_without_repetitions(positions(records)) for records in (await self.everything()).values()]
        assert all(first == sorted(first) for first in firsts), f"out of order: {firsts}"
        return sorted(position for first in firsts for position in first) == list(range(1, head.size + 1))

    async def lose_everything(self) -> None:
        """Deletes the topics and makes them anew."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.broker.bootstrap)
        await admin.start()
        await admin.delete_topics([self.topic, self.checkpoints])
        try:

            async def gone() -> bool:
                return not {self.topic, self.checkpoints} & set(await admin.list_topics())

            await until(gone, "the topics are deleted")
        finally:
            await admin.close()
        await self.create_topics()

    async def put(self, start: int, end: int) -> None:
        """Publishes positions start..end by hand, as a plain producer would."""
        producer = AIOKafkaProducer(bootstrap_servers=self.broker.bootstrap, acks="all")
        await producer.start()
        for record in await self.ledger.after(start - 1, end - start + 1):
            key, value, headers = as_kafka(record)
            await producer.send_and_wait(self.topic, value, key=key, headers=headers)
        await producer.stop()


@pytest.fixture
async def office(database: FreshDatabase, broker: BrokerAddress, topic_prefix: str) -> AsyncIterator[Office]:
    async with ledger_of(database, SOURCE) as ledger:
        made = Office(ledger, broker, topic_prefix)
        await made.create_topics()
        yield made


def _without_repetitions(numbers: list[int]) -> list[int]:
    return list(dict.fromkeys(numbers))


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[Relay]:
    await relay.start()
    try:
        yield relay
    finally:
        await relay.stop()


async def test_every_event_is_published_once_in_order_as_it_stands_in_the_ledger(office: Office) -> None:
    async with running(office.relay()):
        await write_letters(office.ledger, KEYS, 12)
        await until(office.all_published, "all is published")

    found = await office.everything()

    published = [record for records in found.values() for record in records]
    assert sorted(positions(published)) == list(range(1, len(KEYS) * 12 + 1))
    assert all(positions(records) == sorted(positions(records)) for records in found.values())
    for recorded in await office.ledger.after(0, 1000):
        record = next(each for each in published if positions([each]) == [recorded.position])
        envelope = from_message(record.headers, record.key, record.value)
        assert record.value == recorded.body
        assert envelope.id == str(recorded.id)
        assert record.key.decode() == recorded.key


async def test_what_is_published_but_not_noted_is_published_again(office: Office) -> None:
    await write_letters(office.ledger, KEYS, 2)
    async with running(office.relay()):
        await until(office.all_published, "the first part is published")
    noted = await office.ledger.pool.fetchrow("SELECT published, partitions FROM relay")
    assert noted is not None
    await write_letters(office.ledger, KEYS, 2)
    async with running(office.relay()):
        await until(office.all_published, "the second part is published")
    # As after a crash between the broker's acknowledgement and the note of it.
    await office.ledger.pool.execute("UPDATE relay SET published = $1, partitions = $2", *noted)

    async with running(office.relay()):
        await until(office.all_published, "all is published again")

    assert await office.whole()
    count = sum(len(records) for records in (await office.everything()).values())
    assert count == len(KEYS) * 6


async def test_one_replica_relays_and_another_goes_on_when_its_connection_ends(
    office: Office, database: FreshDatabase
) -> None:
    async with AsyncExitStack() as stack:
        second = await stack.enter_async_context(ledger_of(database, SOURCE))
        relays = [office.relay(), office.relay(second)]
        for relay in relays:
            await stack.enter_async_context(running(relay))
        await write_letters(office.ledger, KEYS, 3)
        await until(office.all_published, "all is published")
        assert [relay.relaying for relay in relays].count(True) == 1

        for _ in range(3):
            await _end_the_relaying_session(database)
            await write_letters(office.ledger, KEYS, 3)
            await until(office.all_published, "all is published after a takeover")

        assert all(relay.running for relay in relays)
    assert await office.whole()


async def _end_the_relaying_session(database: FreshDatabase) -> None:
    connection = await asyncpg.connect(database.superuser_dsn)
    ended = await connection.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    await connection.close()
    assert len(ended) == 1


async def test_an_embedded_broker_that_lost_everything_is_filled_again_while_nothing_new_comes(
    database: FreshDatabase, tmp_path: Path
) -> None:
    broker = EmbeddedBroker(tmp_path)
    broker.start()
    try:
        async with ledger_of(database, SOURCE) as ledger:
            office = Office(ledger, broker, "")
            await office.create_topics()
            async with running(office.relay()):
                await write_letters(ledger, KEYS, 10)
                await until(office.all_published, "all is published")
                broker.kill()
                broker.start()
                await office.create_topics()
                await until(office.whole, "the broker is filled again")
    finally:
        broker.stop()


async def test_topics_that_were_deleted_are_filled_again(office: Office) -> None:
    await write_letters(office.ledger, KEYS, 10)
    async with running(office.relay()):
        await until(office.all_published, "all is published")
    await office.lose_everything()

    async with running(office.relay()):
        await until(office.whole, "the broker is filled again")


async def test_a_partition_that_lost_its_end_gets_its_end_only(office: Office) -> None:
    await write_letters(office.ledger, KEYS, 10)
    async with running(office.relay()):
        await until(office.all_published, "all is published")
    await office.lose_everything()
    await office.put(1, 40)

    async with running(office.relay()):
        await until(office.whole, "the end is published again")

    count = sum(len(records) for records in (await office.everything()).values())
    assert count == len(KEYS) * 10


async def test_a_broker_that_came_back_empty_and_took_a_later_batch_is_filled_from_the_start(
    office: Office,
) -> None:
    await write_letters(office.ledger, KEYS, 10)
    async with running(office.relay()):
        await until(office.all_published, "all is published")
    await office.lose_everything()
    await office.put(41, 70)

    async with running(office.relay()):

        async def all_there() -> bool:
            found = (await office.everything()).values()
            return {p for records in found for p in positions(records)} == set(range(1, 71))

        await until(all_there, "every event is published again")


async def test_what_is_lost_after_a_person_set_the_position_back_is_published_from_the_start(office: Office) -> None:
    await write_letters(office.ledger, KEYS, 10)
    async with running(office.relay()):
        await until(office.all_published, "all is published")
    await replay_from(office.ledger, 41)
    await office.lose_everything()

    async with running(office.relay()):

        async def all_there() -> bool:
            found = (await office.everything()).values()
            return {p for records in found for p in positions(records)} == set(range(1, 71))

        await until(all_there, "every event is published again")


async def test_data_lost_while_the_relay_sends_is_noticed_by_the_offset_of_the_answer(office: Office) -> None:
    async with running(office.relay(check_seconds=3600)):
        await write_letters(office.ledger, KEYS, 5)
        await until(office.all_published, "all is published")
        await office.lose_everything()
        await write_letters(office.ledger, KEYS, 1)

        async def all_there() -> bool:
            found = (await office.everything()).values()
            return {p for records in found for p in positions(records)} == set(range(1, 43))

        await until(all_there, "every event is published again")


async def test_a_replay_publishes_again_from_the_position_asked_for(office: Office) -> None:
    await write_letters(office.ledger, KEYS, 3)
    async with running(office.relay()):
        await until(office.all_published, "all is published")

        await replay_from(office.ledger, 11)
        await until(office.all_published, "all is published again")

    again = [position for records in (await office.everything()).values() for position in positions(records)]
    assert sorted(again) == sorted([*range(1, 22), *range(11, 22)])
    with pytest.raises(ValueError, match="first position"):
        await replay_from(office.ledger, 0)


async def test_every_checkpoint_is_published_and_its_signature_holds(office: Office) -> None:
    signer = Signer("letters.example", Ed25519PrivateKey.generate())
    checkpointer = Checkpointer(office.ledger, signer, interval_seconds=0.05)
    await checkpointer.start()
    async with running(office.relay()):
        await write_letters(office.ledger, KEYS, 3)
        await checkpointer.stop()

        async def published() -> bool:
            notes = (await everything_in(office.broker.bootstrap, office.checkpoints))[0]
            return bool(notes) and notes[-1].value.decode() == await latest(office.ledger)

        await until(published, "the newest checkpoint is published")

    notes = (await everything_in(office.broker.bootstrap, office.checkpoints))[0]
    sizes = [signer.verifier.open(note.value.decode()).size for note in notes]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == len(KEYS) * 3
    assert {note.key for note in notes} == {SOURCE.encode()}
    assert signer.verifier.open(notes[-1].value.decode()).root == (await office.ledger.head()).root


async def test_a_checkpoint_is_signed_within_a_second_of_an_event(office: Office) -> None:
    signer = Signer("letters.example", Ed25519PrivateKey.generate())
    checkpointer = Checkpointer(office.ledger, signer)
    await checkpointer.start()
    try:
        await write_letters(office.ledger, KEYS, 1)

        async def signed() -> bool:
            note = await latest(office.ledger)
            return note is not None and signer.verifier.open(note).size == len(KEYS)

        await until(signed, "the ledger is signed as it stands", deadline_s=1.0)
        assert checkpointer.running
    finally:
        await checkpointer.stop()
