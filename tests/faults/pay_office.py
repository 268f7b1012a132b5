"""A finance office whose service dies and is started again: its database, its clerks, its folder to the bank.

What it is to pay is given as facts: three grants of three associations, one of them in two instalments, of which the
second is payable a month later.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx

from deploy.local.issuer import DEFAULT_AUDIENCE, DEFAULT_ISSUER, jwks_file, load_key, mint
from deploy.local.ports import free_port
from deploy.local.process import port_answers
from schemas.payments import GrantAwarded, GrantReleased
from services.ledger import Context, Ledger, StreamWrite, Unit
from services.payments.settings import PaymentsSettings
from services.payments.views import REGISTERS
from services.web.clock import system_clock
from services.web.handling import event_of
from services.web.identity import Role
from services.web.settings import KafkaFlavour
from tests.faults import paying
from tests.infrastructure.addresses import BrokerAddress
from tests.infrastructure.databases import FreshDatabase
from tests.infrastructure.processes import wait_for_async
from tests.integration.finance_office import NOW
from tests.integration.in_process import SERVICES, identity, settings_of
from tests.unit.given import fact

START_DEADLINE_S: Final = 60.0
DEATH_DEADLINE_S: Final = 30.0
ANSWER_DEADLINE_S: Final = 60.0


@dataclass(frozen=True)
class Awarded:
    """A grant: its association, the account, and what is payable from 1 April, 1 May and so on; cents."""

    number: int
    association_id: str
    iban: str
    amounts: tuple[int, ...]

    @property
    def application_id(self) -> str:
        return identity(self.number)


GRANTS: Final = (
    Awarded(1, "1234560-4", "FI9712300000000075", (150_000,)),
    Awarded(2, "1234561-2", "FI7512300000000083", (80_050,)),
    Awarded(3, "1234562-0", "FI5312300000000091", (100_000, 50_001)),
)
REJECTED: Final = GRANTS[1]
"""The grant whose first payment the bank does not make."""


@dataclass(frozen=True)
class Request:
    """What a clerk sends, always the same when it is sent again: a JSON document or a file."""

    person: str
    path: str
    document: dict[str, Any] | None = None
    content: bytes | None = None


class PayOffice:
    """A running service and its clerks, who all have the role of finance."""

    def __init__(self, settings: PaymentsSettings, database: FreshDatabase, folder: Path, prefix: str) -> None:
        self._settings = settings
        self._database = database
        self._folder = folder
        self._prefix = prefix
        self._key = load_key(folder / "issuer")
        self._process: BaseProcess | None = None
        self._client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{settings.port}/v1", timeout=ANSWER_DEADLINE_S, trust_env=False
        )

    # --- the process ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Starts the service, as a supervisor does, on the port that it had."""
        log = self._folder / "payments.log"
        self._process = process = paying.started(self._settings, self._prefix, log)
        answers = port_answers(self._settings.port)
        assert await wait_for_async(lambda: not process.is_alive() or answers(), START_DEADLINE_S), self.log()
        assert process.is_alive(), self.log()

    async def close(self) -> None:
        """Ends the service."""
        await self._client.aclose()
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.join)

    def log(self) -> str:
        """The end of the service's log, for a failure."""
        file = self._folder / "payments.log"
        return file.read_text(errors="replace")[-4000:] if file.exists() else "the service logged nothing"

    # --- commands and questions ----------------------------------------------------------------------------

    async def send(self, request: Request, key: str, die_at: str | None = None) -> httpx.Response:
        """One command under an Idempotency-Key; `die_at` is the point at which the service ends."""
        headers = self._headers(request.person) | {"Idempotency-Key": key}
        if die_at is not None:
            headers[paying.HEADER] = die_at
        if request.content is not None:
            headers["Content-Type"] = "application/xml"
            return await self._client.post(request.path, content=request.content, headers=headers)
        return await self._client.post(request.path, json=request.document, headers=headers)

    async def die_in(self, request: Request, key: str, point: str) -> None:
        """A command in which the service ends by SIGKILL at a point; nobody gets an answer."""
        try:
            answer = await self.send(request, key, die_at=point)
        except httpx.TransportError:
            pass
        else:
            raise AssertionError(f"never came to: {point}; answered {answer.status_code} {answer.text}\n{self.log()}")
        process = self._process
        assert process is not None, "the service was started"
        await asyncio.to_thread(process.join, DEATH_DEADLINE_S)
        assert process.exitcode == -signal.SIGKILL, self.log()

    async def get(self, path: str, **asked: Any) -> dict[str, Any]:
        """A question, which must be answered."""
        answer = await self._client.get(path, params=asked, headers=self._headers("anna"))
        assert answer.status_code == 200, f"{path}: {answer.text}\n{self.log()}"
        shown: dict[str, Any] = answer.json()
        return shown

    async def items(self, path: str, **asked: Any) -> list[dict[str, Any]]:
        """The items of a list, which are few."""
        shown: list[dict[str, Any]] = (await self.get(path, limit=200, **asked))["items"]
        return shown

    async def run(self) -> dict[str, Any]:
        """The newest run as the register shows it."""
        return (await self.items("/runs"))[-1]

    def _headers(self, person: str) -> dict[str, str]:
        token = mint(self._key, person=person, roles=[Role.FINANCE])
        return {"Authorization": f"Bearer {token}"}

    # --- what is seen from outside -------------------------------------------------------------------------

    @asynccontextmanager
    async def sight(self) -> AsyncIterator[asyncpg.Connection[Any]]:
        """A superuser's connection to the ledger."""
        settings = {"search_path": "payments"}
        connection = await asyncpg.connect(self._database.superuser_dsn, server_settings=settings)
        try:
            yield connection
        finally:
            await connection.close()

    @property
    def outbox(self) -> Path:
        """The folder that the bank's connection empties."""
        return self._settings.bank_outbox

    def delivered(self) -> dict[str, bytes]:
        """Every file that the bank sees in the folder, by its name."""
        found = sorted(self.outbox.glob("*")) if self.outbox.is_dir() else []
        return {each.name: each.read_bytes() for each in found if each.is_file() and not each.name.startswith(".")}


@asynccontextmanager
async def pay_office(
    database: FreshDatabase, broker: BrokerAddress, folder: Path, prefix: str
) -> AsyncIterator[PayOffice]:
    """An office on the morning of 1 April 2026, with a database of its own; `prefix` begins its topics' names."""
    made = await database.migrated("payments", SERVICES / "payments" / "migrations")
    await broker.create_topics([f"{prefix}payments", f"{prefix}payments.checkpoints"])
    told = {
        "port": free_port(), "kafka_bootstrap": broker.bootstrap, "kafka_flavour": KafkaFlavour(broker.flavour),
        "jwks_url": jwks_file(folder / "issuer").as_uri(), "issuer": DEFAULT_ISSUER, "audience": DEFAULT_AUDIENCE,
    }  # fmt: skip
    settings = settings_of("payments", made.service_dsn, folder, NOW).model_copy(update=told)
    assert isinstance(settings, PaymentsSettings), "these are the settings of payments"
    await _award(made.service_dsn)
    office = PayOffice(settings, database, folder, prefix)
    try:
        await office.start()
        yield office
    finally:
        await office.close()


async def _award(dsn: str) -> None:
    """Records the grants as the reactions of the service would."""
    ledger = Ledger(dsn, "payments", system_clock, REGISTERS, pool_size=1)
    await ledger.start()
    try:
        await ledger.append(Unit(Context("given", "given"), tuple(_awarded(each) for each in GRANTS)))
    finally:
        await ledger.stop()


def _awarded(grant: Awarded) -> StreamWrite:
    planned = [
        {"number": number, "amount": amount, "payable_from": f"2026-{3 + number:02d}-01"}
        for number, amount in enumerate(grant.amounts, start=1)
    ]
    award = fact(
        GrantAwarded, application_id=grant.application_id, association_id=grant.association_id, iban=grant.iban,
        association_name=f"Yhdistys {grant.number} ry", diary_number=f"{grant.number}/02.05.01.00/2026",
        amount=sum(grant.amounts), instalments=planned, awarded_on="2026-04-01",
    )  # fmt: skip
    release = fact(GrantReleased, application_id=grant.application_id, released_on="2026-04-01")
    return StreamWrite(f"grant/{grant.application_id}", 0, (event_of(award), event_of(release)))
