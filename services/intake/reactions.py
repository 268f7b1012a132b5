"""What intake makes of others' events: where each application stands, in words for its applicant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from schemas.decisions import (
    CaseOpened,
    CaseTransferred,
    DecisionBecameFinal,
    DecisionMade,
    DecisionNotified,
    HearingOpened,
    RecoveryDecided,
    RectificationDecided,
    ReportAccepted,
    ReportReminded,
    ReportRequested,
    ReportReturned,
    SupplementRequested,
)
from schemas.facts import Fact
from schemas.intake import ApplicationStandingChanged, Standing
from schemas.payments import PaymentBooked, PaymentRejected, PaymentReturned
from services.ledger import Ledger, NotYet, Record, StreamWrite
from services.web.handling import fact_of, load

from .domain import applications

Reaction = Callable[[Record], Awaitable[Sequence[StreamWrite]]]


def standing_of(fact: Fact) -> ApplicationStandingChanged | None:  # noqa: C901, PLR0911, PLR0912 - one arm a fact
    """What the applicant may know of a fact; nothing of the back office."""
    match fact:
        case CaseOpened():
            note = f"Kirjattu diaarinumerolla {fact.diary_number}"
            return _change(fact.application_id, "in_preparation", note, diary_number=fact.diary_number)
        case SupplementRequested():
            note = f"{fact.question} (viimeistään {fact.due_on:%-d.%-m.%Y})"
            return _change(
                fact.application_id, "supplement_requested", note, request_id=fact.request_id,
                question=fact.question, due_on=fact.due_on,
            )  # fmt: skip
        case CaseTransferred():
            note = f"Siirretty kunnalle: {fact.municipality}. {fact.reason}"
            return _change(fact.application_id, "transferred", note, municipality=fact.municipality)
        case DecisionMade() | RectificationDecided():
            return _change(
                fact.application_id, "decided", fact.reasons, amount=fact.amount, happened_on=fact.decided_on
            )
        case DecisionNotified():
            note = f"Oikaisuvaatimus viimeistään {fact.last_claim_day:%-d.%-m.%Y}"
            return _change(fact.application_id, "notified", note, due_on=fact.last_claim_day, happened_on=fact.sent_on)
        case DecisionBecameFinal():
            note = f"Päätös on lainvoimainen {fact.final_on:%-d.%-m.%Y}"
            return _change(fact.application_id, "final", note, happened_on=fact.final_on)
        case HearingOpened():
            note = f"{fact.grounds} (vastaus viimeistään {fact.answer_by:%-d.%-m.%Y})"
            return _change(
                fact.application_id, "hearing", note, amount=fact.amount, question=fact.grounds,
                due_on=fact.answer_by, request_id=fact.hearing_id,
            )  # fmt: skip
        case RecoveryDecided():
            return _change(
                fact.application_id, "recovery", fact.grounds, amount=fact.amount, due_on=fact.due_on,
                happened_on=fact.decided_on,
            )  # fmt: skip
        case ReportRequested() | ReportReminded():
            note = f"Selvitys viimeistään {fact.due_on:%-d.%-m.%Y}"
            if isinstance(fact, ReportReminded):
                note = f"Selvitys on myöhässä: se oli annettava viimeistään {fact.due_on:%-d.%-m.%Y}"
            return _change(fact.application_id, "report_requested", note, due_on=fact.due_on)
        case ReportReturned():
            return _change(fact.application_id, "report_returned", fact.reason, due_on=fact.due_on)
        case ReportAccepted():
            return _change(fact.application_id, "report_accepted", "Selvitys on hyväksytty")
        case PaymentBooked():
            note = f"Maksettu {fact.booked_on:%-d.%-m.%Y}"
            return _change(fact.application_id, "paid", note, amount=fact.amount, happened_on=fact.booked_on)
        case PaymentRejected() | PaymentReturned():
            note = "Maksu ei mennyt perille: tarkista tilinumero"
            return _change(fact.application_id, "payment_delayed", note)
    return None


def _change(application_id: UUID, standing: Standing, note: str, **more: Any) -> ApplicationStandingChanged:
    values = {"diary_number": None, **more}
    return ApplicationStandingChanged(application_id=application_id, standing=standing, note=note, **values)


class Reactions:
    """Reactions by event type."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def note_standing(self, record: Record) -> Sequence[StreamWrite]:
        """Notes a new standing on the application's stream."""
        change = standing_of(fact_of(record))
        if change is None:
            return ()
        stream = f"application/{change.application_id}"
        loaded = await load(self._ledger, stream, applications.evolve, None)
        if loaded.state is None:
            raise NotYet(stream, loaded.version, "the application itself")
        return (loaded.write(applications.note_standing(loaded.state, change)),)

    def by_type(self) -> Mapping[str, Mapping[str, Reaction]]:
        """Topic → event type → reaction."""
        decisions = (
            CaseOpened, SupplementRequested, CaseTransferred, DecisionMade, DecisionNotified, RectificationDecided,
            DecisionBecameFinal, HearingOpened, RecoveryDecided, ReportRequested, ReportReminded,
            ReportReturned, ReportAccepted,
        )  # fmt: skip
        payments = (PaymentBooked, PaymentRejected, PaymentReturned)
        return {
            "decisions": {fact.event_type: self.note_standing for fact in decisions},
            "payments": {fact.event_type: self.note_standing for fact in payments},
        }
