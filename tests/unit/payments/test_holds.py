"""An instalment waits for what its basket asks for, and says for what, and who can lift it."""

from __future__ import annotations

from datetime import date

import pytest

from schemas.decisions import Instalment
from schemas.facts import Fact
from schemas.payments import GrantAwarded, GrantReleased, GrantRequirementMet, Requirement
from schemas.samples import IBAN
from services.payments.domain import grants
from tests.unit.given import fact, folded

PLAN = tuple(
    Instalment(number=number, amount=50_000, payable_from=day)
    for number, day in enumerate((date(2026, 4, 1), date(2027, 4, 1), date(2028, 4, 1)), start=1)
)
LATER = date(2030, 1, 1)


def reasons(requires: tuple[Requirement, ...], *facts: Fact) -> list[str | None]:
    """What holds each instalment of a released grant."""
    awarded = fact(GrantAwarded, amount=150_000, instalments=PLAN, requires=requires)
    state = folded(grants.evolve, None, awarded, fact(GrantReleased), *facts)
    assert state is not None
    holds = [each.held for each in grants.payables(state, IBAN, LATER)]
    return [None if hold is None else hold.reason for hold in holds]


def met(requirement: Requirement, *, year: int | None = None, accepted_costs: int | None = None) -> Fact:
    return fact(GrantRequirementMet, requirement=requirement, year=year, accepted_costs=accepted_costs)


def test_a_grant_without_requirements_waits_for_its_days_alone() -> None:
    assert reasons(()) == [None, None, None]


def test_every_instalment_of_a_partnership_waits_for_the_agreement() -> None:
    held = "the agreement is not signed by both"
    assert reasons(("agreement",)) == [held] * 3
    assert reasons(("agreement",), met("agreement")) == [None] * 3


def test_the_instalments_of_later_years_wait_for_the_review_of_their_year() -> None:
    second, third = "the partnership was not reviewed for 2027", "the partnership was not reviewed for 2028"
    assert reasons(("yearly_review",)) == [None, second, third]
    assert reasons(("yearly_review",), met("yearly_review", year=2028)) == [None, second, None]
    reviewed = (met("yearly_review", year=2027), met("yearly_review", year=2028))
    assert reasons(("yearly_review",), *reviewed) == [None] * 3


def test_every_instalment_of_a_project_waits_for_the_proof_of_its_own_funding() -> None:
    assert reasons(("own_funding",)) == ["the own funding is not proven"] * 3
    assert reasons(("own_funding",), met("own_funding")) == [None] * 3


@pytest.mark.parametrize(
    ("accepted", "open_instalments"), [(0, 1), (49_999, 1), (50_000, 2), (99_999, 2), (100_000, 3), (500_000, 3)]
)
def test_an_instalment_of_a_project_goes_once_accepted_costs_cover_those_before(
    accepted: int, open_instalments: int
) -> None:
    found = reasons(("cost_reports",), met("cost_reports", accepted_costs=accepted))
    assert [reason is None for reason in found] == [number < open_instalments for number in range(3)]


def test_what_is_covered_is_told_with_the_sums() -> None:
    found = reasons(("cost_reports",), met("cost_reports", accepted_costs=20_000))
    assert found[1] == "accepted costs cover 200.00 EUR of the 500.00 EUR of earlier instalments"


def test_what_a_grant_did_not_ask_for_holds_nothing_and_frees_nothing() -> None:
    assert (
        reasons(("agreement",), met("own_funding"), met("cost_reports", accepted_costs=1))
        == ["the agreement is not signed by both"] * 3
    )
