"""Interest counted day by day in exact arithmetic, at the reference rate plus a margin.

Model: Act on Discretionary Government Transfers 688/2001, section 24, and the Interest Act 633/1982. Each stretch of
days at one rate is rounded to the cent, half up, and shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

from .county import County
from .decisions import InterestPeriod
from .money import rounded
from .refusals import conflict

RateChanges = Sequence[tuple[date, int | None]]
"""From which Helsinki date which reference rate holds, in hundredths of a percent, in the order of the dates; None
from where none is known.
"""
PERIODS_MAX: Final = 200
YEAR_DAYS: Final = {"actual/365": 365, "actual/360": 360}


@dataclass(frozen=True, slots=True)
class Terms:
    """The reference rates, what is added to them (hundredths of a percent), and the days of a year."""

    rates: RateChanges
    margin: int
    year_days: int


def terms_of(county: County, on: date) -> Terms | None:
    """By which terms the county asks interest on a recovery that is decided on a Helsinki date; None for none."""
    rule = county.payment_rules(on).recovery_interest
    return None if rule is None else Terms(rate_changes(county), rule.margin, YEAR_DAYS[rule.day_count])


def late_terms_of(county: County, on: date) -> Terms | None:
    """By which terms the county asks late interest (*viivästyskorko*) that it claims on a Helsinki date; None for
    none.
    """
    rule = county.payment_rules(on).recovery_interest
    return None if rule is None else Terms(rate_changes(county), rule.late_margin, YEAR_DAYS[rule.day_count])


def rate_changes(county: County) -> RateChanges:
    """Where a rate ended and no other follows, none is known: an old one is not counted on with."""
    known: dict[date, int | None] = {
        each.valid_to + timedelta(days=1): None
        for each in county.reference_rates
        if each.valid_to is not None and each.valid_to < date.max
    }
    known |= {each.valid_from: each.rate for each in county.reference_rates}
    return sorted(known.items(), key=lambda change: change[0])


def stretches(principal: int, start: date, until: date, terms: Terms) -> Iterator[InterestPeriod]:
    """Interest on a sum (cents) from a Helsinki date to another, which is not counted, cut where the rate changes.
    Raises Refused where no rate is known.
    """
    if until <= start:
        return
    changes = [day for day, _ in terms.rates if start < day < until]
    for counted_from, counted_to in zip([start, *changes], [*changes, until], strict=True):
        rate = _rate_on(terms.rates, counted_from) + terms.margin
        days = (counted_to - counted_from).days
        exact = Fraction(principal * rate * days, 10_000 * terms.year_days)
        yield InterestPeriod(
            principal=principal, counted_from=counted_from, counted_to=counted_to, days=days, rate_hundredths=rate,
            amount=rounded(exact),
        )  # fmt: skip


def _rate_on(rates: RateChanges, day: date) -> int:
    holding = [rate for since, rate in rates if since <= day]
    if not holding or holding[-1] is None:
        raise conflict("no-reference-rate", f"no reference rate is known for {day:%-d.%-m.%Y}: add it to the county's "
                       "data")  # fmt: skip
    return holding[-1]


def told(period: InterestPeriod) -> dict[str, Any]:
    """A stretch of days as an answer shows it; its rate a year's in percent, such as 5.50."""
    rate = period.rate_hundredths
    return {
        **period.model_dump(mode="json", exclude={"rate_hundredths"}), "rate": f"{rate // 100}.{rate % 100:02d}"
    }  # fmt: skip
