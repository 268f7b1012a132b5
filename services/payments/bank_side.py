"""The bank's side of a month's comparison: what its statements say as of then, each entry once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from .bank.statement import Statement, StatementFile, read_statement_file
from .bank_answers import noted_of
from .domain.reconciliation import BankEntry
from .reading import Booking, booking_of
from .views import statement_place

_Key = tuple[str, str, int]
"""What is one entry: its account, its archive id and its sum."""


@dataclass(frozen=True, slots=True)
class Month:
    """Which entries a month takes: those booked in it, without those whose posting `moved` to a later month, and with
    those that `came` late from an earlier one. Both are archive ids.
    """

    period: str
    came: Collection[str]
    moved: Collection[str]

    def takes(self, booking: Booking) -> bool:
        """Whether an entry counts in the month, with all its parts."""
        names = {each.bank_reference for each in booking}
        own = f"{booking[0].booked_on:%Y-%m}" == self.period
        return (own and names.isdisjoint(self.moved)) or not names.isdisjoint(self.came)


def bank_side(
    contents: Mapping[str, bytes], newest: Mapping[str, str], month: Month
) -> tuple[list[BankEntry], list[str]]:
    """The entries of a month in the files of statements (by SHA-256), and the files that have one.

    `newest` names the file that brought each statement last: of a statement that was corrected only that one counts.
    The same entry in two statements counts once, as the one that tells more of it does; as often as one statement has
    it, it was booked.
    """
    found: dict[_Key, list[Booking]] = {}
    used: list[str] = []
    for digest, content in sorted(contents.items()):
        for entries in _standing(read_statement_file(content), digest, newest, month):
            used += [digest] if entries and digest not in used else []
            for key, bookings in entries.items():
                found[key] = max(found.get(key, []), bookings, key=_told)
    return [part for bookings in found.values() for booking in bookings for part in booking], used


def _standing(
    file: StatementFile, digest: str, newest: Mapping[str, str], month: Month
) -> Iterator[dict[_Key, list[Booking]]]:
    """The month's entries of each statement that no later file corrected."""
    entries: dict[_Key, list[Booking]] = {}
    account, counts = "", True
    for record in file.records():
        if isinstance(record, Statement):
            yield entries
            entries, account = {}, record.head.account
            noted = noted_of(record, digest)
            place = None if noted is None else statement_place(noted.model_dump(mode="json"))
            counts = place is None or newest.get(place, digest) == digest
        elif counts and (booking := booking_of(record)) and month.takes(booking):
            entries.setdefault((account, booking[0].bank_reference, booking[0].amount or 0), []).append(booking)
    yield entries


def _told(bookings: list[Booking]) -> tuple[int, int]:
    """How often, and in how many parts, a statement has an entry."""
    return len(bookings), sum(map(len, bookings))
