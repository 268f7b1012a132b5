"""Calls (*haku*): what makes one whole, when it is open, and how it may change while it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from schemas.calls import AnyQuestion, CallTerms, ChoiceQuestion, DateQuestion, MoneyQuestion, NumberQuestion
from schemas.county import County
from schemas.facts import Fact
from schemas.helsinki import HELSINKI
from schemas.intake import CallAmended, CallPublished
from schemas.refusals import Refused, conflict, invalid
from schemas.words import Words

CLOSING_MINUTE = timedelta(minutes=1)
FIXED: tuple[str, ...] = ("basket", "year", "kind")
"""What an amendment never changes."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call with its terms in force; `closes_at` None means that it is open until further notice."""

    call: CallPublished | CallAmended
    version: int = 1

    def is_late(self, moment: datetime) -> bool:
        """Whether something sent at `moment` came after the call. The closing minute is inclusive: a call that closes
        at 16.00 takes what is sent at 16:00:59.999.
        """
        closes_at = self.call.closes_at
        return closes_at is not None and moment >= closes_at + CLOSING_MINUTE

    def is_open(self, moment: datetime) -> bool:
        """Whether the call takes applications at `moment`."""
        return moment >= self.call.opens_at and not self.is_late(moment)


def evolve(state: Call | None, fact: Fact) -> Call | None:
    """The call after a fact."""
    match fact:
        case CallPublished():
            return Call(fact)
        case CallAmended():
            return Call(fact, fact.call_version)
    return state


def problems(terms: CallTerms, county: County, on: date) -> list[Refused]:
    """Everything in a call's terms that contradicts itself or the county's data as of a Helsinki date."""
    found: list[Refused] = []
    if terms.kind == "round" and terms.closes_at is None:
        found.append(invalid("round-without-end", "a round closes at a stated moment", "/closes_at"))
    if terms.closes_at is not None and terms.closes_at <= terms.opens_at:
        found.append(invalid("closes-before-it-opens", "a call closes after it opens", "/closes_at"))
    found += _basket_problems(terms, county, on)
    found += _twice("/questions", "question_id", (each.question_id for each in terms.questions))
    found += _twice("/criteria", "criterion_id", (each.criterion_id for each in terms.criteria))
    found += _twice("/attachments", "kind", (each.kind for each in terms.attachments))
    for index, question in enumerate(terms.questions):
        found += _question_problems(question, f"/questions/{index}")
    found += _days_problems("/payable_from", terms.payable_from)
    found += _days_problems("/reports_due_on", terms.reports_due_on)
    opening_day = terms.opens_at.astimezone(HELSINKI).date()
    if terms.reports_due_on and terms.reports_due_on[0] <= opening_day:
        found.append(invalid("report-before-opening", "a report of use is due after the opening day",
                             "/reports_due_on/0"))  # fmt: skip
    if terms.closes_at is not None:
        closing_day = terms.closes_at.astimezone(HELSINKI).date()
        found += [
            invalid("later-than-closing", "what may follow later may do so after the closing day",
                    f"/attachments/{index}/later_until")
            for index, asked in enumerate(terms.attachments)
            if asked.later_until is not None and asked.later_until <= closing_day
        ]  # fmt: skip
    return found


def _basket_problems(terms: CallTerms, county: County, on: date) -> Iterator[Refused]:
    basket = county.basket(terms.basket, on)
    if basket is None:
        known = ", ".join(sorted({each.id for each in county.baskets}))
        yield invalid("unknown-basket", f"{terms.basket} is no basket on {on:%-d.%-m.%Y}: there are {known}", "/basket")
        return
    if terms.kind not in basket.opens:
        kinds = " or ".join(basket.opens)
        yield invalid("kind-not-of-basket", f"a call of the basket {terms.basket} is {kinds}", "/kind")
    if not set(terms.applicants) & set(basket.applicants):
        kinds = ", ".join(basket.applicants)
        yield invalid("nobody-may-apply", f"the basket {terms.basket} is for {kinds}: name one of them", "/applicants")


def _question_problems(question: AnyQuestion, pointer: str) -> Iterator[Refused]:
    crossed = False
    match question:
        case NumberQuestion() | MoneyQuestion():
            low, high = question.minimum, question.maximum
            crossed = low is not None and high is not None and low > high
        case DateQuestion():
            first, last = question.earliest, question.latest
            crossed = first is not None and last is not None and first > last
        case ChoiceQuestion():
            yield from _twice(f"{pointer}/choices", "choice_id", (each.choice_id for each in question.choices))
    if crossed:
        yield invalid("limits-crossed", "the lower limit is at most the upper one", pointer)


def _days_problems(pointer: str, days: Sequence[date]) -> Iterator[Refused]:
    for index, (before, day) in enumerate(pairwise(days), start=1):
        if day <= before:
            yield invalid("days-out-of-order", f"each day comes after the one before, {before:%-d.%-m.%Y}",
                          f"{pointer}/{index}")  # fmt: skip


def _twice(pointer: str, name: str, ids: Iterable[str]) -> Iterator[Refused]:
    seen: set[str] = set()
    for index, each in enumerate(ids):
        if each in seen:
            yield invalid("id-twice", f"each {name} stands once: {each} comes again", f"{pointer}/{index}/{name}")
        seen.add(each)


def publish(state: Call | None, call: CallPublished) -> list[Fact]:
    """Publishes a call. Refused when its id is taken."""
    if state is not None:
        raise conflict("call-exists", f"the call {call.call_id} is published already")
    return [call]


def amend(state: Call, terms: CallTerms, what_changed: Words, now: datetime) -> list[Fact]:
    """Changes a call until it has closed; what was sent before keeps its version.

    Refused when the call has closed, when what stays for good would change, when an open call would open later or
    close in the past, and when nothing changes.
    """
    call = state.call
    if state.is_late(now):
        raise conflict("call-closed", "the call has closed: publish a new one")
    for name in FIXED:
        if getattr(terms, name) != getattr(call, name):
            raise invalid("fixed-term", f"{name} stays as it was published: publish another call", f"/{name}")
    if now >= call.opens_at and terms.opens_at != call.opens_at:
        raise invalid("opened-already", "the call is open already: its opening cannot move", "/opens_at")
    if terms.closes_at is not None and terms.closes_at + CLOSING_MINUTE <= now:
        raise invalid("closes-in-the-past", "the call closes now or later", "/closes_at")
    content = {name: getattr(terms, name) for name in CallTerms.model_fields}
    if content == {name: getattr(call, name) for name in CallTerms.model_fields}:
        raise conflict("nothing-changes", "the call says this already")
    return [CallAmended(call_id=call.call_id, call_version=state.version + 1, what_changed=what_changed, **content)]
