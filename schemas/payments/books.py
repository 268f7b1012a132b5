"""Events of the books: vouchers out, postings in, reconciliation with its differences, periods."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from schemas.facts import Contract, Fact
from schemas.identifiers import Name, Period, Person, Sha256, Slug, Text
from schemas.money import Money, NonNegativeMoney, PositiveMoney

DifferenceClass = Literal[
    "amount_differs", "date_or_period_differs", "account_or_cost_centre_differs", "missing_in_back_office",
    "missing_in_ledger", "missing_at_bank", "duplicate", "ambiguous",
]  # fmt: skip


class VouchersExported(Fact):
    """Vouchers (*tosite*) of a range of ledger positions went out; numbers have no gaps within a series and year."""

    event_type: ClassVar[str] = "vouchers.exported"
    series: Slug
    year: int
    period: Period
    profile: Slug
    after_position: int = Field(ge=0)
    up_to_position: int = Field(ge=0)
    first_number: int = Field(ge=1)
    count: int = Field(ge=1)
    total: PositiveMoney
    sha256: Sha256


class PostingsImportedV1(Fact, title="PostingsImported"):
    """The back office's postings (*kirjaus*) of a period came in."""

    event_type: ClassVar[str] = "postings.imported"
    sha256: Sha256
    period: Period
    profile: Slug
    rows: int = Field(ge=0)
    debits: NonNegativeMoney
    credits: NonNegativeMoney


class PostingsImported(Fact):
    """The back office's postings (*kirjaus*) of a period came in. Since version 2 with what was taken (all or
    nothing, or the good lines) and how many lines were left out.
    """

    event_type: ClassVar[str] = "postings.imported"
    event_schema: ClassVar[int] = 2
    sha256: Sha256
    period: Period
    profile: Slug
    rows: int = Field(ge=0)
    debits: NonNegativeMoney
    credits: NonNegativeMoney
    take: Literal["all_or_nothing", "good_lines"]
    left_out: int = Field(ge=0)


class FailedVoucher(Contract):
    """A voucher that the back office did not take, and why."""

    number: int = Field(strict=True, ge=1)
    reason: Text


class VouchersAcknowledged(Fact):
    """The back office answered (*kuittaus*): which vouchers of a series and year it took, and which it did not. What
    the file does not name, or names in a way that cannot be understood (`problems`), stays as it was.
    """

    event_type: ClassVar[str] = "vouchers.acknowledged"
    series: Slug
    year: int = Field(strict=True, ge=2020, le=2100)
    profile: Slug
    sha256: Sha256
    accepted: tuple[int, ...] = Field(max_length=200000)
    failed: tuple[FailedVoucher, ...] = Field(max_length=200000)
    problems: int = Field(strict=True, ge=0)


class ReconciliationCompletedV1(Fact, title="ReconciliationCompleted"):
    """Ledger, bank and back office were compared for a period (*täsmäytys*)."""

    event_type: ClassVar[str] = "reconciliation.completed"
    period: Period
    run: int = Field(ge=1)
    matched: int = Field(ge=0)
    differences: int = Field(ge=0)
    up_to_position: int = Field(ge=0)
    inputs: tuple[Sha256, ...]


class ReconciliationCompleted(Fact):
    """Ledger, bank and back office were compared for a period (*täsmäytys*). Since version 2 with the tolerance by
    which sums may differ and still match, and how many lines matched only by it.
    """

    event_type: ClassVar[str] = "reconciliation.completed"
    event_schema: ClassVar[int] = 2
    period: Period
    run: int = Field(strict=True, ge=1)
    matched: int = Field(strict=True, ge=0)
    differences: int = Field(strict=True, ge=0)
    up_to_position: int = Field(strict=True, ge=0)
    inputs: tuple[Sha256, ...]
    tolerance: NonNegativeMoney
    within_tolerance: int = Field(strict=True, ge=0)


class DifferenceRaised(Fact):
    """One line that does not agree; raised once, whatever the number of runs."""

    event_type: ClassVar[str] = "difference.raised"
    difference_id: Slug
    period: Period
    difference_class: DifferenceClass
    subject: Name
    expected: Text
    found: Text
    amount: Money
    application_id: UUID | None = None


class DifferenceExplained(Fact):
    """Somebody found the cause and says how it is put right."""

    event_type: ClassVar[str] = "difference.explained"
    difference_id: Slug
    explanation: Text
    person: Person


class DifferenceAccepted(Fact):
    """Another person accepted the explanation."""

    event_type: ClassVar[str] = "difference.accepted"
    difference_id: Slug
    reason: Text
    person: Person


class PeriodClosedV1(Fact, title="PeriodClosed"):
    """A period is closed: no difference is open, debits equal credits, and it takes no more postings."""

    event_type: ClassVar[str] = "period.closed"
    period: Period
    debits: NonNegativeMoney
    credits: NonNegativeMoney
    differences: int = Field(ge=0)
    files: tuple[Sha256, ...]
    person: Person


class AccountBalance(Contract):
    """An account's balance, debit positive."""

    account: Annotated[str, Field(pattern=r"^[0-9A-Za-z.-]{1,20}$")]
    balance: Money


class PeriodClosed(Fact):
    """A period is closed: no difference is open, debits equal credits, and it takes no more postings. Since
    version 2 what the ledger had up to `up_to_position` is closed: what comes later, also in the same instant, belongs
    to the next open period. `balances` are those of all accounts at the period's end, `late` counts the postings in it
    that concern earlier periods.
    """

    event_type: ClassVar[str] = "period.closed"
    event_schema: ClassVar[int] = 2
    period: Period
    debits: NonNegativeMoney
    credits: NonNegativeMoney
    differences: int = Field(ge=0)
    files: tuple[Sha256, ...]
    person: Person
    up_to_position: int = Field(strict=True, ge=0)
    balances: tuple[AccountBalance, ...] = Field(max_length=1000)
    late: int = Field(strict=True, ge=0)


class YearClosed(Fact):
    """A financial year (*tilikausi*, the calendar year) is closed: every month with postings is, what is granted and
    unpaid is listed in a document that adds up to its account, and what is claimed and not received likewise. The
    months without postings are closed with it, up to the ledger's `up_to_position`.
    """

    event_type: ClassVar[str] = "year.closed"
    year: int = Field(strict=True, ge=2020, le=2100)
    debits: NonNegativeMoney
    credits: NonNegativeMoney
    balances: tuple[AccountBalance, ...] = Field(max_length=1000)
    accrued: Money
    accruals_sha256: Sha256
    receivable: Money
    receivables_sha256: Sha256
    months: tuple[Period, ...] = Field(max_length=12)
    files: tuple[Sha256, ...] = Field(max_length=100_000)
    up_to_position: int = Field(strict=True, ge=0)
    person: Person


class DifferenceAssigned(Fact):
    """Somebody is to find out about a difference."""

    event_type: ClassVar[str] = "difference.assigned"
    difference_id: Slug
    assignee: Person
    person: Person


class DifferenceCommented(Fact):
    """What somebody found out about a difference, or asks."""

    event_type: ClassVar[str] = "difference.commented"
    difference_id: Slug
    comment: Text
    person: Person


class DifferenceReopened(Fact):
    """A difference that was settled is open again: the reason did not hold."""

    event_type: ClassVar[str] = "difference.reopened"
    difference_id: Slug
    reason: Text
    person: Person


class DifferenceDissolved(Fact):
    """A later run finds the difference no more: it was put right on its side."""

    event_type: ClassVar[str] = "difference.dissolved"
    difference_id: Slug
    run: int = Field(ge=1)
    found: Text
