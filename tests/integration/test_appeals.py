"""Appeals to the administrative court from the record of them to the payment that waits, over HTTP and messages: what
decisions records reaches payments, each message twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from schemas.decisions import (
    CaseOpened,
    ConflictDeclared,
    DecisionMade,
    DecisionNotified,
    Instalment,
    MeetingConvened,
    ProposalMade,
    RectificationClaimed,
)
from schemas.payments import AccountNoted
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, identity, in_process, problem
from tests.integration.test_decisions_depth import HYTE
from tests.integration.test_holds import County
from tests.unit.given import fact

CASE: Final = identity(1)
SPRING: Final = datetime(2026, 3, 24, 8, 0, tzinfo=UTC)
COURT: Final = {"court": "Itä-Suomen hallinto-oikeus", "court_reference": "1234/2026"}
PENDING: Final = "an appeal against the decision is pending"
UPHELD: Final[dict[str, Any]] = {
    "outcome": "granted_in_part", "amount": "1500.00 EUR", "reasons": "Peruste", "change": False, "organ": HYTE,
    "meeting_id": "hyte-2026-03-24",
}  # fmt: skip

_MEETING: Final = fact(
    MeetingConvened, organ=HYTE, present=["helvi"], held_on="2026-03-24", meeting_id="hyte-2026-03-24"
)


@pytest.fixture
async def county(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[County]:
    """A grant of 1500 euros that pays when final; the claim against it is upheld on 24.3.2026, and can be appealed
    against until 27.4.2026.
    """
    folders = [tmp_path / name for name in ("decisions", "payments")]
    for folder in folders:
        folder.mkdir()
    async with (
        in_process("decisions", database, folders[0], SPRING) as decisions,
        in_process("payments", database, folders[1], SPRING) as payments,
    ):
        county = County(decisions, payments)
        plan = [Instalment(number=1, amount=150_000, payable_from="2026-03-01")]
        made = fact(DecisionMade, application_id=CASE, pays="when_final", amount=150_000, instalments=plan)
        opened = fact(CaseOpened, application_id=CASE, applied=200_000, pays="when_final")
        others = [fact(kind, application_id=CASE) for kind in (DecisionNotified, RectificationClaimed)]
        await county.given(opened, fact(ProposalMade, application_id=CASE), made, *others)
        await payments.given(f"account/{ASSOCIATION}", fact(AccountNoted, association_id=ASSOCIATION))
        await decisions.given("meeting/hyte-2026-03-24", _MEETING)
        later = fact(MeetingConvened, organ=HYTE, present=["helvi"], held_on="2026-04-28", meeting_id="hyte-2026-04-28")
        await decisions.given("meeting/hyte-2026-04-28", later)
        await county.act("claim-decision", UPHELD, Role.DECISION_MAKER, "helvi")
        told = await county.act("claim-notice", {"manner": "electronic"})
        assert told["last_appeal_day"] == "2026-04-27"
        yield county


async def deadlines(county: County) -> int:
    headers = county.decisions.token(Role.OPERATOR)
    answer = await county.decisions.client.post("/v1/deadlines/run", headers=headers)
    finalised: int = answer.json()["finalised"]
    return finalised


async def test_while_an_appeal_is_pending_the_decision_is_not_final_and_nothing_is_paid(county: County) -> None:
    county.at(2026, 4, 20, 8)
    told = await county.act("appeals", {**COURT, "lodged_on": "2026-04-20"})
    assert (told["in_time"], told["suspends"]) == (True, True)
    county.at(2026, 9, 1, 8)
    assert await deadlines(county) == 0
    assert await county.held() == ["waits for finality"]
    shown = await county.shown()
    assert (shown["state"], shown["next_deadline"], shown["appeal"]["court"]) == ("appealed", None, COURT["court"])
    county.at(2026, 10, 13, 8)
    stands = {"outcome": "stands", "decided_on": "2026-10-12", "open_until": "2026-11-11", "reasons": "Hylätään"}
    await county.act(f"appeals/{told['appeal_id']}/decision", stands)
    shown = await county.shown()
    assert (shown["state"], shown["last_open_day"], shown["appeal"]["outcome"]) == ("notified", "2026-11-11", "stands")
    for day, finalised, held in ((11, 0, "waits for finality"), (12, 1, None)):
        county.at(2026, 11, day, 8)
        assert await deadlines(county) == finalised
        assert await county.held() == [held]


async def test_an_appeal_in_time_of_which_the_court_told_late_holds_what_was_to_be_paid(county: County) -> None:
    county.at(2026, 4, 28, 8)
    assert await deadlines(county) == 1
    assert await county.held() == [None]
    told = await county.act("appeals", {**COURT, "lodged_on": "2026-04-27"})
    assert await county.held() == [PENDING]
    assert (await county.propose("2026-04-30")).status_code == 409
    shown = await county.shown()
    assert (shown["state"], shown["final_on"]) == ("appealed", None)
    county.at(2026, 6, 2, 8)
    stands = {"outcome": "stands", "decided_on": "2026-06-01", "reasons": "Jätetään tutkimatta"}
    await county.act(f"appeals/{told['appeal_id']}/decision", stands)
    assert await county.held() == [PENDING]
    assert await deadlines(county) == 1
    assert await county.held() == [None]
    await county.bring(again=True)
    assert await county.held() == [None]
    assert (await county.shown())["final_on"] == "2026-06-02"


async def test_what_the_court_annulled_is_decided_anew_and_paid_once_that_is_final(county: County) -> None:
    county.at(2026, 4, 20, 8)
    told = await county.act("appeals", {**COURT, "lodged_on": "2026-04-20"})
    county.at(2026, 6, 2, 8)
    annulled = {"outcome": "annulled", "decided_on": "2026-06-01", "reasons": "Kumotaan"}
    await county.act(f"appeals/{told['appeal_id']}/decision", annulled)
    assert (await county.shown())["state"] == "claimed"
    await county.act("claim-decision", UPHELD, Role.DECISION_MAKER, "helvi")
    told = await county.act("claim-notice", {"manner": "electronic"})
    assert await county.held() == ["waits for finality"]
    county.at(2026, 7, 20, 8)
    assert await deadlines(county) == 1
    assert await county.held() == [None]


async def test_an_appeal_is_refused_with_what_would_be_right(county: County) -> None:
    async def post(path: str, sent: dict[str, Any], role: Role = Role.OFFICER) -> Any:
        headers = county.decisions.token(role, person="olga")
        return await county.decisions.client.post(f"/v1/cases/{CASE}/{path}", json=sent, headers=headers)

    county.at(2026, 4, 20, 8)
    right = {**COURT, "lodged_on": "2026-04-20"}
    problem(await post("appeals", right, Role.FINANCE), 403, "forbidden")
    problem(await post("appeals", {**right, "lodged_on": "2026-04-21"}), 422, "not-lodged-yet")
    problem(await post("appeals", {**right, "lodged_on": "31.2.2026"}), 422, "validation")
    problem(await post("appeals", {**right, "court": ""}), 422, "validation")
    decided = {"outcome": "stands", "decided_on": "2026-04-20", "reasons": "Hylätään"}
    problem(await post(f"appeals/{identity(9)}/decision", decided), 404, "not-found")
    problem(await post("appeals/9/decision", decided), 422, "validation")
    assert (await post("appeals", right)).status_code == 201
    problem(await post("appeals", right), 409, "appeal-pending")
    problem(await post("claims", {"grounds": "Toinen"}), 409, "appeal-pending")
    await county.given(fact(ConflictDeclared, application_id=CASE, person="olga"))
    problem(await post("appeals", right), 403, "may-not-take-part")
    assert (await county.shown())["refused_acts"] == 1


async def test_a_claim_in_time_that_is_registered_after_finality_holds_what_was_to_be_paid(county: County) -> None:
    """It came by letter before the last day, and the registry entered it when the decision counted as final."""
    county.at(2026, 4, 28, 8)
    assert await deadlines(county) == 1
    assert await county.held() == [None]
    await county.given(fact(RectificationClaimed, application_id=CASE, claim_id=identity(7)))
    assert await county.held() == ["a claim against the decision is pending"]
    assert (await county.propose("2026-04-30")).status_code == 409
    await county.act("claim-decision", {**UPHELD, "meeting_id": "hyte-2026-04-28"}, Role.DECISION_MAKER, "helvi")
    told = await county.act("claim-notice", {"manner": "electronic"})
    county.at(2026, 6, 20, 8)
    assert told["last_appeal_day"] < "2026-06-20"
    assert await deadlines(county) == 1
    assert await county.held() == [None]
