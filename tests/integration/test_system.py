"""The whole system on one machine, and the `grants` command as people run it: as processes of their own."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from deploy.local.issuer import DEFAULT_AUDIENCE, DEFAULT_ISSUER, load_key, mint
from deploy.local.process import ChildProcess, port_answers
from deploy.local.system import System
from deploy.local.system_folder import LEDGER_SERVICES, SERVICES
from schemas.samples import SAMPLES
from services.ledger import Context, Ledger, NewEvent, StreamWrite, Unit
from services.web.clock import system_clock
from services.web.identity import Role
from tests.infrastructure.ladder import own_broker
from tests.infrastructure.processes import is_gone, wait_for
from tests.infrastructure.session import Servers

GRANTS = Path(sys.executable).with_name("grants")
DEADLINE_S = 120.0
MOMENT = datetime(2026, 1, 12, 8, 0, tzinfo=UTC)
ASSOCIATION = "2050864-5"
APPLICATION: dict[str, Any] = {
    "call_id": "operating-2026", "association_id": ASSOCIATION, "activity": "patients-and-disability-organisations",
    "municipalities": [{"municipality": "joensuu", "percent": 100}], "purpose": "Vertaistuki",
    "applied": "2000.00 EUR", "costs": "2500.50 EUR", "other_funding": "0.50 EUR", "own_funding": "500.00 EUR",
    "years": 1, "separable_bookkeeping": True,
}  # fmt: skip
# A question that each role may ask.
QUESTIONS = {
    Role.ASSOCIATION: ("intake", "/v1/applications"),
    Role.OFFICER: ("decisions", "/v1/cases"),
    Role.DECISION_MAKER: ("decisions", "/v1/meetings"),
    Role.FINANCE: ("payments", "/v1/payables"),
    Role.AUDITOR: ("audit", "/v1/sources"),
    Role.OPERATOR: ("intake", "/v1/parked"),
}


def grants(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the command to its end, as it is installed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GRANTS_")}
    ended = subprocess.run(
        [GRANTS, *arguments], env=environment | {"COLUMNS": "250"}, capture_output=True, text=True,
        timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    assert "Traceback" not in ended.stdout + ended.stderr
    return ended


@dataclass
class Town:
    """A running system with one application in it, and every token that was used."""

    system: System
    tokens: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.system.folder.path

    def grants(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return grants(*arguments, "--folder", self.folder)

    def token(self, role: Role) -> str:
        association = ASSOCIATION if role is Role.ASSOCIATION else None
        self.tokens.append(self.system.token(f"{role.value}-1", [role], association=association))
        return self.tokens[-1]

    def ask(self, token: str, service: str, path: str) -> httpx.Response:
        return httpx.get(self.system.addresses[service] + path, headers=bearer(token), timeout=30)

    def tell(self, role: Role, path: str, body: Any) -> httpx.Response:
        """A command to intake, which must succeed."""
        url = self.system.addresses["intake"] + path
        answer = httpx.post(url, json=body, headers=bearer(self.token(role)), timeout=30)
        assert answer.status_code == 201, answer.text
        return answer

    def apply(self, cases: int) -> None:
        """One more application; returns when there are as many cases."""
        self.tell(Role.ASSOCIATION, "/v1/applications", APPLICATION)
        officer = self.token(Role.OFFICER)

        def opened() -> bool:
            return len(self.ask(officer, "decisions", "/v1/cases").json()["items"]) == cases

        assert wait_for(opened, DEADLINE_S), "the application became no case"

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """What the database of the three ledgers answers."""

        async def fetched() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.system.superuser_dsn)
            try:
                return await connection.fetch(question)
            finally:
                await connection.close()

        return [tuple(row) for row in asyncio.run(fetched())]

    def registers(self) -> list[tuple[Any, ...]]:
        """Every version of every register of the three services, as text."""
        return [row for name in LEDGER_SERVICES for row in self.rows(_REGISTERS.format(name))]

    def is_ready(self) -> bool:
        urls = self.system.addresses.values()
        return all(httpx.get(f"{url}/health/ready", timeout=10).status_code == 200 for url in urls)


_REGISTERS = "SELECT v::text FROM {}.register_version v ORDER BY 1"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def town(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    broker = own_broker(servers.broker_rung, folder / "broker")
    with System(folder / "system", clock=MOMENT, broker=broker) as system:
        made = Town(system)
        made.tell(Role.OFFICER, "/v1/calls", SAMPLES["call.published", 1])
        made.tell(Role.OFFICER, "/v1/associations", SAMPLES["association.registered", 1])
        made.apply(cases=1)
        yield made


# --- services and tokens -------------------------------------------------------------------------------------


def test_all_four_services_live_and_are_ready(town: Town) -> None:
    assert set(town.system.addresses) == set(SERVICES)
    for url in town.system.addresses.values():
        assert httpx.get(f"{url}/health/live").json() == {"status": "alive"}
        ready = httpx.get(f"{url}/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "ready")


@pytest.mark.parametrize("role", Role)
def test_a_token_of_each_role_opens_what_the_role_may_see(town: Town, role: Role) -> None:
    assert town.ask(town.token(role), *QUESTIONS[role]).status_code == 200


def test_a_token_opens_nothing_that_its_role_may_not_see(town: Town) -> None:
    operator = town.token(Role.OPERATOR)
    for service, path in (("decisions", "/v1/cases"), ("payments", "/v1/payables"), ("audit", "/v1/sources")):
        assert town.ask(operator, service, path).status_code == 403


def test_a_token_of_another_issuer_opens_nothing(town: Town, tmp_path: Path) -> None:
    ours, theirs = load_key(town.system.folder.issuer), load_key(tmp_path)
    foreign = [
        mint(theirs, person="officer-1", roles=list(Role)),
        mint(ours, person="officer-1", roles=list(Role), issuer="https://elsewhere.example"),
        mint(ours, person="officer-1", roles=list(Role), audience="elsewhere"),
    ]
    for token in foreign:
        for service, path in QUESTIONS.values():
            assert town.ask(token, service, path).status_code == 401
    accepted = mint(ours, person="auditor-1", roles=[Role.AUDITOR], issuer=DEFAULT_ISSUER, audience=DEFAULT_AUDIENCE)
    assert town.ask(accepted, "audit", "/v1/sources").status_code == 200


def test_grants_token_prints_a_token_that_works_and_nothing_else(town: Town) -> None:
    told = town.grants("token", "--role", "auditor", "--person", "auditor-2")
    assert (told.returncode, told.stderr) == (0, "")
    token = told.stdout.removesuffix("\n")
    town.tokens.append(token)
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", token)
    assert town.ask(token, "audit", "/v1/sources").status_code == 200
    assert town.ask(token, "intake", "/v1/parked").status_code == 403


def test_the_logs_are_json_lines_and_hold_no_token_and_no_password(town: Town) -> None:
    for role in Role:
        town.ask(town.token(role), *QUESTIONS[role])
    town.ask("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJvbGxpIn0.not-signed", "intake", "/v1/calls")
    for service in SERVICES:
        lines = (town.system.folder.logs / f"{service}.log").read_text(encoding="utf-8").splitlines()
        events = [json.loads(line) for line in lines]
        assert "request" in {event["event"] for event in events}
        assert {event["service"] for event in events} == {service}
    passwords = [word for roles in town.system.folder.passwords().values() for word in vars(roles).values()]
    secret = [*passwords, town.system.postgres.password, town.system.audit_postgres.password, "not-signed"]
    secret += [part for token in town.tokens for part in token.split(".")[1:]]
    logs = sorted(town.folder.parent.rglob("*.log"))
    assert {path.stem for path in logs} >= {*SERVICES, "postgres"}
    for path in logs:
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not [word for word in secret if word in text], f"{path.name} holds a secret"


# --- parked messages -----------------------------------------------------------------------------------------


def test_where_nothing_is_parked_both_commands_say_so(town: Town) -> None:
    listed = town.grants("parked", "list", "payments")
    assert (listed.returncode, listed.stdout, listed.stderr) == (0, "nothing is parked in payments\n", "")
    retried = town.grants("parked", "retry", "payments")
    assert (retried.returncode, retried.stdout, retried.stderr) == (0, "nothing is parked in payments\n", "")
    one = town.grants("parked", "retry", "payments", "7")
    assert (one.returncode, one.stdout) == (1, "")
    assert "404" in one.stderr


def test_a_parked_message_is_listed_with_its_reason_and_a_retry_in_vain_has_exit_code_1(town: Town) -> None:
    dsn = town.system.folder.dsn(town.system.record, "intake")

    async def record_what_nobody_knows() -> None:
        ledger = Ledger(dsn, "intake", system_clock, pool_size=1)
        await ledger.start()
        write = StreamWrite("letter/1", 0, (NewEvent("letter.sent", b"{}"),))
        await ledger.append(Unit(Context("person:anna", "letter"), (write,)))
        await ledger.stop()

    asyncio.run(record_what_nobody_knows())
    operator = town.token(Role.OPERATOR)
    parked: list[dict[str, Any]] = []

    def is_parked() -> bool:
        parked[:] = town.ask(operator, "decisions", "/v1/parked").json()["items"]
        return bool(parked)

    assert wait_for(is_parked, DEADLINE_S)
    listed = town.grants("parked", "list", "decisions")
    assert listed.returncode == 0
    row = " ".join(listed.stdout.splitlines()[-1].split())
    assert row.startswith(f"{parked[0]['number']} {parked[0]['parked_at']} intake letter.sent letter/1 a person 1 ")
    assert row.endswith("letter.sent version 1 is unknown to this release")
    for more in ([], [str(parked[0]["number"])]):
        retried = town.grants("parked", "retry", "decisions", *more)
        assert retried.returncode == 1
        assert retried.stdout.startswith("0 took effect\nFAILED ")
    assert is_parked()


# --- replay and rebuild --------------------------------------------------------------------------------------


def test_a_replay_publishes_everything_again_and_changes_nothing(town: Town) -> None:
    cases = "SELECT count(*) FROM decisions.event WHERE type = 'case.opened'"
    (before,) = town.rows(cases)[0]

    def published() -> int:
        """Records in the broker, once all of intake's events are there."""
        size, done, partitions = town.rows("SELECT size, published, partitions FROM intake.head, intake.relay")[0]
        marks = json.loads(partitions).values()
        return sum(offset + 1 for offset, _ in marks) if size == done else 0

    assert wait_for(lambda: published() > 0, DEADLINE_S)
    (size,), first = town.rows("SELECT size FROM intake.head")[0], published()
    told = town.grants("replay", "intake", "--from", "1")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == f"intake publishes {size} events again, from position 1 to {size}\n"
    assert wait_for(lambda: published() == first + size, DEADLINE_S), f"{first} records, now {published()}"
    town.apply(cases=before + 1)
    assert town.rows(cases) == [(before + 1,)]


def test_a_replay_from_a_position_that_there_is_not_is_refused(town: Town) -> None:
    told = town.grants("replay", "intake", "--from", "1000000")
    assert (told.returncode, told.stdout) == (1, "")
    assert re.search(r"intake has \d+ events: there is no position 1000000", told.stderr)


def test_a_rebuild_finds_the_registers_as_they_are_and_changes_nothing(town: Town) -> None:
    before = town.registers()
    assert before
    for service in LEDGER_SERVICES:
        told = town.grants("rebuild", service)
        assert (told.returncode, told.stderr) == (0, "")
        assert re.fullmatch(
            rf"{service}: \d+ events, \d+ versions .*, 0 differing: equal, byte for byte\n", told.stdout
        )
    assert town.registers() == before


def test_a_rebuild_names_what_differs_and_mends_it_only_when_told_to(town: Town) -> None:
    before = town.registers()
    town.rows(
        "UPDATE intake.register_version SET document = jsonb_set(document::jsonb, '{title}', '\"Muu\"') "
        "WHERE register = 'calls' RETURNING 1"
    )
    altered = town.registers()
    assert altered != before
    told = town.grants("rebuild", "intake")
    assert told.returncode == 1
    assert "DIFFERS  calls operating-2026 from position 1: the document differs" in told.stdout
    assert town.registers() == altered
    mended = town.grants("rebuild", "intake", "--replace")
    assert mended.returncode == 0
    assert mended.stdout.endswith("1 differing: replaced\n")
    assert town.registers() == before


# --- grants up -----------------------------------------------------------------------------------------------


def test_a_second_system_on_the_same_folder_is_refused_and_the_first_goes_on(town: Town) -> None:
    record = (town.folder / "system.json").read_bytes()
    told = town.grants("up")
    assert told.returncode == 1
    assert f"a system runs in {town.folder} already: stop it first, or choose another folder" in told.stderr
    assert (town.folder / "system.json").read_bytes() == record
    assert town.is_ready()


def descendants(of: int) -> set[int]:
    """The process ids of its children, and theirs."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found: set[int] = set()
    while more := {pid for pid, parent in parents.items() if parent in {of, *found}} - found:
        found |= more
    return found


@pytest.fixture
def start_up(tmp_path: Path) -> Iterator[Callable[[], ChildProcess]]:
    """Starts `grants up` in a folder of the test's own; killed after the test if it still runs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GRANTS_")}
    process = ChildProcess(
        [GRANTS, "up", "--folder", tmp_path / "system"], name="grants up", log=tmp_path / "up.log",
        environment=environment | {"COLUMNS": "250"},
    )  # fmt: skip

    def start() -> ChildProcess:
        process.start()
        return process

    yield start
    process.stop(grace_s=DEADLINE_S)


def logs(process: ChildProcess, text: str) -> None:
    """Returns when it has written this."""
    process.wait_until(lambda: process.has_logged(text), deadline_s=DEADLINE_S, what=f"say {text!r}")


def ends_and_leaves_nothing(process: ChildProcess, first: signal.Signals) -> None:
    started = descendants(process.pid)
    assert started
    os.kill(process.pid, first)
    assert wait_for(lambda: process.return_code is not None, DEADLINE_S)
    assert process.return_code == 0, process.log_since_start()
    assert [pid for pid in started if not is_gone(pid)] == []


def test_grants_up_tells_addresses_and_tokens_and_stops_all_that_it_started(
    tmp_path: Path, start_up: Callable[[], ChildProcess]
) -> None:
    process = start_up()
    logs(process, "Ctrl-C stops everything.")
    told = process.log_since_start()
    addresses = dict(re.findall(r"^ *(\w+) +(http://127\.0\.0\.1:\d+) ", told, re.MULTILINE))
    assert set(addresses) == {*SERVICES, "issuer"}
    for role in Role:
        token = re.search(rf"^{role.value} \(person {role.value}\.1\)\n(\S+)$", told, re.MULTILINE)
        assert token is not None, f"no token for {role.value}"
        service, path = QUESTIONS[role]
        assert httpx.get(addresses[service] + path, headers=bearer(token[1])).status_code == 200
    given = httpx.post(f"{addresses['issuer']}/token", json={"person": "olli", "roles": ["officer"]}).json()
    assert httpx.get(f"{addresses['decisions']}/v1/cases", headers=bearer(given["access_token"])).status_code == 200
    issuer_log = (tmp_path / "system" / "logs" / "issuer.log").read_text(encoding="utf-8")
    assert all(isinstance(json.loads(line), dict) for line in issuer_log.splitlines())
    assert given["access_token"].split(".")[1] not in issuer_log

    ends_and_leaves_nothing(process, signal.SIGTERM)

    assert not any(port_answers(int(url.rpartition(":")[2]))() for url in addresses.values())
    gone = grants("token", "--role", "officer", "--person", "olli", "--folder", tmp_path / "system")
    assert gone.returncode == 1
    assert "no system runs in" in gone.stderr


def test_grants_up_that_is_interrupted_while_it_starts_stops_what_it_has_started(
    start_up: Callable[[], ChildProcess],
) -> None:
    process = start_up()
    logs(process, "making schemas")
    ends_and_leaves_nothing(process, signal.SIGINT)
    assert process.log_since_start().endswith("stopping\n")
