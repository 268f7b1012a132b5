"""What intake makes of others' events: where each application stands, in words for its applicant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from schemas.decisions import (
    CaseOpened,
    CaseTransferred,
    DecisionBecameFinal,
    DecisionMade,
    DecisionNotified,
    RecoveryDecided,
    RectificationDecided,
    SupplementRequested,
)
from schemas.facts import Fact
from schemas.intake import ApplicationStandingChanged
from schemas.payments import PaymentBooked, PaymentRejected, PaymentReturned
from services.ledger import Ledger, NotYet, Record, StreamWrite
from services.web.handling import fact_of, load

from .domain import applications

Reaction = Callable[[Record], Awaitable[Sequence[StreamWrite]]]


def standing_of(fact: Fact) -> ApplicationStandingChanged | None:  # noqa: C901, PLR0911 - one arm a fact
    """What the applicant may know of a fact; nothing of the back office."""
    change = ApplicationStandingChanged
    match fact:
        case CaseOpened():
            return change(
                application_id=fact.application_id, standing="in_preparation", diary_number=fact.diary_number,
                note=f"Kirjattu diaarinumerolla {fact.diary_number}",
            )  # fmt: skip
        case SupplementRequested():
            return change(
                application_id=fact.application_id, standing="supplement_requested", diary_number=None,
                note=f"{fact.question} (viimeistään {fact.due_on:%-d.%-m.%Y})", request_id=fact.request_id,
            )  # fmt: skip
        case CaseTransferred():
            return change(
                application_id=fact.application_id, standing="transferred", diary_number=None,
                note=f"Siirretty kunnalle: {fact.municipality}. {fact.reason}",
            )  # fmt: skip
        case DecisionMade():
            return change(
                application_id=fact.application_id, standing="decided", diary_number=None, note=fact.reasons,
                amount=fact.amount,
            )  # fmt: skip
        case DecisionNotified():
            return change(
                application_id=fact.application_id, standing="notified", diary_number=None,
                note=f"Oikaisuvaatimus viimeistään {fact.last_claim_day:%-d.%-m.%Y}",
            )  # fmt: skip
        case RectificationDecided():
            return change(
                application_id=fact.application_id, standing="decided", diary_number=None, note=fact.reasons,
                amount=fact.amount,
            )  # fmt: skip
        case DecisionBecameFinal():
            return change(
                application_id=fact.application_id, standing="final", diary_number=None,
                note=f"Päätös on lainvoimainen {fact.final_on:%-d.%-m.%Y}",
            )  # fmt: skip
        case RecoveryDecided():
            return change(
                application_id=fact.application_id, standing="recovery", diary_number=None, note=fact.grounds,
                amount=fact.amount,
            )  # fmt: skip
        case PaymentBooked():
            return change(
                application_id=fact.application_id, standing="paid", diary_number=None, amount=fact.amount,
                note=f"Maksettu {fact.booked_on:%-d.%-m.%Y}",
            )  # fmt: skip
        case PaymentRejected() | PaymentReturned():
            return change(
                application_id=fact.application_id, standing="payment_delayed", diary_number=None,
                note="Maksu ei mennyt perille: tarkista tilinumero",
            )  # fmt: skip
    return None


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
            DecisionBecameFinal, RecoveryDecided,
        )  # fmt: skip
        payments = (PaymentBooked, PaymentRejected, PaymentReturned)
        return {
            "decisions": {fact.event_type: self.note_standing for fact in decisions},
            "payments": {fact.event_type: self.note_standing for fact in payments},
        }
