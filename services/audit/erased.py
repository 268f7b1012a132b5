"""What auditors see of an erased person: that they were erased, now and as of any moment.

The mirror keeps every body as it is hashed, so that each proof holds. What a body holds sealed opens for nobody once
the person's key is destroyed; where an event is shown or exported as data, `erased` stands in its place. Bodies that
are proved, and the export of a whole ledger, stay as they are hashed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from schemas.catalogue import MODELS
from schemas.facts import Fact
from schemas.intake import PersonErased
from schemas.personal import PersonalData

ERASED: Final = "erased"
Erased = frozenset[tuple[str, str]]
"""(ledger, person's id) of those who were erased."""
_ERASURES: Final = """
SELECT e.source, e.body FROM mirrored_event e JOIN mirror_head h ON h.source = e.source AND e.position <= h.size
WHERE e.type = $1 AND ($2::text[] IS NULL OR e.stream = ANY ($2))
"""


def _declared(model: type[Fact]) -> Iterable[str]:
    for name, field in model.model_fields.items():
        if any(isinstance(each, PersonalData) for each in field.metadata):
            yield name


SEALED: Final[Mapping[str, frozenset[str]]] = {
    name: fields
    for name in {event_type for event_type, _ in MODELS}
    if (fields := frozenset(each for key, model in MODELS.items() if key[0] == name for each in _declared(model)))
}
"""Event types with the fields that their contracts declare personal, in any version."""


async def erased_among(connection: Any, documents: Sequence[Mapping[str, Any]]) -> Erased:
    """Who was erased of those that these events hold sealed. Asks nothing where they hold nobody."""
    streams = {document["stream"] for document in documents if document["type"] in SEALED}
    return await _erased(connection, list(streams)) if streams else frozenset()


async def all_erased(connection: Any) -> Erased:
    """Everybody who was erased."""
    return await _erased(connection, None)


async def _erased(connection: Any, streams: list[str] | None) -> Erased:
    rows = await connection.fetch(_ERASURES, PersonErased.event_type, streams)
    return frozenset((row["source"], _person_id(json.loads(row["body"])["data"])) for row in rows)


def shown(document: dict[str, Any], erased: Erased) -> dict[str, Any]:
    """The event as it is shown: with `erased` for what it held of somebody who was erased."""
    data, fields = document["data"], SEALED.get(document["type"], frozenset())
    if not isinstance(data, Mapping):
        return document
    gone = {name: ERASED for name in fields if (document["source"], _person_id(data.get(name))) in erased}
    return {**document, "data": {**data, **gone}} if gone else document


def _person_id(sealed: Any) -> str:
    """The person that is meant; nobody's id where it is no contract's form, for the mirror takes any event."""
    return str(sealed.get("person_id", "")) if isinstance(sealed, Mapping) else ""
