"""A claim for rectification from the board's decision to the last day to appeal, over HTTP on a real database: decided
by the body that it goes to, notice with its document, and finality when nobody can attack the decision any more.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from pypdf import PdfReader

from schemas.decisions import AppropriationSet, CaseOpened, ProposalMade
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, InProcess, identity, in_process, problem
from tests.unit.given import fact

HYTE = "Hyvinvoinnin ja terveyden edistämisen lautakunta"
EXECUTIVE = "Aluehallitus"
OFFICIAL = "Hyvinvoinnin edistämisen johtaja"
CASE = identity(1)
DECIDED = datetime(2026, 2, 24, 8, 0, tzinfo=UTC)
LAST_MINUTE = datetime(2026, 3, 13, 12, 58, tzinfo=UTC)
"""14.58 in Helsinki on 13.3.2026, the last day for a claim: notice of 24.2. counts as received on 27.2."""
CLOSED = datetime(2026, 3, 13, 13, 0, tzinfo=UTC)
NOTIFIED = datetime(2026, 3, 25, 8, 0, tzinfo=UTC)
"""A letter of this day counts as received on 1.4., and the 30th day after it is May Day, a Friday: the last day to
appeal is Monday 4.5.2026.
"""
LAST_APPEAL_MINUTE = datetime(2026, 5, 4, 20, 59, tzinfo=UTC)
DAY_AFTER = datetime(2026, 5, 4, 21, 0, tzinfo=UTC)


@dataclass
class Office:
    """The service as its people use it: all are officers, decision makers and operators."""

    service: InProcess

    async def post(self, by: str, path: str, sent: dict[str, Any] | None = None) -> httpx.Response:
        headers = self.service.token(Role.OFFICER, Role.DECISION_MAKER, Role.OPERATOR, person=by)
        return await self.service.client.post(f"/v1/{path}", json=sent or {}, headers=headers)

    async def done(self, by: str, path: str, sent: dict[str, Any] | None = None) -> dict[str, Any]:
        """A command that must succeed."""
        answer = await self.post(by, path, sent)
        assert answer.status_code in {200, 201}, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def meeting(self, meeting_id: str, organ: str, held_on: str = "2026-03-13") -> str:
        sent = {"meeting_id": meeting_id, "organ": organ, "held_on": held_on, "present": ["anna", "bertta"]}
        await self.done("anna", "meetings", sent)
        return meeting_id

    async def notified(self, organ: str) -> None:
        """The body granted 1 500 of 2 000 euros on 24.2.2026, and notice was given: the last day is 13.3.2026."""
        await self.service.given("appropriation/operating-2026", fact(AppropriationSet, amount="180000.00 EUR"))
        proposed = fact(ProposalMade, application_id=CASE, person="otto")
        await self.service.given(f"case/{CASE}", fact(CaseOpened, application_id=CASE), proposed)
        meeting_id = None if organ == OFFICIAL else await self.meeting("first-1", organ, "2026-02-24")
        decision = {
            "outcome": "granted_in_part", "amount": "1500.00 EUR", "reasons": "Määräraha ei riitä.",
            "payable_from": ["2026-04-01"], "organ": organ, "meeting_id": meeting_id, "use_from": "2026-01-01",
            "use_until": "2026-12-31",
        }  # fmt: skip
        await self.done("anna", f"cases/{CASE}/decision", decision)
        told = await self.done("otto", f"cases/{CASE}/notice", {"manner": "electronic", "language": "sv"})
        assert told["last_claim_day"] == "2026-03-13"

    async def claimed(self, moment: datetime, *, in_time: bool) -> None:
        self.service.at(moment)
        told = await self.done("otto", f"cases/{CASE}/claims", {"grounds": "Summa luettiin väärin."})
        assert told["in_time"] is in_time

    async def decide(self, meeting_id: str, organ: str, **changed: Any) -> dict[str, Any]:
        """Bertta decides the claim: the decision stands, unless the test says otherwise."""
        decision = {
            "outcome": "granted_in_part", "amount": "1500.00 EUR", "reasons": "Päätös on oikea.", "change": False,
            "organ": organ, "meeting_id": meeting_id, **changed,
        }  # fmt: skip
        return await self.done("bertta", f"cases/{CASE}/claim-decision", decision)

    async def tell(self, moment: datetime, language: str = "fi") -> dict[str, Any]:
        """Notice of the decision on the claim, by letter."""
        self.service.at(moment)
        sent = {"manner": "letter", "language": language}
        return await self.done("otto", f"cases/{CASE}/claim-notice", sent)

    async def read(self, query: str = "", headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.service.client.get(
            f"/v1/cases/{CASE}/document{query}", headers=headers or self.service.token(Role.OFFICER)
        )

    async def finalised(self, moment: datetime) -> int:
        self.service.at(moment)
        done: int = (await self.done("otto", "deadlines/run"))["finalised"]
        return done

    async def shown(self) -> dict[str, Any]:
        answer = await self.service.client.get(f"/v1/cases/{CASE}", headers=self.service.token(Role.AUDITOR))
        case: dict[str, Any] = answer.json()
        return case


def text(made: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages).split())


@pytest.fixture
async def office(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Office]:
    async with in_process("decisions", database, tmp_path, DECIDED) as service:
        yield Office(service)


@pytest.mark.parametrize(
    ("organ", "goes_to", "swedish"),
    [
        (HYTE, HYTE, "Nämnden för främjande av välfärd och hälsa"),
        (EXECUTIVE, EXECUTIVE, "Välfärdsområdesstyrelsen"),
        (OFFICIAL, HYTE, "Nämnden för främjande av välfärd och hälsa"),
    ],
    ids=["committee", "executive", "official"],
)
async def test_a_claim_changes_the_decision_which_is_final_once_the_days_to_appeal_have_passed(
    office: Office, organ: str, goes_to: str, swedish: str
) -> None:
    await office.notified(organ)
    await office.claimed(LAST_MINUTE, in_time=True)
    meeting = await office.meeting("second-1", goes_to)
    change = {"change": True, "outcome": "granted", "amount": "2000.00 EUR"}
    told = await office.decide(meeting, goes_to, **change, payable_from=["2026-05-06", "2026-09-01"])
    assert told["section"] == 1
    assert await office.finalised(NOTIFIED) == 0
    notice = await office.tell(NOTIFIED, "sv")
    assert notice["last_appeal_day"] == "2026-05-04"

    [*_, documented, notified] = await office.service.ledger.stream(f"case/{CASE}")
    assert (documented.type, notified.type) == ("decision.documented", "rectification.notified")
    assert (notified.data["received_on"], notified.data["last_appeal_day"]) == ("2026-04-01", "2026-05-04")
    assert (documented.data["about"], documented.data["claim_id"]) == ("claim", notified.data["claim_id"])
    served = await office.read("?about=claim&language=sv")
    assert (served.status_code, served.headers["content-type"]) == (200, "application/pdf")
    assert served.headers["content-disposition"] == f'attachment; filename="oikaisupaatos-{CASE}.pdf"'
    digest = sha256(served.content).hexdigest()
    assert digest == documented.data["sha256"] == notice["document_sha256"]
    assert (await office.shown())["claim_document_sha256"] == {"sv": digest}
    said = text(served.content)
    for part in (
        f"Organ eller tjänsteinnehavare som fattat beslutet: {swedish} Beslutsdatum: 13.3.2026 Paragraf: 1 §",
        "Summa luettiin väärin.",
        "Understöd efter ändringen: 2 000,00 €",
        "1 1 000,00 € 6.5.2026 2 1 000,00 € 1.9.2026",
        "Den sista dagen för besvär är 4.5.2026.",
    ):
        assert part in said

    assert await office.finalised(LAST_APPEAL_MINUTE) == 0
    assert await office.finalised(DAY_AFTER) == 1
    case = await office.shown()
    assert (case["state"], case["amount"], case["final_on"]) == ("final", "2000.00 EUR", "2026-05-05")


async def test_the_documents_of_the_decision_and_of_the_claim_are_told_apart_by_language_too(office: Office) -> None:
    await office.notified(HYTE)
    problem(await office.read("?about=claim"), 404, "not-found")
    await office.claimed(LAST_MINUTE, in_time=True)
    await office.decide(await office.meeting("second-1", HYTE), HYTE)
    problem(await office.read("?about=claim"), 404, "not-found")
    await office.tell(NOTIFIED)
    assert "Päätös oikaisuvaatimukseen" in text((await office.read("?about=claim")).content)
    assert "Oikaisuvaatimus hylätään." in text((await office.read("?about=claim&language=fi")).content)
    assert "Beslut om understöd" in text((await office.read()).content)
    assert (await office.read("?about=decision")).content == (await office.read("?language=sv")).content
    problem(await office.read("?about=claim&language=sv"), 404, "not-found")
    problem(await office.read("?language=fi"), 404, "not-found")
    assert (await office.read("?about=agreement")).status_code == 422


async def test_the_applicant_reads_the_document_and_another_association_does_not(office: Office) -> None:
    await office.notified(HYTE)
    await office.claimed(LAST_MINUTE, in_time=True)
    await office.decide(await office.meeting("second-1", HYTE), HYTE)
    await office.tell(NOTIFIED)
    own = office.service.token(Role.ASSOCIATION, association=ASSOCIATION)
    assert (await office.read("?about=claim", own)).status_code == 200
    other = office.service.token(Role.ASSOCIATION, association="1572860-0")
    problem(await office.read("?about=claim", other), 404, "not-found")


async def test_notice_without_its_document_is_never_given_and_given_once(office: Office) -> None:
    await office.notified(HYTE)
    problem(await office.post("otto", f"cases/{CASE}/claim-notice", {"manner": "letter"}), 409, "claim-not-decided")
    await office.claimed(LAST_MINUTE, in_time=True)
    await office.decide(await office.meeting("second-1", HYTE), HYTE)
    await office.tell(NOTIFIED)
    size = await office.service.size()
    problem(await office.post("otto", f"cases/{CASE}/claim-notice", {"manner": "letter"}), 409, "notified-already")
    assert await office.service.size() == size
    types = await office.service.types()
    assert types.count("decision.documented") == 2
    assert types.count("rectification.notified") == 1


async def test_a_late_claim_is_not_examined_and_the_decision_is_final_when_the_first_time_has_run_out(
    office: Office,
) -> None:
    await office.notified(HYTE)
    await office.claimed(CLOSED, in_time=False)
    await office.decide(await office.meeting("second-1", HYTE), HYTE, outcome="rejected", amount="0.00 EUR")
    notice = await office.tell(CLOSED)
    assert notice["last_appeal_day"] == "2026-04-20"
    said = text((await office.read("?about=claim")).content)
    for part in (
        "Oikaisuvaatimus on saapunut määräajan jälkeen. Se saapui viimeisenä päivänä kirjaamon sulkemisen jälkeen.",
        "Oikaisuvaatimus jätetään tutkimatta, koska se on saapunut määräajan jälkeen.",
        "Valitusajan viimeinen päivä on 20.4.2026.",
    ):
        assert part in said
    assert await office.finalised(datetime(2026, 3, 13, 21, 59, tzinfo=UTC)) == 0
    assert await office.finalised(datetime(2026, 3, 13, 22, 0, tzinfo=UTC)) == 1
    case = await office.shown()
    assert (case["state"], case["amount"], case["final_on"]) == ("final", "1500.00 EUR", "2026-03-14")


async def test_a_late_claim_after_an_examined_one_takes_no_day_to_appeal_away(office: Office) -> None:
    await office.notified(HYTE)
    await office.claimed(LAST_MINUTE, in_time=True)
    meeting = await office.meeting("second-1", HYTE)
    await office.decide(meeting, HYTE)
    meeting = await office.meeting("third-1", HYTE, "2026-03-16")
    await office.claimed(datetime(2026, 3, 16, 8, 0, tzinfo=UTC), in_time=False)
    late = {"outcome": "rejected", "amount": "0.00 EUR", "reasons": "Myöhässä", "change": False, "organ": HYTE}
    answer = await office.post("bertta", f"cases/{CASE}/claim-decision", {**late, "meeting_id": meeting})
    problem(answer, 409, "claim-not-notified")
    await office.tell(NOTIFIED)
    await office.decide(meeting, HYTE)
    await office.tell(datetime(2026, 4, 10, 8, 0, tzinfo=UTC))
    assert "Oikaisuvaatimus jätetään tutkimatta" in text((await office.read("?about=claim")).content)
    assert await office.finalised(LAST_APPEAL_MINUTE) == 0
    assert await office.finalised(DAY_AFTER) == 1


async def test_the_decision_and_its_document_tell_the_time_of_use(office: Office) -> None:
    await office.notified(OFFICIAL)
    shown = await office.shown()
    assert (shown["use_from"], shown["use_until"]) == ("2026-01-01", "2026-12-31")
    assert "Användningstid" in text((await office.read()).content)
