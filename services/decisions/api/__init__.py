"""Decisions over HTTP: a module of routes for each thing that they are about."""

from __future__ import annotations

from fastapi import APIRouter

from services.decisions.handlers import Handlers
from services.ledger import Ledger

from . import allocations, cases, claims, coefficients, de_minimis, follow_up, meetings, recovery, reports


def router(handlers: Handlers, ledger: Ledger) -> APIRouter:
    """All routes of decisions that need a token."""
    routes = APIRouter(prefix="/v1")
    routes.include_router(meetings.router(handlers, ledger))
    routes.include_router(cases.reading(ledger))
    routes.include_router(cases.preparation(handlers.decisions))
    routes.include_router(cases.deciding(handlers.decisions))
    routes.include_router(claims.router(handlers.claims, handlers.decisions))
    routes.include_router(recovery.router(handlers.recoveries, handlers.decisions))
    routes.include_router(follow_up.partnerships(handlers.follow_up, handlers.decisions))
    routes.include_router(follow_up.projects(handlers.follow_up))
    routes.include_router(follow_up.changes(handlers.follow_up))
    routes.include_router(cases.documents(handlers.decisions, handlers.documents))
    routes.include_router(cases.bulk(handlers.decisions))
    routes.include_router(coefficients.router(handlers.coefficients))
    routes.include_router(allocations.router(handlers.allocations, ledger))
    routes.include_router(reports.router(handlers.reports))
    routes.include_router(de_minimis.router(ledger))
    return routes
