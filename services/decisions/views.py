"""The registers of decisions: cases, calls as they are known here, appropriations, meetings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from schemas.catalogue import upcast
from schemas.money import cents, euros, rounded
from services.ledger import Document, Record, Register, Sort

from .domain.coefficients import ONE, multiplied
from .follow_up_views import FOLLOW_UP_EVENTS, followed_up, next_deadline

STATES: Mapping[str, str] = {
    "case.transferred": "transferred",
    "case.withdrawn": "withdrawn",
    "supplement.requested": "supplement_requested",
    "supplement.received": "in_preparation",
    "proposal.made": "proposed",
    "decision.made": "decided",
    "decision.notified": "notified",
    "rectification.claimed": "claimed",
    "rectification.notified": "notified",
    "appeal.lodged": "appealed",
    "decision.became_final": "final",
}
"""The case's state after an event; other events leave it as it is."""
REPORT_STATES: Mapping[str, str | None] = {
    "report.requested": "requested",
    "report.reminded": "overdue",
    "report.received": "received",
    "report.checked": None,
    "report.returned": "returned",
    "report.accepted": "accepted",
}
"""A report's state after an event; None leaves it as it is."""
_COPIED: Mapping[str, tuple[str, ...]] = {
    "case.transferred": ("municipality",),
    "decision.made": ("outcome", "amount", "decided_on", "section", "reasons", "use_from", "use_until"),
    "decision.notified": ("last_claim_day",),
    "decision.published": ("published_on",),
    "decision.became_final": ("final_on",),
}


def _case(document: Document | None, record: Record, data: Mapping[str, Any]) -> Document | None:
    """The case with what it is ranked by and the day by which something has to happen next."""
    after = _changed(document, record, data)
    if after is None:
        return None
    return {**after, "ranking_hundredths": _ranking(after), "next_deadline": next_deadline(after)}


def _changed(document: Document | None, record: Record, data: Mapping[str, Any]) -> Document | None:  # noqa: C901, PLR0912 - one arm a kind
    if record.type == "case.opened":
        return {
            **upcast(record.type, record.schema, dict(data)),
            "state": "opened",
            "officer": None,
            "amount": None,
            "refused_acts": 0,
            "disqualified": [],
            "deputy": None,
            "assessments": {},
            "points": None,
            "points_hundredths": None,
            "spread_hundredths": None,
            "eligible": data["applied"],
            "document_sha256": {},
            "coefficient_hundredths": ONE,
        }
    if document is None:
        return None
    after = {**document, **{name: data.get(name) for name in _COPIED.get(record.type, ())}}
    after["state"] = STATES.get(record.type, document["state"])
    match record.type:
        case "act.refused":
            after["refused_acts"] += 1
        case "case.assigned":
            after |= {"officer": data["officer"], "deputy": data.get("deputy")}
        case "case.coefficient_set":
            after |= {name: data[name] for name in ("coefficient_hundredths", "focus_areas")}
        case "supplement.requested":
            after["supplements"] = {**document.get("supplements", {}), data["request_id"]: data["due_on"]}
        case "supplement.received":
            after |= _supplemented(document, data["request_id"])
        case "conflict.declared" | "conflict.lifted":
            after |= _conflict(document, record.type, data["person"])
        case "assessment.recorded":
            recorded = upcast(record.type, record.schema, dict(data))
            after |= _assessed({**document["assessments"], data["person"]: recorded["hundredths"]})
        case "case.task_decided":
            after |= {"eligible": data["eligible"], "task": data["task"], "task_reason": data["reason"]}
        case "proposal.made":
            after |= {"proposed": {name: data[name] for name in ("outcome", "amount", "reasons", "person")}}
        case "de_minimis.assessed":
            after |= {"de_minimis": data["aid"], "de_minimis_reason": data["reason"]}
        case _ if record.type.startswith("report."):
            after["reports"] = _reported(document.get("reports", {}), record.type, data)
        case "decision.documented":
            name = "claim_document_sha256" if data.get("about") == "claim" else "document_sha256"
            after[name] = {**document.get(name, {}), data["language"]: data["sha256"]}
        case _ if record.type in FOLLOW_UP_EVENTS:
            after |= followed_up(document, record.type, data)
        case _ if record.type in _ATTACKED:
            after |= _ATTACKED[record.type](document, data)
        case "hearing.opened":
            after["hearing"] = {**{name: data[name] for name in ("hearing_id", "amount", "answer_by")}, "answer": None}
        case "hearing.answered":
            after["hearing"] = {**document["hearing"], "answer": data["answer"]}
        case "hearing.closed":
            after["hearing"] = {**document["hearing"], "closed": True, "closing_reasons": data["reasons"]}
        case "recovery.decided":
            after |= _recovered(document, data)
    return after


def _supplemented(document: Document, request_id: str) -> Document:
    """The supplements that are still awaited, by request: the case goes on once none is, from a proposal if it has
    one.
    """
    awaited = {each: day for each, day in document.get("supplements", {}).items() if each != request_id}
    goes_on = STATES["proposal.made" if document.get("proposed") else "supplement.received"]
    return {"supplements": awaited, "state": "supplement_requested" if awaited else goes_on}


def _ranking(case: Document) -> int | None:
    """The points that the case is ranked by: multiplied by its coefficient, whichever of both came last."""
    points = case["points_hundredths"]
    return None if points is None else multiplied(points, case.get("coefficient_hundredths", ONE))


def _recovered(document: Document, data: Mapping[str, Any]) -> Document:
    """All that was recovered, and all interest on it; the first contract of a recovery had none. Its hearing closes."""
    nothing = euros(0)
    recovered = cents(document.get("recovered", nothing)) + cents(data["amount"])
    interest = cents(document.get("recovery_interest", nothing)) + cents(data.get("interest", nothing))
    closed = {"hearing": {**document["hearing"], "closed": True}} if "hearing" in document else {}
    return {"recovered": euros(recovered), "recovery_interest": euros(interest), **closed}


def _latest(*days: str | None) -> str:
    """The last of these days (ISO text) that are known."""
    return max(day for day in days if day is not None)


def _notified(document: Document, data: Mapping[str, Any]) -> Document:
    """Until when somebody can claim: the parties, or the members."""
    return {"last_open_day": _latest(data["last_claim_day"], document.get("members_last_claim_day"))}


def _published(document: Document, data: Mapping[str, Any]) -> Document:
    """The members' last day for a claim; before notice nothing else is known, for the parties' time begins with it."""
    members = data["last_claim_day"]
    known = document.get("last_open_day") or document.get("last_claim_day")
    return {
        "members_last_claim_day": members,
        **({} if known is None else {"last_open_day": _latest(known, members)}),
    }


def _claimed(document: Document, data: Mapping[str, Any]) -> Document:
    """The claim that is pending, and where the case stood before it: a late one leaves it there."""
    claim = {**{name: data[name] for name in ("claim_id", "received_on", "in_time")}, "state_before": document["state"]}
    return {"claim": claim, **({"final_on": None} if data["in_time"] else {"state": document["state"]})}


def _claim_withdrawn(document: Document, _data: Mapping[str, Any]) -> Document:
    """Where the case stood before the claim; what was final becomes so again by its day."""
    if document["state"] != "claimed":
        return {"claim": None}
    before = (document.get("claim") or {}).get("state_before", "notified")
    return {"claim": None, "state": "notified" if before == "final" else before}


def _claim_decided(document: Document, data: Mapping[str, Any]) -> Document:
    """A claim that was examined waits for notice of its decision; a late one leaves the case where it was."""
    late = data["outcome"] == "not_examined"
    state = ("final" if document.get("final_on") else "notified") if late else "claim_decided"
    changed = {"changed_to": data["changed_to"]} if data.get("changed_to") else {}
    return {"state": state, "amount": data["amount"], "claim_outcome": data["outcome"], "claim": None, **changed}


def _claim_notified(document: Document, data: Mapping[str, Any]) -> Document:
    """After a claim that was examined the decision can be appealed against, and members may claim until their last day;
    a late one leaves the case as it was.
    """
    late = document["claim_outcome"] == "not_examined"
    state = "final" if document.get("final_on") else "notified"
    if late:
        return {"state": state, "last_open_day": document.get("last_open_day")}
    last_day = _latest(data["last_appeal_day"], document.get("members_last_claim_day"))
    return {"state": state, "last_open_day": last_day}


def _appealed(document: Document, data: Mapping[str, Any]) -> Document:
    """Where a case stands while an appeal is pending, and once the court decided: as before, or its claim waits."""
    if "court" in data:
        shown = {name: data[name] for name in ("appeal_id", "court", "court_reference", "lodged_on", "suspends")}
        suspended = {"state": "appealed", "final_on": None}
        return {"appeal": shown, **(suspended if data["suspends"] else {"state": document["state"]})}
    appeal = {**document["appeal"], **{name: data[name] for name in ("outcome", "decided_on", "open_until")}}
    if data["outcome"] == "annulled":
        return {"appeal": appeal, "state": "claimed"}
    if not appeal["suspends"]:
        return {"appeal": appeal}
    until = data["open_until"] or data["decided_on"]
    return {"appeal": appeal, "state": "notified", "last_open_day": max(until, document.get("last_open_day") or "")}


_ATTACKED: Mapping[str, Callable[[Document, Mapping[str, Any]], Document]] = {
    "decision.notified": _notified,
    "decision.published": _published,
    "rectification.claimed": _claimed,
    "rectification.withdrawn": _claim_withdrawn,
    "rectification.decided": _claim_decided,
    "rectification.notified": _claim_notified,
    "appeal.lodged": _appealed,
    "appeal.decided": _appealed,
}
"""What an event changes of how long, and by whom, a decision can be attacked."""


def _conflict(document: Document, event_type: str, person: str) -> Document:
    if event_type == "conflict.declared":
        return _stepped_aside(document, person)
    return {"disqualified": [each for each in document["disqualified"] if each != person]}


def _stepped_aside(document: Document, person: str) -> Document:
    """Who is disqualified leaves the case, until the decision with all they assessed and proposed; the deputy is its
    officer then.
    """
    disqualified = [*document["disqualified"], person]
    officer, deputy = document["officer"], document["deputy"]
    if officer == person:
        officer, deputy = deputy, None
    officer, deputy = (None if each in disqualified else each for each in (officer, deputy))
    aside: Document = {"disqualified": disqualified, "officer": officer, "deputy": deputy}
    if "decided_on" in document:
        return aside
    aside |= _assessed({who: points for who, points in document["assessments"].items() if who != person})
    proposed = document.get("proposed")
    if proposed is not None and proposed["person"] == person:
        state = "in_preparation" if document["state"] == "proposed" else document["state"]
        aside |= {"state": state, "proposed": None}
    return aside


def _assessed(assessments: Mapping[str, int]) -> Document:
    """What the assessors' points (hundredths, by person) come to: their mean, rounded half up, and their spread."""
    if not assessments:
        return {"assessments": {}, "points": None, "points_hundredths": None, "spread_hundredths": None}
    points = list(assessments.values())
    mean = rounded(Fraction(sum(points), len(points)))
    return {
        "assessments": dict(assessments),
        "points": (mean + 50) // 100,
        "points_hundredths": mean,
        "spread_hundredths": max(points) - min(points),
    }


def _reported(reports: Document, event_type: str, data: Mapping[str, Any]) -> Document:
    """The case's reports by number: where each stands, when it is due, what was used and what its checks found."""
    number = str(data["report"])
    report = {"due_on": None, "used": None, "checks": {}, **reports.get(number, {})}
    report["state"] = REPORT_STATES[event_type] or report.get("state", "requested")
    report |= {name: data[name] for name in ("due_on", "used", "unused") if name in data}
    if event_type == "report.checked":
        report["checks"] = {**report["checks"], data["part"]: data["sound"]}
    elif event_type in {"report.received", "report.returned"}:
        report["checks"] = {}
    return {**reports, number: report}


def _call(document: Document | None, record: Record, data: Mapping[str, Any]) -> Document | None:
    if record.type == "call.noted":
        return {**data, "allocation": None if document is None else document.get("allocation")}
    return None if document is None else {**document, "allocation": dict(data)}


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
        return {**data, "sections": 0, "agenda": [], "minutes": []}
    if document is None:
        return None
    if record.type == "meeting.agenda_set":
        return {**document, "agenda": data["items"]}
    taken = {name: data.get(name) for name in ("section", "application_id", "matter", "excluded")}
    return {**document, "sections": data["section"], "minutes": [*document.get("minutes", []), taken]}


def _stand_in(document: Document | None, record: Record, data: Mapping[str, Any]) -> Document | None:
    if record.type == "stand_in.named":
        return dict(data)
    return None if document is None else {**document, "valid_until": data["valid_until"]}


def _aid(document: Document | None, record: Record, data: Mapping[str, Any]) -> Document | None:
    if record.type == "de_minimis.granted":
        return {**data, "year": int(data["granted_on"][:4])}
    return None if document is None else {**document, "amount": data["amount"], "changed_on": data["changed_on"]}


def _application_key(_record: Record, data: Mapping[str, Any]) -> tuple[str]:
    return (data["application_id"],)


def _stream_key(record: Record, _data: Mapping[str, Any]) -> tuple[str]:
    return (record.key,)


def _stand_in_key(_record: Record, data: Mapping[str, Any]) -> tuple[str]:
    return (data["stand_in_id"],)


CASE_EVENTS = frozenset(STATES) | frozenset(_COPIED) | {
    "case.opened", "act.refused", "conflict.declared", "rectification.decided", "recovery.decided", "case.assigned",
    "appeal.decided", "conflict.lifted", "rectification.withdrawn",
    "assessment.recorded", "case.task_decided", "decision.documented",
    "de_minimis.assessed", "hearing.opened", "hearing.answered", "hearing.closed", *REPORT_STATES,
    "case.coefficient_set", *FOLLOW_UP_EVENTS,
}  # fmt: skip
CASE_SORTS = (
    Sort("arrived_on"),
    Sort("next_deadline"),
    Sort("association_name", name=True),
    Sort("ranking_hundredths", number=True),
)
_CASE_LOOK_UPS = ("diary_number", "association_id", "officer", "call_id", "state")
REGISTERS = (
    Register("cases", CASE_EVENTS, _stream_key, _case, _CASE_LOOK_UPS, CASE_SORTS),
    Register("calls", frozenset({"call.noted", "allocation.chosen"}), _stream_key, _call),
    Register(
        "appropriations",
        frozenset({"appropriation.set", "appropriation.committed", "appropriation.released"}),
        _stream_key,
        _appropriation,
    ),
    Register(
        "de_minimis",
        frozenset({"de_minimis.granted", "de_minimis.changed"}),
        _application_key,
        _aid,
        ("association_id",),
    ),
    Register(
        "meetings",
        frozenset({"meeting.convened", "meeting.agenda_set", "meeting.section_taken"}),
        _stream_key,
        _meeting,
    ),
    Register("stand_ins", frozenset({"stand_in.named", "stand_in.ended"}), _stand_in_key, _stand_in),
)
