"""A bank that we did not write takes our payment files, and we read everything that it answers.

What it answers (mock-bank 0.9), because other parts build on it:

- The debtor's account must be one that it holds; a creditor's need not, except to be ``closed-account``, and
  then the payment is rejected in the pain.002 with AC04 and never booked.
- Each file is answered by one pain.002.001.10: GrpSts ACCP, PART or RJCT, the bundle likewise, each payment ACCP
  or RJCT with StsRsnInf/Rsn/Cd. A repeated MsgId is RJCT/DUPL at group level with no payments named.
- On the execution day comes one camt.054.001.08 with one debit entry for each payment (PMNT/ICDT/ESCT,
  AcctSvcrRef MB-PMT-n); the camt.053.001.08 of that day comes on the next business day, for every account held.
- A payment that comes back is a credit entry PMNT/ICDT/RRTN, AcctSvcrRef MB-RTR-n, with the first payment's
  EndToEndId, MsgId and PmtInfId in Refs, its payee as Cdtr, and RtrInf/Rsn/Cd. It is planned when the payment is
  booked: ``return-later`` must be set on the debtor's account then.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

import httpx
import pytest

from services.payments.bank.credit_transfer import (
    CreditTransferFile,
    build_credit_transfer,
    end_to_end_id,
    message_id,
)
from services.payments.bank.statement import (
    Entry,
    FileKind,
    SchemaPolicy,
    Side,
    StatementFile,
    read_statement_file,
)
from services.payments.bank.status_report import Outcome, StatusReport, read_status_report
from tests.unit.payments.bank.files import PROFILE, finnish_iban, payment_file, transfer

pytest.importorskip("mockbank", reason="mock-bank is not installed")

START_SECONDS_MAX = 20.0
COUNTY, CLOSED = finnish_iban(1001), finnish_iban(1002)
RUN = APPLICATION = UUID(int=2026)
PAID, REJECTED, RETURNED = (end_to_end_id(APPLICATION, instalment, 1) for instalment in (1, 2, 3))


class MockBank:
    """The bank's control plane; bank time starts on Monday 2026-10-05."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def hold(self, identifier: str, iban: str, balance_cents: int, behaviour: str = "accept") -> None:
        account = {
            "id": identifier,
            "name": identifier,
            "iban": iban,
            "bic": "MOCKFIHH",
            "currency": "EUR",
            "balance": balance_cents,
            "behaviour": behaviour,
        }
        self._client.post("/_mock/accounts", json=account).raise_for_status()

    def return_later(self, identifier: str, end_to_end: str) -> None:
        parameters = {"days": 2, "reason": "AC04", "end_to_end_id": end_to_end}
        changes = {"behaviour": "return-later", "parameters": parameters}
        self._client.patch(f"/_mock/accounts/{identifier}", json=changes).raise_for_status()

    def credit(self, identifier: str, amount_cents: int, reference: str, payer: str) -> None:
        credit = {
            "account": identifier,
            "amount": amount_cents,
            "reference": reference,
            "debtor": {"name": payer, "iban": finnish_iban(3001)},
        }
        self._client.post("/_mock/credits", json=credit).raise_for_status()

    def send(self, data: bytes) -> httpx.Response:
        return self._client.post("/payments", content=data)

    def advance(self, days: int) -> None:
        self._client.post("/_mock/advance", params={"days": days}).raise_for_status()

    def collect(self, kind: str, account: str) -> list[bytes]:
        """Take the messages of one kind; those of accounts that are not ours are left out."""
        listed = self._client.get("/_mock/mailbox", params={"type": kind}).json()
        ids = [message["id"] for message in listed if message["account"] == account]
        return [self._client.get(f"/_mock/mailbox/{identifier}").content for identifier in ids]


@pytest.fixture
def bank() -> Iterator[MockBank]:
    command = [sys.executable, "-m", "mockbank", "--port", "0", "--clock", "2026-10-05T09:00"]
    process = subprocess.Popen([*command, "--timezone", "Europe/Helsinki"], stderr=subprocess.PIPE, text=True)
    try:
        with httpx.Client(base_url=_address(process)) as client:
            yield MockBank(client)
    finally:
        process.terminate()
        process.wait(timeout=10)
        if process.stderr is not None:
            process.stderr.close()


def _address(process: subprocess.Popen[str]) -> str:
    """The address that the bank prints when it listens: it chose the free port itself."""
    assert process.stderr is not None
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        line = process.stderr.readline()
        if "listening on " in line:
            return line.split("listening on ")[1].split()[0]
        assert line or process.poll() is None, "the bank did not start"
    raise AssertionError("the bank did not start in time")


def grants() -> CreditTransferFile:
    return payment_file(
        transfer(PAID, 100_00, creditor_name="Äijälän kylä ry", creditor_iban=finnish_iban(2001), message="Erä 1"),
        transfer(REJECTED, 200_50, creditor_name="Suljettu ry", creditor_iban=CLOSED),
        transfer(RETURNED, 300_25, creditor_iban=finnish_iban(2003), reference="1234561"),
        message_id=message_id(RUN),
        created_at=datetime(2026, 10, 5, 6, tzinfo=UTC),
        debtor_iban=COUNTY,
        debtor_bic="MOCKFIHH",
        execution_date=date(2026, 10, 6),
    )


def entries(data: bytes) -> list[Entry]:
    file = read_statement_file(data, SchemaPolicy.ENFORCE)
    return [record for record in file.records() if isinstance(record, Entry)]


def ids(found: list[Entry]) -> list[str | None]:
    return [detail.end_to_end_id for entry in found for detail in entry.details]


def verdicts(report: StatusReport) -> list[tuple[Outcome, list[str | None]]]:
    found = [report.verdict_on(each, grants().bundle_id) for each in (PAID, REJECTED, RETURNED)]
    return [(verdict.outcome, [reason.code for reason in verdict.reasons]) for verdict in found]


def test_a_payment_is_booked_another_rejected_and_a_third_comes_back(bank: MockBank) -> None:
    bank.hold("ALUE", COUNTY, 1_000_000_00)
    bank.hold("SULJETTU", CLOSED, 0, "closed-account")
    bank.return_later("ALUE", RETURNED)
    assert bank.send(build_credit_transfer(grants(), PROFILE)).status_code == 202

    [report] = [read_status_report(data) for data in bank.collect("pain.002", "ALUE")]
    assert (report.original_message_id, report.group_status) == (message_id(RUN), "PART")
    assert verdicts(report) == [(Outcome.ACCEPTED, []), (Outcome.REJECTED, ["AC04"]), (Outcome.ACCEPTED, [])]

    bank.advance(1)
    [notice] = bank.collect("camt.054", "ALUE")
    booked = entries(notice)
    assert read_statement_file(notice).kind is FileKind.NOTIFICATION
    assert ids(booked) == [PAID, RETURNED]
    assert [(entry.side, entry.amount_cents) for entry in booked] == [(Side.DEBIT, 10000), (Side.DEBIT, 30025)]
    assert booked[0].details[0].counterparty_account == finnish_iban(2001)
    assert booked[0].details[0].payment_information_id == message_id(RUN)

    bank.advance(2)
    [notice] = bank.collect("camt.054", "ALUE")
    [back] = entries(notice)
    assert (back.side, back.bank_transaction_code, back.amount_cents) == (Side.CREDIT, "PMNT/ICDT/RRTN", 30025)
    assert (back.details[0].end_to_end_id, back.details[0].return_reason_code) == (RETURNED, "AC04")
    assert back.details[0].counterparty_account == finnish_iban(2003)

    bank.advance(1)
    statements = [read_statement_file(data, SchemaPolicy.ENFORCE) for data in bank.collect("camt.053", "ALUE")]
    assert [file.statements[0].head.electronic_sequence_number for file in statements] == [1, 2, 3, 4]
    assert _movements(statements) == [(0, 0), (0, 40025), (0, 0), (30025, 0)]
    assert _closing(statements[-1]) == 1_000_000_00 - 100_00


def test_the_same_file_again_is_a_duplicate_and_rejects_nothing(bank: MockBank) -> None:
    bank.hold("ALUE", COUNTY, 1_000_000_00)
    data = build_credit_transfer(grants(), PROFILE)
    assert [bank.send(data).status_code, bank.send(data).status_code] == [202, 422]
    first, again = (read_status_report(data) for data in bank.collect("pain.002", "ALUE"))
    assert {outcome for outcome, _ in verdicts(first)} == {Outcome.ACCEPTED}
    assert verdicts(again) == [(Outcome.DUPLICATE, ["DUPL"])] * 3


def test_money_received_carries_its_reference_and_payer(bank: MockBank) -> None:
    bank.hold("ALUE", COUNTY, 0)
    bank.credit("ALUE", 50_00, "RF341234561", "Palauttava ry")
    bank.advance(1)
    found = [entry for data in bank.collect("camt.05", "ALUE") for entry in entries(data)]
    assert found
    for entry in found:
        assert (entry.side, entry.amount_cents) == (Side.CREDIT, 5000)
        assert entry.details[0].reference == "RF341234561"
        assert entry.details[0].counterparty_name == "Palauttava ry"


def _movements(files: list[StatementFile]) -> list[tuple[int, int]]:
    return [(file.statements[0].credits_cents, file.statements[0].debits_cents) for file in files]


def _closing(file: StatementFile) -> int:
    closing = file.statements[0].head.closing
    assert closing is not None
    return closing.cents
