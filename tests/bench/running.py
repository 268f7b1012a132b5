"""One run: its servers, its options, its figures, and what it shows while it works."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from deploy.local.broker import Broker
from deploy.local.postgres import PostgresCluster
from tests.infrastructure.ladder import Choice, choose, own_binaries, own_broker
from tests.infrastructure.session import SessionFolder

# Durability is PostgreSQL's default. A checkpoint in the middle of one contestant's turn would tell nothing.
POSTGRES_SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "60min",
}


@dataclass(frozen=True, slots=True)
class Options:
    """How thorough a run is. `seconds` is the length of one contestant's turn."""

    quick: bool = False
    profile: bool = False

    @property
    def rounds(self) -> int:
        return 3 if self.quick else 5

    @property
    def seconds(self) -> float:
        return 1.0 if self.quick else 2.5


class Screen:
    """A line that says what is being done; on a terminal it moves, else each new part is printed once."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(30), TimeElapsedColumn(), console=console
        )
        self._task = self._progress.add_task("starting", total=None)
        self._part = ""

    def tell(self, part: str, detail: str = "", done: float | None = None, total: float | None = None) -> None:
        """`part` of the run is at `detail`; `done` of `total` fills the bar."""
        if part != self._part and not self.console.is_terminal:
            self.console.print(f"… {part}")
        self._part = part
        self._progress.update(self._task, description=f"{part}: {detail}" if detail else part, total=total)
        self._progress.update(self._task, completed=done or 0)

    @contextmanager
    def live(self) -> Iterator[None]:
        """Moves only on a terminal."""
        if not self.console.is_terminal:
            yield
            return
        with self._progress:
            yield


@dataclass
class Run:
    """What a measurement gets: servers, options, the screen; and `figures`, where it puts its own."""

    options: Options
    screen: Screen
    folder: Path
    postgres: PostgresCluster
    choice: Choice
    figures: dict[str, float] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    _broker: Broker | None = None

    def broker(self) -> Broker:
        """The run's broker, started at the first asking."""
        if self._broker is None:
            self.screen.tell("starting the broker")
            self._broker = own_broker(self.choice.broker, self.folder / "broker")
            self._broker.start()
            self.notes["broker"] = self._broker.origin
        return self._broker

    def empty_broker(self) -> Broker:
        """The run's broker for another service of the same name. In the embedded one the group of a service that ended
        lets no other in: it is started anew, empty.
        """
        broker = self.broker()
        if broker.flavour == "embedded":
            broker.restart()
        return broker

    def stop(self) -> None:
        """Stops the servers and removes their data."""
        if self._broker is not None:
            self._broker.stop()
        self.postgres.remove()


@contextmanager
def running(options: Options, console: Console) -> Iterator[Run]:
    """A run with its PostgreSQL started, in a temporary folder that is removed at the end."""
    choice = choose(os.environ)
    folder = SessionFolder()
    try:
        cluster = PostgresCluster(
            folder.path / "postgres", binaries=own_binaries(choice.postgres), settings=POSTGRES_SETTINGS
        )
        run = Run(options, Screen(console), folder.path, cluster, choice)
        run.notes["postgres"] = cluster.origin
        run.notes["postgres_settings"] = POSTGRES_SETTINGS
        try:
            with run.screen.live():
                run.screen.tell("starting PostgreSQL")
                cluster.start()
                yield run
        finally:
            run.stop()
    finally:
        folder.remove()
