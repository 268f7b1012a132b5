"""What a call (*haku*) says: its questions, criteria, attachments, who may apply, and how a grant of it is paid."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StrictBool

from .facts import Contract, Date, Moment
from .identifiers import Name, Slug, Text
from .money import NonNegativeAmount, NonNegativeMoney
from .words import Words

CallKind = Literal["round", "continuous", "negotiated"]
Pays = Literal["on_notice", "when_final"]
AssociationKind = Literal["local", "district", "collaborative_area"]
_WHOLE_MAX = 10**12


class Question(Contract):
    """What every question of a form has. `required`: a sent application answers it."""

    question_id: Slug
    label: Words
    help: Words | None = None
    required: StrictBool = False


class TextQuestion(Question):
    """Answered by text of at most `length_max` characters."""

    kind: Literal["text"]
    length_max: int = Field(strict=True, default=4000, ge=1, le=4000)


class NumberQuestion(Question):
    """Answered by a whole number within the limits, both inclusive."""

    kind: Literal["number"]
    minimum: int | None = Field(strict=True, default=None, ge=-_WHOLE_MAX, le=_WHOLE_MAX)
    maximum: int | None = Field(strict=True, default=None, ge=-_WHOLE_MAX, le=_WHOLE_MAX)


class MoneyQuestion(Question):
    """Answered by an amount such as "1234.50 EUR" within the limits, both inclusive."""

    kind: Literal["money"]
    minimum: NonNegativeAmount | None = None
    maximum: NonNegativeAmount | None = None


class DateQuestion(Question):
    """Answered by a date such as 2026-01-31 within the limits, both inclusive."""

    kind: Literal["date"]
    earliest: Date | None = None
    latest: Date | None = None


class Choice(Contract):
    """One of the answers to choose from."""

    choice_id: Slug
    label: Words


class ChoiceQuestion(Question):
    """Answered by the id of a choice, or by a list of them where `several` may be chosen."""

    kind: Literal["choice"]
    choices: tuple[Choice, ...] = Field(min_length=2, max_length=100)
    several: StrictBool = False


class FileQuestion(Question):
    """Answered by the id of an attachment."""

    kind: Literal["file"]


AnyQuestion = Annotated[
    TextQuestion | NumberQuestion | MoneyQuestion | DateQuestion | ChoiceQuestion | FileQuestion,
    Field(discriminator="kind"),
]


class Criterion(Contract):
    """A criterion (*arviointiperuste*) of assessment: scored from 0 to `points_max`, counted with its weight."""

    criterion_id: Slug
    label: Words
    weight: int = Field(strict=True, ge=1, le=1000)
    points_max: int = Field(strict=True, default=10, ge=1, le=100)


class AskedAttachment(Contract):
    """An attachment (*liite*) that the call asks for. With `later_until` it may follow the application, up to the end
    of that Helsinki date.
    """

    kind: Slug
    label: Words
    required: StrictBool = True
    later_until: Date | None = None


class CallTerms(Contract):
    """What a call says, beside its id. `closes_at` None: until further notice. `applicants` are the kinds of
    association that may apply. `appropriation` is the call's own share of the county's, where it has one.
    `payable_from` is the plan of instalments that decisions follow unless they say otherwise.
    """

    basket: Slug
    year: int = Field(strict=True, ge=2020, le=2100)
    title: Name
    kind: CallKind
    opens_at: Moment
    closes_at: Moment | None
    pays: Pays
    instructions: Text
    translations: Words | None = None
    questions: tuple[AnyQuestion, ...] = Field(default=(), max_length=100)
    criteria: tuple[Criterion, ...] = Field(default=(), max_length=30)
    assessors: int = Field(strict=True, default=1, ge=1, le=5)
    attachments: tuple[AskedAttachment, ...] = Field(default=(), max_length=30)
    applicants: tuple[AssociationKind, ...] = Field(
        default=("local", "district", "collaborative_area"), min_length=1, max_length=3
    )
    appropriation: NonNegativeMoney | None = None
    payable_from: tuple[Date, ...] = Field(default=(), max_length=60)
    reports_due_on: tuple[Date, ...] = Field(default=(), max_length=20)


class Answer(Contract):
    """An answer to a question: text, a whole number, or ids of choices; money, dates and attachments as text."""

    question_id: Slug
    value: Annotated[str, Field(max_length=4000)] | Annotated[int, Field(strict=True)] | tuple[Slug, ...]


class AttachedFile(Contract):
    """A file that belongs to an application: the SHA-256 is of its bytes, the type was found from its content."""

    attachment_id: UUID
    kind: Slug
    name: Name
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size_bytes: int = Field(strict=True, ge=1)
    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+-]{1,100}$")]


class CostRow(Contract):
    """A row of costs."""

    label: Name
    amount: NonNegativeAmount


class IncomeRow(Contract):
    """A row of income. `status` says of other funders' money whether it is applied for or received."""

    source: Literal["own", "other_funder", "activity"]
    label: Name
    amount: NonNegativeAmount
    status: Literal["applied", "received"] | None = None


class Budget(Contract):
    """Costs and income by row; what is applied for from the county stands apart."""

    costs: tuple[CostRow, ...] = Field(min_length=1, max_length=200)
    income: tuple[IncomeRow, ...] = Field(default=(), max_length=200)
