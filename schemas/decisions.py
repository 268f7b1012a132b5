"""Events of decisions: appropriations, the diary, cases from opening to finality, agreements, recovery."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field, StrictBool

from .calls import AskedAttachment, AttachedFile, Criterion, Pays
from .facts import Contract, Date, Fact
from .identifiers import BusinessId, DiaryNumber, Iban, Name, Person, Sha256, Slug, Text
from .intake import Channel, MunicipalityShare
from .money import NonNegativeMoney, PositiveMoney

Outcome = Literal["granted", "granted_in_part", "rejected", "not_examined"]
NoticeManner = Literal["electronic", "letter"]


class Instalment(Contract):
    """A part of a grant (*maksuerä*): its number from 1, its sum and the first day on which it may be paid."""

    number: int = Field(strict=True, ge=1, le=60)
    amount: PositiveMoney
    payable_from: Date


class AllocationLine(Contract):
    """What an application gets by an allocation."""

    application_id: UUID
    amount: NonNegativeMoney


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


class CallNoted(Fact):
    """What decisions need of a call of intake, in its version: criteria, how many assessors, and the plan to pay by."""

    event_type: ClassVar[str] = "call.noted"
    call_id: Slug
    call_version: int = Field(strict=True, ge=1)
    basket: Slug
    year: int = Field(strict=True, ge=2020, le=2100)
    title: Name
    criteria: tuple[Criterion, ...]
    assessors: int = Field(strict=True, ge=1, le=5)
    attachments: tuple[AskedAttachment, ...]
    appropriation: NonNegativeMoney | None
    payable_from: tuple[Date, ...]
    reports_due_on: tuple[Date, ...]


class PersonNoted(Fact):
    """A person acts or signs for an association, by its token's id, in a period: who does is disqualified there."""

    event_type: ClassVar[str] = "association.person_noted"
    association_id: BusinessId
    person_id: UUID
    person: Person
    valid_from: Date
    valid_until: Date | None


class CaseOpenedV1(Fact, title="CaseOpened"):
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


class CaseOpened(Fact):
    """A case (*asia*) with what preparation needs of the application. `municipality` is that of the largest share;
    since version 2 all shares and the call's version stand beside it.
    """

    event_type: ClassVar[str] = "case.opened"
    event_schema: ClassVar[int] = 2
    application_id: UUID
    diary_number: DiaryNumber
    call_id: Slug
    call_version: int = Field(strict=True, ge=1)
    basket: Slug
    pays: Pays
    association_id: BusinessId
    association_name: Name
    iban: Iban
    activity: Slug
    municipality: Slug
    municipalities: tuple[MunicipalityShare, ...] = Field(min_length=1, max_length=20)
    purpose: Text
    applied: NonNegativeMoney
    own_funding: NonNegativeMoney
    years: int = Field(strict=True, ge=1, le=5)
    channel: Channel
    arrived_on: Date
    late: StrictBool


class CaseAssignedV1(Fact, title="CaseAssigned"):
    """An officer (*valmistelija*) took, or was given, the case."""

    event_type: ClassVar[str] = "case.assigned"
    application_id: UUID
    officer: Person


class CaseAssigned(Fact):
    """An officer (*valmistelija*) took, or was given, the case. The deputy (*sijainen*), since version 2, takes it over
    when the officer turns out to be disqualified.
    """

    event_type: ClassVar[str] = "case.assigned"
    event_schema: ClassVar[int] = 2
    application_id: UUID
    officer: Person
    deputy: Person | None


class TaskDecided(Fact):
    """Whose task the activity is, decided by an officer where the division leaves it open or splits it. `eligible` is
    the part of the sum applied for that concerns the county's task.
    """

    event_type: ClassVar[str] = "case.task_decided"
    application_id: UUID
    task: Literal["county", "county_part"]
    eligible: NonNegativeMoney
    reason: Text
    person: Person


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


class Score(Contract):
    """The points given for one criterion, with the reason."""

    criterion_id: Slug
    points: int = Field(strict=True, ge=0, le=100)
    reason: Text


class AssessmentRecordedV1(Fact, title="AssessmentRecorded"):
    """An assessment by points from 0 to 100, with reasons."""

    event_type: ClassVar[str] = "assessment.recorded"
    application_id: UUID
    points: int = Field(strict=True, ge=0, le=100)
    reasons: Text
    person: Person


class AssessmentRecorded(Fact):
    """One assessor's assessment by points from 0 to 100, with reasons. Since version 2 it has the scores by criterion,
    and `hundredths`: the weighted points times a hundred, which rank applications; `points` are these rounded half up.
    """

    event_type: ClassVar[str] = "assessment.recorded"
    event_schema: ClassVar[int] = 2
    application_id: UUID
    points: int = Field(strict=True, ge=0, le=100)
    hundredths: int = Field(strict=True, ge=0, le=10000)
    scores: tuple[Score, ...] = Field(max_length=30)
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


class AllocationChosen(Fact):
    """A way to share an appropriation between a call's applications was chosen: the rule with its parameters, and what
    each application gets by it. The proposals follow from it, case by case.
    """

    event_type: ClassVar[str] = "allocation.chosen"
    call_id: Slug
    rule: Literal["full_by_rank", "proportional", "floor_and_ceiling"]
    available: NonNegativeMoney
    floor: NonNegativeMoney | None
    ceiling: NonNegativeMoney | None
    points_min: int = Field(strict=True, ge=0, le=100)
    lines: tuple[AllocationLine, ...] = Field(max_length=5000)
    total: NonNegativeMoney
    person: Person


class MeetingConvened(Fact):
    """A board's meeting (*kokous*) with those present."""

    event_type: ClassVar[str] = "meeting.convened"
    meeting_id: Slug
    organ: Name
    held_on: Date
    present: tuple[Person, ...] = Field(min_length=1, max_length=60)


class SectionTakenV1(Fact, title="SectionTaken"):
    """A section (*pykälä*) of a meeting's minutes is given to a case; sections have no gaps."""

    event_type: ClassVar[str] = "meeting.section_taken"
    meeting_id: Slug
    section: int = Field(strict=True, ge=1)
    application_id: UUID


class SectionTaken(Fact):
    """A section (*pykälä*) of a meeting's minutes is given to a case; sections have no gaps. `excluded`, since version
    2, are those present who were disqualified in this case and so left the meeting for it.
    """

    event_type: ClassVar[str] = "meeting.section_taken"
    event_schema: ClassVar[int] = 2
    meeting_id: Slug
    section: int = Field(strict=True, ge=1)
    application_id: UUID
    excluded: tuple[Person, ...] = Field(max_length=60)


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


class DecisionDocumented(Fact):
    """The decision document (*päätös*) in a language: the bytes under this SHA-256 are what notice is given with."""

    event_type: ClassVar[str] = "decision.documented"
    application_id: UUID
    language: Literal["fi", "sv"]
    sha256: Sha256
    size_bytes: int = Field(strict=True, ge=1)


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


class HearingOpened(Fact):
    """The applicant is heard (*kuuleminen*) on a planned recovery, by a Helsinki date."""

    event_type: ClassVar[str] = "hearing.opened"
    application_id: UUID
    hearing_id: UUID
    grounds: Text
    amount: PositiveMoney
    answer_by: Date
    person: Person


class HearingAnswered(Fact):
    """The applicant answered in a hearing."""

    event_type: ClassVar[str] = "hearing.answered"
    application_id: UUID
    hearing_id: UUID
    answer: Text
    answered_on: Date


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
    AppropriationSet, AppropriationCommitted, AppropriationReleased, DiaryNumberAssigned, CallNoted, PersonNoted,
    CaseOpenedV1, CaseOpened, CaseAssignedV1, CaseAssigned, TaskDecided, CaseTransferred, CaseWithdrawn,
    SupplementRequested, SupplementReceived, ConflictDeclared, ActRefused, AssessmentRecordedV1, AssessmentRecorded,
    ProposalMade, AllocationChosen, MeetingConvened, SectionTakenV1, SectionTaken,
    DecisionMade, DeMinimisAssessed, DeMinimisGranted, DeMinimisChanged, DecisionDocumented, DecisionNotified,
    RectificationClaimed, RectificationDecided, DecisionBecameFinal, AgreementSigned, ReportRequested,
    ReportReminded, ReportReceived, ReportChecked, ReportReturned, ReportAccepted, HearingOpened,
    HearingAnswered, RecoveryDecided,
)  # fmt: skip
