import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from deploy.local.service_database import ServiceDatabase
from services.ledger import (
    Appended,
    Context,
    Idempotency,
    KeyReused,
    Ledger,
    LedgerError,
    NewEvent,
    Record,
    Register,
    StreamWrite,
    Unavailable,
    Unit,
    VersionConflict,
)
from services.ledger.inspection import inspect
from services.ledger.proofs import Proofs, TableSource
from tests.infrastructure.databases import FreshDatabase
from tests.integration.cutting_proxy import cutting_proxy
from tests.integration.post import now, until

CONTEXT = Context("person:anna", "affair-1")
CONCURRENT = 200


def _refuse(document: dict[str, Any] | None, record: Record, data: Any) -> dict[str, Any]:
    if data.get("poison"):
        raise ValueError("this fold fails")
    return {"events": (document or {"events": 0})["events"] + 1}


COUNTS = Register("counts", frozenset({"a.happened"}), lambda record, _: [record.key], _refuse)


@pytest.fixture
async def made(database: FreshDatabase) -> ServiceDatabase:
    return await database.migrated("letters")


async def _started(dsn: str, made: ServiceDatabase, patience_seconds: float = 20.0) -> Ledger:
    ledger = Ledger(dsn, made.schema, now, [COUNTS], pool_size=2)
    ledger.writer._patience_seconds = patience_seconds
    await ledger.start()
    return ledger


@pytest.fixture
async def replicas(made: ServiceDatabase) -> AsyncIterator[tuple[Ledger, Ledger]]:
    """Two replicas of one ledger."""
    pair = await _started(made.service_dsn, made), await _started(made.service_dsn, made)
    yield pair
    for ledger in pair:
        await ledger.stop()


@pytest.fixture
def ledger(replicas: tuple[Ledger, Ledger]) -> Ledger:
    return replicas[0]


def happened(data: bytes = b"{}") -> NewEvent:
    return NewEvent("a.happened", data)


def unit(stream: str, expected: int = 0, *events: NewEvent, idempotency: Idempotency | None = None) -> Unit:
    return Unit(CONTEXT, (StreamWrite(stream, expected, events or (happened(),)),), idempotency)


async def outcomes(ledger: Ledger, units: Sequence[Unit]) -> list[Appended | BaseException]:
    """What became of units that were submitted at once."""
    return await asyncio.gather(*(ledger.append(each) for each in units), return_exceptions=True)


async def everything(ledger: Ledger) -> list[Record]:
    return [record async for record in ledger.scan()]


async def assert_sound(made: ServiceDatabase) -> None:
    auditor = await asyncpg.connect(made.auditor_dsn)
    try:
        assert await inspect(auditor) == []
    finally:
        await auditor.close()


async def test_concurrent_callers_on_two_replicas_get_dense_positions_and_versions(
    replicas: tuple[Ledger, Ledger], made: ServiceDatabase
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chooser = random.Random(seed)

    async def call(ledger: Ledger, stream: str, count: int) -> Appended:
        while True:
            expected = len(await ledger.stream(stream))
            try:
                return await ledger.append(unit(stream, expected, *(happened() for _ in range(count))))
            except VersionConflict:
                continue

    calls = [(chooser.choice(replicas), f"a/{chooser.randrange(40)}", chooser.randint(1, 4)) for _ in range(CONCURRENT)]
    answers = await asyncio.gather(*(call(*each) for each in calls))
    records = await everything(replicas[0])
    assert [record.position for record in records] == list(range(1, sum(count for *_, count in calls) + 1))
    seen: Counter[str] = Counter()
    for record in records:
        seen[record.stream] += 1
        assert record.version == seen[record.stream]
    for (_, stream, _), answer in zip(calls, answers, strict=True):
        last = records[answer.position - 1]
        assert (last.stream, last.version) == (stream, answer.versions[stream])
    for key, count in seen.items():
        entry = await replicas[1].entry("counts", key.removeprefix("a/"))
        assert entry is not None
        assert entry.document == {"events": count}
    await assert_sound(made)


async def test_callers_who_come_at_once_share_commits(ledger: Ledger) -> None:
    await asyncio.gather(*(ledger.append(unit(f"a/{number}")) for number in range(CONCURRENT)))
    commits = await ledger.pool.fetchval("SELECT count(DISTINCT xmin::text) FROM event")
    assert commits < CONCURRENT / 10


async def test_two_replicas_that_complete_tiles_in_turn_keep_one_right_tree(
    replicas: tuple[Ledger, Ledger], made: ServiceDatabase
) -> None:
    for turn in range(14):
        events = tuple(happened() for _ in range(41))
        await replicas[turn % 2].append(unit(f"a/{turn}", 0, *events))
    head = await replicas[0].head()
    assert head.size == 14 * 41
    assert await Proofs(TableSource(replicas[1].pool)).root(head.size) == head.root
    await assert_sound(made)


async def test_a_conflict_fails_its_caller_alone(ledger: Ledger) -> None:
    units = [unit("a/same"), *(unit(f"a/{number}") for number in range(20)), unit("a/same"), unit("a/new", 3)]
    answers = await outcomes(ledger, units)
    assert [index for index, each in enumerate(answers) if isinstance(each, VersionConflict)] == [21, 22]
    assert all(isinstance(each, Appended) for each in answers[:21])
    conflict = answers[21]
    assert isinstance(conflict, VersionConflict)
    assert (conflict.stream, conflict.expected, conflict.actual) == ("a/same", 0, 1)
    assert len(await everything(ledger)) == 21


async def test_units_of_one_batch_see_those_before_them(ledger: Ledger) -> None:
    answers = await outcomes(ledger, [unit("a/x", version) for version in range(10)])
    assert [each.versions["a/x"] for each in answers if isinstance(each, Appended)] == list(range(1, 11))


async def test_a_unit_over_several_streams_goes_in_as_a_whole_or_not_at_all(ledger: Ledger) -> None:
    await ledger.append(unit("a/b"))
    torn = Unit(CONTEXT, (StreamWrite("a/a", 0, (happened(),)), StreamWrite("a/b", 0, (happened(),))))
    whole = Unit(CONTEXT, (StreamWrite("a/a", 0, (happened(),)), StreamWrite("a/b", 1, (happened(), happened()))))
    refused, accepted = await outcomes(ledger, [torn, whole])
    assert isinstance(refused, VersionConflict)
    assert accepted == Appended(4, {"a/a": 1, "a/b": 3})
    assert [record.stream for record in await everything(ledger)] == ["a/b", "a/a", "a/b", "a/b"]


async def test_a_key_used_at_once_on_two_replicas_records_once_and_answers_alike(
    replicas: tuple[Ledger, Ledger],
) -> None:
    key = Idempotency("anna", "key-1", b"print", b"the answer")
    calls = (replicas[n % 2].append(unit(f"a/{n}", 0, idempotency=key)) for n in range(30))
    answers = await asyncio.gather(*calls)
    assert Counter(answer.replayed for answer in answers) == {None: 1, b"the answer": 29}
    assert len(await everything(replicas[0])) == 1


async def test_a_replay_wins_over_a_conflict_because_the_command_had_succeeded(ledger: Ledger) -> None:
    key = Idempotency("anna", "key-1", b"print", b"the answer")
    await ledger.append(unit("a/x", 0, idempotency=key))
    assert (await ledger.append(unit("a/x", 0, idempotency=key))).replayed == b"the answer"


async def test_a_key_with_another_request_is_refused_and_belongs_to_its_actor_alone(ledger: Ledger) -> None:
    first = Idempotency("anna", "key-1", b"print", b"1")
    another = Idempotency("anna", "key-1", b"other print", b"2")
    elsewhere = Idempotency("berit", "key-1", b"other print", b"3")
    units = [unit(f"a/{n}", 0, idempotency=each) for n, each in enumerate((first, another, elsewhere))]
    answers = await outcomes(ledger, units)
    assert isinstance(answers[1], KeyReused)
    assert [record.stream for record in await everything(ledger)] == ["a/0", "a/2"]


async def test_a_refused_command_leaves_its_key_free(ledger: Ledger) -> None:
    key = Idempotency("anna", "key-1", b"print", b"the answer")
    with pytest.raises(VersionConflict):
        await ledger.append(unit("a/x", 5, idempotency=key))
    assert (await ledger.append(unit("a/x", 0, idempotency=key))).replayed is None


USED_ID = uuid4()


@pytest.mark.parametrize(
    "poison",
    [
        NewEvent("a.happened", b"{}", id=USED_ID),
        happened(b'{"poison":true}'),
        NewEvent("a.happened", b"{}", schema=2**40),
    ],
    ids=["used event id", "failing fold", "number out of range"],
)
async def test_a_poisonous_unit_fails_alone(ledger: Ledger, made: ServiceDatabase, poison: NewEvent) -> None:
    await ledger.append(unit("a/first", 0, NewEvent("a.happened", b"{}", id=USED_ID)))
    units = [unit(f"a/{number}") for number in range(10)]
    answers = await outcomes(ledger, [*units[:5], unit("a/poison", 0, poison), *units[5:]])
    failed = [index for index, each in enumerate(answers) if isinstance(each, BaseException)]
    assert failed == [5]
    assert isinstance(answers[5], LedgerError)
    assert not isinstance(answers[5], Unavailable)
    assert len(await everything(ledger)) == 11
    assert not await ledger.stream("a/poison")
    await assert_sound(made)


async def test_what_a_failed_unit_left_in_memory_never_gets_into_the_tree(
    replicas: tuple[Ledger, Ledger], made: ServiceDatabase
) -> None:
    one, other = replicas
    await one.append(unit("a/x"))
    for refused in (unit("a/poison", 0, happened(b'{"poison":true}')), unit("a/x", 0)):
        with pytest.raises(LedgerError):
            await one.append(refused)
    await other.append(unit("a/y"))
    await one.append(unit("a/z", 0, *(happened() for _ in range(300))))
    await assert_sound(made)


async def _waiting_backend(database: FreshDatabase, made: ServiceDatabase, wait_event: str) -> int:
    """The process id of the service's session that waits for a lock of this kind, as soon as one does."""
    found = "SELECT pid FROM pg_stat_activity WHERE usename = $1 AND wait_event = $2"
    # A connection of its own: inside a transaction the view would never change.
    watcher = await asyncpg.connect(database.superuser_dsn)
    waiting: list[int] = []

    async def look() -> bool:
        waiting[:] = [row["pid"] for row in await watcher.fetch(found, made.service, wait_event)]
        return bool(waiting)

    try:
        await until(look, f"a session waits for a lock ({wait_event})")
    finally:
        await watcher.close()
    return waiting[0]


async def test_a_connection_killed_inside_its_commit_records_once(
    ledger: Ledger, made: ServiceDatabase, database: FreshDatabase
) -> None:
    superuser = await asyncpg.connect(database.superuser_dsn)
    owner = await asyncpg.connect(made.owner_dsn)
    # A deferred trigger runs inside COMMIT: there it waits for a lock, and there it is killed.
    await owner.execute("""
        CREATE FUNCTION wait_in_commit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock_shared(77); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER commit_waits AFTER INSERT ON event DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION wait_in_commit();
    """)
    try:
        await superuser.execute("SELECT pg_advisory_lock(77)")
        calls = asyncio.gather(*(ledger.append(unit(f"a/{number}")) for number in range(5)))
        stuck = await _waiting_backend(database, made, "advisory")
        assert await superuser.fetchval("SELECT pg_terminate_backend($1)", stuck)
        await superuser.execute("SELECT pg_advisory_unlock(77)")
        answers = await asyncio.wait_for(calls, 20)
    finally:
        await owner.close()
        await superuser.close()
    records = await everything(ledger)
    assert sorted(answer.position for answer in answers) == [record.position for record in records]
    assert len(records) == 5
    await assert_sound(made)


@pytest.mark.parametrize("kind", ["events", "answer only"])
async def test_a_commit_whose_answer_was_lost_is_found_out_and_not_repeated(made: ServiceDatabase, kind: str) -> None:
    key = Idempotency("anna", "key-1", b"print", b"the answer")
    commands = [unit(f"a/{number}") for number in range(5)] if kind == "events" else [Unit(CONTEXT, (), key)]
    async with cutting_proxy(made.service_dsn) as (proxy, dsn):
        ledger = await _started(dsn, made)
        try:
            await ledger.append(unit("a/before"))
            proxy.armed = True
            answers = await asyncio.wait_for(asyncio.gather(*map(ledger.append, commands)), 20)
            assert proxy.cuts == 1
            await ledger.append(unit("a/after"))
            records = await everything(ledger)
        finally:
            await ledger.stop()
    events = len(commands) if kind == "events" else 0
    assert len(records) == events + 2
    if events:
        assert [answer.position for answer in answers] == [2, 3, 4, 5, 6]
    await assert_sound(made)


async def test_while_the_database_is_away_a_caller_is_told_so_and_nothing_is_recorded_later(
    made: ServiceDatabase, database: FreshDatabase
) -> None:
    async with cutting_proxy(made.service_dsn) as (proxy, dsn):
        ledger = await _started(dsn, made, patience_seconds=0.2)
        try:
            proxy.port, port = 1, proxy.port
            proxy.close()
            with pytest.raises(Unavailable):
                await asyncio.wait_for(ledger.append(unit("a/x")), 20)
            proxy.port = port
            answer = await asyncio.wait_for(ledger.append(unit("a/y")), 20)
        finally:
            await ledger.stop()
    assert answer.position == 1


async def test_stopping_answers_every_caller(made: ServiceDatabase, database: FreshDatabase) -> None:
    ledger = await _started(made.service_dsn, made)
    superuser = await asyncpg.connect(database.superuser_dsn)
    try:
        async with superuser.transaction():
            await superuser.execute(f'SELECT FROM "{made.schema}".head FOR UPDATE')
            calls = asyncio.gather(*(ledger.append(unit(f"a/{n}")) for n in range(3)), return_exceptions=True)
            await _waiting_backend(database, made, "transactionid")
            stopping = asyncio.create_task(ledger.stop())
            await asyncio.sleep(0)
        answers = await asyncio.wait_for(calls, 20)
        await asyncio.wait_for(stopping, 20)
        recorded = await superuser.fetchval(f'SELECT count(*) FROM "{made.schema}".event')
    finally:
        await superuser.close()
    assert sum(isinstance(each, Appended) for each in answers) == recorded
