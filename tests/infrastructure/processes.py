"""What tests ask of processes, and how they wait without sleeping a fixed time."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

POLL_S = 0.02


def wait_for(condition: Callable[[], bool], deadline_s: float = 10.0) -> bool:
    """True as soon as `condition()` is; False when it is not within `deadline_s`."""
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_S)
    return True


async def wait_for_async(condition: Callable[[], bool], deadline_s: float = 10.0) -> bool:
    """As `wait_for`, while the event loop goes on."""
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(POLL_S)
    return True


def is_gone(pid: int) -> bool:
    """True when the process has ended, even if nobody has asked for its status yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"
