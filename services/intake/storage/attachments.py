"""Takes attachments (*liite*) in, keeps them under their SHA-256, and gives them out again."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore

from services.intake.storage.content import checked_type
from services.intake.storage.errors import ContentChanged, NotStored, StoreUnavailable
from services.intake.storage.limits import DEFAULT_LIMITS, Limits, empty, too_large
from services.intake.storage.scanner import Scanner

if TYPE_CHECKING:  # the library has these names for type checkers only
    from obstore import AsyncWritableFile
    from obstore.store import ObjectStore

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_READ_BYTES: Final = 1024 * 1024
_GIVE_BYTES: Final = 256 * 1024
# The smallest part that S3 takes of an upload in parts; two of them at most are in memory.
_PART_BYTES: Final = 5 * 1024 * 1024
# How long a cancelled upload may still take to end the step it is in, and then to take its parts back.
_END_S_MAX: Final = 5.0


@dataclass(frozen=True)
class Stored:
    """A file that is kept. `sha256` is in hex; `media_type` is what its content shows it to be."""

    sha256: str
    size_bytes: int
    media_type: str


class AttachmentStore:
    """Files under `sha256[:2]/sha256`, byte for byte. The same content is there once, however often it comes.

    A file passes through `scratch_folder` (which should exist, be on a disk, and be this service's alone) and is
    checked there as a whole before the store sees any of it, so the store never holds half a file or a refused one.
    An upload in parts that is given up is taken back; where the store itself goes away in its middle the parts stay
    hidden there, and a rule of the bucket (AbortIncompleteMultipartUpload) should remove them.
    """

    def __init__(self, store: ObjectStore, scanner: Scanner, scratch_folder: Path) -> None:
        self._store = store
        self._scanner = scanner
        self._scratch_folder = scratch_folder

    async def take(self, chunks: AsyncIterator[bytes], limits: Limits = DEFAULT_LIMITS) -> Stored:
        """Keeps what `chunks` bring; durable when it returns. Needs memory for a chunk and a part, not for the file.

        Raises Refused: attachment-too-large (as soon as it is; no more is read), attachment-empty, attachment-type,
        attachment-infected. Raises StoreUnavailable or ScannerUnavailable when it cannot be kept or looked at now.
        However it ends, nothing stays in the scratch folder.
        """
        with self._scratch_file() as (file, path):
            digest, size_bytes = await _receive(chunks, file, limits)
            media_type = await asyncio.to_thread(checked_type, path, limits)
            await self._scanner.scan(path)
            await self._keep(path, digest)
        return Stored(digest, size_bytes, media_type)

    async def exists(self, digest: str) -> bool:
        """Whether a file is kept under this SHA-256. Raises StoreUnavailable."""
        if not _DIGEST.fullmatch(digest):
            return False
        try:
            await obstore.head_async(self._store, key_of(digest))
        except FileNotFoundError:
            return False
        except (BaseError, OSError) as error:
            raise unavailable() from error
        return True

    async def open(self, digest: str) -> AsyncIterator[bytes]:
        """The content under this SHA-256, in chunks; proven while it is read.

        Raises NotStored or StoreUnavailable at once. While it is read: ContentChanged in place of the last chunk when
        the bytes are not those that were put there, so that nobody gets a changed file whole; StoreUnavailable.
        """
        if not _DIGEST.fullmatch(digest):
            raise NotStored(digest)
        try:
            result = await obstore.get_async(self._store, key_of(digest))
        except FileNotFoundError:
            raise NotStored(digest) from None
        except (BaseError, OSError) as error:
            raise unavailable() from error
        return _proven(result.stream(min_chunk_size=_GIVE_BYTES), digest)

    @contextmanager
    def _scratch_file(self) -> Iterator[tuple[IO[bytes], Path]]:
        try:
            descriptor, name = tempfile.mkstemp(prefix="attachment-", dir=self._scratch_folder)
        except OSError as error:
            raise StoreUnavailable(f"no file can be made in the scratch folder: {error.strerror}") from error
        file, path = os.fdopen(descriptor, "wb"), Path(name)
        try:
            yield file, path
        finally:
            # A disk that is full refuses at closing what it refused before.
            with suppress(OSError):
                file.close()
            path.unlink(missing_ok=True)

    async def _keep(self, path: Path, digest: str) -> None:
        """Puts a checked file in its place. Content that is there already is put again, which heals what a crash or
        a hand has spoiled.
        """
        try:
            writer = obstore.open_writer_async(self._store, key_of(digest), buffer_size=_PART_BYTES, max_concurrency=1)
            await _copy(path, writer)
            await _whole(writer.close())
            if isinstance(self._store, LocalStore) and self._store.prefix is not None:
                await asyncio.to_thread(_sync, self._store.prefix / key_of(digest))
        except (BaseError, OSError) as error:
            raise unavailable() from error


async def _receive(chunks: AsyncIterator[bytes], file: IO[bytes], limits: Limits) -> tuple[str, int]:
    """Writes the chunks to the file; returns their SHA-256 in hex and how many bytes they are."""
    digest, size_bytes = sha256(), 0
    async for chunk in chunks:
        size_bytes += len(chunk)
        if size_bytes > limits.size_bytes_max:
            raise too_large(limits)
        digest.update(chunk)
        await _on_disk(file, chunk)
    if not size_bytes:
        raise empty()
    await _on_disk(file)
    return digest.hexdigest(), size_bytes


async def _on_disk(file: IO[bytes], chunk: bytes | None = None) -> None:
    """Writes a chunk, or without one what is still in the buffer."""
    try:
        await (asyncio.to_thread(file.flush) if chunk is None else asyncio.to_thread(file.write, chunk))
    except OSError as error:
        raise StoreUnavailable(f"the file cannot be written to the scratch folder: {error.strerror}") from error


async def _copy(path: Path, writer: AsyncWritableFile) -> None:
    """Gives a file to the store, which holds it back until the writer is closed. Left by an error or a cancellation,
    it takes back what the store has got so far.
    """
    try:
        with path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _READ_BYTES):
                await _whole(writer.write(chunk))
    except BaseException as error:
        with suppress(BaseError, OSError):
            async with asyncio.timeout(_END_S_MAX):
                await writer.__aexit__(type(error), error, error.__traceback__)
        raise


async def _whole(work: Awaitable[object]) -> None:
    """Waits for a step of an upload to end, also when cancelled meanwhile: what the store began and we know nothing of
    could not be taken back.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(BaseError, OSError):
            async with asyncio.timeout(_END_S_MAX):
                await task
        raise


async def _proven(stream: AsyncIterator[bytes], expected: str) -> AsyncIterator[bytes]:
    digest, held = sha256(), b""
    try:
        async for chunk in stream:
            digest.update(chunk)
            if held:
                yield held
            held = bytes(chunk)
    except (BaseError, OSError) as error:
        raise unavailable() from error
    if digest.hexdigest() != expected:
        raise ContentChanged(expected, digest.hexdigest())
    yield held


def _sync(path: Path) -> None:
    """A file and its name survive a loss of power once the file and the folders above it are on the disk."""
    for each in (path, path.parent, path.parent.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def key_of(digest: str) -> str:
    return f"{digest[:2]}/{digest}"


def unavailable() -> StoreUnavailable:
    """Says nothing of the store's own words: they hold its address. They are this error's cause, for the log."""
    return StoreUnavailable("the store of attachments cannot be used now; try again later")
