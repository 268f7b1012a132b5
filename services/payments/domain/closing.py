"""Closing a month (*kausi*) and a year (*tilikausi*): what must be done before, as a checklist that says what is left,
and what a closing states. A month is closed in the order of the months, once it is over and everything in it agrees.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from schemas.money import euros
from schemas.payments import AccountBalance, PeriodClosed, YearClosed
from schemas.refusals import conflict

from .differences import Difference
from .postings import GrantIdentity, Posting, trial_balance

CheckName = Literal[
    "month-not-over", "earlier-month-open", "not-exported", "vouchers-failed", "vouchers-unanswered", "no-postings",
    "statements-missing", "statements-do-not-follow", "not-reconciled", "reconcile-again", "differences-open",
    "year-not-over", "months-open", "accruals-differ", "receivables-differ",
]  # fmt: skip
"""What is wrong when a check fails: the code of the refusal, too."""
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to be done before a closing, and what is left of it (`left`, a sentence; None where it is done). What
    does not block is for the clerk to look at.
    """

    name: CheckName
    left: str | None
    blocks: bool = True

    @property
    def done(self) -> bool:
        """Whether nothing is left of it."""
        return self.left is None


@dataclass(frozen=True, slots=True)
class Month:
    """A month as it stands at a position of the ledger. `not_raised` counts lines that differ and were not raised by
    the last run; `missing` and `unfollowed` are sentences on statements that touch the month.
    """

    period: str
    position: int
    over: bool
    earlier_open: Sequence[str]
    postings: Sequence[Posting]
    not_exported: int
    failed: int
    unanswered: int
    has_postings_file: bool
    missing: Sequence[str]
    unfollowed: Sequence[str]
    runs: int
    not_raised: int
    differences: Sequence[Difference]
    files: Sequence[str]


def month_checks(month: Month) -> list[Check]:
    """The checklist of a month, in the order in which a clerk goes through it."""
    period, unsettled = month.period, sum(not each.settled for each in month.differences)
    not_raised = month.not_raised if month.runs else 0
    return [
        Check("month-not-over", None if month.over else f"{period} is not over"),
        Check("earlier-month-open", _listed(month.earlier_open, "close these months first")),
        Check("statements-missing", _sentences(month.missing)),
        Check("statements-do-not-follow", _sentences(month.unfollowed), blocks=False),
        Check("not-exported", _counted(month.not_exported, f"postings of {period} have no voucher yet: export them")),
        Check("vouchers-failed", _counted(month.failed, "vouchers were not taken by the back office"), blocks=False),
        Check("vouchers-unanswered", _counted(month.unanswered, "vouchers have no answer yet"), blocks=False),
        Check(
            "no-postings",
            None if month.has_postings_file else f"import the back office's postings of {period} first",
        ),
        Check("not-reconciled", None if month.runs else f"{period} was not reconciled yet"),
        Check("reconcile-again", _counted(not_raised, f"lines differ since {period} was last reconciled")),
        Check("differences-open", _counted(unsettled, f"differences of {period} are open")),
    ]  # fmt: skip


def close_month(month: Month, person: str, *, closed: bool) -> PeriodClosed:
    """Closes a month of which every check that blocks is done."""
    if closed:
        raise conflict("closed-already", f"{month.period} is closed already")
    refuse(month_checks(month))
    balances = trial_balance(each for each in month.postings if each.period <= month.period)
    own = [each for each in month.postings if each.period == month.period]
    total = sum(each.amount for each in own)
    return PeriodClosed(
        period=month.period, debits=total, credits=total, differences=len(month.differences),
        files=tuple(sorted(set(month.files))), person=person, up_to_position=month.position,
        balances=_balances(balances), late=sum(each.late for each in own),
    )  # fmt: skip


def refuse(checks: Iterable[Check]) -> None:
    """Raises Refused for the first check that blocks and is not done."""
    for check in checks:
        if check.blocks and check.left is not None:
            raise conflict(check.name, check.left)


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What an account holds for one grant (cents, debit positive), and what of it each kind of event moved there."""

    grant: GrantIdentity
    account: str
    balance: int


def open_items(postings: Iterable[Posting], accounts: Iterable[str], last_period: str) -> list[OpenItem]:
    """What these accounts hold for each grant at the end of a month, by diary number; nothing where it is zero."""
    wanted = frozenset(accounts)
    found: dict[tuple[str, str, str], int] = {}
    grants: dict[str, GrantIdentity] = {}
    for posting in postings:
        if posting.period > last_period:
            continue
        key = str(posting.grant.application_id)
        grants[key] = posting.grant
        for account, amount in ((posting.debit, posting.amount), (posting.credit, -posting.amount)):
            if account in wanted:
                place = (posting.grant.diary_number, key, account)
                found[place] = found.get(place, 0) + amount
    return [OpenItem(grants[key], account, sum_) for (_, key, account), sum_ in sorted(found.items()) if sum_]


@dataclass(frozen=True, slots=True)
class Document:
    """A list of open items that is kept under its SHA-256, and the sum of its rows (cents, debit positive)."""

    sha256: str
    total: int


@dataclass(frozen=True, slots=True)
class Year:
    """A year as it stands at a position of the ledger. `owed` and `claimed` are the accounts (numbers) of what is
    granted and unpaid, and of what is claimed and not received; `accruals` and `receivables` their documents.
    """

    year: int
    position: int
    today: date
    postings: Sequence[Posting]
    closings: Sequence[PeriodClosed]
    owed: frozenset[str]
    claimed: frozenset[str]
    accruals: Document
    receivables: Document

    @property
    def last_period(self) -> str:
        """December."""
        return f"{self.year}-{MONTHS:02d}"

    @property
    def months(self) -> list[str]:
        """The months that have postings."""
        return sorted({each.period for each in self.postings if each.period.startswith(f"{self.year}-")})

    @property
    def balances(self) -> dict[str, int]:
        """The balances of all accounts at its end, in cents, debit positive."""
        return trial_balance(each for each in self.postings if each.period <= self.last_period)

    def held_by(self, accounts: frozenset[str]) -> int:
        """What accounts hold together at its end."""
        return sum(amount for number, amount in self.balances.items() if number in accounts)


def year_checks(year: Year) -> list[Check]:
    """The checklist of a year."""
    closed = {each.period for each in year.closings}
    earlier = sorted({each.period for each in year.postings if each.period <= year.last_period} - closed)
    return [
        Check("year-not-over", None if year.today.year > year.year else f"{year.year} is not over"),
        Check("months-open", _listed(earlier, "close these months first")),
        Check("accruals-differ", _differ(year.accruals.total, year.held_by(year.owed), "granted and unpaid")),
        Check("receivables-differ", _differ(year.receivables.total, year.held_by(year.claimed), "claimed and open")),
    ]


def close_year(year: Year, person: str, *, closed: bool) -> YearClosed:
    """Closes a year of which every check is done; its documents add up to their accounts to the cent."""
    if closed:
        raise conflict("closed-already", f"{year.year} is closed already")
    refuse(year_checks(year))
    total = sum(each.amount for each in year.postings if each.period.startswith(f"{year.year}-"))
    own = [each for each in year.closings if each.period.startswith(f"{year.year}-")]
    return YearClosed(
        year=year.year, debits=total, credits=total, balances=_balances(year.balances),
        accrued=-year.accruals.total, accruals_sha256=year.accruals.sha256, receivable=year.receivables.total,
        receivables_sha256=year.receivables.sha256, months=tuple(sorted({each.period for each in own})),
        files=tuple(sorted({digest for each in own for digest in each.files})), up_to_position=year.position,
        person=person,
    )  # fmt: skip


def _balances(balances: dict[str, int]) -> tuple[AccountBalance, ...]:
    return tuple(AccountBalance(account=number, balance=cents) for number, cents in sorted(balances.items()))


def _counted(count: int, what: str) -> str | None:
    return f"{count} {what}" if count else None


def _listed(names: Sequence[str], what: str) -> str | None:
    return f"{what}: {', '.join(names)}" if names else None


def _sentences(told: Sequence[str]) -> str | None:
    return " ".join(told) or None


def _differ(listed: int, held: int, what: str) -> str | None:
    if listed == held:
        return None
    return f"the list of what is {what} comes to {euros(listed)}, but the accounts hold {euros(held)}"
