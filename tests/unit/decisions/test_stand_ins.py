"""Stand-ins. Given who stands in for whom, when somebody is named, ends it or decides, then facts or a refusal."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.decisions import DecisionMade, StandInEnded, StandInNamed
from schemas.facts import Fact
from schemas.refusals import Refused
from services.decisions.domain import stand_ins
from services.decisions.domain.stand_ins import StandIns
from tests.unit.given import fact, folded, refused

FIRST, LAST = date(2026, 7, 1), date(2026, 7, 31)
NAMED = fact(StandInNamed, principal="anna", stand_in="olga", person="anna")
"""Olga stands in for Anna from 1.7. to 31.7. up to 5 000 euros."""
ENDED = fact(StandInEnded, person="anna")
"""Anna is back after 15.7."""
JUNE = date(2026, 6, 1)


def state(*facts: Fact) -> StandIns:
    return folded(stand_ins.evolve, {}, *facts)


def named(number: int, **changed: object) -> StandInNamed:
    return fact(StandInNamed, **{"stand_in_id": UUID(int=number), "principal": "anna", "stand_in": "olga", **changed})


# --- naming --------------------------------------------------------------------------------------------------


def test_a_decision_maker_names_a_stand_in() -> None:
    assert stand_ins.name(state(), NAMED, JUNE) == [NAMED]
    assert state(NAMED) == {NAMED.stand_in_id: NAMED}


def test_nobody_stands_in_for_themselves() -> None:
    with refused("own-stand-in", "invalid", "/stand_in"):
        stand_ins.name(state(), named(1, stand_in="anna"), JUNE)


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "today", "fits"),
    [
        (FIRST, FIRST, JUNE, True),
        (FIRST, date(2026, 6, 30), JUNE, False),
        (FIRST, LAST, LAST, True),
        (FIRST, LAST, date(2026, 8, 1), False),
    ],
)
def test_a_period_ends_on_or_after_its_first_day_and_today(
    valid_from: date, valid_until: date, today: date, fits: bool
) -> None:
    made = named(1, valid_from=valid_from, valid_until=valid_until)
    if fits:
        assert stand_ins.name(state(), made, today) == [made]
        return
    with refused("period-over", "invalid", "/valid_until"):
        stand_ins.name(state(), made, today)


@pytest.mark.parametrize(("limit", "fits"), [(1, True), (0, False)])
def test_a_stand_in_decides_up_to_more_than_nothing(limit: int, fits: bool) -> None:
    if fits:
        assert len(stand_ins.name(state(), named(1, limit=limit), JUNE)) == 1
        return
    with refused("limit-missing", "invalid", "/limit"):
        stand_ins.name(state(), named(1, limit=limit), JUNE)


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "fits"),
    [
        (date(2026, 6, 1), date(2026, 6, 30), True),
        (date(2026, 6, 1), FIRST, False),
        (LAST, date(2026, 8, 31), False),
        (date(2026, 8, 1), date(2026, 8, 31), True),
        (date(2026, 7, 10), date(2026, 7, 11), False),
        (date(2026, 6, 1), date(2026, 8, 31), False),
    ],
)
def test_a_decision_maker_has_one_stand_in_on_a_day(valid_from: date, valid_until: date, fits: bool) -> None:
    other = named(2, stand_in="otto", valid_from=valid_from, valid_until=valid_until)
    if fits:
        assert stand_ins.name(state(NAMED), other, JUNE) == [other]
        return
    with refused("stood-in-already"):
        stand_ins.name(state(NAMED), other, JUNE)


def test_what_ended_early_leaves_its_later_days_free() -> None:
    other = named(2, stand_in="otto", valid_from=date(2026, 7, 16), valid_until=LAST)
    assert stand_ins.name(state(NAMED, ENDED), other, JUNE) == [other]
    with refused("stood-in-already"):
        stand_ins.name(state(NAMED, ENDED), named(2, valid_from=date(2026, 7, 15), valid_until=LAST), JUNE)


def test_what_ended_before_its_first_day_is_in_nobodys_way() -> None:
    cancelled = state(NAMED, fact(StandInEnded, person="anna", valid_until="2026-06-05"))
    assert stand_ins.stands_for(cancelled, "olga", FIRST) == []
    whole = named(2, stand_in="otto", valid_from=JUNE, valid_until=LAST)
    assert stand_ins.name(cancelled, whole, JUNE) == [whole]


def test_one_person_stands_in_for_two_at_a_time() -> None:
    other = named(2, principal="bertta")
    assert stand_ins.name(state(NAMED), other, JUNE) == [other]


def test_two_do_not_stand_in_for_each_other_at_a_time() -> None:
    back = named(2, principal="olga", stand_in="anna")
    with refused("in-a-circle"):
        stand_ins.name(state(NAMED), back, JUNE)
    later = named(2, principal="olga", stand_in="anna", valid_from=date(2026, 8, 1), valid_until=date(2026, 8, 9))
    assert stand_ins.name(state(NAMED), later, JUNE) == [later]


# --- ending --------------------------------------------------------------------------------------------------


def test_a_standing_in_ends_early_and_keeps_everything_else() -> None:
    assert stand_ins.end(state(NAMED), ENDED, FIRST) == [ENDED]
    [after] = state(NAMED, ENDED).values()
    assert after == NAMED.model_copy(update={"valid_until": date(2026, 7, 15)})


@pytest.mark.parametrize(
    ("today", "last", "fits"),
    [
        (date(2026, 7, 15), date(2026, 7, 15), True),
        (date(2026, 7, 15), date(2026, 7, 14), False),
        (date(2026, 7, 15), date(2026, 7, 30), True),
        (date(2026, 7, 15), LAST, False),
        (date(2026, 7, 15), date(2026, 8, 1), False),
    ],
)
def test_the_new_last_day_lies_between_today_and_the_old_one(today: date, last: date, fits: bool) -> None:
    ended = fact(StandInEnded, person="anna", valid_until=last)
    if fits:
        assert stand_ins.end(state(NAMED), ended, today) == [ended]
        return
    with refused("no-earlier-end", "invalid", "/valid_until"):
        stand_ins.end(state(NAMED), ended, today)


@pytest.mark.parametrize("person", ["olga", "bertta"])
def test_only_who_named_the_stand_in_ends_it_and_others_learn_of_none(person: str) -> None:
    with refused("not-found", "not_found"):
        stand_ins.end(state(NAMED), fact(StandInEnded, person=person), FIRST)
    with refused("not-found", "not_found"):
        stand_ins.end(state(), ENDED, FIRST)


# --- deciding ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "stands"),
    [(date(2026, 6, 30), False), (FIRST, True), (date(2026, 7, 16), True), (LAST, True), (date(2026, 8, 1), False)],
)
def test_somebody_stands_in_from_the_first_day_to_the_last(on: date, stands: bool) -> None:
    assert stand_ins.stands_for(state(NAMED), "olga", on) == ([NAMED] if stands else [])


def test_nobody_else_stands_in_and_an_early_end_counts() -> None:
    assert stand_ins.stands_for(state(NAMED), "anna", FIRST) == []
    assert stand_ins.stands_for(state(NAMED), "otto", FIRST) == []
    ended = state(NAMED, ENDED)
    assert [each.principal for each in stand_ins.stands_for(ended, "olga", date(2026, 7, 15))] == ["anna"]
    assert stand_ins.stands_for(ended, "olga", date(2026, 7, 16)) == []


def test_standing_in_is_not_passed_on() -> None:
    passed_on = named(2, principal="olga", stand_in="otto")
    chain = state(NAMED, passed_on)
    assert [each.principal for each in stand_ins.stands_for(chain, "otto", FIRST)] == ["olga"]


@pytest.mark.parametrize(("amount", "may"), [(0, True), (500_000, True), (500_001, False)])
def test_a_stand_in_decides_up_to_the_limit(amount: int, may: bool) -> None:
    told = stand_ins.why_not(NAMED, amount, frozenset())
    assert told == (None if may else "olga stands in for anna up to 5000.00 EUR")


def test_nobody_decides_in_the_place_of_one_who_prepared_or_decided_it() -> None:
    told = stand_ins.why_not(NAMED, 1, frozenset({"anna", "otto"}))
    assert told == "anna prepared or decided it before, and so nobody decides in their place"
    assert stand_ins.why_not(NAMED, 1, frozenset({"otto"})) is None


def test_another_fact_changes_nothing() -> None:
    before = state(NAMED)
    assert stand_ins.evolve(before, fact(DecisionMade)) == before


_PEOPLE = st.sampled_from(["anna", "bertta", "olga"])
_DAY = st.integers(0, 20).map(lambda number: date.fromordinal(FIRST.toordinal() + number))


@settings(print_blob=True)
@given(st.lists(st.tuples(_PEOPLE, _PEOPLE, _DAY, _DAY, st.booleans()), max_size=12))
def test_on_no_day_has_anybody_two_stand_ins_or_stands_in_for_their_own(
    acts: list[tuple[str, str, date, date, bool]],
) -> None:
    known: StandIns = {}
    for number, (principal, stand_in, first, second, ends) in enumerate(acts):
        try:
            if ends and known:
                chosen = min(known)
                ended = fact(StandInEnded, stand_in_id=chosen, valid_until=second, person=principal)
                facts = stand_ins.end(known, ended, first)
            else:
                made = named(number, principal=principal, stand_in=stand_in, valid_from=first, valid_until=second)
                facts = stand_ins.name(known, made, FIRST)
        except Refused:
            continue
        known = folded(stand_ins.evolve, known, *facts)
        for day in (date.fromordinal(FIRST.toordinal() + number) for number in range(21)):
            pairs = [(each.principal, each.stand_in) for each in known.values()
                     if each.valid_from <= day <= each.valid_until]  # fmt: skip
            assert len({principal for principal, _ in pairs}) == len(pairs)
            assert not any((stand_in, principal) in pairs for principal, stand_in in pairs)
