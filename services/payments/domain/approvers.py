"""Who may approve how much: a person's own limit, and that of whom they stand in for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from schemas.facts import Fact
from schemas.payments import ApproverLimitSet, ApproverStandInEnded, ApproverStandInNamed
from schemas.refusals import conflict, forbidden, invalid, not_found


@dataclass(frozen=True, slots=True)
class Approvers:
    """The limits that were set, in their order, and the stand-ins with their last day as it is now."""

    limits: tuple[ApproverLimitSet, ...] = ()
    stand_ins: Mapping[UUID, ApproverStandInNamed] = field(default_factory=dict)

    def limit_of(self, person: str, on: date, default: int | None) -> int | None:
        """A person's limit in cents on a Helsinki date, the one that was set last; None for no limit."""
        for each in reversed(self.limits):
            if (
                each.approver == person
                and each.valid_from <= on
                and (each.valid_until is None or on <= each.valid_until)
            ):
                return each.limit
        return default

    def principals_of(self, person: str, on: date) -> list[ApproverStandInNamed]:
        """For whom a person stands in on a Helsinki date."""
        named = self.stand_ins.values()
        return [each for each in named if each.stand_in == person and each.valid_from <= on <= each.valid_until]


def evolve(state: Approvers, fact: Fact) -> Approvers:
    """Who may approve after a fact."""
    match fact:
        case ApproverLimitSet():
            return replace(state, limits=(*state.limits, fact))
        case ApproverStandInNamed():
            return replace(state, stand_ins={**state.stand_ins, fact.stand_in_id: fact})
        case ApproverStandInEnded():
            before = state.stand_ins[fact.stand_in_id]
            ended = before.model_copy(update={"valid_until": fact.valid_until})
            return replace(state, stand_ins={**state.stand_ins, fact.stand_in_id: ended})
    return state


def set_limit(state: Approvers, given: ApproverLimitSet) -> list[Fact]:
    """Sets a person's limit; nobody sets their own."""
    if given.approver == given.person:
        raise forbidden("own-limit", "nobody sets the limit of their own approvals")
    if given.valid_until is not None and given.valid_until < given.valid_from:
        raise invalid("period-backwards", "the period ends on or after its first day", "/valid_until")
    last = next((each for each in reversed(state.limits) if each.approver == given.approver), None)
    return [] if given == last else [given]


def name_stand_in(state: Approvers, named: ApproverStandInNamed, today: date, own_limit: int | None) -> list[Fact]:
    """An approver names somebody for a time that is not over, with a limit within their own (cents, None for none)."""
    if named.stand_in == named.principal:
        raise invalid("own-stand-in", "the stand-in is another person", "/stand_in")
    if named.valid_until < max(named.valid_from, today):
        raise invalid("period-over", "the period ends on or after its first day and today", "/valid_until")
    if own_limit is not None and named.limit > own_limit:
        raise invalid("beyond-own-limit", "a stand-in approves no more than whom they stand in for", "/limit")
    for other in state.stand_ins.values():
        # What ended before its first day overlaps nothing.
        first, last = max(other.valid_from, named.valid_from), min(other.valid_until, named.valid_until)
        overlaps = first <= last
        if overlaps and other.principal == named.principal:
            raise conflict("stood-in-already", f"{other.stand_in} stands in for {named.principal} until "
                           f"{other.valid_until:%-d.%-m.%Y}: end that first")  # fmt: skip
        if overlaps and (named.principal, named.stand_in) == (other.stand_in, other.principal):
            raise conflict("in-a-circle", f"{named.principal} stands in for {named.stand_in} in that time")
    return [named]


def end_stand_in(state: Approvers, ended: ApproverStandInEnded, today: date) -> list[Fact]:
    """Ends a standing in early, today at the earliest; whoever is not its principal is told that there is none."""
    known = state.stand_ins.get(ended.stand_in_id)
    if known is None or known.principal != ended.person:
        raise not_found("stand-in of yours with this id")
    if not today <= ended.valid_until < known.valid_until:
        raise invalid("no-earlier-end", f"the new last day lies between today and {known.valid_until:%-d.%-m.%Y}",
                      "/valid_until")  # fmt: skip
    return [ended]
