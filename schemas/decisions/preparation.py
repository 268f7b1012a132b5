"""Events of decisions up to the proposal: appropriations, the diary, calls and people as known here, assessment."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field, StrictBool

from schemas.calls import AskedAttachment, Criterion, Pays
from schemas.facts import Contract, Date, Fact
from schemas.identifiers import BusinessId, DiaryNumber, Iban, Name, Person, Slug, Text
from schemas.intake import Channel, MunicipalityShare
from schemas.money import NonNegativeMoney, PositiveMoney

Outcome = Literal["granted", "granted_in_part", "rejected", "not_examined"]


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


class ConflictLifted(Fact):
    """What was declared of a person is not so: they may take part again. What they assessed or proposed stays away."""

    event_type: ClassVar[str] = "conflict.lifted"
    application_id: UUID
    person: Person
    reason: Text
    decided_by: Person


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


class CoefficientSet(Fact):
    """What an application's points are multiplied by, in hundredths: the coefficient of its focus areas
    (*hyte-painopisteet*) times that of wellbeing promotion (*hytekertoimet*) in its municipalities.
    """

    event_type: ClassVar[str] = "case.coefficient_set"
    application_id: UUID
    focus_areas: tuple[Slug, ...] = Field(max_length=20)
    focus_hundredths: int = Field(strict=True, ge=1, le=1000)
    wellbeing_hundredths: int = Field(strict=True, ge=1, le=1000)
    coefficient_hundredths: int = Field(strict=True, ge=1, le=1000)
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
