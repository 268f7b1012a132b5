"""Who acts or signs for an association prepares and approves no payment to it, over HTTP: intake's events come to
payments as messages, each twice, and approvals are tried by those whom they name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.catalogue import known
from schemas.facts import Fact
from schemas.intake import PersonEnded, PersonErased, PersonNamed
from schemas.payments import PayeePersonNoted
from services.ledger import Appended, Record, Unit
from services.ledger.inbox import Inbox, Message
from services.ledger.parking import list_parked
from services.payments.reactions import Reactions
from services.web.handling import fact_of
from tests.infrastructure.databases import FreshDatabase
from tests.integration.finance_office import NOW, FinanceOffice, finance_office
from tests.integration.in_process import InProcess, identity, in_process, problem
from tests.integration.post import as_kafka
from tests.unit.given import county, fact

OURS, OTHERS = "2050864-5", "0737546-2"


@dataclass
class Fed:
    """Intake's ledger, and the finance office to whose inbox its events are brought by hand."""

    intake: InProcess
    office: FinanceOffice

    async def happened(self, *facts: Fact) -> list[Record]:
        """What intake recorded of our association, brought to payments twice."""
        stream = f"association/{OURS}"
        await self.intake.given(stream, *facts)
        records = (await self.intake.ledger.stream(stream))[-len(facts) :]
        for record in records:
            await self.bring(record, times=2)
        return records

    async def bring(self, record: Record, *, times: int = 1) -> None:
        ledger = self.office.service.ledger
        inbox = Inbox(ledger, "payments", Reactions(ledger, county()).by_type()["intake"], known, back_off_seconds=0.01)
        key, value, headers = as_kafka(record, "intake")
        for _ in range(times):
            await inbox.receive(Message.read("intake", key, value, headers))
        assert await list_parked(ledger) == []

    async def named(self, person: str = "bertta", **period: str) -> None:
        """A person acts for our association, without an end unless `period` says so."""
        part: dict[str, Any] = {"valid_from": "2026-01-01", "valid_until": None, **period}
        await self.happened(fact(PersonNamed, person=person, **part))

    async def noted(self) -> list[tuple[str, str | None]]:
        """What payments noted: who, and until when."""
        facts = [fact_of(record) for record in await self.office.service.ledger.stream(f"payee/{OURS}")]
        assert all(isinstance(each, PayeePersonNoted) for each in facts)
        return [(each.model_dump()["person"], each.model_dump(mode="json")["valid_until"]) for each in facts]

    async def proposed(self) -> tuple[dict[str, Any], str, str]:
        """A run that anna proposed, with the EndToEndIds of our line and of another association's."""
        await self.office.grant(1)
        await self.office.grant(2, association_id=OTHERS)
        run = await self.office.propose()
        ids = {line["application_id"]: line["end_to_end_id"] for line in run["lines"]}
        return run, ids[identity(1)], ids[identity(2)]


@pytest.fixture
async def fed(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Fed]:
    folder = tmp_path / "intake"
    folder.mkdir()
    async with finance_office(database, tmp_path) as office, in_process("intake", database, folder, NOW) as intake:
        yield Fed(intake, office)


async def test_who_signs_for_a_payee_is_refused_and_told_which_lines_and_approves_the_others(fed: Fed) -> None:
    run, ours, others = await fed.proposed()
    await fed.named()
    office = fed.office
    for lines in ((), (ours,), (ours, others)):
        told = problem(await office.approve(run, "bertta", *lines), 403, "may-not-approve")["detail"]
        assert ours in told
        assert others not in told
        refused = (await office.service.ledger.stream(f"run/{run['run_id']}"))[-1]
        assert (refused.type, refused.data["person"], refused.data["reason"]) == (
            "run.approval_refused", "bertta", told,
        )  # fmt: skip
    assert (await office.get(f"/runs/{run['run_id']}"))["refused_approvals"] == 3
    assert (await office.approve(run, "bertta", others)).status_code == 201
    for person in ("cecilia", "doris"):
        assert (await office.approve(run, person, ours)).status_code == 201
    assert (await office.approve(run, "eeva", others)).status_code == 201
    assert (await office.send_approved(run))["state"] == "sent"


@pytest.mark.parametrize(
    ("period", "minute", "may"),
    [
        ({"valid_until": "2026-03-31"}, 0, True),
        ({"valid_until": "2026-04-01"}, 0, False),
        ({"valid_until": "2026-04-01"}, 59, False),
        ({"valid_until": "2026-04-01"}, 60, True),
        ({"valid_from": "2026-04-01"}, 0, False),
        ({"valid_from": "2026-04-02"}, 59, True),
        ({"valid_from": "2026-04-02"}, 60, False),
    ],
    ids=str,
)
async def test_a_person_is_tied_on_the_helsinki_dates_of_their_part(
    fed: Fed, period: dict[str, str], minute: int, may: bool
) -> None:
    """The clock stands at 23 o'clock in Helsinki on 1 April, and so many minutes."""
    run, _, _ = await fed.proposed()
    await fed.named(**period)
    fed.office.service.at(datetime(2026, 4, 1, 20 + minute // 60, minute % 60, tzinfo=UTC))
    assert (await fed.office.approve(run, "bertta")).status_code == (201 if may else 403)


async def test_what_comes_again_changes_nothing_and_who_ended_or_was_erased_approves_again(fed: Fed) -> None:
    run, ours, _ = await fed.proposed()
    contact = fact(PersonNamed, person_id=identity(9), role="contact", person=None)
    hanna, teemu = (fact(PersonNamed, person=p, person_id=identity(n)) for n, p in ((10, "hanna"), (11, "teemu")))
    records = await fed.happened(contact, hanna, teemu, fact(PersonEnded, person_id=identity(9)))
    assert [person for person, _ in await fed.noted()] == ["hanna", "teemu"]
    problem(await fed.office.approve(run, "hanna"), 403, "may-not-approve")
    last = fact(PersonEnded, person_id=identity(10), valid_until="2026-03-31")
    erased = fact(PersonErased, person_id=identity(11))
    # Under other ids, as after a restored broker, they are known all the same.
    records += await fed.happened(last, erased, last, erased, hanna, fact(PersonErased, person_id=identity(9)))
    for record in reversed(records):
        await fed.bring(record)
    assert (await fed.noted())[2:] == [("hanna", "2026-03-31"), ("teemu", "2026-03-31")]
    for person in ("hanna", "teemu"):
        assert (await fed.office.approve(run, person, ours)).status_code == 201


async def test_nobody_approves_in_the_place_of_who_signs_for_a_payee(fed: Fed) -> None:
    run, ours, others = await fed.proposed()
    await fed.named("paula")
    office = fed.office
    none = {"approver": "bertta", "limit": "0.00 EUR", "valid_from": "2026-04-01"}
    await office.post("/approvers/limits", "zelda", **none)
    standing_in = {
        "stand_in": "bertta", "valid_from": "2026-04-01", "valid_until": "2026-04-10", "limit": "5000.00 EUR",
        "reason": "Vuosiloma",
    }  # fmt: skip
    assert (await office.post("/approvers/stand-ins", "paula", **standing_in)).status_code == 201
    told = problem(await office.approve(run, "bertta"), 403, "may-not-approve")["detail"]
    assert "in the place of paula" in told
    assert ours in told
    assert (await office.approve(run, "bertta", others)).status_code == 201
    assert (await office.get(f"/runs/{run['run_id']}"))["approvals"] == [
        {"person": "bertta", "lines": [others], "on_behalf_of": "paula"}
    ]


async def test_who_signs_for_a_payee_proposes_no_payment_of_it_and_takes_none_out(fed: Fed) -> None:
    office = fed.office
    for number, association in ((1, OURS), (2, OTHERS), (3, OURS)):
        await office.grant(number, association_id=association, diary_number=f"{number}/02.05.01.00/2026")
    await fed.named("olga")
    before = await office.service.size()
    for chosen in ({}, {"application_ids": [identity(1), identity(2)]}):
        answer = await office.post("/runs", "olga", execution_date="2026-04-02", **chosen)
        told = problem(answer, 403, "may-not-take-part")["detail"]
        assert "1/02.05.01.00/2026" in told
        assert ("3/02.05.01.00/2026" in told) is (chosen == {})
        assert "2/02.05.01.00/2026" not in told
    assert await office.service.size() == before
    await office.propose("olga", application_ids=[identity(2)])
    run = await office.propose("anna")
    out, stays = (line["end_to_end_id"] for line in run["lines"])
    removals = f"/runs/{run['run_id']}/removals"
    answer = await office.post(removals, "olga", lines=[out], reason="Tili tarkistetaan")
    assert out in problem(answer, 403, "may-not-take-part")["detail"]
    assert (await office.post(removals, "anna", lines=[out], reason="Tili tarkistetaan")).status_code == 200
    assert [line["end_to_end_id"] for line in (await office.get(f"/runs/{run['run_id']}"))["lines"]] == [stays]


@pytest.mark.parametrize("act", ["approvals", "proposal", "removals"])
async def test_what_is_noted_after_a_command_looked_stops_it_all_the_same(
    fed: Fed, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, ours, _ = await fed.proposed()
    await fed.office.grant(3)
    ledger = fed.office.service.ledger
    original = ledger.append

    async def noted_first(unit: Unit) -> Appended:
        monkeypatch.setattr(ledger, "append", original)
        await fed.named()
        return await original(unit)

    monkeypatch.setattr(ledger, "append", noted_first)
    sent: dict[str, tuple[str, dict[str, Any]]] = {
        "approvals": (f"/runs/{run['run_id']}/approvals", {"lines": [ours]}),
        "proposal": ("/runs", {"execution_date": "2026-04-02"}),
        "removals": (f"/runs/{run['run_id']}/removals", {"lines": [ours], "reason": "Tili tarkistetaan"}),
    }  # fmt: skip
    path, body = sent[act]
    answer = await fed.office.post(path, "bertta", **body)
    problem(answer, 403, "may-not-approve" if act == "approvals" else "may-not-take-part")
    recorded = ["run.approval_refused"] if act == "approvals" else []
    assert (await fed.office.service.types())[-1 - len(recorded) :] == ["payee.person_noted", *recorded]
