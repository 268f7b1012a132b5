"""A year's picture by municipality, for the negotiations between the county and its municipalities.

It holds the cases that ended in the year: decided in it (by the day of decision), or transferred to the municipality
whose task they are (by the Helsinki date on which the transfer was recorded). What is undecided or withdrawn is not in
it.

Sums of a decided case are split by its municipalities' shares, by largest remainder, so that all municipalities add up
to the total to the cent. A case is counted once, in the municipality of its largest share; `shared` counts the further
cases of which a municipality has a smaller share, and with it a part of the money. A transferred case went to one
municipality whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from schemas.money import split
from services.ledger import Ledger

from .rows import DECIDED, OpenCases, days_of, shares_of

HELSINKI = ZoneInfo("Europe/Helsinki")

_WHOLE = f"""
SELECT r.document ->> 'municipality' AS municipality, r.document ->> 'activity' AS activity,
    count(*) AS cases, count(*) FILTER (WHERE sums.granted > 0) AS grants,
    sum(sums.applied)::bigint AS applied, sum(sums.granted)::bigint AS granted
{DECIDED}
  AND coalesce(jsonb_array_length(r.document -> 'municipalities'), 1) < 2
GROUP BY 1, 2
"""
_SHARED = f"""
SELECT r.document ->> 'municipality' AS municipality, r.document ->> 'activity' AS activity,
    r.document -> 'municipalities' AS municipalities, sums.applied, sums.granted, count(*) AS cases
{DECIDED}
  AND jsonb_array_length(r.document -> 'municipalities') > 1
GROUP BY 1, 2, 3, 4, 5
"""
_TRANSFERRED = """
SELECT r.document ->> 'municipality' AS municipality, r.document ->> 'activity' AS activity, count(*) AS cases,
    sum(replace(split_part(r.document ->> 'applied', ' ', 1), '.', '')::bigint)::bigint AS applied
FROM event e
JOIN register_version r ON r.register = 'cases' AND r.key = substr(e.stream, length('case/') + 1)
  AND r.from_position <= $1 AND (r.to_position IS NULL OR r.to_position > $1)
WHERE e.type = 'case.transferred' AND e.position <= $1 AND e.recorded_at >= $2 AND e.recorded_at < $3
  AND r.document ->> 'state' = 'transferred'
GROUP BY 1, 2
"""


@dataclass(slots=True)
class Figures:
    """Counts, and sums in cents. `applications` and `applied` hold the decided and the transferred ones; `grants`
    counts decisions with a sum.
    """

    applications: int = 0
    shared: int = 0
    applied: int = 0
    grants: int = 0
    granted: int = 0
    transferred: int = 0
    transferred_applied: int = 0

    def add(self, other: Figures) -> None:
        """Adds each figure of another."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


MONEY = frozenset({"applied", "granted", "transferred_applied"})
Cell = tuple[str, str]
"""A municipality and an activity."""


@dataclass(slots=True)
class Picture:
    """The figures by municipality and activity, and their totals."""

    cells: defaultdict[Cell, Figures] = field(default_factory=lambda: defaultdict(Figures))
    totals: Figures = field(default_factory=Figures)

    def by_municipality(self) -> dict[str, Figures]:
        """The figures of each municipality, all its activities together."""
        found: defaultdict[str, Figures] = defaultdict(Figures)
        for (municipality, _), figures in self.cells.items():
            found[municipality].add(figures)
        return dict(found)


async def picture(ledger: Ledger, cases: OpenCases, position: int, year: int) -> Picture:
    """The picture of a year as of a position. Its size is that of municipalities times activities."""
    made = Picture()
    first, end = days_of(year)
    decided = (position, first, "", end)
    recorded = (position, datetime(year, 1, 1, tzinfo=HELSINKI), datetime(year + 1, 1, 1, tzinfo=HELSINKI))
    async with cases.turns, ledger.pool.acquire() as connection, connection.transaction(readonly=True):
        async for row in connection.cursor(_WHOLE, *decided):
            _note_whole(made, row)
        async for row in connection.cursor(_SHARED, *decided, prefetch=500):
            _note_shared(made, row)
        async for row in connection.cursor(_TRANSFERRED, *recorded):
            _note_transferred(made, row)
    summed = Figures()
    for figures in made.cells.values():
        summed.add(figures)
    assert summed == made.totals, f"the municipalities add up to {summed}, not to {made.totals}"
    return made


def _note(made: Picture, row: Mapping[str, Any], figures: Figures) -> None:
    made.totals.add(figures)
    made.cells[row["municipality"], row["activity"]].add(figures)


def _note_whole(made: Picture, row: Mapping[str, Any]) -> None:
    figures = Figures(row["cases"], 0, row["applied"], row["grants"], row["granted"])
    _note(made, row, figures)


def _note_transferred(made: Picture, row: Mapping[str, Any]) -> None:
    _note(made, row, Figures(row["cases"], 0, row["applied"], 0, 0, row["cases"], row["applied"]))


def _note_shared(made: Picture, row: Mapping[str, Any]) -> None:
    """Equal cases come as one row: each is split as it would be alone, so that rounding is that of one case."""
    cases, shares = row["cases"], shares_of(row["municipalities"], row["municipality"])
    weights = [share.percent for share in shares]
    applied, granted = split(row["applied"], weights), split(row["granted"], weights)
    grants = cases if row["granted"] else 0
    smaller = (len(shares) - 1) * cases
    made.totals.add(Figures(cases, smaller, row["applied"] * cases, grants, row["granted"] * cases))
    largest = max(shares, key=lambda share: (share.municipality == row["municipality"], share.percent))
    for share, of_applied, of_granted in zip(shares, applied, granted, strict=True):
        part = Figures(applied=of_applied * cases, granted=of_granted * cases)
        if share is largest:
            part.applications, part.grants = cases, grants
        else:
            part.shared = cases
        made.cells[share.municipality, row["activity"]].add(part)
