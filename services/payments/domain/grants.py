"""Grants and the payments of their instalments.

Every euro is in one place: for each grant awarded + overpaid = paid + on its way + set off + open. An instalment is on
its way from the moment it is proposed in a run until it is booked, or rejected, returned or dropped, which opens it
again under the next attempt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal
from uuid import UUID

from schemas.decisions import Instalment
from schemas.facts import Fact
from schemas.payments import (
    GrantAwarded,
    GrantChanged,
    GrantHeld,
    GrantHoldLifted,
    GrantReleased,
    GrantRequirementMet,
    HoldReason,
    LateInterestClaimed,
    PaymentBooked,
    PaymentCauseSettled,
    PaymentDropped,
    PaymentPlanAgreed,
    PaymentProposed,
    PaymentRejected,
    PaymentReturned,
    PaymentSent,
    PaymentStatusReported,
    RecoveryClaimed,
    RecoveryInterestClaimed,
    RecoveryOverpaid,
    RecoveryReceived,
    RecoverySetOff,
    RecoveryWrittenOff,
    WriteOffProposed,
)
from schemas.refusals import conflict, invalid

from . import claims
from .claims import Claim
from .holds import Hold, Requirements, requirement_hold

Held = tuple[HoldReason, int | None]
"""Why a grant is held, and which overdue report it is; None for one that was held before reports were told apart."""
PaymentState = Literal["open", "proposed", "sent", "booked", "rejected", "returned"]
ON_ITS_WAY_OR_PAID: frozenset[PaymentState] = frozenset({"proposed", "sent", "booked"})


@dataclass(frozen=True, slots=True)
class Payment:
    """Where an instalment stands: its state, the last attempt, the account and id of that attempt, whether a person
    dealt with the cause for which the bank did not pay, the bank's code for that cause, and the status and reason that
    the bank told last.
    """

    state: PaymentState = "open"
    attempt: int = 0
    iban: str = ""
    end_to_end_id: str = ""
    run_id: UUID | None = None
    amount: int = 0
    settled: bool = False
    reason_code: str | None = None
    told: tuple[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant as it stands; sums in cents."""

    awarded: GrantAwarded
    amount: int
    instalments: tuple[Instalment, ...]
    released_on: date | None = None
    holds: frozenset[Held] = field(default_factory=frozenset)
    requirements: Requirements = field(default_factory=Requirements)
    payments: Mapping[int, Payment] = field(default_factory=dict)
    claims: Mapping[UUID, Claim] = field(default_factory=dict)
    set_off: Mapping[int, int] = field(default_factory=dict)
    refunds: Mapping[int, Instalment] = field(default_factory=dict)
    references: Mapping[str, UUID] = field(default_factory=dict)
    seen: frozenset[str] = field(default_factory=frozenset)

    def payment(self, number: int) -> Payment:
        return self.payments.get(number, Payment())

    @property
    def owed(self) -> int:
        """What the association is to get: the award in force, and what it overpaid on claims."""
        return self.amount + sum(refund.amount for refund in self.refunds.values())

    @property
    def plan(self) -> tuple[Instalment, ...]:
        """The instalments of the award, then those that give back what was overpaid."""
        return (*self.instalments, *self.refunds.values())

    @property
    def settled_by_set_off(self) -> int:
        """What of the instalments was set off against claims."""
        return sum(self.set_off.values())

    @property
    def open(self) -> int:
        """Neither paid, nor on its way, nor set off."""
        return self.owed - self.paid - self.on_its_way - self.settled_by_set_off

    @property
    def paid(self) -> int:
        """Booked and not returned."""
        return sum(payment.amount for payment in self.payments.values() if payment.state == "booked")

    @property
    def on_its_way(self) -> int:
        """Proposed or sent."""
        return sum(payment.amount for payment in self.payments.values() if payment.state in {"proposed", "sent"})


def evolve(state: Grant | None, fact: Fact) -> Grant | None:  # noqa: C901, PLR0911, PLR0912 - one arm a fact
    """The grant after a fact."""
    match fact:
        case GrantAwarded():
            return Grant(fact, fact.amount, fact.instalments, requirements=Requirements(frozenset(fact.requires)))
        case _ if state is None:
            return None
        case GrantChanged():
            return replace(state, amount=fact.amount, instalments=fact.instalments)
        case GrantReleased():
            return replace(state, released_on=fact.released_on)
        case GrantRequirementMet():
            return replace(state, requirements=state.requirements.met(fact))
        case GrantHeld():
            return replace(state, holds=state.holds | {(fact.reason, fact.report)})
        case GrantHoldLifted():
            lifted = {each for each in state.holds if each[0] == fact.reason and fact.report in {None, each[1]}}
            return replace(state, holds=state.holds - lifted)
        case PaymentProposed():
            payment = Payment("proposed", fact.attempt, fact.iban, fact.end_to_end_id, fact.run_id, fact.amount)
            return replace(state, payments={**state.payments, fact.instalment: payment})
        case PaymentSent():
            return _moved(state, fact.instalment, "sent")
        case PaymentBooked():
            return _seen(_moved(state, fact.instalment, "booked"), fact.bank_reference, fact.end_to_end_id)
        case PaymentRejected():
            return _moved(state, fact.instalment, "rejected", fact.reason_code)
        case PaymentReturned():
            moved = _moved(state, fact.instalment, "returned", fact.reason_code)
            return _seen(moved, fact.bank_reference, fact.end_to_end_id)
        case PaymentStatusReported():
            told = replace(state.payment(fact.instalment), told=(fact.bank_status, fact.reason_code))
            return replace(state, payments={**state.payments, fact.instalment: told})
        case PaymentDropped():
            return _moved(state, fact.instalment, "open")
        case PaymentCauseSettled():
            settled = replace(state.payment(fact.instalment), settled=True)
            return replace(state, payments={**state.payments, fact.instalment: settled})
        case RecoveryOverpaid():
            number = max((each.number for each in state.plan), default=0) + 1
            refund = Instalment.model_construct(number=number, amount=fact.amount, payable_from=fact.booked_on)
            return _seen(replace(state, refunds={**state.refunds, number: refund}), fact.bank_reference, fact.reference)
        case (
            RecoveryClaimed() | RecoveryInterestClaimed() | LateInterestClaimed() | RecoveryReceived()
            | RecoverySetOff() | RecoveryWrittenOff() | WriteOffProposed() | PaymentPlanAgreed()
        ):  # fmt: skip
            return _claimed(state, fact)
    return state


def _claimed(state: Grant, fact: claims.ClaimFact) -> Grant:
    claim = claims.evolve(state.claims.get(fact.recovery_id), fact)
    after = replace(state, claims={**state.claims, fact.recovery_id: claim})
    match fact:
        case RecoveryClaimed():
            return replace(after, references={**state.references, fact.reference: fact.recovery_id})
        case RecoveryReceived():
            return _seen(after, fact.bank_reference, fact.reference)
        case RecoverySetOff():
            before = state.set_off.get(fact.instalment, 0)
            return replace(after, set_off={**state.set_off, fact.instalment: before + fact.amount})
    return after


def _moved(grant: Grant, number: int, to: PaymentState, reason_code: str | None = None) -> Grant:
    moved = replace(grant.payment(number), state=to, reason_code=reason_code)
    return replace(grant, payments={**grant.payments, number: moved})


def _seen(grant: Grant, bank_reference: str, key: str) -> Grant:
    return replace(grant, seen=grant.seen | {seen_key(bank_reference, key)})


def seen_key(bank_reference: str, key: str) -> str:
    """What tells a booking of the bank: its archive id, and which payment or claim of a batch it is."""
    return f"{bank_reference}|{key}"


@dataclass(frozen=True, slots=True)
class Payable:
    """An instalment that can be proposed now, or the reason why not (`held`)."""

    instalment: Instalment
    attempt: int
    held: Hold | None


def payables(grant: Grant, iban: str, today: date) -> list[Payable]:
    """Every instalment that is not on its way or paid, with what holds it; `iban` is the association's account now.

    Where the award was reduced after an instalment had left that then failed, only what is left of the award is payable
    of it.
    """
    found: list[Payable] = []
    left = grant.open
    for planned in grant.plan:
        payment = grant.payment(planned.number)
        amount = min(planned.amount - grant.set_off.get(planned.number, 0), left)
        if payment.state not in ON_ITS_WAY_OR_PAID and amount > 0:
            left -= amount
            instalment = planned.model_copy(update={"amount": amount})
            found.append(Payable(instalment, payment.attempt + 1, _held(grant, instalment, iban, today)))
    return found


def _held(  # noqa: PLR0911 - one return for each reason
    grant: Grant, instalment: Instalment, iban: str, today: date
) -> Hold | None:
    failed = (grant.payment(each) for each in _failures(grant, instalment.number))
    if any(each.iban == iban and not each.settled for each in failed):
        return Hold("the bank did not pay to the account", "another account, or a person who settles the cause")
    if instalment.number in grant.refunds:
        return None
    if grant.released_on is None:
        if grant.awarded.pays == "on_notice":
            return Hold("waits for notice of the decision", "an officer gives notice")
        return Hold("waits for finality", "the time to attack the decision runs out")
    required = requirement_hold(grant.requirements, grant.instalments, instalment)
    if required is not None:
        return required
    if ("claimed", None) in grant.holds:
        return Hold("a claim against the decision is pending", "the decision becomes final")
    if ("appealed", None) in grant.holds:
        return Hold("an appeal against the decision is pending", "the decision becomes final")
    if grant.holds:
        return Hold("a report of use is overdue", "an officer accepts the report")
    if today < instalment.payable_from:
        return Hold(f"payable from {instalment.payable_from:%-d.%-m.%Y}", "the day comes")
    return None


def _failures(grant: Grant, number: int) -> list[int]:
    """The numbers of the payments that the bank did not make and for which an instalment is held: its own, and those of
    instalments that a changed award replaced by others.
    """
    planned = {each.number for each in grant.plan}
    return [
        each
        for each, payment in grant.payments.items()
        if payment.state in {"rejected", "returned"} and (each == number or (number in planned and each not in planned))
    ]


def failure_code(grant: Grant, number: int) -> str | None:
    """The bank's code for why it did not pay an instalment, or one that it replaced; None where it refused nothing."""
    return next((grant.payment(each).reason_code for each in _failures(grant, number)), None)


def propose_payment(
    grant: Grant, number: int, run_id: UUID, end_to_end_id: str, iban: str, today: date
) -> PaymentProposed:
    """Puts an instalment in a run. Refused when it is held, on its way or paid, and beyond the award (P10)."""
    payable = next((each for each in payables(grant, iban, today) if each.instalment.number == number), None)
    if payable is None:
        raise conflict("not-payable", f"instalment {number} of {grant.awarded.diary_number} is paid or on its way")
    if payable.held is not None:
        raise conflict("held", f"instalment {number} of {grant.awarded.diary_number}: {payable.held.reason}")
    amount = payable.instalment.amount
    if amount > grant.open:
        raise conflict("beyond-the-award", f"{grant.awarded.diary_number} would be paid more than was awarded")
    return PaymentProposed(
        application_id=grant.awarded.application_id, instalment=number, attempt=payable.attempt, run_id=run_id,
        end_to_end_id=end_to_end_id, amount=amount, iban=iban, diary_number=grant.awarded.diary_number,
    )  # fmt: skip


def change_award(grant: Grant, amount: int, instalments: tuple[Instalment, ...], changed_on: date) -> list[Fact]:
    """Carries a changed decision over. What was paid or is on its way stays; the difference becomes instalments with
    numbers after those, with what is left of a refund of which an award that was then smaller let only a part leave. A
    reduction below what was paid leaves the rest to a recovery decision.
    """
    if amount == grant.amount:
        return []
    kept = tuple(
        each.model_copy(update={"amount": used}) for each in grant.instalments if (used := _used(grant, each.number))
    )
    rest = amount - sum(each.amount for each in kept) + _refunds_cut(grant)
    added: tuple[Instalment, ...] = ()
    if rest > 0:
        first_day = instalments[0].payable_from if instalments else changed_on
        number = max((each.number for each in grant.plan), default=0) + 1
        added = (Instalment(number=number, amount=rest, payable_from=first_day),)
    return [
        GrantChanged(
            application_id=grant.awarded.application_id, change=amount - grant.amount, amount=amount,
            instalments=kept + added, changed_on=changed_on,
        )
    ]  # fmt: skip


def _used(grant: Grant, number: int) -> int:
    """What of an instalment was paid, is on its way, or was set off: so much of it stays."""
    payment = grant.payment(number)
    return grant.set_off.get(number, 0) + (payment.amount if payment.state in ON_ITS_WAY_OR_PAID else 0)


def _refunds_cut(grant: Grant) -> int:
    """What is left of the refunds that are paid or on their way, in cents."""
    left = (each for each in grant.refunds if grant.payment(each).state in ON_ITS_WAY_OR_PAID)
    return sum(grant.refunds[each].amount - _used(grant, each) for each in left)


def drop_payment(grant: Grant, number: int, reason: str) -> list[Fact]:
    """Takes a payment out of its run before it is sent; the instalment is payable again, under a new id."""
    payment = grant.payment(number)
    if payment.state != "proposed" or payment.run_id is None:
        raise conflict("not-in-a-run", f"instalment {number} of {grant.awarded.diary_number} waits in no run")
    return [
        PaymentDropped(
            application_id=grant.awarded.application_id, instalment=number, attempt=payment.attempt,
            amount=payment.amount, run_id=payment.run_id, reason=reason,
        )
    ]  # fmt: skip


def settle_cause(grant: Grant, number: int, person: str, remark: str) -> list[Fact]:
    """Records that a person dealt with the cause for which the bank did not pay, so that it is payable again."""
    failed = _failures(grant, number)
    if not failed:
        told = f"the bank refused no payment of instalment {number} of {grant.awarded.diary_number}, nor sent one back"
        raise conflict("nothing-to-settle", told)
    return [
        PaymentCauseSettled(
            application_id=grant.awarded.application_id, instalment=each, attempt=grant.payment(each).attempt,
            remark=remark, person=person,
        )
        for each in failed
        if not grant.payment(each).settled
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class SetOff:
    """What is set off against which instalment, by whom, on which Helsinki date."""

    recovery_id: UUID
    instalment: int
    on: date
    reason: str
    person: str


def set_off(grant: Grant, wanted: SetOff, iban: str) -> list[Fact]:
    """Sets off what is left of a claim against an instalment that is payable now, up to the smaller of the two; the
    rest stays a claim, or payable (*kuittaus*; model: Act on Discretionary Government Transfers 688/2001).
    """
    claim = grant.claims.get(wanted.recovery_id)
    if claim is None or claim.left <= 0:
        raise conflict("claim-settled", "nothing of this claim is left")
    payable = next(
        (each for each in payables(grant, iban, wanted.on) if each.instalment.number == wanted.instalment), None
    )
    if payable is None:
        raise invalid("not-payable", f"instalment {wanted.instalment} is paid or on its way", "/instalment")
    if payable.held is not None:
        raise conflict("held", f"instalment {wanted.instalment}: {payable.held.reason}")
    return [
        RecoverySetOff(
            application_id=grant.awarded.application_id, recovery_id=wanted.recovery_id,
            instalment=wanted.instalment, amount=min(claim.left, payable.instalment.amount),
            reference=claim.claimed.reference, set_off_on=wanted.on, reason=wanted.reason, person=wanted.person,
        )
    ]  # fmt: skip
