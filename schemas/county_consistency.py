"""Whether the files of a county agree: references, periods, and a posting table that settles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from .money_events import MoneyEvent
from .validity import Dated, holding_on, overlapping

if TYPE_CHECKING:
    from .county import County

_KEYS = {
    "county": (),
    "regions": ("id",),
    "municipalities": ("id", "code"),
    "baskets": ("id",),
    "activities": ("id",),
    "deadlines": (),
    "diary": (),
    "accounts": ("number",),
    "postings": ("event",),
    "cost_centres": ("basket",),
    "payments": (),
    "profiles": ("id",),
    "texts": ("id",),
    "organs": ("id",),
    "focus_areas": ("id",),
    "wellbeing_coefficients": ("municipality",),
    "reference_rates": (),
}
"""Lists of the county, and what tells their records apart. Without a key one record holds at a time."""

_REFERENCES = (
    ("municipalities", "region", "regions", "id"),
    ("baskets", "conditions", "texts", "id"),
    ("baskets", "id", "cost_centres", "basket"),
    ("cost_centres", "basket", "baskets", "id"),
    ("postings", "debit", "accounts", "number"),
    ("postings", "credit", "accounts", "number"),
    ("payments", "back_office_profile", "profiles", "id"),
    ("organs", "claims_to", "organs", "id"),
    ("focus_areas", "baskets", "baskets", "id"),
    ("wellbeing_coefficients", "municipality", "municipalities", "id"),
)
"""What must hold as long as the record that names it: list, its field, the list it names, that list's key."""

_MIRRORS = (("payment.returned", "payment.booked"), ("grant.reduced", "grant.awarded"))
"""The first undoes the second: debit and credit change places."""

_SAME_ACCOUNT = (
    ("grant.increased", "debit", "grant.awarded", "debit"),
    ("grant.increased", "credit", "grant.awarded", "credit"),
    ("payment.booked", "debit", "grant.awarded", "credit"),
    ("recovery.received", "debit", "payment.booked", "credit"),
    ("recovery.received", "credit", "recovery.claimed", "debit"),
    ("recovery.interest_claimed", "debit", "recovery.claimed", "debit"),
    ("recovery.late_interest_claimed", "debit", "recovery.claimed", "debit"),
    ("recovery.overpaid", "debit", "payment.booked", "credit"),
    ("recovery.overpaid", "credit", "grant.awarded", "credit"),
    ("recovery.set_off", "debit", "grant.awarded", "credit"),
    ("recovery.set_off", "credit", "recovery.claimed", "debit"),
    ("recovery.written_off", "credit", "recovery.claimed", "debit"),
)
"""What one event opens another settles, on the same account: else payables would never return to zero."""


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """What does not agree, and the place: the list of the county, and the index of the record in it."""

    path: tuple[str, int]
    reason: str

    def __str__(self) -> str:
        return f"{self.path[0]}[{self.path[1]}]: {self.reason}"


def inconsistencies(county: County) -> list[Inconsistency]:
    """List all that does not agree; empty when the county can be used."""
    found = [*_overlaps(county), *_broken_references(county)]
    return found or list(_unbalanced_postings(county))


def _overlaps(county: County) -> Iterator[Inconsistency]:
    for name, keys in _KEYS.items():
        records: Sequence[Dated] = getattr(county, name)
        for key in keys or (None,):
            groups: defaultdict[object, list[Dated]] = defaultdict(list)
            for record in records:
                groups[getattr(record, key) if key else name].append(record)
            for value, group in groups.items():
                if pair := overlapping(group):
                    what = f"{key} {value} holds" if key else "two records hold"
                    reason = f"{what} twice on {max(record.valid_from for record in pair)}"
                    yield Inconsistency((name, records.index(pair[1])), f"{reason}: end the earlier with valid_to")


def _broken_references(county: County) -> Iterator[Inconsistency]:
    for name, field, target, key in _REFERENCES:
        for index, record in enumerate(getattr(county, name)):
            named = getattr(record, field)
            for value in named if isinstance(named, tuple) else (named,):
                candidates = [other for other in getattr(county, target) if getattr(other, key) == value]
                gap = _first_gap(record, candidates)
                if gap is not None:
                    reason = f"{field} {value!r}: {target} has none that holds on {gap}"
                    yield Inconsistency((name, index), reason)


def _first_gap(record: Dated, others: Sequence[Dated]) -> date | None:
    """Give the first day of the record's period on which none of the others holds, or None."""
    ends = [other.valid_to + timedelta(days=1) for other in others if other.valid_to is not None]
    days = sorted({record.valid_from, *(day for day in ends if record.holds_on(day))})
    return next((day for day in days if holding_on(others, day) is None), None)


def _unbalanced_postings(county: County) -> Iterator[Inconsistency]:
    for index, rule in enumerate(county.postings):
        if rule.debit == rule.credit:
            yield Inconsistency(("postings", index), f"{rule.event.value} debits and credits the same account")
    starts = {rule.valid_from for rule in county.postings}
    ends = {rule.valid_to + timedelta(days=1) for rule in county.postings if rule.valid_to is not None}
    for day in sorted(starts | ends):
        yield from _unbalanced_on(county, day)


def _unbalanced_on(county: County, day: date) -> Iterator[Inconsistency]:
    rules = {rule.event.value: (index, rule) for index, rule in enumerate(county.postings) if rule.holds_on(day)}
    for missing in sorted({event.value for event in MoneyEvent} - rules.keys()):
        yield Inconsistency(("postings", 0), f"{missing} has no posting on {day}")
    pairs = [
        *((event, "debit", mirrored, "credit") for event, mirrored in _MIRRORS),
        *((event, "credit", mirrored, "debit") for event, mirrored in _MIRRORS),
        *_SAME_ACCOUNT,
    ]
    for event, side, other, other_side in pairs:
        if event in rules and other in rules:
            (index, rule), (_, counterpart) = rules[event], rules[other]
            account, wanted = getattr(rule, side), getattr(counterpart, other_side)
            if account != wanted:
                reason = f"{event} has {side} {account}, but {other} has {other_side} {wanted}: never settled"
                yield Inconsistency(("postings", index), reason)
