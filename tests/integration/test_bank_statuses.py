"""What the bank says of a payment before and after its booking: statuses, returns of less than was paid, other sums."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.facts import Fact
from schemas.payments import PaymentBooked, PaymentReturnCharged, PaymentReturned
from services.decisions.reactions import Reactions
from services.ledger import Context, Unit
from services.ledger.records import decode_body, encode_body, encode_moment
from services.payments.bank.status_codes import status_codes
from services.web.handling import event_of
from tests.infrastructure.databases import FreshDatabase
from tests.integration.finance_office import REJECTION, Entry, FinanceOffice, finance_office, statement
from tests.integration.in_process import identity, in_process
from tests.integration.test_bank_answers import Stated as Day
from tests.integration.test_bank_answers import file_of, hand_in, payments, report, sent
from tests.integration.test_closing import books_agree, classes
from tests.integration.test_recovery import CASE, opened
from tests.unit.given import county, fact

BANK, PAYABLES, CHARGES = "1700", "2590", "4930"
SEVENTH = date(2026, 4, 7)
MAY = datetime(2026, 5, 4, 8, tzinfo=UTC)
KEPT, CONTEXT = fact(PaymentReturnCharged, amount=500), Context("service:payments", "affair-1")


@pytest.fixture
async def office(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[FinanceOffice]:
    async with finance_office(database, tmp_path) as made:
        yield made


async def told(office: FinanceOffice) -> dict[str, tuple[str, str | None, str | None]]:
    """State, bank's status and its text by EndToEndId, as the register of payments lists them."""
    return {
        each["end_to_end_id"]: (each["state"], each["bank_status"], each["bank_status_text"])
        for each in await payments(office)
    }


async def listed(office: FinanceOffice, name: str = "payments", **asked: str) -> tuple[list[dict[str, Any]], bool]:
    """A report's rows, and whether all its checks agree with the ledger."""
    made = await office.get(f"/reports/{name}", **asked)
    return made["items"], all(check["agrees"] for check in made["checks"])


# --- statuses ------------------------------------------------------------------------------------------------


async def test_each_payment_has_the_status_that_the_bank_told_of_it_with_its_meaning_in_finnish(
    office: FinanceOffice,
) -> None:
    run = await sent(office, (10_000, 20_000, 30_000, 40_000))
    first, second, third, fourth = (line["end_to_end_id"] for line in run["lines"])
    assert set((await told(office)).values()) == {("sent", None, None)}
    statuses = ((first, "ACSC", ""), (second, "PDNG", ""), (third, "RJCT", "AC04"))
    answer = await hand_in(office, report(run["message_id"], "PART", None, *statuses))
    assert answer["effects"] == {"payment.rejected": 1, "payment.status_reported": 2}
    assert await told(office) == {
        first: ("sent", "ACSC", "ACSC: Veloitus on tehty, ei vielä tiliotteella"),
        second: ("sent", "PDNG", "PDNG: Maksu odottaa pankissa"),
        third: ("rejected", "RJCT", "RJCT: Pankki on hylännyt maksun"),
        fourth: ("sent", None, None),
    }  # fmt: skip
    shown = await office.get(f"/bank-files/{answer['sha256']}")
    assert {each["bank_status_text"] for each in shown["payments"]} >= {"PART: Osa maksuista on hyväksytty"}


@pytest.mark.parametrize("status", ["ACCP", "PDNG", "RVNM"])
async def test_a_status_of_the_whole_file_is_that_of_each_payment_and_the_same_again_adds_nothing(
    office: FinanceOffice, status: str
) -> None:
    run = await sent(office, (10_000, 20_000))
    assert (await hand_in(office, report(run["message_id"], status)))["effects"] == {"payment.status_reported": 2}
    text = status_codes()[status].text
    assert set((await told(office)).values()) == {("sent", status, text)}
    again = report(run["message_id"], None, status)
    assert (await hand_in(office, again))["effects"] == {}
    assert (await hand_in(office, again))["already_imported"] is True
    assert (await office.service.types()).count("payment.status_reported") == 2


async def test_the_last_status_counts_and_its_reason_with_it(office: FinanceOffice) -> None:
    run = await sent(office)
    [line] = run["lines"]
    key = line["end_to_end_id"]
    for status, reason in (("PDNG", "TM01"), ("ACSC", "")):
        await hand_in(office, report(run["message_id"], "PART", None, (key, status, reason)))
        [payment] = await payments(office)
        assert (payment["bank_status"], payment["reason_code"]) == (status, reason or None)
    [before, now] = [await office.get("/payments", position=str(at)) for at in (await _told_at(office))]
    assert [each["items"][0]["bank_status"] for each in (before, now)] == ["PDNG", "ACSC"]


async def _told_at(office: FinanceOffice) -> list[int]:
    records = [record async for record in office.service.ledger.scan()]
    return [record.position for record in records if record.type == "payment.status_reported"]


async def test_after_the_booking_a_status_adds_no_event_and_the_last_one_stays(office: FinanceOffice) -> None:
    run = await sent(office)
    [line] = run["lines"]
    await hand_in(office, report(run["message_id"], "ACSP"))
    await office.book(run)
    assert (await hand_in(office, report(run["message_id"], "ACSC")))["effects"] == {}
    assert await told(office) == {
        line["end_to_end_id"]: ("booked", "ACSP", "ACSP: Maksu on hyväksytty suoritettavaksi")
    }  # fmt: skip


async def test_a_duplicate_adds_no_status_and_a_code_that_nobody_knows_is_none(office: FinanceOffice) -> None:
    run = await sent(office)
    [line] = run["lines"]
    duplicate = report(run["message_id"], "PART", "PART", (line["end_to_end_id"], "RJCT", "DU04"))
    assert (await hand_in(office, duplicate))["effects"] == {}
    assert (await hand_in(office, report(run["message_id"], "ZZZZ")))["effects"] == {}
    assert await told(office) == {line["end_to_end_id"]: ("sent", None, None)}


async def test_a_payment_that_the_bank_rejected_and_then_books_is_paid_and_nothing_of_the_rejection_is_left(
    office: FinanceOffice,
) -> None:
    chosen = await office.grant(1)
    run = await office.send(await office.propose())
    [line] = run["lines"]
    rejection = REJECTION.format(message=run["message_id"], end_to_end=line["end_to_end_id"])
    assert await office.hand_in(rejection.encode()) == {"payment.rejected": 1}
    assert await office.book(run) == {"payment.booked": 1}
    assert await told(office) == {line["end_to_end_id"]: ("booked", None, None)}
    [row], agrees = await listed(office)
    assert (row["state"], row["bank_status"], row["reason_code"], agrees) == ("booked", None, None, True)
    assert await office.payables() == []
    assert (await office.get(f"/grants/{chosen}"))["paid"] == "1500.00 EUR"


async def test_a_new_attempt_begins_without_a_status(office: FinanceOffice) -> None:
    run = await sent(office)
    [line] = run["lines"]
    await hand_in(office, report(run["message_id"], "RJCT"))
    await office.post(f"/payables/{line['application_id']}/1/settled-cause", remark="Pankin häiriö")
    await office.send(await office.propose())
    assert [each["bank_status"] for each in await payments(office)] == ["RJCT", None]


async def test_the_payment_list_has_the_banks_status_as_a_code_and_in_files_as_words(office: FinanceOffice) -> None:
    run = await sent(office, (10_000, 20_000))
    first, second = (line["end_to_end_id"] for line in run["lines"])
    await hand_in(office, report(run["message_id"], "PART", None, (first, "PDNG", ""), (second, "RJCT", "AC04")))
    rows, agrees = await listed(office)
    assert ({each["end_to_end_id"]: each["bank_status"] for each in rows}, agrees) == (
        {first: "PDNG", second: "RJCT"}, True
    )  # fmt: skip
    asked = {"format": "csv"}
    made = await office.service.client.get("/v1/reports/payments", params=asked, headers=office.headers())
    cells = list(csv.DictReader(io.StringIO(made.content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert {"PDNG: Maksu odottaa pankissa", "RJCT: Pankki on hylännyt maksun"} <= {
        each["Pankin tila"] for each in cells
    }


# --- a return of less than was paid --------------------------------------------------------------------------


async def returned_less(office: FinanceOffice) -> str:
    """100.00 was paid on 2 April, and 95.00 of it came back on 7 April; the application."""
    run = await sent(office, (10_000,))
    await office.book(run)
    back = Entry(9_500, "BACK1", run["lines"][0]["end_to_end_id"], returned=True)
    effects = await office.hand_in(statement(SEVENTH, back))
    assert effects == {"payment.returned": 1, "payment.return_charged": 1}
    return str(run["lines"][0]["application_id"])


async def test_of_a_return_of_less_the_whole_is_owed_again_and_the_rest_is_a_bank_charge(
    office: FinanceOffice,
) -> None:
    application_id = await returned_less(office)
    assert (await office.get(f"/grants/{application_id}"))["paid"] == "0.00 EUR"
    [payment] = await payments(office)
    assert (payment["state"], payment["kept_by_bank"]) == ("returned", "5.00 EUR")
    assert await office.payables() == [(1, "100.00 EUR", True)]
    balances = [await office.balance(account) for account in (BANK, PAYABLES, CHARGES)]
    assert balances == ["-5.00 EUR", "-100.00 EUR", "5.00 EUR"]
    await office.post(f"/payables/{application_id}/1/settled-cause", remark="Tili on avattu")
    await office.book(await office.send(await office.propose()), date(2026, 4, 8))
    assert (await office.get(f"/grants/{application_id}"))["paid"] == "100.00 EUR"
    balances = [await office.balance(account) for account in (BANK, PAYABLES, CHARGES)]
    assert balances == ["-105.00 EUR", "0.00 EUR", "5.00 EUR"]


async def test_a_return_of_less_again_changes_nothing_also_in_another_file(office: FinanceOffice) -> None:
    await returned_less(office)
    [payment] = await payments(office)
    again = Entry(9_500, "BACK1", payment["end_to_end_id"], returned=True)
    size = await office.service.size()
    assert await office.hand_in(statement(SEVENTH, again)) == {}
    assert await office.hand_in(statement(date(2026, 4, 8), again)) == {}
    assert (await office.service.types())[size:] == ["bank_file.imported", "statement.noted"]


async def test_a_return_of_less_agrees_in_the_months_reconciliation_and_the_charge_needs_no_entry(
    office: FinanceOffice,
) -> None:
    await returned_less(office)
    office.service.at(MAY)
    lines = await books_agree(office, "2026-04")
    assert classes(lines) == ["matched"] * 3


async def test_reports_tell_what_the_bank_kept_and_agree_with_the_ledger(office: FinanceOffice) -> None:
    application_id = await returned_less(office)
    [row], agrees = await listed(office)
    told = (row["state"], row["paid"], row["returned"], row["kept_by_bank"], agrees)
    assert told == ("returned", "100.00 EUR", "95.00 EUR", "5.00 EUR", True)
    [row], agrees = await listed(office, "grants", by="grant")
    assert (row["paid"], row["open"], row["kept_by_bank"], agrees) == ("0.00 EUR", "100.00 EUR", "5.00 EUR", True)
    trail, _ = await listed(office, "audit-trail", application_id=application_id)
    steps = [each["step"] for each in trail if each["amount"] == "5.00 EUR" and each["posting"] == "yes"]
    assert steps == ["payment.return_charged"]
    assert {"payment.proposed", "payment.booked", "payment.returned"} <= {each["step"] for each in trail}


async def test_the_books_in_text_have_the_charge(office: FinanceOffice) -> None:
    await returned_less(office)
    answer = await office.service.client.get("/v1/ledger.beancount", headers=office.headers())
    assert answer.status_code == 200, answer.text
    assert "Expenses:4930 5.00 EUR" in answer.text


# --- other sums ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["debited", "returned"])
async def test_another_sum_than_was_sent_is_told_and_the_rest_of_the_file_takes_effect(
    office: FinanceOffice, how: str
) -> None:
    run = await sent(office, (10_000, 20_000))
    amounts = {each["end_to_end_id"]: int(each["amount"].removesuffix(".00 EUR")) * 100 for each in run["lines"]}
    first, second = amounts
    if how == "debited":
        other = Entry(amounts[first] - 1, "ODD1", first)
        right = Entry(amounts[second], "RIGHT1", second)
        fitting = {"payment.booked": 1}
    else:
        await office.book(run)
        other = Entry(amounts[first] + 1, "ODD1", first, returned=True)
        right = Entry(amounts[second], "RIGHT1", second, returned=True)
        fitting = {"payment.returned": 1}
    answer = await hand_in(office, file_of(Day(7, 500_000, (other, right))))
    assert answer["effects"] == fitting
    [warning] = answer["warnings"]
    assert warning.startswith(f"Entry ODD1 {'debits' if how == 'debited' else 'returns'} ")
    assert first in warning
    states = {each["end_to_end_id"]: each["state"] for each in await payments(office)}
    assert states == {first: "sent" if how == "debited" else "booked", second: how.replace("debited", "booked")}
    office.service.at(MAY)
    lines = await books_agree(office, "2026-04")
    assert set(classes(lines)) > {"matched"}
    raised = (await office.get("/differences"))["items"]
    assert any("ODD1" in each["subject"] + each["expected"] + each["found"] for each in raised), raised


async def test_a_booking_of_another_sum_again_warns_again_and_the_right_one_is_still_taken(
    office: FinanceOffice,
) -> None:
    run = await sent(office, (10_000,))
    [line] = run["lines"]
    for number in (7, 8):
        answer = await hand_in(office, file_of(Day(number, 500_000, (Entry(9_999, "ODD1", line["end_to_end_id"]),))))
        assert (answer["effects"], len(answer["warnings"])) == ({}, 1)
    right = Entry(10_000, "RIGHT1", line["end_to_end_id"])
    assert (await hand_in(office, file_of(Day(9, 500_000, (right,)))))["effects"] == {"payment.booked": 1}
    assert (await office.get(f"/grants/{identity(1)}"))["paid"] == "100.00 EUR"


# --- what decisions knows of it ------------------------------------------------------------------------------


async def test_the_case_of_decisions_takes_a_return_of_less_for_a_return_of_the_whole(
    database: FreshDatabase, tmp_path: Path
) -> None:
    async with in_process("decisions", database, tmp_path, MAY) as service:
        desk = await opened(service)
        react = Reactions(service.ledger, county()).by_type()["payments"]
        paid = []
        moves: tuple[Fact, ...] = (fact(PaymentBooked), fact(PaymentReturned, amount=149_500), KEPT)
        for number, told in enumerate(moves, start=1):
            body = encode_body(number, encode_moment(MAY), event_of(told), f"grant/{CASE}", number, CONTEXT)
            await service.ledger.append(Unit(CONTEXT, tuple(await react[told.event_type](decode_body(body)))))
            paid.append((await desk.shown())["paid"])
        assert paid == ["1500.00 EUR", "5.00 EUR", "0.00 EUR"]
        assert (await desk.preview("1.00 EUR", "2026-12-02")).json()["type"].endswith("more-than-paid")
