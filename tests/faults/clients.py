"""Clients of the counter: they order all the time, and remember what they were told."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace

from aiokafka.partitioner import murmur2

from tests.faults.shop import COUNTER, OPENED, Order
from tests.faults.world import PARTITIONS, POLL_S, NoAnswer, World

CLIENTS = 6
KEYS = 5
PATIENCE_S = 60.0
BRISK = 60


@dataclass
class Journal:
    """Ids of orders by what the clients know of them: `open` ones may be there once or not at all."""

    acknowledged: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)


class Clients:
    """Six clients, on five keys, so that they meet. `name` begins every key, campaign and id. They order the slower the
    more they have ordered: a fault that takes its time on a busy machine leaves no heap of orders to work off.
    """

    def __init__(self, world: World, name: str, seed: int) -> None:
        self._world = world
        self._name = name
        self._chance = random.Random(seed)
        self.journal = Journal()
        self._count = 0
        self._campaigns: list[str] = []
        self._stopping = False

    @asynccontextmanager
    async def ordering(self) -> AsyncIterator[None]:
        """They order while this lasts; at its end each has its answer."""
        await self._open_campaign()
        self._stopping = False
        async with asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(self._order_on())
            try:
                yield
            finally:
                self._stopping = True

    async def order(self, key: str, *, damaged: bool = False) -> str:
        """One order, certainly placed; returns its id."""
        if not self._campaigns:
            await self._open_campaign()
        order = replace(self._next(), key=f"{self._name}-{key}", quantity=1, damaged=damaged)
        await self._until_answered(order)
        return order.id

    async def order_in_every_partition(self) -> None:
        """Whoever has handled these has handled everything that was published before."""
        for partition in range(PARTITIONS):
            names = (f"last-{number}" for number in range(1000))
            await self.order(next(name for name in names if self._partition(name) == partition))

    def _partition(self, key: str) -> int:
        return int(murmur2(f"{self._name}-{key}".encode()) & 0x7FFFFFFF) % PARTITIONS

    async def _open_campaign(self) -> None:
        campaign = f"{self._name}-campaign-{len(self._campaigns)}"
        self._campaigns.append(campaign)
        command = {"record": f"campaign/{campaign}", "type": OPENED}
        await self._world.insist(self._world.members_of(COUNTER)[0], command)

    def _next(self) -> Order:
        self._count += 1
        key = f"{self._name}-{self._chance.randrange(KEYS)}"
        quantity = 0 if self._chance.random() < 0.1 else self._chance.randint(1, 9)
        return Order(f"{self._name}-order-{self._count}", key, self._campaigns[-1], quantity)

    async def _order_on(self) -> None:
        while not self._stopping:
            order, fate = self._next(), self._chance.random()
            if fate < 0.02:
                await self._open_campaign()
            if fate < 0.1:
                await self._once(order)
            elif fate < 0.2:
                await asyncio.gather(self._until_answered(order), self._until_answered(order))
            else:
                await self._until_answered(order)
            await asyncio.sleep(self._chance.uniform(0.02, 0.15) * (1 + self._count / BRISK))

    async def _once(self, order: Order) -> bool:
        """Asks once; False when it is not known whether the order was placed."""
        member = self._chance.choice(self._world.members_of(COUNTER))
        try:
            answer = await self._world.ask(member, {"place": asdict(order)})
        except NoAnswer:
            answer = {}
        if "done" in answer:
            assert answer["done"]["order"] == order.id, f"{order.id} was answered with {answer}"
            self.journal.acknowledged.add(order.id)
        elif "refused" in answer:
            self.journal.refused.add(order.id)
        else:
            self.journal.open.add(order.id)
            return False
        return True

    async def _until_answered(self, order: Order) -> None:
        """Asks again, with the same key, until the answer comes."""
        end = asyncio.get_running_loop().time() + PATIENCE_S
        while not await self._once(order):
            assert asyncio.get_running_loop().time() < end, f"no answer to {order}\n{self._world.logs()}"
            await asyncio.sleep(POLL_S)
