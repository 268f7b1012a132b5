"""Grants by basket, municipality, association or one by one: awarded, changed, paid, on its way, open, recovered.

awarded + changed + overpaid = paid + on its way + set off + open, to the cent, and the balances of the grants payable,
the bank account and the receivables in the ledger are the same sums. The municipality is that of the largest share of
the activity; grants awarded before it was kept have none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Final, Literal

from schemas.payments import GrantAwarded, PaymentBooked, PaymentReturnCharged, RecoveryClaimed
from services.payments.domain.grants import Grant, payables
from services.payments.domain.postings import PostingTable

from .dossiers import Dossier
from .model import Check, Closing, Column, Range, Row, Total, joined
from .wording import finnish_euros, hold

TITLE: Final = "Avustukset"
By = Literal["basket", "municipality", "association", "grant"]
GroupKey = tuple[str, str, str, str, str]
"""Basket, municipality, business id, name, diary number; empty where rows are of several."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which grants are asked for, by the Helsinki date of their award; None is any."""

    dates: Range = field(default_factory=Range)
    basket: str | None = None
    association_id: str | None = None
    municipality: str | None = None

    def takes(self, dossier: Dossier) -> bool:
        """Whether the grant is asked for."""
        awarded = dossier.awarded
        mine = (
            self.basket in {None, awarded.basket}
            and self.association_id in {None, awarded.association_id}
            and self.municipality in {None, awarded.municipality}
        )
        return mine and self.dates.holds(awarded.awarded_on)


@dataclass(slots=True)
class Sums:
    """What grants come to, in cents. `open` is neither paid, nor on its way, nor set off, and `held` is the part of it
    that cannot be paid now; `kept_by_bank` is what the bank kept of payments that came back; `claimed` holds interest;
    `left` is what claims still lack.
    """

    grants: int = 0
    awarded: int = 0
    changed: int = 0
    overpaid: int = 0
    paid: int = 0
    on_its_way: int = 0
    set_off: int = 0
    open: int = 0
    held: int = 0
    kept_by_bank: int = 0
    claimed: int = 0
    recovered: int = 0
    written_off: int = 0
    left: int = 0

    def add(self, other: Sums) -> None:
        """Adds another's sums to these."""
        for each in fields(Sums):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    def as_cells(self) -> dict[str, int]:
        """The sums by the names of their columns."""
        return {each.name: getattr(self, each.name) for each in fields(Sums)}


def sums_of(grant: Grant) -> Sums:
    """The sums of one grant, without what holds it."""
    claims = grant.claims.values()
    return Sums(
        grants=1, awarded=grant.awarded.amount, changed=grant.amount - grant.awarded.amount,
        overpaid=grant.owed - grant.amount, paid=grant.paid, on_its_way=grant.on_its_way,
        set_off=grant.settled_by_set_off, open=grant.open,
        claimed=sum(each.principal + each.interest for each in claims), recovered=sum(each.received for each in claims),
        written_off=sum(each.written_off for each in claims), left=sum(each.left for each in claims),
    )  # fmt: skip


def holds_of(grant: Grant, iban: str, on: date) -> Counter[str]:
    """What of the grant is held on a Helsinki date, in cents by the Finnish name of the reason."""
    found: Counter[str] = Counter()
    for each in payables(grant, iban, on):
        if each.held is not None:
            found[hold(each.held.reason)] += each.instalment.amount
    return found


def kept_of(dossier: Dossier) -> int:
    """What the bank kept of the grant's payments that came back, in cents."""
    facts = (event.fact for event in dossier.events)
    return sum(each.amount for each in facts if isinstance(each, PaymentReturnCharged))


@dataclass(slots=True)
class Group:
    """One row's sums, and what holds how much of it."""

    sums: Sums = field(default_factory=Sums)
    holds: Counter[str] = field(default_factory=Counter)

    def add(self, sums: Sums, holds: Counter[str]) -> None:
        """One grant more."""
        self.sums.add(sums)
        self.holds.update(holds)


@dataclass(slots=True)
class Figures:
    """The rows and their total while grants are added, and the balances that the ledger's postings come to."""

    by: By
    groups: dict[GroupKey, Group] = field(default_factory=dict)
    total: Group = field(default_factory=Group)
    payable: int = 0
    bank: int = 0
    receivable: int = 0

    def add(self, dossier: Dossier, iban: str, on: date, table: PostingTable) -> None:
        """One grant more, with the account that its association is paid to."""
        grant = dossier.grant
        holds = holds_of(grant, iban, on)
        sums = sums_of(grant)
        sums.held = holds.total()
        sums.kept_by_bank = kept_of(dossier)
        for group in (self.groups.setdefault(_key(dossier, self.by), Group()), self.total):
            group.add(sums, holds)
        self._add_ledger(dossier, table)

    def _add_ledger(self, dossier: Dossier, table: PostingTable) -> None:
        """What the postings leave on the accounts that awards, booked payments and claims are posted to."""
        for posting in dossier.postings(table):
            basket, on = posting.grant.basket, posting.posted_on
            payable = table.posting(GrantAwarded.event_type, basket, on).credit.number
            bank = table.posting(PaymentBooked.event_type, basket, on).credit.number
            receivable = table.posting(RecoveryClaimed.event_type, basket, on).debit.number
            signed = ((posting.debit, posting.amount), (posting.credit, -posting.amount))
            self.payable -= sum(amount for account, amount in signed if account == payable)
            self.bank -= sum(amount for account, amount in signed if account == bank)
            self.receivable += sum(amount for account, amount in signed if account == receivable)

    def rows(self) -> list[Row]:
        """The rows in the order of their keys."""
        return [_row(key, group) for key, group in sorted(self.groups.items())]

    def closing(self) -> Closing:
        """The total, and its checks against the ledger."""
        sums = self.total.sums
        checks = (
            Check("grants_payable", "Matkalla + avoinna = avustusvelat kirjanpidossa",
                  sums.on_its_way + sums.open, self.payable),
            Check("bank_account", "Maksettu + pankin kulut − takaisin saatu − liikasuoritukset = pankkitilin saldo "
                  "kirjanpidossa", sums.paid + sums.kept_by_bank - sums.recovered - sums.overpaid, self.bank),
            Check("receivables", "Takaisinperinnästä jäljellä = saamiset kirjanpidossa", sums.left, self.receivable),
        )  # fmt: skip
        return Closing((Total("total", "Yhteensä", sums.as_cells()),), checks)


def _key(dossier: Dossier, by: By) -> GroupKey:
    awarded = dossier.awarded
    if by == "basket":
        return (awarded.basket, "", "", "", "")
    if by == "municipality":
        return (awarded.basket, awarded.municipality or "", "", "", "")
    diary_number, municipality = (awarded.diary_number, awarded.municipality or "") if by == "grant" else ("", "")
    return (awarded.basket, municipality, awarded.association_id, awarded.association_name, diary_number)


def _row(key: GroupKey, group: Group) -> Row:
    basket, municipality, association_id, association_name, diary_number = key
    because = [f"{reason} {finnish_euros(amount)}" for reason, amount in sorted(group.holds.items())]
    return {
        "basket": basket, "municipality": municipality or None, "association_id": association_id or None,
        "association_name": association_name or None, "diary_number": diary_number or None,
        **group.sums.as_cells(), "held_because": joined(because),
    }  # fmt: skip


def columns(by: By, baskets: Mapping[str, str], municipalities: Mapping[str, str]) -> Sequence[Column]:
    """The columns of rows by basket, by municipality, by association or one by one."""
    association = (
        Column("association_id", "Y-tunnus", width=12), Column("association_name", "Saaja", width=34),
    )  # fmt: skip
    municipality = Column("municipality", "Kunta", words=municipalities, width=16)
    return (
        Column("basket", "Avustuskori", words=baskets, width=24),
        *((municipality,) if by in {"municipality", "grant"} else ()),
        *(association if by in {"association", "grant"} else ()),
        *((Column("diary_number", "Diaarinumero", width=22),) if by == "grant" else ()),
        Column("grants", "Avustuksia", "number", 11),
        Column("awarded", "Myönnetty (EUR)", "money"),
        Column("changed", "Muutettu (EUR)", "money"),
        Column("overpaid", "Liikasuoritukset (EUR)", "money"),
        Column("paid", "Maksettu (EUR)", "money"),
        Column("on_its_way", "Matkalla (EUR)", "money"),
        Column("set_off", "Kuitattu (EUR)", "money"),
        Column("open", "Avoinna (EUR)", "money"),
        Column("held", "Avoimesta pidossa (EUR)", "money"),
        Column("held_because", "Pidon syy", width=40),
        Column("kept_by_bank", "Pankin kulut palautuksista (EUR)", "money"),
        Column("claimed", "Takaisin peritty (EUR)", "money"),
        Column("recovered", "Takaisin saatu (EUR)", "money"),
        Column("written_off", "Poistettu (EUR)", "money"),
        Column("left", "Perimättä (EUR)", "money"),
    )
