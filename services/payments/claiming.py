"""Claims and failed payments: planned, set off, given up, dealt with. Load, decide, append."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from pydantic import Field

from schemas.county import County
from schemas.facts import Contract, Fact
from schemas.identifiers import Text
from schemas.interest import late_terms_of, told
from schemas.money import PositiveAmount, euros
from schemas.payments import LateInterestClaimed, PaymentPlanAgreed, PlannedPart, WriteOffProposed
from schemas.refusals import forbidden, not_found
from services.ledger import Ledger
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Loaded, Plan

from .domain import claims, grants
from .domain.claims import Claim
from .domain.grants import Grant, SetOff
from .handlers import Payments
from .queries import claims_by_reference


class AgreePlan(Contract):
    """The parts in which the rest of a claim is paid, and why."""

    parts: tuple[PlannedPart, ...] = Field(min_length=1, max_length=60)
    reason: Text


class SetOffAgainst(Contract):
    """Against which instalment of the same grant a claim is set off, and why."""

    instalment: int = Field(strict=True, ge=1, le=100)
    reason: Text


class ProposeWriteOff(Contract):
    """How much of a claim is given up, and why."""

    amount: PositiveAmount
    reason: Text


class SettleCause(Contract):
    """What was done about the cause for which the bank did not pay."""

    remark: Text


class Claiming:
    """The commands. Each returns once its events are durable."""

    def __init__(self, ledger: Ledger, county: County, payments: Payments) -> None:
        self._ledger = ledger
        self._county = county
        self._payments = payments

    async def agree_plan(self, command: Command, reference: str, given: AgreePlan) -> Answer:
        """Agrees that what is left of a claim is paid in parts."""

        def act(grant: Grant, recovery_id: UUID, claim: Claim) -> list[Fact]:
            plan = PaymentPlanAgreed(
                application_id=grant.awarded.application_id, recovery_id=recovery_id, parts=given.parts,
                reference=reference,
                reason=given.reason, person=command.identity.person,
            )  # fmt: skip
            return claims.agree_plan(claim, plan, self._payments.today())

        return await self._on_claim(command, reference, act)

    async def preview_late_interest(self, reference: str) -> dict[str, Any]:
        """The late interest that could be claimed now, by stretches of days. Raises Refused where there is none."""
        _, grant, recovery_id = await self._claim(reference)
        periods = claims.count_late_interest(
            grant.claims[recovery_id], late_terms_of(self._county, self._payments.today()), self._payments.today()
        )
        total = sum(period.amount for period in periods)
        return {"reference": reference, "amount": euros(total), "periods": [told(period) for period in periods]}

    async def claim_late_interest(self, command: Command, reference: str) -> Answer:
        """Claims late interest on what came late and bore none yet, under the claim's reference number."""

        def act(grant: Grant, recovery_id: UUID, claim: Claim) -> list[Fact]:
            today = self._payments.today()
            periods = claims.count_late_interest(claim, late_terms_of(self._county, today), today)
            return [
                LateInterestClaimed(
                    application_id=grant.awarded.application_id, recovery_id=recovery_id, reference=reference,
                    amount=sum(period.amount for period in periods), periods=periods, claimed_on=today,
                    counted_until=today if claims.overdue(claim, today) else None,
                )
            ]  # fmt: skip

        return await self._on_claim(command, reference, act)

    async def propose_write_off(self, command: Command, reference: str, given: ProposeWriteOff) -> Answer:
        """Proposes to give up a part of a claim or all that is left of it."""

        def act(grant: Grant, recovery_id: UUID, claim: Claim) -> list[Fact]:
            proposed = WriteOffProposed(
                application_id=grant.awarded.application_id, recovery_id=recovery_id, amount=given.amount,
                reason=given.reason, person=command.identity.person,
            )  # fmt: skip
            return claims.propose_write_off(claim, proposed)

        return await self._on_claim(command, reference, act)

    async def set_off(self, command: Command, reference: str, given: SetOffAgainst) -> Answer:
        """Sets a claim off against an instalment that is payable; the rest stays a claim, or payable."""

        async def decide() -> Plan:
            loaded, grant, recovery_id = await self._claim(reference)
            accounts = await self._payments.accounts([grant])
            wanted = SetOff(
                recovery_id, given.instalment, self._payments.today(), given.reason, command.identity.person
            )
            facts = grants.set_off(grant, wanted, accounts[grant.awarded.association_id])
            return Plan((loaded.write(facts),), _told(reference, grant, facts))

        return await carry_out(self._ledger, command, decide)

    async def decide_write_off(self, command: Command, reference: str) -> Answer:
        """Gives up what another person proposed to; the proposer's attempt is refused and recorded (P8)."""

        async def decide() -> Plan:
            loaded, grant, recovery_id = await self._claim(reference)
            today = self._payments.today()
            facts, refused = claims.decide_write_off(grant.claims[recovery_id], command.identity.person, today)
            if refused is not None:
                return Plan((loaded.write([refused]),), {}, forbidden("own-write-off", refused.reason))
            return Plan((loaded.write(facts),), _told(reference, grant, facts))

        return await carry_out(self._ledger, command, decide)

    async def settle_cause(self, command: Command, application_id: UUID, instalment: int, given: SettleCause) -> Answer:
        """Records what was done about a payment that the bank did not make, so that it is payable again."""

        async def decide() -> Plan:
            found = (await self._payments.grants([str(application_id)]))[str(application_id)]
            if found.state is None:
                raise not_found("grant of this application")
            facts = grants.settle_cause(found.state, instalment, command.identity.person, given.remark)
            return Plan((found.write(facts),), {"application_id": str(application_id), "instalment": instalment})

        return await carry_out(self._ledger, command, decide)

    async def _on_claim(
        self, command: Command, reference: str, act: Callable[[Grant, UUID, Claim], list[Fact]]
    ) -> Answer:
        async def decide() -> Plan:
            loaded, grant, recovery_id = await self._claim(reference)
            facts = act(grant, recovery_id, grant.claims[recovery_id])
            return Plan((loaded.write(facts),), _told(reference, grant, facts))

        return await carry_out(self._ledger, command, decide)

    async def _claim(self, reference: str) -> tuple[Loaded[Grant | None], Grant, UUID]:
        """The grant that a claim's reference number belongs to. Raises Refused (not found)."""
        known = await claims_by_reference(self._ledger, [reference])
        if reference not in known:
            raise not_found("claim with this reference number")
        key = str(known[reference])
        loaded = (await self._payments.grants([key]))[key]
        assert loaded.state is not None, "a claim is made of a grant"
        return loaded, loaded.state, loaded.state.references[reference]


def _told(reference: str, grant: Grant, facts: list[Fact]) -> dict[str, object]:
    after: Grant | None = grant
    for fact in facts:
        after = grants.evolve(after, fact)
    assert after is not None, "a grant stays a grant"
    claim = after.claims[after.references[reference]]
    return {"reference": reference, "left": euros(claim.left)}
