"""A recovery over HTTP: who decides it, what was paid and what interest is asked, before anybody decides and after."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from schemas.decisions import (
    CaseOpened,
    ConflictDeclared,
    DecisionBecameFinal,
    DecisionMade,
    DecisionNotified,
    HearingAnswered,
    HearingOpened,
    PaymentNoted,
    PersonNoted,
    ProposalMade,
    RecoveryDecided,
    RectificationDecided,
    StandInEnded,
    StandInNamed,
)
from schemas.facts import Fact
from schemas.payments import PaymentBooked, RecoveryOverpaid, RecoverySetOff
from services.decisions.reactions import Reactions
from services.ledger import Context
from services.ledger.inbox import Inbox, Message
from services.ledger.parking import list_parked
from services.ledger.records import decode_body, encode_body
from services.web.handling import event_of, fact_of
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, InProcess, identity, in_process, pointers, problem
from tests.integration.post import as_kafka
from tests.unit.given import COUNTY_FOLDER, county, fact

CASE = identity(1)
STREAM = f"case/{CASE}"
NOVEMBER = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
RECOVERY = {"amount": "300.00 EUR", "grounds": "Jäi käyttämättä", "due_on": "2026-12-02"}
STAND_INS = "authority/stand-ins"
POSITIONS = count(1)


@dataclass
class Desk:
    """The service with a case that was decided and became final, in November 2026."""

    service: InProcess

    async def given(self, *facts: Fact) -> None:
        about = [each.model_validate({**each.model_dump(mode="json"), "application_id": CASE}) for each in facts]
        await self.service.given(STREAM, *about)

    async def heard(self, amount: str = "1500.00 EUR") -> None:
        await self.given(fact(HearingOpened, amount=amount), fact(HearingAnswered))

    async def paid(self, amount: str = "1500.00 EUR", on: str = "2026-04-02", instalment: int = 1) -> None:
        await self.given(fact(PaymentNoted, amount=amount, booked_on=on, instalment=instalment))

    async def hear_of(self, kind: type[Fact], **changed: Any) -> None:
        """What payments published arrives, twice."""
        event = event_of(fact(kind, application_id=CASE, **changed))
        number = next(POSITIONS)
        body = encode_body(number, "2026-11-02T08:00:00.000000Z", event, f"grant/{CASE}", number, Context("a", "test"))
        ledger = self.service.ledger
        reactions = Reactions(ledger, county()).by_type()["payments"]
        inbox = Inbox(ledger, "decisions", reactions, lambda _type, _schema: True, back_off_seconds=0.01)
        for _ in range(2):
            await inbox.receive(Message.read("payments", *as_kafka(decode_body(body), "payments")))
        assert await list_parked(ledger) == []

    async def open(self, **changed: Any) -> str:
        """A hearing that an officer opens; its id."""
        planned = {"grounds": "Jäi käyttämättä", "amount": "300.00 EUR", "answer_by": "2026-11-20", **changed}
        path, officer = f"/v1/cases/{CASE}/hearings", self.service.token(Role.OFFICER, person="olga")
        answer = await self.service.client.post(path, json=planned, headers=officer)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["hearing_id"])

    async def close(
        self,
        hearing: str,
        reasons: str = "Selvitys riittää",
        *,
        role: Role = Role.OFFICER,
        person: str = "olga",
        key: str = "",
    ) -> httpx.Response:
        headers = self.service.token(role, person=person) | ({"Idempotency-Key": key} if key else {})
        path = f"/v1/cases/{CASE}/hearings/{hearing}/closing"
        return await self.service.client.post(path, json={"reasons": reasons}, headers=headers)

    async def recover(
        self, *, by: str = "board-1", role: Role = Role.DECISION_MAKER, seen: str | None = None, **changed: Any
    ) -> httpx.Response:
        headers = self.service.token(role, person=by) | ({} if seen is None else {"If-Match": seen})
        path = f"/v1/cases/{CASE}/recovery"
        return await self.service.client.post(path, json={**RECOVERY, **changed}, headers=headers)

    async def preview(self, amount: str, due_on: str, role: Role = Role.AUDITOR, case: str = CASE) -> httpx.Response:
        asked = {"amount": amount, "due_on": due_on}
        path = f"/v1/cases/{case}/recovery-interest"
        return await self.service.client.get(path, params=asked, headers=self.service.token(role))

    async def shown(self) -> dict[str, Any]:
        answer = await self.service.client.get(f"/v1/cases/{CASE}", headers=self.service.token(Role.AUDITOR))
        document: dict[str, Any] = answer.json()
        return document

    async def last(self) -> Fact:
        return fact_of((await self.service.ledger.stream(STREAM))[-1])


async def opened(service: InProcess) -> Desk:
    desk = Desk(service)
    kinds = (CaseOpened, ProposalMade, DecisionMade, DecisionNotified, DecisionBecameFinal)
    await desk.given(*(fact(kind) for kind in kinds))
    return desk


@pytest.fixture
async def desk(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Desk]:
    async with in_process("decisions", database, tmp_path, NOVEMBER) as service:
        yield await opened(service)


# --- sums ----------------------------------------------------------------------------------------------------


async def test_the_interest_is_shown_before_anybody_decides_and_decided_as_it_was_shown(desk: Desk) -> None:
    """2.50 % and 3 percentage points from 2 April to 2 December, 244 days: 300 x 0.055 x 244 / 365 = 11.0301."""
    await desk.paid()
    await desk.heard()
    size = await desk.service.size()
    shown = await desk.preview("300.00 EUR", "2026-12-02")
    assert (shown.status_code, shown.json()) == (
        200,
        {
            "application_id": CASE, "due_on": "2026-12-02", "amount": "300.00 EUR", "interest": "11.03 EUR",
            "total": "311.03 EUR",
            "decide_by": "2028-12-31",
            "interest_periods": [
                {
                    "principal": "300.00 EUR", "counted_from": "2026-04-02", "counted_to": "2026-12-02", "days": 244,
                    "rate": "5.50", "amount": "11.03 EUR",
                }
            ],
        },
    )  # fmt: skip
    assert await desk.service.size() == size
    answer = await desk.recover()
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["amount"], told["interest"], told["total"]) == ("300.00 EUR", "11.03 EUR", "311.03 EUR")
    made = await desk.last()
    assert isinstance(made, RecoveryDecided)
    assert (str(made.recovery_id), made.amount, made.interest) == (told["recovery_id"], 30_000, 1_103)
    assert (made.interest_waived, made.on_behalf_of, made.person) == (None, None, "board-1")
    assert [(each.days, each.rate_hundredths, each.amount) for each in made.interest_periods] == [(244, 550, 1_103)]
    document = await desk.shown()
    assert (document["recovered"], document["recovery_interest"]) == ("300.00 EUR", "11.03 EUR")


async def test_rates_of_the_past_cut_the_time_and_the_last_payment_is_taken_first(desk: Desk) -> None:
    """From 1 May 2025: 61 days at 6.50 %, then 519 at 5.50 % until 2 December 2026. Of 500 paid in 2026: 30 days."""
    await desk.paid("500.00 EUR", "2025-05-01")
    await desk.paid("500.00 EUR", "2026-11-02", 2)
    shown = (await desk.preview("700.00 EUR", "2026-12-02")).json()
    assert [
        (each["principal"], each["days"], each["rate"], each["amount"]) for each in shown["interest_periods"]
    ] == [
        ("500.00 EUR", 30, "5.50", "2.26 EUR"), ("200.00 EUR", 61, "6.50", "2.17 EUR"),
        ("200.00 EUR", 519, "5.50", "15.64 EUR"),
    ]  # fmt: skip
    assert (shown["interest"], shown["total"]) == ("20.07 EUR", "720.07 EUR")


async def test_a_second_recovery_takes_what_the_first_left_and_both_add_up(desk: Desk) -> None:
    await desk.paid("1000.00 EUR")
    await desk.paid("500.00 EUR", "2026-10-01", 2)
    await desk.heard()
    assert (await desk.recover()).json()["interest"] == "2.80 EUR"  # 300 x 0.055 x 62 / 365 = 2.8027
    await desk.heard("400.00 EUR")
    second = await desk.recover(amount="400.00 EUR")
    # 200 x 0.055 x 62 / 365 = 1.8685 and 200 x 0.055 x 244 / 365 = 7.3534.
    assert second.json()["interest"] == "9.22 EUR"
    document = await desk.shown()
    assert (document["recovered"], document["recovery_interest"]) == ("700.00 EUR", "12.02 EUR")
    problem(await desk.preview("800.01 EUR", "2026-12-02"), 409, "more-than-paid")
    assert (await desk.preview("800.00 EUR", "2026-12-02")).status_code == 200


async def test_no_more_is_recovered_than_was_paid_and_stayed_paid(desk: Desk) -> None:
    await desk.heard()
    told = problem(await desk.recover(), 409, "more-than-paid")
    assert "0.00 EUR of the grant were paid" in told["detail"]
    await desk.paid("299.99 EUR")
    problem(await desk.recover(), 409, "more-than-paid")
    problem(await desk.preview("300.00 EUR", "2026-12-02"), 409, "more-than-paid")
    await desk.paid("0.01 EUR", "2026-05-04", 2)
    back = fact(PaymentNoted, kind="returned", amount="0.01 EUR", instalment=2, booked_on="2026-05-05")
    await desk.given(back)
    problem(await desk.recover(), 409, "more-than-paid")
    await desk.paid("0.01 EUR", "2026-05-08", 2)
    assert (await desk.recover()).status_code == 201


async def test_what_was_paid_before_a_claim_lowered_the_sum_is_recovered(desk: Desk) -> None:
    await desk.paid()
    await desk.given(fact(RectificationDecided, amount="400.00 EUR"))
    await desk.heard("1100.00 EUR")
    assert (await desk.recover(amount="1100.00 EUR")).status_code == 201


async def test_what_was_set_off_is_recovered_as_what_was_paid(desk: Desk) -> None:
    """1000.00 were paid and 300.00 recovered, which the second instalment of 500.00 was set off against."""
    await desk.hear_of(PaymentBooked, amount="1000.00 EUR", booked_on="2026-04-02")
    await desk.heard()
    assert (await desk.recover()).status_code == 201
    await desk.hear_of(RecoverySetOff, instalment=2, amount="300.00 EUR", set_off_on="2026-11-01")
    await desk.hear_of(PaymentBooked, instalment=2, amount="200.00 EUR", booked_on="2026-11-01")
    document = await desk.shown()
    assert (document["paid"], document["recovered"]) == ("1500.00 EUR", "300.00 EUR")
    shown = (await desk.preview("1200.00 EUR", "2026-12-02")).json()
    assert sorted((each["principal"], each["counted_from"]) for each in shown["interest_periods"]) == [
        ("200.00 EUR", "2026-11-01"), ("300.00 EUR", "2026-11-01"), ("700.00 EUR", "2026-04-02"),
    ]  # fmt: skip
    problem(await desk.preview("1200.01 EUR", "2026-12-02"), 409, "more-than-paid")
    await desk.heard()
    assert (await desk.recover(amount="1200.00 EUR")).status_code == 201


async def test_what_was_overpaid_and_paid_out_again_is_not_recovered(desk: Desk) -> None:
    await desk.hear_of(PaymentBooked, amount="1000.00 EUR", booked_on="2026-04-02")
    await desk.heard()
    assert (await desk.recover()).status_code == 201
    await desk.hear_of(RecoveryOverpaid, amount="50.00 EUR", booked_on="2026-11-01")
    assert (await desk.shown())["paid"] == "950.00 EUR"
    await desk.hear_of(PaymentBooked, instalment=3, amount="50.00 EUR", booked_on="2026-11-02")
    assert (await desk.shown())["paid"] == "1000.00 EUR"
    problem(await desk.preview("700.01 EUR", "2026-12-02"), 409, "more-than-paid")
    await desk.heard()
    assert (await desk.recover(amount="700.00 EUR")).status_code == 201


async def test_interest_is_waived_with_a_reason_that_stays_in_the_decision(desk: Desk) -> None:
    await desk.paid()
    await desk.heard()
    answer = await desk.recover(waive_interest="Kohtuusyyt: yhdistys lopettaa toimintansa")
    assert (answer.status_code, answer.json()["interest"], answer.json()["total"]) == (201, "0.00 EUR", "300.00 EUR")
    made = await desk.last()
    assert isinstance(made, RecoveryDecided)
    assert (made.interest, made.interest_periods) == (0, ())
    assert made.interest_waived == "Kohtuusyyt: yhdistys lopettaa toimintansa"
    assert (await desk.shown())["recovery_interest"] == "0.00 EUR"
    problem(await desk.recover(waive_interest=""), 422, "validation")


@pytest.mark.parametrize(
    ("due_on", "slug"),
    [("2026-11-02", "due-date-past"), ("2027-11-03", "due-date-far"), ("9999-12-31", "due-date-far")],
)
async def test_the_due_date_lies_ahead_and_within_a_year(desk: Desk, due_on: str, slug: str) -> None:
    await desk.paid()
    await desk.heard()
    for answer in (await desk.recover(due_on=due_on), await desk.preview("300.00 EUR", due_on)):
        assert pointers(problem(answer, 422, slug)) == ["/due_on"]
    assert (await desk.recover(due_on="2027-11-02")).status_code == 201


async def test_what_is_asked_of_the_preview_is_checked(desk: Desk) -> None:
    await desk.paid()
    for amount in ("300", "0.00 EUR", "-1.00 EUR"):
        problem(await desk.preview(amount, "2026-12-02"), 422, "validation")
    problem(await desk.preview("1.00 EUR", "2.12.2026"), 422, "validation")
    problem(await desk.preview("300.00 EUR", "2026-12-02", case=identity(9)), 404, "not-found")
    for role in (Role.FINANCE, Role.ASSOCIATION, Role.OPERATOR):
        assert (await desk.preview("300.00 EUR", "2026-12-02", role)).status_code == 403


# --- hearings that lead to nothing, and time limits ------------------------------------------------------------


async def test_a_hearing_that_leads_to_no_recovery_is_ended_with_its_reasons(desk: Desk) -> None:
    await desk.paid()
    hearing = await desk.open()
    assert (await desk.shown())["next_deadline"] == "2026-11-20"
    for answer, status, slug in (
        (await desk.close(hearing, ""), 422, "validation"),
        (await desk.close(identity(9)), 404, "not-found"),
        (await desk.close(hearing, role=Role.ASSOCIATION, person="user-1"), 403, "forbidden"),
        (await desk.close(hearing, role=Role.AUDITOR), 403, "forbidden"),
    ):
        problem(answer, status, slug)
    await desk.given(fact(ConflictDeclared, person="bertta"))
    problem(await desk.close(hearing, person="bertta"), 403, "may-not-take-part")
    for _ in range(2):
        assert (await desk.close(hearing, key="closing-1")).status_code == 200
    problem(await desk.close(hearing), 404, "not-found")
    assert (await desk.service.types()).count("hearing.closed") == 1
    document = await desk.shown()
    shown = document["hearing"]
    assert (shown["closed"], shown["closing_reasons"], document["next_deadline"]) == (True, "Selvitys riittää", None)
    problem(await desk.recover(), 409, "not-heard")
    await desk.open()
    assert "closed" not in (await desk.shown())["hearing"]


async def test_of_two_who_end_a_hearing_at_once_one_does(desk: Desk) -> None:
    hearing = await desk.open()
    answers = await asyncio.gather(*(desk.close(hearing, person=f"officer-{number}") for number in (1, 2, 3)))
    assert {answer.status_code for answer in answers} <= {200, 404, 409}
    assert [answer.status_code for answer in answers].count(200) == 1


async def test_a_recovery_is_decided_by_the_end_of_the_second_year_after_the_county_learned_of_it(desk: Desk) -> None:
    await desk.paid()
    planned = {"grounds": "Jäi käyttämättä", "amount": "300.00 EUR", "answer_by": "2026-11-20"}
    path, officer = f"/v1/cases/{CASE}/hearings", desk.service.token(Role.OFFICER)
    future = await desk.service.client.post(path, json={**planned, "learned_on": "2026-11-03"}, headers=officer)
    assert pointers(problem(future, 422, "learned-later")) == ["/learned_on"]
    await desk.open(learned_on="2025-12-31")
    assert (await desk.preview("300.00 EUR", "2026-12-02")).json()["decide_by"] == "2027-12-31"
    desk.service.at(datetime(2027, 12, 1, 8, 0, tzinfo=UTC))
    await desk.open(answer_by="2027-12-20")
    assert (await desk.preview("300.00 EUR", "2028-01-31")).json()["decide_by"] == "2027-12-31"
    desk.service.at(datetime(2027, 12, 31, 22, 0, tzinfo=UTC))
    told = problem(await desk.recover(due_on="2028-01-31"), 409, "too-late")
    assert "31.12.2027" in told["detail"]
    desk.service.at(datetime(2027, 12, 31, 21, 59, tzinfo=UTC))
    assert (await desk.recover(due_on="2028-01-31")).status_code == 201


async def test_a_hearing_without_the_day_on_which_the_county_learned_of_it_counts_from_its_own(desk: Desk) -> None:
    await desk.paid()
    await desk.open()
    opened_on = await desk.last()
    assert isinstance(opened_on, HearingOpened)
    assert opened_on.learned_on == NOVEMBER.date()


async def test_nothing_is_recovered_ten_years_after_the_last_payment(desk: Desk) -> None:
    await desk.paid(on="2016-11-01")
    await desk.heard()
    told = problem(await desk.recover(waive_interest="Kohtuusyyt"), 409, "too-late")
    assert "1.11.2026" in told["detail"]
    await desk.paid("0.01 EUR", "2016-11-02", 2)
    assert (await desk.recover(waive_interest="Kohtuusyyt")).status_code == 201


async def test_a_county_without_time_limits_has_no_last_day(
    database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = "    recovery_years_max: 10 # unchecked\n    recovery_decided_within_years: 2 # unchecked\n"
    folder = changed_county(tmp_path / "county", "payments.yaml", limits, "")
    monkeypatch.setattr("tests.integration.in_process.COUNTY_FOLDER", folder)
    async with in_process("decisions", database, tmp_path, NOVEMBER) as service:
        desk = await opened(service)
        await desk.paid(on="2016-11-01")
        await desk.heard()
        assert (await desk.recover(waive_interest="Kohtuusyyt")).status_code == 201
        await desk.paid(on="2026-11-01", instalment=2)
        assert (await desk.preview("300.00 EUR", "2026-12-02")).json()["decide_by"] is None


# --- who decides ---------------------------------------------------------------------------------------------


async def test_an_officer_recovers_only_while_standing_in_for_a_decision_maker(desk: Desk) -> None:
    await desk.paid()
    await desk.heard()
    told = problem(await desk.recover(by="olga", role=Role.OFFICER), 403, "may-not-take-part")
    assert "stands in for none" in told["detail"]
    named = fact(
        StandInNamed, stand_in="olga", principal="board-1", valid_from="2026-11-01", valid_until="2026-11-30",
        limit="299.99 EUR",
    )  # fmt: skip
    await desk.service.given(STAND_INS, named)
    problem(await desk.recover(by="olga", role=Role.OFFICER), 403, "may-not-take-part")
    other = named.model_copy(update={"stand_in_id": UUID(int=7), "limit": 30_000})
    await desk.service.given(STAND_INS, other)
    assert (await desk.shown())["refused_acts"] == 2
    kinds = [record.data["act"] for record in await desk.service.ledger.stream(STREAM) if record.type == "act.refused"]
    assert kinds == ["recover", "recover"]
    assert (await desk.recover(by="olga", role=Role.OFFICER)).status_code == 201
    made = await desk.last()
    assert isinstance(made, RecoveryDecided)
    assert (made.person, made.on_behalf_of) == ("olga", "board-1")


async def test_who_opened_the_hearing_prepared_the_recovery_and_nobody_decides_in_their_place_either(
    desk: Desk,
) -> None:
    await desk.paid()
    await desk.given(fact(HearingOpened, amount="1500.00 EUR", person="olga"), fact(HearingAnswered))
    both = desk.service.token(Role.OFFICER, Role.DECISION_MAKER, person="olga")
    path = f"/v1/cases/{CASE}/recovery"
    told = problem(await desk.service.client.post(path, json=RECOVERY, headers=both), 403, "may-not-take-part")
    assert "prepared it" in told["detail"]
    period = {"valid_from": "2026-11-01", "valid_until": "2026-11-30", "limit": "5000.00 EUR"}
    for number, (principal, stand_in) in enumerate((("olga", "otto"), ("board-1", "olga")), start=1):
        ids = {"stand_in_id": str(UUID(int=number)), "principal": principal, "stand_in": stand_in}
        await desk.service.given(STAND_INS, fact(StandInNamed, **ids, **period))
        problem(await desk.recover(by=stand_in, role=Role.OFFICER), 403, "may-not-take-part")
    assert (await desk.shown())["refused_acts"] == 3
    assert (await desk.recover()).status_code == 201


async def test_a_stand_in_whose_time_is_over_recovers_nothing(desk: Desk) -> None:
    await desk.paid()
    await desk.heard()
    named = fact(StandInNamed, stand_in="olga", valid_from="2026-10-01", valid_until="2026-11-30", limit="5000.00 EUR")
    ended = fact(StandInEnded, stand_in_id=str(named.stand_in_id), valid_until="2026-11-01")
    await desk.service.given(STAND_INS, named, ended)
    problem(await desk.recover(by="olga", role=Role.OFFICER), 403, "may-not-take-part")


async def test_whoever_is_disqualified_recovers_nothing_and_the_attempt_is_recorded(desk: Desk) -> None:
    await desk.paid()
    await desk.heard()
    await desk.service.given(f"association/{ASSOCIATION}", fact(PersonNoted, person="hilkka"))
    await desk.given(fact(ConflictDeclared, person="board-2"))
    for number, person in enumerate(("board-2", "hilkka"), start=1):
        problem(await desk.recover(by=person), 403, "may-not-take-part")
        assert (await desk.shown())["refused_acts"] == number
    assert "recovered" not in await desk.shown()
    for role in (Role.FINANCE, Role.ASSOCIATION, Role.AUDITOR):
        problem(await desk.recover(role=role), 403, "forbidden")


async def test_of_two_who_decide_at_once_one_decides(desk: Desk) -> None:
    await desk.paid()
    await desk.heard()
    answers = await asyncio.gather(*(desk.recover(by=f"board-{number}") for number in (1, 2, 3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert (await desk.service.types()).count("recovery.decided") == 1


async def test_who_saw_another_version_decides_nothing(desk: Desk) -> None:
    await desk.paid()
    await desk.heard()
    problem(await desk.recover(seen='"3"'), 412, "version-stale")


# --- the county's data ---------------------------------------------------------------------------------------


def changed_county(folder: Path, file: str, before: str, after: str) -> Path:
    """A copy of the county's folder with a line of a file changed."""
    shutil.copytree(COUNTY_FOLDER, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(before) == 1
    (folder / file).write_text(text.replace(before, after), encoding="utf-8")
    return folder


async def test_without_a_rule_no_interest_is_asked(
    database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = 'recovery_interest: { margin: "3.00", late_margin: "7.00", day_count: actual/365 }'
    folder = changed_county(tmp_path / "county", "payments.yaml", rule, "")
    monkeypatch.setattr("tests.integration.in_process.COUNTY_FOLDER", folder)
    async with in_process("decisions", database, tmp_path, NOVEMBER) as service:
        desk = await opened(service)
        await desk.paid()
        await desk.heard()
        shown = (await desk.preview("300.00 EUR", "2026-12-02")).json()
        assert (shown["interest"], shown["interest_periods"]) == ("0.00 EUR", [])
        assert (await desk.recover()).json()["interest"] == "0.00 EUR"
        made = await desk.last()
        assert isinstance(made, RecoveryDecided)
        assert (made.interest, made.interest_periods, made.interest_waived) == (0, (), None)


async def test_where_the_countys_rate_has_ended_nothing_is_counted_with_it(
    database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = '{ valid_from: 2025-07-01, rate: "2.50" }'
    ended = '{ valid_from: 2025-07-01, valid_to: 2026-06-30, rate: "2.50" }'
    folder = changed_county(tmp_path / "county", "interest.yaml", last, ended)
    monkeypatch.setattr("tests.integration.in_process.COUNTY_FOLDER", folder)
    async with in_process("decisions", database, tmp_path, NOVEMBER) as service:
        desk = await opened(service)
        await desk.paid()
        await desk.heard()
        for answer in (await desk.preview("300.00 EUR", "2026-12-02"), await desk.recover()):
            assert "1.7.2026" in problem(answer, 409, "no-reference-rate")["detail"]
        assert (await desk.recover(waive_interest="Kohtuusyyt")).status_code == 201
