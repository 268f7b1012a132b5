"""The registers of payments: grants, payments, runs, files, statements, claims, differences, periods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from schemas.catalogue import upcast
from schemas.helsinki import HELSINKI
from schemas.money import cents, euros
from services.ledger import Document, Record, Register

Data = Mapping[str, Any]


def _grant(document: Document | None, record: Record, data: Data) -> Document | None:  # noqa: C901, PLR0911 - one arm a type
    if record.type == "grant.awarded":
        zero = euros(0)
        awarded = upcast(record.type, record.schema, dict(data))
        return {
            **awarded, "released_on": None, "holds": [], "met": [], "paid": zero, "claimed": zero, "recovered": zero,
        }  # fmt: skip
    if document is None:
        return None
    match record.type:
        case "grant.changed":
            return {**document, "amount": data["amount"], "instalments": data["instalments"]}
        case "grant.released":
            return {**document, "released_on": data["released_on"]}
        case "grant.held":
            return {**document, "holds": [*document["holds"], _hold(data)]}
        case "grant.hold_lifted":
            # One without a number, of before reports were told apart, lifts whatever overdue report holds.
            lifted = {_hold(data)} if data.get("report") else {*_of_reason(document["holds"], data["reason"])}
            return {**document, "holds": [each for each in document["holds"] if each not in lifted]}
        case "payment.booked":
            return _added(document, "paid", cents(data["amount"]))
        case "payment.returned" | "payment.return_charged":
            return _added(document, "paid", -cents(data["amount"]))
        case "grant.requirement_met":
            return {**document, "met": [*document.get("met", []), _met(data)]}
        case "recovery.claimed" | "recovery.interest_claimed" | "recovery.late_interest_claimed":
            return _added(document, "claimed", cents(data["amount"]))
        case "recovery.received" | "recovery.overpaid" | "recovery.set_off" | "recovery.written_off":
            return _added(document, _GRANT_SUMS[record.type], cents(data["amount"]))
    return document


def _hold(data: Data) -> str:
    """Why a grant is held: the reason, and of an overdue report its number, as in report_overdue/1."""
    report = data.get("report")
    return str(data["reason"]) if report is None else f"{data['reason']}/{report}"


def _of_reason(holds: Sequence[str], reason: str) -> list[str]:
    return [each for each in holds if each.split("/")[0] == reason]


_GRANT_SUMS: Mapping[str, str] = {
    "recovery.received": "recovered",
    "recovery.overpaid": "overpaid",
    "recovery.set_off": "set_off",
    "recovery.written_off": "written_off",
}
"""What a grant's document adds up of its claims, by the event that adds to it."""


def _met(data: Data) -> Document:
    return {name: data[name] for name in ("requirement", "year", "accepted_costs", "met_on")}


def _added(document: Document, field: str, amount: int) -> Document:
    return {**document, field: euros(cents(document.get(field, euros(0))) + amount)}


def _payment_key(record: Record, data: Data) -> tuple[str]:
    return (f"{record.key}/{data['instalment']}-{data['attempt']}",)


def _payment(document: Document | None, record: Record, data: Data) -> Document | None:
    state = record.type.removeprefix("payment.")
    if document is None:
        return {**data, "state": state, "bank_status": None}
    if record.type == "payment.status_reported":
        return {**document, "bank_status": data["bank_status"], "reason_code": data["reason_code"]}
    if record.type == "payment.return_charged":
        return {**document, "kept_by_bank": data["amount"]}
    if state == "rejected":
        document = {**document, "bank_status": "RJCT"}
    if state == "booked" and document.get("bank_status") == "RJCT":
        document = {**document, "bank_status": None, "reason_code": None}
    told = {name: data[name] for name in ("sent_on", "booked_on", "bank_reference", "reason_code") if name in data}
    return {**document, **told, "state": state}


def _run(document: Document | None, record: Record, data: Data) -> Document | None:  # noqa: PLR0911 - one arm for each kind
    if record.type == "run.proposed":
        return {**data, "state": "proposed", "approved_by": [], "approvals": [], "refused_approvals": 0,
                "sha256": None}  # fmt: skip
    if document is None:
        return None
    match record.type:
        case "run.approved":
            return {
                **document,
                "approved_by": [*document["approved_by"], data["person"]],
                "approvals": [*document.get("approvals", []), _approval(data)],
                "state": "approved",
            }
        case "run.changed":
            return {
                **document, "lines": data["lines"], "total": data["total"], "approved_by": [], "approvals": [],
                "state": "proposed" if data["lines"] else "cancelled",
            }  # fmt: skip
        case "run.approval_refused":
            return {**document, "refused_approvals": document["refused_approvals"] + 1}
        case "run.file_built":
            return {**document, "sha256": data["sha256"], "message_id": data["message_id"], "state": "built"}
        case "run.sent":
            return {**document, "state": "sent"}
        case "run.sent_again":
            told = {name: data[name] for name in ("reason", "person")}
            told["on"] = record.recorded_at.astimezone(HELSINKI).date().isoformat()
            return {**document, "sent_again": [*document.get("sent_again", []), told]}
    return document


def _approval(data: Data) -> Document:
    """Who approved which lines (None: all), and for whom; the first contract knew neither."""
    return {"person": data["person"], "lines": data.get("lines"), "on_behalf_of": data.get("on_behalf_of")}


def _claim_key(_record: Record, data: Data) -> tuple[str]:
    return (str(data["reference"]),)


def _claim(document: Document | None, record: Record, data: Data) -> Document | None:
    if record.type == "recovery.claimed":
        zero = euros(0)
        sums = {"interest": zero, "received": zero, "set_off": zero, "written_off": zero, "overpaid": zero}
        return {**data, **sums, "left": data["amount"]}
    if document is None:
        return None
    if record.type in _CLAIM_SUMS:
        after = _added(document, _CLAIM_SUMS[record.type], cents(data["amount"]))
    else:
        after = {**document, "plan": data["parts"]}
    return {**after, "left": euros(_left(after))}


_CLAIM_SUMS: Mapping[str, str] = {
    "recovery.interest_claimed": "interest",
    "recovery.late_interest_claimed": "interest",
    "recovery.received": "received",
    "recovery.overpaid": "overpaid",
    "recovery.set_off": "set_off",
    "recovery.written_off": "written_off",
}
"""What a claim's document adds up, by the event that adds to it."""


def _left(claim: Document) -> int:
    taken = sum(cents(claim.get(name, euros(0))) for name in ("received", "set_off", "written_off"))
    return cents(claim["amount"]) + cents(claim["interest"]) - taken


def _commented(document: Document, data: Data) -> Document:
    return {"comments": [*document.get("comments", []), {name: data[name] for name in ("comment", "person")}]}


_DIFFERENCE_CHANGES: Mapping[str, Callable[[Document, Data], Document]] = {
    "difference.assigned": lambda _document, data: {"assignee": data["assignee"]},
    "difference.commented": _commented,
    "difference.dissolved": lambda _document, data: {"state": "dissolved", "dissolved_by_run": data["run"]},
    "difference.reopened": lambda _document, data: {"state": "open", "reopened_because": data["reason"]},
}
"""What changes in a difference's document by an event that neither explains nor accepts it."""


_OF_ONE_LIFE = (
    "explanation", "explained_by", "accepted_by", "accepted_because", "dissolved_by_run", "reopened_because",
)  # fmt: skip
"""What a difference's document says of the time until it is opened again; then it is kept under `earlier`."""


def _opened_again(document: Document) -> Document:
    """A difference's document without what was settled: its lives before this one, with what was found in each."""
    told = {name: document[name] for name in _OF_ONE_LIFE if name in document}
    rest = {name: value for name, value in document.items() if name not in _OF_ONE_LIFE}
    found = {name: document[name] for name in ("raised_on", "expected", "found", "amount")}
    return {**rest, "earlier": [*document.get("earlier", []), {**found, **told}]}


def _difference(document: Document | None, record: Record, data: Data) -> Document | None:
    if record.type == "difference.raised":
        before = {} if document is None else _opened_again(document)
        raised_on = record.recorded_at.astimezone(HELSINKI).date().isoformat()
        return {**before, **data, "state": "open", "raised_on": raised_on}
    if document is None:
        return None
    if record.type == "difference.reopened":
        document = _opened_again(document)
    if record.type == "difference.explained":
        return {
            **document,
            "state": "explained",
            "explanation": data["explanation"],
            "explained_by": data["person"],
        }
    if record.type in _DIFFERENCE_CHANGES:
        return {**document, **_DIFFERENCE_CHANGES[record.type](document, data)}
    return {
        **document,
        "state": "accepted",
        "accepted_by": data["person"],
        "accepted_because": data["reason"],
    }


def _approver_key(record: Record, data: Data) -> tuple[str]:
    if record.type == "approver.limit_set":
        return (f"limit/{data['approver']}",)
    return (f"stand-in/{data['stand_in_id']}",)


def _approver(document: Document | None, record: Record, data: Data) -> Document | None:
    if record.type == "approver.stand_in_ended":
        return None if document is None else {**document, "valid_until": data["valid_until"]}
    return {**data, "kind": "limit" if record.type == "approver.limit_set" else "stand_in"}


def _period(document: Document | None, record: Record, data: Data) -> Document | None:
    before = document or {"period": data["period"], "state": "open", "runs": 0}
    if record.type == "reconciliation.completed":
        return {**before, "runs": data["run"], "matched": data["matched"], "differences": data["differences"]}
    return {**before, **data, "state": "closed"}


def _kept(document: Document | None, record: Record, data: Data) -> Document | None:
    return document or {**data, "kind": data.get("kind", record.type)}


def _kept_whole(_document: Document | None, _record: Record, data: Data) -> Document:
    return dict(data)


def statement_place(data: Data) -> str:
    """By year and number, else by first date and id: a corrected statement takes the place of the one before."""
    if data["sequence"] is None:
        return f"{data['iban']}/{data['first_day']}/{data['statement_id']}"
    return f"{data['iban']}/{data['last_day'][:4]}/{data['sequence']:010d}"


def _statement_key(_record: Record, data: Data) -> tuple[str]:
    return (statement_place(data),)


def _file_key(_record: Record, data: Data) -> tuple[str]:
    return (str(data["sha256"]),)


def _stream_key(record: Record, _data: Data) -> tuple[str]:
    return (record.key,)


def _types(*names: str) -> frozenset[str]:
    return frozenset(names)


REGISTERS = (
    Register(
        "grants",
        _types("grant.awarded", "grant.changed", "grant.released", "grant.held", "grant.hold_lifted",
               "grant.requirement_met", "payment.booked", "payment.returned",
               "payment.return_charged", "recovery.claimed",
               "recovery.interest_claimed", "recovery.late_interest_claimed", *_GRANT_SUMS),
        _stream_key,
        _grant,
    ),
    Register(
        "payments",
        _types(
            "payment.proposed", "payment.dropped", "payment.sent", "payment.rejected", "payment.booked",
            "payment.returned", "payment.return_charged", "payment.status_reported",
        ),
        _payment_key,
        _payment,
    ),
    Register(
        "runs",
        _types("run.proposed", "run.changed", "run.approved", "run.approval_refused", "run.file_built", "run.sent",
               "run.sent_again"),
        _stream_key,
        _run,
    ),
    Register(
        "claims",
        frozenset({"recovery.claimed", "recovery.plan_agreed", *_CLAIM_SUMS}),
        _claim_key,
        _claim,
    ),
    Register(
        "files",
        _types("bank_file.imported", "postings.imported", "vouchers.exported", "vouchers.acknowledged"),
        _file_key,
        _kept,
    ),
    Register(
        "differences",
        frozenset({"difference.raised", "difference.explained", "difference.accepted", *_DIFFERENCE_CHANGES}),
        _stream_key,
        _difference,
    ),
    Register(
        "approvers",
        _types("approver.limit_set", "approver.stand_in_named", "approver.stand_in_ended"),
        _approver_key,
        _approver,
    ),
    Register("statements", _types("statement.noted"), _statement_key, _kept_whole),
    Register("years", _types("year.closed"), _stream_key, _kept_whole),
    Register("periods", _types("reconciliation.completed", "period.closed"), _stream_key, _period),
)  # fmt: skip
