"""Whatever schemathesis makes up from the OpenAPI documents, each service keeps to its own: no 5xx, no status and no
content that is not documented.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from schemas.decisions import AppropriationSet, CaseOpened, DecisionMade, DecisionNotified, ProposalMade
from schemas.intake import ApplicationSubmitted, AssociationRegistered, CallPublished
from schemas.payments import GrantAwarded, GrantReleased
from services.audit.app import application
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, InProcess, identity, in_process
from tests.integration.post import until
from tests.integration.watched import watching
from tests.unit.given import fact
from tests.unit.web.conftest import Issuer, make_verifier

EXAMPLES = 6
MOMENT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
KNOWN: dict[str, list[str]] = {
    "application_id": [identity(number) for number in (1, 2, 3)],
    "association_id": [ASSOCIATION],
    "call_id": ["operating-2026"],
}
"""What the ledgers below have, so that a request does not end at 'not found' alone."""


@dataclass(frozen=True)
class Served:
    """A service over HTTP, with the header of a token that has every role but an association's user."""

    url: str
    token: dict[str, str]
    app: FastAPI


async def fill_intake(service: InProcess) -> None:
    await service.given("call/operating-2026", fact(CallPublished))
    await service.given(f"association/{ASSOCIATION}", fact(AssociationRegistered))
    for key in KNOWN["application_id"]:
        await service.given(f"application/{key}", fact(ApplicationSubmitted, application_id=key))


async def fill_decisions(service: InProcess) -> None:
    """A case just opened, one with a proposal, one decided and given notice of."""
    await service.given("appropriation/operating-2026", fact(AppropriationSet))
    first, second, third = KNOWN["application_id"]
    for number, key in enumerate((first, second, third), start=1):
        opened = fact(CaseOpened, application_id=key, diary_number=f"{number}/02.05.01.00/2026")
        await service.given(f"case/{key}", opened)
    await service.given(f"case/{second}", fact(ProposalMade, application_id=second, person="bertta"))
    made = [fact(kind, application_id=third) for kind in (ProposalMade, DecisionMade, DecisionNotified)]
    await service.given(f"case/{third}", *made)


async def fill_payments(service: InProcess) -> None:
    for key in KNOWN["application_id"]:
        awarded, released = fact(GrantAwarded, application_id=key), fact(GrantReleased, application_id=key)
        await service.given(f"grant/{key}", awarded, released)


FILLED: dict[str, Callable[[InProcess], Any]] = {
    "intake": fill_intake,
    "decisions": fill_decisions,
    "payments": fill_payments,
}


@asynccontextmanager
async def audit(database: FreshDatabase, _: Path) -> AsyncIterator[tuple[FastAPI, Issuer]]:
    async with watching(database) as watched:
        for key in KNOWN["application_id"]:
            data = fact(ApplicationSubmitted, application_id=key).model_dump(mode="json")
            await watched.record(f"application/{key}", "application.submitted", **data)
        await watched.publish()
        issuer = Issuer()
        app, _started = application(watched.settings, make_verifier(issuer))
        async with app.router.lifespan_context(app):
            yield app, issuer


def of(name: str) -> Callable[[FreshDatabase, Path], AbstractAsyncContextManager[tuple[FastAPI, Issuer]]]:
    @asynccontextmanager
    async def running(database: FreshDatabase, folder: Path) -> AsyncIterator[tuple[FastAPI, Issuer]]:
        async with in_process(name, database, folder, MOMENT) as service:
            await FILLED[name](service)
            yield service.app, service.issuer

    return running


SERVICES = {**{name: of(name) for name in FILLED}, "audit": audit}


async def started(server: uvicorn.Server, running: asyncio.Task[None]) -> bool:
    return server.started or running.done()


@contextmanager
def serving(name: str, database: FreshDatabase, folder: Path) -> Iterator[Served]:
    """The service by uvicorn on a free port, in a thread with a loop of its own."""
    ready = threading.Event()
    told: list[Served] = []
    servers: list[uvicorn.Server] = []
    failed: list[BaseException] = []

    async def serve() -> None:
        async with SERVICES[name](database, folder) as (app, issuer):
            server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None, access_log=False))
            servers.append(server)
            running = asyncio.create_task(server.serve())
            await until(lambda: started(server, running), "the server has started")
            port = server.servers[0].sockets[0].getsockname()[1]
            roles = [role.value for role in set(Role) - {Role.ASSOCIATION}]
            token = issuer.token(sub="olli", roles=roles)
            told.append(Served(f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {token}"}, app))
            ready.set()
            await running

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            ready.set()

    thread = threading.Thread(target=run, name=f"serving-{name}")
    thread.start()
    try:
        assert ready.wait(60), f"{name} did not start"
        assert not failed, failed
        yield told[0]
    finally:
        for server in servers:
            server.should_exit = True
        thread.join(60)


def operations(served: Served) -> list[schemathesis.APIOperation[Any, Any, Any, Any]]:
    config = SchemathesisConfig.from_dict({"generation": {"allow-x00": False, "with-security-parameters": False}})
    schema = schemathesis.openapi.from_dict(served.app.openapi(), config=config)
    found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    # Of a service only the ledger was started: it is not ready, and says so with 503.
    return [each for each in found if not each.path.startswith("/health")]


def try_operation(
    served: Served, operation: schemathesis.APIOperation[Any, Any, Any, Any], mode: GenerationMode
) -> None:
    """Acceptance of all that the schema allows is not asked: whether a request fits the state is judged behind it."""

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(case=operation.as_strategy(generation_mode=mode), known=st.integers(0, 3))
    def answers_as_documented(case: schemathesis.Case[Any], known: int) -> None:
        if mode is GenerationMode.POSITIVE and known:
            for parameter in set(case.path_parameters or {}) & set(KNOWN):
                values = KNOWN[parameter]
                case.path_parameters[parameter] = values[known % len(values)]
            case.headers.pop("If-Match", None)
        case.call_and_validate(
            base_url=served.url, headers=dict(served.token), excluded_checks=[positive_data_acceptance]
        )

    answers_as_documented()


def tried(served: Served, mode: GenerationMode) -> dict[str, str | None]:
    """Every operation with what went wrong."""
    outcomes: dict[str, str | None] = {}
    for operation in operations(served):
        if mode is GenerationMode.NEGATIVE and not can_be_wrong(operation):
            continue
        try:
            try_operation(served, operation, mode)
            outcomes[operation.label] = None
        except (Exception, FailureGroup) as error:  # noqa: BLE001 - the test tells all of them together
            outcomes[operation.label] = f"{error} {getattr(error, 'exceptions', '')}"
    return outcomes


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", list(SERVICES))
def test_no_request_breaks_a_service_or_its_documentation(
    module_database: FreshDatabase, tmp_path: Path, name: str, mode: GenerationMode
) -> None:
    database = FreshDatabase(module_database.server)
    try:
        with serving(name, database, tmp_path) as served:
            outcomes = tried(served, mode)
            assert len(outcomes) > 5
            wrong = [f"{label}: {error}" for label, error in outcomes.items() if error]
            assert not wrong, "\n".join(wrong)
    finally:
        asyncio.run(database.drop())


def can_be_wrong(operation: schemathesis.APIOperation[Any, Any, Any, Any]) -> bool:
    """Nothing can be wrong without a parameter, nor in a file by its content type."""
    files = any(body.media_type != "application/json" for body in operation.body)
    parts = (operation.path_parameters, operation.query, operation.headers, operation.body)
    return not files and any(list(part) for part in parts)
