"""What a service shows of itself: health, metrics, logs, traces."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog
from asgi_correlation_id import correlation_id
from fastapi import FastAPI
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry

from services.web.health import Check, health_router
from services.web.identity import Role, TokenVerifier
from services.web.settings import ServiceSettings
from services.web.telemetry import configure_logging, tracer_provider
from tests.unit.web import sample
from tests.unit.web.conftest import Bearer, Issuer, client_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The log of this process as a service would write it."""
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging("notes", "DEBUG")
    yield output
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


async def test_a_live_service_says_so_to_anybody(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_a_service_is_ready_when_every_check_returns(settings: ServiceSettings, verifier: TokenVerifier) -> None:
    async def works() -> None: ...

    async with client_of(sample.make(settings, verifier, {"database": works, "broker": works})) as client:
        answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ready", "checks": {"database": "ok", "broker": "ok"}},
    )


async def test_an_unready_service_names_the_part_and_not_the_reason() -> None:
    async def works() -> None: ...

    async def fails() -> None:
        raise OSError("connection to 10.1.2.3 refused")

    async def hangs() -> None:
        await asyncio.Event().wait()

    checks: dict[str, Check] = {"database": fails, "broker": hangs, "disk": works}
    app = FastAPI()
    app.include_router(health_router(checks, CollectorRegistry(), timeout_s=0.05))
    async with client_of(app) as client:
        answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (
        503,
        {"status": "unready", "checks": {"database": "failed", "broker": "timeout", "disk": "ok"}},
    )
    assert "10.1.2.3" not in answer.text


async def test_metrics_count_by_route_template_and_status(client: httpx.AsyncClient, bearer: Bearer) -> None:
    for number in (1, 2, 3):
        await client.put(
            f"/v1/notes/{number}", json={"title": "good"}, headers=bearer(Role.OFFICER) | {"If-Match": '"1"'}
        )
    await client.get("/v1/trouble/unexpected", headers=bearer())
    await client.get("/v1/nothing/at/all")
    metrics = (await client.get("/metrics")).text
    assert 'http_requests_total{method="PUT",route="/v1/notes/{number}",status="404"} 3.0' in metrics
    assert 'http_requests_total{method="GET",route="/v1/trouble/unexpected",status="500"} 1.0' in metrics
    assert 'http_requests_total{method="any",route="unmatched",status="404"} 1.0' in metrics
    assert 'http_request_duration_seconds_count{method="PUT",route="/v1/notes/{number}",status="404"} 3.0' in metrics
    assert "process_resident_memory_bytes" in metrics
    assert "/v1/notes/1" not in metrics


async def test_a_request_is_one_line_with_the_ids_that_join_it_to_others(
    client: httpx.AsyncClient, bearer: Bearer, log: io.StringIO
) -> None:
    headers = bearer(Role.OFFICER) | {"X-Correlation-ID": "case-7", "traceparent": f"00-{TRACE}-{PARENT}-01"}
    await client.post("/v1/notes?name=Aino", json={"title": "hidden title"}, headers=headers)
    (line,) = [line for line in lines(log) if line["event"] == "request"]
    assert {name: line[name] for name in ("service", "method", "route", "status", "correlation_id", "trace_id")} == {
        "service": "notes",
        "method": "POST",
        "route": "/v1/notes",
        "status": 201,
        "correlation_id": "case-7",
        "trace_id": TRACE,
    }
    assert line["time"].endswith("Z")
    assert line["duration_ms"] > 0
    for hidden in ("hidden title", "Aino", headers["Authorization"].split()[1]):
        assert hidden not in log.getvalue()


async def test_an_unexpected_error_is_logged_once_with_kind_places_and_the_first_line_of_its_text(
    client: httpx.AsyncClient, bearer: Bearer, log: io.StringIO
) -> None:
    await client.get("/v1/trouble/unexpected", headers=bearer() | {"X-Correlation-ID": "case-7"})
    (line,) = [line for line in lines(log) if line["level"] == "error"]
    (error,) = line["exception"]
    assert (line["correlation_id"], error["kind"]) == ("case-7", "builtins.RuntimeError")
    assert any("sample.py" in place and "unexpected" in place for place in error["at"])
    assert "Aino" not in log.getvalue()


def test_secrets_are_masked_wherever_they_stand(log: io.StringIO, issuer: Issuer) -> None:
    token = issuer.token()
    logger = structlog.get_logger("some.module")
    logger.info("told", token="t-47", nested={"Password": "p-47"}, listed=[f"Bearer {token}"], body=b"b-47")
    logger.info("cannot reach postgresql://user:hunter2@db/grants with %s", token)
    try:
        raise RuntimeError(f"refused: postgresql://user:hunter2@db/grants {token}")
    except RuntimeError:
        logger.exception("failed")
    logging.getLogger("library").warning("with %s", f"Authorization: Bearer {token}")
    output = log.getvalue()
    for secret in ("t-47", "p-47", "b-47", "hunter2", *token.split(".")):
        assert secret not in output
    assert lines(log)[0]["event"] == "told"
    assert lines(log)[-1]["logger"] == "library"


@pytest.mark.parametrize("sent", ["has space", "x" * 65, "", "ä", "a;b"])
async def test_an_unfit_correlation_id_is_replaced(client: httpx.AsyncClient, sent: str) -> None:
    answer = await client.get("/health/live", headers=[(b"X-Correlation-ID", sent.encode("latin-1"))])
    assert answer.headers["X-Correlation-ID"] != sent
    assert len(answer.headers["X-Correlation-ID"]) == 36
    assert len(answer.headers.get_list("X-Correlation-ID")) == 1


async def test_each_request_has_a_correlation_id_of_its_own(client: httpx.AsyncClient) -> None:
    ids = {(await client.get("/health/live")).headers["X-Correlation-ID"] for _ in range(20)}
    assert len(ids) == 20


async def test_the_trace_comes_in_and_goes_on_to_the_next_service(
    client: httpx.AsyncClient, app: FastAPI, bearer: Bearer
) -> None:
    spans = InMemorySpanExporter()
    provider: TracerProvider = app.state.tracer_provider
    provider.add_span_processor(SimpleSpanProcessor(spans))
    headers = bearer() | {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Correlation-ID": "case-7"}
    onward = (await client.get("/v1/trouble/outgoing?name=Aino", headers=headers)).json()
    (span,) = spans.get_finished_spans()
    assert span.context is not None
    assert span.parent is not None
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, PARENT)
    assert span.name == "GET /v1/trouble/outgoing"
    assert onward == {
        "traceparent": f"00-{TRACE}-{span.context.span_id:016x}-01",
        "X-Correlation-ID": "case-7",
    }
    assert "Aino" not in str(span.attributes)


async def test_a_trace_that_nobody_takes_goes_on_as_it_came(client: httpx.AsyncClient, bearer: Bearer) -> None:
    sent = f"00-{TRACE}-{PARENT}-01"
    onward = (await client.get("/v1/trouble/outgoing", headers=bearer() | {"traceparent": sent})).json()
    assert onward["traceparent"] == sent


async def test_health_and_metrics_make_no_spans(client: httpx.AsyncClient, app: FastAPI) -> None:
    spans = InMemorySpanExporter()
    app.state.tracer_provider.add_span_processor(SimpleSpanProcessor(spans))
    for path in ("/health/live", "/health/ready", "/metrics"):
        await client.get(path)
    assert spans.get_finished_spans() == ()


def test_a_wanted_export_without_its_package_is_said_and_does_no_harm(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr("services.web.telemetry._EXPORTER", "opentelemetry.exporter.nowhere.trace_exporter")
    provider = tracer_provider("notes")
    with provider.get_tracer("test").start_as_current_span("work") as span:
        assert span.get_span_context().is_valid
    assert "not installed" in lines(log)[0]["event"]


def test_outside_a_request_a_log_line_has_no_correlation_id(log: io.StringIO) -> None:
    correlation_id.set(None)
    structlog.get_logger().info("started")
    assert lines(log)[0]["correlation_id"] is None
