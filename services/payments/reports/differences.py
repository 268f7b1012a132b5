"""Open differences (*avoimet erot*) by age: what is neither accepted nor dissolved, the oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

from schemas.payments import DifferenceClass, DifferenceCommented, DifferenceRaised
from services.payments.domain import differences
from services.payments.domain.differences import Difference

from .model import Closing, Column, Event, Row, Total, as_text
from .wording import AGES, CLASSES, DIFFERENCE_STATES

TITLE: Final = "Avoimet erot"
TYPES: Final = (
    "difference.raised", "difference.explained", "difference.accepted", "difference.assigned", "difference.commented",
    "difference.dissolved", "difference.reopened",
)  # fmt: skip
Age = Literal["0-7", "8-30", "31-90", "over-90"]
_BOUNDS: Final[tuple[tuple[int, Age], ...]] = ((7, "0-7"), (30, "8-30"), (90, "31-90"))
COLUMNS: Final = (
    Column("age", "Ikä", words=AGES, width=24),
    Column("days", "Päiviä", "number", 8),
    Column("raised_on", "Havaittu", "date", 11),
    Column("period", "Kausi", width=9),
    Column("difference_class", "Luokka", words=CLASSES, width=28),
    Column("subject", "Kohde", width=22),
    Column("amount", "Summa (EUR)", "money"),
    Column("expected", "Odotettu", width=40),
    Column("found", "Löytyi", width=40),
    Column("state", "Tila", words=DIFFERENCE_STATES, width=28),
    Column("assignee", "Vastuuhenkilö"),
    Column("explanation", "Selvitys", width=40),
    Column("comment", "Viimeisin huomautus", width=40),
    Column("commented_by", "Huomauttaja"),
    Column("commented_on", "Huomautettu", "date", 11),
    Column("difference_id", "Eron tunnus", width=26),
    Column("application_id", "Hakemus", width=38),
    Column("position", "Pääkirjan sijainti", "number", 12),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which differences are asked for; None is any."""

    period: str | None = None
    difference_class: DifferenceClass | None = None
    assignee: str | None = None
    age: Age | None = None

    def takes(self, row: Row) -> bool:
        """Whether a row is asked for."""
        asked: Mapping[str, str | None] = {
            "period": self.period, "difference_class": self.difference_class, "assignee": self.assignee,
            "age": self.age,
        }  # fmt: skip
        return all(value is None or row[name] == value for name, value in asked.items())


@dataclass(frozen=True, slots=True)
class _Seen:
    """A difference as it stands, the event that raised it, and its last comment."""

    state: Difference
    raised: Event
    comment: Event | None = None


def age_of(days: int) -> Age:
    """The class of an age in days: 7 days are still the first, 8 the second."""
    return next((age for most, age in _BOUNDS if days <= most), "over-90")


def rows(events: Iterable[Event], on: date, wanted: Wanted) -> list[Row]:
    """The open differences of these events on a Helsinki date, the oldest first."""
    found: dict[str, _Seen] = {}
    for event in events:
        found[event.stream] = _after(found.get(event.stream), event)
    seen = [each for each in found.values() if not each.state.settled]
    made = (_row(each, on) for each in sorted(seen, key=lambda each: each.raised.position))
    return [row for row in made if wanted.takes(row)]


def _after(before: _Seen | None, event: Event) -> _Seen:
    state = differences.evolve(None if before is None else before.state, event.fact)
    assert state is not None, "a difference begins by being raised"
    if before is None or isinstance(event.fact, DifferenceRaised):
        return _Seen(state, event, None if before is None else before.comment)
    comment = event if isinstance(event.fact, DifferenceCommented) else before.comment
    return replace(before, state=state, comment=comment)


def _row(seen: _Seen, on: date) -> Row:
    raised, explained, comment = seen.state.raised, seen.state.explained, seen.comment
    said = comment.fact if comment is not None and isinstance(comment.fact, DifferenceCommented) else None
    days = (on - seen.raised.on).days
    return {
        "age": age_of(days), "days": days, "raised_on": seen.raised.on, "period": raised.period,
        "difference_class": raised.difference_class, "subject": raised.subject, "amount": raised.amount,
        "expected": raised.expected, "found": raised.found,
        "state": "open" if explained is None else "explained", "assignee": seen.state.assignee,
        "explanation": None if explained is None else explained.explanation,
        "comment": None if said is None else said.comment, "commented_by": None if said is None else said.person,
        "commented_on": None if comment is None else comment.on, "difference_id": raised.difference_id,
        "application_id": as_text(raised.application_id), "position": seen.raised.position,
    }  # fmt: skip


@dataclass(slots=True)
class _Sum:
    count: int = 0
    amount: int = 0


def closing(made: Iterable[Row]) -> Closing:
    """Count and sum of each age, and of all. Sums are of differences, so they balance with no account."""
    sums: dict[str, _Sum] = {age: _Sum() for age in (*AGES, "total")}
    for row in made:
        for name in (str(row["age"]), "total"):
            sums[name].count += 1
            sums[name].amount += int(str(row["amount"]))
    labels = {**AGES, "total": "Yhteensä"}
    return Closing(
        tuple(Total(name, f"{labels[name]}, {each.count} eroa", {"amount": each.amount}) for name, each in sums.items())
    )
