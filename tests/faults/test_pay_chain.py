"""P9: a crash at any point of the chain of a payment sends nothing to the bank twice and loses nothing. The service is
killed between every two steps of every command from the proposal of a run to the export of its vouchers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from deploy.local.mockbank import BankMessage, FileAnswer, MockBank
from tests.faults.pay_chain import (
    APPROVE,
    APPROVE_AGAIN,
    BUILD,
    CHAIN,
    EXPORT,
    EXPORT_MORE,
    PROPOSE,
    REPORT,
    SEND,
    SETTLE,
    STATEMENT,
    Step,
)
from tests.faults.pay_checks import check_complete, check_consistent
from tests.faults.pay_office import REJECTED, PayOffice, Request, pay_office
from tests.faults.paying import (
    BEGUN,
    COMMITTED,
    DECIDED,
    HALF_WRITTEN,
    HANDED_OVER,
    MADE,
    NOT_HANDED_OVER,
    NOT_RENAMED,
    RENAMED,
    STORED,
    UNSYNCED,
    WRITTEN,
)
from tests.infrastructure.addresses import BrokerAddress
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import problem

COUNTY: Final = "FI2112345600000785"
BALANCE: Final = 100_000_000

RECORDING: Final = (DECIDED, WRITTEN, COMMITTED)
STORING: Final = (MADE, STORED, WRITTEN, COMMITTED)
HANDING_OVER: Final = (NOT_HANDED_OVER, BEGUN, HALF_WRITTEN, UNSYNCED, NOT_RENAMED, RENAMED, HANDED_OVER)
POINTS: Final[Mapping[str, Sequence[str]]] = {
    PROPOSE: RECORDING,
    APPROVE: RECORDING,
    APPROVE_AGAIN: RECORDING,
    BUILD: STORING,
    SEND: (*HANDING_OVER, WRITTEN, COMMITTED),
    REPORT: (*STORING, DECIDED),
    STATEMENT: (*STORING, DECIDED),
    EXPORT: STORING,
    SETTLE: RECORDING,
    EXPORT_MORE: STORING,
}
"""Every point between two steps of each command. What a point of the second run would show, the first shows."""
EVERY_POINT: Final = [
    pytest.param(step, point, id=f"{step}: {point}") for step, each in POINTS.items() for point in each
]
SENDING: Final = [pytest.param(point, id=point) for point in POINTS[SEND]]


@pytest.fixture
async def office(
    database: FreshDatabase, broker: BrokerAddress, tmp_path: Path, topic_prefix: str
) -> AsyncIterator[PayOffice]:
    async with pay_office(database, broker, tmp_path, topic_prefix) as made:
        yield made


def steps_around(name: str) -> tuple[Sequence[Step], Step, Sequence[Step]]:
    """The steps before one, itself, and those after it."""
    at = [each.name for each in CHAIN].index(name)
    return CHAIN[:at], CHAIN[at], CHAIN[at + 1 :]


async def act(office: PayOffice, steps: Sequence[Step]) -> None:
    """The clerks' commands one after the other, each answered."""
    for step in steps:
        answer = await office.send(await step.request(office), f"key of {step.name}".replace(" ", "-"))
        assert answer.is_success, f"{step.name}: {answer.text}"
        assert await step.done(office), step.name


@pytest.mark.parametrize(("name", "point"), EVERY_POINT)
async def test_a_clerk_who_repeats_the_command_after_a_crash_pays_once_and_loses_nothing(
    office: PayOffice, name: str, point: str
) -> None:
    before, step, after = steps_around(name)
    await act(office, before)
    request = await step.request(office)
    await office.die_in(request, "the-key", point)

    await office.start()
    await check_consistent(office)
    assert await step.done(office) == (point == COMMITTED), "half done, or done and forgotten"

    repeated = await office.send(request, "the-key")
    assert repeated.is_success, repeated.text
    assert ("Idempotency-Replayed" in repeated.headers) == (point == COMMITTED)
    again = await office.send(request, "the-key")
    assert (again.status_code, again.content) == (repeated.status_code, repeated.content)
    assert "Idempotency-Replayed" in again.headers
    await check_consistent(office)
    assert await step.done(office)

    await act(office, after)
    await check_complete(office)


@pytest.mark.parametrize("point", SENDING)
async def test_a_clerk_who_looks_and_sends_anew_what_is_not_sent_sends_it_once(office: PayOffice, point: str) -> None:
    before, step, after = steps_around(SEND)
    await act(office, before)
    await office.die_in(await step.request(office), "the-key", point)

    await office.start()
    await check_consistent(office)
    if not await step.done(office):
        await act(office, [step])
    await check_consistent(office)

    await act(office, after)
    await check_complete(office)


# --- with a bank ---------------------------------------------------------------------------------------------


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[MockBank]:
    """A bank on the morning of 1 April 2026, with the county's account and one that it has closed."""
    with MockBank(tmp_path, clock=datetime(2026, 4, 1, 9)) as opened:  # noqa: DTZ001 - bank time is wall-clock time
        opened.open_account("ALUE", name="Hyvinvointialue", iban=COUNTY, bic="MOCKFIHH", balance_cents=BALANCE)
        opened.open_account("SULJETTU", name="Suljettu", iban=REJECTED.iban, bic="MOCKFIHH", balance_cents=0)
        opened.set_behaviour("SULJETTU", "closed-account")
        yield opened


def take_from(office: PayOffice, bank: MockBank) -> tuple[bytes, FileAnswer]:
    """The connection to the bank takes the one file away and files it nowhere; its bytes, and the bank's answer."""
    [(name, content)] = office.delivered().items()
    answer = bank.send_payments(content)
    (office.outbox / name).unlink()
    return content, answer


def message(told: BankMessage) -> Request:
    """A message of the bank as the clerk hands it in."""
    return Request("anna", "/bank-files", content=told.body.encode())


async def imported(office: PayOffice, bank: MockBank, kind: str) -> list[dict[str, Any]]:
    """Imports the bank's messages of a kind in their order; the answers."""
    answers = [await office.send(message(each), f"message-{each.id}") for each in bank.mailbox(kind)]
    assert all(each.is_success for each in answers), [each.text for each in answers]
    return [each.json() for each in answers]


async def died_after_the_hand_over(office: PayOffice) -> Request:
    """The service has handed the file over and died before it recorded that; the clerk's request."""
    before, step, _ = steps_around(SEND)
    await act(office, before)
    request = await step.request(office)
    await office.die_in(request, "the-key", HANDED_OVER)
    return request


async def test_a_bank_that_gets_the_file_again_refuses_it_as_a_duplicate_and_nothing_changes(
    office: PayOffice, bank: MockBank
) -> None:
    request = await died_after_the_hand_over(office)
    content, first = take_from(office, bank)
    assert (first.status, first.accepted, first.rejected) == ("PART", 2, 1)

    await office.start()
    await check_consistent(office)
    assert (await office.send(request, "the-key")).is_success
    same, second = take_from(office, bank)
    assert same == content
    assert (second.status, second.reason) == ("RJCT", "DUPL")
    asked = sorted(each["end_to_end_id"] for each in (await office.run())["lines"])
    assert sorted(each.end_to_end_id for each in bank.payments()) == asked

    answers = await imported(office, bank, "pain.002")
    assert [each["effects"].get("payment.rejected", 0) for each in answers] == [1, 0]
    assert answers[1]["outcomes"] == {"duplicate": 3}
    bank.advance_to(date(2026, 4, 3))
    stated = [each["effects"] for each in await imported(office, bank, "camt.053")]
    assert [each for each in stated if each] == [{"payment.booked": 2}]
    states = sorted(each["state"] for each in await office.items("/payments"))
    assert states == ["booked", "booked", "rejected"]
    [account] = [each for each in bank.accounts() if each.id == "ALUE"]
    assert account.balance == BALANCE - 150_000 - 100_000
    (office.outbox / f"{first.msg_id}.xml").write_bytes(content)
    await check_consistent(office)


async def test_what_the_bank_answers_before_the_sending_is_recorded_waits_for_it_and_is_not_lost(
    office: PayOffice, bank: MockBank
) -> None:
    request = await died_after_the_hand_over(office)
    content, _ = take_from(office, bank)
    await office.start()

    bank.advance_to(date(2026, 4, 3))
    told = [each for kind in ("pain.002", "camt.053") for each in bank.mailbox(kind)]
    early = [await office.send(message(each), f"message-{each.id}") for each in told]
    assert problem(early[0], 409, "bank-out-of-order")
    assert [each.status_code for each in early if not each.is_success] == [409, 409]
    await check_consistent(office)

    assert (await office.send(request, "the-key")).is_success
    late = [(await office.send(message(each), f"message-{each.id}")).json()["effects"] for each in told]
    assert late[0]["payment.rejected"] == 1
    assert sum(each.get("payment.booked", 0) for each in late) == 2
    assert set(office.delivered().values()) == {content}
    await check_consistent(office)
