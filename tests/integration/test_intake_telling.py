"""What applicants are told of by mail, and whom a mail reaches: events, registers, keys and server are real."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from schemas.decisions import RectificationNotified, SupplementRequested
from schemas.intake import ApplicationStandingChanged, AssociationRegistered
from services.intake.messages import Letterhead, Mailer, Occasion, Post, follow, list_messages, send_due
from services.intake.standings import standing_of
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, UNKNOWN, pointers, problem
from tests.integration.intake_office import (
    CALL_ID,
    CONTENT,
    OTHER_ASSOCIATION,
    PERSON,
    TERMS,
    THIRD_ASSOCIATION,
    Office,
    office,
)
from tests.integration.mail_server import HOST, MailServer
from tests.unit.given import county, fact

AMENDMENT = {**TERMS, "closes_at": "2026-01-23T16:00", "what_changed": {"fi": "Hakuaika jatkuu.", "sv": "Ny tid."}}


@pytest.fixture
async def intake(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(database, tmp_path) as made:
        for association_id, language in ((OTHER_ASSOCIATION, "sv"), (THIRD_ASSOCIATION, "en")):
            registered = fact(AssociationRegistered, association_id=association_id, language=language)
            await made.service.given(f"association/{association_id}", registered)
        yield made


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    made = MailServer()
    await made.start()
    yield made
    await made.stop()


async def applied(intake: Office, association: str = ASSOCIATION, **changed: Any) -> str:
    answer = await intake.apply(
        intake.applicant(association=association), association_id=association, **changed
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    return str(answer.json()["application_id"])


async def occasions(intake: Office) -> list[Occasion]:
    """What all events of the ledger are the occasion for."""
    return [each for record in await intake.records() for each in await intake.telling.occasions(record)]


async def reached(intake: Office, subject: str) -> tuple[str, str, str] | None:
    found = await intake.telling.addressee(subject)
    return None if found is None else (found.address, found.name, found.language)


# --- occasions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("standing", "occasion"),
    [
        ("received", None), ("in_preparation", "received"), ("supplement_requested", "supplement_requested"),
        ("transferred", "transferred"), ("decided", "decided"), ("notified", "notified"), ("final", "final"),
        ("paid", "paid"), ("payment_delayed", "payment_delayed"), ("recovery", "recovery_to_pay"), ("withdrawn", None),
        ("agreement_offered", "agreement_offered"), ("agreement_signed", None),
        ("cost_report_returned", "cost_report_returned"), ("cost_report_accepted", None),
        ("change_decided", "change_decided"), ("own_funding_awaited", "own_funding_awaited"), ("payment_sent", None),
        ("appealed", None), ("report_received", None),
    ],
)  # fmt: skip
async def test_a_new_standing_is_an_occasion_once(intake: Office, standing: str, occasion: str | None) -> None:
    application_id = await applied(intake)
    request_id = UNKNOWN if standing == "supplement_requested" else None
    changed = fact(
        ApplicationStandingChanged, application_id=application_id, standing=standing, due_on="2026-02-06",
        question="Tilinpäätös?", municipality="joensuu", request_id=request_id,
    )  # fmt: skip
    await intake.service.given(f"application/{application_id}", changed)
    found = await occasions(intake)
    assert [each.name for each in found] == ([] if occasion is None else [occasion])
    for each in found:
        assert (each.subject, each.application_id) == (f"application/{application_id}", application_id)
        assert each.parameters["municipality"] == {"fi": "Joensuu", "en": "Joensuu", "sv": None}
        assert str(each.parameters["due_on"]) == "2026-02-06"
    await follow(intake.service.ledger, intake.telling.occasions)
    await follow(intake.service.ledger, intake.telling.occasions)
    assert len(await list_messages(intake.service.ledger)) == len(found)


async def test_notice_of_the_decision_on_a_claim_is_told_with_the_last_day_to_appeal(intake: Office) -> None:
    application_id = await applied(intake)
    notified = standing_of(fact(RectificationNotified, application_id=application_id), county(), date(2026, 3, 25))
    assert notified is not None
    await intake.service.given(f"application/{application_id}", notified)
    [found] = await occasions(intake)
    assert (found.name, str(found.parameters["last_appeal_day"])) == ("claim_notified", "2026-04-27")


async def test_an_amendment_is_told_once_to_each_who_has_applied_or_is_writing(intake: Office) -> None:
    for _ in range(3):
        await applied(intake)
    await applied(intake, OTHER_ASSOCIATION)
    draft = {"call_id": CALL_ID, "content": CONTENT}
    for association in (OTHER_ASSOCIATION, THIRD_ASSOCIATION, THIRD_ASSOCIATION):
        await intake.post("/drafts", draft, intake.applicant(association=association))
    amended = await intake.post(f"/calls/{CALL_ID}/amendments", AMENDMENT, intake.officer())
    assert amended.status_code == 201
    found = await occasions(intake)
    assert [(each.name, each.subject) for each in found] == [
        ("call_amended", f"association/{each}") for each in sorted([ASSOCIATION, OTHER_ASSOCIATION, THIRD_ASSOCIATION])
    ]
    assert found[0].parameters["what_changed"] == {"fi": "Hakuaika jatkuu.", "sv": "Ny tid.", "en": None}


@pytest.mark.parametrize("ended", ["withdrawn", "transferred", "decided", "paid"])
async def test_whose_matter_has_ended_is_not_told_that_the_call_changed(intake: Office, ended: str) -> None:
    application_id = await applied(intake)
    if ended == "withdrawn":
        path = f"/applications/{application_id}/withdrawal"
        assert (await intake.post(path, {"reason": "Peruttiin"}, intake.applicant())).status_code == 200
    else:
        told = fact(ApplicationStandingChanged, application_id=application_id, standing=ended)
        await intake.service.given(f"application/{application_id}", told)
    await applied(intake, OTHER_ASSOCIATION)
    await intake.post(f"/calls/{CALL_ID}/amendments", AMENDMENT, intake.officer())
    amended = [each for each in await occasions(intake) if each.name == "call_amended"]
    assert [each.subject for each in amended] == [f"association/{OTHER_ASSOCIATION}"]


async def test_who_applied_to_another_call_or_after_the_amendment_is_not_told_of_it(intake: Office) -> None:
    await intake.post(f"/calls/{CALL_ID}/amendments", AMENDMENT, intake.officer())
    await applied(intake)
    assert await occasions(intake) == []


async def test_a_change_of_account_is_told_when_it_is_asked_for_and_when_it_was_made_or_was_not(intake: Office) -> None:
    path = f"/associations/{ASSOCIATION}/account-changes"
    for ending, sent in (("refusal", {"reason": "Tiliote puuttuu"}), ("confirmation", {})):
        intake.service.at(datetime(2026, 1, 12, 8, 0, tzinfo=UTC))
        asked = await intake.post(path, {"iban": "FI1410093000123458", "reason": "Pankki vaihtui"}, intake.applicant())
        intake.service.at(datetime(2026, 1, 16, 8, 0, tzinfo=UTC))
        done = await intake.post(f"{path}/{asked.json()['change_id']}/{ending}", sent, intake.officer())
        assert done.status_code == 200, done.text
        shown = (await intake.get(f"/associations/{ASSOCIATION}", intake.applicant())).json()
        refused = shown["account_change_refused"]
        assert (refused and refused["reason"]) == sent.get("reason")
    found = await occasions(intake)
    assert [each.name for each in found] == [
        "account_change_requested", "account_change_refused", "account_change_requested", "account_changed",
    ]  # fmt: skip
    assert {(each.subject, len(each.parameters)) for each in found} == {(f"association/{ASSOCIATION}", 0)}


# --- addressees ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["contact", "signatory", "mandate"])
async def test_an_applications_own_contact_is_told_whatever_their_part(intake: Office, role: str) -> None:
    await intake.name(name="Joku Muu", email="muu@yhdistys.example")
    own = await intake.name(name="Oma", email="oma@yhdistys.example", role=role, person="anna")
    application_id = await applied(intake, contact_id=own)
    assert await reached(intake, f"application/{application_id}") == ("oma@yhdistys.example", "Oma", "fi")


async def test_without_a_contact_of_its_own_the_associations_contact_in_force_is_told(intake: Office) -> None:
    application_id = await applied(intake)
    subject = f"application/{application_id}"
    assert await reached(intake, subject) is None
    await intake.name(name="Allekirjoittaja", email="allekirjoittaja@yhdistys.example", role="signatory")
    await intake.name(name="Entinen", email="entinen@yhdistys.example", valid_until="2026-01-11")
    await intake.name(name="Tuleva", email="tuleva@yhdistys.example", valid_from="2026-01-13")
    assert await reached(intake, subject) is None
    await intake.name(name="Nykyinen", email="nyt@yhdistys.example", valid_from="2026-01-12", valid_until="2026-01-12")
    assert await reached(intake, subject) == ("nyt@yhdistys.example", "Nykyinen", "fi")
    assert await reached(intake, f"association/{ASSOCIATION}") == ("nyt@yhdistys.example", "Nykyinen", "fi")
    intake.service.at(datetime(2026, 1, 12, 22, 0, tzinfo=UTC))
    assert await reached(intake, subject) == ("tuleva@yhdistys.example", "Tuleva", "fi")


async def test_nobody_is_told_once_they_are_erased_also_where_the_erasure_is_not_recorded_yet(intake: Office) -> None:
    first = await intake.name(name="Oma", email="oma@yhdistys.example")
    application_id = await applied(intake, contact_id=first)
    subject = f"application/{application_id}"
    await intake.keys.destroy(UUID(first))
    assert await reached(intake, subject) is None
    await intake.name(name="Toinen", email="toinen@yhdistys.example")
    assert await reached(intake, subject) == ("toinen@yhdistys.example", "Toinen", "fi")
    await intake.erase(first)
    assert await reached(intake, subject) == ("toinen@yhdistys.example", "Toinen", "fi")


async def test_an_addressee_is_written_to_in_the_associations_language(intake: Office) -> None:
    await intake.name(whose=OTHER_ASSOCIATION)
    found = await intake.telling.addressee(f"association/{OTHER_ASSOCIATION}")
    assert found is not None
    assert found.language == "sv"
    assert await reached(intake, f"application/{UNKNOWN}") is None
    assert await reached(intake, "association/2050864-4") is None


@pytest.mark.parametrize(
    "email", ["äiti@yhdistys.example", "a..b@yhdistys.example", ".a@yhdistys.example", "a@yhdistys", "a@b@yhdistys.fi"]
)
async def test_who_could_never_be_reached_by_mail_is_not_named(intake: Office, email: str) -> None:
    sent = {**PERSON, "email": email}
    answer = await intake.post(f"/associations/{ASSOCIATION}/persons", sent, intake.officer())
    assert pointers(problem(answer, 422, "validation")) == ["/email"]


async def test_a_domain_beyond_ascii_and_a_name_with_marks_that_do_not_print_are_reached(intake: Office) -> None:
    await intake.name(name="Aino\u00ad \u202eKallio\u2028", email="aino@yhdistys-ä.example")
    assert await reached(intake, f"association/{ASSOCIATION}") == (
        "aino@xn--yhdistys--32a.example", "Aino Kallio", "fi",
    )  # fmt: skip


# --- from the event to the mail ------------------------------------------------------------------------------


async def test_a_supplement_that_is_asked_for_arrives_as_a_mail_in_the_applicants_language(
    intake: Office, server: MailServer
) -> None:
    contact = await intake.name(whose=OTHER_ASSOCIATION, name="Åsa Öhman", email="asa@forening.example")
    application_id = await applied(intake, OTHER_ASSOCIATION, contact_id=contact)
    asked = fact(
        SupplementRequested, application_id=application_id, request_id=UNKNOWN,
        question="Skicka bokslutet för 2025.", due_on="2026-02-06",
    )  # fmt: skip
    standing = standing_of(asked, county(), date(2026, 1, 20))
    assert standing is not None
    await intake.service.given(f"application/{application_id}", standing)
    mailer = Mailer(f"smtp://{HOST}:{server.port}?starttls=never", "avustukset@county.example")
    post = Post(mailer, intake.telling.addressee, Letterhead("Pohjois-Karjala", "https://avustukset.example.fi"))
    await follow(intake.service.ledger, intake.telling.occasions)
    kept = await intake.service.ledger.pool.fetch("SELECT to_jsonb(message)::text AS row FROM message")
    assert len(kept) == 1
    assert not any(said in kept[0]["row"] for said in ("Åsa", "asa@forening.example", json.dumps("Åsa")[1:-1]))
    for _ in range(2):
        await follow(intake.service.ledger, intake.telling.occasions)
        await send_due(intake.service.ledger, post)
    [mail] = server.arrived
    assert mail.recipients == ("asa@forening.example",)
    assert mail.message["Content-Language"] == "sv"
    text = mail.message.get_content()
    assert "Skicka bokslutet för 2025." in text
    assert "6.2.2026" in text
    assert "Åsa Öhman" in text
    assert "Hej" in text


# --- what officers see of mails ------------------------------------------------------------------------------


async def test_officers_see_which_mail_was_not_sent_and_why_and_send_it_again(
    intake: Office, server: MailServer
) -> None:
    contact = await intake.name(email="aino@yhdistys.example")
    application_id = await applied(intake, contact_id=contact)
    for standing in ("decided", "final"):
        changed = fact(ApplicationStandingChanged, application_id=application_id, standing=standing)
        await intake.service.given(f"application/{application_id}", changed)
    server.to_recipients.append("550 5.1.1 <aino@yhdistys.example>: unknown")
    mailer = Mailer(f"smtp://{HOST}:{server.port}?starttls=never", "avustukset@county.example")
    post = Post(mailer, intake.telling.addressee, Letterhead("Pohjois-Karjala", "https://avustukset.example.fi"))
    await follow(intake.service.ledger, intake.telling.occasions)
    await send_due(intake.service.ledger, post)

    first = (await intake.get("/messages", intake.officer(), limit=1)).json()
    second = (await intake.get("/messages", intake.officer(), limit=1, cursor=first["next"])).json()
    assert [each["occasion"] for page in (first, second) for each in page["items"]] == ["decided", "final"]
    assert second["next"] is None
    failed = await intake.get("/messages", intake.officer(), state="failed", application_id=application_id)
    [message] = failed.json()["items"]
    assert message["last_error"] == "the mail server refused the mail: 550 5.1.1"
    assert "aino" not in failed.text
    problem(await intake.get("/messages", intake.applicant()), 403, "forbidden")
    problem(await intake.get("/messages", intake.officer(), cursor="x"), 400, "cursor-invalid")

    path = f"/messages/{message['id']}/retry"
    problem(await intake.post(path, None, intake.applicant()), 403, "forbidden")
    assert (await intake.post(path, None, intake.officer())).json()["state"] == "queued"
    problem(await intake.post(path, None, intake.officer()), 409, "not-retriable")
    problem(await intake.post(f"/messages/{UNKNOWN}/retry", None, intake.officer()), 404, "not-found")
    await send_due(intake.service.ledger, post)
    assert [each.recipients for each in server.arrived] == [("aino@yhdistys.example",)] * 2
    assert (await intake.get("/messages", intake.officer(), state="failed")).json()["items"] == []
