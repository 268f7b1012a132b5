"""Intake in the test's process with the keys of persons at hand, a call and an association given."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import asyncpg
import httpx

from deploy.local.service_database import ServiceDatabase
from schemas.intake import AssociationRegistered, CallPublished
from schemas.samples import SAMPLES
from services.intake import app as composition
from services.intake.person_keys import PersonKeys
from services.intake.telling import Telling
from services.ledger import Record, Signer
from services.web.clock import SimulatedClock
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, InProcess, in_process
from tests.unit.given import county, fact

JANUARY = datetime(2026, 1, 12, 8, 0, tzinfo=UTC)
OTHER_ASSOCIATION = "0116753-1"
THIRD_ASSOCIATION = "0112038-9"
CALL_ID = "operating-2026"
APPLICATION: dict[str, Any] = {
    "call_id": CALL_ID, "association_id": ASSOCIATION, "activity": "patients-and-disability-organisations",
    "municipalities": [{"municipality": "joensuu", "percent": 100}], "purpose": "Vertaistuki",
    "applied": "2000.00 EUR", "costs": "2500.50 EUR", "other_funding": "0.50 EUR", "own_funding": "500.00 EUR",
    "years": 1, "separable_bookkeeping": True,
}  # fmt: skip
BUDGET: dict[str, Any] = SAMPLES["application.submitted", 3]["budget"]
"""The rows of that application, as a project's has them."""
CONTENT: dict[str, Any] = {
    name: value for name, value in APPLICATION.items() if name not in {"call_id", "association_id"}
}
TERMS: dict[str, Any] = {
    **{name: value for name, value in SAMPLES["call.published", 2].items() if name != "call_id"},
    "opens_at": "2025-12-15T08:00", "closes_at": "2026-01-16T16:00",
}  # fmt: skip
PERSON: dict[str, Any] = {
    "role": "contact", "name": "Saimi Hoyer-Jääskeläinen", "email": "saimi.hoyer@yhdistys.example",
    "phone": "+358 40 7654321", "valid_from": "2026-01-01",
}  # fmt: skip


@dataclass
class Office:
    """A started intake with what a test needs of it beside HTTP."""

    service: InProcess
    keys: PersonKeys
    database: ServiceDatabase

    def applicant(self, person: str = "anna", association: str = ASSOCIATION) -> dict[str, str]:
        return self.service.token(Role.ASSOCIATION, person=person, association=association)

    def officer(self, person: str = "officer-1") -> dict[str, str]:
        return self.service.token(Role.OFFICER, person=person)

    async def post(self, path: str, sent: Any, headers: dict[str, str]) -> httpx.Response:
        return await self.service.client.post(f"/v1{path}", json=sent, headers=headers)

    async def get(self, path: str, headers: dict[str, str], **asked: Any) -> httpx.Response:
        return await self.service.client.get(f"/v1{path}", params=asked, headers=headers)

    async def apply(self, headers: dict[str, str] | None = None, **changed: Any) -> httpx.Response:
        return await self.post("/applications", {**APPLICATION, **changed}, headers or self.applicant())

    async def name(self, headers: dict[str, str] | None = None, whose: str = ASSOCIATION, **changed: Any) -> str:
        """A new person's id."""
        sent = {**PERSON, **changed}
        answer = await self.post(f"/associations/{whose}/persons", sent, headers or self.officer())
        assert answer.status_code == 201, answer.text
        return str(answer.json()["person_id"])

    async def people(self, headers: dict[str, str] | None = None, **asked: Any) -> list[dict[str, Any]]:
        answer = await self.get(f"/associations/{ASSOCIATION}/persons", headers or self.officer(), **asked)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def erase(self, person_id: str) -> httpx.Response:
        path = f"/associations/{ASSOCIATION}/persons/{person_id}/erasure"
        return await self.post(path, {"reason": "Henkilön pyyntö"}, self.officer())

    async def records(self, event_type: str | None = None) -> list[Record]:
        """All events, or those of a type, in their order."""
        return [each async for each in self.service.ledger.scan() if event_type in {None, each.type}]

    @property
    def clock(self) -> SimulatedClock:
        return SimulatedClock(self.service.clock_file)

    @property
    def telling(self) -> Telling:
        return Telling(self.service.ledger, county(), self.clock, self.keys)

    @property
    def signer(self) -> Signer:
        return Signer.load("grant-ledger/intake", self.service.folder / "key.pem")

    @asynccontextmanager
    async def auditor(self) -> AsyncIterator[asyncpg.Connection[Any]]:
        """A connection by the auditors' role."""
        connection = await asyncpg.connect(self.database.auditor_dsn)
        try:
            yield connection
        finally:
            await connection.close()


@asynccontextmanager
async def office(database: FreshDatabase, folder: Path, moment: datetime = JANUARY) -> AsyncIterator[Office]:
    """A started intake whose ledger holds one call and one association."""
    made: list[PersonKeys] = []

    def keep(*arguments: Any) -> PersonKeys:
        made.append(PersonKeys(*arguments))
        return made[-1]

    with mock.patch.object(composition, "PersonKeys", keep):
        async with in_process("intake", database, folder, moment) as service:
            try:
                await service.given(f"call/{CALL_ID}", fact(CallPublished))
                await service.given(f"association/{ASSOCIATION}", fact(AssociationRegistered))
                yield Office(service, made[0], await database.service("intake"))
            finally:
                await made[0].stop()
