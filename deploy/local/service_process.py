"""A service of ours as a child process: what it is told by its environment, and when it is ready."""

from __future__ import annotations

import http.client
import os
import sys
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from deploy.local.errors import StartFailed
from deploy.local.ports import free_port
from deploy.local.process import ChildProcess

ROOT: Final = Path(__file__).parents[2]
READY_DEADLINE_S: Final = 120.0
_PACE_S: Final = 0.1
_ANSWER_S: Final = 3.0


class ServiceProcess:
    """`python -m <module>` on a free loopback port, which stays the same over restarts."""

    def __init__(
        self,
        name: str,
        module: str,
        log: Path,
        environment: Mapping[str, str],
        *,
        ready_path: str = "/health/ready",
    ) -> None:
        """`environment` holds the variables without their prefix GRANTS_; no other GRANTS_ variable of ours
        is handed on.
        """
        self.name = name
        self._ready_path = ready_path
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("GRANTS_")}
        told = {"MODE": "embedded", "HOST": "127.0.0.1", "PORT": str(self.port), **environment}
        self._child = ChildProcess(
            [sys.executable, "-m", module],
            name=name,
            log=log,
            environment=inherited | {f"GRANTS_{key}": value for key, value in told.items()},
            folder=ROOT,
        )

    @property
    def is_running(self) -> bool:
        return self._child.is_running

    @property
    def pid(self) -> int:
        return self._child.pid

    def start(self) -> None:
        self._child.start()

    def stop(self, *, grace_s: float = 15.0) -> None:
        self._child.stop(grace_s=grace_s)

    def kill(self) -> None:
        self._child.kill()

    def is_ready(self) -> bool:
        """Whether it says so, within 3 s: a GET of its `ready_path` is answered with a status below 400."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_S)
        try:
            connection.request("GET", self._ready_path)
            return connection.getresponse().status < 400
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def failure(self) -> StartFailed:
        """What to tell when it is not there: its status and the end of its log."""
        status = "is not ready" if self.is_running else f"ended with status {self._child.return_code}"
        last = "\n".join(self._child.log_since_start().splitlines()[-20:])
        return StartFailed(f"{self.name} {status}; end of {self._child.log}:\n{last}")


def wait_until_ready(
    processes: Collection[ServiceProcess], *, deadline_s: float = READY_DEADLINE_S, revived: bool = False
) -> None:
    """Returns when all of them are ready. Raises StartFailed with the end of a log when one ends first (not when
    somebody starts it again: `revived`), or when `deadline_s` passes.
    """
    end = time.monotonic() + deadline_s
    waiting = list(processes)
    while waiting:
        ended = [process for process in waiting if not process.is_running]
        if (ended and not revived) or time.monotonic() > end:
            raise (ended or waiting)[0].failure()
        waiting = [process for process in waiting if not process.is_ready()]
        if waiting:
            time.sleep(_PACE_S)
