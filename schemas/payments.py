"""Events of payments: grants, runs, payments, bank files, vouchers, postings, reconciliation, periods."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from .calls import Pays
from .decisions import Instalment
from .facts import Contract, Date, Fact
from .identifiers import (
    BusinessId,
    DiaryNumber,
    EndToEndId,
    Iban,
    Name,
    Period,
    Person,
    Reference,
    Sha256,
    Slug,
    Text,
)
from .money import Money, NonNegativeMoney, PositiveMoney

DifferenceClass = Literal[
    "amount_differs", "date_or_period_differs", "account_or_cost_centre_differs", "missing_in_back_office",
    "missing_in_ledger", "missing_at_bank", "duplicate", "ambiguous",
]  # fmt: skip


class GrantAwarded(Fact):
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


class GrantHeld(Fact):
    """Nothing more of the grant is paid until the reason is gone: a report is overdue (Helsinki date)."""

    event_type: ClassVar[str] = "grant.held"
    application_id: UUID
    reason: Literal["report_overdue"]
    held_on: Date


class GrantHoldLifted(Fact):
    """The reason for holding the grant is gone."""

    event_type: ClassVar[str] = "grant.hold_lifted"
    application_id: UUID
    reason: Literal["report_overdue"]


class AccountNoted(Fact):
    """The account to which an association's payments go from now on: our copy of what intake knows."""

    event_type: ClassVar[str] = "account.noted"
    association_id: BusinessId
    iban: Iban


class PaymentLine(Contract):
    """One payment of a run. `attempt` counts the tries to pay one instalment, from 1."""

    application_id: UUID
    instalment: int = Field(ge=1)
    attempt: int = Field(ge=1)
    end_to_end_id: EndToEndId
    amount: PositiveMoney
    creditor_name: Name
    iban: Iban
    diary_number: DiaryNumber


class RunProposed(Fact):
    """A payment run (*maksuajo*) was proposed."""

    event_type: ClassVar[str] = "run.proposed"
    run_id: UUID
    execution_date: Date
    lines: tuple[PaymentLine, ...] = Field(min_length=1, max_length=20000)
    total: PositiveMoney
    person: Person


class RunApproved(Fact):
    """One person's approval; `approval` counts from 1."""

    event_type: ClassVar[str] = "run.approved"
    run_id: UUID
    approval: int = Field(ge=1, le=5)
    person: Person


class RunApprovalRefused(Fact):
    """Somebody tried to approve what they may not approve."""

    event_type: ClassVar[str] = "run.approval_refused"
    run_id: UUID
    person: Person
    reason: Text


class BankFileBuilt(Fact):
    """The bank file's bytes are stored; this is their hash. Nothing was sent before this was recorded."""

    event_type: ClassVar[str] = "run.file_built"
    run_id: UUID
    sha256: Sha256
    message_id: EndToEndId
    count: int = Field(ge=1)
    total: PositiveMoney


class RunSent(Fact):
    """The bank file was handed to the channel to the bank."""

    event_type: ClassVar[str] = "run.sent"
    run_id: UUID
    sha256: Sha256


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


class BankFileImported(Fact):
    """A file from the bank was read whole; it is kept byte for byte under its hash."""

    event_type: ClassVar[str] = "bank_file.imported"
    sha256: Sha256
    kind: Literal["pain.002", "camt.053", "camt.054"]
    statements: int = Field(ge=0)
    entries: int = Field(ge=0)
    credits: NonNegativeMoney
    debits: NonNegativeMoney


class RecoveryClaimed(Fact):
    """The association was asked to pay back, with a reference number (*viitenumero*)."""

    event_type: ClassVar[str] = "recovery.claimed"
    application_id: UUID
    recovery_id: UUID
    amount: PositiveMoney
    reference: Reference
    claimed_on: Date
    due_on: Date


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


class VouchersExported(Fact):
    """Vouchers (*tosite*) of a range of ledger positions went out; numbers have no gaps within a series and year."""

    event_type: ClassVar[str] = "vouchers.exported"
    series: Slug
    year: int
    period: Period
    profile: Slug
    after_position: int = Field(ge=0)
    up_to_position: int = Field(ge=0)
    first_number: int = Field(ge=1)
    count: int = Field(ge=1)
    total: PositiveMoney
    sha256: Sha256


class PostingsImported(Fact):
    """The back office's postings (*kirjaus*) of a period came in."""

    event_type: ClassVar[str] = "postings.imported"
    sha256: Sha256
    period: Period
    profile: Slug
    rows: int = Field(ge=0)
    debits: NonNegativeMoney
    credits: NonNegativeMoney


class ReconciliationCompleted(Fact):
    """Ledger, bank and back office were compared for a period (*täsmäytys*)."""

    event_type: ClassVar[str] = "reconciliation.completed"
    period: Period
    run: int = Field(ge=1)
    matched: int = Field(ge=0)
    differences: int = Field(ge=0)
    up_to_position: int = Field(ge=0)
    inputs: tuple[Sha256, ...]


class DifferenceRaised(Fact):
    """One line that does not agree; raised once, whatever the number of runs."""

    event_type: ClassVar[str] = "difference.raised"
    difference_id: Slug
    period: Period
    difference_class: DifferenceClass
    subject: Name
    expected: Text
    found: Text
    amount: Money
    application_id: UUID | None = None


class DifferenceExplained(Fact):
    """Somebody found the cause and says how it is put right."""

    event_type: ClassVar[str] = "difference.explained"
    difference_id: Slug
    explanation: Text
    person: Person


class DifferenceAccepted(Fact):
    """Another person accepted the explanation."""

    event_type: ClassVar[str] = "difference.accepted"
    difference_id: Slug
    reason: Text
    person: Person


class PeriodClosed(Fact):
    """A period is closed: no difference is open, debits equal credits, and it takes no more postings."""

    event_type: ClassVar[str] = "period.closed"
    period: Period
    debits: NonNegativeMoney
    credits: NonNegativeMoney
    differences: int = Field(ge=0)
    files: tuple[Sha256, ...]
    person: Person


FACTS: tuple[type[Fact], ...] = (
    GrantAwarded, GrantChanged, GrantReleased, GrantHeld, GrantHoldLifted, AccountNoted, RunProposed,
    RunApproved, RunApprovalRefused,
    BankFileBuilt, RunSent, PaymentProposed, PaymentSent, PaymentRejected, PaymentBooked, PaymentReturned,
    BankFileImported, RecoveryClaimed, RecoveryReceived, VouchersExported, PostingsImported, ReconciliationCompleted,
    DifferenceRaised, DifferenceExplained, DifferenceAccepted, PeriodClosed,
)  # fmt: skip
