"""The published contracts: a JSON Schema and a golden sample of every released version, and the AsyncAPI document.

They are written to `schemas/published/` and committed; a released file never changes, and a test says when one is
stale.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from schemas.catalogue import MODELS, SERVICES
from schemas.facts import Fact
from schemas.samples import SAMPLES

PUBLISHED: Final = Path(__file__).parent / "published"
_TEXT: Final = {"type": "string"}
_RECORD: Final[Mapping[str, Any]] = {
    "position": {"type": "integer", "minimum": 1, "description": "Dense place in the service's ledger"},
    "recorded_at": {"type": "string", "format": "date-time", "description": "UTC with microseconds"},
    "id": {"type": "string", "format": "uuid"},
    "stream": {**_TEXT, "description": "category/key[/rest]; the key is the Kafka message key"},
    "version": {"type": "integer", "minimum": 1, "description": "Place in the stream"},
    "type": _TEXT,
    "schema": {"type": "integer", "minimum": 1},
    "actor": _TEXT,
    "correlation": _TEXT,
    "causation": {"type": ["string", "null"]},
}


def schema_of(fact: type[Fact]) -> dict[str, Any]:
    """The JSON Schema of an event's body: the record's fields around the data of this type and version."""
    data = fact.model_json_schema(mode="serialization")
    definitions = data.pop("$defs", {})
    properties = {
        **_RECORD,
        "type": {"const": fact.event_type},
        "schema": {"const": fact.event_schema},
        "data": data,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:grant-ledger:schema:{fact.event_type}:v{fact.event_schema}",
        "title": f"{fact.event_type} version {fact.event_schema}",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        "$defs": definitions,
    }


def sample_of(fact: type[Fact]) -> dict[str, Any]:
    """The golden sample of an event's body."""
    return {
        "position": 1,
        "recorded_at": "2026-01-15T06:00:00.000000Z",
        "id": "019bc0de-0000-7000-8000-000000000000",
        "stream": "sample/1",
        "version": 1,
        "type": fact.event_type,
        "schema": fact.event_schema,
        "actor": "sample",
        "correlation": "sample",
        "causation": None,
        "data": dict(SAMPLES[fact.event_type, fact.event_schema]),
    }


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document: a channel of events and one of checkpoints for each service."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for service, facts in SERVICES.items():
        messages = {f"{f.event_type}.v{f.event_schema}": _message(f) for f in facts}
        channels[service] = {"address": service, "messages": messages}
        channels[f"{service}-checkpoints"] = {
            "address": f"{service}.checkpoints",
            "messages": {"checkpoint": {"contentType": "text/plain", "summary": "C2SP signed note of the tree head"}},
        }
        for channel in (service, f"{service}-checkpoints"):
            operations[f"publish-{channel}"] = {"action": "send", "channel": {"$ref": f"#/channels/{channel}"}}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "grant-ledger events",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 in Kafka binary mode; the value is the exact body that the ledger hashes.",
            "license": {"name": "EUPL-1.2"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
    }


def _message(fact: type[Fact]) -> dict[str, Any]:
    name = f"{fact.event_type}.v{fact.event_schema}"
    return {
        "name": name,
        "title": (fact.__doc__ or "").strip().split("\n")[0],
        "contentType": "application/json",
        "payload": {"schemaFormat": "application/schema+json;version=draft-2020-12",
                    "schema": {"$ref": f"./events/{name}.schema.json"}},
    }  # fmt: skip


def documents() -> dict[str, str]:
    """Every published file by its path under `schemas/published/`, except the OpenAPI documents."""
    found = {"asyncapi.json": asyncapi()}
    for (event_type, version), fact in sorted(MODELS.items()):
        found[f"events/{event_type}.v{version}.schema.json"] = schema_of(fact)
        found[f"events/{event_type}.v{version}.sample.json"] = sample_of(fact)
    return {path: json.dumps(content, ensure_ascii=False, indent=1) + "\n" for path, content in found.items()}


def write(folder: Path = PUBLISHED) -> list[Path]:
    """Writes what is missing or new; a released schema or sample that would change is an error, not overwritten.

    Raises ReleasedContractChanged.
    """
    written: list[Path] = []
    for path, content in documents().items():
        target = folder / path
        if target.exists() and target.read_text(encoding="utf-8") == content:
            continue
        if target.exists() and path.startswith("events/"):
            raise ReleasedContractChanged(
                f"{path} was released and would change: make a new version of the type instead"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
        written.append(target)
    return written


class ReleasedContractChanged(Exception):
    """A released contract would change."""
