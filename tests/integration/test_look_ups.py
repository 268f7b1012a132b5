"""What few of many documents are found by has an index, and finds the same with it as without it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from schemas.intake import AttachmentStored
from services.decisions.views import REGISTERS as OF_DECISIONS
from services.intake.views import REGISTERS as OF_INTAKE
from services.ledger import Context, Ledger, StreamWrite, Unit
from services.ledger.registers import Registers, read_page
from services.payments.views import REGISTERS as OF_PAYMENTS
from services.web.handling import event_of
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import identity
from tests.unit.given import fact

SERVICES = Path(__file__).parents[2] / "services"
REGISTERS = {"intake": OF_INTAKE, "decisions": OF_DECISIONS, "payments": OF_PAYMENTS}
OTHER = "1234567-1"


@pytest.mark.parametrize("service", sorted(REGISTERS))
async def test_every_look_up_of_a_register_has_its_index(service: str, database: FreshDatabase) -> None:
    made = await database.migrated(service, SERVICES / service / "migrations")
    connection = await asyncpg.connect(made.owner_dsn)
    try:
        rows = await connection.fetch("SELECT indexdef FROM pg_indexes WHERE tablename = 'register_version'")
    finally:
        await connection.close()
    defined = [row["indexdef"] for row in rows]
    for register in REGISTERS[service]:
        for field in register.look_ups:
            wanted = (f"((document ->> '{field}'::text)), key, from_position)", f"(register = '{register.name}'::text)")
            assert any(all(part in each for part in wanted) for each in defined), (register.name, field, defined)


def test_a_question_goes_by_the_first_look_up_that_it_names_by_text() -> None:
    registers = Registers(OF_DECISIONS)
    assert registers.look_up("cases", {"state": "opened", "association_id": OTHER}) == "association_id"
    assert registers.look_up("cases", {"late": False, "state": "opened"}) == "state"
    assert registers.look_up("cases", {"late": False}) is None
    assert registers.look_up("meetings", {"state": "opened"}) is None


async def test_a_page_that_is_looked_up_is_the_page_that_is_filtered(database: FreshDatabase) -> None:
    made = await database.migrated("intake", SERVICES / "intake" / "migrations")
    ledger = Ledger(made.service_dsn, made.schema, lambda: datetime.now(UTC), OF_INTAKE)
    await ledger.start()
    try:
        for number in range(12):
            whose = OTHER if number % 3 == 0 else "2050864-5"
            stored = fact(AttachmentStored, association_id=whose)
            write = StreamWrite(f"attachment/{identity(number)}", 0, (event_of(stored),))
            await ledger.append(Unit(Context("given", "given"), (write,)))
        where = {"association_id": OTHER}
        for position in (12, 6, 1, 0):
            for after in ("", identity(3), identity(11)):
                looked_up = await ledger.page("attachments", position, after=after, where=where, limit=3)
                filtered = await read_page(ledger.pool, "attachments", position, after=after, where=where, limit=3)
                assert looked_up == filtered
        assert len(await ledger.page("attachments", 12, where=where)) == 4
    finally:
        await ledger.stop()
