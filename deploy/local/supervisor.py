"""Starts again what died: a service, a database server, the broker, and the services with an embedded broker.

After the embedded broker's death consumers wedge and its data are gone: the services are started again with
it, and their relays fill it from the ledgers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol

from deploy.local.broker import Broker
from deploy.local.errors import LocalServerError
from deploy.local.service_process import ServiceProcess

PACE_S: Final = 0.2
PAUSE_FIRST_S: Final = 0.5
PAUSE_LAST_S: Final = 10.0
STEADY_S: Final = 20.0
BROKER_LOSS_GRACE_S: Final = 3.0

Tell = Callable[[str], None]


class Server(Protocol):
    """What can die and be started again."""

    @property
    def is_running(self) -> bool: ...
    def start(self) -> None: ...


@dataclass
class _Pause:
    """How long to wait before the next start; doubles with every death soon after a start."""

    seconds: float = PAUSE_FIRST_S
    not_before: float = 0.0

    def after_start(self) -> None:
        now = time.monotonic()
        steady = now - self.not_before > STEADY_S
        self.seconds = PAUSE_FIRST_S if steady else min(self.seconds * 2, PAUSE_LAST_S)
        self.not_before = now + self.seconds

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.not_before


class Supervisor:
    """Watches from a thread of its own. Whoever starts or stops one of the watched holds `lock` meanwhile.

    `services` may be changed under the lock. `revive_broker` starts the broker and makes its topics.
    """

    def __init__(
        self,
        services: dict[str, ServiceProcess],
        servers: Mapping[str, Server],
        broker: Broker,
        broker_is_running: Callable[[], bool],
        revive_broker: Callable[[], None],
        tell: Tell,
    ) -> None:
        self.lock = threading.RLock()
        self._services = services
        self._servers = servers
        self._broker = broker
        self._broker_is_running = broker_is_running
        self._revive_broker = revive_broker
        self._tell = tell
        self._pauses: dict[str, _Pause] = {}
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to watch."""
        self._ending.clear()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watches no longer. Returns when nothing will be started any more."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def restart_with_broker(self) -> None:
        """Starts the broker again, with its topics, and with an embedded one all services. Needs the lock."""
        if self._broker.flavour == "embedded":
            stop_together(list(self._services.values()), grace_s=BROKER_LOSS_GRACE_S)
        self._revive_broker()
        for service in self._services.values():
            service.start()

    def _watch(self) -> None:
        while not self._ending.wait(PACE_S):
            with self.lock:
                if self._ending.is_set():
                    return
                try:
                    self._look()
                except (LocalServerError, OSError) as error:
                    self._tell(f"the supervisor could not start something again: {error}")

    def _look(self) -> None:
        for name, server in self._servers.items():
            if not server.is_running and self._may_start(name):
                self._tell(f"{name} died: starting it again")
                server.start()
        if not self._broker_is_running() and self._may_start("broker"):
            self._tell("the broker died: starting it again")
            self.restart_with_broker()
        for name, service in self._services.items():
            if not service.is_running and self._may_start(name):
                self._tell(f"{name} died: starting it again")
                service.start()

    def _may_start(self, name: str) -> bool:
        pause = self._pauses.setdefault(name, _Pause())
        if not pause.is_over:
            return False
        pause.after_start()
        return True


def stop_together(services: list[ServiceProcess], *, grace_s: float) -> None:
    """Stops them all at the same time; kills what has not ended after `grace_s`."""
    if not services:
        return
    with ThreadPoolExecutor(len(services)) as pool:
        for done in [pool.submit(service.stop, grace_s=grace_s) for service in services]:
            done.result()
