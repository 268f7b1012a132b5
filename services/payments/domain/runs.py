"""Payment runs (*maksuajo*): proposed by one person, approved by two others, sent once (P8, P9)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from schemas.facts import Fact
from schemas.payments import BankFileBuilt, RunApprovalRefused, RunApproved, RunProposed, RunSent
from schemas.refusals import conflict


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands."""

    proposed: RunProposed
    approvers: tuple[str, ...] = ()
    file: BankFileBuilt | None = None
    sent: bool = False

    @property
    def run_id(self) -> UUID:
        return self.proposed.run_id


def evolve(state: Run | None, fact: Fact) -> Run | None:
    """The run after a fact."""
    match fact:
        case RunProposed():
            return Run(fact)
        case _ if state is None:
            return None
        case RunApproved():
            return replace(state, approvers=(*state.approvers, fact.person))
        case BankFileBuilt():
            return replace(state, file=fact)
        case RunSent():
            return replace(state, sent=True)
    return state


def refuse_approval(run: Run, person: str) -> RunApprovalRefused | None:
    """The event of a refused approval when this person may not approve, else None."""
    reason = None
    if person == run.proposed.person:
        reason = f"{person} proposed the run and so does not approve it"
    elif person in run.approvers:
        reason = f"{person} approved the run already: the second approval is another person's"
    if reason is None:
        return None
    return RunApprovalRefused(run_id=run.run_id, person=person, reason=reason)


def approve(run: Run, person: str, approvals_required: int) -> list[Fact]:
    """One more approval; refused when the run has all that it needs."""
    if len(run.approvers) >= approvals_required:
        raise conflict("approved-already", "the run has all its approvals")
    return [RunApproved(run_id=run.run_id, approval=len(run.approvers) + 1, person=person)]


def check_ready(run: Run, approvals_required: int) -> None:
    """A file is built only of a run with all its approvals by different people, none of them the proposer."""
    people = set(run.approvers) - {run.proposed.person}
    if len(people) < approvals_required:
        raise conflict(
            "not-approved",
            f"the run needs {approvals_required} approvals by people who did not propose it; it has {len(people)}",
        )
