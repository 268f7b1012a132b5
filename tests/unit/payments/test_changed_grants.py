"""A grant that is changed by a decision after none, a part or all of it was paid: each case of the table in
docs/finance.md was tried. `python -m tests.unit.payments.test_changed_grants` writes the table anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from schemas.decisions import Instalment
from schemas.facts import Fact
from schemas.money import euros
from schemas.payments import (
    GrantAwarded,
    GrantReleased,
    PaymentBooked,
    PaymentDropped,
    PaymentProposed,
    PaymentRejected,
    PaymentReturned,
    PaymentSent,
    RecoveryClaimed,
    RecoverySetOff,
)
from services.payments.domain import grants
from services.payments.domain.grants import Grant
from services.payments.domain.postings import GrantIdentity, posting_of
from tests.unit.given import county, fact, folded

PAGE: Final = Path(__file__).parents[3] / "docs" / "finance.md"
HEADING: Final = "## A grant that is changed"
OTHER_IBAN, TODAY = "FI1410093000123458", date(2026, 6, 1)
FIRST, SECOND = 100_000, 50_000
PLAN = tuple(
    Instalment(number=number, amount=amount, payable_from=date(2026, 4, number))
    for number, amount in ((1, FIRST), (2, SECOND))
)
AWARDED = (fact(GrantAwarded, amount=FIRST + SECOND, instalments=PLAN), fact(GrantReleased))
IDENTITY = GrantIdentity(UUID(int=1), "17/02.05.01.00/2026", "Esimerkki ry", "operating")


def _paid(number: int, amount: int, *kinds: type[Fact]) -> tuple[Fact, ...]:
    """An instalment that was proposed, and what came of it."""
    common = {"instalment": number, "amount": amount}
    made: list[Fact] = [fact(PaymentProposed, end_to_end_id=f"E{number}-1", **common)]
    for kind in kinds:
        booking = {"end_to_end_id": f"E{number}-1"} if kind in {PaymentBooked, PaymentReturned} else {}
        made.append(fact(kind, **common, **booking))
    return tuple(made)


BOOKED: Final = _paid(1, FIRST, PaymentSent, PaymentBooked)
BEFORE: Final[Mapping[str, tuple[Fact, ...]]] = {
    "nothing yet": (),
    "the first is in a run": _paid(1, FIRST),
    "the first was taken out of its run": _paid(1, FIRST, PaymentDropped),
    "the first was sent": _paid(1, FIRST, PaymentSent),
    "the first was rejected": _paid(1, FIRST, PaymentSent, PaymentRejected),
    "the first was booked": BOOKED,
    "the first came back": _paid(1, FIRST, PaymentSent, PaymentBooked, PaymentReturned),
    "the first was booked, the second set off": (*BOOKED, fact(RecoveryClaimed, amount=SECOND),
                                                 fact(RecoverySetOff, instalment=2, amount=SECOND)),
    "both were booked": (*BOOKED, *_paid(2, SECOND, PaymentSent, PaymentBooked)),
}  # fmt: skip
CHANGES: Final = {"reduced to 800.00": 80_000, "withdrawn": 0, "raised to 1800.00": 180_000}
CASES: Final = [(before, change) for before in BEFORE for change in CHANGES]
COLUMNS: Final = (
    "what was paid", "the grant is", "payable", "on its way", "paid", "set off", "for a recovery", "posting",
)  # fmt: skip
INTRODUCTION: Final = """\
A grant of 1500.00 in instalments of 1000.00 and 500.00, changed by a decision on a claim. What was paid, is on its way
or was set off stays; what is missing becomes a new instalment; what is too much is for a recovery decision, unless a
line is still taken out of its run. The posting is debit / credit. Each row was tried on the rules themselves;
`python -m tests.unit.payments.test_changed_grants` writes the table."""


@dataclass(frozen=True)
class Outcome:
    """Where each euro of a changed grant is (cents), and the posting of the change."""

    payable: int
    on_its_way: int
    paid: int
    set_off: int
    for_recovery: int
    posting: str

    def cells(self) -> list[str]:
        sums = (self.payable, self.on_its_way, self.paid, self.set_off, self.for_recovery)
        return [euros(each).removesuffix(" EUR") for each in sums] + [self.posting]


def outcome(before: str, change: str) -> Outcome:
    """What a change makes of a grant, by the rules."""
    state = folded(grants.evolve, None, *AWARDED, *BEFORE[before])
    assert state is not None
    amount = CHANGES[change]
    planned = (Instalment(number=1, amount=amount, payable_from=TODAY),) if amount else ()
    [made] = grants.change_award(state, amount, planned, TODAY)
    after = folded(grants.evolve, state, made)
    assert after is not None
    posting = posting_of(1, made, IDENTITY, county())
    assert posting is not None
    payable = sum(each.instalment.amount for each in grants.payables(after, OTHER_IBAN, TODAY) if each.held is None)
    return Outcome(
        payable, after.on_its_way, after.paid, after.settled_by_set_off, max(-after.open, 0),
        f"{posting.debit} / {posting.credit} {euros(posting.amount).removesuffix(' EUR')}",
    )  # fmt: skip


def section() -> str:
    """The section of the page."""
    rows = [[before, change, *outcome(before, change).cells()] for before, change in CASES]
    table = [list(COLUMNS), ["---"] * 2 + ["---:"] * 5 + ["---"], *rows]
    return "\n".join([HEADING, "", INTRODUCTION, "", *("| " + " | ".join(row) + " |" for row in table)]) + "\n"


def written() -> str:
    """The section as it stands on the page."""
    text = PAGE.read_text(encoding="utf-8")
    _, _, rest = text.partition(HEADING)
    return HEADING + rest.split("\n## ")[0].rstrip("\n") + "\n"


@pytest.mark.parametrize(("before", "change"), CASES)
def test_a_changed_grant_is_as_its_row_says(before: str, change: str) -> None:
    row = [before, change, *outcome(before, change).cells()]
    assert "| " + " | ".join(row) + " |" in written().splitlines()


def test_the_section_is_what_the_rules_do() -> None:
    assert written() == section(), "docs/finance.md is stale: python -m tests.unit.payments.test_changed_grants"


@pytest.mark.parametrize(("before", "change"), CASES)
def test_every_euro_of_a_changed_grant_is_in_one_place(before: str, change: str) -> None:
    found = outcome(before, change)
    placed = found.payable + found.on_its_way + found.paid + found.set_off - found.for_recovery
    assert placed == CHANGES[change]
    assert found.payable == 0 or found.for_recovery == 0


def test_what_was_set_off_stays_an_instalment_beside_what_is_added() -> None:
    raised = _after("the first was booked, the second set off", "raised to 1800.00")
    assert [(each.number, each.amount) for each in raised.instalments] == [(1, FIRST), (2, SECOND), (3, 30_000)]


def _after(before: str, change: str, *later: Fact) -> Grant:
    state = folded(grants.evolve, None, *AWARDED, *BEFORE[before])
    assert state is not None
    planned = (Instalment(number=1, amount=CHANGES[change], payable_from=TODAY),)
    after = folded(grants.evolve, state, *grants.change_award(state, CHANGES[change], planned, TODAY), *later)
    assert after is not None
    return after


def test_a_line_that_is_taken_out_after_a_reduction_is_payable_by_the_reduced_grant() -> None:
    dropped = _after("the first is in a run", "reduced to 800.00", fact(PaymentDropped, amount=FIRST))
    [payable] = grants.payables(dropped, OTHER_IBAN, TODAY)
    assert (payable.instalment.amount, dropped.open) == (80_000, 80_000)


def main() -> None:
    """Writes the table."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.replace(written(), section()), encoding="utf-8")


if __name__ == "__main__":
    main()
