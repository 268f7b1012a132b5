"""Focus areas and coefficients over HTTP: what an officer sets, what the case shows, and how a call is ranked by it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.decisions import (
    AppropriationSet,
    AssessmentRecorded,
    CallNoted,
    CaseOpened,
    ConflictDeclared,
    DecisionMade,
    PersonNoted,
    ProposalMade,
)
from schemas.facts import Fact
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, InProcess, identity, in_process, pointers, problem
from tests.unit.given import COUNTY_FOLDER, county, fact

CALL = {"call_id": "partnership-2026", "basket": "partnership"}
MENTAL = {"focus_areas": ["mental-health"], "reasons": "Päihdetyön vertaistuki"}


@dataclass
class Desk:
    """The service as officers use it for a call of partnerships."""

    service: InProcess

    async def case(self, number: int, *facts: Fact, **changed: Any) -> str:
        chosen = identity(number)
        own = {"application_id": chosen, "diary_number": f"{number}/02.05.01.00/2026", **CALL, **changed}
        about = [each.model_validate({**each.model_dump(mode="json"), "application_id": chosen}) for each in facts]
        await self.service.given(f"case/{chosen}", fact(CaseOpened, **own), *about)
        return chosen

    async def set(self, case: str, sent: dict[str, Any], by: str = "anna", role: Role = Role.OFFICER) -> httpx.Response:
        headers = self.service.token(role, person=by)
        return await self.service.client.post(f"/v1/cases/{case}/coefficient", json=sent, headers=headers)

    async def shown(self, case: str) -> dict[str, Any]:
        answer = await self.service.client.get(f"/v1/cases/{case}", headers=self.service.token(Role.AUDITOR))
        document: dict[str, Any] = answer.json()
        return document

    async def ranking(self, case: str) -> tuple[int, int, int]:
        """Points, coefficient, and the points that it is ranked by."""
        shown = await self.shown(case)
        return shown["points_hundredths"], shown["coefficient_hundredths"], shown["ranking_hundredths"]


@pytest.fixture
async def desk(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Desk]:
    async with in_process("decisions", database, tmp_path, datetime(2026, 2, 24, 8, 0, tzinfo=UTC)) as service:
        yield Desk(service)


def points(hundredths: int, by: str = "anna", case: str = identity(1)) -> AssessmentRecorded:
    own = {"person": by, "hundredths": hundredths, "points": (hundredths + 50) // 100}
    return fact(AssessmentRecorded, application_id=case, **own)


async def test_an_officer_sets_the_coefficient_and_the_case_shows_what_it_is_ranked_by(desk: Desk) -> None:
    case = await desk.case(1, points(7_000), points(8_000, "bertta"))
    assert await desk.ranking(case) == (7_500, 100, 7_500)
    answer = await desk.set(case, {**MENTAL, "focus_areas": ["living-at-home", "mental-health"]})
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "application_id": case, "focus_areas": ["living-at-home", "mental-health"], "focus_hundredths": 110,
            "wellbeing_hundredths": 100, "coefficient_hundredths": 110,
        },
    )  # fmt: skip
    assert await desk.ranking(case) == (7_500, 110, 8_250)
    assert (await desk.shown(case))["focus_areas"] == ["living-at-home", "mental-health"]


async def test_what_it_is_ranked_by_follows_assessments_whoever_steps_aside_and_another_coefficient(desk: Desk) -> None:
    case = await desk.case(1)
    assert (await desk.shown(case))["ranking_hundredths"] is None
    assert (await desk.set(case, MENTAL)).status_code == 200
    assert (await desk.shown(case))["ranking_hundredths"] is None
    stream = f"case/{case}"
    await desk.service.given(stream, points(6_000, case=case))
    assert await desk.ranking(case) == (6_000, 110, 6_600)
    await desk.service.given(stream, points(8_000, "bertta", case))
    assert await desk.ranking(case) == (7_000, 110, 7_700)
    await desk.service.given(stream, fact(ConflictDeclared, application_id=case, person="anna"))
    assert await desk.ranking(case) == (8_000, 110, 8_800)
    assert (await desk.set(case, {**MENTAL, "focus_areas": ["families"]}, by="bertta")).status_code == 200
    assert await desk.ranking(case) == (8_000, 105, 8_400)
    assert (await desk.set(case, {**MENTAL, "focus_areas": []}, by="bertta")).status_code == 200
    assert await desk.ranking(case) == (8_000, 100, 8_000)
    await desk.service.given(stream, fact(ConflictDeclared, application_id=case, person="bertta"))
    assert (await desk.shown(case))["ranking_hundredths"] is None


async def test_all_wrong_focus_areas_are_named_at_once(desk: Desk) -> None:
    case = await desk.case(1)
    size = await desk.service.size()
    wrong = {**MENTAL, "focus_areas": ["football", "mental-health", "chess", "mental-health"]}
    told = problem(await desk.set(case, wrong), 422, "rules-broken")
    assert pointers(told) == ["/focus_areas/0", "/focus_areas/2", "/focus_areas/3"]
    assert "mental-health, living-at-home, families" in told["errors"][0]["detail"]
    assert await desk.service.size() == size


async def test_a_focus_area_counts_on_the_day_of_arrival_not_today(desk: Desk) -> None:
    early = await desk.case(1, arrived_on="2022-10-31")
    assert problem(await desk.set(early, MENTAL), 409, "no-coefficients")
    first_day = await desk.case(2, arrived_on="2022-11-01")
    assert (await desk.set(first_day, MENTAL)).status_code == 200


async def test_a_basket_without_coefficients_has_none(desk: Desk) -> None:
    case = await desk.case(1, call_id="operating-2026", basket="operating")
    problem(await desk.set(case, MENTAL), 409, "no-coefficients")
    assert (await desk.shown(case))["coefficient_hundredths"] == 100


@pytest.fixture
def changed_county(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Families are a focus area of projects alone, living at home ended, and two municipalities have coefficients."""
    folder = tmp_path / "county"
    shutil.copytree(COUNTY_FOLDER, folder)
    file = folder / "assessment.yaml"
    text = file.read_text(encoding="utf-8")
    families = 'baskets: [partnership, project], coefficient: "1.05" }\n\n'
    since = "valid_from: 2022-11-01"
    for before, after in (
        (f"id: living-at-home, {since},", f"id: living-at-home, {since}, valid_to: 2026-01-11,"),
        (families, families.replace("partnership, ", "")),
        (f'joensuu, {since}, coefficient: "1.00"', f'joensuu, {since}, coefficient: "1.20"'),
        (f'lieksa, {since}, coefficient: "1.00"', f'kitee, {since}, coefficient: "0.95"'),
    ):
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    file.write_text(text, encoding="utf-8")
    monkeypatch.setattr("tests.integration.in_process.COUNTY_FOLDER", folder)


@pytest.mark.usefixtures("changed_county")
async def test_the_countys_data_says_which_areas_a_basket_has_and_what_municipalities_count(
    database: FreshDatabase, tmp_path: Path
) -> None:
    """Joensuu has 60 percent of the activity and Kitee 40: 0.6 x 1.20 + 0.4 x 0.95 = 1.10, and 1.10 x 1.10 = 1.21."""
    async with in_process("decisions", database, tmp_path, datetime(2026, 2, 24, 8, 0, tzinfo=UTC)) as service:
        desk = Desk(service)
        case = await desk.case(1, points(7_000))
        told = problem(
            await desk.set(case, {**MENTAL, "focus_areas": ["families", "living-at-home"]}), 422, "rules-broken"
        )
        assert pointers(told) == ["/focus_areas/0", "/focus_areas/1"]
        assert "is a focus area of another basket" in told["errors"][0]["detail"]
        assert "is no focus area on 12.1.2026" in told["errors"][1]["detail"]
        assert (await desk.set(case, MENTAL)).json()["wellbeing_hundredths"] == 110
        assert await desk.ranking(case) == (7_000, 121, 8_470)
        earlier = await desk.case(2, arrived_on="2026-01-11")
        assert (await desk.set(earlier, {**MENTAL, "focus_areas": ["living-at-home"]})).status_code == 200


async def test_nothing_is_set_after_the_decision(desk: Desk) -> None:
    case = await desk.case(1, fact(ProposalMade, person="bertta"), fact(DecisionMade))
    problem(await desk.set(case, MENTAL), 409, "decided-already")


async def test_whoever_is_disqualified_sets_nothing_and_the_attempt_is_recorded(desk: Desk) -> None:
    await desk.service.given(f"association/{ASSOCIATION}", fact(PersonNoted, person="hilkka"))
    case = await desk.case(1, fact(ConflictDeclared, person="bertta"))
    for number, person in enumerate(("hilkka", "bertta"), start=1):
        problem(await desk.set(case, MENTAL, by=person), 403, "may-not-take-part")
        assert (await desk.shown(case))["refused_acts"] == number
    problem(await desk.set(case, MENTAL, role=Role.DECISION_MAKER), 403, "forbidden")
    problem(await desk.set(identity(9), MENTAL), 404, "not-found")


async def test_a_call_is_ranked_by_multiplied_points_and_the_preview_shows_all_three(desk: Desk) -> None:
    await desk.service.given("call/partnership-2026", fact(CallNoted, **CALL))
    better = await desk.case(1, points(7_600), applied="600.00 EUR")
    lifted = await desk.case(2, points(7_000, case=identity(2)), applied="600.00 EUR")
    unread = await desk.case(3, applied="600.00 EUR")
    assert (await desk.set(lifted, MENTAL)).status_code == 200
    headers = desk.service.token(Role.OFFICER)
    share = {"available": "1000.00 EUR", "points_min": 77}
    path = "/v1/calls/partnership-2026"
    preview = (await desk.service.client.post(f"{path}/allocation-preview", json=share, headers=headers)).json()
    columns = ("application_id", "points_hundredths", "coefficient_hundredths", "ranking_hundredths")
    assert [tuple(item[name] for name in columns) for item in preview["items"]] == [
        (lifted, 7_000, 110, 7_700), (better, 7_600, 100, 7_600), (unread, None, 100, 0),
    ]  # fmt: skip
    assert [item["shares"]["full_by_rank"] for item in preview["items"]] == ["600.00 EUR", "0.00 EUR", "0.00 EUR"]
    await desk.service.given("appropriation/operating-2026", fact(AppropriationSet, amount="1000.00 EUR"))
    choice = {"rule": "full_by_rank", "available": "1000.00 EUR"}
    missing = await desk.service.client.post(f"{path}/allocation", json=choice, headers=headers)
    assert problem(missing, 409, "coefficients-missing")["detail"].startswith("2 cases have no coefficient yet, 1/02.")
    for case in (better, unread):
        assert (await desk.set(case, {"focus_areas": [], "reasons": "Ei painopistettä"})).status_code == 200
    chosen = await desk.service.client.post(f"{path}/allocation", json=choice, headers=headers)
    assert chosen.status_code == 201, chosen.text
    lines = (await desk.service.client.get(path, headers=headers)).json()["allocation"]["lines"]
    assert [(line["application_id"], line["amount"]) for line in lines] == [
        (lifted, "600.00 EUR"), (better, "400.00 EUR"), (unread, "0.00 EUR"),
    ]  # fmt: skip


async def test_the_focus_areas_of_today_are_listed_with_their_coefficients(desk: Desk) -> None:
    async def listed(role: Role) -> httpx.Response:
        return await desk.service.client.get("/v1/focus-areas", headers=desk.service.token(role))

    items = (await listed(Role.AUDITOR)).json()["items"]
    assert [(each["focus_area_id"], each["coefficient_hundredths"]) for each in items] == [
        ("families", 105), ("living-at-home", 105), ("mental-health", 110),
    ]  # fmt: skip
    (shown,) = (each for each in items if each["focus_area_id"] == "families")
    area = next(each for each in county().focus_areas if each.id == "families")
    assert shown["name"] == {"fi": area.name.fi, "en": area.name.en}
    assert shown["baskets"] == ["partnership", "project"]
    problem(await listed(Role.FINANCE), 403, "forbidden")
    desk.service.at(datetime(2022, 10, 31, 12, 0, tzinfo=UTC))
    assert (await listed(Role.OFFICER)).json()["items"] == []
