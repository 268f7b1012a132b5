"""Reports of use are asked for in time, reminded of once, checked in both parts, and accepted or returned."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from schemas.decisions import (
    ReportAccepted,
    ReportChecked,
    ReportReceived,
    ReportReminded,
    ReportRequested,
    ReportReturned,
)
from schemas.facts import Fact
from schemas.intake import UsageReportSubmitted
from services.decisions.domain import reports
from services.decisions.domain.reports import Reports
from tests.unit.given import fact, fold, refused

APPLICATION = UUID("019b7a1e-8c00-7000-8000-000000000001")
DUE = (date(2026, 11, 30), date(2027, 11, 30))
CONTENT, MONEY = fact(ReportChecked, part="content"), fact(ReportChecked, part="money")


def after(*facts: Fact) -> Reports:
    nothing: Reports = {}
    return fold(reports.evolve, nothing, facts)


def brought(state: Reports, today: date) -> list[Fact]:
    return list(reports.due(APPLICATION, state, DUE, today, 30))


@pytest.mark.parametrize(
    ("today", "types"),
    [
        (date(2026, 10, 30), []),
        (date(2026, 10, 31), [ReportRequested]),
        (date(2026, 11, 30), [ReportRequested]),
        (date(2026, 12, 1), [ReportRequested, ReportReminded]),
        (date(2027, 10, 31), [ReportRequested, ReportReminded, ReportRequested]),
    ],
)
def test_a_report_is_asked_for_thirty_days_before_it_is_due_and_reminded_of_after_that_day(
    today: date, types: list[type[Fact]]
) -> None:
    days = (date(2026, 10, 31), date(2026, 11, 30), date(2026, 12, 1), date(2027, 10, 31))
    state: Reports = {}
    found: list[Fact] = []
    for day in (each for each in (*days, today) if each <= today):
        found += (new := brought(state, day))
        state = fold(reports.evolve, state, new)
    assert [type(each) for each in found] == types


def test_what_is_asked_for_after_its_day_is_due_as_many_days_later_and_on_its_day_is_due_on_it() -> None:
    for today, due_on in ((date(2026, 11, 30), DUE[0]), (date(2026, 12, 1), date(2026, 12, 31))):
        [asked] = brought({}, today)
        assert asked == fact(ReportRequested, due_on=due_on)
        state = after(asked)
        assert brought(state, due_on) == []
        [reminded] = brought(state, due_on + timedelta(days=1))
        assert reminded == fact(ReportReminded, due_on=due_on, reminded_on=due_on + timedelta(days=1))


def test_no_day_of_the_calendar_stops_the_others() -> None:
    found = list(reports.due(APPLICATION, {}, (date.min, date.max), date(2026, 12, 1), 30))
    assert found == [fact(ReportRequested, due_on="2026-12-31")]


def test_each_is_done_once() -> None:
    state = after(*brought({}, DUE[0]))
    state = fold(reports.evolve, state, brought(state, date(2026, 12, 1)))
    assert brought(state, date(2026, 12, 1)) == []
    assert brought(state, date(2027, 1, 15)) == []


def test_a_report_that_came_is_not_reminded_of_and_one_that_was_returned_is_by_its_new_day() -> None:
    received = after(fact(ReportRequested), fact(ReportReceived))
    assert brought(received, date(2026, 12, 1)) == []
    returned = after(fact(ReportRequested), fact(ReportReminded), fact(ReportReceived), fact(ReportReturned))
    assert brought(returned, date(2026, 12, 15)) == []
    assert [type(each) for each in brought(returned, date(2026, 12, 16))] == [ReportReminded]


def test_a_report_that_was_reminded_of_and_got_more_time_is_reminded_of_once_more_after_it() -> None:
    state = after(fact(ReportRequested), fact(ReportReminded))
    later = (date(2027, 2, 28),)

    def reminded(state: Reports, today: date, due_on: tuple[date, ...] = later) -> list[Fact]:
        return list(reports.due(APPLICATION, state, due_on, today, 30))

    assert reminded(state, date(2027, 2, 28)) == []
    [again] = reminded(state, date(2027, 3, 1))
    assert again == fact(ReportReminded, due_on=later[0], reminded_on="2027-03-01")
    assert reminded(fold(reports.evolve, state, [again]), date(2027, 3, 2)) == []
    assert reminded(state, date(2026, 12, 2), (date(2026, 11, 15),)) == []


def test_a_report_answers_the_first_that_is_asked_for_and_one_sent_unasked_is_the_next() -> None:
    sent = fact(UsageReportSubmitted)
    asked = after(fact(ReportRequested), fact(ReportRequested, report=2))
    (first,) = reports.receive(asked, sent, date(2026, 11, 20))
    assert isinstance(first, ReportReceived)
    assert (first.report, first.received_on, first.attachments) == (1, date(2026, 11, 20), sent.attachments)
    (second,) = reports.receive(after(fact(ReportRequested), first), sent, date(2026, 11, 21))
    assert isinstance(second, ReportReceived)
    assert second.report == 2


def test_a_report_is_accepted_once_both_parts_are_sound() -> None:
    received = [fact(ReportRequested), fact(ReportReceived)]
    accepted = fact(ReportAccepted)
    for checks in ([], [CONTENT], [MONEY], [CONTENT, fact(ReportChecked, part="money", sound=False)]):
        with refused("not-checked"):
            reports.accept(after(*received, *checks), accepted, 150_000)
    assert reports.accept(after(*received, CONTENT, MONEY), accepted, 150_000) == [accepted]
    with refused("more-than-granted", "invalid", "/unused"):
        reports.accept(after(*received, CONTENT, MONEY), accepted, accepted.unused - 1)


def test_what_comes_again_is_checked_again() -> None:
    first = [fact(ReportRequested), fact(ReportReceived), CONTENT, MONEY]
    again = after(*first, fact(ReportReturned), fact(ReportReceived))
    with refused("not-checked"):
        reports.accept(again, fact(ReportAccepted), 150_000)


def test_only_a_report_that_is_here_is_checked_returned_or_accepted() -> None:
    for state in (after(fact(ReportRequested)), after(fact(ReportReceived), CONTENT, MONEY, fact(ReportAccepted))):
        with refused("report-not-here"):
            reports.check(state, CONTENT)
        with refused("report-not-here"):
            reports.give_back(state, fact(ReportReturned), date(2026, 12, 1))
    with refused("not-found", "not_found"):
        reports.accept({}, fact(ReportAccepted), 150_000)


def test_a_returned_report_has_a_day_ahead() -> None:
    with refused("deadline-past", "invalid", "/due_on"):
        reports.give_back(after(fact(ReportReceived)), fact(ReportReturned), date(2026, 12, 15))
