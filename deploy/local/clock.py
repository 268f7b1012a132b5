"""Simulated time for embedded mode: what drives the file that the services' `SimulatedClock` reads."""

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.web.clock import SimulatedClock


class ClockFile:
    """The driver of a simulated clock. Simulated time runs on at real speed from the instant that was set, so
    it can be moved ahead by a year at once and still orders what happens next.

    An instance's `now` is a `Clock`. A change is seen by every reader at its next call, whole or not at all.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader = SimulatedClock(path)

    def now(self) -> datetime:
        """The simulated instant, in UTC. Raises ClockFileInvalid when the file is not there or not one of
        ours.
        """
        return self._reader().astimezone(UTC)

    def set(self, instant: datetime) -> None:
        """Makes `instant` (aware) the simulated now; raises ValueError for a naive one."""
        if instant.tzinfo is None:
            raise ValueError(f"{instant.isoformat()} names no time zone: a clock needs an aware instant")
        setting = {
            "simulated": instant.astimezone(UTC).isoformat(),
            "set_at": datetime.now(UTC).isoformat(),
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=self.path.parent, delete=False, encoding="utf-8") as new:
            json.dump(setting, new)
        written = Path(new.name)
        written.chmod(0o644)
        written.replace(self.path)

    def advance(self, by: timedelta) -> datetime:
        """Moves the simulated now, and returns it. Only one process may drive the clock."""
        moved = self.now() + by
        self.set(moved)
        return moved
