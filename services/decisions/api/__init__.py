"""Decisions over HTTP: a module of routes for each thing that they are about."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from schemas.county import County
from services.decisions.handlers import Handlers
from services.ledger import Ledger

from . import (
    allocations,
    appeals,
    assessments,
    cases,
    claims,
    coefficients,
    de_minimis,
    follow_up,
    meetings,
    recovery,
    reports,
)


def routers(handlers: Handlers, ledger: Ledger, county: County) -> Sequence[APIRouter]:
    """All routes of decisions that need a token."""
    return [
        meetings.router(handlers, ledger),
        cases.reading(ledger, county),
        cases.preparation(handlers.decisions),
        assessments.router(ledger, handlers.decisions),
        cases.deciding(handlers.decisions),
        claims.router(handlers.claims, handlers.decisions),
        appeals.router(handlers.appeals),
        recovery.router(handlers.recoveries, handlers.decisions),
        follow_up.partnerships(handlers.follow_up, handlers.decisions),
        follow_up.projects(handlers.follow_up),
        follow_up.changes(handlers.follow_up),
        cases.documents(handlers.decisions, handlers.documents),
        cases.bulk(handlers.decisions),
        coefficients.router(handlers.coefficients),
        allocations.router(handlers.allocations, ledger),
        reports.router(handlers.reports),
        de_minimis.router(ledger, county),
    ]
