"""What must hold of payments after any crash, seen from outside the service: nothing twice, nothing lost (P9, P10)."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from lxml import etree

from schemas.money import cents
from services.ledger.inspection import inspect
from tests.faults.pay_office import PayOffice

ONCE: Final = {
    "run.proposed": ("run_id",),
    "run.approved": ("run_id", "person"),
    "run.file_built": ("run_id",),
    "run.sent": ("run_id",),
    "payment.proposed": ("application_id", "instalment", "attempt"),
    "payment.sent": ("application_id", "instalment", "attempt"),
    "payment.rejected": ("application_id", "instalment", "attempt"),
    "payment.booked": ("application_id", "instalment", "attempt"),
    "payment.cause_settled": ("application_id", "instalment", "attempt"),
    "bank_file.imported": ("sha256",),
    "vouchers.exported": ("series", "year", "first_number"),
}
"""What of each type of event there may be one of."""
MONEY: Final = ("grant.awarded", "payment.booked")
BANK: Final = "1700"


@dataclass(frozen=True)
class Books:
    """The ledger's events, each with its type and data, and the files under their hashes."""

    events: list[tuple[str, dict[str, Any]]]
    files: dict[str, bytes]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The data of all events of a type."""
        return [data for type_, data in self.events if type_ == kind]


async def books_of(office: PayOffice) -> Books:
    """Reads the database past the service; the ledger must be sound."""
    async with office.sight() as connection:
        findings = await inspect(connection)
        assert not findings, [str(each) for each in findings]
        rows = await connection.fetch("SELECT type, body FROM event ORDER BY position")
        files = await connection.fetch("SELECT sha256, content FROM stored_file")
    events = [(row["type"], json.loads(row["body"])["data"]) for row in rows]
    return Books(events, {row["sha256"]: row["content"] for row in files})


async def check_consistent(office: PayOffice) -> None:
    """What holds whenever somebody looks, also right after a crash."""
    books = await books_of(office)
    check_once(books)
    check_files(books)
    check_delivered(books, office.delivered())
    await check_money(office, books)
    await check_vouchers(office, books)


def check_once(books: Books) -> None:
    """No event is there twice, nobody was refused, and no payment has the id of another."""
    for kind, names in ONCE.items():
        found = Counter(tuple(data[name] for name in names) for data in books.of(kind))
        assert max(found.values(), default=1) == 1, f"{kind} more than once: {found}"
    assert not books.of("run.approval_refused"), "a repeated approval was taken for another one"
    ids = Counter(data["end_to_end_id"] for data in books.of("payment.proposed"))
    assert max(ids.values(), default=1) == 1, f"an EndToEndId of two payments: {ids}"
    booked = {data["end_to_end_id"] for data in books.of("payment.booked")}
    assert booked <= set(ids), "a payment was booked that nobody proposed"


def check_files(books: Books) -> None:
    """Every file that the ledger names is kept, and is what its hash says."""
    for digest, content in books.files.items():
        assert sha256(content).hexdigest() == digest
    for kind in ("run.file_built", "bank_file.imported", "vouchers.exported"):
        named = {data["sha256"] for data in books.of(kind)}
        assert named <= set(books.files), f"{kind} names a file that is not kept"


def check_delivered(books: Books, delivered: dict[str, bytes]) -> None:
    """What the bank sees was in the ledger before, whole and once; what the ledger says was sent is there."""
    built = {f"{data['message_id']}.xml": data for data in books.of("run.file_built")}
    sent = {data["run_id"] for data in books.of("run.sent")}
    assert set(delivered) <= set(built), f"files of no run: {set(delivered) - set(built)}"
    missing = [name for name, data in built.items() if data["run_id"] in sent and name not in delivered]
    assert not missing, f"recorded as sent, and not there: {missing}"
    for name, content in delivered.items():
        assert sha256(content).hexdigest() == built[name]["sha256"], f"{name} has other bytes than its hash"
    ids = Counter(each for content in delivered.values() for each in ids_in(content))
    assert max(ids.values(), default=1) == 1, f"the bank is told twice to pay: {ids}"
    proposed = {data["end_to_end_id"] for data in books.of("payment.proposed")}
    assert set(ids) <= proposed, "the bank is told to pay what nobody proposed"


def ids_in(content: bytes) -> list[str]:
    """The EndToEndIds of a payment file."""
    return [str(each.text) for each in etree.fromstring(content).iter("{*}EndToEndId")]


async def check_money(office: PayOffice, books: Books) -> None:
    """Every euro of each award is in one place, and debits equal credits."""
    payments, payables = await office.items("/payments"), (await office.get("/payables"))["items"]
    for grant in await office.items("/grants"):
        key = grant["application_id"]
        way = sum(
            cents(each["amount"])
            for each in payments
            if each["application_id"] == key and each["state"] in {"proposed", "sent"}
        )
        payable = sum(cents(each["amount"]) for each in payables if each["application_id"] == key)
        places = cents(grant["paid"]) + way + payable
        assert cents(grant["amount"]) == places, f"{key}: {grant['amount']} is not {grant['paid']} + {way} + {payable}"
    balance = await office.get("/trial-balance")
    assert balance["total"] == "0.00 EUR"
    booked = sum(cents(data["amount"]) for data in books.of("payment.booked"))
    assert -cents(balance["accounts"].get(BANK, "0.00 EUR")) == booked, balance


async def check_vouchers(office: PayOffice, books: Books) -> None:
    """Voucher numbers run without a gap, in the ledger's order, and each export counts what its file holds."""
    numbers = [each["number"] for each in await office.items("/vouchers", year=2026)]
    assert numbers == list(range(1, len(numbers) + 1)), numbers
    following = 1
    for export in books.of("vouchers.exported"):
        assert export["first_number"] == following, "a number was left out or given twice"
        following += export["count"]
    money = sum(len(books.of(kind)) for kind in MONEY)
    assert len(numbers) <= money, "more vouchers than postings"


async def check_complete(office: PayOffice) -> None:
    """What holds at the end of the chain: all that was payable is paid, once, and all of it is in a voucher."""
    await check_consistent(office)
    books = await books_of(office)
    assert len(office.delivered()) == len(books.of("run.sent")) == 2, office.delivered().keys()
    assert [each.name for each in office.outbox.iterdir() if each.name.startswith(".")] == [], "an unfinished file"
    counts = {kind: len(books.of(kind)) for kind in ("payment.sent", "payment.rejected", "payment.booked")}
    assert counts == {"payment.sent": 4, "payment.rejected": 1, "payment.booked": 3}
    assert {(each["instalment"], each["amount"]) for each in (await office.get("/payables"))["items"]} == {
        (2, "500.01 EUR")
    }
    assert len(await office.items("/vouchers", year=2026)) == sum(len(books.of(kind)) for kind in MONEY)
