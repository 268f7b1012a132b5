"""Differences (*erotus*): raised once, explained by one person, accepted by another; and opened again where
that did not hold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256

from schemas.facts import Fact
from schemas.payments import (
    DifferenceAccepted,
    DifferenceAssigned,
    DifferenceCommented,
    DifferenceDissolved,
    DifferenceExplained,
    DifferenceRaised,
    DifferenceReopened,
)
from schemas.refusals import conflict, forbidden

from .reconciliation import Line


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference as it stands."""

    raised: DifferenceRaised
    assignee: str | None = None
    explained: DifferenceExplained | None = None
    accepted: bool = False
    dissolved: bool = False

    @property
    def settled(self) -> bool:
        """Nothing is to be done about it any more."""
        return self.accepted or self.dissolved


def evolve(state: Difference | None, fact: Fact) -> Difference | None:  # noqa: PLR0911 - one arm for each kind
    """The difference after a fact."""
    match fact:
        case DifferenceRaised():
            return Difference(fact, None if state is None else state.assignee)
        case DifferenceExplained() if state is not None:
            return replace(state, explained=fact)
        case DifferenceAccepted() if state is not None:
            return replace(state, accepted=True)
        case DifferenceAssigned() if state is not None:
            return replace(state, assignee=fact.assignee)
        case DifferenceDissolved() if state is not None:
            return replace(state, dissolved=True)
        case DifferenceReopened() if state is not None:
            return replace(state, explained=None, accepted=False, dissolved=False)
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
    _unsettled(state)
    return [DifferenceExplained(difference_id=state.raised.difference_id, explanation=explanation, person=person)]


def accept(state: Difference, person: str, reason: str) -> list[Fact]:
    """Settles the difference; whoever explained it does not accept it."""
    if state.explained is None:
        raise conflict("not-explained", "a difference is explained before it is accepted")
    _unsettled(state)
    if state.explained.person == person:
        raise forbidden("own-explanation", "whoever explained a difference does not accept it")
    return [DifferenceAccepted(difference_id=state.raised.difference_id, reason=reason, person=person)]


def assign(state: Difference, assignee: str, person: str) -> list[Fact]:
    """Gives a difference to somebody; nothing when they have it already."""
    _unsettled(state)
    if state.assignee == assignee:
        return []
    return [DifferenceAssigned(difference_id=state.raised.difference_id, assignee=assignee, person=person)]


def comment(state: Difference, text: str, person: str) -> list[Fact]:
    """Adds a remark, also to a settled difference."""
    return [DifferenceCommented(difference_id=state.raised.difference_id, comment=text, person=person)]


def reopen(state: Difference, reason: str, person: str) -> list[Fact]:
    """Opens a settled difference again: it is explained and accepted anew."""
    if not state.settled:
        raise conflict("not-settled", "the difference is open")
    return [DifferenceReopened(difference_id=state.raised.difference_id, reason=reason, person=person)]


def find_again(state: Difference | None, raised: DifferenceRaised) -> list[Fact]:
    """What a run makes of a line that does not agree: raised once; one that had dissolved is open again; one that was
    accepted stays so, for the same line was explained. A line that differs by something else than before is raised
    anew: what was explained was another difference.
    """
    if state is None or state.raised != raised:
        return [raised]
    if not state.dissolved:
        return []
    return [
        DifferenceReopened(
            difference_id=raised.difference_id, reason="a later run found it again", person="reconciliation"
        )
    ]


def dissolve(state: Difference, run: int) -> list[Fact]:
    """What a run makes of a difference that it does not find any more."""
    if state.settled:
        return []
    found = "the sides agree: it was put right on its side"
    return [DifferenceDissolved(difference_id=state.raised.difference_id, run=run, found=found)]


def _unsettled(state: Difference) -> None:
    if state.settled:
        raise conflict("accepted-already", "the difference is settled already: reopen it first")
