"""The mock bank (package `mock-bank`, not ours): started on a free port, and driven through its control
interface.

It reads pain.001.001.03 and .09 and writes pain.002.001.10, camt.052/.053/.054.001.08 and pacs.004.001.09.
What it does not do, as tried: it books one entry per payment whatever `BtchBookg` says, and puts no
remittance information on debits. Money is in cents (integers) everywhere but inside the messages. Bank time
runs on at real speed from `clock`.
"""

import sys
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, Self

import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from deploy.local.errors import BankRefused
from deploy.local.ports import free_port
from deploy.local.process import ChildProcess, url_answers

START_DEADLINE_S = 20.0
ANSWER_DEADLINE_S = 60.0  # Advancing by a year makes all its statements before it answers.

Behaviour = Literal[
    "accept",
    "closed-account",
    "insufficient-funds",
    "bad-bank-id",
    "return-later",
    "reject-file",
    "duplicate-file",
    "silent",
    "statement-gap",
]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class BankAccount(_Answer):
    """An account that the bank holds; `balance` in cents."""

    id: str
    name: str
    iban: str
    bic: str
    currency: str
    balance: int
    behaviour: str
    parameters: Mapping[str, Any]
    closed: bool


class PaymentOutcome(_Answer):
    """What the bank decided on one payment of a file; `reason` is an ISO code such as AC01, `amount` in
    cents.
    """

    end_to_end_id: str
    pmt_inf_id: str
    outcome: Literal["accepted", "rejected"]
    reason: str | None
    reason_text: str | None
    amount: int
    settlement_date: date | None


class FileAnswer(_Answer):
    """The bank's answer to a payment file.

    `status` is ACCP, PART (some rejected) or RJCT; with RJCT the whole file is refused and `reason` says why,
    e.g. DUPL (the same MsgId again) or FF01 (not readable). Single payments carry reasons of their own.
    """

    msg_id: str | None
    status: str
    reason: str | None
    reason_text: str | None
    accepted: int
    rejected: int
    payments: list[PaymentOutcome]


class BankPayment(_Answer):
    """A payment as the bank knows it now; `amount` in cents.

    `status` is accepted (and booked once `booked_at` is set), rejected (with `reason`) or returned
    (`return_reason`).
    """

    end_to_end_id: str
    msg_id: str
    account_id: str | None
    amount: int
    creditor_name: str | None
    creditor_iban: str | None
    status: str
    reason: str | None
    settlement_date: date | None
    booked_at: datetime | None
    return_reason: str | None
    returned_at: datetime | None


class Advance(_Answer):
    """How bank time moved, with the business days that it passed through."""

    start: datetime = Field(validation_alias="from")
    end: datetime = Field(validation_alias="to")
    business_days: list[date] = Field(validation_alias="businessDaysCrossed")


class BankMessage(_Answer):
    """A message of the bank: `type` e.g. `camt.053.001.08`, `account` the id of its account.

    `body` is an XML document that declares UTF-8: encode it as such.
    """

    id: int
    type: str
    account: str | None
    released_at: datetime = Field(validation_alias="releasedAt")
    body: str


class Credit(_Answer):
    """Money made to arrive, in cents; `booked_at` is None until its value date."""

    id: int
    account_id: str
    amount: int
    value_date: date
    booking_date: date
    end_to_end_id: str
    reference: str
    booked_at: datetime | None


class IntradayReport(_Answer):
    """A camt.052 made on demand: the day's opening balance and the balance now in cents, and its message."""

    account: str
    day: date
    opening: int
    interim: int
    entries: int
    message_id: int


class MockBank:
    """A bank process and a client of its control interface. Every method raises BankRefused with the bank's
    words when it refuses, and httpx's errors when the bank is away.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: datetime | None = None,
        timezone: str = "Europe/Helsinki",
        port: int | None = None,
        drop_folder: Path | None = None,
        pickup_folder: Path | None = None,
    ) -> None:
        """`folder` takes the log. `clock` is bank time at the start, read as wall-clock time in `timezone`;
        without it, now. Files put into `drop_folder` are read as payment files; messages are also written to
        `pickup_folder`.
        """
        self.port = free_port() if port is None else port
        self.url = f"http://127.0.0.1:{self.port}"
        self._folders = [place for place in (drop_folder, pickup_folder) if place is not None]
        self._client = httpx.Client(base_url=self.url, timeout=ANSWER_DEADLINE_S, trust_env=False)
        line: list[str | Path] = [
            sys.executable, "-m", "mockbank", "--port", str(self.port), "--timezone", timezone, "--quiet",
        ]  # fmt: skip
        if clock is not None:
            line += ["--clock", clock.strftime("%Y-%m-%dT%H:%M")]
        if drop_folder is not None:
            line += ["--drop-dir", drop_folder.absolute(), "--drop-settle-ms", "0"]
        if pickup_folder is not None:
            line += ["--pickup-dir", pickup_folder.absolute()]
        self._server = ChildProcess(line, name="the mock bank", log=folder.absolute() / "mock-bank.log")

    @property
    def is_running(self) -> bool:
        return self._server.is_running

    def start(self) -> None:
        """Starts it and closes the accounts it comes with: only accounts of ours then send statements.

        A bank that is started again has forgotten everything. Raises StartFailed.
        """
        if self.is_running:
            return
        for place in self._folders:
            place.mkdir(parents=True, exist_ok=True)
        self._server.start()
        answers = url_answers(f"{self.url}/_mock/health")
        self._server.wait_until(answers, deadline_s=START_DEADLINE_S, what=f"answer at {self.url}")
        for account in self.accounts():
            self.close_account(account.id)

    def stop(self) -> None:
        self._server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def accounts(self) -> list[BankAccount]:
        """All accounts, with the closed ones that the bank came with."""
        return TypeAdapter(list[BankAccount]).validate_python(self._call("GET", "/_mock/accounts"))

    def open_account(self, id: str, *, name: str, iban: str, bic: str, balance_cents: int) -> BankAccount:
        """Opens a euro account; refused when the id exists or the IBAN's check digits are wrong."""
        account = {
            "id": id,
            "name": name,
            "iban": iban,
            "bic": bic,
            "currency": "EUR",
            "balance": balance_cents,
        }
        return BankAccount.model_validate(self._call("POST", "/_mock/accounts", json=account))

    def close_account(self, id: str) -> BankAccount:
        """Closes it: it sends no statements, and payments to it are rejected with AC04."""
        return BankAccount.model_validate(self._call("PATCH", f"/_mock/accounts/{id}", json={"closed": True}))

    def set_behaviour(
        self, id: str, behaviour: Behaviour, parameters: Mapping[str, str | int] | None = None
    ) -> BankAccount:
        """Changes what the bank does with the account from now on.

        `return-later` takes `{"days": 2, "reason": "AC04", "end_to_end_id": "E5"}` (business days after
        settlement; without the id every payment comes back) and is read from the debtor's account when the
        file arrives; `closed-account` and `bad-bank-id` belong on the creditor's account.
        """
        change = {"behaviour": behaviour, "parameters": dict(parameters or {})}
        return BankAccount.model_validate(self._call("PATCH", f"/_mock/accounts/{id}", json=change))

    def set_holidays(self, days: Iterable[date]) -> list[date]:
        """Replaces the days on which the bank does not settle (weekends are known to it); answers them
        sorted.

        Refused for today once something was booked today.
        """
        given = [day.isoformat() for day in days]
        return TypeAdapter(list[date]).validate_python(self._call("PUT", "/_mock/holidays", json=given))

    def send_payments(self, file: bytes) -> FileAnswer:
        """Hands in a pain.001 and returns what the bank decided; a refused file is an answer, no error."""
        response = self._client.post("/payments", content=file, headers={"Content-Type": "application/xml"})
        if response.status_code not in {202, 422}:
            raise BankRefused(f"POST {self.url}/payments: {response.status_code} {response.text}")
        return FileAnswer.model_validate(response.json())

    def scan_drop(self) -> int:
        """Reads the drop folder now and returns the number of files read; they move to `processed/` or
        `failed/`.
        """
        return int(self._call("POST", "/_mock/drop/scan")["scanned"])

    def payments(self) -> list[BankPayment]:
        """Every payment the bank decided on, newest first."""
        return TypeAdapter(list[BankPayment]).validate_python(self._call("GET", "/_mock/payments"))

    def advance(self, days: int) -> Advance:
        """Moves bank time by calendar days, keeping the hour, and lets everything due on the way happen."""
        return Advance.model_validate(self._call("POST", "/_mock/advance", params={"days": days}))

    def advance_to(self, day: date) -> Advance:
        """Moves bank time to midnight at the start of `day`, so the statement of the day before is there."""
        return Advance.model_validate(self._call("POST", "/_mock/advance", params={"to": day.isoformat()}))

    def mailbox(self, type: str | None = None, *, leave: bool = False) -> list[BankMessage]:
        """What the bank has sent and nobody has taken, oldest first, of all accounts; takes it unless
        `leave`.

        `type` is the beginning of a message type, e.g. `pain.002` or `camt.`.
        """
        asked = ({"type": type} if type else {}) | ({"leave": "1"} if leave else {})
        return TypeAdapter(list[BankMessage]).validate_python(self._call("GET", "/_mock/mailbox", params=asked))

    def report(self, account: str) -> IntradayReport:
        """Makes a camt.052 of the day so far; the message itself waits in the mailbox."""
        return IntradayReport.model_validate(self._call("POST", f"/_mock/accounts/{account}/report"))

    def credit(self, account: str, amount_cents: int, *, reference: str, debtor_name: str, debtor_iban: str) -> Credit:
        """Makes money arrive today, with its camt.054 at once; on a holiday, on the next business day."""
        debtor = {"name": debtor_name, "iban": debtor_iban}
        order = {"account": account, "amount": amount_cents, "reference": reference, "debtor": debtor}
        return Credit.model_validate(self._call("POST", "/_mock/credits", json=order))

    def _call(self, method: str, path: str, **request: Any) -> Any:
        response = self._client.request(method, path, **request)
        if response.status_code >= 400:
            raise BankRefused(f"{method} {self.url}{path}: {response.status_code} {response.text}")
        return response.json()
