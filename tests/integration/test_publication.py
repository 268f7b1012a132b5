"""Publication of a decision, from which the members' time for a claim counts, and claims that are taken back, over HTTP
on a real database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from schemas.decisions import (
    AppealDecided,
    AppealLodged,
    ConflictDeclared,
    PersonNoted,
    ProposalMade,
    RectificationDecided,
    RectificationNotified,
)
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, UNKNOWN, in_process, pointers, problem
from tests.integration.test_decisions_depth import FEBRUARY, Desk
from tests.integration.test_finality import notified
from tests.unit.given import fact

CLAIM: Final = {"grounds": "Laskuvirhe"}
MEMBERS_LAST: Final = "2027-01-07"
"""Published on 17.12.2026: told on 24.12., and the fourteenth day after it is the day after Epiphany."""


@pytest.fixture
async def desk(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Desk]:
    async with in_process("decisions", database, tmp_path, FEBRUARY) as service:
        yield Desk(service)


def at(desk: Desk, day: str, hour: int = 8) -> None:
    desk.service.at(datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC))


async def published(desk: Desk, number: int = 1) -> str:
    """The party's last day is 28.12.2026, the members' 7.1.2027."""
    case = await notified(desk, number)
    at(desk, "2026-12-17")
    told = await desk.done(f"cases/{case}/publication")
    assert (told["published_on"], told["members_last_claim_day"]) == ("2026-12-17", MEMBERS_LAST)
    return case


async def finalised(desk: Desk, day: str) -> int:
    at(desk, day)
    done: int = (await desk.done("deadlines/run"))["finalised"]
    return done


async def by_association(desk: Desk, path: str, sent: dict[str, Any] | None = None, **who: Any) -> httpx.Response:
    headers = desk.service.token(Role.ASSOCIATION, **{"association": ASSOCIATION, **who})
    return await desk.service.client.post(f"/v1/{path}", json=sent, headers=headers)


# --- publication ---------------------------------------------------------------------------------------------


async def test_a_member_may_claim_until_the_members_last_day_and_nothing_is_final_before(desk: Desk) -> None:
    case = await published(desk)
    shown = await desk.shown(f"cases/{case}")
    assert (shown["last_claim_day"], shown["members_last_claim_day"]) == ("2026-12-28", MEMBERS_LAST)
    assert (shown["last_open_day"], shown["next_deadline"]) == (MEMBERS_LAST, MEMBERS_LAST)
    assert await finalised(desk, "2026-12-29") == await finalised(desk, MEMBERS_LAST) == 0
    at(desk, MEMBERS_LAST, 12)
    assert (await desk.done(f"cases/{case}/claims", CLAIM))["in_time"] is True
    assert (await desk.shown(f"cases/{case}"))["state"] == "claimed"


async def test_without_a_claim_the_decision_is_final_after_the_members_last_day(desk: Desk) -> None:
    case = await published(desk)
    at(desk, MEMBERS_LAST, 13)
    assert (await desk.done(f"cases/{case}/claims", CLAIM))["in_time"] is False
    assert await finalised(desk, "2027-01-08") == 1
    assert (await desk.shown(f"cases/{case}"))["final_on"] == "2027-01-08"


async def test_a_publication_before_notice_counts_once_notice_is_given(desk: Desk) -> None:
    case = await desk.decided(1)
    at(desk, "2026-12-17")
    await desk.done(f"cases/{case}/publication", {"published_on": "2026-12-17"})
    shown = await desk.shown(f"cases/{case}")
    assert (shown["state"], shown["published_on"], "last_open_day" in shown) == ("decided", "2026-12-17", False)
    problem(await desk.post(f"cases/{case}/claims", CLAIM), 409, "not-notified")
    await desk.done(f"cases/{case}/notice", {"manner": "electronic"})
    shown = await desk.shown(f"cases/{case}")
    assert (shown["last_claim_day"], shown["last_open_day"]) == ("2027-01-04", MEMBERS_LAST)


async def test_a_publication_that_is_recorded_after_finality_takes_it_away_only_with_a_claim(desk: Desk) -> None:
    cases = [await notified(desk, number) for number in (1, 2)]
    assert await finalised(desk, "2026-12-29") == 2
    for case in cases:
        await desk.done(f"cases/{case}/publication", {"published_on": "2026-12-17"})
        assert (await desk.shown(f"cases/{case}"))["state"] == "final"
    told = await desk.done(f"cases/{cases[0]}/claims", CLAIM)
    assert told["in_time"] is True
    assert [(await desk.shown(f"cases/{case}"))["state"] for case in cases] == ["claimed", "final"]
    await desk.done(f"cases/{cases[0]}/claims/{told['claim_id']}/withdrawal")
    shown = await desk.shown(f"cases/{cases[0]}")
    assert (shown["state"], shown["final_on"], shown["last_open_day"]) == ("notified", None, MEMBERS_LAST)
    assert await finalised(desk, MEMBERS_LAST) == 0
    assert await finalised(desk, "2027-01-08") == 1
    shown = await desk.shown(f"cases/{cases[0]}")
    assert (shown["state"], shown["final_on"]) == ("final", "2027-01-08")


@pytest.mark.parametrize("day", ["2025-12-31", "2026-12-18", "1999-01-01", "9999-12-31"])
async def test_a_decision_is_published_between_its_day_and_today(desk: Desk, day: str) -> None:
    case = await notified(desk, 1)
    at(desk, "2026-12-17")
    answer = await desk.post(f"cases/{case}/publication", {"published_on": day})
    assert pointers(problem(answer, 422, "not-published-then")) == ["/published_on"]


async def test_a_publication_is_refused_with_what_would_be_right(desk: Desk) -> None:
    path = f"cases/{await published(desk)}/publication"
    assert "17.12.2026" in problem(await desk.post(path), 409, "published-already")["detail"]
    problem(await desk.post(f"cases/{await desk.case(2)}/publication"), 409, "not-decided")
    problem(await desk.post(f"cases/{UNKNOWN}/publication"), 404, "not-found")
    problem(await desk.post(path, {"published_on": "31.12.2026"}), 422, "validation")
    problem(await by_association(desk, path), 403, "forbidden")
    other = await desk.decided(3)
    await desk.service.given(f"case/{other}", fact(ConflictDeclared, application_id=other, person="olga"))
    problem(await desk.post(f"cases/{other}/publication"), 403, "may-not-take-part")
    assert (await desk.shown(f"cases/{other}"))["refused_acts"] == 1


async def test_a_publication_is_recorded_once_however_many_record_it_at_once(desk: Desk) -> None:
    case = await notified(desk, 1)
    answers = await asyncio.gather(*(desk.post(f"cases/{case}/publication") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    path = f"cases/{await notified(desk, 2)}/publication"
    first, again = [await desk.post(path, key="0197e3b0-0000-7000-8000-000000000001") for _ in range(2)]
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())


async def test_the_minutes_of_a_meeting_publish_all_that_it_decided(desk: Desk) -> None:
    await desk.appropriation()
    meeting = {"meeting_id": "hyte-1", "organ": "hyte", "held_on": "2026-02-24", "present": ["olga", "anna"]}
    await desk.done("meetings", meeting)
    path = "meetings/hyte-1/publication"
    assert await desk.done(path) == {"items": [], "done": 0, "next": None}
    cases = [await desk.case(number, fact(ProposalMade, person="bertta")) for number in (2, 1, 3)]
    grant = {
        "outcome": "granted_in_part", "amount": "1500.00 EUR", "reasons": "Määräraha", "payable_from": ["2026-04-01"],
        "organ": "hyte", "meeting_id": "hyte-1",
    }  # fmt: skip
    for case in cases:
        await desk.done(f"cases/{case}/decision", grant)
    await desk.done(f"cases/{cases[1]}/publication")
    told = await desk.done(path, {"published_on": "2026-02-24"})
    assert [each["application_id"] for each in told["items"]] == cases
    assert [(each["done"], each["reason"]) for each in told["items"]] == [
        (True, None), (False, "published-already"), (True, None),
    ]  # fmt: skip
    assert [(await desk.shown(f"cases/{case}"))["published_on"] for case in cases] == ["2026-02-24"] * 3
    assert (await desk.done(path))["done"] == 0
    problem(await desk.post("meetings/none/publication"), 404, "not-found")
    problem(await by_association(desk, path), 403, "forbidden")


# --- claims that are taken back -----------------------------------------------------------------------------


async def test_an_association_takes_its_claim_back_and_the_last_day_is_as_before(desk: Desk) -> None:
    case = await notified(desk, 1)
    claim = (await by_association(desk, f"cases/{case}/claims", CLAIM)).json()["claim_id"]
    assert (await desk.shown(f"cases/{case}"))["claim"]["claim_id"] == claim
    answer = await by_association(desk, f"cases/{case}/claims/{claim}/withdrawal")
    assert (answer.status_code, answer.json()["claim_id"]) == (200, claim)
    shown = await desk.shown(f"cases/{case}")
    assert (shown["state"], shown["claim"], shown["last_open_day"]) == ("notified", None, "2026-12-28")
    again = await by_association(desk, f"cases/{case}/claims/{claim}/withdrawal")
    problem(again, 404, "not-found")
    assert (await by_association(desk, f"cases/{case}/claims", CLAIM)).json()["in_time"] is True
    at(desk, "2026-12-29")
    assert (await desk.done("deadlines/run"))["finalised"] == 0


async def test_who_acts_for_an_association_takes_back_what_another_of_it_claimed_and_no_members_claim(
    desk: Desk,
) -> None:
    noted = fact(PersonNoted, association_id=ASSOCIATION, person="aino", valid_from="2020-01-01", valid_until=None)
    await desk.service.given(f"association/{ASSOCIATION}", noted)
    case = await notified(desk, 1)
    claim = (await by_association(desk, f"cases/{case}/claims", CLAIM, person="aino")).json()["claim_id"]
    answer = await by_association(desk, f"cases/{case}/claims/{claim}/withdrawal", person="eeva")
    assert answer.status_code == 200, answer.text
    members = (await desk.done(f"cases/{case}/claims", CLAIM))["claim_id"]
    path = f"cases/{case}/claims/{members}/withdrawal"
    problem(await by_association(desk, path), 409, "not-your-claim")
    assert (await desk.shown(f"cases/{case}"))["state"] == "claimed"
    await desk.service.given(f"case/{case}", fact(ConflictDeclared, application_id=case, person="otto"))
    problem(await desk.post(path, by="otto"), 403, "may-not-take-part")
    await desk.done(path, {"withdrawn_on": "2026-12-07"})
    assert await finalised(desk, "2026-12-29") == 1


async def test_taking_back_is_refused_with_what_would_be_right(desk: Desk) -> None:
    case = await notified(desk, 1)
    claim = (await by_association(desk, f"cases/{case}/claims", CLAIM)).json()["claim_id"]
    path = f"cases/{case}/claims/{claim}/withdrawal"
    problem(await by_association(desk, path, association="1234567-1"), 404, "not-found")
    problem(await by_association(desk, f"cases/{case}/claims/{UNKNOWN}/withdrawal"), 404, "not-found")
    problem(await by_association(desk, f"cases/{UNKNOWN}/claims/{claim}/withdrawal"), 404, "not-found")
    early = await by_association(desk, path, {"withdrawn_on": "2026-12-07"})
    assert pointers(problem(early, 422, "not-the-registry")) == ["/withdrawn_on"]
    for day in ("2026-12-06", "2026-12-08"):
        answer = await desk.post(path, {"withdrawn_on": day})
        assert pointers(problem(answer, 422, "not-withdrawn-then")) == ["/withdrawn_on"]
    headers = desk.service.token(Role.FINANCE)
    problem(await desk.service.client.post(f"/v1/{path}", headers=headers), 403, "forbidden")
    decided = fact(RectificationDecided, application_id=case, claim_id=claim, outcome="upheld", changed_to=None)
    await desk.service.given(f"case/{case}", decided)
    problem(await by_association(desk, path), 409, "claim-decided")
    court = [
        fact(kind, application_id=case, claim_id=claim) for kind in (RectificationNotified, AppealLodged)
    ]  # fmt: skip
    annulled = fact(AppealDecided, application_id=case, outcome="annulled", open_until=None)
    await desk.service.given(f"case/{case}", *court, annulled)
    problem(await by_association(desk, path), 409, "annulled")
    assert (await desk.shown(f"cases/{case}"))["state"] == "claimed"


async def test_a_claim_is_taken_back_or_decided_and_the_state_before_it_is_shown_again(desk: Desk) -> None:
    """Another claim while the decision on the first waits for notice, and a late one against a final decision."""
    case = await notified(desk, 1)
    first = (await desk.done(f"cases/{case}/claims", CLAIM))["claim_id"]
    decided = fact(RectificationDecided, application_id=case, claim_id=first, outcome="upheld", changed_to=None)
    await desk.service.given(f"case/{case}", decided)
    second = (await desk.done(f"cases/{case}/claims", CLAIM))["claim_id"]
    await desk.done(f"cases/{case}/claims/{second}/withdrawal")
    assert (await desk.shown(f"cases/{case}"))["state"] == "claim_decided"
    other = await notified(desk, 2)
    assert await finalised(desk, "2026-12-29") == 1
    late = (await desk.done(f"cases/{other}/claims", CLAIM))["claim_id"]
    shown = await desk.shown(f"cases/{other}")
    assert (shown["state"], shown["claim"]["in_time"]) == ("final", False)
    await desk.done(f"cases/{other}/claims/{late}/withdrawal")
    shown = await desk.shown(f"cases/{other}")
    assert (shown["state"], shown["final_on"], shown["claim"]) == ("final", "2026-12-29", None)
