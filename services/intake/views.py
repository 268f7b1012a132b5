"""Intake's registers: calls, associations, applications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.catalogue import upcast
from services.ledger import Document, Record, Register


def _call(document: Document | None, _record: Record, data: Mapping[str, Any]) -> Document | None:
    return document or dict(data)


def _association(document: Document | None, _record: Record, data: Mapping[str, Any]) -> Document | None:
    return dict(data) if document is None else {**document, "iban": data["iban"]}


def _application(document: Document | None, record: Record, data: Mapping[str, Any]) -> Document | None:  # noqa: PLR0911 - one arm for each kind
    match record.type:
        case "application.submitted":
            submitted = upcast(record.type, record.schema, dict(data))
            return {**submitted, "standing": "received", "open_requests": [], "reported": False}
        case _ if document is None:
            return None
        case "application.withdrawn":
            return {**document, "standing": "withdrawn"}
        case "application.supplemented":
            left = [each for each in document["open_requests"] if each["request_id"] != data["request_id"]]
            return {**document, "open_requests": left}
        case "usage_report.submitted":
            return {**document, "reported": True, "used": data["used"]}
        case "application.standing_changed":
            asked = document["open_requests"]
            if data["standing"] == "supplement_requested":
                asked = [*asked, {"request_id": data["request_id"], "question": data["note"]}]
            return {
                **document,
                "standing": data["standing"],
                "note": data["note"],
                "open_requests": asked,
                "diary_number": data["diary_number"] or document.get("diary_number"),
                "amount": data["amount"] or document.get("amount"),
            }
    return document


def _stream_key(record: Record, _data: Mapping[str, Any]) -> tuple[str]:
    return (record.key,)


REGISTERS = (
    Register("calls", frozenset({"call.published"}), _stream_key, _call),
    Register(
        "associations",
        frozenset({"association.registered", "association.account_changed"}),
        _stream_key,
        _association,
    ),
    Register(
        "applications",
        frozenset(
            {
                "application.submitted",
                "application.withdrawn",
                "application.supplemented",
                "application.standing_changed",
                "usage_report.submitted",
            }
        ),
        _stream_key,
        _application,
    ),
)
