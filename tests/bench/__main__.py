"""`python -m tests.bench`: runs the measurements that are named, else all of them."""

from __future__ import annotations

import argparse
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop
from rich.console import Console

from tests.bench import (
    append,
    bank_file,
    growth,
    http_submit,
    listing,
    pay_run,
    rebuild,
    reconcile,
    relay,
    rush,
    verify,
)
from tests.bench.figures import TARGETS, judged, machine, short, write
from tests.bench.running import Options, Run, running


@dataclass(frozen=True, slots=True)
class Measurement:
    """`names` are the figures with a target; `profile` says where time goes, for those that fall short."""

    names: tuple[str, ...]
    measure: Callable[[Run], Awaitable[None]]
    profile: Callable[[Run], Awaitable[None]] | None = None


MEASUREMENTS: Final[dict[str, Measurement]] = {
    "append": Measurement(append.NAMES, append.measure, append.profile),
    "growth": Measurement(growth.NAMES, growth.measure),
    "relay": Measurement(relay.NAMES, relay.measure, relay.profile),
    "verify": Measurement(verify.NAMES, verify.measure, verify.profile),
    "rebuild": Measurement((), rebuild.measure),
    "listing": Measurement(listing.NAMES, listing.measure),
    "rush": Measurement(rush.NAMES, rush.measure),
    "bank-file": Measurement(bank_file.NAMES, bank_file.measure),
    "pay-run": Measurement(pay_run.NAMES, pay_run.measure),
    "reconcile": Measurement(reconcile.NAMES, reconcile.measure),
    "http": Measurement(http_submit.NAMES, http_submit.measure, http_submit.profile),
}


def main() -> None:
    """Measures, shows the figures and writes them."""
    given = _arguments()
    console = Console()
    began = time.monotonic()
    with running(Options(given.quick, given.profile), console) as run:
        uvloop.run(_measure(run, given.names or list(MEASUREMENTS), began))
    _show(console, run.figures)
    console.print(f"{time.monotonic() - began:.0f} s; written to {_save(run, began)}")


def _save(run: Run, began: float) -> Path:
    """Writes what was measured so far."""
    return write(
        {
            **machine(),
            "seconds": round(time.monotonic() - began, 1),
            "quick": run.options.quick,
            **run.notes,
            "figures": {name: _rounded(value) for name, value in run.figures.items()},
            "targets": judged(run.figures),
        }
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"any of {', '.join(MEASUREMENTS)}; all without")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, smaller ledgers")
    parser.add_argument("--profile", action="store_true", help="write profiles of what falls short")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in MEASUREMENTS]
    if unknown:
        parser.error(f"there is no measurement {', '.join(unknown)}: take of {', '.join(MEASUREMENTS)}")
    return given


async def _measure(run: Run, names: Sequence[str], began: float) -> None:
    for name in names:
        await MEASUREMENTS[name].measure(run)
        _save(run, began)
    if not run.options.profile:
        return
    for name in names:
        measurement = MEASUREMENTS[name]
        if measurement.profile is not None and short(run.figures, measurement.names):
            run.screen.tell("profile", name)
            await measurement.profile(run)


def _rounded(value: float) -> float:
    return round(value, 3) if abs(value) < 1000 else round(value)


def _show(console: Console, figures: dict[str, float]) -> None:
    """One line a figure: those with a target first."""
    for name in sorted(figures, key=lambda name: name not in TARGETS):
        target = TARGETS.get(name)
        verdict = "" if target is None else f"{target!s:<8}{'ok' if target.is_met(figures[name]) else 'short'}"
        console.print(f"{name:<40}{_rounded(figures[name]):>12,}   {verdict}".rstrip(), highlight=False)


if __name__ == "__main__":
    main()
