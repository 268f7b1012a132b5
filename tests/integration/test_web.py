"""A service and the development issuer as processes of their own, over real sockets."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from schemathesis import GenerationMode
from schemathesis.checks import positive_data_acceptance
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok

from deploy.local.errors import StartFailed
from deploy.local.issuer import jwks_file, load_key, mint
from deploy.local.ports import free_port
from deploy.local.process import ChildProcess, url_answers
from services.web.identity import Role, TokenVerifier
from services.web.jwks import KeyCache, fetch_from
from tests.unit.web import sample
from tests.unit.web.conftest import AUDIENCE, ISSUER, make_settings

DEADLINE_S = 30.0


@dataclass
class Served:
    """A process that answers HTTP."""

    process: ChildProcess
    url: str

    def wait(self, path: str) -> None:
        self.process.wait_until(url_answers(self.url + path), deadline_s=DEADLINE_S, what=f"answer on {path}")

    def log_lines(self) -> list[dict[str, Any]]:
        """The lines that are whole: the last may still be on its way."""
        return [
            json.loads(line) for line in self.process.log_since_start().splitlines(keepends=True) if line.endswith("\n")
        ]


def serve(folder: Path, module: str, **environment: object) -> Served:
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GRANTS_")}
    ours = {"MODE": "embedded", "PORT": port, "ISSUER": ISSUER, "AUDIENCE": AUDIENCE, **environment}
    process = ChildProcess(
        [sys.executable, "-m", module],
        name=module,
        log=folder / f"{module}.log",
        environment=inherited | {f"GRANTS_{name}": str(value) for name, value in ours.items()},
        folder=Path(__file__).parents[2],
    )
    process.start()
    return Served(process, f"http://127.0.0.1:{port}")


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Served]:
    served = serve(tmp_path, "deploy.local.issuer", ISSUER_FOLDER=tmp_path / "issuer")
    with served.process:
        served.wait("/.well-known/jwks.json")
        yield served


@pytest.fixture
def service(tmp_path: Path, issuer: Served) -> Iterator[Served]:
    (tmp_path / "key.pem").touch()
    served = serve(
        tmp_path,
        "tests.unit.web.sample",
        DATABASE_URL="postgresql://notes@127.0.0.1:1/none",
        SCHEMA="notes",
        KAFKA_BOOTSTRAP="127.0.0.1:1",
        SIGNING_KEY_FILE=tmp_path / "key.pem",
        COUNTY_FOLDER=tmp_path,
        JWKS_URL=issuer.url + "/.well-known/jwks.json",
    )
    with served.process:
        served.wait("/health/live")
        yield served


def bearer(issuer: Served, *roles: str) -> dict[str, str]:
    answer = httpx.post(f"{issuer.url}/token", json={"person": "olli", "roles": roles})
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def until(condition: Callable[[], bool], served: Served, what: str) -> None:
    served.process.wait_until(condition, deadline_s=DEADLINE_S, what=what)


def test_a_token_of_the_issuer_opens_the_service_and_nothing_else_does(service: Served, issuer: Served) -> None:
    note = {"title": "good"}
    assert httpx.post(f"{service.url}/v1/notes", json=note).status_code == 401
    assert httpx.post(f"{service.url}/v1/notes", json=note, headers=bearer(issuer, "finance")).status_code == 403
    written = httpx.post(f"{service.url}/v1/notes", json=note, headers=bearer(issuer, "officer"))
    assert (written.status_code, written.headers["etag"], written.headers["x-person"]) == (201, '"1"', "olli")
    assert "server" not in written.headers


def test_known_keys_serve_on_when_the_issuer_is_gone_and_unknown_ones_are_503(
    tmp_path: Path, service: Served, issuer: Served
) -> None:
    officer = bearer(issuer, "officer")
    issuer.process.stop()
    assert httpx.get(f"{service.url}/v1/notes", headers=officer).status_code == 503
    issuer.process.start()
    issuer.wait("/.well-known/jwks.json")

    def opens() -> bool:
        return httpx.get(f"{service.url}/v1/notes", headers=officer).status_code == 200

    until(opens, service, "fetch the keys again")
    issuer.process.stop()
    assert opens()


def test_on_sigterm_running_requests_end_new_ones_are_refused_and_the_exit_is_clean(
    tmp_path: Path, service: Served, issuer: Served
) -> None:
    officer = bearer(issuer, "officer")
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(httpx.get, f"{service.url}/v1/trouble/held", headers=officer, timeout=DEADLINE_S)
        until((tmp_path / "running").exists, service, "start the request")
        os.kill(service.process.pid, signal.SIGTERM)

        def refuses() -> bool:
            try:
                httpx.get(f"{service.url}/health/live")
            except httpx.ConnectError:
                return True
            except httpx.RemoteProtocolError:
                # The connection was taken in the instant in which the service stops listening, and closed.
                return False
            return False

        until(refuses, service, "stop listening")
        (tmp_path / "release").touch()
        assert held.result().json() == "done"
    service.process.stop(grace_s=DEADLINE_S)
    assert service.process.return_code == 0


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_service_ends_with_status_0(service: Served, first: signal.Signals) -> None:
    service.process.stop(first=first)
    assert service.process.return_code == 0


def test_a_taken_port_is_said_and_the_exit_status_is_not_0(tmp_path: Path, service: Served) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        second = serve(tmp_path, "deploy.local.issuer", ISSUER_FOLDER=tmp_path / "issuer", PORT=taken.getsockname()[1])
        with pytest.raises(StartFailed, match="address already in use"):
            second.wait("/.well-known/jwks.json")
        assert second.process.return_code not in {0, None}


def test_a_large_body_is_refused_over_the_wire(service: Served, issuer: Served) -> None:
    officer = bearer(issuer, "officer")
    large = httpx.post(f"{service.url}/v1/notes", content=b" " * 5_000_000, headers=officer)
    assert (large.status_code, large.headers["content-type"]) == (413, "application/problem+json")
    chunked = httpx.post(f"{service.url}/v1/notes", content=iter([b" " * 65536] * 40), headers=officer)
    assert chunked.status_code == 413


def test_what_is_no_http_and_wrong_lengths_do_no_harm(service: Served) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    for raw in (
        b"\x00\x01\x02\r\n\r\n",
        b"POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nfew",
    ):
        with socket.create_connection((host, int(port)), timeout=DEADLINE_S) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(65536)
    assert httpx.get(f"{service.url}/health/live").status_code == 200


def test_the_log_is_json_without_tokens_and_joined_by_correlation_id(service: Served, issuer: Served) -> None:
    officer = bearer(issuer, "officer") | {"X-Correlation-ID": "case-7"}
    httpx.get(f"{service.url}/v1/trouble/unexpected", headers=officer)
    until(lambda: service.process.log_since_start().count("case-7") == 2, service, "log the request")
    lines = service.log_lines()
    ours = [line for line in lines if line["correlation_id"] == "case-7"]
    assert [line["event"] for line in ours] == ["request failed unexpectedly", "request"]
    assert ours[0]["trace_id"] == ours[1]["trace_id"]
    assert {line["service"] for line in lines} == {"notes"}
    for part in officer["Authorization"].split()[1].split("."):
        assert part not in service.process.log_since_start()


# --- schemathesis: whatever it makes up, the sample service keeps to its own documentation ------------------


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> tuple[FastAPI, dict[str, str]]:
    """The sample service, and the header of a token with every role."""
    folder = tmp_path_factory.mktemp("schemathesis")
    key = load_key(folder)
    verifier = TokenVerifier(KeyCache(fetch_from(jwks_file(folder).as_uri())), issuer=ISSUER, audience=AUDIENCE)
    token = mint(key, person="olli", roles=list(Role), issuer=ISSUER, audience=AUDIENCE)
    return sample.make(make_settings(folder), verifier, body_bytes_max=1_000_000), {"Authorization": f"Bearer {token}"}


def operations_of(app: FastAPI) -> list[schemathesis.APIOperation[Any, Any, Any, Any]]:
    # The token is the test's own: a case that is wrong in nothing but its token would be none once it has ours.
    config = SchemathesisConfig.from_dict({"generation": {"allow-x00": False, "with-security-parameters": False}})
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    return [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_request_breaks_the_service_or_its_documentation(
    trusted: tuple[FastAPI, dict[str, str]], mode: GenerationMode
) -> None:
    """Acceptance of all that the schema allows is not asked: what a field means is judged behind the schema."""
    app, token = trusted
    operations = operations_of(app)
    assert {operation.label for operation in operations} >= {"POST /v1/notes", "PUT /v1/notes/{number}"}
    for operation in operations:
        if mode is GenerationMode.NEGATIVE and not operation.label.endswith(("/v1/notes", "/{number}")):
            continue  # Nothing can be wrong without a parameter, nor in an uploaded file.

        # The same cases at every run: what a search may find some day is not for a run that gates a change.
        @hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(case=operation.as_strategy(generation_mode=mode))
        def answers_as_documented(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(headers=dict(token), excluded_checks=[positive_data_acceptance])

        answers_as_documented()
