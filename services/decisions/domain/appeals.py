"""Appeals (*valitus*) to the administrative court against the decision on a claim, as the court tells of them.

The court's own procedure is no part of this: what the county must know is whether its decision is final. An appeal in
time against a claim that was examined suspends finality, also where it became known late and the decision counted as
final. A decision that stands is final once nobody can attack the court's decision; one that is annulled leaves the
claim to be decided anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from schemas.decisions import AppealDecided, AppealLodged
from schemas.facts import Fact
from schemas.refusals import conflict, invalid, not_found

from .cases import Case


@dataclass(frozen=True, slots=True)
class Lodged:
    """An appeal as the court tells of it: the court, its own number for it, and the Helsinki date when it came."""

    court: str
    court_reference: str | None
    lodged_on: date


def lodge(case: Case, appeal_id: UUID, told: Lodged, person: str, today: date) -> list[Fact]:
    """Records an appeal that came to a court, against the newest decision on a claim or the court's own on it."""
    lodged_on = told.lodged_on
    if case.claim_decided is None or case.appeal_by is None:
        raise conflict("claim-not-notified", "an appeal is made once notice of a decision on a claim was given")
    if case.appeal is not None:
        raise conflict("appeal-pending", f"an appeal at {case.appeal.court} is pending already")
    if lodged_on > today:
        raise invalid("not-lodged-yet", "an appeal is recorded once it came to the court", "/lodged_on")
    if case.appealable_from is not None and lodged_on < case.appealable_from:
        raise invalid("before-the-decision", f"what is appealed against was decided on "
                      f"{case.appealable_from:%-d.%-m.%Y}", "/lodged_on")  # fmt: skip
    in_time = lodged_on <= case.appeal_by
    return [
        AppealLodged(
            application_id=case.opened.application_id, appeal_id=appeal_id, claim_id=case.claim_decided.claim_id,
            court=told.court, court_reference=told.court_reference, lodged_on=lodged_on, in_time=in_time,
            suspends=in_time and case.claim_examined, person=person,
        )
    ]  # fmt: skip


def decide(case: Case, decided: AppealDecided, today: date) -> list[Fact]:
    """Records what the court decided on the pending appeal."""
    appeal = case.appeal
    if appeal is None or appeal.appeal_id != decided.appeal_id:
        raise not_found("such pending appeal of this case")
    if not appeal.lodged_on <= decided.decided_on <= today:
        raise invalid("day-does-not-fit", f"the court decided between {appeal.lodged_on:%-d.%-m.%Y} and today",
                      "/decided_on")  # fmt: skip
    if decided.open_until is not None and decided.open_until < decided.decided_on:
        raise invalid("period-backwards", "the last day to appeal comes after the decision", "/open_until")
    if decided.outcome == "annulled" and not appeal.in_time:
        raise invalid("late", "the appeal came late: it annuls nothing", "/outcome")
    return [decided]
