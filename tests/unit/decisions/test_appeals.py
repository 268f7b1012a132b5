"""Appeals to the administrative court: in time they suspend finality, what is annulled leaves its claim to decide."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

import pytest

from schemas.decisions import (
    AppealDecided,
    AppealLodged,
    CaseOpened,
    DecisionBecameFinal,
    DecisionMade,
    DecisionNotified,
    ProposalMade,
    RectificationClaimed,
    RectificationDecided,
    RectificationNotified,
)
from schemas.facts import Fact
from services.decisions.domain import appeals, cases, claims, follow_up
from services.decisions.domain.appeals import Lodged
from services.decisions.domain.cases import Case, Ruling
from tests.unit.given import fact, folded, refused

REQUEST: Final = UUID(int=1)
OTHER: Final = UUID(int=2)
COURT: Final = "Itä-Suomen hallinto-oikeus"
CLAIMED: Final = (
    fact(ProposalMade), fact(DecisionMade, amount="1500.00 EUR"), fact(DecisionNotified), fact(RectificationClaimed),
)  # fmt: skip
NOTICE: Final = fact(RectificationNotified, last_appeal_day="2026-04-27")
CHANGED: Final = (*CLAIMED, fact(RectificationDecided, amount="1600.00 EUR", decided_on="2026-03-24"), NOTICE)
LATE: Final = (
    *CLAIMED[:-1], fact(RectificationClaimed, in_time=False), fact(RectificationDecided, outcome="not_examined"),
    NOTICE,
)  # fmt: skip
PENDING: Final = fact(AppealLodged, appeal_id=OTHER, lodged_on="2026-04-27")
TODAY: Final = date(2026, 5, 4)


def case(*facts: Fact, **opened: object) -> Case:
    state = folded(cases.evolve, None, fact(CaseOpened, **opened), *facts)
    assert isinstance(state, Case)
    return state


def lodge(state: Case, day: date, today: date = TODAY) -> AppealLodged:
    [made] = appeals.lodge(state, OTHER, Lodged(COURT, None, day), "anna", today)
    assert isinstance(made, AppealLodged)
    return made


def court(outcome: str, **more: object) -> AppealDecided:
    said = {"appeal_id": OTHER, "decided_on": "2026-10-12", "open_until": "2026-11-11", **more}
    return fact(AppealDecided, outcome=outcome, **said)


@pytest.mark.parametrize(("day", "in_time"), [(27, True), (28, False)])
def test_an_appeal_on_the_last_day_is_in_time_and_suspends_and_a_later_one_does_not(day: int, in_time: bool) -> None:
    made = lodge(case(*CHANGED), date(2026, 4, day))
    assert (made.in_time, made.suspends, made.court) == (in_time, in_time, COURT)


def test_an_appeal_against_a_claim_that_was_not_examined_suspends_nothing() -> None:
    made = lodge(case(*LATE), date(2026, 4, 20))
    assert (made.in_time, made.suspends) == (True, False)
    assert claims.last_open_day(case(*LATE, made)) == claims.last_open_day(case(*LATE))


def test_an_appeal_needs_a_notified_decision_on_a_claim_and_none_pending_and_a_day_that_fits() -> None:
    for facts in (CLAIMED, CHANGED[:-1]):
        with refused("claim-not-notified"):
            lodge(case(*facts), date(2026, 4, 20))
    with refused("appeal-pending"):
        lodge(case(*CHANGED, PENDING), date(2026, 4, 20))
    with refused("not-lodged-yet", "invalid", "/lodged_on"):
        lodge(case(*CHANGED), date(2026, 5, 5))
    with refused("before-the-decision", "invalid", "/lodged_on"):
        lodge(case(*CHANGED), date(2026, 3, 23))


def test_while_an_appeal_is_pending_nothing_becomes_final_and_no_claim_is_taken() -> None:
    state = case(*CHANGED, PENDING)
    assert claims.last_open_day(state) is None
    assert claims.become_final(state, date(2030, 1, 1)) == []
    with refused("appeal-pending"):
        claims.claim(state, OTHER, TODAY, "Toinen")


def test_an_appeal_in_time_that_becomes_known_late_takes_finality_back() -> None:
    final = (*CHANGED, fact(DecisionBecameFinal, final_on="2026-04-28"))
    assert case(*final, lodge(case(*final), date(2026, 4, 27))).final_on is None
    assert case(*final, lodge(case(*final), date(2026, 4, 28))).final_on == date(2026, 4, 28)


@pytest.mark.parametrize(("open_until", "last_day"), [("2026-11-11", date(2026, 11, 11)), (None, date(2026, 10, 12))])
def test_what_stands_is_final_once_the_courts_decision_cannot_be_attacked(
    open_until: str | None, last_day: date
) -> None:
    state = case(*CHANGED, PENDING, court("stands", open_until=open_until))
    assert claims.last_open_day(state) == last_day
    assert claims.become_final(state, last_day) == []
    assert len(claims.become_final(state, date(2026, 11, 12))) == 1


def test_the_courts_decision_is_appealed_against_in_its_turn_until_its_last_day() -> None:
    state = case(*CHANGED, PENDING, court("stands"))
    today = date(2026, 12, 1)
    assert lodge(state, date(2026, 11, 11), today).suspends
    assert not lodge(state, date(2026, 11, 12), today).in_time
    with refused("before-the-decision", "invalid", "/lodged_on"):
        lodge(state, date(2026, 10, 11), today)


def test_what_is_annulled_leaves_the_claim_to_be_decided_anew() -> None:
    state = case(*CHANGED, PENDING, court("annulled"))
    assert claims.become_final(state, date(2030, 1, 1)) == []
    again = Ruling("board-9", "Aluehallitus", TODAY, "granted_in_part", 150_000, "Syyt", (), (TODAY,))
    with refused("annulled"):
        claims.decide_claim(state, again, change=False)
    [made] = claims.decide_claim(state, again, change=True)
    assert isinstance(made, RectificationDecided)
    assert (made.previous_amount, made.amount, made.changed_to) == (160_000, 150_000, "granted_in_part")
    decided = case(*CHANGED, PENDING, court("annulled"), made)
    assert (decided.annulled, claims.last_open_day(decided)) == (False, None)
    assert len(claims.notify_claim(decided, fact(RectificationNotified, claim_id=made.claim_id))) == 1


def test_a_claim_that_the_court_finds_in_time_is_examined() -> None:
    state = case(*LATE, lodge(case(*LATE), date(2026, 4, 20)), court("annulled"))
    assert state.claim is not None
    assert state.claim.in_time
    assert claims.become_final(state, date(2030, 1, 1)) == []


def test_a_court_decides_a_pending_appeal_on_a_day_that_fits() -> None:
    state = case(*CHANGED, PENDING)
    today = date(2026, 10, 20)
    assert len(appeals.decide(state, court("stands"), today)) == 1
    for other in (case(*CHANGED), case(*CHANGED, fact(AppealLodged, appeal_id=REQUEST))):
        with refused("not-found", "not_found"):
            appeals.decide(other, court("stands"), today)
    for day in ("2026-04-26", "2026-10-21"):
        with refused("day-does-not-fit", "invalid", "/decided_on"):
            appeals.decide(state, court("stands", decided_on=day), today)
    with refused("period-backwards", "invalid", "/open_until"):
        appeals.decide(state, court("stands", open_until="2026-10-11"), today)
    late = case(*CHANGED, fact(AppealLodged, appeal_id=OTHER, in_time=False, suspends=False))
    with refused("late", "invalid", "/outcome"):
        appeals.decide(late, court("annulled"), today)


@pytest.mark.parametrize(("first", "then"), [("rejected", "granted"), ("granted", "rejected")])
def test_a_partnership_without_money_is_favourable_by_what_the_decision_says_after_its_claim(
    first: str, then: str
) -> None:
    of = {"basket": "partnership", "applied": "0.00 EUR"}
    before = (
        fact(ProposalMade), fact(DecisionMade, outcome=first, amount="0.00 EUR", instalments=[]),
        fact(DecisionNotified), fact(RectificationClaimed),
    )  # fmt: skip
    state = case(*before, **of)
    assert follow_up.favourable(state) is (first == "granted")
    ruling = Ruling("board-9", "Aluehallitus", TODAY, "granted" if then == "granted" else "rejected", 0, "Syyt", (), ())
    after = case(*before, *claims.decide_claim(state, ruling, change=True), **of)
    assert (after.outcome, follow_up.favourable(after)) == (then, then == "granted")


def test_a_claims_decision_of_an_earlier_version_says_what_goes_with_its_sum() -> None:
    for amount, outcome in (("0.00 EUR", "rejected"), ("2000.00 EUR", "granted"), ("100.00 EUR", "granted_in_part")):
        decided = fact(RectificationDecided, amount=amount, changed_to=None)
        assert case(*CLAIMED, decided, applied="2000.00 EUR").outcome == outcome
