"""Every last day for a claim of 2026 to 2028, by a table written by hand and by an almanac of its own."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from uuid import UUID

import pytest

from schemas.decisions import DecisionNotified
from schemas.helsinki import HELSINKI
from services.decisions.domain.deadlines import counts_on
from services.decisions.handlers import Decisions, Documents
from services.ledger import Ledger
from tests.unit.given import county

APPLICATION: Final = UUID("019b7a1e-8c00-7000-8000-000000000001")
Manner = Literal["electronic", "letter"]


@dataclass
class Office:
    """The service's own reckoning at a moment; no database is touched."""

    now: datetime

    def notice(self, manner: Manner) -> DecisionNotified:
        ledger = Ledger("", "decisions", self.clock)
        decisions = Decisions(ledger, county(), self.clock, Documents(ledger, county(), self.clock))
        return decisions._notice(APPLICATION, manner)

    def clock(self) -> datetime:
        return self.now


def sent(day: str, manner: Manner) -> DecisionNotified:
    """A notice sent at noon in Helsinki on a day such as 7.12.2026."""
    return Office(datetime.combine(read(day), time(12), HELSINKI).astimezone(UTC)).notice(manner)


def read(day: str) -> date:
    return datetime.strptime(day, "%d.%m.%Y").replace(tzinfo=HELSINKI).date()


# --- written by hand -----------------------------------------------------------------------------------------

ELECTRONIC = [
    ("the domain page's example: Christmas Eve to Sunday are closed", "7.12.2026", "10.12.2026", "28.12.2026"),
    ("an ordinary week", "2.3.2026", "5.3.2026", "19.3.2026"),
    ("the last day is a Saturday", "4.3.2026", "7.3.2026", "23.3.2026"),
    ("the last day is a Sunday", "5.3.2026", "8.3.2026", "23.3.2026"),
    ("the last day is Epiphany, a Wednesday", "20.12.2026", "23.12.2026", "7.1.2027"),
    ("the last day is Epiphany, a Thursday", "20.12.2027", "23.12.2027", "7.1.2028"),
    ("the last day is Good Friday 2026", "17.3.2026", "20.3.2026", "7.4.2026"),
    ("the last day is Good Friday 2027", "9.3.2027", "12.3.2027", "30.3.2027"),
    ("the last day is Good Friday 2028", "28.3.2028", "31.3.2028", "18.4.2028"),
    ("Maundy Thursday is a working day", "16.3.2026", "19.3.2026", "2.4.2026"),
    ("the last day is Easter Monday 2026", "20.3.2026", "23.3.2026", "7.4.2026"),
    ("the last day is Easter Monday 2027", "12.3.2027", "15.3.2027", "30.3.2027"),
    ("the last day is Easter Monday 2028", "31.3.2028", "3.4.2028", "18.4.2028"),
    ("May Day on a Friday", "14.4.2026", "17.4.2026", "4.5.2026"),
    ("May Day on a Saturday", "14.4.2027", "17.4.2027", "3.5.2027"),
    ("May Day on a Monday, sent on Good Friday", "14.4.2028", "17.4.2028", "2.5.2028"),
    ("the eve of May Day is a working day", "13.4.2026", "16.4.2026", "30.4.2026"),
    ("Ascension 2026", "27.4.2026", "30.4.2026", "15.5.2026"),
    ("Ascension 2027", "19.4.2027", "22.4.2027", "7.5.2027"),
    ("Ascension 2028", "8.5.2028", "11.5.2028", "26.5.2028"),
    ("Whit Monday is a working day", "8.5.2026", "11.5.2026", "25.5.2026"),
    ("Midsummer Eve 2026", "2.6.2026", "5.6.2026", "22.6.2026"),
    ("Midsummer Eve 2027", "8.6.2027", "11.6.2027", "28.6.2027"),
    ("Midsummer Eve 2028", "6.6.2028", "9.6.2028", "26.6.2028"),
    ("All Saints' Day is a Saturday", "14.10.2026", "17.10.2026", "2.11.2026"),
    ("Independence Day on a Sunday", "19.11.2026", "22.11.2026", "7.12.2026"),
    ("Independence Day on a Monday", "19.11.2027", "22.11.2027", "7.12.2027"),
    ("Independence Day on a Wednesday", "19.11.2028", "22.11.2028", "7.12.2028"),
    ("Christmas Eve on a Friday", "7.12.2027", "10.12.2027", "27.12.2027"),
    ("Christmas Eve on a Sunday", "7.12.2028", "10.12.2028", "27.12.2028"),
    ("the day before Christmas Eve is a working day", "6.12.2026", "9.12.2026", "23.12.2026"),
    ("New Year's Eve is a working day", "14.12.2026", "17.12.2026", "31.12.2026"),
    ("New Year's Day on a Friday", "15.12.2026", "18.12.2026", "4.1.2027"),
    ("New Year's Day on a Saturday", "15.12.2027", "18.12.2027", "3.1.2028"),
    ("sent on a Saturday", "10.1.2026", "13.1.2026", "27.1.2026"),
    ("sent on Epiphany", "6.1.2026", "9.1.2026", "23.1.2026"),
    ("sent on Good Friday, received on Easter Monday", "3.4.2026", "6.4.2026", "20.4.2026"),
    ("sent on Easter Monday", "6.4.2026", "9.4.2026", "23.4.2026"),
    ("sent on May Day", "1.5.2026", "4.5.2026", "18.5.2026"),
    ("sent on Ascension, ending on a Sunday", "14.5.2026", "17.5.2026", "1.6.2026"),
    ("sent on Midsummer Eve", "19.6.2026", "22.6.2026", "6.7.2026"),
    ("sent on Christmas Eve, ending on a Sunday", "24.12.2026", "27.12.2026", "11.1.2027"),
    ("sent before the clocks go forward", "28.3.2026", "31.3.2026", "14.4.2026"),
    ("sent on the day of 23 hours", "29.3.2026", "1.4.2026", "15.4.2026"),
    ("ending on the day of 23 hours", "11.3.2026", "14.3.2026", "30.3.2026"),
    ("sent before the clocks go back", "24.10.2026", "27.10.2026", "10.11.2026"),
    ("sent on the day of 25 hours", "25.10.2026", "28.10.2026", "11.11.2026"),
    ("ending on the day of 25 hours", "8.10.2026", "11.10.2026", "26.10.2026"),
    ("sent on the leap day", "29.2.2028", "3.3.2028", "17.3.2028"),
    ("received on the leap day", "26.2.2028", "29.2.2028", "14.3.2028"),
    ("ending on the leap day", "12.2.2028", "15.2.2028", "29.2.2028"),
    ("a February without a leap day", "26.2.2027", "1.3.2027", "15.3.2027"),
    ("sent on the last of January", "31.1.2026", "3.2.2026", "17.2.2026"),
    ("sent on the last of April", "30.4.2026", "3.5.2026", "18.5.2026"),
    ("sent on the last of 2026", "31.12.2026", "3.1.2027", "18.1.2027"),
    ("sent on the last of 2027", "31.12.2027", "3.1.2028", "17.1.2028"),
    ("sent on the last of 2028", "31.12.2028", "3.1.2029", "17.1.2029"),
]
LETTER = [
    ("an ordinary week", "2.3.2026", "9.3.2026", "23.3.2026"),
    ("Christmas Eve to Sunday are closed", "3.12.2026", "10.12.2026", "28.12.2026"),
    ("Epiphany", "16.12.2026", "23.12.2026", "7.1.2027"),
    ("Good Friday 2026", "13.3.2026", "20.3.2026", "7.4.2026"),
    ("Good Friday 2027", "5.3.2027", "12.3.2027", "30.3.2027"),
    ("Easter Monday 2028", "27.3.2028", "3.4.2028", "18.4.2028"),
    ("May Day", "10.4.2026", "17.4.2026", "4.5.2026"),
    ("Ascension", "23.4.2026", "30.4.2026", "15.5.2026"),
    ("Midsummer Eve", "29.5.2026", "5.6.2026", "22.6.2026"),
    ("Independence Day on a Sunday", "15.11.2026", "22.11.2026", "7.12.2026"),
    ("Independence Day on a Monday", "15.11.2027", "22.11.2027", "7.12.2027"),
    ("across the clocks going forward, ending on a Saturday", "21.3.2026", "28.3.2026", "13.4.2026"),
    ("across the clocks going back", "23.10.2026", "30.10.2026", "13.11.2026"),
    ("sent on a Saturday, All Saints' Day", "31.10.2026", "7.11.2026", "23.11.2026"),
    ("ending on the leap day", "8.2.2028", "15.2.2028", "29.2.2028"),
    ("sent on the leap day", "29.2.2028", "7.3.2028", "21.3.2028"),
    ("across the turn of the year", "31.12.2026", "7.1.2027", "21.1.2027"),
]
ROWS = [("electronic", *row) for row in ELECTRONIC] + [("letter", *row) for row in LETTER]


@pytest.mark.parametrize(
    ("manner", "why", "sent_on", "received_on", "last"), ROWS, ids=[f"{row[0]}-{row[2]}" for row in ROWS]
)
def test_the_last_day_is_the_one_in_the_table(
    manner: Manner, why: str, sent_on: str, received_on: str, last: str
) -> None:
    notice = sent(sent_on, manner)
    found = (notice.sent_on, notice.received_on, notice.last_claim_day)
    assert found == (read(sent_on), read(received_on), read(last)), why


@pytest.mark.parametrize(
    ("moment", "sent_on"),
    [
        ("2026-12-06T21:59:59Z", "6.12.2026"),
        ("2026-12-06T22:00:00Z", "7.12.2026"),
        ("2026-06-30T20:59:59Z", "30.6.2026"),
        ("2026-06-30T21:00:00Z", "1.7.2026"),
        ("2026-12-31T22:00:00Z", "1.1.2027"),
    ],
)
def test_a_notice_is_sent_on_the_date_of_helsinki(moment: str, sent_on: str) -> None:
    assert Office(datetime.fromisoformat(moment)).notice("electronic").sent_on == read(sent_on)


# --- by an almanac of its own --------------------------------------------------------------------------------


def easter(year: int) -> date:
    """Easter Day by Gauss's rule, as it is good for 1900 to 2099."""
    moon = (19 * (year % 19) + 24) % 30
    week = (2 * (year % 4) + 4 * (year % 7) + 6 * moon + 5) % 7
    after = moon + week
    return date(year, 3, 22) + timedelta(days=after if after < 35 else after - 7)


def closed_days(year: int) -> set[date]:
    """When Finnish offices are closed beside Saturdays and Sundays; All Saints' and Midsummer Day are Saturdays."""
    fixed = {date(year, *day) for day in ((1, 1), (1, 6), (5, 1), (12, 6), (12, 24), (12, 25), (12, 26))}
    moving = {easter(year) + timedelta(days=days) for days in (-2, 1, 39)}
    [midsummer_eve] = [day for number in range(19, 26) if (day := date(year, 6, number)).isoweekday() == 5]
    return fixed | moving | {midsummer_eve}


YEARS: Final = range(2026, 2030)
OPEN: Final = [
    day
    for number in range(date(YEARS[0], 1, 1).toordinal(), date(YEARS[-1], 12, 31).toordinal() + 1)
    if (day := date.fromordinal(number)).isoweekday() < 6 and day not in set().union(*map(closed_days, YEARS))
]


@pytest.mark.parametrize(("year", "day"), [(2026, "5.4.2026"), (2027, "28.3.2027"), (2028, "16.4.2028")])
def test_the_almanac_knows_easter(year: int, day: str) -> None:
    assert easter(year) == read(day)


@pytest.mark.parametrize("manner", ["electronic", "letter"])
@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_every_day_of_the_year_agrees_with_the_almanac(manner: Manner, year: int) -> None:
    after = {"electronic": 3, "letter": 7}[manner]
    office = Office(datetime(year, 1, 1, 12, tzinfo=HELSINKI))
    different = []
    for number in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()):
        office.now = datetime.combine(date.fromordinal(number), time(12), HELSINKI)
        notice = office.notice(manner)
        expected = OPEN[bisect_left(OPEN, date.fromordinal(number + after + 14))]
        if (notice.received_on.toordinal(), notice.last_claim_day) != (number + after, expected):
            different.append((notice.sent_on, notice.last_claim_day, expected))
    assert not different


# --- the registry's hour -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-12-28T12:59:59.999999+00:00", "28.12.2026"),  # winter: 14.59.59,999999 in Helsinki
        ("2026-12-28T13:00:00+00:00", "29.12.2026"),
        ("2026-06-22T11:59:59.999999+00:00", "22.6.2026"),  # summer: the same on the wall, an hour earlier in UTC
        ("2026-06-22T12:00:00+00:00", "23.6.2026"),
        ("2026-03-29T11:59:59.999999+00:00", "29.3.2026"),  # the day on which the clocks go forward
        ("2026-03-29T12:00:00+00:00", "30.3.2026"),
        ("2026-10-25T12:59:59.999999+00:00", "25.10.2026"),  # and back
        ("2026-10-25T13:00:00+00:00", "26.10.2026"),
        ("2026-12-27T22:00:00+00:00", "28.12.2026"),  # midnight
        ("2026-12-28T21:59:59.999999+00:00", "29.12.2026"),
        ("2026-12-31T13:00:00+00:00", "1.1.2027"),
        ("2028-02-29T13:00:00+00:00", "1.3.2028"),
        ("2026-12-28T14:59:59+02:00", "28.12.2026"),
        ("2026-12-28T18:30:00+05:30", "29.12.2026"),
    ],
)
def test_what_comes_when_the_registry_has_closed_counts_as_the_next_days(moment: str, day: str) -> None:
    closes = county().deadline_rules(read("28.12.2026")).registry_closes
    assert closes == time(15)
    assert counts_on(datetime.fromisoformat(moment), closes) == read(day)
