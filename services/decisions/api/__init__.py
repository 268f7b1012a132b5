"""Decisions over HTTP: a module of routes for each thing that they are about."""

from __future__ import annotations

from fastapi import APIRouter

from services.decisions.handlers import Handlers
from services.ledger import Ledger

from . import allocations, cases, de_minimis, reports


def router(handlers: Handlers, ledger: Ledger) -> APIRouter:
    """All routes of decisions that need a token."""
    routes = APIRouter(prefix="/v1")
    routes.include_router(cases.shared(handlers.decisions, handlers.reports, ledger))
    routes.include_router(cases.reading(ledger))
    routes.include_router(cases.preparation(handlers.decisions))
    routes.include_router(cases.deciding(handlers.decisions))
    routes.include_router(cases.documents(handlers.decisions, handlers.documents))
    routes.include_router(cases.bulk(handlers.decisions))
    routes.include_router(allocations.router(handlers.allocations, ledger))
    routes.include_router(reports.router(handlers.reports))
    routes.include_router(de_minimis.router(ledger))
    return routes
