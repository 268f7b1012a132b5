"""Pages of a register of a million applications: filtered and not, now and as of a past position."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg

from services.intake.views import REGISTERS
from services.ledger import Ledger
from tests.bench.ledgers import Opened, fresh_ledger
from tests.bench.running import Run

NAMES: Final = ("listing_as_of_vs_current",)
APPLICATIONS: Final = 1_000_000
APPLICATIONS_QUICK: Final = 100_000
PAGES: Final = 400
LIMIT: Final = 51
SEED: Final = 20261126
LISTS: Final[Mapping[str, Mapping[str, str]]] = {
    "listing": {},
    "listing_by_state": {"basket": "operating", "standing": "paid"},
    "listing_of_one": {"association_id": "A500"},
}
"""What is listed: everything, by filters, and one association's. The slowest as-of against its own present counts."""
_FILL: Final = """
INSERT INTO register_version (register, key, from_position, to_position, document)
SELECT 'applications', to_hex(a.n), CASE v.version WHEN 1 THEN 1 ELSE $1::bigint END,
    CASE v.version WHEN 1 THEN $1::bigint END, jsonb_build_object(
        'application_id', to_hex(a.n), 'association_id', 'A' || a.n % 1000, 'basket',
        (ARRAY['operating', 'theme', 'partnership', 'project'])[1 + a.n % 4], 'standing',
        CASE WHEN v.version = 1 THEN 'received' WHEN a.n % 10 = 0 THEN 'supplement_requested' ELSE 'paid' END,
        'purpose', 'Vertaistuki ' || a.n, 'applied', '2000.00 EUR')
FROM generate_series($2::bigint, $3::bigint) a (n), generate_series(1, 2) v (version)
"""
"""Each application has two versions: received at position 1, and as it stands since position $1."""


async def measure(run: Run) -> None:
    """Each page is asked for through the ledger, as the services do, from a place that the seed chooses."""
    size = APPLICATIONS_QUICK if run.options.quick else APPLICATIONS
    async with fresh_ledger(run.postgres, REGISTERS, name="intake") as opened:
        await _fill(run, opened, size)
        for name, where in LISTS.items():
            current = await _times(run, opened.ledger, name, size, where, size)
            past = await _times(run, opened.ledger, f"{name}_as_of", size, _past(where), size // 2)
            _note(run, name, current)
            _note(run, f"{name}_as_of", past)
    run.figures["listing_as_of_vs_current"] = max(
        run.figures[f"{name}_as_of_p50_ms"] / run.figures[f"{name}_p50_ms"] for name in LISTS
    )
    run.notes["listing_applications"] = size
    run.notes["listing_seed"] = SEED


def _past(where: Mapping[str, str]) -> Mapping[str, str]:
    """The same question about the past, when everything was received only."""
    return {**where, "standing": "received"} if "standing" in where else where


async def _fill(run: Run, opened: Opened, size: int) -> None:
    connection = await asyncpg.connect(opened.superuser_dsn, server_settings={"search_path": opened.database.schema})
    try:
        await connection.execute("SET synchronous_commit = off")
        step = size // 20
        for first in range(0, size, step):
            run.screen.tell("listing: filling", "", first, size)
            await connection.execute(_FILL, size, first, first + step - 1)
        await connection.execute("UPDATE head SET size = $1", size)
        await connection.execute("VACUUM (ANALYZE) register_version")
    finally:
        await connection.close()


async def _times(
    run: Run, ledger: Ledger, name: str, size: int, where: Mapping[str, str], position: int
) -> Sequence[float]:
    """Milliseconds of each page, in order of size."""
    chosen = random.Random(SEED)
    times: list[float] = []
    for done in range(PAGES):
        if done % 50 == 0:
            run.screen.tell("listing", name, done, PAGES)
        after = f"{chosen.randrange(size):x}"
        began = time.perf_counter()
        page = await ledger.page("applications", position, after=after, where=dict(where), limit=LIMIT)
        times.append((time.perf_counter() - began) * 1000)
        assert _fits(page, where), (SEED, name, after)
    return sorted(times)


def _fits(page: Sequence[Any], where: Mapping[str, str]) -> bool:
    return all(entry.document[name] == value for entry in page for name, value in where.items())


def _note(run: Run, name: str, times: Sequence[float]) -> None:
    run.figures[f"{name}_p50_ms"] = times[len(times) // 2]
    run.figures[f"{name}_p99_ms"] = times[int(len(times) * 0.99)]
