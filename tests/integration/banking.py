"""A finance office with the mock bank: its files reach the bank through the service's folder, and what the bank puts
into a folder is imported in the order in which it came.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import httpx

from deploy.local.mockbank import Behaviour, MockBank
from schemas.helsinki import HELSINKI
from schemas.money import cents
from schemas.payments import AccountNoted
from tests.infrastructure.databases import FreshDatabase
from tests.integration.finance_office import FinanceOffice, finance_office
from tests.unit.given import fact

COUNTY = "ALUE"
PAYEE = "SAAJA"
OPENING = 1_000_000
HOLIDAYS = (date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1))
TAKEN = ("pain.002", "camt.053", "camt.054")


@dataclass(frozen=True)
class Payee:
    """An association, the account that it has, and the one that it gives when money does not reach that."""

    association_id: str
    name: str
    iban: str
    other_iban: str


PAYEES = (
    Payee("2900001-2", "Ensimmäinen yhdistys ry", "FI3012300000000117", "FI0812300000000125"),
    Payee("2900003-9", "Toinen yhdistys ry", "FI8312300000000133", "FI6112300000000141"),
    Payee("2900004-7", "Kolmas yhdistys ry", "FI8712300000000158", "FI6512300000000166"),
)


@dataclass
class Banking:
    """The office, the bank, and the folder into which the bank writes. The office takes messages of these `kinds`."""

    office: FinanceOffice
    bank: MockBank
    inbox: Path
    kinds: tuple[str, ...] = TAKEN
    taken: set[str] = field(default_factory=set)
    funded: int = 0

    @property
    def outbox(self) -> Path:
        return self.office.service.folder / "outbox"

    # --- what is paid ----------------------------------------------------------------------------------------

    async def grants(self, *amounts: int) -> list[str]:
        """A grant in one sum for each amount, each to another association."""
        return [
            await self.office.grant(
                number, (amount,), association_id=payee.association_id, association_name=payee.name, iban=payee.iban
            )
            for number, (amount, payee) in enumerate(zip(amounts, PAYEES, strict=False), start=1)
        ]

    async def move_account(self, payee: Payee) -> None:
        """The association is paid to its other account from now on."""
        noted = fact(AccountNoted, association_id=payee.association_id, iban=payee.other_iban)
        await self.office.service.given(f"account/{payee.association_id}", noted)

    async def settle(self, application_id: str, instalment: int = 1) -> None:
        """A person dealt with the cause for which the bank did not pay."""
        path = f"/payables/{application_id}/{instalment}/settled-cause"
        answer = await self.office.post(path, remark="Asia selvitettiin")
        assert answer.status_code == 200, answer.text

    async def send(self, run: dict[str, Any]) -> dict[str, Any]:
        """Sends a run, and the bank takes its file; gives the register's document."""
        sent = await self.office.send(run)
        self.bank.scan_drop()
        assert not list(self.outbox.glob("*.xml"))
        return sent

    # --- what the bank does ----------------------------------------------------------------------------------

    def behave(self, account: str, behaviour: Behaviour, **parameters: str | int) -> None:
        self.bank.set_behaviour(account, behaviour, parameters)

    def hold_payee(self, payee: Payee, behaviour: Behaviour) -> None:
        """The payee's account is at this bank, and behaves so."""
        self.bank.open_account(PAYEE, name=payee.name, iban=payee.iban, bic="MOCKFIHH", balance_cents=0)
        self.behave(PAYEE, behaviour)

    def open_again(self, account: str) -> None:
        """An account that was closed is open."""
        path = f"{self.bank.url}/_mock/accounts/{account}"
        assert httpx.patch(path, json={"closed": False}, trust_env=False).status_code == 200

    def fund(self, amount: int) -> None:
        """The county puts money into its account."""
        iban = PAYEES[0].other_iban
        self.bank.credit(COUNTY, amount, reference="RF18539007547034", debtor_name="Verottaja", debtor_iban=iban)
        self.funded += amount

    def again(self, run: dict[str, Any]) -> None:
        """The bank gets the file of a run once more, from somewhere else."""
        [first] = [each for each in self.outbox.glob("*/*.xml") if each.stem == run["message_id"]]
        (self.outbox / f"copy-of-{first.name}").write_bytes(first.read_bytes())
        self.bank.scan_drop()

    def came(self, *kinds: str) -> list[Path]:
        """What the bank wrote for the county and nobody imported, oldest first."""
        found = [each for each in self.inbox.iterdir() if f"-{COUNTY}-" in each.name and each.name not in self.taken]
        chosen = [each for each in found if each.name.startswith(kinds)]
        return sorted(chosen, key=lambda each: int(each.stem.rpartition("-")[2]))

    # --- what the office does with it ------------------------------------------------------------------------

    async def offer(self, content: bytes) -> httpx.Response:
        headers = self.office.headers() | {"Content-Type": "application/xml"}
        return await self.office.service.client.post("/v1/bank-files", content=content, headers=headers)

    async def hand_in(self, content: bytes) -> dict[str, Any]:
        """The whole answer to a file that is taken."""
        answer = await self.offer(content)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def collect(self, files: Sequence[Path] | None = None) -> list[dict[str, Any]]:
        """Imports what came, and gives the answers."""
        answers = []
        for each in self.came(*self.kinds) if files is None else files:
            self.taken.add(each.name)
            answers.append(await self.hand_in(each.read_bytes()))
        return answers

    def on(self, day: date) -> None:
        """It is the morning of a day, in the bank and in the office."""
        self.bank.advance_to(day)
        self.office.service.at(datetime.combine(day, time(8), HELSINKI))

    async def until(self, day: date, *, import_last: bool = True) -> dict[str, int]:
        """Day after day up to a morning; what comes is imported each morning, but for the last one where it is not
        asked for. Gives the effects in all.
        """
        today = self.bank.advance(0).end.date()
        mornings = [date.fromordinal(each) for each in range(today.toordinal() + 1, day.toordinal() + 1)]
        answers = await self.collect()
        for morning in mornings:
            self.on(morning)
            answers += await self.collect() if import_last or morning != day else []
        effects: dict[str, int] = {}
        for answer in answers:
            for name, count in answer["effects"].items():
                effects[name] = effects.get(name, 0) + count
        return effects

    # --- what is true in the end -----------------------------------------------------------------------------

    async def states(self) -> list[tuple[str, int]]:
        """The state and attempt of each payment, by application and attempt."""
        items = (await self.office.get("/payments"))["items"]
        found = sorted((each["application_id"], each["attempt"], each["state"]) for each in items)
        return [(state, attempt) for _, attempt, state in found]

    async def conserved(self) -> None:
        """Once all that came is imported: every euro has its place, and the bank has what the ledger says."""
        accounts = await self.every_euro_has_its_place()
        [held] = [each.balance for each in self.bank.accounts() if each.id == COUNTY]
        assert held == OPENING + self.funded + accounts.get("1700", 0)
        booked = await self.payments("booked")
        self._bank_agrees({each["end_to_end_id"] for each in booked})

    async def payments(self, *states: str) -> list[dict[str, Any]]:
        """The attempts to pay that are in one of these states."""
        page = await self.office.get("/payments", limit=200)
        assert page["next"] is None
        return [each for each in page["items"] if each["state"] in states]

    async def every_euro_has_its_place(self) -> dict[str, int]:
        """Of each grant, what was awarded is paid, payable (or held) or on its way, and the books are in balance. Gives
        each account's balance in cents.
        """
        on_its_way, booked = await self.payments("proposed", "sent"), await self.payments("booked")
        grants = (await self.office.get("/grants"))["items"]
        payables = (await self.office.get("/payables"))["items"]
        for grant in grants:
            mine = grant["application_id"]
            paid, waiting, moving = cents(grant["paid"]), _sum(payables, mine), _sum(on_its_way, mine)
            assert cents(grant["amount"]) == paid + waiting + moving, (grant, payables, on_its_way)
            assert (paid, mine) == (_sum(booked, mine), mine)
        return await self._books_balance(sum(cents(each["amount"]) - cents(each["paid"]) for each in grants))

    async def _books_balance(self, owed: int) -> dict[str, int]:
        balance = await self.office.get("/trial-balance")
        accounts = {number: cents(amount) for number, amount in balance["accounts"].items()}
        assert (balance["total"], sum(accounts.values())) == ("0.00 EUR", 0)
        assert balance["debits"] == balance["credits"]
        assert accounts.get("2590", 0) == -owed
        return accounts

    def _bank_agrees(self, booked: set[str]) -> None:
        """What left the account and did not come back is what is booked, each once."""
        left = [each for each in self.bank.payments() if each.booked_at is not None and each.returned_at is None]
        assert sorted(each.end_to_end_id for each in left) == sorted(booked)
        instalments = [each.end_to_end_id.rpartition("-")[0] for each in left]
        assert len(instalments) == len(set(instalments)), "an instalment was paid twice"


def _sum(items: Sequence[dict[str, Any]], application_id: str) -> int:
    return sum(cents(each["amount"]) for each in items if each["application_id"] == application_id)


def statement_of_report(report: bytes, number: int) -> bytes:
    """The statement of a whole day from the bank's intraday report (camt.052) of its evening: the same entries, the
    balance of then as the closing one, and the statement's number.
    """
    text = report.decode().replace("camt.052", "camt.053").replace("BkToCstmrAcctRpt", "BkToCstmrStmt")
    text = re.sub(r"<(/?)Rpt>", r"<\1Stmt>", text).replace("<Cd>ITBD</Cd>", "<Cd>CLBD</Cd>")
    return re.sub(r"<ElctrncSeqNb>\d+<", f"<ElctrncSeqNb>{number}<", text).encode()


@asynccontextmanager
async def banking_office(database: FreshDatabase, folder: Path) -> AsyncIterator[Banking]:
    """An office and its bank on the morning of Wednesday 1 April 2026; 10,000.00 EUR are in the county's account."""
    inbox = folder / "inbox"
    clock = datetime(2026, 4, 1, 9)  # noqa: DTZ001 - bank time is wall-clock time
    started = MockBank(folder, clock=clock, drop_folder=folder / "outbox", pickup_folder=inbox)
    async with finance_office(database, folder) as office:
        with started as bank:
            bank.set_holidays(HOLIDAYS)
            debtor = {"name": "Pohjois-Karjalan hyvinvointialue", "iban": "FI2112345600000785", "bic": "MOCKFIHH"}
            bank.open_account(COUNTY, **debtor, balance_cents=OPENING)
            yield Banking(office, bank, inbox)
