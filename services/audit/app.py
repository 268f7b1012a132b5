"""Builds audit out of its parts: the one place that knows the database, the broker and the issuer together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Gauge

from services.ledger.ending import end
from services.ledger.writer import CONNECTION_LOST
from services.web.application import create_app, process_registry
from services.web.identity import TokenVerifier
from services.web.problems import Problem, register_problem

from .api import ROUTERS, Audit
from .handlers import Mirror
from .reactions import MirrorConsumer
from .settings import AuditSettings
from .verification import Verification
from .views import Views

log = structlog.get_logger(__name__)
MEASURE_INTERVAL_S = 5.0
POOL_SIZE_MAX = 12


class Gauges:
    """What the mirror measures of itself, by ledger."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("ledger",)
        self._size = Gauge("audit_mirrored_events", "Events in the mirror's tree", labels, registry=registry)
        self._lag = Gauge("audit_mirror_lag_events", "Events known and not in the tree", labels, registry=registry)
        self._divergences = Gauge("audit_divergences", "Divergences found so far", labels, registry=registry)

    async def measure(self, views: Views) -> None:
        """Measures now and then, until cancelled."""
        while True:
            with suppress(*CONNECTION_LOST, asyncpg.PostgresError):
                for source in await views.sources():
                    self._size.labels(source["source"]).set(source["size"])
                    self._lag.labels(source["source"]).set(source["lag"])
                    self._divergences.labels(source["source"]).set(source["divergences"])
            await asyncio.sleep(MEASURE_INTERVAL_S)


class _Parts:
    """The parts that live as long as the application; before its start they are not there."""

    def __init__(self, settings: AuditSettings) -> None:
        self._settings = settings
        self._pool: asyncpg.Pool[Any] | None = None
        self._consumer: MirrorConsumer | None = None

    @asynccontextmanager
    async def running(self, app: FastAPI, gauges: Gauges) -> AsyncIterator[None]:
        settings = self._settings
        async with asyncpg.create_pool(
            settings.database_dsn,
            server_settings={"search_path": settings.schema_name, "application_name": "audit"},
            min_size=1,
            max_size=POOL_SIZE_MAX,
            timeout=5,
        ) as pool:
            views = Views(pool)
            verification = Verification(pool, settings.clock, settings.sources)
            app.state.audit = Audit(views, verification, settings.sources, settings.clock)
            self._pool, self._consumer = pool, MirrorConsumer(settings, Mirror(pool, settings.clock))
            measuring = asyncio.create_task(gauges.measure(views), name="measure")
            await self._consumer.start()
            try:
                yield
            finally:
                await self._consumer.stop()
                await end(measuring)

    async def check_database(self) -> None:
        """Raises when the database does not answer."""
        if self._pool is None:
            raise ConnectionError("the database is not connected yet")
        await self._pool.fetchval("SELECT 1 FROM mirror_head LIMIT 1")

    async def check_mirror(self) -> None:
        """Raises when nothing is consumed."""
        if self._consumer is None:
            raise ConnectionError("the consumer is not started yet")
        await self._consumer.check()


def application(
    settings: AuditSettings | None = None, verifier: TokenVerifier | None = None
) -> tuple[FastAPI, AuditSettings]:
    """The application and the settings that it was made of, by default those of the environment."""
    chosen = settings or AuditSettings()
    return _compose(chosen, verifier), chosen


def _compose(settings: AuditSettings, verifier: TokenVerifier | None) -> FastAPI:
    registry = process_registry()
    gauges = Gauges(registry)
    parts = _Parts(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with parts.running(app, gauges):
            yield

    app = create_app(
        title="grant-ledger: audit",
        version=version("grant-ledger"),
        description="The mirror of the ledgers: questions, proofs, exports, verifications.",
        settings=settings,
        routers=ROUTERS,
        lifespan=lifespan,
        checks={"database": parts.check_database, "mirror": parts.check_mirror},
        verifier=verifier,
        registry=registry,
    )
    for lost in (*CONNECTION_LOST, asyncpg.TooManyConnectionsError):
        register_problem(app, lost, _unavailable)
    return app


def _unavailable(_error: Exception) -> Problem:
    return Problem(
        503,
        "unavailable",
        "Not available now",
        "The database cannot be reached. Try again soon.",
        headers={"Retry-After": "1"},
    )
