"""A bank file is handed over once, whole or not at all, whatever is killed between its steps: to a folder, and to a
real SFTP server.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import ValidationError

from deploy.local.ports import free_port
from services.payments.channel import Channel, ChannelUnavailable, Folder, Sftp
from services.payments.settings import PaymentsSettings
from tests.infrastructure.processes import wait_for

NAME, CONTENT = "MABCDEF-1.xml", b"<Document>" + bytes(range(256)) * 400 + b"</Document>"
ROOT = Path(__file__).parents[2]
SERVER = """Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
Subsystem sftp internal-sftp -d {folder}/bank
"""
LONG_S = 30.0


@dataclass
class Server:
    """A running sshd, and the folder that its user comes into."""

    folder: Path
    port: int

    @property
    def bank(self) -> Path:
        return self.folder / "bank" / "to-bank"

    def channel(self, known_hosts: str = "known_hosts", key: str = "user_key") -> Sftp:
        address = f"sftp://{os.environ.get('USER') or 'root'}@127.0.0.1:{self.port}/to-bank"
        return Sftp.at(address, self.folder / key, self.folder / known_hosts)


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None or shutil.which("ssh-keygen") is None:
        pytest.skip("sshd is not installed (Debian: openssh-server)")
    folder, port = tmp_path_factory.mktemp("sshd"), free_port()
    for key in ("host_key", "user_key", "other_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    (folder / "authorized_keys").write_text((folder / "user_key.pub").read_text())
    host_key = " ".join((folder / "host_key.pub").read_text().split()[:2])
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}\n")
    other = " ".join((folder / "other_key.pub").read_text().split()[:2])
    (folder / "other_hosts").write_text(f"[127.0.0.1]:{port} {other}\n")
    (folder / "bank" / "to-bank").mkdir(parents=True)
    (folder / "sshd_config").write_text(SERVER.format(port=port, folder=folder))
    Path("/run/sshd").mkdir(exist_ok=True)
    with (folder / "log").open("wb") as log:
        command = [program, "-D", "-e", "-f", str(folder / "sshd_config")]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        server = Server(folder, port)
        listening = wait_for(lambda: process.poll() is not None or b"listening" in _log(folder), LONG_S)
        assert listening, "sshd did not start"
        assert process.poll() is None, _log(folder).decode()
        yield server
    finally:
        process.terminate()
        process.wait(timeout=LONG_S)


def _log(folder: Path) -> bytes:
    return (folder / "log").read_bytes()


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Path, Channel]]:
    """A channel, and the folder in which the bank sees what it got."""
    if request.param == "folder":
        yield "folder", tmp_path / "outbox", Folder(tmp_path / "outbox")
        return
    server: Server = request.getfixturevalue("sshd")
    for each in sorted(server.bank.rglob("*"), reverse=True):
        each.unlink() if each.is_file() else each.rmdir()
    yield "sftp", server.bank, server.channel()


BOTH = pytest.mark.parametrize("place", ["folder", "sftp"], indirect=True)


def delivered(folder: Path) -> dict[str, bytes]:
    """What the bank sees: every finished file, wherever it was filed."""
    if not folder.is_dir():
        return {}
    found = [each for each in folder.rglob("*") if each.is_file() and not each.name.startswith(".")]
    return {str(each.relative_to(folder)): each.read_bytes() for each in found}


@BOTH
def test_a_file_arrives_whole_and_once(place: tuple[str, Path, Channel]) -> None:
    _, folder, channel = place
    for _ in range(3):
        channel.hand_over(NAME, CONTENT)
    assert delivered(folder) == {NAME: CONTENT}


@BOTH
@pytest.mark.parametrize("filed", ["processed", "failed"])
def test_what_the_bank_took_is_not_handed_over_again(place: tuple[str, Path, Channel], filed: str) -> None:
    _, folder, channel = place
    channel.hand_over(NAME, CONTENT)
    (folder / filed).mkdir()
    (folder / NAME).rename(folder / filed / NAME)
    channel.hand_over(NAME, CONTENT)
    assert delivered(folder) == {f"{filed}/{NAME}": CONTENT}


@BOTH
def test_what_an_earlier_attempt_left_unfinished_is_overwritten(place: tuple[str, Path, Channel]) -> None:
    _, folder, channel = place
    folder.mkdir(exist_ok=True)
    (folder / f".{NAME}.part").write_bytes(b"x" * (len(CONTENT) + 100))
    channel.hand_over(NAME, CONTENT)
    assert delivered(folder) == {NAME: CONTENT}


# Each call of these is a step; the process dies right before or right after the n-th.
KILLED = """
import os, pickle, signal, sys
import paramiko
from pathlib import Path

channel, name, content, fatal = pickle.loads(sys.stdin.buffer.read())
count = 0

def step():
    global count
    count += 1
    if count == fatal:
        os.kill(os.getpid(), signal.SIGKILL)

def watched(owner, name):
    real = getattr(owner, name)
    def call(*arguments, **named):
        step()
        done = real(*arguments, **named)
        step()
        return done
    setattr(owner, name, call)

for owner, names in (
    (os, ("fsync",)), (Path, ("open", "rename", "exists", "mkdir")), (paramiko.SSHClient, ("connect", "open_sftp")),
    (paramiko.SFTPClient, ("stat", "open", "posix_rename")), (paramiko.SFTPFile, ("write", "close")),
):
    for each in names:
        watched(owner, each)
channel.hand_over(name, content)
print(count)
"""


def run_until(channel: Channel, fatal: int) -> subprocess.CompletedProcess[bytes]:
    import pickle

    told = pickle.dumps((channel, NAME, CONTENT, fatal))
    program = [sys.executable, "-c", textwrap.dedent(KILLED)]
    return subprocess.run(program, input=told, capture_output=True, cwd=ROOT, check=False)


@BOTH
def test_killed_between_any_two_steps_the_file_is_there_once_and_whole_in_the_end(
    place: tuple[str, Path, Channel],
) -> None:
    kind, folder, channel = place
    whole = run_until(channel, 0)
    assert whole.returncode == 0, whole.stderr.decode()
    steps = int(whole.stdout)
    assert steps >= 8, kind
    for fatal in range(1, steps + 1):
        for each in sorted(folder.rglob("*"), reverse=True):
            each.unlink()
        killed = run_until(channel, fatal)
        assert killed.returncode == -signal.SIGKILL, (fatal, killed.stderr.decode())
        seen = delivered(folder)
        assert seen in ({}, {NAME: CONTENT}), fatal
        channel.hand_over(NAME, CONTENT)
        assert delivered(folder) == {NAME: CONTENT}, fatal


def test_a_server_with_another_key_gets_nothing(sshd: Server) -> None:
    with pytest.raises(ChannelUnavailable, match="BadHostKeyException"):
        sshd.channel(known_hosts="other_hosts").hand_over("OTHER-1.xml", CONTENT)
    (sshd.folder / "empty_hosts").write_text("")
    with pytest.raises(ChannelUnavailable, match="did not take the file"):
        sshd.channel(known_hosts="empty_hosts").hand_over("OTHER-1.xml", CONTENT)
    assert "OTHER-1.xml" not in delivered(sshd.bank)


def test_a_server_that_does_not_know_us_or_is_away_is_told_without_what_it_says(sshd: Server) -> None:
    with pytest.raises(ChannelUnavailable, match="AuthenticationException"):
        sshd.channel(key="other_key").hand_over("OTHER-1.xml", CONTENT)
    away = Sftp.at(f"sftp://x@127.0.0.1:{free_port()}/a", sshd.folder / "user_key", sshd.folder / "known_hosts")
    with pytest.raises(ChannelUnavailable, match="NoValidConnectionsError"):
        away.hand_over(NAME, CONTENT)


@pytest.mark.parametrize("address", ["ftp://x@bank/a", "sftp://bank/a", "sftp://x:secret@bank/a", "sftp://", "bank"])
def test_an_address_that_is_none_is_refused_and_its_password_not_shown(address: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="reads sftp://user@host:22/folder") as caught:
        Sftp.at(address, tmp_path, tmp_path)
    assert "secret" not in str(caught.value)


def test_a_folder_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    with pytest.raises(ChannelUnavailable, match="takes no file"):
        Folder(tmp_path / "outbox").hand_over(NAME, CONTENT)


def test_half_an_sftp_setting_is_refused_at_the_start(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("key")
    told = {
        "database_url": "postgresql://localhost/x", "GRANTS_SCHEMA": "payments", "bank_outbox": tmp_path,
        "signing_key_file": key, "county_folder": tmp_path, "jwks_url": f"file://{key}", "bank_sftp": "sftp://x@b/a",
        "kafka_bootstrap": "127.0.0.1:9092", "issuer": "https://issuer.example", "audience": "grants",
    }  # fmt: skip
    with pytest.raises(ValidationError, match="bank_sftp_key_file"):
        PaymentsSettings(**told)  # type: ignore[arg-type]
