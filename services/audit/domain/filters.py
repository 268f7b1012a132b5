"""What an auditor asks for: any combination of conditions, all of which must hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class EventFilter:
    """None means no condition. `recorded_from` is inclusive and `recorded_before` exclusive; positions and
    amounts (cents) are inclusive at both ends. By association, diary number and municipality an event is
    found that names them itself, or whose application was named together with them by any event of any
    ledger.
    """

    source: str | None = None
    type: str | None = None
    stream: str | None = None
    actor: str | None = None
    application_id: str | None = None
    association_id: str | None = None
    diary_number: str | None = None
    municipality: str | None = None
    amount_min: int | None = None
    amount_max: int | None = None
    recorded_from: datetime | None = None
    recorded_before: datetime | None = None
    position_min: int | None = None
    position_max: int | None = None
