"""The trial balance and the statement of an account are the ledger's to the cent, in any month and between any days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.payments import PaymentBooked
from services.payments.domain.postings import Posting, posting_of, settle_periods, trial_balance
from services.payments.reports import accounts
from services.payments.reports.accounts import Stretch
from services.payments.reports.model import Closing, Range, Row
from tests.unit.given import county, fact
from tests.unit.payments.test_postings import IDENTITY
from tests.unit.payments.test_reports import DAYS, HISTORIES, Acts, histories

MONTHS = [f"2026-{number:02d}" for number in range(1, 13)]
ACCOUNTS = accounts.names_of(county().accounts)


def ledger_of(drawn: list[tuple[str, Acts]], closed: dict[str, int]) -> list[Posting]:
    """The postings of these histories, some of them late."""
    return settle_periods([each for found in histories(drawn) for each in found.postings(county())], closed)


def statement_of(postings: Sequence[Posting], number: str, stretch: Stretch) -> tuple[list[Row], Closing]:
    found = accounts.cut(postings, stretch)
    made = accounts.statement_rows(found, number, {})
    return made, accounts.statement_closing(made, ACCOUNTS[number], found.balances.get(number, 0), stretch)


@settings(max_examples=100, print_blob=True, deadline=None)
@given(HISTORIES, st.sampled_from(sorted(ACCOUNTS)), DAYS, DAYS, st.sampled_from(MONTHS), st.integers(0, 5000))
def test_an_account_goes_from_its_opening_to_its_closing_balance_by_its_postings(
    drawn: list[tuple[str, Acts]], number: str, first: date | None, last: date | None, month: str, closed: int
) -> None:
    postings = ledger_of(drawn, {"2026-04": closed})
    in_a_month = trial_balance(each for each in postings if each.period <= month).get(number, 0)
    by_dates = trial_balance(each for each in postings if last is None or each.posted_on <= last).get(number, 0)
    chosen = Stretch(None, Range(first, last if first is None or last is None else max(first, last)))
    ends = {Stretch(month, Range()): in_a_month}
    if first is None or last is None or first <= last:
        ends[chosen] = by_dates
    for stretch, held in ends.items():
        rows, closing = statement_of(postings, number, stretch)
        balances = [row["balance"] for row in rows]
        moved = [int(str(row["debit"] or 0)) - int(str(row["credit"] or 0)) for row in rows[1:]]
        assert [after - before for before, after in pairwise(map(int, map(str, balances)))] == moved
        assert balances[-1] == closing.totals[0].sums["balance"] == closing.checks[0].told == held
        assert closing.checks[0].agrees
        assert rows[0]["voucher"] == "opening"


@settings(max_examples=100, print_blob=True, deadline=None)
@given(HISTORIES, st.sampled_from(sorted(ACCOUNTS)), st.integers(0, 5000))
def test_the_statements_of_all_months_follow_each_other_and_are_the_whole(
    drawn: list[tuple[str, Acts]], number: str, closed: int
) -> None:
    postings = ledger_of(drawn, {"2026-04": closed})
    until = ["2025-12", *MONTHS, *(f"2027-{each:02d}" for each in range(1, 13))]
    statements = [statement_of(postings, number, Stretch(period, Range()))[0] for period in until]
    for before, after in pairwise(statements):
        assert after[0]["balance"] == before[-1]["balance"]
    whole, _ = statement_of(postings, number, Stretch(None, Range()))
    parts = [row["position"] for rows in statements for row in rows[1:]]
    assert sorted(map(str, parts)) == sorted(str(row["position"]) for row in whole[1:])


@settings(max_examples=100, print_blob=True, deadline=None)
@given(HISTORIES, st.sampled_from(MONTHS), st.integers(0, 5000))
def test_a_trial_balance_balances_and_each_of_its_rows_is_the_accounts_statement(
    drawn: list[tuple[str, Acts]], month: str, closed: int
) -> None:
    postings, stretch = ledger_of(drawn, {"2026-04": closed}), Stretch(month, Range())
    found = accounts.cut(postings, stretch)
    rows = accounts.balance_rows(found, ACCOUNTS)
    closing = accounts.balance_closing(rows, found.balances, stretch)
    sums = closing.totals[0].sums
    assert (sums["opening"], sums["closing"], sums["debit"] - sums["credit"]) == (0, 0, 0)
    assert all(check.agrees for check in closing.checks)
    for row in rows:
        assert row["name"] == ACCOUNTS[str(row["account"])].name.fi
        made, told = statement_of(postings, str(row["account"]), stretch)
        assert (row["opening"], row["closing"]) == (made[0]["balance"], made[-1]["balance"])
        assert {name: row[name] for name in ("debit", "credit")} == {
            name: told.totals[0].sums[name] for name in ("debit", "credit")
        }


def test_what_comes_late_is_no_part_of_the_month_of_its_date_and_one_of_the_days_of_its_date() -> None:
    facts = [fact(PaymentBooked, booked_on=day, amount=100) for day in ("2026-04-02", "2026-04-30", "2026-05-04")]
    made = [posting_of(10 * number, each, IDENTITY, county()) for number, each in enumerate(facts, start=1)]
    postings = settle_periods([each for each in made if each is not None], {"2026-04": 15})
    balances = {
        stretch: [row["balance"] for row in statement_of(postings, "1700", stretch)[0]]
        for stretch in (
            Stretch("2026-04", Range()), Stretch("2026-05", Range()),
            Stretch(None, Range(date(2026, 4, 30), date(2026, 4, 30))), Stretch(None, Range(date(2026, 5, 1), None)),
        )
    }  # fmt: skip
    assert list(balances.values()) == [[0, -100], [-100, -200, -300], [-100, -200], [-200, -300]]


def test_a_check_that_does_not_agree_says_so() -> None:
    posting = posting_of(1, fact(PaymentBooked), IDENTITY, county())
    assert posting is not None
    stretch = Stretch("2026-04", Range())
    made = accounts.statement_rows(accounts.cut([posting], stretch), "1700", {1: "av-1/2026"})
    assert [row["voucher"] for row in made] == ["opening", "av-1/2026"]
    assert not accounts.statement_closing(made, "1700", -149_999, stretch).checks[0].agrees
