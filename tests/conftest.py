"""The servers of the test session and what tests get of them. What is used stands at the head of the run."""

import asyncio
import gc
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from deploy.local.broker import Broker
from deploy.local.postgres import PostgresCluster
from tests.infrastructure.addresses import BrokerAddress, PostgresAddress
from tests.infrastructure.containers import docker_missing
from tests.infrastructure.databases import FreshDatabase
from tests.infrastructure.ladder import LadderFailed, apache_missing, own_binaries, own_broker
from tests.infrastructure.session import ServerDesk, Servers, ServersElsewhere, SessionServers
from tests.infrastructure.templates import templates_of

DIRECTIONS = "grants_servers"
# How long a machine takes to make an example says nothing of the code; the same examples come in every run.
settings.register_profile("suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

servers_key = pytest.StashKey[Servers]()
held_key = pytest.StashKey[SessionServers]()
desk_key = pytest.StashKey[ServerDesk]()


def pytest_configure(config: pytest.Config) -> None:
    # Plain tracebacks: the default prints every local variable, which takes seconds.
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, renderer]
    )
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        config.stash[servers_key] = ServersElsewhere(worker[DIRECTIONS])
        return
    try:
        held = SessionServers(os.environ)
    except LadderFailed as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[servers_key] = config.stash[held_key] = held


def pytest_report_header(config: pytest.Config) -> list[str]:
    return config.stash[held_key].header() if held_key in config.stash else []


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker of pytest-xdist, before it starts, where to ask for servers."""
    stash = node.config.stash
    if desk_key not in stash:
        stash[desk_key] = ServerDesk(stash[held_key])
    node.workerinput[DIRECTIONS] = stash[desk_key].directions()


def pytest_unconfigure(config: pytest.Config) -> None:
    if desk_key in config.stash:
        config.stash[desk_key].close()
    if held_key in config.stash:
        config.stash[held_key].close()


def pytest_collection_finish() -> None:
    """Lets no later collection of garbage go through all that was imported."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips what this machine cannot run, with the reason."""
    missing: dict[str, Callable[[], str | None]] = {
        "apache": apache_missing,
        "docker": docker_missing,
        "node": _node_missing,
    }
    for marker, reason in missing.items():
        if item.get_closest_marker(marker) is not None and (why := reason()) is not None:
            pytest.skip(why)


def _node_missing() -> str | None:
    absent = [program for program in ("node", "npm") if shutil.which(program) is None]
    return f"there is no {' and no '.join(absent)} on PATH" if absent else None


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Servers:
    """The session's servers; a test asks for `postgres_cluster`, `database` or `broker` instead."""
    return request.config.stash[servers_key]


@pytest.fixture(scope="session")
def postgres_cluster(servers: Servers) -> Iterator[PostgresAddress]:
    """The shared PostgreSQL server (fsync off). The templates that this process made in it are removed at the end."""
    address = servers.postgres()
    yield address
    asyncio.run(templates_of(address).clear())


@pytest.fixture
async def database(postgres_cluster: PostgresAddress) -> AsyncIterator[FreshDatabase]:
    """A database of the test's own, with roles of its own; dropped afterwards."""
    fresh = FreshDatabase(postgres_cluster)
    yield fresh
    await fresh.drop()


@pytest.fixture(scope="module")
def module_database(postgres_cluster: PostgresAddress) -> Iterator[FreshDatabase]:
    """A database that the tests of a module share; dropped after the last."""
    fresh = FreshDatabase(postgres_cluster)
    yield fresh
    asyncio.run(fresh.drop())


@pytest.fixture(scope="session")
def broker(servers: Servers) -> BrokerAddress:
    """The shared broker."""
    return servers.broker()


@pytest.fixture
def topic_prefix() -> str:
    """A beginning for names of topics and consumer groups that no other test has."""
    return f"t{secrets.token_hex(4)}."


@pytest.fixture
def own_postgres(servers: Servers) -> Iterator[Callable[..., PostgresCluster]]:
    """Makes PostgreSQL clusters of the test's own: `own_postgres(fsync="off", …)`, not started, fsync on by
    default.

    What was made is stopped and removed after the test.
    """
    made: list[PostgresCluster] = []

    def make(**settings: str) -> PostgresCluster:
        folder = servers.place / f"own-{secrets.token_hex(4)}"
        made.append(PostgresCluster(folder, binaries=own_binaries(servers.postgres_rung), settings=settings))
        return made[-1]

    yield make
    for cluster in made:
        cluster.remove()


@pytest.fixture
def own_brokers(servers: Servers, tmp_path: Path) -> Iterator[Callable[[], Broker]]:
    """Makes brokers of the test's own, of the session's flavour, not started; stopped after the test."""
    made: list[Broker] = []

    def make() -> Broker:
        made.append(own_broker(servers.broker_rung, tmp_path / f"broker-{len(made)}"))
        return made[-1]

    yield make
    for started in made:
        started.stop()
