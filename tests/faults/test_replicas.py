"""P2 and P3 with several processes of each service in one group: whoever is killed, effects happen once, in order."""

import pytest

from tests.faults.checks import wait_until_quiet
from tests.faults.conftest import Stage
from tests.faults.shop import COUNTER, STORE
from tests.faults.test_schedules import play

REPLICAS = {COUNTER: 2, STORE: 2}


@pytest.mark.parametrize("seed", [1003, 1004, 1005, 1007])
async def test_replicas_share_the_work_and_take_over_from_one_another(stage: Stage, seed: int) -> None:
    async with stage.world(REPLICAS) as world:
        await play(world, seed)
        assert len(world.members_of(STORE)) == 2
        await wait_until_quiet(world)
