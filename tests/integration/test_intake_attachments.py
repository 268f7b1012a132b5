"""Attachments over HTTP: what comes is kept byte for byte under its hash, is its association's alone, and is named in
the application that it belongs to.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from struct import pack
from typing import Any

import httpx
import pytest
import typst
from structlog.testing import capture_logs

from schemas.intake import AssociationRegistered, CallPublished
from services.intake.storage.limits import SIZE_BYTES_MAX
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, UNKNOWN, pointers, problem
from tests.integration.intake_office import OTHER_ASSOCIATION, THIRD_ASSOCIATION, Office, office
from tests.unit.given import fact

AWAITING: dict[str, Any] = {
    "call_id": "awaiting-2026",
    "attachments": [
        {"kind": "annual-accounts", "label": {"fi": "Tilinpäätös"}, "later_until": "2026-04-30"},
        {"kind": "rules", "label": {"fi": "Säännöt"}},
    ],
}


def png() -> bytes:
    """An image of one grey point (ISO/IEC 15948)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    header = pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b"")
    )


PNG = png()
PDF: bytes = typst.compile("= Tilinpäätös 2025".encode(), format="pdf")


@pytest.fixture
async def intake(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(database, tmp_path) as made:
        registered = fact(AssociationRegistered, association_id=OTHER_ASSOCIATION)
        await made.service.given(f"association/{OTHER_ASSOCIATION}", registered)
        yield made


async def store(
    intake: Office, content: Any = PDF, headers: dict[str, str] | None = None, **asked: str
) -> httpx.Response:
    query = {"kind": "annual-accounts", "name": "tilinpäätös.pdf", **asked}
    chosen = intake.applicant() if headers is None else headers
    return await intake.service.client.post("/v1/attachments", params=query, content=content, headers=chosen)


async def stored(intake: Office, content: bytes = PDF, headers: dict[str, str] | None = None, **asked: str) -> str:
    answer = await store(intake, content, headers, **asked)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["attachment_id"])


async def read(intake: Office, attachment_id: str, headers: dict[str, str]) -> httpx.Response:
    return await intake.get(f"/attachments/{attachment_id}/content", headers)


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (PDF, "tilinpäätös.pdf", "application/pdf"),
        (PNG, "kuva.png", "image/png"),
        (PNG, "valehtelee.pdf", "image/png"),
        ("Äiti;1,50\n".encode("cp1252"), "../../etc/passwd", "text/plain"),
    ],
)
async def test_a_file_is_known_by_its_content_and_read_back_byte_for_byte(
    intake: Office, content: bytes, name: str, media_type: str
) -> None:
    headers = intake.applicant() | {"Content-Type": "application/x-lies"}
    answer = await store(intake, content, headers, name=name)
    digest = hashlib.sha256(content).hexdigest()
    attachment_id = answer.json()["attachment_id"]
    assert (answer.status_code, answer.json()) == (201, {
        "attachment_id": attachment_id, "kind": "annual-accounts", "name": name, "sha256": digest,
        "size_bytes": len(content), "media_type": media_type,
    })  # fmt: skip
    [event] = await intake.records("attachment.stored")
    assert event.data == {"association_id": ASSOCIATION, "file": answer.json()}
    for who in (intake.applicant(), intake.officer(), intake.service.token(Role.AUDITOR)):
        back = await read(intake, attachment_id, who)
        assert (back.status_code, back.content) == (200, content)
        assert back.headers["content-type"] == "application/octet-stream"
        assert back.headers["content-disposition"] == "attachment"


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"", "attachment-empty"),
        (b"<html><script>alert(1)</script></html>", "attachment-type"),
        (b"MZ\x90\x00\x03", "attachment-type"),
        (b"PK\x03\x04" + b"\0" * 100, "attachment-type"),
    ],
)
async def test_what_is_no_document_is_refused_and_nothing_is_kept(intake: Office, content: bytes, slug: str) -> None:
    assert pointers(problem(await store(intake, content), 422, slug)) == ["/content"]
    assert await intake.records("attachment.stored") == []
    assert list(intake.service.folder.glob("attachment-*")) == []


async def in_pieces(size: int, piece: int) -> AsyncIterator[bytes]:
    for start in range(0, size, piece):
        yield b"a" * min(piece, size - start)


@pytest.mark.parametrize("over", [1, 1000])
@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "k-1"}])
@pytest.mark.parametrize("piece", [None, 64 * 1024, 3_000_000])
async def test_a_file_that_is_too_large_is_told_the_limit_however_it_comes(
    intake: Office, over: int, key: dict[str, str], piece: int | None
) -> None:
    size, headers = SIZE_BYTES_MAX + over, intake.applicant() | key
    answer = await store(intake, b"a" * size if piece is None else in_pieces(size, piece), headers)
    document = problem(answer, *((413, "body-too-large") if piece is None else (422, "attachment-too-large")))
    assert str(SIZE_BYTES_MAX) in document["detail"]
    assert await intake.records("attachment.stored") == []
    assert list(intake.service.folder.glob("attachment-*")) == []


async def test_the_largest_file_that_may_come_is_kept(intake: Office) -> None:
    assert (await store(intake, b"a" * SIZE_BYTES_MAX)).json()["size_bytes"] == SIZE_BYTES_MAX


async def test_files_of_the_same_name_are_both_kept(intake: Office) -> None:
    first, second, same = await stored(intake, PDF), await stored(intake, PNG), await stored(intake, PDF)
    assert len({first, second, same}) == 3
    assert (await read(intake, first, intake.applicant())).content == PDF
    assert (await read(intake, second, intake.applicant())).content == PNG
    listed = (await intake.get("/attachments", intake.applicant())).json()["items"]
    assert [(each["attachment_id"], each["name"]) for each in listed] == [
        (each, "tilinpäätös.pdf") for each in sorted([first, second, same])
    ]


async def test_a_file_that_is_sent_again_with_its_key_is_recorded_once(intake: Office) -> None:
    headers = intake.applicant() | {"Idempotency-Key": "k-1"}
    first, again = await store(intake, PDF, headers), await store(intake, PDF, headers)
    assert (again.status_code, again.content) == (201, first.content)
    problem(await store(intake, PNG, headers), 409, "idempotency-key-reused")
    problem(await store(intake, PDF, headers, name="tase.pdf"), 409, "idempotency-key-reused")
    other = intake.applicant(association=OTHER_ASSOCIATION) | {"Idempotency-Key": "k-1"}
    problem(await store(intake, PDF, other), 409, "idempotency-key-reused")
    assert len(await intake.records("attachment.stored")) == 1


async def test_a_form_around_a_file_is_told_from_the_file(intake: Office) -> None:
    form = {"file": ("muistio.txt", b"Muistio", "text/plain")}
    query = {"kind": "plan", "name": "muistio.txt"}
    answer = await intake.service.client.post(
        "/v1/attachments", params=query, files=form, headers=intake.applicant()
    )  # fmt: skip
    assert pointers(problem(answer, 422, "attachment-in-a-form")) == ["/content"]
    assert await intake.records("attachment.stored") == []


async def test_whoever_may_not_act_for_an_association_stores_nothing_of_its(intake: Office) -> None:
    read: list[int] = []

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(3):
            read.append(number)
            yield PDF

    await intake.name(role="mandate", person="matti")
    problem(await store(intake, pieces(), intake.applicant("anna")), 403, "no-mandate")
    unknown = await store(intake, pieces(), intake.officer(), association_id=THIRD_ASSOCIATION)
    assert "register it first" in problem(unknown, 404, "not-found")["detail"]
    assert (read, await intake.records("attachment.stored")) == ([], [])
    await stored(intake, PDF, intake.applicant("matti"))
    await stored(intake, PDF, intake.officer(), association_id=ASSOCIATION)


@pytest.mark.parametrize("key", [[], [(b"idempotency-key", b"k-1")]])
async def test_a_sender_that_breaks_off_is_no_fault_of_ours_and_leaves_nothing(
    intake: Office, key: list[tuple[bytes, bytes]]
) -> None:
    coming = [{"type": "http.request", "body": b"Muisti", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return coming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(name.lower().encode(), value.encode()) for name, value in intake.applicant().items()]
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "path": "/v1/attachments",
        "raw_path": b"/v1/attachments", "query_string": b"kind=plan&name=muistio.txt", "headers": [*headers, *key],
    }  # fmt: skip
    with capture_logs() as logs:
        await intake.service.app(scope, receive, send)
    assert (sent[0]["status"], logs) == (400, [])
    assert await intake.records("attachment.stored") == []
    assert list(intake.service.folder.glob("attachment-*")) == []


async def test_another_associations_file_is_as_if_it_were_not_there(intake: Office) -> None:
    attachment_id = await stored(intake)
    other = intake.applicant(association=OTHER_ASSOCIATION)
    problem(await read(intake, attachment_id, other), 404, "not-found")
    problem(await read(intake, UNKNOWN, intake.applicant()), 404, "not-found")
    assert (await intake.get("/attachments", other)).json()["items"] == []
    problem(await intake.get("/attachments", other, association_id=ASSOCIATION), 404, "not-found")
    problem(await store(intake, PDF, other, association_id=ASSOCIATION), 404, "not-found")
    for role in (Role.FINANCE, Role.OPERATOR):
        problem(await read(intake, attachment_id, intake.service.token(role)), 403, "forbidden")


async def test_an_officer_says_whose_a_file_is(intake: Office) -> None:
    unsaid = problem(await store(intake, PDF, intake.officer()), 422, "association-not-named")
    assert pointers(unsaid) == ["/association_id"]
    attachment_id = await stored(intake, PDF, intake.officer(), association_id=ASSOCIATION)
    assert (await read(intake, attachment_id, intake.applicant())).content == PDF


# --- files of an application ---------------------------------------------------------------------------------


async def test_an_application_names_its_files_with_their_hashes(intake: Office) -> None:
    attachment_id = await stored(intake)
    sent = await intake.apply(attachments=[attachment_id])
    assert sent.status_code == 201
    [event] = await intake.records("application.submitted")
    [file] = event.data["attachments"]
    assert (file["attachment_id"], file["sha256"]) == (attachment_id, hashlib.sha256(PDF).hexdigest())
    shown = await intake.get(f"/applications/{sent.json()['application_id']}", intake.applicant())
    assert shown.json()["attachments"] == [file]


async def test_an_unknown_file_and_anothers_file_are_refused_in_the_same_words(intake: Office) -> None:
    own = await stored(intake)
    others = await stored(intake, PDF, intake.applicant(association=OTHER_ASSOCIATION))
    document = problem(await intake.apply(attachments=[own, others, UNKNOWN]), 422, "rules-broken")
    assert pointers(document) == ["/attachments/1", "/attachments/2"]
    assert len({each["detail"] for each in document["errors"]}) == 1
    assert await intake.records("application.submitted") == []


async def test_a_file_that_answers_a_question_is_one_of_the_applications(intake: Office) -> None:
    question = {"question_id": "plan", "kind": "file", "label": {"fi": "Suunnitelma"}, "required": True}
    await intake.service.given("call/asking-2026", fact(CallPublished, call_id="asking-2026", questions=[question]))
    attachment_id = await stored(intake, kind="plan")
    answers = [{"question_id": "plan", "value": attachment_id}]
    alone = await intake.apply(call_id="asking-2026", answers=answers)
    assert pointers(problem(alone, 422, "rules-broken")) == ["/answers/0/value"]
    both = await intake.apply(call_id="asking-2026", answers=answers, attachments=[attachment_id])
    assert both.status_code == 201


async def test_what_may_follow_later_follows_until_the_end_of_its_last_day_in_helsinki(intake: Office) -> None:
    await intake.service.given("call/awaiting-2026", fact(CallPublished, **AWAITING))
    missing = await intake.apply(call_id="awaiting-2026")
    assert pointers(problem(missing, 422, "rules-broken")) == ["/attachments"]
    rules = await stored(intake, kind="rules")
    sent = await intake.apply(call_id="awaiting-2026", attachments=[rules])
    path = f"/applications/{sent.json()['application_id']}"

    async def add(attachment_id: str, who: dict[str, str] | None = None) -> httpx.Response:
        return await intake.post(f"{path}/attachments", {"attachment_id": attachment_id}, who or intake.applicant())

    accounts, late = await stored(intake), await stored(intake, PNG)
    photo = await stored(intake, PNG, kind="photo")
    others = await stored(intake, PDF, intake.applicant(association=OTHER_ASSOCIATION))
    assert pointers(problem(await add(photo), 422, "attachment-not-awaited")) == ["/kind"]
    for unknown in (UNKNOWN, others):
        assert pointers(problem(await add(unknown), 422, "unknown-attachment")) == ["/attachment_id"]
    problem(await add(accounts, intake.applicant(association=OTHER_ASSOCIATION)), 404, "not-found")

    intake.service.at(datetime(2026, 4, 30, 20, 58, tzinfo=UTC))
    added = await add(accounts)
    assert (added.status_code, added.headers["ETag"]) == (201, '"2"')
    problem(await add(accounts), 409, "attached-already")
    shown = (await intake.get(path, intake.applicant())).json()
    assert [each["attachment_id"] for each in shown["attachments"]] == [rules, accounts]
    intake.service.at(datetime(2026, 4, 30, 21, 0, tzinfo=UTC))
    problem(await add(late), 409, "attachment-late")
    [event] = await intake.records("application.attachment_added")
    assert event.data["file"]["sha256"] == hashlib.sha256(PDF).hexdigest()
