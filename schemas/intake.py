"""Events of intake: calls, associations, applications, usage reports."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field, StrictBool

from .calls import Answer, AssociationKind, AttachedFile, Budget, CallKind, CallTerms, CostRow, Pays
from .facts import Contract, Date, Fact, Moment
from .identifiers import AssociationNumber, BusinessId, DiaryNumber, Iban, Name, Person, Sha256, Slug, Text
from .instalments import Instalment
from .money import NonNegativeMoney
from .personal import SealedDetails
from .words import Language, Words

Channel = Literal["electronic", "paper"]
StandingV1 = Literal[
    "received", "supplement_requested", "in_preparation", "transferred", "decided", "notified", "final", "paid",
    "payment_delayed", "recovery", "withdrawn",
]  # fmt: skip
StandingV2 = Literal[
    "received", "supplement_requested", "in_preparation", "transferred", "decided", "notified", "final", "paid",
    "payment_delayed", "recovery", "withdrawn", "report_requested", "report_returned", "report_accepted",
    "hearing",
]  # fmt: skip
StandingV3 = Literal[
    "received", "supplement_requested", "in_preparation", "transferred", "decided", "notified", "final", "paid",
    "payment_delayed", "recovery", "withdrawn", "report_requested", "report_returned", "report_accepted",
    "hearing", "agreement_offered", "agreement_signed", "cost_report_returned", "cost_report_accepted",
    "change_decided",
]  # fmt: skip
Standing = Literal[
    "received", "supplement_requested", "in_preparation", "transferred", "decided", "notified", "final", "paid",
    "payment_delayed", "recovery", "withdrawn", "report_requested", "report_returned", "report_accepted",
    "hearing", "agreement_offered", "agreement_signed", "cost_report_returned", "cost_report_accepted",
    "change_decided", "payment_sent", "own_funding_awaited", "report_received", "appealed",
]  # fmt: skip


class MunicipalityShare(Contract):
    """How much of the activity takes place in a municipality, in whole percent."""

    municipality: Slug
    percent: int = Field(strict=True, ge=1, le=100)


class CallPublishedV1(Fact, title="CallPublished"):
    """A call (*haku*): a yearly round, a continuous call, or a negotiated partnership."""

    event_type: ClassVar[str] = "call.published"
    call_id: Slug
    basket: Slug
    year: int = Field(strict=True, ge=2020, le=2100)
    title: Name
    kind: CallKind
    opens_at: Moment
    closes_at: Moment | None
    pays: Pays
    instructions: Text


class CallPublished(Fact, CallTerms):
    """A call (*haku*): a yearly round, a continuous call, or a negotiated partnership. Version 2 has its form."""

    event_type: ClassVar[str] = "call.published"
    event_schema: ClassVar[int] = 2
    call_id: Slug


class CallAmended(Fact, CallTerms):
    """A call was changed while it is open: its terms from now on, and what applicants are told of the change.
    Applications that were sent before keep the version under which they were sent.
    """

    event_type: ClassVar[str] = "call.amended"
    call_id: Slug
    call_version: int = Field(strict=True, ge=2)
    what_changed: Words


class AssociationRegistered(Fact):
    """An association (*yhdistys*) with its registered name apart from its display name."""

    event_type: ClassVar[str] = "association.registered"
    association_id: BusinessId
    name: Name
    display_name: Name
    register_number: AssociationNumber | None
    domicile: Slug
    kind: AssociationKind
    iban: Iban
    language: Language


class AssociationCorrected(Fact):
    """What an association is called, where it is and of which kind, as it is from now on: an officer who does not act
    for it saw it in the register of associations.
    """

    event_type: ClassVar[str] = "association.corrected"
    association_id: BusinessId
    name: Name
    display_name: Name
    register_number: AssociationNumber | None
    domicile: Slug
    kind: AssociationKind
    language: Language
    reason: Text
    person: Person


class AccountChangeRequested(Fact):
    """Somebody asks that payments go to another account from now on; another person confirms it. `proof_sha256` is the
    hash of the bank's proof of the account, where one was sent; `not_before` is the first Helsinki date for it.
    """

    event_type: ClassVar[str] = "account_change.requested"
    association_id: BusinessId
    change_id: UUID
    iban: Iban
    reason: Text
    proof_sha256: Sha256 | None
    not_before: Date
    person: Person


class AccountChangeDropped(Fact):
    """A requested change of account was refused or taken back."""

    event_type: ClassVar[str] = "account_change.dropped"
    association_id: BusinessId
    change_id: UUID
    reason: Text
    person: Person


class AccountChangeRefused(Fact):
    """Somebody tried to confirm a change of account that they may not; the attempt is kept."""

    event_type: ClassVar[str] = "account_change.refused"
    association_id: BusinessId
    change_id: UUID
    person: Person
    reason: Text


class PersonNamed(Fact):
    """A person of an association: a contact (*yhteyshenkilö*), somebody who signs for it (*nimenkirjoittaja*), or who
    may act for it here (*valtuutettu*) in a period of Helsinki dates, both inclusive. `person` is their id in tokens.
    """

    event_type: ClassVar[str] = "person.named"
    association_id: BusinessId
    person_id: UUID
    role: Literal["contact", "signatory", "mandate"]
    person: Person | None
    details: SealedDetails
    valid_from: Date
    valid_until: Date | None


class PersonEnded(Fact):
    """A person's part in an association ended; `valid_until` is its last Helsinki date."""

    event_type: ClassVar[str] = "person.ended"
    association_id: BusinessId
    person_id: UUID
    valid_until: Date


class PersonErased(Fact):
    """A person's key was destroyed: what events hold of them can never be read again, and every proof still holds."""

    event_type: ClassVar[str] = "person.erased"
    association_id: BusinessId
    person_id: UUID
    reason: Text


class AttachmentStored(Fact):
    """A file came and is kept under its SHA-256. `association_id` is whose it is."""

    event_type: ClassVar[str] = "attachment.stored"
    association_id: BusinessId
    file: AttachedFile


class AssociationAccountChanged(Fact):
    """The association's account for payments was corrected."""

    event_type: ClassVar[str] = "association.account_changed"
    association_id: BusinessId
    iban: Iban
    reason: Text


class ApplicationSubmittedV1(Fact):
    """An application (*hakemus*) was sent: the first contract, with one municipality."""

    event_type: ClassVar[str] = "application.submitted"
    application_id: UUID
    call_id: Slug
    basket: Slug
    pays: Pays
    association_id: BusinessId
    association_name: Name
    iban: Iban
    activity: Slug
    municipality: Slug
    purpose: Text
    applied: NonNegativeMoney
    costs: NonNegativeMoney
    other_funding: NonNegativeMoney
    own_funding: NonNegativeMoney
    years: int = Field(strict=True, ge=1, le=5)
    separable_bookkeeping: StrictBool
    channel: Channel
    arrived_on: Date
    late: StrictBool


class ApplicationSubmittedV2(Fact, title="ApplicationSubmitted"):
    """An application (*hakemus*) was sent. `arrived_on` is the Helsinki date that counts; `late` says that the call had
    closed by then. Since version 2 an activity may be shared between municipalities.
    """

    event_type: ClassVar[str] = "application.submitted"
    event_schema: ClassVar[int] = 2
    application_id: UUID
    call_id: Slug
    basket: Slug
    pays: Pays
    association_id: BusinessId
    association_name: Name
    iban: Iban
    activity: Slug
    municipalities: tuple[MunicipalityShare, ...] = Field(min_length=1, max_length=20)
    purpose: Text
    applied: NonNegativeMoney
    costs: NonNegativeMoney
    other_funding: NonNegativeMoney
    own_funding: NonNegativeMoney
    years: int = Field(strict=True, ge=1, le=5)
    separable_bookkeeping: StrictBool
    channel: Channel
    arrived_on: Date
    late: StrictBool


class ApplicationSubmitted(Fact):
    """An application (*hakemus*) was sent. `arrived_on` is the Helsinki date that counts; `late` says that the call had
    closed by then. Since version 2 an activity may be shared between municipalities; since version 3 it has the call's
    version, its budget by row, answers, attachments, and the contact as a person of the association.
    """

    event_type: ClassVar[str] = "application.submitted"
    event_schema: ClassVar[int] = 3
    application_id: UUID
    call_id: Slug
    call_version: int = Field(strict=True, ge=1)
    basket: Slug
    pays: Pays
    association_id: BusinessId
    association_name: Name
    iban: Iban
    activity: Slug
    municipalities: tuple[MunicipalityShare, ...] = Field(min_length=1, max_length=20)
    purpose: Text
    applied: NonNegativeMoney
    costs: NonNegativeMoney
    other_funding: NonNegativeMoney
    own_funding: NonNegativeMoney
    budget: Budget | None
    years: int = Field(strict=True, ge=1, le=5)
    separable_bookkeeping: StrictBool
    answers: tuple[Answer, ...] = Field(max_length=100)
    attachments: tuple[AttachedFile, ...] = Field(max_length=100)
    contact_id: UUID | None
    channel: Channel
    arrived_on: Date
    late: StrictBool


class ApplicationAttachmentAdded(Fact):
    """An attachment that may follow later was added to a sent application."""

    event_type: ClassVar[str] = "application.attachment_added"
    application_id: UUID
    file: AttachedFile


class ChangeRequested(Fact):
    """The applicant asks for a change after a decision (*muutoshakemus*): of time, budget or purpose."""

    event_type: ClassVar[str] = "application.change_requested"
    application_id: UUID
    change_id: UUID
    what: Literal["time", "budget", "purpose"]
    proposal: Text
    reasons: Text
    budget: Budget | None


class ApplicationSupplemented(Fact):
    """The applicant answered a request for a supplement (*täydennys*)."""

    event_type: ClassVar[str] = "application.supplemented"
    application_id: UUID
    request_id: UUID
    answer: Text


class ApplicationWithdrawn(Fact):
    """The applicant took the application back (*peruminen*) before a decision."""

    event_type: ClassVar[str] = "application.withdrawn"
    application_id: UUID
    reason: Text


class ApplicationStandingChangedV1(Fact, title="ApplicationStandingChanged"):
    """Where the application stands, for the applicant's own view; nothing of the back office."""

    event_type: ClassVar[str] = "application.standing_changed"
    application_id: UUID
    standing: StandingV1
    diary_number: DiaryNumber | None
    note: Text
    request_id: UUID | None = None
    amount: NonNegativeMoney | None = None


class ApplicationStandingChangedV2(Fact, title="ApplicationStandingChanged"):
    """Where the application stands, for the applicant's own view; nothing of the back office. Since version 2 what the
    note says is there by itself too: what is asked and by which Helsinki date, when something happened, and where.
    """

    event_type: ClassVar[str] = "application.standing_changed"
    event_schema: ClassVar[int] = 2
    application_id: UUID
    standing: StandingV2
    diary_number: DiaryNumber | None
    note: Text
    request_id: UUID | None = None
    amount: NonNegativeMoney | None = None
    question: Text | None = None
    due_on: Date | None = None
    happened_on: Date | None = None
    municipality: Slug | None = None


class ApplicationStandingChangedV3(Fact, title="ApplicationStandingChanged"):
    """Where the application stands, for the applicant's own view; nothing of the back office. Since version 2 what the
    note says is there by itself too: what is asked and by which Helsinki date, when something happened, and where.
    Version 3 knows of agreements, reports of costs and changes.
    """

    event_type: ClassVar[str] = "application.standing_changed"
    event_schema: ClassVar[int] = 3
    application_id: UUID
    standing: StandingV3
    diary_number: DiaryNumber | None
    note: Text
    request_id: UUID | None = None
    amount: NonNegativeMoney | None = None
    question: Text | None = None
    due_on: Date | None = None
    happened_on: Date | None = None
    municipality: Slug | None = None


class ApplicationStandingChanged(Fact):
    """Where the application stands, for the applicant's own view; nothing of the back office. Since version 2 what the
    note says is there by itself too: what is asked and by which Helsinki date, when something happened, and where.
    Version 3 knows of agreements, reports of costs and changes; version 4 of payments on their way, own funding that is
    awaited, reports that came and appeals, and says in which instalments a grant is paid and which days a change gave
    to its reports, and what came in beyond a recovery.
    """

    event_type: ClassVar[str] = "application.standing_changed"
    event_schema: ClassVar[int] = 4
    application_id: UUID
    standing: Standing
    diary_number: DiaryNumber | None
    note: Text
    request_id: UUID | None = None
    amount: NonNegativeMoney | None = None
    question: Text | None = None
    due_on: Date | None = None
    happened_on: Date | None = None
    municipality: Slug | None = None
    instalments: tuple[Instalment, ...] = ()
    reports_due_on: tuple[Date, ...] = ()
    overpaid: NonNegativeMoney | None = None


class UsageReportSubmittedV1(Fact, title="UsageReportSubmitted"):
    """The association reported how a grant was used (*selvitys*)."""

    event_type: ClassVar[str] = "usage_report.submitted"
    application_id: UUID
    used: NonNegativeMoney
    account: Text


class UsageReportSubmitted(Fact):
    """The association reported how a grant was used (*selvitys*); since version 2 with attachments."""

    event_type: ClassVar[str] = "usage_report.submitted"
    event_schema: ClassVar[int] = 2
    application_id: UUID
    used: NonNegativeMoney
    account: Text
    attachments: tuple[AttachedFile, ...] = Field(max_length=100)


class CostReportSubmitted(Fact):
    """The association reported a project's costs (*kustannusselvitys*) of a period of Helsinki dates, by row."""

    event_type: ClassVar[str] = "cost_report.submitted"
    application_id: UUID
    period_from: Date
    period_until: Date
    rows: tuple[CostRow, ...] = Field(min_length=1, max_length=200)
    total: NonNegativeMoney
    attachments: tuple[AttachedFile, ...] = Field(max_length=100)


FACTS: tuple[type[Fact], ...] = (
    CallPublishedV1, CallPublished, CallAmended, AssociationRegistered, AssociationCorrected,
    AssociationAccountChanged,
    AccountChangeRequested, AccountChangeDropped, AccountChangeRefused, PersonNamed, PersonEnded, PersonErased,
    AttachmentStored, ApplicationSubmittedV1, ApplicationSubmittedV2, ApplicationSubmitted,
    ApplicationAttachmentAdded, ChangeRequested, ApplicationSupplemented, ApplicationWithdrawn,
    ApplicationStandingChangedV1, ApplicationStandingChangedV2, ApplicationStandingChangedV3,
    ApplicationStandingChanged,
    UsageReportSubmittedV1, UsageReportSubmitted, CostReportSubmitted,
)  # fmt: skip
