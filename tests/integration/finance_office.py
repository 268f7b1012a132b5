"""A finance office in tests: grants and claims that are given as facts, runs over HTTP, and what the bank tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx

from schemas.money import cents
from schemas.payments import AccountNoted, GrantAwarded, GrantReleased, RecoveryClaimed
from services.payments.reactions import reference_of
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, InProcess, composed, identity, in_process, settings_of
from tests.unit.given import fact
from tests.unit.web.conftest import make_verifier

NOW = datetime(2026, 4, 1, 8, 0, tzinfo=UTC)
OTHER_IBAN = "FI1410093000123458"


@dataclass(frozen=True)
class Entry:
    """A booking of the bank: a debit of a payment by its EndToEndId, its return as a credit, or a credit by a
    reference. `amount` in cents.
    """

    amount: int
    archive_id: str
    end_to_end: str | None = None
    reference: str | None = None
    returned: bool = False

    @property
    def signed(self) -> int:
        return -self.amount if self.end_to_end is not None and not self.returned else self.amount

    def xml(self, on: date) -> str:
        """The entry as its elements."""
        side = "DBIT" if self.signed < 0 else "CRDT"
        money = f'<Amt Ccy="EUR">{_written(self.amount)}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
        family = "ICDT" if self.end_to_end is not None else "RCDT"
        refs = f"<Refs><EndToEndId>{self.end_to_end or 'NOTPROVIDED'}</EndToEndId></Refs>"
        told = f"<RmtInf><Strd><CdtrRefInf><Ref>{self.reference}</Ref></CdtrRefInf></Strd></RmtInf>"
        reason = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"
        return (
            f"<Ntry>{money}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{on}</Dt></BookgDt><ValDt><Dt>{on}</Dt></ValDt>"
            f"<AcctSvcrRef>{self.archive_id}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd>"
            f"<SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls>{refs}{money}"
            f"{told if self.reference else ''}{reason if self.returned else ''}</TxDtls></NtryDtls></Ntry>"
        )


def _written(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"


def statement(on: date, *entries: Entry) -> bytes:
    """A camt.053 of one day that adds up."""
    opening = 10_000_000
    closing = opening + sum(each.signed for each in entries)

    def balance(code: str, amount: int) -> str:
        return (
            f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{_written(amount)}</Amt>'
            f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{on}</Dt></Dt></Bal>"
        )

    return (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>S{on}</MsgId><CreDtTm>{on}T20:00:00+03:00</CreDtTm></GrpHdr>"
        f"<Stmt><Id>{on}</Id><CreDtTm>{on}T20:00:00+03:00</CreDtTm>"
        "<Acct><Id><IBAN>FI2112345600000785</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{balance('OPBD', opening)}{balance('CLBD', closing)}{''.join(each.xml(on) for each in entries)}"
        "</Stmt></BkToCstmrStmt></Document>"
    ).encode()


REJECTION = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>
<GrpHdr><MsgId>R1</MsgId><CreDtTm>2026-04-02T08:00:00+03:00</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>{message}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>
<GrpSts>PART</GrpSts></OrgnlGrpInfAndSts>
<OrgnlPmtInfAndSts><OrgnlPmtInfId>{message}</OrgnlPmtInfId><PmtInfSts>PART</PmtInfSts>
<TxInfAndSts><OrgnlEndToEndId>{end_to_end}</OrgnlEndToEndId><TxSts>RJCT</TxSts>
<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf></TxInfAndSts></OrgnlPmtInfAndSts>
</CstmrPmtStsRpt></Document>
"""


@dataclass
class FinanceOffice:
    """The service, and what its clerks do. Everybody has the role of finance."""

    service: InProcess

    def headers(self, person: str = "anna") -> dict[str, str]:
        return self.service.token(Role.FINANCE, person=person)

    async def post(self, path: str, person: str = "anna", **sent: Any) -> httpx.Response:
        """A command by somebody; without `sent` it has no body."""
        return await self.service.client.post(f"/v1{path}", json=sent or None, headers=self.headers(person))

    async def get(self, path: str, **asked: Any) -> dict[str, Any]:
        answer = await self.service.client.get(f"/v1{path}", params=asked, headers=self.headers())
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def grant(self, number: int = 1, amounts: Sequence[int] = (150_000,), **changed: Any) -> str:
        """A grant whose instalments are payable from 1 April, 1 May and so on; 1500.00 EUR in one sum by default."""
        chosen = identity(number)
        planned = [
            {"number": each, "amount": amount, "payable_from": f"2026-{3 + each:02d}-01"}
            for each, amount in enumerate(amounts, start=1)
        ]
        awarded = fact(GrantAwarded, application_id=chosen, amount=sum(amounts), instalments=planned, **changed)
        await self.service.given(f"grant/{chosen}", awarded, fact(GrantReleased, application_id=chosen))
        return chosen

    async def account(self, iban: str) -> None:
        """The association is paid to this account from now on."""
        await self.service.given(f"account/{ASSOCIATION}", fact(AccountNoted, association_id=ASSOCIATION, iban=iban))

    async def claim(self, application_id: str, amount: int, due_on: str = "2026-05-02") -> str:
        """A claim of recovery on 2 April; gives its reference number."""
        recovery_id = identity(900)
        claimed = fact(
            RecoveryClaimed, application_id=application_id, recovery_id=recovery_id, amount=amount,
            reference=reference_of(fact(RecoveryClaimed, recovery_id=recovery_id).recovery_id, "90"),
            claimed_on="2026-04-02", due_on=due_on,
        )  # fmt: skip
        await self.service.given(f"grant/{application_id}", claimed)
        return claimed.reference

    async def propose(self, person: str = "anna", on: str = "2026-04-02", **changed: Any) -> dict[str, Any]:
        """A run that was proposed, as the register shows it."""
        answer = await self.post("/runs", person, execution_date=on, **changed)
        assert answer.status_code == 201, answer.text
        return await self.get(f"/runs/{answer.json()['run_id']}")

    async def approve(self, run: dict[str, Any], person: str, *lines: str) -> httpx.Response:
        sent = {"lines": list(lines)} if lines else {}
        return await self.post(f"/runs/{run['run_id']}/approvals", person, **sent)

    async def send(self, run: dict[str, Any]) -> dict[str, Any]:
        """Approves a run by two people, builds its file and sends it; gives the register's document then."""
        for person in ("bertta", "cecilia"):
            answer = await self.approve(run, person)
            assert answer.status_code == 201, answer.text
        return await self.send_approved(run)

    async def send_approved(self, run: dict[str, Any]) -> dict[str, Any]:
        for act in ("file", "sending"):
            answer = await self.post(f"/runs/{run['run_id']}/{act}")
            assert answer.status_code == 200, answer.text
        return await self.get(f"/runs/{run['run_id']}")

    async def hand_in(self, content: bytes) -> dict[str, int]:
        """Imports a file from the bank; gives its effects."""
        headers = self.headers() | {"Content-Type": "application/xml"}
        answer = await self.service.client.post("/v1/bank-files", content=content, headers=headers)
        assert answer.status_code == 200, answer.text
        effects: dict[str, int] = answer.json()["effects"]
        return effects

    async def book(self, run: dict[str, Any], on: date = date(2026, 4, 2)) -> dict[str, int]:
        """The bank books every payment of a run that was sent."""
        entries = [
            Entry(cents(line["amount"]), f"B{line['end_to_end_id'][:12]}{index}", line["end_to_end_id"])
            for index, line in enumerate(run["lines"])
        ]
        return await self.hand_in(statement(on, *entries))

    async def receive(self, reference: str, amount: int, on: date) -> dict[str, int]:
        """Money comes for a claim."""
        return await self.hand_in(statement(on, Entry(amount, f"R{on:%y%m%d}{amount}", reference=reference)))

    async def pay(self) -> dict[str, Any]:
        """Pays all that is payable now, from the proposal to the booking."""
        run = await self.send(await self.propose())
        await self.book(run)
        return run

    async def payables(self) -> list[tuple[int, str, bool]]:
        """Number and sum of each instalment that is to be paid, and whether it is held."""
        items = (await self.get("/payables"))["items"]
        return [(each["instalment"], each["amount"], each["held"] is not None) for each in items]

    async def shown_claim(self, reference: str) -> dict[str, str]:
        """What the register shows of a claim: its sums without EUR, in the order received, set off, written off,
        overpaid, left. The books must be in balance.
        """
        balance = await self.get("/trial-balance")
        assert balance["total"] == "0.00 EUR"
        [found] = [each for each in (await self.get("/claims"))["items"] if each["reference"] == reference]
        names = ("interest", "received", "set_off", "written_off", "overpaid", "left")
        return {name: found[name].removesuffix(" EUR") for name in names if found[name] != "0.00 EUR" or name == "left"}

    async def balance(self, account: str) -> str:
        """An account's balance, debit positive."""
        balances: dict[str, str] = (await self.get("/trial-balance"))["accounts"]
        return balances.get(account, "0.00 EUR")


@asynccontextmanager
async def finance_office(database: FreshDatabase, folder: Path) -> AsyncIterator[FinanceOffice]:
    """An office on the morning of 1 April 2026."""
    async with in_process("payments", database, folder, NOW) as service:
        yield FinanceOffice(service)


@asynccontextmanager
async def replica(office: FinanceOffice, database: FreshDatabase, folder: Path) -> AsyncIterator[FinanceOffice]:
    """Another process of the same service, on the same database."""
    await asyncio.to_thread(folder.mkdir)
    made = await database.service("payments")
    app, ledger = composed("payments", settings_of("payments", made.service_dsn, folder, NOW))
    app.state.verifier = make_verifier(office.service.issuer)
    await ledger.start()
    try:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://replica.example") as client:
            yield FinanceOffice(InProcess(app, ledger, client, office.service.issuer, folder / "clock.json", folder))
    finally:
        await ledger.stop()
