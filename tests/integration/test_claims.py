"""Claims of recovery over HTTP on a real database. After each step the books are in balance, and the register of claims
shows where every euro is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.databases import FreshDatabase
from tests.integration.finance_office import OTHER_IBAN, FinanceOffice, finance_office
from tests.integration.in_process import pointers, problem

BANK, RECEIVABLES, PAYABLES, LOST, INTEREST = "1700", "1590", "2590", "4790", "6180"
APRIL, MAY = date(2026, 4, 20), date(2026, 5, 12)


@pytest.fixture
async def office(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[FinanceOffice]:
    async with finance_office(database, tmp_path) as made:
        yield made


async def claimed(office: FinanceOffice, amount: int = 30_000, amounts: tuple[int, ...] = (150_000,)) -> str:
    """A claim of 300.00 on a grant whose first instalment was paid, due on 2 May; its reference number."""
    application_id = await office.grant(amounts=amounts)
    await office.pay()
    return await office.claim(application_id, amount)


async def test_a_claim_is_paid_in_parts(office: FinanceOffice) -> None:
    reference = await claimed(office)
    assert await office.shown_claim(reference) == {"left": "300.00"}
    assert await office.receive(reference, 10_000, APRIL) == {"recovery.received": 1}
    assert await office.shown_claim(reference) == {"received": "100.00", "left": "200.00"}
    assert await office.receive(reference, 20_000, date(2026, 4, 21)) == {"recovery.received": 1}
    assert await office.shown_claim(reference) == {"received": "300.00", "left": "0.00"}
    assert await office.balance(RECEIVABLES) == "0.00 EUR"


async def test_what_comes_beyond_a_claim_is_owed_back_and_paid_by_a_run(office: FinanceOffice) -> None:
    reference = await claimed(office)
    assert await office.receive(reference, 31_000, APRIL) == {"recovery.received": 1, "recovery.overpaid": 1}
    assert await office.shown_claim(reference) == {"received": "300.00", "overpaid": "10.00", "left": "0.00"}
    assert await office.balance(PAYABLES) == "-10.00 EUR"
    assert await office.payables() == [(2, "10.00 EUR", False)]
    run = await office.send(await office.propose())
    assert (run["total"], run["lines"][0]["instalment"]) == ("10.00 EUR", 2)
    assert await office.book(run, date(2026, 4, 21)) == {"payment.booked": 1}
    assert (await office.balance(PAYABLES), await office.payables()) == ("0.00 EUR", [])
    assert await office.receive(reference, 500, date(2026, 4, 22)) == {"recovery.overpaid": 1}
    assert await office.payables() == [(3, "5.00 EUR", False)]


async def test_a_claim_is_set_off_against_a_coming_instalment_and_the_rest_stays_a_claim(
    office: FinanceOffice,
) -> None:
    reference = await claimed(office, 30_000, (150_000, 20_000))
    early = await office.post(f"/claims/{reference}/set-off", instalment=2, reason="Kuitataan erästä")
    assert "payable from 1.5.2026" in problem(early, 409, "held")["detail"]
    office.service.at(datetime(2026, 5, 4, 8, tzinfo=UTC))
    paid = await office.post(f"/claims/{reference}/set-off", instalment=1, reason="Kuitataan erästä")
    assert pointers(problem(paid, 422, "not-payable")) == ["/instalment"]
    answer = await office.post(f"/claims/{reference}/set-off", instalment=2, reason="Kuitataan erästä")
    assert answer.json() == {"reference": reference, "left": "100.00 EUR"}
    assert await office.shown_claim(reference) == {"set_off": "200.00", "left": "100.00"}
    assert (await office.payables(), await office.balance(PAYABLES)) == ([], "0.00 EUR")
    assert await office.balance(RECEIVABLES) == "100.00 EUR"


async def test_a_claim_is_set_off_and_the_rest_of_the_instalment_is_paid(office: FinanceOffice) -> None:
    reference = await claimed(office, 30_000, (150_000, 50_000))
    office.service.at(datetime(2026, 5, 4, 8, tzinfo=UTC))
    answer = await office.post(f"/claims/{reference}/set-off", instalment=2, reason="Kuitataan erästä")
    assert answer.json()["left"] == "0.00 EUR"
    assert await office.payables() == [(2, "200.00 EUR", False)]
    run = await office.send(await office.propose(on="2026-05-05"))
    assert (run["total"], await office.book(run, date(2026, 5, 5))) == ("200.00 EUR", {"payment.booked": 1})
    assert await office.shown_claim(reference) == {"set_off": "300.00", "left": "0.00"}
    assert (await office.balance(PAYABLES), await office.balance(RECEIVABLES)) == ("0.00 EUR", "0.00 EUR")
    again = await office.post(f"/claims/{reference}/set-off", instalment=2, reason="Uudelleen")
    problem(again, 409, "claim-settled")


async def test_what_is_left_is_paid_by_a_plan(office: FinanceOffice) -> None:
    reference = await claimed(office)
    await office.receive(reference, 10_000, APRIL)
    parts = [{"due_on": "2026-05-31", "amount": "100.00 EUR"}, {"due_on": "2026-06-30", "amount": "100.00 EUR"}]
    path = f"/claims/{reference}/plan"
    short = await office.post(path, parts=parts[:1], reason="Pyyntö")
    assert pointers(problem(short, 422, "plan-does-not-add-up")) == ["/parts"]
    backwards = await office.post(path, parts=parts[::-1], reason="Pyyntö")
    assert pointers(problem(backwards, 422, "days-out-of-order")) == ["/parts"]
    answer = await office.post(path, parts=parts, reason="Pyyntö")
    assert (answer.status_code, answer.json()["left"]) == (200, "200.00 EUR")
    [shown] = (await office.get("/claims"))["items"]
    assert shown["plan"] == parts
    assert await office.shown_claim(reference) == {"received": "100.00", "left": "200.00"}


async def test_a_write_off_is_proposed_by_one_and_decided_by_another(office: FinanceOffice) -> None:
    reference = await claimed(office)
    path = f"/claims/{reference}/write-off"
    problem(await office.post(path, "bertta"), 409, "no-proposal")
    too_much = await office.post(f"{path}-proposal", amount="300.01 EUR", reason="Yhdistys purettu")
    problem(too_much, 409, "more-than-left")
    answer = await office.post(f"{path}-proposal", amount="250.00 EUR", reason="Yhdistys purettu")
    assert (answer.status_code, answer.json()["left"]) == (200, "300.00 EUR")
    problem(await office.post(path, "anna"), 403, "own-write-off")
    assert (await office.service.types())[-1] == "recovery.write_off_refused"
    assert await office.shown_claim(reference) == {"left": "300.00"}
    decided = await office.post(path, "bertta")
    assert (decided.status_code, decided.json()["left"]) == (200, "50.00 EUR")
    assert await office.shown_claim(reference) == {"written_off": "250.00", "left": "50.00"}
    assert (await office.balance(LOST), await office.balance(RECEIVABLES)) == ("250.00 EUR", "50.00 EUR")
    problem(await office.post(path, "cecilia"), 409, "no-proposal")


async def test_late_interest_is_shown_claimed_once_and_paid_by_the_same_reference(office: FinanceOffice) -> None:
    reference = await claimed(office)
    path = f"/claims/{reference}/late-interest"
    problem(await office.post(path), 409, "nothing-came-late")
    await office.receive(reference, 30_000, MAY)
    office.service.at(datetime(2026, 5, 13, 8, tzinfo=UTC))
    size = await office.service.size()
    preview = await office.get(path)
    # 300.00 x (2.50 + 7.00) % x 10 days / 365 = 0.7808
    period = {
        "principal": "300.00 EUR", "counted_from": "2026-05-02", "counted_to": "2026-05-12", "days": 10,
        "rate": "9.50", "amount": "0.78 EUR",
    }  # fmt: skip
    assert preview == {"reference": reference, "amount": "0.78 EUR", "periods": [period]}
    assert await office.service.size() == size
    answer = await office.post(path)
    assert (answer.status_code, answer.json()) == (201, {"reference": reference, "left": "0.78 EUR"})
    assert await office.shown_claim(reference) == {"interest": "0.78", "received": "300.00", "left": "0.78"}
    assert (await office.balance(INTEREST), await office.balance(RECEIVABLES)) == ("-0.78 EUR", "0.78 EUR")
    problem(await office.post(path), 409, "nothing-came-late")
    await office.receive(reference, 78, date(2026, 5, 20))
    assert await office.shown_claim(reference) == {"interest": "0.78", "received": "300.78", "left": "0.00"}
    problem(await office.post(path), 409, "nothing-came-late")


@pytest.mark.parametrize("act", ["plan", "set-off", "write-off-proposal", "write-off", "late-interest"])
async def test_a_reference_that_no_claim_has_is_not_found(office: FinanceOffice, act: str) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "plan": {"parts": [{"due_on": "2026-05-31", "amount": "1.00 EUR"}], "reason": "x"},
        "set-off": {"instalment": 1, "reason": "x"}, "write-off-proposal": {"amount": "1.00 EUR", "reason": "x"},
    }  # fmt: skip
    problem(await office.post(f"/claims/1234561/{act}", **bodies.get(act, {})), 404, "not-found")


async def test_an_overpayment_is_paid_to_the_account_that_is_known_now(office: FinanceOffice) -> None:
    reference = await claimed(office)
    await office.receive(reference, 30_100, APRIL)
    await office.account(OTHER_IBAN)
    [line] = (await office.propose())["lines"]
    assert (line["iban"], line["amount"]) == (OTHER_IBAN, "1.00 EUR")
