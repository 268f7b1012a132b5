"""What an applicant is told of what follows a decision: in Finnish, with what is asked and by when, and of the back
office nothing.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from schemas.decisions import (
    AgreementDrafted,
    AgreementPartySigned,
    AgreementSigned,
    ChangeDecided,
    ChangeProposed,
    CostReportAccepted,
    CostReportReceived,
    CostReportReturned,
    DecisionNotified,
    NegotiationNoted,
    OwnFundingProven,
    PartnershipReviewed,
    RectificationNotified,
    SupplementRequested,
)
from schemas.facts import Fact
from schemas.intake import ApplicationStandingChanged
from services.intake.reactions import NOTE_CHARACTERS_MAX, Reactions, standing_of
from services.intake.telling import _occasion
from tests.unit.given import fact


def told(of: Fact) -> ApplicationStandingChanged:
    change = standing_of(of)
    assert change is not None
    return change


@pytest.mark.parametrize(
    ("of", "standing", "note", "more"),
    [
        (
            fact(RectificationNotified), "notified",
            "Oikaisuvaatimukseen annetusta päätöksestä voi valittaa hallinto-oikeuteen viimeistään 27.4.2026",
            {"due_on": date(2026, 4, 27), "happened_on": date(2026, 3, 25)},
        ),
        (
            fact(AgreementDrafted, version=2), "agreement_offered",
            "Lue ja allekirjoita sopimuksen versio 2: sopimus tulee voimaan, kun molemmat ovat allekirjoittaneet sen",
            {"question": "Lue ja allekirjoita sopimuksen versio 2", "due_on": None},
        ),
        (
            fact(AgreementSigned), "agreement_signed", "Sopimus on allekirjoitettu, voimassa 1.1.2026–31.12.2028",
            {"happened_on": date(2026, 3, 20)},
        ),
        (
            fact(AgreementSigned, valid_from=None, valid_until=None, signed_on=None), "agreement_signed",
            "Sopimus on allekirjoitettu", {"happened_on": None},
        ),
        (
            fact(CostReportReturned), "cost_report_returned",
            "Täydennä kustannusselvitys 1 viimeistään 1.8.2026: Kuitit puuttuvat",
            {"question": "Kuitit puuttuvat", "due_on": date(2026, 8, 1)},
        ),
        (
            fact(CostReportAccepted), "cost_report_accepted",
            "Kustannusselvityksestä 1 hyväksyttiin 850,00 euroa: Alkoholi ei ole hyväksyttävä kulu",
            {"amount": None, "due_on": None},
        ),
        (
            fact(ChangeDecided, conditions=["Toiminta jatkuu"], reports_due_on=[]), "change_decided",
            "Käyttöajan muutos on hyväksytty. Avustusta voi käyttää 30.6.2027 asti. Toiminta jatkuu. Perusteltu",
            {"happened_on": date(2026, 9, 15), "request_id": fact(ChangeDecided).change_id},
        ),
        (
            fact(ChangeDecided, what="purpose", use_until=None, reports_due_on=["2027-02-28", "2027-08-31"]),
            "change_decided",
            "Käyttötarkoituksen muutos on hyväksytty. Selvitys viimeistään 28.2.2027, 31.8.2027. Perusteltu",
            {"happened_on": date(2026, 9, 15)},
        ),
        (
            fact(ChangeDecided, what="budget", approved=False, use_until=None, reports_due_on=[]), "change_decided",
            "Talousarvion muutos on hylätty. Perusteltu", {"due_on": None},
        ),
    ],
)  # fmt: skip
def test_each_is_told_with_its_note_and_its_days(of: Fact, standing: str, note: str, more: dict[str, Any]) -> None:
    change = told(of)
    assert (change.standing, change.note) == (standing, note)
    assert {name: getattr(change, name) for name in more} == more


@pytest.mark.parametrize(
    "kind",
    [NegotiationNoted, AgreementPartySigned, PartnershipReviewed, OwnFundingProven, CostReportReceived, ChangeProposed],
)
def test_what_concerns_officers_alone_is_not_told(kind: type[Fact]) -> None:
    assert standing_of(fact(kind)) is None


def test_all_that_is_told_of_is_listened_to() -> None:
    listened = Reactions(None).by_type()["decisions"]  # type: ignore[arg-type]  # it is asked for names alone
    kinds = (
        RectificationNotified, AgreementDrafted, AgreementSigned, CostReportReturned, CostReportAccepted, ChangeDecided,
    )  # fmt: skip
    assert {kind.event_type for kind in kinds} <= set(listened)


@pytest.mark.parametrize("kind", [SupplementRequested, CostReportReturned])
def test_a_reason_as_long_as_a_text_may_be_is_told_whole_and_the_note_is_cut(kind: type[Fact]) -> None:
    name = "question" if kind is SupplementRequested else "reason"
    change = told(fact(kind, **{name: "a" * NOTE_CHARACTERS_MAX}))
    assert change.question == "a" * NOTE_CHARACTERS_MAX
    assert len(change.note) == NOTE_CHARACTERS_MAX
    assert change.note.endswith("…")


def test_a_mail_of_notice_says_whether_a_claim_or_an_appeal_can_follow() -> None:
    assert _occasion(told(fact(DecisionNotified))) == "notified"
    assert _occasion(told(fact(RectificationNotified))) == "claim_notified"
