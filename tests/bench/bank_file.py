"""A payment file of 10,000 payments: built, read back by the official schema and by the bank profile.

Its peer is sepaxml, whose `export` writes the same payments and checks them by the same schema; what it writes without
looking is noted beside. Memory is what a process of its own needs at most beyond what it held before it built; Linux
alone tells that.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from sepaxml import SepaTransfer

from schemas.county import BankProfile
from services.payments.bank.credit_transfer import (
    CreditTransfer,
    CreditTransferFile,
    build_credit_transfer,
    end_to_end_id,
)
from tests.bench.contest import contest, ratio, typical
from tests.bench.running import Run

NAMES: Final = ("bank_file_10k_vs_1k", "bank_file_10k_vs_sepaxml")
LARGE: Final = 10_000
SMALL: Final = 1_000
PROFILE: Final = BankProfile(message="pain.001.001.09", characters="finnish", batch_booking=True)
DAY: Final = date(2026, 1, 16)
IBAN: Final = "FI2112345600000785"
NAME: Final = "Pohjois-Karjalan hyvinvointialue"
BIC: Final = "NDEAFIHH"
ROOT: Final = Path(__file__).parents[2]
STATUS: Final = Path("/proc/self/status")


async def measure(run: Run) -> None:
    """Seconds for a payment, so that 10,000 compare with 1,000; both ratios are times, and less is better."""
    large, small = payment_file(LARGE), payment_file(SMALL)

    async def small_turn() -> float:
        return _seconds(lambda: build_credit_transfer(small, PROFILE)) / SMALL

    async def large_turn() -> float:
        return _seconds(lambda: build_credit_transfer(large, PROFILE)) / LARGE

    async def sepaxml_turn() -> float:
        return _seconds(lambda: by_sepaxml(large, checked=True)) / LARGE

    async def unchecked_turn() -> float:
        return _seconds(lambda: by_sepaxml(large, checked=False)) / LARGE

    turns = {"1k": small_turn, "10k": large_turn, "sepaxml": sepaxml_turn, "sepaxml unchecked": unchecked_turn}
    samples = await contest(turns, run.options.rounds, lambda *at: run.screen.tell("bank file", *at))
    run.figures["bank_file_10k_seconds"] = typical(samples, "10k") * LARGE
    run.figures["bank_file_10k_vs_1k"] = ratio(samples, "10k", "1k")
    run.figures["bank_file_10k_vs_sepaxml"] = ratio(samples, "10k", "sepaxml")
    run.figures["sepaxml_10k_seconds"] = typical(samples, "sepaxml") * LARGE
    run.figures["sepaxml_10k_unchecked_seconds"] = typical(samples, "sepaxml unchecked") * LARGE
    if STATUS.exists():
        run.figures["bank_file_10k_peak_mb"] = _peak_mb(LARGE)
        run.figures["bank_file_1k_peak_mb"] = _peak_mb(SMALL)


def payment_file(count: int) -> CreditTransferFile:
    """A run of as many grants, each to an account of its own."""
    payments = tuple(
        CreditTransfer(
            end_to_end_id(UUID(int=place), 1, 1), 100_00 + place, f"Kylän väki {place} ry", _iban(place),
            message=f"Avustus {place}/02.05.01.00/2026 erä 1",
        )
        for place in range(count)
    )  # fmt: skip
    return CreditTransferFile("MRUN-1", datetime(2026, 1, 15, 6, tzinfo=UTC), NAME, IBAN, BIC, DAY, payments)


def by_sepaxml(file: CreditTransferFile, *, checked: bool) -> bytes:
    """The same payments in the same version by sepaxml, with Finnish letters kept as ours keeps them."""
    payer = {"name": file.debtor_name, "IBAN": file.debtor_iban, "BIC": BIC, "batch": True, "currency": "EUR"}
    transfer = SepaTransfer(payer, schema=PROFILE.message, clean=False)
    for payment in file.payments:
        transfer.add_payment(
            {
                "name": payment.creditor_name,
                "IBAN": payment.creditor_iban,
                "amount": payment.amount_cents,
                "execution_date": file.execution_date,
                "description": payment.message,
                "endtoend_id": payment.end_to_end_id,
            }
        )
    return bytes(transfer.export(validate=checked, pretty_print=False))


def _iban(number: int) -> str:
    account = f"{number:014d}"
    return f"FI{98 - int(f'{account}151800') % 97:02d}{account}"


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _peak_mb(count: int) -> float:
    command = [sys.executable, "-m", "tests.bench.bank_file", str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def _growth_mb(count: int) -> float:
    build_credit_transfer(payment_file(1), PROFILE)
    file = payment_file(count)
    # The peak starts anew here; that of getrusage would be the parent's, which a new process takes over on Linux.
    Path("/proc/self/clear_refs").write_text("5")
    before = kilobytes("VmRSS")
    build_credit_transfer(file, PROFILE)
    return (kilobytes("VmHWM") - before) / 1024


def kilobytes(name: str) -> int:
    """A figure of this process, such as VmRSS, as Linux tells it."""
    lines = STATUS.read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(f"{name}:")))


if __name__ == "__main__":
    print(_growth_mb(int(sys.argv[1])))
