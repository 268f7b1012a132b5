"""A stored file that no event names is found once it is old, and is removed only on demand: in a folder and in a store
that speaks S3.
"""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import obstore
import pytest
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

from services.intake.storage import AttachmentStore, NoScanner, Orphan, StoreOptions, open_store, orphans, remove
from tests.infrastructure.databases import FreshDatabase
from tests.integration.intake_office import office

DAY = timedelta(days=1)


def pdf(number: int) -> bytes:
    return b"%PDF-1.7\n" + str(number).encode()


def digest_of(number: int) -> str:
    return sha256(pdf(number)).hexdigest()


@dataclass
class Place:
    """Where a test's files go; `set_age` makes a stored file as old as the test needs it."""

    url: str
    options: StoreOptions
    scratch: Path
    set_age: Callable[[str, timedelta], None]

    async def put(self, number: int, age: timedelta = 2 * DAY) -> str:
        async def chunks() -> AsyncIterator[bytes]:
            yield pdf(number)

        store = AttachmentStore(open_store(self.url, options=self.options), NoScanner(), self.scratch)
        stored = await store.take(chunks())
        if age:
            self.set_age(f"{stored.sha256[:2]}/{stored.sha256}", age)
        return stored.sha256

    async def found(self, *named: str) -> list[list[Orphan]]:
        async def those(digests: Sequence[str]) -> frozenset[str]:
            return frozenset(named) & frozenset(digests)

        store = open_store(self.url, options=self.options)
        return [page async for page in orphans(store, datetime.now(UTC) - DAY, those)]

    async def remove(self, found: Sequence[Orphan]) -> set[str]:
        store = open_store(self.url, options=self.options)
        return {each.sha256 for each in await remove(store, found, datetime.now(UTC) - DAY)}

    async def kept(self) -> set[str]:
        store = open_store(self.url, options=self.options)
        return {each["path"].rpartition("/")[2] async for page in obstore.list(store) for each in page}


@pytest.fixture
def folder(tmp_path: Path) -> Place:
    root = tmp_path / "liitteet"

    def set_age(key: str, age: timedelta) -> None:
        moment = (datetime.now(UTC) - age).timestamp()
        os.utime(root / key, (moment, moment))

    return Place(root.as_uri(), StoreOptions(), tmp_path, set_age)


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

    def set_age(key: str, age: timedelta) -> None:
        kept = s3_backends["123456789012"]["aws"].buckets[name].keys[f"county/{key}"]
        kept.last_modified = datetime.now(UTC).replace(tzinfo=None) - age

    options = StoreOptions(endpoint=s3_server, access_key_id="intake", secret_access_key="secret")
    return Place(f"s3://{name}/county", options, tmp_path, set_age)


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest) -> Place:
    place: Place = request.getfixturevalue(request.param)
    return place


async def test_an_old_file_that_nothing_names_is_found_with_its_size_and_removed_on_demand(place: Place) -> None:
    named, orphan = await place.put(1), await place.put(2)
    ((found,),) = await place.found(named)
    assert (found.sha256, found.size_bytes) == (orphan, len(pdf(2)))
    assert timedelta(0) <= datetime.now(UTC) - 2 * DAY - found.stored_at < timedelta(hours=1)
    assert await place.kept() == {named, orphan}
    assert await place.remove([found]) == {orphan}
    assert await place.kept() == {named}
    assert await place.remove([found]) == set()


async def test_a_file_that_is_not_old_is_no_orphan_yet(place: Place) -> None:
    await place.put(1, timedelta(0))
    await place.put(2, DAY - timedelta(minutes=5))
    assert await place.found() == []


async def test_a_file_that_is_sent_again_after_the_listing_stays(place: Place) -> None:
    first, second = await place.put(1), await place.put(2)
    (found,) = await place.found()
    await place.put(1, timedelta(0))
    assert await place.remove(found) == {second}
    assert await place.kept() == {first}


async def test_the_listing_is_paged_and_each_page_asks_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.intake.storage.sweeping._PAGE", 10)
    digests = {await place.put(number) for number in range(25)}
    asked: list[int] = []

    async def none_named(some: Sequence[str]) -> frozenset[str]:
        asked.append(len(some))
        return frozenset()

    store = open_store(place.url, options=place.options)
    pages = [page async for page in orphans(store, datetime.now(UTC) - DAY, none_named)]
    assert {each.sha256 for page in pages for each in page} == digests
    assert (sum(asked), max(asked), len(asked)) == (25, 10, 3)
    assert await place.remove([each for page in pages for each in page]) == digests


async def test_what_is_not_laid_as_a_stored_file_is_left_alone(place: Place) -> None:
    store = open_store(place.url, options=place.options)
    for path in ("README", f"aa/{digest_of(1)}x", f"zz/{digest_of(1)}", f"backup/{digest_of(1)[:2]}/{digest_of(1)}"):
        await obstore.put_async(store, path, b"ours")
        place.set_age(path, 2 * DAY)
    assert await place.found() == []


async def swept(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Runs `grants intake sweep-attachments` as an operator does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GRANTS_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from services.cli.main import main; main()", "intake", "sweep-attachments", *arguments,
        env=kept | environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_an_operator_sees_orphans_of_the_ledger_and_removes_them(
    database: FreshDatabase, tmp_path: Path, place: Place
) -> None:
    async with office(database, tmp_path) as intake:
        orphan = await place.put(2)
        secret = tmp_path / "secret"
        secret.write_text("secret", encoding="utf-8")
        told = {
            "GRANTS_DATABASE_URL": intake.database.service_dsn, "GRANTS_ATTACHMENTS_URL": place.url,
        }  # fmt: skip
        if place.options.endpoint is not None:
            told |= {
                "GRANTS_ATTACHMENTS_ENDPOINT": place.options.endpoint, "GRANTS_ATTACHMENTS_ACCESS_KEY_ID": "intake",
                "GRANTS_ATTACHMENTS_SECRET_KEY_FILE": str(secret),
            }  # fmt: skip
        code, _, err = await swept("--delete", **told)
        assert (code, "is it the store's own ledger?" in err) == (1, True), err
        asked = {"kind": "annual-accounts", "name": "tilinpäätös.pdf"}
        client, headers = intake.service.client, intake.applicant()
        answer = await client.post("/v1/attachments", params=asked, content=pdf(1), headers=headers)
        assert answer.status_code == 201, answer.text
        named = await place.put(1)

        code, out, err = await swept("--older-than", "1d", **told)
        assert (code, err) == (0, "")
        row, total = out.splitlines()
        assert row.split()[0] == orphan
        assert total == "1 stored files that no event names, 10 bytes: found; --delete removes them"
        assert await place.kept() == {named, orphan}

        code, out, err = await swept("--older-than", "1d", "--delete", **told)
        assert (code, err) == (0, "")
        assert out.splitlines()[-1] == "1 stored files that no event names, 10 bytes: removed"
        assert await place.kept() == {named}
        assert (await swept(**told))[1] == "0 stored files that no event names, 0 bytes: found; --delete removes them\n"
