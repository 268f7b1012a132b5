"""A difference is raised once, explained by one person and accepted by another; only then a month is closed."""

from __future__ import annotations

from uuid import UUID

import pytest

from schemas.facts import Fact
from schemas.payments import DifferenceAccepted, DifferenceExplained, DifferenceRaised
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


def test_a_month_is_closed_once_when_reconciled_with_nothing_open() -> None:
    settled = difference(EXPLAINED, ACCEPTED)
    closed = differences.close("2026-04", "anna", False, True, [settled], [], ["b" * 64, "a" * 64, "b" * 64])
    assert (closed.differences, closed.debits, closed.credits) == (1, 0, 0)
    assert closed.files == ("a" * 64, "b" * 64)
    with refused("closed-already"):
        differences.close("2026-04", "anna", True, True, [settled], [], [])
    with refused("not-reconciled"):
        differences.close("2026-04", "anna", False, False, [], [], [])
    with refused("differences-open"):
        differences.close("2026-04", "anna", False, True, [settled, difference(EXPLAINED)], [], [])
