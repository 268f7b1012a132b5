"""Grants and the payments of their instalments.

Every euro is in one place: for each grant awarded = paid + on its way + open. An instalment is on its way from the
moment
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
    GrantAwarded,
    GrantChanged,
    GrantHeld,
    GrantHoldLifted,
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
    instalments: tuple[Instalment, ...]
    released_on: date | None = None
    holds: frozenset[str] = field(default_factory=frozenset)
    payments: Mapping[int, Payment] = field(default_factory=dict)
    claims: Mapping[UUID, int] = field(default_factory=dict)
    references: Mapping[str, UUID] = field(default_factory=dict)
    seen: frozenset[str] = field(default_factory=frozenset)

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


def evolve(state: Grant | None, fact: Fact) -> Grant | None:  # noqa: C901, PLR0911, PLR0912 - one arm a fact
    """The grant after a fact."""
    match fact:
        case GrantAwarded():
            return Grant(fact, fact.amount, fact.instalments)
        case _ if state is None:
            return None
        case GrantChanged():
            return replace(state, amount=fact.amount, instalments=fact.instalments)
        case GrantReleased():
            return replace(state, released_on=fact.released_on)
        case GrantHeld():
            return replace(state, holds=state.holds | {fact.reason})
        case GrantHoldLifted():
            return replace(state, holds=state.holds - {fact.reason})
        case PaymentProposed():
            payment = Payment("proposed", fact.attempt, fact.iban, fact.end_to_end_id, fact.run_id, fact.amount)
            return replace(state, payments={**state.payments, fact.instalment: payment})
        case PaymentSent():
            return _moved(state, fact.instalment, "sent")
        case PaymentBooked():
            return _seen(_moved(state, fact.instalment, "booked"), fact.bank_reference, fact.end_to_end_id)
        case PaymentRejected():
            return _moved(state, fact.instalment, "rejected")
        case PaymentReturned():
            return _seen(_moved(state, fact.instalment, "returned"), fact.bank_reference, fact.end_to_end_id)
        case RecoveryClaimed():
            return replace(
                state,
                claims={**state.claims, fact.recovery_id: fact.amount},
                references={**state.references, fact.reference: fact.recovery_id},
            )
        case RecoveryReceived():
            left = {**state.claims, fact.recovery_id: state.claims[fact.recovery_id] - fact.amount}
            return _seen(replace(state, claims=left), fact.bank_reference, fact.reference)
    return state


def _moved(grant: Grant, number: int, to: PaymentState) -> Grant:
    return replace(grant, payments={**grant.payments, number: replace(grant.payment(number), state=to)})


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
    held: str | None


def payables(grant: Grant, iban: str, today: date) -> list[Payable]:
    """Every instalment that is not on its way or paid, with what holds it; `iban` is the association's account now.

    Where the award was reduced after an instalment had left that then failed, only what is left of the award is payable
    of it.
    """
    found: list[Payable] = []
    left = grant.amount - grant.paid - grant.on_its_way
    for planned in grant.instalments:
        payment = grant.payment(planned.number)
        amount = min(planned.amount, left)
        if payment.state in {"open", "rejected", "returned"} and amount > 0:
            left -= amount
            instalment = planned.model_copy(update={"amount": amount})
            found.append(Payable(instalment, payment.attempt + 1, _held(grant, instalment, payment, iban, today)))
    return found


def _held(grant: Grant, instalment: Instalment, payment: Payment, iban: str, today: date) -> str | None:
    if grant.released_on is None:
        return "waits for notice of the decision" if grant.awarded.pays == "on_notice" else "waits for finality"
    if grant.holds:
        return "held: a report of use is overdue; it is lifted when an officer accepts the report"
    if today < instalment.payable_from:
        return f"payable from {instalment.payable_from:%-d.%-m.%Y}"
    if payment.state in {"rejected", "returned"} and payment.iban == iban:
        return "the account must be corrected first: the bank did not pay to it"
    return None


def propose_payment(
    grant: Grant, number: int, run_id: UUID, end_to_end_id: str, iban: str, today: date
) -> PaymentProposed:
    """Puts an instalment in a run. Refused when it is held, on its way or paid, and beyond the award (P10)."""
    payable = next((each for each in payables(grant, iban, today) if each.instalment.number == number), None)
    if payable is None:
        raise conflict("not-payable", f"instalment {number} of {grant.awarded.diary_number} is paid or on its way")
    if payable.held is not None:
        raise conflict("held", f"instalment {number} of {grant.awarded.diary_number}: {payable.held}")
    amount = payable.instalment.amount
    if grant.paid + grant.on_its_way + amount > grant.amount:
        raise conflict("beyond-the-award", f"{grant.awarded.diary_number} would be paid more than was awarded")
    return PaymentProposed(
        application_id=grant.awarded.application_id, instalment=number, attempt=payable.attempt, run_id=run_id,
        end_to_end_id=end_to_end_id, amount=amount, iban=iban, diary_number=grant.awarded.diary_number,
    )  # fmt: skip


def change_award(grant: Grant, amount: int, instalments: tuple[Instalment, ...], changed_on: date) -> list[Fact]:
    """Carries a changed decision over. What was paid or is on its way stays; the difference becomes instalments with
    numbers after those. A reduction below what was paid leaves the rest to a recovery decision.
    """
    if amount == grant.amount:
        return []
    kept = tuple(
        each for each in grant.instalments if grant.payment(each.number).state in {"proposed", "sent", "booked"}
    )
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


@dataclass(frozen=True, slots=True)
class BankEvent:
    """What the bank says of one payment or claim; `amount` in cents, None where the bank tells only the sum of a batch:
    then the sum that was sent counts. `reason` is None unless it was rejected or came
    back. For a status report `booked_on` and `bank_reference` are None.
    """

    kind: Literal["rejected", "booked", "returned", "received"]
    key: str
    amount: int | None
    booked_on: date | None
    bank_reference: str | None
    reason: str | None
    sha256: str


def apply_bank_event(grant: Grant, event: BankEvent) -> list[Fact]:
    """The facts that a bank's message makes of a grant; none when it says again what is known.

    Refused when it contradicts what is known: another sum, or a return of what was never booked.
    """
    if event.kind == "received":
        return _received(grant, event)
    number, payment = _payment_of(grant, event.key)
    if event.bank_reference is not None and seen_key(event.bank_reference, event.key) in grant.seen:
        return []
    if event.kind == "rejected":
        return [] if payment.state != "sent" else [
            PaymentRejected(
                application_id=grant.awarded.application_id, instalment=number, attempt=payment.attempt,
                amount=payment.amount, reason_code=event.reason or "NARR", sha256=event.sha256,
            )
        ]  # fmt: skip
    needed: PaymentState = "sent" if event.kind == "booked" else "booked"
    if payment.state != needed:
        if event.kind == "booked" and payment.state in {"booked", "returned"}:
            return []
        raise conflict("bank-out-of-order", f"the bank says that {event.key} was {event.kind}, but here it is "
                       f"{payment.state}: import the bank's files in their order")  # fmt: skip
    amount = payment.amount if event.amount is None else event.amount
    if amount != payment.amount:
        raise conflict("bank-amount-differs", f"the bank {event.kind} another sum for {event.key} than was sent")
    assert event.booked_on is not None, "a booking has its date"
    assert event.bank_reference is not None, "a booking has its archive id"
    if event.kind == "booked":
        return [
            PaymentBooked(
                application_id=grant.awarded.application_id, instalment=number, attempt=payment.attempt,
                end_to_end_id=event.key, amount=amount, booked_on=event.booked_on,
                bank_reference=event.bank_reference, sha256=event.sha256,
            )
        ]  # fmt: skip
    return [
        PaymentReturned(
            application_id=grant.awarded.application_id, instalment=number, attempt=payment.attempt,
            end_to_end_id=event.key, amount=amount, booked_on=event.booked_on,
            bank_reference=event.bank_reference, reason_code=event.reason or "NARR", sha256=event.sha256,
        )
    ]  # fmt: skip


def _payment_of(grant: Grant, end_to_end_id: str) -> tuple[int, Payment]:
    for number, payment in grant.payments.items():
        if payment.end_to_end_id == end_to_end_id:
            return number, payment
    return 0, Payment(state="returned")


def _received(grant: Grant, event: BankEvent) -> list[Fact]:
    assert event.booked_on is not None, "a booking has its date"
    assert event.bank_reference is not None, "a booking has its archive id"
    if seen_key(event.bank_reference, event.key) in grant.seen:
        return []
    if event.amount is None:
        raise invalid("sum-untold", "the bank does not tell the sum that came in for a claim")
    recovery_id = receive_recovery(grant, event.key, event.amount)
    return [
        RecoveryReceived(
            application_id=grant.awarded.application_id, recovery_id=recovery_id, amount=event.amount,
            reference=event.key, booked_on=event.booked_on, bank_reference=event.bank_reference, sha256=event.sha256,
        )
    ]  # fmt: skip
