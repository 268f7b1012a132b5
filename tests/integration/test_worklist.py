"""The worklist in its orders: every page follows the one before, as of any position, by an index of its own."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from schemas.decisions import (
    AssessmentRecorded,
    CaseAssigned,
    CaseOpened,
    ConflictDeclared,
    ProposalMade,
    SupplementReceived,
    SupplementRequested,
)
from schemas.samples import OTHER
from services.decisions.views import CASE_SORTS, REGISTERS
from services.ledger import Context, Document, Ledger, Order, Sort, StreamWrite, Unit, migrate
from services.ledger.registers import read_sorted_page
from services.web.handling import event_of
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import identity, in_process, pointers, problem
from tests.unit.given import fact

MIGRATIONS = Path(__file__).parents[2] / "services" / "decisions" / "migrations"
NAMES = ("Åbo ry", "Alku ry", "Zeta ry", "Ähtäri ry", "beta ry", "Alku ry")
IN_THE_ALPHABET = ["Alku ry", "Alku ry", "beta ry", "Zeta ry", "Åbo ry", "Ähtäri ry"]
NOW = datetime(2026, 1, 20, 8, tzinfo=UTC)
DUE = (date(2026, 2, 6), None, date(2026, 1, 30), date(2026, 2, 6), None, date(2026, 3, 1))


def opened(number: int) -> CaseOpened:
    arrived = date(2026, 1, 12 - number)
    return fact(
        CaseOpened, application_id=identity(number), association_name=NAMES[number], arrived_on=arrived,
        diary_number=f"{number + 1}/02.05.01.00/2026",
    )  # fmt: skip


async def give(ledger: Ledger) -> None:
    """Six cases; four of them have a deadline for a supplement."""
    for number, due_on in enumerate(DUE):
        facts = [event_of(opened(number))]
        if due_on is not None:
            asked = fact(SupplementRequested, application_id=identity(number), due_on=due_on)
            facts.append(event_of(asked))
        write = StreamWrite(f"case/{identity(number)}", 0, tuple(facts))
        await ledger.append(Unit(Context("given", "given"), (write,)))


async def keys(
    ledger: Ledger, order: Order, position: int, limit: int = 2, where: Document | None = None
) -> list[str]:  # fmt: skip
    """The keys of all pages in their order."""
    found: list[str] = []
    after: tuple[str | int, str] | None = None
    while page := await ledger.sorted_page("cases", position, order, after=after, limit=limit, where=where):
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
            f"AND coalesce(to_position, 9223372036854775807) > 9 ORDER BY {sort.expression}, key LIMIT 5"
        )
    finally:
        await connection.close()
    told = "\n".join(row[0] for row in plan)
    assert "using case_by_" in told, told
    assert "Sort" not in told, told
    # Versions that no longer stand are passed over in the index: without this each of them would be read.
    assert "Filter" not in told, told


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


async def test_a_filter_leaves_every_order_as_it_is_page_by_page(database: FreshDatabase) -> None:
    made = await database.migrated("decisions", MIGRATIONS)
    ledger = Ledger(made.service_dsn, made.schema, lambda: datetime.now(UTC), REGISTERS)
    await ledger.start()
    try:
        await give(ledger)
        size = (await ledger.head()).size
        for where in (
            {"state": "supplement_requested"},
            {"association_name": "Alku ry", "late": False},
            {"state": "x"},
        ):
            for sort in CASE_SORTS:
                for position in (size, 3):
                    then = await ledger.page("cases", position, where=where)
                    wanted = [key for _, key in sorted((sort.of(each.document), each.key) for each in then)]
                    assert await keys(ledger, Order(sort), position, limit=1, where=where) == wanted
        with pytest.raises(ValueError, match="no name for a field"):
            await ledger.sorted_page("cases", size, Order(CASE_SORTS[0]), where={"state' = 'x' OR 'a": "a"})
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
        assert [item["association_name"] for item in by_name.json()["items"]] == IN_THE_ALPHABET[::-1]


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
        both = await service.client.get("/v1/cases", params={"unassigned": "true", "officer": "olga"}, headers=officer)
        assert pointers(problem(both, 422, "unassigned-has-no-officer")) == ["/unassigned"]
        number = {"sort": "ranking_hundredths", "cursor": "WyJ4IiwieSJd"}
        broken = await service.client.get("/v1/cases", params=number, headers=officer)
        assert broken.status_code == 400


async def test_a_deputy_finds_their_cases_and_an_activity_its_own(database: FreshDatabase, tmp_path: Path) -> None:
    async with in_process("decisions", database, tmp_path, NOW) as service:
        await give(service.ledger)
        chosen = identity(1)
        assigned = fact(CaseAssigned, application_id=chosen, officer="olga", deputy="otto")
        await service.given(f"case/{chosen}", assigned)
        for asked, found in (
            ({"deputy": "otto"}, [chosen]), ({"deputy": "otto", "sort": "-arrived_on"}, [chosen]),
            ({"deputy": "nobody"}, []),
            ({"diary_number": "4/02.05.01.00/2026"}, [identity(3)]), ({"diary_number": "7/02.05.01.00/2026"}, []),
            ({"unassigned": "true"}, [identity(number) for number in (5, 4, 3, 2, 0)]),
            ({"unassigned": "true", "sort": "-arrived_on", "limit": "2"}, [identity(0), identity(2)]),
            ({"activity": "sports-and-exercise"}, []), ({"activity": opened(0).activity, "deputy": "otto"}, [chosen]),
        ):  # fmt: skip
            answer = await service.client.get("/v1/cases", params=asked, headers=service.token(Role.OFFICER))
            assert [item["application_id"] for item in answer.json()["items"]] == found, asked


async def test_the_worklist_is_a_file_too_in_its_order_and_as_of_then(database: FreshDatabase, tmp_path: Path) -> None:
    async with in_process("decisions", database, tmp_path, NOW) as service:
        await give(service.ledger)
        first, before = identity(0), await service.size()
        await service.given(
            f"case/{first}", fact(CaseAssigned, application_id=first, officer="olga", deputy="otto"),
            fact(AssessmentRecorded, application_id=first, person="olga", hundredths=7_050, points=71),
            fact(AssessmentRecorded, application_id=first, person="otto", hundredths=6_000, points=60),
            fact(ProposalMade, application_id=first, outcome="granted_in_part", amount="1234.50 EUR"),
            fact(ConflictDeclared, application_id=first, person="nobody"),
        )  # fmt: skip
        chosen = {"association_name": "=HYPERLINK(1)"}
        await service.given("case/" + identity(9), fact(CaseOpened, application_id=identity(9), late=True, **chosen))

        async def rows(**asked: str) -> list[dict[str, str]]:
            answer = await service.client.get("/v1/cases.csv", params=asked, headers=service.token(Role.OFFICER))
            assert answer.status_code == 200, answer.text
            assert "asiat.csv" in answer.headers["content-disposition"]
            return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))

        everything = await rows(sort="-association_name")
        assert [row["Hakija"] for row in everything] == [*IN_THE_ALPHABET[::-1], "'=HYPERLINK(1)"]
        assert [row["Myöhässä"] for row in everything] == [""] * 6 + ["kyllä"]
        (row,) = await rows(officer="olga")
        assert (row["Tila"], row["Täydennys viimeistään"], row["Määräpäivä"]) == (
            "Päätösehdotus", "2026-02-06", "2026-02-06",
        )  # fmt: skip
        names = ("Haettu (EUR)", "Pisteet", "Pisteiden ero", "Kerroin", "Vertailupisteet", "Ehdotus", "Ehdotettu (EUR)")
        assert [row[name] for name in names] == [
            "2000,00", "65,25", "10,50", "1,00", "65,25", "Myönnetty osittain", "1234,50",
        ]  # fmt: skip
        assert (row["Valmistelija"], row["Varavalmistelija"], row["Myönnetty (EUR)"]) == ("olga", "otto", "")
        assert await rows(officer="olga", position=str(before)) == []
        assert len(await rows(deadline_until="2026-02-06")) == 3
        problem(await service.client.get("/v1/cases.csv", headers=service.token(Role.FINANCE)), 403, "forbidden")
