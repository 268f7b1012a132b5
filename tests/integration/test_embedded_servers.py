"""Embedded servers keep what they promise over crashes: PostgreSQL and Apache Kafka their data, the embedded
broker its address alone.
"""

import asyncio
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local import postgres_binaries
from deploy.local.broker import Broker, EmbeddedBroker
from deploy.local.errors import AlreadyRunning
from deploy.local.kafka import ApacheKafka
from deploy.local.postgres import PostgresCluster
from deploy.local.postgres_binaries import PostgresBinaries, wheel_binaries
from tests.infrastructure.addresses import BrokerAddress, PostgresAddress
from tests.infrastructure.databases import FreshDatabase
from tests.infrastructure.processes import is_gone
from tests.infrastructure.session import Servers

MESSAGES = [b"1", b"2", b"3"]


async def fetch(cluster: PostgresCluster, statement: str) -> object:
    connection = await asyncpg.connect(cluster.superuser_dsn())
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def publish(broker: Broker | BrokerAddress, topic: str) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap, acks="all", enable_idempotence=broker.flavour == "apache"
    )
    async with producer:
        for message in MESSAGES:
            await producer.send_and_wait(topic, message, key=b"one")


async def read(broker: Broker | BrokerAddress, topic: str, expected: int) -> list[bytes]:
    """Reads until `expected` messages are there; with 0, what one look finds."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest", fetch_max_wait_ms=10
    )
    found: list[bytes] = []
    async with consumer, asyncio.timeout(30):
        while True:
            batches = await consumer.getmany(timeout_ms=300)
            found += [record.value for batch in batches.values() for record in batch]
            if len(found) >= expected:
                return found


async def test_what_was_committed_outlives_a_crash_of_postgres(
    own_postgres: Callable[..., PostgresCluster],
) -> None:
    cluster = own_postgres()
    cluster.start()
    assert await fetch(cluster, "SHOW fsync") == "on"
    await fetch(cluster, "CREATE TABLE kept AS SELECT 42 AS answer")
    cluster.kill()
    assert not cluster.is_running
    cluster.start()
    assert await fetch(cluster, "SELECT answer FROM kept") == 42
    assert "not properly shut down" in cluster.log.read_text(encoding="utf-8")


async def test_a_kill_reaches_every_process_of_postgres(own_postgres: Callable[..., PostgresCluster]) -> None:
    cluster = own_postgres(fsync="off")
    cluster.start()
    connection = await asyncpg.connect(cluster.superuser_dsn())
    backend = connection.get_server_pid()
    cluster.kill()
    assert is_gone(backend)
    connection.terminate()


def test_a_process_id_left_by_a_crash_stops_no_start_even_when_another_server_has_it_now(
    own_postgres: Callable[..., PostgresCluster],
) -> None:
    cluster, other = own_postgres(fsync="off"), own_postgres(fsync="off")
    other.start()
    cluster.start()
    cluster.kill()
    left = cluster.data_folder / "postmaster.pid"
    left.write_text(re.sub(r"^\d+", str(other.pid), left.read_text()))
    cluster.start()
    assert left.read_text().startswith(f"{cluster.pid}\n")
    assert other.is_running


def test_a_second_server_on_the_same_data_is_refused_and_the_first_stays(
    own_postgres: Callable[..., PostgresCluster],
) -> None:
    cluster = own_postgres(fsync="off")
    cluster.start()
    with pytest.raises(AlreadyRunning, match=rf"process {cluster.pid}\) already runs on .*: stop it first"):
        PostgresCluster(cluster.folder).start()
    assert cluster.is_running


async def test_postgres_wants_its_password_and_answers_on_loopback_only(
    own_postgres: Callable[..., PostgresCluster],
) -> None:
    cluster = own_postgres(fsync="off")
    cluster.start()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(cluster.dsn("postgres", "postgres", "guessed"))
    assert await fetch(cluster, "SHOW listen_addresses") == "127.0.0.1"
    assert await fetch(cluster, "SHOW unix_socket_directories") == ""
    assert (cluster.folder / "superuser-password").stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as another user")
def test_a_folder_closed_to_the_servers_user_still_serves_and_is_removed_whole(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    cluster = PostgresCluster(closed / "postgres", settings={"fsync": "off"})
    cluster.start()
    place = cluster.data_folder
    assert place.stat().st_uid != 0
    assert closed.stat().st_mode & 0o777 == 0o700, "the rights of parent folders are not ours to loosen"
    cluster.restart()
    cluster.remove()
    assert not place.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as another user")
def test_programs_closed_to_the_servers_user_are_copied_to_where_it_can_execute_them(
    tmp_path: Path, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = wheel_binaries().folder.parents[1]
    packages = tmp_path / "packages"
    for name in (installed.name, f"{installed.name}.libs"):
        shutil.copytree(installed.with_name(name), packages / name, symlinks=True)
    tmp_path.chmod(0o700)
    monkeypatch.setattr(postgres_binaries, "PUBLIC_PLACE", servers.place / "public")
    closed = PostgresBinaries(packages / installed.name / "pginstall" / "bin", "closed")
    for folder in ("one", "two"):
        cluster = PostgresCluster(servers.place / folder, binaries=closed, settings={"fsync": "off"})
        try:
            cluster.start()
            assert asyncio.run(fetch(cluster, "SELECT 1")) == 1
        finally:
            cluster.remove()
    assert len(list((servers.place / "public").glob("postgres-*"))) == 1


async def test_a_services_roles_may_do_their_own_work_and_no_more(database: FreshDatabase) -> None:
    await asyncio.gather(database.service("intake"), database.service("decisions"))
    intake = await database.service("intake")
    owner = await asyncpg.connect(intake.owner_dsn)
    service = await asyncpg.connect(intake.service_dsn)
    try:
        await owner.execute("CREATE TABLE events (body bytea); CREATE TABLE decisions_copy (body bytea)")
        assert await owner.fetchval("SELECT schemaname FROM pg_tables WHERE tablename = 'events'") == "intake"
        for refused in (
            "CREATE TABLE more (x int)",
            "CREATE TABLE public.more (x int)",
            "CREATE TEMP TABLE more (x int)",
            "SELECT * FROM intake.events",
            "SELECT * FROM decisions.anything",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await service.execute(refused)
    finally:
        await owner.close()
        await service.close()


async def test_databases_of_two_tests_share_no_role(postgres_cluster: PostgresAddress) -> None:
    one, two = FreshDatabase(postgres_cluster), FreshDatabase(postgres_cluster)
    try:
        made = await one.service("intake")
        other = await two.service("intake")
        intruder = made.service_dsn.replace(one.name, two.name)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(intruder)
        assert made.service != other.service
    finally:
        await one.drop()
        await two.drop()


async def test_the_shared_broker_carries_messages_in_order(broker: BrokerAddress, topic_prefix: str) -> None:
    topic = f"{topic_prefix}events"
    await broker.create_topics([topic], partitions=3)
    await broker.create_topics([topic], partitions=3)
    await publish(broker, topic)
    assert await read(broker, topic, len(MESSAGES)) == MESSAGES


@pytest.mark.apache
async def test_what_apache_kafka_acknowledged_outlives_its_crash(tmp_path: Path) -> None:
    broker = ApacheKafka(tmp_path / "kafka")
    broker.start()
    try:
        await broker.create_topics(["events"])
        await publish(broker, "events")
        address = broker.bootstrap
        broker.kill()
        assert not broker.is_running
        broker.start()
        assert broker.bootstrap == address
        assert await read(broker, "events", len(MESSAGES)) == MESSAGES
    finally:
        broker.stop()


async def test_the_embedded_broker_comes_back_at_its_address_with_nothing_in_it(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "broker")
    broker.start()
    try:
        await broker.create_topics(["events"])
        await publish(broker, "events")
        assert await read(broker, "events", len(MESSAGES)) == MESSAGES
        address = broker.bootstrap
        broker.kill()
        assert not broker.is_running
        broker.start()
        assert broker.bootstrap == address
        await broker.create_topics(["events"])
        assert await read(broker, "events", 0) == []
        await publish(broker, "events")
        assert await read(broker, "events", len(MESSAGES)) == MESSAGES
    finally:
        broker.stop()
