"""The registers of payments: grants, payments, runs, files, claims, differences, periods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.money import cents, euros
from services.ledger import Document, Record, Register

Data = Mapping[str, Any]


def _grant(document: Document | None, record: Record, data: Data) -> Document | None:  # noqa: C901, PLR0911 - one arm a type
    if record.type == "grant.awarded":
        zero = euros(0)
        return {**data, "released_on": None, "holds": [], "paid": zero, "claimed": zero, "recovered": zero}
    if document is None:
        return None
    match record.type:
        case "grant.changed":
            return {**document, "amount": data["amount"], "instalments": data["instalments"]}
        case "grant.released":
            return {**document, "released_on": data["released_on"]}
        case "grant.held":
            return {**document, "holds": [*document["holds"], data["reason"]]}
        case "grant.hold_lifted":
            return {**document, "holds": [each for each in document["holds"] if each != data["reason"]]}
        case "payment.booked":
            return _added(document, "paid", cents(data["amount"]))
        case "payment.returned":
            return _added(document, "paid", -cents(data["amount"]))
        case "recovery.claimed":
            return _added(document, "claimed", cents(data["amount"]))
        case "recovery.received":
            return _added(document, "recovered", cents(data["amount"]))
    return document


def _added(document: Document, field: str, amount: int) -> Document:
    return {**document, field: euros(cents(document[field]) + amount)}


def _payment_key(record: Record, data: Data) -> tuple[str]:
    return (f"{record.key}/{data['instalment']}-{data['attempt']}",)


def _payment(document: Document | None, record: Record, data: Data) -> Document | None:
    state = record.type.removeprefix("payment.")
    if document is None:
        return {**data, "state": state}
    told = {name: data[name] for name in ("booked_on", "bank_reference", "reason_code") if name in data}
    return {**document, **told, "state": state}


def _run(document: Document | None, record: Record, data: Data) -> Document | None:  # noqa: PLR0911 - one arm for each kind
    if record.type == "run.proposed":
        return {**data, "state": "proposed", "approved_by": [], "refused_approvals": 0, "sha256": None}
    if document is None:
        return None
    match record.type:
        case "run.approved":
            return {
                **document,
                "approved_by": [*document["approved_by"], data["person"]],
                "state": "approved",
            }
        case "run.approval_refused":
            return {**document, "refused_approvals": document["refused_approvals"] + 1}
        case "run.file_built":
            return {**document, "sha256": data["sha256"], "message_id": data["message_id"], "state": "built"}
        case "run.sent":
            return {**document, "state": "sent"}
    return document


def _claim_key(_record: Record, data: Data) -> tuple[str]:
    return (str(data["reference"]),)


def _claim(document: Document | None, record: Record, data: Data) -> Document | None:
    if record.type == "recovery.claimed":
        return {**data, "received": euros(0)}
    return None if document is None else _added(document, "received", cents(data["amount"]))


def _difference(document: Document | None, record: Record, data: Data) -> Document | None:
    if record.type == "difference.raised":
        return {**data, "state": "open", "raised_on": record.recorded_at.date().isoformat()}
    if document is None:
        return None
    if record.type == "difference.explained":
        return {
            **document,
            "state": "explained",
            "explanation": data["explanation"],
            "explained_by": data["person"],
        }
    return {
        **document,
        "state": "accepted",
        "accepted_by": data["person"],
        "accepted_because": data["reason"],
    }


def _period(document: Document | None, record: Record, data: Data) -> Document | None:
    before = document or {"period": data["period"], "state": "open", "runs": 0}
    if record.type == "reconciliation.completed":
        return {**before, "runs": data["run"], "matched": data["matched"], "differences": data["differences"]}
    return {**before, **data, "state": "closed"}


def _kept(document: Document | None, record: Record, data: Data) -> Document | None:
    return document or {**data, "kind": data.get("kind", record.type)}


def _file_key(_record: Record, data: Data) -> tuple[str]:
    return (str(data["sha256"]),)


def _stream_key(record: Record, _data: Data) -> tuple[str]:
    return (record.key,)


def _types(*names: str) -> frozenset[str]:
    return frozenset(names)


REGISTERS = (
    Register(
        "grants",
        _types("grant.awarded", "grant.changed", "grant.released", "grant.held", "grant.hold_lifted", "payment.booked",
               "payment.returned", "recovery.claimed", "recovery.received"),
        _stream_key,
        _grant,
    ),
    Register(
        "payments",
        _types("payment.proposed", "payment.sent", "payment.rejected", "payment.booked", "payment.returned"),
        _payment_key,
        _payment,
    ),
    Register(
        "runs",
        _types("run.proposed", "run.approved", "run.approval_refused", "run.file_built", "run.sent"),
        _stream_key,
        _run,
    ),
    Register("claims", _types("recovery.claimed", "recovery.received"), _claim_key, _claim),
    Register("files", _types("bank_file.imported", "postings.imported", "vouchers.exported"), _file_key, _kept),
    Register(
        "differences",
        _types("difference.raised", "difference.explained", "difference.accepted"),
        _stream_key,
        _difference,
    ),
    Register("periods", _types("reconciliation.completed", "period.closed"), _stream_key, _period),
)  # fmt: skip
