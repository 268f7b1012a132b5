"""Commands on claims for rectification (*oikaisuvaatimus*): the publication from which the members' time for them
counts, claims made and taken back, decided by the body that they go to, notified.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from pydantic import Field, StrictBool
from uuid_utils.compat import uuid7

from schemas.county import County
from schemas.decisions import DecisionPublished, RectificationClaimed, RectificationNotified, RectificationWithdrawn
from schemas.facts import Contract, Date, Moment
from schemas.helsinki import HELSINKI
from schemas.identifiers import Name, Slug, Text
from schemas.refusals import conflict, invalid
from services.decisions.domain import cases, claims, deadlines
from services.decisions.domain.cases import Case, Ruling
from services.ledger import Ledger, StreamWrite
from services.web.clock import Clock
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Plan
from services.web.permissions import limited_to

from .authority import Act, Authority
from .cases import Acted, Decisions, DeMinimis, GiveNotice, Propose
from .documents import Documents

_BEFORE_ANY: Final = datetime(1900, 1, 1, tzinfo=UTC)
"""No claim is so old, and not every older moment has a date in Helsinki."""


class MakeClaim(Contract):
    """The grounds of a claim for rectification, in the claimant's words. `received_at` is the moment at which a letter
    or mail came to the registry, where an officer records it later.
    """

    grounds: Text
    received_at: Moment | None = None


class Publish(Contract):
    """The Helsinki date on which the decision, or the minutes with it, came on the county's web pages; by default
    today.
    """

    published_on: Date | None = None


class WithdrawClaim(Contract):
    """The Helsinki date on which a letter or mail that takes the claim back came to the registry; by default today."""

    withdrawn_on: Date | None = None


class DecideClaim(Propose):
    """A decision on a claim; `change` says whether the sum becomes `amount`. Without `de_minimis`, what the decision
    said of it holds.
    """

    change: StrictBool
    payable_from: tuple[Date, ...] = Field(default=(), max_length=60)
    de_minimis: DeMinimis | None = None
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

    async def publish(self, command: Command, application_id: UUID, given: Publish) -> Answer:
        """Records that the decision is on the web: the members' time for a claim counts from then."""
        today = self._decisions.today()
        on = given.published_on or today

        def act(case: Case) -> Acted:
            claims.check_published(case, on, today)
            published = self._published(application_id, on, command.identity.person)
            last_day = published.last_claim_day.isoformat()
            return [published], {"published_on": on.isoformat(), "members_last_claim_day": last_day}

        return await self._decisions.on_case(command, application_id, "publish", act)

    def _published(self, application_id: UUID, on: date, person: str) -> DecisionPublished:
        rules = self._county.deadline_rules(on)
        received_on = deadlines.counts_as_received(on, rules.members_notice_days)
        last_day = deadlines.last_day(received_on, rules.rectification_days, self._decisions.is_working_day)
        return DecisionPublished(
            application_id=application_id, published_on=on, received_on=received_on, last_claim_day=last_day,
            person=person,
        )  # fmt: skip

    async def claim(self, command: Command, application_id: UUID, made: MakeClaim) -> Answer:
        """Takes a claim; one that comes after the registry has closed on the last day is late."""
        claim_id = uuid7()
        came_at = self._came_at(command, made)
        received_on = came_at.astimezone(HELSINKI).date()

        def act(case: Case) -> Acted:
            claims.check_came(case, received_on)
            counts_on = deadlines.counts_on(came_at, self._county.deadline_rules(received_on).registry_closes)
            facts = claims.claim(case, claim_id, received_on, made.grounds, counts_on)
            in_time = all(getattr(fact, "in_time", False) for fact in facts)
            return facts, {"claim_id": str(claim_id), "in_time": in_time}

        return await self._decisions.on_case(command, application_id, None, act)

    def _came_at(self, command: Command, made: MakeClaim) -> datetime:
        """When the claim came: now, or when the registry got it, which the registry alone says."""
        now = self._clock()
        if made.received_at is None:
            return now
        if limited_to(command.identity, "rectification.claim") is not None:
            raise invalid(
                "not-the-registry", "a claim that you make here comes now: leave the moment out", "/received_at"
            )
        if not _BEFORE_ANY < made.received_at <= now:
            raise invalid("not-received-then", "a claim is recorded once it has come", "/received_at")
        return made.received_at

    async def withdraw(
        self, command: Command, application_id: UUID, claim_id: UUID, given: WithdrawClaim
    ) -> Answer:  # fmt: skip
        """Takes a pending claim back: an association its own, an officer what came on paper, of whomever it is."""
        today = self._decisions.today()
        of_association = limited_to(command.identity, "rectification.claim") is not None
        if of_association:
            await self._check_own(command, application_id, claim_id)
            if given.withdrawn_on is not None:
                raise invalid("not-the-registry", "what you take back here is so today: leave the day out",
                              "/withdrawn_on")  # fmt: skip
        withdrawn = RectificationWithdrawn(
            application_id=application_id, claim_id=claim_id, withdrawn_on=given.withdrawn_on or today,
            person=command.identity.person,
        )  # fmt: skip
        return await self._decisions.on_case(
            command, application_id, None if of_association else "withdraw_claim",
            lambda case: (claims.withdraw(case, withdrawn, today), {"claim_id": str(claim_id)}),
        )  # fmt: skip

    async def _check_own(self, command: Command, application_id: UUID, claim_id: UUID) -> None:
        """Raises Refused for a claim that nobody made here for the association: the registry recorded it, and it may be
        a member's.
        """
        _, case = await self._decisions.existing(application_id)
        known = (await self._decisions.people_of(case)).state
        own = {command.identity.person, *(each.person for each in known.values())}
        for record in await self._ledger.stream(f"case/{application_id}"):
            made = record.type == RectificationClaimed.event_type and record.data["claim_id"] == str(claim_id)
            if made and record.actor not in own:
                raise conflict("not-your-claim", "the registry recorded this claim: tell it that it is taken back, and "
                               "it records that too")  # fmt: skip

    async def decide(self, command: Command, application_id: UUID, made: DecideClaim) -> Answer:
        """Decides the pending claim; the appropriation follows the difference in the same transaction."""
        person = command.identity.person

        async def decide() -> Plan:
            loaded, case = await self._decisions.existing(application_id)
            tied, guard = await self._decisions.tied(case)
            decided_on = made.amount if made.change else case.amount
            mandate = await self._authority.mandate(command, case, Act("decide_claim", decided_on), tied)
            guards = (guard, *mandate.guards)
            if mandate.refused is not None:
                return Plan((loaded.write([mandate.refused]), *guards), {}, cases.refusal_of(mandate.refused))
            claims.check_claimed(case)
            sitting = await self._decisions.sitting(made.meeting_id)
            convened = None if sitting is None else sitting.state.convened
            organ = self._authority.deciding_claim(case, made.organ, convened)
            section, writes = self._decisions.take_section(sitting, person, case, case.disqualified | tied, "claim")
            ruling = Ruling(
                person, organ.name.fi, self._decisions.decided_on(sitting), made.outcome, made.amount, made.reasons, (),
                made.payable_from, made.meeting_id, section, mandate.on_behalf_of,
            )  # fmt: skip
            facts = claims.decide_claim(case, ruling, made.change)
            if made.de_minimis is not None:
                facts = [*facts, made.de_minimis.assessed(case, person)]
            writes += await self._change(case, made, ruling.decided_on)
            answer = {"application_id": str(application_id), "section": section}
            return Plan((loaded.write(facts), *guards, *writes), answer)

        return await carry_out(self._ledger, command, decide)

    async def _change(self, case: Case, made: DecideClaim, on: date) -> list[StreamWrite]:
        if not made.change:
            if made.de_minimis is not None:
                raise invalid("nothing-to-assess", "a decision that stands keeps what it says of de minimis aid",
                              "/de_minimis")  # fmt: skip
            return []
        self._decisions.check_task(case, made.amount)
        aid = case.aid if made.de_minimis is None else made.de_minimis.aid
        bound = await self._decisions.commitments.bind(case, made.amount - case.amount, on)
        return bound + await self._decisions.note_aid(case, made.amount, on, aid=aid)

    async def notify(self, command: Command, application_id: UUID, given: GiveNotice) -> Answer:
        """Gives notice of the last decision on a claim today, with its document and the instructions to appeal."""

        async def decide() -> Plan:
            loaded, case = await self._decisions.existing(application_id)
            tied, guard = await self._decisions.tied(case)
            refused = cases.attempt(case, command.identity.person, "notify", tied)
            if refused is not None:
                return Plan((loaded.write([refused]), guard), {}, cases.refusal_of(refused))
            notice = self._notice(case, given)
            facts = claims.notify_claim(case, notice)
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
        decided = claims.claim_to_notify(case)
        sent_on = self._decisions.today()
        received_on = self._decisions.received_on(sent_on, given.manner)
        days = self._county.deadline_rules(sent_on).appeal_days
        return RectificationNotified(
            application_id=case.opened.application_id, claim_id=decided.claim_id, manner=given.manner,
            sent_on=sent_on, received_on=received_on,
            last_appeal_day=deadlines.last_day(received_on, days, self._decisions.is_working_day),
        )  # fmt: skip
