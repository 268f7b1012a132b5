"""What an applicant may know of a fact of payments: what was paid to them, and what they have to pay back. Pure."""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid5

from schemas.facts import Fact
from schemas.intake import ApplicationStandingChanged
from schemas.payments import (
    LateInterestClaimed,
    PaymentBooked,
    PaymentPlanAgreed,
    PaymentRejected,
    PaymentReturned,
    PaymentSent,
    RecoveryClaimed,
    RecoveryOverpaid,
    RecoveryReceived,
    RecoverySetOff,
    RecoveryWrittenOff,
)

from .standings import change, day, money

PaymentFact = PaymentSent | PaymentBooked | PaymentRejected | PaymentReturned
RecoveryFact = (
    RecoveryClaimed
    | RecoveryReceived
    | RecoveryOverpaid
    | RecoverySetOff
    | RecoveryWrittenOff
    | PaymentPlanAgreed
    | LateInterestClaimed
)
ACCOUNT_FAULTS: Final = frozenset(
    {
        "AC01", "AC03", "AC04", "AC06", "AC07", "AC09", "AC11", "AC12", "AC14", "AC15", "AC17", "AG01", "AG03", "BE01",
        "BE06", "CNOR", "NOCM", "RC01", "RC02", "RC04", "RC05", "RC07", "RUTA", "SL02",
    }
)  # fmt: skip
"""Reason codes (ISO 20022) that the payee can do something about: another account, or another name on it. For all
others the payer or a bank does it, and nothing is asked of the applicant.
"""


def payment_id(fact: PaymentFact) -> UUID:
    """What a payment is known by to its applicant: one attempt at one instalment."""
    return uuid5(fact.application_id, f"payment/{fact.instalment}/{fact.attempt}")


def payment_standing(fact: PaymentFact) -> ApplicationStandingChanged:
    """What the applicant is told of a payment."""
    if isinstance(fact, PaymentSent):
        note = f"Maksu on matkalla, lähetetty {day(fact.sent_on)}: {money(fact.amount)}"
        return change(
            fact.application_id, "payment_sent", note, amount=fact.amount, happened_on=fact.sent_on,
            request_id=payment_id(fact),
        )  # fmt: skip
    if isinstance(fact, PaymentBooked):
        note = f"Maksettu {day(fact.booked_on)}: {money(fact.amount)}"
        return change(
            fact.application_id, "paid", note, amount=fact.amount, happened_on=fact.booked_on,
            request_id=payment_id(fact),
        )  # fmt: skip
    asked = "Tarkista tilinumero" if fact.reason_code in ACCOUNT_FAULTS else None
    note = "Maksu ei mennyt perille: tarkista tilinumero"
    if asked is None:
        note = "Maksu ei mennyt perille: selvitämme syyn ja maksamme uudelleen"
    return change(fact.application_id, "payment_delayed", note, question=asked, request_id=payment_id(fact))


def recovery_standing(fact: RecoveryFact, left: int, account: str) -> ApplicationStandingChanged:
    """What the applicant is told of a recovery, of which so much (cents) was left to pay before. `amount` of the
    standing is what is left now, and its question how it is paid, where that is new; `account` is the county's IBAN.
    What came in beyond the recovery is paid to the applicant again, in an instalment of its own.
    """
    said, left = _said(fact, left)
    left = max(left, 0)
    rest = f"Jäljellä {money(left)}" if left else "Takaisinperinnästä ei ole enää maksettavaa"
    how = None
    if isinstance(fact, RecoveryClaimed | PaymentPlanAgreed | LateInterestClaimed):
        how = f"Maksa tilille {_in_fours(account)} viitteellä {fact.reference}{_parts(fact)}"
    due_on = None
    if isinstance(fact, RecoveryClaimed):
        due_on = fact.due_on
    if isinstance(fact, PaymentPlanAgreed):
        due_on = max(part.due_on for part in fact.parts)
    note = ". ".join(each for each in (said, rest, how) if each)
    return change(
        fact.application_id, "recovery", note, amount=left, question=how, due_on=due_on, request_id=fact.recovery_id,
        overpaid=fact.amount if isinstance(fact, RecoveryOverpaid) else None,
    )  # fmt: skip


def _said(fact: RecoveryFact, left: int) -> tuple[str, int]:  # noqa: PLR0911 - one arm a fact
    """What happened, and what is left to pay after it."""
    match fact:
        case RecoveryReceived():
            return f"Takaisin maksettu {day(fact.booked_on)}: {money(fact.amount)}", left - fact.amount
        case RecoveryOverpaid():
            return f"Liikaa maksettu {money(fact.amount)} maksetaan takaisin", left
        case RecoverySetOff():
            said = f"Maksuerästä {fact.instalment} on käytetty takaisinperintään {money(fact.amount)}"
            return said, left - fact.amount
        case RecoveryWrittenOff():
            return f"Takaisinperinnästä on luovuttu: {money(fact.amount)}", left - fact.amount
        case LateInterestClaimed():
            return f"Viivästyskorkoa {money(fact.amount)}", left + fact.amount
        case PaymentPlanAgreed():
            return "Maksusuunnitelma on sovittu", left
        case RecoveryClaimed():
            return "", left


def _parts(fact: Fact) -> str:
    if not isinstance(fact, PaymentPlanAgreed):
        return ""
    return " osissa: " + ", ".join(f"{money(part.amount)} viimeistään {day(part.due_on)}" for part in fact.parts)


def _in_fours(account: str) -> str:
    return " ".join(account[start : start + 4] for start in range(0, len(account), 4))
