"""What the bank answers, over HTTP: status reports, statements with and without details, in any order, corrected, and
with entries that are not ours.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.databases import FreshDatabase
from tests.integration.finance_office import REJECTION, Entry, FinanceOffice, finance_office, statement
from tests.integration.in_process import problem
from tests.unit.payments.bank.files import needs_shared, shared

IBAN = "FI2112345600000785"
SECOND = date(2026, 4, 2)


@pytest.fixture
async def office(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[FinanceOffice]:
    async with finance_office(database, tmp_path) as made:
        yield made


@dataclass(frozen=True)
class Stated:
    """A statement of one day; cents. `more` is XML of entries of other kinds, which must add up to `moved`."""

    number: int | None
    opening: int
    entries: tuple[Entry, ...] = ()
    more: str = ""
    moved: int = 0
    on: date | None = None
    iban: str = IBAN
    currency: str = "EUR"

    @property
    def day(self) -> date:
        return self.on or date(2026, 4, 1) + timedelta(days=(self.number or 1) - 1)

    @property
    def closing(self) -> int:
        return self.opening + sum(each.signed for each in self.entries) + self.moved

    def xml(self) -> str:
        sequence = "" if self.number is None else f"<ElctrncSeqNb>{self.number}</ElctrncSeqNb>"
        entries = "".join(each.xml(self.day) for each in self.entries) + self.more
        return (
            f"<Stmt><Id>S{self.day}</Id>{sequence}<CreDtTm>{self.day}T20:00:00+03:00</CreDtTm>"
            f"<Acct><Id><IBAN>{self.iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
            f"{self._balance('OPBD', self.opening)}{self._balance('CLBD', self.closing)}{entries}</Stmt>"
        ).replace('Ccy="EUR"', f'Ccy="{self.currency}"')

    def _balance(self, code: str, amount: int) -> str:
        return (
            f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{written(abs(amount))}</Amt>'
            f"<CdtDbtInd>{'DBIT' if amount < 0 else 'CRDT'}</CdtDbtInd><Dt><Dt>{self.day}</Dt></Dt></Bal>"
        )


def written(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"


def file_of(*stated: Stated, version: str = "08") -> bytes:
    content = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">'
        "<BkToCstmrStmt><GrpHdr><MsgId>F1</MsgId><CreDtTm>2026-04-02T20:00:00+03:00</CreDtTm></GrpHdr>"
        f"{''.join(each.xml() for each in stated)}</BkToCstmrStmt></Document>"
    )
    return (content.replace("<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK</Sts>") if version == "02" else content).encode()


def entry_xml(amount: int, side: str, archive_id: str, code: str, details: str = "", *, reversal: bool = False) -> str:
    """An entry of another kind; `code` as "PMNT/MDOP/CHRG"."""
    domain, family, sub = code.split("/")
    return (
        f'<Ntry><Amt Ccy="EUR">{written(amount)}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
        f"{'<RvslInd>true</RvslInd>' if reversal else ''}<Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>2026-04-02</Dt></BookgDt><AcctSvcrRef>{archive_id}</AcctSvcrRef>"
        f"<BkTxCd><Domn><Cd>{domain}</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"{f'<NtryDtls>{details}</NtryDtls>' if details else ''}</Ntry>"
    )


async def hand_in(office: FinanceOffice, content: bytes) -> dict[str, Any]:
    """The whole answer to a file that is taken."""
    answer = await office.service.client.post(
        "/v1/bank-files", content=content, headers=office.headers() | {"Content-Type": "application/xml"}
    )
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def refused(office: FinanceOffice, content: bytes, status: int, slug: str) -> None:
    size = await office.service.size()
    answer = await office.service.client.post(
        "/v1/bank-files", content=content, headers=office.headers() | {"Content-Type": "application/xml"}
    )
    problem(answer, status, slug)
    assert await office.service.size() == size


async def sent(office: FinanceOffice, amounts: Sequence[int] = (150_000,)) -> dict[str, Any]:
    """A run that was sent: a grant for each sum."""
    for number, amount in enumerate(amounts, start=1):
        await office.grant(number, (amount,))
    return await office.send(await office.propose())


async def payments(office: FinanceOffice) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await office.get("/payments"))["items"]
    return items


def report(message: str, group: str | None = None, bundle: str | None = None, *told: tuple[str, str, str]) -> bytes:
    """A pain.002; `told` are EndToEndId, status and reason code."""
    transactions = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{each}</OrgnlEndToEndId><TxSts>{status}</TxSts>"
        f"{f'<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>' if reason else ''}</TxInfAndSts>"
        for each, status, reason in told
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10">'
        "<CstmrPmtStsRpt><GrpHdr><MsgId>R1</MsgId><CreDtTm>2026-04-02T08:00:00+03:00</CreDtTm></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{message}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>"
        f"{f'<GrpSts>{group}</GrpSts>' if group else ''}</OrgnlGrpInfAndSts>"
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{message}</OrgnlPmtInfId>"
        f"{f'<PmtInfSts>{bundle}</PmtInfSts>' if bundle else ''}{transactions}</OrgnlPmtInfAndSts>"
        "</CstmrPmtStsRpt></Document>"
    ).encode()


# --- status reports ------------------------------------------------------------------------------------------


async def test_a_rejection_says_in_finnish_why_and_what_to_do_on_the_payment_and_on_the_payable(
    office: FinanceOffice,
) -> None:
    run = await sent(office)
    [line] = run["lines"]
    answer = await hand_in(
        office, REJECTION.format(message=run["message_id"], end_to_end=line["end_to_end_id"]).encode()
    )
    assert (answer["effects"], answer["outcomes"]) == ({"payment.rejected": 1}, {"rejected": 1})
    [payment] = await payments(office)
    assert (payment["state"], payment["reason_code"], payment["reason_text"], payment["what_to_do"]) == (
        "rejected", "AC04", "AC04: Tili on suljettu", "account"
    )  # fmt: skip
    [payable] = (await office.get("/payables"))["items"]
    assert payable["held"] == "the bank did not pay to the account"
    assert (payable["reason_text"], payable["what_to_do"]) == ("AC04: Tili on suljettu", "account")


async def test_a_code_that_nobody_knows_is_shown_as_it_is(office: FinanceOffice) -> None:
    run = await sent(office)
    [line] = run["lines"]
    await hand_in(office, report(run["message_id"], "PART", "PART", (line["end_to_end_id"], "RJCT", "ZZ99")))
    [payment] = await payments(office)
    assert payment["reason_text"] == "ZZ99: tuntematon syykoodi"


async def test_a_file_that_is_rejected_as_a_whole_rejects_each_of_its_payments(office: FinanceOffice) -> None:
    run = await sent(office, (10_000, 20_000, 30_000))
    answer = await hand_in(office, report(run["message_id"], "RJCT"))
    assert (answer["effects"], answer["outcomes"]) == ({"payment.rejected": 3}, {"rejected": 3})
    assert {(each["state"], each["reason_code"]) for each in await payments(office)} == {("rejected", "NARR")}


async def test_a_file_that_is_rejected_in_part_rejects_those_it_names_and_asks_about_those_it_does_not(
    office: FinanceOffice,
) -> None:
    run = await sent(office, (10_000, 20_000, 30_000))
    first, second, third = (line["end_to_end_id"] for line in run["lines"])
    content = report(run["message_id"], "PART", None, (first, "RJCT", "AC01"), (second, "ACSC", ""))
    answer = await hand_in(office, content)
    assert answer["outcomes"] == {"rejected": 1, "accepted": 1, "unknown": 1}
    [warning] = answer["warnings"]
    assert third in warning
    assert sorted(each["state"] for each in await payments(office)) == ["rejected", "sent", "sent"]
    shown = await office.get(f"/bank-files/{answer['sha256']}")
    told = {each["end_to_end_id"]: (each["bank_status"], each.get("reason_text")) for each in shown["payments"]}
    assert told == {first: ("RJCT", "AC01: Tilinumero on virheellinen tai puuttuu"), second: ("ACSC", None),
                    third: ("PART", None)}  # fmt: skip


@pytest.mark.parametrize("status", ["PDNG", "ACTC", "ACCP", "ACSP", "ACWC", "ACSC"])
async def test_what_is_accepted_or_waits_is_still_on_its_way(office: FinanceOffice, status: str) -> None:
    run = await sent(office)
    answer = await hand_in(office, report(run["message_id"], status))
    assert answer["effects"] == {"payment.status_reported": 1}
    [payment] = await payments(office)
    assert payment["state"] == "sent"
    grant = (await office.get("/grants"))["items"][0]
    assert grant["paid"] == "0.00 EUR"


async def test_a_duplicate_rejects_nothing_and_says_so(office: FinanceOffice) -> None:
    run = await sent(office)
    [line] = run["lines"]
    content = report(run["message_id"], "PART", "PART", (line["end_to_end_id"], "RJCT", "DU04"))
    answer = await hand_in(office, content)
    assert (answer["effects"], answer["outcomes"]) == ({}, {"duplicate": 1})
    assert "nothing is paid anew" in answer["warnings"][0]


async def test_a_report_on_a_file_that_is_not_ours_says_so(office: FinanceOffice) -> None:
    answer = await hand_in(office, report("SOMEBODY-ELSES", "RJCT"))
    assert (answer["effects"], answer["warnings"]) == (
        {}, ["The report answers SOMEBODY-ELSES, which is no payment file of ours."]
    )  # fmt: skip


# --- statements: which are missing ---------------------------------------------------------------------------


async def test_a_missing_statement_is_told_and_closes_its_gap_when_it_comes(office: FinanceOffice) -> None:
    one, two, three = Stated(1, 1000), Stated(2, 1000, more=entry_xml(5, "DBIT", "F1", "PMNT/MDOP/CHRG"), moved=-5), (
        Stated(3, 995)
    )  # fmt: skip
    assert (await hand_in(office, file_of(one)))["gaps"] == []
    [gap] = (await hand_in(office, file_of(three)))["gaps"]
    assert gap == f"Before statement 3/2026 (3.4.2026) of {IBAN} these numbers have not come: 2. Import them."
    [shown] = (await office.get("/statements", gaps="true"))["items"]
    assert (shown["sequence"], shown["missing"], shown["follows"]) == (3, [2], False)
    assert (await hand_in(office, file_of(two)))["gaps"] == []
    assert (await office.get("/statements", gaps="true"))["items"] == []
    listed = (await office.get("/statements", iban=IBAN))["items"]
    assert [(each["sequence"], each["missing"], each["opening"]) for each in listed] == [
        (1, [], "10.00 EUR"), (2, [], "10.00 EUR"), (3, [2], "9.95 EUR"),
    ]  # fmt: skip
    assert (await office.get("/statements", iban="FI1410093000123458"))["items"] == []


async def test_several_statements_of_one_file_follow_each_other_and_an_empty_one_is_one_of_them(
    office: FinanceOffice,
) -> None:
    charge = entry_xml(100, "DBIT", "C1", "PMNT/MDOP/CHRG")
    other = Stated(7, 50, iban="FI1410093000123458")
    answer = await hand_in(
        office, file_of(Stated(1, 1000), Stated(2, 1000, more=charge, moved=-100), Stated(3, 950), other)
    )
    [gap] = answer["gaps"]
    assert gap == (
        f"Statement 3/2026 (3.4.2026) of {IBAN} begins with 9.50 EUR, but 2/2026 (2.4.2026) ended with 9.00 EUR: ask "
        "the bank for what is in between."
    )
    listed = (await office.get("/statements"))["items"]
    assert [(each["sequence"], each["follows"], each["entries"]) for each in listed] == [
        (7, None, 0), (1, None, 0), (2, True, 1), (3, False, 0),
    ]  # fmt: skip


async def test_the_same_file_again_notes_no_statement(office: FinanceOffice) -> None:
    await hand_in(office, file_of(Stated(1, 1000)))
    size = await office.service.size()
    assert (await hand_in(office, file_of(Stated(1, 1000))))["already_imported"] is True
    assert await office.service.size() == size


async def test_a_corrected_statement_adds_what_is_new_and_tells_what_it_dropped(office: FinanceOffice) -> None:
    run = await sent(office, (10_000, 20_000))
    first, second = (
        Entry(amount, f"A{index}", line["end_to_end_id"])
        for index, (amount, line) in enumerate(zip((10_000, 20_000), run["lines"], strict=True))
    )
    wrong = entry_xml(300, "CRDT", "GONE", "PMNT/RCDT/ESCT")
    stated = Stated(2, 500_000, (first,), wrong, 300)
    assert (await hand_in(office, file_of(stated)))["effects"] == {"payment.booked": 1}
    answer = await hand_in(office, file_of(replace(stated, entries=(first, second), more="", moved=0)))
    assert answer["effects"] == {"payment.booked": 1}
    assert [each for each in answer["gaps"] if "corrects the one of file" in each]
    assert answer["warnings"] == [
        "The corrected statement no longer has entry GONE of 3.00 EUR. What it did in the ledger stays: ask the bank."
    ]
    [listed] = (await office.get("/statements"))["items"]
    assert (listed["closing"], listed["corrects"] is None) == ("4700.00 EUR", False)


async def test_a_statement_in_another_currency_is_kept_and_not_followed(office: FinanceOffice) -> None:
    answer = await hand_in(office, file_of(Stated(1, 1000, currency="USD")))
    assert answer["gaps"] == ["Statement S2026-04-01 is in USD: its row of numbers is not followed."]
    assert (await office.get("/statements"))["items"] == []


# --- statements: what is in them -----------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["02", "08"])
async def test_charges_and_entries_of_others_are_counted_and_listed_without_persons(
    office: FinanceOffice, version: str
) -> None:
    run = await sent(office)
    [line] = run["lines"]
    salary = (
        "<TxDtls><Refs><EndToEndId>PALKKA-1</EndToEndId></Refs><RltdPties><Cdtr><Nm>Tytti Testinen</Nm></Cdtr>"
        "</RltdPties></TxDtls>"
    )
    more = (
        entry_xml(250, "DBIT", "C1", "PMNT/MDOP/CHRG")
        + entry_xml(70_000, "DBIT", "P1", "PMNT/ICDT/SALA", salary)
        + entry_xml(50, "CRDT", "R1", "PMNT/MDOP/CHRG", reversal=True)
    )
    stated = Stated(2, 500_000, (Entry(150_000, "A1", line["end_to_end_id"]),), more, -70_200)
    answer = await hand_in(office, file_of(stated, version=version))
    assert (answer["effects"], answer["not_ours"]) == ({"payment.booked": 1}, 3)
    assert answer["others"]["kinds"] == {
        "charge": {"count": 1, "sum": "-2.50 EUR"}, "debit": {"count": 1, "sum": "-700.00 EUR"},
        "reversal": {"count": 1, "sum": "0.50 EUR"},
    }  # fmt: skip
    assert [each["archive_id"] for each in answer["others"]["items"]] == ["C1", "P1", "R1"]
    shown = await office.get(f"/bank-files/{answer['sha256']}")
    assert (shown["others"], len(shown["statements"])) == (answer["others"], 1)
    assert "Testinen" not in str(answer)
    assert "Testinen" not in str(shown)


def bundle(amount: int, message: str, count: int, archive_id: str = "B1") -> Stated:
    """A statement in which one debit paid a whole file, without the ids of its payments."""
    details = f"<Btch><PmtInfId>{message}</PmtInfId><NbOfTxs>{count}</NbOfTxs></Btch>"
    return Stated(2, 500_000, more=entry_xml(amount, "DBIT", archive_id, "PMNT/ICDT/ESCT", details), moved=-amount)


async def test_a_batch_without_details_books_every_payment_of_its_file(office: FinanceOffice) -> None:
    run = await sent(office, (10_000, 20_000))
    answer = await hand_in(office, file_of(bundle(30_000, run["message_id"], 2)))
    assert (answer["effects"], answer["not_ours"]) == ({"payment.booked": 2}, 0)
    assert {(each["state"], each["bank_reference"]) for each in await payments(office)} == {("booked", "B1")}


async def test_a_batch_without_details_books_what_was_not_rejected_and_waits_for_the_report_until_then(
    office: FinanceOffice,
) -> None:
    run = await sent(office, (10_000, 20_000))
    [second] = [each["end_to_end_id"] for each in run["lines"] if each["amount"] == "200.00 EUR"]
    content = file_of(bundle(10_000, run["message_id"], 1))
    await refused(office, content, 409, "bank-bundle-differs")
    await hand_in(office, report(run["message_id"], "PART", "PART", (second, "RJCT", "AC04")))
    assert (await hand_in(office, content))["effects"] == {"payment.booked": 1}
    assert sorted(each["state"] for each in await payments(office)) == ["booked", "rejected"]


async def test_a_batch_whose_payments_a_notification_told_already_changes_nothing(office: FinanceOffice) -> None:
    run = await sent(office, (10_000, 20_000))
    await office.book(run)
    assert (await hand_in(office, file_of(bundle(30_000, run["message_id"], 2))))["effects"] == {}


async def test_a_batch_that_comes_in_another_file_when_its_payment_came_back_and_left_again_changes_nothing(
    office: FinanceOffice,
) -> None:
    run = await sent(office, (10_000, 20_000))
    stated = bundle(30_000, run["message_id"], 2)
    assert (await hand_in(office, file_of(stated)))["effects"] == {"payment.booked": 2}
    [line] = [each for each in run["lines"] if each["amount"] == "100.00 EUR"]
    await office.hand_in(statement(date(2026, 4, 7), Entry(10_000, "BACK1", line["end_to_end_id"], returned=True)))
    await office.post(f"/payables/{line['application_id']}/1/settled-cause", remark="Selvitetty")
    await office.send(await office.propose())
    answer = await hand_in(office, file_of(replace(stated, opening=600_000)))
    assert (answer["effects"], answer["already_imported"]) == ({}, False)


async def test_a_batch_of_somebody_else_is_not_ours(office: FinanceOffice) -> None:
    answer = await hand_in(office, file_of(bundle(30_000, "PALKAT-4", 40)))
    assert answer["others"]["kinds"] == {"batch": {"count": 1, "sum": "-300.00 EUR"}}


async def test_a_return_and_a_reversal_come_back_once_each(office: FinanceOffice) -> None:
    run = await sent(office, (10_000, 20_000))
    first, second = (each["end_to_end_id"] for each in run["lines"])
    amounts = {each["end_to_end_id"]: int(each["amount"][:3]) * 100 for each in run["lines"]}
    await office.book(run)
    back = Entry(amounts[first], "RET1", first, returned=True)
    details = f"<TxDtls><Refs><EndToEndId>{second}</EndToEndId></Refs></TxDtls>"
    reversal = entry_xml(amounts[second], "CRDT", "REV1", "PMNT/ICDT/ESCT", details, reversal=True)
    content = file_of(Stated(3, 0, (back,), reversal, amounts[second]))
    assert (await hand_in(office, content))["effects"] == {"payment.returned": 2}
    told = {each["end_to_end_id"]: (each["state"], each["reason_code"]) for each in await payments(office)}
    assert told == {first: ("returned", "AC04"), second: ("returned", "NARR")}


async def test_a_second_debit_of_a_payment_is_told(office: FinanceOffice) -> None:
    run = await sent(office)
    [line] = run["lines"]
    await office.book(run)
    again = Stated(3, 500_000, (Entry(150_000, "TWICE", line["end_to_end_id"]),))
    answer = await hand_in(office, file_of(again))
    assert answer["effects"] == {}
    assert "TWICE" in answer["warnings"][0]
    assert "paid twice" in answer["warnings"][0]


async def test_money_of_a_claim_that_is_taken_back_is_told(office: FinanceOffice) -> None:
    application_id = await office.grant()
    await office.pay()
    reference = await office.claim(application_id, 40_000)
    await office.receive(reference, 40_000, SECOND)
    details = f"<TxDtls><RmtInf><Strd><CdtrRefInf><Ref>{reference}</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>"
    more = entry_xml(40_000, "DBIT", "BACK1", "PMNT/RCDT/ESCT", details, reversal=True)
    answer = await hand_in(office, file_of(Stated(3, 500_000, more=more, moved=-40_000)))
    assert answer["effects"] == {}
    assert reference in answer["warnings"][0]
    assert (await office.shown_claim(reference))["left"] == "0.00"


async def test_money_in_another_currency_settles_no_claim(office: FinanceOffice) -> None:
    application_id = await office.grant()
    await office.pay()
    reference = await office.claim(application_id, 40_000)
    dollars = Stated(3, 500_000, (Entry(40_000, "USD1", reference=reference),), currency="USD")
    assert (await hand_in(office, file_of(dollars)))["effects"] == {}
    assert (await office.shown_claim(reference))["left"] == "400.00"


# --- files that others made, and codes -----------------------------------------------------------------------


@needs_shared
@pytest.mark.parametrize(
    ("name", "others", "followed", "gaps"),
    [
        ("bank-fi-statement-camt053-v02.xml", 13, 1, []),
        ("bank-fi-credit-notification-camt054-v02.xml", 4, 0, []),
        ("bank-de-statement-batch-camt053-v02.xml", 5, 1, []),
        ("bank-nl-two-statements-camt053-v02.xml", 2, 2, []),
        ("bank-two-currencies-camt053.xml", None, 1, ["GOLDEN-MULTI-USD"]),
    ],
)
async def test_real_files_are_taken_and_nothing_of_them_is_ours(
    office: FinanceOffice, name: str, others: int | None, followed: int, gaps: list[str]
) -> None:
    answer = await hand_in(office, shared(name))
    assert answer["effects"] == {}
    assert others is None or answer["not_ours"] == others
    assert [named in each for named, each in zip(gaps, answer["gaps"], strict=True)] == [True] * len(gaps)
    assert len((await office.get("/statements"))["items"]) == followed


async def test_the_codes_are_listed_in_finnish(office: FinanceOffice) -> None:
    items = (await office.get("/reason-codes"))["items"]
    [closed] = [each for each in items if each["code"] == "AC04"]
    assert (closed["fi"], closed["what_to_do"]) == ("Tili on suljettu", "account")
    assert len(items) > 100


async def test_a_file_that_never_came_from_the_bank_is_not_found(office: FinanceOffice) -> None:
    run = await sent(office)
    for digest in ("0" * 64, run["sha256"]):
        answer = await office.service.client.get(f"/v1/bank-files/{digest}", headers=office.headers())
        problem(answer, 404, "not-found")
