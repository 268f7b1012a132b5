"""Statements of an account follow each other: what is missing is told, what comes late closes the gap, and a corrected
one names the file that it replaces.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.payments import BankFileImported, StatementNoted
from services.payments.domain.statements import MISSING_MAX, Account, evolve, note
from tests.unit.given import fact

FIRST = date(2026, 1, 1)


def came(number: int | None, day: date | None = None, **changed: Any) -> StatementNoted:
    """A statement of one day, by default the day of its number; its balances follow the number as well."""
    on = day or FIRST + timedelta(days=(number or 1) - 1)
    told = {
        "sequence": number, "statement_id": f"S{on}", "first_day": on, "last_day": on, "opening": (number or 0) * 100,
        "closing": ((number or 0) + 1) * 100, "sha256": f"{abs(hash((number, on))) % 16**8:064x}", "missing": (),
        "follows": None, "corrects": None,
    }  # fmt: skip
    return fact(StatementNoted, **(told | changed))


def noted(state: Account, *statements: StatementNoted) -> tuple[Account, list[StatementNoted]]:
    facts: list[StatementNoted] = []
    for each in statements:
        for made in note(state, each):
            assert isinstance(made, StatementNoted)
            facts.append(made)
            state = evolve(state, made)
    return state, facts


def test_the_first_statement_of_an_account_misses_nothing() -> None:
    state, [first] = noted(Account(), came(64))
    assert (first.missing, first.follows, first.corrects, state.missing) == ((), None, None, [])


def test_numbers_that_did_not_come_are_told_and_a_late_one_closes_its_gap() -> None:
    state, [_, third] = noted(Account(), came(64), came(67))
    assert (third.missing, third.follows) == ((65, 66), False)
    assert state.missing == [(2026, 65), (2026, 66)]
    state, [late] = noted(state, came(65))
    assert (late.missing, late.follows, state.missing) == ((), True, [(2026, 66)])
    state, [last] = noted(state, came(66))
    assert (last.follows, state.missing, state.gaps()) == (True, [], [])


def test_a_balance_that_does_not_follow_is_told_even_where_no_number_is_missing() -> None:
    state, [_, second] = noted(Account(), came(1), came(2, opening=199))
    assert (second.missing, second.follows) == ((), False)
    [gap] = state.gaps()
    assert (gap.missing, gap.follows) == ((), False)
    assert "2/2026 (2.1.2026)" in gap.sentence
    assert "begins with 1.99 EUR" in gap.sentence
    assert "ended with 2.00 EUR" in gap.sentence
    state, [corrected] = noted(state, came(2, sha256="c" * 64))
    assert (corrected.follows, state.gaps()) == (True, [])


def test_the_same_file_again_is_nothing_new() -> None:
    state, _ = noted(Account(), came(1))
    assert note(state, came(1)) == []


def test_a_corrected_statement_names_the_file_that_it_replaces_and_follows_the_one_before_it() -> None:
    state, facts = noted(Account(), came(1), came(2))
    _, [corrected] = noted(state, came(2, sha256="c" * 64, closing=350))
    assert (corrected.corrects, corrected.follows, corrected.missing) == (facts[1].sha256, True, ())


def test_a_correction_of_what_came_first_is_measured_by_nothing() -> None:
    _, [_, corrected] = noted(Account(), came(1), came(1, sha256="c" * 64, opening=5))
    assert corrected.follows is None


def test_numbers_begin_anew_with_a_year_and_what_is_missing_before_is_told() -> None:
    december, january = came(250, date(2026, 12, 30)), came(3, date(2027, 1, 7), opening=25_100)
    state, [_, third] = noted(Account(), december, january)
    assert (third.missing, third.follows) == ((1, 2), True)
    assert state.missing == [(2027, 1), (2027, 2)]


def test_a_number_of_another_year_closes_no_gap() -> None:
    state, _ = noted(Account(), came(1), came(3), came(1, date(2027, 1, 2)), came(2, date(2027, 1, 3)))
    assert state.missing == [(2026, 2)]


def test_numbers_that_run_on_over_the_year_miss_nothing_by_number() -> None:
    state, [_, next_year] = noted(Account(), came(250, date(2026, 12, 30)), came(252, date(2027, 1, 2)))
    assert (next_year.missing, next_year.follows, state.missing) == ((), False, [])


def test_a_number_far_away_does_not_fill_the_memory() -> None:
    _, [_, far] = noted(Account(), came(1), came(10**9 - 1, date(2026, 1, 2)))
    assert (len(far.missing), far.missing[-1]) == (MISSING_MAX, 10**9 - 2)


def test_statements_without_numbers_follow_by_their_balances() -> None:
    one = came(None, date(2026, 1, 1), opening=0, closing=10)
    two = came(None, date(2026, 1, 2), opening=11, closing=12)
    again = came(None, date(2026, 1, 2), opening=10, closing=12, sha256="c" * 64)
    _, [_, second, corrected] = noted(Account(), one, two, again)
    assert (second.follows, corrected.corrects) == (False, second.sha256)


def test_a_number_follows_the_number_before_it_whatever_came_without_one() -> None:
    loose = came(None, date(2026, 1, 1), opening=7, closing=8)
    _, [_, _, second] = noted(Account(), came(1), loose, came(2))
    assert second.follows is True


@given(st.permutations(range(1, 9)))
def test_in_whatever_order_they_come_nothing_is_missing_in_the_end(order: list[int]) -> None:
    state = Account()
    for place, number in enumerate(order):
        state, _ = noted(state, came(number))
        here = order[: place + 1]
        assert {each for _, each in state.missing} == set(range(min(here), max(here))) - set(here)
    assert state.gaps() == []


def test_other_facts_change_nothing() -> None:
    state = evolve(Account(), came(1))
    assert evolve(state, fact(BankFileImported)) is state
