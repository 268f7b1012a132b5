"""What the reports rest on, read from the ledger as of a position: grants with all their events, a batch at a time, so
that memory stays flat; the numbers of vouchers; runs with their approvals.
"""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import date, datetime
from typing import Final

from schemas.helsinki import HELSINKI
from schemas.payments import AccountNoted, VouchersExported
from services.ledger import Ledger, decode_body
from services.ledger.records import RECORD_COLUMNS, record_from_row
from services.payments.domain.postings import CLOSING_TYPES, MONEY_TYPES, closed_months, period_of
from services.web.commands import AsOf

from .dossiers import Dossier, RunEvent, dossiers_from, event_of_record, run_event
from .model import Event, Standing
from .vouchers import VoucherNumbers, posted_on

GRANTS_AT_ONCE: Final = 100
"""Grants whose events are read and folded between two turns of the loop."""
_MONEY_AT_ONCE: Final = 2000
_GRANTS: Final = f"""
SELECT found.* FROM (
    SELECT stream FROM event
    WHERE stream >= $2 AND stream < 'grant0' AND version = 1 AND position <= $1 ORDER BY stream LIMIT $3) chosen
CROSS JOIN LATERAL (
    SELECT {RECORD_COLUMNS} FROM event
    WHERE event.stream = chosen.stream AND position <= $1 ORDER BY version) found
ORDER BY found.stream, found.version
"""  # noqa: S608 - the columns are a constant
"""Grants in the order of their ids, each by a look-up of its stream. After 'grant/' and whatever follows it comes
'grant0'.
"""
_STREAMS: Final = f"""
SELECT {RECORD_COLUMNS} FROM event WHERE stream = ANY ($1::text[]) AND position <= $2 ORDER BY stream, version
"""  # noqa: S608 - the columns are a constant
_AT: Final = f"SELECT {RECORD_COLUMNS} FROM event WHERE position = ANY ($1::bigint[])"  # noqa: S608 - the columns are a constant
_MONEY: Final = """
SELECT position, body FROM event WHERE type = ANY ($1::text[]) AND position > $2 AND position <= $3
ORDER BY position LIMIT $4
"""
_RECORDED_AT: Final = "SELECT recorded_at FROM event WHERE position = $1"


class Reader:
    """Reads a ledger of payments as of a position."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def standing(self, when: AsOf, on: date | None) -> Standing:
        """As of when is meant: never later than the newest event. Without `on` ages are counted by today's Helsinki
        date, for a past moment by its own, for a past position by that of its event.
        """
        position = min(await when.resolve(self._ledger), (await self._ledger.head()).size)
        recorded_at = await self._ledger.pool.fetchval(_RECORDED_AT, position)
        moment = when.moment
        if moment is None:
            past = when.position is not None and recorded_at is not None
            moment = recorded_at if past else self._ledger.clock()
        return Standing(position, recorded_at, on or _day_of(moment))

    async def dossiers(self, position: int, start: str = "") -> AsyncIterator[list[Dossier]]:
        """All grants from an application id on, in the order of their ids."""
        after = f"grant/{start}"
        while True:
            rows = await self._ledger.pool.fetch(_GRANTS, position, after, GRANTS_AT_ONCE)
            batch = dossiers_from(event_of_record(record_from_row(row)) for row in rows)
            if not batch:
                return
            yield batch
            # Every id is shorter than this, and every later one begins with a later character.
            after = f"grant/{batch[-1].application_id}!"

    async def dossiers_of(self, application_ids: Collection[str], position: int) -> list[Dossier]:
        """The grants of these applications; those that there are."""
        events = await self.streams([f"grant/{each}" for each in sorted(application_ids)], position)
        return dossiers_from(events)

    async def streams(self, names: Sequence[str], position: int) -> list[Event]:
        """The events of these streams, by stream and version."""
        rows = await self._ledger.pool.fetch(_STREAMS, list(names), position)
        return [event_of_record(record_from_row(row)) for row in rows]

    async def at(self, positions: Sequence[int]) -> list[Event]:
        """The events at these positions."""
        rows = await self._ledger.pool.fetch(_AT, list(positions))
        return [event_of_record(record_from_row(row)) for row in rows]

    async def of_types(self, types: Sequence[str], position: int) -> list[Event]:
        """All events of some types, in their order."""
        return [event_of_record(record) for record in await self._ledger.of_types(types, position)]

    async def applications(self, diary_number: str, position: int) -> list[str]:
        """The applications of this diary number of which there is a grant."""
        found = await self._ledger.page("grants", position, where={"diary_number": diary_number}, limit=1000)
        return [entry.key for entry in found]

    async def accounts(self, position: int) -> dict[str, str]:
        """The account that each association is paid to as of then, where one was heard of after the award."""
        noted = await self.of_types([AccountNoted.event_type], position)
        return {each.fact.association_id: each.fact.iban for each in noted if isinstance(each.fact, AccountNoted)}

    async def numbers(self, position: int) -> VoucherNumbers:
        """The numbers of all vouchers. Of each posting eight bytes are kept."""
        closed = closed_months(each.fact for each in await self.of_types(sorted(CLOSING_TYPES), position))
        periods: dict[str, array[int]] = {}
        after = 0
        while rows := await self._ledger.pool.fetch(_MONEY, sorted(MONEY_TYPES), after, position, _MONEY_AT_ONCE):
            for row in rows:
                on = posted_on(decode_body(row["body"]).data_bytes)
                period = period_of(row["position"], f"{on:%Y-%m}", closed)
                periods.setdefault(period, array("q")).append(row["position"])
            after = rows[-1]["position"]
        return VoucherNumbers(periods, await self.of_types([VouchersExported.event_type], position), closed)

    async def runs(self, run_ids: Collection[str], position: int) -> dict[str, list[RunEvent]]:
        """The events of these payment runs, in their order."""
        found: dict[str, list[RunEvent]] = {each: [] for each in run_ids}
        rows = await self._ledger.pool.fetch(_STREAMS, [f"run/{each}" for each in found], position)
        for row in rows:
            record = record_from_row(row)
            found[record.key].append(run_event(record))
        return found


def _day_of(moment: datetime) -> date:
    """The Helsinki date of a moment; at the ends of the calendar, where Helsinki has none, its own."""
    try:
        return moment.astimezone(HELSINKI).date()
    except OverflowError:
        return moment.date()
