"""Reconciliation through the service: files in, vouchers out and back, and what the comparison says of each line, now
and as of before.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schemas.money import cents
from tests.infrastructure.databases import FreshDatabase
from tests.integration.finance_office import Entry, FinanceOffice, finance_office
from tests.integration.in_process import problem
from tests.integration.test_bank_answers import IBAN, Stated, bundle, entry_xml, file_of, hand_in, sent, written
from tests.unit.given import COUNTY_FOLDER

FEBRUARY, APRIL = "2026-02", "2026-04"
SECOND = date(2026, 4, 2)
Classes = list[tuple[str, str]]


@pytest.fixture
async def office(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[FinanceOffice]:
    async with finance_office(database, tmp_path) as made:
        yield made


@pytest.fixture
async def lenient(
    database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FinanceOffice]:
    """An office whose county lets sums differ by five cents."""
    folder = tmp_path / "county"
    shutil.copytree(COUNTY_FOLDER, folder)
    rules = folder / "payments.yaml"
    strict = rules.read_text("utf-8")
    rules.write_text(
        strict.replace("reconciliation_tolerance: 0.00 EUR", "reconciliation_tolerance: 0.05 EUR"), "utf-8"
    )
    assert rules.read_text("utf-8") != strict
    monkeypatch.setattr("tests.integration.in_process.COUNTY_FOLDER", folder)
    async with finance_office(database, tmp_path) as made:
        yield made


async def exported(office: FinanceOffice, period: str = APRIL) -> bytes:
    """The period's vouchers, as they go out and come back."""
    made = await office.post("/voucher-exports", period=period, profile="generic")
    assert made.status_code == 201, made.text
    answer = await office.service.client.get(f"/v1/files/{made.json()['sha256']}", headers=office.headers())
    return answer.content


async def posted(office: FinanceOffice, content: bytes, period: str = APRIL) -> bool:
    """The back office's postings of a period; gives whether they were imported already."""
    asked = {"period": period, "profile": "generic"}
    answer = await office.service.client.post("/v1/postings", params=asked, content=content, headers=office.headers())
    assert answer.status_code == 200, answer.text
    again: bool = answer.json()["already_imported"]
    return again


async def ran(office: FinanceOffice, period: str = APRIL) -> dict[str, Any]:
    answer = await office.post("/reconciliations", period=period)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def lines(office: FinanceOffice, period: str = APRIL, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await office.get(f"/reconciliations/{period}", **asked))["items"]
    return found


def classes(found: Sequence[dict[str, Any]]) -> Classes:
    return [(line["class"], line["subject"]) for line in found]


async def agreed(office: FinanceOffice) -> Classes:
    """April's vouchers go out and come back as they were, and the month is compared."""
    await posted(office, await exported(office))
    await ran(office)
    return classes(await lines(office))


def ids(run: dict[str, Any]) -> dict[int, str]:
    """The EndToEndIds of a run's payments by their sums, which differ."""
    return {cents(line["amount"]): line["end_to_end_id"] for line in run["lines"]}


def detail(end_to_end_id: str | None, amount: int | None = None, archive_id: str | None = None) -> str:
    """A transaction of a batch, with what the bank tells of it."""
    refs = (f"<AcctSvcrRef>{archive_id}</AcctSvcrRef>" if archive_id else "") + (
        f"<EndToEndId>{end_to_end_id or 'NOTPROVIDED'}</EndToEndId>"
    )
    money = f'<Amt Ccy="EUR">{written(amount)}</Amt><CdtDbtInd>DBIT</CdtDbtInd>' if amount is not None else ""
    return f"<TxDtls><Refs>{refs}</Refs>{money}</TxDtls>"


def batched(amount: int, *details: str, archive_id: str = "B1", more: str = "", moved: int = 0) -> Stated:
    """Statement 2/2026, in which one debit has these details; `more` are other entries, which move `moved`."""
    debit = entry_xml(amount, "DBIT", archive_id, "PMNT/ICDT/ESCT", "".join(details))
    return Stated(2, 500_000, more=debit + more, moved=moved - amount)


def as_notification(content: bytes) -> bytes:
    """The same as a camt.054: without balances."""
    text = content.decode()
    while "<Bal>" in text:
        text = text[: text.index("<Bal>")] + text[text.index("</Bal>") + len("</Bal>") :]
    for old, new in (("camt.053", "camt.054"), ("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn"), ("Stmt>", "Ntfctn>")):
        text = text.replace(old, new)
    return text.encode()


# --- tolerance -----------------------------------------------------------------------------------------------


async def test_a_sum_of_the_back_office_within_the_tolerance_matches_and_is_shown(lenient: FinanceOffice) -> None:
    await lenient.grant()
    vouchers = await exported(lenient, FEBRUARY)
    await posted(lenient, vouchers.replace(b"1500.00", b"1499.97"), FEBRUARY)
    told = await ran(lenient, FEBRUARY)
    assert (told["matched"], told["differences"], told["tolerance"], told["within_tolerance"]) == (1, 0, "0.05 EUR", 1)
    shown = await lenient.get(f"/reconciliations/{FEBRUARY}")
    [line] = shown["items"]
    assert (shown["tolerance"], line["class"], line["off"]) == ("0.05 EUR", "matched", "0.03 EUR")
    assert line["found"].endswith("(the back office differs by 0.03 EUR, within the tolerance of 0.05 EUR)")
    report = await lenient.get("/reports/reconciliation", period=FEBRUARY)
    assert report["items"][0]["off"] == "0.03 EUR"
    notes = {each["name"]: each["value"] for each in report["notes"] if each["name"] != "file"}
    assert notes == {"period": FEBRUARY, "tolerance": "0.05 EUR", "within_tolerance": "1"}
    await posted(lenient, vouchers.replace(b"1500.00", b"1499.94"), FEBRUARY)
    told = await ran(lenient, FEBRUARY)
    assert (told["differences"], told["within_tolerance"]) == (1, 0)
    [line] = await lines(lenient, FEBRUARY)
    assert (line["class"], line["off"]) == ("amount_differs", "0.00 EUR")


async def test_a_sum_of_the_bank_within_the_tolerance_matches_and_is_shown(lenient: FinanceOffice) -> None:
    run = await sent(lenient)
    [(amount, payment)] = ids(run).items()
    stated = Stated(2, 500_000, (Entry(amount, "A1", payment),))
    await hand_in(lenient, file_of(stated))
    assert await agreed(lenient) == [("matched", "av-1")]
    await hand_in(lenient, file_of(replace(stated, entries=(Entry(amount + 5, "A1", payment),))))
    assert (await ran(lenient))["within_tolerance"] == 1
    [line] = await lines(lenient)
    assert (line["class"], line["off"]) == ("matched", "0.05 EUR")
    assert line["found"] == (
        "bank A1 2.4.2026 -1500.05 EUR (the bank differs by 0.05 EUR, within the tolerance of 0.05 EUR)"
    )
    await hand_in(lenient, file_of(replace(stated, entries=(Entry(amount + 6, "A1", payment),))))
    assert (await ran(lenient))["differences"] == 1


async def test_without_a_tolerance_a_cent_is_a_difference_and_the_run_says_so(office: FinanceOffice) -> None:
    await office.grant()
    vouchers = await exported(office, FEBRUARY)
    await posted(office, vouchers.replace(b"1500.00", b"1499.99"), FEBRUARY)
    told = await ran(office, FEBRUARY)
    assert (told["differences"], told["tolerance"], told["within_tolerance"]) == (1, "0.00 EUR", 0)


# --- statements that were corrected --------------------------------------------------------------------------


async def test_what_a_corrected_statement_dropped_is_missing_at_the_bank(office: FinanceOffice) -> None:
    payments = ids(await sent(office, (10_000, 20_000)))
    first, second = (Entry(amount, f"A{amount}", payments[amount]) for amount in (10_000, 20_000))
    stated = Stated(2, 500_000, (first, second))
    await hand_in(office, file_of(stated))
    assert await agreed(office) == [("matched", "av-1"), ("matched", "av-2")]
    await hand_in(office, file_of(replace(stated, entries=(second,))))
    await ran(office)
    found = {line["amount"]: line["class"] for line in await lines(office)}
    assert found == {"100.00 EUR": "missing_at_bank", "200.00 EUR": "matched"}


async def test_a_sum_that_a_corrected_statement_changed_differs(office: FinanceOffice) -> None:
    [(amount, payment)] = ids(await sent(office)).items()
    stated = Stated(2, 500_000, (Entry(amount, "A1", payment),))
    await hand_in(office, file_of(stated))
    assert await agreed(office) == [("matched", "av-1")]
    await hand_in(office, file_of(replace(stated, entries=(Entry(amount - 100, "A1", payment),))))
    [line] = await lines(office)
    assert (line["class"], line["found"]) == ("amount_differs", "bank A1 2.4.2026 -1499.00 EUR")


async def test_the_same_statement_in_another_file_counts_once_and_one_that_is_not_followed_counts_always(
    office: FinanceOffice,
) -> None:
    [(amount, payment)] = ids(await sent(office)).items()
    stated = Stated(2, 500_000, (Entry(amount, "A1", payment),))
    charge = entry_xml(250, "DBIT", "C1", "PMNT/MDOP/CHRG")
    unfollowed = Stated(2, 100_000, more=charge, moved=-250, iban="NOT-AN-IBAN")
    await hand_in(office, file_of(stated, unfollowed))
    matched = [("matched", "av-1"), ("missing_in_ledger", "bank C1")]
    assert await agreed(office) == matched
    before = (await office.get(f"/reconciliations/{APRIL}"))["inputs"]
    await hand_in(office, file_of(stated).replace(b"<MsgId>F1</MsgId>", b"<MsgId>F2</MsgId>"))
    shown = await office.get(f"/reconciliations/{APRIL}")
    assert classes(shown["items"]) == matched
    assert len(shown["inputs"]) == len(before) + 1, "the older file still has the statement that is not followed"


async def test_two_entries_of_one_statement_that_look_the_same_are_two(office: FinanceOffice) -> None:
    charge = entry_xml(250, "DBIT", "C1", "PMNT/MDOP/CHRG")
    [(amount, payment)] = ids(await sent(office)).items()
    stated = Stated(2, 500_000, (Entry(amount, "A1", payment),), charge * 2, -500)
    await hand_in(office, file_of(stated))
    assert await agreed(office) == [("matched", "av-1"), *[("missing_in_ledger", "bank C1")] * 2]


# --- batches -------------------------------------------------------------------------------------------------

BOTH = [("matched", "av-1"), ("matched", "av-2")]


async def test_a_batch_without_details_matches_each_of_its_payments(office: FinanceOffice) -> None:
    run = await sent(office, (10_000, 20_000))
    await hand_in(office, file_of(bundle(30_000, run["message_id"], 2)))
    assert await agreed(office) == BOTH


@pytest.mark.parametrize("archive_ids", [("P1", "P2"), (None, None)], ids=["ids of their own", "no ids of their own"])
async def test_a_batch_with_details_matches_part_by_part(
    office: FinanceOffice, archive_ids: tuple[str | None, str | None]
) -> None:
    payments = ids(await sent(office, (10_000, 20_000)))
    told = [detail(payments[a], a, name) for a, name in zip((10_000, 20_000), archive_ids, strict=True)]
    stated = batched(30_000, *told)
    await hand_in(office, file_of(stated))
    assert await agreed(office) == BOTH
    await hand_in(office, file_of(batched(10_000, told[0])))
    found = {line["amount"]: line["class"] for line in await lines(office)}
    assert found == {"100.00 EUR": "matched", "200.00 EUR": "missing_at_bank"}


async def test_a_part_with_another_sum_differs_and_a_part_of_somebody_else_is_not_in_the_ledger(
    office: FinanceOffice,
) -> None:
    payments = ids(await sent(office, (10_000, 20_000)))
    told = [detail(payments[10_000], 10_000), detail(payments[20_000], 20_000), detail("PALKKA-1", 70_000)]
    await hand_in(office, file_of(batched(100_000, *told)))
    assert await agreed(office) == [*BOTH, ("missing_in_ledger", "bank B1")]
    told[0] = detail(payments[10_000], 9_900)
    await hand_in(office, file_of(batched(99_900, *told)))
    found = {(line["amount"], line["class"]) for line in await lines(office)}
    assert found == {
        ("100.00 EUR", "amount_differs"), ("200.00 EUR", "matched"), ("700.00 EUR", "missing_in_ledger"),
    }  # fmt: skip


async def test_a_batch_whose_details_tell_no_sums_is_compared_as_one(office: FinanceOffice) -> None:
    payments = ids(await sent(office, (10_000, 20_000)))
    told = [detail(each) for each in payments.values()]
    await hand_in(office, file_of(batched(30_000, *told)))
    assert await agreed(office) == BOTH
    await hand_in(office, file_of(batched(29_900, *told)))
    found = await lines(office)
    assert classes(found) == [("amount_differs", "av-1"), ("amount_differs", "av-2")]
    assert {line["found"] for line in found} == {"bank B1 2.4.2026 -299.00 EUR"}


async def test_a_batch_with_the_banks_charges_in_it_is_not_its_parts(office: FinanceOffice) -> None:
    payments = ids(await sent(office, (10_000, 20_000)))
    charged = '<Chrgs><Rcrd><Amt Ccy="EUR">1.00</Amt></Rcrd></Chrgs>'
    told = [detail(payments[a], a).replace("</CdtDbtInd>", f"</CdtDbtInd>{charged}") for a in (10_000, 20_000)]
    await hand_in(office, file_of(batched(30_200, *told)))
    assert await agreed(office) == [*BOTH, ("amount_differs", "bank B1")]


async def test_several_entries_for_one_payment_match_when_they_add_up(office: FinanceOffice) -> None:
    [(amount, payment)] = ids(await sent(office, (30_000,))).items()
    stated = Stated(2, 500_000, (Entry(amount, "A1", payment),))
    await hand_in(office, file_of(stated))
    assert await agreed(office) == [("matched", "av-1")]
    halves = (Entry(10_000, "A1", payment), Entry(20_000, "A1", payment))
    await hand_in(office, file_of(replace(stated, entries=halves)))
    assert classes(await lines(office)) == [("matched", "av-1")]
    await hand_in(office, file_of(replace(stated, entries=(halves[0], Entry(19_900, "A1", payment)))))
    assert [each for each, _ in classes(await lines(office))] == ["amount_differs", "missing_in_ledger"]


# --- a notification before the statement ---------------------------------------------------------------------


@pytest.mark.parametrize("sums_told", [True, False], ids=["with sums", "without sums"])
async def test_a_part_that_was_notified_by_itself_is_found_in_its_batch(
    office: FinanceOffice, *, sums_told: bool
) -> None:
    payments = ids(await sent(office, (10_000, 20_000)))
    parts = tuple(Entry(amount, f"P{amount}", payment) for amount, payment in payments.items())
    notified = as_notification(file_of(Stated(2, 500_000, parts)))
    assert (await hand_in(office, notified))["effects"] == {"payment.booked": 2}
    told = [detail(payments[amount], amount if sums_told else None, f"P{amount}") for amount in payments]
    await hand_in(office, file_of(batched(30_000, *told)))
    assert await agreed(office) == BOTH


async def test_the_same_booking_under_another_archive_id_is_known_by_its_end_to_end_id_and_says_so(
    office: FinanceOffice,
) -> None:
    [(amount, payment)] = ids(await sent(office)).items()
    notified = as_notification(file_of(Stated(2, 500_000, (Entry(amount, "N1", payment),))))
    assert (await hand_in(office, notified))["effects"] == {"payment.booked": 1}
    told = await hand_in(office, file_of(Stated(2, 500_000, (Entry(amount, "S1", payment),))))
    assert (told["effects"], len(told["warnings"])) == ({}, 1), "it could be a second debit: a person is asked"
    assert await agreed(office) == [("matched", "av-1")]
    [line] = await lines(office)
    assert line["found"] == "bank S1 2.4.2026 -1500.00 EUR, by its EndToEndId: the ledger has archive id N1"
    twice = (Entry(amount, "S1", payment), Entry(amount, "S2", payment))
    await hand_in(office, file_of(Stated(2, 500_000, twice)))
    assert classes(await lines(office)) == [("matched", "av-1"), ("missing_in_ledger", "bank S2")]


async def test_a_batch_that_names_no_part_is_not_tied_to_what_was_notified_one_by_one(office: FinanceOffice) -> None:
    run = await sent(office, (10_000, 20_000))
    parts = tuple(Entry(amount, f"P{amount}", payment) for amount, payment in ids(run).items())
    await hand_in(office, as_notification(file_of(Stated(2, 500_000, parts))))
    assert (await hand_in(office, file_of(bundle(30_000, run["message_id"], 2))))["effects"] == {}
    assert await agreed(office) == [
        ("missing_at_bank", "av-1"), ("missing_at_bank", "av-2"), ("missing_in_ledger", "bank B1"),
    ]  # fmt: skip


# --- pages, classes, and as of before ------------------------------------------------------------------------


async def test_lines_come_in_pages_and_by_class_and_a_cursor_goes_on_as_of_the_same(office: FinanceOffice) -> None:
    payments = ids(await sent(office, (10_000, 20_000, 30_000)))
    entries = tuple(Entry(amount, f"A{amount}", payment) for amount, payment in payments.items())
    charge = entry_xml(250, "DBIT", "C1", "PMNT/MDOP/CHRG")
    stated = Stated(2, 500_000, entries, charge * 3, -750)
    await hand_in(office, file_of(stated))
    await posted(office, await exported(office))
    whole = await office.get(f"/reconciliations/{APRIL}")
    assert (len(whole["items"]), whole["next"]) == (6, None)
    first = await office.get(f"/reconciliations/{APRIL}", limit=4)
    await hand_in(office, file_of(replace(stated, entries=())))
    second = await office.get(f"/reconciliations/{APRIL}", limit=4, cursor=first["next"])
    assert [*first["items"], *second["items"]] == whole["items"]
    assert (second["next"], second["inputs"], second["position"]) == (None, whole["inputs"], whole["position"])
    wrong = await office.get(f"/reconciliations/{APRIL}", line_class="missing_at_bank", limit=2)
    rest = await office.get(f"/reconciliations/{APRIL}", line_class="missing_at_bank", limit=2, cursor=wrong["next"])
    assert [len(wrong["items"]), len(rest["items"])] == [2, 1]
    assert {each for each, _ in classes([*wrong["items"], *rest["items"]])} == {"missing_at_bank"}
    client, headers = office.service.client, office.headers()
    path = f"/v1/reconciliations/{APRIL}"
    asked = {"cursor": first["next"], "position": "1"}
    problem(await client.get(path, params=asked, headers=headers), 400, "cursor-invalid")
    problem(await client.get(path, params={"cursor": "x"}, headers=headers), 400, "cursor-invalid")
    assert (await client.get(path, params={"line_class": "wrong"}, headers=headers)).status_code == 422


async def test_a_past_comparison_is_told_as_it_was_whatever_came_since(office: FinanceOffice) -> None:
    payments = ids(await sent(office, (10_000, 20_000)))
    entries = tuple(Entry(amount, f"A{amount}", payment) for amount, payment in payments.items())
    stated = Stated(2, 500_000, entries)
    await hand_in(office, file_of(stated))
    vouchers = await exported(office)
    await posted(office, vouchers.replace(b"200.00", b"199.00", 1))
    await ran(office)
    before = await office.get(f"/reconciliations/{APRIL}")
    assert sorted(each for each, _ in classes(before["items"])) == ["amount_differs", "matched"]
    await posted(office, vouchers)
    await hand_in(office, file_of(replace(stated, entries=entries[:1])))
    await hand_in(office, file_of(Stated(3, 490_000, more=entry_xml(5, "DBIT", "C9", "PMNT/MDOP/CHRG"), moved=-5)))
    await ran(office)
    after = await office.get(f"/reconciliations/{APRIL}")
    assert sorted(each for each, _ in classes(after["items"])) == ["matched", "missing_at_bank", "missing_in_ledger"]
    assert await office.get(f"/reconciliations/{APRIL}", position=before["position"]) == before


async def test_gaps_come_in_pages_by_account_and_as_of_before(office: FinanceOffice) -> None:
    other = "FI1410093000123458"
    await hand_in(office, file_of(Stated(1, 1000), Stated(3, 1000), Stated(5, 1000)))
    await hand_in(office, file_of(Stated(7, 50, iban=other), Stated(9, 50, iban=other)))
    first = await office.get("/statements", gaps="true", limit=2)
    second = await office.get("/statements", gaps="true", limit=2, cursor=first["next"])
    shown = [(each["iban"], each["sequence"], each["missing"]) for each in [*first["items"], *second["items"]]]
    assert (shown, second["next"]) == ([(other, 9, [8]), (IBAN, 3, [2]), (IBAN, 5, [4])], None)
    assert [each["sequence"] for each in (await office.get("/statements", gaps="true", iban=other))["items"]] == [9]
    await hand_in(office, file_of(Stated(2, 1000)))
    assert len((await office.get("/statements", gaps="true", iban=IBAN))["items"]) == 1
    past = await office.get("/statements", gaps="true", position=first["position"])
    assert [each["sequence"] for each in past["items"]] == [9, 3, 5]
    assert (await office.get("/statements", gaps="true", position=0))["items"] == []
