"""Four weeks with a bank that behaves as chance has it, and an office that does what each state asks for: every morning
each euro is in one place, and in the end every instalment arrived once. A failure is repeated by its printed
seed: GRANTS_BANK_SEED.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from deploy.local.mockbank import Behaviour
from tests.infrastructure.databases import FreshDatabase
from tests.integration.banking import COUNTY, PAYEE, PAYEES, Banking, banking_office, statement_of_report
from tests.integration.finance_office import REJECTION
from tests.integration.in_process import problem

FIRST_DAY, DAYS = date(2026, 4, 1), 28
OF_PAYEE: tuple[Behaviour, ...] = ("closed-account", "bad-bank-id", "accept")
OF_COUNTY: tuple[Behaviour, ...] = tuple(each for each in get_args(Behaviour) if each not in OF_PAYEE[:2])


@pytest.fixture
async def banking(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Banking]:
    async with banking_office(database, tmp_path) as made:
        yield made


@dataclass
class Clerk:
    """Takes what the bank sends, and does what the payables and the refusals say."""

    banking: Banking
    chance: random.Random
    reports: dict[str, bytes] = field(default_factory=dict)
    granted: int = 0

    async def grant(self) -> None:
        """Another grant to somebody, the second half of it payable in May."""
        self.granted += 1
        payee = self.chance.choice(PAYEES)
        named = {"association_id": payee.association_id, "association_name": payee.name, "iban": payee.iban}
        await self.banking.office.grant(self.granted, (self.chance.randrange(1, 400_000), 50_000), **named)

    async def import_all(self) -> None:
        """Takes everything that came: what is out of order once what it waits for was taken, and instead of a statement
        with a hole the whole one.
        """
        while waiting := self.banking.came(*self.banking.kinds):
            taken = [each for each in waiting if await self._taken(each.read_bytes())]
            assert taken, f"the bank's files are refused for ever: {waiting}"
            self.banking.taken |= {each.name for each in taken}

    async def _taken(self, content: bytes) -> bool:
        answer = await self.banking.offer(content)
        if answer.status_code == 422:
            assert "ask the bank for a corrected statement" in problem(answer, 422, "bank-file-refused")["detail"]
            answer = await self.banking.offer(self._whole(content.decode()))
        if answer.status_code == 409:
            problem(answer, 409, "bank-out-of-order")
            return False
        assert answer.status_code == 200, answer.text
        return True

    def _whole(self, broken: str) -> bytes:
        number = re.search(r"<ElctrncSeqNb>(\d+)<", broken)
        day = re.search(r"</CdtDbtInd><Dt><Dt>([\d-]+)<", broken)
        assert number is not None
        assert day is not None, "its balances have the day"
        return statement_of_report(self.reports[day[1]], int(number[1]))

    async def answer_for_the_bank(self) -> None:
        """The bank tells by another way what it refused while it was silent."""
        known = self.banking.bank.payments()
        refused = {each.end_to_end_id: each.msg_id for each in known if each.status == "rejected"}
        for each in await self.banking.payments("sent"):
            end_to_end = each["end_to_end_id"]
            if end_to_end in refused:
                content = REJECTION.format(message=refused[end_to_end], end_to_end=end_to_end)
                await self.banking.hand_in(content.encode())

    async def settle(self, items: list[dict[str, Any]]) -> None:
        """Lifts each hold that the bank's refusal made."""
        for each in items:
            if each["held"] == "the bank did not pay to the account":
                await self.banking.settle(each["application_id"], each["instalment"])

    async def pay(self, on: date) -> None:
        """Pays what is payable, and sometimes the file goes to the bank twice."""
        answer = await self.banking.office.post("/runs", execution_date=on.isoformat())
        if answer.status_code == 409:
            problem(answer, 409, "nothing-payable")
            return
        run = await self.banking.office.get(f"/runs/{answer.json()['run_id']}")
        sent = await self.banking.send(run)
        if self.chance.random() < 0.3:
            self.banking.again(sent)

    def evening(self) -> None:
        """Keeps the bank's report of the day, and goes home: it is the next morning."""
        day = self.banking.bank.report(COUNTY).day
        (report,) = self.banking.came("camt.052")
        self.banking.taken.add(report.name)
        self.reports[day.isoformat()] = report.read_bytes()
        self.banking.on(day + timedelta(days=1))

    async def wait(self, days: int) -> date:
        """Days pass, then everything that came is imported; gives the day."""
        for _ in range(days):
            self.evening()
        await self.import_all()
        return self.banking.bank.advance(0).end.date()


async def day_of_chance(clerk: Clerk, today: date) -> None:
    banking, chance = clerk.banking, clerk.chance
    county = chance.choice(OF_COUNTY)
    banking.behave(COUNTY, county, **({"days": chance.choice((0, 1, 3))} if county == "return-later" else {}))
    banking.behave(PAYEE, chance.choice(OF_PAYEE))
    if chance.random() < 0.5:
        await clerk.grant()
    if chance.random() < 0.5:
        await clerk.settle((await banking.office.get("/payables"))["items"])
    if chance.random() < 0.2:
        await clerk.answer_for_the_bank()
    if chance.random() < 0.6:
        await clerk.pay(today + timedelta(days=chance.choice((0, 0, 1, 4))))
    if chance.random() < 0.5:
        await clerk.import_all()


async def test_whatever_the_bank_does_everything_arrives_once(banking: Banking) -> None:
    seed = int(os.environ.get("GRANTS_BANK_SEED") or random.randrange(2**32))
    print(f"seed {seed}")
    clerk = Clerk(banking, random.Random(seed))
    banking.hold_payee(PAYEES[1], "accept")
    for each in range(DAYS):
        await day_of_chance(clerk, FIRST_DAY + timedelta(days=each))
        clerk.evening()
        await banking.every_euro_has_its_place()
    for account in (COUNTY, PAYEE):
        banking.behave(account, "accept")
    banking.fund(10_000_000)
    for _ in range(2):
        today = await clerk.wait(6)
        await clerk.answer_for_the_bank()
        await banking.conserved()
        await clerk.settle((await banking.office.get("/payables"))["items"])
        await clerk.pay(today)
    await clerk.wait(6)
    await banking.conserved()
    grants = (await banking.office.get("/grants"))["items"]
    assert [each["paid"] for each in grants] == [each["amount"] for each in grants]
    assert (await banking.office.get("/statements", gaps="true"))["items"] == []
