"""Payments over HTTP on a real database: nothing is paid twice, and a file is taken whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.payments import GrantAwarded, GrantReleased
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import UNKNOWN, InProcess, identity, in_process, pointers, problem
from tests.unit.given import fact


@pytest.fixture
async def payments(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[InProcess]:
    async with in_process("payments", database, tmp_path, datetime(2026, 4, 1, 8, 0, tzinfo=UTC)) as service:
        yield service


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


async def test_a_debit_of_another_sum_than_was_sent_books_nothing_and_is_told(payments: InProcess) -> None:
    application_id = await given_grant(payments)
    [line] = (await sent_run(payments))["lines"]
    other = statement(line["end_to_end_id"]).replace(b">1500.00<", b">1499.99<").replace(b"8500.00", b"8500.01")
    answer = await hand_in(payments, other)
    assert (answer.status_code, answer.json()["effects"]) == (200, {})
    [warning] = answer.json()["warnings"]
    assert "260402A1 debits 1499.99 EUR" in warning
    grant = (await payments.client.get(f"/v1/grants/{application_id}", headers=finance(payments))).json()
    assert grant["paid"] == "0.00 EUR"
    assert "payment.booked" not in await payments.types()


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


async def test_an_attempt_at_ones_own_run_is_recorded_whatever_version_was_seen(payments: InProcess) -> None:
    await given_grant(payments)
    run = (await propose(payments)).json()["run_id"]
    headers = finance(payments) | {"If-Match": '"99"'}
    problem(await payments.client.post(f"/v1/runs/{run}/approvals", headers=headers), 403, "may-not-approve")
    assert (await payments.types()).count("run.approval_refused") == 1
