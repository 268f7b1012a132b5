"""The established peer: an aggregate of pyeventsourcing saved with one event, by threads as its users do."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import asyncpg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate

from deploy.local.postgres import PostgresServer
from tests.bench.contest import WARM_UP_SECONDS, Turn
from tests.bench.ledgers import CONTENT

THREADS: Final = (1, 2, 4, 8)
MODES: Final[Mapping[str, Mapping[str, str]]] = {
    "default": {},
    "database functions": {"POSTGRES_ENABLE_DB_FUNCTIONS": "y"},
}


class Submission(Aggregate):
    """The same content as the ledger's event."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content


async def environments(server: PostgresServer) -> dict[str, dict[str, str]]:
    """The environment of an application in each mode, each with a database of its own."""
    made = {}
    connection = await asyncpg.connect(server.superuser_dsn())
    try:
        for number, (mode, settings) in enumerate(MODES.items()):
            name = f"pyeventsourcing_{number}"
            await connection.execute(f'CREATE DATABASE "{name}"')
            made[mode] = {**_environment(server.superuser_dsn(name)), **settings}
    finally:
        await connection.close()
    return made


def _environment(dsn: str) -> dict[str, str]:
    parts = urlsplit(dsn)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.path.removeprefix("/"),
        "POSTGRES_HOST": str(parts.hostname),
        "POSTGRES_PORT": str(parts.port),
        "POSTGRES_USER": str(parts.username),
        "POSTGRES_PASSWORD": unquote(parts.password or ""),
    }


@contextmanager
def applications(made: Mapping[str, Mapping[str, str]]) -> Iterator[dict[str, Application[Any]]]:
    """An application in each mode; closed afterwards."""
    opened = {mode: Application[Any](env=dict(environment)) for mode, environment in made.items()}
    try:
        yield opened
    finally:
        for application in opened.values():
            application.close()


def turns(opened: Mapping[str, Application[Any]], seconds: float) -> dict[str, Turn]:
    """A turn for every mode and number of threads."""
    return {
        f"{mode}, {threads} threads": _turn(application, threads, seconds)
        for mode, application in opened.items()
        for threads in THREADS
    }


def _turn(application: Application[Any], threads: int, seconds: float) -> Turn:
    async def turn() -> float:
        return await asyncio.to_thread(_rate, application, threads, seconds)

    return turn


def _rate(application: Application[Any], threads: int, seconds: float) -> float:
    counts = [0] * threads
    going = True

    def save(place: int) -> None:
        while going:
            application.save(Submission(CONTENT))
            counts[place] += 1

    workers = [threading.Thread(target=save, args=(place,)) for place in range(threads)]
    for worker in workers:
        worker.start()
    time.sleep(WARM_UP_SECONDS)
    before, began = sum(counts), time.perf_counter()
    time.sleep(seconds)
    saved, took = sum(counts) - before, time.perf_counter() - began
    going = False
    for worker in workers:
        worker.join()
    return saved / took
