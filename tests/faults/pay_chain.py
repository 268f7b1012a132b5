"""The chain of a payment from its proposal to its voucher, as the commands of clerks: what each sends, and how somebody
who only looks sees that it was done.

One run of three payments, of which the bank rejects one; its cause is settled and it is paid by a second run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, Final

from schemas.money import cents
from tests.faults.pay_office import REJECTED, PayOffice, Request
from tests.integration.finance_office import REJECTION, Entry, statement

PERIOD: Final = "2026-04"
PROPOSE, APPROVE, APPROVE_AGAIN, BUILD, SEND = (
    "propose the run", "first approval", "second approval", "build the file", "send",
)  # fmt: skip
REPORT, STATEMENT, EXPORT, SETTLE, EXPORT_MORE = (
    "import the status report", "import the statement", "export the vouchers", "settle the cause",
    "export more vouchers",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """A command of the chain. `request` says what the clerk sends now, `done` whether it was done already."""

    name: str
    request: Callable[[PayOffice], Awaitable[Request]]
    done: Callable[[PayOffice], Awaitable[bool]]


def propose(name: str, number: int, on: str) -> Step:
    """Proposes the run of this number."""

    async def request(_office: PayOffice) -> Request:
        return Request("anna", "/runs", {"execution_date": on})

    async def done(office: PayOffice) -> bool:
        return len(await office.items("/runs")) == number

    return Step(name, request, done)


def approve(name: str, person: str) -> Step:
    """Approves the newest run as a whole."""

    async def request(office: PayOffice) -> Request:
        return Request(person, f"/runs/{(await office.run())['run_id']}/approvals")

    async def done(office: PayOffice) -> bool:
        return person in (await office.run())["approved_by"]

    return Step(name, request, done)


def further(name: str, act: str, states: set[str]) -> Step:
    """Builds or sends the file of the newest run, which is in one of these states then."""

    async def request(office: PayOffice) -> Request:
        return Request("anna", f"/runs/{(await office.run())['run_id']}/{act}")

    async def done(office: PayOffice) -> bool:
        return (await office.run())["state"] in states

    return Step(name, request, done)


def hand_in(name: str, made: Callable[[dict[str, Any]], bytes]) -> Step:
    """Imports the file that the bank makes of the newest run."""

    async def request(office: PayOffice) -> Request:
        return Request("anna", "/bank-files", content=made(await office.run()))

    async def done(office: PayOffice) -> bool:
        digest = sha256(made(await office.run())).hexdigest()
        return any(each["sha256"] == digest for each in await office.items("/files"))

    return Step(name, request, done)


def settle(name: str) -> Step:
    """Records what was done about the payment that the bank did not make."""

    async def request(_office: PayOffice) -> Request:
        path = f"/payables/{REJECTED.application_id}/1/settled-cause"
        return Request("anna", path, {"remark": "Tili on avattu uudelleen"})

    async def done(office: PayOffice) -> bool:
        payables = (await office.get("/payables"))["items"]
        [held] = [each["held"] for each in payables if each["application_id"] == REJECTED.application_id]
        return held is None

    return Step(name, request, done)


def export(name: str, count: int) -> Step:
    """Exports what no file holds yet; there are so many vouchers then."""

    async def request(_office: PayOffice) -> Request:
        return Request("anna", "/voucher-exports", {"period": PERIOD, "profile": "dynasty"})

    async def done(office: PayOffice) -> bool:
        return len(await office.items("/vouchers", year=2026)) == count

    return Step(name, request, done)


def rejection(run: dict[str, Any]) -> bytes:
    """The bank's status report that rejects one payment of a run."""
    [chosen] = [each for each in run["lines"] if each["application_id"] == REJECTED.application_id]
    return REJECTION.format(message=run["message_id"], end_to_end=chosen["end_to_end_id"]).encode()


def booking(on: date, *, rejected: bool) -> Callable[[dict[str, Any]], bytes]:
    """The bank's statement of a day on which it booked a run, without the payment that it rejected."""

    def made(run: dict[str, Any]) -> bytes:
        lines = [each for each in run["lines"] if not (rejected and each["application_id"] == REJECTED.application_id)]
        return statement(
            on, *(Entry(cents(each["amount"]), f"B{on:%m%d}{each['end_to_end_id'][:12]}", each["end_to_end_id"])
                  for each in lines)
        )  # fmt: skip

    return made


CHAIN: Final = (
    propose(PROPOSE, 1, "2026-04-02"),
    approve(APPROVE, "bertta"),
    approve(APPROVE_AGAIN, "cecilia"),
    further(BUILD, "file", {"built", "sent"}),
    further(SEND, "sending", {"sent"}),
    hand_in(REPORT, rejection),
    hand_in(STATEMENT, booking(date(2026, 4, 2), rejected=True)),
    export(EXPORT, 5),
    settle(SETTLE),
    propose("propose the second run", 2, "2026-04-03"),
    approve("first approval of the second run", "bertta"),
    approve("second approval of the second run", "cecilia"),
    further("build the second file", "file", {"built", "sent"}),
    further("send the second run", "sending", {"sent"}),
    hand_in("import the second statement", booking(date(2026, 4, 3), rejected=False)),
    export(EXPORT_MORE, 6),
)
"""The vouchers of the first export are three awards and two payments; one more payment is in the second."""
