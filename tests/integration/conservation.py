"""A finance office and its bank that do what chance has them do, with commands, files and events that come twice, out
of order, and into connections that are cut. What the bank did is kept beside, and the service is not asked for it.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
from uuid_utils.compat import uuid7

from schemas.catalogue import known
from schemas.decisions import (
    DecisionBecameFinal,
    DecisionMade,
    RecoveryDecided,
    RectificationDecided,
    ReportAccepted,
    ReportReminded,
)
from schemas.envelope import to_message
from schemas.facts import Fact
from schemas.intake import AssociationAccountChanged
from schemas.money import cents, euros
from services.ledger import Context, Unavailable
from services.ledger.inbox import Inbox, Message
from services.ledger.records import encode_body, encode_moment
from services.payments.reactions import Reactions
from services.web.handling import event_of
from tests.infrastructure.databases import FreshDatabase
from tests.integration.conservation_bank import Bank, Sent
from tests.integration.cutting_proxy import cutting_proxy
from tests.integration.finance_office import OTHER_IBAN, Entry, FinanceOffice
from tests.integration.fragile import CRASHES, Fragile
from tests.integration.in_process import SERVICES, InProcess, composed, identity, settings_of
from tests.integration.test_bank_answers import entry_xml
from tests.unit.given import county, fact
from tests.unit.web.conftest import Issuer, make_verifier

START: Final = datetime(2026, 4, 1, 8, tzinfo=UTC)
IBANS: Final = ("FI2112345600000785", OTHER_IBAN)
GRANTS_MAX: Final = 4
# Who proposed a run tries now and then to approve it.
APPROVERS: Final = ("anna", "bertta", "bertta", "cecilia", "cecilia")
WAITS: Final = frozenset({"urn:grant-ledger:problem:bank-out-of-order", "urn:grant-ledger:problem:bank-bundle-differs"})


@dataclass
class Driven:
    """The office, its bank, and what chance makes them do. `moved` is what our entries in the taken files moved."""

    office: FinanceOffice
    bank: Bank
    fragile: Fragile
    inboxes: dict[str, Inbox]
    chance: random.Random
    now: datetime = START
    moved: int = 0
    taken: list[Sent] = field(default_factory=list)
    awards: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    positions: Counter[str] = field(default_factory=Counter)

    @property
    def today(self) -> date:
        """The Helsinki date: it is morning there."""
        return self.now.date()

    # --- a clerk's command, and an event of another service, each perhaps twice ----------------------------------

    async def command(
        self, path: str, person: str = "anna", body: Any = None, content: bytes | None = None
    ) -> httpx.Response:
        """A command under a key. What is cut is sent again; of what is sent twice the second changes nothing."""
        headers = self.office.headers(person) | {"Idempotency-Key": str(uuid7())}
        headers |= {} if content is None else {"Content-Type": "application/xml"}

        async def send() -> httpx.Response:
            return await self.office.service.client.post(f"/v1{path}", json=body, content=content, headers=headers)

        if self.chance.random() < 0.1:
            answer, other = await asyncio.gather(send(), send())
            assert (answer.status_code, other.status_code) == (answer.status_code,) * 2, (answer.text, other.text)
            assert answer.status_code >= 300 or answer.content == other.content
        else:
            answer = await self._cut(send)
        assert answer.status_code < 500, answer.text
        if answer.status_code < 300 and self.chance.random() < 0.3:
            size = await self.office.service.size()
            again = await send()
            assert (again.status_code, again.content) == (answer.status_code, answer.content), again.text
            assert again.headers["Idempotency-Replayed"] == "true"
            assert await self.office.service.size() == size
        self.done[f"{answer.status_code}"] += 1
        return answer

    async def _cut(self, send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        if self.chance.random() < 0.25:
            self.fragile.arm(self.chance.choice(CRASHES))
        answer = await send()
        self.fragile.disarm()
        return await send() if answer.status_code == 503 else answer

    async def deliver(self, topic: str, stream: str, told: Fact) -> None:
        """An event of another service, delivered until it was taken, and once more."""
        self.positions[topic] += 1
        self.positions[stream] += 1
        event = event_of(told)
        place = (self.positions[topic], encode_moment(self.now), event, stream, self.positions[stream])
        body = encode_body(*place, Context("person:board-1", "affair-1"))
        key, value, headers = to_message(
            service=topic, id=str(event.id), type=event.type, schema=event.schema, stream=stream,
            version=self.positions[stream], position=self.positions[topic], time=encode_moment(self.now),
            actor="person:board-1", correlation="affair-1", causation=None, body=body,
        )  # fmt: skip
        message = Message.read(topic, key, value, headers)
        if self.chance.random() < 0.3:
            self.fragile.arm(self.chance.choice(CRASHES))
        for _ in range(2):
            try:
                await self.inboxes[topic].receive(message)
            except Unavailable:
                await self.inboxes[topic].receive(message)
            self.fragile.disarm()
        self.done[told.event_type] += 1

    # --- what others decide --------------------------------------------------------------------------------------

    async def award(self) -> None:
        if len(self.awards) == GRANTS_MAX:
            return
        chosen = identity(len(self.awards) + 1)
        days = [self.today + timedelta(days=wait) for wait in self.chance.choice(((0,), (0, 20), (0, 0, 40)))]
        amounts = [self.chance.randrange(100, 90_000) for _ in days]
        planned = [
            {"number": number, "amount": amount, "payable_from": day}
            for number, (amount, day) in enumerate(zip(amounts, days, strict=True), start=1)
        ]
        diary_number = f"{len(self.awards) + 1}/02.05.01.00/2026"
        made = fact(
            DecisionMade, application_id=chosen, amount=sum(amounts), instalments=planned, diary_number=diary_number
        )
        self.awards.append(chosen)
        await self.deliver("decisions", f"case/{chosen}", made)
        await self.deliver("decisions", f"case/{chosen}", fact(DecisionBecameFinal, application_id=chosen))

    async def _of_case(self, kind: type[Fact], **changed: Any) -> None:
        if self.awards:
            chosen = self.chance.choice(self.awards)
            await self.deliver("decisions", f"case/{chosen}", fact(kind, application_id=chosen, **changed))

    async def change_award(self) -> None:
        amount = self.chance.choice((0, self.chance.randrange(1, 200_000)))
        planned = [{"number": 1, "amount": amount, "payable_from": self.today}] if amount else []
        decided = {"amount": amount, "instalments": planned, "decided_on": self.today}
        await self._of_case(RectificationDecided, outcome="changed", claim_id=str(uuid7()), **decided)

    async def decide_recovery(self) -> None:
        # References are made of the id, and claims are listed by them: the same seed has the same.
        recovery_id = str(UUID(int=self.chance.getrandbits(128), version=4))
        await self._of_case(
            RecoveryDecided, recovery_id=recovery_id, amount=self.chance.randrange(1, 60_000),
            interest=self.chance.choice((0, 493)), decided_on=self.today, due_on=self.today + timedelta(days=5),
        )  # fmt: skip

    async def remind(self) -> None:
        await self._of_case(ReportReminded, reminded_on=self.today)

    async def accept_report(self) -> None:
        await self._of_case(ReportAccepted)

    async def change_account(self) -> None:
        changed = fact(AssociationAccountChanged, iban=self.chance.choice(IBANS))
        await self.deliver("intake", f"association/{changed.association_id}", changed)

    # --- paying --------------------------------------------------------------------------------------------------

    async def propose(self) -> None:
        body: dict[str, Any] = {"execution_date": self.today.isoformat()}
        if self.awards and self.chance.random() < 0.5:
            body["application_ids"] = [self.chance.choice(self.awards)]
        await self.command("/runs", "anna", body)

    async def _some_run(self) -> dict[str, Any] | None:
        runs = (await self.office.get("/runs", limit="200"))["items"]
        found = [each for each in runs if each["state"] in {"proposed", "approved", "built"}]
        return self.chance.choice(found) if found else None

    async def advance(self) -> None:
        """The next step of a run: an approval, its file, its sending. What an account's change stopped is taken out."""
        run = await self._some_run()
        if run is None:
            return
        path = f"/runs/{run['run_id']}"
        if len(run["approved_by"]) < 2:
            await self.command(f"{path}/approvals", self.chance.choice(APPROVERS), {})
            return
        answer = await self.command(f"{path}/{'sending' if run['state'] == 'built' else 'file'}")
        if answer.status_code == 409:
            await self._take_out(run, [line["end_to_end_id"] for line in run["lines"]])
        self.bank.learn(self.office.service.folder / "outbox")

    async def take_out(self) -> None:
        run = await self._some_run()
        if run is not None:
            lines = [line["end_to_end_id"] for line in run["lines"]]
            await self._take_out(run, self.chance.sample(lines, self.chance.randint(1, len(lines))))

    async def _take_out(self, run: dict[str, Any], lines: list[str]) -> None:
        await self.command(f"/runs/{run['run_id']}/removals", "doris", {"lines": lines, "reason": "Pois ajosta"})

    async def settle_cause(self) -> None:
        waiting = (await self.office.get("/payables"))["items"]
        found = [each for each in waiting if each["held"] == "the bank did not pay to the account"]
        if found:
            chosen = self.chance.choice(found)
            path = f"/payables/{chosen['application_id']}/{chosen['instalment']}/settled-cause"
            await self.command(path, "anna", {"remark": "Selvitetty"})

    # --- the bank ------------------------------------------------------------------------------------------------

    async def tell_status(self) -> None:
        payment = self.bank.some(self.chance.choice(("sent", "sent", "sent", "booked")))
        if payment is not None:
            self.bank.report(payment, self.chance.choice(("PDNG", "ACCP", "ACSC")))

    async def reject(self) -> None:
        payment = self.bank.some("sent")
        if payment is not None:
            payment.state = "rejected"
            self.bank.report(payment, "RJCT", "AC04")

    async def book(self) -> None:
        """Some payments are debited one by one, or all that is left of a file as one sum."""
        payment = self.bank.some("sent")
        if payment is None:
            return
        of_file = [each for each in self.bank.payments.values() if each.message == payment.message]
        left = [each for each in of_file if each.state == "sent"]
        if {each.state for each in of_file} <= {"sent", "rejected"} and self.chance.random() < 0.4:
            total = sum(each.amount for each in left)
            batch = f"<Btch><PmtInfId>{payment.message}</PmtInfId><NbOfTxs>{len(left)}</NbOfTxs></Btch>"
            self.bank.state(
                self.today, more=entry_xml(total, "DBIT", self.bank.archive_id(), "PMNT/ICDT/ESCT", batch), moved=-total
            )
        else:
            left = self.chance.sample(left, self.chance.randint(1, len(left)))
            self.bank.state(
                self.today, tuple(Entry(each.amount, self.bank.archive_id(), each.end_to_end) for each in left)
            )
        for each in left:
            each.state = "booked"

    async def send_back(self) -> None:
        payment = self.bank.some("booked")
        if payment is None:
            return
        payment.state = "returned"
        amount = self.chance.choice((payment.amount, self.chance.randint(1, payment.amount)))
        self.bank.state(self.today, (Entry(amount, self.bank.archive_id(), payment.end_to_end, returned=True),))

    async def say_nonsense(self) -> None:
        """Another sum than was sent is debited, or more comes back: it is nobody's, beside a charge of the bank."""
        payment = self.bank.some(self.chance.choice(("sent", "booked", "returned")))
        if payment is not None:
            more = payment.amount + self.chance.randint(1, 500)
            entry = Entry(more, self.bank.archive_id(), payment.end_to_end, returned=payment.state != "sent")
            self.bank.state(self.today, (entry,), ours=False)

    async def receive(self) -> None:
        """Money comes for a claim: a part, all, or too much."""
        claims = (await self.office.get("/claims", limit="200"))["items"]
        if claims:
            claim = self.chance.choice(claims)
            amount = self.chance.choice((cents(claim["left"]), self.chance.randint(1, 70_000))) or 1
            self.bank.state(self.today, (Entry(amount, self.bank.archive_id(), reference=claim["reference"]),))

    async def take_file(self) -> None:
        """A file of the bank is handed in, mostly the oldest; one that comes too early waits."""
        if not self.bank.waiting:
            return
        place = 0 if self.chance.random() < 0.7 else self.chance.randrange(len(self.bank.waiting))
        came = self.bank.waiting[place]
        size = await self.office.service.size()
        answer = await self.command("/bank-files", content=came.content)
        if answer.status_code == 409:
            assert answer.json()["type"] in WAITS, answer.text
            assert place > 0, f"the bank's next file is refused: {answer.text}"
            assert await self.office.service.size() == size
            return
        assert answer.status_code == 200, answer.text
        del self.bank.waiting[place]
        self.moved += 0 if came.entries in {each.entries for each in self.taken} else came.moved
        self.taken.append(came)
        await self._again(came)

    async def take_file_again(self) -> None:
        if self.taken:
            await self._again(self.chance.choice(self.taken))

    async def _again(self, came: Sent) -> None:
        size = await self.office.service.size()
        again = await self.command("/bank-files", content=came.content)
        assert again.json()["already_imported"] is True, again.text
        assert await self.office.service.size() == size

    # --- claims --------------------------------------------------------------------------------------------------

    async def _some_claim(self) -> dict[str, Any] | None:
        claims = (await self.office.get("/claims", limit="200"))["items"]
        return self.chance.choice(claims) if claims else None

    async def set_off(self) -> None:
        claim = await self._some_claim()
        if claim is None:
            return
        payable = [
            each for each in (await self.office.get("/payables"))["items"]
            if each["application_id"] == claim["application_id"] and each["held"] is None
        ]  # fmt: skip
        number = self.chance.choice(payable)["instalment"] if payable else 1
        await self.command(
            f"/claims/{claim['reference']}/set-off", "anna", {"instalment": number, "reason": "Kuitataan"}
        )

    async def write_off(self) -> None:
        """Proposed by one, decided by another or, refused, by the same."""
        claim = await self._some_claim()
        if claim is None:
            return
        path = f"/claims/{claim['reference']}/write-off"
        amount = euros(self.chance.randint(1, max(cents(claim["left"]), 1)))
        await self.command(f"{path}-proposal", "anna", {"amount": amount, "reason": "Yhdistys purettu"})
        await self.command(path, self.chance.choice(("anna", "bertta", "bertta")))

    async def plan(self) -> None:
        claim = await self._some_claim()
        left = 0 if claim is None else cents(claim["left"])
        if claim is None or left < 2:
            return
        first = self.chance.randrange(1, left)
        parts = [
            {"due_on": (self.today + timedelta(days=10 * number)).isoformat(), "amount": euros(amount)}
            for number, amount in enumerate((first, left - first), start=1)
        ]
        await self.command(f"/claims/{claim['reference']}/plan", "anna", {"parts": parts, "reason": "Pyyntö"})

    async def claim_late_interest(self) -> None:
        claim = await self._some_claim()
        if claim is not None:
            await self.command(f"/claims/{claim['reference']}/late-interest")

    async def pass_days(self) -> None:
        self.now += timedelta(days=self.chance.randint(1, 6))
        self.office.service.at(self.now)

    async def step(self, wanted: str | None) -> str:
        """The wanted act, or one by its weight that had something to do, as far as one is found."""
        name = wanted or ""
        for _ in range(6):
            before = (self.done.total(), self.bank.number, self.now)
            name = wanted or self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            await getattr(self, name)()
            if before != (self.done.total(), self.bank.number, self.now):
                break
        self.done[name] += 1
        return name


WEIGHTS: Final = {
    "award": 3, "change_award": 2, "decide_recovery": 2, "remind": 1, "accept_report": 1, "change_account": 1,
    "propose": 6, "advance": 18, "take_out": 1, "settle_cause": 3,
    "tell_status": 2, "reject": 1, "book": 6, "send_back": 3, "say_nonsense": 1, "receive": 3, "take_file": 14,
    "take_file_again": 1, "set_off": 3, "write_off": 2, "plan": 1, "claim_late_interest": 2, "pass_days": 2,
}  # fmt: skip
"""How often each act is chosen."""


@asynccontextmanager
async def driven(database: FreshDatabase, folder: Path, chance: random.Random) -> AsyncIterator[Driven]:
    """An office without grants, behind a connection that can be cut."""
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    made = await database.migrated("payments", SERVICES / "payments" / "migrations")
    async with cutting_proxy(made.service_dsn) as (proxy, dsn):
        app, ledger = composed("payments", settings_of("payments", dsn, folder, START))
        issuer, fragile = Issuer(), Fragile(proxy)
        app.state.verifier = make_verifier(issuer)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        await ledger.start()
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://payments.example") as client:
                service = InProcess(app, ledger, client, issuer, folder / "clock.json", folder)
                with fragile.installed(ledger):
                    reactions = Reactions(ledger, county()).by_type()
                    inboxes = {
                        topic: Inbox(ledger, "payments", dict(each), known, back_off_seconds=0.01)
                        for topic, each in reactions.items()
                    }
                    yield Driven(FinanceOffice(service), Bank(chance), fragile, inboxes, chance)
        finally:
            await ledger.stop()
