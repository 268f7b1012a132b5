"""The trial balance (*koetase*) of a stretch of time, and the statement of one account (*pääkirjan ote*): opening
balance, what moved, closing balance. Cents, debit positive. Both are checked against the balances of the ledger at
the end of the stretch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.county import Account
from services.payments.domain.postings import Posting, trial_balance

from .model import Cell, Check, Closing, Column, Note, Range, Row, Total
from .wording import ACCOUNT_TYPES, finnish_date

BALANCE_TITLE: Final = "Koetase"
STATEMENT_TITLE: Final = "Pääkirjan ote"
OPENING: Final = "opening"
BALANCE_COLUMNS: Final = (
    Column("account", "Tili", width=9),
    Column("name", "Tilin nimi", width=34),
    Column("type", "Tilityyppi", words=ACCOUNT_TYPES, width=14),
    Column("opening", "Alkusaldo (EUR)", "money"),
    Column("debit", "Debet (EUR)", "money"),
    Column("credit", "Kredit (EUR)", "money"),
    Column("closing", "Loppusaldo (EUR)", "money"),
)
STATEMENT_COLUMNS: Final = (
    Column("voucher", "Tosite", words={OPENING: "Alkusaldo"}, width=16),
    Column("posted_on", "Kirjauspäivä", "date", 12),
    Column("period", "Kausi", width=9),
    Column("text", "Selite", width=44),
    Column("counter_account", "Vastatili", width=9),
    Column("debit", "Debet (EUR)", "money"),
    Column("credit", "Kredit (EUR)", "money"),
    Column("balance", "Saldo (EUR)", "money"),
    Column("diary_number", "Diaarinumero", width=22),
    Column("association_name", "Yhdistys", width=34),
    Column("bank_reference", "Arkistointitunnus", width=20),
    Column("end_to_end_id", "EndToEndId", width=36),
    Column("position", "Pääkirjan sijainti", "number", 12),
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A month by the periods of postings, or days by their dates. What comes late stands in another month than its
    date, so that only months agree with the trial balance of a month.
    """

    period: str | None
    dates: Range

    def before(self, posting: Posting) -> bool:
        """Whether a posting is part of the opening balance."""
        if self.period is not None:
            return posting.period < self.period
        return self.dates.first is not None and posting.posted_on < self.dates.first

    def holds(self, posting: Posting) -> bool:
        """Whether a posting is one of the stretch."""
        if self.period is not None:
            return posting.period == self.period
        return self.dates.holds(posting.posted_on)

    def ends_after(self, posting: Posting) -> bool:
        """Whether a posting is part of the balances at its end."""
        if self.period is not None:
            return posting.period <= self.period
        return self.dates.last is None or posting.posted_on <= self.dates.last

    @property
    def note(self) -> Note:
        """The stretch in words."""
        first = "alusta" if self.dates.first is None else finnish_date(self.dates.first)
        last = "kaikki" if self.dates.last is None else finnish_date(self.dates.last)
        return Note("stretch", "Kausi" if self.period else "Kirjauspäivät", self.period or f"{first}–{last}")


@dataclass(frozen=True, slots=True)
class Cut:
    """The postings before a stretch and within it, each in the order of dates and, on a day, of the ledger; and the
    balances of all accounts at its end, summed apart from them.
    """

    before: Sequence[Posting]
    within: Sequence[Posting]
    balances: Mapping[str, int]


def cut(postings: Iterable[Posting], stretch: Stretch) -> Cut:
    """The postings of a stretch and those before it."""
    ordered = sorted(postings, key=lambda posting: (posting.posted_on, posting.position))
    before = [each for each in ordered if stretch.before(each)]
    within = [each for each in ordered if stretch.holds(each)]
    return Cut(before, within, trial_balance(each for each in ordered if stretch.ends_after(each)))


def names_of(accounts: Iterable[Account]) -> dict[str, Account]:
    """The accounts by number, each as its newest record has it."""
    return {each.number: each for each in sorted(accounts, key=lambda account: account.valid_from)}


def balance_rows(found: Cut, accounts: Mapping[str, Account]) -> list[Row]:
    """A row for each account that any posting moved, by number."""
    opening = trial_balance(found.before)
    debited, credited = _turnover(found.within)
    numbers = sorted({*opening, *debited, *credited})
    return [
        {
            "account": number, "name": accounts[number].name.fi if number in accounts else None,
            "type": accounts[number].type if number in accounts else None, "opening": opening.get(number, 0),
            "debit": debited.get(number, 0), "credit": credited.get(number, 0),
            "closing": opening.get(number, 0) + debited.get(number, 0) - credited.get(number, 0),
        }
        for number in numbers
    ]  # fmt: skip


def _turnover(postings: Iterable[Posting]) -> tuple[dict[str, int], dict[str, int]]:
    debited: dict[str, int] = {}
    credited: dict[str, int] = {}
    for each in postings:
        debited[each.debit] = debited.get(each.debit, 0) + each.amount
        credited[each.credit] = credited.get(each.credit, 0) + each.amount
    return debited, credited


def balance_closing(made: Sequence[Row], balances: Mapping[str, int], stretch: Stretch) -> Closing:
    """The sums, of debits and of what assets and expenses hold; the balances come to nothing."""
    names = ("opening", "debit", "credit", "closing")
    sums = {name: sum(_cents(row[name]) for row in made) for name in names}
    told, in_debit = [_cents(row["closing"]) for row in made], sum(held for held in balances.values() if held > 0)
    return Closing(
        (Total("total", f"Yhteensä, {len(made)} tiliä", sums),),
        (
            Check("debits", "Debet on yhtä kuin kredit", sums["debit"], sums["credit"]),
            Check("balances", "Debetsaldot pääkirjassa", sum(held for held in told if held > 0), in_debit),
        ),
        (stretch.note,),
    )


def statement_rows(found: Cut, number: str, vouchers: Mapping[int, str]) -> list[Row]:
    """The opening balance, then a row for each posting of an account with the balance after it; `vouchers` maps a
    position to its voucher, where an export gave it one.
    """
    balance = trial_balance(found.before).get(number, 0)
    made: list[Row] = [{"voucher": OPENING, "balance": balance}]
    for each in found.within:
        for counter, debit, credit in _sides(each, number):
            balance += debit - credit
            made.append(_row(each, vouchers) | {
                "counter_account": counter, "debit": debit or None, "credit": credit or None, "balance": balance,
            })  # fmt: skip
    return made


def _sides(posting: Posting, number: str) -> list[tuple[str, int, int]]:
    """Where a posting stands on an account: the other account, and its sum as debit or credit."""
    sides = [(posting.credit, posting.amount, 0)] if posting.debit == number else []
    return sides + ([(posting.debit, 0, posting.amount)] if posting.credit == number else [])


def _row(posting: Posting, vouchers: Mapping[int, str]) -> dict[str, Cell]:
    return {
        "voucher": vouchers.get(posting.position), "posted_on": posting.posted_on, "period": posting.period,
        "text": posting.text, "diary_number": posting.grant.diary_number,
        "association_name": posting.grant.association_name, "bank_reference": posting.bank_reference,
        "end_to_end_id": posting.end_to_end_id, "position": posting.position,
    }  # fmt: skip


def statement_closing(made: Sequence[Row], account: Account | str, held: int, stretch: Stretch) -> Closing:
    """The turnover and the closing balance, compared with what the account holds in the ledger's trial balance."""
    debit, credit = (sum(_cents(row.get(name) or 0) for row in made) for name in ("debit", "credit"))
    told = _cents(made[0]["balance"]) + debit - credit
    name = account if isinstance(account, str) else f"{account.number} {account.name.fi}"
    return Closing(
        (Total("closing", f"Loppusaldo, {len(made) - 1} kirjausta", {
            "debit": debit, "credit": credit, "balance": told,
        }),),
        (Check("account", "Tilin saldo koetaseessa", told, held),),
        (Note("account", "Tili", name), stretch.note),
    )  # fmt: skip


def _cents(cell: object) -> int:
    assert isinstance(cell, int), "a sum is cents"
    return cell
