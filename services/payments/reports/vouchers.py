"""Which voucher (*tosite*) a posting became. Each export numbered the postings of its period and range in their order,
so that a number follows from the position, and the position from the number.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec

from schemas.payments import VouchersExported
from services.payments.domain.postings import period_of

from .model import Event


class _Posted(msgspec.Struct):
    """The one date that an event of money has."""

    awarded_on: date | None = None
    changed_on: date | None = None
    booked_on: date | None = None
    charged_on: date | None = None
    claimed_on: date | None = None
    set_off_on: date | None = None
    written_off_on: date | None = None


_DECODER: Final = msgspec.json.Decoder(_Posted)


def posted_on(data: bytes) -> date:
    """The Helsinki date on which a money event's data is posted, as `domain.postings` has it, without reading it whole:
    a list of vouchers is made of all money events of the ledger.
    """
    read = _DECODER.decode(data)
    found = (
        read.awarded_on or read.changed_on or read.booked_on or read.claimed_on or read.set_off_on
        or read.written_off_on or read.charged_on
    )  # fmt: skip
    assert found is not None, "an event that moves money has a date"
    return found


@dataclass(frozen=True, slots=True)
class VoucherNumber:
    """A voucher's number within its series and year, and the export that gave it."""

    series: str
    year: int
    number: int
    export: Event

    def __str__(self) -> str:
        return f"{self.series}-{self.number}/{self.year}"


class VoucherNumbers:
    """The vouchers as of a position. `positions` are those of the postings of each period, in their order; `closed`
    maps a month to the position up to which the ledger was closed with it.
    """

    def __init__(
        self, positions: Mapping[str, Sequence[int]], exports: Iterable[Event], closed: Mapping[str, int]
    ) -> None:
        self._positions = positions
        self.closed: Final = closed
        self._exports: dict[str, list[tuple[Event, VouchersExported]]] = {}
        for event in exports:
            if isinstance(event.fact, VouchersExported):
                self._exports.setdefault(event.fact.period, []).append((event, event.fact))

    def of(self, position: int, on: date) -> VoucherNumber | None:
        """The voucher of the posting at a position with this Helsinki date; None while no export holds it."""
        period = period_of(position, f"{on:%Y-%m}", self.closed)
        for event, export in self._exports.get(period, ()):
            if export.after_position < position <= export.up_to_position:
                index = self._index(period, position) - self._index(period, export.after_position) - 1
                return VoucherNumber(export.series, export.year, export.first_number + index, event)
        return None

    def positions_of(self, series: str, number: int, year: int | None) -> list[int]:
        """Where the postings of the vouchers with this number stand: one a year."""
        return [
            self._positions[export.period][
                self._index(export.period, export.after_position) + number - export.first_number
            ]
            for exports in self._exports.values()
            for _, export in exports
            if export.series == series
            and (year is None or export.year == year)
            and export.first_number <= number < export.first_number + export.count
        ]

    def _index(self, period: str, position: int) -> int:
        """How many postings of the period stand up to a position."""
        return bisect_right(self._positions.get(period, ()), position)
