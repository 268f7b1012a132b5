"""The whole system on one machine: databases, broker, issuer's key, the four services, and a mock bank.

    with System(folder, clock=datetime(2026, 1, 2, 6, tzinfo=UTC)) as system:
        httpx.get(system.addresses["intake"] + "/v1/calls",
                  headers={"Authorization": f"Bearer {system.token('anna', ['officer'])}"})

The three services with ledgers share a PostgreSQL server; audit has one of its own. Everything listens on
free loopback ports. What died is started again, and a second start on the same folder goes on with its data.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from deploy.local.broker import Broker, EmbeddedBroker
from deploy.local.clock import ClockFile
from deploy.local.errors import StartFailed
from deploy.local.issuer import DEFAULT_AUDIENCE, DEFAULT_ISSUER, jwks_file, load_key
from deploy.local.kafka import ApacheKafka
from deploy.local.mockbank import MockBank
from deploy.local.postgres import PostgresCluster
from deploy.local.postgres_binaries import PostgresBinaries
from deploy.local.service_database import ServiceDatabase, create_service_database
from deploy.local.service_process import (
    READY_DEADLINE_S,
    ROOT,
    ServiceProcess,
    wait_until_ready,
)
from deploy.local.supervisor import Supervisor, Tell, stop_together
from deploy.local.system_folder import (
    LEDGER_SERVICES,
    SERVICES,
    DatabaseAddress,
    SystemFolder,
    SystemRecord,
)
from services.ledger import migrate
from services.web.identity import Role

DATABASE: Final = "grants"
ISSUER: Final = "issuer"
NORTH_KARELIA: Final = ROOT / "deploy" / "county" / "north-karelia"
PARTITIONS: Final = {"apache": 6, "embedded": 3}
STOP_GRACE_S: Final = 15.0
_HELSINKI: Final = ZoneInfo("Europe/Helsinki")


def _silent(_what: str) -> None:
    """Tells nobody."""


class System:
    """Guarantees once `start` has returned: every service answers /health/ready, and what dies is started
    again (unless `supervise` is false). `stop` leaves no process behind, and the data in the folder.
    """

    def __init__(  # noqa: PLR0913 - the choices that make a system
        self,
        folder: Path,
        *,
        clock: datetime | None = None,
        broker: Broker | None = None,
        with_bank: bool = False,
        bank_reads_outbox: bool = False,
        with_issuer: bool = False,
        supervise: bool = True,
        services: Sequence[str] = SERVICES,
        county: Path = NORTH_KARELIA,
        binaries: PostgresBinaries | None = None,
        postgres_settings: Mapping[str, str] | None = None,
        environment: Mapping[str, Mapping[str, str]] | None = None,
        progress: Tell = _silent,
    ) -> None:
        """`clock` is the instant that simulated time starts from, when the folder has no simulated time yet; without
        either the services run on real time. A given `broker` is started when it does not run, and then also stopped.
        The bank gets payment files by `bank.send_payments`, or by itself out of the services' outbox when
        `bank_reads_outbox`. Fewer `services` start sooner. `environment` holds more variables for a service, without
        the prefix GRANTS_. `progress` is told what happens, also by the supervisor, in sentences.
        """
        self.folder = SystemFolder(folder)
        self.postgres = PostgresCluster(self.folder.postgres, binaries=binaries, settings=postgres_settings)
        self.audit_postgres = PostgresCluster(self.folder.audit_postgres, binaries=binaries, settings=postgres_settings)
        self.broker: Broker = broker or EmbeddedBroker(self.folder.logs)
        self._starts_broker = False
        self._first_instant = clock
        self._bank_choice = (with_bank, bank_reads_outbox)
        self._with_issuer = with_issuer
        self._supervise = supervise
        self._chosen = tuple(services)
        self._county = county.absolute()
        self._more = environment or {}
        self._tell = progress
        self._clock = ClockFile(self.folder.clock)
        self._bank: MockBank | None = None
        self._services: dict[str, ServiceProcess] = {}
        self.databases: dict[str, ServiceDatabase] = {}
        self._supervisor = Supervisor(
            self._services,
            {"PostgreSQL": self.postgres, "audit's PostgreSQL": self.audit_postgres},
            self.broker,
            lambda: _runs(self.broker),
            self._start_broker,
            progress,
        )

    @property
    def addresses(self) -> Mapping[str, str]:
        """The base URL of each service."""
        return {name: service.url for name, service in self._services.items()}

    @property
    def clock(self) -> ClockFile:
        """The driver of the simulated time. Raises StartFailed on a system with real time."""
        if not self.folder.clock.exists():
            raise StartFailed("this system runs on real time: give System a `clock` to simulate it")
        return self._clock

    @property
    def bank(self) -> MockBank:
        """Raises StartFailed when the system has none."""
        if self._bank is None:
            raise StartFailed("this system runs without a bank: start it `with_bank`")
        return self._bank

    @property
    def vkeys(self) -> Mapping[str, Path]:
        """The file of each ledger's public key, as `grants verify --key` reads it."""
        return {service: self.folder.verifier_key(service) for service in LEDGER_SERVICES}

    @property
    def bank_outbox(self) -> Path:
        """Where payments puts the files for the bank."""
        return self.folder.bank_outbox

    @property
    def superuser_dsn(self) -> str:
        """The database of the three ledgers, with every right: for tests that tamper."""
        return self.postgres.superuser_dsn(DATABASE)

    @property
    def audit_superuser_dsn(self) -> str:
        """Audit's database, with every right."""
        return self.audit_postgres.superuser_dsn(DATABASE)

    @property
    def record(self) -> SystemRecord:
        """Where everything answers."""
        return SystemRecord(
            process_id=os.getpid(),
            addresses=dict(self.addresses),
            databases={name: self._database_address(name) for name in self.databases},
            broker=self.broker.bootstrap,
            issuer=DEFAULT_ISSUER,
            audience=DEFAULT_AUDIENCE,
            issuer_address=self.addresses.get(ISSUER),
            bank_address=None if self._bank is None else self._bank.url,
        )

    def token(
        self,
        person: str,
        roles: Iterable[Role | str],
        association: str | None = None,
        name: str | None = None,
    ) -> str:
        """A token for a person of this system, valid for an hour of real time. Raises ValueError for a role
        that there is not.
        """
        known = [Role(role) for role in roles]
        return self.folder.token(self.record, person, known, association=association, name=name)

    def pid(self, service: str) -> int:
        """The process id of a service."""
        return self._services[service].pid

    def start(self) -> Self:
        """Starts everything. Raises LocalServerError with the end of the log of what did not come up; then
        nothing is left running.
        """
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stops everything, the services first. Does nothing when nothing runs."""
        if not self.folder.is_claimed:
            return
        self._supervisor.stop()
        with self._supervisor.lock:
            stop_together([*self._services.values()], grace_s=STOP_GRACE_S)
            if self._bank is not None:
                self._bank.stop()
            if self._starts_broker:
                self.broker.stop()
            _together([self.postgres.stop, self.audit_postgres.stop])
        self.folder.release()

    def kill(self, service: str) -> None:
        """SIGKILL to a service; the supervisor starts it again."""
        with self._supervisor.lock:
            self._services[service].kill()

    def restart(self, service: str) -> None:
        """Stops a service in an orderly way, if it runs, starts it, and returns when it is ready."""
        with self._supervisor.lock:
            process = self._services[service]
            process.stop()
            process.start()
        self.wait_until_ready([service])

    def restart_broker(self) -> None:
        """Starts the broker again (the embedded one is empty then), and returns when all services are ready."""
        with self._supervisor.lock:
            self.broker.stop()
            self._supervisor.restart_with_broker()
        self.wait_until_ready()

    def wait_until_ready(self, services: Sequence[str] | None = None, *, deadline_s: float = READY_DEADLINE_S) -> None:
        """Returns when these services (all by default) answer /health/ready. Raises StartFailed after `deadline_s`,
        or when one has ended and nobody starts it again.
        """
        processes = [self._services[name] for name in services or self._chosen]
        wait_until_ready(processes, deadline_s=deadline_s, revived=self._supervise)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _start(self) -> None:
        self.folder.claim()
        self._prepare_clock()
        self._starts_broker = not _runs(self.broker)
        self._tell(f"starting PostgreSQL ({self.postgres.origin}) and {self.broker.origin}")
        bank = [self._start_bank] if self._bank_choice[0] else []
        _together([self.postgres.start, self.audit_postgres.start, self._start_broker, *bank])
        self._tell("making schemas and bringing them up to date")
        self._prepare_databases()
        self._tell(f"starting {', '.join(self._chosen)}")
        self._start_services()
        wait_until_ready(self._services.values())
        if self._supervise:
            self._supervisor.start()
        self.folder.announce(self.record)
        self._tell("everything is ready")

    def _prepare_clock(self) -> None:
        if self._first_instant is not None and not self.folder.clock.exists():
            self._clock.set(self._first_instant)

    def _start_broker(self) -> None:
        self.broker.start()
        partitions = PARTITIONS[self.broker.flavour]
        _await(self.broker.create_topics(LEDGER_SERVICES, partitions))
        _await(self.broker.create_topics([f"{name}.checkpoints" for name in LEDGER_SERVICES], 1))

    def _start_bank(self) -> None:
        """Bank time is the simulated time, or the real one, at the start; from then on it is moved apart."""
        now = self._clock.now() if self.folder.clock.exists() else None
        reads_outbox = self._bank_choice[1]
        self._bank = MockBank(
            self.folder.logs,
            clock=None if now is None else now.astimezone(_HELSINKI),
            drop_folder=self.folder.bank_outbox if reads_outbox else None,
            pickup_folder=self.folder.bank_messages if reads_outbox else None,
        )
        self._bank.start()

    def _prepare_databases(self) -> None:
        passwords = self.folder.passwords()

        def prepare(service: str) -> None:
            server = self.audit_postgres if service == "audit" else self.postgres
            made = _await(create_service_database(server, service, passwords[service], database=DATABASE))
            migrate(made.owner_dsn, service, [ROOT / "services" / service / "migrations"])
            self.databases[service] = made

        _together([partial(prepare, service) for service in SERVICES])

    def _start_services(self) -> None:
        load_key(self.folder.issuer)
        self.folder.bank_outbox.mkdir(exist_ok=True)
        for service in SERVICES:
            self.folder.signing_key(service)
        if not self._services:
            self._services.update({service: self._process_of(service) for service in self._chosen})
            if self._with_issuer:
                self._services[ISSUER] = self._issuer_process()
        for process in self._services.values():
            process.start()

    def _process_of(self, service: str) -> ServiceProcess:
        log = self.folder.logs / f"{service}.log"
        return ServiceProcess(service, f"services.{service}", log, self._environment(service))

    def _issuer_process(self) -> ServiceProcess:
        told = {"ISSUER": DEFAULT_ISSUER, "AUDIENCE": DEFAULT_AUDIENCE, "ISSUER_FOLDER": str(self.folder.issuer)}
        log = self.folder.logs / "issuer.log"
        return ServiceProcess(ISSUER, "deploy.local.issuer", log, told, ready_path="/.well-known/jwks.json")

    def _environment(self, service: str) -> dict[str, str]:
        told = {
            "DATABASE_URL": self.databases[service].service_dsn,
            "SCHEMA": service,
            "KAFKA_BOOTSTRAP": self.broker.bootstrap,
            "KAFKA_FLAVOUR": self.broker.flavour,
            "COUNTY_FOLDER": str(self._county),
            "JWKS_URL": jwks_file(self.folder.issuer).as_uri(),
            "ISSUER": DEFAULT_ISSUER,
            "AUDIENCE": DEFAULT_AUDIENCE,
            "SIGNING_KEY_FILE": str(self.folder.signing_key(service)),
        }
        if self.folder.clock.exists():
            told["CLOCK_FILE"] = str(self.folder.clock)
        if service == "intake":
            told["KEY_ENCRYPTION_KEY_FILE"] = str(self.folder.key_encryption_key())
            told["ATTACHMENTS_URL"] = self.folder.attachments.as_uri()
        if service == "payments":
            told["BANK_OUTBOX"] = str(self.folder.bank_outbox)
        if service == "audit":
            told["SOURCES"] = json.dumps({name: self._source(name) for name in LEDGER_SERVICES})
        return told | dict(self._more.get(service, {}))

    def _source(self, service: str) -> dict[str, str]:
        return {
            "dsn": self.databases[service].auditor_dsn,
            "schema": service,
            "vkey": str(self.folder.verifier_key(service)),
        }

    def _database_address(self, service: str) -> DatabaseAddress:
        made = self.databases[service]
        server = self.audit_postgres if service == "audit" else self.postgres
        return DatabaseAddress(port=server.port, database=made.database, schema_name=made.schema, user=made.service)


def _runs(broker: Broker) -> bool:
    """Whether a broker of our own runs; one that somebody else looks after is taken to run."""
    return broker.is_running if isinstance(broker, EmbeddedBroker | ApacheKafka) else True


def _await(work: Coroutine[Any, Any, Any]) -> Any:
    """Runs it to its end in a loop of its own, also where the caller has a running one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def _together(works: Sequence[Callable[[], None]]) -> None:
    """Does them at the same time; raises the first error after all have ended."""
    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(work) for work in works]:
            done.result()
