"""Points by criteria are exact: nothing is lost between the scores and the rank."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.calls import Criterion
from schemas.decisions import AssessmentRecorded, CallNoted, Score
from schemas.money import rounded
from schemas.refusals import Refused, SeveralRefused
from schemas.words import Words
from services.decisions.domain import assessment
from services.decisions.domain.assessment import Summary, summarise, weighted
from tests.unit.given import fact


def criterion(name: str, weight: int, points_max: int) -> Criterion:
    return Criterion(criterion_id=name, label=Words(fi="Vaikuttavuus"), weight=weight, points_max=points_max)


def score(name: str, points: int) -> Score:
    return Score(criterion_id=name, points=points, reason="Perustelu")


IMPACT, EQUALITY = criterion("impact", 60, 10), criterion("equality", 40, 5)


@dataclass(frozen=True)
class Scored:
    """Criteria with a score for each, within its maximum."""

    criteria: list[Criterion]
    scores: list[Score]


@st.composite
def scored(draw: st.DrawFn) -> Scored:
    criteria = [
        criterion(f"c{index}", draw(st.integers(1, 1000)), draw(st.integers(1, 100)))
        for index in range(draw(st.integers(1, 8)))
    ]
    return Scored(criteria, [score(each.criterion_id, draw(st.integers(0, each.points_max))) for each in criteria])


def by_whole_numbers(case: Scored) -> int:
    """The same points without a fraction: all over one denominator, then half up by whole division."""
    maxima = prod(each.points_max for each in case.criteria)
    over = sum(
        each.weight * given.points * (maxima // each.points_max)
        for each, given in zip(case.criteria, case.scores, strict=True)
    )
    under = maxima * sum(each.weight for each in case.criteria)
    return (2 * 10_000 * over + under) // (2 * under)


# --- the points ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("impact", "equality", "hundredths"),
    [(0, 0, 0), (10, 5, 10_000), (10, 0, 6_000), (0, 5, 4_000), (7, 4, 7_400), (5, 5, 7_000), (1, 0, 600), (0, 1, 800)],
)
def test_each_criterion_counts_with_its_weight_and_its_own_maximum(impact: int, equality: int, hundredths: int) -> None:
    assert weighted((IMPACT, EQUALITY), (score("impact", impact), score("equality", equality))) == hundredths


@pytest.mark.parametrize(
    ("points", "points_max", "hundredths"),
    [(1, 3, 3_333), (2, 3, 6_667), (1, 32, 313), (3, 32, 938), (1, 96, 104), (1, 7, 1_429)],
)
def test_half_a_hundredth_counts_as_a_whole_one(points: int, points_max: int, hundredths: int) -> None:
    assert weighted((criterion("one", 9, points_max),), (score("one", points),)) == hundredths


@settings(print_blob=True)
@given(scored())
def test_points_are_exact_and_lie_between_none_and_all(case: Scored) -> None:
    points = weighted(case.criteria, case.scores)
    assert points == by_whole_numbers(case)
    assert 0 <= points <= 10_000


@settings(print_blob=True)
@given(scored())
def test_all_maxima_are_all_points_and_no_points_are_none(case: Scored) -> None:
    best = [score(each.criterion_id, each.points_max) for each in case.criteria]
    worst = [score(each.criterion_id, 0) for each in case.criteria]
    assert (weighted(case.criteria, best), weighted(case.criteria, worst)) == (10_000, 0)


@settings(print_blob=True)
@given(st.data())
def test_neither_the_order_of_scores_nor_that_of_criteria_matters(data: st.DataObject) -> None:
    case = data.draw(scored())
    scores, criteria = data.draw(st.permutations(case.scores)), data.draw(st.permutations(case.criteria))
    assert weighted(criteria, scores) == weighted(case.criteria, case.scores)


@settings(print_blob=True)
@given(st.data())
def test_a_better_score_never_makes_fewer_points(data: st.DataObject) -> None:
    case = data.draw(scored())
    index = data.draw(st.integers(0, len(case.scores) - 1))
    one, limit = case.scores[index], case.criteria[index].points_max
    better = list(case.scores)
    better[index] = score(one.criterion_id, data.draw(st.integers(one.points, limit)))
    assert weighted(case.criteria, better) >= weighted(case.criteria, case.scores)


@settings(print_blob=True)
@given(scored(), st.integers(2, 9))
def test_weights_count_by_their_proportion_alone(case: Scored, times: int) -> None:
    scaled = [each.model_copy(update={"weight": each.weight * times}) for each in case.criteria]
    assert weighted(scaled, case.scores) == weighted(case.criteria, case.scores)


# --- what is refused -----------------------------------------------------------------------------------------


def problems(*scores: Score) -> list[tuple[str, str, str]]:
    with pytest.raises(SeveralRefused) as caught:
        weighted((IMPACT, EQUALITY), scores)
    return [(each.kind, each.slug, each.field) for each in caught.value.refusals]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([("impact", 1), ("equality", 1), ("novelty", 1)], [("unknown-criterion", "/scores/2/criterion_id")]),
        ([("impact", 1), ("equality", 1), ("impact", 2)], [("scored-twice", "/scores/2/criterion_id")]),
        ([("impact", 11), ("equality", 1)], [("points-over-maximum", "/scores/0/points")]),
        ([("impact", 10), ("equality", 6)], [("points-over-maximum", "/scores/1/points")]),
        ([("impact", 1)], [("criterion-not-scored", "/scores")]),
        ([], [("criterion-not-scored", "/scores")]),
        (
            [("novelty", 1), ("impact", 99), ("impact", 1)],
            [
                ("unknown-criterion", "/scores/0/criterion_id"),
                ("points-over-maximum", "/scores/1/points"),
                ("scored-twice", "/scores/2/criterion_id"),
                ("criterion-not-scored", "/scores"),
            ],
        ),
    ],
)
def test_every_wrong_score_is_told_at_once_with_its_place(
    scores: list[tuple[str, int]], expected: list[tuple[str, str]]
) -> None:
    found = problems(*(score(name, points) for name, points in scores))
    assert found == [("invalid", slug, pointer) for slug, pointer in expected]


def test_a_refusal_says_what_would_be_right() -> None:
    with pytest.raises(SeveralRefused, match="this criterion has 10 points at most; score also equality"):
        weighted((IMPACT, EQUALITY), (score("impact", 11),))


# --- several assessors ---------------------------------------------------------------------------------------


def by(person: str, hundredths: int) -> AssessmentRecorded:
    return fact(AssessmentRecorded, person=person, hundredths=hundredths, points=(hundredths + 50) // 100)


def test_nobodys_assessments_have_no_mean() -> None:
    assert summarise([]) is None


@pytest.mark.parametrize(
    ("points", "mean", "spread"),
    [
        ([7_400], 7_400, 0),
        ([7_400, 7_000], 7_200, 400),
        ([7_000, 7_001], 7_001, 1),
        ([0, 0, 1], 0, 1),
        ([0, 1, 1], 1, 1),
        ([0, 10_000], 5_000, 10_000),
        ([9_999, 10_000], 10_000, 1),
    ],
)
def test_several_assessments_have_a_mean_rounded_half_up_and_a_spread(
    points: list[int], mean: int, spread: int
) -> None:
    summary = summarise([by(f"anna-{index}", each) for index, each in enumerate(points)])
    assert summary == Summary(mean, min(points), max(points), len(points))
    assert summary.spread == spread


@settings(print_blob=True)
@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=5))
def test_a_mean_lies_between_its_bounds_whatever_the_order(points: list[int]) -> None:
    made = summarise([by("anna", each) for each in points])
    assert made == summarise([by("anna", each) for each in reversed(points)])
    assert made is not None
    assert made.lowest <= made.mean <= made.highest
    assert 2 * abs(made.mean * len(points) - sum(points)) <= len(points)


@pytest.mark.parametrize(
    ("value", "whole"),
    [("71.5", 72), ("71.4999", 71), ("0.5", 1), ("72.5", 73), ("0", 0), ("-0.5", -1), ("-71.5", -72), ("-0.4", 0)],
)
def test_a_half_is_rounded_away_from_nothing_as_people_round(value: str, whole: int) -> None:
    assert rounded(Fraction(value)) == whole


# --- versions of a call --------------------------------------------------------------------------------------


def test_a_call_is_known_in_each_of_its_versions() -> None:
    first, second = fact(CallNoted), fact(CallNoted, call_version=2, assessors=3)
    known = assessment.evolve_call(assessment.evolve_call({}, first), second)
    assert known == {1: first, 2: second}
    assert assessment.evolve_call(known, by("anna", 1)) == known


def test_a_refusal_is_one_of_the_rules() -> None:
    with pytest.raises(SeveralRefused) as caught:
        weighted((IMPACT,), ())
    assert all(isinstance(each, Refused) for each in caught.value.refusals)
