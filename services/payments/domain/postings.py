"""Double entry: each money event yields one balanced posting (*kirjaus*) by the county's posting table. A pure
function.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol
from uuid import UUID

from schemas.county import Posting as Rule
from schemas.facts import Fact
from schemas.payments import (
    GrantAwarded,
    GrantChanged,
    LateInterestClaimed,
    PaymentBooked,
    PaymentReturnCharged,
    PaymentReturned,
    PeriodClosed,
    RecoveryClaimed,
    RecoveryInterestClaimed,
    RecoveryOverpaid,
    RecoveryReceived,
    RecoverySetOff,
    RecoveryWrittenOff,
    VouchersExported,
    YearClosed,
)

MONEY_EVENTS = (
    GrantAwarded, GrantChanged, PaymentBooked, PaymentReturned, PaymentReturnCharged, RecoveryClaimed,
    RecoveryInterestClaimed, LateInterestClaimed, RecoveryReceived, RecoveryOverpaid, RecoverySetOff,
    RecoveryWrittenOff,
)  # fmt: skip
MONEY_TYPES = frozenset(fact.event_type for fact in MONEY_EVENTS)
CLOSING_TYPES = frozenset({PeriodClosed.event_type, YearClosed.event_type})
_FIRST_YEAR = 2000
"""A month is of this century."""


class PostingTable(Protocol):
    """What the county's data answers: the rule for a money event of a basket on a Helsinki date."""

    def posting(self, event_type: str, basket: str, on: date) -> Rule: ...


@dataclass(frozen=True, slots=True)
class GrantIdentity:
    """What every posting of a grant repeats."""

    application_id: UUID
    diary_number: str
    association_name: str
    basket: str


@dataclass(frozen=True, slots=True)
class Posting:
    """Debit and credit of one sum (cents, more than zero), with all that later matching needs."""

    position: int
    event_type: str
    grant: GrantIdentity
    instalment: int | None
    end_to_end_id: str | None
    bank_reference: str | None
    posted_on: date
    debit: str
    credit: str
    cost_centre: str
    service_class: str
    amount: int
    text: str
    posted_in: str | None = None

    @property
    def period(self) -> str:
        """The month that it belongs to, such as 2026-04: that of its date, unless that one was closed before."""
        return self.posted_in or self.concerns

    @property
    def concerns(self) -> str:
        """The month of its date."""
        return f"{self.posted_on:%Y-%m}"

    @property
    def late(self) -> bool:
        """Whether it belongs to a later month than that of its date."""
        return self.period != self.concerns


def posting_of(  # noqa: C901, PLR0911, PLR0912 - one arm for each kind
    position: int, fact: Fact, grant: GrantIdentity, table: PostingTable
) -> Posting | None:
    """The posting of a money event, or None for an event that moves no money."""
    match fact:
        case GrantAwarded():
            return _post(position, fact, grant, table, fact.awarded_on, fact.amount, "Avustuspäätös")
        case GrantChanged() if fact.change > 0:
            return _post(position, fact, grant, table, fact.changed_on, fact.change, "Oikaisu", "grant.increased")
        case GrantChanged():
            return _post(position, fact, grant, table, fact.changed_on, -fact.change, "Oikaisu", "grant.reduced")
        case PaymentBooked():
            return _post(position, fact, grant, table, fact.booked_on, fact.amount, f"Maksu {fact.instalment}")
        case PaymentReturned():
            return _post(position, fact, grant, table, fact.booked_on, fact.amount, f"Palautunut {fact.instalment}")
        case PaymentReturnCharged():
            return _post(position, fact, grant, table, fact.charged_on, fact.amount, f"Pankkikulu {fact.instalment}")
        case RecoveryClaimed():
            return _post(position, fact, grant, table, fact.claimed_on, fact.amount, "Takaisinperintä")
        case RecoveryInterestClaimed():
            return _post(position, fact, grant, table, fact.claimed_on, fact.amount, "Takaisinperinnän korko")
        case LateInterestClaimed():
            return _post(position, fact, grant, table, fact.claimed_on, fact.amount, "Viivästyskorko")
        case RecoveryOverpaid():
            return _post(position, fact, grant, table, fact.booked_on, fact.amount, "Liikasuoritus")
        case RecoverySetOff():
            return _post(position, fact, grant, table, fact.set_off_on, fact.amount, f"Kuittaus {fact.instalment}")
        case RecoveryWrittenOff():
            return _post(position, fact, grant, table, fact.written_off_on, fact.amount, "Saatavan poisto")
        case RecoveryReceived():
            return _post(position, fact, grant, table, fact.booked_on, fact.amount, "Takaisinperintä saatu")
    return None


def _post(  # noqa: PLR0913, PLR0917 - the parts of a posting
    position: int, fact: Fact, grant: GrantIdentity, table: PostingTable, on: date, amount: int, text: str,
    rule_for: str | None = None,
) -> Posting:  # fmt: skip
    rule = table.posting(rule_for or fact.event_type, grant.basket, on)
    assert amount > 0, "a posting moves more than nothing"
    return Posting(
        position, fact.event_type, grant, getattr(fact, "instalment", None), getattr(fact, "end_to_end_id", None),
        getattr(fact, "bank_reference", None), on, rule.debit.number, rule.credit.number, rule.cost_centre,
        rule.service_class, amount, f"{text} {grant.diary_number}",
    )  # fmt: skip


def settle_periods(postings: Iterable[Posting], closed: Mapping[str, int]) -> list[Posting]:
    """The postings, each in its period: what came after its month was closed belongs to the next open one, and its text
    says which it concerns. `closed` maps a month to the position up to which the ledger was closed with it.
    """
    return [_settled(posting, closed) for posting in postings]


def closed_months(facts: Iterable[Fact]) -> dict[str, int]:
    """Each closed month with the position up to which the ledger was closed with it. A closed month or year closes
    every earlier month that was open, which had no postings: what comes later would change the balances that it
    states. `facts` are in the order of the ledger.
    """
    closed: dict[str, int] = {}
    for fact in facts:
        match fact:
            case PeriodClosed() if fact.up_to_position:
                closed = _closed_up_to(fact.period, fact.up_to_position, closed)
            case YearClosed():
                closed = _closed_up_to(f"{fact.year}-12", fact.up_to_position, closed)
    return closed


def _closed_up_to(last: str, position: int, closed: Mapping[str, int]) -> dict[str, int]:
    months = (f"{year}-{month:02d}" for year in range(_FIRST_YEAR, int(last[:4]) + 1) for month in range(1, 13))
    return {**{month: position for month in months if month <= last}, **closed}


def period_of(position: int, concerns: str, closed: Mapping[str, int]) -> str:
    """The month to which what stands at a position belongs, by the month that it concerns."""
    period = concerns
    while period in closed and position > closed[period]:
        period = next_period(period)
    return period


def _settled(posting: Posting, closed: Mapping[str, int]) -> Posting:
    period = period_of(posting.position, posting.concerns, closed)
    if period == posting.concerns:
        return posting
    concerns = f"{posting.posted_on.month}/{posting.posted_on.year}"
    return replace(posting, posted_in=period, text=f"{posting.text} (koskee {concerns})")


def next_period(period: str) -> str:
    """The month after a month such as 2026-12."""
    year, month = (int(part) for part in period.split("-"))
    return f"{year + month // 12}-{month % 12 + 1:02d}"


@dataclass(frozen=True, slots=True)
class Voucher:
    """A posting with its voucher number, gap-free within series and year."""

    series: str
    number: int
    posting: Posting


def number_vouchers(postings: Sequence[Posting], exports: Iterable[VouchersExported]) -> list[Voucher]:
    """The vouchers of all exported postings: each export numbered the postings of its period and range in their
    order.
    """
    vouchers: list[Voucher] = []
    for export in exports:
        chosen = of_export(postings, export.period, export.after_position, export.up_to_position)
        assert len(chosen) == export.count, "an export holds the postings that it counted"
        vouchers += [Voucher(export.series, export.first_number + i, posting) for i, posting in enumerate(chosen)]
    return vouchers


def of_export(postings: Iterable[Posting], period: str, after: int, up_to: int) -> list[Posting]:
    """The postings of a period within a range of positions, in the order of the ledger."""
    chosen = [p for p in postings if p.period == period and after < p.position <= up_to]
    return sorted(chosen, key=lambda posting: posting.position)


def trial_balance(postings: Iterable[Posting]) -> dict[str, int]:
    """Each account's balance in cents, debit positive; the sum over all accounts is zero (P10)."""
    balances: dict[str, int] = {}
    for posting in postings:
        balances[posting.debit] = balances.get(posting.debit, 0) + posting.amount
        balances[posting.credit] = balances.get(posting.credit, 0) - posting.amount
    assert sum(balances.values()) == 0, "debits equal credits"
    return balances
