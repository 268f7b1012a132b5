"""What an applicant may know of a fact of decisions or payments, in Finnish; nothing of the back office. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID, uuid5

from schemas.county import County
from schemas.decisions import (
    AgreementDrafted,
    AgreementPartySigned,
    AgreementSigned,
    AppealDecided,
    AppealLodged,
    CaseOpened,
    CaseTransferred,
    ChangeDecided,
    ChangeKind,
    CostReportAccepted,
    CostReportReturned,
    DecisionBecameFinal,
    DecisionMade,
    DecisionNotified,
    HearingAnswered,
    HearingClosed,
    HearingOpened,
    OwnFundingProven,
    PartnershipReviewed,
    RecoveryDecided,
    RectificationClaimed,
    RectificationDecided,
    RectificationNotified,
    RectificationWithdrawn,
    ReportAccepted,
    ReportReceived,
    ReportReminded,
    ReportRequested,
    ReportReturned,
    SupplementRequested,
)
from schemas.facts import Fact
from schemas.intake import ApplicationStandingChanged, Standing
from schemas.money import euros

NOTE_CHARACTERS_MAX: Final = 4000
_CHANGES: Final[Mapping[ChangeKind, str]] = {
    "time": "Käyttöajan muutos", "budget": "Talousarvion muutos", "purpose": "Käyttötarkoituksen muutos",
}  # fmt: skip
_DECIDED: Final[Mapping[str, str]] = {
    "granted": "Avustus on myönnetty: {sum}",
    "granted_in_part": "Avustus on myönnetty osittain: {sum}",
    "rejected": "Hakemus on hylätty",
    "not_examined": "Hakemus on jätetty tutkimatta",
}
_CLAIM_DECIDED: Final[Mapping[str, str]] = {
    "upheld": "Oikaisuvaatimus on hylätty",
    "not_examined": "Oikaisuvaatimus on jätetty tutkimatta",
}


def usage_report_id(application_id: UUID, number: int) -> UUID:
    """What a report of use is known by to its applicant, who is not told its number."""
    return uuid5(application_id, f"usage-report/{number}")


def own_funding_id(application_id: UUID) -> UUID:
    """What the proof of own funding is known by."""
    return uuid5(application_id, "own-funding")


def cost_report_id(application_id: UUID, number: int) -> UUID:
    """What a report of costs is known by."""
    return uuid5(application_id, f"cost-report/{number}")


def money(amount_cents: int) -> str:
    """A sum as Finnish has it: 1 234,50 euroa, with a space that does not break."""
    whole, _, rest = euros(amount_cents).removesuffix(" EUR").partition(".")
    return f"{int(whole):,}".replace(",", "\u00a0") + f",{rest} euroa"


def day(on: date) -> str:
    """A date as Finnish has it: 5.2.2026."""
    return f"{on:%-d.%-m.%Y}"


def change(application_id: UUID, standing: Standing, note: str, **more: Any) -> ApplicationStandingChanged:
    """A standing with its note, which is cut where it is longer than a text may be."""
    values = {"diary_number": None, **more}
    if len(note) > NOTE_CHARACTERS_MAX:
        note = f"{note[: NOTE_CHARACTERS_MAX - 1]}…"
    return ApplicationStandingChanged(application_id=application_id, standing=standing, note=note, **values)


def standing_of(fact: Fact, county: County, today: date) -> ApplicationStandingChanged | None:
    """What the applicant is told of a fact of decisions that was recorded on a Helsinki date; None where nothing."""
    match fact:
        case CaseOpened():
            note = f"Kirjattu diaarinumerolla {fact.diary_number}"
            return change(fact.application_id, "in_preparation", note, diary_number=fact.diary_number)
        case SupplementRequested():
            note = f"{fact.question} (viimeistään {day(fact.due_on)})"
            return change(
                fact.application_id, "supplement_requested", note, request_id=fact.request_id,
                question=fact.question, due_on=fact.due_on,
            )  # fmt: skip
        case CaseTransferred():
            municipality = county.municipality(fact.municipality, today)
            name = fact.municipality if municipality is None else municipality.name.fi
            note = f"Siirretty kunnalle: {name}. {fact.reason}"
            return change(fact.application_id, "transferred", note, municipality=fact.municipality)
    return _decided(fact) or _reported(fact) or _agreed(fact)


def _decided(fact: Fact) -> ApplicationStandingChanged | None:  # noqa: PLR0911 - one arm a fact
    """Decisions, their notice, claims against them, finality."""
    match fact:
        case DecisionMade():
            note = f"{_outcome(fact.outcome, fact.amount)}. {fact.reasons}"
            return change(
                fact.application_id, "decided", note, amount=fact.amount, happened_on=fact.decided_on,
                instalments=fact.instalments,
            )  # fmt: skip
        case DecisionNotified():
            note = f"Oikaisuvaatimus viimeistään {day(fact.last_claim_day)}"
            return change(fact.application_id, "notified", note, due_on=fact.last_claim_day, happened_on=fact.sent_on)
        case RectificationClaimed():
            late = "" if fact.in_time else " määräajan jälkeen"
            note = f"Oikaisuvaatimus on saapunut{late} {day(fact.received_on)}"
            return change(
                fact.application_id, "in_preparation", note, request_id=fact.claim_id, happened_on=fact.received_on
            )
        case RectificationWithdrawn():
            # Without a day: the one until which a claim or an appeal can be made stays as it was told.
            note = f"Oikaisuvaatimus on peruttu {day(fact.withdrawn_on)}: päätös pysyy voimassa"
            return change(
                fact.application_id, "notified", note, request_id=fact.claim_id, happened_on=fact.withdrawn_on
            )
        case RectificationDecided():
            return change(
                fact.application_id, "decided", f"{_claim_outcome(fact)}. {fact.reasons}", amount=fact.amount,
                happened_on=fact.decided_on, request_id=fact.claim_id, instalments=fact.instalments,
            )  # fmt: skip
        case RectificationNotified():
            last = day(fact.last_appeal_day)
            note = f"Oikaisuvaatimukseen annetusta päätöksestä voi valittaa hallinto-oikeuteen viimeistään {last}"
            return change(
                fact.application_id, "notified", note, due_on=fact.last_appeal_day, happened_on=fact.sent_on,
                request_id=fact.claim_id,
            )  # fmt: skip
        case AppealLodged() | AppealDecided():
            return _appealed(fact)
        case DecisionBecameFinal():
            note = f"Päätös on lainvoimainen {day(fact.final_on)}"
            return change(fact.application_id, "final", note, happened_on=fact.final_on)
    return None


def _appealed(fact: AppealLodged | AppealDecided) -> ApplicationStandingChanged:
    if isinstance(fact, AppealLodged):
        waits = ". Päätös ei ole lainvoimainen ennen kuin valitus on ratkaistu" if fact.suspends else ""
        note = f"Päätöksestä on valitettu {day(fact.lodged_on)}: {fact.court}{waits}"
        return change(fact.application_id, "appealed", note, request_id=fact.appeal_id, happened_on=fact.lodged_on)
    if fact.outcome == "annulled":
        note = "Tuomioistuin on kumonnut päätöksen: oikaisuvaatimus ratkaistaan uudelleen"
        return change(
            fact.application_id, "in_preparation", note, request_id=fact.appeal_id, happened_on=fact.decided_on
        )
    note = "Valitus on ratkaistu: päätös pysyy voimassa"
    if fact.open_until is not None:
        note += f". Tuomioistuimen päätöksestä voi valittaa viimeistään {day(fact.open_until)}"
    return change(
        fact.application_id, "appealed", note, request_id=fact.appeal_id, due_on=fact.open_until,
        happened_on=fact.decided_on,
    )  # fmt: skip


def own_funding_standing(application_id: UUID, left: int) -> ApplicationStandingChanged:
    """That so much (cents) of the own funding an application declares is still to be proven; nothing is asked once all
    of it is.
    """
    asked = None
    note = "Omarahoitus on osoitettu"
    if left:
        asked = f"Osoita omarahoitus, jota hakemuksessa ilmoitettiin: {money(left)}"
        note = f"{asked}. Avustuksesta ei makseta mitään ennen sitä"
    return change(
        application_id,
        "own_funding_awaited",
        note,
        amount=left,
        question=asked,
        request_id=own_funding_id(application_id),
    )


def _outcome(outcome: str, amount: int) -> str:
    """A partnership may be granted without money."""
    if amount == 0 and outcome in {"granted", "granted_in_part"}:
        return "Hakemus on hyväksytty ilman rahaa"
    return _DECIDED[outcome].format(sum=money(amount))


def _claim_outcome(decided: RectificationDecided) -> str:
    """What a changed decision says now; before version 3 of its event, what goes with the sum."""
    if decided.outcome != "changed":
        return _CLAIM_DECIDED[decided.outcome]
    said = "Päätöstä on muutettu oikaisuvaatimuksen johdosta"
    if decided.amount > 0:
        return f"{said}: avustus on {money(decided.amount)}"
    return f"{said}. {_outcome(decided.changed_to or 'rejected', 0)}"


def _reported(fact: Fact) -> ApplicationStandingChanged | None:  # noqa: PLR0911 - one arm a fact
    """Reports of use and of costs, hearings, recovery, changes."""
    match fact:
        case ReportRequested() | ReportReminded():
            last = day(fact.due_on)
            note, reminded_on = f"Selvitys viimeistään {last}", None
            if isinstance(fact, ReportReminded):
                note = (
                    f"Selvitys on myöhässä: se oli annettava viimeistään {last}. Avustuksesta ei makseta mitään ennen "
                    "kuin selvitys on hyväksytty"
                )
                reminded_on = fact.reminded_on
            return change(
                fact.application_id, "report_requested", note, question="Anna selvitys avustuksen käytöstä",
                due_on=fact.due_on, happened_on=reminded_on,
                request_id=usage_report_id(fact.application_id, fact.report),
            )  # fmt: skip
        case ReportReceived():
            return change(
                fact.application_id, "report_received", f"Selvitys on saapunut {day(fact.received_on)}",
                happened_on=fact.received_on, request_id=usage_report_id(fact.application_id, fact.report),
            )  # fmt: skip
        case OwnFundingProven():
            return own_funding_standing(fact.application_id, max(fact.declared - fact.total, 0))
        case ReportReturned():
            note = f"Täydennä selvitys viimeistään {day(fact.due_on)}: {fact.reason}"
            return change(
                fact.application_id, "report_returned", note, question=fact.reason, due_on=fact.due_on,
                request_id=usage_report_id(fact.application_id, fact.report),
            )  # fmt: skip
        case ReportAccepted():
            unused = f". Avustuksesta jäi käyttämättä {money(fact.unused)}" if fact.unused else ""
            return change(
                fact.application_id, "report_accepted", f"Selvitys on hyväksytty{unused}",
                request_id=usage_report_id(fact.application_id, fact.report),
            )  # fmt: skip
        case CostReportReturned():
            note = f"Täydennä kustannusselvitys {fact.cost_report} viimeistään {day(fact.due_on)}: {fact.reason}"
            return change(
                fact.application_id, "cost_report_returned", note, question=fact.reason, due_on=fact.due_on,
                request_id=cost_report_id(fact.application_id, fact.cost_report),
            )  # fmt: skip
        case CostReportAccepted():
            note = f"Kustannusselvityksestä {fact.cost_report} hyväksyttiin {money(fact.accepted)}: {fact.reasons}"
            return change(
                fact.application_id, "cost_report_accepted", note,
                request_id=cost_report_id(fact.application_id, fact.cost_report),
            )  # fmt: skip
        case ChangeDecided():
            return change(
                fact.application_id, "change_decided", _change_note(fact), happened_on=fact.decided_on,
                request_id=fact.change_id, reports_due_on=fact.reports_due_on,
            )  # fmt: skip
    return _recovered(fact)


def _recovered(fact: Fact) -> ApplicationStandingChanged | None:
    match fact:
        case HearingOpened():
            note = f"{fact.grounds} (vastaus viimeistään {day(fact.answer_by)})"
            return change(
                fact.application_id, "hearing", note, amount=fact.amount, question=fact.grounds,
                due_on=fact.answer_by, request_id=fact.hearing_id,
            )  # fmt: skip
        case HearingAnswered():
            note = f"Vastaus kuulemiseen on saapunut {day(fact.answered_on)}"
            return change(
                fact.application_id, "hearing", note, request_id=fact.hearing_id, happened_on=fact.answered_on
            )
        case HearingClosed():
            note = f"Kuuleminen on päätetty ilman takaisinperintää: {fact.reasons}"
            return change(fact.application_id, "hearing", note, request_id=fact.hearing_id)
        case RecoveryDecided():
            total = fact.amount + fact.interest
            interest = f", josta korkoa {money(fact.interest)}" if fact.interest else ""
            note = f"Takaisin maksettava {money(total)}{interest}, viimeistään {day(fact.due_on)}. {fact.grounds}"
            return change(
                fact.application_id, "recovery", note, amount=total, due_on=fact.due_on, happened_on=fact.decided_on,
                request_id=fact.recovery_id,
            )  # fmt: skip
    return None


def _change_note(decided: ChangeDecided) -> str:
    """The decision on a change, its new days and conditions, and its reasons."""
    said = [f"{_CHANGES[decided.what]} {'on hyväksytty' if decided.approved else 'on hylätty'}"]
    if decided.use_until is not None:
        said.append(f"Avustusta voi käyttää {day(decided.use_until)} asti")
    if decided.reports_due_on:
        said.append(f"Selvitys viimeistään {', '.join(day(each) for each in decided.reports_due_on)}")
    return ". ".join([*said, *decided.conditions, decided.reasons])


def _agreed(fact: Fact) -> ApplicationStandingChanged | None:
    """Agreements of partnerships, and their reviews."""
    match fact:
        case AgreementDrafted():
            asked = f"Lue ja allekirjoita sopimuksen versio {fact.version}"
            note = f"{asked}: sopimus tulee voimaan, kun molemmat ovat allekirjoittaneet sen"
            return change(fact.application_id, "agreement_offered", note, question=asked)
        case AgreementPartySigned(party="association"):
            note = (
                f"Yhdistys on allekirjoittanut sopimuksen version {fact.version} {day(fact.signed_on)}: sopimus tulee "
                "voimaan, kun molemmat ovat allekirjoittaneet sen"
            )
            return change(fact.application_id, "agreement_offered", note, happened_on=fact.signed_on)
        case AgreementSigned():
            return change(fact.application_id, "agreement_signed", _in_force(fact), happened_on=fact.signed_on)
        case PartnershipReviewed():
            said = "kumppanuus jatkuu" if fact.continues else "sen maksueriä ei toistaiseksi makseta"
            note = f"Vuosi {fact.year} on arvioitu: {said}"
            return change(fact.application_id, "agreement_signed", note, happened_on=fact.reviewed_on)
    return None


def _in_force(signed: AgreementSigned) -> str:
    if signed.valid_from is None or signed.valid_until is None:
        return "Sopimus on allekirjoitettu"
    return f"Sopimus on allekirjoitettu, voimassa {day(signed.valid_from)}–{day(signed.valid_until)}"
