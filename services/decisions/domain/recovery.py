"""Recovery (*takaisinperintä*): the applicant is heard first, then a decision claims a grant or a part of it back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from schemas.decisions import HearingAnswered, HearingOpened, InterestPeriod, RecoveryDecided
from schemas.facts import Fact
from schemas.money import euros
from schemas.refusals import conflict, invalid, not_found

from . import interest
from .cases import Case

DUE_DAYS_MAX: Final = 365


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
    return [hearing]


def answer_hearing(case: Case, answered: HearingAnswered) -> list[Fact]:
    """Takes the applicant's answer, once, and also after its day as long as nothing is decided."""
    if case.hearing is None or case.hearing.hearing_id != answered.hearing_id:
        raise not_found("open hearing with this id")
    if case.heard:
        raise conflict("answered-already", "the hearing was answered already")
    return [answered]


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


def interest_on(
    case: Case, amount: int, decided_on: date, due_on: date, terms: interest.Terms | None
) -> tuple[InterestPeriod, ...]:
    """Interest on a recovery of so much (cents) from the days of payment to its due date, from which late interest
    runs; none without terms. Raises Refused when less was paid and not recovered yet, or no day can be due.
    """
    _check_due(decided_on, due_on)
    parts = interest.taken_from(interest.not_recovered(case.movements), amount)
    return () if terms is None else interest.count(parts, due_on, terms)


def recover(case: Case, recovery: RecoveryDecided, small_limit: int) -> list[Fact]:
    """Decides to recover. At most what is in force, or was paid before the sum was lowered, and is not recovered yet;
    what is under the county's limit (cents, without interest) need not be returned (model: Act on Discretionary
    Government Transfers 688/2001).
    """
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
