"""What payments makes of others' events: grants, what releases them, claims, accounts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from schemas.county import County
from schemas.decisions import (
    AgreementSigned,
    AppealLodged,
    ChangeDecided,
    CostReportAccepted,
    DecisionBecameFinal,
    DecisionMade,
    DecisionNotified,
    OwnFundingProven,
    PartnershipReviewed,
    RecoveryDecided,
    RectificationClaimed,
    RectificationDecided,
    ReportAccepted,
    ReportReminded,
)
from schemas.facts import Fact
from schemas.helsinki import HELSINKI
from schemas.intake import AssociationAccountChanged, AssociationRegistered, PersonEnded, PersonErased, PersonNamed
from schemas.payments import (
    AccountNoted,
    GrantAwarded,
    GrantHeld,
    GrantHoldLifted,
    GrantReleased,
    GrantRequirementMet,
    HoldReason,
    RecoveryClaimed,
    RecoveryInterestClaimed,
    Requirement,
)
from services.ledger import Ledger, NotYet, Record, StreamWrite
from services.web.handling import Loaded, fact_of, load

from .bank.references import finnish_reference
from .domain import grants, payees
from .domain.grants import Grant
from .handlers import evolve_account

OVERDUE: Final = "report_overdue"
CLAIMED: Final = "claimed"
APPEALED: Final = "appealed"
Met = AgreementSigned | PartnershipReviewed | OwnFundingProven | CostReportAccepted
Reaction = Callable[[Record], Awaitable[Sequence[StreamWrite]]]


def reference_of(recovery_id: UUID, base: str) -> str:
    """The reference number (*viitenumero*) of a claim: the county's digits, fifteen made of the claim's id, a check
    digit.
    """
    digits = int.from_bytes(sha256(recovery_id.bytes).digest()[:8], "big") % 10**15
    return finnish_reference(f"{base}{digits:015d}"[:19])


class Reactions:
    """Reactions by event type; those of one application come in their order."""

    def __init__(self, ledger: Ledger, county: County) -> None:
        self._ledger = ledger
        self._county = county

    async def _grant(self, application_id: UUID) -> Loaded[Grant | None]:
        return await load(self._ledger, f"grant/{application_id}", grants.evolve, None)

    async def on_decision(self, record: Record) -> Sequence[StreamWrite]:
        """A favourable decision with money is a grant."""
        fact = fact_of(record)
        assert isinstance(fact, DecisionMade)
        loaded = await self._grant(fact.application_id)
        if fact.amount == 0 or loaded.state is not None:
            return ()
        return (loaded.write([self._awarded(fact)]),)

    async def on_notice(self, record: Record) -> Sequence[StreamWrite]:
        """Notice releases the grants of calls that pay on notice."""
        fact = fact_of(record)
        assert isinstance(fact, DecisionNotified)
        loaded = await self._grant(fact.application_id)
        grant = loaded.state
        if grant is None or grant.released_on is not None or grant.awarded.pays != "on_notice":
            return ()
        return (loaded.write([GrantReleased(application_id=fact.application_id, released_on=fact.sent_on)]),)

    async def on_finality(self, record: Record) -> Sequence[StreamWrite]:
        """Finality releases whatever grant is not released yet, or is held because of a claim or an appeal."""
        fact = fact_of(record)
        assert isinstance(fact, DecisionBecameFinal)
        loaded = await self._grant(fact.application_id)
        if loaded.state is None:
            return ()
        facts: list[Fact] = []
        if loaded.state.released_on is None:
            facts.append(GrantReleased(application_id=fact.application_id, released_on=fact.final_on))
        facts += [
            GrantHoldLifted(application_id=fact.application_id, reason=reason)
            for reason in (CLAIMED, APPEALED)
            if (reason, None) in loaded.state.holds
        ]
        return (loaded.write(facts),) if facts else ()

    async def on_attack(self, record: Record) -> Sequence[StreamWrite]:
        """A claim or an appeal that became known after finality holds what a grant that pays when final was released
        for, until it is final again.
        """
        fact = fact_of(record)
        assert isinstance(fact, RectificationClaimed | AppealLodged)
        attacked = fact.in_time if isinstance(fact, RectificationClaimed) else fact.suspends
        reason: HoldReason = CLAIMED if isinstance(fact, RectificationClaimed) else APPEALED
        loaded = await self._grant(fact.application_id)
        grant = loaded.state
        if not attacked or grant is None or grant.released_on is None:
            return ()
        if grant.awarded.pays != "when_final" or (reason, None) in grant.holds:
            return ()
        held_on = record.recorded_at.astimezone(HELSINKI).date()
        return (loaded.write([GrantHeld(application_id=fact.application_id, reason=reason, held_on=held_on)]),)

    async def on_claim_decision(self, record: Record) -> Sequence[StreamWrite]:
        """A changed decision changes the grant, or makes one."""
        fact = fact_of(record)
        assert isinstance(fact, RectificationDecided)
        loaded = await self._grant(fact.application_id)
        if fact.outcome != "changed":
            return ()
        if loaded.state is not None:
            facts = grants.change_award(loaded.state, fact.amount, fact.instalments, fact.decided_on)
            return (loaded.write(facts),)
        return (loaded.write([self._awarded(fact)]),) if fact.amount else ()

    async def on_recovery(self, record: Record) -> Sequence[StreamWrite]:
        """A recovery decision is a claim with a reference number."""
        fact = fact_of(record)
        assert isinstance(fact, RecoveryDecided)
        loaded = await self._grant(fact.application_id)
        if loaded.state is None:
            raise LookupError("a recovery was decided of a grant that payments never had")
        if fact.recovery_id in loaded.state.claims:
            return ()
        base = self._county.payment_rules(fact.decided_on).reference.base
        reference = reference_of(fact.recovery_id, base)
        facts: list[Fact] = [
            RecoveryClaimed(
                application_id=fact.application_id, recovery_id=fact.recovery_id, amount=fact.amount,
                reference=reference, claimed_on=fact.decided_on, due_on=fact.due_on,
            )
        ]  # fmt: skip
        if fact.interest:
            interest = RecoveryInterestClaimed(
                application_id=fact.application_id, recovery_id=fact.recovery_id, amount=fact.interest,
                reference=reference, claimed_on=fact.decided_on,
            )  # fmt: skip
            facts.append(interest)
        return (loaded.write(facts),)

    async def on_requirement(self, record: Record) -> Sequence[StreamWrite]:
        """Something that instalments may wait for came about. Without a grant it is of a partnership without money, and
        nothing waits for it; what cannot be without money waits for its grant.
        """
        fact = fact_of(record)
        assert isinstance(fact, Met)
        stream = f"grant/{fact.application_id}"
        loaded = await self._grant(fact.application_id)
        met = _requirement_met(fact, record.recorded_at.astimezone(HELSINKI).date())
        if met is None or (isinstance(fact, AgreementSigned) and fact.without_money):
            return ()
        if loaded.state is None and isinstance(fact, PartnershipReviewed | OwnFundingProven):
            return ()
        if loaded.state is None:
            raise NotYet(stream, loaded.version, "the grant of the decision")
        return (loaded.write([met]),) if met.requirement in loaded.state.requirements.required else ()

    async def on_overdue_report(self, record: Record) -> Sequence[StreamWrite]:
        """An overdue report holds what is still to be paid."""
        fact = fact_of(record)
        assert isinstance(fact, ReportReminded)
        loaded = await self._grant(fact.application_id)
        if loaded.state is None or (OVERDUE, fact.report) in loaded.state.holds:
            return ()
        held = GrantHeld(
            application_id=fact.application_id, reason=OVERDUE, report=fact.report, held_on=fact.reminded_on
        )
        return (loaded.write([held]),)

    async def on_report(self, record: Record) -> Sequence[StreamWrite]:
        """A report that was accepted holds nothing any more."""
        fact = fact_of(record)
        assert isinstance(fact, ReportAccepted)
        return await self._lift(fact.application_id, {fact.report})

    async def on_changed_days(self, record: Record) -> Sequence[StreamWrite]:
        """A report to which an approved change gave a day that lies ahead is overdue no more."""
        fact = fact_of(record)
        assert isinstance(fact, ChangeDecided)
        ahead = {number for number, day in enumerate(fact.reports_due_on, start=1) if day > fact.decided_on}
        return await self._lift(fact.application_id, ahead) if fact.approved else ()

    async def _lift(self, application_id: UUID, reports: Collection[int]) -> Sequence[StreamWrite]:
        """Lifts what these reports hold. A hold of a report without a number is from before they were told apart: any
        report lifts it, as it did then.
        """
        loaded = await self._grant(application_id)
        held = frozenset() if loaded.state is None else loaded.state.holds
        over = {report for reason, report in held if reason == OVERDUE and (report is None or report in reports)}
        if not reports or not over:
            return ()
        return (
            loaded.write(
                [
                    GrantHoldLifted(application_id=application_id, reason=OVERDUE, report=report)
                    for report in sorted(over, key=lambda number: number or 0)
                ]
            ),
        )

    async def on_account(self, record: Record) -> Sequence[StreamWrite]:
        """Where an association is paid to from now on."""
        fact = fact_of(record)
        assert isinstance(fact, AssociationRegistered | AssociationAccountChanged)
        loaded = await load(self._ledger, f"account/{fact.association_id}", evolve_account, None)
        if loaded.state == fact.iban:
            return ()
        return (loaded.write([AccountNoted(association_id=fact.association_id, iban=fact.iban)]),)

    async def on_person(self, record: Record) -> Sequence[StreamWrite]:
        """Somebody acts or signs for an association, or does so no longer: they ended, or were erased, and nobody acts
        of whom nothing can be read.
        """
        fact = fact_of(record)
        assert isinstance(fact, PersonNamed | PersonEnded | PersonErased)
        loaded = await load(self._ledger, f"payee/{fact.association_id}", payees.evolve, payees.NOBODY)
        match fact:
            case PersonNamed():
                noted = payees.name(loaded.state, fact)
            case PersonEnded():
                noted = payees.end(loaded.state, fact.person_id, fact.valid_until)
            case PersonErased():
                erased_on = record.recorded_at.astimezone(HELSINKI).date()
                noted = payees.end(loaded.state, fact.person_id, erased_on - timedelta(days=1))
        return (loaded.write(noted),) if noted else ()

    def _awarded(self, fact: DecisionMade | RectificationDecided) -> Fact:
        basket = self._county.basket(fact.basket, fact.decided_on)
        return GrantAwarded(
            application_id=fact.application_id, diary_number=fact.diary_number, association_id=fact.association_id,
            association_name=fact.association_name, iban=fact.iban, basket=fact.basket, pays=fact.pays,
            amount=fact.amount, instalments=fact.instalments, awarded_on=fact.decided_on,
            municipality=fact.municipality,
            requires=() if basket is None else _required(basket.requires, fact.own_funding),
        )  # fmt: skip

    def by_type(self) -> Mapping[str, Mapping[str, Reaction]]:
        """Topic → event type → reaction."""
        return {
            "decisions": {
                DecisionMade.event_type: self.on_decision,
                DecisionNotified.event_type: self.on_notice,
                DecisionBecameFinal.event_type: self.on_finality,
                RectificationClaimed.event_type: self.on_attack,
                AppealLodged.event_type: self.on_attack,
                RectificationDecided.event_type: self.on_claim_decision,
                RecoveryDecided.event_type: self.on_recovery,
                ReportReminded.event_type: self.on_overdue_report,
                ReportAccepted.event_type: self.on_report,
                ChangeDecided.event_type: self.on_changed_days,
                AgreementSigned.event_type: self.on_requirement,
                PartnershipReviewed.event_type: self.on_requirement,
                OwnFundingProven.event_type: self.on_requirement,
                CostReportAccepted.event_type: self.on_requirement,
            },
            "intake": {
                AssociationRegistered.event_type: self.on_account,
                AssociationAccountChanged.event_type: self.on_account,
                PersonNamed.event_type: self.on_person,
                PersonEnded.event_type: self.on_person,
                PersonErased.event_type: self.on_person,
            },
        }


def _required(of_basket: Sequence[Requirement], own_funding: int) -> tuple[Requirement, ...]:
    """What the grant waits for: no proof of own funding (cents) where the application declares none."""
    return tuple(each for each in of_basket if each != "own_funding" or own_funding > 0)


def _requirement_met(fact: Met, today: date) -> GrantRequirementMet | None:
    """What is met by a fact of decisions, on a Helsinki date; None while it is not."""
    if isinstance(fact, PartnershipReviewed):
        return _met(fact, "yearly_review", fact.reviewed_on, year=fact.year) if fact.continues else None
    if isinstance(fact, OwnFundingProven):
        return _met(fact, "own_funding", today) if fact.covered else None
    if isinstance(fact, CostReportAccepted):
        return _met(fact, "cost_reports", today, accepted_costs=fact.accepted_total)
    return _met(fact, "agreement", fact.signed_on or today)


def _met(
    fact: Met, requirement: Requirement, met_on: date, year: int | None = None, accepted_costs: int | None = None
) -> GrantRequirementMet:
    return GrantRequirementMet(
        application_id=fact.application_id, requirement=requirement, year=year, accepted_costs=accepted_costs,
        met_on=met_on,
    )  # fmt: skip
