"""Commands on claims for rectification (*oikaisuvaatimus*): made, decided by the body that they go to, notified."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field, StrictBool
from uuid_utils.compat import uuid7

from schemas.county import County
from schemas.decisions import RectificationNotified
from schemas.facts import Date
from schemas.identifiers import Name, Slug
from services.decisions.domain import cases, deadlines
from services.decisions.domain.cases import Case, Ruling
from services.ledger import Ledger, StreamWrite
from services.web.clock import Clock
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Plan

from .authority import Act, Authority
from .cases import Acted, Decisions, GiveNotice, Propose
from .documents import Documents


class DecideClaim(Propose):
    """A decision on a claim; `change` says whether the sum becomes `amount`."""

    change: StrictBool
    payable_from: tuple[Date, ...] = Field(default=(), max_length=60)
    organ: Name
    meeting_id: Slug | None = None


class Claims:
    """The commands. Each returns once its events are durable."""

    def __init__(
        self, ledger: Ledger, county: County, clock: Clock, decisions: Decisions, documents: Documents,
        authority: Authority,
    ) -> None:  # fmt: skip
        self._ledger = ledger
        self._county = county
        self._clock = clock
        self._decisions = decisions
        self._documents = documents
        self._authority = authority

    async def claim(self, command: Command, application_id: UUID, grounds: str) -> Answer:
        """Takes a claim; one that comes after the registry has closed on the last day is late."""
        claim_id = uuid7()
        today = self._decisions.today()
        counts_on = deadlines.counts_on(self._clock(), self._county.deadline_rules(today).registry_closes)

        def act(case: Case) -> Acted:
            facts = cases.claim(case, claim_id, today, grounds, counts_on)
            in_time = all(getattr(fact, "in_time", False) for fact in facts)
            return facts, {"claim_id": str(claim_id), "in_time": in_time}

        return await self._decisions.on_case(command, application_id, None, act)

    async def decide(self, command: Command, application_id: UUID, made: DecideClaim) -> Answer:
        """Decides the pending claim; the appropriation follows the difference in the same transaction."""
        person = command.identity.person

        async def decide() -> Plan:
            loaded, case = await self._decisions.existing(application_id)
            tied, guard = await self._decisions.tied(case)
            mandate = await self._authority.mandate(command, case, Act("decide_claim", made.amount), tied)
            guards = (guard, *mandate.guards)
            if mandate.refused is not None:
                return Plan((loaded.write([mandate.refused]), *guards), {}, cases.refusal_of(mandate.refused))
            cases.check_claimed(case)
            sitting = await self._decisions.sitting(made.meeting_id)
            convened = None if sitting is None else sitting.state.convened
            organ = self._authority.deciding_claim(case, made.organ, convened)
            section, writes = self._decisions.take_section(sitting, person, case, case.disqualified | tied, "claim")
            ruling = Ruling(
                person, organ.name.fi, self._decisions.today(), made.outcome, made.amount, made.reasons, (),
                made.payable_from, made.meeting_id, section, mandate.on_behalf_of,
            )  # fmt: skip
            facts = cases.decide_claim(case, ruling, made.change)
            writes += await self._change(case, made)
            answer = {"application_id": str(application_id), "section": section}
            return Plan((loaded.write(facts), *guards, *writes), answer)

        return await carry_out(self._ledger, command, decide)

    async def _change(self, case: Case, made: DecideClaim) -> list[StreamWrite]:
        if not made.change:
            return []
        bound = await self._decisions.bind(case, made.amount - case.amount)
        return bound + await self._decisions.change_aid(case, made.amount)

    async def notify(self, command: Command, application_id: UUID, given: GiveNotice) -> Answer:
        """Gives notice of the last decision on a claim today, with its document and the instructions to appeal."""

        async def decide() -> Plan:
            loaded, case = await self._decisions.existing(application_id)
            tied, guard = await self._decisions.tied(case)
            refused = cases.attempt(case, command.identity.person, "notify", tied)
            if refused is not None:
                return Plan((loaded.write([refused]), guard), {}, cases.refusal_of(refused))
            notice = self._notice(case, given)
            facts = cases.notify_claim(case, notice)
            written = await self._documents.write_claim(
                case, await self._decisions.call_for(case), notice, given.language
            )
            answer = {
                "application_id": str(application_id), "last_appeal_day": notice.last_appeal_day.isoformat(),
                "document_sha256": written.fact.sha256,
            }  # fmt: skip
            return Plan((loaded.write([*cases.document(case, written.fact), *facts]), guard), answer)

        return await carry_out(self._ledger, command, decide)

    def _notice(self, case: Case, given: GiveNotice) -> RectificationNotified:
        decided = cases.claim_to_notify(case)
        sent_on = self._decisions.today()
        received_on = self._decisions.received_on(sent_on, given.manner)
        days = self._county.deadline_rules(sent_on).appeal_days
        return RectificationNotified(
            application_id=case.opened.application_id, claim_id=decided.claim_id, manner=given.manner,
            sent_on=sent_on, received_on=received_on,
            last_appeal_day=deadlines.last_claim_day(received_on, days, self._decisions.is_working_day),
        )  # fmt: skip
