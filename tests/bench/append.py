"""Appends of single events against pyeventsourcing, against plain inserts, and against themselves without the tree."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, Final

from eventsourcing.application import Application

from services.ledger import Ledger
from tests.bench import pyeventsourcing
from tests.bench.contest import Samples, Turn, contest, rate, ratio, typical
from tests.bench.ledgers import appending, fresh_ledger
from tests.bench.no_tree import NoTree
from tests.bench.plain_insert import plain_inserts
from tests.bench.profiles import profiled
from tests.bench.running import Run

NAMES: Final = (
    "append_64_vs_pyeventsourcing",
    "append_64_vs_plain_insert_8",
    "append_512_vs_plain_insert_8",
    "integrity_tax_percent",
)
CONCURRENT: Final = (1, 8, 64, 512)
TAXED: Final = (64, 512)
PLAIN_CONNECTIONS: Final = 8
TRIAL_SECONDS: Final = 0.7


async def measure(run: Run) -> None:
    """Every contestant in every round; of pyeventsourcing's modes the one that was best in a trial before."""
    seconds = run.options.seconds
    async with AsyncExitStack() as stack:
        hashed = (await stack.enter_async_context(fresh_ledger(run.postgres))).ledger
        unhashed = (await stack.enter_async_context(fresh_ledger(run.postgres, tree=NoTree))).ledger
        plain = await stack.enter_async_context(plain_inserts(run.postgres, PLAIN_CONNECTIONS))
        environments = await pyeventsourcing.environments(run.postgres)
        opened = stack.enter_context(pyeventsourcing.applications(environments))
        turns: dict[str, Turn] = {f"append_{n}": _appends(hashed, n, seconds) for n in CONCURRENT}
        turns |= {f"append_without_tree_{n}": _appends(unhashed, n, seconds) for n in TAXED}
        turns["plain_insert_8"] = lambda: rate(plain, seconds)
        best = await _best_of_pyeventsourcing(run, opened)
        turns["pyeventsourcing"] = pyeventsourcing.turns(opened, seconds)[best]
        samples = await contest(turns, run.options.rounds, lambda *at: run.screen.tell("append", *at))
    run.notes["pyeventsourcing_mode"] = best
    _conclude(samples, run.figures)


def _appends(ledger: Ledger, concurrent: int, seconds: float) -> Turn:
    return lambda: rate([appending(ledger)] * concurrent, seconds)


async def _best_of_pyeventsourcing(run: Run, opened: Mapping[str, Application[Any]]) -> str:
    trial = pyeventsourcing.turns(opened, TRIAL_SECONDS)
    samples = await contest(trial, 1, lambda *at: run.screen.tell("append: pyeventsourcing's best mode", *at))
    run.notes["pyeventsourcing_trial"] = {mode: round(typical(samples, mode)) for mode in samples}
    return max(samples, key=lambda mode: typical(samples, mode))


def _conclude(samples: Samples, figures: dict[str, float]) -> None:
    for name in samples:
        figures[f"{name}_per_s"] = typical(samples, name)
    for concurrent in TAXED:
        left = ratio(samples, f"append_{concurrent}", f"append_without_tree_{concurrent}")
        figures[f"integrity_tax_{concurrent}_percent"] = (1 - left) * 100
    figures["integrity_tax_percent"] = max(figures[f"integrity_tax_{n}_percent"] for n in TAXED)
    figures["append_64_vs_pyeventsourcing"] = ratio(samples, "append_64", "pyeventsourcing")
    figures["append_64_vs_plain_insert_8"] = ratio(samples, "append_64", "plain_insert_8")
    figures["append_512_vs_plain_insert_8"] = ratio(samples, "append_512", "plain_insert_8")


async def profile(run: Run) -> None:
    """Where the process that appends spends its time, at 64 and at 512 callers."""
    async with fresh_ledger(run.postgres) as opened:
        for concurrent in TAXED:
            with profiled(f"append-{concurrent}"):
                await rate([appending(opened.ledger)] * concurrent, run.options.seconds)
