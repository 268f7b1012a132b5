"""Intake's commands: load, decide, append."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field, StrictBool
from uuid_utils.compat import uuid7

from schemas.county import County
from schemas.facts import Contract, Fact
from schemas.identifiers import BusinessId, Slug, Text
from schemas.intake import (
    ApplicationSubmitted,
    AssociationRegistered,
    CallPublished,
    Channel,
    MunicipalityShare,
    UsageReportSubmitted,
)
from schemas.money import NonNegativeAmount
from schemas.refusals import SeveralRefused, conflict, invalid, not_found
from services.ledger import Ledger, Verifier
from services.ledger.checkpointing import latest
from services.ledger.proofs import Proofs, TableSource
from services.ledger.receipts import build_receipt
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Loaded, Plan, fold, load

from .domain import applications, associations, calls

Clock = Callable[[], datetime]


class SubmitApplication(Contract):
    """What an applicant sends; money as "1234.50 EUR"."""

    call_id: Slug
    association_id: BusinessId
    activity: Slug
    municipalities: tuple[MunicipalityShare, ...] = Field(min_length=1, max_length=20)
    purpose: Text
    applied: NonNegativeAmount
    costs: NonNegativeAmount
    other_funding: NonNegativeAmount
    own_funding: NonNegativeAmount
    years: int = Field(strict=True, default=1, ge=1, le=5)
    separable_bookkeeping: StrictBool


class Intake:
    """The commands. Each returns once its events are durable."""

    def __init__(self, ledger: Ledger, county: County, clock: Clock, verifier: Verifier) -> None:
        self._ledger = ledger
        self._verifier = verifier
        self._county = county
        self._clock = clock

    async def call(self, call_id: str) -> Loaded[calls.Call | None]:
        return await load(self._ledger, f"call/{call_id}", calls.evolve, None)

    async def association(self, association_id: str) -> Loaded[associations.Association | None]:
        return await load(self._ledger, f"association/{association_id}", associations.evolve, None)

    async def application(self, application_id: UUID) -> Loaded[applications.Application | None]:
        return await load(self._ledger, f"application/{application_id}", applications.evolve, None)

    async def publish_call(self, command: Command, call: CallPublished) -> Answer:
        async def decide() -> Plan:
            loaded = await self.call(call.call_id)
            return Plan((loaded.write(calls.publish(loaded.state, call)),), {"call_id": call.call_id})

        return await carry_out(self._ledger, command, decide)

    async def register_association(self, command: Command, association: AssociationRegistered) -> Answer:
        async def decide() -> Plan:
            loaded = await self.association(association.association_id)
            facts = associations.register(loaded.state, association)
            return Plan((loaded.write(facts),), {"association_id": association.association_id})

        return await carry_out(self._ledger, command, decide)

    async def change_account(self, command: Command, association_id: str, iban: str, reason: str) -> Answer:
        async def decide() -> Plan:
            loaded = await self.association(association_id)
            if loaded.state is None:
                raise not_found("such association")
            facts = associations.change_account(loaded.state, iban, reason)
            return Plan((loaded.write(facts),), {"association_id": association_id, "iban": iban})

        return await carry_out(self._ledger, command, decide)

    async def submit(self, command: Command, sent: SubmitApplication, arrived_on: date | None = None) -> Answer:
        """Sends an application now, or registers a paper one with the day of its arrival."""
        application_id = uuid7()
        now = self._clock()
        channel: Channel = "electronic" if arrived_on is None else "paper"
        day = arrived_on or now.astimezone(applications.HELSINKI).date()
        if day > now.astimezone(applications.HELSINKI).date():
            raise invalid("arrives-in-future", "a paper application has arrived today or earlier", "/arrived_on")
        moment = now if arrived_on is None else applications.paper_moment(arrived_on)

        async def decide() -> Plan:
            call, association = await self._call_and_association(sent.call_id, sent.association_id)
            if call.state is None:
                raise not_found(f"call {sent.call_id}")
            if association.state is None:
                raise not_found(f"association {sent.association_id}: register it first")
            application = ApplicationSubmitted(
                application_id=application_id, basket=call.state.call.basket, pays=call.state.call.pays,
                association_name=association.state.registered.name, iban=association.state.iban, channel=channel,
                arrived_on=day, late=False, **dict(sent),
            )  # fmt: skip
            wrong = applications.problems(application, self._county)
            if wrong:
                raise SeveralRefused(wrong)
            facts = applications.submit(None, call.state, application, moment)
            loaded: Loaded[None] = Loaded(f"application/{application_id}", 0, None)
            late = any(isinstance(fact, ApplicationSubmitted) and fact.late for fact in facts)
            answer = {"application_id": str(application_id), "late": late, "arrived_on": day.isoformat()}
            return Plan((loaded.write(facts),), answer)

        return await carry_out(self._ledger, command, decide)

    async def _call_and_association(
        self, call_id: str, association_id: str
    ) -> tuple[Loaded[calls.Call | None], Loaded[associations.Association | None]]:
        """Both by one statement."""
        first, second = f"call/{call_id}", f"association/{association_id}"
        found = await self._ledger.streams([first, second])
        call: Loaded[calls.Call | None] = fold(first, found[first], calls.evolve, None)
        return call, fold(second, found[second], associations.evolve, None)

    async def receipt(self, application_id: UUID) -> dict[str, Any]:
        """The receipt of a sent application against the newest checkpoint; refused until one covers it."""
        records = await self._ledger.stream(f"application/{application_id}")
        if not records:
            raise not_found("such application")
        note = await latest(self._ledger)
        checkpoint = None if note is None else self._verifier.open(note)
        if note is None or checkpoint is None or checkpoint.size < records[0].position:
            raise conflict("not-signed-yet", "no checkpoint covers the application yet: ask again in a second")
        path = await Proofs(TableSource(self._ledger.pool)).inclusion(records[0].position, checkpoint.size)
        return build_receipt("intake", records[0].body, checkpoint.size, path, note, self._verifier.vkey())

    async def withdraw(self, command: Command, application_id: UUID, reason: str) -> Answer:
        return await self._act(command, application_id, lambda state: applications.withdraw(state, reason))

    async def supplement(self, command: Command, application_id: UUID, request_id: UUID, answer: str) -> Answer:
        return await self._act(
            command, application_id, lambda state: applications.supplement(state, request_id, answer)
        )

    async def report_use(self, command: Command, report: UsageReportSubmitted) -> Answer:
        return await self._act(command, report.application_id, lambda state: applications.report_use(state, report))

    async def _act(
        self, command: Command, application_id: UUID, act: Callable[[applications.Application], list[Fact]]
    ) -> Answer:
        async def decide() -> Plan:
            loaded = await self.application(application_id)
            if loaded.state is None:
                raise not_found("such application")
            return Plan((loaded.write(act(loaded.state)),), {"application_id": str(application_id)})

        return await carry_out(self._ledger, command, decide)
