"""The composition of a service's HTTP side: one call gives an application that answers errors, checks tokens
and permissions, limits bodies, logs, measures and traces like all others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from starlette.types import ASGIApp

from services.web.health import HEALTH_PATHS, Check, health_router
from services.web.identity import TokenVerifier
from services.web.jwks import KeyCache, fetch_from
from services.web.permissions import actions_of, assert_guarded
from services.web.problems import install_problems, problem_responses, problem_schemas
from services.web.queries import refuse_unknown_query
from services.web.requests import BodyLimits, RequestGuard
from services.web.settings import ServiceSettings
from services.web.telemetry import HttpMetrics, RequestObserver, tracer_provider

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

OPENAPI_PATH: Final = "/openapi.json"
_ANY_ROUTE_ANSWERS: Final = (400, 413, 500)
_GUARDED_ROUTE_ANSWERS: Final = (401, 403, 503)
_SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def create_app(  # noqa: PLR0913 - the whole composition, each part named
    *,
    title: str,
    version: str,
    description: str,
    settings: ServiceSettings,
    routers: Sequence[APIRouter] = (),
    versioned: Sequence[APIRouter] = (),
    lifespan: Lifespan | None = None,
    checks: Mapping[str, Check] | None = None,
    limits: BodyLimits | None = None,
    verifier: TokenVerifier | None = None,
    registry: CollectorRegistry | None = None,
    open_paths: Collection[str] = (),
) -> FastAPI:
    """A service's application; `versioned` routes stand under /v1. Raises UnguardedRoute when a route outside
    `open_paths` names no action.

    `checks` are what /health/ready looks at. `verifier` is by default made of the settings. `registry`
    holds the metrics: give the same one to whatever else measures. `app.state` has `verifier`, `registry`
    and `tracer_provider`. Pages that load scripts from elsewhere (Swagger UI) are not served;
    /openapi.json is.
    """
    registry = registry or process_registry()
    tracing = tracer_provider(settings.schema_name)
    app = _Service(
        title=title,
        version=version,
        description=description,
        lifespan=lifespan,
        openapi_url=OPENAPI_PATH,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(refuse_unknown_query)],
        telemetry=TelemetryConfig(
            tracer_provider=tracing,
            metrics=False,
            logs=False,
            operation_spans=False,
            auto_configure=False,
            exclude=lambda scope: scope.get("path") in HEALTH_PATHS,
        ),
    )
    app.limits = limits or BodyLimits()
    app.metrics = HttpMetrics(registry)
    app.state.verifier = verifier or token_verifier(settings)
    app.state.registry = registry
    app.state.tracer_provider = tracing
    install_problems(app)
    for router in versioned:
        app.include_router(router, prefix="/v1")
    for router in (*routers, health_router(checks or {}, registry)):
        app.include_router(router)
    assert_guarded(app, {OPENAPI_PATH, *HEALTH_PATHS, *open_paths})
    return app


def token_verifier(settings: ServiceSettings) -> TokenVerifier:
    """Checks tokens of the issuer that the settings name, by real time."""
    keys = KeyCache(fetch_from(settings.jwks_url))
    return TokenVerifier(keys, issuer=settings.issuer, audience=settings.audience)


def process_registry() -> CollectorRegistry:
    """A registry of metrics that has those of the process already."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


class _Service(FastAPI):
    """FastAPI with our layers around everything else, so that an unexpected error's answer passes through
    them too.
    """

    limits: BodyLimits
    metrics: HttpMetrics

    def build_middleware_stack(self) -> ASGIApp:
        inner = RequestGuard(super().build_middleware_stack(), self.limits)
        return RequestObserver(inner, self.metrics, _SECURITY_HEADERS)

    def openapi(self) -> dict[str, Any]:
        if not self.openapi_schema:
            _document_problems(super().openapi(), list(iter_route_contexts(self.routes)))
        return super().openapi()


def _document_problems(schema: dict[str, Any], routes: Sequence[RouteContext]) -> None:
    """Adds to each operation what any route may answer, its action, and problem documents instead of
    FastAPI's own.
    """
    for route in routes:
        operations = schema["paths"].get(getattr(route, "path_format", None), {})
        for method in route.methods or ():
            operation = operations.get(method.lower())
            if operation is not None:
                _document_operation(operation, list(actions_of(route.dependant)))
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    components.pop("HTTPValidationError", None)
    components.pop("ValidationError", None)
    components.update(problem_schemas())


def _document_operation(operation: dict[str, Any], actions: Sequence[str]) -> None:
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        responses.update(_documented(422))
    for status, response in _documented(*_ANY_ROUTE_ANSWERS).items():
        responses.setdefault(status, response)
    if actions:
        operation["x-action"] = actions[0] if len(actions) == 1 else list(actions)
        for status, response in _documented(*_GUARDED_ROUTE_ANSWERS).items():
            responses.setdefault(status, response)


def _documented(*statuses: int) -> dict[str, Any]:
    return {str(status): response for status, response in problem_responses(*statuses).items()}
