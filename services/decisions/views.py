"""The registers of decisions: cases, appropriations, meetings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.money import cents, euros
from services.ledger import Document, Record, Register

STATES: Mapping[str, str] = {
    "case.transferred": "transferred",
    "case.withdrawn": "withdrawn",
    "supplement.requested": "supplement_requested",
    "supplement.received": "in_preparation",
    "proposal.made": "proposed",
    "decision.made": "decided",
    "decision.notified": "notified",
    "rectification.claimed": "claimed",
    "decision.became_final": "final",
}
"""The case's state after an event; other events leave it as it is."""
_COPIED: Mapping[str, tuple[str, ...]] = {
    "case.assigned": ("officer",),
    "assessment.recorded": ("points",),
    "decision.made": ("outcome", "amount", "decided_on", "section", "reasons"),
    "decision.notified": ("last_claim_day",),
    "decision.became_final": ("final_on",),
}


def _case(document: Document | None, record: Record, data: Mapping[str, Any]) -> Document | None:
    if record.type == "case.opened":
        return {
            **data,
            "state": "opened",
            "officer": None,
            "amount": None,
            "refused_acts": 0,
            "disqualified": [],
        }
    if document is None:
        return None
    after = {**document, **{name: data[name] for name in _COPIED.get(record.type, ())}}
    after["state"] = STATES.get(record.type, document["state"])
    match record.type:
        case "act.refused":
            after["refused_acts"] += 1
        case "conflict.declared":
            after["disqualified"] = [*document["disqualified"], data["person"]]
        case "rectification.decided":
            after |= {"state": "notified", "amount": data["amount"], "claim_outcome": data["outcome"]}
        case "recovery.decided":
            before = cents(document["recovered"]) if "recovered" in document else 0
            after["recovered"] = euros(before + cents(data["amount"]))
    return after


def _appropriation(document: Document | None, record: Record, data: Mapping[str, Any]) -> Document | None:
    before = document or {
        "appropriation_id": data["appropriation_id"],
        "amount": euros(0),
        "committed": euros(0),
    }
    amount = cents(data["amount"])
    if record.type == "appropriation.set":
        return {**before, "amount": data["amount"]}
    sign = 1 if record.type == "appropriation.committed" else -1
    return {**before, "committed": euros(cents(before["committed"]) + sign * amount)}


def _meeting(document: Document | None, record: Record, data: Mapping[str, Any]) -> Document | None:
    if record.type == "meeting.convened":
        return {**data, "sections": 0}
    return None if document is None else {**document, "sections": data["section"]}


def _stream_key(record: Record, _data: Mapping[str, Any]) -> tuple[str]:
    return (record.key,)


CASE_EVENTS = frozenset(STATES) | frozenset(_COPIED) | {
    "case.opened", "act.refused", "conflict.declared", "rectification.decided", "recovery.decided",
}  # fmt: skip
REGISTERS = (
    Register("cases", CASE_EVENTS, _stream_key, _case),
    Register(
        "appropriations",
        frozenset({"appropriation.set", "appropriation.committed", "appropriation.released"}),
        _stream_key,
        _appropriation,
    ),
    Register("meetings", frozenset({"meeting.convened", "meeting.section_taken"}), _stream_key, _meeting),
)
