"""Attachments are kept byte for byte, once, whole or not at all: in a folder and in a store that speaks S3."""

import asyncio
import os
import re
import tracemalloc
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import httpx
import obstore
import pytest
from moto.server import ThreadedMotoServer

from deploy.local.ports import free_port
from schemas.refusals import Refused
from services.intake.storage import (
    AttachmentStore,
    ContentChanged,
    Limits,
    NoScanner,
    NotStored,
    Scanner,
    ScannerUnavailable,
    StoreOptions,
    StoreUnavailable,
    open_store,
)

BLOCK = 64 * 1024
PDF = "application/pdf"
SMALL = b"%PDF-1.7\n" + bytes(range(256)) * 100
LARGE = b"%PDF-1.7\n" + os.urandom(12_000_000)
"""More than two parts of an upload in parts."""
PAGE = os.sysconf("SC_PAGE_SIZE")


async def sent(content: bytes, block: int = BLOCK) -> AsyncIterator[bytes]:
    for at in range(0, len(content), block):
        yield content[at : at + block]


async def read(chunks: AsyncIterator[bytes], got: list[bytes] | None = None) -> bytes:
    """The whole; `got` has what came also where the rest does not come."""
    got = [] if got is None else got
    async for chunk in chunks:
        got.append(chunk)
    return b"".join(got)


@dataclass
class Place:
    """Where a test's attachments go. `keys` are the objects there, `unfinished` what a broken upload has left."""

    url: str
    options: StoreOptions
    scratch: Path
    keys: Callable[[], list[str]]
    unfinished: Callable[[], list[str]]

    def store(self, scanner: Scanner | None = None) -> AttachmentStore:
        return AttachmentStore(open_store(self.url, options=self.options), scanner or NoScanner(), self.scratch)

    def under_way(self) -> list[str]:
        return [path.name for path in self.scratch.iterdir()]

    def holds_nothing(self) -> bool:
        return not (self.keys() or self.unfinished() or self.under_way())

    def holds_only(self, content: bytes) -> bool:
        digest = sha256(content).hexdigest()
        return self.keys() == [f"{digest[:2]}/{digest}"] and not (self.unfinished() or self.under_way())


def scratch_in(folder: Path) -> Path:
    scratch = folder / "scratch"
    scratch.mkdir()
    return scratch


@pytest.fixture
def folder(tmp_path: Path) -> Place:
    root = tmp_path / "liitteet"

    def files(*, staged: bool) -> list[str]:
        """The library writes beside a file's place, under its name with # and a number, and moves it there."""
        found = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
        return [each for each in found if ("#" in each) is staged]

    return Place(
        root.as_uri(),
        StoreOptions(),
        scratch_in(tmp_path),
        lambda: files(staged=False),
        lambda: files(staged=True),
    )


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str, tmp_path: Path) -> Place:
    name = f"liitteet-{uuid.uuid4().hex}"
    httpx.put(f"{s3_server}/{name}").raise_for_status()

    def keys(query: str) -> list[str]:
        answer = httpx.get(f"{s3_server}/{name}?{query}").raise_for_status().text
        return [each.removeprefix("county/") for each in re.findall("<Key>(.*?)</Key>", answer)]

    options = StoreOptions(endpoint=s3_server, access_key_id="intake", secret_access_key="secret")
    return Place(
        f"s3://{name}/county",
        options,
        scratch_in(tmp_path),
        lambda: keys("list-type=2"),
        lambda: keys("uploads"),
    )


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest) -> Place:
    place: Place = request.getfixturevalue(request.param)
    return place


@dataclass
class HeldScanner:
    """Looks for as long as it is told to."""

    looking: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    seen: bytes = b""

    async def scan(self, path: Path) -> None:
        self.seen = await asyncio.to_thread(path.read_bytes)
        self.looking.set()
        await self.done.wait()


class AbsentScanner:
    async def scan(self, path: Path) -> None:
        raise ScannerUnavailable("nobody is there")


@pytest.mark.parametrize(
    ("content", "block"), [(SMALL, 100), (SMALL, BLOCK), (LARGE, BLOCK)], ids=["in crumbs", "in one piece", "in parts"]
)
async def test_what_was_sent_is_kept_and_comes_back_byte_for_byte(place: Place, content: bytes, block: int) -> None:
    store, digest = place.store(), sha256(content).hexdigest()
    assert not await store.exists(digest)
    stored = await store.take(sent(content, block))
    assert (stored.sha256, stored.size_bytes, stored.media_type) == (digest, len(content), PDF)
    assert await store.exists(digest)
    assert await read(await store.open(digest)) == content
    assert place.holds_only(content)


async def test_the_same_content_again_is_one_object(place: Place) -> None:
    store = place.store()
    first = await store.take(sent(LARGE))
    assert await store.take(sent(LARGE, block=999_999)) == first
    assert set(await asyncio.gather(*(store.take(sent(LARGE)) for _ in range(4)))) == {first}
    assert await read(await place.store().open(first.sha256)) == LARGE
    assert place.holds_only(LARGE)


async def test_a_stream_over_the_limit_is_refused_without_reading_on(folder: Place) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        for _ in range(64 * 1024 * 1024 // BLOCK):
            given += BLOCK
            yield bytes(BLOCK)

    tracemalloc.start()
    try:
        with pytest.raises(Refused, match=r"larger than 20 MB \(20000000 bytes\).*smaller") as refusal:
            await folder.store().take(endless())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refusal.value.slug == "attachment-too-large"
    assert given <= 20_000_000 + BLOCK
    assert peak < 4_000_000
    assert folder.holds_nothing()


async def test_the_limit_itself_is_taken_and_one_byte_more_is_not(place: Place) -> None:
    limits = Limits(size_bytes_max=len(SMALL))
    assert (await place.store().take(sent(SMALL), limits)).size_bytes == len(SMALL)
    with pytest.raises(Refused, match="larger than"):
        await place.store().take(sent(SMALL + b"x"), limits)
    assert place.holds_only(SMALL)


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


async def test_a_large_file_goes_in_and_out_in_flat_memory(folder: Place) -> None:
    size_bytes, peak = 96 * 1024 * 1024, 0
    store = folder.store()
    await store.take(sent(SMALL))

    async def watch() -> None:
        nonlocal peak
        while True:
            peak = max(peak, resident_bytes())
            await asyncio.sleep(0.002)

    async def zeros() -> AsyncIterator[bytes]:
        yield b"%PDF-1.7\n"
        for _ in range(size_bytes // BLOCK):
            yield bytes(BLOCK)

    before = resident_bytes()
    watching = asyncio.create_task(watch())
    stored = await store.take(zeros(), Limits(size_bytes_max=2 * size_bytes))
    came_back = 0
    async for chunk in await store.open(stored.sha256):
        came_back += len(chunk)
    watching.cancel()
    assert came_back == stored.size_bytes == size_bytes + 9
    assert peak - before < size_bytes // 3


@pytest.mark.parametrize(
    ("content", "slug"),
    [(b"", "attachment-empty"), (b"MZ\x90\0", "attachment-type"), (b"<svg onload='x'/>", "attachment-type")],
)
async def test_what_is_refused_is_not_kept(place: Place, content: bytes, slug: str) -> None:
    with pytest.raises(Refused) as refusal:
        await place.store().take(sent(content))
    assert (refusal.value.slug, refusal.value.field) == (slug, "/content")
    assert place.holds_nothing()


async def test_the_scanner_sees_the_whole_file_before_the_store_has_any_of_it(place: Place) -> None:
    scanner = HeldScanner()
    taking = asyncio.create_task(place.store(scanner).take(sent(LARGE)))
    await scanner.looking.wait()
    assert scanner.seen == LARGE
    assert place.keys() + place.unfinished() == []
    (scratch,) = place.scratch.iterdir()
    assert scratch.stat().st_mode & 0o777 == 0o600
    scanner.done.set()
    await taking
    assert place.holds_only(LARGE)


async def test_a_file_that_nobody_can_look_at_is_not_kept(place: Place) -> None:
    with pytest.raises(ScannerUnavailable):
        await place.store(AbsentScanner()).take(sent(SMALL))
    assert place.holds_nothing()


async def test_a_sender_that_breaks_off_leaves_nothing(place: Place) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield LARGE[:6_000_000]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await place.store().take(broken())
    assert place.holds_nothing()


async def test_a_cancellation_while_the_sender_stalls_leaves_nothing(place: Place) -> None:
    stalled = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield LARGE[:6_000_000]
        stalled.set()
        await asyncio.Event().wait()

    taking = asyncio.create_task(place.store().take(stalling()))
    await stalled.wait()
    assert len(place.under_way()) == 1
    await cancelled(taking)
    assert place.holds_nothing()


async def test_a_cancellation_during_the_scan_leaves_nothing(place: Place) -> None:
    scanner = HeldScanner()
    taking = asyncio.create_task(place.store(scanner).take(sent(LARGE)))
    await scanner.looking.wait()
    await cancelled(taking)
    assert place.holds_nothing()


async def cancelled(task: asyncio.Task[object]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@dataclass
class HoldingProxy:
    """Passes bytes on to a server until `mark` is among them; then holds that connection until it is released, or
    cuts it. With `forever` no later connection gets through either.
    """

    port: int
    mark: bytes
    cuts: bool = False
    forever: bool = False
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        server, ask = await asyncio.open_connection("127.0.0.1", self.port)
        down = asyncio.create_task(_pass_on(server, answer))
        with suppress(ConnectionError):
            while data := await client.read(BLOCK):
                if self.forever if self.reached.is_set() else self.mark in data:
                    self.reached.set()
                    if self.cuts:
                        break
                    await self.released.wait()
                ask.write(data)
                await ask.drain()
        down.cancel()
        ask.close()
        answer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(BLOCK):
            writer.write(data)
            await writer.drain()


async def behind(proxy: HoldingProxy, bucket: Place) -> tuple[asyncio.Server, AttachmentStore]:
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    options = bucket.options.model_copy(update={"endpoint": f"http://127.0.0.1:{port}"})
    return listener, AttachmentStore(open_store(bucket.url, options=options), NoScanner(), bucket.scratch)


def port_of(bucket: Place) -> int:
    return int(str(bucket.options.endpoint).rpartition(":")[2])


@pytest.mark.parametrize(
    ("step", "whole"),
    [(b"?uploads", False), (b"partNumber=2", False), (b"partNumber=3", True), (b"<CompleteMultipartUpload", True)],
    ids=["its beginning", "a part", "its last part", "its end"],
)
async def test_a_cancellation_in_any_step_of_an_upload_to_s3_leaves_all_or_nothing(
    bucket: Place, step: bytes, whole: bool
) -> None:
    proxy = HoldingProxy(port_of(bucket), mark=step)
    listener, store = await behind(proxy, bucket)
    taking = asyncio.create_task(store.take(sent(LARGE)))
    await proxy.reached.wait()
    assert not await asyncio.to_thread(bucket.keys)
    taking.cancel()
    proxy.released.set()
    await cancelled(taking)
    assert await asyncio.to_thread(lambda: bucket.holds_only(LARGE) if whole else bucket.holds_nothing())
    listener.close()


async def test_a_connection_that_breaks_once_is_made_again_and_the_file_is_whole(bucket: Place) -> None:
    proxy = HoldingProxy(port_of(bucket), mark=b"partNumber=2", cuts=True)
    listener, store = await behind(proxy, bucket)
    stored = await store.take(sent(LARGE))
    assert proxy.reached.is_set()
    assert await read(await bucket.store().open(stored.sha256)) == LARGE
    assert bucket.holds_only(LARGE)
    listener.close()


async def test_a_store_that_goes_away_in_the_middle_holds_no_half_object(bucket: Place) -> None:
    proxy = HoldingProxy(port_of(bucket), mark=b"partNumber=2", cuts=True, forever=True)
    listener, store = await behind(proxy, bucket)
    with pytest.raises(StoreUnavailable, match="cannot be used now; try again later"):
        await store.take(sent(LARGE))
    assert not bucket.keys()
    assert not bucket.under_way()
    listener.close()


async def test_a_store_that_is_away_says_so_and_shows_no_address(bucket: Place) -> None:
    port = free_port()
    options = bucket.options.model_copy(update={"endpoint": f"http://127.0.0.1:{port}"})
    store = AttachmentStore(open_store(bucket.url, options=options), NoScanner(), bucket.scratch)
    digest = sha256(SMALL).hexdigest()
    for asked in (store.take(sent(SMALL)), store.open(digest), store.exists(digest)):
        with pytest.raises(StoreUnavailable) as error:
            await asked
        assert str(port) not in str(error.value)
    assert bucket.holds_nothing()


async def test_a_bucket_that_does_not_exist_takes_nothing(bucket: Place) -> None:
    store = AttachmentStore(open_store("s3://no-such-bucket", options=bucket.options), NoScanner(), bucket.scratch)
    with pytest.raises(StoreUnavailable):
        await store.take(sent(SMALL))
    assert not bucket.under_way()


async def test_a_scratch_folder_that_is_missing_is_told(place: Place) -> None:
    place.scratch.rmdir()
    with pytest.raises(StoreUnavailable, match="no file can be made in the scratch folder: No such file"):
        await place.store().take(sent(SMALL))


@pytest.mark.parametrize("digest", ["0" * 64, "", "../../etc/passwd", "A" * 64, "0" * 63])
async def test_what_is_not_stored_is_told_before_anything_is_read(place: Place, digest: str) -> None:
    store = place.store()
    assert not await store.exists(digest)
    with pytest.raises(NotStored):
        await store.open(digest)


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["in one chunk", "in many chunks"])
@pytest.mark.parametrize("change", ["a flipped bit", "cut short", "made longer", "emptied"])
async def test_a_file_changed_behind_our_back_is_never_given_out_whole(
    folder: Place, content: bytes, change: str
) -> None:
    stored = await folder.store().take(sent(content))
    (key,) = folder.keys()
    path = folder.scratch.parent / "liitteet" / key
    changed = {
        "a flipped bit": content[:20_000] + bytes([content[20_000] ^ 1]) + content[20_001:],
        "cut short": content[:-1],
        "made longer": content + b"\n",
        "emptied": b"",
    }[change]
    path.write_bytes(changed)
    got: list[bytes] = []
    with pytest.raises(ContentChanged, match=f"stored as {stored.sha256} was changed") as error:
        await read(await folder.store().open(stored.sha256), got)
    assert error.value.found == sha256(changed).hexdigest()
    assert sum(map(len, got)) < max(len(changed), 1)
    await folder.store().take(sent(content))
    assert await read(await folder.store().open(stored.sha256)) == content


async def test_a_changed_object_in_s3_is_found_too(bucket: Place) -> None:
    stored = await bucket.store().take(sent(SMALL))
    (key,) = await asyncio.to_thread(bucket.keys)
    await obstore.put_async(open_store(bucket.url, options=bucket.options), key, SMALL + b" ")
    with pytest.raises(ContentChanged):
        await read(await bucket.store().open(stored.sha256))
