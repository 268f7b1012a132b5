"""An application as its applicant sees it: where it stands, what is asked next and by when, what was paid. Pure.

Beside what was sent, a document holds

- `standing`, `note` (in Finnish), and of the standing `question`, `due_on`, `happened_on`, `amount` and `municipality`,
- `open_requests`: all that is asked of the applicant now, each with its `kind`, `request_id`, `question` and `due_on`,
- `granted`, the sum of the decision, and the `instalments` in which it is paid,
- `payments`, those that arrived, and `paid`, their sum without what was `overpaid` on a recovery, which is paid again,
- `last_claim_day` and `last_appeal_day`, as long as a claim or an appeal can be made,
- `reports`, `cost_reports` and `change_requests`, each with where it stands.

Documents that were made before some of these were kept lack them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from schemas.catalogue import upcast
from schemas.helsinki import HELSINKI
from schemas.money import cents, euros
from services.ledger import Document, Record

from .standings import cost_report_id, usage_report_id

Data = Mapping[str, Any]
TYPES: Final = frozenset(
    {
        "application.submitted", "application.withdrawn", "application.supplemented", "application.attachment_added",
        "application.change_requested", "application.standing_changed", "usage_report.submitted",
        "cost_report.submitted",
    }
)  # fmt: skip
_OF_STANDING: Final = ("note", "question", "due_on", "happened_on", "amount", "municipality")
_ASKED: Final[Mapping[str, str]] = {
    "supplement_requested": "supplement", "hearing": "hearing", "report_requested": "usage_report",
    "report_returned": "usage_report", "cost_report_returned": "cost_report", "agreement_offered": "agreement",
    "payment_delayed": "account", "recovery": "recovery", "own_funding_awaited": "own_funding",
}  # fmt: skip
"""Standings by which something is asked, and what."""
_ENDS: Final[Mapping[str, frozenset[str]]] = {
    "transferred": frozenset({"supplement"}), "decided": frozenset({"supplement"}),
    "hearing": frozenset({"hearing"}), "recovery": frozenset({"hearing"}),
    "agreement_offered": frozenset({"agreement"}), "agreement_signed": frozenset({"agreement"}),
    "paid": frozenset({"account"}), "payment_delayed": frozenset({"account"}), "payment_sent": frozenset({"account"}),
}  # fmt: skip
"""Standings that end all requests of a kind. Those of one that has an id end by it."""
_REPORTS: Final[Mapping[str, str]] = {
    "report_requested": "requested", "report_returned": "returned", "report_accepted": "accepted",
    "report_received": "sent",
}  # fmt: skip


def application(document: Document | None, record: Record, data: Data) -> Document | None:
    """The next version of an application's document."""
    if record.type == "application.submitted":
        submitted = upcast(record.type, record.schema, dict(data))
        return {
            **submitted, "standing": "received", "open_requests": [], "reported": False, "payments": [],
            "paid": euros(0),
        }  # fmt: skip
    if document is None or record.type not in _ARMS:
        return document
    return _ARMS[record.type](document, record, data)


def _withdrawn(document: Document, record: Record, _data: Data) -> Document:
    said = _said(document, record, "Hakemus on peruttu")
    return {**said, "standing": "withdrawn", "open_requests": []}


def _supplemented(document: Document, record: Record, data: Data) -> Document:
    left = _without(document["open_requests"], data["request_id"])
    after = {**document, "open_requests": left}
    waits = any(each.get("kind", "supplement") == "supplement" for each in left)
    if waits or document["standing"] != "supplement_requested":
        return after
    return {**_said(after, record, "Täydennys on lähetetty"), "standing": "in_preparation"}


def _attachment_added(document: Document, _record: Record, data: Data) -> Document:
    return {**document, "attachments": [*document["attachments"], data["file"]]}


def _change_requested(document: Document, _record: Record, data: Data) -> Document:
    return {**document, "change_requests": [*document.get("change_requests", []), {**data, "state": "sent"}]}


def _use_reported(document: Document, record: Record, data: Data) -> Document:
    """Answers the first report that is asked for or was returned, as the officers' side takes it."""
    reports = [dict(each) for each in document.get("reports", [])]
    waiting = next((each for each in reports if each["state"] in {"requested", "returned"}), None)
    if waiting is None:
        reports.append({"request_id": None, "due_on": None, "state": "sent"})
    else:
        waiting["state"] = "sent"
    after = {**document, "reported": True, "used": data["used"], "reports": reports}
    if waiting is None:
        return after
    after["open_requests"] = _without(document["open_requests"], waiting["request_id"])
    return _answered(after, record, {"report_requested", "report_returned"}, "Selvitys on lähetetty")


def _costs_reported(document: Document, record: Record, data: Data) -> Document:
    """Answers the first report that was returned with the same period, as the officers' side takes it."""
    sent = {**{name: data[name] for name in ("period_from", "period_until", "total")}, "state": "sent"}
    reports = list(document.get("cost_reports", []))
    again = next((index for index, each in enumerate(reports) if _returned(each, sent)), None)
    if again is None:
        return {**document, "cost_reports": [*reports, sent]}
    reports[again] = sent
    left = _without(document["open_requests"], str(cost_report_id(UUID(document["application_id"]), again + 1)))
    after = {**document, "cost_reports": reports, "open_requests": left}
    return _answered(after, record, {"cost_report_returned"}, "Kustannusselvitys on lähetetty")


def _returned(report: Data, sent: Data) -> bool:
    same = all(report[name] == sent[name] for name in ("period_from", "period_until"))
    return same and report.get("state") == "returned"


def _standing_changed(document: Document, _record: Record, data: Data) -> Document:
    standing = data["standing"]
    after = {
        **document,
        **{name: data.get(name) for name in _OF_STANDING},
        "standing": standing,
        "diary_number": data["diary_number"] or document.get("diary_number"),
        "open_requests": _open_requests(document["open_requests"], data),
    }
    return _kept({name: value for name, value in after.items() if name not in _OF_STANDING or value is not None}, data)


def _open_requests(before: Sequence[Data], data: Data) -> list[Document]:
    """What is asked after a standing. A request keeps its place, its question and its day until they are replaced."""
    standing, request_id = data["standing"], data.get("request_id")
    ended = _ENDS.get(standing, frozenset())
    left = [dict(each) for each in before if each.get("kind") not in ended]
    known = next((each for each in left if request_id is not None and each["request_id"] == request_id), None)
    if not _asks(data):
        return [each for each in left if each is not known]
    asked = {
        "kind": _ASKED[standing], "request_id": request_id, "question": data.get("question"),
        "due_on": data.get("due_on"),
    }  # fmt: skip
    if standing in {"recovery", "own_funding_awaited"}:
        asked["amount"] = data["amount"]
    if standing == "supplement_requested" and asked["question"] is None:
        asked["question"] = data["note"]
    if known is None:
        return [*left, asked]
    known.update({name: value for name, value in asked.items() if value is not None})
    return left


def _asks(data: Data) -> bool:
    """Whether a standing asks for something. An answer that came is told by the same standing, with no question; of a
    recovery something is asked as long as something is left to pay.
    """
    standing = data["standing"]
    if standing == "recovery":
        return data.get("amount") not in {None, euros(0)}
    return standing in _ASKED and (data.get("question") is not None or data.get("due_on") is not None)


def _kept(document: Document, data: Data) -> Document:
    """What a standing leaves in the document beside itself."""
    standing, request_id = data["standing"], data.get("request_id")
    match standing:
        case "decided":
            document["granted"] = data.get("amount")
            document["instalments"] = data.get("instalments", [])
        case "notified":
            _told_until(document, data)
        case "appealed":
            document.pop("last_appeal_day", None)
            if data.get("due_on") is not None:
                document["last_appeal_day"] = data["due_on"]
        case "final":
            document.pop("last_claim_day", None)
            document.pop("last_appeal_day", None)
        case "paid" | "payment_delayed" | "recovery":
            _pay(document, data)
        case "report_requested" | "report_received" | "report_returned" | "report_accepted":
            document["reports"] = _reports(document.get("reports", []), data)
        case "cost_report_returned" | "cost_report_accepted":
            document["cost_reports"] = _cost_reports(document, data)
        case "change_decided":
            decided = {"state": "decided", "decided_on": data.get("happened_on"), "decision": data["note"]}
            document["change_requests"] = [
                {**each, **decided} if each["change_id"] == request_id else each
                for each in document.get("change_requests", [])
            ]
            _move_reports(document, data.get("reports_due_on", []))
    return document


def _told_until(document: Document, data: Data) -> None:
    """The last day for a claim, or to appeal once one was decided. A claim that was taken back leaves both as they
    were: it happened on a day, and nothing is due.
    """
    if data.get("happened_on") is not None and data.get("due_on") is None:
        return
    document.pop("last_claim_day", None)
    document["last_claim_day" if data.get("request_id") is None else "last_appeal_day"] = data.get("due_on")


def _pay(document: Document, data: Data) -> None:
    """A payment that came back did not arrive: nothing of it was paid. What came in beyond a recovery is the
    applicant's own money: paid to them again it is no grant.
    """
    payment = data.get("request_id")
    payments = [each for each in document.get("payments", []) if payment is None or each["payment_id"] != payment]
    if data["standing"] == "paid" and data.get("amount") is not None:
        payments.append({"payment_id": payment, "amount": data["amount"], "paid_on": data.get("happened_on")})
    overpaid = cents(document.get("overpaid", euros(0))) + cents(data.get("overpaid") or euros(0))
    if overpaid:
        document["overpaid"] = euros(overpaid)
    document["payments"] = payments
    document["paid"] = euros(max(_total(payments) - overpaid, 0))


def _total(sums: Sequence[Data]) -> int:
    return sum(cents(each["amount"]) for each in sums)


def _reports(before: Sequence[Data], data: Data) -> list[Document]:
    """One that was sent unasked has no id until the officers' side tells of it."""
    after = [dict(each) for each in before]
    request_id = data.get("request_id")
    known = next((each for each in after if each["request_id"] == request_id), None)
    if known is None:
        known = next((each for each in after if each["request_id"] is None and each["state"] == "sent"), None)
    if known is None:
        known = {"due_on": None}
        after.append(known)
    known |= {"request_id": request_id, "state": _REPORTS[data["standing"]]}
    known["due_on"] = data.get("due_on") or known["due_on"]
    return after


def _move_reports(document: Document, days: Sequence[str]) -> None:
    """A change that was approved gives the reports that are asked for other days, the first day to the first report."""
    application_id = UUID(document["application_id"])
    moved = {str(usage_report_id(application_id, number)): day for number, day in enumerate(days, start=1)}
    for kept in ("reports", "open_requests"):
        document[kept] = [
            {**each, "due_on": moved[each["request_id"]]} if each["request_id"] in moved else each
            for each in document.get(kept, [])
        ]


def _cost_reports(document: Document, data: Data) -> list[Data]:
    state = data["standing"].removeprefix("cost_report_")
    application_id = UUID(document["application_id"])
    return [
        {**each, "state": state} if str(cost_report_id(application_id, number)) == data.get("request_id") else each
        for number, each in enumerate(document.get("cost_reports", []), start=1)
    ]


def _answered(document: Document, record: Record, standings: set[str], note: str) -> Document:
    """What the applicant sent is the news, as long as nothing else was told since it was asked for."""
    return _said(document, record, note) if document["standing"] in standings else document


def _said(document: Document, record: Record, note: str) -> Document:
    """The note of what the applicant did, in the place of what was told before."""
    rest = {name: value for name, value in document.items() if name not in _OF_STANDING}
    return {**rest, "note": note, "happened_on": record.recorded_at.astimezone(HELSINKI).date().isoformat()}


def _without(requests: Sequence[Data], request_id: str | None) -> list[Data]:
    return [each for each in requests if request_id is None or each["request_id"] != request_id]


_ARMS: Final[Mapping[str, Callable[[Document, Record, Data], Document]]] = {
    "application.withdrawn": _withdrawn,
    "application.supplemented": _supplemented,
    "application.attachment_added": _attachment_added,
    "application.change_requested": _change_requested,
    "application.standing_changed": _standing_changed,
    "usage_report.submitted": _use_reported,
    "cost_report.submitted": _costs_reported,
}
