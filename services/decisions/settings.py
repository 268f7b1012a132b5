"""Settings of decisions."""

from __future__ import annotations

from pydantic import Field

from services.web.settings import ServiceSettings


class DecisionsSettings(ServiceSettings):
    """Beside what every service is told: how often passed deadlines are looked for, and how open data is published."""

    deadline_interval_seconds: float = Field(default=60.0, gt=0)
    open_data_prefix: str | None = Field(
        default=None, pattern="^360G-[A-Za-z0-9_-]+$", description="The county's prefix in 360Giving's registry"
    )
    open_data_licence: str | None = Field(
        default=None, pattern="^https?://[^ ]+$", description="Address of the licence of open data"
    )
