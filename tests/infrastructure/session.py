"""The servers of one test run: started when the first test asks, shared by all its processes, stopped at its
end.

Without pytest-xdist the one process holds `SessionServers`. With it the controller does, and answers its
workers through `ServerDesk`; a worker holds `ServersElsewhere`. Should the run be killed, the kernel ends the
servers with the process that holds them (see `deploy.local.launch`), and the next run removes the folder.
"""

import fcntl
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from deploy.local.errors import LocalServerError
from tests.infrastructure.addresses import BrokerAddress, PostgresAddress
from tests.infrastructure.ladder import BrokerRung, PostgresRung, choose, session_broker, session_postgres

PREFIX = "grants-tests-"
MEMORY = Path("/dev/shm")
MEMORY_MIN = 3 << 30  # Bytes. A session's server takes a tenth to a fifth of it.
Address = TypeVar("Address")
Address_co = TypeVar("Address_co", covariant=True)


class ServerUnavailable(LocalServerError):
    """A server of the session could not be started; the message says why."""


class Servers(Protocol):
    """What tests may ask of a session. `place` is a folder that PostgreSQL's user can reach, removed at the
    end.

    Both methods start the server at the first call, and raise
    ServerUnavailable at every call when it could not be started.
    """

    @property
    def postgres_rung(self) -> PostgresRung: ...
    @property
    def broker_rung(self) -> BrokerRung: ...
    @property
    def place(self) -> Path: ...
    def postgres(self) -> PostgresAddress: ...
    def broker(self) -> BrokerAddress: ...


class _Server(Protocol[Address_co]):
    def start(self) -> Address_co: ...
    def stop(self) -> None: ...


class _StartedOnce(Generic[Address]):
    """A server that is made and started at the first asking. Safe to call from several threads."""

    def __init__(self, make: Callable[[], _Server[Address]]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._server: _Server[Address] | None = None
        self._address: Address | None = None
        self._failure: str | None = None

    def address(self) -> Address:
        with self._lock:
            if self._failure is not None:
                raise ServerUnavailable(self._failure)
            if self._address is None:
                self._address = self._start()
            return self._address

    def stop(self) -> None:
        with self._lock:
            if self._server is not None:
                self._server.stop()
                self._failure = "the test session is over"

    def _start(self) -> Address:
        try:
            self._server = self._make()
            return self._server.start()
        except LocalServerError as error:
            self._failure = str(error)
            raise ServerUnavailable(self._failure) from error


class SessionServers:
    """Holds the servers; `close` stops what was started and removes its data."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Chooses the rungs; raises LadderFailed."""
        self._choice = choose(environment)
        self._folder = SessionFolder()
        self._quick_folder = SessionFolder(memory_folder())
        self._postgres = _StartedOnce[PostgresAddress](
            lambda: session_postgres(self._choice, self._quick_folder.path / "postgres")
        )
        self._broker = _StartedOnce[BrokerAddress](lambda: session_broker(self._choice, self._folder.path / "broker"))

    @property
    def postgres_rung(self) -> PostgresRung:
        return self._choice.postgres

    @property
    def broker_rung(self) -> BrokerRung:
        return self._choice.broker

    @property
    def place(self) -> Path:
        return self._folder.path

    def header(self) -> list[str]:
        """The lines for the head of the run."""
        return [f"PostgreSQL: {self._choice.postgres_note}", f"broker: {self._choice.broker_note}"]

    def postgres(self) -> PostgresAddress:
        return self._postgres.address()

    def broker(self) -> BrokerAddress:
        return self._broker.address()

    def close(self) -> None:
        self._broker.stop()
        self._postgres.stop()
        self._quick_folder.remove()
        self._folder.remove()


class SessionFolder:
    """A folder for the servers' data, locked while its process lives; folders of runs that were killed are
    removed.
    """

    def __init__(self, base: Path | None = None) -> None:
        """Makes it in `base`, by default where temporary files go."""
        base = base or Path(tempfile.gettempdir())
        for left in base.glob(f"{PREFIX}*"):
            _remove_if_abandoned(left)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        self.path.chmod(0o711)  # PostgreSQL's unprivileged user must pass through.
        self._lock = os.open(self.path, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


class ServerDesk:
    """Answers the workers of pytest-xdist in the controller, each from a thread of its own."""

    def __init__(self, servers: SessionServers) -> None:
        self._servers = servers
        self._key = secrets.token_bytes(16)
        self._listener = Listener(("127.0.0.1", 0), authkey=self._key)
        threading.Thread(target=self._accept, name="server-desk", daemon=True).start()

    def directions(self) -> dict[str, Any]:
        """How a worker gets here; plain values, as xdist wants them."""
        host, port = self._listener.address
        return {
            "host": host,
            "port": port,
            "key": self._key.hex(),
            "postgres_rung": self._servers.postgres_rung,
            "broker_rung": self._servers.broker_rung,
            "place": str(self._servers.place),
        }

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except OSError:
                return  # It was closed.
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: Connection) -> None:
        with connection:
            ask = {"postgres": self._servers.postgres, "broker": self._servers.broker}[connection.recv()]
            try:
                connection.send((ask(), None))
            except ServerUnavailable as error:
                connection.send((None, str(error)))


class ServersElsewhere:
    """A worker's view: asks the controller."""

    def __init__(self, directions: Mapping[str, Any]) -> None:
        self._directions = directions
        self.postgres_rung: PostgresRung = directions["postgres_rung"]
        self.broker_rung: BrokerRung = directions["broker_rung"]
        self.place = Path(directions["place"])

    def postgres(self) -> PostgresAddress:
        answer = self._ask("postgres")
        assert isinstance(answer, PostgresAddress)
        return answer

    def broker(self) -> BrokerAddress:
        answer = self._ask("broker")
        assert isinstance(answer, BrokerAddress)
        return answer

    def _ask(self, kind: str) -> object:
        place = (self._directions["host"], self._directions["port"])
        with Client(place, authkey=bytes.fromhex(self._directions["key"])) as connection:
            connection.send(kind)
            address, failure = connection.recv()
        if failure is not None:
            raise ServerUnavailable(failure)
        return address


def memory_folder() -> Path | None:
    """The system's folder in memory, or None where there is none, or no room for the databases of a session. Making and
    removing a database's 300 files takes up to half a second on a disk, even without fsync, and 30 ms here.
    """
    try:
        room = min(shutil.disk_usage(MEMORY).free, _memory_available())
    except (OSError, StopIteration):
        return None
    return MEMORY if room >= MEMORY_MIN and os.access(MEMORY, os.W_OK | os.X_OK) else None


def _memory_available() -> int:
    """Bytes, as Linux counts them; OSError or StopIteration on other systems."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1]) * 1024


def _remove_if_abandoned(folder: Path) -> None:
    """Removes a folder that no living process has locked; leaves alone what is not ours to remove."""
    try:
        lock = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
