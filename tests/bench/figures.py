"""The figures of a run, what they are held to, and the file that they are written to."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

OUT: Final = Path(__file__).parents[2] / "out"
LIBRARIES: Final = ("aiokafka", "asyncpg", "eventsourcing", "fastapi", "msgspec", "psycopg", "uvicorn", "uvloop")


@dataclass(frozen=True, slots=True)
class Target:
    """The bound that a figure is held to: a least value, or a greatest one."""

    bound: float
    at_most: bool = False

    def is_met(self, value: float) -> bool:
        return value <= self.bound if self.at_most else value >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.bound:g}"


TARGETS: Final[Mapping[str, Target]] = {
    "append_64_vs_pyeventsourcing": Target(20),
    "append_64_vs_plain_insert_8": Target(1.2),
    "append_512_vs_plain_insert_8": Target(2),
    "integrity_tax_percent": Target(15, at_most=True),
    "append_5m_vs_10k": Target(0.9),
    "relay_vs_plain_producer": Target(0.7),
    "verify_vs_raw_fetch": Target(0.5),
    "http_submit_vs_bare_route": Target(0.5),
    "listing_as_of_vs_current": Target(2, at_most=True),
    "bank_file_10k_vs_1k": Target(1.3, at_most=True),
    "bank_file_10k_vs_sepaxml": Target(1, at_most=True),
    "pay_run_10k_vs_1k": Target(1.3, at_most=True),
    "pay_run_lost": Target(0, at_most=True),
    "reconcile_1m_vs_duckdb_join": Target(3, at_most=True),
    "reconcile_1m_differences_wrong": Target(0, at_most=True),
    "rush_lost": Target(0, at_most=True),
    "rush_doubled": Target(0, at_most=True),
    "rush_wrong_side": Target(0, at_most=True),
}


def judged(figures: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """Each measured figure that has a target: the target, and whether it is met."""
    return {
        name: {"target": str(target), "met": target.is_met(figures[name])}
        for name, target in TARGETS.items()
        if name in figures
    }


def short(figures: Mapping[str, float], names: tuple[str, ...]) -> list[str]:
    """Those of `names` that were measured and do not meet their target."""
    return [name for name in names if name in figures and name in TARGETS and not TARGETS[name].is_met(figures[name])]


def machine() -> dict[str, Any]:
    """Where a run was done, for its reader."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu_count": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def write(content: Mapping[str, Any]) -> Path:
    """Writes `out/bench.json`."""
    OUT.mkdir(exist_ok=True)
    path = OUT / "bench.json"
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
