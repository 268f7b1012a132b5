"""What is granted and unpaid at the end of a month (*siirtovelat*), and what is claimed and not received (*saamiset*):
a row for each grant and account, which add up to the account in the ledger to the cent. At the end of a year they are
the accruals of the annual accounts, and are kept as documents (accounting act 1336/1997, chapter 3, section 13: the
breakdown of the balance sheet, *tase-erittelyt*).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from services.payments.domain.closing import OpenItem
from services.payments.domain.postings import Posting

from .model import Check, Closing, Column, Note, Row, Total


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two lists: which event opens its accounts, on which side, and by which sign a row is shown."""

    name: str
    title: str
    kind: Literal["accruals", "receivables"]
    event_type: str
    debit: bool

    @property
    def sign(self) -> int:
        """What is owed stands as a credit and is shown without a minus."""
        return 1 if self.debit else -1


ACCRUALS: Final = Side("accruals", "Siirtovelat, maksamatta", "accruals", "grant.awarded", debit=False)
RECEIVABLES: Final = Side("receivables", "Takaisinperintäsaamiset", "receivables", "recovery.claimed", debit=True)


def accounts_of(side: Side, postings: Iterable[Posting]) -> frozenset[str]:
    """The accounts (numbers) that such events moved: those whose balance the list explains."""
    opened = (each for each in postings if each.event_type == side.event_type)
    return frozenset(each.debit if side.debit else each.credit for each in opened)


def columns(baskets: Mapping[str, str]) -> tuple[Column, ...]:
    """The columns, with the county's names of its baskets."""
    return (
        Column("diary_number", "Diaarinumero", width=22),
        Column("association_name", "Yhdistys", width=34),
        Column("basket", "Avustuskori", words=baskets, width=20),
        Column("account", "Tili", width=9),
        Column("amount", "Avoinna (EUR)", "money"),
        Column("last_period", "Viimeisin kirjauskausi", width=12),
        Column("application_id", "Hakemus", width=38),
    )


def rows(side: Side, items: Sequence[OpenItem], last_moved: Mapping[str, str]) -> list[Row]:
    """A row for each item, by diary number; `last_moved` maps an application to the month of its last posting."""
    return [
        {
            "diary_number": each.grant.diary_number, "association_name": each.grant.association_name,
            "basket": each.grant.basket, "account": each.account, "amount": side.sign * each.balance,
            "last_period": last_moved.get(str(each.grant.application_id)),
            "application_id": str(each.grant.application_id),
        }
        for each in items
    ]  # fmt: skip


def closing(side: Side, items: Sequence[OpenItem], held: int, last_period: str) -> Closing:
    """The sum, compared with what the accounts hold at the end of the month (cents, debit positive)."""
    total = sum(each.balance for each in items)
    return Closing(
        (Total("total", f"Yhteensä, {len(items)} erää", {"amount": side.sign * total}),),
        (Check("account", "Tilien saldo pääkirjassa", side.sign * total, side.sign * held),),
        (Note("last_period", "Kauden loppuun", last_period),),
    )
