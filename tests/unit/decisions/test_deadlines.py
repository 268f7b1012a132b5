"""The last day for a claim, with the county's rules and the Finnish calendar of the holidays library."""

import asyncio
from datetime import UTC, date, datetime

import pytest
from asyncpg import TooManyConnectionsError

from services.decisions.app import look_at_deadlines
from services.decisions.domain import deadlines
from services.decisions.domain.deadlines import counts_as_received
from services.decisions.handlers import Decisions, Documents
from services.ledger import Context, Ledger
from tests.unit.given import county


def clock() -> datetime:
    return datetime(2026, 1, 15, tzinfo=UTC)


def is_working_day(day: date) -> bool:
    """As the service asks: the county's calendar; no database is touched."""
    ledger = Ledger("", "decisions", clock)
    return Decisions(ledger, county(), clock, Documents(ledger, county(), clock)).is_working_day(day)


def last_day(sent_on: date, days: int) -> date:
    rules = county().deadline_rules(sent_on)
    return deadlines.last_day(counts_as_received(sent_on, days), rules.rectification_days, is_working_day)


@pytest.mark.parametrize(
    ("sent_on", "received_on", "last"),
    [
        (date(2026, 12, 7), date(2026, 12, 10), date(2026, 12, 28)),  # 24.12. is Christmas Eve
        (date(2026, 3, 2), date(2026, 3, 5), date(2026, 3, 19)),  # an ordinary Thursday
        (date(2026, 3, 4), date(2026, 3, 7), date(2026, 3, 23)),  # received and ending on a Saturday
        (date(2026, 3, 17), date(2026, 3, 20), date(2026, 4, 7)),  # Good Friday, then Easter to Monday
        (date(2026, 4, 14), date(2026, 4, 17), date(2026, 5, 4)),  # May Day is a Friday
        (date(2026, 6, 2), date(2026, 6, 5), date(2026, 6, 22)),  # Midsummer Eve
        (date(2026, 11, 19), date(2026, 11, 22), date(2026, 12, 7)),  # Independence Day is a Sunday
        (date(2026, 12, 15), date(2026, 12, 18), date(2027, 1, 4)),  # New Year's Day is a Friday
    ],
)
def test_an_electronic_notice(sent_on: date, received_on: date, last: date) -> None:
    days = county().deadline_rules(sent_on).notice_days.electronic
    assert counts_as_received(sent_on, days) == received_on
    assert last_day(sent_on, days) == last


def test_a_letter_counts_as_received_on_the_seventh_day() -> None:
    days = county().deadline_rules(date(2026, 3, 2)).notice_days.letter
    assert counts_as_received(date(2026, 3, 2), days) == date(2026, 3, 9)
    assert last_day(date(2026, 3, 2), days) == date(2026, 3, 23)


async def test_a_look_at_the_deadlines_that_fails_ends_neither_the_others_nor_the_later_ones() -> None:
    looked: list[str] = []

    async def fails(_: Context) -> int:
        looked.append("fails")
        raise TooManyConnectionsError

    async def holds(_: Context) -> int:
        looked.append("holds")
        if len(looked) == 4:
            raise asyncio.CancelledError
        return 0

    with pytest.raises(asyncio.CancelledError):
        await look_at_deadlines((fails, holds), 0)
    assert looked == ["fails", "holds"] * 2
