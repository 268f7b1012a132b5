"""The composition root of decisions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import structlog
from fastapi import FastAPI
from uuid_utils.compat import uuid7

from services.ledger import Context
from services.ledger.ending import end
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


async def look_at_deadlines(looks: Sequence[Callable[[Context], Awaitable[int]]], interval_seconds: float) -> None:
    """Finality, requests for reports and reminders come by themselves. What was done is in the ledger, so a restart
    forgets nothing and repeats nothing; whatever one look meets, the others and the later ones come all the same.
    """
    while True:
        for look in looks:
            try:
                await look(Context("service:decisions", str(uuid7())))
            except Exception as error:
                log.warning("deadlines could not be looked at", error=type(error).__name__, exc_info=error)
        await asyncio.sleep(interval_seconds)


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

    async def timer() -> AsyncIterator[None]:
        looks = (decisions.run_deadlines, reports.run)
        task = asyncio.create_task(look_at_deadlines(looks, chosen.deadline_interval_seconds), name="deadlines")
        yield
        await end(task)

    parts = Parts(
        "decisions",
        "Cases from opening to finality: assessment, proposals, decisions, notice, claims, recovery.",
        api.routers(handlers, ledger, county),
        Reactions(ledger, county).by_type(),
        tasks=[timer],
        open_routers=[open_router(ledger, county, prefix=chosen.open_data_prefix, licence=chosen.open_data_licence)],
        open_paths=OPEN_PATHS,
    )
    return compose(chosen, ledger, parts), chosen
