"""A change after the decision is asked for once, proposed by one person and decided by another."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from schemas.decisions import (
    CaseOpened,
    ChangeDecided,
    ChangeProposed,
    ChangeReceived,
    ConflictDeclared,
    DecisionMade,
    ProposalMade,
    ReportAccepted,
    ReportReceived,
    ReportRequested,
)
from schemas.facts import Fact
from schemas.intake import ChangeRequested
from services.decisions.domain import cases, changes, follow_up, reports
from services.decisions.domain.cases import Case
from services.decisions.domain.changes import Changes
from services.decisions.domain.reports import Reports
from tests.unit.given import fact, fold, folded, refused

CHANGE = UUID("019b7a1e-8c00-7000-8000-000000000002")
ANOTHER = UUID("019b7a1e-8c00-7000-8000-000000000003")
RECEIVED, PROPOSED, DECIDED = fact(ChangeReceived), fact(ChangeProposed), fact(ChangeDecided)
NO_DAYS: dict[str, Any] = {"use_until": None, "reports_due_on": []}


def after(*facts: Fact) -> Changes:
    return fold(changes.evolve, Changes(), facts)


def case(*facts: Fact) -> Case:
    state = folded(cases.evolve, None, fact(CaseOpened), fact(ProposalMade, person="officer-9"), *facts)
    assert state is not None
    return state


def test_what_is_asked_for_is_taken_once() -> None:
    asked = fact(ChangeRequested)
    assert changes.receive(after(), asked, date(2026, 9, 1)) == [RECEIVED]
    for state in (after(RECEIVED), after(RECEIVED, PROPOSED, DECIDED)):
        assert changes.receive(state, asked, date(2026, 9, 2)) == []


def test_a_later_proposal_replaces_the_earlier_and_neither_maker_decides() -> None:
    assert changes.propose(after(RECEIVED), PROPOSED) == [PROPOSED]
    again = fact(ChangeProposed, approve=False, person="officer-2")
    assert changes.propose(after(RECEIVED, PROPOSED), again) == [again]
    assert changes.proposers(after(RECEIVED), CHANGE) == frozenset()
    assert changes.proposers(after(RECEIVED, PROPOSED), CHANGE) == {"officer-1"}
    assert changes.proposers(after(RECEIVED, PROPOSED, again), CHANGE) == {"officer-1", "officer-2"}
    assert changes.proposers(after(RECEIVED, PROPOSED, again), ANOTHER) == frozenset()


def test_nothing_is_decided_without_a_proposal_or_twice() -> None:
    with refused("no-proposal"):
        changes.decide(after(RECEIVED), DECIDED)
    assert changes.decide(after(RECEIVED, PROPOSED), DECIDED) == [DECIDED]
    with refused("decided-already"):
        changes.decide(after(RECEIVED, PROPOSED, DECIDED), DECIDED)
    with refused("decided-already"):
        changes.propose(after(RECEIVED, PROPOSED, DECIDED), PROPOSED)


def test_a_change_that_nobody_asked_for_is_not_found() -> None:
    with refused("not-found", "not_found"):
        changes.propose(after(), PROPOSED)
    with refused("not-found", "not_found"):
        changes.decide(after(RECEIVED, PROPOSED), fact(ChangeDecided, change_id=ANOTHER))


def decided(what: str = "time", **changed: Any) -> list[Fact]:
    state = after(fact(ChangeReceived, what=what), PROPOSED)
    return changes.decide(state, fact(ChangeDecided, **changed))


def test_what_is_changed_is_what_was_asked_for() -> None:
    assert decided("purpose", **NO_DAYS) == [fact(ChangeDecided, **NO_DAYS, what="purpose")]


@pytest.mark.parametrize(
    ("what", "changed", "slug", "field"),
    [
        ("time", {"use_until": None}, "use-until-missing", "/use_until"),
        ("time", {"approved": False}, "no-change-of-time", "/use_until"),
        ("budget", {}, "no-change-of-time", "/use_until"),
        ("purpose", {}, "no-change-of-time", "/use_until"),
        ("time", {"use_until": "2026-09-15"}, "use-until-past", "/use_until"),
        ("time", {"approved": False, "use_until": None}, "nothing-changed", "/reports_due_on"),
        ("time", {"reports_due_on": ["2027-08-31", "2027-02-28"]}, "days-out-of-order", "/reports_due_on"),
        ("time", {"reports_due_on": ["2027-08-31", "2027-08-31"]}, "days-out-of-order", "/reports_due_on"),
    ],
)
def test_a_decision_that_contradicts_itself_is_told_where(
    what: str, changed: dict[str, Any], slug: str, field: str
) -> None:
    with refused(slug, "invalid", field):
        decided(what, **changed)


def test_days_of_reports_go_with_any_approved_change() -> None:
    assert decided("budget", use_until=None) == [fact(ChangeDecided, what="budget", use_until=None)]
    two = ["2027-02-28", "2027-08-31"]
    assert decided(use_until="2026-09-16", reports_due_on=two) == [
        fact(ChangeDecided, use_until="2026-09-16", reports_due_on=two)
    ]


def test_a_grant_is_used_from_its_first_day_on() -> None:
    state, last = after(RECEIVED, PROPOSED), date(2027, 6, 30)
    assert changes.decide(state, DECIDED, last) == [DECIDED]
    with refused("period-backwards", "invalid", "/use_until"):
        changes.decide(state, DECIDED, date(2027, 7, 1))
    granted = case(fact(DecisionMade, use_from="2027-07-01", use_until="2027-12-31"), RECEIVED, PROPOSED)
    with refused("period-backwards", "invalid", "/use_until"):
        follow_up.decide_change(granted, DECIDED)


def test_new_days_of_reports_go_on_after_those_that_came() -> None:
    application_id = fact(ReportRequested).application_id
    first = [fact(ReportRequested), fact(ReportReceived), fact(ReportAccepted)]
    granted = case(fact(DecisionMade), *first, RECEIVED, PROPOSED)
    with refused("report-came-already", "invalid", "/reports_due_on"):
        follow_up.decide_change(granted, DECIDED)
    both = fact(ChangeDecided, reports_due_on=["2026-08-31", "2027-08-31"])
    assert follow_up.decide_change(granted, both) == [both]
    decided_so = case(fact(DecisionMade), *first, RECEIVED, PROPOSED, both)
    due = list(reports.due(application_id, decided_so.reports, both.reports_due_on, date(2027, 8, 30), 30))
    assert due == [fact(ReportRequested, report=2, due_on="2027-08-31")]
    with refused("report-day-past", "invalid", "/reports_due_on"):
        decided(reports_due_on=["2026-09-15", "2027-08-31"])


def test_an_approved_change_moves_the_days_and_a_rejected_one_leaves_them() -> None:
    state = after(RECEIVED, PROPOSED, DECIDED)
    assert (state.use_until, state.reports_due_on) == (date(2027, 6, 30), (date(2027, 8, 31),))
    assert (set(state.pending), set(state.decided)) == (set(), {CHANGE})
    second = fact(ChangeReceived, change_id=ANOTHER)
    later = {"use_until": "2028-12-31", "reports_due_on": ["2028-12-31"]}
    rejected = fact(ChangeDecided, change_id=ANOTHER, approved=False, **later)
    kept = fold(changes.evolve, state, [second, fact(ChangeProposed, change_id=ANOTHER), rejected])
    assert (kept.use_until, kept.reports_due_on) == (state.use_until, state.reports_due_on)
    of_budget = fact(ChangeDecided, change_id=ANOTHER, what="budget", **NO_DAYS)
    assert fold(changes.evolve, state, [second, of_budget]).use_until == date(2027, 6, 30)


def test_a_change_of_what_was_not_granted_can_only_be_rejected() -> None:
    rejection = fact(DecisionMade, outcome="rejected", amount=0, instalments=[])
    refusal = fact(ChangeProposed, approve=False)
    rejected = fact(ChangeDecided, approved=False, **NO_DAYS)
    for facts, slug in (((), "not-decided"), ((rejection,), "not-granted")):
        with refused(slug):
            follow_up.propose_change(case(*facts, RECEIVED), PROPOSED)
        with refused(slug):
            follow_up.decide_change(case(*facts, RECEIVED, PROPOSED), DECIDED)
        assert follow_up.propose_change(case(*facts, RECEIVED), refusal) == [refusal]
        assert follow_up.decide_change(case(*facts, RECEIVED, refusal), rejected) == [rejected]
    granted = case(fact(DecisionMade), RECEIVED)
    assert follow_up.propose_change(granted, PROPOSED) == [PROPOSED]
    assert follow_up.decide_change(case(fact(DecisionMade), RECEIVED, PROPOSED), DECIDED) == [DECIDED]


@pytest.mark.parametrize("person", ["hilkka", "bertta"])
def test_who_is_tied_or_disqualified_does_not_decide_a_change(person: str) -> None:
    state = case(fact(DecisionMade), fact(ConflictDeclared, person="bertta"), RECEIVED, PROPOSED)
    attempt = cases.attempt(state, person, "decide_change", frozenset({"hilkka"}))
    assert attempt is not None
    assert (attempt.person, attempt.act) == (person, "decide_change")
    assert cases.attempt(state, "board-1", "decide_change", frozenset({"hilkka"})) is None


def test_a_report_that_is_asked_for_is_reminded_of_by_its_moved_day() -> None:
    nothing: Reports = {}
    asked = fold(reports.evolve, nothing, [fact(ReportRequested)])
    moved = (date(2027, 8, 31),)
    application_id = fact(ReportRequested).application_id
    assert list(reports.due(application_id, asked, moved, date(2027, 8, 31), 30)) == []
    [reminded] = reports.due(application_id, asked, moved, date(2027, 9, 1), 30)
    assert getattr(reminded, "due_on", None) == date(2027, 8, 31)
