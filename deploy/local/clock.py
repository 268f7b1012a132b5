"""Simulated time shared by processes through a file; embedded mode only.

The file holds a simulated instant and the real instant at which it was set. Simulated time runs on from there
at real speed, so it can be moved ahead by a year at once and still orders what happens next.
"""

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from deploy.local.errors import ClockFileInvalid


class _Setting(NamedTuple):
    simulated: datetime
    real: datetime


class ClockFile:
    """A clock for readers (`now`) and for the one who drives it (`set`, `advance`).

    An instance's `now` is a `Clock`: it returns aware UTC datetimes. A change is seen by every reader at its
    next call, whole or not at all.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read_version: tuple[int, int] | None = None
        self._setting: _Setting | None = None

    def now(self) -> datetime:
        """The simulated instant, in UTC. Raises ClockFileInvalid when the file is not there or not one of
        ours.
        """
        setting = self._current()
        return setting.simulated + (datetime.now(UTC) - setting.real)

    def set(self, instant: datetime) -> None:
        """Makes `instant` (aware) the simulated now; raises ValueError for a naive one."""
        if instant.tzinfo is None:
            raise ValueError(f"{instant.isoformat()} names no time zone: a clock needs an aware instant")
        self._write(_Setting(instant.astimezone(UTC), datetime.now(UTC)))

    def advance(self, by: timedelta) -> datetime:
        """Moves the simulated now, and returns it. Only one process may drive the clock."""
        moved = self.now() + by
        self.set(moved)
        return moved

    def _current(self) -> _Setting:
        """The setting, read again only when the file was replaced: each change is a new file with a number of
        its own.
        """
        try:
            status = self.path.stat()
        except FileNotFoundError as error:
            raise ClockFileInvalid(
                f"there is no clock file {self.path}: set it with ClockFile.set first"
            ) from error
        version = (status.st_ino, status.st_mtime_ns)
        if self._setting is None or version != self._read_version:
            self._setting = self._read()
            self._read_version = version
        return self._setting

    def _read(self) -> _Setting:
        text = self.path.read_text(encoding="utf-8")
        try:
            held = json.loads(text)
            setting = _Setting(*(datetime.fromisoformat(held[name]) for name in ("simulated", "real")))
        except (ValueError, TypeError, KeyError) as error:
            raise ClockFileInvalid(
                f"{self.path} holds {text[:80]!r}; a clock file holds "
                '{"simulated": "<instant>", "real": "<instant>"}'
            ) from error
        if setting.simulated.tzinfo is None or setting.real.tzinfo is None:
            raise ClockFileInvalid(f"{self.path} holds an instant without a time zone: write it as …+00:00")
        return setting

    def _write(self, setting: _Setting) -> None:
        text = json.dumps({"simulated": setting.simulated.isoformat(), "real": setting.real.isoformat()})
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=self.path.parent, delete=False, encoding="utf-8") as new:
            new.write(text)
        Path(new.name).chmod(0o644)
        Path(new.name).replace(self.path)
