"""P6: state as of any past position or moment equals what was shown then. P7: rebuilt registers equal the live
ones, byte
for byte.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from deploy.local.service_database import ServiceDatabase
from services.ledger import (
    Context,
    Document,
    Entry,
    Ledger,
    NewEvent,
    Record,
    Register,
    StreamWrite,
    Unit,
    VersionConflict,
)
from services.ledger.rebuild import rebuild
from tests.infrastructure.databases import FreshDatabase

CONTEXT = Context("person:anna", "affair-1")
START = datetime(2026, 1, 15, 6, tzinfo=UTC)
ROUNDS = 12


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment


def _balance(document: Document | None, record: Record, data: Mapping[str, Any]) -> Document | None:
    if document is None and data["amount"] < 0:
        return None  # An account begins with money.
    before = document or {"cents": 0, "label": "", "by": {}}
    if data["amount"] == 0:
        return document
    by = before["by"] | {record.actor: record.version}
    return {"cents": before["cents"] + data["amount"], "label": data["label"], "by": by}


def _both_ends(record: Record, data: Mapping[str, Any]) -> Iterable[str]:
    yield record.key
    yield data["other"]


def _links(document: Document | None, record: Record, data: Mapping[str, Any]) -> Document:
    return {"links": [*(document or {"links": []})["links"], record.position][-5:]}


REGISTERS = [
    Register("accounts", frozenset({"money.moved"}), lambda record, _: [record.key], _balance),
    Register("links", frozenset({"money.moved", "key.linked"}), _both_ends, _links),
]
NAMES = [register.name for register in REGISTERS]


@pytest.fixture
def chooser() -> random.Random:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def made(database: FreshDatabase) -> ServiceDatabase:
    return await database.migrated("letters")


@pytest.fixture
async def replicas(made: ServiceDatabase, clock: Clock) -> AsyncIterator[tuple[Ledger, Ledger]]:
    pair = tuple(Ledger(made.service_dsn, made.schema, clock, REGISTERS, pool_size=3) for _ in range(2))
    for ledger in pair:
        await ledger.start()
    yield pair[0], pair[1]
    for ledger in pair:
        await ledger.stop()


@pytest.fixture
def ledger(replicas: tuple[Ledger, Ledger]) -> Ledger:
    return replicas[0]


def _event(chooser: random.Random) -> NewEvent:
    data = {
        "amount": chooser.choice([0, -5, 7, 100_000_000_001]),
        "label": chooser.choice(["Joensuu", 'Kitee \U0001f600 \\ "quoted"', "", "äöå\t"]),
        "other": f"k{chooser.randrange(8)}",
    }
    return NewEvent(chooser.choice(["money.moved", "key.linked", "nothing.shown"]), msgspec.json.encode(data))


async def _write_some(replicas: tuple[Ledger, Ledger], chooser: random.Random, count: int) -> None:
    """`count` units, submitted at once, by both replicas, to few streams; conflicts are tried again."""

    async def write(ledger: Ledger, stream: str, events: tuple[NewEvent, ...]) -> None:
        while True:
            expected = len(await ledger.stream(stream))
            try:
                await ledger.append(Unit(CONTEXT, (StreamWrite(stream, expected, events),)))
                return
            except VersionConflict:
                continue

    units = [
        (
            chooser.choice(replicas),
            f"a/k{chooser.randrange(8)}",
            tuple(_event(chooser) for _ in range(chooser.randint(1, 3))),
        )
        for _ in range(count)
    ]
    await asyncio.gather(*(write(*unit) for unit in units))


async def _shown(ledger: Ledger, position: int) -> dict[str, list[Entry]]:
    """All registers as of a position, read page by page."""
    shown: dict[str, list[Entry]] = {}
    for name in NAMES:
        entries = shown[name] = []
        while page := await ledger.page(name, position, after=entries[-1].key if entries else "", limit=3):
            entries += page
    return shown


async def _rows(ledger: Ledger) -> list[tuple[Any, ...]]:
    rows = await ledger.pool.fetch(
        "SELECT register, key, from_position, to_position, document::text FROM register_version ORDER BY 1, 2, 3"
    )
    return [tuple(row) for row in rows]


async def test_every_past_position_and_moment_shows_what_was_shown_then(
    replicas: tuple[Ledger, Ledger], chooser: random.Random, clock: Clock
) -> None:
    shown: list[tuple[int, datetime, dict[str, list[Entry]]]] = []
    for _ in range(ROUNDS):
        await _write_some(replicas, chooser, chooser.randint(1, 8))
        position = (await replicas[0].head()).size
        shown.append((position, clock.moment, await _shown(replicas[0], position)))
        clock.moment += timedelta(seconds=chooser.randint(1, 1000))
    for position, moment, then in shown:
        assert await _shown(replicas[1], position) == then
        for later in (moment, moment + timedelta(milliseconds=999)):
            assert await replicas[1].resolve(moment=later) == position
    assert await replicas[1].resolve(moment=START - timedelta(seconds=1)) == 0
    assert await _shown(replicas[1], 0) == {name: [] for name in NAMES}


async def test_every_position_shows_the_fold_of_the_events_up_to_it(
    replicas: tuple[Ledger, Ledger], chooser: random.Random
) -> None:
    await _write_some(replicas, chooser, 60)
    expected: dict[str, dict[str, Entry]] = {name: {} for name in NAMES}
    async for record in replicas[0].scan():
        for register in REGISTERS:
            if record.type not in register.types:
                continue
            for key in register.keys(record, record.data):
                before = expected[register.name].get(key)
                after = register.fold(None if before is None else before.document, record, record.data)
                if after is not None and (before is None or after is not before.document):
                    expected[register.name][key] = Entry(key, record.position, after)
        wanted = {name: [entries[key] for key in sorted(entries)] for name, entries in expected.items()}
        assert await _shown(replicas[0], record.position) == wanted


async def test_a_page_as_of_a_position_stays_while_new_events_come(
    replicas: tuple[Ledger, Ledger], chooser: random.Random
) -> None:
    await _write_some(replicas, chooser, 10)
    position = (await replicas[0].head()).size
    then = await _shown(replicas[0], position)
    reading, _ = await asyncio.gather(_shown(replicas[0], position), _write_some(replicas, chooser, 20))
    assert reading == then


async def test_rebuilt_registers_equal_the_live_ones_byte_for_byte(
    replicas: tuple[Ledger, Ledger], chooser: random.Random
) -> None:
    for _ in range(ROUNDS):
        await _write_some(replicas, chooser, chooser.randint(1, 12))
    live = await _rows(replicas[0])
    told: list[tuple[int, int]] = []
    report = await rebuild(replicas[0], replicas[0].registers, progress=lambda done, total: told.append((done, total)))
    size = (await replicas[0].head()).size
    assert (report.events, report.versions, report.differing, report.replaced) == (size, len(live), 0, False)
    assert told[-1] == (size, size)
    assert await _rows(replicas[0]) == live


CHANGES = {
    "UPDATE register_version SET document = document || '{\"cents\": 1}' WHERE {row}": "the document differs",
    "UPDATE register_version SET to_position = coalesce(to_position, 1000000) + 1 WHERE {row}": (
        "the version ends at another position"
    ),
    "DELETE FROM register_version WHERE {row}": "the live table lacks this version",
    "INSERT INTO register_version VALUES ('accounts', 'k99', 1, NULL, '{{}}')": "no event makes this version",
}


@pytest.mark.parametrize("change", CHANGES, ids=CHANGES.values())
async def test_a_live_row_that_no_event_supports_is_found_and_put_right(
    replicas: tuple[Ledger, Ledger], chooser: random.Random, change: str
) -> None:
    ledger = replicas[0]
    await _write_some(replicas, chooser, 40)
    live = await _rows(ledger)
    register, key, from_position, *_ = chooser.choice([row for row in live if row[0] == "accounts"])
    row = f"register = '{register}' AND key = '{key}' AND from_position = {from_position}"
    await ledger.pool.execute(change.replace("{{}}", "{}").replace("{row}", row))
    report = await rebuild(ledger, ledger.registers)
    assert (report.differing, report.differences[0].what, report.replaced) == (1, CHANGES[change], False)
    report = await rebuild(ledger, ledger.registers, replace=True)
    assert (report.differing, report.replaced) == (1, True)
    assert await _rows(ledger) == live
    assert (await rebuild(ledger, ledger.registers)).differing == 0


async def test_registers_are_replaced_while_both_replicas_append(
    replicas: tuple[Ledger, Ledger], chooser: random.Random
) -> None:
    await _write_some(replicas, chooser, 40)
    await replicas[0].pool.execute("DELETE FROM register_version WHERE from_position % 3 = 0")
    # Conflicts are tried again, so the writers wait for nothing but the head's lock.
    report, _ = await asyncio.gather(
        rebuild(replicas[0], replicas[0].registers, replace=True), _write_some(replicas, chooser, 1)
    )
    await _write_some(replicas, chooser, 20)
    assert report.replaced
    assert (await rebuild(replicas[1], replicas[1].registers)).differing == 0


async def test_a_register_that_is_not_asked_for_is_left_alone(
    replicas: tuple[Ledger, Ledger], chooser: random.Random
) -> None:
    await _write_some(replicas, chooser, 20)
    stranger = "INSERT INTO register_version VALUES ('strangers', 'k', 1, NULL, '{}')"
    await replicas[0].pool.execute(stranger)
    report = await rebuild(replicas[0], replicas[0].registers, replace=True)
    assert (report.differing, report.replaced) == (0, False)
    assert await replicas[0].entry("strangers", "k") is not None


async def test_a_ledger_larger_than_a_batch_is_rebuilt(
    ledger: Ledger, chooser: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ledger.rebuild._BATCH", 7)
    monkeypatch.setattr("services.ledger.rebuild._NEAR", 10)
    await _write_some((ledger, ledger), chooser, 60)
    report = await rebuild(ledger, ledger.registers)
    assert (report.events, report.differing) == ((await ledger.head()).size, 0)
