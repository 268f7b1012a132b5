"""Records with a period of validity: what holds in a county is data that changes with time."""

from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

Line = Annotated[str, Field(min_length=1, max_length=400)]
"""A line of text in a data file."""


class Record(BaseModel):
    """A record of a data file. Unknown keys and loose types are refused; it never changes."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Names(Record):
    """A name or sentence in Finnish and English, and where it was translated in Swedish."""

    fi: Line
    en: Line
    sv: Line | None = None

    @property
    def all(self) -> frozenset[str]:
        """The name in each of its languages."""
        return frozenset(name for name in (self.fi, self.en, self.sv) if name is not None)


class Dated(Record):
    """A record that holds for a time.

    It holds from `valid_from` to `valid_to`, both Europe/Helsinki dates and both included; without
    `valid_to` it holds on.
    """

    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _period_runs_forward(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError(f"valid_to {self.valid_to} is before valid_from {self.valid_from}")
        return self

    def holds_on(self, day: date) -> bool:
        """Tell whether the record holds on the Helsinki date `day`."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def overlaps(self, other: "Dated") -> bool:
        """Tell whether some day belongs to the periods of both records."""
        return self.valid_from <= (other.valid_to or date.max) and other.valid_from <= (self.valid_to or date.max)


DatedRecord = TypeVar("DatedRecord", bound=Dated)


def holding_on(records: Iterable[DatedRecord], day: date) -> DatedRecord | None:
    """Give the record that holds on `day`, or None.

    At most one does when the periods do not overlap, which `overlapping` finds out beforehand.
    """
    return next((record for record in records if record.holds_on(day)), None)


def all_holding_on(records: Iterable[DatedRecord], day: date) -> tuple[DatedRecord, ...]:
    """Give the records that hold on `day`, in their order."""
    return tuple(record for record in records if record.holds_on(day))


def overlapping(records: Iterable[DatedRecord]) -> tuple[DatedRecord, DatedRecord] | None:
    """Give the first two records, by their first day, whose periods share a day, or None."""
    ordered = sorted(records, key=lambda record: record.valid_from)
    for earlier, later in pairwise(ordered):
        if earlier.overlaps(later):
            return earlier, later
    return None
