"""The services over HTTP on a real database: what they refuse, what they answer twice, what they never let happen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.decisions import AppropriationSet, CaseOpened, ConflictDeclared, DecisionMade, DecisionNotified
from schemas.decisions import ProposalMade as Proposal
from schemas.intake import AssociationRegistered, CallPublished
from schemas.payments import GrantAwarded, GrantReleased
from schemas.samples import IBAN, SAMPLES
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import ASSOCIATION, InProcess, in_process
from tests.unit.given import fact

JANUARY = datetime(2026, 1, 12, 8, 0, tzinfo=UTC)
UNKNOWN = "019b7a1e-8c00-7000-8000-0000000000ff"
CALL: dict[str, Any] = dict(SAMPLES["call.published", 1])
REGISTRATION: dict[str, Any] = dict(SAMPLES["association.registered", 1])
APPLICATION: dict[str, Any] = {
    "call_id": "operating-2026", "association_id": ASSOCIATION, "activity": "patients-and-disability-organisations",
    "municipalities": [{"municipality": "joensuu", "percent": 100}], "purpose": "Vertaistuki",
    "applied": "2000.00 EUR", "costs": "2500.50 EUR", "other_funding": "0.50 EUR", "own_funding": "500.00 EUR",
    "years": 1, "separable_bookkeeping": True,
}  # fmt: skip


def identity(number: int) -> str:
    return f"019b7a1e-8c00-7000-8000-{number:012x}"


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The problem document, which must be of this status and kind."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"urn:grant-ledger:problem:{slug}", document
    return document


def pointers(document: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in document["errors"]]


@pytest.fixture
async def intake(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[InProcess]:
    async with in_process("intake", database, tmp_path, JANUARY) as service:
        await service.given("call/operating-2026", fact(CallPublished))
        await service.given(f"association/{ASSOCIATION}", fact(AssociationRegistered))
        yield service


@pytest.fixture
async def decisions(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[InProcess]:
    async with in_process("decisions", database, tmp_path, datetime(2026, 2, 24, 8, 0, tzinfo=UTC)) as service:
        yield service


@pytest.fixture
async def payments(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[InProcess]:
    async with in_process("payments", database, tmp_path, datetime(2026, 4, 1, 8, 0, tzinfo=UTC)) as service:
        yield service


def applicant(service: InProcess) -> dict[str, str]:
    return service.token(Role.ASSOCIATION, association=ASSOCIATION)


async def apply(service: InProcess, headers: dict[str, str] | None = None, **changed: Any) -> httpx.Response:
    sent = {**APPLICATION, **changed}
    return await service.client.post("/v1/applications", json=sent, headers=applicant(service) | (headers or {}))


# --- commands that come twice, and versions that were seen ---------------------------------------------------


async def test_a_repeated_key_is_answered_as_before_and_done_once(intake: InProcess) -> None:
    first = await apply(intake, {"Idempotency-Key": "k-1"})
    size = await intake.size()
    again = await apply(intake, {"Idempotency-Key": "k-1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.headers["ETag"] == '"1"'
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.content == first.content
    assert await intake.size() == size


async def test_a_repeated_key_is_answered_as_before_even_where_the_command_would_be_refused_now(
    intake: InProcess,
) -> None:
    headers = intake.token(Role.OFFICER) | {"Idempotency-Key": "k-1", "If-Match": '"0"'}
    call = {**CALL, "call_id": "theme-2026", "basket": "theme"}
    first = await intake.client.post("/v1/calls", json=call, headers=headers)
    again = await intake.client.post("/v1/calls", json=call, headers=headers)
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_a_key_with_another_request_is_refused(intake: InProcess) -> None:
    await apply(intake, {"Idempotency-Key": "k-1"})
    size = await intake.size()
    other = await apply(intake, {"Idempotency-Key": "k-1"}, purpose="Muu")
    problem(other, 409, "idempotency-key-reused")
    assert await intake.size() == size


async def test_twins_at_the_same_moment_are_one(intake: InProcess) -> None:
    answers = await asyncio.gather(*(apply(intake, {"Idempotency-Key": "k-1"}) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert (await intake.types()).count("application.submitted") == 1


async def test_a_stale_version_is_refused_with_the_current_one(intake: InProcess) -> None:
    async def change(iban: str, seen: str) -> httpx.Response:
        headers = intake.token(Role.OFFICER) | {"If-Match": seen}
        sent = {"iban": iban, "reason": "Tili vaihtui"}
        return await intake.client.post(f"/v1/associations/{ASSOCIATION}/account", json=sent, headers=headers)

    right = await change("FI1410093000123458", '"1"')
    assert (right.status_code, right.headers["ETag"]) == (200, '"2"')
    size = await intake.size()
    stale = await change(IBAN, '"1"')
    problem(stale, 412, "version-stale")
    assert stale.headers["ETag"] == '"2"'
    problem(await change(IBAN, "2"), 400, "if-match-invalid")
    assert await intake.size() == size


# --- who may ask ---------------------------------------------------------------------------------------------


async def test_without_a_token_nothing_is_answered(intake: InProcess) -> None:
    problem(await intake.client.post("/v1/applications", json=APPLICATION), 401, "token-missing")
    problem(await intake.client.get("/v1/applications"), 401, "token-missing")


async def test_a_wrong_role_is_refused(intake: InProcess) -> None:
    for role in set(Role) - {Role.ASSOCIATION}:
        answer = await intake.client.post("/v1/applications", json=APPLICATION, headers=intake.token(role))
        problem(answer, 403, "forbidden")


async def test_anothers_application_is_as_if_it_were_not_there(intake: InProcess) -> None:
    application_id = (await apply(intake)).json()["application_id"]
    other = intake.token(Role.ASSOCIATION, association="0116753-1")
    path = f"/v1/applications/{application_id}"
    problem(await intake.client.get(path, headers=other), 404, "not-found")
    refused = await intake.client.post(f"{path}/withdrawal", json={"reason": "x"}, headers=other)
    problem(refused, 404, "not-found")
    assert (await intake.client.get("/v1/applications", headers=other)).json()["items"] == []
    problem(await intake.client.post("/v1/applications", json=APPLICATION, headers=other), 404, "not-found")
    asked = await intake.client.get("/v1/applications", params={"association_id": ASSOCIATION}, headers=other)
    problem(asked, 404, "not-found")
    assert (await intake.client.get(path, headers=applicant(intake))).status_code == 200


# --- what is sent --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe{}", b'{"a": 1}}', b"null,"])
async def test_broken_json_is_refused(intake: InProcess, content: bytes) -> None:
    headers = applicant(intake) | {"Content-Type": "application/json"}
    answer = await intake.client.post("/v1/applications", content=content, headers=headers)
    assert answer.status_code == (400 if content else 422)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_missing_and_extra_fields_are_each_told_with_their_place(intake: InProcess) -> None:
    sent = {name: value for name, value in APPLICATION.items() if name != "purpose"} | {"colour": "blue"}
    answer = await intake.client.post("/v1/applications", json=sent, headers=applicant(intake))
    assert sorted(pointers(problem(answer, 422, "validation"))) == ["/colour", "/purpose"]


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"applied": "2000.000 EUR"}, "/applied"),
        ({"applied": "2000.0 EUR"}, "/applied"),
        ({"applied": "2000,00 EUR"}, "/applied"),
        ({"applied": "2000.00"}, "/applied"),
        ({"applied": "-2000.00 EUR"}, "/applied"),
        ({"applied": 2000.0}, "/applied"),
        ({"applied": True}, "/applied"),
        ({"applied": None}, "/applied"),
        ({"association_id": "2050864-6"}, "/association_id"),
        ({"years": 0}, "/years"),
        ({"years": 6}, "/years"),
        ({"municipalities": []}, "/municipalities"),
        ({"municipalities": [{"municipality": "joensuu", "percent": 101}]}, "/municipalities/0/percent"),
        ({"purpose": "  "}, "/purpose"),
        ({"purpose": "x" * 4001}, "/purpose"),
    ],
)
async def test_wrong_values_are_refused_with_their_place(
    intake: InProcess, changed: dict[str, Any], pointer: str
) -> None:
    size = await intake.size()
    assert pointers(problem(await apply(intake, **changed), 422, "validation")) == [pointer]
    assert await intake.size() == size


async def test_all_broken_rules_are_told_at_once(intake: InProcess) -> None:
    answer = await apply(intake, activity="space-travel", applied="0.00 EUR", costs="500.50 EUR")
    assert pointers(problem(answer, 422, "rules-broken")) == ["/activity", "/applied"]


async def test_a_wrong_account_number_is_refused(intake: InProcess) -> None:
    sent = {**REGISTRATION, "association_id": "0116753-1", "iban": "FI2112345600000786"}
    answer = await intake.client.post("/v1/associations", json=sent, headers=intake.token(Role.OFFICER))
    assert pointers(problem(answer, 422, "validation")) == ["/iban"]


async def test_what_does_not_exist_is_not_found(intake: InProcess) -> None:
    problem(await apply(intake, call_id="nothing-2026"), 404, "not-found")
    for path in (f"/v1/applications/{UNKNOWN}", "/v1/calls/nothing", "/v1/associations/0116753-1"):
        problem(await intake.client.get(path, headers=intake.token(Role.OFFICER)), 404, "not-found")
    withdrawn = await intake.client.post(
        f"/v1/applications/{UNKNOWN}/withdrawal", json={"reason": "x"}, headers=applicant(intake)
    )
    problem(withdrawn, 404, "not-found")


@pytest.mark.parametrize(
    ("moment", "late"),
    [
        (datetime(2026, 1, 16, 14, 0, 30, tzinfo=UTC), False),
        (datetime(2026, 1, 16, 14, 1, 0, tzinfo=UTC), True),
    ],
)
async def test_an_application_after_the_closing_minute_is_taken_as_late(
    intake: InProcess, moment: datetime, late: bool
) -> None:
    intake.at(moment)
    answer = await apply(intake)
    assert answer.status_code == 201
    assert (answer.json()["late"], answer.json()["arrived_on"]) == (late, "2026-01-16")


async def test_a_paper_application_counts_by_the_day_on_which_it_came(intake: InProcess) -> None:
    intake.at(datetime(2026, 1, 20, 8, 0, tzinfo=UTC))
    sent = {**APPLICATION, "arrived_on": "2026-01-16"}
    answer = await intake.client.post("/v1/paper-applications", json=sent, headers=intake.token(Role.OFFICER))
    assert (answer.status_code, answer.json()["late"]) == (201, False)


# --- lists ---------------------------------------------------------------------------------------------------


async def test_registers_show_what_was_shown_then_by_position_and_by_moment(intake: InProcess) -> None:
    officer = intake.token(Role.OFFICER)
    application_id = (await apply(intake)).json()["application_id"]
    before = (await intake.client.get("/v1/applications", headers=officer)).json()
    intake.at(datetime(2026, 1, 13, 8, 0, tzinfo=UTC))
    path = f"/v1/applications/{application_id}"
    await intake.client.post(f"{path}/withdrawal", json={"reason": "Peruttiin"}, headers=applicant(intake))
    now = (await intake.client.get("/v1/applications", headers=officer)).json()
    assert [each["items"][0]["standing"] for each in (before, now)] == ["received", "withdrawn"]
    then = {"position": before["position"]}
    assert (await intake.client.get("/v1/applications", params=then, headers=officer)).json() == before
    moment = {"moment": "2026-01-13T07:59:59+00:00"}
    assert (await intake.client.get("/v1/applications", params=moment, headers=officer)).json() == before
    one = await intake.client.get(path, params=moment, headers=officer)
    assert one.json() == before["items"][0]
    earlier = await intake.client.get(path, params={"position": 2}, headers=officer)
    problem(earlier, 404, "not-found")
    both = await intake.client.get("/v1/applications", params=then | moment, headers=officer)
    problem(both, 400, "as-of-twice")


async def test_pages_follow_each_other_without_gap_or_repetition(intake: InProcess) -> None:
    sent = [(await apply(intake)).json()["application_id"] for _ in range(7)]
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        asked = {"limit": "3", **cursor}
        page = (await intake.client.get("/v1/applications", params=asked, headers=applicant(intake))).json()
        found += [item["application_id"] for item in page["items"]]
        if page["next"] is None:
            break
        assert len(page["items"]) == 3
        cursor = {"cursor": page["next"]}
    assert found == sorted(sent)
    broken = await intake.client.get("/v1/applications", params={"cursor": "x!"}, headers=applicant(intake))
    problem(broken, 400, "cursor-invalid")


# --- decisions -----------------------------------------------------------------------------------------------


async def given_case(service: InProcess, number: int, applied: str = "2000.00 EUR") -> str:
    """A case with a proposal by bertta."""
    chosen = identity(number)
    opened = fact(CaseOpened, application_id=chosen, applied=applied, diary_number=f"{number}/02.05.01.00/2026")
    await service.given(f"case/{chosen}", opened, fact(Proposal, application_id=chosen, person="bertta"))
    return chosen


async def decide(service: InProcess, case: str, person: str = "anna", amount: str = "2000.00 EUR") -> httpx.Response:
    sent = {
        "outcome": "granted", "amount": amount, "reasons": "Syyt", "conditions": [], "payable_from": ["2026-04-01"],
        "organ": "Hallitus", "meeting_id": None,
    }  # fmt: skip
    headers = service.token(Role.DECISION_MAKER, Role.OFFICER, person=person)
    return await service.client.post(f"/v1/cases/{case}/decision", json=sent, headers=headers)


async def test_decisions_at_the_same_moment_cannot_exceed_the_appropriation(decisions: InProcess) -> None:
    await decisions.given("appropriation/operating-2026", fact(AppropriationSet, amount="5000.00 EUR"))
    cases = [await given_case(decisions, number) for number in range(1, 6)]
    answers = await asyncio.gather(*(decide(decisions, case) for case in cases))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409, 409]
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "appropriation-exceeded")
    shown = (await decisions.client.get("/v1/appropriations", headers=decisions.token(Role.AUDITOR))).json()["items"]
    assert [(each["amount"], each["committed"]) for each in shown] == [("5000.00 EUR", "4000.00 EUR")]
    assert (await decisions.types()).count("decision.made") == 2


async def test_a_case_is_decided_once_however_many_try(decisions: InProcess) -> None:
    await decisions.given("appropriation/operating-2026", fact(AppropriationSet))
    case = await given_case(decisions, 1)
    answers = await asyncio.gather(*(decide(decisions, case, person) for person in ("anna", "cecilia", "doris")))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


async def test_whoever_proposed_or_is_disqualified_does_not_decide_and_the_attempt_is_recorded(
    decisions: InProcess,
) -> None:
    case = await given_case(decisions, 1)
    await decisions.given(f"case/{case}", fact(ConflictDeclared, application_id=case, person="anna"))
    for person in ("bertta", "anna"):
        problem(await decide(decisions, case, person), 403, "may-not-take-part")
    assert (await decisions.types())[-2:] == ["act.refused", "act.refused"]
    shown = await decisions.client.get(f"/v1/cases/{case}", headers=decisions.token(Role.AUDITOR))
    assert shown.json()["refused_acts"] == 2


async def test_a_decision_needs_an_appropriation(decisions: InProcess) -> None:
    case = await given_case(decisions, 1)
    size = await decisions.size()
    problem(await decide(decisions, case), 404, "not-found")
    assert await decisions.size() == size


async def test_more_instalments_than_cents_are_refused(decisions: InProcess) -> None:
    case = await given_case(decisions, 1, "0.01 EUR")
    sent = {
        "outcome": "granted", "amount": "0.01 EUR", "reasons": "Syyt", "payable_from": ["2026-04-01", "2026-05-01"],
        "organ": "Hallitus",
    }  # fmt: skip
    headers = decisions.token(Role.DECISION_MAKER)
    answer = await decisions.client.post(f"/v1/cases/{case}/decision", json=sent, headers=headers)
    assert pointers(problem(answer, 422, "too-many-instalments")) == ["/payable_from"]


async def test_the_last_day_for_a_claim_skips_christmas_and_finality_comes_after_it(decisions: InProcess) -> None:
    case = await given_case(decisions, 1)
    await decisions.given(f"case/{case}", fact(DecisionMade, application_id=case))
    decisions.at(datetime(2026, 12, 7, 8, 0, tzinfo=UTC))
    officer, operator = decisions.token(Role.OFFICER), decisions.token(Role.OPERATOR)
    told = await decisions.client.post(f"/v1/cases/{case}/notice", json={"manner": "electronic"}, headers=officer)
    assert told.json()["last_claim_day"] == "2026-12-28"
    for day, finalised in ((28, 0), (29, 1), (30, 0)):
        decisions.at(datetime(2026, 12, day, 20, 0, tzinfo=UTC))
        run = await decisions.client.post("/v1/deadlines/run", headers=operator)
        assert run.json() == {"finalised": finalised}


async def test_anothers_decision_is_not_claimed_against(decisions: InProcess) -> None:
    case = await given_case(decisions, 1)
    notified = fact(DecisionNotified, application_id=case)
    await decisions.given(f"case/{case}", fact(DecisionMade, application_id=case), notified)
    other = decisions.token(Role.ASSOCIATION, association="0116753-1")
    answer = await decisions.client.post(f"/v1/cases/{case}/claims", json={"grounds": "x"}, headers=other)
    problem(answer, 404, "not-found")


# --- payments ------------------------------------------------------------------------------------------------


async def given_grant(service: InProcess, number: int = 1) -> str:
    """A grant of 1500.00 EUR whose only instalment is payable."""
    chosen = identity(number)
    await service.given(
        f"grant/{chosen}", fact(GrantAwarded, application_id=chosen), fact(GrantReleased, application_id=chosen)
    )
    return chosen


def finance(service: InProcess, person: str = "anna") -> dict[str, str]:
    return service.token(Role.FINANCE, person=person)


async def propose(service: InProcess, person: str = "anna", **changed: Any) -> httpx.Response:
    sent = {"execution_date": "2026-04-02", **changed}
    return await service.client.post("/v1/runs", json=sent, headers=finance(service, person))


async def test_proposals_at_the_same_moment_cannot_pay_an_instalment_twice(payments: InProcess) -> None:
    await given_grant(payments)
    answers = await asyncio.gather(*(propose(payments, person) for person in ("anna", "bertta", "cecilia")))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert (await payments.types()).count("payment.proposed") == 1


async def test_whoever_proposed_does_not_approve_and_the_attempt_is_recorded(payments: InProcess) -> None:
    await given_grant(payments)
    run = (await propose(payments)).json()["run_id"]

    async def approve(person: str) -> httpx.Response:
        return await payments.client.post(f"/v1/runs/{run}/approvals", headers=finance(payments, person))

    problem(await approve("anna"), 403, "may-not-approve")
    assert (await approve("bertta")).status_code == 201
    problem(await approve("bertta"), 403, "may-not-approve")
    built = await payments.client.post(f"/v1/runs/{run}/file", headers=finance(payments))
    problem(built, 409, "not-approved")
    assert (await payments.types()).count("run.approval_refused") == 2
    assert (await approve("cecilia")).status_code == 201
    problem(await approve("doris"), 409, "approved-already")


async def test_approvals_at_the_same_moment_are_of_different_people(payments: InProcess) -> None:
    await given_grant(payments)
    run = (await propose(payments)).json()["run_id"]
    path = f"/v1/runs/{run}/approvals"
    answers = await asyncio.gather(*(payments.client.post(path, headers=finance(payments, "bertta")) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 403, 403]


async def sent_run(service: InProcess) -> dict[str, Any]:
    """A run that two people approved and that was handed to the bank."""
    run = (await propose(service)).json()["run_id"]
    for person in ("bertta", "cecilia"):
        await service.client.post(f"/v1/runs/{run}/approvals", headers=finance(service, person))
    await service.client.post(f"/v1/runs/{run}/file", headers=finance(service))
    await service.client.post(f"/v1/runs/{run}/sending", headers=finance(service))
    shown: dict[str, Any] = (await service.client.get(f"/v1/runs/{run}", headers=finance(service))).json()
    return shown


async def test_a_run_has_one_file_and_is_sent_once(payments: InProcess) -> None:
    await given_grant(payments)
    run = (await sent_run(payments))["run_id"]
    size = await payments.size()
    again = [
        await payments.client.post(f"/v1/runs/{run}/{act}", headers=finance(payments))
        for act in ("file", "file", "sending")
    ]
    assert [answer.status_code for answer in again] == [200, 200, 200]
    assert again[0].json() == again[1].json()
    assert len(list((payments.folder / "outbox").glob("*.xml"))) == 1
    assert await payments.size() == size


async def test_runs_of_what_is_not_there_or_not_payable_are_refused(payments: InProcess) -> None:
    problem(await propose(payments), 409, "nothing-payable")
    problem(await propose(payments, application_ids=[UNKNOWN]), 404, "not-found")
    await given_grant(payments)
    past = await propose(payments, execution_date="2026-03-31")
    assert pointers(problem(past, 422, "execution-date-past")) == ["/execution_date"]
    for act in ("approvals", "file", "sending"):
        problem(await payments.client.post(f"/v1/runs/{UNKNOWN}/{act}", headers=finance(payments)), 404, "not-found")


# --- files ---------------------------------------------------------------------------------------------------

STATEMENT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>S1</MsgId><CreDtTm>2026-04-02T20:00:00+03:00</CreDtTm></GrpHdr>
<Stmt><Id>1</Id><CreDtTm>2026-04-02T20:00:00+03:00</CreDtTm>
<Acct><Id><IBAN>FI2112345600000785</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{opening}</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>2026-04-02</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">8500.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>2026-04-02</Dt></Dt></Bal>
<Ntry><Amt Ccy="EUR">1500.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-04-02</Dt></BookgDt><ValDt><Dt>2026-04-02</Dt></ValDt><AcctSvcrRef>260402A1</AcctSvcrRef>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><TxDtls><Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>
<Amt Ccy="EUR">1500.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls></NtryDtls></Ntry>
</Stmt></BkToCstmrStmt></Document>
"""
BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Document>&b;</Document>'


def statement(end_to_end: str = "OTHER", opening: str = "10000.00") -> bytes:
    return STATEMENT.format(end_to_end=end_to_end, opening=opening).encode()


async def hand_in(service: InProcess, content: bytes) -> httpx.Response:
    headers = finance(service) | {"Content-Type": "application/xml"}
    return await service.client.post("/v1/bank-files", content=content, headers=headers)


async def test_a_statement_books_what_was_sent_and_the_same_file_again_changes_nothing(payments: InProcess) -> None:
    application_id = await given_grant(payments)
    [line] = (await sent_run(payments))["lines"]
    first = await hand_in(payments, statement(line["end_to_end_id"]))
    assert first.status_code == 200, first.text
    assert (first.json()["already_imported"], first.json()["effects"]) == (False, {"payment.booked": 1})
    size = await payments.size()
    again = await hand_in(payments, statement(line["end_to_end_id"]))
    assert (again.status_code, again.json()["already_imported"], again.json()["effects"]) == (200, True, {})
    assert await payments.size() == size
    stored = await payments.client.get(f"/v1/files/{first.json()['sha256']}", headers=finance(payments))
    assert stored.content == statement(line["end_to_end_id"])
    grant = (await payments.client.get(f"/v1/grants/{application_id}", headers=finance(payments))).json()
    assert grant["paid"] == "1500.00 EUR"
    balance = (await payments.client.get("/v1/trial-balance", headers=finance(payments))).json()
    assert (balance["total"], balance["debits"], balance["credits"]) == ("0.00 EUR", "3000.00 EUR", "3000.00 EUR")


async def test_a_file_that_books_another_sum_is_refused_whole(payments: InProcess) -> None:
    await given_grant(payments)
    [line] = (await sent_run(payments))["lines"]
    size = await payments.size()
    other = statement(line["end_to_end_id"]).replace(b">1500.00<", b">1499.99<").replace(b"8500.00", b"8500.01")
    problem(await hand_in(payments, other), 409, "bank-amount-differs")
    assert await payments.size() == size


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not xml",
        statement()[:-40],
        statement().replace(b"camt.053.001.08", b"camt.999.001.01"),
        statement().replace(b"<Document", b"<Document>\xff<x"),
        statement().replace(b'encoding="UTF-8"', b'encoding="UTF-16"'),
        statement(opening="10000.01"),
        statement().replace(b'Ccy="EUR">1500.00', b'Ccy="EUR">1500.001'),
        BOMB.encode(),
    ],
    ids=["empty", "no xml", "cut", "namespace", "bytes", "encoding", "balance", "decimals", "bomb"],
)
async def test_a_bank_file_that_is_not_sound_is_refused_whole(payments: InProcess, content: bytes) -> None:
    size = await payments.size()
    document = problem(await hand_in(payments, content), 422, "bank-file-refused")
    assert len(document["detail"]) > 20
    assert await payments.size() == size


async def exported(service: InProcess) -> bytes:
    """The vouchers of February in the generic profile."""
    await given_grant(service)
    sent = {"period": "2026-02", "profile": "generic"}
    made = await service.client.post("/v1/voucher-exports", json=sent, headers=finance(service))
    assert made.status_code == 201, made.text
    return (await service.client.get(f"/v1/files/{made.json()['sha256']}", headers=finance(service))).content


async def take_postings(service: InProcess, content: bytes, **changed: str) -> httpx.Response:
    asked = {"period": "2026-02", "profile": "generic", **changed}
    return await service.client.post("/v1/postings", params=asked, content=content, headers=finance(service))


async def test_vouchers_come_back_as_postings_and_the_same_file_again_changes_nothing(payments: InProcess) -> None:
    content = await exported(payments)
    problem(
        await payments.client.post(
            "/v1/voucher-exports", json={"period": "2026-02", "profile": "generic"}, headers=finance(payments)
        ),
        409,
        "nothing-to-export",
    )
    first = await take_postings(payments, content)
    assert (first.status_code, first.json()["rows"], first.json()["already_imported"]) == (200, 2, False)
    size = await payments.size()
    assert (await take_postings(payments, content)).json()["already_imported"] is True
    assert await payments.size() == size
    run = await payments.client.post("/v1/reconciliations", json={"period": "2026-02"}, headers=finance(payments))
    assert (run.json()["matched"], run.json()["differences"]) == (1, 0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"1500.00", b"1500.000"),
        (b"2026-02-24", b"2026-02-31"),
        (b"posting_date", b"colour"),
        (b"Avustusp", b"\x81"),
    ],
    ids=["decimals", "date", "column", "encoding"],
)
async def test_postings_that_are_not_sound_are_refused_whole(payments: InProcess, old: bytes, new: bytes) -> None:
    content = await exported(payments)
    assert old in content
    size = await payments.size()
    problem(await take_postings(payments, content.replace(old, new, 1)), 422, "postings-refused")
    assert await payments.size() == size


async def test_postings_whose_two_sides_differ_are_a_difference(payments: InProcess) -> None:
    content = await exported(payments)
    taken = await take_postings(payments, content.replace(b"1500.00", b"1499.99", 1))
    assert taken.status_code == 200, taken.text
    run = await payments.client.post("/v1/reconciliations", json={"period": "2026-02"}, headers=finance(payments))
    assert (run.json()["matched"], run.json()["differences"]) == (0, 1)
    raised = (await payments.client.get("/v1/differences", headers=finance(payments))).json()["items"]
    assert [each["difference_class"] for each in raised] == ["amount_differs"]


async def test_postings_in_an_unknown_profile_are_refused(payments: InProcess) -> None:
    content = await exported(payments)
    size = await payments.size()
    assert (await take_postings(payments, content, profile="nothing")).status_code in {404, 422}
    assert await payments.size() == size
