"""Intake's registers: calls, associations and their people, attachments, applications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.catalogue import upcast
from services.ledger import Document, Record, Register


def _call(document: Document | None, record: Record, data: Mapping[str, Any]) -> Document | None:
    terms = upcast(record.type, record.schema, dict(data))
    if record.type == "call.published":
        return document or {**terms, "call_version": 1}
    return terms


def _association(document: Document | None, record: Record, data: Mapping[str, Any]) -> Document | None:
    if record.type == "association.registered":
        return {**data, "account_change": None}
    if document is None:
        return None
    match record.type:
        case "association.account_changed":
            return {**document, "iban": data["iban"]}
        case "account_change.requested":
            return {**document, "account_change": {name: data[name] for name in _CHANGE}}
        case "account_change.dropped":
            return {**document, "account_change": None}
    return document


def _person(document: Document | None, record: Record, data: Mapping[str, Any]) -> Document | None:
    """What is said of a person stays sealed here, so that erasing them needs no other view."""
    if record.type == "person.named":
        return {**data, "erased": False}
    if document is None:
        return None
    if record.type == "person.erased":
        return {**document, "erased": True}
    return {**document, "valid_until": data["valid_until"]}


def _attachment(document: Document | None, _record: Record, data: Mapping[str, Any]) -> Document | None:
    return document or {"association_id": data["association_id"], **data["file"]}


def _application(document: Document | None, record: Record, data: Mapping[str, Any]) -> Document | None:  # noqa: C901, PLR0911 - one arm a kind
    match record.type:
        case "application.submitted":
            submitted = upcast(record.type, record.schema, dict(data))
            return {**submitted, "standing": "received", "open_requests": [], "reported": False}
        case _ if document is None:
            return None
        case "application.withdrawn":
            return {**document, "standing": "withdrawn"}
        case "application.attachment_added":
            return {**document, "attachments": [*document["attachments"], data["file"]]}
        case "application.change_requested":
            return {**document, "change_requests": [*document.get("change_requests", []), dict(data)]}
        case "application.supplemented":
            left = [each for each in document["open_requests"] if each["request_id"] != data["request_id"]]
            return {**document, "open_requests": left}
        case "usage_report.submitted":
            return {**document, "reported": True, "used": data["used"]}
        case "cost_report.submitted":
            sent = {name: data[name] for name in ("period_from", "period_until", "total")}
            return {**document, "cost_reports": [*document.get("cost_reports", []), sent]}
        case "application.standing_changed":
            asked = document["open_requests"]
            if data["standing"] == "supplement_requested":
                request = {"request_id": data["request_id"], "question": data["note"], "due_on": data.get("due_on")}
                asked = [*asked, request]
            if data["standing"] == "hearing":
                document = {**document, "hearing": {"hearing_id": data["request_id"], "due_on": data["due_on"]}}
            return {
                **document,
                "standing": data["standing"],
                "note": data["note"],
                "open_requests": asked,
                "diary_number": data["diary_number"] or document.get("diary_number"),
                "amount": data["amount"] or document.get("amount"),
            }
    return document


_CHANGE = ("change_id", "iban", "reason", "not_before", "person")


def _person_key(_record: Record, data: Mapping[str, Any]) -> tuple[str]:
    return (data["person_id"],)


def _stream_key(record: Record, _data: Mapping[str, Any]) -> tuple[str]:
    return (record.key,)


REGISTERS = (
    Register("calls", frozenset({"call.published", "call.amended"}), _stream_key, _call),
    Register(
        "associations",
        frozenset(
            {
                "association.registered",
                "association.account_changed",
                "account_change.requested",
                "account_change.dropped",
            }
        ),
        _stream_key,
        _association,
    ),
    Register(
        "persons",
        frozenset({"person.named", "person.ended", "person.erased"}),
        _person_key,
        _person,
        ("association_id",),
    ),
    Register("attachments", frozenset({"attachment.stored"}), _stream_key, _attachment, ("association_id",)),
    Register(
        "applications",
        frozenset(
            {
                "application.submitted",
                "application.withdrawn",
                "application.supplemented",
                "application.attachment_added",
                "application.change_requested",
                "application.standing_changed",
                "usage_report.submitted",
                "cost_report.submitted",
            }
        ),
        _stream_key,
        _application,
        ("association_id", "call_id"),
    ),
)
