"""Diary numbers (*diaarinumero*) where several replicas open cases at the turn of the year."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.decisions import CaseOpened
from schemas.intake import ApplicationSubmitted
from services.decisions.reactions import Reactions
from services.ledger import Record
from services.ledger.inbox import Inbox, Message
from services.ledger.parking import list_parked
from services.web.handling import fact_of
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import InProcess, identity, in_process
from tests.integration.post import as_kafka
from tests.unit.given import county, fact

NEW_YEAR = datetime(2027, 1, 1, 9, 0, tzinfo=UTC)
OLD, NEW = "2026-12-31", "2027-01-01"


async def sent(intake: InProcess, number: int, arrived_on: str) -> Record:
    application = identity(number)
    submitted = fact(ApplicationSubmitted, application_id=application, arrived_on=arrived_on)
    await intake.given(f"application/{application}", submitted)
    return (await intake.ledger.stream(f"application/{application}"))[-1]


async def take(replica: InProcess, records: Sequence[Record]) -> None:
    """Each message twice, one after the other, as a consumer whose offset was not kept."""
    reactions = Reactions(replica.ledger, county()).by_type()["intake"]
    inbox = Inbox(replica.ledger, "decisions", reactions, lambda _type, _schema: True, back_off_seconds=0.01)
    for record in records:
        message = Message.read("intake", *as_kafka(record, "intake"))
        await inbox.receive(message)
        await inbox.receive(message)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    made = (tmp_path / "intake", tmp_path / "first", tmp_path / "second")
    for each in made:
        each.mkdir()
    return made


async def test_two_replicas_number_the_cases_of_each_year_without_a_gap(
    database: FreshDatabase, folders: tuple[Path, Path, Path]
) -> None:
    async with (
        in_process("intake", database, folders[0], NEW_YEAR) as intake,
        in_process("decisions", database, folders[1], NEW_YEAR) as first,
        in_process("decisions", database, folders[2], NEW_YEAR) as second,
    ):
        arrivals = {number: OLD if number % 3 else NEW for number in range(1, 25)}
        records = [await sent(intake, number, day) for number, day in arrivals.items()]
        # Both get some of the same, as when a partition goes from one to the other.
        await asyncio.gather(take(first, records[:16]), take(second, records[8:]))
        numbers: dict[str, list[int]] = {OLD: [], NEW: []}
        for number, day in arrivals.items():
            [opened] = [fact_of(each) for each in await first.ledger.stream(f"case/{identity(number)}")]
            assert isinstance(opened, CaseOpened)
            running, rest = opened.diary_number.split("/", 1)
            assert rest == f"02.05.01.00/{day[:4]}"
            numbers[day].append(int(running))
        assert sorted(numbers[OLD]) == list(range(1, 17))
        assert sorted(numbers[NEW]) == list(range(1, 9))
        assert await list_parked(first.ledger) == []
