"""A bank beside a driven office: what it did with each payment, and its files that were not taken yet."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from schemas.money import cents
from tests.integration.finance_office import Entry
from tests.integration.test_bank_answers import Stated, file_of, report


@dataclass
class AtBank:
    """A payment as the bank has it; cents."""

    end_to_end: str
    message: str
    amount: int
    state: Literal["sent", "booked", "rejected", "returned"] = "sent"


@dataclass(frozen=True)
class Sent:
    """A file of the bank; `moved` is by how much our entries in it moved the account, in cents, and `entries` names
    them: another file may tell of the same.
    """

    content: bytes
    moved: int = 0
    entries: str = ""


@dataclass
class Bank:
    """What the bank did, and its files that were not taken yet, in its order."""

    chance: random.Random
    payments: dict[str, AtBank] = field(default_factory=dict)
    messages: set[str] = field(default_factory=set)
    waiting: list[Sent] = field(default_factory=list)
    number: int = 0

    def learn(self, outbox: Path) -> None:
        """Reads the payment files that lie in the folder; a payment stands in one file only."""
        for path in sorted(outbox.glob("*.xml")):
            if path.stem in self.messages:
                continue
            content = path.read_text(encoding="utf-8")
            ids = re.findall(r"<EndToEndId>(.*?)</EndToEndId>", content)
            sums = re.findall(r"<InstdAmt Ccy=\"EUR\">(.*?)</InstdAmt>", content)
            assert not set(ids) & set(self.payments), "a payment went to the bank twice"
            self.messages.add(path.stem)
            for end_to_end, amount in zip(ids, sums, strict=True):
                self.payments[end_to_end] = AtBank(end_to_end, path.stem, cents(f"{amount} EUR"))

    def some(self, state: str) -> AtBank | None:
        """A payment in a state."""
        found = [each for each in self.payments.values() if each.state == state]
        return self.chance.choice(found) if found else None

    def archive_id(self) -> str:
        """A new archive id."""
        self.number += 1
        return f"ARCH{self.number:05d}"

    def report(self, payment: AtBank, status: str, reason: str = "") -> None:
        """A status report on one payment; of a file of several it says PART."""
        told = (payment.end_to_end, status, reason)
        # The comment makes each report a file of its own.
        mark = f"<!-- {self.archive_id()} -->".encode()
        self.waiting.append(Sent(report(payment.message, "PART", None, told) + mark))

    def state(
        self, on: date, entries: tuple[Entry, ...] = (), more: str = "", moved: int = 0, *, ours: bool = True
    ) -> None:
        """A statement of a day with these entries, and sometimes another file with the same."""
        came = sum(each.signed for each in entries) + moved if ours else 0
        named = self.archive_id()
        for _ in range(self.chance.choice((1, 1, 1, 2))):
            self.number += 1
            stated = Stated(self.number, 10_000_000, entries, more, moved, on=on)
            self.waiting.append(Sent(file_of(stated), came, named))
