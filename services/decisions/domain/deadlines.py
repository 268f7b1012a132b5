"""The clock of the claim for rectification (*oikaisuvaatimus*), in Helsinki dates.

A claim is made within 14 days of notice. An electronic notice counts as received on the third day after it was sent, a
letter on the seventh; the day of receipt is not counted; a last day on which offices are closed moves to the next
working day. Source: the counties' rectification instructions named in the domain pages; the days are county data.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from schemas.helsinki import HELSINKI

IsWorkingDay = Callable[[date], bool]


def counts_as_received(sent_on: date, days: int) -> date:
    """The day on which a notice counts as received: `days` after it was sent, whatever day of the week that is."""
    return sent_on + timedelta(days=days)


def last_day(counted_from: date, days: int, is_working_day: IsWorkingDay) -> date:
    """The last day of a time that is counted from a day, which is not counted itself: `days` after it, moved on to a
    working day. So are the days for a claim and for an appeal counted from receipt, and those for a supplement from the
    day on which it is asked for.
    """
    day = counted_from + timedelta(days=days)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def counts_on(moment: datetime, registry_closes: time) -> date:
    """The Helsinki date on which what arrives at a moment counts as received: the same day until the registry closes,
    the next one from then on (Etelä-Savo's registry closes at 15.00; the hour is county data).
    """
    local = moment.astimezone(HELSINKI)
    return local.date() if local.time() < registry_closes else local.date() + timedelta(days=1)
