"""Intake's composition root."""

from __future__ import annotations

from fastapi import FastAPI

from services.web.composition import Parts, compose, ledger_of, signer_of
from services.web.county import load_county

from . import api, views
from .handlers import Intake
from .reactions import Reactions
from .settings import IntakeSettings


def application(settings: IntakeSettings | None = None) -> tuple[FastAPI, IntakeSettings]:
    """The application and the settings that it was made of, by default those of the environment."""
    chosen = settings or IntakeSettings()
    county = load_county(chosen.county_folder)
    ledger = ledger_of(chosen, views.REGISTERS)
    intake = Intake(ledger, county, chosen.clock, signer_of(chosen, "intake").verifier)
    parts = Parts(
        "intake",
        "Calls, associations, applications and usage reports.",
        [api.router(intake, ledger)],
        Reactions(ledger).by_type(),
    )
    return compose(chosen, ledger, parts), chosen
