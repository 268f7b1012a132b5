"""Events of a decision: how it was made, its document and notice, claims against it, de minimis aid, finality."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field, StrictBool

from schemas.calls import Pays
from schemas.facts import Date, Fact
from schemas.identifiers import BusinessId, DiaryNumber, Iban, Name, Person, Sha256, Slug, Text
from schemas.instalments import Instalment
from schemas.money import NonNegativeMoney, PositiveMoney

from .preparation import Outcome

NoticeManner = Literal["electronic", "letter"]


class DecisionMadeV1(Fact, title="DecisionMade"):
    """A decision (*päätös*) with its reasons, by an official or by a board at a meeting."""

    event_type: ClassVar[str] = "decision.made"
    application_id: UUID
    diary_number: DiaryNumber
    association_id: BusinessId
    association_name: Name
    iban: Iban
    basket: Slug
    municipality: Slug
    pays: Pays
    outcome: Outcome
    amount: NonNegativeMoney
    instalments: tuple[Instalment, ...]
    reasons: Text
    conditions: tuple[Text, ...]
    decided_on: Date
    person: Person
    organ: Name
    meeting_id: Slug | None
    section: int | None = Field(default=None, ge=1)


class DecisionMade(Fact):
    """A decision (*päätös*) with its reasons, by an official or by a board at a meeting. Since version 2: for
    whom a stand-in decided, the own funding that the application declares, and the time of use (Helsinki
    dates, both inclusive).
    """

    event_type: ClassVar[str] = "decision.made"
    event_schema: ClassVar[int] = 2
    application_id: UUID
    diary_number: DiaryNumber
    association_id: BusinessId
    association_name: Name
    iban: Iban
    basket: Slug
    municipality: Slug
    pays: Pays
    outcome: Outcome
    amount: NonNegativeMoney
    instalments: tuple[Instalment, ...]
    reasons: Text
    conditions: tuple[Text, ...]
    decided_on: Date
    person: Person
    organ: Name
    meeting_id: Slug | None
    section: int | None = Field(default=None, ge=1)
    on_behalf_of: Person | None
    own_funding: NonNegativeMoney
    use_from: Date | None
    use_until: Date | None


class DeMinimisAssessed(Fact):
    """Whether a grant is de minimis aid (Regulation (EU) 2023/2831), with the reason: legal form decides nothing, a
    non-profit that offers goods or services on a market is an undertaking.
    """

    event_type: ClassVar[str] = "de_minimis.assessed"
    application_id: UUID
    aid: StrictBool
    reason: Text
    person: Person


class DeMinimisGranted(Fact):
    """De minimis aid was granted to an undertaking; it counts from the date of granting, not of payment."""

    event_type: ClassVar[str] = "de_minimis.granted"
    association_id: BusinessId
    association_name: Name
    application_id: UUID
    diary_number: DiaryNumber
    amount: PositiveMoney
    granted_on: Date
    three_years_before: NonNegativeMoney


class DeMinimisChanged(Fact):
    """The sum of a granted aid changed by a decision on a claim: `amount` is the new whole, zero where it ended. The
    date of granting stays.
    """

    event_type: ClassVar[str] = "de_minimis.changed"
    association_id: BusinessId
    application_id: UUID
    amount: NonNegativeMoney
    changed_on: Date


class DecisionDocumentedV1(Fact, title="DecisionDocumented"):
    """The decision document (*päätös*) in a language: the bytes under this SHA-256 are what notice is given with."""

    event_type: ClassVar[str] = "decision.documented"
    application_id: UUID
    language: Literal["fi", "sv"]
    sha256: Sha256
    size_bytes: int = Field(strict=True, ge=1)


class DecisionDocumented(Fact):
    """The decision document (*päätös*) in a language: the bytes under this SHA-256 are what notice is given with. Since
    version 2 it says of which decision: the one on the grant, or the one on a claim.
    """

    event_type: ClassVar[str] = "decision.documented"
    event_schema: ClassVar[int] = 2
    application_id: UUID
    language: Literal["fi", "sv"]
    sha256: Sha256
    size_bytes: int = Field(strict=True, ge=1)
    about: Literal["decision", "claim"]
    claim_id: UUID | None


class DecisionNotified(Fact):
    """Notice (*tiedoksianto*) was given; the last day for a claim is counted from the day it counts as received."""

    event_type: ClassVar[str] = "decision.notified"
    application_id: UUID
    manner: NoticeManner
    sent_on: Date
    received_on: Date
    last_claim_day: Date


class DecisionPublished(Fact):
    """The decision, or the minutes with it, was published on the county's web pages on a Helsinki date: from then
    counts the time of the members (residents), who may claim as the parties may. The last day for their claims is
    counted from the day on which they count as having been told.
    """

    event_type: ClassVar[str] = "decision.published"
    application_id: UUID
    published_on: Date
    received_on: Date
    last_claim_day: Date
    person: Person


class RectificationClaimed(Fact):
    """A claim for rectification (*oikaisuvaatimus*)."""

    event_type: ClassVar[str] = "rectification.claimed"
    application_id: UUID
    claim_id: UUID
    received_on: Date
    in_time: StrictBool
    grounds: Text


class RectificationDecidedV1(Fact, title="RectificationDecided"):
    """The claim was decided. When the decision changes, `amount` and `instalments` are the new whole."""

    event_type: ClassVar[str] = "rectification.decided"
    application_id: UUID
    claim_id: UUID
    diary_number: DiaryNumber
    association_id: BusinessId
    association_name: Name
    iban: Iban
    basket: Slug
    pays: Pays
    outcome: Literal["changed", "upheld", "not_examined"]
    previous_amount: NonNegativeMoney
    amount: NonNegativeMoney
    instalments: tuple[Instalment, ...]
    reasons: Text
    decided_on: Date
    person: Person


class RectificationDecidedV2(Fact, title="RectificationDecided"):
    """The claim was decided. When the decision changes, `amount` and `instalments` are the new whole. Since
    version 2 with the body that decided, and where.
    """

    event_type: ClassVar[str] = "rectification.decided"
    event_schema: ClassVar[int] = 2
    application_id: UUID
    claim_id: UUID
    diary_number: DiaryNumber
    association_id: BusinessId
    association_name: Name
    iban: Iban
    basket: Slug
    pays: Pays
    outcome: Literal["changed", "upheld", "not_examined"]
    previous_amount: NonNegativeMoney
    amount: NonNegativeMoney
    instalments: tuple[Instalment, ...]
    reasons: Text
    decided_on: Date
    person: Person
    organ: Name | None
    meeting_id: Slug | None
    section: int | None = Field(strict=True, default=None, ge=1)
    on_behalf_of: Person | None
    own_funding: NonNegativeMoney
    municipality: Slug | None


class RectificationDecided(Fact):
    """The claim was decided. When the decision changes, `amount` and `instalments` are the new whole. Since
    version 2 with the body that decided, and where; since version 3 with what a changed decision says now.
    """

    event_type: ClassVar[str] = "rectification.decided"
    event_schema: ClassVar[int] = 3
    application_id: UUID
    claim_id: UUID
    diary_number: DiaryNumber
    association_id: BusinessId
    association_name: Name
    iban: Iban
    basket: Slug
    pays: Pays
    outcome: Literal["changed", "upheld", "not_examined"]
    previous_amount: NonNegativeMoney
    amount: NonNegativeMoney
    instalments: tuple[Instalment, ...]
    reasons: Text
    decided_on: Date
    person: Person
    organ: Name | None
    meeting_id: Slug | None
    section: int | None = Field(strict=True, default=None, ge=1)
    on_behalf_of: Person | None
    own_funding: NonNegativeMoney
    municipality: Slug | None
    changed_to: Outcome | None


class RectificationNotified(Fact):
    """Notice was given of the decision on a claim; the last day to appeal to the administrative court
    (*hallinto-oikeus*) is counted from the day it counts as received.
    """

    event_type: ClassVar[str] = "rectification.notified"
    application_id: UUID
    claim_id: UUID
    manner: NoticeManner
    sent_on: Date
    received_on: Date
    last_appeal_day: Date


class RectificationWithdrawn(Fact):
    """Who claimed took the claim back before it was decided: the decision stands as if it had not been made."""

    event_type: ClassVar[str] = "rectification.withdrawn"
    application_id: UUID
    claim_id: UUID
    withdrawn_on: Date
    person: Person


class AppealLodged(Fact):
    """An appeal (*valitus*) against the decision on a claim came to a court on a Helsinki date. While one that
    `suspends` is pending, the decision is not final: it came in time, against a claim that was examined.
    """

    event_type: ClassVar[str] = "appeal.lodged"
    application_id: UUID
    appeal_id: UUID
    claim_id: UUID
    court: Name
    court_reference: Name | None
    lodged_on: Date
    in_time: StrictBool
    suspends: StrictBool
    person: Person


class AppealDecided(Fact):
    """What the court decided: the decision on the claim stands, or is annulled, and the claim is decided anew. The
    court's own decision can be appealed against until `open_until` (Helsinki date, inclusive), None where it cannot.
    """

    event_type: ClassVar[str] = "appeal.decided"
    application_id: UUID
    appeal_id: UUID
    outcome: Literal["stands", "annulled"]
    decided_on: Date
    open_until: Date | None
    reasons: Text
    person: Person


class DecisionBecameFinal(Fact):
    """No claim can be made any more (*lainvoimainen*)."""

    event_type: ClassVar[str] = "decision.became_final"
    application_id: UUID
    final_on: Date
