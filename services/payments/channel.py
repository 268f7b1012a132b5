"""The channel to the bank: a folder that the bank's connection empties, or a folder of the bank's SFTP server.

A file is handed over under a name of its own, whole or not at all. Handed over again, after a crash at whatever point,
it changes nothing: what is there, or was taken and filed in `processed/` or `failed/`, is not written a second time.
Where the bank takes a file away and files it nowhere, its refusal of a message id (MsgId) that it has seen is what is
left.

    ChannelUnavailable    the channel cannot be reached or refuses the file; nothing was handed over, try again
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

import paramiko

FILED: Final = ("processed", "failed")
"""Folders beside the files into which the bank's connection files what it took."""
TIMEOUT_S: Final = 20.0


class ChannelUnavailable(Exception):
    """The bank's channel cannot be reached, or did not take the file."""


class Channel(Protocol):
    """Hands files over to the bank. Blocking: call it in a thread."""

    def hand_over(self, name: str, content: bytes) -> None:
        """Hands a file over, once however often it is called. Raises ChannelUnavailable."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine."""

    path: Path

    def hand_over(self, name: str, content: bytes) -> None:
        """Puts the file in the folder durably."""
        if any((place / name).exists() for place in (self.path, *(self.path / filed for filed in FILED))):
            return
        try:
            self._write(name, content)
        except OSError as error:
            raise ChannelUnavailable(f"the folder to the bank takes no file: {error.strerror}") from error

    def _write(self, name: str, content: bytes) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        unfinished = self.path / f".{name}.part"
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self.path / name)
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Sftp:
    """A folder of an SFTP server. The server is known by its key, and we by ours; no password, no key that is asked
    for on the way.
    """

    host: str
    port: int
    user: str
    folder: str
    key_file: Path
    known_hosts: Path

    @classmethod
    def at(cls, address: str, key_file: Path, known_hosts: Path) -> Sftp:
        """The channel of an address such as sftp://user@host:22/to-bank. Raises ValueError."""
        parts = urlsplit(address)
        if parts.scheme != "sftp" or not parts.hostname or not parts.username or parts.password:
            raise ValueError("the bank's SFTP address reads sftp://user@host:22/folder, without a password")
        return cls(
            parts.hostname, parts.port or 22, parts.username, parts.path.strip("/") or ".", key_file, known_hosts
        )

    def hand_over(self, name: str, content: bytes) -> None:
        """Writes the file beside its place, then gives it its name at once, which is when the bank sees it."""
        with self._connected() as client:
            if any(_exists(client, f"{place}/{name}") for place in (self.folder, *self._filed())):
                return
            unfinished = f"{self.folder}/.{name}.part"
            told = client.putfo(io.BytesIO(content), unfinished, file_size=len(content), confirm=True)
            if told.st_size != len(content):
                raise ChannelUnavailable("the bank's server kept another number of bytes than were sent")
            client.posix_rename(unfinished, f"{self.folder}/{name}")

    def _filed(self) -> Iterator[str]:
        return (f"{self.folder}/{filed}" for filed in FILED)

    @contextmanager
    def _connected(self) -> Iterator[paramiko.SFTPClient]:
        ssh = paramiko.SSHClient()
        ssh.set_missing_host_key_policy(paramiko.RejectPolicy())
        try:
            ssh.load_host_keys(str(self.known_hosts))
            ssh.connect(
                self.host, self.port, self.user, key_filename=str(self.key_file), look_for_keys=False,
                allow_agent=False, timeout=TIMEOUT_S, banner_timeout=TIMEOUT_S, auth_timeout=TIMEOUT_S,
            )  # fmt: skip
            client = ssh.open_sftp()
            channel = client.get_channel()
            if channel is not None:
                channel.settimeout(TIMEOUT_S)
            yield client
        except (paramiko.SSHException, OSError, EOFError) as error:
            # The exception's text may hold what the server says; the kind of failure is enough to act on.
            raise ChannelUnavailable(f"the bank's SFTP server did not take the file: {type(error).__name__}") from error
        finally:
            ssh.close()


def _exists(client: paramiko.SFTPClient, path: str) -> bool:
    try:
        client.stat(path)
    except FileNotFoundError:
        return False
    return True
