"""Accounts change by two people, people are sealed and can be erased for good (P11), and who has a mandate acts: over
HTTP on a real database.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from schemas.intake import ApplicationStandingChanged
from schemas.personal import Sealed
from schemas.refusals import Refused
from schemas.samples import IBAN
from services.intake.app import _person_keys
from services.intake.messages import Letterhead, Mailer, Post, follow, send_due
from services.intake.person_keys import KeyUnusable, PersonKeys
from services.intake.settings import IntakeSettings
from services.ledger.checkpointing import Checkpointer, latest
from services.ledger.export import export_lines
from services.ledger.inspection import inspect
from services.ledger.rebuild import rebuild
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, SERVICES, UNKNOWN, pointers, problem, settings_of
from tests.integration.intake_office import (
    APPLICATION,
    CALL_ID,
    CONTENT,
    JANUARY,
    OTHER_ASSOCIATION,
    PERSON,
    Office,
    office,
)
from tests.unit.given import fact

NEW_IBAN = "FI1410093000123458"
CHANGES = f"/associations/{ASSOCIATION}/account-changes"
PERSONS = f"/associations/{ASSOCIATION}/persons"
SAID = [PERSON["name"], PERSON["email"], PERSON["phone"], "Saimi", "Jääskeläinen", "7654321", "saimi.hoyer"]
DETAILS = {"name": PERSON["name"], "email": PERSON["email"], "phone": PERSON["phone"]}


@pytest.fixture
async def intake(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(database, tmp_path) as made:
        yield made


# --- accounts ------------------------------------------------------------------------------------------------


async def ask(intake: Office, headers: dict[str, str]) -> httpx.Response:
    return await intake.post(CHANGES, {"iban": NEW_IBAN, "reason": "Pankki vaihtui"}, headers)


async def confirm(intake: Office, change_id: str, headers: dict[str, str]) -> httpx.Response:
    return await intake.post(f"{CHANGES}/{change_id}/confirmation", None, headers)


async def account(intake: Office) -> str:
    shown = await intake.get(f"/associations/{ASSOCIATION}", intake.officer())
    return str(shown.json()["iban"])


async def test_an_account_changes_by_another_person_on_another_day_and_not_before(intake: Office) -> None:
    asked = await ask(intake, intake.officer("officer-1"))
    change_id = asked.json()["change_id"]
    assert (asked.status_code, asked.json()["not_before"]) == (201, "2026-01-13")
    problem(await confirm(intake, change_id, intake.officer("officer-2")), 409, "change-too-early")
    intake.service.at(datetime(2026, 1, 12, 21, 58, tzinfo=UTC))
    problem(await confirm(intake, change_id, intake.officer("officer-2")), 409, "change-too-early")
    assert await account(intake) == IBAN
    intake.service.at(datetime(2026, 1, 12, 22, 0, tzinfo=UTC))
    problem(await confirm(intake, change_id, intake.officer("officer-1")), 403, "same-person")
    assert await account(intake) == IBAN
    assert (await confirm(intake, change_id, intake.officer("officer-2"))).status_code == 200
    assert await account(intake) == NEW_IBAN
    problem(await confirm(intake, change_id, intake.officer("officer-2")), 404, "not-found")
    assert len(await intake.records("association.account_changed")) == 1


async def test_the_attempt_to_confirm_ones_own_request_is_an_event(intake: Office) -> None:
    change_id = (await ask(intake, intake.officer("officer-1"))).json()["change_id"]
    size = await intake.service.size()
    problem(await confirm(intake, change_id, intake.officer("officer-1")), 403, "same-person")
    assert await intake.service.size() == size + 1
    [attempt] = await intake.records("account_change.refused")
    assert (attempt.data["person"], attempt.data["change_id"], attempt.actor) == ("officer-1", change_id, "officer-1")
    assert attempt.data["reason"] == "officer-1 asked for the change and so does not confirm it"


async def test_an_association_asks_for_another_account_and_does_not_confirm_it(intake: Office) -> None:
    asked = await ask(intake, intake.applicant("anna"))
    assert asked.status_code == 201
    change_id = asked.json()["change_id"]
    shown = (await intake.get(f"/associations/{ASSOCIATION}", intake.applicant())).json()
    assert (shown["iban"], shown["account_change"]["iban"]) == (IBAN, NEW_IBAN)
    intake.service.at(datetime(2026, 1, 14, 8, 0, tzinfo=UTC))
    for person in ("anna", "bertta"):
        problem(await confirm(intake, change_id, intake.applicant(person)), 403, "forbidden")
    both = intake.service.token(Role.ASSOCIATION, Role.OFFICER, person="anna", association=ASSOCIATION)
    problem(await confirm(intake, change_id, both), 403, "same-person")
    problem(await ask(intake, intake.applicant("anna", OTHER_ASSOCIATION)), 404, "not-found")
    assert await account(intake) == IBAN


async def test_an_officer_who_acts_for_the_association_does_not_confirm_its_account(intake: Office) -> None:
    change_id = (await ask(intake, intake.applicant("anna"))).json()["change_id"]
    await intake.name(role="signatory", person="officer-2")
    intake.service.at(datetime(2026, 1, 13, 8, 0, tzinfo=UTC))
    told = problem(await confirm(intake, change_id, intake.officer("officer-2")), 403, "acts-for-it")
    assert told["detail"] == "officer-2 acts for the association and so does not confirm it"
    [attempt] = await intake.records("account_change.refused")
    assert (attempt.data["person"], attempt.actor) == ("officer-2", "officer-2")
    named = intake.service.token(Role.ASSOCIATION, Role.OFFICER, person="bertta", association=ASSOCIATION)
    problem(await confirm(intake, change_id, named), 403, "acts-for-it")
    assert (await account(intake)) == IBAN
    assert (await confirm(intake, change_id, intake.officer("officer-3"))).status_code == 200


async def test_an_officer_who_acts_for_the_association_does_not_say_when_its_paper_came(intake: Office) -> None:
    query = {"kind": "scan", "name": "hakemus.txt", "association_id": ASSOCIATION}
    scan = await intake.service.client.post(
        "/v1/attachments", params=query, content=b"Hakemus", headers=intake.officer()
    )
    sent = {**APPLICATION, "arrived_on": "2026-01-12", "attachments": [scan.json()["attachment_id"]]}
    await intake.name(role="signatory", person="officer-2")
    named = intake.service.token(Role.ASSOCIATION, Role.OFFICER, person="bertta", association=ASSOCIATION)
    for who in (intake.officer("officer-2"), named):
        problem(await intake.post("/paper-applications", sent, who), 403, "acts-for-it")
    elsewhere = intake.service.token(Role.ASSOCIATION, Role.OFFICER, person="cecilia", association=OTHER_ASSOCIATION)
    for who in (intake.officer("officer-3"), elsewhere):
        assert (await intake.post("/paper-applications", sent, who)).status_code == 201


async def test_an_association_takes_its_change_back_and_another_association_does_not(intake: Office) -> None:
    change_id = (await ask(intake, intake.applicant("anna"))).json()["change_id"]
    path, sent = f"{CHANGES}/{change_id}/refusal", {"reason": "Emme pyytäneet tätä"}
    problem(await intake.post(path, sent, intake.applicant("anna", OTHER_ASSOCIATION)), 404, "not-found")
    await intake.name(role="mandate", person="matti")
    problem(await intake.post(path, sent, intake.applicant("anna")), 403, "no-mandate")
    assert (await intake.post(path, sent, intake.applicant("matti"))).status_code == 200
    shown = (await intake.get(f"/associations/{ASSOCIATION}", intake.applicant())).json()
    assert (shown["iban"], shown["account_change"]) == (IBAN, None)


async def test_the_proof_of_an_account_is_a_file_of_the_association_and_shown_to_who_confirms(intake: Office) -> None:
    query = {"kind": "account-proof", "name": "tiliote.txt", "association_id": ASSOCIATION}
    stored = await intake.service.client.post(
        "/v1/attachments", params=query, content=b"Tilin omistaja", headers=intake.officer()
    )
    proven = {"iban": NEW_IBAN, "reason": "Pankki vaihtui", "proof_sha256": stored.json()["sha256"]}
    unknown = await intake.post(CHANGES, {**proven, "proof_sha256": "ab" * 32}, intake.applicant())
    assert pointers(problem(unknown, 422, "unknown-proof")) == ["/proof_sha256"]
    assert (await intake.post(CHANGES, proven, intake.applicant())).status_code == 201
    shown = (await intake.get(f"/associations/{ASSOCIATION}", intake.officer())).json()["account_change"]
    assert shown["proof_sha256"] == stored.json()["sha256"]


async def test_commands_on_an_account_that_come_again_with_their_key_are_done_once(intake: Office) -> None:
    asking = intake.officer("officer-1") | {"Idempotency-Key": "k-1"}
    first, again = await ask(intake, asking), await ask(intake, asking)
    assert (again.status_code, again.content) == (201, first.content)
    intake.service.at(datetime(2026, 1, 13, 8, 0, tzinfo=UTC))
    confirming = intake.officer("officer-2") | {"Idempotency-Key": "k-1"}
    change_id = first.json()["change_id"]
    done, repeated = await confirm(intake, change_id, confirming), await confirm(intake, change_id, confirming)
    assert (done.status_code, repeated.status_code, repeated.content) == (200, 200, done.content)
    assert repeated.headers["Idempotency-Replayed"] == "true"
    kinds = [each.type for each in await intake.records()][2:]
    assert kinds == ["account_change.requested", "association.account_changed", "account_change.dropped"]


async def test_a_refused_change_is_gone_and_another_may_be_asked_for(intake: Office) -> None:
    change_id = (await ask(intake, intake.applicant())).json()["change_id"]
    problem(await ask(intake, intake.officer()), 409, "change-pending")
    refused = await intake.post(f"{CHANGES}/{change_id}/refusal", {"reason": "Väärennös"}, intake.officer())
    assert refused.status_code == 200
    intake.service.at(datetime(2026, 1, 14, 8, 0, tzinfo=UTC))
    problem(await confirm(intake, change_id, intake.officer("officer-2")), 404, "not-found")
    assert (await ask(intake, intake.officer())).status_code == 201
    assert await account(intake) == IBAN


# --- persons -------------------------------------------------------------------------------------------------


async def kept_bytes(intake: Office) -> list[bytes]:
    """All that the database of intake holds, every table of it, as bytes; what is sealed also out of its base64."""
    connection = await asyncpg.connect(intake.database.owner_dsn)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'intake'")
        rows = [row[0] for each in tables for row in await connection.fetch(f"SELECT t::text FROM intake.{each[0]} t")]
    finally:
        await connection.close()
    assert {"event", "register_version", "idempotency", "draft", "message"} <= {each[0] for each in tables}
    bodies = [record.body for record in await intake.records()]
    sealed = [b64decode(each.data["details"]["ciphertext"]) for each in await intake.records("person.named")]
    return bodies + sealed + [row.encode() for row in rows]


def holding(texts: list[str], kept: list[bytes]) -> list[str]:
    """Those of the texts that are in what is kept, as they are, escaped, or as a column of bytes shows them."""
    forms = {text: _forms(text) for text in texts}
    return [text for text, written in forms.items() if any(form in each for form in written for each in kept)]


def _forms(text: str) -> list[bytes]:
    plain = [text.encode(), text.encode("unicode_escape"), text.encode("latin-1")]
    return plain + [form.hex().encode() for form in plain]


async def test_nothing_that_is_kept_of_events_holds_what_is_said_of_a_person(intake: Office) -> None:
    headers = intake.officer() | {"Idempotency-Key": "k-1"}
    person_id = await intake.name(headers, person="user-1", role="signatory")
    contact_id = await intake.name(intake.applicant())
    await intake.post("/drafts", {"call_id": CALL_ID, "content": {"contact_id": contact_id}}, intake.applicant())
    application_id = (await intake.apply(contact_id=contact_id)).json()["application_id"]
    told = fact(ApplicationStandingChanged, application_id=application_id, standing="in_preparation")
    await intake.service.given(f"application/{application_id}", told)
    await follow(intake.service.ledger, intake.telling.occasions)
    away = Mailer("smtp://127.0.0.1:1?starttls=never", "avustukset@maakunta.example")
    letterhead = Letterhead({"fi": "Maakunta", "sv": "Landskap", "en": "County"}, "https://avustukset.example")
    assert (await send_due(intake.service.ledger, Post(away, intake.telling.addressee, letterhead))).deferred == 1
    assert holding(SAID, await kept_bytes(intake)) == []
    assert holding([person_id, "signatory"], await kept_bytes(intake)) == [person_id, "signatory"]
    async with intake.auditor() as connection:
        exported = [line async for line in export_lines(connection)]
    assert len(exported) == await intake.service.size()
    assert holding(SAID, exported) == []


async def test_the_people_of_an_association_are_shown_to_it_and_to_who_prepares(intake: Office) -> None:
    person_id = await intake.name()
    for who in (intake.officer(), intake.applicant(), intake.service.token(Role.DECISION_MAKER)):
        [shown] = await intake.people(who)
        assert (shown["person_id"], shown["details"], shown["role"]) == (person_id, DETAILS, "contact")
    problem(await intake.get(PERSONS, intake.applicant(association=OTHER_ASSOCIATION)), 404, "not-found")
    for role in (Role.AUDITOR, Role.FINANCE, Role.OPERATOR):
        problem(await intake.get(PERSONS, intake.service.token(role)), 403, "forbidden")


@pytest.mark.parametrize(
    ("changed", "slug", "pointer"),
    [
        ({"email": "saimi"}, "validation", "/email"),
        ({"email": "saimi@yhdistys.example\nBcc: x@y.example"}, "validation", "/email"),
        ({"name": " "}, "validation", "/name"),
        ({"phone": "call me"}, "validation", "/phone"),
        ({"role": "friend"}, "validation", "/role"),
        ({"valid_until": "2025-12-31"}, "period-reversed", "/valid_until"),
        ({"role": "mandate"}, "mandate-without-person", "/person"),
    ],
)
async def test_a_person_is_named_in_right_words_or_not_at_all(
    intake: Office, changed: dict[str, Any], slug: str, pointer: str
) -> None:
    answer = await intake.post(PERSONS, {**PERSON, **changed}, intake.officer())
    assert pointers(problem(answer, 422, slug)) == [pointer]
    assert await intake.records("person.named") == []


async def test_an_ended_person_stays_with_their_last_day(intake: Office) -> None:
    person_id = await intake.name()
    path = f"{PERSONS}/{person_id}/end"
    ended = await intake.post(path, {"valid_until": "2026-02-28"}, intake.applicant())
    assert ended.status_code == 200
    [shown] = await intake.people()
    assert (shown["valid_until"], shown["details"]) == ("2026-02-28", DETAILS)
    early = await intake.post(path, {"valid_until": "2025-12-31"}, intake.officer())
    assert pointers(problem(early, 422, "period-reversed")) == ["/valid_until"]
    unknown = await intake.post(f"{PERSONS}/{UNKNOWN}/end", {"valid_until": "2026-02-28"}, intake.officer())
    problem(unknown, 404, "not-found")


async def test_of_an_erased_person_nothing_can_be_read_now_or_as_of_then(intake: Office) -> None:
    erased, kept = await intake.name(), await intake.name(name="Toinen")
    before = await intake.service.size()
    intake.service.at(datetime(2026, 1, 12, 9, 0, tzinfo=UTC))
    assert (await intake.erase(erased)).status_code == 200
    now: dict[str, Any] = {}
    for asked in (now, {"position": before}, {"moment": "2026-01-12T08:59:00+00:00"}):
        shown = {each["person_id"]: each for each in await intake.people(**asked)}
        assert shown[erased]["details"] == "erased"
        assert shown[kept]["details"] == {**DETAILS, "name": "Toinen"}
        assert shown[erased]["erased"] is (asked is now)
    wrapped = await intake.service.ledger.pool.fetch("SELECT person_id, wrapped IS NULL AS gone FROM person_key")
    assert {str(row["person_id"]): row["gone"] for row in wrapped} == {erased: True, kept: False}


async def test_an_erasure_breaks_no_proof_and_no_view(intake: Office) -> None:
    person_id = await intake.name()
    checkpointer = Checkpointer(intake.service.ledger, intake.signer)
    await checkpointer.sign()
    note = await latest(intake.service.ledger)
    assert note is not None
    witnessed = intake.signer.verifier.open(note)
    bodies = [record.body for record in await intake.records()]
    await intake.erase(person_id)
    await checkpointer.sign()
    async with intake.auditor() as connection:
        found = await inspect(connection, checkpoints=[witnessed], verifier=intake.signer.verifier)
        exported = [line async for line in export_lines(connection)]
    assert found == []
    assert [line.rstrip(b"\n") for line in exported][: len(bodies)] == bodies
    report = await rebuild(intake.service.ledger, intake.service.ledger.registers)
    assert (report.differing, report.differences, report.events) == (0, [], len(bodies) + 1)


async def test_a_person_is_erased_once(intake: Office) -> None:
    person_id = await intake.name()
    first, second = await intake.erase(person_id), await intake.erase(person_id)
    assert (first.status_code, second.status_code, second.json()) == (200, 200, first.json())
    assert len(await intake.records("person.erased")) == 1
    path = f"{PERSONS}/{person_id}/erasure"
    problem(await intake.post(path, {"reason": "x"}, intake.applicant()), 403, "forbidden")
    problem(await intake.erase(UNKNOWN), 404, "not-found")
    assert await intake.service.ledger.pool.fetchval("SELECT count(*) FROM person_key") == 1


async def test_an_erasure_that_a_crash_cut_is_ended_by_the_command_sent_again(intake: Office) -> None:
    person_id = await intake.name()
    await intake.keys.destroy(UUID(person_id))
    [shown] = await intake.people()
    assert (shown["details"], shown["erased"]) == ("erased", False)
    assert (await intake.erase(person_id)).status_code == 200
    [shown] = await intake.people()
    assert (shown["details"], shown["erased"]) == ("erased", True)
    assert len(await intake.records("person.erased")) == 1


async def test_an_erasure_that_is_refused_erases_nobody(intake: Office) -> None:
    person_id = await intake.name(intake.officer() | {"Idempotency-Key": "k-1"})
    path, reason = f"{PERSONS}/{person_id}/erasure", {"reason": "Henkilön pyyntö"}
    stale = await intake.post(path, reason, intake.officer() | {"If-Match": '"1"'})
    assert problem(stale, 412, "version-stale")["detail"].startswith("The current version is 2.")
    reused = await intake.post(path, reason, intake.officer() | {"Idempotency-Key": "k-1"})
    problem(reused, 409, "idempotency-key-reused")
    [shown] = await intake.people()
    assert (shown["details"], shown["erased"]) == (DETAILS, False)
    key = intake.officer() | {"Idempotency-Key": "k-2", "If-Match": '"2"'}
    first, again = await intake.post(path, reason, key), await intake.post(path, reason, key)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(await intake.records("person.erased")) == 1


async def test_two_erasures_at_the_same_moment_are_one(intake: Office) -> None:
    person_id = await intake.name()
    answers = await asyncio.gather(*(intake.erase(person_id) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(await intake.records("person.erased")) == 1
    assert [each["details"] for each in await intake.people()] == ["erased"]


@pytest.mark.parametrize("fault", ["away", "another key"])
async def test_while_the_keys_cannot_be_used_nothing_is_told_of_people_and_nothing_recorded(
    intake: Office, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person_id = await intake.name()
    size = await intake.service.size()
    if fault == "away":
        await intake.keys.stop()
        monkeypatch.setattr(intake.keys, "_pool", None)
        monkeypatch.setattr(intake.keys, "_dsn", "postgresql://nobody@127.0.0.1:1/none")
        problem(await intake.post(PERSONS, PERSON, intake.officer()), 503, "persons-unavailable")
        problem(await intake.erase(person_id), 503, "persons-unavailable")
    else:
        monkeypatch.setattr(intake.keys, "_key", bytes(32))
    document = problem(await intake.get(PERSONS, intake.officer()), 503, "persons-unavailable")
    assert holding([*SAID, "127.0.0.1"], [str(document).encode()]) == []
    assert await intake.service.size() == size
    monkeypatch.undo()
    monkeypatch.setattr(intake.keys, "_pool", None)
    assert [each["details"] for each in await intake.people()] == [DETAILS]


async def test_an_erased_person_never_gets_another_key(intake: Office) -> None:
    person_id = await intake.name()
    [named] = await intake.records("person.named")
    await intake.erase(person_id)
    with pytest.raises(Refused) as refused:
        await intake.keys.seal(UUID(person_id), DETAILS)
    assert refused.value.slug == "person-erased"
    never = UUID(UNKNOWN)
    await intake.keys.destroy(never)
    with pytest.raises(Refused):
        await intake.keys.seal(never, DETAILS)
    rows = await intake.service.ledger.pool.fetch("SELECT wrapped, destroyed_at FROM person_key")
    assert [row["wrapped"] for row in rows] == [None, None]
    assert all(row["destroyed_at"] is not None for row in rows)
    assert named.data["person_id"] == person_id


async def test_what_is_said_of_people_opens_by_the_countys_key_and_their_own_alone(intake: Office) -> None:
    first, second = await intake.name(), await intake.name()
    one, other = [Sealed.model_validate(each.data["details"]) for each in await intake.records("person.named")]
    assert [str(one.person_id), str(other.person_id)] == [first, second]
    assert one.ciphertext != other.ciphertext
    swapped = one.model_copy(update={"person_id": other.person_id})
    with pytest.raises(KeyUnusable):
        await intake.keys.open([swapped])
    stranger = PersonKeys(intake.database.service_dsn, "intake", bytes(32), intake.clock)
    with pytest.raises(KeyUnusable):
        await stranger.open([one])
    await stranger.stop()
    assert (await intake.keys.open([one, other]))[one] == DETAILS


async def test_who_was_erased_stays_erased_where_a_backup_brings_the_key_back(intake: Office) -> None:
    person_id = await intake.name()
    pool, before = intake.service.ledger.pool, await intake.service.size()
    backup = await pool.fetchval("SELECT wrapped FROM person_key")
    await intake.erase(person_id)
    await pool.execute("UPDATE person_key SET wrapped = $1, destroyed_at = NULL", backup)
    then: list[dict[str, Any]] = [{}, {"position": before}]
    for asked in then:
        assert [each["details"] for each in await intake.people(**asked)] == ["erased"]
    assert await intake.telling.addressee(f"association/{ASSOCIATION}") is None
    assert (await intake.erase(person_id)).status_code == 200
    assert await pool.fetchval("SELECT wrapped FROM person_key") is None


async def test_the_keys_may_have_a_database_of_their_own_and_an_erased_person_is_erased_again_after_its_restore(
    database: FreshDatabase, tmp_path: Path
) -> None:
    made = await database.all_migrated({name: [SERVICES / "intake" / "migrations"] for name in ("intake", "keys")})
    own = {"person_keys_url": made["keys"].service_dsn, "person_keys_schema": "keys"}
    settings = settings_of("intake", made["intake"].service_dsn, tmp_path, JANUARY)
    keys = _person_keys(IntakeSettings.model_validate({**settings.model_dump(by_alias=True), **own}))
    assert keys is not None
    person_id = UUID(UNKNOWN)
    connection = await asyncpg.connect(database.superuser_dsn)
    try:
        sealed = await keys.seal(person_id, DETAILS)
        backup = await connection.fetchval("SELECT wrapped FROM keys.person_key")
        assert await connection.fetchval("SELECT count(*) FROM intake.person_key") == 0
        for _ in range(2):
            assert (await keys.open([sealed]))[sealed] == DETAILS
            await keys.destroy(person_id)
            assert await keys.open([sealed]) == {}
            await connection.execute("UPDATE keys.person_key SET wrapped = $1, destroyed_at = NULL", backup)
    finally:
        await connection.close()
        await keys.stop()


async def test_an_erased_person_is_no_contact_of_an_application(intake: Office) -> None:
    person_id = await intake.name()
    assert (await intake.apply(contact_id=person_id)).status_code == 201
    await intake.erase(person_id)
    refused = await intake.apply(contact_id=person_id)
    assert pointers(problem(refused, 422, "rules-broken")) == ["/contact_id"]


# --- mandates ------------------------------------------------------------------------------------------------


async def test_once_there_is_a_mandate_only_who_holds_it_acts_for_the_association(intake: Office) -> None:
    draft = {"call_id": CALL_ID, "content": CONTENT}
    draft_id = (await intake.post("/drafts", draft, intake.applicant("anna"))).json()["draft_id"]
    application_id = (await intake.apply(intake.applicant("anna"))).json()["application_id"]
    await intake.name(role="mandate", person="matti", valid_until="2026-01-14")
    size = await intake.service.size()

    async def acts(person: str) -> list[httpx.Response]:
        who = intake.applicant(person)
        client, path = intake.service.client, f"/v1/drafts/{draft_id}"
        return [
            await intake.post("/drafts", draft, who),
            await client.put(path, json={"content": CONTENT}, headers=who | {"If-Match": '"1"'}),
            await intake.post(f"/drafts/{draft_id}/copies", {"call_id": CALL_ID}, who),
            await client.delete(path, headers=who | {"If-Match": '"9"'}),
            await intake.apply(who),
            await intake.post(f"/drafts/{draft_id}/submission", None, who),
            await intake.post(f"/applications/{application_id}/withdrawal", {"reason": "Peruttiin"}, who),
            await ask(intake, who),
            await intake.post(PERSONS, {**PERSON, "role": "mandate", "person": person}, who),
        ]

    for answer in await acts("anna"):
        problem(answer, 403, "no-mandate")
    assert await intake.service.size() == size
    assert [answer.status_code for answer in await acts("matti")] == [201, 200, 201, 412, 201, 201, 200, 201, 201]


async def test_a_mandate_lasts_to_the_end_of_its_last_day_in_helsinki(intake: Office) -> None:
    await intake.name(role="mandate", person="matti", valid_from="2026-01-13", valid_until="2026-01-14")
    matti = intake.applicant("matti")
    problem(await intake.apply(matti), 403, "no-mandate")
    intake.service.at(datetime(2026, 1, 12, 22, 0, tzinfo=UTC))
    assert (await intake.apply(matti)).status_code == 201
    intake.service.at(datetime(2026, 1, 14, 21, 58, tzinfo=UTC))
    assert (await intake.apply(matti)).status_code == 201
    intake.service.at(datetime(2026, 1, 14, 22, 0, tzinfo=UTC))
    problem(await intake.apply(matti), 403, "no-mandate")


async def test_an_ended_mandate_ends_and_officers_need_none(intake: Office) -> None:
    person_id = await intake.name(role="mandate", person="matti")
    assert (await intake.apply(intake.applicant("matti"))).status_code == 201
    await intake.post(f"{PERSONS}/{person_id}/end", {"valid_until": "2026-01-11"}, intake.officer())
    problem(await intake.apply(intake.applicant("matti")), 403, "no-mandate")
    assert (await ask(intake, intake.officer())).status_code == 201
    await intake.name(role="mandate", person="liisa")
    assert (await intake.apply(intake.applicant("liisa"))).status_code == 201
