"""The composition root of payments."""

from __future__ import annotations

from fastapi import FastAPI

from services.web.composition import Parts, compose, ledger_of
from services.web.county import load_county
from services.web.requests import BodyLimits

from . import api, views
from .approving import Approving
from .bank_files import BankFiles
from .claiming import Claiming
from .closing import Books
from .commands import Handlers
from .handlers import Payments
from .periods import Periods
from .reactions import Reactions
from .reports import Reports
from .settings import PaymentsSettings


def application(settings: PaymentsSettings | None = None) -> tuple[FastAPI, PaymentsSettings]:
    """The application and the settings that it was made of, by default those of the environment."""
    chosen = settings or PaymentsSettings()
    county = load_county(chosen.county_folder)
    ledger = ledger_of(chosen, views.REGISTERS)
    payments = Payments(ledger, county, chosen.clock, chosen.channel())
    books = Books(ledger, county, chosen.clock)
    reports = Reports(ledger, county, books)
    handlers = Handlers(
        payments,
        Approving(ledger, county, payments),
        BankFiles(ledger, payments),
        Claiming(ledger, county, payments),
        books,
        Periods(ledger, chosen.clock, books, reports),
    )
    parts = Parts(
        "payments",
        "Grants, payment runs, bank files, vouchers, reconciliation and closing.",
        api.routers(handlers, reports, ledger),
        Reactions(ledger, county).by_type(),
        limits=BodyLimits(by_path=api.LARGE_BODIES),
        install=api.install_file_problems,
    )
    return compose(chosen, ledger, parts), chosen
