"""The composition root of decisions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import structlog
from fastapi import FastAPI
from uuid_utils.compat import uuid7

from services.ledger import Context, LedgerError
from services.ledger.ending import end
from services.ledger.writer import CONNECTION_LOST
from services.web.composition import Parts, compose, ledger_of
from services.web.county import load_county

from . import api, views
from .handlers import (
    Allocations,
    Appeals,
    Authority,
    Claims,
    Coefficients,
    Decisions,
    Documents,
    FollowUp,
    Handlers,
    Meetings,
    Recoveries,
    Reports,
)
from .open_data import OPEN_PATHS, open_router
from .reactions import Reactions
from .settings import DecisionsSettings

log = structlog.get_logger(__name__)


def application(settings: DecisionsSettings | None = None) -> tuple[FastAPI, DecisionsSettings]:
    """The application and the settings that it was made of, by default those of the environment."""
    chosen = settings or DecisionsSettings()
    county = load_county(chosen.county_folder)
    ledger = ledger_of(chosen, views.REGISTERS)
    documents = Documents(ledger, county, chosen.clock)
    decisions = Decisions(ledger, county, chosen.clock, documents)
    authority = Authority(ledger, county, decisions.today)
    reports = Reports(ledger, county, chosen.clock, decisions)
    handlers = Handlers(
        decisions, Allocations(ledger, county, chosen.clock, decisions), documents, reports,
        Meetings(ledger, decisions, authority),
        Claims(ledger, county, chosen.clock, decisions, documents, authority), Appeals(decisions),
        Recoveries(ledger, county, decisions, authority), FollowUp(ledger, county, decisions, authority),
        Coefficients(county, decisions),
    )  # fmt: skip

    async def look_at_deadlines() -> None:
        """Finality, requests for reports and reminders come by themselves. What was done is in the ledger, so a restart
        forgets nothing and repeats nothing.
        """
        while True:
            try:
                await decisions.run_deadlines(Context("service:decisions", str(uuid7())))
                await reports.run(Context("service:decisions", str(uuid7())))
            except (LedgerError, *CONNECTION_LOST) as error:
                log.warning("deadlines could not be looked at", error=type(error).__name__)
            await asyncio.sleep(chosen.deadline_interval_seconds)

    async def timer() -> AsyncIterator[None]:
        task = asyncio.create_task(look_at_deadlines(), name="deadlines")
        yield
        await end(task)

    parts = Parts(
        "decisions",
        "Cases from opening to finality: assessment, proposals, decisions, notice, claims, recovery.",
        api.routers(handlers, ledger),
        Reactions(ledger, county).by_type(),
        tasks=[timer],
        open_routers=[open_router(ledger, county)],
        open_paths=OPEN_PATHS,
    )
    return compose(chosen, ledger, parts), chosen
