"""Apache Kafka on this machine, from its Maven artifacts: one node (KRaft), started by us.

Needs Java 17, and Maven once: the jars that `deploy/kafka/pom.xml` names are copied into a cache folder
(`$XDG_CACHE_HOME/grant-ledger`, else `~/.cache/grant-ledger`) and found there from then on.
"""

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

from deploy.local.broker import START_DEADLINE_S, Flavour, create_topics
from deploy.local.errors import BinaryMissing
from deploy.local.ports import free_port
from deploy.local.process import ChildProcess, port_answers, run_command

RECIPE = Path(__file__).parents[1] / "kafka"
OLDEST_JAVA = 17
FETCH_DEADLINE_S = 600.0
STOP_GRACE_S = 20.0
# Any 16 bytes in base64; a node that stands alone needs no other.
CLUSTER_ID = "Z3JhbnQtbGVkZ2VyLWthZg"

JAVA_OPTIONS = [
    "-Xms256m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # Starts in half the time; a broker on two cores is not bound by its compiler.
    f"-Dlog4j2.configurationFile={RECIPE / 'log4j2.properties'}",
]

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
num.partitions=1
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# A killed node is let in again only when its former session is over: 2 s instead of 9.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
# Records carry the time of the simulated year, which may be long past or ahead: neither removes nor refuses
# them.
log.retention.ms=-1
log.message.timestamp.before.max.ms=9223372036854775807
log.message.timestamp.after.max.ms=9223372036854775807
"""


class ApacheKafka:
    """A node of Apache Kafka with its data in `folder`; what was acknowledged outlives kill and restart.

    Topics are never made by themselves: use `create_topics`.
    """

    flavour: Flavour = "apache"

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        """Without `port` a free one is taken for the life of this object. Raises BinaryMissing,
        CommandFailed.
        """
        self.folder = folder.absolute()
        self.port = free_port() if port is None else port
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.origin = f"Apache Kafka {kafka_version()} (Maven artifacts)"
        self._java = java_program()
        self._jars = kafka_jars()
        self._controller_port = free_port()
        self._server = ChildProcess(
            self._java_line("kafka.Kafka", str(self._settings)),
            name="Apache Kafka",
            log=self.folder / "kafka.log",
            folder=Path("/"),
        )

    @property
    def is_running(self) -> bool:
        return self._server.is_running

    @property
    def pid(self) -> int:
        return self._server.pid

    def start(self) -> None:
        """Formats the storage if there is none, and starts; also after a crash. Raises StartFailed,
        CommandFailed.
        """
        if self.is_running:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self._settings.write_text(
            SETTINGS.format(port=self.port, controller_port=self._controller_port, data=self.folder / "data"),
            encoding="utf-8",
        )
        if not (self.folder / "data" / "meta.properties").exists():
            line = self._java_line("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(self._settings))
            run_command(line, what=f"format Apache Kafka's storage in {self.folder}")
        self._server.start()
        self._server.wait_until(
            port_answers(self.port), deadline_s=START_DEADLINE_S, what=f"accept connections on {self.port}"
        )

    def stop(self) -> None:
        self._server.stop(grace_s=STOP_GRACE_S)

    def kill(self) -> None:
        self._server.kill()

    def restart(self) -> None:
        self.stop()
        self.start()

    async def create_topics(self, names: Iterable[str], partitions: int = 1) -> None:
        await create_topics(self.bootstrap, names, partitions)

    @property
    def _settings(self) -> Path:
        return self.folder / "server.properties"

    def _java_line(self, main_class: str, *arguments: str) -> list[str | Path]:
        return [self._java, *JAVA_OPTIONS, "-cp", f"{self._jars}/*", main_class, *arguments]


def java_program() -> Path:
    """The `java` of JAVA_HOME or PATH; raises BinaryMissing when there is none of version 17 or later."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin" if home else None)
    if found is None:
        raise BinaryMissing(f"Apache Kafka needs Java {OLDEST_JAVA}: there is no `java` on PATH or in JAVA_HOME")
    text = run_command([found, "-version"], what="ask Java for its version")
    version = re.search(r'version "(\d+)', text)
    if version is None or int(version[1]) < OLDEST_JAVA:
        raise BinaryMissing(f"Apache Kafka needs Java {OLDEST_JAVA} or later; {found} says: {text.splitlines()[0]}")
    return Path(found)


def kafka_version() -> str:
    """The version that the pom names."""
    space = {"m": "http://maven.apache.org/POM/4.0.0"}
    # The pom is a file of this repository, not somebody's input.
    version = ET.parse(RECIPE / "pom.xml").findtext("m:properties/m:kafka.version", None, space)  # noqa: S314
    if version is None:
        raise BinaryMissing(f"{RECIPE / 'pom.xml'} names no property kafka.version")
    return version


def kafka_jars() -> Path:
    """The folder of Kafka's jars, fetched by Maven the first time; processes that ask at once fetch them
    once.

    Raises BinaryMissing when they are not in the cache and there is no Maven, CommandFailed when Maven fails.
    """
    pom = RECIPE / "pom.xml"
    fingerprint = hashlib.sha256(pom.read_bytes()).hexdigest()[:8]
    cache = cache_folder()
    jars = cache / f"kafka-{kafka_version()}-{fingerprint}"
    if jars.exists():
        return jars
    maven = shutil.which("mvn")
    if maven is None:
        raise BinaryMissing(
            f"Apache Kafka's jars are not in {jars}, and there is no Maven (`mvn`) on PATH to fetch them"
        )
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.exists():
            _fetch(maven, pom, jars)
    return jars


def cache_folder() -> Path:
    """Where this project keeps what is expensive to fetch, between runs."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "grant-ledger"


def _fetch(maven: str, pom: Path, jars: Path) -> None:
    """Fetches beside the final place and moves there: a broken fetch is never taken for a whole one."""
    with tempfile.TemporaryDirectory(dir=jars.parent) as staging:
        target = Path(staging) / "jars"
        line = [
            maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", "-DincludeScope=runtime",
            f"-DoutputDirectory={target}",
        ]  # fmt: skip
        run_command(line, what="fetch Apache Kafka's jars", deadline_s=FETCH_DEADLINE_S)
        target.rename(jars)
