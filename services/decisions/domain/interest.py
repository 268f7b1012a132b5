"""Interest on what is recovered: which payments it is taken from, and what they bear (`schemas.interest`).

Model: Act on Discretionary Government Transfers 688/2001, section 24: from the day of payment, the reference rate of
the Interest Act plus a margin. What is recovered counts as taken from the payments that were made last, which is the
cheaper way for who pays back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from schemas.decisions import InterestPeriod, PaymentNoted, RecoveryDecided
from schemas.interest import PERIODS_MAX, RateChanges, Terms, stretches
from schemas.money import euros
from schemas.refusals import conflict

__all__ = [
    "PERIODS_MAX",
    "Movement",
    "Parts",
    "RateChanges",
    "Terms",
    "count",
    "last_paid",
    "not_recovered",
    "taken_from",
]

Movement = PaymentNoted | RecoveryDecided
"""What was paid, set off or came back, and what was recovered of it."""
Parts = Sequence[tuple[date, int]]
"""Sums in cents, each with the Helsinki date on which it was paid."""


@dataclass(slots=True)
class _Paid:
    day: date
    amount: int
    left: int


def not_recovered(movements: Iterable[Movement]) -> list[tuple[date, int]]:
    """What stayed paid and was not recovered, in the order of the days; `movements` in the order in which they became
    known, since a recovery takes from what was paid by then. Where a payment comes back, what had been taken from it
    is taken from the others, and else from the payments that follow.
    """
    return sorted((paid.day, paid.left) for paid in _stands(movements) if paid.left)


def last_paid(movements: Iterable[Movement]) -> date | None:
    """The last Helsinki date on which something was paid, or set off, that stayed paid; None where nothing did."""
    return max((paid.day for paid in _stands(movements)), default=None)


def _stands(movements: Iterable[Movement]) -> list[_Paid]:
    """What stayed paid, with what is left of each. What was set off stays whatever becomes of the rest of its
    instalment. What came in beyond a claim is taken like a recovery: paid out again it is a payment like others, and
    both together are nothing.
    """
    paid: dict[int | None, _Paid] = {}
    set_off: list[_Paid] = []
    owed = 0
    for each in movements:
        if isinstance(each, RecoveryDecided) or each.kind == "overpaid":
            owed += each.amount
        elif each.kind == "set_off":
            set_off.append(_Paid(each.booked_on, each.amount, each.amount))
        else:
            before = paid.pop(each.instalment, None)
            owed += 0 if before is None else before.amount - before.left
            if each.kind == "booked":
                paid[each.instalment] = _Paid(each.booked_on, each.amount, each.amount)
        owed = _take(sorted([*paid.values(), *set_off], key=lambda one: (one.day, one.amount)), owed)
    return [*paid.values(), *set_off]


def _take(payments: Sequence[_Paid], owed: int) -> int:
    """Takes what is owed from the last payments first, and gives what is still owed."""
    for paid in reversed(payments):
        piece = min(paid.left, owed)
        paid.left -= piece
        owed -= piece
    return owed


def taken_from(parts: Parts, amount: int) -> list[tuple[date, int]]:
    """The parts of the payments that a recovery takes back, the last payment first. Raises Refused when less was paid,
    and not recovered yet, than is recovered.
    """
    left = sum(part for _, part in parts)
    if amount > left:
        raise conflict("more-than-paid", f"{euros(left)} of the grant were paid and not recovered yet: what was not "
                       "paid is not recovered, but the decision is changed")  # fmt: skip
    need = amount
    taken: list[tuple[date, int]] = []
    for day, part in reversed(parts):
        piece = min(part, need)
        if piece:
            taken.append((day, piece))
            need -= piece
    return taken


def count(parts: Parts, until: date, terms: Terms) -> tuple[InterestPeriod, ...]:
    """Interest on each part from its day to `until`, which is not counted, cut where the rate changes. Raises Refused
    where no rate is known, or there are more stretches than a decision shows.
    """
    periods = tuple(period for day, principal in parts for period in stretches(principal, day, until, terms))
    if len(periods) > PERIODS_MAX:
        raise conflict("too-many-periods", f"the interest has {len(periods)} stretches of days, and a decision shows "
                       f"{PERIODS_MAX} at most: recover it by several decisions")  # fmt: skip
    return periods
