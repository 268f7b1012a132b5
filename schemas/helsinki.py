"""Minutes of the clock on the wall in Helsinki, as calls open and close by them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, WithJsonSchema

HELSINKI: Final = ZoneInfo("Europe/Helsinki")
_LOCAL: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:00)?", re.ASCII)
_WITH_OFFSET: Final = re.compile(_LOCAL.pattern + r"(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)
_YEARS: Final = range(2000, 2201)
_RIGHT: Final = "a minute of the clock in Helsinki reads 2026-01-16T16:00, with or without its offset, without seconds"


def helsinki_minute(text: str) -> datetime:
    """The instant of a minute that Helsinki's clocks show once; with the offset that is in force there.

    Raises ValueError for another form, outside the years 2000 to 2200, for a minute that the change to summer time
    leaves out, and for one that the change back shows twice: nobody could tell which one a closing time means.
    """
    local = _shown(text)
    first, second = local.replace(tzinfo=HELSINKI, fold=0), local.replace(tzinfo=HELSINKI, fold=1)
    if first.utcoffset() == second.utcoffset():
        return datetime.fromisoformat(first.isoformat())
    shown = f"{local:%-d.%-m.%Y} at {local:%H.%M}"
    if first.astimezone(UTC).astimezone(HELSINKI).replace(tzinfo=None) != local:
        raise ValueError(
            f"{shown} does not exist: the clocks in Helsinki go forward over it; take an earlier or later one"
        )
    raise ValueError(f"{shown} comes twice: the clocks in Helsinki go back over it; take an earlier or later one")


def _shown(text: str) -> datetime:
    """What the clocks in Helsinki show, without an offset."""
    try:
        if _LOCAL.fullmatch(text):
            local = datetime.fromisoformat(text)
        elif _WITH_OFFSET.fullmatch(text):
            local = datetime.fromisoformat(text).astimezone(HELSINKI).replace(tzinfo=None)
        else:
            raise ValueError(text)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"there is no such minute: {_RIGHT}") from error
    # Near the ends of the calendar a minute more, or another zone's clock, would be no date any more.
    if local.year not in _YEARS:
        raise ValueError(f"the year is {_YEARS[0]} to {_YEARS[-1]}")
    return local


def _read(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError(_RIGHT)  # noqa: TRY004 - pydantic wants it
    return helsinki_minute(value)


HelsinkiMinute = Annotated[
    datetime, BeforeValidator(_read), WithJsonSchema({"type": "string", "pattern": _LOCAL.pattern})
]
"""An instant, given as a minute of Helsinki's clock."""
