"""What every act of the year needs: addresses, somebody's token, the clock, the folder, and what was checked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from deploy.local.demo.population import Application, Population
from deploy.local.system import System
from services.web.identity import Role

HELSINKI = ZoneInfo("Europe/Helsinki")
DEADLINE_S = 60.0
CONCURRENCY = 24


class DemoFailed(Exception):
    """The year did not go as it should: a request was refused, or something did not come in time."""


def helsinki(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    """An instant by its Helsinki wall clock."""
    return datetime(year, month, day, hour, minute, tzinfo=HELSINKI)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who acts: the person id of the token, the role, and for an association's user its business id."""

    id: str
    role: Role
    association: str | None = None


OFFICERS = tuple(Person(f"officer-{n}", Role.OFFICER) for n in (1, 2, 3))
BOARD = tuple(Person(f"board-{n}", Role.DECISION_MAKER) for n in (1, 2, 3))
FINANCE = tuple(Person(f"finance-{n}", Role.FINANCE) for n in (1, 2, 3))
AUDITOR = Person("auditor-1", Role.AUDITOR)
OPERATOR = Person("operator-1", Role.OPERATOR)


@dataclass(slots=True)
class World:
    """The running system seen from outside, and what the year has brought so far."""

    system: System
    population: Population
    folder: Path
    ids: dict[str, str] = field(default_factory=dict)
    checks: list[tuple[str, object, object]] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    _tokens: dict[Person, str] = field(default_factory=dict)
    _client: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(timeout=60, trust_env=False, limits=httpx.Limits(max_connections=64))
    )

    async def close(self) -> None:
        await self._client.aclose()

    def check(self, name: str, expected: object, found: object) -> None:
        """Notes whether something is as it should be."""
        self.checks.append((name, expected, found))

    async def call(  # noqa: PLR0913 - a request has that many parts
        self, person: Person, method: str, service: str, path: str, *, json: Any = None, content: bytes | None = None,
        params: dict[str, Any] | None = None, key: str | None = None, expect: Iterable[int] = (200, 201),
    ) -> httpx.Response:  # fmt: skip
        """One request as `person`; raises DemoFailed when the status is not expected."""
        token = self._tokens.get(person)
        if token is None:
            token = self.system.token(person.id, [person.role], association=person.association)
            self._tokens[person] = token
        headers = {"Authorization": f"Bearer {token}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        url = f"{self.system.addresses[service]}{path}"
        response = await self._client.request(method, url, json=json, content=content, params=params, headers=headers)
        if response.status_code not in set(expect):
            raise DemoFailed(f"{method} {service}{path} as {person.id}: {response.status_code} {response.text[:600]}")
        return response

    async def post(self, person: Person, service: str, path: str, body: Any = None, **more: Any) -> Any:
        """A command; its answer."""
        return (await self.call(person, "POST", service, path, json=body, **more)).json()

    async def get(self, person: Person, service: str, path: str, **params: Any) -> Any:
        """A question; its answer."""
        return (await self.call(person, "GET", service, path, params=params)).json()

    async def all_items(self, person: Person, service: str, path: str, **params: Any) -> list[dict[str, Any]]:
        """Every item of a list, page by page."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, Any] = {}
        while True:
            page = await self.get(person, service, path, limit=200, **params, **cursor)
            found += page["items"]
            if not page.get("next"):
                return found
            cursor = {"cursor": page["next"]}

    async def until(self, what: str, condition: Callable[[], Awaitable[bool]], deadline_s: float = DEADLINE_S) -> None:
        """Waits for what comes by itself; raises DemoFailed when it does not come in time."""
        end = time.monotonic() + deadline_s
        while not await condition():
            if time.monotonic() > end:
                raise DemoFailed(f"in {deadline_s:.0f} s it did not come about that {what}")
            await asyncio.sleep(0.1)

    async def each(self, things: Iterable[Any], work: Callable[[Any], Awaitable[Any]]) -> list[Any]:
        """Does the same for many, a bounded number at a time, in the order of the things."""
        limit = asyncio.Semaphore(CONCURRENCY)

        async def one(thing: Any) -> Any:
            async with limit:
                return await work(thing)

        return await asyncio.gather(*(one(thing) for thing in things))

    def at(self, moment: datetime) -> None:
        """Moves simulated time on to a moment; never back."""
        if moment > self.system.clock.now():
            self.system.clock.set(moment)

    def applicant(self, application: Application) -> Person:
        """The association's own user."""
        association = application.association.business_id
        return Person(f"user-{association}", Role.ASSOCIATION, association)

    def id_of(self, application: Application) -> str:
        return self.ids[application.key]

    def save(self, path: str, content: bytes | str) -> Path:
        """Keeps a file among the results."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target


def iso(day: date) -> str:
    """A date as the APIs take it."""
    return day.isoformat()
