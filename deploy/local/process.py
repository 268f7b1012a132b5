"""Child processes: started with a log file, awaited by a condition, stopped for certain, never left behind.

Guarantees: a child runs in a session and process group of its own, so a Ctrl-C meant for us does not reach
it; its output goes to one log file; it ends when this process ends in whatever way (Linux, see `launch`). It
does not end when the *thread* that started it ends: all children are started by one thread that lives as long
as the process.
"""

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

import httpx

from deploy.local.errors import CommandFailed, StartFailed

POLL_S = 0.02
LAUNCHER = Path(__file__).with_name("launch.py")

Condition = Callable[[], bool]
Program: TypeAlias = "subprocess.Popen[bytes]"
StartOrder = Callable[[], Program]


@dataclass(frozen=True)
class UnixUser:
    """The numeric user and group that a child gives up its rights for; needs root."""

    uid: int
    gid: int


class ChildProcess:
    """One program under our control. Not thread-safe; may be started again after it ended."""

    def __init__(
        self,
        arguments: Sequence[str | Path],
        *,
        name: str,
        log: Path,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        user: UnixUser | None = None,
        death_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        """`environment` replaces ours wholly when given; `death_signal` is sent when this process ends."""
        self.name = name
        self.log = log
        self._arguments = [str(argument) for argument in arguments]
        self._environment = environment
        self._folder = folder
        self._user = user
        self._death_signal = death_signal
        self._process: Program | None = None
        self._log_start = 0

    @property
    def pid(self) -> int:
        """The process id; valid from `start` on, also after the end."""
        if self._process is None:
            raise StartFailed(f"{self.name} was never started: call start() first")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def return_code(self) -> int | None:
        """The exit status, negative for a signal; None while it runs or before it was started."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Starts the program, appending to its log; does nothing when it runs.

        Raises StartFailed when the program cannot be executed at all.
        """
        if self.is_running:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._log_start = output.tell()
            self._process = _started(
                _launch_line(self._arguments, self._user, self._death_signal),
                output=output.fileno(),
                environment=self._environment,
                folder=self._folder,
            )

    def wait_until(self, condition: Condition, *, deadline_s: float, what: str) -> None:
        """Returns when `condition()` is true; raises StartFailed with the end of the log when the program
        ends first or `deadline_s` passes. `what` completes the sentence "did not …", e.g. "answer on port
        5432".
        """
        end = time.monotonic() + deadline_s
        while not condition():
            if not self.is_running:
                status = self.return_code
                raise StartFailed(f"{self.name} ended with status {status} before it could {what}{self._tail()}")
            if time.monotonic() > end:
                raise StartFailed(f"{self.name} did not {what} within {deadline_s:g} s{self._tail()}")
            time.sleep(POLL_S)

    def has_logged(self, text: str) -> bool:
        """True when the log since the last start contains `text`."""
        return text in self.log_since_start()

    def log_since_start(self) -> str:
        """What the program has written since it was last started."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as lines:
            lines.seek(self._log_start)
            return lines.read().decode("utf-8", errors="replace")

    def stop(self, *, grace_s: float = 10.0, first: signal.Signals = signal.SIGTERM) -> None:
        """Asks with `first` (the process alone), and after `grace_s` kills the group. Returns when it has
        ended.
        """
        if self._process is None or self._process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(first)
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to the whole process group. Returns when the process has ended."""
        if self._process is None or self._process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _tail(self, lines: int = 20) -> str:
        last = self.log_since_start().splitlines()[-lines:]
        return f"; end of {self.log}:\n" + "\n".join(last) if last else f"; nothing in {self.log}"


def run_command(
    arguments: Sequence[str | Path],
    *,
    what: str,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    user: UnixUser | None = None,
    deadline_s: float = 120.0,
) -> str:
    """Runs a program to its end and returns its output (both streams).

    Raises CommandFailed ("cannot `what`: …") with the last lines when it fails, cannot be executed, or takes
    longer than `deadline_s`; the program is then killed.
    """
    line = _launch_line([str(argument) for argument in arguments], user, signal.SIGKILL)
    process = _started(line, output=subprocess.PIPE, environment=environment, folder=folder)
    try:
        output, _ = process.communicate(timeout=deadline_s)
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise CommandFailed(f"cannot {what}: {arguments[0]} was not done within {deadline_s:g} s") from error
    text = output.decode("utf-8", errors="replace")
    if process.returncode != 0:
        last = "\n".join(text.splitlines()[-20:])
        raise CommandFailed(f"cannot {what}: {arguments[0]} ended with status {process.returncode}:\n{last}")
    return text


def port_answers(port: int, host: str = "127.0.0.1") -> Condition:
    """A condition: something accepts TCP connections there."""

    def answers() -> bool:
        try:
            socket.create_connection((host, port), timeout=1.0).close()
        except OSError:
            return False
        return True

    return answers


def url_answers(url: str) -> Condition:
    """A condition: a GET of `url` is answered with a status below 400."""

    def answers() -> bool:
        try:
            return httpx.get(url, timeout=2.0, trust_env=False).status_code < 400
        except httpx.HTTPError:
            return False

    return answers


def _launch_line(arguments: list[str], user: UnixUser | None, death_signal: signal.Signals) -> list[str]:
    uid, gid = ("-", "-") if user is None else (str(user.uid), str(user.gid))
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(death_signal)), uid, gid]
    return launcher + arguments


def _started(line: list[str], *, output: int, environment: Mapping[str, str] | None, folder: Path | None) -> Program:
    def start() -> Program:
        return subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            cwd=folder,
            start_new_session=True,
        )

    return _starter.run(start)


class _StarterThread:
    """Starts every child: Linux delivers the death signal when the starting *thread* ends, so it must not
    end.
    """

    def __init__(self) -> None:
        self._orders: queue.SimpleQueue[tuple[StartOrder, Future[Program]]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def run(self, start: StartOrder) -> Program:
        done: Future[Program] = Future()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="process-starter", daemon=True)
                self._thread.start()
        self._orders.put((start, done))
        return done.result()

    def _serve(self) -> None:
        while True:
            start, done = self._orders.get()
            try:
                done.set_result(start())
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                done.set_exception(error)

    def forget_thread(self) -> None:
        """After a fork the thread exists in the parent only."""
        self._thread = None
        self._lock = threading.Lock()


_starter = _StarterThread()
os.register_at_fork(after_in_child=_starter.forget_thread)
