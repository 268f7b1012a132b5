"""Grants and the payments of their instalments.

Every euro is in one place: for each grant awarded = paid + on its way + open. An instalment is on its way from the moment
it is proposed in a run until it is booked, or rejected or returned, which opens it again under the next attempt.
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
    GrantAccountChanged,
    GrantAwarded,
    GrantChanged,
    GrantReleased,
    PaymentBooked,
    PaymentProposed,
    PaymentRejected,
    PaymentReturned,
    PaymentSent,
    RecoveryClaimed,
    RecoveryReceived,
)
from schemas.refusals import conflict, invalid

PaymentState = Literal["open", "proposed", "sent", "booked", "rejected", "returned"]


@dataclass(frozen=True, slots=True)
class Payment:
    """Where an instalment stands: its state, the last attempt, and the account and id of that attempt."""

    state: PaymentState = "open"
    attempt: int = 0
    iban: str = ""
    end_to_end_id: str = ""
    run_id: UUID | None = None
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant as it stands; sums in cents."""

    awarded: GrantAwarded
    amount: int
    iban: str
    instalments: tuple[Instalment, ...]
    released_on: date | None = None
    payments: Mapping[int, Payment] = field(default_factory=dict)
    claims: Mapping[UUID, int] = field(default_factory=dict)
    references: Mapping[str, UUID] = field(default_factory=dict)

    def payment(self, number: int) -> Payment:
        return self.payments.get(number, Payment())

    @property
    def paid(self) -> int:
        """Booked and not returned."""
        return sum(payment.amount for payment in self.payments.values() if payment.state == "booked")

    @property
    def on_its_way(self) -> int:
        """Proposed or sent."""
        return sum(payment.amount for payment in self.payments.values() if payment.state in {"proposed", "sent"})


def evolve(state: Grant | None, fact: Fact) -> Grant | None:  # noqa: PLR0911 - one arm a fact, each trivial
    """The grant after a fact."""
    match fact:
        case GrantAwarded():
            return Grant(fact, fact.amount, fact.iban, fact.instalments)
        case _ if state is None:
            return None
        case GrantChanged():
            return replace(state, amount=fact.amount, instalments=fact.instalments)
        case GrantReleased():
            return replace(state, released_on=fact.released_on)
        case GrantAccountChanged():
            return replace(state, iban=fact.iban)
        case PaymentProposed():
            payment = Payment("proposed", fact.attempt, fact.iban, fact.end_to_end_id, fact.run_id, fact.amount)
            return replace(state, payments={**state.payments, fact.instalment: payment})
        case PaymentSent():
            return _moved(state, fact.instalment, "sent")
        case PaymentBooked():
            return _moved(state, fact.instalment, "booked")
        case PaymentRejected():
            return _moved(state, fact.instalment, "rejected")
        case PaymentReturned():
            return _moved(state, fact.instalment, "returned")
        case RecoveryClaimed():
            return replace(
                state,
                claims={**state.claims, fact.recovery_id: fact.amount},
                references={**state.references, fact.reference: fact.recovery_id},
            )
        case RecoveryReceived():
            left = state.claims[fact.recovery_id] - fact.amount
            return replace(state, claims={**state.claims, fact.recovery_id: left})
    return state


def _moved(grant: Grant, number: int, to: PaymentState) -> Grant:
    return replace(grant, payments={**grant.payments, number: replace(grant.payment(number), state=to)})


@dataclass(frozen=True, slots=True)
class Payable:
    """An instalment that can be proposed now, or the reason why not (`held`)."""

    instalment: Instalment
    attempt: int
    held: str | None


def payables(grant: Grant, today: date) -> list[Payable]:
    """Every instalment that is not on its way or paid, with what holds it."""
    found: list[Payable] = []
    for instalment in grant.instalments:
        payment = grant.payment(instalment.number)
        if payment.state in {"open", "rejected", "returned"}:
            found.append(Payable(instalment, payment.attempt + 1, _held(grant, instalment, payment, today)))
    return found


def _held(grant: Grant, instalment: Instalment, payment: Payment, today: date) -> str | None:
    if grant.released_on is None:
        return "waits for notice of the decision" if grant.awarded.pays == "on_notice" else "waits for finality"
    if today < instalment.payable_from:
        return f"payable from {instalment.payable_from:%-d.%-m.%Y}"
    if payment.state in {"rejected", "returned"} and payment.iban == grant.iban:
        return "the account must be corrected first: the bank did not pay to it"
    return None


def propose_payment(grant: Grant, number: int, run_id: UUID, end_to_end_id: str, today: date) -> PaymentProposed:
    """Puts an instalment in a run. Refused when it is held, on its way or paid, and beyond the award (P10)."""
    payable = next((each for each in payables(grant, today) if each.instalment.number == number), None)
    if payable is None:
        raise conflict("not-payable", f"instalment {number} of {grant.awarded.diary_number} is paid or on its way")
    if payable.held is not None:
        raise conflict("held", f"instalment {number} of {grant.awarded.diary_number}: {payable.held}")
    amount = payable.instalment.amount
    if grant.paid + grant.on_its_way + amount > grant.amount:
        raise conflict("beyond-the-award", f"{grant.awarded.diary_number} would be paid more than was awarded")
    return PaymentProposed(
        application_id=grant.awarded.application_id, instalment=number, attempt=payable.attempt, run_id=run_id,
        end_to_end_id=end_to_end_id, amount=amount, iban=grant.iban, diary_number=grant.awarded.diary_number,
    )  # fmt: skip


def change_award(grant: Grant, amount: int, instalments: tuple[Instalment, ...], changed_on: date) -> list[Fact]:
    """Carries a changed decision over. What was paid or is on its way stays; the difference becomes instalments with
    numbers after those. A reduction below what was paid leaves the rest to a recovery decision."""
    if amount == grant.amount:
        return []
    kept = tuple(each for each in grant.instalments if grant.payment(each.number).state in {"proposed", "sent", "booked"})
    rest = amount - sum(each.amount for each in kept)
    added: tuple[Instalment, ...] = ()
    if rest > 0:
        first_day = instalments[0].payable_from if instalments else changed_on
        number = max((each.number for each in grant.instalments), default=0) + 1
        added = (Instalment(number=number, amount=rest, payable_from=first_day),)
    return [
        GrantChanged(
            application_id=grant.awarded.application_id, change=amount - grant.amount, amount=amount,
            instalments=kept + added, changed_on=changed_on,
        )
    ]  # fmt: skip


def receive_recovery(grant: Grant, reference: str, amount: int) -> UUID:
    """Which claim a payment with this reference goes to. Refused without one, or when more comes than is claimed."""
    recovery_id = grant.references.get(reference)
    if recovery_id is None:
        raise invalid("unknown-reference", "no claim has this reference number")
    if amount > grant.claims[recovery_id]:
        raise conflict("more-than-claimed", "more came back than was claimed")
    return recovery_id
