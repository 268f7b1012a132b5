"""How fast intake's registers are made anew from a year of applications and compared with the live ones."""

from __future__ import annotations

import time
from typing import Final

import msgspec

from services.intake.views import REGISTERS
from services.ledger.rebuild import rebuild
from services.ledger.registers import Registers
from tests.bench.contest import contest, typical
from tests.bench.filling import fill
from tests.bench.ledgers import CONTENT, fresh_ledger
from tests.bench.running import Run

EVENTS: Final = 100_000
EVENTS_QUICK: Final = 50_000
ROUNDS: Final = 3


async def measure(run: Run) -> None:
    """The first rebuild puts the live registers in place and is not counted; the others find no difference."""
    size = EVENTS_QUICK if run.options.quick else EVENTS
    registers = Registers(REGISTERS)
    async with fresh_ledger(run.postgres, REGISTERS) as opened:
        await fill(opened, size, _content, lambda *at: run.screen.tell("rebuild: filling", "", *at))
        run.screen.tell("rebuild", "the live registers")
        await rebuild(opened.ledger, registers, replace=True)

        async def turn() -> float:
            began = time.perf_counter()
            report = await rebuild(opened.ledger, registers)
            assert (report.events, report.versions, report.differing) == (size, size, 0), report
            return size / (time.perf_counter() - began)

        samples = await contest({"rebuild": turn}, ROUNDS, lambda *at: run.screen.tell("rebuild", *at))
    run.figures["rebuild_events_per_s"] = typical(samples, "rebuild")


def _content(position: int) -> bytes:
    return msgspec.json.encode(CONTENT | {"purpose": f"Vertaistuki {position}"})
