"""The look for viruses that every attachment gets before it is kept: none, or ClamAV's."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from services.intake.storage.errors import AddressInvalid, ScannerUnavailable
from services.intake.storage.limits import infected

_CHUNK_BYTES: Final = 256 * 1024
_FOUND: Final = re.compile(r"stream: (?P<name>\S+) FOUND")
_CLEAN: Final = "stream: OK"
_HOST_AND_PORT: Final = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:/\s]+):(?P<port>[0-9]{1,5})")
_PORT_MAX: Final = 65535


class Scanner(Protocol):
    """Looks at a file. Returns when it is clean; raises Refused (attachment-infected) when it is not, and
    ScannerUnavailable when nobody can tell: then the file is not kept.
    """

    async def scan(self, path: Path) -> None: ...


class NoScanner:
    """Looks at nothing: for one machine without clamd, and where the network in front scans already."""

    async def scan(self, path: Path) -> None:
        """Takes every file for clean."""


class ClamScanner:
    """Sends files to a clamd by its command INSTREAM (clamd(8)): the daemon needs no access to our folders.

    `address` is host:port, or the path of a unix socket. A look that takes longer than `deadline_s` is given up.
    clamd's StreamMaxLength should be above the attachments' limit: what is longer cannot be looked at.
    Raises AddressInvalid for an address that is neither.
    """

    def __init__(self, address: str, *, deadline_s: float = 60.0) -> None:
        self._address = address
        self._deadline_s = deadline_s
        self._host_and_port = None if address.startswith("/") else _split(address)

    async def scan(self, path: Path) -> None:
        """As `Scanner.scan`. Only clamd's plain word that the stream is clean lets a file pass."""
        try:
            async with asyncio.timeout(self._deadline_s):
                answer = await self._answer(path)
        except TimeoutError as error:
            raise ScannerUnavailable(f"the virus scanner did not answer within {self._deadline_s:g} seconds") from error
        if (found := _FOUND.fullmatch(answer)) is not None:
            raise infected(found["name"])
        if answer != _CLEAN:
            raise ScannerUnavailable(f"the virus scanner could not look at the file: {answer[:200]}")

    async def _answer(self, path: Path) -> str:
        try:
            reader, writer = await self._connect()
        except OSError as error:
            raise ScannerUnavailable("the virus scanner cannot be reached; try again later") from error
        try:
            # clamd hangs up in the middle of a stream that is too long; what it says before that may still come.
            with suppress(ConnectionError):
                await _send(path, writer)
            return (await reader.readuntil(b"\0"))[:-1].decode("utf-8", "replace").strip()
        except (OSError, EOFError, asyncio.LimitOverrunError) as error:
            raise ScannerUnavailable(
                "the virus scanner broke off: it was stopped, or the file is longer than its StreamMaxLength"
            ) from error
        finally:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._host_and_port is None:
            return await asyncio.open_unix_connection(self._address)
        return await asyncio.open_connection(*self._host_and_port)


async def _send(path: Path, writer: asyncio.StreamWriter) -> None:
    """Each chunk goes with its length before it, four bytes in network order; a length of 0 ends the stream."""
    writer.write(b"zINSTREAM\0")
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
            writer.write(len(chunk).to_bytes(4, "big") + chunk)
            await writer.drain()
    writer.write(bytes(4))
    await writer.drain()


def _split(address: str) -> tuple[str, int]:
    match = _HOST_AND_PORT.fullmatch(address)
    if match is None or not 1 <= int(match["port"]) <= _PORT_MAX:
        raise AddressInvalid(f"{address!r} is no clamd: it should be host:port, or the path of its unix socket")
    return match["host"].strip("[]"), int(match["port"])
