"""Every rule shares exactly: never more than there is, never more than was asked for, and the same for the same."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.decisions.domain.allocation import Candidate, Rule, Terms, allocate, ranked
from services.decisions.domain.coefficients import multiplied
from tests.unit.given import refused

RULES: tuple[Rule, ...] = ("full_by_rank", "proportional", "floor_and_ceiling")


def application(number: int) -> UUID:
    return UUID(f"019b7a1e-8c00-7000-8000-{number:012x}")


def candidates(*given: tuple[int, int]) -> list[Candidate]:
    """Points in hundredths and cents wanted, numbered from 1 in the order given."""
    return [Candidate(application(number), points, wanted) for number, (points, wanted) in enumerate(given, 1)]


def shares(rule: Rule, given: list[Candidate], terms: Terms) -> dict[int, int]:
    """Cents by the candidate's number."""
    return {line.application_id.int & 0xFFFF: line.amount for line in allocate(rule, given, terms)}


FIVE = candidates((9_000, 50_000), (8_000, 30_000), (8_000, 40_000), (6_000, 20_000), (3_999, 60_000))


# --- by hand -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("available", "points_min", "expected"),
    [
        (200_000, 0, [50_000, 30_000, 40_000, 20_000, 60_000]),
        (200_001, 0, [50_000, 30_000, 40_000, 20_000, 60_000]),
        (199_999, 0, [50_000, 30_000, 40_000, 20_000, 59_999]),
        (100_000, 0, [50_000, 30_000, 20_000, 0, 0]),
        (80_000, 0, [50_000, 30_000, 0, 0, 0]),
        (49_999, 0, [49_999, 0, 0, 0, 0]),
        (1, 0, [1, 0, 0, 0, 0]),
        (0, 0, [0, 0, 0, 0, 0]),
        (200_000, 40, [50_000, 30_000, 40_000, 20_000, 0]),
        (200_000, 61, [50_000, 30_000, 40_000, 0, 0]),
        (200_000, 91, [0, 0, 0, 0, 0]),
    ],
)
def test_in_full_by_rank(available: int, points_min: int, expected: list[int]) -> None:
    found = shares("full_by_rank", FIVE, Terms(available, points_min=points_min))
    assert found == dict(enumerate(expected, 1))


@pytest.mark.parametrize(
    ("available", "points_min", "expected"),
    [
        (200_000, 0, [50_000, 30_000, 40_000, 20_000, 60_000]),
        (100_000, 0, [25_000, 15_000, 20_000, 10_000, 30_000]),
        (70_000, 40, [25_000, 15_000, 20_000, 10_000, 0]),
        # 1000 cents in shares of 5, 3, 4 and 2 fourteenths: 357.14, 214.29, 285.71, 142.86; two cents are left over,
        # and the largest remainders have them.
        (1_000, 40, [357, 214, 286, 143, 0]),
        (1, 0, [0, 0, 0, 0, 1]),
        (0, 0, [0, 0, 0, 0, 0]),
        (200_000, 91, [0, 0, 0, 0, 0]),
    ],
)
def test_in_proportion(available: int, points_min: int, expected: list[int]) -> None:
    found = shares("proportional", FIVE, Terms(available, points_min=points_min))
    assert found == dict(enumerate(expected, 1))


@pytest.mark.parametrize(
    ("available", "floor", "ceiling", "points_min", "expected"),
    [
        # All reach the floor of 10 000 and nothing is left.
        (50_000, 10_000, 40_000, 0, [10_000, 10_000, 10_000, 10_000, 10_000]),
        # 40 000 are left for what they lack up to the ceiling: 30 000, 20 000, 30 000, 10 000, 30 000 (a third each).
        (90_000, 10_000, 40_000, 0, [20_000, 16_667, 20_000, 13_333, 20_000]),
        (10**9, 10_000, 40_000, 0, [40_000, 30_000, 40_000, 20_000, 40_000]),
        # The floor lasts for two; what is left, 5 000, goes to these: they lack 30 000 and 20 000.
        (25_000, 10_000, 40_000, 0, [13_000, 12_000, 0, 0, 0]),
        (9_999, 10_000, 40_000, 0, [0, 0, 0, 0, 0]),
        # Who asks for less than the floor gets what was asked for.
        (140_000, 25_000, 25_000, 40, [25_000, 25_000, 25_000, 20_000, 0]),
        (100_000, 0, 25_000, 0, [20_834, 20_833, 20_833, 16_667, 20_833]),
        (0, 0, 0, 0, [0, 0, 0, 0, 0]),
        (50_000, 10_000, 40_000, 91, [0, 0, 0, 0, 0]),
    ],
)
def test_floor_and_ceiling(available: int, floor: int, ceiling: int, points_min: int, expected: list[int]) -> None:
    found = shares("floor_and_ceiling", FIVE, Terms(available, floor, ceiling, points_min))
    assert sum(found.values()) == sum(expected)
    assert found == dict(enumerate(expected, 1))


@pytest.mark.parametrize("rule", RULES)
def test_lines_come_in_rank_order_and_every_candidate_has_one(rule: Rule) -> None:
    lines = allocate(rule, FIVE[::-1], Terms(100_000, 0, 50_000))
    assert [line.application_id for line in lines] == [each.application_id for each in FIVE]


def test_of_equal_points_the_one_that_came_first_is_served_first() -> None:
    late, early = Candidate(application(9), 5_000, 100), Candidate(application(8), 5_000, 100)
    assert ranked([late, early]) == [early, late]
    assert shares("full_by_rank", [late, early], Terms(150)) == {8: 100, 9: 50}


def test_of_equal_points_a_paper_application_counts_by_its_own_day_and_a_draft_by_when_it_was_sent() -> None:
    opened_first = Candidate(application(1), 5_000, 100, (date(2026, 1, 20), 12))
    sent_first = Candidate(application(2), 5_000, 100, (date(2026, 1, 20), 7))
    paper = Candidate(application(9), 5_000, 100, (date(2026, 1, 19), 40))
    assert ranked([opened_first, sent_first, paper]) == [paper, sent_first, opened_first]
    assert shares("full_by_rank", [opened_first, sent_first, paper], Terms(150)) == {9: 100, 2: 50, 1: 0}


def test_a_hundredth_decides_between_two() -> None:
    better, first = Candidate(application(2), 7_001, 100), Candidate(application(1), 7_000, 100)
    assert shares("full_by_rank", [first, better], Terms(100)) == {1: 0, 2: 100}


@pytest.mark.parametrize(("hundredths", "able"), [(4_000, True), (3_999, False)])
def test_the_least_points_are_reached_exactly(hundredths: int, able: bool) -> None:
    found = shares("full_by_rank", candidates((hundredths, 100)), Terms(100, points_min=40))
    assert found == {1: 100 if able else 0}


# --- coefficients --------------------------------------------------------------------------------------------


def weighed(number: int, points: int, coefficient: int) -> Candidate:
    return Candidate(application(number), multiplied(points, coefficient), 100)


def test_a_coefficient_lifts_an_application_over_one_with_more_points() -> None:
    """70.00 by 1.10 is 77.00, which is more than 76.99 and less than 77.01."""
    lifted = weighed(3, 7_000, 110)
    assert ranked([weighed(1, 7_699, 100), lifted, weighed(2, 7_701, 100)]) == [
        weighed(2, 7_701, 100), lifted, weighed(1, 7_699, 100),
    ]  # fmt: skip
    assert shares("full_by_rank", [weighed(1, 7_699, 100), lifted], Terms(100)) == {3: 100, 1: 0}


def test_a_coefficient_lowers_too_and_equal_multiplied_points_go_by_arrival() -> None:
    assert shares("full_by_rank", [weighed(2, 8_000, 95), weighed(1, 7_600, 100)], Terms(100)) == {1: 100, 2: 0}
    assert shares("full_by_rank", [weighed(1, 8_000, 95), weighed(2, 7_600, 100)], Terms(100)) == {1: 100, 2: 0}


@pytest.mark.parametrize(("coefficient", "able"), [(110, True), (109, False)])
def test_the_least_points_are_reached_by_the_multiplied_points(coefficient: int, able: bool) -> None:
    """40.00 is the least: 36.37 by 1.10 is 40.01, by 1.09 it is 39.64."""
    found = shares("full_by_rank", [weighed(1, 3_637, coefficient)], Terms(100, points_min=40))
    assert found == {1: 100 if able else 0}


# --- what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("floor", "ceiling", "pointer"), [(None, None, "/floor"), (None, 1, "/floor"), (1, None, "/ceiling")]
)
def test_floor_and_ceiling_needs_both_bounds(floor: int | None, ceiling: int | None, pointer: str) -> None:
    with refused("bounds-missing", "invalid", pointer):
        allocate("floor_and_ceiling", FIVE, Terms(100, floor, ceiling))


@pytest.mark.parametrize("rule", RULES)
def test_a_floor_above_the_ceiling_is_refused(rule: Rule) -> None:
    with refused("floor-above-ceiling", "invalid", "/floor"):
        allocate(rule, FIVE, Terms(100, 11, 10))
    allocate(rule, FIVE, Terms(100, 10, 10))


# --- nothing and nobody --------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_nothing_is_shared_where_there_is_nothing_or_nobody(rule: Rule) -> None:
    assert allocate(rule, [], Terms(100, 0, 100)) == []
    assert set(shares(rule, FIVE, Terms(0, 0, 100)).values()) == {0}
    assert set(shares(rule, FIVE, Terms(100, 0, 100, 100)).values()) == {0}
    assert set(shares(rule, candidates((9_000, 0), (8_000, 0)), Terms(100, 0, 100)).values()) == {0}


# --- for any candidates and terms ----------------------------------------------------------------------------

A_SUM = st.one_of(st.integers(0, 200), st.integers(0, 10**12))


@st.composite
def fields(draw: st.DrawFn) -> tuple[list[Candidate], Terms]:
    points = st.sampled_from([0, 3_999, 4_000, 7_000, 10_000])
    given = candidates(*draw(st.lists(st.tuples(points, A_SUM), max_size=12)))
    floor, ceiling = sorted((draw(A_SUM), draw(A_SUM)))
    return given, Terms(draw(A_SUM), floor, ceiling, draw(st.sampled_from([0, 40, 100])))


def able(given: list[Candidate], terms: Terms) -> list[Candidate]:
    return [each for each in ranked(given) if each.hundredths >= terms.points_min * 100]


@settings(print_blob=True)
@given(fields(), st.sampled_from(RULES))
def test_no_rule_gives_more_than_there_is_or_than_was_asked_for(
    field: tuple[list[Candidate], Terms], rule: Rule
) -> None:
    given, terms = field
    amounts = {line.application_id: line.amount for line in allocate(rule, given, terms)}
    assert amounts.keys() == {each.application_id for each in given}
    assert sum(amounts.values()) <= terms.available
    for each in given:
        assert 0 <= amounts[each.application_id] <= each.wanted
        assert each.hundredths >= terms.points_min * 100 or amounts[each.application_id] == 0


@settings(print_blob=True)
@given(fields(), st.sampled_from(["full_by_rank", "proportional"]))
def test_what_is_shared_is_shared_to_the_cent(field: tuple[list[Candidate], Terms], rule: Rule) -> None:
    given, terms = field
    wanted = sum(each.wanted for each in able(given, terms))
    assert sum(line.amount for line in allocate(rule, given, terms)) == min(terms.available, wanted)


@settings(print_blob=True)
@given(fields())
def test_by_rank_nobody_is_served_before_those_above_have_all(field: tuple[list[Candidate], Terms]) -> None:
    given, terms = field
    amounts = {line.application_id: line.amount for line in allocate("full_by_rank", given, terms)}
    order = [each for each in able(given, terms) if each.wanted]
    unserved = [index for index, each in enumerate(order) if amounts[each.application_id] < each.wanted]
    if unserved:
        assert all(amounts[each.application_id] == 0 for each in order[unserved[0] + 1 :])


@settings(print_blob=True)
@given(fields())
def test_in_proportion_equals_get_the_same_but_for_a_cent_and_more_wanted_is_not_less(
    field: tuple[list[Candidate], Terms],
) -> None:
    given, terms = field
    amounts = {line.application_id: line.amount for line in allocate("proportional", given, terms)}
    chosen = able(given, terms)
    for one in chosen:
        for other in chosen:
            difference = amounts[one.application_id] - amounts[other.application_id]
            if one.wanted == other.wanted:
                assert abs(difference) <= 1
            elif one.wanted > other.wanted:
                assert difference >= -1


@settings(print_blob=True)
@given(fields())
def test_in_proportion_each_share_is_within_a_cent_of_the_exact_one(field: tuple[list[Candidate], Terms]) -> None:
    given, terms = field
    chosen = able(given, terms)
    whole = sum(each.wanted for each in chosen)
    total = min(terms.available, whole)
    amounts = {line.application_id: line.amount for line in allocate("proportional", given, terms)}
    for each in chosen:
        if whole:
            assert abs(amounts[each.application_id] * whole - each.wanted * total) < whole


@settings(print_blob=True)
@given(fields())
def test_within_floor_and_ceiling_each_gets_nothing_or_the_floor_at_least_and_the_ceiling_at_most(
    field: tuple[list[Candidate], Terms],
) -> None:
    given, terms = field
    assert terms.floor is not None
    assert terms.ceiling is not None
    amounts = {line.application_id: line.amount for line in allocate("floor_and_ceiling", given, terms)}
    served = [each for each in able(given, terms) if amounts[each.application_id]]
    for each in served:
        amount = amounts[each.application_id]
        assert min(terms.floor, terms.ceiling, each.wanted) <= amount <= min(terms.ceiling, each.wanted)
    if served and len(served) == sum(1 for each in able(given, terms) if min(each.wanted, terms.ceiling)):
        caps = sum(min(each.wanted, terms.ceiling) for each in served)
        assert sum(amounts.values()) == min(terms.available, caps)


@settings(print_blob=True)
@given(st.data(), st.sampled_from(RULES))
def test_the_order_in_which_candidates_are_listed_changes_nothing(data: st.DataObject, rule: Rule) -> None:
    given, terms = data.draw(fields())
    assert allocate(rule, data.draw(st.permutations(given)), terms) == allocate(rule, given, terms)
