"""Settings of payments."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from services.web.settings import ServiceSettings


class PaymentsSettings(ServiceSettings):
    """Beside what every service is told: the folder that the bank's connection empties."""

    bank_outbox: Path = Field(description="Folder for payment files on their way to the bank")
