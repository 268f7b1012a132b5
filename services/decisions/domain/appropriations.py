"""Appropriations (*määräraha*), the diary and meetings: the streams that many cases share.

They are written in the same transaction as the case that uses them, at the version at which they were loaded: that is
what makes awards beyond the appropriation, gaps in the diary and two cases in one section impossible.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from schemas.decisions import (
    AppropriationCommitted,
    AppropriationReleased,
    AppropriationSet,
    DiaryNumberAssigned,
)
from schemas.facts import Fact
from schemas.money import euros
from schemas.refusals import conflict, not_found


@dataclass(frozen=True, slots=True)
class Appropriation:
    """How much there is, and how much of it decisions bind; cents."""

    amount: int = 0
    committed: int = 0
    exists: bool = False

    @property
    def free(self) -> int:
        return self.amount - self.committed


def evolve_appropriation(state: Appropriation, fact: Fact) -> Appropriation:
    """The appropriation after a fact."""
    match fact:
        case AppropriationSet():
            return replace(state, amount=fact.amount, exists=True)
        case AppropriationCommitted():
            return replace(state, committed=state.committed + fact.amount)
        case AppropriationReleased():
            return replace(state, committed=state.committed - fact.amount)
    return state


def set_appropriation(state: Appropriation, appropriation_id: str, amount: int) -> list[Fact]:
    """Sets the appropriation; refused below what decisions bind already."""
    if amount < state.committed:
        raise conflict("appropriation-below-commitments", f"decisions bind {euros(state.committed)} already")
    return [AppropriationSet(appropriation_id=appropriation_id, amount=amount)]


def commit(state: Appropriation, appropriation_id: str, application_id: UUID, amount: int) -> list[Fact]:
    """Binds a part of the appropriation (P10); nothing for a sum of zero. Refused when not enough is free."""
    if amount == 0:
        return []
    if not state.exists:
        raise not_found(f"appropriation {appropriation_id}: set it first")
    if amount > state.free:
        raise conflict("appropriation-exceeded", f"{euros(state.free)} of {appropriation_id} is free, "
                       f"which is less than {euros(amount)}")  # fmt: skip
    return [AppropriationCommitted(appropriation_id=appropriation_id, application_id=application_id, amount=amount)]


def evolve_diary(running: int, fact: Fact) -> int:
    """The last running number of the diary's class and year."""
    return fact.running if isinstance(fact, DiaryNumberAssigned) else running


def assign_diary_number(
    running: int, write: Callable[[int, int], str], year: int, application_id: UUID
) -> DiaryNumberAssigned:
    """The next diary number; `write` makes its text of the running number and the year, by the county's pattern."""
    number = running + 1
    return DiaryNumberAssigned(diary_number=write(number, year), running=number, application_id=application_id)
