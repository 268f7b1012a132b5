"""P12: what cannot be handled stops its own key only, and nothing of that key is skipped: not by redelivery, not by a
crash, not by the person who retries.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import asyncpg

from services.ledger.parking import Retried
from tests.faults.checks import check_effects, check_ledgers, check_orders, progress, wait_until_quiet
from tests.faults.clients import Clients
from tests.faults.conftest import Stage
from tests.faults.schedules import REPLAYED, Fault, bring_about
from tests.faults.shop import COUNTER, PERMITTED, RENAMED, STORE
from tests.faults.world import POLL_S, World

DEADLINE_S = 60.0
REPLAY = Fault(REPLAYED, COUNTER, 1, 0.0)
_QUEUE = "SELECT event_id, reason FROM parked WHERE released_at IS NULL AND key = $1 ORDER BY number"
_PACKED = "SELECT body FROM event WHERE stream = $1 ORDER BY version"
_numbers = count()


class Trouble:
    """A key with one good order, a bad one, and three more; and other keys."""

    def __init__(self, world: World, clients: Clients, name: str) -> None:
        self.world = world
        self.clients = clients
        self.name = name
        self.orders: list[str] = []

    @property
    def key(self) -> str:
        return f"{self.name}-bad"

    async def store(self, command: dict[str, str | None]) -> dict[str, object]:
        answer: dict[str, object] = (await self.world.insist(self.world.members_of(STORE)[0], command))["done"]
        return answer

    async def retry(self) -> Retried:
        """By a person, for the key."""
        return Retried(**await self.store({"retry": self.key}))  # type: ignore[arg-type]

    async def queue(self) -> list[asyncpg.Record]:
        async with self.world.sight(STORE) as connection:
            return list(await connection.fetch(_QUEUE, self.key))

    async def packed(self, key: str) -> int:
        async with self.world.sight(STORE) as connection:
            return len(await connection.fetch(_PACKED, f"parcel/{key}"))

    async def handled_again(self) -> None:
        """Everything published before was published again, and handled again."""
        await bring_about(self.world, REPLAY)
        await self.clients.order_in_every_partition()
        await self.others_are_done()

    async def others_are_done(self) -> None:
        async def done() -> bool:
            now = await progress(self.world)
            return now["placed"] - now["packed"] == now["store_parked"] and now["packed"] == now["confirmed"]

        end = asyncio.get_running_loop().time() + DEADLINE_S
        while not await done() or len(await self.queue()) != 4:
            assert asyncio.get_running_loop().time() < end, f"{await progress(self.world)}\n{self.world.logs()}"
            await asyncio.sleep(POLL_S)


@asynccontextmanager
async def trouble_in(stage: Stage) -> AsyncIterator[Trouble]:
    async with stage.world() as world, world.supervised():
        name = f"p{next(_numbers)}"
        clients = Clients(world, name, seed=1)
        trouble = Trouble(world, clients, name)
        trouble.orders.append(await clients.order("bad"))
        trouble.orders.append(await clients.order("bad", damaged=True))
        for number in range(3):
            trouble.orders.append(await clients.order("bad"))
            await clients.order(f"good-{number}")
        await trouble.others_are_done()
        yield trouble
        await clients.order_in_every_partition()
        await wait_until_quiet(world)
        await check_orders(world, name, clients.journal)
        await check_effects(world)
        await check_ledgers(world)


async def test_a_message_that_cannot_be_handled_stops_its_own_key_until_a_person_retries_it(stage: Stage) -> None:
    async with trouble_in(stage) as trouble:
        queue = await trouble.queue()
        assert "DamagedGoods" in queue[0]["reason"]
        assert all("queues behind" in row["reason"] for row in queue[1:])
        assert await trouble.packed(trouble.key) == 1
        assert [await trouble.packed(f"{trouble.name}-good-{number}") for number in range(3)] == [1, 1, 1]

        in_vain = await trouble.retry()
        assert not in_vain.released
        assert len(in_vain.failed) == 1
        assert len(await trouble.queue()) == 4

        await trouble.store({"record": f"permit/{trouble.key}", "type": PERMITTED})
        retried = await trouble.retry()
        assert len(retried.released) == 4
        assert retried.released == sorted(retried.released)
        assert await trouble.packed(trouble.key) == 5


async def test_redelivery_and_a_crash_leave_the_queue_as_it_was(stage: Stage) -> None:
    async with trouble_in(stage) as trouble:
        before = [row["event_id"] for row in await trouble.queue()]

        await trouble.handled_again()
        for member in trouble.world.members_of(STORE):
            await asyncio.to_thread(member.process.kill)
        await trouble.handled_again()

        assert [row["event_id"] for row in await trouble.queue()] == before
        assert await trouble.packed(trouble.key) == 1
        await trouble.store({"record": f"permit/{trouble.key}", "type": PERMITTED})
        assert len((await trouble.retry()).released) == 4


async def test_an_event_that_this_release_does_not_know_is_kept_and_its_key_waits(stage: Stage) -> None:
    async with stage.world() as world, world.supervised():
        name = f"p{next(_numbers)}"
        clients = Clients(world, name, seed=2)
        trouble = Trouble(world, clients, name)
        await clients.order("bad")
        command = {"record": f"order/{trouble.key}", "type": RENAMED}
        await world.insist(world.members_of(COUNTER)[0], command)
        await clients.order("bad")
        await clients.order("good")
        await clients.order_in_every_partition()

        end = asyncio.get_running_loop().time() + DEADLINE_S
        while len(await trouble.queue()) != 2 or not await trouble.packed(f"{name}-good"):
            assert asyncio.get_running_loop().time() < end, world.logs()
            await asyncio.sleep(POLL_S)

        assert "unknown to this release" in (await trouble.queue())[0]["reason"]
        assert not (await trouble.retry()).released
        assert len(await trouble.queue()) == 2
        assert await trouble.packed(trouble.key) == 1
        await _forget(stage, world)


async def _forget(stage: Stage, world: World) -> None:
    """The world never becomes quiet again: the next test gets another."""
    await stage.discard(world)
