"""The other rules that count days, over 2026 to 2028: the members' claims, appeals, supplements, hearings, reports of
use, and the three years and the registration of de minimis aid.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

import pytest

from schemas.decisions import (
    CaseOpened,
    DecisionMade,
    DecisionNotified,
    DecisionPublished,
    HearingOpened,
    ProposalMade,
    RectificationClaimed,
    RectificationDecided,
    RectificationNotified,
    ReportReminded,
    ReportRequested,
    ReportReturned,
)
from schemas.facts import Fact
from schemas.helsinki import HELSINKI
from services.decisions.api.de_minimis import register_by
from services.decisions.domain import cases, de_minimis, recovery, reports
from services.decisions.domain.cases import Case
from services.decisions.domain.de_minimis import Aid
from services.decisions.domain.reports import Report
from services.decisions.handlers import Authority, Claims, Decisions, Documents
from services.decisions.handlers.cases import GiveNotice
from services.ledger import Ledger
from tests.unit.decisions.test_deadline_tables import OPEN, Manner, read
from tests.unit.given import county, fact, folded, refused

APPLICATION: Final = UUID("019b7a1e-8c00-7000-8000-000000000001")
EVERY_DAY: Final = [
    date.fromordinal(number) for number in range(date(2026, 1, 1).toordinal(), date(2028, 12, 31).toordinal() + 1)
]


def decided() -> Case:
    """A case whose claim is decided, and waits for notice of it."""
    facts = (fact(ProposalMade), fact(DecisionMade), fact(DecisionNotified), fact(RectificationClaimed))
    state: Case | None = folded(cases.evolve, None, fact(CaseOpened), *facts, fact(RectificationDecided))
    assert state is not None
    return state


class Office:
    """The service's own reckoning at noon of a day in Helsinki; no database is touched."""

    def __init__(self) -> None:
        ledger, data = Ledger("", "decisions", self.clock), county()
        documents = Documents(ledger, data, self.clock)
        self.day = EVERY_DAY[0]
        self.decisions = Decisions(ledger, data, self.clock, documents)
        authority = Authority(ledger, data, self.decisions.today)
        self.claims = Claims(ledger, data, self.clock, self.decisions, documents, authority)
        self.case = decided()

    def clock(self) -> datetime:
        return datetime.combine(self.day, time(12), HELSINKI).astimezone(UTC)

    def notice(self, day: date, manner: Manner) -> RectificationNotified:
        self.day = day
        return self.claims._notice(self.case, GiveNotice(manner=manner))

    def published(self, day: date) -> DecisionPublished:
        return self.claims._published(APPLICATION, day, "olga")

    def supplement_by(self, day: date) -> date:
        self.day = day
        return self.decisions.supplement_by(self.decisions.today())


# --- the members' claims: a week after the decision was on the web they count as told --------------------------

MEMBERS = [
    ("an ordinary month", "2.3.2026", "9.3.2026", "23.3.2026"),
    ("the last day is Good Friday", "13.3.2026", "20.3.2026", "7.4.2026"),
    ("the last day is May Day", "10.4.2026", "17.4.2026", "4.5.2026"),
    ("the last day is Midsummer Eve", "29.5.2026", "5.6.2026", "22.6.2026"),
    ("the last day is the day of 25 hours", "4.10.2026", "11.10.2026", "26.10.2026"),
    ("the last day is Independence Day", "15.11.2026", "22.11.2026", "7.12.2026"),
    ("the last day is Christmas Eve", "3.12.2026", "10.12.2026", "28.12.2026"),
    ("published on a holiday", "6.12.2026", "13.12.2026", "28.12.2026"),
    ("across the turn of the year", "14.12.2026", "21.12.2026", "4.1.2027"),
    ("the last day is Epiphany", "16.12.2026", "23.12.2026", "7.1.2027"),
    ("the last day is the leap day", "8.2.2028", "15.2.2028", "29.2.2028"),
]


@pytest.mark.parametrize(("why", "published_on", "received_on", "last"), MEMBERS, ids=[row[1] for row in MEMBERS])
def test_the_members_last_day_is_the_one_in_the_table(
    why: str, published_on: str, received_on: str, last: str
) -> None:  # fmt: skip
    published = Office().published(read(published_on))
    assert (published.received_on, published.last_claim_day) == (read(received_on), read(last)), why


def test_every_last_day_of_the_members_agrees_with_the_almanac() -> None:
    office = Office()
    for day in EVERY_DAY:
        expected = OPEN[bisect_left(OPEN, day + timedelta(days=7 + 14))]
        assert office.published(day).last_claim_day == expected, day


# --- appeals and supplements ---------------------------------------------------------------------------------

APPEALS: list[tuple[Manner, str, str, str, str]] = [
    ("electronic", "an ordinary month", "2.3.2026", "5.3.2026", "7.4.2026"),  # 4. to 6.4. are Saturday to Easter Monday
    ("electronic", "the last day is May Day", "29.3.2026", "1.4.2026", "4.5.2026"),
    ("electronic", "sent on the last of January", "31.1.2026", "3.2.2026", "5.3.2026"),
    ("electronic", "the last day is the day of 25 hours", "22.9.2026", "25.9.2026", "26.10.2026"),
    ("electronic", "the last day is Christmas Eve", "21.11.2026", "24.11.2026", "28.12.2026"),
    ("electronic", "the last day is a Sunday after Christmas", "24.11.2026", "27.11.2026", "28.12.2026"),
    ("electronic", "across the turn of the year", "30.12.2026", "2.1.2027", "1.2.2027"),
    ("electronic", "the last day is Easter Day and of 23 hours", "23.2.2027", "26.2.2027", "30.3.2027"),
    ("electronic", "the last day is Epiphany", "4.12.2027", "7.12.2027", "7.1.2028"),
    ("electronic", "the last day is the leap day", "27.1.2028", "30.1.2028", "29.2.2028"),
    ("electronic", "over the leap day", "28.1.2028", "31.1.2028", "1.3.2028"),
    ("electronic", "sent on the leap day", "29.2.2028", "3.3.2028", "3.4.2028"),
    ("electronic", "the last day is Midsummer Eve", "21.5.2028", "24.5.2028", "26.6.2028"),
    ("letter", "the last day is May Day", "25.3.2026", "1.4.2026", "4.5.2026"),
    ("letter", "the last day is Independence Day", "30.10.2028", "6.11.2028", "7.12.2028"),
    ("letter", "the last day is New Year's Day", "25.11.2026", "2.12.2026", "4.1.2027"),
]


@pytest.mark.parametrize(("manner", "why", "sent_on", "received_on", "last"), APPEALS, ids=[row[2] for row in APPEALS])
def test_the_last_day_to_appeal_is_the_one_in_the_table(
    manner: Manner, why: str, sent_on: str, received_on: str, last: str
) -> None:
    notice = Office().notice(read(sent_on), manner)
    assert (notice.received_on, notice.last_appeal_day) == (read(received_on), read(last)), why


@pytest.mark.parametrize("manner", ["electronic", "letter"])
def test_every_last_day_to_appeal_agrees_with_the_almanac(manner: Manner) -> None:
    office, after = Office(), {"electronic": 3, "letter": 7}[manner]
    for day in EVERY_DAY:
        expected = OPEN[bisect_left(OPEN, day + timedelta(days=after + 30))]
        assert office.notice(day, manner).last_appeal_day == expected, day


SUPPLEMENTS = [
    ("an ordinary fortnight", "2.3.2026", "16.3.2026"),
    ("the last day is Good Friday", "20.3.2026", "7.4.2026"),
    ("the last day is May Day", "17.4.2026", "4.5.2026"),
    ("the last day is Midsummer Eve", "5.6.2026", "22.6.2026"),
    ("the last day is the day of 25 hours", "11.10.2026", "26.10.2026"),
    ("the last day is Independence Day", "22.11.2026", "7.12.2026"),
    ("the last day is Christmas Eve", "10.12.2026", "28.12.2026"),
    ("the last day is New Year's Day", "18.12.2026", "4.1.2027"),
    ("the last day is the day of 23 hours", "14.3.2027", "30.3.2027"),
    ("the last day is the leap day", "15.2.2028", "29.2.2028"),
    ("asked for on the leap day", "29.2.2028", "14.3.2028"),
]


@pytest.mark.parametrize(("why", "asked_on", "last"), SUPPLEMENTS, ids=[row[1] for row in SUPPLEMENTS])
def test_the_last_day_for_a_supplement_is_the_one_in_the_table(why: str, asked_on: str, last: str) -> None:
    assert Office().supplement_by(read(asked_on)) == read(last), why


def test_every_last_day_for_a_supplement_agrees_with_the_almanac() -> None:
    office = Office()
    for day in EVERY_DAY:
        assert office.supplement_by(day) == OPEN[bisect_left(OPEN, day + timedelta(days=14))], day


# --- days that are given: they lie ahead -----------------------------------------------------------------------

AHEAD = [
    ("24.12.2026", "24.12.2026", False),
    ("24.12.2026", "25.12.2026", True),
    ("31.12.2026", "1.1.2027", True),
    ("1.1.2027", "31.12.2026", False),
    ("28.3.2026", "29.3.2026", True),
    ("25.10.2026", "25.10.2026", False),
    ("25.10.2026", "26.10.2026", True),
    ("28.2.2027", "1.3.2027", True),
    ("28.2.2028", "29.2.2028", True),
    ("29.2.2028", "29.2.2028", False),
    ("29.2.2028", "1.3.2028", True),
]


@pytest.mark.parametrize(("today", "day", "ahead"), AHEAD)
def test_a_supplement_an_answer_and_a_report_are_due_after_the_day_of_the_request(
    today: str, day: str, ahead: bool
) -> None:
    state: Case | None = folded(cases.evolve, None, fact(CaseOpened))
    granted: Case | None = folded(cases.evolve, None, fact(CaseOpened), fact(ProposalMade), fact(DecisionMade))
    assert state is not None
    assert granted is not None
    on, last = read(today), read(day)
    hearing = fact(HearingOpened, amount=30_000, answer_by=last.isoformat(), learned_on=None)
    returned = fact(ReportReturned, due_on=last.isoformat())
    acts: tuple[tuple[Callable[[], list[Fact]], str], ...] = (
        (lambda: cases.request_supplement(state, APPLICATION, "Tilinpäätös?", last, on), "/due_on"),
        (lambda: recovery.open_hearing(granted, hearing, on, 10_000), "/answer_by"),
        (lambda: reports.give_back({1: Report("received", on)}, returned, on), "/due_on"),
    )
    for act, pointer in acts:
        if ahead:
            assert len(act()) == 1
            continue
        with refused("deadline-past", "invalid", pointer):
            act()


def test_nothing_is_recovered_until_the_day_to_answer_by_is_over() -> None:
    given = (fact(CaseOpened), fact(ProposalMade), fact(DecisionMade))
    for day in EVERY_DAY[1:]:
        hearing = fact(HearingOpened, amount=30_000, answer_by=day.isoformat())
        state: Case | None = folded(cases.evolve, None, *given, hearing)
        assert state is not None
        with refused("hearing-open"):
            recovery.check_heard(state, 30_000, day)
        recovery.check_heard(state, 30_000, day + timedelta(days=1))


# --- reports of use ------------------------------------------------------------------------------------------

REPORTS = [
    ("31.3.2026", "1.3.2026", "1.4.2026"),
    ("24.4.2026", "25.3.2026", "25.4.2026"),  # across the clocks going forward; no day is moved to a working day
    ("31.10.2026", "1.10.2026", "1.11.2026"),
    ("24.12.2026", "24.11.2026", "25.12.2026"),
    ("31.12.2026", "1.12.2026", "1.1.2027"),
    ("31.1.2027", "1.1.2027", "1.2.2027"),
    ("28.2.2027", "29.1.2027", "1.3.2027"),
    ("1.3.2027", "30.1.2027", "2.3.2027"),
    ("29.2.2028", "30.1.2028", "1.3.2028"),
    ("1.3.2028", "31.1.2028", "2.3.2028"),
    ("30.3.2028", "29.2.2028", "31.3.2028"),
]


DAYS_AWAY = ((-31, False), (-30, False), (0, True), (1, True))


def brought(due_on: date, today: date, *, asked: bool = False) -> list[type[object]]:
    """What a day brings of a report that is due, which was asked for already or not."""
    days = county().deadline_rules(today).report_ask_days
    known = {1: Report("requested", due_on)} if asked else {}
    return [type(each) for each in reports.due(APPLICATION, known, [due_on], today, days)]


@pytest.mark.parametrize(("due_on", "asked_on", "reminded_on"), REPORTS)
def test_a_report_is_asked_for_and_reminded_of_on_the_days_in_the_table(
    due_on: str, asked_on: str, reminded_on: str
) -> None:
    due, asked, reminded = read(due_on), read(asked_on), read(reminded_on)
    assert brought(due, asked - timedelta(days=1)) == []
    assert brought(due, asked) == brought(due, due) == [ReportRequested]
    assert brought(due, due, asked=True) == []
    assert brought(due, reminded, asked=True) == [ReportReminded]


def test_every_report_is_asked_for_thirty_days_before_and_reminded_of_the_day_after() -> None:
    for day in EVERY_DAY:
        found = [len(brought(day, day + timedelta(days=away), asked=asked)) for away, asked in DAYS_AWAY]
        assert found == [0, 1, 0, 1], day


# --- de minimis aid ------------------------------------------------------------------------------------------

AIDS = [
    ("24.2.2023", "23.2.2026"),
    ("31.12.2023", "30.12.2026"),
    ("1.1.2024", "31.12.2026"),
    ("28.2.2024", "27.2.2027"),
    ("29.2.2024", "28.2.2027"),  # the leap day, and a year without one
    ("1.3.2024", "28.2.2027"),
    ("28.2.2025", "27.2.2028"),
    ("1.3.2025", "29.2.2028"),  # a year with one
    ("31.12.2025", "30.12.2028"),
]


def counts(granted_on: date, on: date) -> bool:
    return de_minimis.counted({APPLICATION: Aid(100, granted_on)}, on) == 100


@pytest.mark.parametrize(("granted_on", "last"), AIDS)
def test_aid_counts_until_the_day_in_the_table(granted_on: str, last: str) -> None:
    assert counts(read(granted_on), read(last))
    assert not counts(read(granted_on), read(last) + timedelta(days=1))


def test_aid_of_every_day_counts_until_the_day_before_its_third_anniversary() -> None:
    for number in range(date(2023, 1, 1).toordinal(), date(2025, 12, 31).toordinal() + 1):
        granted_on = date.fromordinal(number)
        leap = (granted_on.month, granted_on.day) == (2, 29)
        anniversary = date(2027, 3, 1) if leap else granted_on.replace(year=granted_on.year + 3)
        assert counts(granted_on, anniversary - timedelta(days=1)), granted_on
        assert not counts(granted_on, anniversary), granted_on


def test_aid_of_a_later_day_that_was_recorded_first_counts_too() -> None:
    assert counts(date(2026, 2, 25), date(2026, 2, 24))


REGISTERED = [
    ("four weeks without a holiday", "2.2.2026", "2.3.2026"),
    ("over Easter", "24.2.2026", "24.3.2026"),
    ("over Good Friday and Easter Monday", "16.3.2026", "15.4.2026"),
    ("over May Day and Ascension", "27.4.2026", "27.5.2026"),
    ("over Midsummer Eve", "1.6.2026", "30.6.2026"),
    ("granted on a Saturday", "7.2.2026", "6.3.2026"),
    ("over Independence Day and Christmas Eve on a Friday", "1.12.2027", "31.12.2027"),
    ("over New Year and Epiphany, granted on Christmas Eve", "24.12.2026", "26.1.2027"),
    ("over the leap day", "7.2.2028", "6.3.2028"),
]


@pytest.mark.parametrize(("why", "granted_on", "last"), REGISTERED, ids=[row[1] for row in REGISTERED])
def test_aid_is_registered_by_the_day_in_the_table(why: str, granted_on: str, last: str) -> None:
    assert register_by(read(granted_on), county()) == read(last), why


def test_aid_of_every_day_is_registered_within_twenty_open_days_of_the_almanac() -> None:
    for day in EVERY_DAY:
        assert register_by(day, county()) == OPEN[bisect_right(OPEN, day) + 19], day


def test_the_countys_own_closed_days_are_no_days_to_register_on_and_without_a_rule_there_is_no_day() -> None:
    known = county()
    [rules] = known.deadlines
    closed = rules.model_copy(update={"extra_closed": (date(2026, 2, 27), date(2026, 3, 2))})
    assert register_by(date(2026, 2, 2), known.model_copy(update={"deadlines": (closed,)})) == date(2026, 3, 4)
    silent = rules.model_copy(update={"de_minimis_register_days": None})
    assert register_by(date(2026, 2, 2), known.model_copy(update={"deadlines": (silent,)})) is None
