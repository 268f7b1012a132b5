"""Whether a service lives and is ready, and its metrics: /health/live, /health/ready, /metrics. Open to all
who reach the port; they tell no more than names of parts and numbers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal

import structlog
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic import BaseModel

Check = Callable[[], Awaitable[object]]
"""Looks whether a part of the service works: returns when it does and raises when it does not."""

HEALTH_PATHS: Final = frozenset({"/health/live", "/health/ready", "/metrics"})
CHECK_TIMEOUT_S: Final = 2.0

_log = structlog.get_logger(__name__)


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """`checks` names each part that the service needs with what became of its check."""

    status: Literal["ready", "unready"]
    checks: dict[str, Literal["ok", "failed", "timeout"]]


def health_router(
    checks: Mapping[str, Check], registry: CollectorRegistry, *, timeout_s: float = CHECK_TIMEOUT_S
) -> APIRouter:
    """The routes of health and metrics. The checks run at the same time, each for at most `timeout_s`
    seconds.
    """
    router = APIRouter(tags=["health"])

    @router.get("/health/live")
    async def live() -> Liveness:
        """The process answers. Restart it when this does not."""
        return Liveness()

    @router.get("/health/ready", responses={503: {"model": Readiness, "description": "Which part is missing"}})
    async def ready(response: Response) -> Readiness:
        """Every part that the service needs works. Send it no requests when this is not so."""
        outcome = await _run(checks, timeout_s)
        if outcome.status == "unready":
            response.status_code = 503
        return outcome

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def metrics() -> Response:
        """Metrics in the text format of Prometheus."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router


async def _run(checks: Mapping[str, Check], timeout_s: float) -> Readiness:
    outcomes = await asyncio.gather(
        *(asyncio.wait_for(check(), timeout_s) for check in checks.values()), return_exceptions=True
    )
    named = {name: _outcome(name, result) for name, result in zip(checks, outcomes, strict=True)}
    return Readiness(status="ready" if all(outcome == "ok" for outcome in named.values()) else "unready", checks=named)


def _outcome(name: str, result: object) -> Literal["ok", "failed", "timeout"]:
    if isinstance(result, TimeoutError):
        _log.warning("a readiness check took too long", check=name)
        return "timeout"
    if isinstance(result, BaseException):
        _log.warning("a readiness check failed", check=name, exc_info=result)
        return "failed"
    return "ok"
