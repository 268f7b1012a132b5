"""Events of intake: calls, associations, applications, usage reports."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field, StrictBool

from .facts import Contract, Date, Fact, Moment
from .identifiers import AssociationNumber, BusinessId, DiaryNumber, Iban, Name, Slug, Text
from .money import NonNegativeMoney

CallKind = Literal["round", "continuous", "negotiated"]
Pays = Literal["on_notice", "when_final"]
Channel = Literal["electronic", "paper"]
Standing = Literal[
    "received", "supplement_requested", "in_preparation", "transferred", "decided", "notified", "final", "paid",
    "payment_delayed", "recovery", "withdrawn",
]  # fmt: skip


class MunicipalityShare(Contract):
    """How much of the activity takes place in a municipality, in whole percent."""

    municipality: Slug
    percent: int = Field(strict=True, ge=1, le=100)


class CallPublished(Fact):
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


class AssociationRegistered(Fact):
    """An association (*yhdistys*) with its registered name apart from its display name."""

    event_type: ClassVar[str] = "association.registered"
    association_id: BusinessId
    name: Name
    display_name: Name
    register_number: AssociationNumber | None
    domicile: Slug
    kind: Literal["local", "district", "collaborative_area"]
    iban: Iban
    language: Literal["fi", "sv", "en"]


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


class ApplicationSubmitted(Fact):
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


class ApplicationStandingChanged(Fact):
    """Where the application stands, for the applicant's own view; nothing of the back office."""

    event_type: ClassVar[str] = "application.standing_changed"
    application_id: UUID
    standing: Standing
    diary_number: DiaryNumber | None
    note: Text
    request_id: UUID | None = None
    amount: NonNegativeMoney | None = None


class UsageReportSubmitted(Fact):
    """The association reported how a grant was used (*selvitys*)."""

    event_type: ClassVar[str] = "usage_report.submitted"
    application_id: UUID
    used: NonNegativeMoney
    account: Text


FACTS: tuple[type[Fact], ...] = (
    CallPublished, AssociationRegistered, AssociationAccountChanged, ApplicationSubmittedV1, ApplicationSubmitted,
    ApplicationSupplemented, ApplicationWithdrawn, ApplicationStandingChanged, UsageReportSubmitted,
)  # fmt: skip
