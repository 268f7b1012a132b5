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

from .reports import Reports

NO_REPORTS: Reports = {}


@dataclass(frozen=True, slots=True)
class Changes:
    """What is asked and proposed and not decided yet, with all who ever proposed on each, and what decided changes made
    of the grant's time of use and of the days on which reports are due.
    """

    pending: Mapping[UUID, ChangeReceived] = field(default_factory=dict)
    proposed_by: Mapping[UUID, frozenset[str]] = field(default_factory=dict)
    decided: Mapping[UUID, ChangeDecided] = field(default_factory=dict)
    use_until: date | None = None
    reports_due_on: tuple[date, ...] | None = None


def evolve(state: Changes, fact: Fact) -> Changes:
    """The changes after a fact; the same object when it concerns none."""
    match fact:
        case ChangeReceived():
            return replace(state, pending={**state.pending, fact.change_id: fact})
        case ChangeProposed():
            persons = proposers(state, fact.change_id) | {fact.person}
            return replace(state, proposed_by={**state.proposed_by, fact.change_id: persons})
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


def proposers(state: Changes, change_id: UUID) -> frozenset[str]:
    """All who made a proposal on the change, also one that was replaced: none of them decides it (P8)."""
    return state.proposed_by.get(change_id, frozenset())


def decide(
    state: Changes, decided: ChangeDecided, use_from: date | None = None, known: Reports = NO_REPORTS
) -> list[Fact]:
    """Decides a proposed change. An approved one of time says until when the grant may be used, from `use_from` on; no
    other one does. New days of reports are those of all reports: of the `known` ones that came, and of what is to come.
    """
    asked = _pending(state, decided.change_id)
    if decided.change_id not in state.proposed_by:
        raise conflict("no-proposal", "a decision on a change needs a proposal first")
    lengthens = asked.what == "time" and decided.approved
    if lengthens and decided.use_until is None:
        raise invalid("use-until-missing", "say until when the grant may be used", "/use_until")
    if not lengthens and decided.use_until is not None:
        raise invalid("no-change-of-time", "only an approved change of time has a last day of use", "/use_until")
    if decided.use_until is not None and decided.use_until <= decided.decided_on:
        raise invalid("use-until-past", "the last day of use lies after the decision", "/use_until")
    if decided.use_until is not None and use_from is not None and decided.use_until < use_from:
        raise invalid("period-backwards", f"the grant may be used from {use_from:%-d.%-m.%Y}: its last day of use is "
                      "that day or later", "/use_until")  # fmt: skip
    if decided.reports_due_on and not decided.approved:
        raise invalid("nothing-changed", "a rejected change leaves the days of reports as they are", "/reports_due_on")
    if list(decided.reports_due_on) != sorted(set(decided.reports_due_on)):
        raise invalid("days-out-of-order", "the days on which reports are due follow each other", "/reports_due_on")
    _check_days(decided, known)
    return [decided.model_copy(update={"what": asked.what})]


def _check_days(decided: ChangeDecided, known: Reports) -> None:
    """Raises Refused for days that move no report. The first day is that of report 1: days that end with a report that
    came already would be asked of nobody.
    """
    came = max((number for number, report in known.items() if report.state != "requested"), default=0)
    if decided.reports_due_on and len(decided.reports_due_on) <= came:
        raise invalid("report-came-already", f"report {came} came already: give the days of all reports from the first "
                      "to one that is still to come", "/reports_due_on")  # fmt: skip
    if any(day <= decided.decided_on for day in decided.reports_due_on[came:]):
        raise invalid("report-day-past", "the day of a report that is still to come lies after the decision",
                      "/reports_due_on")  # fmt: skip


def _pending(state: Changes, change_id: UUID) -> ChangeReceived:
    if change_id in state.decided:
        raise conflict("decided-already", "the change is decided already")
    asked = state.pending.get(change_id)
    if asked is None:
        raise not_found("change with this id")
    return asked
