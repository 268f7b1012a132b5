"""Events of grants that payments owes: awarded, released, held, and the payments of their instalments."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from schemas.calls import Pays
from schemas.decisions import Instalment
from schemas.facts import Date, Fact
from schemas.identifiers import BusinessId, DiaryNumber, EndToEndId, Iban, Name, Person, Sha256, Slug, Text
from schemas.money import Money, NonNegativeMoney, PositiveMoney

Requirement = Literal["agreement", "yearly_review", "own_funding", "cost_reports"]
"""What instalments of a basket's grants may wait for."""
HoldReason = Literal["report_overdue", "appealed", "claimed"]
"""Why nothing more of a grant is paid for a time."""


class GrantAwardedV1(Fact, title="GrantAwarded"):
    """A grant that payments owes, as decided."""

    event_type: ClassVar[str] = "grant.awarded"
    application_id: UUID
    diary_number: DiaryNumber
    association_id: BusinessId
    association_name: Name
    iban: Iban
    basket: Slug
    pays: Pays
    amount: PositiveMoney
    instalments: tuple[Instalment, ...] = Field(min_length=1)
    awarded_on: Date


class GrantAwarded(Fact):
    """A grant that payments owes, as decided. Since version 2 with the municipality of the largest share of the
    activity, and what its instalments wait for, by its basket.
    """

    event_type: ClassVar[str] = "grant.awarded"
    event_schema: ClassVar[int] = 2
    application_id: UUID
    diary_number: DiaryNumber
    association_id: BusinessId
    association_name: Name
    iban: Iban
    basket: Slug
    pays: Pays
    amount: PositiveMoney
    instalments: tuple[Instalment, ...] = Field(min_length=1)
    awarded_on: Date
    municipality: Slug | None
    requires: tuple[Requirement, ...] = Field(max_length=10)


class GrantRequirementMet(Fact):
    """What instalments wait for came about: an agreement was signed, a year reviewed (`year`), own funding proven, or
    costs accepted (`accepted_costs`, all of the project up to now).
    """

    event_type: ClassVar[str] = "grant.requirement_met"
    application_id: UUID
    requirement: Requirement
    year: int | None = Field(strict=True, ge=2020, le=2100)
    accepted_costs: NonNegativeMoney | None
    met_on: Date


class GrantChanged(Fact):
    """The award was changed by a decision on a claim; `change` is what is added (or taken away when negative)."""

    event_type: ClassVar[str] = "grant.changed"
    application_id: UUID
    change: Money
    amount: NonNegativeMoney
    instalments: tuple[Instalment, ...]
    changed_on: Date


class GrantReleased(Fact):
    """The grant may be paid: notice was given, or the decision is final, as its call says."""

    event_type: ClassVar[str] = "grant.released"
    application_id: UUID
    released_on: Date


class PayeePersonNoted(Fact):
    """A person acts or signs for an association, by its token's id, in a period: our copy. Whoever does approves no
    payment to it.
    """

    event_type: ClassVar[str] = "payee.person_noted"
    association_id: BusinessId
    person_id: UUID
    person: Person
    valid_from: Date
    valid_until: Date | None


class GrantHeldV1(Fact, title="GrantHeld"):
    """Nothing more of the grant is paid until the reason is gone: a report is overdue (Helsinki date)."""

    event_type: ClassVar[str] = "grant.held"
    application_id: UUID
    reason: Literal["report_overdue"]
    held_on: Date


class GrantHeld(Fact):
    """Nothing more of the grant is paid until the reason is gone (Helsinki date): a report is overdue; since version 2
    also a claim or an appeal against a decision that counted as final already, and which report is overdue.
    """

    event_type: ClassVar[str] = "grant.held"
    event_schema: ClassVar[int] = 2
    application_id: UUID
    reason: HoldReason
    report: int | None = Field(strict=True, default=None, ge=1)
    held_on: Date


class GrantHoldLiftedV1(Fact, title="GrantHoldLifted"):
    """The reason for holding the grant is gone."""

    event_type: ClassVar[str] = "grant.hold_lifted"
    application_id: UUID
    reason: Literal["report_overdue"]


class GrantHoldLifted(Fact):
    """The reason for holding the grant is gone."""

    event_type: ClassVar[str] = "grant.hold_lifted"
    event_schema: ClassVar[int] = 2
    application_id: UUID
    reason: HoldReason
    report: int | None = Field(strict=True, default=None, ge=1)


class AccountNoted(Fact):
    """The account to which an association's payments go from now on: our copy of what intake knows."""

    event_type: ClassVar[str] = "account.noted"
    association_id: BusinessId
    iban: Iban


class PaymentProposed(Fact):
    """An instalment is in a run: it cannot be proposed again until that payment has failed."""

    event_type: ClassVar[str] = "payment.proposed"
    application_id: UUID
    instalment: int = Field(ge=1)
    attempt: int = Field(ge=1)
    run_id: UUID
    end_to_end_id: EndToEndId
    amount: PositiveMoney
    iban: Iban
    diary_number: DiaryNumber


class PaymentSent(Fact):
    """The payment left in a bank file."""

    event_type: ClassVar[str] = "payment.sent"
    application_id: UUID
    instalment: int
    attempt: int
    amount: PositiveMoney
    sent_on: Date


class PaymentRejected(Fact):
    """The bank did not carry the payment out; the instalment is payable again once the cause is dealt with."""

    event_type: ClassVar[str] = "payment.rejected"
    application_id: UUID
    instalment: int
    attempt: int
    amount: PositiveMoney
    reason_code: Name
    sha256: Sha256


class PaymentBooked(Fact):
    """The bank debited the county's account."""

    event_type: ClassVar[str] = "payment.booked"
    application_id: UUID
    instalment: int
    attempt: int
    end_to_end_id: EndToEndId
    amount: PositiveMoney
    booked_on: Date
    bank_reference: Name
    sha256: Sha256


class PaymentReturned(Fact):
    """A booked payment came back; the instalment is open again and is paid under a new id."""

    event_type: ClassVar[str] = "payment.returned"
    application_id: UUID
    instalment: int
    attempt: int
    end_to_end_id: EndToEndId
    amount: PositiveMoney
    booked_on: Date
    bank_reference: Name
    reason_code: Name
    sha256: Sha256


class PaymentReturnCharged(Fact):
    """Less of a payment came back than was sent: what the bank kept of it. With what came back, the whole payment is
    owed again.
    """

    event_type: ClassVar[str] = "payment.return_charged"
    application_id: UUID
    instalment: int = Field(strict=True, ge=1)
    attempt: int = Field(strict=True, ge=1)
    end_to_end_id: EndToEndId
    amount: PositiveMoney
    charged_on: Date
    sha256: Sha256


class PaymentStatusReported(Fact):
    """The bank told where a payment stands that it neither refused nor booked yet: its status code (ISO 20022, such as
    ACSC or PDNG) and reason. A status is the bank's word; only a booking is money.
    """

    event_type: ClassVar[str] = "payment.status_reported"
    application_id: UUID
    instalment: int = Field(strict=True, ge=1)
    attempt: int = Field(strict=True, ge=1)
    end_to_end_id: EndToEndId
    bank_status: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,4}$")]
    reason_code: Name | None
    sha256: Sha256


class PaymentDropped(Fact):
    """A payment was taken out of its run before it was sent; the instalment is payable again."""

    event_type: ClassVar[str] = "payment.dropped"
    application_id: UUID
    instalment: int
    attempt: int
    amount: PositiveMoney
    run_id: UUID
    reason: Text


class PaymentCauseSettled(Fact):
    """A person dealt with the cause for which the bank did not pay, or sent the money back."""

    event_type: ClassVar[str] = "payment.cause_settled"
    application_id: UUID
    instalment: int
    attempt: int
    remark: Text
    person: Person
