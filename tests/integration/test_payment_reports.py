"""Reports over HTTP: each in three forms, as of then what was told then, page by page, and refused with a sentence."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook

from schemas.payments import GrantAwarded, GrantReleased, RecoveryClaimed
from services.web.identity import Role
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import InProcess, identity, in_process, pointers, problem
from tests.integration.test_payments_service import finance, hand_in, sent_run, statement, take_postings
from tests.unit.given import fact

REPORTS = (
    "payments", "reconciliation", "open-differences", "grants", "audit-trail", "accruals", "account-statement",
    "trial-balance",
)  # fmt: skip
FIRST = identity(1)
DIARY = "17/02.05.01.00/2026"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NEEDED: dict[str, dict[str, Any]] = {
    "reconciliation": {"period": "2026-02"}, "audit-trail": {"diary_number": DIARY}, "accruals": {"period": "2026-04"},
    "account-statement": {"account": "2590"},
}  # fmt: skip


@pytest.fixture
async def payments(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[InProcess]:
    async with in_process("payments", database, tmp_path, datetime(2026, 4, 1, 8, 0, tzinfo=UTC)) as service:
        yield service


async def ask(service: InProcess, name: str, headers: dict[str, str] | None = None, **asked: Any) -> httpx.Response:
    sent = finance(service) | (headers or {})
    return await service.client.get(f"/v1/reports/{name}", params=asked, headers=sent)


async def told(service: InProcess, name: str, **asked: Any) -> dict[str, Any]:
    sent = {key: value for key, value in (NEEDED.get(name, {}) | asked).items() if value is not None}
    answer = await ask(service, name, **sent)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def export(service: InProcess, period: str) -> bytes:
    sent = {"period": period, "profile": "generic"}
    made = await service.client.post("/v1/voucher-exports", json=sent, headers=finance(service))
    assert made.status_code == 201, made.text
    return (await service.client.get(f"/v1/files/{made.json()['sha256']}", headers=finance(service))).content


async def given_month(service: InProcess) -> str:
    """One grant paid and booked, another open; February and April exported, one posting of February comes back wrong.
    Returns the EndToEndId of the payment.
    """
    await service.given(
        f"grant/{FIRST}", fact(GrantAwarded, application_id=FIRST), fact(GrantReleased, application_id=FIRST)
    )
    other = fact(
        GrantAwarded, application_id=identity(2), diary_number="18/02.05.01.00/2026", association_name="=1+1 ry",
        basket="project", amount="700.10 EUR",
        instalments=[{"number": 1, "amount": "700.10 EUR", "payable_from": "2026-04-01"}],
    )  # fmt: skip
    await service.given(f"grant/{identity(2)}", other)
    [line] = (await sent_run(service))["lines"]
    assert (await hand_in(service, statement(line["end_to_end_id"]))).status_code == 200
    content = await export(service, "2026-02")
    await export(service, "2026-04")
    taken = await take_postings(service, content.replace(b"1500.00", b"1499.99", 1))
    assert taken.status_code == 200, taken.text
    run = await service.client.post("/v1/reconciliations", json={"period": "2026-02"}, headers=finance(service))
    assert run.json()["differences"] == 1, run.text
    return str(line["end_to_end_id"])


def csv_rows(answer: httpx.Response) -> list[list[str]]:
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith("\ufeff".encode())
    assert answer.content.count(b"\n") == answer.content.count(b"\r\n")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=";"))


def sheet_rows(answer: httpx.Response) -> list[list[Any]]:
    assert answer.headers["content-type"] == XLSX
    return CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()


@pytest.mark.parametrize("name", REPORTS)
async def test_a_report_tells_the_same_in_three_forms_and_the_same_bytes_again(payments: InProcess, name: str) -> None:
    await given_month(payments)
    asked = NEEDED.get(name, {})
    document = await told(payments, name)
    assert document["items"]
    for form in ("csv", "xlsx"):
        answer = await ask(payments, name, format=form, **asked)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-disposition"].endswith(f'-{document["position"]}.{form}"')
        rows = csv_rows(answer) if form == "csv" else sheet_rows(answer)
        assert rows[0] == [column["header"] for column in document["columns"]]
        assert len(rows) == 2 + len(document["items"]) + sum(
            len(document[part]) for part in ("totals", "checks", "notes")
        )
        assert str(rows[-1][0]).startswith(f"Tilanne: pääkirjan sijainti {document['position']} (")
        assert (await ask(payments, name, format=form, **asked)).content == answer.content
        accepted = await ask(payments, name, {"Accept": "text/csv" if form == "csv" else XLSX}, **asked)
        assert accepted.content == answer.content


@pytest.mark.parametrize("name", REPORTS)
async def test_a_report_as_of_an_earlier_position_is_what_was_told_then(payments: InProcess, name: str) -> None:
    await given_month(payments)
    before = await ask(payments, name, **NEEDED.get(name, {}))
    position = before.json()["position"]
    [raised] = (await payments.client.get("/v1/differences", headers=finance(payments))).json()["items"]
    path = f"/v1/differences/{raised['difference_id']}"
    await payments.client.post(f"{path}/explanation", json={"explanation": "Pyöristys"}, headers=finance(payments))
    accepted = await payments.client.post(
        f"{path}/acceptance", json={"reason": "Selvä"}, headers=finance(payments, "bertta")
    )
    assert accepted.status_code == 200, accepted.text
    await payments.given(
        f"grant/{identity(3)}", fact(GrantAwarded, application_id=identity(3), awarded_on="2026-03-02")
    )
    await payments.given(f"grant/{identity(2)}", fact(GrantReleased, application_id=identity(2)))
    await sent_run(payments)
    payments.at(datetime(2026, 6, 1, 8, 0, tzinfo=UTC))
    again = await ask(payments, name, position=position, **NEEDED.get(name, {}))
    assert again.content == before.content
    now = await told(payments, name)
    assert now["position"] > position
    if name != "reconciliation":
        assert now["items"] != before.json()["items"]


async def test_the_payment_list_names_voucher_run_approvers_and_bank_and_agrees_with_the_trial_balance(
    payments: InProcess,
) -> None:
    end_to_end_id = await given_month(payments)
    document = await told(payments, "payments")
    [row] = document["items"]
    assert row | {
        "diary_number": DIARY, "association_id": "2050864-5", "account": "FI2112345600000785", "state": "booked",
        "amount": "1500.00 EUR", "paid": "1500.00 EUR", "returned": "0.00 EUR", "voucher_series": "av",
        "voucher_number": 3, "proposed_by": "anna", "approvers": "bertta, cecilia", "proposed_on": "2026-04-01",
        "sent_on": "2026-04-01", "booked_on": "2026-04-02", "bank_reference": "260402A1", "reason_code": None,
        "end_to_end_id": end_to_end_id, "application_id": FIRST,
    } == row  # fmt: skip
    [check] = document["checks"]
    balance = (await payments.client.get("/v1/trial-balance", headers=finance(payments))).json()
    assert (check["told"], check["ledger"], check["agrees"]) == ("1500.00 EUR", "1500.00 EUR", True)
    assert balance["accounts"]["1700"] == "-1500.00 EUR"
    [_, cells, total, *_] = csv_rows(await ask(payments, "payments", format="csv"))
    assert {"Maksettu", "1500,00", "2.4.2026", "Toiminta-avustus"} <= set(cells)
    assert total[0] == "Yhteensä, 1 maksua"


async def test_filters_leave_out_what_is_not_asked_for(payments: InProcess) -> None:
    await given_month(payments)
    for asked, count in (
        ({"period": "2026-04"}, 1), ({"period": "2026-03"}, 0), ({"from": "2026-04-02"}, 1),
        ({"until": "2026-04-01"}, 0), ({"state": "sent"}, 0), ({"state": "booked"}, 1), ({"basket": "project"}, 0),
        ({"basket": "operating"}, 1), ({"association_id": "0201256-6"}, 0),
    ):  # fmt: skip
        document = await told(payments, "payments", **asked)
        assert len(document["items"]) == count, asked
        assert all(check["agrees"] for check in document["checks"]), asked
    assert len((await told(payments, "grants", by="grant"))["items"]) == 2
    assert len((await told(payments, "grants", by="grant", basket="project"))["items"]) == 1
    assert (await told(payments, "open-differences", age="over-90"))["items"] == []
    assert (await told(payments, "reconciliation", line_class="matched"))["totals"][-1]["sums"] == {
        "amount": "700.10 EUR"
    }


async def test_grants_add_up_to_the_ledgers_balances_and_say_what_holds_them(payments: InProcess) -> None:
    await given_month(payments)
    document = await told(payments, "grants")
    assert all(check["agrees"] for check in document["checks"])
    assert [check["ledger"] for check in document["checks"]] == ["700.10 EUR", "1500.00 EUR", "0.00 EUR"]
    project = next(row for row in document["items"] if row["basket"] == "project")
    assert (project["open"], project["held"]) == ("700.10 EUR", "700.10 EUR")
    assert project["held_because"] == "odottaa lainvoimaa 700,10"
    [_, *rows] = csv_rows(await ask(payments, "grants", format="csv", by="association"))
    assert "'=1+1 ry" in [row[2] for row in rows]


async def test_open_differences_are_counted_by_age_on_the_asked_day_and_name_the_last_comment(
    payments: InProcess,
) -> None:
    await given_month(payments)
    [row] = (await told(payments, "open-differences"))["items"]
    assert (row["age"], row["days"], row["state"], row["assignee"], row["comment"]) == ("0-7", 0, "open", None, None)
    path = f"/v1/differences/{row['difference_id']}"
    await payments.client.post(f"{path}/assignment", json={"assignee": "bertta"}, headers=finance(payments))
    for text in ("Kysyin", "Vastaus tuli"):
        await payments.client.post(f"{path}/comments", json={"comment": text}, headers=finance(payments))
    [row] = (await told(payments, "open-differences", on="2026-05-10"))["items"]
    assert (row["age"], row["days"]) == ("31-90", 39)
    assert (row["assignee"], row["comment"], row["commented_by"]) == ("bertta", "Vastaus tuli", "anna")


async def test_the_reconciliation_report_has_every_line_its_class_and_the_hashes_of_the_files(
    payments: InProcess,
) -> None:
    await given_month(payments)
    document = await told(payments, "reconciliation")
    assert [(row["subject"], row["line_class"], row["amount"]) for row in document["items"]] == [
        ("av-1", "amount_differs", "1500.00 EUR"), ("av-2", "matched", "700.10 EUR"),
    ]  # fmt: skip
    sums = {total["name"]: total["sums"]["amount"] for total in document["totals"]}
    assert (sums["matched"], sums["amount_differs"], sums["total"]) == ("700.10 EUR", "1500.00 EUR", "2200.10 EUR")
    files = (await payments.client.get("/v1/files", headers=finance(payments))).json()["items"]
    imported = [each["sha256"] for each in files if each["kind"] == "postings.imported"]
    assert [note["value"] for note in document["notes"] if note["name"] == "file"] == imported
    problem(await ask(payments, "reconciliation", period="2026-04"), 409, "no-postings")


async def test_the_trail_leads_from_a_voucher_to_its_application_and_back(payments: InProcess) -> None:
    end_to_end_id = await given_month(payments)
    by_voucher = await told(payments, "audit-trail", diary_number=None, series="av", number=3)
    steps = {row["step"]: row for row in by_voucher["items"]}
    assert set(steps) == {
        "grant.awarded", "grant.released", "payment.proposed", "payment.sent", "payment.booked", "run.proposed",
        "run.approved", "run.file_built", "run.sent", "bank_file.imported", "vouchers.exported",
    }  # fmt: skip
    assert {row["voucher"] for row in by_voucher["items"]} == {"av-3/2026"}
    assert {(row["application_id"], row["diary_number"]) for row in by_voucher["items"]} == {(FIRST, DIARY)}
    posting = steps["payment.booked"]
    assert (posting["debit_account"], posting["credit_account"], posting["amount"]) == ("2590", "1700", "1500.00 EUR")
    assert (posting["end_to_end_id"], posting["bank_reference"]) == (end_to_end_id, "260402A1")
    assert steps["bank_file.imported"]["sha256"] == posting["sha256"]
    for row in by_voucher["items"]:
        [record] = await payments.ledger.after(row["position"] - 1, 1)
        assert (record.type, str(record.id)) == (row["step"], row["event_id"])
    approvals = [row["person"] for row in by_voucher["items"] if row["step"] == "run.approved"]
    assert approvals == ["bertta", "cecilia"]
    back = await told(payments, "audit-trail", diary_number=None, application_id=FIRST)
    assert sorted({row["voucher"] for row in back["items"]}) == ["av-1/2026", "av-3/2026"]
    assert [row for row in back["items"] if row["voucher"] == "av-3/2026"] == by_voucher["items"]
    assert (await told(payments, "audit-trail"))["items"] == back["items"]
    problem(await ask(payments, "audit-trail", series="av", number=99), 404, "not-found")
    problem(await ask(payments, "audit-trail", diary_number="99/2026"), 404, "not-found")


@pytest.mark.parametrize("name", REPORTS)
async def test_pages_together_are_the_whole_as_it_was_on_the_first_page(payments: InProcess, name: str) -> None:
    await given_month(payments)
    for number in range(3, 6):
        await payments.given(
            f"grant/{identity(number)}",
            fact(GrantAwarded, application_id=identity(number), awarded_on="2026-03-02"),
            fact(GrantReleased, application_id=identity(number)),
        )
    await sent_run(payments)
    asked: dict[str, Any] = {"by": "grant"} if name == "grants" else {}
    whole = await told(payments, name, **asked)
    page = await told(payments, name, limit=1, **asked)
    found = list(page["items"])
    assert page["totals"] == whole["totals"]
    await payments.given(f"grant/{identity(9)}", fact(GrantAwarded, application_id=identity(9)))
    while page["next"] is not None:
        page = await told(payments, name, limit=1, cursor=page["next"], **asked)
        assert (page["position"], page["totals"]) == (whole["position"], None)
        found += page["items"]
    assert found == whole["items"]


@pytest.mark.parametrize(
    ("name", "asked", "pointer"),
    [
        ("payments", {"periodd": "2026-04"}, "/periodd"),
        ("payments", {"period": "2026-13"}, "/period"),
        ("payments", {"period": "2026-04", "from": "2026-04-01"}, "/period"),
        ("payments", {"from": "2026-04-02", "until": "2026-04-01"}, "/until"),
        ("payments", {"basket": "opreating"}, "/basket"),
        ("payments", {"state": "paid"}, "/state"),
        ("payments", {"format": "pdf"}, "/format"),
        ("payments", {"format": "csv", "cursor": "WzEsIjIwMjYtMDQtMDEiLCJ4Il0"}, "/cursor"),
        ("grants", {"kunta": "joensuu"}, "/kunta"),
        ("reconciliation", {}, "/period"),
        ("reconciliation", {"period": "2026-02", "line_class": "wrong"}, "/line_class"),
        ("open-differences", {"age": "old"}, "/age"),
        ("accruals", {}, "/period"),
        ("receivables", {"period": "2026"}, "/period"),
        ("account-statement", {}, "/account"),
        ("account-statement", {"account": "17 00"}, "/account"),
        ("account-statement", {"account": "1700", "period": "2026-04", "until": "2026-04-30"}, "/period"),
        ("trial-balance", {"from": "2026-04-02", "until": "2026-04-01"}, "/until"),
        ("audit-trail", {}, ""),
        ("audit-trail", {"series": "av"}, "/series"),
        ("audit-trail", {"application_id": FIRST, "diary_number": DIARY}, ""),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_a_sentence(
    payments: InProcess, name: str, asked: dict[str, Any], pointer: str
) -> None:
    answer = await ask(payments, name, **asked)
    assert answer.status_code == 422, answer.text
    document = answer.json()
    assert pointers(document) == [pointer]
    assert len(document["errors"][0]["detail"]) > 10


async def test_a_cursor_that_is_none_or_of_another_time_is_refused(payments: InProcess) -> None:
    await given_month(payments)
    problem(await ask(payments, "grants", cursor="!"), 400, "cursor-invalid")
    problem(await ask(payments, "grants", cursor="WzEsIngiLCJ4Il0"), 400, "cursor-invalid")
    following = (await told(payments, "grants", limit=1))["next"]
    problem(await ask(payments, "grants", cursor=following, position=1), 422, "filter-unknown")


async def test_a_moment_tells_what_was_known_then_and_any_moment_is_one(payments: InProcess) -> None:
    await payments.given(f"grant/{FIRST}", fact(GrantAwarded, application_id=FIRST))
    early = await told(payments, "grants", moment="2026-01-01T00:30:00+02:00")
    assert (early["position"], early["items"], early["on"]) == (0, [], "2026-01-01")
    assert (await told(payments, "grants", moment="9999-12-31T23:59:59Z"))["position"] == 1
    assert (await told(payments, "grants", moment="0001-01-01T00:00:00Z"))["position"] == 0


@pytest.mark.parametrize("name", REPORTS)
async def test_reports_are_for_finance_and_auditors(payments: InProcess, name: str) -> None:
    await given_month(payments)
    for role, status in ((Role.AUDITOR, 200), (Role.FINANCE, 200), (Role.OFFICER, 403), (Role.OPERATOR, 403)):
        answer = await payments.client.get(
            f"/v1/reports/{name}", params=NEEDED.get(name, {}), headers=payments.token(role)
        )
        assert answer.status_code == status, answer.text
    anonymous = await payments.client.get(f"/v1/reports/{name}", params=NEEDED.get(name, {}))
    assert anonymous.status_code == 401


async def test_an_empty_ledger_has_reports_without_rows(payments: InProcess) -> None:
    for name in ("payments", "grants", "open-differences", "accruals", "trial-balance"):
        document = await told(payments, name)
        assert (document["items"], document["position"], document["recorded_at"]) == ([], 0, None)
        assert all(check["agrees"] for check in document["checks"])
        assert (await ask(payments, name, format="xlsx", **NEEDED.get(name, {}))).status_code == 200
    document = await told(payments, "account-statement")
    assert [(row["voucher"], row["balance"]) for row in document["items"]] == [("opening", "0.00 EUR")]


async def test_the_statement_of_an_account_goes_from_balance_to_balance_by_vouchers(payments: InProcess) -> None:
    await given_month(payments)
    document = await told(payments, "account-statement")
    names = ("voucher", "posted_on", "period", "counter_account", "debit", "credit", "balance")
    assert [tuple(row[name] for name in names) for row in document["items"]] == [
        ("opening", None, None, None, None, None, "0.00 EUR"),
        ("av-1/2026", "2026-02-24", "2026-02", "4740", None, "1500.00 EUR", "-1500.00 EUR"),
        ("av-2/2026", "2026-02-24", "2026-02", "4740", None, "700.10 EUR", "-2200.10 EUR"),
        ("av-3/2026", "2026-04-02", "2026-04", "1700", "1500.00 EUR", None, "-700.10 EUR"),
    ]
    assert document["items"][3]["text"] == f"Maksu 1 {DIARY}"
    assert document["totals"][0]["sums"] == {
        "debit": "1500.00 EUR", "credit": "2200.10 EUR", "balance": "-700.10 EUR",
    }  # fmt: skip
    april = await told(payments, "account-statement", period="2026-04")
    assert april["items"][0]["balance"] == "-2200.10 EUR"
    assert april["items"][1:] == document["items"][3:]
    for dates in ({"from": "2026-04-02"}, {"from": "2026-04-02", "until": "2026-04-02"}):
        assert (await told(payments, "account-statement", **dates))["items"] == april["items"]
    asked: dict[str, Any] = {"account": "2590", "period": "2026-04"}
    [_, opening, *_] = csv_rows(await ask(payments, "account-statement", format="csv", **asked))
    assert (opening[0], opening[7]) == ("Alkusaldo", "-2200,10")


async def test_statements_and_the_trial_balance_agree_with_the_balances_of_every_account(payments: InProcess) -> None:
    await given_month(payments)
    for period in ("2026-01", "2026-02", "2026-03", "2026-04"):
        sent = {"period": period}
        shown = await payments.client.get("/v1/trial-balance", params=sent, headers=finance(payments))
        balances: dict[str, str] = shown.json()["accounts"]
        rows = (await told(payments, "trial-balance", period=period))["items"]
        assert {row["account"]: row["closing"] for row in rows} == balances
        for account in ("1700", "2590", "4740"):
            document = await told(payments, "account-statement", account=account, period=period)
            [check] = document["checks"]
            expected = balances.get(account, "0.00 EUR")
            assert (check["told"], check["ledger"], check["agrees"]) == (expected, expected, True)


async def test_a_trial_balance_names_its_accounts_with_opening_turnover_and_closing(payments: InProcess) -> None:
    await given_month(payments)
    document = await told(payments, "trial-balance", period="2026-04")
    assert [list(row.values()) for row in document["items"]] == [
        ["1700", "Päämaksutili", "asset", "0.00 EUR", "0.00 EUR", "1500.00 EUR", "-1500.00 EUR"],
        ["2590", "Avustusvelat", "liability", "-2200.10 EUR", "1500.00 EUR", "0.00 EUR", "-700.10 EUR"],
        ["4740", "Avustukset yhteisöille", "expense", "2200.10 EUR", "0.00 EUR", "0.00 EUR", "2200.10 EUR"],
    ]
    assert document["totals"][0]["sums"] == {
        "opening": "0.00 EUR", "debit": "1500.00 EUR", "credit": "1500.00 EUR", "closing": "0.00 EUR",
    }  # fmt: skip
    rows = csv_rows(await ask(payments, "trial-balance", format="csv", period="2026-04"))
    assert rows[1] == ["1700", "Päämaksutili", "Vastaavaa", "0,00", "0,00", "1500,00", "-1500,00"]


async def test_an_account_that_there_is_not_is_not_found_and_those_that_there_are_are_told(payments: InProcess) -> None:
    document = problem(await ask(payments, "account-statement", account="9999"), 404, "not-found")
    assert "1590, 1700, 2590, 4740" in document["detail"]
    assert "9999" not in document["detail"]


async def test_what_is_granted_and_unpaid_or_claimed_and_open_is_listed_at_the_end_of_a_month(
    payments: InProcess,
) -> None:
    await given_month(payments)
    names = ("diary_number", "association_name", "account", "amount", "last_period")
    [open_item] = (await told(payments, "accruals"))["items"]
    assert [open_item[name] for name in names] == ["18/02.05.01.00/2026", "=1+1 ry", "2590", "700.10 EUR", "2026-02"]
    february = await told(payments, "accruals", period="2026-02")
    assert february["totals"][0]["sums"] == {"amount": "2200.10 EUR"}
    assert [(check["ledger"], check["agrees"]) for check in february["checks"]] == [("2200.10 EUR", True)]
    assert (await told(payments, "accruals", period="2026-01"))["items"] == []
    claimed = fact(RecoveryClaimed, application_id=FIRST, amount=30_000, claimed_on="2026-04-20")
    await payments.given(f"grant/{FIRST}", claimed)
    assert (await told(payments, "receivables", period="2026-03"))["items"] == []
    [row] = (await told(payments, "receivables", period="2026-04"))["items"]
    assert [row[name] for name in names] == [DIARY, "Esimerkkiyhdistys ry", "1590", "300.00 EUR", "2026-04"]
    for form in ("csv", "xlsx"):
        made = await ask(payments, "receivables", format=form, period="2026-04")
        assert made.status_code == 200, made.text
        rows = csv_rows(made) if form == "csv" else sheet_rows(made)
        assert (rows[1][0], rows[2][0]) == (DIARY, "Yhteensä, 1 erää")


async def test_grants_are_told_by_municipality_and_those_from_before_it_was_kept_have_none(
    payments: InProcess,
) -> None:
    for number, municipality in enumerate(("joensuu", "kitee", "joensuu", None), start=1):
        awarded = fact(GrantAwarded, application_id=identity(number), municipality=municipality)
        await payments.given(f"grant/{identity(number)}", awarded)
    answer = await told(payments, "grants", by="municipality")
    rows = [(row["municipality"], row["grants"], row["awarded"]) for row in answer["items"]]
    assert rows == [(None, 1, "1500.00 EUR"), ("joensuu", 2, "3000.00 EUR"), ("kitee", 1, "1500.00 EUR")]
    one = await told(payments, "grants", by="municipality", municipality="kitee")
    assert [row["municipality"] for row in one["items"]] == ["kitee"]
