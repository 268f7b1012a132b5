"""Reports of a project's costs follow a decision with money; what follows a decision is news each time it happens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from schemas.calls import CostRow
from schemas.facts import Fact
from schemas.intake import (
    ApplicationStandingChanged,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    CostReportSubmitted,
    UsageReportSubmitted,
)
from schemas.money import LARGEST_CENTS
from services.intake.domain import applications
from services.intake.domain.applications import COST_REPORTS_MAX, DECIDED, SEVERAL_TIMES, Application
from tests.unit.given import fact, folded, refused

REPORT = fact(CostReportSubmitted)


def application(*facts: Fact) -> Application:
    state = folded(applications.evolve, None, fact(ApplicationSubmitted), *facts)
    assert state is not None
    return state


def standing(name: str, **changed: Any) -> ApplicationStandingChanged:
    return fact(ApplicationStandingChanged, standing=name, **changed)


GRANTED = standing("decided", amount="1500.00 EUR")


@pytest.mark.parametrize("now", sorted(DECIDED))
def test_costs_are_reported_of_granted_money_wherever_it_stands_by_now(now: str) -> None:
    assert applications.report_costs(application(GRANTED, standing(now, amount="1500.00 EUR")), REPORT) == [REPORT]


@pytest.mark.parametrize("facts", [(), (standing("in_preparation"),), (fact(ApplicationWithdrawn),)])
def test_before_the_decision_no_costs_are_reported(facts: tuple[Fact, ...]) -> None:
    with refused("not-decided"):
        applications.report_costs(application(*facts), REPORT)


def test_without_money_there_are_no_costs_to_report() -> None:
    nothing = standing("decided", amount="0.00 EUR")
    with refused("nothing-granted"):
        applications.report_costs(application(nothing), REPORT)
    with refused("nothing-granted"):
        applications.report_costs(application(GRANTED, standing("notified"), nothing), REPORT)
    after_a_claim = application(nothing, standing("notified"), GRANTED)
    assert applications.report_costs(after_a_claim, REPORT) == [REPORT]


def test_a_period_may_be_a_day_and_does_not_end_before_it_begins() -> None:
    day = fact(CostReportSubmitted, period_from="2026-06-30")
    assert applications.report_costs(application(GRANTED), day) == [day]
    with refused("period-backwards", "invalid", "/period_until"):
        applications.report_costs(application(GRANTED), fact(CostReportSubmitted, period_from="2026-07-01"))


def test_there_are_as_many_reports_as_can_be_numbered() -> None:
    almost = [REPORT] * (COST_REPORTS_MAX - 1)
    assert applications.report_costs(application(GRANTED, *almost), REPORT) == [REPORT]
    with refused("too-many-reports"):
        applications.report_costs(application(GRANTED, *almost, REPORT), REPORT)


def test_a_total_is_the_sum_of_its_rows_and_no_more_than_an_amount_can_be() -> None:
    def row(amount: int) -> CostRow:
        return CostRow.model_construct(label="Palkat", amount=amount)

    assert applications.total_of([row(90_000), row(1), row(0)]) == 90_001
    assert applications.total_of([row(LARGEST_CENTS)]) == LARGEST_CENTS
    with refused("total-too-large", "invalid", "/rows"):
        applications.total_of([row(LARGEST_CENTS), row(1)])


@pytest.mark.parametrize("now", sorted(SEVERAL_TIMES))
def test_another_agreement_report_or_change_is_news_though_the_standing_is_the_same(now: str) -> None:
    again = standing(now)
    assert applications.note_standing(application(GRANTED, again), again) == [again]


@pytest.mark.parametrize("now", ["agreement_signed", "cost_report_accepted", "change_decided", "payment_delayed"])
def test_what_was_paid_is_reported_though_something_else_was_told_since(now: str) -> None:
    report = fact(UsageReportSubmitted)
    state = application(GRANTED, standing("paid"), standing(now))
    assert applications.report_use(state, report) == [report]


def test_the_notice_of_a_decision_on_a_claim_is_news_after_the_first_notice() -> None:
    first = standing("notified", due_on="2026-03-24")
    claim_id = UUID("019b7a1e-8c00-7000-8000-000000000009")
    second = standing("notified", due_on="2026-04-27", request_id=claim_id)
    state = application(GRANTED, first)
    assert applications.note_standing(state, second) == [second]
    assert application(GRANTED, first, second).open_requests == frozenset()
