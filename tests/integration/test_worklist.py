"""The worklist in its orders: every page follows the one before, as of any position, by an index of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from schemas.decisions import CaseOpened, SupplementReceived, SupplementRequested
from schemas.samples import OTHER
from services.decisions.views import CASE_SORTS, REGISTERS
from services.ledger import Context, Document, Ledger, Order, Sort, StreamWrite, Unit, migrate
from services.ledger.registers import read_sorted_page
from services.web.handling import event_of
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import identity, in_process, problem
from tests.unit.given import fact

MIGRATIONS = Path(__file__).parents[2] / "services" / "decisions" / "migrations"
NAMES = ("Åbo ry", "Alku ry", "Zeta ry", "Ähtäri ry", "Beta ry", "Alku ry")
NOW = datetime(2026, 1, 20, 8, tzinfo=UTC)
DUE = (date(2026, 2, 6), None, date(2026, 1, 30), date(2026, 2, 6), None, date(2026, 3, 1))


def opened(number: int) -> CaseOpened:
    arrived = date(2026, 1, 12 - number)
    return fact(CaseOpened, application_id=identity(number), association_name=NAMES[number], arrived_on=arrived)


async def give(ledger: Ledger) -> None:
    """Six cases; four of them have a deadline for a supplement."""
    for number, due_on in enumerate(DUE):
        facts = [event_of(opened(number))]
        if due_on is not None:
            asked = fact(SupplementRequested, application_id=identity(number), due_on=due_on)
            facts.append(event_of(asked))
        write = StreamWrite(f"case/{identity(number)}", 0, tuple(facts))
        await ledger.append(Unit(Context("given", "given"), (write,)))


async def keys(ledger: Ledger, order: Order, position: int, limit: int = 2) -> list[str]:
    """The keys of all pages in their order."""
    found: list[str] = []
    after: tuple[str | int, str] | None = None
    while page := await ledger.sorted_page("cases", position, order, after=after, limit=limit):
        found += [entry.key for entry in page]
        after = (order.sort.of(page[-1].document), page[-1].key)
    return found


@pytest.mark.parametrize("sort", CASE_SORTS, ids=lambda sort: sort.field)
async def test_every_order_has_its_index(sort: Sort, database: FreshDatabase) -> None:
    made = await database.service("decisions")
    await asyncio.to_thread(migrate, made.owner_dsn, made.schema, [MIGRATIONS])
    connection = await asyncpg.connect(made.owner_dsn)
    try:
        for setting in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):
            await connection.execute(f"SET {setting} = off")
        plan = await connection.fetch(
            "EXPLAIN SELECT key FROM register_version WHERE register = 'cases' AND from_position <= 9 "
            f"ORDER BY {sort.expression}, key LIMIT 5"
        )
    finally:
        await connection.close()
    told = "\n".join(row[0] for row in plan)
    assert "using case_by_" in told, told
    assert "Sort" not in told, told


async def test_the_pages_of_an_order_hold_every_case_once_as_of_any_position(database: FreshDatabase) -> None:
    made = await database.service("decisions")
    await asyncio.to_thread(migrate, made.owner_dsn, made.schema, [MIGRATIONS])
    ledger = Ledger(made.service_dsn, made.schema, lambda: datetime.now(UTC), REGISTERS)
    await ledger.start()
    try:
        await give(ledger)
        size = (await ledger.head()).size
        everything = [entry async for entry in _entries(ledger, size)]
        for sort in CASE_SORTS:
            for position in (size, 5, 1, 0):
                then = [(sort.of(document), key) for key, document in [e async for e in _entries(ledger, position)]]
                for descending in (False, True):
                    found = await keys(ledger, Order(sort, descending), position)
                    assert found == [key for _, key in sorted(then, reverse=descending)], (sort, position)
        assert len(everything) == len(NAMES)
        until = Order(Sort("next_deadline"), until="2026-02-06")
        assert await keys(ledger, until, size) == [identity(2), identity(0), identity(3)]
        received = fact(SupplementReceived, application_id=identity(2), request_id=UUID(OTHER))
        write = StreamWrite(f"case/{identity(2)}", 2, (event_of(received),))
        await ledger.append(Unit(Context("given", "given"), (write,)))
        assert await keys(ledger, until, size + 1) == [identity(0), identity(3)]
        assert await keys(ledger, until, size) == [identity(2), identity(0), identity(3)]
        filtered = await read_sorted_page(
            ledger.pool, "cases", size, Order(Sort("arrived_on")), where={"association_name": "Alku ry"}
        )
        assert [entry.key for entry in filtered] == [identity(5), identity(1)]
    finally:
        await ledger.stop()


async def _entries(ledger: Ledger, position: int) -> AsyncIterator[tuple[str, Document]]:
    for entry in await ledger.page("cases", position):
        yield entry.key, entry.document


async def test_an_officer_sees_what_is_due_first_page_by_page(database: FreshDatabase, tmp_path: Path) -> None:
    async with in_process("decisions", database, tmp_path, NOW) as service:
        await give(service.ledger)
        officer = service.token(Role.OFFICER)
        asked = {"sort": "next_deadline", "limit": "4"}
        first = (await service.client.get("/v1/cases", params=asked, headers=officer)).json()
        due = [item["next_deadline"] for item in first["items"]]
        assert due == ["2026-01-30", "2026-02-06", "2026-02-06", "2026-03-01"]
        again = {**asked, "cursor": first["next"]}
        second = (await service.client.get("/v1/cases", params=again, headers=officer)).json()
        assert ([item["next_deadline"] for item in second["items"]], second["next"]) == ([None, None], None)
        by_name = await service.client.get("/v1/cases", params={"sort": "-association_name"}, headers=officer)
        assert [item["association_name"] for item in by_name.json()["items"]] == sorted(NAMES, reverse=True)


async def test_what_cannot_be_sorted_so_is_refused_with_what_would_be_right(
    database: FreshDatabase, tmp_path: Path
) -> None:
    async with in_process("decisions", database, tmp_path, NOW) as service:
        officer = service.token(Role.OFFICER)
        unknown = await service.client.get("/v1/cases", params={"sort": "iban"}, headers=officer)
        assert unknown.status_code == 422
        other = {"sort": "arrived_on", "deadline_until": "2026-02-01"}
        refused = await service.client.get("/v1/cases", params=other, headers=officer)
        problem(refused, 422, "another-order")
        number = {"sort": "ranking_hundredths", "cursor": "WyJ4IiwieSJd"}
        broken = await service.client.get("/v1/cases", params=number, headers=officer)
        assert broken.status_code == 400
