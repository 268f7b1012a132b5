"""What an event can be found by, taken from the top level of its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas.money import cents
from services.ledger.errors import Corrupt
from services.ledger.records import Record, decode_body

from .errors import NotMirrorable

AMOUNT_FIELDS: Final = ("amount", "total", "applied")
"""The first of these that an event has is its amount."""
_LENGTH_MAX: Final = 200
_POSITION_MAX: Final = 2**63 - 1
_VERSION_MAX: Final = 2**31 - 1
_SCHEMA_MAX: Final = 2**15 - 1


@dataclass(frozen=True, slots=True)
class Facets:
    """`municipalities` holds the one municipality of an event, or all between which an activity is shared."""

    application_id: str | None = None
    association_id: str | None = None
    diary_number: str | None = None
    municipalities: tuple[str, ...] = ()
    amount_cents: int | None = None

    def of_application(self) -> list[tuple[str, str, str]]:
        """(application id, facet, value): what other events of the same application are found by as well."""
        if self.application_id is None:
            return []
        named = [("association_id", self.association_id), ("diary_number", self.diary_number)]
        named += [("municipality", municipality) for municipality in self.municipalities]
        return [(self.application_id, facet, value) for facet, value in named if value is not None]


def facets_of(data: Any) -> Facets:
    """The facets of an event's data. A field of an unexpected shape is no facet: the mirror takes any
    event.
    """
    if not isinstance(data, Mapping):
        return Facets()
    return Facets(
        _text(data.get("application_id")),
        _text(data.get("association_id")),
        _text(data.get("diary_number")),
        _municipalities(data),
        _amount_cents(data),
    )


def mirrorable(body: bytes) -> Record:
    """The record in a message, when the mirror's columns can hold it; raises NotMirrorable."""
    try:
        record = decode_body(body)
    except Corrupt as error:
        raise NotMirrorable(str(error)) from error
    texts = (record.stream, record.type, record.actor, record.correlation, record.causation or "")
    if any("\0" in text for text in texts):
        raise NotMirrorable("a text of the event holds the character U+0000")
    if "/" not in record.stream:
        raise NotMirrorable("the event's stream should read category/key")
    if record.recorded_at.tzinfo is None:
        raise NotMirrorable("the event's moment has no offset")
    bounds = (
        (record.position, _POSITION_MAX),
        (record.version, _VERSION_MAX),
        (record.schema, _SCHEMA_MAX),
    )
    if any(not 0 < number <= most for number, most in bounds):
        raise NotMirrorable("position, version and schema of an event should be positive")
    return record


def _text(value: Any) -> str | None:
    if isinstance(value, str) and 0 < len(value) <= _LENGTH_MAX and value.isprintable():
        return value
    return None


def _municipalities(data: Mapping[str, Any]) -> tuple[str, ...]:
    shares = data.get("municipalities")
    named = [data.get("municipality")]
    if isinstance(shares, list):
        named += [share.get("municipality") if isinstance(share, Mapping) else share for share in shares]
    return tuple(sorted({text for value in named if (text := _text(value)) is not None}))


def _amount_cents(data: Mapping[str, Any]) -> int | None:
    for name in AMOUNT_FIELDS:
        value = data.get(name)
        if isinstance(value, str):
            try:
                return cents(value)
            except ValueError:
                return None
    return None
