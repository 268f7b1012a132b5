"""Logs, metrics and traces of a service.

Logs are JSON lines in UTC with service, correlation id and trace id. No token, password or body gets into
them: values under telling names and strings of telling shape are masked, and of an exception only its
kind, the first line of its text and the places it came through are written (the further lines often
repeat what was sent).
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import re
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Final

import structlog
from asgi_correlation_id import correlation_id
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from services.web.problems import CORRELATION_HEADER

UNMATCHED: Final = "unmatched"
_EXPORTER: Final = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
_MASK: Final = "[masked]"
_SECRET_NAME: Final = re.compile(r"authorization|token|password|secret|cookie|dsn|body|api_?key", re.IGNORECASE)
_SECRET_TEXT: Final = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.[\w-]*"  # a JWT
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user and password of a URL
    r"|(?<=[Bb]earer )\S+"
)

_CORRELATION_HEADER: Final = CORRELATION_HEADER.lower().encode()
_CORRELATION_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SECRET_SIGNS: Final = ("eyJ", "://", "earer ")
"""Without one of these the pattern above matches nothing."""

_log = structlog.get_logger(__name__)
_answers = logging.getLogger(__name__)


def configure_logging(service: str, level: str = "INFO") -> None:
    """From now on this process logs JSON lines to standard output, libraries through `logging` included."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        lambda _logger, _method, event: _with_origin(event, service),
        _describe_exception,
        _mask,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        _Formatter(
            service,
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # The unexpected exception of a request is logged once, with its correlation id, by the problem handler.
    logging.getLogger("uvicorn.error").addFilter(_is_no_repetition)
    logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class _Answered:
    """A request that was answered. There is one for each request, so its line is made without structlog's chain."""

    method: str
    route: str
    status: int
    duration_ms: float

    def log(self, level: int) -> None:
        """Logs it where this level is logged."""
        if _answers.isEnabledFor(level):
            _answers.handle(logging.LogRecord(_answers.name, level, __file__, 0, self, None, None))

    def line(self, record: logging.LogRecord, service: str) -> str:
        """The line, of the same names as all others."""
        event = {
            "method": _masked(self.method),
            "route": self.route,
            "status": self.status,
            "duration_ms": self.duration_ms,
            "event": "request",
            "level": record.levelname.lower(),
            "logger": record.name,
            "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        }
        return json.dumps(_with_origin(event, service))


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """All that is logged as JSON lines."""

    def __init__(self, service: str, **chains: Any) -> None:
        super().__init__(**chains)
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record.msg, _Answered):
            return record.msg.line(record, self._service)
        return super().format(record)


def tracer_provider(service: str) -> TracerProvider:
    """Makes spans where somebody takes them: OTEL_EXPORTER_OTLP_ENDPOINT is set and the exporter is there, or a
    processor is added. Otherwise a request's trace goes on as it came, and nothing is recorded.
    """
    exporter = _exporter()
    provider = _Tracing(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(_MaskQuery())
    if exporter is not None:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def outgoing_headers() -> dict[str, str]:
    """The headers that carry this request's trace (W3C traceparent) and correlation id to another service."""
    headers: dict[str, str] = {}
    propagate.inject(headers)
    current = correlation_id.get()
    if current:
        headers[CORRELATION_HEADER] = current
    return headers


class HttpMetrics:
    """Counts and times requests by method, route template and status."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("method", "route", "status")
        self._requests = Counter("http_requests", "Requests answered", labels, registry=registry)
        self._durations = Histogram(
            "http_request_duration_seconds",
            "Time from request to the end of its answer",
            labels,
            registry=registry,
        )
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request that was answered."""
        labels = (method, route, status)
        if labels not in self._series:
            self._series[labels] = (self._requests.labels(*labels), self._durations.labels(*labels))
        requests, durations = self._series[labels]
        requests.inc()
        durations.observe(seconds)


class RequestObserver:
    """ASGI middleware around all others: gives each request its correlation id, answers it with that id and with
    `headers` unless the route set its own, and makes one log line and one measurement of it; a request that raised
    counts as 500.
    """

    def __init__(self, app: ASGIApp, metrics: HttpMetrics, headers: Mapping[str, str]) -> None:
        self._app = app
        self._metrics = metrics
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500
        identity = _correlation_of(scope)
        correlation_id.set(identity)

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message.get("headers", [])
                present = {name for name, _ in headers}
                added = [header for header in self._headers if header[0] not in present]
                message["headers"] = [*headers, *added, (_CORRELATION_HEADER, identity.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        finally:
            self._record(scope, status, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_template(scope)
        method = scope["method"] if route != UNMATCHED else "any"
        self._metrics.observe(method, route, status, seconds)
        level = logging.DEBUG if route.startswith(("/health", "/metrics")) else logging.INFO
        _Answered(scope["method"], route, status, round(seconds * 1000, 2)).log(level)


def route_template(scope: Scope) -> str:
    """The path template of the route that took the request, such as `/v1/cases/{id}`."""
    included = scope.get("fastapi", {}).get("effective_route_context")
    route = included if included is not None else scope.get("route")
    path = getattr(route, "path", None)
    return path if isinstance(path, str) else UNMATCHED


def is_correlation_id(value: str) -> bool:
    """Whether a caller's correlation id is taken over: 1 to 64 letters, digits, `.`, `_` or `-`."""
    return _CORRELATION_ID.fullmatch(value) is not None


def _correlation_of(scope: Scope) -> str:
    """The caller's correlation id where it is one, else a new one."""
    sent = next((value for name, value in scope["headers"] if name == _CORRELATION_HEADER), b"").decode("latin-1")
    if is_correlation_id(sent):
        return sent
    made = str(uuid7())
    if sent:
        _log.warning("a correlation id that cannot be used was replaced", made=made)
    return made


class _Tracing(TracerProvider):
    """`taken` tells whether somebody takes spans."""

    taken = False

    def add_span_processor(self, span_processor: SpanProcessor) -> None:
        self.taken = self.taken or not isinstance(span_processor, _MaskQuery)
        super().add_span_processor(span_processor)

    def get_tracer(self, *args: Any, **kwargs: Any) -> trace.Tracer:
        return _Tracer(self, super().get_tracer(*args, **kwargs))


class _Tracer(trace.Tracer):
    """Starts spans that are recorded while somebody takes them, else spans that only pass on the trace they are in."""

    def __init__(self, provider: _Tracing, recording: trace.Tracer) -> None:
        self._provider = provider
        self._recording = recording

    def start_span(self, name: str, context: Context | None = None, *args: Any, **kwargs: Any) -> trace.Span:
        if self._provider.taken:
            return self._recording.start_span(name, context, *args, **kwargs)
        parent = trace.get_current_span(context).get_span_context()
        if not parent.is_valid:
            ids = self._provider.id_generator
            parent = trace.SpanContext(ids.generate_trace_id(), ids.generate_span_id(), is_remote=False)
        return trace.NonRecordingSpan(parent)

    @contextmanager
    def start_as_current_span(self, name: str, *args: Any, **kwargs: Any) -> Iterator[trace.Span]:  # type: ignore[override]
        with trace.use_span(self.start_span(name, *args, **kwargs), end_on_exit=True) as span:
            yield span


class _MaskQuery(SpanProcessor):
    """Queries name people and associations: spans keep the path alone."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 - the SDK
        if span.attributes and "url.query" in span.attributes:
            span.set_attribute("url.query", _MASK)


def _exporter() -> SpanExporter | None:
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return None
    try:
        found = find_spec(_EXPORTER)
    except ModuleNotFoundError:
        found = None
    if found is None:
        _log.warning("OTEL_EXPORTER_OTLP_ENDPOINT is set, but the exporter is not installed", needed=_EXPORTER)
        return None
    exporter: SpanExporter = importlib.import_module(_EXPORTER).OTLPSpanExporter()
    return exporter


def _with_origin(event: MutableMapping[str, Any], service: str) -> MutableMapping[str, Any]:
    event["service"] = service
    event["correlation_id"] = event.get("correlation_id") or correlation_id.get()
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event["trace_id"] = trace.format_trace_id(span.trace_id)
        event["span_id"] = trace.format_span_id(span.span_id)
    return event


def _describe_exception(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    error = _exception_of(event.pop("exc_info", None))
    if error is not None:
        event["exception"] = [_described(link) for link in _chain(error)]
    return event


def _exception_of(info: object) -> BaseException | None:
    if isinstance(info, BaseException):
        return info
    if isinstance(info, tuple):
        return info[1] if isinstance(info[1], BaseException) else None
    return sys.exc_info()[1] if info else None


def _chain(error: BaseException) -> list[BaseException]:
    links: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in links:
        links.append(current)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return links


def _described(error: BaseException) -> Mapping[str, Any]:
    return {
        "kind": f"{type(error).__module__}.{type(error).__qualname__}",
        "text": (str(error).splitlines() or [""])[0],
        "at": _places(error.__traceback__),
    }


def _places(trace_back: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace_back)]


def _mask(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        event[name] = _MASK if _is_secret(name) else _masked(value)
    return event


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRET_TEXT.sub(_MASK, value) if any(sign in value for sign in _SECRET_SIGNS) else value
    if isinstance(value, Mapping):
        return {name: _MASK if _is_secret(str(name)) else _masked(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(part) for part in value]
    return value


def _is_no_repetition(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("Exception in ASGI application")
