"""Decided cases as the public sees them, read as of a position in the order of decision."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

import msgspec

from schemas.decisions import Outcome
from services.ledger import Ledger

from .masking import masked

PAGE: Final = 500
"""Rows of a download that are read at once: what a download needs of memory."""
CONNECTIONS_MAX: Final = 3
"""Connections of the service's pool that the public may use at the same time."""

_DECIDED_ON = "(r.document ->> 'decided_on') COLLATE \"C\""
DECIDED: Final = f"""
FROM register_version r
CROSS JOIN LATERAL (SELECT
    replace(split_part(r.document ->> 'applied', ' ', 1), '.', '')::bigint AS applied,
    replace(split_part(r.document ->> 'amount', ' ', 1), '.', '')::bigint AS granted
) sums
CROSS JOIN LATERAL (SELECT CASE
    WHEN r.document ->> 'changed_to' IS NOT NULL THEN r.document ->> 'changed_to'
    WHEN sums.granted > 0 AND sums.granted >= sums.applied THEN 'granted'
    WHEN sums.granted > 0 AND (r.document ->> 'claim_outcome' = 'changed'
        OR r.document ->> 'outcome' IN ('rejected', 'not_examined')) THEN 'granted_in_part'
    WHEN sums.granted = 0 AND r.document ->> 'claim_outcome' = 'changed'
        AND r.document ->> 'outcome' IN ('granted', 'granted_in_part') THEN 'rejected'
    ELSE r.document ->> 'outcome'
END AS outcome) ended
WHERE r.register = 'cases' AND r.document ->> 'decided_on' IS NOT NULL
  AND r.from_position <= $1 AND (r.to_position IS NULL OR r.to_position > $1)
  AND r.document ->> 'state' NOT IN ('withdrawn', 'transferred')
  AND ({_DECIDED_ON}, r.key) > ($2, $3) AND {_DECIDED_ON} < $4
"""
"""Cases as of position $1 that stand after a place ($2, $3) and were decided before the Helsinki date $4, with sums in
cents. A claim may change the sum, never the day; a document keeps the first outcome, so the one in force follows from
the sum. The place is the only lower bound: beside a bound on the day alone, an index scan would begin at that one.
"""
_ROWS = f"""
SELECT r.key, r.document ->> 'decided_on' AS decided_on, r.document ->> 'diary_number' AS diary_number,
    r.document ->> 'basket' AS basket, r.document ->> 'activity' AS activity,
    r.document ->> 'association_id' AS association_id, r.document ->> 'association_name' AS association_name,
    r.document ->> 'purpose' AS purpose, r.document ->> 'municipality' AS municipality,
    r.document -> 'municipalities' AS municipalities, (r.document ->> 'section')::integer AS section,
    r.document ->> 'claim_outcome' IS NOT DISTINCT FROM 'changed' AS rectified,
    coalesce(replace(split_part(r.document ->> 'recovered', ' ', 1), '.', '')::bigint, 0) AS recovered,
    r.document ->> 'use_from' AS use_from, r.document ->> 'use_until' AS use_until,
    sums.applied, sums.granted, ended.outcome
{DECIDED}
  AND ($5::text IS NULL OR r.document ->> 'basket' = $5)
  AND ($6::text IS NULL OR r.document ->> 'activity' = $6)
  AND ($7::text IS NULL OR r.document ->> 'municipality' = $7
       OR r.document -> 'municipalities' @> jsonb_build_array(jsonb_build_object('municipality', $7)))
  AND ($8::text IS NULL OR ended.outcome = $8)
  AND sums.granted >= $9
ORDER BY {_DECIDED_ON}, r.key LIMIT $10
"""  # noqa: S608 - the fragments are constants


@dataclass(frozen=True, slots=True)
class Share:
    """How much of an activity takes place in a municipality, in whole percent."""

    municipality: str
    percent: int


_SHARES: Final = msgspec.json.Decoder(tuple[Share, ...])


@dataclass(frozen=True, slots=True)
class OpenGrant:
    """A decided case. Sums are in cents; `granted` and `outcome` are those in force, claims included; `recovered` is
    what was decided to be claimed back. `decided_on` is the Helsinki date of the first decision; the grant may be used
    from `use_from` to `use_until`, where that was decided, later changes of it included. Texts are masked.
    """

    application_id: str
    diary_number: str
    decided_on: date
    section: int | None
    basket: str
    activity: str
    association_id: str
    association_name: str
    purpose: str
    municipality: str
    shares: tuple[Share, ...]
    applied: int
    granted: int
    recovered: int
    outcome: Outcome
    rectified: bool
    use_from: date | None = None
    use_until: date | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are asked for; None is any. `municipality` is any with a share. `granted_min` is in cents."""

    year: int | None = None
    basket: str | None = None
    municipality: str | None = None
    activity: str | None = None
    outcome: Outcome | None = None
    granted_min: int = 0


Place = tuple[str, str]
"""Where a row stands in the order: its day of decision and its key."""
START: Final[Place] = ("", "")


def place_of(row: OpenGrant) -> Place:
    """The row's place in the order."""
    return row.decided_on.isoformat(), row.application_id


def days_of(year: int | None) -> Place:
    """The first day of a year, and the first one after it, as texts to compare; None is all time."""
    return ("", ":") if year is None else (f"{year:04d}-01-01", f"{year + 1:04d}-01-01")


@lru_cache(maxsize=1024)
def shares_of(written: str | None, municipality: str) -> tuple[Share, ...]:
    """A document's shares in their order; the whole is the one municipality's where it has no list."""
    listed = () if written is None else _SHARES.decode(written)
    return listed or (Share(municipality, 100),)


class OpenCases:
    """Reads a ledger for the public: never more than a page at once, and over few of the pool's connections, which no
    reader holds while it takes its time: whoever reads slowly or often keeps nobody from working.
    """

    def __init__(self, ledger: Ledger, rows_at_once: int = PAGE) -> None:
        self._ledger = ledger
        self._rows_at_once = rows_at_once
        self.turns: Final = asyncio.Semaphore(CONNECTIONS_MAX)

    async def page(self, position: int, wanted: Wanted, after: Place, limit: int) -> list[OpenGrant]:
        """The rows after a place, at most `limit`."""
        first, end = days_of(wanted.year)
        values = (
            position, *max(after, (first, "")), end, wanted.basket, wanted.activity, wanted.municipality,
            wanted.outcome, wanted.granted_min, limit,
        )  # fmt: skip
        async with self.turns:
            return [_open_grant(row) for row in await self._ledger.pool.fetch(_ROWS, *values)]

    async def pages(self, position: int, wanted: Wanted) -> AsyncIterator[list[OpenGrant]]:
        """All rows, page by page, in flat memory. What is recorded meanwhile changes nothing as of the position."""
        after = START
        while page := await self.page(position, wanted, after, self._rows_at_once):
            yield page
            after = place_of(page[-1])


def _open_grant(row: Mapping[str, Any]) -> OpenGrant:
    return OpenGrant(
        application_id=row["key"],
        diary_number=row["diary_number"],
        decided_on=date.fromisoformat(row["decided_on"]),
        section=row["section"],
        basket=row["basket"],
        activity=row["activity"],
        association_id=row["association_id"],
        association_name=masked(row["association_name"]),
        purpose=masked(row["purpose"]),
        municipality=row["municipality"],
        shares=shares_of(row["municipalities"], row["municipality"]),
        applied=row["applied"],
        granted=row["granted"],
        recovered=row["recovered"],
        outcome=row["outcome"],
        rectified=row["rectified"],
        use_from=_day(row["use_from"]),
        use_until=_day(row["use_until"]),
    )


def _day(written: str | None) -> date | None:
    return None if written is None else date.fromisoformat(written)
