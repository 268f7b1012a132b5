"""Stand-ins (*sijainen*): who decides for a decision maker on holiday, for how long and up to what sum.

A stand-in never gets round P8: who proposed does not decide for another either, and nobody decides for somebody who
proposed. Standing in is not passed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from schemas.decisions import StandInEnded, StandInNamed
from schemas.facts import Fact
from schemas.money import euros
from schemas.refusals import conflict, invalid, not_found

StandIns = Mapping[UUID, StandInNamed]
"""Every stand-in by its id, with its last day as it is now."""


def evolve(state: StandIns, fact: Fact) -> StandIns:
    """The stand-ins after a fact."""
    match fact:
        case StandInNamed():
            return {**state, fact.stand_in_id: fact}
        case StandInEnded():
            before = state[fact.stand_in_id]
            return {**state, fact.stand_in_id: before.model_copy(update={"valid_until": fact.valid_until})}
    return state


def name(state: StandIns, named: StandInNamed, today: date) -> list[Fact]:
    """A decision maker names somebody else for a time that is not over; not somebody whom they stand in for."""
    if named.stand_in == named.principal:
        raise invalid("own-stand-in", "the stand-in is another person", "/stand_in")
    if named.valid_until < max(named.valid_from, today):
        raise invalid("period-over", "the period ends on or after its first day and today", "/valid_until")
    if named.limit == 0:
        raise invalid("limit-missing", "a stand-in decides up to a sum that is more than nothing", "/limit")
    for other in state.values():
        # What ended before its first day overlaps nothing.
        first, last = max(other.valid_from, named.valid_from), min(other.valid_until, named.valid_until)
        overlaps = first <= last
        if overlaps and other.principal == named.principal:
            raise conflict("stood-in-already", f"{other.stand_in} stands in for {named.principal} until "
                           f"{other.valid_until:%-d.%-m.%Y}: end that first")  # fmt: skip
        if overlaps and named.principal == other.stand_in and named.stand_in == other.principal:
            raise conflict("in-a-circle", f"{named.principal} stands in for {named.stand_in} in that time")
    return [named]


def end(state: StandIns, ended: StandInEnded, today: date) -> list[Fact]:
    """Ends a standing in early, today at the earliest. Who is not its principal is told that there is none."""
    known = state.get(ended.stand_in_id)
    if known is None or known.principal != ended.person:
        raise not_found("stand-in of yours with this id")
    if not today <= ended.valid_until < known.valid_until:
        raise invalid("no-earlier-end", f"the new last day lies between today and {known.valid_until:%-d.%-m.%Y}",
                      "/valid_until")  # fmt: skip
    return [ended]


def stands_for(state: StandIns, person: str, on: date) -> list[StandInNamed]:
    """For whom a person stands in on a Helsinki date."""
    return [each for each in state.values() if each.stand_in == person and each.valid_from <= on <= each.valid_until]


def why_not(named: StandInNamed, amount: int, shut_out: frozenset[str]) -> str | None:
    """Why a stand-in may not decide on so much (cents), else None. `shut_out` are those who proposed, or made the
    decision that is claimed against: nobody decides in their place.
    """
    if amount > named.limit:
        return f"{named.stand_in} stands in for {named.principal} up to {euros(named.limit)}"
    if named.principal in shut_out:
        return f"{named.principal} prepared or decided it before, and so nobody decides in their place"
    return None
