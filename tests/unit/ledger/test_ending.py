"""Background tasks end when they are told to."""

import asyncio
from contextlib import suppress

import pytest

from services.ledger.ending import end


async def test_a_task_that_swallows_a_cancellation_is_told_again() -> None:
    told = 0
    going = asyncio.Event()

    async def stubborn() -> None:
        nonlocal told
        while told < 2:
            going.set()
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            told += 1

    task = asyncio.create_task(stubborn())
    await going.wait()
    await asyncio.wait_for(end(task), 10)
    assert (task.done(), told) == (True, 2)


async def test_what_a_task_failed_with_is_raised() -> None:
    async def failing() -> None:
        raise ValueError("broken")

    task = asyncio.create_task(failing())
    await asyncio.wait({task})
    with pytest.raises(ValueError, match="broken"):
        await end(task)
