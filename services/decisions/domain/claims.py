"""Claims for rectification (*oikaisuvaatimus*) against a decision, notice of what was decided on them, and finality
(*lainvoimaisuus*): nobody can attack the decision any more.

The county's members (residents) may claim as the parties may; their time counts from the publication of the decision
on the web. A claim does not say who makes it, so that it is in time until the later of both last days.
"""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from schemas.decisions import (
    DecisionBecameFinal,
    RectificationClaimed,
    RectificationDecided,
    RectificationNotified,
    RectificationWithdrawn,
)
from schemas.facts import Fact
from schemas.money import euros
from schemas.refusals import conflict, invalid, not_found

from .cases import Case, Ruling, check_outcome, plan_instalments


def check_published(case: Case, published_on: date, today: date) -> None:
    """Raises Refused where a publication cannot be recorded: it is of a decision, once, between its day and today."""
    if case.decision is None:
        raise conflict("not-decided", "a decision is published once it is made")
    if case.published is not None:
        raise conflict("published-already", "the publication of this decision is recorded already: it was on the web "
                       f"on {case.published.published_on:%-d.%-m.%Y}")  # fmt: skip
    if not case.decision.decided_on <= published_on <= today:
        raise invalid("not-published-then", f"the decision was made on {case.decision.decided_on:%-d.%-m.%Y}: it came "
                      "on the web between that day and today", "/published_on")  # fmt: skip


def check_came(case: Case, received_on: date) -> None:
    """Raises Refused before notice of a decision was given, and for a claim that came before the decision."""
    if case.notified is None:
        raise conflict("not-notified", "a claim is made against a decision of which notice was given")
    if case.decision is not None and received_on < case.decision.decided_on:
        raise invalid("before-the-decision", f"the decision was made on {case.decision.decided_on:%-d.%-m.%Y}: a claim "
                      "comes after it", "/received_at")  # fmt: skip


def claim(case: Case, claim_id: UUID, received_on: date, grounds: str, counts_on: date | None = None) -> list[Fact]:
    """Takes a claim for rectification; one that comes after the last day is recorded as such. It counts as received on
    `counts_on`, the next day where the registry had closed. One that came in time and was recorded late takes finality
    away, since nobody can make a decision final that was attacked in time.
    """
    check_came(case, received_on)
    last_day = last_claim_day(case)
    assert last_day is not None, "notice was given"
    if case.claim is not None:
        raise conflict("claim-pending", "a claim is pending already: the registry records the next one when that is "
                       "decided, with the moment at which it came")  # fmt: skip
    if case.appeal is not None:
        raise conflict("appeal-pending", f"an appeal at {case.appeal.court} is pending: a claim waits for its decision")
    in_time = (counts_on or received_on) <= last_day
    return [
        RectificationClaimed(
            application_id=case.opened.application_id, claim_id=claim_id, received_on=received_on, in_time=in_time,
            grounds=grounds,
        )
    ]  # fmt: skip


def withdraw(case: Case, withdrawn: RectificationWithdrawn, today: date) -> list[Fact]:
    """Takes the pending claim back: the decision stands, and can be attacked for as long as before. What a court left
    to be decided anew is decided, since nothing would stand without that.
    """
    claim = case.claim
    if claim is None or claim.claim_id != withdrawn.claim_id:
        if case.claim_answered is not None and case.claim_answered.claim_id == withdrawn.claim_id:
            raise conflict("claim-decided", "the claim is decided already: it is taken back before that")
        raise not_found("such pending claim of this case")
    if case.annulled:
        raise conflict("annulled", "the court annulled what was decided on this claim: the claim is decided anew, and "
                       "no longer taken back")  # fmt: skip
    if not claim.received_on <= withdrawn.withdrawn_on <= today:
        raise invalid("not-withdrawn-then", f"the claim came on {claim.received_on:%-d.%-m.%Y}: it was taken back "
                      "between that day and today", "/withdrawn_on")  # fmt: skip
    return [withdrawn]


def check_claimed(case: Case) -> None:
    """Raises Refused when no claim is pending."""
    if case.claim is None:
        raise conflict("no-claim", "no claim is pending")


def claim_to_notify(case: Case) -> RectificationDecided:
    """The last decision on a claim. Raises Refused when there is none."""
    if case.claim_decided is None:
        raise conflict("claim-not-decided", "there is no decision on a claim to give notice of")
    return case.claim_decided


def decide_claim(case: Case, ruling: Ruling, change: bool) -> list[Fact]:  # noqa: FBT001 - the caller says what it means by name
    """Decides the pending claim: the sum changes to the ruling's, or stands; a late claim is not examined. Notice of
    the former claim's decision comes before, where that claim was examined: without it nobody could appeal against it.
    """
    check_claimed(case)
    assert case.claim is not None, "a claim is pending"
    assert case.decision is not None, "a claim is made against a decision"
    if case.claim_examined and case.last_appeal_day is None:
        raise conflict("claim-not-notified", "give notice of the former decision on a claim first")
    if change and not case.claim.in_time:
        raise conflict("claim-late", "a late claim is not examined: it changes nothing")
    if case.annulled and not change and case.amount != case.decision.amount:
        raise conflict("annulled", f"the court annulled what made the sum {euros(case.amount)}: change it to what is "
                       "decided now")  # fmt: skip
    if change:
        check_outcome(case, ruling.outcome, ruling.amount, claimed=True)
        if ruling.amount < case.recovered:
            raise conflict("less-than-recovered", f"{euros(case.recovered)} of the grant are recovered already: the "
                           "sum is not lowered below that")  # fmt: skip
    amount = ruling.amount if change else case.amount
    outcome = "changed" if change else ("upheld" if case.claim.in_time else "not_examined")
    instalments = plan_instalments(amount, ruling.payable_from) if change else ()
    return [
        RectificationDecided(
            application_id=case.opened.application_id, claim_id=case.claim.claim_id,
            diary_number=case.opened.diary_number, association_id=case.opened.association_id,
            association_name=case.opened.association_name, iban=case.opened.iban, basket=case.opened.basket,
            pays=case.opened.pays, outcome=outcome, previous_amount=case.amount, amount=amount,
            instalments=instalments, reasons=ruling.reasons, decided_on=ruling.decided_on, person=ruling.person,
            organ=ruling.organ, meeting_id=ruling.meeting_id, section=ruling.section,
            on_behalf_of=ruling.on_behalf_of, own_funding=case.opened.own_funding,
            municipality=case.opened.municipality, changed_to=ruling.outcome if change else None,
        )
    ]  # fmt: skip


def notify_claim(case: Case, notice: RectificationNotified) -> list[Fact]:
    """Gives notice of the last decision on a claim, once."""
    assert claim_to_notify(case).claim_id == notice.claim_id, "notice is given of the last decision"
    if case.claim_notified is not None:
        raise conflict("notified-already", "notice was given already")
    return [notice]


def last_claim_day(case: Case) -> date | None:
    """The last Helsinki date for a claim: the party's, or the members' where a publication is recorded and theirs is
    later. None before notice, with which the party's time begins.
    """
    return None if case.notified is None else _or_the_members(case, case.notified.last_claim_day)


def last_open_day(case: Case) -> date | None:
    """The last Helsinki date on which the decision can still be attacked: by a claim, or, where a claim was examined,
    by an appeal to the administrative court against the decision on it or by a member's claim. None while no such day
    is known: no notice was given yet, a claim that came in time waits for its decision or for notice of it, or an
    appeal is pending.
    """
    last_day = last_claim_day(case)
    if last_day is None or (case.claim is not None and case.claim.in_time):
        return None
    if case.appeal is not None and case.appeal.suspends:
        return None
    if case.claim_examined:
        return None if case.last_appeal_day is None else _or_the_members(case, case.last_appeal_day)
    return last_day


def _or_the_members(case: Case, day: date) -> date:
    """A day, or the members' last one where a publication is recorded and that is later."""
    return day if case.published is None else max(day, case.published.last_claim_day)


def become_final(case: Case, today: date) -> list[Fact]:
    """Finality from the day on which nobody can attack the decision any more, also where that is noticed later; nothing
    before that.
    """
    last_day = last_open_day(case)
    if last_day is None or today <= last_day or case.final_on is not None:
        return []
    return [DecisionBecameFinal(application_id=case.opened.application_id, final_on=last_day + timedelta(days=1))]
