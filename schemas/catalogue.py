"""Every released event type and version, with the upcasters between versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import decisions, intake, payments
from .facts import Fact

Data = dict[str, Any]
Upcaster = Callable[[Data], Data]

SERVICES: Mapping[str, tuple[type[Fact], ...]] = {
    "intake": intake.FACTS,
    "decisions": decisions.FACTS,
    "payments": payments.FACTS,
}
MODELS: Mapping[tuple[str, int], type[Fact]] = {
    (fact.event_type, fact.event_schema): fact for facts in SERVICES.values() for fact in facts
}
NEWEST: Mapping[str, int] = {name: max(version for other, version in MODELS if other == name) for name, _ in MODELS}


class ContractUnknown(ValueError):
    """An event type or version that this release does not know."""


def _application_submitted_1_to_2(data: Data) -> Data:
    """One municipality became shares of municipalities: all of it lay in the one."""
    rest = {key: value for key, value in data.items() if key != "municipality"}
    return {**rest, "municipalities": [{"municipality": data["municipality"], "percent": 100}]}


def _application_submitted_2_to_3(data: Data) -> Data:
    """Sent under the call as it was published first, with sums alone, no answers, no attachments and no contact."""
    return {**data, "call_version": 1, "budget": None, "answers": [], "attachments": [], "contact_id": None}


def _call_published_1_to_2(data: Data) -> Data:
    """A call without a form of its own: open to every kind of association, assessed by one person without criteria."""
    return {
        **data, "translations": None, "questions": [], "criteria": [], "assessors": 1, "attachments": [],
        "applicants": ["local", "district", "collaborative_area"], "appropriation": None, "payable_from": [],
        "reports_due_on": [],
    }  # fmt: skip


def _case_opened_1_to_2(data: Data) -> Data:
    """One municipality was known of: it has the whole activity."""
    return {**data, "call_version": 1, "municipalities": [{"municipality": data["municipality"], "percent": 100}]}


def _case_assigned_1_to_2(data: Data) -> Data:
    """There was no deputy."""
    return {**data, "deputy": None}


def _assessment_recorded_1_to_2(data: Data) -> Data:
    """Whole points without criteria."""
    return {**data, "hundredths": data["points"] * 100, "scores": []}


def _standing_changed_1_to_2(data: Data) -> Data:
    """The note alone said what is asked, when and where."""
    return {**data, "question": None, "due_on": None, "happened_on": None, "municipality": None}


def _standing_changed_3_to_4(data: Data) -> Data:
    """In which instalments a grant is paid, when its reports are due after a change, and what came in beyond a
    recovery was not told.
    """
    return {**data, "instalments": [], "reports_due_on": [], "overpaid": None}


def _section_taken_1_to_2(data: Data) -> Data:
    """Who left the meeting for a case was not kept."""
    return {**data, "excluded": []}


def _usage_report_1_to_2(data: Data) -> Data:
    """A report came without attachments."""
    return {**data, "attachments": []}


def _decision_1_to_2(data: Data) -> Data:
    """Nobody stood in for another, no grant waited for own funding, and the time of use stood in the text alone."""
    return {**data, "on_behalf_of": None, "own_funding": "0.00 EUR", "use_from": None, "use_until": None}


def _documented_1_to_2(data: Data) -> Data:
    """Only decisions on grants had a document."""
    return {**data, "about": "decision", "claim_id": None}


def _rectification_decided_1_to_2(data: Data) -> Data:
    """The body that decided was not kept."""
    return {
        **data, "organ": None, "meeting_id": None, "section": None, "on_behalf_of": None, "own_funding": "0.00 EUR",
        "municipality": None,
    }  # fmt: skip


def _rectification_decided_2_to_3(data: Data) -> Data:
    """What a changed decision says now followed from its sum alone."""
    return {**data, "changed_to": None}


def _hold_1_to_2(data: Data) -> Data:
    """Which report was overdue was not kept."""
    return {**data, "report": None}


def _hearing_opened_1_to_2(data: Data) -> Data:
    """When the county learned of the grounds was not kept."""
    return {**data, "learned_on": None}


def _agreement_signed_1_to_2(data: Data) -> Data:
    """One version, signed by both at once, without a period of its own."""
    return {
        **data, "version": 1, "contributions": [], "valid_from": None, "valid_until": None, "signed_on": None,
    }  # fmt: skip


def _recovery_decided_1_to_2(data: Data) -> Data:
    """No interest was asked."""
    return {**data, "interest": "0.00 EUR", "interest_periods": [], "interest_waived": None, "on_behalf_of": None}


def _section_taken_2_to_3(data: Data) -> Data:
    """Sections were given to decisions on grants alone."""
    return {**data, "matter": "decision"}


def _as_it_was(data: Data) -> Data:
    """The new version only allows more."""
    return data


def _period_closed_1_to_2(data: Data) -> Data:
    """What came later stood in the closed period."""
    return {**data, "up_to_position": 0, "balances": [], "late": 0}


def _reconciliation_completed_1_to_2(data: Data) -> Data:
    """Sums had to be equal to the cent."""
    return {**data, "tolerance": "0.00 EUR", "within_tolerance": 0}


def _postings_imported_1_to_2(data: Data) -> Data:
    """Files were taken whole."""
    return {**data, "take": "all_or_nothing", "left_out": 0}


def _run_approved_1_to_2(data: Data) -> Data:
    """Runs were approved as a whole, and by nobody for another."""
    return {**data, "lines": None, "on_behalf_of": None}


def _grant_awarded_1_to_2(data: Data) -> Data:
    """Instalments waited for nothing but their day, and the municipality was not kept."""
    return {**data, "requires": [], "municipality": None}


UPCASTERS: Mapping[tuple[str, int], Upcaster] = {
    ("agreement.signed", 1): _agreement_signed_1_to_2,
    ("application.standing_changed", 2): _as_it_was,
    ("application.standing_changed", 3): _standing_changed_3_to_4,
    ("decision.documented", 1): _documented_1_to_2,
    ("decision.made", 1): _decision_1_to_2,
    ("grant.awarded", 1): _grant_awarded_1_to_2,
    ("meeting.section_taken", 2): _section_taken_2_to_3,
    ("period.closed", 1): _period_closed_1_to_2,
    ("postings.imported", 1): _postings_imported_1_to_2,
    ("reconciliation.completed", 1): _reconciliation_completed_1_to_2,
    ("recovery.decided", 1): _recovery_decided_1_to_2,
    ("run.approved", 1): _run_approved_1_to_2,
    ("rectification.decided", 1): _rectification_decided_1_to_2,
    ("rectification.decided", 2): _rectification_decided_2_to_3,
    ("grant.held", 1): _hold_1_to_2,
    ("grant.hold_lifted", 1): _hold_1_to_2,
    ("hearing.opened", 1): _hearing_opened_1_to_2,
    ("payment.noted", 1): _as_it_was,
    ("usage_report.submitted", 1): _usage_report_1_to_2,
    ("meeting.section_taken", 1): _section_taken_1_to_2,
    ("application.standing_changed", 1): _standing_changed_1_to_2,
    ("application.submitted", 1): _application_submitted_1_to_2,
    ("application.submitted", 2): _application_submitted_2_to_3,
    ("assessment.recorded", 1): _assessment_recorded_1_to_2,
    ("call.published", 1): _call_published_1_to_2,
    ("case.assigned", 1): _case_assigned_1_to_2,
    ("case.opened", 1): _case_opened_1_to_2,
}
"""(type, version) → a pure function to the data of the next version."""


def known(event_type: str, schema: int) -> bool:
    """Whether this release can read an event."""
    return (event_type, schema) in MODELS


def upcast(event_type: str, schema: int, data: Data) -> Data:
    """The data as the newest version of its type; raises ContractUnknown."""
    if not known(event_type, schema):
        raise ContractUnknown(f"{event_type} version {schema} is unknown to this release")
    for version in range(schema, NEWEST[event_type]):
        data = UPCASTERS[event_type, version](data)
    return data


def read(event_type: str, schema: int, data: Data) -> Fact:
    """The event as the newest model of its type. Raises ContractUnknown, or pydantic's ValidationError."""
    newest = MODELS[event_type, NEWEST[event_type]] if event_type in NEWEST else None
    upcasted = upcast(event_type, schema, data)
    if newest is None:
        raise ContractUnknown(f"{event_type} is unknown to this release")
    return newest.model_validate(upcasted)
