"""Appends to a ledger of five million events against appends to one of ten thousand."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Final

from tests.bench.contest import contest, rate, ratio, typical
from tests.bench.filling import fill
from tests.bench.ledgers import DATA, Opened, appending, fresh_ledger
from tests.bench.running import Run

NAMES: Final = ("append_5m_vs_10k",)
SMALL: Final = 10_000
LARGE: Final = {"5m": 5_000_000, "200k": 200_000}
CALLERS: Final = 64


async def measure(run: Run) -> None:
    """The large ledger is filled once, a small one for each round, so that it stays small."""
    seconds = run.options.seconds
    size = "200k" if run.options.quick else "5m"
    async with AsyncExitStack() as stack:
        large = await stack.enter_async_context(fresh_ledger(run.postgres))
        await _fill(run, large, LARGE[size])

        async def small_turn() -> float:
            async with fresh_ledger(run.postgres) as small:
                await fill(small, SMALL, lambda _: DATA, lambda _done, _total: None)
                return await rate([appending(small.ledger)] * CALLERS, seconds)

        async def large_turn() -> float:
            return await rate([appending(large.ledger)] * CALLERS, seconds)

        turns = {"small": small_turn, "large": large_turn}
        samples = await contest(turns, run.options.rounds, lambda *at: run.screen.tell("growth", *at))
    run.figures["append_at_10k_per_s"] = typical(samples, "small")
    run.figures[f"append_at_{size}_per_s"] = typical(samples, "large")
    run.figures[f"append_{size}_vs_10k"] = ratio(samples, "large", "small")


async def _fill(run: Run, opened: Opened, size: int) -> None:
    def tell(done: int, total: int) -> None:
        run.screen.tell("growth: filling", f"{done:,} of {total:,} events", done, total)

    await fill(opened, size, lambda _: DATA, tell)
