"""The shapes of the population, and its figures. Amounts are cents, instants UTC, days Helsinki dates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

APPLIED_CENTS = 59_873_456
"""The sum of all applications."""
OPERATING_APPROPRIATION_CENTS = 18_000_000
THEME_APPROPRIATION_CENTS = 2_000_000
ASSOCIATIONS = 105
APPLICATIONS = {"operating": 109, "theme": 14, "partnership": 3, "project": 4}
"""How many of each basket: 130."""


class Mark(StrEnum):
    """What happens to an application in the demo's year."""

    MUNICIPALITY_TASK = "municipality_task"
    PAPER = "paper"
    LATE = "late"
    WITHDRAWN = "withdrawn"
    SUPPLEMENT = "supplement"
    DOUBLE_SUBMISSION = "double_submission"
    DISQUALIFIED_OFFICER = "disqualified_officer"
    CLAIM_CHANGES = "claim_changes"
    CLAIM_UPHELD = "claim_upheld"
    BANK_REJECTS = "bank_rejects"
    BANK_RETURNS = "bank_returns"
    RECOVERY = "recovery"
    INSTALMENTS = "instalments"
    REJECTED = "rejected"
    PART_GRANT = "part_grant"
    FULL_GRANT = "full_grant"


@dataclass(frozen=True, slots=True)
class Call:
    """A call (*haku*) of the year."""

    id: str
    basket: str
    year: int
    kind: Literal["round", "continuous", "negotiated"]
    title: str
    opens_at: datetime
    closes_at: datetime | None
    pays: Literal["on_notice", "when_final"]
    instructions: str


@dataclass(frozen=True, slots=True)
class Association:
    """An association. `corrected_iban` is the account that it gives after the bank did not take the first."""

    business_id: str
    name: str
    kind: Literal["local", "district", "collaborative_area"]
    domicile: str
    iban: str
    corrected_iban: str
    language: Literal["fi", "sv", "en"]
    contact_title: str
    bic: str | None = None


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """A row of the budget (*talousarvio*)."""

    side: Literal["cost", "income"]
    name: str
    cents: int


@dataclass(frozen=True, slots=True)
class Application:
    """An application (*hakemus*) and what is to become of it.

    `applied_cents` + `other_cents` + `own_cents` = `costs_cents`; the rows of the budget say the same.
    `submitted_at` is when it is sent, or, on paper, registered; `arrived_on` is the day that counts.
    `award_cents` is the sum to be decided first, `claim_cents` the sum after a claim that changes it;
    `instalments` add up to `award_cents`.
    """

    key: str
    call_id: str
    basket: str
    association: Association
    activity: str
    county_condition_met: bool
    municipalities: tuple[tuple[str, int], ...]
    """Municipality and percent; the largest share first."""
    purpose: str
    budget: tuple[BudgetRow, ...]
    applied_cents: int
    other_cents: int
    own_cents: int
    own_share_cents: int
    """Declared own-funding share (*omarahoitusosuus*) of a project that another body funds, else 0."""
    funders: tuple[tuple[str, int], ...]
    years: int
    in_kind: bool
    """A partnership without money: premises, guidance, training."""
    submitted_at: datetime
    arrived_on: date
    points: int
    marks: frozenset[Mark] = frozenset()
    award_cents: int = 0
    instalments: tuple[int, ...] = ()
    claim_cents: int | None = None
    claim_grounds: str | None = None
    recovery_cents: int = 0
    reason: str | None = None
    """Why it is rejected, transferred, withdrawn or not examined."""
    supplement: tuple[str, str] | None = None
    """Question and answer."""

    @property
    def costs_cents(self) -> int:
        """All costs of the activity."""
        return self.applied_cents + self.other_cents + self.own_cents

    def marked(self, *marks: Mark) -> Application:
        """Give the same application with marks added."""
        return replace(self, marks=self.marks | {*marks})


@dataclass(frozen=True, slots=True)
class Population:
    """The whole of it. Applications stand in the order in which they are sent."""

    seed: int
    calls: tuple[Call, ...]
    associations: tuple[Association, ...]
    applications: tuple[Application, ...]

    def with_mark(self, mark: Mark) -> tuple[Application, ...]:
        """Give the applications that carry the mark, in their order."""
        return tuple(application for application in self.applications if mark in application.marks)

    def in_basket(self, basket: str) -> tuple[Application, ...]:
        """Give the applications of a basket, in their order."""
        return tuple(application for application in self.applications if application.basket == basket)
