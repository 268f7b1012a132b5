"""Events of decisions: appropriations, the diary, cases from opening to finality, agreements, recovery."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field, StrictBool

from .facts import Contract, Date, Fact
from .identifiers import BusinessId, DiaryNumber, Iban, Name, Person, Slug, Text
from .intake import Channel, Pays
from .money import NonNegativeMoney, PositiveMoney

Outcome = Literal["granted", "granted_in_part", "rejected", "not_examined"]
NoticeManner = Literal["electronic", "letter"]


class Instalment(Contract):
    """A part of a grant (*maksuerä*): its number from 1, its sum and the first day on which it may be paid."""

    number: int = Field(strict=True, ge=1, le=60)
    amount: PositiveMoney
    payable_from: Date


class AppropriationSet(Fact):
    """The county's appropriation (*määräraha*) for a basket and year."""

    event_type: ClassVar[str] = "appropriation.set"
    appropriation_id: Slug
    amount: NonNegativeMoney


class AppropriationCommitted(Fact):
    """A part of an appropriation is bound by a decision."""

    event_type: ClassVar[str] = "appropriation.committed"
    appropriation_id: Slug
    application_id: UUID
    amount: PositiveMoney


class AppropriationReleased(Fact):
    """A part of an appropriation that a decision had bound is free again."""

    event_type: ClassVar[str] = "appropriation.released"
    appropriation_id: Slug
    application_id: UUID
    amount: PositiveMoney


class DiaryNumberAssigned(Fact):
    """A diary number (*diaarinumero*), without gaps in its class and year."""

    event_type: ClassVar[str] = "diary.number_assigned"
    diary_number: DiaryNumber
    running: int = Field(strict=True, ge=1)
    application_id: UUID


class CaseOpened(Fact):
    """A case (*asia*) with what preparation needs of the application."""

    event_type: ClassVar[str] = "case.opened"
    application_id: UUID
    diary_number: DiaryNumber
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
    own_funding: NonNegativeMoney
    years: int = Field(strict=True, ge=1, le=5)
    channel: Channel
    arrived_on: Date
    late: StrictBool


class CaseAssigned(Fact):
    """An officer (*valmistelija*) took, or was given, the case."""

    event_type: ClassVar[str] = "case.assigned"
    application_id: UUID
    officer: Person


class CaseTransferred(Fact):
    """The activity is a municipality's task: the application went there (*siirto*); it is no rejection."""

    event_type: ClassVar[str] = "case.transferred"
    application_id: UUID
    municipality: Slug
    activity: Slug
    reason: Text


class CaseWithdrawn(Fact):
    """The applicant withdrew."""

    event_type: ClassVar[str] = "case.withdrawn"
    application_id: UUID
    reason: Text


class SupplementRequested(Fact):
    """The officer asks for a supplement (*täydennyspyyntö*) with a deadline of its own (Helsinki date)."""

    event_type: ClassVar[str] = "supplement.requested"
    application_id: UUID
    request_id: UUID
    question: Text
    due_on: Date


class SupplementReceived(Fact):
    """The applicant answered."""

    event_type: ClassVar[str] = "supplement.received"
    application_id: UUID
    request_id: UUID
    answer: Text


class ConflictDeclared(Fact):
    """A person is disqualified (*esteellinen*, Administrative Procedure Act 434/2003) in this case."""

    event_type: ClassVar[str] = "conflict.declared"
    application_id: UUID
    person: Person
    reason: Text


class ActRefused(Fact):
    """Somebody tried what they may not do in this case; the attempt is kept."""

    event_type: ClassVar[str] = "act.refused"
    application_id: UUID
    person: Person
    act: Slug
    reason: Text


class AssessmentRecorded(Fact):
    """An assessment by points from 0 to 100, with reasons."""

    event_type: ClassVar[str] = "assessment.recorded"
    application_id: UUID
    points: int = Field(strict=True, ge=0, le=100)
    reasons: Text
    person: Person


class ProposalMade(Fact):
    """The officer's proposal (*päätösehdotus*)."""

    event_type: ClassVar[str] = "proposal.made"
    application_id: UUID
    outcome: Outcome
    amount: NonNegativeMoney
    reasons: Text
    person: Person


class MeetingConvened(Fact):
    """A board's meeting (*kokous*) with those present."""

    event_type: ClassVar[str] = "meeting.convened"
    meeting_id: Slug
    organ: Name
    held_on: Date
    present: tuple[Person, ...] = Field(min_length=1, max_length=60)


class SectionTaken(Fact):
    """A section (*pykälä*) of a meeting's minutes is given to a case; sections have no gaps."""

    event_type: ClassVar[str] = "meeting.section_taken"
    meeting_id: Slug
    section: int = Field(strict=True, ge=1)
    application_id: UUID


class DecisionMade(Fact):
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


class DecisionNotified(Fact):
    """Notice (*tiedoksianto*) was given; the last day for a claim is counted from the day it counts as received."""

    event_type: ClassVar[str] = "decision.notified"
    application_id: UUID
    manner: NoticeManner
    sent_on: Date
    received_on: Date
    last_claim_day: Date


class RectificationClaimed(Fact):
    """A claim for rectification (*oikaisuvaatimus*)."""

    event_type: ClassVar[str] = "rectification.claimed"
    application_id: UUID
    claim_id: UUID
    received_on: Date
    in_time: StrictBool
    grounds: Text


class RectificationDecided(Fact):
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


class DecisionBecameFinal(Fact):
    """No claim can be made any more (*lainvoimainen*)."""

    event_type: ClassVar[str] = "decision.became_final"
    application_id: UUID
    final_on: Date


class AgreementSigned(Fact):
    """A partnership agreement (*kumppanuussopimus*), with or without money."""

    event_type: ClassVar[str] = "agreement.signed"
    application_id: UUID
    years: int = Field(strict=True, ge=1, le=5)
    without_money: StrictBool
    terms: Text


class RecoveryDecided(Fact):
    """A decision to recover (*takaisinperintä*) a grant or a part of it."""

    event_type: ClassVar[str] = "recovery.decided"
    application_id: UUID
    recovery_id: UUID
    amount: PositiveMoney
    grounds: Text
    decided_on: Date
    due_on: Date
    person: Person


FACTS: tuple[type[Fact], ...] = (
    AppropriationSet, AppropriationCommitted, AppropriationReleased, DiaryNumberAssigned, CaseOpened, CaseAssigned,
    CaseTransferred, CaseWithdrawn, SupplementRequested, SupplementReceived, ConflictDeclared, ActRefused,
    AssessmentRecorded, ProposalMade, MeetingConvened, SectionTaken, DecisionMade, DecisionNotified,
    RectificationClaimed, RectificationDecided, DecisionBecameFinal, AgreementSigned, RecoveryDecided,
)  # fmt: skip
