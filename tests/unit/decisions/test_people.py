"""Who acts or signs for an applicant takes no part in its cases, on the days on which they do."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from schemas.decisions import CaseOpened, ConflictDeclared, PersonNoted
from services.decisions.domain import cases, people
from tests.unit.decisions.test_cases import ACTS, case
from tests.unit.given import fact, folded

FIRST, LAST = date(2026, 3, 1), date(2026, 6, 30)
FIRST_ID, SECOND_ID = UUID("019b7a1e-8c00-7000-8000-0000000000a1"), UUID("019b7a1e-8c00-7000-8000-0000000000a2")


def known(*noted: PersonNoted) -> people.People:
    return folded(people.evolve, {}, *noted)


def noted(person: str = "anna", person_id: UUID = FIRST_ID, **changed: date | None) -> PersonNoted:
    return fact(PersonNoted, person=person, person_id=person_id, **changed)


@pytest.mark.parametrize(
    ("today", "holds"),
    [
        (date(2026, 2, 28), False),
        (FIRST, True),
        (date(2026, 4, 15), True),
        (LAST, True),
        (date(2026, 7, 1), False),
    ],
)
def test_a_part_is_in_force_from_its_first_day_to_its_last(today: date, holds: bool) -> None:
    state = known(noted(valid_from=FIRST, valid_until=LAST))
    assert people.in_force(state, today) == (frozenset({"anna"}) if holds else frozenset())


@pytest.mark.parametrize(("today", "holds"), [(date(2026, 2, 28), False), (FIRST, True), (date(2099, 1, 1), True)])
def test_a_part_without_an_end_goes_on(today: date, holds: bool) -> None:
    assert ("anna" in people.in_force(known(noted(valid_from=FIRST, valid_until=None)), today)) is holds


def test_a_part_that_ended_is_no_more_and_a_day_alone_is_a_period() -> None:
    state = known(noted(valid_from=FIRST, valid_until=None), noted(valid_from=FIRST, valid_until=FIRST))
    assert people.in_force(state, FIRST) == {"anna"}
    assert people.in_force(state, date(2026, 3, 2)) == frozenset()


def test_one_person_with_two_parts_is_tied_while_either_holds() -> None:
    state = known(
        noted(valid_from=FIRST, valid_until=FIRST), noted(person_id=SECOND_ID, valid_from=LAST, valid_until=LAST)
    )
    days = (FIRST, date(2026, 4, 1), LAST)
    assert [sorted(people.in_force(state, day)) for day in days] == [["anna"], [], ["anna"]]


def test_other_facts_name_nobody() -> None:
    assert known() == people.evolve({}, fact(CaseOpened))


@pytest.mark.parametrize("act", [*ACTS, "decide_task"])
def test_whoever_is_tied_to_the_applicant_takes_no_part_in_any_act(act: str) -> None:
    tied = people.in_force(known(noted(valid_from=FIRST)), FIRST)
    refusal = cases.attempt(case(), "anna", act, tied)
    assert refusal is not None
    assert (refusal.person, refusal.act) == ("anna", act)
    assert "acts for the applicant" in refusal.reason
    assert cases.attempt(case(), "bertta", act, tied) is None


def test_a_declared_conflict_is_named_before_what_was_found() -> None:
    refusal = cases.attempt(case(fact(ConflictDeclared, person="anna")), "anna", "assess", frozenset({"anna"}))
    assert refusal is not None
    assert refusal.reason == "anna is disqualified in this case"
