"""Reconciliation of 10,000, 100,000 and 1,000,000 payments from three files, with differences planted.

Its peer is DuckDB's plain full outer join of the same three files, all columns kept; the join that only counts its
rows, for which most columns are never kept, is noted beside. Each turn is a process of its own, which measures its
seconds from the opening of the files to the written differences, and tells the most memory that it held; Linux alone
tells that.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import duckdb

from services.payments.reconciling import Reconciliation
from tests.bench.contest import contest, ratio, typical
from tests.bench.reconcile_files import SEED, SIDES, generate
from tests.bench.running import Run

NAMES: Final = ("reconcile_1m_vs_duckdb_join", "reconcile_1m_differences_wrong")
SIZES: Final = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
ROOT: Final = Path(__file__).parents[2]
STATUS: Final = Path("/proc/self/status")
OUT: Final = "differences.jsonl"
_JOINED: Final = (
    "from '{ledger}' as ledger full join '{book}' as book on ledger.series = book.series "
    "and ledger.number = book.number and ledger.account = book.account "
    "full join '{bank}' as bank on bank.bank_reference = ledger.bank_reference"
)


async def measure(run: Run) -> None:
    """The ratios are times, and less is better."""
    run.notes["reconcile_seed"] = SEED
    for label, count in SIZES.items():
        folder = run.folder / f"reconcile-{label}"
        folder.mkdir()
        run.screen.tell("reconcile", f"writing files of {label} payments, seed {SEED}")
        planted = generate(folder, count, ".csv")
        await _measure_size(run, label, folder, planted)


async def _measure_size(run: Run, label: str, folder: Path, planted: set[tuple[str, str]]) -> None:
    peaks: dict[str, float] = {}

    def turn(name: str) -> Any:
        async def act() -> float:
            told = _in_own_process(name, folder)
            peaks[name] = max(peaks.get(name, 0), told["peak_mb"])
            return float(told["seconds"])

        return act

    names = ("engine", "join", "count")
    samples = await contest(
        {name: turn(name) for name in names}, 3, lambda *at: run.screen.tell(f"reconcile {label}", *at)
    )
    figures = {
        "seconds": typical(samples, "engine"),
        "peak_mb": peaks["engine"],
        "vs_duckdb_join": ratio(samples, "engine", "join"),
        "vs_duckdb_counting_join": ratio(samples, "engine", "count"),
        "differences_wrong": len(planted ^ _found(folder)),
        "differences_planted": len(planted),
        "join_seconds": typical(samples, "join"),
        "join_peak_mb": peaks["join"],
    }
    run.figures |= {f"reconcile_{label}_{name}": value for name, value in figures.items()}


def _found(folder: Path) -> set[tuple[str, str]]:
    lines = [json.loads(line) for line in (folder / OUT).read_text("utf-8").splitlines()]
    found = {(line["class"], line["subject"]) for line in lines}
    assert len(found) == len(lines), "each difference is written once"
    return found


def _in_own_process(name: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.reconcile", name, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the turn {name} ended with {done.returncode}: {done.stderr}")
    told: dict[str, float] = json.loads(done.stdout)
    return told


def _engine(folder: Path) -> None:
    with Reconciliation() as run:
        for side in SIDES:
            run.take_file(side, folder / f"{side}.csv")
        run.compare()
        run.counts()
        run.write_differences(folder / OUT)


def _join(folder: Path, select: str) -> None:
    with duckdb.connect(config={"preserve_insertion_order": False}) as database:
        files = {side: folder / f"{side}.csv" for side in SIDES}
        database.execute(f"{select} {_JOINED.format(**files)}")


def _turn(name: str, folder: Path) -> dict[str, float]:
    began = time.perf_counter()
    if name == "engine":
        _engine(folder)
    else:
        _join(folder, "create table joined as select *" if name == "join" else "select count(*)")
    return {"seconds": time.perf_counter() - began, "peak_mb": _peak_mb()}


def _peak_mb() -> float:
    if not STATUS.exists():
        return 0.0
    lines = STATUS.read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:"))) / 1024


if __name__ == "__main__":
    print(json.dumps(_turn(sys.argv[1], Path(sys.argv[2]))))
