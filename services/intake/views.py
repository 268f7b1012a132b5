"""Intake's registers: calls, associations and their people, attachments, applications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.catalogue import upcast
from services.ledger import Document, Record, Register

from . import application_view
from .domain.associations import CORRECTED


def _call(document: Document | None, record: Record, data: Mapping[str, Any]) -> Document | None:
    terms = upcast(record.type, record.schema, dict(data))
    if record.type == "call.published":
        return document or {**terms, "call_version": 1}
    return terms


def _association(  # noqa: PLR0911 - one arm for each kind
    document: Document | None, record: Record, data: Mapping[str, Any]
) -> Document | None:
    if record.type == "association.registered":
        return {**data, "account_change": None, "account_change_refused": None}
    if document is None:
        return None
    match record.type:
        case "association.corrected":
            return {**document, **{name: data[name] for name in CORRECTED}}
        case "association.account_changed":
            return {**document, "iban": data["iban"]}
        case "account_change.requested":
            asked = {name: data[name] for name in _CHANGE}
            return {**document, "account_change": asked, "account_change_refused": None}
        case "account_change.dropped":
            return {**document, "account_change": None, "account_change_refused": _refused(document, data)}
    return document


def _refused(document: Document, data: Mapping[str, Any]) -> Document | None:
    """Which change was dropped and why; None for one that was confirmed, which then needs to wait no longer."""
    asked = document["account_change"]
    if asked is None or asked["iban"] == document["iban"]:
        return None
    return {"change_id": data["change_id"], "iban": asked["iban"], "reason": data["reason"]}


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


_CHANGE = ("change_id", "iban", "reason", "proof_sha256", "not_before", "person")


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
                "association.corrected",
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
        application_view.TYPES,
        _stream_key,
        application_view.application,
        ("association_id", "call_id"),
    ),
)
