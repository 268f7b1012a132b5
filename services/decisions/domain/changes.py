"""Changes after a decision (*muutoshakemus*): of time, budget or purpose, each proposed by one person and decided by
another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from schemas.decisions import ChangeDecided, ChangeProposed, ChangeReceived
from schemas.facts import Fact
from schemas.intake import ChangeRequested
from schemas.refusals import conflict, invalid, not_found


@dataclass(frozen=True, slots=True)
class Changes:
    """What is asked and proposed and not decided yet, and what decided changes made of the grant's time of use and of
    the days on which reports are due.
    """

    pending: Mapping[UUID, ChangeReceived] = field(default_factory=dict)
    proposals: Mapping[UUID, ChangeProposed] = field(default_factory=dict)
    decided: Mapping[UUID, ChangeDecided] = field(default_factory=dict)
    use_until: date | None = None
    reports_due_on: tuple[date, ...] | None = None


def evolve(state: Changes, fact: Fact) -> Changes:
    """The changes after a fact; the same object when it concerns none."""
    match fact:
        case ChangeReceived():
            return replace(state, pending={**state.pending, fact.change_id: fact})
        case ChangeProposed():
            return replace(state, proposals={**state.proposals, fact.change_id: fact})
        case ChangeDecided():
            return _decided(state, fact)
    return state


def _decided(state: Changes, fact: ChangeDecided) -> Changes:
    pending = {change: asked for change, asked in state.pending.items() if change != fact.change_id}
    after = replace(state, pending=pending, decided={**state.decided, fact.change_id: fact})
    if not fact.approved:
        return after
    return replace(
        after, use_until=fact.use_until or state.use_until,
        reports_due_on=fact.reports_due_on or state.reports_due_on,
    )  # fmt: skip


def receive(state: Changes, asked: ChangeRequested, received_on: date) -> list[Fact]:
    """Takes what the applicant asks for, once."""
    if asked.change_id in state.pending or asked.change_id in state.decided:
        return []
    return [
        ChangeReceived(
            application_id=asked.application_id, change_id=asked.change_id, what=asked.what, proposal=asked.proposal,
            reasons=asked.reasons, budget=asked.budget, received_on=received_on,
        )
    ]  # fmt: skip


def propose(state: Changes, proposed: ChangeProposed) -> list[Fact]:
    """The officer's proposal; a later one replaces it until the change is decided."""
    _pending(state, proposed.change_id)
    return [proposed]


def proposer(state: Changes, change_id: UUID) -> str | None:
    """Who made the proposal that would be decided on."""
    proposal = state.proposals.get(change_id)
    return None if proposal is None else proposal.person


def decide(state: Changes, decided: ChangeDecided) -> list[Fact]:
    """Decides a proposed change. An approved one of time says until when the grant may be used; no other one does."""
    asked = _pending(state, decided.change_id)
    if decided.change_id not in state.proposals:
        raise conflict("no-proposal", "a decision on a change needs a proposal first")
    lengthens = asked.what == "time" and decided.approved
    if lengthens and decided.use_until is None:
        raise invalid("use-until-missing", "say until when the grant may be used", "/use_until")
    if not lengthens and decided.use_until is not None:
        raise invalid("no-change-of-time", "only an approved change of time has a last day of use", "/use_until")
    if decided.use_until is not None and decided.use_until <= decided.decided_on:
        raise invalid("use-until-past", "the last day of use lies after the decision", "/use_until")
    if decided.reports_due_on and not decided.approved:
        raise invalid("nothing-changed", "a rejected change leaves the days of reports as they are", "/reports_due_on")
    if list(decided.reports_due_on) != sorted(set(decided.reports_due_on)):
        raise invalid("days-out-of-order", "the days on which reports are due follow each other", "/reports_due_on")
    return [decided.model_copy(update={"what": asked.what})]


def _pending(state: Changes, change_id: UUID) -> ChangeReceived:
    if change_id in state.decided:
        raise conflict("decided-already", "the change is decided already")
    asked = state.pending.get(change_id)
    if asked is None:
        raise not_found("change with this id")
    return asked
