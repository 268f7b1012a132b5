"""Claims of recovery (*takaisinperintäsaaminen*): paid in parts or too much, set off, planned, given up.

For each claim claimed = received + set off + written off + left. What comes beyond that is owed back to the payer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from schemas.decisions import InterestPeriod
from schemas.facts import Fact
from schemas.interest import PERIODS_MAX, Terms, stretches
from schemas.money import euros
from schemas.payments import (
    LateInterestClaimed,
    PaymentPlanAgreed,
    PlannedPart,
    RecoveryClaimed,
    RecoveryInterestClaimed,
    RecoveryReceived,
    RecoverySetOff,
    RecoveryWrittenOff,
    WriteOffProposed,
    WriteOffRefused,
)
from schemas.refusals import conflict, invalid

ClaimFact = (
    RecoveryClaimed
    | RecoveryInterestClaimed
    | LateInterestClaimed
    | RecoveryReceived
    | RecoverySetOff
    | RecoveryWrittenOff
    | WriteOffProposed
    | PaymentPlanAgreed
)


Due = tuple[tuple[date, int], ...]
"""What is due: sums in cents, each with its last Helsinki date, in the order of the dates."""


@dataclass(frozen=True, slots=True)
class Late:
    """A part of the principal (cents) that came after the Helsinki date on which it was due."""

    due_on: date
    came_on: date
    amount: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as it stands; sums in cents. `due` is what is still due of the principal, or by a plan; `late` is what
    came late and bore no late interest yet. What is overdue bore late interest up to `counted_until`.
    """

    claimed: RecoveryClaimed
    principal: int
    interest: int = 0
    received: int = 0
    set_off: int = 0
    written_off: int = 0
    plan: tuple[PlannedPart, ...] = ()
    proposal: WriteOffProposed | None = None
    due: Due = ()
    late: tuple[Late, ...] = ()
    counted_until: date | None = None

    @property
    def left(self) -> int:
        """What is still to be paid."""
        return self.principal + self.interest - self.taken

    @property
    def taken(self) -> int:
        """What is not to be paid any more: it came, was set off, or was given up."""
        return self.received + self.set_off + self.written_off


def evolve(state: Claim | None, fact: ClaimFact) -> Claim:  # noqa: PLR0911 - one arm for each kind
    """The claim after a fact."""
    if isinstance(fact, RecoveryClaimed):
        return Claim(fact, fact.amount, due=((fact.due_on, fact.amount),))
    assert state is not None, "a claim begins by being claimed"
    match fact:
        case RecoveryInterestClaimed():
            return replace(state, interest=state.interest + fact.amount)
        case LateInterestClaimed():
            until = fact.counted_until or state.counted_until
            return replace(state, interest=state.interest + fact.amount, late=(), counted_until=until)
        case RecoveryReceived():
            pieces, due = _met(state, fact.amount)
            since = [(_since(state, day), piece) for day, piece in pieces]
            late = tuple(Late(day, fact.booked_on, piece) for day, piece in since if fact.booked_on > day)
            return replace(state, received=state.received + fact.amount, due=due, late=state.late + late)
        case RecoverySetOff():
            return replace(state, set_off=state.set_off + fact.amount, due=_met(state, fact.amount)[1])
        case RecoveryWrittenOff():
            due = _met(state, fact.amount)[1]
            return replace(state, written_off=state.written_off + fact.amount, proposal=None, due=due)
        case WriteOffProposed():
            return replace(state, proposal=fact)
        case PaymentPlanAgreed():
            return replace(state, plan=fact.parts, due=tuple((part.due_on, part.amount) for part in fact.parts))


def _met(claim: Claim, amount: int) -> tuple[Due, Due]:
    """What a sum meets of what is due, in the order of the days, and what is due then. Interest bears no interest: of
    all that is claimed the principal is taken to be met first, and what is beyond it meets nothing.
    """
    counts = min(amount, max(claim.principal - claim.taken, 0))
    pieces: list[tuple[date, int]] = []
    due: list[tuple[date, int]] = []
    for day, open_amount in claim.due:
        piece = min(counts, open_amount)
        counts -= piece
        pieces += [(day, piece)] if piece else []
        due += [(day, open_amount - piece)] if open_amount > piece else []
    return tuple(pieces), tuple(due)


def agree_plan(claim: Claim, plan: PaymentPlanAgreed, today: date) -> list[Fact]:
    """Agrees that what is left is paid in parts, each due after the one before and after today."""
    _open(claim)
    days = [part.due_on for part in plan.parts]
    if days != sorted(set(days)) or days[0] <= today:
        raise invalid("days-out-of-order", "each part is due after the one before, and the first after today", "/parts")
    total = sum(part.amount for part in plan.parts)
    if total != claim.left:
        told = f"the parts come to {euros(total)}: {euros(claim.left)} are left"
        raise invalid("plan-does-not-add-up", told, "/parts")
    return [plan]


def propose_write_off(claim: Claim, proposed: WriteOffProposed) -> list[Fact]:
    """Proposes to give up a part of what is left, or all of it; a later proposal replaces the one before."""
    _open(claim)
    _within(claim, proposed.amount)
    return [proposed]


def decide_write_off(claim: Claim, person: str, on: date) -> tuple[list[Fact], WriteOffRefused | None]:
    """Gives up what was proposed; who proposed it does not decide (P8): then the refused attempt."""
    _open(claim)
    proposal = claim.proposal
    if proposal is None:
        raise conflict("no-proposal", "a write-off is proposed before it is decided")
    ids = {"application_id": proposal.application_id, "recovery_id": proposal.recovery_id}
    if proposal.person == person:
        reason = f"{person} proposed the write-off and so does not decide on it"
        return [], WriteOffRefused(**ids, person=person, reason=reason)
    _within(claim, proposal.amount)
    written_off = RecoveryWrittenOff(
        **ids, amount=proposal.amount, reference=claim.claimed.reference, written_off_on=on, reason=proposal.reason,
        proposed_by=proposal.person, person=person,
    )  # fmt: skip
    return [written_off], None


def _since(claim: Claim, day: date) -> date:
    """From when a sum that was due on a day bears late interest that was not claimed yet."""
    return day if claim.counted_until is None else max(day, claim.counted_until)


def overdue(claim: Claim, today: date) -> tuple[Late, ...]:
    """What was due of the principal before today and has not come, each with the day from which it bears interest not
    claimed yet. What came on its last day bears none, and neither does the interest in the parts of a plan.
    """
    principal, _ = _met(claim, claim.principal)
    since = ((_since(claim, day), amount) for day, amount in principal)
    return tuple(Late(day, today, amount) for day, amount in since if day < today)


def count_late_interest(claim: Claim, terms: Terms | None, today: date) -> tuple[InterestPeriod, ...]:
    """Late interest (*viivästyskorko*) that was not claimed yet: on what came late, from the day it was due to the day
    it came, and on what has not come, from the day it was due to today (Helsinki date, not counted); at the county's
    terms on the day of the claim (None: it asks none). Raises Refused when there is nothing to claim.
    """
    if terms is None:
        raise conflict("no-late-interest", "the county's data asks no interest on recoveries")
    bearing = (*claim.late, *overdue(claim, today))
    if not bearing:
        raise conflict("nothing-came-late", "nothing of the claim is late, or its late interest was claimed already")
    periods = tuple(period for each in bearing for period in stretches(each.amount, each.due_on, each.came_on, terms))
    if not sum(period.amount for period in periods):
        raise conflict("less-than-a-cent", "the late interest comes to less than a cent")
    if len(periods) > PERIODS_MAX:
        raise conflict("too-many-periods", f"the late interest has {len(periods)} stretches of days, and a claim shows "
                       f"{PERIODS_MAX} at most: claim it after each receipt")  # fmt: skip
    return periods


def _open(claim: Claim) -> None:
    if claim.left <= 0:
        raise conflict("claim-settled", "nothing of the claim is left")


def _within(claim: Claim, amount: int) -> None:
    if amount > claim.left:
        raise conflict("more-than-left", f"{euros(claim.left)} of the claim are left")
