"""Runs beside the straight path, over HTTP on a real database: approved by line, within limits, changed, refused."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree

from schemas.payments import GrantAwarded
from services.payments.channel import Folder
from tests.infrastructure.databases import FreshDatabase
from tests.integration.finance_office import (
    OTHER_IBAN,
    REJECTION,
    Entry,
    FinanceOffice,
    finance_office,
    replica,
    statement,
)
from tests.integration.in_process import UNKNOWN, identity, pointers, problem
from tests.unit.given import COUNTY_FOLDER, fact


@pytest.fixture
async def office(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[FinanceOffice]:
    async with finance_office(database, tmp_path) as made:
        yield made


async def proposed(office: FinanceOffice, count: int = 3) -> tuple[dict[str, Any], list[str]]:
    """A run of so many payments of 1500.00 that anna proposed, and the ids of its lines."""
    for number in range(1, count + 1):
        await office.grant(number)
    run = await office.propose()
    return run, [line["end_to_end_id"] for line in run["lines"]]


def limit(office: FinanceOffice, approver: str, limit: str, by: str = "zelda", **changed: Any) -> Any:
    sent = {"approver": approver, "limit": limit, "valid_from": "2026-04-01", **changed}
    return office.post("/approvers/limits", by, **sent)


def stand_in(office: FinanceOffice, principal: str, stand_in: str, **changed: Any) -> Any:
    sent = {
        "stand_in": stand_in, "valid_from": "2026-04-01", "valid_until": "2026-04-10", "limit": "5000.00 EUR",
        "reason": "Vuosiloma", **changed,
    }  # fmt: skip
    return office.post("/approvers/stand-ins", principal, **sent)


async def file_of(office: FinanceOffice, run: dict[str, Any]) -> tuple[list[str], str, str]:
    """The EndToEndIds in a run's bank file, its number of payments and its sum."""
    answer = await office.post(f"/runs/{run['run_id']}/file")
    assert answer.status_code == 200, answer.text
    headers = office.headers()
    stored = await office.service.client.get(f"/v1/files/{answer.json()['sha256']}", headers=headers)
    found = etree.fromstring(stored.content)

    def texts(name: str) -> list[str]:
        return [str(each.text) for each in found.iter(f"{{*}}{name}")]

    return texts("EndToEndId"), texts("NbOfTxs")[0], texts("CtrlSum")[0]


# --- approvals -----------------------------------------------------------------------------------------------


async def test_a_run_is_approved_line_by_line_and_each_line_needs_two(office: FinanceOffice) -> None:
    run, (a, b, c) = await proposed(office)
    for person, lines in (("bertta", (a, b)), ("cecilia", (b, c)), ("doris", (a,))):
        assert (await office.approve(run, person, *lines)).status_code == 201
    short = await office.post(f"/runs/{run['run_id']}/file")
    assert "1 of 3 lines have fewer" in problem(short, 409, "not-approved")["detail"]
    problem(await office.approve(run, "eeva", b), 409, "approved-already")
    assert (await office.approve(run, "eeva", c)).json()["approvals"] == 4
    shown = await office.get(f"/runs/{run['run_id']}")
    assert [(each["person"], each["lines"]) for each in shown["approvals"]] == [
        ("bertta", [a, b]), ("cecilia", [b, c]), ("doris", [a]), ("eeva", [c]),
    ]  # fmt: skip
    assert await file_of(office, run) == ([a, b, c], "3", "4500.00")


async def test_a_line_that_the_run_does_not_have_is_named(office: FinanceOffice) -> None:
    run, (a, *_) = await proposed(office)
    size = await office.service.size()
    unknown = await office.approve(run, "bertta", a, "ENONE-1-1")
    assert pointers(problem(unknown, 422, "no-such-line")) == ["/lines/1"]
    taken = await office.post(f"/runs/{run['run_id']}/removals", lines=["ENONE-1-1"], reason="Virhe")
    assert pointers(problem(taken, 422, "no-such-line")) == ["/lines/0"]
    assert await office.service.size() == size


async def test_every_refused_attempt_at_an_approval_is_an_event(office: FinanceOffice) -> None:
    run, (a, *_) = await proposed(office)
    await limit(office, "bertta", "1500.00 EUR")
    problem(await office.approve(run, "anna"), 403, "may-not-approve")
    problem(await office.approve(run, "anna", a), 403, "may-not-approve")
    beyond = problem(await office.approve(run, "bertta"), 403, "may-not-approve")
    assert "bertta approves up to 1500.00 EUR of a run: this is 4500.00 EUR" in beyond["detail"]
    assert (await office.approve(run, "bertta", a)).status_code == 201
    problem(await office.approve(run, "bertta", a), 403, "may-not-approve")
    assert (await office.service.types()).count("run.approval_refused") == 4
    assert (await office.get(f"/runs/{run['run_id']}"))["refused_approvals"] == 4


async def test_nobody_sets_their_own_limit_and_the_last_one_holds(office: FinanceOffice) -> None:
    problem(await limit(office, "bertta", "1.00 EUR", by="bertta"), 403, "own-limit")
    backwards = await limit(office, "bertta", "1.00 EUR", valid_until="2026-03-31")
    assert pointers(problem(backwards, 422, "period-backwards")) == ["/valid_until"]
    run, _ = await proposed(office, 1)
    for allowed in ("2000.00 EUR", "1000.00 EUR"):
        assert (await limit(office, "bertta", allowed)).status_code == 201
    problem(await office.approve(run, "bertta"), 403, "may-not-approve")
    await limit(office, "bertta", "2000.00 EUR")
    assert (await office.approve(run, "bertta")).status_code == 201
    [shown] = (await office.get("/approvers"))["items"]
    assert (shown["kind"], shown["approver"], shown["limit"]) == ("limit", "bertta", "2000.00 EUR")


async def test_a_stand_in_approves_only_within_period_and_limit(office: FinanceOffice) -> None:
    run, _ = await proposed(office, 1)
    await limit(office, "bertta", "0.00 EUR")
    await limit(office, "paula", "1500.00 EUR")
    beyond = await stand_in(office, "paula", "bertta")
    assert pointers(problem(beyond, 422, "beyond-own-limit")) == ["/limit"]
    later = await stand_in(office, "paula", "bertta", limit="1500.00 EUR", valid_from="2026-04-02")
    problem(await office.approve(run, "bertta"), 403, "may-not-approve")
    end = f"/approvers/stand-ins/{later.json()['stand_in_id']}/end"
    problem(await office.post(end, "bertta", valid_until="2026-04-01"), 404, "not-found")
    assert (await office.post(end, "paula", valid_until="2026-04-01")).status_code == 200
    small = await stand_in(office, "paula", "bertta", limit="1499.99 EUR")
    assert small.status_code == 201, small.text
    problem(await office.approve(run, "bertta"), 403, "may-not-approve")
    assert (await office.service.types()).count("run.approval_refused") == 2


async def test_a_stand_in_approves_in_anothers_place_and_it_is_recorded_in_whose(office: FinanceOffice) -> None:
    run, _ = await proposed(office, 1)
    await limit(office, "bertta", "0.00 EUR")
    await stand_in(office, "paula", "bertta")
    assert (await office.approve(run, "bertta")).status_code == 201
    problem(await office.approve(run, "paula"), 403, "may-not-approve")
    [given] = (await office.get(f"/runs/{run['run_id']}"))["approvals"]
    assert given == {"person": "bertta", "lines": None, "on_behalf_of": "paula"}
    await limit(office, "cecilia", "0.00 EUR")
    await stand_in(office, "rauha", "cecilia")
    await limit(office, "rauha", "1499.99 EUR")
    problem(await office.approve(run, "cecilia"), 403, "may-not-approve")


@pytest.mark.parametrize("principal", ["anna", "cecilia"], ids=["proposed", "approved"])
async def test_nobody_approves_in_the_place_of_who_proposed_or_approved(office: FinanceOffice, principal: str) -> None:
    run, _ = await proposed(office, 1)
    await limit(office, "bertta", "0.00 EUR")
    await stand_in(office, principal, "bertta")
    assert (await office.approve(run, "cecilia")).status_code == 201
    problem(await office.approve(run, "bertta"), 403, "may-not-approve")
    assert (await office.service.types())[-1] == "run.approval_refused"


# --- changes -------------------------------------------------------------------------------------------------


async def test_what_is_taken_out_is_payable_again_under_a_new_id_and_approvals_are_void(office: FinanceOffice) -> None:
    run, (a, b, c) = await proposed(office)
    await office.approve(run, "bertta")
    answer = await office.post(f"/runs/{run['run_id']}/removals", "cecilia", lines=[b], reason="Tili tarkistetaan")
    assert answer.json() == {"run_id": run["run_id"], "count": 2, "total": "3000.00 EUR"}
    shown = await office.get(f"/runs/{run['run_id']}")
    assert (shown["state"], shown["total"], shown["approvals"]) == ("proposed", "3000.00 EUR", [])
    problem(await office.approve(run, "cecilia"), 403, "may-not-approve")
    assert await office.payables() == [(1, "1500.00 EUR", False)]
    [dropped] = (await office.get("/payments", state="dropped"))["items"]
    assert dropped["end_to_end_id"] == b
    [again] = (await office.propose())["lines"]
    assert (again["application_id"], again["attempt"]) == (run["lines"][1]["application_id"], 2)
    assert again["end_to_end_id"] not in {a, b, c}
    for person in ("bertta", "doris"):
        assert (await office.approve(run, person)).status_code == 201
    assert await file_of(office, run) == ([a, c], "2", "3000.00")
    late = await office.post(f"/runs/{run['run_id']}/removals", lines=[a], reason="Myöhässä")
    problem(late, 409, "file-built")
    problem(await office.approve(run, "eeva"), 409, "file-built")


async def test_a_run_of_which_all_was_taken_out_is_cancelled_and_has_no_file(office: FinanceOffice) -> None:
    run, lines = await proposed(office)
    await office.post(f"/runs/{run['run_id']}/removals", lines=lines, reason="Perutaan")
    shown = await office.get(f"/runs/{run['run_id']}")
    assert (shown["state"], shown["lines"], shown["total"]) == ("cancelled", [], "0.00 EUR")
    problem(await office.post(f"/runs/{run['run_id']}/file"), 409, "run-empty")
    problem(await office.approve(run, "bertta"), 409, "approved-already")
    assert len((await office.propose())["lines"]) == 3


async def test_an_account_that_changed_after_the_proposal_is_paid_by_the_next_run(office: FinanceOffice) -> None:
    run, lines = await proposed(office, 1)
    for person in ("bertta", "cecilia"):
        await office.approve(run, person)
    await office.account(OTHER_IBAN)
    problem(await office.post(f"/runs/{run['run_id']}/file"), 409, "account-changed")
    await office.post(f"/runs/{run['run_id']}/removals", lines=lines, reason="Tili muuttui")
    [line] = (await office.propose())["lines"]
    assert (line["iban"], line["attempt"]) == (OTHER_IBAN, 2)


def county_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    """Offices that begin from now on have the county's payment rules with a change."""
    folder = tmp_path / "county"
    shutil.copytree(COUNTY_FOLDER, folder)
    rules = (folder / "payments.yaml").read_text(encoding="utf-8")
    assert old in rules
    (folder / "payments.yaml").write_text(rules.replace(old, new), encoding="utf-8")
    monkeypatch.setattr("tests.integration.in_process.COUNTY_FOLDER", folder)


async def test_a_run_with_more_payments_than_a_bank_file_holds_is_refused_when_it_is_proposed(
    database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    county_with(tmp_path, monkeypatch, "payments_per_file_max: 20000", "payments_per_file_max: 2")
    async with finance_office(database, tmp_path) as office:
        ids = [await office.grant(number) for number in (1, 2, 3)]
        size = await office.service.size()
        refused = await office.post("/runs", execution_date="2026-04-02")
        told = problem(refused, 409, "too-many-payments")
        assert "3 payments are payable and a bank file holds 2" in told["detail"]
        assert await office.service.size() == size
        assert len((await office.propose(application_ids=ids[:2]))["lines"]) == 2


LONG = "Pohjois-Karjalan vammaisten lasten ja nuorten harrastus- ja virkistystoiminnan tuki ry"
CUT = "Pohjois-Karjalan vammaisten lasten ja nuorten harrastus- ja"


async def approved(office: FinanceOffice) -> dict[str, Any]:
    """A run of a payee with a long name and one with a short, with all its approvals."""
    await office.grant(1, association_name=LONG)
    await office.grant(2)
    run = await office.propose()
    for person in ("bertta", "cecilia"):
        assert (await office.approve(run, person)).status_code == 201
    return run


async def test_a_long_name_is_cut_at_a_words_end_and_the_answer_names_it_the_same_for_the_same_run(
    office: FinanceOffice,
) -> None:
    run = await approved(office)
    [key] = [line["end_to_end_id"] for line in run["lines"] if line["creditor_name"] == LONG]
    first = await office.post(f"/runs/{run['run_id']}/file")
    assert first.json()["shortened_names"] == [{"end_to_end_id": key, "name": LONG, "written": CUT}]
    content = (await office.service.client.get(f"/v1/files/{first.json()['sha256']}", headers=office.headers())).content
    names = [str(each.text) for each in etree.fromstring(content).iterfind(".//{*}Cdtr/{*}Nm")]
    assert sorted(names) == sorted([CUT, fact(GrantAwarded).association_name])
    again = await office.post(f"/runs/{run['run_id']}/file")
    assert again.json() == first.json()


async def test_a_county_may_refuse_a_name_that_is_cut_and_then_nothing_is_stored_until_the_line_is_out(
    database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    county_with(tmp_path, monkeypatch, "long_names: cut", "long_names: refuse")
    async with finance_office(database, tmp_path) as office:
        run = await approved(office)
        [key] = [line["end_to_end_id"] for line in run["lines"] if line["creditor_name"] == LONG]
        size = await office.service.size()
        told = problem(await office.post(f"/runs/{run['run_id']}/file"), 409, "name-too-long")
        assert f"{key} “{LONG}”" in told["detail"]
        assert await office.service.size() == size
        assert await office.service.ledger.pool.fetchval("SELECT count(*) FROM stored_file") == 0
        await office.post(f"/runs/{run['run_id']}/removals", lines=[key], reason="Nimi on liian pitkä")
        sent = await office.send(await office.get(f"/runs/{run['run_id']}"))
        assert (sent["state"], len(sent["lines"])) == ("sent", 1)


# --- what the bank did not pay -------------------------------------------------------------------------------


async def failed(office: FinanceOffice, how: str) -> tuple[str, dict[str, Any]]:
    """A payment that the bank rejected, or sent back; its grant and its line."""
    application_id = await office.grant()
    run = await office.send(await office.propose())
    [line] = run["lines"]
    if how == "rejected":
        content = REJECTION.format(message=run["message_id"], end_to_end=line["end_to_end_id"]).encode()
        assert await office.hand_in(content) == {"payment.rejected": 1}
    else:
        await office.book(run)
        back = Entry(150_000, "BACK1", line["end_to_end_id"], returned=True)
        assert await office.hand_in(statement(date(2026, 4, 7), back)) == {"payment.returned": 1}
    return application_id, line


@pytest.mark.parametrize("how", ["rejected", "returned"])
async def test_what_the_bank_did_not_pay_is_held_until_the_account_changes(office: FinanceOffice, how: str) -> None:
    _, line = await failed(office, how)
    assert await office.payables() == [(1, "1500.00 EUR", True)]
    problem(await office.post("/runs", execution_date="2026-04-02"), 409, "nothing-payable")
    await office.account(OTHER_IBAN)
    [again] = (await office.propose())["lines"]
    assert (again["iban"], again["attempt"]) == (OTHER_IBAN, 2)
    assert again["end_to_end_id"] != line["end_to_end_id"]


@pytest.mark.parametrize("how", ["rejected", "returned"])
async def test_what_the_bank_did_not_pay_is_payable_once_a_person_settled_the_cause(
    office: FinanceOffice, how: str
) -> None:
    application_id, _ = await failed(office, how)
    path = f"/payables/{application_id}/1/settled-cause"
    size = await office.service.size()
    assert (await office.post(path, remark="Pankin häiriö")).status_code == 200
    assert (await office.post(path, remark="Pankin häiriö")).status_code == 200
    assert await office.service.size() == size + 1
    run = await office.send(await office.propose())
    assert run["lines"][0]["attempt"] == 2
    assert await office.book(run, date(2026, 4, 8)) == {"payment.booked": 1}
    assert (await office.get(f"/grants/{application_id}"))["paid"] == "1500.00 EUR"


async def test_a_cause_is_settled_only_of_what_the_bank_did_not_pay(office: FinanceOffice) -> None:
    application_id = await office.grant()
    problem(await office.post(f"/payables/{application_id}/1/settled-cause", remark="x"), 409, "nothing-to-settle")
    problem(await office.post(f"/payables/{application_id}/9/settled-cause", remark="x"), 409, "nothing-to-settle")
    problem(await office.post(f"/payables/{UNKNOWN}/1/settled-cause", remark="x"), 404, "not-found")


# --- at the same instant -------------------------------------------------------------------------------------


async def test_no_approval_stands_after_the_limit_that_forbids_it(office: FinanceOffice) -> None:
    """Whatever comes first: an approval beyond a limit is in the ledger only before the limit."""
    rounds = 4
    for number in range(1, rounds + 1):
        await office.grant(number)
        run = await office.propose(application_ids=[identity(number)])
        approvers = [f"bertta-{number}", f"cecilia-{number}"]
        answers = await asyncio.gather(
            *(office.approve(run, person) for person in approvers),
            *(limit(office, person, "1499.99 EUR") for person in approvers),
        )
        assert {answer.status_code for answer in answers} <= {201, 403}
    forbidden: set[str] = set()
    approved = 0
    async for record in office.service.ledger.scan():
        if record.type == "approver.limit_set":
            forbidden.add(str(record.data["approver"]))
        elif record.type == "run.approved":
            approved += 1
            assert record.data["person"] not in forbidden
    refusals = (await office.service.types()).count("run.approval_refused")
    assert (len(forbidden), approved + refusals) == (2 * rounds, 2 * rounds)


async def test_two_replicas_take_one_approval_of_a_person_and_no_more_than_are_needed(
    office: FinanceOffice, database: FreshDatabase, tmp_path: Path
) -> None:
    run, _ = await proposed(office, 1)
    async with replica(office, database, tmp_path / "replica") as other:
        answers: list[httpx.Response] = await asyncio.gather(
            *(desk.approve(run, person) for person in ("bertta", "cecilia", "doris") for desk in (office, other))
        )
        assert sorted(answer.status_code for answer in answers).count(201) == 2
        assert {answer.status_code for answer in answers} <= {201, 403, 409}
        shown = await other.get(f"/runs/{run['run_id']}")
        assert len(set(shown["approved_by"])) == len(shown["approved_by"]) == 2
        files = await asyncio.gather(*(desk.post(f"/runs/{run['run_id']}/file") for desk in (office, other)))
        assert files[0].json() == files[1].json()
    assert (await office.service.types()).count("run.file_built") == 1


async def test_a_run_that_is_sent_from_several_desks_at_once_is_handed_over_by_one_at_a_time(
    office: FinanceOffice, database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = await proposed(office, 1)
    for person in ("bertta", "cecilia"):
        await office.approve(run, person)
    await office.post(f"/runs/{run['run_id']}/file")
    original, writing, most = Folder.hand_over, 0, 0

    def slow(folder: Folder, name: str, content: bytes) -> None:
        nonlocal writing, most
        writing += 1
        most = max(most, writing)
        time.sleep(0.1)
        original(folder, name, content)
        writing -= 1

    monkeypatch.setattr(Folder, "hand_over", slow)
    async with replica(office, database, tmp_path / "replica") as other:
        answers = await asyncio.gather(*(desk.post(f"/runs/{run['run_id']}/sending") for desk in (office, other) * 2))
    assert {answer.status_code for answer in answers} == {200}
    assert (most, (await office.service.types()).count("run.sent")) == (1, 1)
