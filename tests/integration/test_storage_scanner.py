"""A real clamd, with signatures of our own, decides what is kept; where it cannot, nothing is."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.ports import free_port
from schemas.refusals import Refused
from services.intake.storage import AttachmentStore, ClamScanner, ScannerUnavailable, open_store
from tests.infrastructure.processes import wait_for

# Written in halves, so that no scanner takes this file for what it tests.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SIGNATURE = f"Grants.Test.Eicar:0:*:{EICAR[28:62].hex()}\n"
CONFIGURATION = """Foreground yes
DatabaseDirectory {folder}/signatures
LocalSocket {folder}/clamd
TCPSocket {port}
TCPAddr 127.0.0.1
StreamMaxLength {stream_max}
"""
STREAM_MAX = 1024 * 1024
CLEAN = b"%PDF-1.7\n" + bytes(STREAM_MAX - 9)
LONG_S = 60.0


@dataclass
class Clamd:
    process: subprocess.Popen[bytes]
    socket: str
    address: str


@pytest.fixture(scope="module")
def clamd() -> Iterator[Clamd]:
    program = shutil.which("clamd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("clamd is not installed (Debian: clamav-daemon)")
    # A path of a unix socket is short.
    with tempfile.TemporaryDirectory(prefix="clamd-") as name:
        folder, port = Path(name), free_port()
        (folder / "signatures").mkdir()
        (folder / "signatures" / "own.ndb").write_text(SIGNATURE, encoding="ascii")
        text = CONFIGURATION.format(folder=folder, port=port, stream_max=STREAM_MAX)
        (folder / "clamd.conf").write_text(text, encoding="utf-8")
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([program, f"--config-file={folder}/clamd.conf"], stdout=log, stderr=log)
        try:
            ready = wait_for(lambda: process.poll() is not None or (folder / "clamd").exists(), LONG_S)
            assert ready, "clamd did not start"
            assert process.poll() is None, (folder / "log").read_text(encoding="utf-8", errors="replace")
            yield Clamd(process, f"{folder}/clamd", f"127.0.0.1:{port}")
        finally:
            process.kill()
            process.wait(LONG_S)


@pytest.fixture(params=["socket", "address"])
def address(request: pytest.FixtureRequest, clamd: Clamd) -> str:
    return str(getattr(clamd, request.param))


def written(folder: Path, content: bytes, name: str = "attachment") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


async def sent(content: bytes) -> AsyncIterator[bytes]:
    yield content


@pytest.mark.parametrize("content", [CLEAN, b"Hei", b""], ids=["as long as it may be", "short", "empty"])
async def test_a_clean_file_passes(address: str, tmp_path: Path, content: bytes) -> None:
    file = written(tmp_path, content)
    await ClamScanner(address, deadline_s=LONG_S).scan(file)


@pytest.mark.parametrize("content", [EICAR, b"Hei!\n" * 60_000 + EICAR], ids=["alone", "after much else"])
async def test_an_infected_file_is_refused_by_the_name_of_what_was_found(
    address: str, tmp_path: Path, content: bytes
) -> None:
    file = written(tmp_path, content)
    with pytest.raises(Refused, match=r"found Grants\.Test\.Eicar\.UNOFFICIAL in the file; it was not kept") as refusal:
        await ClamScanner(address, deadline_s=LONG_S).scan(file)
    assert (refusal.value.kind, refusal.value.slug) == ("invalid", "attachment-infected")


async def test_an_infected_attachment_leaves_nothing(clamd: Clamd, tmp_path: Path) -> None:
    kept, scratch = tmp_path / "kept", tmp_path / "scratch"
    scratch.mkdir()
    store = AttachmentStore(open_store(kept.as_uri()), ClamScanner(clamd.socket, deadline_s=LONG_S), scratch)
    with pytest.raises(Refused, match="virus scanner"):
        await store.take(sent(EICAR))
    assert not [*kept.rglob("*"), *scratch.iterdir()]
    stored = await store.take(sent(CLEAN))
    assert await store.exists(stored.sha256)


@pytest.mark.parametrize("excess", [1, 4 * STREAM_MAX])
async def test_a_file_over_the_scanners_own_limit_cannot_be_looked_at(
    address: str, tmp_path: Path, excess: int
) -> None:
    file = written(tmp_path, CLEAN + bytes(excess))
    with pytest.raises(ScannerUnavailable, match=r"size limit exceeded|longer than its StreamMaxLength"):
        await ClamScanner(address, deadline_s=LONG_S).scan(file)


async def test_many_files_are_looked_at_at_once_and_each_gets_its_own_answer(clamd: Clamd, tmp_path: Path) -> None:
    scanner = ClamScanner(clamd.address, deadline_s=LONG_S)
    files = [written(tmp_path, EICAR if number % 2 else b"Hei", str(number)) for number in range(20)]
    answers = await asyncio.gather(*(scanner.scan(path) for path in files), return_exceptions=True)
    assert [isinstance(answer, Refused) for answer in answers] == [bool(number % 2) for number in range(20)]


async def test_a_scanner_that_hangs_is_given_up_at_the_deadline(clamd: Clamd, tmp_path: Path) -> None:
    file = written(tmp_path, b"Hei")
    clamd.process.send_signal(signal.SIGSTOP)
    try:
        for address in (clamd.socket, clamd.address):
            with pytest.raises(ScannerUnavailable, match=r"did not answer within 0\.2 seconds"):
                await ClamScanner(address, deadline_s=0.2).scan(file)
    finally:
        clamd.process.send_signal(signal.SIGCONT)
    await ClamScanner(clamd.socket, deadline_s=LONG_S).scan(file)


async def test_a_scanner_that_is_away_lets_nothing_pass(tmp_path: Path) -> None:
    file = written(tmp_path, b"Hei")
    for address in (f"127.0.0.1:{free_port()}", str(tmp_path / "no-socket"), str(file)):
        with pytest.raises(ScannerUnavailable, match="cannot be reached"):
            await ClamScanner(address).scan(file)
