"""What an application must hold, and what may be done with it on its way. Given facts, when a command, then facts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from schemas.facts import Fact
from schemas.intake import (
    ApplicationStandingChanged,
    ApplicationSubmitted,
    ApplicationSupplemented,
    ApplicationWithdrawn,
    CallPublished,
    UsageReportSubmitted,
)
from services.intake.domain import applications
from services.intake.domain.applications import Application
from services.intake.domain.calls import Call
from tests.unit.given import county, fact, folded, refused

CALL = Call(fact(CallPublished))
IN_TIME = datetime(2026, 1, 16, 14, 0, 30, tzinfo=UTC)
ACTIVITY = "patients-and-disability-organisations"
REQUEST = UUID("019b7a1e-8c00-7000-8000-000000000009")


def sample(**changed: Any) -> ApplicationSubmitted:
    return fact(ApplicationSubmitted, **{"activity": ACTIVITY, **changed})


def application(*facts: Fact) -> Application:
    state = folded(applications.evolve, None, sample(), *facts)
    assert state is not None
    return state


def standing(name: str, **changed: Any) -> ApplicationStandingChanged:
    return fact(ApplicationStandingChanged, standing=name, **changed)


def test_the_sample_application_has_no_problem() -> None:
    assert applications.problems(sample(), county()) == []


@pytest.mark.parametrize(
    ("changed", "slug", "field"),
    [
        ({"activity": "space-travel"}, "unknown-activity", "/activity"),
        (
            {"municipalities": [{"municipality": "joensuu", "percent": 60}, {"municipality": "kuopio", "percent": 40}]},
            "outside-the-county",
            "/municipalities/1/municipality",
        ),
        (
            {
                "municipalities": [
                    {"municipality": "joensuu", "percent": 50},
                    {"municipality": "joensuu", "percent": 50},
                ]
            },
            "municipality-twice",
            "/municipalities",
        ),
        (
            {"municipalities": [{"municipality": "joensuu", "percent": 99}]},
            "shares-do-not-add-up",
            "/municipalities",
        ),
        ({"separable_bookkeeping": False}, "bookkeeping-not-separable", "/separable_bookkeeping"),
        ({"costs": "2500.51 EUR"}, "budget-does-not-add-up", "/costs"),
        ({"applied": "0.00 EUR", "costs": "500.50 EUR"}, "nothing-applied", "/applied"),
    ],
)
def test_each_problem_is_told_with_its_field(changed: dict[str, Any], slug: str, field: str) -> None:
    found = applications.problems(sample(**changed), county())
    assert [(each.slug, each.kind, each.field) for each in found] == [(slug, "invalid", field)]


def test_all_problems_are_told_at_once() -> None:
    wrong = sample(activity="x", costs="1.00 EUR", separable_bookkeeping=False)
    assert [each.field for each in applications.problems(wrong, county())] == [
        "/activity", "/separable_bookkeeping", "/costs",
    ]  # fmt: skip


def test_a_partnership_may_be_without_money() -> None:
    asked = sample(basket="partnership", applied="0.00 EUR", costs="500.50 EUR")
    assert applications.problems(asked, county()) == []


def test_what_comes_in_the_closing_minute_is_in_time_and_after_it_is_late_not_refused() -> None:
    sent = sample()
    assert applications.submit(None, CALL, sent, IN_TIME) == [sent]
    late = applications.submit(None, CALL, sent, datetime(2026, 1, 16, 14, 1, tzinfo=UTC))
    assert late == [sent.model_copy(update={"late": True})]


def test_nothing_is_taken_before_the_call_opens() -> None:
    with refused("call-not-open"):
        applications.submit(None, CALL, sample(), datetime(2025, 12, 15, 5, 59, 59, tzinfo=UTC))


def test_an_application_is_sent_once() -> None:
    with refused("application-exists"):
        applications.submit(application(), CALL, sample(), IN_TIME)


@pytest.mark.parametrize(
    ("day", "late"), [(date(2026, 1, 15), False), (date(2026, 1, 16), False), (date(2026, 1, 17), True)]
)
def test_a_paper_application_counts_by_its_day_of_arrival_in_helsinki(day: date, late: bool) -> None:
    [sent] = applications.submit(None, CALL, sample(), applications.paper_moment(day))
    assert isinstance(sent, ApplicationSubmitted)
    assert sent.late is late


def test_the_day_of_arrival_begins_at_midnight_in_helsinki_in_winter_and_summer() -> None:
    assert applications.paper_moment(date(2026, 1, 16)) == datetime(2026, 1, 15, 22, 0, tzinfo=UTC)
    assert applications.paper_moment(date(2026, 7, 1)) == datetime(2026, 6, 30, 21, 0, tzinfo=UTC)


def test_a_request_for_a_supplement_is_answered_once() -> None:
    asked = application(standing("supplement_requested", request_id=REQUEST))
    answered = applications.supplement(asked, REQUEST, "Liitteenä.")
    assert answered == [fact(ApplicationSupplemented, request_id=REQUEST)]
    after = application(standing("supplement_requested", request_id=REQUEST), *answered)
    with refused("no-such-request"):
        applications.supplement(after, REQUEST, "Uudelleen.")


def test_what_was_not_asked_is_not_answered() -> None:
    with refused("no-such-request"):
        applications.supplement(application(), REQUEST, "Liitteenä.")


def test_an_application_is_withdrawn_until_it_is_decided() -> None:
    preparing = application(standing("in_preparation"))
    withdrawn = applications.withdraw(preparing, "Hanke peruttiin")
    assert withdrawn == [fact(ApplicationWithdrawn)]
    with refused("withdrawn-already"):
        applications.withdraw(application(*withdrawn), "Uudelleen")


@pytest.mark.parametrize("decided", sorted(applications.DECIDED))
def test_what_is_decided_is_not_withdrawn(decided: str) -> None:
    with refused("decided-already"):
        applications.withdraw(application(standing(decided)), "Hanke peruttiin")


@pytest.mark.parametrize("now", ["paid", "recovery"])
def test_the_use_of_a_paid_grant_is_reported_once(now: str) -> None:
    report = fact(UsageReportSubmitted)
    assert applications.report_use(application(standing(now)), report) == [report]
    with refused("reported-already"):
        applications.report_use(application(standing(now), report), report)


@pytest.mark.parametrize("now", ["decided", "notified", "final", "payment_delayed", "in_preparation"])
def test_nothing_is_reported_of_what_was_not_paid(now: str) -> None:
    with refused("nothing-paid"):
        applications.report_use(application(standing(now)), fact(UsageReportSubmitted))


def test_a_new_standing_is_noted_and_a_known_one_is_not_repeated() -> None:
    change = standing("in_preparation")
    assert applications.note_standing(application(), change) == [change]
    assert applications.note_standing(application(change), change) == []


def test_a_second_request_for_a_supplement_is_noted_beside_the_first() -> None:
    first = standing("supplement_requested", request_id=REQUEST)
    second = standing("supplement_requested", request_id="019b7a1e-8c00-7000-8000-00000000000a")
    assert applications.note_standing(application(first), second) == [second]
    assert len(application(first, second).open_requests) == 2


def test_a_withdrawal_stays_whatever_is_heard_later() -> None:
    assert applications.note_standing(application(fact(ApplicationWithdrawn)), standing("decided")) == []


def test_the_diary_number_stays_known() -> None:
    state = application(standing("in_preparation"), standing("decided", diary_number=None))
    assert state.diary_number == "17/02.05.01.00/2026"
