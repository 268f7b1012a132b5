"""Commands on appeals (*valitus*): what the administrative court tells of them is recorded by an officer."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from uuid_utils.compat import uuid7

from schemas.decisions import AppealDecided, AppealLodged
from schemas.facts import Contract, Date
from schemas.identifiers import Name, Text
from services.decisions.domain import appeals
from services.decisions.domain.cases import Case
from services.web.commands import Command
from services.web.handling import Answer

from .cases import Acted, Decisions


class RecordAppeal(Contract):
    """An appeal that came to a court on a Helsinki date, with the court's own number for it where it is known."""

    court: Name
    court_reference: Name | None = None
    lodged_on: Date


class RecordCourtDecision(Contract):
    """The decision of the claim stands or is annulled; until `open_until` the court's decision can be appealed against,
    without it not at all.
    """

    outcome: Literal["stands", "annulled"]
    decided_on: Date
    open_until: Date | None = None
    reasons: Text


class Appeals:
    """The commands. Each returns once its events are durable."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions

    async def record(self, command: Command, application_id: UUID, given: RecordAppeal) -> Answer:
        """Records that an appeal was lodged."""
        appeal_id = uuid7()
        told = appeals.Lodged(given.court, given.court_reference, given.lodged_on)

        def act(case: Case) -> Acted:
            facts = appeals.lodge(case, appeal_id, told, command.identity.person, self._decisions.today())
            [lodged] = [fact for fact in facts if isinstance(fact, AppealLodged)]
            return facts, {"appeal_id": str(appeal_id), "in_time": lodged.in_time, "suspends": lodged.suspends}

        return await self._decisions.on_case(command, application_id, "record_appeal", act)

    async def decide(
        self, command: Command, application_id: UUID, appeal_id: UUID, given: RecordCourtDecision
    ) -> Answer:
        """Records what the court decided."""
        decided = AppealDecided(
            application_id=application_id, appeal_id=appeal_id, person=command.identity.person, **dict(given)
        )

        def act(case: Case) -> Acted:
            return appeals.decide(case, decided, self._decisions.today()), {"appeal_id": str(appeal_id)}

        return await self._decisions.on_case(command, application_id, "record_appeal", act)
