"""What time it is. Services never ask the operating system themselves: they are given a `Clock`.

In embedded mode the time may be simulated: a file says which instant was set and when, and simulated time
runs on from there at the speed of real time.

    ClockFileInvalid    the file of the simulated clock is missing or does not hold what it should
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

Clock = Callable[[], datetime]
"""Answers the present instant: aware, in UTC."""


class ClockFileInvalid(Exception):
    """The file of the simulated clock is missing or does not hold what it should."""


def system_clock() -> datetime:
    """The real time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Setting:
    stamp: tuple[int, int, int]
    ahead: timedelta


class SimulatedClock:
    """The time that a file sets: `{"simulated": <instant>, "set_at": <real instant>}`, both ISO 8601 with an
    offset.

    The file is read again when it was replaced or rewritten, so setting it moves every process that
    watches it. Raises ClockFileInvalid, at the first call and at every later one while the file is
    unusable: a wrong time is worse than none.
    """

    def __init__(self, path: Path, real: Clock = system_clock) -> None:
        self._path = path
        self._real = real
        self._setting: _Setting | None = None

    def __call__(self) -> datetime:
        return self._real() + self._ahead()

    def _ahead(self) -> timedelta:
        stamp = self._stamp()
        if self._setting is None or self._setting.stamp != stamp:
            self._setting = _Setting(stamp, self._read())
        return self._setting.ahead

    def _stamp(self) -> tuple[int, int, int]:
        try:
            status = self._path.stat()
        except OSError as error:
            raise ClockFileInvalid(f"the clock file {self._path} cannot be read: {error.strerror}") from error
        return status.st_mtime_ns, status.st_ino, status.st_size

    def _read(self) -> timedelta:
        try:
            content = json.loads(self._path.read_bytes())
            simulated = datetime.fromisoformat(content["simulated"])
            set_at = datetime.fromisoformat(content["set_at"])
            if simulated.utcoffset() is None or set_at.utcoffset() is None:
                raise ValueError("an instant has no offset")
            return simulated - set_at
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ClockFileInvalid(
                f"the clock file {self._path} should hold a JSON object with the instants `simulated` "
                "and `set_at`, both with an offset such as 2026-01-15T08:00:00Z"
            ) from error
