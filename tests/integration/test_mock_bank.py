"""The mock bank answers as its client says: what the demo and the payment tests build on."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from schwifty import IBAN

from deploy.local.errors import BankRefused
from deploy.local.mockbank import MockBank

COUNTY = IBAN.generate("FI", "123", "1").compact
CREDITORS = [IBAN.generate("FI", "123", str(number)).compact for number in (7, 8)]

PAYMENT = """<CdtTrfTxInf><PmtId><EndToEndId>E{n}</EndToEndId></PmtId>
<Amt><InstdAmt Ccy="EUR">10.50</InstdAmt></Amt>
<Cdtr><Nm>Yhdistys {n}</Nm></Cdtr><CdtrAcct><Id><IBAN>{iban}</IBAN></Id></CdtrAcct></CdtTrfTxInf>"""
FILE = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>
<GrpHdr><MsgId>{name}</MsgId><CreDtTm>2026-10-05T09:00:00</CreDtTm><NbOfTxs>2</NbOfTxs><CtrlSum>21.00</CtrlSum>
<InitgPty><Nm>Alue</Nm></InitgPty></GrpHdr>
<PmtInf><PmtInfId>B1</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>2</NbOfTxs><CtrlSum>21.00</CtrlSum>
<ReqdExctnDt><Dt>2026-10-06</Dt></ReqdExctnDt><Dbtr><Nm>Alue</Nm></Dbtr>
<DbtrAcct><Id><IBAN>{debtor}</IBAN></Id></DbtrAcct>
<DbtrAgt><FinInstnId><BICFI>MOCKFIHH</BICFI></FinInstnId></DbtrAgt>{payments}</PmtInf>
</CstmrCdtTrfInitn></Document>"""


def payment_file(name: str) -> bytes:
    payments = "".join(PAYMENT.format(n=n, iban=iban) for n, iban in enumerate(CREDITORS, 1))
    return FILE.format(name=name, debtor=COUNTY, payments=payments).encode()


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[MockBank]:
    """A bank on Monday 5 October 2026 at 9 in Helsinki, with one account of EUR 1,000,000."""
    started = MockBank(
        tmp_path,
        clock=datetime(2026, 10, 5, 9),  # noqa: DTZ001 - bank time is wall-clock time
        drop_folder=tmp_path / "drop",
        pickup_folder=tmp_path / "pickup",
    )
    with started as bank:
        bank.open_account("ALUE", name="Alue", iban=COUNTY, bic="MOCKFIHH", balance_cents=100_000_000)
        yield bank


def types(bank: MockBank) -> list[str]:
    return [message.type[:8] for message in bank.mailbox()]


def test_a_file_is_accepted_booked_and_on_the_statement(bank: MockBank) -> None:
    answer = bank.send_payments(payment_file("M1"))
    assert (answer.status, answer.accepted, answer.rejected) == ("ACCP", 2, 0)
    assert {payment.settlement_date for payment in answer.payments} == {date(2026, 10, 6)}
    assert [message.type for message in bank.mailbox(leave=True)] == ["pain.002.001.10"]
    assert types(bank) == ["pain.002"]
    assert bank.advance(1).business_days == [date(2026, 10, 6)]
    assert types(bank) == ["camt.054", "camt.053"]
    bank.advance_to(date(2026, 10, 7))
    (statement,) = bank.mailbox("camt.053")
    assert '<Amt Ccy="EUR">999979.00</Amt>' in statement.body


def test_the_same_message_id_is_refused_as_a_duplicate(bank: MockBank) -> None:
    bank.send_payments(payment_file("M1"))
    again = bank.send_payments(payment_file("M1"))
    assert (again.status, again.reason) == ("RJCT", "DUPL")


def test_a_file_that_is_no_xml_is_refused_whole(bank: MockBank) -> None:
    answer = bank.send_payments(b"no file")
    assert (answer.status, answer.reason, answer.payments) == ("RJCT", "FF01", [])


def test_a_payment_comes_back_two_business_days_after_it_was_booked(bank: MockBank) -> None:
    bank.set_behaviour("ALUE", "return-later", {"days": 2, "reason": "AC04", "end_to_end_id": "E2"})
    bank.send_payments(payment_file("M1"))
    bank.advance_to(date(2026, 10, 9))
    status = {payment.end_to_end_id: (payment.status, payment.return_reason) for payment in bank.payments()}
    assert status == {"E1": ("accepted", None), "E2": ("returned", "AC04")}
    assert "pacs.004" in types(bank)


def test_a_payment_to_a_closed_account_is_rejected_alone(bank: MockBank) -> None:
    bank.open_account("SULJETTU", name="Suljettu", iban=CREDITORS[1], bic="MOCKFIHH", balance_cents=0)
    bank.set_behaviour("SULJETTU", "closed-account")
    answer = bank.send_payments(payment_file("M1"))
    assert answer.status == "PART"
    assert [(p.end_to_end_id, p.reason) for p in answer.payments] == [("E1", None), ("E2", "AC04")]


def test_nothing_settles_on_a_bank_holiday(bank: MockBank) -> None:
    assert bank.set_holidays([date(2026, 10, 6)]) == [date(2026, 10, 6)]
    answer = bank.send_payments(payment_file("M1"))
    assert {payment.settlement_date for payment in answer.payments} == {date(2026, 10, 7)}


def test_money_arrives_with_its_reference_and_shows_in_the_intraday_report(bank: MockBank) -> None:
    credit = bank.credit("ALUE", 5000, reference="RF18539007547034", debtor_name="Yhdistys", debtor_iban=CREDITORS[0])
    assert credit.booked_at is not None
    report = bank.report("ALUE")
    assert (report.opening, report.interim, report.entries) == (100_000_000, 100_005_000, 1)
    assert types(bank) == ["camt.054", "camt.052"]


def test_files_go_in_and_out_through_folders(bank: MockBank, tmp_path: Path) -> None:
    (tmp_path / "drop" / "run.xml").write_bytes(payment_file("M1"))
    assert bank.scan_drop() == 1
    assert (tmp_path / "drop" / "processed" / "run.xml").exists()
    assert [path.name for path in (tmp_path / "pickup").iterdir()] == ["pain.002.001.10-ALUE-1.xml"]


def test_a_refusal_carries_the_banks_own_words(bank: MockBank) -> None:
    with pytest.raises(BankRefused, match=r"404(.|\n)*no account 'NOBODY'"):
        bank.set_behaviour("NOBODY", "silent")
