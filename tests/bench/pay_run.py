"""A payment run of 10,000 payments through the service, from the proposal to the bank's booking: proposed, approved by
two people, its file built, validated and stored, sent, and booked by a statement of as many entries; beside a run of
1,000. Each is a process of its own with a database of its own, so that its memory can be told.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import httpx

from schemas.money import euros
from schemas.payments import GrantAwarded, GrantReleased
from services.ledger import Context, Ledger, StreamWrite, Unit
from services.web.handling import event_of
from tests.bench.bank_file import LARGE, ROOT, SMALL, kilobytes
from tests.bench.running import Run
from tests.infrastructure.databases import FreshDatabase
from tests.integration.finance_office import NOW, FinanceOffice
from tests.integration.in_process import SERVICES, InProcess, composed, identity, settings_of
from tests.unit.given import fact
from tests.unit.web.conftest import Issuer, make_verifier

NAMES: Final = ("pay_run_10k_vs_1k", "pay_run_lost")
AMOUNT: Final = 500
GRANTS_AT_ONCE: Final = 500
PHASES: Final = ("propose", "approve", "file", "send", "book")
DEADLINE_S: Final = 1800
_BOOKED_ONCE: Final = """
SELECT count(*) FROM (
    SELECT stream FROM event WHERE type = 'payment.booked' GROUP BY stream HAVING count(*) = 1) booked
"""


async def measure(run: Run) -> None:
    """Seconds for a payment, so that 10,000 compare with 1,000: less is better, and 1 is linear. `pay_run_lost` counts
    payments that were not booked once.
    """
    told = {}
    for count in (SMALL, LARGE):
        run.screen.tell("payment run", f"{count} payments")
        told[count] = await _in_a_process(run, count)
    large, small = told[LARGE], told[SMALL]
    for phase in PHASES:
        run.figures[f"pay_run_10k_{phase}_seconds"] = large[phase]
    totals = {count: sum(each[phase] for phase in PHASES) for count, each in told.items()}
    run.figures["pay_run_10k_seconds"] = totals[LARGE]
    run.figures["pay_run_10k_vs_1k"] = (totals[LARGE] / LARGE) / (totals[SMALL] / SMALL)
    run.figures["pay_run_10k_peak_mb"] = large["peak_mb"]
    run.figures["pay_run_1k_peak_mb"] = small["peak_mb"]
    run.figures["pay_run_lost"] = large["lost"] + small["lost"]


async def _in_a_process(run: Run, count: int) -> dict[str, float]:
    database = FreshDatabase(run.postgres)
    folder = run.folder / f"pay-run-{count}"
    await asyncio.to_thread(folder.mkdir)
    try:
        made = await database.migrated("payments", SERVICES / "payments" / "migrations")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.pay_run", str(count), made.service_dsn, str(folder),
            cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(DEADLINE_S):
            output, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"the payment run of {count} payments ended with {process.returncode}")
        figures: dict[str, float] = json.loads(output.splitlines()[-1])
        return figures
    finally:
        await database.drop()


async def _pay(count: int, dsn: str, folder: Path) -> dict[str, float]:
    """One run in this process; seconds of each phase, megabytes at most beyond what the service held before."""
    app, ledger = composed("payments", settings_of("payments", dsn, folder, NOW))
    issuer = Issuer()
    app.state.verifier = make_verifier(issuer)
    await ledger.start()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://payments.example", timeout=DEADLINE_S) as client:
        office = FinanceOffice(InProcess(app, ledger, client, issuer, folder / "clock.json", folder))
        await _award(ledger, count)
        # The peak starts anew here.
        await asyncio.to_thread(Path("/proc/self/clear_refs").write_text, "5")
        before = kilobytes("VmRSS")
        seconds = await _phases(office)
        peak_mb = (kilobytes("VmHWM") - before) / 1024
        lost = float(count - await _booked_once(ledger))
        balance = await office.balance("1700")
        assert balance == euros(-count * AMOUNT), f"the bank account holds {balance}"
    await ledger.stop()
    return {**seconds, "peak_mb": peak_mb, "lost": lost}


async def _phases(office: FinanceOffice) -> dict[str, float]:
    seconds: dict[str, float] = {}

    async def timed(phase: str, act: Awaitable[Any]) -> Any:
        began = time.perf_counter()
        outcome = await act
        seconds[phase] = seconds.get(phase, 0.0) + time.perf_counter() - began
        if isinstance(outcome, httpx.Response):
            assert outcome.is_success, outcome.text
        return outcome

    run = await timed("propose", office.propose())
    for person in ("bertta", "cecilia"):
        await timed("approve", office.approve(run, person))
    await timed("file", office.post(f"/runs/{run['run_id']}/file"))
    await timed("send", office.post(f"/runs/{run['run_id']}/sending"))
    await timed("book", office.book(run, date(2026, 4, 2)))
    return seconds


async def _award(ledger: Ledger, count: int) -> None:
    writes = list(_grants(count))
    for first in range(0, count, GRANTS_AT_ONCE):
        await ledger.append(Unit(Context("given", "given"), tuple(writes[first : first + GRANTS_AT_ONCE])))


def _grants(count: int) -> Iterator[StreamWrite]:
    """As many grants of as many associations, each payable now."""
    business_ids = _business_ids()
    for place in range(count):
        key = identity(place + 1)
        planned = [{"number": 1, "amount": AMOUNT, "payable_from": "2026-04-01"}]
        awarded = fact(
            GrantAwarded, application_id=key, amount=AMOUNT, instalments=planned, association_id=next(business_ids),
            association_name=f"Kylän väki {place} ry",
        )  # fmt: skip
        released = fact(GrantReleased, application_id=key)
        yield StreamWrite(f"grant/{key}", 0, (event_of(awarded), event_of(released)))


def _business_ids() -> Iterator[str]:
    """Business ids (*Y-tunnus*) with their check digits."""
    for number in range(1_000_000, 9_999_999):
        weighted = sum(int(digit) * weight for digit, weight in zip(str(number), (7, 9, 10, 5, 8, 4, 2), strict=True))
        if weighted % 11 != 1:
            yield f"{number}-{-weighted % 11}"


async def _booked_once(ledger: Ledger) -> int:
    return int(await ledger.pool.fetchval(_BOOKED_ONCE))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_pay(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))))
