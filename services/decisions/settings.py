"""Settings of decisions."""

from __future__ import annotations

from pydantic import Field

from services.web.settings import ServiceSettings


class DecisionsSettings(ServiceSettings):
    """Beside what every service is told: how often passed deadlines are looked for."""

    deadline_interval_seconds: float = Field(default=60.0, gt=0)
