"""Ends background tasks."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

PATIENCE_SECONDS: Final = 1.0


async def end(task: asyncio.Task[Any]) -> None:
    """Cancels a task and returns when it has ended. A cancellation that a library has swallowed (as `asyncio.wait_for`
    of Python 3.11 does when what it waits for comes at the same moment) is repeated. Raises what the task had failed
    with.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
    with suppress(asyncio.CancelledError):
        await task
