"""What every event type has in common."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict


class Contract(BaseModel):
    """A part of an event or of a request: exact types, nothing extra, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Fact(Contract):
    """One event type in one version. `event_type` is a past-tense fact, `event_schema` the version of its contract."""

    event_type: ClassVar[str]
    event_schema: ClassVar[int] = 1


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment names its offset, such as 2026-01-15T16:00:00+02:00")
    return moment


Moment = Annotated[datetime, AfterValidator(_aware)]
"""An instant with its offset."""
