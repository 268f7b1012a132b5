"""Sharing a sum between ranked applications: three rules, pure, each exact to the cent and never over the sum.

    full_by_rank        in the order of points each gets what it asked for, the one at the edge what is left
    proportional        all who reach the least points get the same share of what they asked for
    floor_and_ceiling   in the order of points each gets the floor while it lasts; what is left goes to all of them in
                        proportion to what they still lack, up to the ceiling

Nobody gets more than was asked for. Equal points are ranked by arrival: by its Helsinki date, which a paper application
has of its own, then by the diary number, which is given in the order of sending and not of opening a draft.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from uuid import UUID

from schemas.decisions import AllocationLine
from schemas.money import split
from schemas.refusals import invalid

Rule = Literal["full_by_rank", "proportional", "floor_and_ceiling"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An application to share with: its points in hundredths, multiplied by its coefficient, and what it can get at
    most, in cents. It is ranked, and the least points are reached, by the multiplied points. `arrived` is the Helsinki
    date of arrival with the running number in the diary.
    """

    application_id: UUID
    hundredths: int
    wanted: int
    arrived: tuple[date, int] = (date.min, 0)


@dataclass(frozen=True, slots=True)
class Terms:
    """How to share: cents to share, the least and most for one (cents), and the least points (0 to 100)."""

    available: int
    floor: int | None = None
    ceiling: int | None = None
    points_min: int = 0


def ranked(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best first; of equals the one that came first."""
    return sorted(candidates, key=lambda each: (-each.hundredths, each.arrived, each.application_id.bytes))


def allocate(rule: Rule, candidates: Sequence[Candidate], terms: Terms) -> list[AllocationLine]:
    """What each candidate gets, in rank order; those below the least points get nothing.

    Raises Refused when the floor lies above the ceiling, or the rule's own bounds are missing.
    """
    if rule == "floor_and_ceiling" and (terms.floor is None or terms.ceiling is None):
        missing = "/floor" if terms.floor is None else "/ceiling"
        raise invalid("bounds-missing", "floor and ceiling belong to this rule", missing)
    if terms.floor is not None and terms.ceiling is not None and terms.floor > terms.ceiling:
        raise invalid("floor-above-ceiling", "the floor is at most the ceiling", "/floor")
    order = ranked(candidates)
    able = [each for each in order if each.hundredths >= terms.points_min * 100 and each.wanted > 0]
    amounts = dict(zip((each.application_id for each in able), _RULES[rule](able, terms), strict=True))
    lines = [
        AllocationLine(application_id=each.application_id, amount=amounts.get(each.application_id, 0)) for each in order
    ]
    assert sum(line.amount for line in lines) <= terms.available
    assert all(line.amount <= each.wanted for line, each in zip(lines, order, strict=True))
    return lines


def _full_by_rank(order: Sequence[Candidate], terms: Terms) -> list[int]:
    left, amounts = terms.available, []
    for each in order:
        amounts.append(min(each.wanted, left))
        left -= amounts[-1]
    return amounts


def _proportional(order: Sequence[Candidate], terms: Terms) -> list[int]:
    wanted = [each.wanted for each in order]
    total = min(terms.available, sum(wanted))
    return split(total, wanted) if total else [0] * len(order)


def _floor_and_ceiling(order: Sequence[Candidate], terms: Terms) -> list[int]:
    floor, ceiling = terms.floor or 0, terms.ceiling or 0
    left, bases, lacking = terms.available, [], []
    reached = True
    for each in order:
        cap = min(each.wanted, ceiling)
        base = min(cap, floor)
        # Nobody is passed over: once the floor of one does not fit, those ranked lower get nothing either.
        reached = reached and base <= left
        bases.append(base if reached else 0)
        lacking.append(cap - base if reached else 0)
        left -= bases[-1]
    rest = min(left, sum(lacking))
    more = split(rest, lacking) if rest else [0] * len(order)
    return [base + share for base, share in zip(bases, more, strict=True)]


_RULES: Final[Mapping[Rule, Callable[[Sequence[Candidate], Terms], list[int]]]] = {
    "full_by_rank": _full_by_rank,
    "proportional": _proportional,
    "floor_and_ceiling": _floor_and_ceiling,
}
