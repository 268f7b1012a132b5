"""Seeded schedules of faults: the same seed brings the same faults upon the same processes."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from tests.faults.points import COMMIT_ANSWER_LOST, COMMITTED_NOT_ANSWERED, DEADLY, HELD_IN_BATCH
from tests.faults.shop import COUNTER, SERVICES
from tests.faults.world import POLL_S, Member, World

KILLED = "a process is killed at any moment"
ALL_KILLED = "all processes are killed"
DATABASE_KILLED = "PostgreSQL is killed in a batch"
BROKER_KILLED = "the broker is killed"
REPLAYED = "much is published again"
KINDS = (*DEADLY, KILLED, DATABASE_KILLED, BROKER_KILLED, COMMIT_ANSWER_LOST, REPLAYED, ALL_KILLED)

FAULTS_MAX = 3
NEVER = 2**53
POINT_DEADLINE_S = 30.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens, to which service, at which passing of a point (`after`), and for how long something is away."""

    kind: str
    service: str
    after: int
    seconds: float


def schedule(seed: int) -> list[Fault]:
    """One to three faults; consecutive seeds take turns with the first one's kind."""
    chance = random.Random(seed)
    kinds = [KINDS[seed % len(KINDS)], *chance.choices(KINDS, k=chance.randrange(FAULTS_MAX))]
    return [_fault(kind, chance) for kind in kinds]


def _fault(kind: str, chance: random.Random) -> Fault:
    service = COUNTER if kind == COMMITTED_NOT_ANSWERED else chance.choice(SERVICES)
    return Fault(kind, service, chance.randint(1, 8), chance.uniform(0.0, 0.6))


async def bring_about(world: World, fault: Fault) -> None:
    """Returns when it has happened and what was killed is started again (processes: by the world's supervisor)."""
    if fault.kind in DEADLY:
        await _kill_at_point(world, fault)
    else:
        await _OTHERS[fault.kind](world, fault)


async def _kill_at_point(world: World, fault: Fault) -> None:
    members = world.members_of(fault.service)
    deaths = sum(member.deaths for member in members)
    for member in members:
        await world.insist(member, {"arm": fault.kind, "after": fault.after})
    end = asyncio.get_running_loop().time() + POINT_DEADLINE_S
    while sum(member.deaths for member in members) == deaths:
        assert asyncio.get_running_loop().time() < end, f"never came to: {fault}\n{world.logs()}"
        await asyncio.sleep(POLL_S)
    for member in members if len(members) > 1 else ():
        await world.insist(member, {"arm": fault.kind, "after": NEVER})


async def _kill_process(world: World, fault: Fault) -> None:
    await asyncio.sleep(fault.seconds)
    member = world.members_of(fault.service)[0]
    await asyncio.to_thread(member.process.kill)


async def _kill_all(world: World, fault: Fault) -> None:
    await asyncio.sleep(fault.seconds)
    for member in world.members:
        await asyncio.to_thread(member.process.kill)


async def _kill_database(world: World, fault: Fault) -> None:
    """While a batch of the service is written and not committed; in one schedule of four at any moment."""
    member = world.members_of(fault.service)[0]
    if fault.after % 4:
        await world.insist(member, {"arm": HELD_IN_BATCH, "after": fault.after})
        await _until(world, fault, member, lambda told: told["held"])
    await asyncio.to_thread(world.cluster.kill)
    await asyncio.sleep(fault.seconds)
    await asyncio.to_thread(world.cluster.start)


async def _kill_broker(world: World, fault: Fault) -> None:
    """Apache Kafka comes back with its data. The embedded broker comes back empty, and the processes with it: they die
    before it is back, for it makes a topic that a client asks for by itself, with partitions to its own liking.
    """
    await asyncio.to_thread(world.broker.kill)
    await asyncio.sleep(fault.seconds)
    if world.broker.flavour != "embedded":
        await asyncio.to_thread(world.broker.start)
        return
    with world.held():
        for member in world.members:
            await asyncio.to_thread(member.process.kill)
        await asyncio.to_thread(world.broker.start)
        world.topics.forget()
        await world.create_topics()


async def _lose_an_answer(world: World, fault: Fault) -> None:
    for member in world.members_of(fault.service):
        await world.insist(member, {"arm": COMMIT_ANSWER_LOST, "after": fault.after})
    await _until(world, fault, world.members_of(fault.service)[0], lambda told: not told["armed"])


async def _until(world: World, fault: Fault, member: Member, condition: Callable[[dict[str, bool]], bool]) -> None:
    """Returns when it is so of the point that was armed."""
    point = COMMIT_ANSWER_LOST if fault.kind == COMMIT_ANSWER_LOST else HELD_IN_BATCH
    end = asyncio.get_running_loop().time() + POINT_DEADLINE_S
    while not condition((await world.insist(member, {"armed": point}))["done"]):
        assert asyncio.get_running_loop().time() < end, f"never came to: {fault}\n{world.logs()}"
        await asyncio.sleep(POLL_S)


async def _publish_again(world: World, fault: Fault) -> None:
    """Everything in one schedule of four, else the last events, fifty at least."""
    for service in SERVICES:
        async with world.sight(service) as connection:
            size = await connection.fetchval("SELECT size FROM head")
        first = 1 if fault.after % 4 == 1 else max(1, size - 50 * fault.after)
        await world.insist(world.members_of(service)[0], {"replay": first})


_OTHERS: Mapping[str, Callable[[World, Fault], Awaitable[None]]] = {
    KILLED: _kill_process,
    ALL_KILLED: _kill_all,
    DATABASE_KILLED: _kill_database,
    BROKER_KILLED: _kill_broker,
    COMMIT_ANSWER_LOST: _lose_an_answer,
    REPLAYED: _publish_again,
}
