"""What an applicant is told of what follows a decision: in Finnish, with what is asked and by when, and of the back
office nothing.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from schemas.catalogue import NEWEST, SERVICES
from schemas.decisions import (
    AgreementDrafted,
    AgreementPartySigned,
    AgreementSigned,
    AppealDecided,
    AppealLodged,
    CaseAssigned,
    CaseOpened,
    CaseTransferred,
    ChangeDecided,
    ChangeProposed,
    CostReportAccepted,
    CostReportReceived,
    CostReportReturned,
    DecisionMade,
    DecisionNotified,
    HearingAnswered,
    HearingClosed,
    HearingOpened,
    NegotiationNoted,
    OwnFundingProven,
    PartnershipReviewed,
    ProposalMade,
    RecoveryDecided,
    RectificationClaimed,
    RectificationDecided,
    RectificationNotified,
    RectificationWithdrawn,
    ReportAccepted,
    ReportChecked,
    ReportReceived,
    ReportReminded,
    ReportRequested,
    ReportReturned,
    SupplementRequested,
)
from schemas.facts import Fact
from schemas.intake import ApplicationStandingChanged
from schemas.payments import (
    LateInterestClaimed,
    PaymentBooked,
    PaymentPlanAgreed,
    PaymentRejected,
    PaymentReturned,
    PaymentSent,
    RecoveryClaimed,
    RecoveryOverpaid,
    RecoveryReceived,
    RecoverySetOff,
    RecoveryWrittenOff,
)
from services.intake.money_standings import ACCOUNT_FAULTS, payment_standing, recovery_standing
from services.intake.reactions import Reactions
from services.intake.standings import NOTE_CHARACTERS_MAX, standing_of, usage_report_id
from services.intake.telling import _occasion
from services.payments.bank.reason_codes import reason_codes
from tests.unit.given import county, fact

TODAY = date(2026, 9, 15)
LATE = (
    "Selvitys on myöhässä: se oli annettava viimeistään 30.11.2026. Avustuksesta ei makseta mitään ennen kuin selvitys "
    "on hyväksytty"
)
SIGNED_BY_ONE = (
    "Yhdistys on allekirjoittanut sopimuksen version 1 20.3.2026: sopimus tulee voimaan, kun molemmat ovat "
    "allekirjoittaneet sen"
)

APPEALED = "Päätöksestä on valitettu 20.4.2026: Itä-Suomen hallinto-oikeus"
STANDS = "Valitus on ratkaistu: päätös pysyy voimassa. Tuomioistuimen päätöksestä voi valittaa viimeistään 11.11.2026"
LACKING = "Osoita omarahoitus, jota hakemuksessa ilmoitettiin: 300,00 euroa. Avustuksesta ei makseta mitään ennen sitä"


def told(of: Fact) -> ApplicationStandingChanged:
    change = standing_of(of, county(), TODAY)
    assert change is not None
    return change


@pytest.mark.parametrize(
    ("of", "standing", "note", "more"),
    [
        (
            fact(CaseTransferred, municipality="raakkyla", reason="Liikuntatoiminta"), "transferred",
            "Siirretty kunnalle: Rääkkylä. Liikuntatoiminta", {"municipality": "raakkyla"},
        ),
        (
            fact(DecisionMade), "decided", "Avustus on myönnetty osittain: 1\u00a0500,00 euroa. Määräraha",
            {"amount": 150_000, "happened_on": date(2026, 2, 24), "instalments": fact(DecisionMade).instalments},
        ),
        (
            fact(AppealLodged), "appealed",
            f"{APPEALED}. Päätös ei ole lainvoimainen ennen kuin valitus on ratkaistu",
            {"happened_on": date(2026, 4, 20), "due_on": None},
        ),
        (
            fact(AppealLodged, suspends=False), "appealed", APPEALED, {},
        ),
        (
            fact(AppealDecided), "appealed",
            STANDS,
            {"happened_on": date(2026, 10, 12), "due_on": date(2026, 11, 11)},
        ),
        (
            fact(ReportReceived), "report_received", "Selvitys on saapunut 20.11.2026",
            {"request_id": usage_report_id(fact(ReportReceived).application_id, 1)},
        ),
        (fact(OwnFundingProven), "own_funding_awaited", "Omarahoitus on osoitettu", {"amount": 0, "question": None}),
        (
            fact(OwnFundingProven, total=20_000), "own_funding_awaited",
            LACKING,
            {"amount": 30_000},
        ),
        (
            fact(DecisionMade, outcome="granted", amount=0, instalments=[]), "decided",
            "Hakemus on hyväksytty ilman rahaa. Määräraha", {"amount": 0},
        ),
        (
            fact(DecisionMade, outcome="rejected", amount=0, instalments=[]), "decided",
            "Hakemus on hylätty. Määräraha", {"amount": 0},
        ),
        (
            fact(DecisionMade, outcome="not_examined", amount=0, instalments=[]), "decided",
            "Hakemus on jätetty tutkimatta. Määräraha", {"amount": 0},
        ),
        (
            fact(RectificationClaimed), "in_preparation", "Oikaisuvaatimus on saapunut 10.3.2026",
            {"happened_on": date(2026, 3, 10), "request_id": fact(RectificationClaimed).claim_id},
        ),
        (
            fact(RectificationClaimed, in_time=False), "in_preparation",
            "Oikaisuvaatimus on saapunut määräajan jälkeen 10.3.2026", {"due_on": None},
        ),
        (
            fact(RectificationWithdrawn), "notified", "Oikaisuvaatimus on peruttu 12.3.2026: päätös pysyy voimassa",
            {"due_on": None, "happened_on": date(2026, 3, 12), "request_id": fact(RectificationWithdrawn).claim_id},
        ),
        (
            fact(RectificationDecided, outcome="changed", reasons="Laskuvirhe"), "decided",
            "Päätöstä on muutettu oikaisuvaatimuksen johdosta: avustus on 1\u00a0600,00 euroa. Laskuvirhe",
            {"amount": 160_000, "request_id": fact(RectificationDecided).claim_id},
        ),
        (
            fact(RectificationDecided, changed_to="granted", amount=0, instalments=[], reasons="Tilat"), "decided",
            "Päätöstä on muutettu oikaisuvaatimuksen johdosta. Hakemus on hyväksytty ilman rahaa. Tilat", {"amount": 0},
        ),
        (
            fact(RectificationDecided, outcome="upheld", changed_to=None, reasons="Ei aihetta"), "decided",
            "Oikaisuvaatimus on hylätty. Ei aihetta", {},
        ),
        (
            fact(RectificationDecided, outcome="not_examined", changed_to=None, reasons="Myöhässä"), "decided",
            "Oikaisuvaatimus on jätetty tutkimatta. Myöhässä", {},
        ),
        (
            fact(AppealDecided, outcome="annulled"), "in_preparation",
            "Tuomioistuin on kumonnut päätöksen: oikaisuvaatimus ratkaistaan uudelleen", {"due_on": None},
        ),
        (
            fact(ReportRequested), "report_requested", "Selvitys viimeistään 30.11.2026",
            {"question": "Anna selvitys avustuksen käytöstä", "due_on": date(2026, 11, 30), "happened_on": None},
        ),
        (
            fact(ReportReminded), "report_requested",
            LATE,
            {"due_on": date(2026, 11, 30), "happened_on": date(2026, 12, 1),
             "request_id": usage_report_id(fact(ReportRequested).application_id, 1)},
        ),
        (
            fact(ReportReturned), "report_returned", "Täydennä selvitys viimeistään 15.12.2026: Kuitit puuttuvat",
            {"question": "Kuitit puuttuvat", "due_on": date(2026, 12, 15)},
        ),
        (
            fact(ReportAccepted), "report_accepted",
            "Selvitys on hyväksytty. Avustuksesta jäi käyttämättä 100,00 euroa", {"question": None},
        ),
        (fact(ReportAccepted, unused=0), "report_accepted", "Selvitys on hyväksytty", {}),
        (
            fact(HearingOpened), "hearing", "Jäi käyttämättä (vastaus viimeistään 30.10.2026)",
            {"question": "Jäi käyttämättä", "due_on": date(2026, 10, 30), "amount": 30_000},
        ),
        (
            fact(HearingAnswered), "hearing", "Vastaus kuulemiseen on saapunut 20.10.2026",
            {"question": None, "due_on": None, "request_id": fact(HearingOpened).hearing_id},
        ),
        (
            fact(HearingClosed), "hearing", "Kuuleminen on päätetty ilman takaisinperintää: Selvitys riittää",
            {"question": None, "due_on": None, "amount": None, "request_id": fact(HearingOpened).hearing_id},
        ),
        (
            fact(RecoveryDecided), "recovery",
            "Takaisin maksettava 304,93 euroa, josta korkoa 4,93 euroa, viimeistään 2.12.2026. Jäi käyttämättä",
            {"amount": 30_493, "due_on": date(2026, 12, 2), "request_id": fact(RecoveryDecided).recovery_id},
        ),
        (
            fact(RecoveryDecided, interest=0, interest_periods=[]), "recovery",
            "Takaisin maksettava 300,00 euroa, viimeistään 2.12.2026. Jäi käyttämättä", {"amount": 30_000},
        ),
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
            fact(AgreementPartySigned, party="association"), "agreement_offered",
            SIGNED_BY_ONE, {"question": None},
        ),
        (
            fact(PartnershipReviewed, year=2027, continues=False), "agreement_signed",
            "Vuosi 2027 on arvioitu: sen maksueriä ei toistaiseksi makseta", {"amount": None},
        ),
        (
            fact(PartnershipReviewed, year=2027, continues=True), "agreement_signed",
            "Vuosi 2027 on arvioitu: kumppanuus jatkuu", {},
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
    [NegotiationNoted, CostReportReceived, ChangeProposed, ReportChecked, CaseAssigned, ProposalMade],
)
def test_what_concerns_officers_alone_is_not_told(kind: type[Fact]) -> None:
    assert standing_of(fact(kind), county(), TODAY) is None


def test_the_countys_own_signature_asks_nothing_anew_of_the_association() -> None:
    assert standing_of(fact(AgreementPartySigned, party="county"), county(), TODAY) is None


# --- money ---------------------------------------------------------------------------------------------------

IBAN = "FI2112345600000785"
HOW = "Maksa tilille FI21 1234 5600 0007 85 viitteellä 1234561"


def test_a_payment_is_told_with_its_sum_and_day_and_nothing_of_how_it_is_made() -> None:
    paid = payment_standing(fact(PaymentBooked))
    assert (paid.standing, paid.note) == ("paid", "Maksettu 2.4.2026: 1\u00a0500,00 euroa")
    assert (paid.amount, paid.happened_on) == (150_000, date(2026, 4, 2))
    assert payment_standing(fact(PaymentReturned)).request_id == paid.request_id
    assert payment_standing(fact(PaymentBooked, attempt=2)).request_id != paid.request_id


@pytest.mark.parametrize("kind", [PaymentRejected, PaymentReturned])
def test_the_account_is_asked_about_only_where_it_is_at_fault(kind: type[PaymentRejected | PaymentReturned]) -> None:
    asked = payment_standing(fact(kind, reason_code="AC04"))
    assert (asked.question, asked.note) == ("Tarkista tilinumero", "Maksu ei mennyt perille: tarkista tilinumero")
    ours = payment_standing(fact(kind, reason_code="AM04"))
    assert (ours.question, ours.note) == (None, "Maksu ei mennyt perille: selvitämme syyn ja maksamme uudelleen")


def test_every_code_by_which_another_account_is_needed_asks_about_the_account() -> None:
    listed = {each.code for each in reason_codes().values() if each.what_to_do == "account"}
    assert listed | {"BE01"} == ACCOUNT_FAULTS


@pytest.mark.parametrize(
    ("of", "note", "more"),
    [
        (
            fact(RecoveryClaimed), f"Jäljellä 300,00 euroa. {HOW}",
            {"amount": 30_000, "question": HOW, "due_on": date(2026, 12, 2)},
        ),
        (
            fact(RecoveryReceived, amount=10_000), "Takaisin maksettu 20.11.2026: 100,00 euroa. Jäljellä 200,00 euroa",
            {"amount": 20_000, "question": None, "due_on": None},
        ),
        (
            fact(RecoveryReceived, amount=30_000),
            "Takaisin maksettu 20.11.2026: 300,00 euroa. Takaisinperinnästä ei ole enää maksettavaa", {"amount": 0},
        ),
        (
            fact(RecoverySetOff, amount=20_000),
            "Maksuerästä 2 on käytetty takaisinperintään 200,00 euroa. Jäljellä 100,00 euroa", {"amount": 10_000},
        ),
        (
            fact(RecoveryWrittenOff, amount=30_000),
            "Takaisinperinnästä on luovuttu: 300,00 euroa. Takaisinperinnästä ei ole enää maksettavaa", {"amount": 0},
        ),
        (
            fact(LateInterestClaimed, amount=78), f"Viivästyskorkoa 0,78 euroa. Jäljellä 300,78 euroa. {HOW}",
            {"amount": 30_078, "question": HOW},
        ),
        (
            fact(RecoveryOverpaid), "Liikaa maksettu 10,00 euroa maksetaan takaisin. Jäljellä 300,00 euroa",
            {"amount": 30_000},
        ),
    ],
)  # fmt: skip
def test_what_is_left_of_a_recovery_is_told_with_how_to_pay_it(of: Any, note: str, more: dict[str, Any]) -> None:
    change = recovery_standing(of, 30_000, IBAN)
    assert (change.standing, change.note, change.request_id) == ("recovery", note, of.recovery_id)
    assert {name: getattr(change, name) for name in more} == more


def test_a_plan_names_its_parts_and_the_day_of_the_last_one() -> None:
    parts = [{"due_on": "2026-12-31", "amount": "150.00 EUR"}, {"due_on": "2027-01-31", "amount": "150.00 EUR"}]
    change = recovery_standing(fact(PaymentPlanAgreed, parts=parts), 30_000, IBAN)
    named = "150,00 euroa viimeistään 31.12.2026, 150,00 euroa viimeistään 31.1.2027"
    assert (change.question, change.due_on) == (f"{HOW} osissa: {named}", date(2027, 1, 31))


def test_all_that_is_told_of_is_listened_to() -> None:
    """Every fact of decisions was tried: what has a standing has a reaction, and nothing else."""
    listened = Reactions(None, county()).by_type()["decisions"]  # type: ignore[arg-type]  # asked for names alone
    samples = {kind.event_type: kind for kind in SERVICES["decisions"] if kind.event_schema == NEWEST[kind.event_type]}
    association = {"agreement.party_signed": {"party": "association"}, "appeal.decided": {"outcome": "annulled"}}
    made = {name: fact(kind, **association.get(name, {})) for name, kind in samples.items()}
    assert {name for name, of in made.items() if standing_of(of, county(), TODAY) is not None} == set(listened)


@pytest.mark.parametrize("kind", [SupplementRequested, CostReportReturned])
def test_a_reason_as_long_as_a_text_may_be_is_told_whole_and_the_note_is_cut(kind: type[Fact]) -> None:
    name = "question" if kind is SupplementRequested else "reason"
    change = told(fact(kind, **{name: "a" * NOTE_CHARACTERS_MAX}))
    assert change.question == "a" * NOTE_CHARACTERS_MAX
    assert len(change.note) == NOTE_CHARACTERS_MAX
    assert change.note.endswith("…")


@pytest.mark.parametrize(
    ("of", "occasion"),
    [
        (fact(DecisionNotified), "notified"), (fact(RectificationNotified), "claim_notified"),
        (fact(CaseOpened), "received"), (fact(RectificationClaimed), None), (fact(RectificationWithdrawn), None),
        (fact(ReportRequested), "report_due"), (fact(ReportReminded), "report_overdue"),
        (fact(ReportReturned), "report_returned"), (fact(ReportAccepted), None),
        (fact(HearingOpened), "hearing"), (fact(HearingAnswered), None), (fact(RecoveryDecided), "recovery"),
        (fact(HearingClosed), None),
        (fact(AgreementDrafted), "agreement_offered"), (fact(AgreementPartySigned, party="association"), None),
        (fact(PartnershipReviewed), None), (fact(ReportReceived), None), (fact(AppealLodged), None),
        (fact(OwnFundingProven, amount=100, total=100), "own_funding_awaited"), (fact(OwnFundingProven), None),
    ],
)  # fmt: skip
def test_a_mail_says_what_waits_and_none_goes_where_nothing_does(of: Fact, occasion: str | None) -> None:
    assert _occasion(told(of)) == occasion


@pytest.mark.parametrize(
    ("change", "occasion"),
    [
        (payment_standing(fact(PaymentRejected, reason_code="AC04")), "payment_delayed"),
        (payment_standing(fact(PaymentRejected, reason_code="AM04")), "payment_later"),
        (payment_standing(fact(PaymentBooked)), "paid"),
        (payment_standing(fact(PaymentSent)), None),
        (recovery_standing(fact(RecoveryClaimed), 1, IBAN), "recovery_to_pay"),
        (recovery_standing(fact(LateInterestClaimed), 1, IBAN), "recovery_to_pay"),
        (recovery_standing(fact(RecoveryReceived), 30_000, IBAN), None),
    ],
)
def test_a_mail_goes_where_money_waits_for_the_applicant(
    change: ApplicationStandingChanged, occasion: str | None
) -> None:
    assert _occasion(change) == occasion
