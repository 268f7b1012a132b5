"""Meetings. Given a meeting, when its agenda is set or a matter decided, then its next fact or a refusal."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from schemas.decisions import AgendaSet, DecisionMade, Matter, MeetingConvened, SectionTaken
from schemas.facts import Fact
from services.decisions.domain import meetings
from services.decisions.domain.meetings import Meeting
from tests.unit.given import fact, folded, refused

CASE, OTHER = UUID("019b7a1e-8c00-7000-8000-000000000001"), UUID(int=7)
CONVENED = fact(MeetingConvened, present=["anna", "bertta", "cecilia"])


def meeting(*facts: Fact) -> Meeting:
    state = folded(meetings.evolve, None, CONVENED, *facts)
    assert state is not None
    return state


def agenda(*items: tuple[UUID, Matter]) -> AgendaSet:
    listed: list[dict[str, Any]] = [{"application_id": case, "matter": matter} for case, matter in items]
    return fact(AgendaSet, items=listed)


def test_each_of_those_present_is_named_once() -> None:
    assert meetings.convene(CONVENED) == [CONVENED]
    with refused("present-twice", "invalid", "/present/2"):
        meetings.convene(fact(MeetingConvened, present=["anna", "bertta", "anna"]))


@pytest.mark.parametrize(("today", "held"), [("2026-02-23", False), ("2026-02-24", True), ("2026-03-24", True)])
def test_a_meeting_decides_from_its_day_on(today: str, held: bool) -> None:
    assert CONVENED.held_on == date(2026, 2, 24)
    if held:
        meetings.check_held(CONVENED, date.fromisoformat(today))
        return
    with refused("meeting-not-held"):
        meetings.check_held(CONVENED, date.fromisoformat(today))


def test_a_meeting_decides_what_had_come_by_its_day() -> None:
    meetings.check_had_come(CONVENED, date(2026, 2, 24), "the claim")
    with refused("meeting-too-early", "invalid", "/meeting_id"):
        meetings.check_had_come(CONVENED, date(2026, 2, 25), "the claim")


# --- agenda --------------------------------------------------------------------------------------------------


def test_an_agenda_is_set_and_replaced_until_the_first_section() -> None:
    first, second = agenda((CASE, "decision")), agenda((OTHER, "decision"), (CASE, "claim"))
    assert meetings.set_agenda(meeting(), first) == [first]
    assert meetings.set_agenda(meeting(first), second) == [second]
    assert meeting(first, second).agenda == second
    with refused("meeting-begun"):
        meetings.set_agenda(meeting(first, fact(SectionTaken, section=1)), second)


def test_each_matter_stands_on_the_agenda_once() -> None:
    both = agenda((CASE, "decision"), (CASE, "claim"))
    assert meetings.set_agenda(meeting(), both) == [both]
    twice = agenda((CASE, "decision"), (OTHER, "claim"), (CASE, "decision"))
    with refused("twice-on-agenda", "invalid", "/items/2"):
        meetings.set_agenda(meeting(), twice)


@pytest.mark.parametrize(
    ("case", "matter", "stands"), [(CASE, "decision", True), (CASE, "claim", False), (OTHER, "decision", False)]
)
def test_a_meeting_with_an_agenda_decides_what_stands_on_it(case: UUID, matter: Matter, stands: bool) -> None:
    state = meeting(agenda((CASE, "decision"), (OTHER, "claim")))
    if stands:
        assert meetings.take_section(state, case, matter=matter).matter == matter
        return
    with refused("not-on-agenda"):
        meetings.take_section(state, case, matter=matter)


def test_a_meeting_without_an_agenda_decides_everything() -> None:
    taken: list[Matter] = [
        meetings.take_section(meeting(), OTHER, matter=each).matter for each in ("decision", "claim")
    ]
    assert taken == ["decision", "claim"]


# --- sections ------------------------------------------------------------------------------------------------


def test_the_sections_of_a_meeting_have_no_gap_over_decisions_and_claims() -> None:
    state = meeting()
    matters: tuple[Matter, ...] = ("decision", "claim", "decision")
    for expected, matter in enumerate(matters, 1):
        taken = meetings.take_section(state, CASE, matter=matter)
        assert (taken.section, taken.matter, taken.meeting_id) == (expected, matter, CONVENED.meeting_id)
        after = meetings.evolve(state, taken)
        assert after is not None
        state = after


def test_those_present_who_are_disqualified_leave_in_the_order_of_those_present() -> None:
    taken = meetings.take_section(meeting(), CASE, frozenset({"cecilia", "anna", "doris"}))
    assert taken.excluded == ("anna", "cecilia")
    assert meetings.take_section(meeting(), CASE).excluded == ()


# --- other facts ---------------------------------------------------------------------------------------------


def test_nothing_is_a_meeting_before_it_is_convened_and_other_facts_leave_it_as_it_is() -> None:
    for each in (agenda((CASE, "decision")), fact(SectionTaken), fact(DecisionMade)):
        assert meetings.evolve(None, each) is None
    state = meeting()
    assert meetings.evolve(state, fact(DecisionMade)) == state == Meeting(CONVENED)
