"""Who may decide, and in which body: decision makers and their stand-ins, boards at their meetings, officials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from schemas.county import County
from schemas.county_rules import Organ
from schemas.decisions import ActRefused, MeetingConvened
from schemas.money import euros
from schemas.refusals import conflict, invalid
from services.decisions.domain import cases, stand_ins
from services.decisions.domain.cases import Case
from services.ledger import Ledger, StreamWrite
from services.web.commands import Command
from services.web.handling import Loaded, load
from services.web.identity import Role

STAND_INS: Final = "authority/stand-ins"
"""One stream for all of them: they are few, and a decision rests on all that were named and ended."""


@dataclass(frozen=True, slots=True)
class Mandate:
    """For whom a person decides when it is not by their own office, or the refused attempt; and what the answer rests
    on, to be written with what follows from it.
    """

    on_behalf_of: str | None
    refused: ActRefused | None
    guards: tuple[StreamWrite, ...] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody wants to decide: the act's name, the sum in cents, and who prepared it beside the proposers."""

    name: str
    amount: int
    prepared_by: frozenset[str] = frozenset()


class Authority:
    """Answers who may decide."""

    def __init__(self, ledger: Ledger, county: County, today: Callable[[], date]) -> None:
        self._ledger = ledger
        self._county = county
        self._today = today

    async def stand_ins(self) -> Loaded[stand_ins.StandIns]:
        """All stand-ins."""
        return await load(self._ledger, STAND_INS, stand_ins.evolve, {})

    async def mandate(self, command: Command, case: Case, act: Act, tied: frozenset[str]) -> Mandate:
        """Whether the sender may do it: as a decision maker, or standing in for one today, up to that one's limit."""
        person = command.identity.person
        another = person if person in act.prepared_by else None
        refused = cases.attempt(case, person, act.name, tied, another)
        if refused is not None or Role.DECISION_MAKER in command.identity.roles:
            return Mandate(None, refused)
        loaded = await self.stand_ins()
        guards = (loaded.unchanged(),)
        reason = f"{person} is no decision maker and stands in for none today"
        for named in stand_ins.stands_for(loaded.state, person, self._today()):
            why_not = stand_ins.why_not(named, act.amount, _shut_out(case, act))
            if why_not is None:
                return Mandate(named.principal, None, guards)
            reason = why_not
        return Mandate(None, cases.refuse(case, person, act.name, reason), guards)

    def organ(self, given: str, on: date, field: str = "/organ") -> Organ:
        """The body of a name or id. Raises Refused, which lists those that there are."""
        found = self._county.organ(given, on)
        if found is None:
            names = ", ".join(each.name.fi for each in self._county.organs if each.holds_on(on))
            raise invalid("unknown-organ", f"the bodies that decide here are: {names}", field)
        return found

    def deciding(self, given: str, amount: int, meeting: MeetingConvened | None) -> Organ:
        """The body that decides on so much (cents): a board at a meeting of its own, an official up to their limit."""
        organ = self.organ(given, self._today() if meeting is None else meeting.held_on)
        if organ.kind == "board":
            if meeting is None:
                raise invalid("no-meeting", "a board decides at a meeting: name it", "/meeting_id")
            if self._county.organ(meeting.organ, meeting.held_on) != organ:
                raise invalid("another-organ", f"the meeting is one of {meeting.organ}", "/organ")
        elif meeting is not None:
            raise invalid("no-board", f"{organ.name.fi} decides alone, and at no meeting", "/meeting_id")
        if organ.limit is not None and amount > organ.limit:
            raise conflict("beyond-the-official", f"{organ.name.fi} decides on {euros(organ.limit)} at most: the sum "
                           "belongs to a board")  # fmt: skip
        return organ

    def deciding_claim(self, case: Case, given: str, meeting: MeetingConvened | None) -> Organ:
        """The body that decides a claim: the one to which claims against the decision's body go; the sum limits no
        official there.
        """
        organ = self.deciding(given, 0, meeting)
        assert case.decision is not None, "a claim is made against a decision"
        decided = self._county.organ(case.decision.organ, case.decision.decided_on)
        if decided is not None and organ.id != decided.claims_to:
            right = self._county.organ(decided.claims_to, self._today())
            named = decided.claims_to if right is None else right.name.fi
            raise invalid("another-organ", f"claims against {decided.name.fi} are decided by {named}", "/organ")
        return organ


def _shut_out(case: Case, act: Act) -> frozenset[str]:
    prepared = case.proposers | act.prepared_by
    if act.name != "decide_claim" or case.decision is None:
        return prepared
    return prepared | cases.made_by(case.decision)
