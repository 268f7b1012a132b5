"""What a case's document shows of what followed its decision: agreement, project, changes, and what was paid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from schemas.money import cents, euros
from services.ledger import Document

Data = Mapping[str, Any]
Shown = Callable[[Document, Data], Document]


def _picked(data: Data, *names: str) -> Document:
    return {name: data[name] for name in names}


def _drafted(_case: Document, data: Data) -> Document:
    offered = _picked(data, "version", "years", "without_money", "contributions", "terms", "valid_from", "valid_until")
    return {"offered": {**offered, "signed_by": []}}


def _party_signed(case: Document, data: Data) -> Document:
    offered = case["offered"]
    return {"offered": {**offered, "signed_by": sorted([*offered["signed_by"], data["party"]])}}


def _signed(_case: Document, data: Data) -> Document:
    """The first contract of a signature had no version and no period."""
    return {"agreement": {name: data.get(name) for name in ("version", "years", "valid_from", "valid_until")}}


def _reviewed(case: Document, data: Data) -> Document:
    return {"reviews": {**case.get("reviews", {}), str(data["year"]): data["continues"]}}


def _proven(_case: Document, data: Data) -> Document:
    return {"own_funding_proven": data["total"]}


def _cost_report(state: str) -> Shown:
    def shown(case: Document, data: Data) -> Document:
        reports = case.get("cost_reports", {})
        number = str(data["cost_report"])
        report = {**reports.get(number, {}), "state": state}
        report |= {
            name: data[name] for name in ("period_from", "period_until", "total", "accepted", "due_on") if name in data
        }
        after = {"cost_reports": {**reports, number: report}}
        return after if "accepted_total" not in data else {**after, "accepted_costs": data["accepted_total"]}

    return shown


def _change(state: str) -> Shown:
    def shown(case: Document, data: Data) -> Document:
        changes = case.get("changes", {})
        change = {**changes.get(data["change_id"], {}), "state": state}
        change |= {name: data[name] for name in ("what", "proposal", "received_on", "use_until") if name in data}
        return {"changes": {**changes, data["change_id"]: change}}

    return shown


def _change_decided(case: Document, data: Data) -> Document:
    after = _change("approved" if data["approved"] else "rejected")(case, data)
    if data["approved"] and data["use_until"]:
        after["use_until"] = data["use_until"]
    if data["approved"] and data["reports_due_on"]:
        after["reports_due_on"] = data["reports_due_on"]
    return after


def _paid(case: Document, data: Data) -> Document:
    """What was set off counts as paid. What came in beyond a claim does not, until it is paid out again: by a sum so
    large that it is more than was paid, `paid` is less than nothing till then.
    """
    sign = 1 if data["kind"] in {"booked", "set_off"} else -1
    before = cents(case["paid"]) if "paid" in case else 0
    return {"paid": euros(before + sign * cents(data["amount"]))}


_SHOWN: Final[Mapping[str, Shown]] = {
    "agreement.drafted": _drafted,
    "agreement.party_signed": _party_signed,
    "agreement.signed": _signed,
    "partnership.reviewed": _reviewed,
    "own_funding.proven": _proven,
    "cost_report.received": _cost_report("received"),
    "cost_report.returned": _cost_report("returned"),
    "cost_report.accepted": _cost_report("accepted"),
    "change.received": _change("received"),
    "change.proposed": _change("proposed"),
    "change.decided": _change_decided,
    "payment.noted": _paid,
}
FOLLOW_UP_EVENTS: Final = frozenset(_SHOWN)


def followed_up(case: Document, event_type: str, data: Data) -> Document:
    """What an event changes in the case's document."""
    return _SHOWN[event_type](case, data)


def next_deadline(case: Document) -> str | None:
    """The nearest of the days (ISO text) by which somebody has to act on a case, past ones too while they are open: a
    supplement, a claim or an appeal, a report, an answer in a hearing.
    """
    days = list(case.get("supplements", {}).values()) if "decided_on" not in case else []
    if case["state"] == "notified":
        days.append(case.get("last_open_day") or case["last_claim_day"])
    reports = (*case.get("reports", {}).values(), *case.get("cost_reports", {}).values())
    days += [each["due_on"] for each in reports if each["state"] in {"requested", "overdue", "returned"}]
    hearing = case.get("hearing")
    if hearing is not None and hearing["answer"] is None and not hearing.get("closed"):
        days.append(hearing["answer_by"])
    return min(days, default=None)
