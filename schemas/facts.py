"""What every event type has in common."""

from __future__ import annotations

import re
from datetime import date as calendar_date
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].+", re.ASCII)


class Contract(BaseModel):
    """A part of an event or of a request: exact types, nothing extra, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Fact(Contract):
    """One event type in one version. `event_type` is a past-tense fact, `event_schema` the version of its contract."""

    event_type: ClassVar[str]
    event_schema: ClassVar[int] = 1


def _as_date(value: Any) -> Any:
    """A number is no date, though it could be taken for seconds since 1970."""
    if isinstance(value, calendar_date) or (isinstance(value, str) and _DATE.fullmatch(value)):
        return value
    raise ValueError("a date reads 2026-01-31")


def _as_moment(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and _MOMENT.fullmatch(value)):
        return value
    raise ValueError("a moment names its date, time and offset, such as 2026-01-15T16:00:00+02:00")


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment names its offset, such as 2026-01-15T16:00:00+02:00")
    return moment


Date = Annotated[calendar_date, BeforeValidator(_as_date)]
"""A legal date, by the calendar in Europe/Helsinki."""
Moment = Annotated[datetime, BeforeValidator(_as_moment), AfterValidator(_aware)]
"""An instant with its offset."""
