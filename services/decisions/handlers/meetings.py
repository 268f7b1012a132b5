"""Commands on what many cases share: appropriations, meetings with their agendas, stand-ins."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import Field
from uuid_utils.compat import uuid7

from schemas.decisions import AgendaItem, AgendaSet, MeetingConvened, StandInEnded, StandInNamed
from schemas.facts import Contract, Date
from schemas.identifiers import Person, Text
from schemas.money import PositiveAmount
from schemas.refusals import conflict, invalid, not_found
from services.decisions.domain import appropriations, cases, meetings, stand_ins
from services.ledger import Ledger
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Plan, load_many

from .authority import Authority
from .cases import Decisions
from .commitments import OF_A_CALL


class SetAgenda(Contract):
    """What the meeting takes up, in its order."""

    items: tuple[AgendaItem, ...] = Field(min_length=1, max_length=500)


class NameStandIn(Contract):
    """Who stands in for the sender, on which Helsinki dates (both inclusive), and up to which sum."""

    stand_in: Person
    valid_from: Date
    valid_until: Date
    limit: PositiveAmount
    reason: Text


class EndStandIn(Contract):
    """The last Helsinki date of a standing in that ends early."""

    valid_until: Date


class Meetings:
    """The commands. Each returns once its events are durable."""

    def __init__(self, ledger: Ledger, decisions: Decisions, authority: Authority) -> None:
        self._ledger = ledger
        self._decisions = decisions
        self._authority = authority

    def _today(self) -> date:
        return self._decisions.today()

    async def set_appropriation(self, command: Command, appropriation_id: str, amount: int) -> Answer:
        if appropriation_id.startswith(OF_A_CALL):
            raise invalid("share-of-a-call", "a call's own share is set with the call: amend it", "/appropriation_id")

        async def decide() -> Plan:
            loaded = await self._decisions.commitments.appropriation(appropriation_id)
            facts = appropriations.set_appropriation(loaded.state, appropriation_id, amount)
            return Plan((loaded.write(facts),), {"appropriation_id": appropriation_id})

        return await carry_out(self._ledger, command, decide)

    async def convene(self, command: Command, meeting: MeetingConvened) -> Answer:
        """Convenes a meeting of a board that the county has."""
        organ = self._authority.organ(meeting.organ, meeting.held_on)
        if organ.kind != "board":
            raise invalid("no-board", f"{organ.name.fi} decides alone, and at no meeting", "/organ")
        convened = meeting.model_copy(update={"organ": organ.name.fi})

        async def decide() -> Plan:
            loaded = await self._decisions.meeting(meeting.meeting_id)
            if loaded.state is not None:
                raise conflict("meeting-exists", f"the meeting {meeting.meeting_id} is convened already")
            return Plan((loaded.write(meetings.convene(convened)),), {"meeting_id": meeting.meeting_id})

        return await carry_out(self._ledger, command, decide)

    async def set_agenda(self, command: Command, meeting_id: str, given: SetAgenda) -> Answer:
        """Sets a meeting's agenda of what waits for a decision: cases that are neither decided nor closed, and claims
        that are pending.
        """
        agenda = AgendaSet(meeting_id=meeting_id, items=given.items, person=command.identity.person)

        async def decide() -> Plan:
            loaded = await self._decisions.meeting(meeting_id)
            if loaded.state is None:
                raise not_found(f"meeting {meeting_id}")
            facts = meetings.set_agenda(loaded.state, agenda)
            known = await load_many(
                self._ledger, [f"case/{item.application_id}" for item in given.items], cases.evolve, None
            )
            for index, item in enumerate(given.items):
                meetings.check_item(known[f"case/{item.application_id}"].state, item.matter, f"/items/{index}")
            return Plan((loaded.write(facts),), {"meeting_id": meeting_id})

        return await carry_out(self._ledger, command, decide)

    async def name_stand_in(self, command: Command, given: NameStandIn) -> Answer:
        """A decision maker names who decides for them while they are away."""
        person = command.identity.person
        named = StandInNamed(stand_in_id=uuid7(), principal=person, person=person, **dict(given))

        async def decide() -> Plan:
            loaded = await self._authority.stand_ins()
            facts = stand_ins.name(loaded.state, named, self._today())
            return Plan((loaded.write(facts),), {"stand_in_id": str(named.stand_in_id)})

        return await carry_out(self._ledger, command, decide)

    async def end_stand_in(self, command: Command, stand_in_id: UUID, given: EndStandIn) -> Answer:
        """A decision maker is back early."""
        ended = StandInEnded(stand_in_id=stand_in_id, valid_until=given.valid_until, person=command.identity.person)

        async def decide() -> Plan:
            loaded = await self._authority.stand_ins()
            facts = stand_ins.end(loaded.state, ended, self._today())
            return Plan((loaded.write(facts),), {"stand_in_id": str(stand_in_id)})

        return await carry_out(self._ledger, command, decide)
