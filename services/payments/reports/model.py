"""What a report is: typed columns with a stable English name and a Finnish header, rows by those names, and what stands
below them. Sums are cents, dates Helsinki dates.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from schemas.facts import Fact
from schemas.helsinki import HELSINKI

Cell = str | int | date | None
Row = Mapping[str, Cell]
KeyedRow = tuple[str, Row]
"""A row with its place in the order: keys grow from row to row."""
Batches = Callable[[str], AsyncIterator[Sequence[KeyedRow]]]
"""All rows from the one with this key on, or later ones only; a batch at a time."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. A `money` cell is cents, a `number` a whole number. `words` are Finnish for the codes of a text column:
    JSON has the codes, files for people the words.
    """

    name: str
    header: str
    kind: Literal["text", "date", "money", "number"] = "text"
    width: float = 16
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """As of when a report is told: a position, when its event was recorded (None where there is none), and the Helsinki
    date by which ages and holds are counted.
    """

    position: int
    recorded_at: datetime | None
    on: date


@dataclass(frozen=True, slots=True)
class Total:
    """A row of sums below the others, by the names of columns of money and numbers."""

    name: str
    label: str
    sums: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Check:
    """What the report's rows add up to, beside what the ledger's accounts say of it; cents."""

    name: str
    label: str
    told: int
    ledger: int

    @property
    def agrees(self) -> bool:
        """Whether they are equal to the cent."""
        return self.told == self.ledger


@dataclass(frozen=True, slots=True)
class Note:
    """Something else that belongs to the report, such as the hash of a file that it rests on."""

    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Closing:
    """What stands below the rows."""

    totals: Sequence[Total] = ()
    checks: Sequence[Check] = ()
    notes: Sequence[Note] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A report. The first column is text. `closing` is right once all rows were read from the start."""

    name: str
    title: str
    columns: Sequence[Column]
    standing: Standing
    batches: Batches
    closing: Callable[[], Closing]


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the ledger with its fact."""

    position: int
    id: UUID
    stream: str
    recorded_at: datetime
    causation: str | None
    fact: Fact

    @property
    def type(self) -> str:
        """The event's type, such as payment.booked."""
        return self.fact.event_type

    @property
    def on(self) -> date:
        """The Helsinki date on which it was recorded."""
        return self.recorded_at.astimezone(HELSINKI).date()


@dataclass(frozen=True, slots=True)
class Range:
    """Helsinki dates from the first to the last, both inclusive; None is without an end."""

    first: date | None = None
    last: date | None = None

    def holds(self, on: date | None) -> bool:
        """Whether a date lies within; no date lies within the range without ends only."""
        if on is None:
            return self.first is None and self.last is None
        return (self.first is None or self.first <= on) and (self.last is None or on <= self.last)


def listed(rows: Sequence[Row]) -> Batches:
    """Rows that are all at hand, in their order."""

    async def batches(after: str) -> AsyncIterator[Sequence[KeyedRow]]:
        keyed = [(f"{number:08d}", row) for number, row in enumerate(rows, 1)]
        yield [(key, row) for key, row in keyed if key > after]

    return batches


def joined(parts: Sequence[str]) -> str | None:
    """Parts as one cell; None where there are none."""
    return ", ".join(parts) or None


def as_text(value: Any) -> str | None:
    """An id as text, or None."""
    return None if value is None else str(value)
