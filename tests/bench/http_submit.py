"""An application over HTTP, with all that intake does for it, against a bare route that inserts one row."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.local import issuer
from deploy.local.service_database import ServiceDatabase
from deploy.local.service_process import ServiceProcess, wait_until_ready
from schemas.facts import Fact
from schemas.intake import AssociationRegistered, CallPublished
from schemas.samples import SAMPLES
from services.ledger import Context, Ledger, StreamWrite, Unit
from services.web.handling import event_of
from services.web.identity import Role
from tests.bench.contest import Turn, contest, ratio, typical
from tests.bench.ledgers import Opened, fresh_ledger, now
from tests.bench.plain_insert import plain_database
from tests.bench.profiles import profile_path
from tests.bench.running import Run

NAMES: Final = ("http_submit_vs_bare_route",)
CONNECTIONS: Final = 64
PROFILE_SECONDS: Final = 6.0
WARM_UP_SECONDS: Final = 2.0
PATH: Final = "/v1/applications"
ROOT: Final = Path(__file__).parents[2]
COUNTY: Final = ROOT / "deploy" / "county" / "north-karelia"
ASSOCIATION: Final = str(SAMPLES["association.registered", 1]["association_id"])
SUBMISSION: Final = {
    "call_id": "operating-2026", "association_id": ASSOCIATION, "activity": "patients-and-disability-organisations",
    "municipalities": [{"municipality": "joensuu", "percent": 60}, {"municipality": "kitee", "percent": 40}],
    "purpose": "Vertaistuki", "applied": "2000.00 EUR", "costs": "2500.50 EUR", "other_funding": "0.50 EUR",
    "own_funding": "500.00 EUR", "years": 1, "separable_bookkeeping": True,
}  # fmt: skip


async def measure(run: Run) -> None:
    """Both run as processes of the same kind; one process of callers loads them in turn."""
    used: dict[str, list[float]] = {"http_submit": [], "bare_route": []}
    async with AsyncExitStack() as stack:
        _, intake, headers = await stack.enter_async_context(intake_process(run, "services.intake"))
        bare = stack.enter_context(await bare_route(run))
        turns: dict[str, Turn] = {
            "http_submit": lambda: _rate(run, intake, headers, used["http_submit"]),
            "bare_route": lambda: _rate(run, bare, {}, used["bare_route"]),
        }
        samples = await contest(turns, run.options.rounds, lambda *at: run.screen.tell("http", *at))
    for name in samples:
        run.figures[f"{name}_per_s"] = typical(samples, name)
        run.figures[f"{name}_cpu_us"] = typical(used, name)
    run.figures["http_submit_vs_bare_route"] = ratio(samples, "http_submit", "bare_route")
    run.notes["http_connections"] = CONNECTIONS


async def _rate(
    run: Run, service: ServiceProcess, headers: dict[str, str], used: list[float], seconds: float | None = None
) -> float:
    """Requests a second; adds to `used` what one of them cost the service's process, in µs of a processor."""
    order = {
        "port": service.port, "path": PATH, "connections": CONNECTIONS, "seconds": seconds or run.options.seconds,
        "warm_up_seconds": WARM_UP_SECONDS, "headers": headers, "body": SUBMISSION,
    }  # fmt: skip
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.http_load", cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    before = _processor_seconds(service.pid)
    output, _ = await program.communicate(json.dumps(order).encode())
    answer = json.loads(output)
    used.append((_processor_seconds(service.pid) - before) / answer["total"] * 1e6)
    assert set(answer["statuses"]) == {"201"}, answer
    return float(answer["answered"] / answer["seconds"])


def _processor_seconds(pid: int) -> float:
    """What a process has used so far, in user and system mode; 0 where the system has no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def intake_process(
    run: Run, module: str, *, closes_at: datetime | None = None, **environment: str
) -> AsyncIterator[tuple[Opened, ServiceProcess, dict[str, str]]]:
    """Intake with a call and an association, and the headers of somebody who may apply."""
    folder = run.folder / f"intake-{module}"
    folder.mkdir(exist_ok=True)
    await run.empty_broker().create_topics(["intake", "intake.checkpoints", "decisions", "payments"])
    async with fresh_ledger(run.postgres, name="intake") as opened:
        await _given(opened.ledger, closes_at or now() + timedelta(days=30))
        told = _environment(run, opened.database, folder) | environment
        service = ServiceProcess("intake", module, folder / "intake.log", told)
        with _started(service):
            yield opened, service, {"Authorization": f"Bearer {_token(folder)}"}


def _environment(run: Run, database: ServiceDatabase, folder: Path) -> dict[str, str]:
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(key)
    issuer.load_key(folder)
    return {
        "DATABASE_URL": database.service_dsn,
        "SCHEMA": database.schema,
        "KAFKA_BOOTSTRAP": run.broker().bootstrap,
        "KAFKA_FLAVOUR": run.broker().flavour,
        "SIGNING_KEY_FILE": str(folder / "key.pem"),
        "COUNTY_FOLDER": str(COUNTY),
        "JWKS_URL": issuer.jwks_file(folder).as_uri(),
        "ISSUER": issuer.DEFAULT_ISSUER,
        "AUDIENCE": issuer.DEFAULT_AUDIENCE,
    }


def _token(folder: Path) -> str:
    return issuer.mint(issuer.load_key(folder), person="anna", roles=[Role.ASSOCIATION], association=ASSOCIATION)


async def _given(ledger: Ledger, closes_at: datetime) -> None:
    """A call that closes at a moment, and the association."""
    open_now: dict[str, Any] = {"opens_at": closes_at - timedelta(days=60), "closes_at": closes_at}
    facts: dict[str, Fact] = {
        "call/operating-2026": CallPublished.model_validate({**SAMPLES["call.published", 1], **open_now}),
        f"association/{ASSOCIATION}": AssociationRegistered.model_validate(SAMPLES["association.registered", 1]),
    }
    for stream, fact in facts.items():
        await ledger.append(Unit(Context("given", "given"), (StreamWrite(stream, 0, (event_of(fact),)),)))


async def bare_route(run: Run, database: str = "bare_route") -> Any:
    """The bare route as a process, on a table in a database of its own."""
    dsn = await plain_database(run.postgres, database)
    log = run.folder / "bare-route.log"
    module = "tests.bench.bare_route"
    return _started(ServiceProcess("bare route", module, log, {"DATABASE_URL": dsn}, ready_path="/openapi.json"))


@contextmanager
def _started(service: ServiceProcess) -> Iterator[ServiceProcess]:
    service.start()
    try:
        wait_until_ready([service])
        yield service
    finally:
        service.stop()


async def profile(run: Run) -> None:
    """Where intake's process spends its time."""
    path = profile_path("http")
    async with intake_process(run, "tests.bench.profiled_intake", PROFILE_FILE=str(path)) as made:
        _, service, headers = made
        await _rate(run, service, headers, [], PROFILE_SECONDS)
