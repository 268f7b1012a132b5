"""What the bank's messages make of a grant: told of, rejected, booked, returned, received for a claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from schemas.facts import Fact
from schemas.money import euros
from schemas.payments import (
    PaymentBooked,
    PaymentRejected,
    PaymentReturnCharged,
    PaymentReturned,
    PaymentStatusReported,
    RecoveryOverpaid,
    RecoveryReceived,
)
from schemas.refusals import conflict, invalid

from .grants import Grant, Payment, PaymentState, seen_key


@dataclass(frozen=True, slots=True)
class BankEvent:
    """What the bank says of one payment or claim; `amount` in cents, None where the bank tells only the sum of a batch:
    then the sum that was sent counts. `reason` is None where none is told. For a status report `booked_on` and
    `bank_reference` are None; `status` is its code for a payment that it tells of (`told`) and does not reject.
    """

    kind: Literal["told", "rejected", "booked", "returned", "received"]
    key: str
    amount: int | None
    booked_on: date | None
    bank_reference: str | None
    reason: str | None
    sha256: str
    status: str | None = None


def apply_bank_event(grant: Grant, event: BankEvent) -> list[Fact]:  # noqa: PLR0911 - one return a kind
    """The facts that a bank's message makes of a grant; none when it says again what is known.

    Refused when it comes before what it follows: a return of what was never booked. Another sum than was sent is no
    booking of that payment, and changes nothing, and neither does a second booking or return of it; of a payment that
    comes back the bank may have kept a part. A payment that the bank rejected and then books is paid: a booking is
    money, a status is a word.
    """
    if event.kind == "received":
        return _received(grant, event)
    number, payment = _payment_of(grant, event.key)
    if _known(grant, event):
        return []
    if event.kind == "rejected":
        return [] if payment.state != "sent" else [
            PaymentRejected(
                application_id=grant.awarded.application_id, instalment=number, attempt=payment.attempt,
                amount=payment.amount, reason_code=event.reason or "NARR", sha256=event.sha256,
            )
        ]  # fmt: skip
    if event.kind == "told":
        return _told(grant, number, payment, event)
    if payment.state not in _WAITS[event.kind]:
        if payment.state in _BEYOND[event.kind]:
            return []
        raise conflict("bank-out-of-order", f"the bank says that {event.key} was {event.kind}, but here it is "
                       f"{payment.state}: import the bank's files in their order")  # fmt: skip
    amount = payment.amount if event.amount is None else event.amount
    if _differs(payment, event) or _booked_beyond(grant, payment, event):
        return []
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
    return _returned(grant, number, amount, event)


def _told(grant: Grant, number: int, payment: Payment, event: BankEvent) -> list[Fact]:
    """The status of a payment that is on its way, once; one that was booked or failed is beyond it."""
    if event.status is None or payment.state != "sent" or payment.told == (event.status, event.reason):
        return []
    return [
        PaymentStatusReported(
            application_id=grant.awarded.application_id, instalment=number, attempt=payment.attempt,
            end_to_end_id=event.key, bank_status=event.status, reason_code=event.reason, sha256=event.sha256,
        )
    ]  # fmt: skip


def _returned(grant: Grant, number: int, amount: int, event: BankEvent) -> list[Fact]:
    """A payment that came back, and what the bank kept of it: both together are owed again."""
    payment = grant.payments[number]
    assert event.booked_on is not None, "a booking has its date"
    assert event.bank_reference is not None, "a booking has its archive id"
    facts: list[Fact] = [
        PaymentReturned(
            application_id=grant.awarded.application_id, instalment=number, attempt=payment.attempt,
            end_to_end_id=event.key, amount=amount, booked_on=event.booked_on, bank_reference=event.bank_reference,
            reason_code=event.reason or "NARR", sha256=event.sha256,
        )
    ]  # fmt: skip
    if amount < payment.amount:
        kept = PaymentReturnCharged(
            application_id=grant.awarded.application_id, instalment=number, attempt=payment.attempt,
            end_to_end_id=event.key, amount=payment.amount - amount, charged_on=event.booked_on, sha256=event.sha256,
        )  # fmt: skip
        facts.append(kept)
    return facts


def _differs(payment: Payment, event: BankEvent) -> bool:
    """Whether the bank tells of another sum than that payment can have: all that was sent, or less where it returns."""
    if event.amount is None:
        return False
    return event.amount > payment.amount if event.kind == "returned" else event.amount != payment.amount


def contradiction(grant: Grant, event: BankEvent) -> str | None:  # noqa: PLR0911 - one return a sentence
    """What a person should know of a message that changes nothing: the bank debits again what it booked, rejects it, or
    tells of another sum. None where it says what is known.
    """
    payment = _payment_of(grant, event.key)[1]
    if _other_sum(grant, payment, event):
        return (
            f"Entry {event.bank_reference} {_DONE[event.kind]} {euros(event.amount or 0)} for {event.key}, of which "
            f"{euros(payment.amount)} was sent. Nothing was booked by it: ask the bank."
        )
    if event.kind not in {"booked", "returned", "rejected"}:
        return None
    if event.kind == "rejected":
        return f"The bank rejects {event.key}, which it booked before: ask it." if payment.state == "booked" else None
    if not _known(grant, event) and payment.state in _WAITS[event.kind] and _booked_beyond(grant, payment, event):
        return (
            f"Entry {event.bank_reference} debits {event.key}, which the bank rejected before, and so much is not owed "
            "any more. Nothing was booked by it: ask the bank."
        )
    if _known(grant, event) or payment.state not in _BEYOND[event.kind]:
        return None
    if event.kind == "returned":
        return (
            f"Entry {event.bank_reference} returns {euros(event.amount or 0)} for {event.key}, which came back before "
            "under another archive id. Nothing was booked by it: ask the bank."
        )
    return (
        f"Entry {event.bank_reference} debits {event.key}, which is booked under another archive id. Unless both are "
        "the same booking in two files, it was paid twice: ask the bank."
    )


_WAITS: Mapping[str, frozenset[PaymentState]] = {
    "booked": frozenset({"sent", "rejected"}), "returned": frozenset({"booked"}),
}  # fmt: skip
"""What a payment is before the bank books it, or sends it back."""
_DONE = {"booked": "debits", "returned": "returns"}
_BEYOND: Mapping[str, frozenset[PaymentState]] = {
    "booked": frozenset({"booked", "returned"}), "returned": frozenset({"returned"}),
}  # fmt: skip
"""What a payment is already when the bank books it, or sends it back, a second time."""


def _other_sum(grant: Grant, payment: Payment, event: BankEvent) -> bool:
    waits = payment.state in _WAITS.get(event.kind, ())
    return waits and not _known(grant, event) and _differs(payment, event)


def _booked_beyond(grant: Grant, payment: Payment, event: BankEvent) -> bool:
    """Whether the bank books what it rejected, and the award was reduced or set off meanwhile."""
    return event.kind == "booked" and payment.state == "rejected" and payment.amount > grant.open


def _known(grant: Grant, event: BankEvent) -> bool:
    """Whether the booking was taken before."""
    return event.bank_reference is not None and seen_key(event.bank_reference, event.key) in grant.seen


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
