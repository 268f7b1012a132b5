"""What decision documents say: everything that they print of the decision, the case and the county's rules."""

from __future__ import annotations

import unicodedata
from datetime import time
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, StringConstraints, model_validator

from schemas.decisions import Instalment, NoticeManner, Outcome
from schemas.facts import Contract, Date
from schemas.identifiers import BusinessId, DiaryNumber, Text
from schemas.money import NonNegativeMoney, euros

Language = Literal["fi", "sv"]

CONDITIONS_MAX: Final = 100
RULES_MAX: Final = 60
CONTENTS_MAX: Final = 30
REPORTS_MAX: Final = 60


def _without_controls(value: str) -> str:
    for place, character in enumerate(value):
        if unicodedata.category(character) == "Cc" and character not in "\n\r\t":
            raise ValueError(
                f"U+{ord(character):04X} at character {place + 1} is a control character, which cannot be printed: "
                "take it out"
            )
    return value


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]
"""A name or title. What is in the ledger is printed as it came: a control character is shown by its code point."""
Prose = Annotated[Text, AfterValidator(_without_controls)]
"""What somebody enters to be printed: up to 4000 characters, of which line ends and tabs are the only control
characters. An empty line parts paragraphs.
"""


class Official(Contract):
    """A person as the document names them. Neither may be blank (as Ahjo's decisions, City-of-Helsinki/yjdh).
    `stands_in_for` names the person for whom they decided as a stand-in (*sijaisena*).
    """

    name: Line
    title: Line
    stands_in_for: Line | None = None


class GrantPeriod(Contract):
    """The time in which the grant is used, both days included."""

    first: Date
    last: Date

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"last ({self.last}) lies before first ({self.first}): a period ends after it began")
        return self


class Rule(Contract):
    """A statute or a text of the county's that the decision rests on. `unchecked`: a rule or section number in it was
    not read in the statute; such a text is printed as the county's own instruction, without the number
    (`services.decisions.documents.rules`).
    """

    text: Text
    unchecked: StrictBool


class Notice(Contract):
    """How notice (*tiedoksianto*) is given, how many days after sending it counts as received, and on which Helsinki
    date that is, where it is given already.
    """

    manner: NoticeManner
    received_after_days: int = Field(strict=True, ge=1, le=60)
    received_on: Date | None = None


class Instructions(Contract):
    """How a decision is attacked: who may, within how many days of notice, where, what is to be told, and the last day
    where notice was given already.
    """

    who: Text
    days: int = Field(strict=True, ge=1, le=365)
    where: Text
    contents: tuple[Text, ...] = Field(min_length=1, max_length=CONTENTS_MAX)
    last_day: Date | None


class RectificationInstructions(Instructions):
    """The instructions for claiming rectification (*oikaisuvaatimusohje*). `closes_at` is the time of day, in Helsinki,
    at which the registry closes.
    """

    closes_at: time | None


class CaseDocument(Contract):
    """What the document of every decision in a case says: where the decision stands, whose case it is, its instalments,
    what it rests on, who made it, and notice.

    `county`, `basket`, `call` and the texts are in `language` already; `section` is the section (*pykälä*) of a
    meeting's minutes; `contact` tells whom to ask (name, telephone, address); amounts are cents.
    """

    language: Language
    county: Line
    decided_on: Date
    section: int | None = Field(strict=True, ge=1)
    diary_number: DiaryNumber
    association_name: Line
    association_id: BusinessId
    basket: Line
    call: Line
    instalments: tuple[Instalment, ...] = Field(max_length=60)
    rules: tuple[Rule, ...] = Field(max_length=RULES_MAX)
    decision_maker: Official
    contact: Text
    notice: Notice


def check_instalments(instalments: tuple[Instalment, ...], amount: int) -> None:
    """Raises ValueError unless the instalments add up to the sum (cents) and are numbered in order."""
    total = sum(instalment.amount for instalment in instalments)
    if total != amount:
        raise ValueError(f"instalments are {euros(total)} together: they add up to amount, {euros(amount)}")
    numbers = [instalment.number for instalment in instalments]
    if numbers != list(range(1, len(numbers) + 1)):
        raise ValueError(f"instalments are numbered {numbers}: they are numbered from 1, in order, without gaps")


class DecisionDocument(CaseDocument):
    """A decision as its parties get it (Administrative Procedure Act 434/2003): the authority and date, the parties,
    what is decided, the reasons and the rules, who tells more, and how rectification is claimed.

    `organ` is in `language` already. Raises ValidationError, which names the field and what would be right.
    """

    organ: Line
    purpose: Text
    outcome: Outcome
    applied: NonNegativeMoney
    amount: NonNegativeMoney
    period: GrantPeriod | None
    reasons: Text
    conditions: tuple[Text, ...] = Field(max_length=CONDITIONS_MAX)
    reports_due: tuple[Date, ...] = Field(max_length=REPORTS_MAX)
    preparer: Official
    rectification: RectificationInstructions

    @property
    def favourable(self) -> bool:
        """Whether something is granted: a sum, or a partnership without money."""
        return self.outcome in {"granted", "granted_in_part"}

    @model_validator(mode="after")
    def _amount_fits_the_outcome(self) -> Self:
        fits = {
            "granted": self.amount == self.applied,
            "granted_in_part": 0 < self.amount < self.applied,
            "rejected": self.amount == 0,
            "not_examined": self.amount == 0,
        }[self.outcome]
        if not fits:
            raise ValueError(
                f"amount ({euros(self.amount)}) does not go with outcome {self.outcome} when applied is "
                f"{euros(self.applied)}: granted is all of it, granted_in_part is less but not nothing, rejected and "
                "not_examined are 0.00 EUR"
            )
        return self

    @model_validator(mode="after")
    def _instalments_add_up(self) -> Self:
        check_instalments(self.instalments, self.amount)
        return self

    @model_validator(mode="after")
    def _nothing_is_used_or_reported_of_nothing(self) -> Self:
        for name in ("period", "reports_due"):
            if not self.favourable and getattr(self, name):
                raise ValueError(f"{name} does not go with outcome {self.outcome}: leave it out")
        return self
