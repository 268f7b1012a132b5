"""What intake makes of others' events: where each application stands, in words for its applicant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from schemas.decisions import (
    AgreementDrafted,
    AgreementSigned,
    CaseOpened,
    CaseTransferred,
    ChangeDecided,
    ChangeKind,
    CostReportAccepted,
    CostReportReturned,
    DecisionBecameFinal,
    DecisionMade,
    DecisionNotified,
    HearingOpened,
    RecoveryDecided,
    RectificationDecided,
    RectificationNotified,
    ReportAccepted,
    ReportReminded,
    ReportRequested,
    ReportReturned,
    SupplementRequested,
)
from schemas.facts import Fact
from schemas.intake import ApplicationStandingChanged, Standing
from schemas.money import euros
from schemas.payments import PaymentBooked, PaymentRejected, PaymentReturned
from services.ledger import Ledger, NotYet, Record, StreamWrite
from services.web.handling import fact_of, load

from .domain import applications

Reaction = Callable[[Record], Awaitable[Sequence[StreamWrite]]]
NOTE_CHARACTERS_MAX: Final = 4000
_CHANGES: Final[Mapping[ChangeKind, str]] = {
    "time": "Käyttöajan muutos", "budget": "Talousarvion muutos", "purpose": "Käyttötarkoituksen muutos",
}  # fmt: skip


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
    return _followed_up(fact)


def _followed_up(fact: Fact) -> ApplicationStandingChanged | None:  # noqa: PLR0911 - one arm a fact
    """What the applicant may know of what follows a decision."""
    match fact:
        case RectificationNotified():
            last = f"{fact.last_appeal_day:%-d.%-m.%Y}"
            note = f"Oikaisuvaatimukseen annetusta päätöksestä voi valittaa hallinto-oikeuteen viimeistään {last}"
            return _change(
                fact.application_id, "notified", note, due_on=fact.last_appeal_day, happened_on=fact.sent_on,
                request_id=fact.claim_id,
            )  # fmt: skip
        case AgreementDrafted():
            asked = f"Lue ja allekirjoita sopimuksen versio {fact.version}"
            return _change(
                fact.application_id, "agreement_offered", f"{asked}: sopimus tulee voimaan, kun molemmat ovat "
                "allekirjoittaneet sen", question=asked,
            )  # fmt: skip
        case AgreementSigned():
            return _change(fact.application_id, "agreement_signed", _in_force(fact), happened_on=fact.signed_on)
        case CostReportReturned():
            note = f"Täydennä kustannusselvitys {fact.cost_report} viimeistään {fact.due_on:%-d.%-m.%Y}: {fact.reason}"
            return _change(fact.application_id, "cost_report_returned", note, question=fact.reason, due_on=fact.due_on)
        case CostReportAccepted():
            accepted = euros(fact.accepted).removesuffix(" EUR").replace(".", ",")
            note = f"Kustannusselvityksestä {fact.cost_report} hyväksyttiin {accepted} euroa: {fact.reasons}"
            return _change(fact.application_id, "cost_report_accepted", note)
        case ChangeDecided():
            return _change(
                fact.application_id, "change_decided", _change_note(fact), happened_on=fact.decided_on,
                request_id=fact.change_id,
            )  # fmt: skip
    return None


def _in_force(signed: AgreementSigned) -> str:
    if signed.valid_from is None or signed.valid_until is None:
        return "Sopimus on allekirjoitettu"
    return f"Sopimus on allekirjoitettu, voimassa {signed.valid_from:%-d.%-m.%Y}–{signed.valid_until:%-d.%-m.%Y}"


def _change_note(decided: ChangeDecided) -> str:
    """The decision on a change, its new days and conditions, and its reasons."""
    said = [f"{_CHANGES[decided.what]} {'on hyväksytty' if decided.approved else 'on hylätty'}"]
    if decided.use_until is not None:
        said.append(f"Avustusta voi käyttää {decided.use_until:%-d.%-m.%Y} asti")
    if decided.reports_due_on:
        days = ", ".join(f"{day:%-d.%-m.%Y}" for day in decided.reports_due_on)
        said.append(f"Selvitys viimeistään {days}")
    return ". ".join([*said, *decided.conditions, decided.reasons])


def _change(application_id: UUID, standing: Standing, note: str, **more: Any) -> ApplicationStandingChanged:
    """A standing with its note, which is cut where it is longer than a text may be."""
    values = {"diary_number": None, **more}
    if len(note) > NOTE_CHARACTERS_MAX:
        note = f"{note[: NOTE_CHARACTERS_MAX - 1]}…"
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
            ReportReturned, ReportAccepted, RectificationNotified, AgreementDrafted, AgreementSigned,
            CostReportReturned, CostReportAccepted, ChangeDecided,
        )  # fmt: skip
        payments = (PaymentBooked, PaymentRejected, PaymentReturned)
        return {
            "decisions": {fact.event_type: self.note_standing for fact in decisions},
            "payments": {fact.event_type: self.note_standing for fact in payments},
        }
