"""De minimis aid counts for three years from its granting, and what goes over the limit is not granted."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from schemas.decisions import DeMinimisChanged, DeMinimisGranted
from services.decisions.domain import de_minimis
from services.decisions.domain.de_minimis import Aid, Aids
from tests.unit.given import fact, folded, refused

LIMIT = 30_000_000
FIRST = UUID("019b7a1e-8c00-7000-8000-000000000001")
SECOND = UUID("019b7a1e-8c00-7000-8000-000000000002")


def aids(*granted: tuple[UUID, int, date]) -> Aids:
    return {key: Aid(amount, day) for key, amount, day in granted}


def granted(amount: int, on: date = date(2026, 2, 24)) -> DeMinimisGranted:
    return fact(DeMinimisGranted, application_id=SECOND, amount=amount, granted_on=on)


@pytest.mark.parametrize(
    ("on", "before"),
    [
        (date(2026, 2, 24), date(2023, 2, 24)),
        (date(2028, 2, 29), date(2025, 2, 28)),
        (date(2027, 2, 28), date(2024, 2, 28)),
        (date(2026, 12, 31), date(2023, 12, 31)),
    ],
)
def test_three_years_end_on_the_day_of_the_grant(on: date, before: date) -> None:
    assert de_minimis.three_years_before(on) == before
    day_after = before.replace(day=before.day + 1) if before.day < 28 else date.fromordinal(before.toordinal() + 1)
    assert de_minimis.counted(aids((FIRST, 100, before)), on) == 0
    assert de_minimis.counted(aids((FIRST, 100, day_after)), on) == 100


def test_aid_up_to_the_limit_is_granted_and_says_what_counted_before_it() -> None:
    earlier = aids((FIRST, LIMIT - 5, date(2024, 1, 1)))
    assert de_minimis.grant(earlier, granted(5), LIMIT) == [
        fact(DeMinimisGranted, application_id=SECOND, amount=5, three_years_before=LIMIT - 5)
    ]


def test_a_cent_over_the_limit_is_refused() -> None:
    with refused("de-minimis-exceeded"):
        de_minimis.grant(aids((FIRST, LIMIT - 5, date(2024, 1, 1))), granted(6), LIMIT)


def test_what_was_granted_more_than_three_years_ago_counts_no_longer() -> None:
    assert de_minimis.grant(aids((FIRST, LIMIT, date(2023, 2, 24))), granted(LIMIT), LIMIT)


def test_a_changed_sum_counts_in_place_of_the_first_and_keeps_its_date() -> None:
    nothing: Aids = {}
    before = folded(de_minimis.evolve, nothing, fact(DeMinimisGranted))
    changed = fact(DeMinimisChanged, amount=LIMIT)
    assert de_minimis.change(before, changed, LIMIT) == [changed]
    with refused("de-minimis-exceeded"):
        de_minimis.change(before, fact(DeMinimisChanged, amount=LIMIT + 1), LIMIT)
    after = folded(de_minimis.evolve, before, changed)
    assert after == aids((FIRST, LIMIT, date(2026, 2, 24)))


def test_a_grant_that_is_no_aid_changes_none() -> None:
    assert de_minimis.change({}, fact(DeMinimisChanged), LIMIT) == []
