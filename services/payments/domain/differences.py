"""Differences (*erotus*) and periods (*kausi*): raised once, explained by one person, accepted by another, then
closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from schemas.facts import Fact
from schemas.payments import DifferenceAccepted, DifferenceExplained, DifferenceRaised, PeriodClosed
from schemas.refusals import conflict, forbidden

from .postings import Posting, trial_balance
from .reconciliation import Line


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference as it stands."""

    raised: DifferenceRaised
    explained: DifferenceExplained | None = None
    accepted: bool = False


def evolve(state: Difference | None, fact: Fact) -> Difference | None:
    """The difference after a fact."""
    match fact:
        case DifferenceRaised():
            return Difference(fact)
        case DifferenceExplained() if state is not None:
            return replace(state, explained=fact)
        case DifferenceAccepted() if state is not None:
            return replace(state, accepted=True)
    return state


def difference_id(period: str, line: Line) -> str:
    """The same line in the same period has the same id, so that it is raised once."""
    return "d-" + sha256(f"{period}|{line.line_class}|{line.subject}".encode()).hexdigest()[:20]


def raise_difference(period: str, line: Line) -> DifferenceRaised:
    """The event of a line that does not agree."""
    assert line.line_class != "matched", "what matches is no difference"
    return DifferenceRaised(
        difference_id=difference_id(period, line), period=period, difference_class=line.line_class,
        subject=line.subject, expected=line.expected, found=line.found, amount=line.amount,
        application_id=line.application_id,
    )  # fmt: skip


def explain(state: Difference, person: str, explanation: str) -> list[Fact]:
    """Says what the cause is and how it is put right."""
    if state.accepted:
        raise conflict("accepted-already", "the difference is settled already")
    return [DifferenceExplained(difference_id=state.raised.difference_id, explanation=explanation, person=person)]


def accept(state: Difference, person: str, reason: str) -> list[Fact]:
    """Settles the difference; whoever explained it does not accept it."""
    if state.explained is None:
        raise conflict("not-explained", "a difference is explained before it is accepted")
    if state.accepted:
        raise conflict("accepted-already", "the difference is settled already")
    if state.explained.person == person:
        raise forbidden("own-explanation", "whoever explained a difference does not accept it")
    return [DifferenceAccepted(difference_id=state.raised.difference_id, reason=reason, person=person)]


def close(
    period: str, person: str, closed: bool, reconciled: bool, differences: Sequence[Difference],  # noqa: FBT001 - the caller says what it means by name
    postings: Sequence[Posting], files: Sequence[str],
) -> PeriodClosed:  # fmt: skip
    """Closes a period: reconciled, with no difference open, and in balance."""
    if closed:
        raise conflict("closed-already", f"{period} is closed already")
    if not reconciled:
        raise conflict("not-reconciled", f"{period} was not reconciled yet")
    left = [each for each in differences if not each.accepted]
    if left:
        raise conflict("differences-open", f"{len(left)} differences of {period} are open")
    trial_balance(postings)
    total = sum(posting.amount for posting in postings if posting.period == period)
    return PeriodClosed(
        period=period, debits=total, credits=total, differences=len(differences), files=tuple(sorted(set(files))),
        person=person,
    )  # fmt: skip
