"""Intake's settings."""

from __future__ import annotations

from services.web.settings import ServiceSettings


class IntakeSettings(ServiceSettings):
    """What every service is told; intake needs nothing more."""
