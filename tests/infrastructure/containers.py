"""The rungs that need a Docker engine."""

from importlib import import_module
from typing import cast

from deploy.local.errors import LocalServerError
from deploy.local.kafka import kafka_version
from tests.infrastructure.addresses import BrokerAddress, PostgresAddress
from tests.infrastructure.logins import ease_superuser

POSTGRES_IMAGE = "postgres:18"
KAFKA_IMAGE = "confluentinc/cp-kafka:8.1.0"  # Apache Kafka 4.1
PASSWORD = "only-for-tests"
HINT = "GRANTS_TEST_CONTAINERS=no does without containers"


class ContainerFailed(LocalServerError):
    """A container could not be started, e.g. because its image cannot be had."""


def docker_missing() -> str | None:
    """Why no Docker engine can be used, or None when one answers."""
    docker = import_module("docker")
    try:
        client = docker.from_env(timeout=5)
        client.ping()
        client.close()
    except docker.errors.DockerException as error:
        return f"no Docker engine answers ({type(error).__name__})"
    return None


class PostgresInContainer:
    """PostgreSQL in a container that testcontainers' own watchdog removes should the session be killed."""

    def __init__(self) -> None:
        from testcontainers.community.postgres import PostgresContainer

        self._container = PostgresContainer(
            POSTGRES_IMAGE, username="postgres", password=PASSWORD, dbname="postgres", driver=None
        ).with_command("-c fsync=off -c full_page_writes=off -c max_connections=300 -c timezone=UTC")

    def start(self) -> PostgresAddress:
        """Starts it; raises ContainerFailed."""
        try:
            self._container.start()
            host, port = self._container.get_container_host_ip(), int(self._container.get_exposed_port(5432))
        except _docker_error() as error:
            raise ContainerFailed(f"cannot start {POSTGRES_IMAGE} ({HINT}): {error}") from error
        address = PostgresAddress(host, port, "postgres", PASSWORD, f"container {POSTGRES_IMAGE}")
        ease_superuser(address)
        return address

    def stop(self) -> None:
        self._container.stop()


class KafkaInContainer:
    """Apache Kafka (KRaft, one node) in a container."""

    def __init__(self) -> None:
        from testcontainers.community.kafka import KafkaContainer

        container = KafkaContainer(KAFKA_IMAGE).with_kraft()
        container.with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
        container.with_env("KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS", "1000")
        container.with_env("KAFKA_LOG_RETENTION_MS", "-1")
        container.with_env("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1")
        container.with_env("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1")
        self._container = container

    def start(self) -> BrokerAddress:
        """Starts it; raises ContainerFailed."""
        try:
            self._container.start()
            bootstrap = self._container.get_bootstrap_server()
        except _docker_error() as error:
            raise ContainerFailed(f"cannot start {KAFKA_IMAGE} ({HINT}): {error}") from error
        return BrokerAddress(bootstrap, "apache", f"container {KAFKA_IMAGE} (Apache Kafka {kafka_version()[:3]})")

    def stop(self) -> None:
        self._container.stop()


def _docker_error() -> type[Exception]:
    return cast(type[Exception], import_module("docker.errors").DockerException)
