"""P1, P2, P3: whatever is killed whenever, an acknowledged command is there once and takes effect once, in order."""

import os

import pytest

from tests.faults.checks import check_effects, check_ledgers, check_orders, check_published, wait_until_quiet
from tests.faults.clients import Clients
from tests.faults.conftest import Stage
from tests.faults.schedules import bring_about, schedule
from tests.faults.world import World

SCHEDULES_VARIABLE = "GRANTS_TEST_FAULTS"
SCHEDULES = int(os.environ.get(SCHEDULES_VARIABLE, "33"))


async def play(world: World, seed: int) -> None:
    """One schedule under load, and the checks once all is quiet."""
    name = f"s{seed}"
    clients = Clients(world, name, seed)
    async with world.supervised():
        async with clients.ordering():
            for fault in schedule(seed):
                print(f"seed {seed}: {fault}")
                await bring_about(world, fault)
        await clients.order_in_every_partition()
        await wait_until_quiet(world)
        await check_orders(world, name, clients.journal)
        await check_effects(world)
        await check_ledgers(world)
        await check_published(world)


@pytest.mark.parametrize("seed", range(SCHEDULES))
async def test_after_a_schedule_of_faults_everything_is_there_once_and_in_order(stage: Stage, seed: int) -> None:
    async with stage.world() as world:
        await play(world, seed)
