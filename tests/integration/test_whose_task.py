"""The activity decides whose task an application is: sent on to the municipality, in part the county's, or decided by
an officer with a reason; across intake and decisions on real databases, what each publishes handed to the other.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.decisions import CaseOpened
from services.decisions.reactions import Reactions as DecisionsReactions
from services.intake.reactions import Reactions as IntakeReactions
from services.ledger import Context, Ledger, Unit
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, InProcess, identity, in_process, pointers, problem
from tests.integration.intake_office import CALL_ID, JANUARY, TERMS, Office, office
from tests.unit.given import COUNTY_FOLDER, county, fact

PROPOSAL = {"outcome": "granted", "amount": "2000.00 EUR", "reasons": "Syyt"}
SHARES = [{"municipality": "raakkyla", "percent": 60}, {"municipality": "kitee", "percent": 40}]


@dataclass
class Both:
    """An applicant's intake and the officers' decisions; `read` is how far each ledger was handed on."""

    intake: Office
    decisions: InProcess
    read: dict[str, int] = field(default_factory=dict)

    async def hand_on(self) -> None:
        """What each published goes to the other."""
        here, there = self.intake.service.ledger, self.decisions.ledger
        await self._hand("intake", here, there, DecisionsReactions(there, county()).by_type())
        await self._hand("decisions", there, here, IntakeReactions(here, county()).by_type())

    async def _hand(self, name: str, source: Ledger, target: Ledger, reactions: Any) -> None:
        records = [each async for each in source.scan()][self.read.get(name, 0) :]
        self.read[name] = self.read.get(name, 0) + len(records)
        for record in records:
            reaction = reactions[name].get(record.type)
            if reaction is not None and (writes := tuple(await reaction(record))):
                await target.append(Unit(Context("reaction", record.correlation), writes))

    async def applied(self, activity: str, **changed: Any) -> str:
        """A new application's id, once its case is open."""
        answer = await self.intake.apply(activity=activity, **changed)
        assert answer.status_code == 201, answer.text
        await self.hand_on()
        return str(answer.json()["application_id"])

    async def act(self, application_id: str, path: str, sent: dict[str, Any]) -> httpx.Response:
        headers = self.decisions.token(Role.OFFICER, person="olga")
        answer = await self.decisions.client.post(f"/v1/cases/{application_id}/{path}", json=sent, headers=headers)
        await self.hand_on()
        return answer

    async def shown(self, application_id: str) -> dict[str, Any]:
        """What the applicant sees."""
        answer = await self.intake.get(f"/applications/{application_id}", self.intake.applicant())
        document: dict[str, Any] = answer.json()
        return document


@pytest.fixture
async def both(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Both]:
    (tmp_path / "decisions").mkdir()
    async with (
        office(database, tmp_path) as intake,
        in_process("decisions", database, tmp_path / "decisions", JANUARY) as decisions,
    ):
        made = Both(intake, decisions)
        criteria: dict[str, Any] = {"criteria": [], "what_changed": {"fi": "Ei arviointiperusteita."}}
        await intake.post(f"/calls/{CALL_ID}/amendments", {**TERMS, **criteria}, intake.officer())
        await made.hand_on()
        yield made


async def test_what_is_the_municipalitys_goes_to_it_by_name_and_the_applicant_is_told(both: Both) -> None:
    application_id = await both.applied("sports-and-exercise", municipalities=SHARES)
    told = problem(await both.act(application_id, "proposal", PROPOSAL), 409, "municipality-task")
    assert told["detail"].startswith("Liikuntatoiminta is the municipality's task: transfer it")
    transferred = await both.act(application_id, "transfer", {"reason": "Liikunta on kunnan tehtävä."})
    assert (transferred.status_code, transferred.json()["municipality"]) == (200, "raakkyla")
    shown = await both.shown(application_id)
    assert shown["standing"] == "transferred"
    assert shown["note"] == "Siirretty kunnalle: Rääkkylä. Liikunta on kunnan tehtävä."
    occasions = [await both.intake.telling.occasions(each) for each in await both.intake.records()]
    [mail] = [each for found in occasions for each in found if each.name == "transferred"]
    assert "Rääkkylä" in str(mail.parameters["municipality"])
    problem(await both.act(application_id, "proposal", PROPOSAL), 409, "case-closed")
    for path, sent in (("withdrawal", {"reason": "Peruttiin"}), ("attachments", {"attachment_id": identity(1)})):
        answer = await both.intake.post(f"/applications/{application_id}/{path}", sent, both.intake.applicant())
        assert answer.status_code in {409, 422}, answer.text


async def test_of_several_municipalities_the_officer_names_the_one_to_which_it_goes(both: Both) -> None:
    halves = [{"municipality": name, "percent": 50} for name in ("joensuu", "raakkyla")]
    application_id = await both.applied("food-aid", municipalities=halves)
    sent = {"reason": "Ruoka-apu on kunnan tehtävä."}
    told = problem(await both.act(application_id, "transfer", {**sent, "municipality": "kitee"}), 422, "no-share")
    assert pointers(told) == ["/municipality"]
    assert told["detail"] == "the activity takes place in joensuu, raakkyla: name one of them"
    transferred = await both.act(application_id, "transfer", {**sent, "municipality": "joensuu"})
    assert (transferred.status_code, transferred.json()["municipality"]) == (200, "joensuu")
    headers = both.decisions.token(Role.AUDITOR)
    case = (await both.decisions.client.get(f"/v1/cases/{application_id}", headers=headers)).json()
    assert (case["state"], case["municipality"]) == ("transferred", "joensuu")
    assert (await both.shown(application_id))["note"] == "Siirretty kunnalle: Joensuu. Ruoka-apu on kunnan tehtävä."


async def test_what_is_the_countys_is_sent_on_to_nobody(both: Both) -> None:
    application_id = await both.applied("mental-health-and-substance-abuse")
    told = problem(await both.act(application_id, "transfer", {"reason": "Kunnalle"}), 409, "county-task")
    assert "Mielenterveys- ja päihdepalvelut" in told["detail"]
    assert (await both.act(application_id, "proposal", PROPOSAL)).status_code == 200


@pytest.mark.parametrize("activity", ["cultural-work", "other"])
async def test_of_what_is_both_or_unclear_an_officer_decides_the_countys_part_with_a_reason(
    both: Both, activity: str
) -> None:
    application_id = await both.applied(activity)
    problem(await both.act(application_id, "proposal", PROPOSAL), 409, "task-undecided")
    part = {"task": "county_part", "eligible": "700.00 EUR", "reason": "Vain sotepalveluihin kiinnittyvä osa"}
    assert pointers(problem(await both.act(application_id, "task", {**part, "reason": " "}), 422, "validation")) == [
        "/reason"
    ]
    assert (await both.act(application_id, "task", part)).status_code == 200
    over = problem(await both.act(application_id, "proposal", PROPOSAL), 422, "more-than-the-countys-part")
    assert pointers(over) == ["/amount"]
    fits = {**PROPOSAL, "outcome": "granted_in_part", "amount": "700.00 EUR"}
    assert (await both.act(application_id, "proposal", fits)).status_code == 200
    assert (await both.shown(application_id))["standing"] == "in_preparation"


async def test_the_applicant_finds_the_activities_and_whose_task_each_is(both: Both) -> None:
    listed = (await both.intake.get("/activities", both.intake.applicant())).json()["items"]
    found = {each["id"]: each for each in listed}
    assert found["food-aid"] == {
        "id": "food-aid", "name": {"fi": "Ruoka-apu", "en": "Food aid", "sv": "Mathjälp"}, "task": "municipality",
        "county_condition": None,
    }  # fmt: skip
    assert (
        found["cultural-work"]["county_condition"]["fi"] == "Vain sotepalveluihin kiinnittyvä kulttuurihyvinvointityö"
    )
    assert [each["id"] for each in listed][-1] == "other"
    places = (await both.intake.get("/municipalities", both.intake.applicant())).json()["items"]
    assert len(places) == 13
    assert {"id": "raakkyla", "name": {"fi": "Rääkkylä", "en": "Rääkkylä", "sv": None}} in places
    unknown = problem(await both.intake.apply(activity="space-travel"), 422, "rules-broken")
    assert unknown["errors"][0]["detail"] == "space-travel is no activity of the division: /v1/activities lists them"


async def test_a_division_that_changed_since_the_application_arrived_does_not_change_whose_task_it_is(
    database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "county"
    shutil.copytree(COUNTY_FOLDER, folder)
    division = folder / "activities.yaml"
    old = "  - id: food-aid\n    valid_from: 2022-11-01\n"
    rest = "    name: { fi: Ruoka-apu, en: Food aid, sv: Mathjälp }\n    task: municipality\n"
    ended = f"{old}    valid_to: 2026-12-31\n{rest}"
    begun = (old + rest).replace("2022-11-01", "2027-01-01").replace("municipality", "county")
    text = division.read_text(encoding="utf-8")
    assert text.count(old + rest) == 1
    division.write_text(text.replace(old + rest, ended + begun), encoding="utf-8")
    monkeypatch.setattr("tests.integration.in_process.COUNTY_FOLDER", folder)
    in_2027 = datetime(2027, 1, 11, 8, 0, tzinfo=UTC)
    async with in_process("decisions", database, tmp_path, in_2027) as decisions:
        for number, arrived_on, status in ((1, "2026-12-31", 200), (2, "2027-01-01", 409)):
            opened = fact(
                CaseOpened, application_id=identity(number), activity="food-aid", arrived_on=arrived_on,
                association_id=ASSOCIATION,
            )  # fmt: skip
            await decisions.given(f"case/{identity(number)}", opened)
            answer = await decisions.client.post(
                f"/v1/cases/{identity(number)}/transfer", json={"reason": "Kunnan tehtävä"},
                headers=decisions.token(Role.OFFICER, person="olga"),
            )  # fmt: skip
            assert answer.status_code == status, answer.text
