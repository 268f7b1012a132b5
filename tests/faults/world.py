"""The world of the fault tests: PostgreSQL with fsync on, a broker, and the processes of `shop`, which are started
again when they die, as a supervisor does.
"""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.local.broker import Broker
from deploy.local.ports import free_port
from deploy.local.postgres import PostgresCluster
from deploy.local.process import ChildProcess, port_answers
from services.ledger import Checkpoint, Signer, migrate
from tests.faults.service import Configuration
from tests.faults.shop import COUNTER, SERVICES, STORE
from tests.faults.topics import Topics
from tests.infrastructure.databases import FreshDatabase

ROOT = Path(__file__).parents[2]
PARTITIONS = 3
ANSWER_DEADLINE_S = 30.0
START_DEADLINE_S = 60.0
POLL_S = 0.05


class NoAnswer(Exception):
    """A process ended, or could not say, whether it did what it was asked to."""


@dataclass
class Member:
    """One process of a service."""

    service: str
    port: int
    process: ChildProcess
    deaths: int = 0


class World:
    """Two services in as many processes as asked for. `open` before use, `close` after."""

    def __init__(
        self, cluster: PostgresCluster, broker: Broker, folder: Path, replicas: Mapping[str, int] | None = None
    ) -> None:
        self.cluster = cluster
        self.broker = broker
        self.prefix = f"w{secrets.token_hex(3)}."
        self.topics = Topics(broker.bootstrap, PARTITIONS)
        self._folder = folder / self.prefix.rstrip(".")
        self._replicas = {COUNTER: 1, STORE: 1, **(replicas or {})}
        self._database = FreshDatabase(cluster)
        self._signers: dict[str, Signer] = {}
        self.members: list[Member] = []
        self.witnessed: dict[str, list[Checkpoint]] = {service: [] for service in SERVICES}
        self._held = False

    # --- opening and closing -------------------------------------------------------------------------------

    async def open(self) -> None:
        """Starts servers and processes."""
        self._folder.mkdir(parents=True)
        await asyncio.to_thread(self.cluster.start)
        await asyncio.to_thread(self.broker.start)
        await self.create_topics()
        for service in SERVICES:
            made = await self._database.service(service)
            await asyncio.to_thread(migrate, made.owner_dsn, made.schema)
            for number in range(self._replicas[service]):
                self.members.append(self._member(service, number, made.service_dsn))
        for member in self.members:
            member.process.start()
        await asyncio.gather(*(asyncio.to_thread(self._wait_for, member) for member in self.members))

    def _member(self, service: str, number: int, dsn: str) -> Member:
        port = free_port()
        key_file = self._folder / f"{service}.pem"
        if service not in self._signers:
            key = Ed25519PrivateKey.generate()
            key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            self._signers[service] = Signer(f"shop/{service}", key)
        configuration = self._folder / f"{service}-{number}.json"
        configuration.write_bytes(
            msgspec.json.encode(
                Configuration(
                    service, dsn, self.broker.bootstrap, self.broker.flavour, port, self.prefix, str(key_file)
                )
            )
        )
        line: list[str | Path] = [sys.executable, "-m", "tests.faults.service", configuration]
        name = f"{service}-{number}"
        return Member(service, port, ChildProcess(line, name=name, log=self._folder / f"{name}.log", folder=ROOT))

    def _wait_for(self, member: Member) -> None:
        member.process.wait_until(
            port_answers(member.port), deadline_s=START_DEADLINE_S, what=f"take commands on {member.port}"
        )

    async def close(self) -> None:
        """Ends the processes and drops the database; the servers go on."""
        for member in self.members:
            member.process.kill()
        await asyncio.to_thread(self.cluster.start)
        await self._database.drop()

    async def create_topics(self) -> None:
        await self.broker.create_topics([f"{self.prefix}{service}" for service in SERVICES], PARTITIONS)
        await self.broker.create_topics([f"{self.prefix}{service}.checkpoints" for service in SERVICES])

    # --- the supervisor ------------------------------------------------------------------------------------

    @asynccontextmanager
    async def supervised(self) -> AsyncIterator[None]:
        """While this lasts, a process that ends is started again, unless `held`."""
        keeper = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper

    async def _keep(self) -> None:
        while True:
            for member in self.members:
                if not member.process.is_running and not self._held:
                    member.deaths += 1
                    await asyncio.to_thread(member.process.start)
            await asyncio.sleep(POLL_S)

    @contextmanager
    def held(self) -> Iterator[None]:
        """While this lasts, what ends stays down."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    # --- commands ------------------------------------------------------------------------------------------

    def members_of(self, service: str) -> list[Member]:
        return [member for member in self.members if member.service == service]

    async def ask(self, member: Member, command: Mapping[str, Any]) -> dict[str, Any]:
        """One command; raises NoAnswer when it cannot be told whether it was obeyed."""
        try:
            return await asyncio.wait_for(self._exchange(member, command), ANSWER_DEADLINE_S)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise NoAnswer(f"{member.process.name}: {type(error).__name__}") from error

    async def _exchange(self, member: Member, command: Mapping[str, Any]) -> dict[str, Any]:
        reader, writer = await asyncio.open_connection("127.0.0.1", member.port)
        try:
            writer.write(msgspec.json.encode(command) + b"\n")
            answer: dict[str, Any] = msgspec.json.decode(await reader.readuntil(b"\n"))
            return answer
        finally:
            writer.close()

    async def insist(self, member: Member, command: Mapping[str, Any]) -> dict[str, Any]:
        """Asks until it is answered with something else than a failure."""
        end = asyncio.get_running_loop().time() + 2 * ANSWER_DEADLINE_S
        while True:
            with suppress(NoAnswer):
                answer = await self.ask(member, command)
                if "failed" not in answer:
                    return answer
            assert asyncio.get_running_loop().time() < end, f"no answer to {command}\n{self.logs()}"
            await asyncio.sleep(POLL_S)

    # --- what is seen from outside -------------------------------------------------------------------------

    @asynccontextmanager
    async def sight(self, service: str = COUNTER) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """A superuser's connection with the schema of a service in front."""
        connection = await asyncpg.connect(self._database.superuser_dsn, server_settings={"search_path": service})
        try:
            yield connection
        finally:
            await connection.close()

    def checkpoint(self, service: str, note: str) -> Checkpoint:
        """Checks the signature."""
        return self._signers[service].verifier.open(note)

    def logs(self, lines: int = 25) -> str:
        """The ends of the processes' logs, for a failure."""
        texts: list[str] = []
        for member in self.members:
            last: Sequence[str] = member.process.log.read_text(errors="replace").splitlines()[-lines:]
            texts.append(f"--- {member.process.name} (died {member.deaths} times)\n" + "\n".join(last))
        return "\n".join(texts)
