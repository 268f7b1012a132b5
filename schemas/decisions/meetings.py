"""Events of who decides and where: meetings with their agenda and sections, and stand-ins."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from schemas.facts import Contract, Date, Fact
from schemas.identifiers import Name, Person, Slug, Text
from schemas.money import NonNegativeMoney

Matter = Literal["decision", "claim"]


class AgendaItem(Contract):
    """What a meeting takes up of a case: the decision, or a claim against it."""

    application_id: UUID
    matter: Matter


class MeetingConvened(Fact):
    """A board's meeting (*kokous*) with those present."""

    event_type: ClassVar[str] = "meeting.convened"
    meeting_id: Slug
    organ: Name
    held_on: Date
    present: tuple[Person, ...] = Field(min_length=1, max_length=60)


class SectionTakenV1(Fact, title="SectionTaken"):
    """A section (*pykälä*) of a meeting's minutes is given to a case; sections have no gaps."""

    event_type: ClassVar[str] = "meeting.section_taken"
    meeting_id: Slug
    section: int = Field(strict=True, ge=1)
    application_id: UUID


class SectionTakenV2(Fact, title="SectionTaken"):
    """A section (*pykälä*) of a meeting's minutes is given to a case; sections have no gaps. `excluded`, since version
    2, are those present who were disqualified in this case and so left the meeting for it.
    """

    event_type: ClassVar[str] = "meeting.section_taken"
    event_schema: ClassVar[int] = 2
    meeting_id: Slug
    section: int = Field(strict=True, ge=1)
    application_id: UUID
    excluded: tuple[Person, ...] = Field(max_length=60)


class SectionTaken(Fact):
    """A section (*pykälä*) of a meeting's minutes is given to a case; sections have no gaps. `excluded`, since version
    2, are those present who were disqualified in this case and so left the meeting for it; `matter`, since version 3,
    is what of the case was decided.
    """

    event_type: ClassVar[str] = "meeting.section_taken"
    event_schema: ClassVar[int] = 3
    meeting_id: Slug
    section: int = Field(strict=True, ge=1)
    application_id: UUID
    matter: Matter
    excluded: tuple[Person, ...] = Field(max_length=60)


class AgendaSet(Fact):
    """A meeting's agenda (*esityslista*) in its order. A later one replaces it, until the first section is taken."""

    event_type: ClassVar[str] = "meeting.agenda_set"
    meeting_id: Slug
    items: tuple[AgendaItem, ...] = Field(min_length=1, max_length=500)
    person: Person


class StandInNamed(Fact):
    """Somebody stands in (*sijainen*) for a decision maker from one Helsinki date to another, both inclusive, for sums
    up to `limit`.
    """

    event_type: ClassVar[str] = "stand_in.named"
    stand_in_id: UUID
    principal: Person
    stand_in: Person
    valid_from: Date
    valid_until: Date
    limit: NonNegativeMoney
    reason: Text
    person: Person


class StandInEnded(Fact):
    """A standing in ends early; `valid_until` is its last Helsinki date."""

    event_type: ClassVar[str] = "stand_in.ended"
    stand_in_id: UUID
    valid_until: Date
    person: Person
