"""The ledger's postings as a Beancount file: books in text, which others' tools check and sum.

Each posting is a transaction of two legs, so that it balances by itself; after the last one every account's balance is
stated, and `bean-check` compares it with its own sum. Accounts are named by their numbers, `Assets:1700`, with the
county's name beside them. The same postings give the same text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, Protocol

from schemas.county import Account

from .domain.postings import Posting, trial_balance

_ROOTS: Final[Mapping[str, str]] = {
    "asset": "Assets", "liability": "Liabilities", "expense": "Expenses", "income": "Income",
}  # fmt: skip


class Accounts(Protocol):
    """What the county's data answers: an account by its number on a Helsinki date."""

    def account(self, number: str, on: date) -> Account | None: ...


def beancount(postings: Sequence[Posting], accounts: Accounts, title: str) -> Iterator[str]:
    """The file, piece by piece. Raises KeyError for a posting whose account the county does not have on its day."""
    ordered = sorted(postings, key=lambda posting: (posting.posted_on, posting.position))
    yield f'option "title" {_quoted(title)}\noption "operating_currency" "EUR"\n\n'
    if not ordered:
        return
    names = _names(ordered, accounts)
    first, last = ordered[0].posted_on, ordered[-1].posted_on
    for number, (name, account) in sorted(names.items()):
        yield f"{first} open {name} EUR\n  number: {_quoted(number)}\n  name: {_quoted(account.name.fi)}\n"
    for posting in ordered:
        yield _transaction(posting, names)
    yield "\n"
    for number, cents in sorted(trial_balance(ordered).items()):
        # Without a tolerance of its own a statement of a balance lets a cent pass.
        stated = _amount(cents).replace(" EUR", " ~ 0.00 EUR")
        yield f"{last + timedelta(days=1)} balance {names[number][0]} {stated}\n"


def _names(postings: Iterable[Posting], accounts: Accounts) -> dict[str, tuple[str, Account]]:
    """Each account's name and record; its type stays what it was on the first posting."""
    found: dict[str, tuple[str, Account]] = {}
    for posting in postings:
        for number in (posting.debit, posting.credit):
            if number in found:
                continue
            account = accounts.account(number, posting.posted_on)
            if account is None:
                raise KeyError(number)
            found[number] = (f"{_ROOTS[account.type]}:{_component(number)}", account)
    return found


def _component(number: str) -> str:
    """An account's number as Beancount allows it: digits, letters and hyphens, begun by a digit or a capital."""
    cleaned = number.replace(".", "-")
    return cleaned if cleaned[0].isdigit() or cleaned[0].isupper() else f"A{cleaned}"


def _transaction(posting: Posting, names: Mapping[str, tuple[str, Account]]) -> str:
    grant = posting.grant
    told = {
        "position": str(posting.position), "event": posting.event_type, "diary": grant.diary_number,
        "cost_centre": posting.cost_centre, "service_class": posting.service_class,
        "end_to_end": posting.end_to_end_id, "bank_reference": posting.bank_reference,
    }  # fmt: skip
    metadata = "".join(f"  {key}: {_quoted(value)}\n" for key, value in told.items() if value)
    head = f"\n{posting.posted_on} * {_quoted(grant.association_name)} {_quoted(posting.text)}\n"
    debit, credit = names[posting.debit][0], names[posting.credit][0]
    return f"{head}{metadata}  {debit} {_amount(posting.amount)}\n  {credit} {_amount(-posting.amount)}\n"


def _amount(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d} EUR"


def _quoted(text: str) -> str:
    """A text between quotes on one line; quotes and backslashes in it are escaped."""
    line = " ".join(text.split())
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"'
