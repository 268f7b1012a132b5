"""A month is closed when it is over, in the order of months, with everything in it done; a year on two lists that add
up to their accounts to the cent.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.facts import Fact
from schemas.payments import (
    AccountBalance,
    DifferenceAccepted,
    DifferenceDissolved,
    DifferenceExplained,
    DifferenceRaised,
    DifferenceReopened,
    GrantAwarded,
    PaymentBooked,
    PaymentReturned,
    PeriodClosed,
    RecoveryClaimed,
    RecoveryReceived,
    YearClosed,
)
from schemas.samples import SHA
from services.payments.domain import differences
from services.payments.domain.closing import (
    Check,
    CheckName,
    Document,
    Month,
    OpenItem,
    Year,
    close_month,
    close_year,
    month_checks,
    open_items,
    year_checks,
)
from services.payments.domain.differences import Difference
from services.payments.domain.postings import Posting, closed_months, period_of, settle_periods, trial_balance
from services.payments.reports.open_items import ACCRUALS, RECEIVABLES, accounts_of
from tests.unit.given import county, fact, folded, refused
from tests.unit.payments.test_postings import post
from tests.unit.payments.test_reports import HISTORIES, Acts, histories

APRIL, LATE_AWARD = "2026-04", date(2026, 3, 31)
EXPLAINED, ACCEPTED = fact(DifferenceExplained, person="anna"), fact(DifferenceAccepted, person="bertta")
DISSOLVED, REOPENED = fact(DifferenceDissolved), fact(DifferenceReopened)
OTHER_SHA = "b" * 64


def difference(*facts: Fact) -> Difference:
    state = folded(differences.evolve, None, fact(DifferenceRaised), *facts)
    assert state is not None
    return state


def posted(*facts: Fact) -> list[Posting]:
    """The postings of these facts, at the positions 10, 20, 30 and so on."""
    made = [post(each, 10 * number) for number, each in enumerate(facts, start=1)]
    return [each for each in made if each is not None]


BOOKED = fact(PaymentBooked)
AWARDED = fact(GrantAwarded)


def month(**changed: Any) -> Month:
    """April, with everything done; its postings are a payment, and February's award before it."""
    done = Month(
        period=APRIL, position=42, over=True, earlier_open=[], postings=posted(AWARDED, BOOKED), not_exported=0,
        failed=0, unanswered=0, has_postings_file=True, missing=[], unfollowed=[], runs=1, not_raised=0,
        differences=[], files=[OTHER_SHA, SHA, OTHER_SHA],
    )  # fmt: skip
    return replace(done, **changed)


def check(checks: list[Check], name: CheckName) -> Check:
    [found] = [each for each in checks if each.name == name]
    return found


LEFT: list[tuple[CheckName, dict[str, Any], str]] = [
    ("month-not-over", {"over": False}, "2026-04 is not over"),
    ("earlier-month-open", {"earlier_open": ["2026-02", "2026-03"]}, "close these months first: 2026-02, 2026-03"),
    ("statements-missing", {"missing": ["Number 7 is missing.", "Number 9 is missing."]},
     "Number 7 is missing. Number 9 is missing."),
    ("not-exported", {"not_exported": 2}, "2 postings of 2026-04 have no voucher yet: export them"),
    ("no-postings", {"has_postings_file": False}, "import the back office's postings of 2026-04 first"),
    ("not-reconciled", {"runs": 0}, "2026-04 was not reconciled yet"),
    ("reconcile-again", {"not_raised": 3}, "3 lines differ since 2026-04 was last reconciled"),
    ("differences-open", {"differences": [difference(), difference(EXPLAINED), difference(DISSOLVED)]},
     "2 differences of 2026-04 are open"),
]  # fmt: skip
TO_LOOK_AT: list[tuple[CheckName, dict[str, Any], str]] = [
    ("statements-do-not-follow", {"unfollowed": ["It begins with 1.00 EUR."]}, "It begins with 1.00 EUR."),
    ("vouchers-failed", {"failed": 1}, "1 vouchers were not taken by the back office"),
    ("vouchers-unanswered", {"unanswered": 4}, "4 vouchers have no answer yet"),
]


def test_a_month_of_which_everything_is_done_has_nothing_left() -> None:
    checks = month_checks(month())
    assert all(each.done and each.left is None for each in checks)
    assert {each.name for each in checks} == {name for name, _, _ in (*LEFT, *TO_LOOK_AT)}


@pytest.mark.parametrize(("name", "changed", "left"), LEFT)
def test_what_is_left_of_a_month_is_told_and_refuses_its_closing(
    name: CheckName, changed: dict[str, Any], left: str
) -> None:
    found = month(**changed)
    assert check(month_checks(found), name) == Check(name, left, blocks=True)
    assert [each.name for each in month_checks(found) if not each.done] == [name]
    with refused(name):
        close_month(found, "anna", closed=False)


@pytest.mark.parametrize(("name", "changed", "left"), TO_LOOK_AT)
def test_what_is_only_to_be_looked_at_is_told_and_refuses_nothing(
    name: CheckName, changed: dict[str, Any], left: str
) -> None:
    found = month(**changed)
    assert check(month_checks(found), name) == Check(name, left, blocks=False)
    assert close_month(found, "anna", closed=False).period == APRIL


def test_finance_reads_of_every_check_in_its_page_in_the_order_in_which_it_is_shown() -> None:
    page = (Path(__file__).parents[3] / "docs" / "finance.md").read_text("utf-8")
    section = page[page.index("## Month and year") : page.index("## Reports")]
    written = re.findall(r"^\| `([a-z-]+)` \|.*\| (yes|no) \|$", section, re.MULTILINE)
    checks = [*month_checks(month()), *year_checks(year())]
    assert written == [(each.name, "yes" if each.blocks else "no") for each in checks]
    assert {name for name, _ in written} == set(get_args(CheckName))


def test_the_first_thing_that_is_left_is_the_reason_of_the_refusal() -> None:
    with refused("earlier-month-open"):
        close_month(month(earlier_open=["2026-02"], runs=0, not_exported=1, failed=1), "anna", closed=False)


@pytest.mark.parametrize("settling", [(EXPLAINED, ACCEPTED), (DISSOLVED,), (EXPLAINED, DISSOLVED)])
def test_a_difference_that_is_settled_lets_its_month_be_closed_and_one_that_is_reopened_does_not(
    settling: tuple[Fact, ...],
) -> None:
    assert close_month(month(differences=[difference(*settling)]), "anna", closed=False).differences == 1
    with refused("differences-open"):
        close_month(month(differences=[difference(*settling, REOPENED)]), "anna", closed=False)


def test_a_month_is_closed_up_to_its_position_with_its_own_turnover_and_all_balances() -> None:
    settled = [difference(EXPLAINED, ACCEPTED)]
    assert close_month(month(differences=settled), "anna", closed=False) == PeriodClosed(
        period=APRIL, debits=150_000, credits=150_000, differences=1, files=(SHA, OTHER_SHA), person="anna",
        up_to_position=42, late=0, balances=(
            AccountBalance(account="1700", balance=-150_000), AccountBalance(account="2590", balance=0),
            AccountBalance(account="4740", balance=150_000),
        ),
    )  # fmt: skip


def test_a_months_closing_counts_what_came_late_and_leaves_out_what_comes_later() -> None:
    facts = [fact(GrantAwarded, awarded_on=LATE_AWARD), BOOKED, fact(PaymentReturned, booked_on="2026-05-04")]
    postings = settle_periods(posted(*facts), {"2026-03": 5})
    closed = close_month(month(postings=postings), "anna", closed=False)
    assert (closed.late, closed.debits) == (1, 300_000)
    assert {each.account: each.balance for each in closed.balances}["1700"] == -150_000


def test_a_month_is_closed_once() -> None:
    with refused("closed-already"):
        close_month(month(over=False), "anna", closed=True)


# --- open items ----------------------------------------------------------------------------------------------


def test_open_items_are_what_is_left_of_each_grant_at_the_end_of_a_month() -> None:
    postings = posted(AWARDED, fact(PaymentBooked, amount=100_000), fact(RecoveryClaimed, amount=30_000))
    identity = postings[0].grant
    owed, claimed = accounts_of(ACCRUALS, postings), accounts_of(RECEIVABLES, postings)
    assert (owed, claimed) == (frozenset({"2590"}), frozenset({"1590"}))
    assert open_items(postings, owed, "2026-01") == []
    assert open_items(postings, owed, "2026-03") == [OpenItem(identity, "2590", -150_000)]
    assert open_items(postings, owed, "2026-04") == [OpenItem(identity, "2590", -50_000)]
    assert open_items(postings, claimed, "2026-12") == [OpenItem(identity, "1590", 30_000)]
    assert open_items([*postings, *posted(fact(RecoveryReceived, amount=30_000))], claimed, "2026-12") == []


@settings(max_examples=100, print_blob=True, deadline=None)
@given(HISTORIES, st.sampled_from([f"2026-{number:02d}" for number in range(1, 13)]))
def test_open_items_add_up_to_their_accounts_to_the_cent_in_every_month(
    drawn: list[tuple[str, Acts]], last_period: str
) -> None:
    postings = [each for found in histories(drawn) for each in found.postings(county())]
    within = [each for each in postings if each.period <= last_period]
    balances = trial_balance(within)
    for side in (ACCRUALS, RECEIVABLES):
        accounts = accounts_of(side, postings)
        items = open_items(postings, accounts, last_period)
        assert sum(each.balance for each in items) == sum(balances.get(number, 0) for number in accounts)
        assert all(each.balance for each in items)


# --- years ---------------------------------------------------------------------------------------------------

MONEY = (
    AWARDED, fact(PaymentBooked, amount=100_000), fact(RecoveryClaimed, amount=30_000),
    fact(RecoveryReceived, amount=12_000), fact(GrantAwarded, awarded_on="2027-01-10"),
)  # fmt: skip
CLOSINGS = [fact(PeriodClosed, period=period, files=[SHA]) for period in ("2026-02", "2026-04", "2026-11")]


def year(**changed: Any) -> Year:
    """2026 in January 2027, with its months closed: 500.00 are granted and unpaid, 180.00 claimed and not received."""
    postings = posted(*MONEY)
    made = Year(
        year=2026, position=99, today=date(2027, 1, 1), postings=postings, closings=CLOSINGS,
        owed=accounts_of(ACCRUALS, postings), claimed=accounts_of(RECEIVABLES, postings),
        accruals=Document(SHA, -50_000), receivables=Document(OTHER_SHA, 18_000),
    )  # fmt: skip
    return replace(made, **changed)


YEAR_LEFT: list[tuple[CheckName, dict[str, Any], str]] = [
    ("year-not-over", {"today": date(2026, 12, 31)}, "2026 is not over"),
    ("months-open", {"closings": CLOSINGS[:1]}, "close these months first: 2026-04, 2026-11"),
    ("accruals-differ", {"accruals": Document(SHA, -49_999)},
     "the list of what is granted and unpaid comes to -499.99 EUR, but the accounts hold -500.00 EUR"),
    ("receivables-differ", {"receivables": Document(SHA, 18_001)},
     "the list of what is claimed and open comes to 180.01 EUR, but the accounts hold 180.00 EUR"),
]  # fmt: skip


def test_a_year_of_which_everything_is_done_has_nothing_left() -> None:
    checks = year_checks(year())
    assert all(each.done for each in checks)
    assert [each.name for each in checks] == [name for name, _, _ in YEAR_LEFT]


@pytest.mark.parametrize(("name", "changed", "left"), YEAR_LEFT)
def test_what_is_left_of_a_year_is_told_and_refuses_its_closing(
    name: CheckName, changed: dict[str, Any], left: str
) -> None:
    found = year(**changed)
    assert [each for each in year_checks(found) if not each.done] == [Check(name, left)]
    with refused(name):
        close_year(found, "anna", closed=False)


def test_a_year_needs_the_months_before_it_too_and_none_after_it() -> None:
    before = fact(GrantAwarded, awarded_on="2025-12-01")
    found = year(postings=posted(*MONEY, before), accruals=Document(SHA, -200_000))
    assert check(year_checks(found), "months-open").left == "close these months first: 2025-12"
    assert found.months == ["2026-02", "2026-04", "2026-11"]


def test_a_year_is_closed_with_its_turnover_its_balances_its_months_and_its_documents() -> None:
    other = fact(PeriodClosed, period="2025-12", files=["c" * 64])
    assert close_year(year(closings=[other, *CLOSINGS]), "anna", closed=False) == YearClosed(
        year=2026, debits=292_000, credits=292_000, accrued=50_000, accruals_sha256=SHA, receivable=18_000,
        receivables_sha256=OTHER_SHA, months=("2026-02", "2026-04", "2026-11"), files=(SHA,), up_to_position=99,
        person="anna", balances=(
            AccountBalance(account="1590", balance=18_000), AccountBalance(account="1700", balance=-88_000),
            AccountBalance(account="2590", balance=-50_000), AccountBalance(account="4740", balance=120_000),
        ),
    )  # fmt: skip


def test_a_year_is_closed_once() -> None:
    with refused("closed-already"):
        close_year(year(today=date(2026, 5, 1)), "anna", closed=True)


# --- what is closed ------------------------------------------------------------------------------------------

YEAR_CLOSED = fact(YearClosed, year=2026, up_to_position=50)


def test_a_closed_month_and_a_closed_year_close_all_before_them_and_leave_those_that_were_closed() -> None:
    closed = closed_months([fact(PeriodClosed, period=APRIL, up_to_position=20), YEAR_CLOSED])
    assert (closed[APRIL], closed["2026-01"], closed["2026-12"], closed["2025-12"]) == (20, 20, 50, 20)
    assert "2027-01" not in closed


@pytest.mark.parametrize(
    ("position", "concerns", "period"),
    [
        (50, "2026-12", "2026-12"),
        (51, "2026-12", "2027-01"),
        (51, "2026-06", "2027-01"),
        (51, "2025-11", "2027-01"),
        (51, "2027-02", "2027-02"),
        (20, APRIL, APRIL),
        (21, APRIL, "2026-05"),
    ],
)
def test_what_comes_after_a_year_was_closed_belongs_to_the_first_open_month(
    position: int, concerns: str, period: str
) -> None:
    closed = closed_months([fact(PeriodClosed, period=APRIL, up_to_position=20), YEAR_CLOSED])
    assert period_of(position, concerns, closed) == period


def test_of_two_years_the_first_closing_of_a_month_counts() -> None:
    second = fact(YearClosed, year=2027, up_to_position=90)
    for facts in ([YEAR_CLOSED, second], [fact(YearClosed, year=2027, up_to_position=50), fact(YearClosed, year=2026)]):
        closed = closed_months(facts)
        assert closed["2026-08"] == 50
    assert closed_months([YEAR_CLOSED, second])["2027-08"] == 90


def test_a_month_that_was_closed_by_the_first_version_of_the_event_moves_nothing() -> None:
    assert closed_months([fact(PeriodClosed, up_to_position=0)]) == {}
