"""What an association is called, where it is and of which kind changes in life: an officer who does not act for it
corrects it, and what comes after rests on the newest truth, over HTTP on a real database.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.samples import NAME, SAMPLES
from services.ledger.rebuild import rebuild
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, pointers, problem
from tests.integration.intake_office import (
    APPLICATION,
    CALL_ID,
    CONTENT,
    OTHER_ASSOCIATION,
    TERMS,
    Office,
    office,
)

PATH = f"/associations/{ASSOCIATION}"
CORRECTIONS = f"{PATH}/corrections"
SAME: dict[str, Any] = {
    **{name: SAMPLES["association.registered", 1][name]
       for name in ("name", "display_name", "register_number", "domicile", "kind", "language")},
    "reason": "Yhdistysrekisterin ote 12.1.2026",
}  # fmt: skip
NEW_NAME = "Pohjois-Karjalan Uusi Nimi ry"


@pytest.fixture
async def intake(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(database, tmp_path) as made:
        yield made


async def correct(intake: Office, headers: dict[str, str] | None = None, **changed: Any) -> httpx.Response:
    return await intake.post(CORRECTIONS, {**SAME, **changed}, headers or intake.officer())


async def shown(intake: Office, **asked: Any) -> dict[str, Any]:
    answer = await intake.get(PATH, intake.officer(), **asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def for_local_associations(intake: Office) -> None:
    """The call is for local associations alone from now on."""
    changed = {**TERMS, "applicants": ["local"], "what_changed": {"fi": "Vain paikallisyhdistyksille."}}
    assert (await intake.post(f"/calls/{CALL_ID}/amendments", changed, intake.officer())).status_code == 201


# --- what is told --------------------------------------------------------------------------------------------


async def test_a_corrected_association_is_shown_and_found_as_it_is_now_and_as_it_was_then(intake: Office) -> None:
    before, size = await shown(intake), await intake.service.size()
    corrected = await correct(intake, name=NEW_NAME, register_number="001.123", domicile="kitee", kind="district")
    assert (corrected.status_code, corrected.json()) == (201, {"association_id": ASSOCIATION})
    assert corrected.headers["ETag"] == '"2"'
    now = await shown(intake)
    assert (now["name"], now["register_number"], now["domicile"]) == (NEW_NAME, "1123", "kitee")
    assert (now["kind"], now["display_name"], now["language"]) == ("district", "Esimerkki", "fi")
    assert now["iban"] == before["iban"]
    assert {**await shown(intake, position=size), "position": 0} == {**before, "position": 0}
    for domicile, found in (("kitee", 1), ("joensuu", 0)):
        listed = (await intake.get("/associations", intake.officer(), domicile=domicile)).json()["items"]
        assert len(listed) == found
    own = await intake.get(PATH, intake.applicant())
    assert own.json()["name"] == NEW_NAME
    report = await rebuild(intake.service.ledger, intake.service.ledger.registers)
    assert (report.differing, report.differences) == (0, [])


async def test_a_correction_is_an_event_with_its_reason_and_who_made_it(intake: Office) -> None:
    assert (await correct(intake, intake.officer("officer-2"), name=NEW_NAME)).status_code == 201
    [record] = await intake.records("association.corrected")
    assert record.data == {**SAME, "name": NEW_NAME, "association_id": ASSOCIATION, "person": "officer-2"}
    assert record.actor == "officer-2"


async def test_a_change_of_account_waits_on_and_is_made_after_a_correction(intake: Office) -> None:
    sent = {"iban": "FI1410093000123458", "reason": "Pankki vaihtui"}
    change_id = (await intake.post(f"{PATH}/account-changes", sent, intake.applicant())).json()["change_id"]
    assert (await correct(intake, name=NEW_NAME)).status_code == 201
    assert (await shown(intake))["account_change"]["change_id"] == change_id
    intake.service.at(intake.clock().replace(day=14))
    confirmed = await intake.post(f"{PATH}/account-changes/{change_id}/confirmation", None, intake.officer("officer-2"))
    assert confirmed.status_code == 200
    now = await shown(intake)
    assert (now["iban"], now["name"], now["account_change"]) == ("FI1410093000123458", NEW_NAME, None)


# --- who may, and what is refused ----------------------------------------------------------------------------


async def test_only_an_officer_who_does_not_act_for_the_association_corrects_it(intake: Office) -> None:
    await intake.name(role="signatory", person="officer-2")
    size = await intake.service.size()
    told = problem(await correct(intake, intake.officer("officer-2"), kind="district"), 403, "acts-for-it")
    assert told["detail"] == "officer-2 acts for the association and so does not correct it: another officer does"
    named = intake.service.token(Role.ASSOCIATION, Role.OFFICER, person="bertta", association=ASSOCIATION)
    problem(await correct(intake, named, kind="district"), 403, "acts-for-it")
    for who in (intake.applicant(), intake.service.token(Role.FINANCE), intake.service.token(Role.DECISION_MAKER)):
        problem(await correct(intake, who, kind="district"), 403, "forbidden")
    assert await intake.service.size() == size
    elsewhere = intake.service.token(Role.ASSOCIATION, Role.OFFICER, person="cecilia", association=OTHER_ASSOCIATION)
    assert (await correct(intake, elsewhere, kind="district")).status_code == 201


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"name": " "}, "/name"),
        ({"display_name": None}, "/display_name"),
        ({"register_number": "13"}, "/register_number"),
        ({"domicile": "Kitee!"}, "/domicile"),
        ({"kind": "national"}, "/kind"),
        ({"language": "ru"}, "/language"),
        ({"reason": ""}, "/reason"),
        ({"iban": "FI1410093000123458"}, "/iban"),
    ],
)
async def test_a_correction_is_checked_as_a_registration_is(
    intake: Office, changed: dict[str, Any], pointer: str
) -> None:
    assert pointers(problem(await correct(intake, **changed), 422, "validation")) == [pointer]
    assert await intake.records("association.corrected") == []


async def test_a_correction_comes_whole_and_says_something_new_of_an_association_that_is_known(intake: Office) -> None:
    part = {"name": NEW_NAME, "reason": "Nimi muuttui"}
    lacking = problem(await intake.post(CORRECTIONS, part, intake.officer()), 422, "validation")
    assert pointers(lacking) == ["/display_name", "/register_number", "/domicile", "/kind", "/language"]
    told = problem(await correct(intake), 409, "nothing-changes")
    assert told["detail"] == "the association is registered so already"
    unknown = await intake.post(f"/associations/{OTHER_ASSOCIATION}/corrections", SAME, intake.officer())
    problem(unknown, 404, "not-found")
    assert await intake.records("association.corrected") == []


async def test_a_correction_rests_on_the_version_that_was_seen_and_is_made_once(intake: Office) -> None:
    stale = await correct(intake, intake.officer() | {"If-Match": '"7"'}, name=NEW_NAME)
    assert problem(stale, 412, "version-stale")["detail"].startswith("The current version is 1.")
    headers = intake.officer() | {"If-Match": '"1"', "Idempotency-Key": "k-1"}
    first, again = [await correct(intake, headers, name=NEW_NAME) for _ in range(2)]
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(await intake.records("association.corrected")) == 1


# --- what comes after ----------------------------------------------------------------------------------------


async def test_applications_that_are_sent_later_name_the_association_as_it_is_now(intake: Office) -> None:
    earlier = (await intake.apply()).json()["application_id"]
    assert (await correct(intake, name=NEW_NAME)).status_code == 201
    later = (await intake.apply()).json()["application_id"]
    names = {each.data["application_id"]: each.data["association_name"]
             for each in await intake.records("application.submitted")}  # fmt: skip
    assert names == {earlier: NAME, later: NEW_NAME}


async def test_its_kind_at_the_moment_of_sending_decides_whether_an_association_may_apply(intake: Office) -> None:
    await for_local_associations(intake)
    earlier = (await intake.apply()).json()["application_id"]
    draft = {"call_id": CALL_ID, "content": CONTENT}
    draft_id = (await intake.post("/drafts", draft, intake.applicant())).json()["draft_id"]
    assert (await correct(intake, kind="district")).status_code == 201
    told = problem(await intake.apply(), 422, "rules-broken")
    assert [(each["pointer"], each["detail"]) for each in told["errors"]] == [
        ("/association_id", "the call is for associations of the kind local")
    ]
    errors = (await intake.get(f"/drafts/{draft_id}", intake.applicant())).json()["errors"]
    assert [each["pointer"] for each in errors] == ["/association_id"]
    problem(await intake.post(f"/drafts/{draft_id}/submission", None, intake.applicant()), 422, "rules-broken")
    kept = await intake.get(f"/applications/{earlier}", intake.applicant())
    assert kept.json()["standing"] == "received"
    assert (await correct(intake, kind="local")).status_code == 201
    assert (await intake.get(f"/drafts/{draft_id}", intake.applicant())).json()["errors"] == []
    sent = await intake.post(f"/drafts/{draft_id}/submission", None, intake.applicant())
    assert sent.status_code == 201


async def test_what_arrived_on_paper_is_registered_whatever_the_corrected_kind_is(intake: Office) -> None:
    await for_local_associations(intake)
    assert (await correct(intake, kind="district")).status_code == 201
    query = {"kind": "scan", "name": "hakemus.txt", "association_id": ASSOCIATION}
    scan = await intake.service.client.post(
        "/v1/attachments", params=query, content=b"Hakemus", headers=intake.officer()
    )
    sent = {**APPLICATION, "arrived_on": "2026-01-12", "attachments": [scan.json()["attachment_id"]]}
    assert (await intake.post("/paper-applications", sent, intake.officer())).status_code == 201


async def test_mail_comes_in_the_corrected_language(intake: Office) -> None:
    await intake.name()
    assert (await correct(intake, language="sv")).status_code == 201
    found = await intake.telling.addressee(f"association/{ASSOCIATION}")
    assert found is not None
    assert found.language == "sv"
