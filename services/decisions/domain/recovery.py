"""Recovery (*takaisinperintä*): the applicant is heard first, then a decision claims a grant or a part of it back."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from schemas.decisions import HearingAnswered, HearingClosed, HearingOpened, InterestPeriod, RecoveryDecided
from schemas.facts import Fact
from schemas.money import euros
from schemas.refusals import conflict, invalid, not_found

from . import interest
from .cases import Case

DUE_DAYS_MAX: Final = 365


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a recovery can be decided (county data; model: Act on Discretionary Government Transfers 688/2001,
    section 28): so many years from the last payment, and so many calendar years after the one in which the county
    learned of the grounds. None: at any time.
    """

    years_from_payment: int | None = None
    calendar_years: int | None = None


NO_LIMITS: Final = Limits()


def open_hearing(case: Case, hearing: HearingOpened, today: date, small_limit: int) -> list[Fact]:
    """Hears the applicant on a planned recovery; the day to answer by lies ahead. One hearing at a time: another, on
    another sum say, replaces it once the applicant has answered or their time is over. Nobody is heard on what is under
    the county's limit (cents) and so is not recovered.
    """
    if case.hearing is not None and not case.heard and today <= case.hearing.answer_by:
        raise conflict("hearing-open", f"a hearing is open: the applicant may answer until {_day(case.hearing)}")
    _check_left(case, hearing.amount)
    _check_limit(hearing.amount, small_limit)
    if hearing.answer_by <= today:
        raise invalid("deadline-past", "the day to answer by lies after today", "/answer_by")
    if hearing.learned_on is not None and hearing.learned_on > today:
        raise invalid("learned-later", "the day on which the county learned of it is today or before", "/learned_on")
    return [hearing]


def learned_on(case: Case, told: date | None, today: date) -> date:
    """When the county learned of the grounds of a hearing that is opened today: as told, else no later than it knew of
    the hearing that this one replaces.
    """
    before = None if case.hearing is None else case.hearing.learned_on
    return told or before or today


def close_hearing(case: Case, closed: HearingClosed) -> list[Fact]:
    """Ends a hearing that leads to no recovery, whether it was answered or not."""
    _check_open(case, closed)
    return [closed]


def answer_hearing(case: Case, answered: HearingAnswered) -> list[Fact]:
    """Takes the applicant's answer, once, and also after its day as long as nothing is decided."""
    _check_open(case, answered)
    if case.heard:
        raise conflict("answered-already", "the hearing was answered already")
    return [answered]


def _check_open(case: Case, about: HearingAnswered | HearingClosed) -> None:
    if case.hearing is None or case.hearing.hearing_id != about.hearing_id:
        raise not_found("open hearing with this id")


def check_heard(case: Case, amount: int, today: date) -> None:
    """Raises Refused before the applicant was heard on a recovery of so much (cents): they answered, or their time is
    over.
    """
    if case.hearing is None:
        raise conflict("not-heard", "open a hearing of the applicant first")
    if amount > case.hearing.amount:
        raise conflict("heard-on-less", f"the applicant was heard on {euros(case.hearing.amount)}")
    if not case.heard and today <= case.hearing.answer_by:
        raise conflict("hearing-open", f"the applicant may answer until {_day(case.hearing)}")


def _day(hearing: HearingOpened) -> str:
    return f"{hearing.answer_by:%-d.%-m.%Y}"


def decide_by(case: Case, limits: Limits) -> date | None:
    """The last Helsinki date on which a recovery can be decided: the sooner of the county's two limits. None where
    neither counts: it has none, nothing was paid, or it is not known when the county learned of the grounds.
    """
    last: list[date] = []
    paid_on = interest.last_paid(case.movements)
    if paid_on is not None and limits.years_from_payment is not None:
        last.append(_years_after(paid_on, limits.years_from_payment))
    learned = None if case.hearing is None else case.hearing.learned_on
    if learned is not None and limits.calendar_years is not None:
        last.append(date(learned.year + limits.calendar_years, 12, 31))
    return min(last, default=None)


def _years_after(day: date, years: int) -> date:
    """The same day of a later year; of a leap day the last of February where that year has none (model: Act on the
    Calculation of Statutory Time Limits 150/1930, section 3).
    """
    year = day.year + years
    return date(year, day.month, min(day.day, monthrange(year, day.month)[1]))


def interest_on(
    case: Case, amount: int, decided_on: date, due_on: date, terms: interest.Terms | None
) -> tuple[InterestPeriod, ...]:
    """Interest on a recovery of so much (cents) from the days of payment to its due date, from which late interest
    runs; none without terms. Raises Refused when less was paid and not recovered yet, or no day can be due.
    """
    _check_due(decided_on, due_on)
    parts = interest.taken_from(interest.not_recovered(case.movements), amount)
    return () if terms is None else interest.count(parts, due_on, terms)


def recover(case: Case, recovery: RecoveryDecided, small_limit: int, limits: Limits = NO_LIMITS) -> list[Fact]:
    """Decides to recover, as long as it can be decided. At most what is in force, or was paid before the sum was
    lowered, and is not recovered yet; what is under the county's limit (cents, without interest) need not be returned
    (model: Act on Discretionary Government Transfers 688/2001).
    """
    last = decide_by(case, limits)
    if last is not None and recovery.decided_on > last:
        raise conflict("too-late", f"a recovery could be decided until {last:%-d.%-m.%Y}: none is decided any more")
    _check_left(case, recovery.amount)
    _check_limit(recovery.amount, small_limit)
    _check_due(recovery.decided_on, recovery.due_on)
    return [recovery]


def _check_left(case: Case, amount: int) -> None:
    paid = sum(part for _, part in interest.not_recovered(case.movements))
    left = max(case.amount - case.recovered, paid)
    if amount > left:
        raise conflict("more-than-granted", f"{euros(left)} can be recovered at most")


def _check_limit(amount: int, small_limit: int) -> None:
    if amount < small_limit:
        raise conflict("under-the-limit", f"sums under {euros(small_limit)} need not be returned")


def _check_due(decided_on: date, due_on: date) -> None:
    if due_on <= decided_on:
        raise invalid("due-date-past", "the due date lies after the decision", "/due_on")
    if due_on > decided_on + timedelta(days=DUE_DAYS_MAX):
        raise invalid("due-date-far", f"the due date lies within {DUE_DAYS_MAX} days of the decision", "/due_on")
