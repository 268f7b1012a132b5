"""What must hold when all is quiet again, seen from outside the services."""

import asyncio
import json
from collections import Counter, defaultdict
from typing import Any

import asyncpg

from services.ledger.inspection import inspect
from tests.faults.clients import Journal
from tests.faults.shop import COUNTER, SERVICES, STORE
from tests.faults.world import POLL_S, World

QUIET_DEADLINE_S = 90.0
PUBLISHED_DEADLINE_S = 30.0

_PROGRESS = """
SELECT (SELECT count(*) FROM counter.event WHERE type = 'order.placed') AS placed,
    (SELECT count(*) FROM store.event WHERE type = 'parcel.packed') AS packed,
    (SELECT count(*) FROM counter.event WHERE type = 'order.confirmed') AS confirmed,
    (SELECT size - published FROM counter.head, counter.relay) AS counter_unpublished,
    (SELECT size - published FROM store.head, store.relay) AS store_unpublished,
    (SELECT count(*) FROM counter.parked WHERE released_at IS NULL) AS counter_parked,
    (SELECT count(*) FROM store.parked WHERE released_at IS NULL) AS store_parked
"""
_EVENTS = "SELECT position, event_id, type, stream, causation, body FROM event ORDER BY position"
_NOTE = "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1"


async def progress(world: World) -> dict[str, int]:
    """How far each service is."""
    async with world.sight() as connection:
        row = await connection.fetchrow(_PROGRESS)
    assert row is not None
    return dict(row)


async def wait_until_quiet(world: World) -> None:
    """Returns when every order was packed and confirmed, nothing is parked, and everything is published.

    Fails at once when there are more effects than causes.
    """
    end = asyncio.get_running_loop().time() + QUIET_DEADLINE_S
    while True:
        now = await progress(world)
        assert now["confirmed"] <= now["packed"] <= now["placed"], f"more effects than causes: {now}"
        waits = sum(count for name, count in now.items() if name.endswith(("parked", "unpublished")))
        if now["placed"] == now["packed"] == now["confirmed"] and not waits:
            return
        assert asyncio.get_running_loop().time() < end, f"not quiet in {QUIET_DEADLINE_S:g} s: {now}\n{world.logs()}"
        await asyncio.sleep(4 * POLL_S)


async def check_ledgers(world: World) -> None:
    """P2 and P5: positions dense, versions too, and every root the one that was signed, now and after earlier
    faults.
    """
    for service in SERVICES:
        async with world.sight(service) as connection:
            note = await connection.fetchval(_NOTE)
            world.witnessed[service].append(world.checkpoint(service, note))
            findings = await inspect(connection, checkpoints=world.witnessed[service])
            assert not findings, f"{service}: {[str(finding) for finding in findings]}"


async def check_published(world: World) -> None:
    """P1 and P2: every event of each ledger comes to stand in its topic, in each partition in order. A relay whose
    broker came back empty takes a moment to notice.
    """
    for service in SERVICES:
        async with world.sight(service) as connection:
            size = await connection.fetchval("SELECT size FROM head")
        end = asyncio.get_running_loop().time() + PUBLISHED_DEADLINE_S
        while wrong := await _unpublished(world, service, size):
            assert asyncio.get_running_loop().time() < end, (
                f"{service}: recorded and not published, or the other way round: {sorted(wrong)}\n"
                f"{await _standing(world, service)}\n{world.logs()}"
            )
            await asyncio.sleep(4 * POLL_S)


async def _unpublished(world: World, service: str, size: int) -> set[int]:
    partitions = await world.topics.positions(f"{world.prefix}{service}")
    assert all(found == sorted(found) for found in partitions), f"{service}: published out of order"
    return {position for found in partitions for position in found} ^ set(range(1, size + 1))


async def _standing(world: World, service: str) -> str:
    """What the partitions hold, and what the relay notes of it, for a failure."""
    async with world.sight(service) as connection:
        noted = await connection.fetchrow("SELECT * FROM relay")
    held = await world.topics.positions(f"{world.prefix}{service}")
    assert noted is not None
    return f"the relay notes {dict(noted)}, the partitions hold {held}"


async def check_orders(world: World, name: str, journal: Journal) -> None:
    """P1: what was acknowledged is there once, what was refused is not, and what was neither is there at most once."""
    placed = Counter(json.loads(row["body"])["data"]["id"] for row in await _events(world, COUNTER, "order.placed"))
    ours = Counter({order: count for order, count in placed.items() if order.startswith(f"{name}-")})
    assert set(ours.values()) == {1}, f"placed more than once: {[order for order in ours if ours[order] > 1]}"
    assert not journal.acknowledged - set(ours), f"acknowledged, and lost: {journal.acknowledged - set(ours)}"
    assert not journal.refused & set(ours), f"refused, and there: {journal.refused & set(ours)}"
    unknown = set(ours) - journal.acknowledged - journal.open
    assert not unknown, f"ordered by nobody: {unknown}"


async def check_effects(world: World) -> None:
    """P3: every cause has its one effect, and the effects stand in the order of their causes."""
    placed = await _events(world, COUNTER, "order.placed")
    packed = await _events(world, STORE, "parcel.packed")
    confirmed = await _events(world, COUNTER, "order.confirmed")
    for causes, effects in ((placed, packed), (packed, confirmed)):
        once = Counter(row["causation"] for row in effects)
        assert max(once.values(), default=1) == 1, f"took effect twice: {[key for key in once if once[key] > 1]}"
        assert _by_key(causes, "event_id") == _by_key(effects, "causation"), "effects lack, or are out of order"


async def _events(world: World, service: str, type_: str) -> list[asyncpg.Record]:
    async with world.sight(service) as connection:
        return [row for row in await connection.fetch(_EVENTS) if row["type"] == type_]


def _by_key(rows: list[asyncpg.Record], column: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        value: Any = row[column]
        found[row["stream"].split("/")[1]].append(str(value))
    return dict(found)
