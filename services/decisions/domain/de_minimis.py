"""De minimis aid: what one undertaking may get in three years (Regulation (EU) 2023/2831).

It counts by the date of granting over any three years that end on the day of the new grant; the limit is county data
(EUR 300,000 for a single undertaking). Source: the domain pages (businessfinland.fi, deminimis.businessjoensuu.fi).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from schemas.decisions import DeMinimisChanged, DeMinimisGranted
from schemas.facts import Fact
from schemas.money import euros
from schemas.refusals import conflict

YEARS = 3


@dataclass(frozen=True, slots=True)
class Aid:
    """Aid granted to an undertaking, in cents, on a Helsinki date."""

    amount: int
    granted_on: date


Aids = Mapping[UUID, Aid]
"""An undertaking's aid by application."""


def evolve(aids: Aids, fact: Fact) -> Aids:
    """The undertaking's aid after a fact."""
    match fact:
        case DeMinimisGranted():
            return {**aids, fact.application_id: Aid(fact.amount, fact.granted_on)}
        case DeMinimisChanged():
            return {**aids, fact.application_id: replace(aids[fact.application_id], amount=fact.amount)}
    return aids


def three_years_before(day: date) -> date:
    """The same day three years earlier; 28 February for a leap day. Aid of that day counts no longer."""
    if (day.month, day.day) == (2, 29):
        return date(day.year - YEARS, 2, 28)
    return day.replace(year=day.year - YEARS)


def counted(aids: Aids, on: date, *, without: UUID | None = None) -> int:
    """What counts on a day, in cents: granted in the three years that end on it; `without` leaves one grant out. What
    was granted after that day and recorded before it counts too: three years end on that later day as well.
    """
    start = three_years_before(on)
    return sum(aid.amount for key, aid in aids.items() if key != without and start < aid.granted_on)


def grant(aids: Aids, granted: DeMinimisGranted, limit: int) -> list[Fact]:
    """Grants aid. Refused when it would go over the limit; `three_years_before` is set to what counts before it."""
    before = counted(aids, granted.granted_on)
    _check(before, granted.amount, limit)
    return [granted.model_copy(update={"three_years_before": before})]


def change(aids: Aids, changed: DeMinimisChanged, limit: int) -> list[Fact]:
    """Changes the sum of an aid; nothing for a grant that is none. Refused when it would go over the limit."""
    aid = aids.get(changed.application_id)
    if aid is None or aid.amount == changed.amount:
        return []
    _check(counted(aids, changed.changed_on, without=changed.application_id), changed.amount, limit)
    return [changed]


def _check(before: int, amount: int, limit: int) -> None:
    if before + amount > limit:
        raise conflict(
            "de-minimis-exceeded",
            f"{euros(before)} of de minimis aid count in three years already: {euros(max(0, limit - before))} can be "
            "granted at most",
        )
