"""A difference is raised once, explained by one person and accepted by another, and opened again where
that did not hold.
"""

from __future__ import annotations

from uuid import UUID

import pytest

from schemas.facts import Fact
from schemas.payments import (
    DifferenceAccepted,
    DifferenceAssigned,
    DifferenceCommented,
    DifferenceDissolved,
    DifferenceExplained,
    DifferenceRaised,
    DifferenceReopened,
)
from services.payments.domain import differences
from services.payments.domain.differences import Difference
from services.payments.domain.reconciliation import Line
from tests.unit.given import fact, folded, refused

LINE = Line("amount_differs", "av-1", "1500.00 EUR", "1500.01 EUR", 150_000, UUID(int=1))


def difference(*facts: Fact) -> Difference:
    state = folded(differences.evolve, None, fact(DifferenceRaised), *facts)
    assert state is not None
    return state


EXPLAINED = fact(DifferenceExplained, person="anna")
ACCEPTED = fact(DifferenceAccepted, person="bertta")
DISSOLVED = fact(DifferenceDissolved)
REOPENED = fact(DifferenceReopened)


def test_the_same_line_of_a_month_has_the_same_id_and_another_has_another() -> None:
    raised = differences.raise_difference("2026-04", LINE)
    assert raised == differences.raise_difference("2026-04", LINE)
    assert (raised.difference_class, raised.amount, raised.application_id) == ("amount_differs", 150_000, UUID(int=1))
    others = [("2026-05", LINE), ("2026-04", Line("amount_differs", "av-2", "x", "y", 1))]
    assert len({raised.difference_id, *(differences.difference_id(*each) for each in others)}) == 3


def test_what_matches_is_no_difference() -> None:
    with pytest.raises(AssertionError):
        differences.raise_difference("2026-04", Line("matched", "av-1", "x", "x", 1))


def test_four_eyes_explain_and_accept() -> None:
    [explained] = differences.explain(difference(), "anna", "Näppäilyvirhe")
    assert explained == EXPLAINED
    with refused("own-explanation", "forbidden"):
        differences.accept(difference(EXPLAINED), "anna", "Korjattu")
    assert differences.accept(difference(EXPLAINED), "bertta", "Korjattu") == [ACCEPTED]


def test_the_last_explanation_counts_for_four_eyes() -> None:
    state = difference(EXPLAINED, fact(DifferenceExplained, person="bertta"))
    with refused("own-explanation", "forbidden"):
        differences.accept(state, "bertta", "Korjattu")


def test_a_difference_is_explained_before_it_is_accepted_and_settled_once() -> None:
    with refused("not-explained"):
        differences.accept(difference(), "bertta", "Korjattu")
    settled = difference(EXPLAINED, ACCEPTED)
    with refused("accepted-already"):
        differences.accept(settled, "cecilia", "Korjattu")
    with refused("accepted-already"):
        differences.explain(settled, "cecilia", "Uudelleen")


@pytest.mark.parametrize("settling", [(EXPLAINED, ACCEPTED), (DISSOLVED,), (EXPLAINED, DISSOLVED)])
def test_what_is_settled_is_neither_explained_nor_accepted_nor_given_to_anybody(settling: tuple[Fact, ...]) -> None:
    state = difference(*settling)
    assert state.settled
    with refused("accepted-already"):
        differences.explain(state, "cecilia", "Uudelleen")
    with refused("accepted-already"):
        differences.assign(state, "cecilia", "anna")
    if state.explained is not None:
        with refused("accepted-already"):
            differences.accept(state, "cecilia", "Korjattu")


def test_a_difference_is_given_to_somebody_and_not_twice_to_the_same() -> None:
    assert differences.assign(difference(), "finance-1", "finance-2") == [fact(DifferenceAssigned)]
    given = difference(fact(DifferenceAssigned))
    assert differences.assign(given, "finance-1", "finance-2") == []
    assert differences.assign(given, "finance-3", "finance-2") == [fact(DifferenceAssigned, assignee="finance-3")]


def test_remarks_are_taken_also_after_it_is_settled() -> None:
    for state in (difference(), difference(EXPLAINED, ACCEPTED), difference(DISSOLVED)):
        assert differences.comment(state, "Kysytty pankilta", "finance-1") == [fact(DifferenceCommented)]


@pytest.mark.parametrize("settling", [(EXPLAINED, ACCEPTED), (DISSOLVED,)])
def test_what_is_settled_is_reopened_and_explained_and_accepted_anew(settling: tuple[Fact, ...]) -> None:
    assert differences.reopen(difference(*settling), "Selitys ei pitänyt", "finance-2") == [REOPENED]
    again = difference(*settling, REOPENED)
    assert (again.settled, again.explained) == (False, None)
    with refused("not-explained"):
        differences.accept(again, "bertta", "Korjattu")
    assert differences.accept(difference(*settling, REOPENED, EXPLAINED), "bertta", "Korjattu") == [ACCEPTED]


def test_what_is_open_is_not_reopened() -> None:
    for state in (difference(), difference(EXPLAINED)):
        with refused("not-settled"):
            differences.reopen(state, "Selitys ei pitänyt", "finance-2")


def test_a_later_run_raises_the_same_line_no_second_time() -> None:
    raised = fact(DifferenceRaised)
    assert differences.find_again(None, raised) == [raised]
    for state in (
        difference(),
        difference(EXPLAINED),
        difference(EXPLAINED, ACCEPTED),
        difference(DISSOLVED, REOPENED),
    ):
        assert differences.find_again(state, raised) == []


def test_what_had_dissolved_and_is_found_again_is_open_again() -> None:
    [again] = differences.find_again(difference(DISSOLVED), fact(DifferenceRaised))
    assert again == fact(DifferenceReopened, reason="a later run found it again", person="reconciliation")


@pytest.mark.parametrize("before", [(), (EXPLAINED,), (EXPLAINED, ACCEPTED), (DISSOLVED,)])
def test_a_line_that_differs_by_something_else_is_raised_anew_and_stays_with_its_assignee(
    before: tuple[Fact, ...],
) -> None:
    state = difference(fact(DifferenceAssigned), *before)
    other = fact(DifferenceRaised, found="9.99 EUR")
    assert differences.find_again(state, other) == [other]
    anew = folded(differences.evolve, state, other)
    assert anew == Difference(other, "finance-1")


def test_what_a_run_finds_no_more_dissolves_once_unless_it_is_settled() -> None:
    found = "the sides agree: it was put right on its side"
    for state in (difference(), difference(EXPLAINED), difference(DISSOLVED, REOPENED)):
        assert differences.dissolve(state, 2) == [fact(DifferenceDissolved, run=2, found=found)]
    for state in (difference(DISSOLVED), difference(EXPLAINED, ACCEPTED)):
        assert differences.dissolve(state, 2) == []
