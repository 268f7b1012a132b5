"""Events of recovery (*takaisinperintä*): claimed, received, set off, written off."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from schemas.decisions import InterestPeriod
from schemas.facts import Contract, Date, Fact
from schemas.identifiers import Name, Person, Reference, Sha256, Text
from schemas.money import PositiveMoney


class RecoveryClaimed(Fact):
    """The association was asked to pay back, with a reference number (*viitenumero*)."""

    event_type: ClassVar[str] = "recovery.claimed"
    application_id: UUID
    recovery_id: UUID
    amount: PositiveMoney
    reference: Reference
    claimed_on: Date
    due_on: Date


class RecoveryInterestClaimed(Fact):
    """Interest on a recovery is claimed with it, under the same reference number."""

    event_type: ClassVar[str] = "recovery.interest_claimed"
    application_id: UUID
    recovery_id: UUID
    amount: PositiveMoney
    reference: Reference
    claimed_on: Date


class RecoveryReceived(Fact):
    """Money came back for a claim."""

    event_type: ClassVar[str] = "recovery.received"
    application_id: UUID
    recovery_id: UUID
    amount: PositiveMoney
    reference: Reference
    booked_on: Date
    bank_reference: Name
    sha256: Sha256


class RecoveryOverpaid(Fact):
    """More came for a claim than was left of it: the rest is owed back to the association."""

    event_type: ClassVar[str] = "recovery.overpaid"
    application_id: UUID
    recovery_id: UUID
    amount: PositiveMoney
    reference: Reference
    booked_on: Date
    bank_reference: Name
    sha256: Sha256


class RecoverySetOff(Fact):
    """A part of a claim was set off (*kuittaus*) against an instalment that was payable: neither is paid any more."""

    event_type: ClassVar[str] = "recovery.set_off"
    application_id: UUID
    recovery_id: UUID
    instalment: int = Field(ge=1, le=60)
    amount: PositiveMoney
    reference: Reference
    set_off_on: Date
    reason: Text
    person: Person


class RecoveryWrittenOff(Fact):
    """What is left of a claim, or a part of it, is given up by a decision (*poisto*); another person proposed it."""

    event_type: ClassVar[str] = "recovery.written_off"
    application_id: UUID
    recovery_id: UUID
    amount: PositiveMoney
    reference: Reference
    written_off_on: Date
    reason: Text
    proposed_by: Person
    person: Person


class WriteOffProposed(Fact):
    """Somebody proposes to give up what is left of a claim, or a part of it."""

    event_type: ClassVar[str] = "recovery.write_off_proposed"
    application_id: UUID
    recovery_id: UUID
    amount: PositiveMoney
    reason: Text
    person: Person


class WriteOffRefused(Fact):
    """Somebody tried to decide on a write-off that they may not; the attempt is kept."""

    event_type: ClassVar[str] = "recovery.write_off_refused"
    application_id: UUID
    recovery_id: UUID
    person: Person
    reason: Text


class PlannedPart(Contract):
    """A part of a payment plan: its sum and the last Helsinki date for it."""

    due_on: Date
    amount: PositiveMoney


class PaymentPlanAgreed(Fact):
    """What is left of a claim is paid in parts (*maksusuunnitelma*); their sum is what was left."""

    event_type: ClassVar[str] = "recovery.plan_agreed"
    application_id: UUID
    recovery_id: UUID
    reference: Reference
    parts: tuple[PlannedPart, ...] = Field(min_length=1, max_length=60)
    reason: Text
    person: Person


class LateInterestClaimed(Fact):
    """Interest on what came late for a claim, and on what has not come yet (*viivästyskorko*), counted by stretches of
    days at one rate. What has not come bears interest up to the Helsinki date `counted_until`, which is not counted;
    None where all of it came.
    """

    event_type: ClassVar[str] = "recovery.late_interest_claimed"
    application_id: UUID
    recovery_id: UUID
    amount: PositiveMoney
    reference: Reference
    periods: tuple[InterestPeriod, ...] = Field(min_length=1, max_length=200)
    claimed_on: Date
    counted_until: Date | None
