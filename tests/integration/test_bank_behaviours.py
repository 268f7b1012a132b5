"""Whatever the bank does, everything ends right: each of the mock bank's behaviours against the service over HTTP, with
the files of both through their folders. After each, every euro is in one place, the books are in balance, and the bank
has in the account what the ledger says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from deploy.local.mockbank import Behaviour
from tests.infrastructure.databases import FreshDatabase
from tests.integration.banking import COUNTY, PAYEE, PAYEES, Banking, banking_office, statement_of_report
from tests.integration.finance_office import REJECTION
from tests.integration.in_process import problem

ALL = ("pain.002", "camt.053", "camt.054")
STATEMENTS_ONLY = ("pain.002", "camt.053")
NOTIFIED = pytest.mark.parametrize("kinds", [ALL, STATEMENTS_ONLY], ids=["notified", "no notification"])
BEFORE_EASTER, AFTER_EASTER = date(2026, 4, 4), date(2026, 4, 8)
HELD = ("the bank did not pay to the account", "another account, or a person who settles the cause")


@pytest.fixture
async def banking(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Banking]:
    async with banking_office(database, tmp_path) as made:
        yield made
        assert made.came(*made.kinds) == [], "everything that came was imported"
        await made.conserved()


async def payable(banking: Banking) -> list[tuple[str, str | None, str | None, str | None]]:
    """Whom something is payable to, why it is held and what lifts that, and the bank's reason in Finnish."""
    items = (await banking.office.get("/payables"))["items"]
    return [(each["association_name"], each["held"], each["lifted_by"], each.get("reason_text")) for each in items]


async def nothing_to_pay(banking: Banking, on: str) -> None:
    problem(await banking.office.post("/runs", execution_date=on), 409, "nothing-payable")


def new_ids(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether a run pays only of what another one did, under ids of its own, and in another message."""
    applications = [{line["application_id"] for line in run["lines"]} for run in (before, after)]
    ids = [{line["end_to_end_id"] for line in run["lines"]} for run in (before, after)]
    return applications[1] <= applications[0] and not ids[0] & ids[1] and before["message_id"] != after["message_id"]


async def test_a_bank_that_accepts_everything_pays_everything_once(banking: Banking) -> None:
    await banking.grants(100_000, 200_000, 300_000)
    await banking.send(await banking.office.propose())
    [accepted] = await banking.collect()
    assert (accepted["outcomes"], accepted["warnings"]) == ({"accepted": 3}, [])
    assert await banking.until(BEFORE_EASTER) == {"payment.booked": 3}
    assert await banking.states() == [("booked", 1)] * 3
    assert await payable(banking) == []


# --- one payment is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize("settled_by", ["another account", "a person"])
@pytest.mark.parametrize(
    ("behaviour", "code", "text"),
    [
        ("closed-account", "AC04", "AC04: Tili on suljettu"),
        ("bad-bank-id", "RC01", "RC01: Pankin BIC on virheellinen"),
    ],
)
async def test_a_payment_that_the_bank_cannot_make_waits_for_its_cause_and_the_others_are_paid(
    banking: Banking, behaviour: Behaviour, code: str, text: str, settled_by: str
) -> None:
    _, second, _ = await banking.grants(100_000, 200_000, 300_000)
    banking.hold_payee(PAYEES[1], behaviour)
    run = await banking.send(await banking.office.propose())
    [answer] = await banking.collect()
    assert answer["outcomes"] == {"accepted": 2, "rejected": 1}
    assert await banking.states() == [("sent", 1), ("rejected", 1), ("sent", 1)]
    [refused] = (await banking.office.get("/payments", state="rejected"))["items"]
    assert (refused["application_id"], refused["reason_code"], refused["reason_text"]) == (second, code, text)
    assert await payable(banking) == [(PAYEES[1].name, *HELD, text)]
    await nothing_to_pay(banking, "2026-04-02")
    assert (await banking.until(BEFORE_EASTER))["payment.booked"] == 2
    await banking.conserved()
    if settled_by == "a person":
        banking.behave(PAYEE, "accept")
        await banking.settle(second)
    else:
        await banking.move_account(PAYEES[1])
    again = await banking.send(await banking.office.propose(on="2026-04-07"))
    assert new_ids(run, again)
    assert (await banking.until(AFTER_EASTER))["payment.booked"] == 1
    assert await banking.states() == [("booked", 1), ("rejected", 1), ("booked", 2), ("booked", 1)]
    assert (await banking.office.get(f"/grants/{second}"))["paid"] == "2000.00 EUR"
    paid = {each.creditor_iban for each in banking.bank.payments() if each.booked_at and each.amount == 200_000}
    assert paid == {PAYEES[1].iban if settled_by == "a person" else PAYEES[1].other_iban}


async def test_the_same_account_again_is_refused_again_and_nothing_is_lost(banking: Banking) -> None:
    """A person who was wrong about the cause: the second attempt fails like the first, the third arrives."""
    [only] = await banking.grants(100_000)
    banking.hold_payee(PAYEES[0], "closed-account")
    await banking.send(await banking.office.propose())
    await banking.collect()
    await banking.settle(only)
    await banking.send(await banking.office.propose())
    await banking.collect()
    assert await banking.states() == [("rejected", 1), ("rejected", 2)]
    assert await payable(banking) == [(PAYEES[0].name, *HELD, "AC04: Tili on suljettu")]
    await banking.conserved()
    await banking.move_account(PAYEES[0])
    await banking.send(await banking.office.propose())
    await banking.until(BEFORE_EASTER)
    assert await banking.states() == [("rejected", 1), ("rejected", 2), ("booked", 3)]


# --- the whole file is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "text"),
    [
        ("reject-file", "FF01: Aineiston muoto on virheellinen tai vajaa"),
        ("insufficient-funds", "AM04: Kate ei riitä"),
    ],
)
async def test_what_was_in_a_file_that_the_bank_refused_is_payable_again_once_a_person_settled_the_cause(
    banking: Banking, behaviour: Behaviour, text: str
) -> None:
    ids = await banking.grants(1_100_000, 1_200_000, 1_300_000)
    banking.behave(COUNTY, behaviour)
    run = await banking.send(await banking.office.propose())
    [answer] = await banking.collect()
    assert (answer["effects"], answer["outcomes"]) == ({"payment.rejected": 3}, {"rejected": 3})
    assert await payable(banking) == [(payee.name, *HELD, text) for payee in PAYEES]
    await nothing_to_pay(banking, "2026-04-02")
    await banking.conserved()
    if behaviour == "insufficient-funds":
        banking.fund(3_000_000)
        [credited] = await banking.collect()
        assert (credited["effects"], credited["others"]["kinds"]) == (
            {}, {"credit": {"count": 1, "sum": "30000.00 EUR"}},
        )  # fmt: skip
    else:
        banking.behave(COUNTY, "accept")
    for each in ids:
        await banking.settle(each)
    again = await banking.send(await banking.office.propose())
    assert new_ids(run, again)
    assert len(again["lines"]) == 3
    assert (await banking.until(BEFORE_EASTER))["payment.booked"] == 3
    assert await banking.states() == [("rejected", 1), ("booked", 2)] * 3


async def test_where_the_money_is_enough_for_some_these_are_paid_and_the_others_wait(banking: Banking) -> None:
    _, second, _ = await banking.grants(700_000, 800_000, 100_000)
    banking.behave(COUNTY, "insufficient-funds")
    await banking.send(await banking.office.propose())
    assert await banking.until(BEFORE_EASTER) == {
        "payment.rejected": 1, "payment.status_reported": 2, "payment.booked": 2,
    }  # fmt: skip
    assert await payable(banking) == [(PAYEES[1].name, *HELD, "AM04: Kate ei riitä")]
    await banking.conserved()
    banking.fund(1_000_000)
    await banking.until(AFTER_EASTER)
    await banking.settle(second)
    await banking.send(await banking.office.propose(on="2026-04-08"))
    await banking.until(date(2026, 4, 9))
    assert await banking.states() == [("booked", 1), ("rejected", 1), ("booked", 2), ("booked", 1)]


async def test_what_the_bank_accepts_first_and_refuses_on_its_day_is_payable_again(banking: Banking) -> None:
    first, _ = await banking.grants(100_000, 200_000)
    run = await banking.send(await banking.office.propose())
    [accepted] = await banking.collect()
    assert accepted["outcomes"] == {"accepted": 2}
    banking.bank.close_account(COUNTY)
    banking.on(date(2026, 4, 2))
    [refused] = await banking.collect()
    assert (refused["kind"], refused["effects"]) == ("pain.002", {"payment.rejected": 2})
    assert [each[1:3] for each in await payable(banking)] == [HELD] * 2
    await banking.conserved()
    banking.open_again(COUNTY)
    await banking.settle(first)
    await banking.move_account(PAYEES[1])
    assert new_ids(run, await banking.send(await banking.office.propose()))
    await banking.until(BEFORE_EASTER)
    assert await banking.states() == [("rejected", 1), ("booked", 2)] * 2


# --- the same file twice -------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["the file's answer", "the duplicate's answer"])
async def test_a_file_that_comes_to_the_bank_twice_is_paid_once_and_its_payments_stay_sent(
    banking: Banking, first: str
) -> None:
    await banking.grants(100_000, 200_000, 300_000)
    banking.behave(COUNTY, "duplicate-file")
    run = await banking.send(await banking.office.propose())
    banking.again(run)
    reports = banking.came("pain.002")
    assert len(reports) == 2
    in_order = first == "the file's answer"
    answers = await banking.collect(reports if in_order else reports[::-1])
    [duplicate] = [each for each in answers if each["outcomes"] == {"duplicate": 3}]
    assert duplicate["effects"] == {}
    assert len(duplicate["warnings"]) == 3
    assert all("nothing is paid anew" in each for each in duplicate["warnings"])
    assert await banking.states() == [("sent", 1)] * 3
    assert {each["bank_status"] for each in (await banking.office.get("/payments"))["items"]} == {"ACCP"}
    await nothing_to_pay(banking, "2026-04-02")
    assert await banking.until(BEFORE_EASTER) == {"payment.booked": 3}
    banking.again(run)
    [late] = await banking.collect()
    assert (late["effects"], late["outcomes"]) == ({}, {"duplicate": 3})
    assert await banking.states() == [("booked", 1)] * 3
    await banking.until(AFTER_EASTER)
    assert len(banking.bank.payments()) == 3


# --- paid, and back ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kinds", "days", "back_on"),
    [
        (STATEMENTS_ONLY, 0, date(2026, 4, 2)),
        (ALL, 2, date(2026, 4, 8)),
        (STATEMENTS_ONLY, 2, date(2026, 4, 8)),
        (ALL, 20, date(2026, 5, 5)),
        (STATEMENTS_ONLY, 20, date(2026, 5, 5)),
    ],
    ids=["the same day", "days later", "days later, no notification", "next month", "next month, no notification"],
)
async def test_a_payment_that_comes_back_is_open_again_and_paid_under_a_new_id(
    banking: Banking, kinds: tuple[str, ...], days: int, back_on: date
) -> None:
    banking.kinds = kinds
    first, second, _ = await banking.grants(100_000, 200_000, 300_000)
    run = await banking.office.propose()
    [mine] = [line["end_to_end_id"] for line in run["lines"] if line["application_id"] == second]
    banking.behave(COUNTY, "return-later", days=days, reason="AC04", end_to_end_id=mine)
    run = await banking.send(run)
    day_after = date.fromordinal(back_on.toordinal() + 1)
    effects = await banking.until(day_after)
    assert (effects["payment.booked"], effects["payment.returned"]) == (3, 1)
    [returned] = (await banking.office.get("/payments", state="returned"))["items"]
    assert (returned["end_to_end_id"], returned["booked_on"]) == (mine, back_on.isoformat())
    assert returned["reason_text"] == "AC04: Tili on suljettu"
    assert [(await banking.office.get(f"/grants/{each}"))["paid"] for each in (first, second)] == [
        "1000.00 EUR", "0.00 EUR",
    ]  # fmt: skip
    assert await payable(banking) == [(PAYEES[1].name, *HELD, "AC04: Tili on suljettu")]
    april = (await banking.office.get("/trial-balance", period="2026-04"))["accounts"]["1700"]
    assert april == ("-4000.00 EUR" if back_on.month == 4 else "-6000.00 EUR")
    await banking.conserved()
    banking.behave(COUNTY, "accept")
    await banking.move_account(PAYEES[1])
    again = await banking.send(await banking.office.propose(on=day_after.isoformat()))
    assert new_ids(run, again)
    await banking.until(date.fromordinal(day_after.toordinal() + 7))
    assert await banking.states() == [("booked", 1), ("returned", 1), ("booked", 2), ("booked", 1)]


async def test_a_return_that_is_told_before_its_booking_changes_nothing_until_the_statement_tells_both(
    banking: Banking,
) -> None:
    """Where both fall on one day, this bank notifies of the return first."""
    await banking.grants(100_000)
    banking.behave(COUNTY, "return-later", days=0)
    await banking.send(await banking.office.propose())
    await banking.until(date(2026, 4, 2), import_last=False)
    early, booking = banking.came("camt.054")
    size = await banking.office.service.size()
    told = problem(await banking.offer(early.read_bytes()), 409, "bank-out-of-order")
    assert "import the bank's files in their order" in told["detail"]
    assert await banking.office.service.size() == size
    [booked] = await banking.collect([booking])
    assert booked["effects"] == {"payment.booked": 1}
    banking.on(date(2026, 4, 3))
    _, stated = await banking.collect(banking.came("camt.053"))
    assert (stated["effects"], stated["gaps"], stated["warnings"]) == ({"payment.returned": 1}, [], [])
    assert [each["effects"] for each in await banking.collect()] == [{}]
    assert await banking.states() == [("returned", 1)]


async def test_the_banks_own_message_of_a_return_is_refused_and_the_statement_tells_it(banking: Banking) -> None:
    """A pacs.004 goes between banks: what of it concerns the account stands in its notification and statement."""
    await banking.grants(100_000)
    banking.behave(COUNTY, "return-later", days=1)
    await banking.send(await banking.office.propose())
    await banking.until(date(2026, 4, 7), import_last=False)
    size = await banking.office.service.size()
    [message] = banking.came("pacs.004")
    told = problem(await banking.offer(message.read_bytes()), 422, "bank-file-refused")
    assert "pacs.004" in told["detail"]
    assert await banking.office.service.size() == size
    assert (await banking.until(AFTER_EASTER))["payment.returned"] == 1
    assert await banking.states() == [("returned", 1)]


# --- the bank says nothing -----------------------------------------------------------------------------------


async def shown_as_sent(banking: Banking, run: dict[str, Any]) -> None:
    """The payments are on their way since they were sent, whatever is tried, and the bank has the file once."""
    waiting = (await banking.office.get("/payments", state="sent"))["items"]
    assert {(each["sent_on"], each["bank_status"]) for each in waiting} == {("2026-04-01", None)}
    assert len(waiting) == len(run["lines"])
    assert await payable(banking) == []
    await nothing_to_pay(banking, "2026-04-30")
    size = await banking.office.service.size()
    for _ in range(2):
        answer = await banking.office.post(f"/runs/{run['run_id']}/sending")
        assert (answer.status_code, answer.json()["name"]) == (200, f"{run['message_id']}.xml")
    banking.bank.scan_drop()
    assert await banking.office.service.size() == size
    assert [each.name for each in banking.outbox.rglob("*.xml")] == [f"{run['message_id']}.xml"]


async def test_while_the_bank_says_nothing_its_payments_are_sent_and_end_right_when_it_answers(
    banking: Banking,
) -> None:
    await banking.grants(100_000, 200_000, 300_000)
    banking.behave(COUNTY, "silent")
    run = await banking.send(await banking.office.propose())
    assert banking.came() == []
    await shown_as_sent(banking, run)
    banking.on(date(2026, 4, 10))
    await shown_as_sent(banking, run)
    assert await banking.until(date(2026, 4, 11)) == {"payment.booked": 3}
    assert await banking.states() == [("booked", 1)] * 3


async def test_a_payment_that_the_bank_refused_in_silence_is_payable_once_it_says_so(banking: Banking) -> None:
    await banking.grants(100_000)
    banking.behave(COUNTY, "silent")
    banking.hold_payee(PAYEES[0], "closed-account")
    run = await banking.send(await banking.office.propose())
    assert await banking.until(date(2026, 4, 10)) == {}
    await shown_as_sent(banking, run)
    [line] = run["lines"]
    answer = await banking.hand_in(
        REJECTION.format(message=run["message_id"], end_to_end=line["end_to_end_id"]).encode()
    )
    assert answer["effects"] == {"payment.rejected": 1}
    await banking.move_account(PAYEES[0])
    await banking.send(await banking.office.propose(on="2026-04-10"))
    assert await banking.until(date(2026, 4, 11)) == {"payment.booked": 1}
    assert await banking.states() == [("rejected", 1), ("booked", 2)]


# --- a hole in a statement, and a statement that is missing ---------------------------------------------------


async def gaps(banking: Banking) -> list[tuple[int, list[int]]]:
    items = (await banking.office.get("/statements", gaps="true"))["items"]
    return [(each["sequence"], each["missing"]) for each in items]


@NOTIFIED
async def test_a_statement_with_a_hole_is_refused_and_its_gap_is_closed_by_the_whole_one(
    banking: Banking, kinds: tuple[str, ...]
) -> None:
    banking.kinds = kinds
    await banking.grants(100_000, 200_000, 300_000)
    banking.behave(COUNTY, "statement-gap")
    await banking.send(await banking.office.propose())
    await banking.until(date(2026, 4, 2))
    banking.bank.report(COUNTY)
    [report] = banking.came("camt.052")
    banking.on(date(2026, 4, 3))
    banking.behave(COUNTY, "accept")
    [broken] = banking.came("camt.053")
    size = await banking.office.service.size()
    told = problem(await banking.offer(broken.read_bytes()), 422, "bank-file-refused")
    assert "closing 4000.00 EUR" in told["detail"]
    assert "ask the bank for a corrected statement" in told["detail"]
    assert await banking.office.service.size() == size
    banking.taken.add(broken.name)
    banking.on(AFTER_EASTER)
    [after] = await banking.collect()
    assert "these numbers have not come: 2" in after["gaps"][0]
    assert await gaps(banking) == [(3, [2])]
    told_before = [("booked" if "camt.054" in kinds else "sent", 1)] * 3
    assert await banking.states() == told_before
    whole = statement_of_report(report.read_bytes(), 2)
    answer = await banking.hand_in(whole)
    assert (answer["effects"], answer["gaps"]) == ({} if "camt.054" in kinds else {"payment.booked": 3}, [])
    assert (await banking.hand_in(whole))["already_imported"] is True
    assert await gaps(banking) == []
    assert await banking.states() == [("booked", 1)] * 3


async def test_a_missing_statement_is_told_until_it_comes_and_all_of_it_is_booked_once(banking: Banking) -> None:
    banking.kinds = STATEMENTS_ONLY
    await banking.grants(100_000, 200_000, 300_000)
    await banking.send(await banking.office.propose())
    await banking.until(date(2026, 4, 2))
    banking.on(date(2026, 4, 3))
    [lost] = banking.came("camt.053")
    banking.taken.add(lost.name)
    banking.on(AFTER_EASTER)
    [later] = await banking.collect()
    assert "these numbers have not come: 2" in later["gaps"][0]
    assert (await gaps(banking), await banking.states()) == ([(3, [2])], [("sent", 1)] * 3)
    [found] = await banking.collect([lost])
    assert (found["effects"], found["gaps"]) == ({"payment.booked": 3}, [])
    assert await gaps(banking) == []


async def test_a_return_whose_booking_is_in_the_missing_statement_waits_for_it(banking: Banking) -> None:
    banking.kinds = STATEMENTS_ONLY
    await banking.grants(100_000, 200_000)
    banking.behave(COUNTY, "return-later", days=1)
    await banking.send(await banking.office.propose())
    await banking.until(date(2026, 4, 2))
    banking.on(AFTER_EASTER)
    lost, later = banking.came("camt.053")
    size = await banking.office.service.size()
    told = problem(await banking.offer(later.read_bytes()), 409, "bank-out-of-order")
    assert "import the bank's files in their order" in told["detail"]
    assert await banking.office.service.size() == size
    assert [each["effects"] for each in await banking.collect([lost, later])] == [
        {"payment.booked": 2}, {"payment.returned": 2},
    ]  # fmt: skip
    assert await gaps(banking) == []
    assert await banking.states() == [("returned", 1)] * 2
