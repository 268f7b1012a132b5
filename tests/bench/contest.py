"""Measures contestants in turn, round after round, so that what disturbs the machine disturbs them alike."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from statistics import median

Turn = Callable[[], Awaitable[float]]
Act = Callable[[], Awaitable[object]]
Samples = dict[str, list[float]]
WARM_UP_SECONDS = 0.3


async def rate(acts: Sequence[Act], seconds: float) -> float:
    """Acts a second, over `seconds`, by as many callers as `acts`: each waits for its answer before it acts again."""
    done = 0
    going = True

    async def call(act: Act) -> None:
        nonlocal done
        while going:
            await act()
            done += 1

    async with asyncio.TaskGroup() as group:
        for act in acts:
            group.create_task(call(act))
        await asyncio.sleep(WARM_UP_SECONDS)
        before, began = done, time.perf_counter()
        await asyncio.sleep(seconds)
        counted, took = done - before, time.perf_counter() - began
        going = False
    return counted / took


async def contest(turns: Mapping[str, Turn], rounds: int, tell: Callable[[str, int, int], None]) -> Samples:
    """What each turn measured in each round; every second round goes the other way about."""
    samples: Samples = {name: [] for name in turns}
    for number in range(rounds):
        names = list(turns) if number % 2 == 0 else list(turns)[::-1]
        for at, name in enumerate(names):
            tell(f"round {number + 1} of {rounds}, {name}", number * len(names) + at, rounds * len(names))
            samples[name].append(await turns[name]())
    return samples


def typical(samples: Samples, name: str) -> float:
    """The median over the rounds."""
    return median(samples[name])


def ratio(samples: Samples, name: str, other: str) -> float:
    """The median over the rounds of `name` divided by `other` in the same round."""
    return median(one / two for one, two in zip(samples[name], samples[other], strict=True))
