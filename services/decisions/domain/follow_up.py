"""What a decision has to be before something follows it, and what a case has to be for an agreement."""

from __future__ import annotations

from datetime import date

from schemas.decisions import (
    AgreementDrafted,
    AgreementPartySigned,
    ChangeDecided,
    ChangeProposed,
    NegotiationNoted,
    OwnFundingProven,
    PartnershipReviewed,
)
from schemas.facts import Fact
from schemas.refusals import conflict, invalid

from . import agreements, changes, interest, projects
from .cases import Case


def favourable(case: Case) -> bool:
    """Whether something was granted, by the decision or on a claim: money that is in force, or what a partnership
    without money gives in its place.
    """
    return case.amount > 0 or (case.opened.applied == 0 and case.outcome == "granted")


def reported_on(case: Case) -> bool:
    """Whether reports of use are due: of money once it was paid, as far as it is not recovered; of what is given in its
    place once the decision is final.
    """
    paid = bool(interest.not_recovered(case.movements))
    return favourable(case) and (paid if case.amount > 0 else case.final_on is not None)


def check_favourable(case: Case) -> None:
    """Raises Refused before a favourable decision."""
    if case.decision is None:
        raise conflict("not-decided", "this follows a decision, and the case is not decided yet")
    if not favourable(case):
        raise conflict("not-granted", "this follows a favourable decision, and nothing is granted here")


def check_agreed(case: Case, agreed: bool) -> None:  # noqa: FBT001 - the caller says what it means by name
    """Raises Refused where grants of the case's basket go without an agreement."""
    if not agreed:
        raise conflict("no-agreement", f"grants of the basket {case.opened.basket} take no agreement")


def note_negotiation(case: Case, noted: NegotiationNoted, today: date) -> list[Fact]:
    """Notes a negotiation that took place, before the decision or after it."""
    if case.closed_without_decision:
        raise conflict("case-closed", "the case is closed: the application was withdrawn or transferred")
    if noted.held_on > today:
        raise invalid("not-held-yet", "a negotiation is noted once it took place", "/held_on")
    return [noted]


def draft_agreement(case: Case, offered: AgreementDrafted, years_max: int) -> list[Fact]:
    """Offers a version of the agreement to be signed, on what was granted."""
    check_favourable(case)
    return agreements.draft(case.partnership, offered, case.amount, years_max)


def sign_agreement(case: Case, signature: AgreementPartySigned) -> list[Fact]:
    """Signs the offered version for a party, as long as what it was offered on is granted."""
    check_favourable(case)
    return agreements.sign(case.partnership, signature)


def review(case: Case, reviewed: PartnershipReviewed) -> list[Fact]:
    """Reviews a partnership of which something is granted."""
    check_favourable(case)
    made = [each for each in (case.decision, case.claim_decided) if each is not None]
    years = [instalment.payable_from.year for each in made for instalment in each.instalments]
    return agreements.review(case.partnership, reviewed, min(years, default=None))


def prove_own_funding(case: Case, proven: OwnFundingProven) -> list[Fact]:
    """Records own funding of what was granted, against what the application declared."""
    check_favourable(case)
    return projects.prove(case.project, proven, case.opened.own_funding)


def propose_change(case: Case, proposed: ChangeProposed) -> list[Fact]:
    """Proposes on a change; one of what is not granted can only be proposed to be rejected."""
    if proposed.approve:
        check_favourable(case)
    return changes.propose(case.changes, proposed)


def decide_change(case: Case, decided: ChangeDecided) -> list[Fact]:
    """Decides a change; one of what is not granted can only be rejected."""
    if decided.approved:
        check_favourable(case)
    use_from = None if case.decision is None else case.decision.use_from
    return changes.decide(case.changes, decided, use_from, case.reports)
