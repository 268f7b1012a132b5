"""What points are multiplied by: in hundredths, rounded half up once, and never more than 100 points."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.decisions import CaseOpened, CaseTransferred, CaseWithdrawn, CoefficientSet, DecisionMade, ProposalMade
from schemas.facts import Fact
from schemas.intake import MunicipalityShare
from services.decisions.domain import cases, coefficients
from services.decisions.domain.cases import Case
from services.decisions.domain.coefficients import COEFFICIENT_MAX, ONE, focus, multiplied, product, wellbeing
from tests.unit.given import fact, folded, refused


def shares(*given: tuple[int, int]) -> list[tuple[MunicipalityShare, int]]:
    """Percent and coefficient of each municipality."""
    return [
        (MunicipalityShare(municipality=f"m{number}", percent=percent), coefficient)
        for number, (percent, coefficient) in enumerate(given)
    ]


def case(*facts: Fact) -> Case:
    state = folded(cases.evolve, None, fact(CaseOpened), *facts)
    assert state is not None
    return state


# --- by hand -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("of_areas", "expected"), [([], 100), ([105], 105), ([105, 110, 90], 110), ([90], 90)])
def test_the_highest_of_the_focus_areas_counts_and_without_any_nothing_changes(
    of_areas: list[int], expected: int
) -> None:
    assert focus(of_areas) == expected


@pytest.mark.parametrize(
    ("given_shares", "expected"),
    [
        ([(100, 120)], 120),
        ([(60, 100), (40, 110)], 104),
        # (33 x 100 + 33 x 101 + 34 x 101) / 100 = 100.67
        ([(33, 100), (33, 101), (34, 101)], 101),
        ([(50, 100), (50, 101)], 101),
        ([(51, 100), (49, 101)], 100),
        # What does not come to 100 percent is shared by what there is: (20 x 90 + 10 x 120) / 30.
        ([(20, 90), (10, 120)], 100),
        ([], 100),
    ],
)
def test_municipalities_count_by_the_activitys_shares_in_them(
    given_shares: list[tuple[int, int]], expected: int
) -> None:
    assert wellbeing(shares(*given_shares)) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [(110, 102, 112), (105, 110, 116), (100, 100, 100), (90, 95, 86), (1, 100, 1), (1000, 100, 1000), (50, 1, 1)],
)
def test_both_coefficients_are_multiplied_and_rounded_half_up(one: int, other: int, expected: int) -> None:
    assert product(one, other) == expected == product(other, one)


@pytest.mark.parametrize(("one", "other"), [(1, 49), (1000, 101), (1000, 1000)])
def test_what_comes_to_no_coefficient_is_refused(one: int, other: int) -> None:
    with refused("coefficient-out-of-bounds"):
        product(one, other)


@pytest.mark.parametrize(
    ("points", "coefficient", "expected"),
    [
        (7_200, 100, 7_200),
        (7_200, 110, 7_920),
        (7_201, 105, 7_561),
        (7_250, 101, 7_323),
        (0, 110, 0),
        (9_090, 110, 9_999),
        (9_091, 110, 10_000),
        (9_500, 110, 10_000),
        (10_000, 1_000, 10_000),
        (10_000, 1, 100),
    ],
)
def test_points_are_multiplied_up_to_100(points: int, coefficient: int, expected: int) -> None:
    assert multiplied(points, coefficient) == expected


# --- when it is set ------------------------------------------------------------------------------------------

SET = fact(CoefficientSet)


def test_a_coefficient_is_set_before_the_decision_and_a_later_one_replaces_it() -> None:
    other = fact(CoefficientSet, focus_areas=[], coefficient_hundredths=100)
    assert cases.set_coefficient(case(), SET) == [SET]
    assert cases.set_coefficient(case(fact(ProposalMade)), SET) == [SET]
    assert cases.set_coefficient(case(SET), SET) == []
    assert cases.set_coefficient(case(SET), other) == [other]
    assert case(SET, other).coefficient == other


@pytest.mark.parametrize("closing", [DecisionMade, CaseWithdrawn, CaseTransferred])
def test_nothing_is_set_once_the_case_is_decided_or_closed(closing: type[Fact]) -> None:
    with refused("decided-already" if closing is DecisionMade else "case-closed"):
        cases.set_coefficient(case(fact(ProposalMade), fact(closing)), SET)


# --- for any -------------------------------------------------------------------------------------------------

POINTS = st.integers(0, 10_000)
COEFFICIENTS = st.integers(1, COEFFICIENT_MAX)


@settings(print_blob=True)
@given(POINTS, POINTS, COEFFICIENTS)
def test_one_coefficient_for_all_changes_no_order(one: int, other: int, coefficient: int) -> None:
    less, more = sorted((one, other))
    assert multiplied(less, coefficient) <= multiplied(more, coefficient) <= 10_000


@settings(print_blob=True)
@given(POINTS, COEFFICIENTS)
def test_multiplied_points_are_those_of_decimal_arithmetic(points: int, coefficient: int) -> None:
    exact = (Decimal(points) * coefficient / 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    assert multiplied(points, coefficient) == min(int(exact), 10_000)
    assert multiplied(points, ONE) == points


@settings(print_blob=True)
@given(st.lists(st.tuples(st.integers(1, 100), COEFFICIENTS), min_size=1, max_size=20))
def test_the_municipalities_coefficient_lies_between_the_lowest_and_the_highest(
    given_shares: list[tuple[int, int]],
) -> None:
    found = wellbeing(shares(*given_shares))
    assert min(each for _, each in given_shares) <= found <= max(each for _, each in given_shares)
    assert wellbeing(shares(*reversed(given_shares))) == found


@settings(print_blob=True)
@given(COEFFICIENTS, COEFFICIENTS)
def test_a_product_is_a_coefficient_or_refused(one: int, other: int) -> None:
    exact = (Decimal(one) * other / 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    if 1 <= exact <= coefficients.COEFFICIENT_MAX:
        assert product(one, other) == exact
    else:
        with refused("coefficient-out-of-bounds"):
            product(one, other)
