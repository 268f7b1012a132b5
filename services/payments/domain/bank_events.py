"""What the bank's messages make of a grant: rejected, booked, returned, received for a claim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from schemas.facts import Fact
from schemas.payments import PaymentBooked, PaymentRejected, PaymentReturned, RecoveryOverpaid, RecoveryReceived
from schemas.refusals import conflict, invalid

from .grants import Grant, Payment, PaymentState, seen_key


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


def contradiction(grant: Grant, event: BankEvent) -> str | None:
    """What a person should know of a message that changes nothing: the bank debits again what it booked, or rejects it.
    None where it says what is known.
    """
    if event.kind not in {"booked", "rejected"}:
        return None
    payment = _payment_of(grant, event.key)[1]
    if event.kind == "rejected":
        return f"The bank rejects {event.key}, which it booked before: ask it." if payment.state == "booked" else None
    known = event.bank_reference is not None and seen_key(event.bank_reference, event.key) in grant.seen
    if known or payment.state not in {"booked", "returned"}:
        return None
    return (
        f"Entry {event.bank_reference} debits {event.key}, which is booked under another archive id. Unless both are "
        "the same booking in two files, it was paid twice: ask the bank."
    )


def _payment_of(grant: Grant, end_to_end_id: str) -> tuple[int, Payment]:
    for number, payment in grant.payments.items():
        if payment.end_to_end_id == end_to_end_id:
            return number, payment
    return 0, Payment(state="returned")


def _received(grant: Grant, event: BankEvent) -> list[Fact]:
    """Money that came for a claim: what is left of the claim is settled by it, the rest is owed back."""
    assert event.booked_on is not None, "a booking has its date"
    assert event.bank_reference is not None, "a booking has its archive id"
    if seen_key(event.bank_reference, event.key) in grant.seen:
        return []
    if event.amount is None:
        raise invalid("sum-untold", "the bank does not tell the sum that came in for a claim")
    recovery_id = grant.references.get(event.key)
    if recovery_id is None:
        raise invalid("unknown-reference", "no claim has this reference number")
    settles = min(event.amount, max(grant.claims[recovery_id].left, 0))
    parts = ((RecoveryReceived, settles), (RecoveryOverpaid, event.amount - settles))
    return [
        kind(
            application_id=grant.awarded.application_id, recovery_id=recovery_id, amount=amount, reference=event.key,
            booked_on=event.booked_on, bank_reference=event.bank_reference, sha256=event.sha256,
        )
        for kind, amount in parts
        if amount
    ]  # fmt: skip
