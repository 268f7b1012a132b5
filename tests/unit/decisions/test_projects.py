"""A project's own funding is proven up to what was declared, and no day's costs are accepted twice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.decisions import CostReportAccepted, CostReportReceived, CostReportReturned, OwnFundingProven
from schemas.facts import Fact
from schemas.intake import CostReportSubmitted
from schemas.money import LARGEST_CENTS
from services.decisions.domain import projects
from services.decisions.domain.projects import Project
from tests.unit.given import fact, fold, refused

DECLARED = 50_000
JULY = date(2026, 7, 10)
RECEIVED = fact(CostReportReceived)
RETURNED = fact(CostReportReturned)
ACCEPTED = fact(CostReportAccepted)
AUTUMN: dict[str, Any] = {"period_from": "2026-07-01", "period_until": "2026-12-31"}


def after(*facts: Fact) -> Project:
    return fold(projects.evolve, Project(), facts)


# --- own funding ---------------------------------------------------------------------------------------------


def proven(state: Project, amount: int, declared: int = DECLARED) -> OwnFundingProven:
    [made] = projects.prove(state, fact(OwnFundingProven, amount=amount, total=0, declared=0, covered=False), declared)
    assert isinstance(made, OwnFundingProven)
    return made


def test_parts_add_up_until_the_declared_sum_is_covered() -> None:
    first = proven(after(), 30_000)
    assert (first.total, first.declared, first.covered) == (30_000, DECLARED, False)
    second = proven(after(first), 19_999)
    assert (second.total, second.covered) == (49_999, False)
    third = proven(after(first, second), 1)
    assert (third.total, third.covered) == (DECLARED, True)
    with refused("own-funding-covered"):
        proven(after(first, second, third), 1)


def test_a_total_is_no_more_than_an_amount_can_be() -> None:
    first = proven(after(), 1, declared=2)
    assert proven(after(first), LARGEST_CENTS - 1, declared=2).total == LARGEST_CENTS
    with refused("total-too-large", "invalid", "/amount"):
        proven(after(first), LARGEST_CENTS, declared=2)
    autumn = fact(CostReportReceived, cost_report=2, total=LARGEST_CENTS, **AUTUMN)
    with refused("total-too-large", "invalid", "/accepted"):
        accepted(after(RECEIVED, autumn, ACCEPTED), 2, LARGEST_CENTS)


def test_what_was_not_declared_is_not_proven() -> None:
    with refused("no-own-funding"):
        proven(after(), 30_000, declared=0)


@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=20), st.integers(1, 100_000))
def test_own_funding_is_covered_exactly_when_nothing_is_missing(amounts: list[int], declared: int) -> None:
    state, total = after(), 0
    for amount in amounts:
        if total >= declared:
            with refused("own-funding-covered"):
                proven(state, amount, declared)
            return
        made = proven(state, amount, declared)
        state, total = projects.evolve(state, made), total + amount
        assert (made.total, made.covered) == (total, total >= declared)


# --- reports of costs ----------------------------------------------------------------------------------------


def received(state: Project, **changed: Any) -> CostReportReceived:
    [made] = projects.receive(state, fact(CostReportSubmitted, **changed), JULY)
    assert isinstance(made, CostReportReceived)
    return made


def test_a_report_is_taken_as_it_was_sent_with_the_next_number() -> None:
    assert received(after()) == RECEIVED
    assert received(after(RECEIVED)).cost_report == 2
    assert received(after(RECEIVED, RETURNED), **AUTUMN).cost_report == 2


def test_what_was_returned_comes_again_under_its_number_by_its_period() -> None:
    autumn = fact(CostReportReceived, cost_report=2, **AUTUMN)
    both_returned = after(RECEIVED, autumn, RETURNED, fact(CostReportReturned, cost_report=2))
    assert received(both_returned, **AUTUMN).cost_report == 2
    assert received(both_returned).cost_report == 1
    assert received(both_returned, period_until="2026-06-29").cost_report == 3
    again = projects.evolve(both_returned, received(both_returned))
    assert again.reports[1].state == "received"


def test_a_report_is_returned_with_a_day_ahead() -> None:
    assert projects.give_back(after(RECEIVED), RETURNED, date(2026, 7, 31)) == [RETURNED]
    with refused("deadline-past", "invalid", "/due_on"):
        projects.give_back(after(RECEIVED), RETURNED, date(2026, 8, 1))


@pytest.mark.parametrize("facts", [(RECEIVED, RETURNED), (RECEIVED, ACCEPTED)], ids=["returned", "accepted"])
def test_only_a_report_that_is_here_is_returned_or_accepted(facts: tuple[Fact, ...]) -> None:
    with refused("report-not-here"):
        projects.give_back(after(*facts), RETURNED, JULY)
    with refused("report-not-here"):
        projects.accept(after(*facts), ACCEPTED)


def test_an_unknown_report_is_not_found() -> None:
    with refused("not-found", "not_found"):
        projects.give_back(after(), RETURNED, JULY)
    with refused("not-found", "not_found"):
        projects.accept(after(RECEIVED), fact(CostReportAccepted, cost_report=2))


def accepted(state: Project, number: int, amount: int) -> CostReportAccepted:
    asked = fact(CostReportAccepted, cost_report=number, accepted=amount, accepted_total=0)
    [made] = projects.accept(state, asked)
    assert isinstance(made, CostReportAccepted)
    return made


def test_costs_are_accepted_whole_in_part_or_not_at_all_and_add_up() -> None:
    autumn = fact(CostReportReceived, cost_report=2, **AUTUMN)
    first = accepted(after(RECEIVED, autumn), 1, 85_000)
    assert first == ACCEPTED
    second = accepted(after(RECEIVED, autumn, first), 2, 90_000)
    assert second.accepted_total == 175_000
    assert accepted(after(RECEIVED), 1, 0).accepted_total == 0
    assert after(RECEIVED, autumn, first, second).accepted == 175_000
    with refused("more-than-reported", "invalid", "/accepted"):
        accepted(after(RECEIVED), 1, 90_001)


@pytest.mark.parametrize(
    ("period", "overlaps"),
    [
        (("2026-06-30", "2026-12-31"), True),
        (("2025-07-01", "2026-01-01"), True),
        (("2026-03-01", "2026-03-01"), True),
        (("2025-01-01", "2027-12-31"), True),
        (("2026-07-01", "2026-12-31"), False),
        (("2025-07-01", "2025-12-31"), False),
    ],
)
def test_no_days_costs_are_accepted_twice(period: tuple[str, str], overlaps: bool) -> None:
    other = fact(CostReportReceived, cost_report=2, period_from=period[0], period_until=period[1])
    state = after(RECEIVED, ACCEPTED, other)
    if overlaps:
        with refused("period-accepted-already"):
            accepted(state, 2, 100)
    else:
        assert accepted(state, 2, 100).accepted_total == 85_100


def test_after_a_report_of_which_nothing_was_accepted_another_of_the_same_days_is_accepted() -> None:
    nothing = fact(CostReportAccepted, cost_report=1, accepted=0, accepted_total=0)
    state = after(fact(CostReportReceived), nothing, fact(CostReportReceived, cost_report=2))
    accepted = fact(CostReportAccepted, cost_report=2, accepted=85_000, accepted_total=85_000)
    assert projects.accept(state, accepted) == [accepted]


def test_a_report_of_the_same_days_that_was_only_received_or_returned_is_in_nobodys_way() -> None:
    twin = fact(CostReportReceived, cost_report=2)
    assert accepted(after(RECEIVED, twin), 2, 90_000).accepted_total == 90_000
    assert accepted(after(RECEIVED, RETURNED, twin), 2, 90_000).accepted_total == 90_000
