"""Payment runs (*maksuajo*): proposed by one person, approved by others, whole or line by line, sent once (P8, P9).

Whoever proposed a run, or took lines out of it, approves nothing of it, and whoever acts or signs for a payee approves
nothing that is paid to it. Every line needs the approvals of several
people who act for themselves or for different others. Taking lines out makes every approval void that was given before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from schemas.facts import Fact
from schemas.money import euros
from schemas.payments import (
    BankFileBuilt,
    PaymentLine,
    RunApprovalRefused,
    RunApproved,
    RunChanged,
    RunProposed,
    RunSent,
    RunSentAgain,
)
from schemas.refusals import conflict, invalid

from . import payees
from .approvers import Approvers
from .payees import Payees


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands: its lines now, and the approvals since they last changed."""

    proposed: RunProposed
    lines: tuple[PaymentLine, ...]
    changers: frozenset[str] = frozenset()
    approvals: tuple[RunApproved, ...] = ()
    file: BankFileBuilt | None = None
    sent: bool = False

    @property
    def run_id(self) -> UUID:
        return self.proposed.run_id

    @property
    def total(self) -> int:
        """The sum of the lines, in cents."""
        return sum(line.amount for line in self.lines)

    @property
    def preparers(self) -> frozenset[str]:
        """Who proposed the run or changed it."""
        return self.changers | {self.proposed.person}

    def approvals_of(self, line: PaymentLine) -> list[RunApproved]:
        """The approvals that a line has."""
        return [each for each in self.approvals if each.lines is None or line.end_to_end_id in each.lines]


def evolve(state: Run | None, fact: Fact) -> Run | None:  # noqa: PLR0911 - one arm for each kind
    """The run after a fact."""
    match fact:
        case RunProposed():
            return Run(fact, fact.lines)
        case _ if state is None:
            return None
        case RunChanged():
            return replace(state, lines=fact.lines, changers=state.changers | {fact.person}, approvals=())
        case RunApproved():
            return replace(state, approvals=(*state.approvals, fact))
        case BankFileBuilt():
            return replace(state, file=fact)
        case RunSent():
            return replace(state, sent=True)
    return state


@dataclass(frozen=True, slots=True)
class Approval:
    """What somebody wants to approve: which lines (None: the whole run), on which Helsinki date."""

    person: str
    lines: tuple[str, ...] | None
    on: date


@dataclass(frozen=True, slots=True)
class Rules:
    """How many approvals a line needs, who may approve how much, the limit of whom none was set for (cents), and who
    acts or signs for the payees of what is approved.
    """

    required: int
    approvers: Approvers
    default_limit: int | None
    payees: Payees


def approve(run: Run, wanted: Approval, rules: Rules) -> tuple[list[Fact], RunApprovalRefused | None]:
    """One more approval, or the event of a refused attempt when this person may not give it.

    Raises Refused for lines that the run does not have, or that have all their approvals.
    """
    if run.file is not None:
        raise conflict("file-built", "the run's bank file is built: nothing is approved any more")
    chosen = _chosen(run, wanted.lines)
    waiting = [line for line in chosen if len(run.approvals_of(line)) < rules.required]
    refused = _refusal(run, wanted, chosen, rules.payees)
    if refused is None and not waiting:
        raise conflict("approved-already", "what you approve has all its approvals")
    on_behalf_of: str | None = None
    if refused is None:
        on_behalf_of, refused = _within_limits(run, wanted, chosen, rules)
    if refused is not None:
        return [], RunApprovalRefused(run_id=run.run_id, person=wanted.person, reason=refused)
    fact = RunApproved(
        run_id=run.run_id, approval=len(run.approvals) + 1, person=wanted.person, lines=wanted.lines,
        on_behalf_of=on_behalf_of,
    )  # fmt: skip
    return [fact], None


def _chosen(run: Run, wanted: tuple[str, ...] | None) -> list[PaymentLine]:
    if wanted is None:
        return list(run.lines)
    known = {line.end_to_end_id: line for line in run.lines}
    for index, end_to_end_id in enumerate(wanted):
        if end_to_end_id not in known:
            raise invalid("no-such-line", f"the run has no line {end_to_end_id}", f"/lines/{index}")
    return [known[each] for each in dict.fromkeys(wanted)]


def _given_by(run: Run, chosen: Collection[PaymentLine]) -> set[str]:
    """Everybody whose approval some of these lines have already: who gave it, and for whom."""
    given = [approval for line in chosen for approval in run.approvals_of(line)]
    return {each.person for each in given} | {each.on_behalf_of for each in given if each.on_behalf_of is not None}


def _refusal(run: Run, wanted: Approval, chosen: Collection[PaymentLine], known: Payees) -> str | None:
    if wanted.person in run.preparers:
        return f"{wanted.person} proposed or changed the run and so does not approve it"
    if wanted.person in _given_by(run, chosen):
        return f"{wanted.person} approved it already, or was stood in for: the next approval is another person's"
    return _tied(wanted.person, chosen, known)


def _tied(person: str, chosen: Collection[PaymentLine], known: Payees) -> str | None:
    """Why a person approves none of what is paid to those for whom they act or sign, and what to do about it."""
    tied = known.of(person, chosen)
    if not tied:
        return None
    way_out = "another person approves these" if len(tied) == len(chosen) else "approve the others by their `lines`"
    return f"{person} acts or signs for the payee of {payees.told(tied)} and so does not approve it: {way_out}"


def _within_limits(
    run: Run, wanted: Approval, chosen: Sequence[PaymentLine], rules: Rules
) -> tuple[str | None, str | None]:
    """For whom the person approves where their own limit does not reach, or why it is refused. What was approved of the
    run before by them or in their place counts with it: a run is not approved beyond a limit line by line, nor by a
    person and their stand-in in turns.
    """
    total = _sum_with(run, chosen, wanted.person)
    own = rules.approvers.limit_of(wanted.person, wanted.on, rules.default_limit)
    if own is None or total <= own:
        return None, None
    shut_out = run.preparers | _given_by(run, chosen)
    refused = f"{wanted.person} approves up to {euros(own)} of a run: this is {euros(total)}"
    for named in rules.approvers.principals_of(wanted.person, wanted.on):
        if named.principal in shut_out or total > named.limit:
            continue
        theirs = rules.approvers.limit_of(named.principal, wanted.on, rules.default_limit)
        if theirs is not None and _sum_with(run, chosen, wanted.person, named.principal) > theirs:
            continue
        tied = _tied(named.principal, chosen, rules.payees)
        if tied is None:
            return named.principal, None
        refused = f"{wanted.person} would approve in the place of {named.principal}: {tied}"
    return None, refused


def _sum_with(run: Run, chosen: Sequence[PaymentLine], *people: str) -> int:
    """The sum (cents) of the chosen lines, which none of these people approved, and of those that they, or somebody in
    their place, approved before.
    """
    before = [line for line in run.lines if not _given_by(run, [line]).isdisjoint(people)]
    return sum(line.amount for line in (*before, *chosen))


def take_out(run: Run, ids: Collection[str], reason: str, person: str) -> RunChanged:
    """Takes lines out of a run whose file is not built yet; all approvals given before are void."""
    if run.file is not None:
        raise conflict("file-built", "the run's bank file is built: its lines stay")
    known = {line.end_to_end_id for line in run.lines}
    for index, end_to_end_id in enumerate(ids):
        if end_to_end_id not in known:
            raise invalid("no-such-line", f"the run has no line {end_to_end_id}", f"/lines/{index}")
    left = tuple(line for line in run.lines if line.end_to_end_id not in ids)
    return RunChanged(
        run_id=run.run_id, lines=left, total=sum(line.amount for line in left), reason=reason, person=person
    )


def send_again(run: Run, answered: Collection[str], reason: str, person: str) -> RunSentAgain:
    """Lets the file of a run be handed over once more, by a person who knows from the bank that it never came.
    `answered` are the EndToEndIds of those of its payments of which the bank has told anything.
    """
    if run.file is None or not run.sent:
        raise conflict("not-sent", "the run was not sent yet: send it")
    if answered:
        raise conflict(
            "bank-answered",
            f"the bank has the file: it told of {len(answered)} of {len(run.lines)} payments. Ask it for its answer on "
            "the others",
        )
    return RunSentAgain(run_id=run.run_id, sha256=run.file.sha256, reason=reason, person=person)


def check_ready(run: Run, required: int) -> None:
    """A file is built only of a run whose every line has the approvals of so many different people, none of them who
    prepared it.
    """
    if not run.lines:
        raise conflict("run-empty", "every line was taken out of the run")
    short = [line for line in run.lines if len(_approvers(run, line)) < required]
    if short:
        raise conflict(
            "not-approved",
            f"each line needs {required} approvals by people who did not prepare the run; {len(short)} of "
            f"{len(run.lines)} lines have fewer",
        )


def _approvers(run: Run, line: PaymentLine) -> set[str]:
    return {each.person for each in run.approvals_of(line)} - run.preparers
