"""Awards never exceed the appropriation; diary numbers have no gaps."""

from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.decisions import (
    AppropriationCommitted,
    AppropriationReleased,
    AppropriationSet,
    DiaryNumberAssigned,
)
from schemas.refusals import Refused
from services.decisions.domain import appropriations
from services.decisions.domain.appropriations import Appropriation
from tests.unit.given import fact, folded, refused

NAME, APPLICATION = "operating-2026", UUID("019b7a1e-8c00-7000-8000-000000000001")


def of(*changes: AppropriationSet | AppropriationCommitted | AppropriationReleased) -> Appropriation:
    return folded(appropriations.evolve_appropriation, Appropriation(), *changes)


def test_exactly_what_is_free_is_bound_and_not_a_cent_more() -> None:
    state = of(fact(AppropriationSet, amount=1000), fact(AppropriationCommitted, amount=400))
    assert appropriations.commit(state, NAME, APPLICATION, 600) == [
        AppropriationCommitted(appropriation_id=NAME, application_id=APPLICATION, amount=600)
    ]
    with refused("appropriation-exceeded"):
        appropriations.commit(state, NAME, APPLICATION, 601)


def test_what_is_released_is_free_again() -> None:
    state = of(
        fact(AppropriationSet, amount=1000),
        fact(AppropriationCommitted, amount=1000),
        fact(AppropriationReleased, amount=300),
    )
    assert state.free == 300


def test_nothing_is_bound_for_nothing() -> None:
    assert appropriations.commit(Appropriation(), NAME, APPLICATION, 0) == []


def test_there_must_be_an_appropriation() -> None:
    with refused("not-found", "not_found"):
        appropriations.commit(Appropriation(), NAME, APPLICATION, 1)


def test_an_appropriation_is_not_set_below_what_decisions_bind() -> None:
    state = of(fact(AppropriationSet, amount=1000), fact(AppropriationCommitted, amount=400))
    assert appropriations.set_appropriation(state, NAME, 400) == [fact(AppropriationSet, amount=400)]
    with refused("appropriation-below-commitments"):
        appropriations.set_appropriation(state, NAME, 399)


@settings(print_blob=True)
@given(st.lists(st.tuples(st.sampled_from(["set", "commit", "release"]), st.integers(0, 1000)), max_size=30))
def test_no_sequence_of_commands_binds_more_than_there_is(acts: list[tuple[str, int]]) -> None:
    state = Appropriation()
    for act, amount in acts:
        try:
            if act == "set":
                facts = appropriations.set_appropriation(state, NAME, amount)
            elif act == "commit":
                facts = appropriations.commit(state, NAME, APPLICATION, amount)
            else:
                freed = min(amount, state.committed)
                facts = [fact(AppropriationReleased, amount=freed)] if freed else []
        except Refused:
            continue
        state = folded(appropriations.evolve_appropriation, state, *facts)
        assert 0 <= state.committed <= state.amount


def test_diary_numbers_go_on_without_a_gap() -> None:
    running = 0
    for expected in (1, 2, 3):
        made = appropriations.assign_diary_number(running, lambda n, year: f"{n}/x/{year}", 2026, APPLICATION)
        assert (made.running, made.diary_number) == (expected, f"{expected}/x/2026")
        running = appropriations.evolve_diary(running, made)
    assert appropriations.evolve_diary(3, fact(DiaryNumberAssigned)) == 17
