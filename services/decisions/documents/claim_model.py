"""What the document of a decision on a claim for rectification (*päätös oikaisuvaatimukseen*) says."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, StrictBool, model_validator

from schemas.facts import Contract, Date
from schemas.identifiers import Text
from schemas.money import NonNegativeMoney, euros
from services.decisions.documents.model import CaseDocument, Instructions, Line, check_instalments

ClaimOutcome = Literal["changed", "upheld", "not_examined"]


class ClaimedDecision(Contract):
    """The decision that is claimed against: which body made it, when, and in which section of a meeting's minutes."""

    organ: Line
    decided_on: Date
    section: int | None = Field(strict=True, ge=1)


class MadeClaim(Contract):
    """The claim: the Helsinki date on which it came, the last day for it, whether it came in time, and its grounds in
    the claimant's own words.
    """

    received_on: Date
    last_day: Date
    in_time: StrictBool
    grounds: Text

    @model_validator(mode="after")
    def _in_time_by_the_last_day(self) -> Self:
        if self.in_time and self.received_on > self.last_day:
            raise ValueError(
                f"in_time does not go with received_on {self.received_on}: the last day was {self.last_day}"
            )
        return self


class ClaimDocument(CaseDocument):
    """A decision on a claim as its parties get it, with the instructions to appeal (*valitusosoitus*) to the
    administrative court (*hallinto-oikeus*).

    A changed decision has its new sum, with the instalments that take the place of the former ones; else the sum stays,
    and there are none. A claim is not examined when, and only when, it came late. `organ` is None where nobody recorded
    the body (the event's first version). Raises ValidationError, which names the field and what would be right.
    """

    organ: Line | None
    reasons: Text
    claimed_against: ClaimedDecision
    claim: MadeClaim
    outcome: ClaimOutcome
    previous_amount: NonNegativeMoney
    amount: NonNegativeMoney
    appeal: Instructions

    @model_validator(mode="after")
    def _late_is_not_examined(self) -> Self:
        if self.claim.in_time == (self.outcome == "not_examined"):
            came = "in time" if self.claim.in_time else "late"
            raise ValueError(f"outcome {self.outcome} does not go with a claim that came {came}: a late claim is "
                             "not_examined, one in time is changed or upheld")  # fmt: skip
        return self

    @model_validator(mode="after")
    def _sum_fits_the_outcome(self) -> Self:
        if self.outcome == "changed":
            check_instalments(self.instalments, self.amount)
        elif self.amount != self.previous_amount or self.instalments:
            raise ValueError(f"outcome {self.outcome} changes nothing: amount stays {euros(self.previous_amount)}, "
                             "without instalments")  # fmt: skip
        return self
