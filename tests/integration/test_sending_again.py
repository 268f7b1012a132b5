"""A file that never came to the bank is handed over once more, by a person who says why; not one that the bank has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.databases import FreshDatabase
from tests.integration.finance_office import REJECTION, FinanceOffice, finance_office
from tests.integration.in_process import UNKNOWN, problem

REASON = "Pankki: aineistoa ei ole tullut"


@pytest.fixture
async def office(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[FinanceOffice]:
    async with finance_office(database, tmp_path) as made:
        yield made


async def lost(office: FinanceOffice) -> tuple[dict[str, Any], Path, bytes]:
    """A run whose file the bank's connection took away and lost."""
    await office.grant(1)
    await office.grant(2)
    run = await office.send(await office.propose())
    [file] = (office.service.folder / "outbox").glob("*.xml")
    content = file.read_bytes()
    file.unlink()
    return run, file, content


async def test_the_same_bytes_go_out_under_the_same_name_and_it_is_told_who_asked_and_why(
    office: FinanceOffice,
) -> None:
    run, file, content = await lost(office)
    answer = await office.post(f"/runs/{run['run_id']}/sending-again", "bertta", reason=REASON)
    assert (answer.status_code, answer.json()) == (200, {"sha256": run["sha256"], "name": file.name})
    assert file.read_bytes() == content
    shown = await office.get(f"/runs/{run['run_id']}")
    assert (shown["state"], shown["sent_again"]) == (
        "sent", [{"reason": REASON, "person": "bertta", "on": "2026-04-01"}]
    )  # fmt: skip
    assert [each["state"] for each in (await office.get("/payments"))["items"]] == ["sent", "sent"]
    assert (await office.book(run)) == {"payment.booked": 2}


async def test_a_file_that_is_still_there_is_not_written_again(office: FinanceOffice) -> None:
    run, file, _ = await lost(office)
    file.write_bytes(b"the bank is reading it")
    answer = await office.post(f"/runs/{run['run_id']}/sending-again", reason=REASON)
    assert answer.status_code == 200
    assert file.read_bytes() == b"the bank is reading it"


async def test_a_bank_that_has_told_of_one_payment_has_the_file(office: FinanceOffice) -> None:
    run, file, _ = await lost(office)
    end_to_end = run["lines"][0]["end_to_end_id"]
    await office.hand_in(REJECTION.format(message=run["message_id"], end_to_end=end_to_end).encode())
    refused = problem(await office.post(f"/runs/{run['run_id']}/sending-again", reason=REASON), 409, "bank-answered")
    assert "1 of 2 payments" in refused["detail"]
    assert not file.exists()


async def test_the_command_again_after_the_bank_answered_hands_nothing_over(office: FinanceOffice) -> None:
    run, file, _ = await lost(office)
    path, headers = f"/v1/runs/{run['run_id']}/sending-again", office.headers() | {"Idempotency-Key": "again-1"}
    first = await office.service.client.post(path, json={"reason": REASON}, headers=headers)
    await office.book(run)
    file.unlink()
    second = await office.service.client.post(path, json={"reason": REASON}, headers=headers)
    assert (first.status_code, second.status_code, first.json()) == (200, 200, second.json())
    assert not file.exists()
    assert (await office.service.types()).count("run.sent_again") == 1


async def test_after_a_crash_before_the_hand_over_the_same_command_hands_it_over(office: FinanceOffice) -> None:
    run, file, content = await lost(office)
    path, headers = f"/v1/runs/{run['run_id']}/sending-again", office.headers() | {"Idempotency-Key": "again-1"}
    await office.service.client.post(path, json={"reason": REASON}, headers=headers)
    file.unlink()  # As if the service had died after it recorded the command.
    assert (await office.service.client.post(path, json={"reason": REASON}, headers=headers)).status_code == 200
    assert file.read_bytes() == content
    assert (await office.service.types()).count("run.sent_again") == 1


async def test_a_run_that_was_not_sent_is_sent_first(office: FinanceOffice) -> None:
    await office.grant(1)
    run = await office.propose()
    problem(await office.post(f"/runs/{run['run_id']}/sending-again", reason=REASON), 409, "not-sent")
    problem(await office.post(f"/runs/{UNKNOWN}/sending-again", reason=REASON), 404, "not-found")
