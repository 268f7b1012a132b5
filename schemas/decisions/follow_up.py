"""Events of what follows a decision: agreements, reports of use and of costs, changes, hearings, recovery."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field, StrictBool

from schemas.calls import AttachedFile, Budget, CostRow
from schemas.facts import Contract, Date, Fact
from schemas.identifiers import Name, Person, Sha256, Text
from schemas.money import NonNegativeMoney, PositiveMoney

Party = Literal["county", "association"]
ChangeKind = Literal["time", "budget", "purpose"]


class InterestPeriod(Contract):
    """Interest on a part of a recovery at one rate: from one Helsinki date, counted, to another, not counted. The rate
    is a year's, in hundredths of a percent.
    """

    principal: PositiveMoney
    counted_from: Date
    counted_to: Date
    days: int = Field(strict=True, ge=1, le=36525)
    rate_hundredths: int = Field(strict=True, ge=0, le=10000)
    amount: NonNegativeMoney


class AgreementSignedV1(Fact, title="AgreementSigned"):
    """A partnership agreement (*kumppanuussopimus*), with or without money."""

    event_type: ClassVar[str] = "agreement.signed"
    application_id: UUID
    years: int = Field(strict=True, ge=1, le=5)
    without_money: StrictBool
    terms: Text


class AgreementSigned(Fact):
    """A partnership agreement (*kumppanuussopimus*), with or without money. Since version 2 both parties signed
    its version, and it has its period.
    """

    event_type: ClassVar[str] = "agreement.signed"
    event_schema: ClassVar[int] = 2
    application_id: UUID
    years: int = Field(strict=True, ge=1, le=5)
    without_money: StrictBool
    terms: Text
    version: int = Field(strict=True, ge=1, le=100)
    contributions: tuple[Text, ...] = Field(max_length=20)
    valid_from: Date | None
    valid_until: Date | None
    signed_on: Date | None


class ReportRequested(Fact):
    """A report of use (*selvitys*) is asked for, in time before it is due (Helsinki date). Reports count from 1."""

    event_type: ClassVar[str] = "report.requested"
    application_id: UUID
    report: int = Field(strict=True, ge=1, le=60)
    due_on: Date


class ReportReminded(Fact):
    """A report has not come by its last day: the applicant is reminded, and payments hold what is still to be paid."""

    event_type: ClassVar[str] = "report.reminded"
    application_id: UUID
    report: int = Field(strict=True, ge=1, le=60)
    due_on: Date
    reminded_on: Date


class ReportReceived(Fact):
    """A report came from the applicant."""

    event_type: ClassVar[str] = "report.received"
    application_id: UUID
    report: int = Field(strict=True, ge=1, le=60)
    used: NonNegativeMoney
    account: Text
    attachments: tuple[AttachedFile, ...] = Field(max_length=100)
    received_on: Date


class ReportChecked(Fact):
    """A part of a report was checked: its content (*asiatarkastus*) or its money (*taloustarkastus*)."""

    event_type: ClassVar[str] = "report.checked"
    application_id: UUID
    report: int = Field(strict=True, ge=1, le=60)
    part: Literal["content", "money"]
    sound: StrictBool
    remarks: Text
    person: Person


class ReportReturned(Fact):
    """A report goes back to be completed, by a Helsinki date."""

    event_type: ClassVar[str] = "report.returned"
    application_id: UUID
    report: int = Field(strict=True, ge=1, le=60)
    reason: Text
    due_on: Date
    person: Person


class ReportAccepted(Fact):
    """A report is accepted. `unused` is what was not used of the grant, of which a recovery may follow."""

    event_type: ClassVar[str] = "report.accepted"
    application_id: UUID
    report: int = Field(strict=True, ge=1, le=60)
    unused: NonNegativeMoney
    person: Person


class HearingOpenedV1(Fact, title="HearingOpened"):
    """The applicant is heard (*kuuleminen*) on a planned recovery, by a Helsinki date."""

    event_type: ClassVar[str] = "hearing.opened"
    application_id: UUID
    hearing_id: UUID
    grounds: Text
    amount: PositiveMoney
    answer_by: Date
    person: Person


class HearingOpened(Fact):
    """The applicant is heard (*kuuleminen*) on a planned recovery, by a Helsinki date. Since version 2 with the day on
    which the county learned of its grounds.
    """

    event_type: ClassVar[str] = "hearing.opened"
    event_schema: ClassVar[int] = 2
    application_id: UUID
    hearing_id: UUID
    grounds: Text
    amount: PositiveMoney
    answer_by: Date
    person: Person
    learned_on: Date | None


class HearingClosed(Fact):
    """A hearing ended without a recovery."""

    event_type: ClassVar[str] = "hearing.closed"
    application_id: UUID
    hearing_id: UUID
    reasons: Text
    person: Person


class HearingAnswered(Fact):
    """The applicant answered in a hearing."""

    event_type: ClassVar[str] = "hearing.answered"
    application_id: UUID
    hearing_id: UUID
    answer: Text
    answered_on: Date


class RecoveryDecidedV1(Fact, title="RecoveryDecided"):
    """A decision to recover (*takaisinperintä*) a grant or a part of it."""

    event_type: ClassVar[str] = "recovery.decided"
    application_id: UUID
    recovery_id: UUID
    amount: PositiveMoney
    grounds: Text
    decided_on: Date
    due_on: Date
    person: Person


class RecoveryDecided(Fact):
    """A decision to recover (*takaisinperintä*) a grant or a part of it. Since version 2 with interest, how it was
    counted, or why none is asked.
    """

    event_type: ClassVar[str] = "recovery.decided"
    event_schema: ClassVar[int] = 2
    application_id: UUID
    recovery_id: UUID
    amount: PositiveMoney
    grounds: Text
    decided_on: Date
    due_on: Date
    person: Person
    interest: NonNegativeMoney
    interest_periods: tuple[InterestPeriod, ...] = Field(max_length=200)
    interest_waived: Text | None
    on_behalf_of: Person | None


class NegotiationNoted(Fact):
    """A negotiation (*neuvottelu*) of a partnership or project took place."""

    event_type: ClassVar[str] = "negotiation.noted"
    application_id: UUID
    held_on: Date
    notes: Text
    person: Person


class AgreementDrafted(Fact):
    """A version of a partnership's agreement is offered to be signed. `contributions` are what the county gives beside
    money or in its place: premises, guidance, training.
    """

    event_type: ClassVar[str] = "agreement.drafted"
    application_id: UUID
    version: int = Field(strict=True, ge=1, le=100)
    years: int = Field(strict=True, ge=1, le=5)
    without_money: StrictBool
    contributions: tuple[Text, ...] = Field(max_length=20)
    terms: Text
    valid_from: Date
    valid_until: Date
    person: Person


class AgreementPartySigned(Fact):
    """A party signed a version of the agreement."""

    event_type: ClassVar[str] = "agreement.party_signed"
    application_id: UUID
    version: int = Field(strict=True, ge=1, le=100)
    party: Party
    person: Person
    signed_on: Date


class PartnershipReviewed(Fact):
    """A partnership was reviewed before the instalments of a calendar year: it continues, or they are held."""

    event_type: ClassVar[str] = "partnership.reviewed"
    application_id: UUID
    year: int = Field(strict=True, ge=2020, le=2100)
    continues: StrictBool
    remarks: Text
    reviewed_on: Date
    person: Person


class OwnFundingProven(Fact):
    """A part of a project's own funding (*omarahoitusosuus*) was proven. `total` is what is proven with it of the
    `declared`; it is covered when nothing is missing.
    """

    event_type: ClassVar[str] = "own_funding.proven"
    application_id: UUID
    source: Name
    amount: PositiveMoney
    proof_sha256: Sha256 | None
    total: NonNegativeMoney
    declared: NonNegativeMoney
    covered: StrictBool
    person: Person


class CostReportReceived(Fact):
    """A report of costs (*kustannusselvitys*) of a project came, for a period of Helsinki dates. They count from 1."""

    event_type: ClassVar[str] = "cost_report.received"
    application_id: UUID
    cost_report: int = Field(strict=True, ge=1, le=60)
    period_from: Date
    period_until: Date
    rows: tuple[CostRow, ...] = Field(min_length=1, max_length=200)
    total: NonNegativeMoney
    attachments: tuple[AttachedFile, ...] = Field(max_length=100)
    received_on: Date


class CostReportReturned(Fact):
    """A report of costs goes back to be completed, by a Helsinki date."""

    event_type: ClassVar[str] = "cost_report.returned"
    application_id: UUID
    cost_report: int = Field(strict=True, ge=1, le=60)
    reason: Text
    due_on: Date
    person: Person


class CostReportAccepted(Fact):
    """Costs were accepted, in whole or in part. `accepted_total` is what is accepted of the project with them."""

    event_type: ClassVar[str] = "cost_report.accepted"
    application_id: UUID
    cost_report: int = Field(strict=True, ge=1, le=60)
    accepted: NonNegativeMoney
    accepted_total: NonNegativeMoney
    reasons: Text
    person: Person


class ChangeReceived(Fact):
    """The applicant asks for a change after the decision (*muutoshakemus*)."""

    event_type: ClassVar[str] = "change.received"
    application_id: UUID
    change_id: UUID
    what: ChangeKind
    proposal: Text
    reasons: Text
    budget: Budget | None
    received_on: Date


class ChangeProposed(Fact):
    """The officer's proposal on a change."""

    event_type: ClassVar[str] = "change.proposed"
    application_id: UUID
    change_id: UUID
    approve: StrictBool
    reasons: Text
    person: Person


class ChangeDecided(Fact):
    """A change was decided. An approved one of time has the new last Helsinki date of use; `reports_due_on`, where it
    is not empty, replaces the days on which reports are due.
    """

    event_type: ClassVar[str] = "change.decided"
    application_id: UUID
    change_id: UUID
    what: ChangeKind
    approved: StrictBool
    reasons: Text
    conditions: tuple[Text, ...] = Field(max_length=20)
    use_until: Date | None
    reports_due_on: tuple[Date, ...] = Field(max_length=20)
    decided_on: Date
    person: Person
    organ: Name
    on_behalf_of: Person | None


class PaymentNotedV1(Fact, title="PaymentNoted"):
    """What payments paid of a grant, or got back from the bank: our copy, from which interest is counted."""

    event_type: ClassVar[str] = "payment.noted"
    application_id: UUID
    instalment: int = Field(strict=True, ge=1, le=60)
    kind: Literal["booked", "returned"]
    amount: PositiveMoney
    booked_on: Date


class PaymentNoted(Fact):
    """What payments paid of a grant, or got back: our copy, from which recoveries and their interest are counted. Since
    version 2 also what was set off against a claim, which counts as paid, and what came in beyond a claim, which is
    paid out again as one more instalment; that one has no number here.
    """

    event_type: ClassVar[str] = "payment.noted"
    event_schema: ClassVar[int] = 2
    application_id: UUID
    instalment: int | None = Field(strict=True, default=None, ge=1, le=1000)
    kind: Literal["booked", "returned", "set_off", "overpaid"]
    amount: PositiveMoney
    booked_on: Date
