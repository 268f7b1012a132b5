"""Meetings (*kokous*) of a board: who is present, the agenda (*esityslista*), the minutes' sections (*pykälä*)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from schemas.decisions import AgendaSet, Matter, MeetingConvened, SectionTaken
from schemas.facts import Fact
from schemas.refusals import conflict, invalid

from .cases import Case


@dataclass(frozen=True, slots=True)
class Meeting:
    """A board's meeting, its agenda where it has one, the last section of its minutes, and the cases in which it made
    the decision, in the minutes' order.
    """

    convened: MeetingConvened
    agenda: AgendaSet | None = None
    section: int = 0
    decided: tuple[UUID, ...] = ()


def evolve(state: Meeting | None, fact: Fact) -> Meeting | None:
    """The meeting after a fact."""
    match fact:
        case MeetingConvened():
            return Meeting(fact)
        case AgendaSet() if state is not None:
            return replace(state, agenda=fact)
        case SectionTaken() if state is not None:
            decided = (fact.application_id,) if fact.matter == "decision" else ()
            return replace(state, section=fact.section, decided=(*state.decided, *decided))
    return state


def convene(meeting: MeetingConvened) -> list[Fact]:
    """Convenes a meeting; each of those present is named once."""
    for index, person in enumerate(meeting.present):
        if person in meeting.present[:index]:
            raise invalid("present-twice", f"{person} is named among those present already", f"/present/{index}")
    return [meeting]


def set_agenda(state: Meeting, agenda: AgendaSet) -> list[Fact]:
    """Sets the agenda, or replaces it until the meeting has taken its first section."""
    if state.section:
        raise conflict("meeting-begun", f"the meeting has taken {state.section} sections: its agenda stays")
    items = [(item.application_id, item.matter) for item in agenda.items]
    for index, item in enumerate(items):
        if item in items[:index]:
            raise invalid("twice-on-agenda", "each matter stands on the agenda once", f"/items/{index}")
    return [agenda]


def check_item(case: Case | None, matter: Matter, field: str) -> None:
    """Raises Refused where nothing waits for a decision."""
    if case is None:
        raise invalid("unknown-case", "an agenda holds cases that were opened here", field)
    if matter == "claim":
        if case.claim is None:
            raise invalid("no-claim", "no claim is pending in this case: leave it out", field)
    elif case.decision is not None or case.closed_without_decision:
        why = "decided already" if case.decision is not None else "withdrawn or transferred"
        raise invalid("nothing-to-decide", f"the case is {why}: leave it out", field)


def check_held(convened: MeetingConvened, today: date) -> None:
    """Raises Refused before the day on which the meeting is held."""
    if today < convened.held_on:
        raise conflict("meeting-not-held", f"the meeting is held on {convened.held_on:%-d.%-m.%Y}: it decides nothing "
                       "before that day")  # fmt: skip


def check_had_come(convened: MeetingConvened, came_on: date, what: str) -> None:
    """Raises Refused where what is decided came after the meeting was held: what a meeting decides is of its day, also
    when it is recorded later.
    """
    if convened.held_on < came_on:
        raise invalid("meeting-too-early", f"{what} came on {came_on:%-d.%-m.%Y}, after the meeting of "
                      f"{convened.held_on:%-d.%-m.%Y}: name a later meeting", "/meeting_id")  # fmt: skip


def take_section(
    state: Meeting, application_id: UUID, disqualified: frozenset[str] = frozenset(), matter: Matter = "decision"
) -> SectionTaken:
    """The next section of the minutes for a case; those present who are disqualified in it leave for it. A meeting with
    an agenda decides what stands on it.
    """
    agenda = state.agenda
    if agenda is not None and (application_id, matter) not in [(i.application_id, i.matter) for i in agenda.items]:
        raise conflict("not-on-agenda", "the matter does not stand on the meeting's agenda")
    excluded = tuple(person for person in state.convened.present if person in disqualified)
    return SectionTaken(
        meeting_id=state.convened.meeting_id, section=state.section + 1, application_id=application_id,
        matter=matter, excluded=excluded,
    )  # fmt: skip
