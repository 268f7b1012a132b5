"""What an applicant reads of their application over its whole life: where it stands, what is asked next and by when,
what was paid. Events come through the reactions as they come from the other services.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.decisions import (
    AgreementDrafted,
    AgreementPartySigned,
    AgreementSigned,
    AppealDecided,
    AppealLodged,
    CaseOpened,
    CaseTransferred,
    ChangeDecided,
    CostReportAccepted,
    CostReportReturned,
    DecisionBecameFinal,
    DecisionMade,
    DecisionNotified,
    HearingAnswered,
    HearingClosed,
    HearingOpened,
    OwnFundingProven,
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
from schemas.payments import (
    LateInterestClaimed,
    PaymentBooked,
    PaymentRejected,
    PaymentReturned,
    PaymentSent,
    RecoveryClaimed,
    RecoveryOverpaid,
    RecoveryReceived,
    RecoverySetOff,
)
from services.intake.reactions import Reactions
from services.ledger import Context, NotYet, Unit, decode_body
from services.ledger.checkpointing import Checkpointer
from services.ledger.errors import ReceiptInvalid
from services.ledger.rebuild import rebuild
from services.ledger.receipts import check_receipt
from services.ledger.records import encode_body
from services.web.handling import event_of
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import UNKNOWN, identity, problem
from tests.integration.intake_office import BUDGET, OTHER_ASSOCIATION, TERMS, Office, office
from tests.unit.given import county, fact

BACK_OFFICE = (
    "payment_run", "run_id", "voucher", "tosite", "end_to_end", "bank_reference", "diary/", "officer-1", "board-1",
    "finance-1", "finance-2", "dynasty",
)  # fmt: skip
REQUEST = identity(21)


@dataclass
class Applicant:
    """An applicant with an application, and the other services that tell of it."""

    office: Office
    application: str
    moment: str = "2026-03-01T08:00:00.000000Z"
    told: int = field(default=0)

    async def come(self, kind: type[Fact], **changed: Any) -> None:
        """What another service published arrives."""
        of = fact(kind, application_id=self.application, **changed)
        self.told += 1
        body = encode_body(
            self.told, self.moment, event_of(of), f"case/{self.application}", self.told, Context("officer-1", "test")
        )
        ledger = self.office.service.ledger
        reactions = Reactions(ledger, county()).by_type()
        [reaction] = [each[of.event_type] for each in reactions.values() if of.event_type in each]
        await ledger.append(Unit(Context("reaction", "test"), tuple(await reaction(decode_body(body)))))

    async def send(self, path: str, sent: Any) -> None:
        answer = await self.office.post(f"/applications/{self.application}/{path}", sent, self.office.applicant())
        assert answer.status_code in {200, 201}, answer.text

    async def sees(self) -> dict[str, Any]:
        answer = await self.office.get(f"/applications/{self.application}", self.office.applicant())
        assert answer.status_code == 200
        for word in BACK_OFFICE:
            assert word not in answer.text.lower(), word
        document: dict[str, Any] = answer.json()
        return document

    async def is_asked(self) -> list[tuple[str, str | None, str | None]]:
        """Kind, question and day of all that is asked."""
        return [(each["kind"], each["question"], each["due_on"]) for each in (await self.sees())["open_requests"]]


@pytest.fixture
async def applicant(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Applicant]:
    async with office(database, tmp_path) as made:
        answer = await made.apply()
        made.service.at(datetime(2026, 3, 1, 8, 0, tzinfo=UTC))
        yield Applicant(made, str(answer.json()["application_id"]))
        # P7: what was shown is what the events say.
        assert (await rebuild(made.service.ledger, made.service.ledger.registers)).differing == 0


async def test_an_answered_supplement_is_asked_no_more_and_an_unanswered_one_ends_with_the_decision(
    applicant: Applicant,
) -> None:
    await applicant.come(CaseOpened)
    await applicant.come(SupplementRequested, request_id=REQUEST, question="Tilinpäätös?", due_on="2026-02-06")
    await applicant.come(SupplementRequested, request_id=identity(22), question="Säännöt?", due_on="2026-02-07")
    assert await applicant.is_asked() == [
        ("supplement", "Tilinpäätös?", "2026-02-06"), ("supplement", "Säännöt?", "2026-02-07"),
    ]  # fmt: skip
    await applicant.send("supplements", {"request_id": REQUEST, "answer": "Liitteenä"})
    assert (await applicant.sees())["standing"] == "supplement_requested"
    await applicant.send("supplements", {"request_id": identity(22), "answer": "Liitteenä"})
    seen = await applicant.sees()
    assert (seen["standing"], seen["note"], seen["happened_on"], seen["open_requests"]) == (
        "in_preparation", "Täydennys on lähetetty", "2026-03-01", [],
    )  # fmt: skip
    assert "due_on" not in seen
    await applicant.come(SupplementRequested, request_id=identity(23))
    await applicant.come(DecisionMade)
    assert await applicant.is_asked() == []


async def test_a_transfer_names_the_municipality(applicant: Applicant) -> None:
    await applicant.come(SupplementRequested, request_id=REQUEST)
    await applicant.come(CaseTransferred, municipality="raakkyla", reason="Liikuntatoiminta")
    seen = await applicant.sees()
    assert (seen["standing"], seen["municipality"], seen["open_requests"]) == ("transferred", "raakkyla", [])
    assert seen["note"] == "Siirretty kunnalle: Rääkkylä. Liikuntatoiminta"


async def test_the_last_day_for_a_claim_stays_in_sight_while_the_grant_is_paid(applicant: Applicant) -> None:
    await applicant.come(DecisionMade)
    await applicant.come(DecisionNotified, last_claim_day="2026-03-16")
    await applicant.come(PaymentBooked)
    seen = await applicant.sees()
    assert (seen["standing"], seen["last_claim_day"], seen["granted"]) == ("paid", "2026-03-16", "1500.00 EUR")
    await applicant.come(RectificationClaimed)
    assert (await applicant.sees())["note"] == "Oikaisuvaatimus on saapunut 10.3.2026"
    await applicant.come(RectificationWithdrawn)
    seen = await applicant.sees()
    assert (seen["standing"], seen["last_claim_day"]) == ("notified", "2026-03-16")
    assert seen["note"] == "Oikaisuvaatimus on peruttu 12.3.2026: päätös pysyy voimassa"
    await applicant.come(RectificationClaimed)
    await applicant.come(RectificationDecided)
    await applicant.come(RectificationNotified)
    seen = await applicant.sees()
    assert (seen["granted"], seen["last_appeal_day"]) == ("1600.00 EUR", "2026-04-27")
    assert "last_claim_day" not in seen
    await applicant.come(DecisionBecameFinal)
    assert not {"last_claim_day", "last_appeal_day"} & set(await applicant.sees())


async def test_every_payment_is_told_and_counted_and_one_that_came_back_is_not(applicant: Applicant) -> None:
    """Two instalments may follow each other with nothing in between."""
    await applicant.come(DecisionMade)
    assert [each["payable_from"] for each in (await applicant.sees())["instalments"]] == ["2026-04-01"]
    for instalment in (1, 2):
        await applicant.come(PaymentSent, instalment=instalment, amount="750.00 EUR", sent_on="2026-04-01")
        assert (await applicant.sees())["standing"] == "payment_sent"
        await applicant.come(PaymentBooked, instalment=instalment, amount="750.00 EUR", booked_on="2026-04-02")
    seen = await applicant.sees()
    assert (seen["paid"], [each["amount"] for each in seen["payments"]]) == ("1500.00 EUR", ["750.00 EUR"] * 2)
    await applicant.come(PaymentReturned, instalment=2, amount="745.00 EUR", reason_code="AC04")
    assert (await applicant.sees())["paid"] == "750.00 EUR"
    assert await applicant.is_asked() == [("account", "Tarkista tilinumero", None)]
    await applicant.come(PaymentSent, instalment=2, attempt=2, amount="750.00 EUR")
    assert await applicant.is_asked() == []
    await applicant.come(PaymentRejected, instalment=2, attempt=2, reason_code="AM04")
    assert await applicant.is_asked() == []
    await applicant.come(PaymentBooked, instalment=2, attempt=3, amount="750.00 EUR")
    seen = await applicant.sees()
    assert (seen["paid"], seen["granted"], seen["open_requests"]) == ("1500.00 EUR", "1500.00 EUR", [])
    standings = [each.data["standing"] for each in await applicant.office.records("application.standing_changed")]
    assert standings == [
        "decided", "payment_sent", "paid", "payment_sent", "paid", "payment_delayed", "payment_sent", "payment_delayed",
        "paid",
    ]  # fmt: skip


async def test_own_funding_is_asked_for_with_notice_where_the_basket_waits_for_it(
    database: FreshDatabase, tmp_path: Path
) -> None:
    async with office(database, tmp_path) as made:
        call = {**TERMS, "call_id": "project-2026", "basket": "project", "kind": "continuous", "closes_at": None}
        assert (await made.post("/calls", call, made.officer())).status_code == 201
        answer = await made.apply(call_id="project-2026", budget=BUDGET)
        applicant = Applicant(made, str(answer.json()["application_id"]))
        await applicant.come(DecisionMade)
        await applicant.come(DecisionNotified, last_claim_day="2026-03-16")
        assert await applicant.is_asked() == [
            ("own_funding", "Osoita omarahoitus, jota hakemuksessa ilmoitettiin: 500,00 euroa", None)
        ]
        assert (await applicant.sees())["last_claim_day"] == "2026-03-16"
        await applicant.come(OwnFundingProven, amount=20_000, total=20_000)
        [asked] = (await applicant.sees())["open_requests"]
        assert asked["amount"] == "300.00 EUR"
        await applicant.come(RectificationNotified)
        await applicant.come(OwnFundingProven)
        assert await applicant.is_asked() == []


async def test_an_appeal_is_told_with_what_the_court_decided(applicant: Applicant) -> None:
    await applicant.come(DecisionMade)
    await applicant.come(RectificationDecided)
    await applicant.come(RectificationNotified, last_appeal_day="2026-04-27")
    await applicant.come(AppealLodged)
    seen = await applicant.sees()
    assert (seen["standing"], "last_appeal_day" in seen) == ("appealed", False)
    await applicant.come(AppealDecided)
    assert (await applicant.sees())["last_appeal_day"] == "2026-11-11"
    await applicant.come(DecisionBecameFinal)
    assert "last_appeal_day" not in await applicant.sees()


async def test_a_report_is_asked_for_reminded_of_sent_returned_sent_again_and_accepted(applicant: Applicant) -> None:
    await applicant.come(DecisionMade)
    await applicant.come(ReportRequested, due_on="2026-11-30")
    asked = ("usage_report", "Anna selvitys avustuksen käytöstä", "2026-11-30")
    assert await applicant.is_asked() == [asked]
    await applicant.come(PaymentBooked)
    assert await applicant.is_asked() == [asked]
    await applicant.come(ReportReminded, due_on="2026-11-30")
    await applicant.come(ReportRequested, report=2, due_on="2027-02-28")
    assert await applicant.is_asked() == [asked, (*asked[:2], "2027-02-28")]
    report = {"used": "1500.00 EUR", "account": "Käytetty vertaistukeen"}
    await applicant.send("usage-report", report)
    seen = await applicant.sees()
    assert ([each["state"] for each in seen["reports"]], seen["note"]) == (
        ["sent", "requested"], "Selvitys on lähetetty",
    )  # fmt: skip
    assert await applicant.is_asked() == [(*asked[:2], "2027-02-28")]
    await applicant.come(ReportReturned, due_on="2026-12-15", reason="Kuitit puuttuvat")
    assert await applicant.is_asked() == [
        (*asked[:2], "2027-02-28"), ("usage_report", "Kuitit puuttuvat", "2026-12-15"),
    ]  # fmt: skip
    await applicant.send("usage-report", report)
    await applicant.come(ReportAccepted)
    assert [each["state"] for each in (await applicant.sees())["reports"]] == ["accepted", "requested"]
    assert await applicant.is_asked() == [(*asked[:2], "2027-02-28")]


async def test_a_report_that_was_sent_unasked_is_one_report_with_its_acceptance(applicant: Applicant) -> None:
    await applicant.come(DecisionMade)
    await applicant.come(PaymentBooked)
    await applicant.send("usage-report", {"used": "1500.00 EUR", "account": "Käytetty"})
    await applicant.come(ReportRequested)
    assert [kind for kind, _, _ in await applicant.is_asked()] == ["usage_report"]
    await applicant.come(ReportReceived)
    assert await applicant.is_asked() == []
    await applicant.come(ReportAccepted, unused="0.00 EUR")
    seen = await applicant.sees()
    assert ([each["state"] for each in seen["reports"]], seen["open_requests"]) == (["accepted"], [])


async def test_a_recovery_is_told_from_the_hearing_to_the_last_cent_with_how_to_pay(applicant: Applicant) -> None:
    await applicant.come(DecisionMade)
    await applicant.come(HearingOpened, hearing_id=REQUEST, grounds="Jäi käyttämättä", answer_by="2026-10-30")
    assert await applicant.is_asked() == [("hearing", "Jäi käyttämättä", "2026-10-30")]
    assert (await applicant.sees())["open_requests"][0]["request_id"] == REQUEST
    await applicant.come(HearingAnswered, hearing_id=REQUEST)
    assert await applicant.is_asked() == []
    with pytest.raises(NotYet, match="the decision on the recovery"):
        await applicant.come(RecoveryClaimed)
    await applicant.come(RecoveryDecided)
    assert await applicant.is_asked() == [("recovery", None, "2026-12-02")]
    await applicant.come(RecoveryClaimed)
    how = "Maksa tilille FI21 1234 5600 0007 85 viitteellä 1234561"
    assert await applicant.is_asked() == [("recovery", how, "2026-12-02")]
    await applicant.come(RecoveryReceived, amount="100.00 EUR")
    [left] = (await applicant.sees())["open_requests"]
    assert (left["amount"], left["question"], left["due_on"]) == ("204.93 EUR", how, "2026-12-02")
    await applicant.come(LateInterestClaimed, amount="0.78 EUR")
    assert (await applicant.sees())["open_requests"][0]["amount"] == "205.71 EUR"
    await applicant.come(RecoveryReceived, amount="205.71 EUR")
    seen = await applicant.sees()
    assert (seen["open_requests"], seen["amount"]) == ([], "0.00 EUR")
    assert seen["note"].endswith("Takaisinperinnästä ei ole enää maksettavaa")


async def test_a_hearing_that_ends_without_a_recovery_asks_nothing_any_more(applicant: Applicant) -> None:
    await applicant.come(DecisionMade)
    await applicant.come(HearingOpened)
    await applicant.come(ReportRequested, due_on="2026-11-30")
    await applicant.come(HearingClosed, reasons="Selvitys riittää")
    seen = await applicant.sees()
    assert [each["kind"] for each in seen["open_requests"]] == ["usage_report"]
    assert (seen["standing"], seen["note"]) == (
        "hearing", "Kuuleminen on päätetty ilman takaisinperintää: Selvitys riittää",
    )  # fmt: skip
    assert not {"question", "due_on", "amount"} & set(seen)


async def test_what_was_overpaid_on_a_recovery_and_is_paid_again_is_not_counted_as_grant(applicant: Applicant) -> None:
    await applicant.come(DecisionMade)
    await applicant.come(PaymentBooked)
    await applicant.come(RecoveryDecided)
    await applicant.come(RecoveryReceived, amount="304.93 EUR")
    assert (await applicant.sees())["paid"] == "1500.00 EUR"
    await applicant.come(RecoveryOverpaid, amount="10.00 EUR")
    seen = await applicant.sees()
    assert (seen["paid"], seen["overpaid"], seen["open_requests"]) == ("1490.00 EUR", "10.00 EUR", [])
    refund = {"instalment": 2, "amount": "10.00 EUR"}
    await applicant.come(PaymentBooked, **refund)
    seen = await applicant.sees()
    assert (seen["paid"], [each["amount"] for each in seen["payments"]]) == (
        "1500.00 EUR",
        ["1500.00 EUR", "10.00 EUR"],
    )
    await applicant.come(PaymentReturned, **refund)
    assert (await applicant.sees())["paid"] == "1490.00 EUR"
    await applicant.come(PaymentBooked, **refund, attempt=2)
    assert (await applicant.sees())["paid"] == "1500.00 EUR"


async def test_a_decision_on_a_recovery_ends_a_hearing_that_was_not_answered(applicant: Applicant) -> None:
    await applicant.come(DecisionMade)
    await applicant.come(HearingOpened)
    await applicant.come(HearingOpened, hearing_id=REQUEST, grounds="Enemmän", answer_by="2026-11-30")
    assert await applicant.is_asked() == [("hearing", "Enemmän", "2026-11-30")]
    await applicant.come(RecoveryDecided)
    assert [kind for kind, _, _ in await applicant.is_asked()] == ["recovery"]


async def test_an_agreement_is_asked_for_until_the_association_has_signed_the_last_version(
    applicant: Applicant,
) -> None:
    await applicant.come(DecisionMade, outcome="granted", amount=0, instalments=[])
    await applicant.come(AgreementDrafted)
    await applicant.come(AgreementDrafted, version=2)
    assert await applicant.is_asked() == [("agreement", "Lue ja allekirjoita sopimuksen versio 2", None)]
    await applicant.come(AgreementPartySigned, version=2, party="association")
    assert await applicant.is_asked() == []
    assert (await applicant.sees())["standing"] == "agreement_offered"
    await applicant.come(AgreementSigned, version=2)
    seen = await applicant.sees()
    assert (seen["standing"], seen["granted"], seen["open_requests"]) == ("agreement_signed", "0.00 EUR", [])


async def test_a_returned_report_of_costs_is_asked_for_until_its_period_comes_again(applicant: Applicant) -> None:
    await applicant.come(DecisionMade)
    applicant.office.service.at(datetime(2027, 1, 4, 8, 0, tzinfo=UTC))
    spring = {"period_from": "2026-01-01", "period_until": "2026-06-30"}
    rows = {"rows": [{"label": "Palkat", "amount": "900.00 EUR"}]}
    await applicant.send("cost-reports", {**spring, **rows})
    await applicant.send("cost-reports", {"period_from": "2026-07-01", "period_until": "2026-12-31", **rows})
    await applicant.come(CostReportAccepted, cost_report=2)
    await applicant.come(CostReportReturned, cost_report=1, reason="Kuitit puuttuvat", due_on="2026-08-01")
    assert await applicant.is_asked() == [("cost_report", "Kuitit puuttuvat", "2026-08-01")]
    await applicant.send("cost-reports", {**spring, **rows})
    seen = await applicant.sees()
    assert ([each["state"] for each in seen["cost_reports"]], seen["open_requests"]) == (["sent", "accepted"], [])
    assert seen["note"] == "Kustannusselvitys on lähetetty"


async def test_a_change_that_was_decided_is_seen_beside_what_was_asked(applicant: Applicant) -> None:
    await applicant.come(DecisionMade)
    await applicant.send("change-requests", {"what": "time", "proposal": "Kesään asti", "reasons": "Viivästyi"})
    [asked] = (await applicant.sees())["change_requests"]
    assert asked["state"] == "sent"
    await applicant.come(ChangeDecided, change_id=asked["change_id"])
    [decided] = (await applicant.sees())["change_requests"]
    assert (decided["state"], decided["decided_on"], decided["proposal"]) == ("decided", "2026-09-15", "Kesään asti")


async def test_a_change_that_moves_reports_gives_what_is_asked_its_new_day(applicant: Applicant) -> None:
    await applicant.come(DecisionMade)
    await applicant.come(ReportRequested, due_on="2026-11-30")
    await applicant.come(ChangeDecided, approved=True, reports_due_on=["2027-01-31", "2027-06-30"])
    assert [each["due_on"] for each in (await applicant.sees())["open_requests"]] == ["2027-01-31"]
    await applicant.come(ReportRequested, report=2, due_on="2027-06-30")
    assert [each["due_on"] for each in (await applicant.sees())["reports"]] == ["2027-01-31", "2027-06-30"]


async def test_money_that_is_heard_of_before_its_decision_waits_for_it(applicant: Applicant) -> None:
    """Between decisions and payments there is no order."""
    with pytest.raises(NotYet, match="the decision on the grant"):
        await applicant.come(PaymentBooked)
    await applicant.come(DecisionMade)
    await applicant.come(PaymentBooked)
    assert (await applicant.sees())["paid"] == "1500.00 EUR"


async def test_nothing_is_asked_of_a_withdrawn_application(applicant: Applicant) -> None:
    await applicant.come(SupplementRequested, request_id=REQUEST)
    await applicant.send("withdrawal", {"reason": "Hanke peruuntui"})
    seen = await applicant.sees()
    assert (seen["standing"], seen["note"], seen["open_requests"]) == ("withdrawn", "Hakemus on peruttu", [])


async def test_a_receipt_of_what_was_sent_is_checked_without_the_service(applicant: Applicant) -> None:
    intake, path = applicant.office, f"/applications/{applicant.application}/receipt"
    problem(await intake.get(path, intake.applicant()), 409, "not-signed-yet")
    await Checkpointer(intake.service.ledger, intake.signer).sign()
    await applicant.come(CaseOpened)
    read = await intake.get(path, intake.applicant())
    record = check_receipt(read.json(), intake.signer.verifier.vkey())
    assert (record.type, record.data["application_id"]) == ("application.submitted", applicant.application)
    forged = read.json() | {"event": read.json()["event"].replace("2000.00", "9000.00")}
    with pytest.raises(ReceiptInvalid):
        check_receipt(forged, intake.signer.verifier.vkey())
    problem(await intake.get(path, intake.applicant(association=OTHER_ASSOCIATION)), 404, "not-found")
    problem(await intake.get(f"/applications/{UNKNOWN}/receipt", intake.officer()), 404, "not-found")


KINDS: tuple[type[Fact], ...] = (
    CaseOpened, SupplementRequested, DecisionMade, DecisionNotified, RectificationClaimed, RectificationDecided,
    RectificationWithdrawn, RectificationNotified, DecisionBecameFinal, HearingOpened, HearingAnswered, HearingClosed,
    RecoveryDecided,
    RecoveryClaimed, RecoveryReceived, RecoveryOverpaid, RecoverySetOff, LateInterestClaimed, ReportRequested,
    ReportReminded, ReportReturned, ReportAccepted, AgreementDrafted, AgreementSigned, CostReportReturned,
    CostReportAccepted, ChangeDecided, PaymentBooked, PaymentRejected, PaymentReturned, PaymentSent, OwnFundingProven,
    ReportReceived, AppealLodged, AppealDecided,
)  # fmt: skip


async def test_in_whatever_order_it_comes_it_is_shown_or_waits(applicant: Applicant) -> None:
    """The fixture rebuilds the view at the end."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    for kind in random.Random(seed).sample(KINDS * 4, 80):
        try:
            await applicant.come(kind)
        except NotYet:
            continue
        await applicant.sees()
