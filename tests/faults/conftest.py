"""The stage of the fault tests: one PostgreSQL cluster and one broker for each test process, kept over all
schedules.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.local.postgres import PostgresCluster
from tests.faults.world import World
from tests.infrastructure.ladder import own_binaries, own_broker
from tests.infrastructure.session import Servers

SCHEDULES_MAX = 12


class Stage:
    """Lends a world to each test, the same while the tests pass, but to twelve at most: what its ledgers hold is
    checked, and published again, each time.
    """

    def __init__(self, servers: Servers, folder: Path) -> None:
        place = servers.place / f"faults-{secrets.token_hex(4)}"
        self._folder = folder
        self._cluster = PostgresCluster(place, binaries=own_binaries(servers.postgres_rung))
        self._broker = own_broker(servers.broker_rung, folder / "broker")
        self._worlds: dict[frozenset[tuple[str, int]], World] = {}
        self._lent: Counter[World] = Counter()

    @asynccontextmanager
    async def world(self, replicas: Mapping[str, int] | None = None) -> AsyncIterator[World]:
        """A world with one process of each service, or as many as asked for; thrown away when the test fails."""
        kind = frozenset((replicas or {}).items())
        for other in set(self._worlds) - {kind}:
            await self._worlds.pop(other).close()
        try:
            if kind not in self._worlds:
                self._worlds[kind] = World(self._cluster, self._broker, self._folder, replicas)
                await self._worlds[kind].open()
            world = self._worlds[kind]
            yield world
            self._lent[world] += 1
            if self._lent[world] == SCHEDULES_MAX:
                await self.discard(world)
        except BaseException:
            failed = self._worlds.pop(kind, None)
            if failed is not None:
                await failed.close()
            raise

    async def discard(self, world: World) -> None:
        """Lend this world no more."""
        self._worlds = {kind: each for kind, each in self._worlds.items() if each is not world}
        del self._lent[world]
        await world.close()

    def close(self) -> None:
        for world in self._worlds.values():
            asyncio.run(world.close())
        self._broker.stop()
        self._cluster.remove()


@pytest.fixture(scope="session")
def stage(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    made = Stage(servers, tmp_path_factory.mktemp("faults"))
    yield made
    made.close()
