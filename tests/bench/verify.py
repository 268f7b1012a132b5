"""The inspection of a ledger in its database against a mere fetch of the same rows; and the check of an export."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Final

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.ledger import Checkpoint, Head, Signer
from services.ledger.checkpointing import Checkpointer
from services.ledger.export import export_lines
from services.ledger.inspection import inspect
from services.ledger.verify import verify_export
from tests.bench.contest import Turn, contest, ratio, typical
from tests.bench.filling import fill
from tests.bench.ledgers import DATA, Opened, fresh_ledger
from tests.bench.profiles import profiled
from tests.bench.running import Run

NAMES: Final = ("verify_vs_raw_fetch",)
EVENTS: Final = 200_000
EVENTS_QUICK: Final = 50_000
PREFETCH: Final = 1000
SIGNER: Final = Signer("bench", Ed25519PrivateKey.generate())


async def measure(run: Run) -> None:
    """Both read the whole ledger through a cursor; what is inspected is sound."""
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(fresh_ledger(run.postgres))
        head = await _filled(run, opened, _events(run))
        connection = await _connected(opened.database.auditor_dsn)
        stack.push_async_callback(connection.close)
        lines = [line async for line in export_lines(connection)]
        turns: dict[str, Turn] = {
            "verify": lambda: _rate(head.size, lambda: _inspect(connection, head)),
            "raw_fetch": lambda: _rate(head.size, lambda: _fetch(connection)),
            "verify_export": lambda: _rate(head.size, lambda: _verify_export(lines, head)),
        }
        samples = await contest(turns, run.options.rounds, lambda *at: run.screen.tell("verify", *at))
    for name in samples:
        run.figures[f"{name}_events_per_s"] = typical(samples, name)
    run.figures["verify_vs_raw_fetch"] = ratio(samples, "verify", "raw_fetch")


def _events(run: Run) -> int:
    return EVENTS_QUICK if run.options.quick else EVENTS


async def _filled(run: Run, opened: Opened, size: int) -> Head:
    """Fills the ledger and signs a checkpoint over it."""
    head = await fill(opened, size, lambda _: DATA, lambda *at: run.screen.tell("verify: filling", "", *at))
    await Checkpointer(opened.ledger, SIGNER).sign()
    return head


async def _connected(dsn: str) -> asyncpg.Connection[Any]:
    return await asyncpg.connect(dsn)


async def _rate(events: int, work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return events / (time.perf_counter() - began)


async def _inspect(connection: asyncpg.Connection[Any], head: Head) -> None:
    trusted = Checkpoint(SIGNER.name, head.size, head.root)
    found = await inspect(connection, checkpoints=[trusted], verifier=SIGNER.verifier)
    assert not found, found[:3]


async def _fetch(connection: asyncpg.Connection[Any]) -> None:
    async with connection.transaction(readonly=True):
        rows = await connection.cursor("SELECT * FROM event ORDER BY position")
        while await rows.fetch(PREFETCH):
            pass


async def _verify_export(lines: list[bytes], head: Head) -> None:
    note = SIGNER.sign(Checkpoint(SIGNER.name, head.size, head.root))
    report = verify_export(lines, note, SIGNER.verifier.vkey())
    assert report.sound, report.problems[:3]


async def profile(run: Run) -> None:
    """Where the inspection spends its time."""
    async with fresh_ledger(run.postgres) as opened:
        head = await _filled(run, opened, EVENTS_QUICK)
        connection = await _connected(opened.database.auditor_dsn)
        with profiled("verify"):
            await _inspect(connection, head)
        await connection.close()
