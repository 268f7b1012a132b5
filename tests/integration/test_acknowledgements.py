"""What the back office answers moves the vouchers that it names, and no others."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from schemas.payments import GrantAwarded
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import InProcess, identity, in_process
from tests.unit.given import fact

NOW = datetime(2026, 3, 5, 8, tzinfo=UTC)
HEADER = "Numerosarja;Tositenumero;Tila;Selite\r\n"
ANSWER = {"profile": "dynasty", "year": "2026"}


async def exported(service: InProcess) -> dict[str, str]:
    """Three vouchers went out; the header of who did it."""
    for number in (1, 2, 3):
        await service.given(f"grant/{identity(number)}", fact(GrantAwarded, application_id=identity(number)))
    finance = service.token(Role.FINANCE, person="taina")
    body = {"period": "2026-02", "profile": "dynasty"}
    made = await service.client.post("/v1/voucher-exports", json=body, headers=finance)
    assert (made.status_code, made.json()["count"]) == (201, 3)
    return finance


async def answered(service: InProcess, finance: dict[str, str], lines: str) -> httpx.Response:
    content = (HEADER + lines).encode()
    return await service.client.post("/v1/acknowledgements", params=ANSWER, content=content, headers=finance)


async def states(service: InProcess, finance: dict[str, str], **asked: Any) -> list[tuple[int, str, str | None]]:
    found = await service.client.get("/v1/vouchers", params={"year": "2026", **asked}, headers=finance)
    assert found.status_code == 200, found.text
    return [(item["number"], item["state"], item["reason"]) for item in found.json()["items"]]


async def test_only_the_vouchers_that_the_file_names_move(database: FreshDatabase, tmp_path: Path) -> None:
    async with in_process("payments", database, tmp_path, NOW) as service:
        finance = await exported(service)
        assert await states(service, finance) == [(1, "sent", None), (2, "sent", None), (3, "sent", None)]
        told = await answered(service, finance, "av;1;Hyväksytty;\r\nav;2;Hylätty;Tili puuttuu\r\nav;9;Hyväksytty;\r\n")
        assert told.status_code == 200, told.text
        answer = told.json()
        assert (answer["accepted"], answer["failed"]) == (1, [{"series": "av", "number": 2, "reason": "Tili puuttuu"}])
        assert len(answer["problems"]) == 1
        assert await states(service, finance) == [
            (1, "accepted", None),
            (2, "failed", "Tili puuttuu"),
            (3, "sent", None),
        ]
        assert await states(service, finance, state="failed") == [(2, "failed", "Tili puuttuu")]


async def test_the_same_file_changes_nothing_and_a_later_one_names_a_voucher_anew(
    database: FreshDatabase, tmp_path: Path
) -> None:
    async with in_process("payments", database, tmp_path, NOW) as service:
        finance = await exported(service)
        first = "av;2;Hylätty;Tili puuttuu\r\n"
        assert not (await answered(service, finance, first)).json()["already_imported"]
        size = await service.size()
        assert (await answered(service, finance, first)).json()["already_imported"]
        assert await service.size() == size
        await answered(service, finance, "av;2;Hyväksytty;\r\n")
        assert (await states(service, finance))[1] == (2, "accepted", None)
        then = await states(service, finance, position=str(size))
        assert then[1] == (2, "failed", "Tili puuttuu")


async def test_vouchers_are_told_page_by_page(database: FreshDatabase, tmp_path: Path) -> None:
    async with in_process("payments", database, tmp_path, NOW) as service:
        finance = await exported(service)
        asked = {"year": "2026", "limit": "2"}
        first = (await service.client.get("/v1/vouchers", params=asked, headers=finance)).json()
        assert [item["number"] for item in first["items"]] == [1, 2]
        second = await service.client.get("/v1/vouchers", params={**asked, "cursor": first["next"]}, headers=finance)
        assert ([item["number"] for item in second.json()["items"]], second.json()["next"]) == ([3], None)


async def test_a_file_that_cannot_be_read_or_a_profile_without_an_answer_is_refused_with_the_reason(
    database: FreshDatabase, tmp_path: Path
) -> None:
    async with in_process("payments", database, tmp_path, NOW) as service:
        finance = await exported(service)
        size = await service.size()
        broken = await service.client.post("/v1/acknowledgements", params=ANSWER, content=b"", headers=finance)
        assert broken.status_code == 422
        other = {**ANSWER, "profile": "fixed"}
        none = await service.client.post("/v1/acknowledgements", params=other, content=b"x", headers=finance)
        assert none.status_code == 404
        auditor = service.token(Role.AUDITOR)
        denied = await service.client.post("/v1/acknowledgements", params=ANSWER, content=b"x", headers=auditor)
        assert denied.status_code == 403
        assert await service.size() == size
