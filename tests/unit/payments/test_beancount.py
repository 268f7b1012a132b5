"""The books in Beancount's text: its own checker passes them, and its balances are ours."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.money_events import MoneyEvent
from services.payments.beancount import beancount
from services.payments.domain.postings import GrantIdentity, Posting, trial_balance
from tests.unit.given import county

BEAN_CHECK = Path(sys.executable).parent / "bean-check"
START = date(2026, 1, 1)
HOSTILE = 'Yhdistys "ry" \\ ;#^\n2026-01-01 open Assets:Own\t*'


def posting(position: int, event: str, amount: int, day: int, name: str = "Esimerkki ry") -> Posting:
    on = START + timedelta(days=day)
    rule = county().posting(event, "operating", on)
    identity = GrantIdentity(UUID(int=1), "17/02.05.01.00/2026", name, "operating")
    return Posting(
        position, event, identity, 1, "EABC-1-1", None, on, rule.debit.number, rule.credit.number, rule.cost_centre,
        rule.service_class, amount, f"Maksu {name}",
    )  # fmt: skip


def checked(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    file = folder / "books.beancount"
    file.write_text(text, encoding="utf-8")
    return subprocess.run([BEAN_CHECK, "-C", str(file)], capture_output=True, text=True, check=False)


def balances_by_beancount(folder: Path, text: str) -> dict[str, int]:
    """Each account's sum as Beancount loads it, in cents; its loader runs in a process of its own."""
    file = folder / "balances.beancount"
    file.write_text(text, encoding="utf-8")
    program = (
        "import sys\nfrom beancount import loader\nfrom beancount.core import realization\n"
        "entries, errors, _ = loader.load_file(sys.argv[1])\nassert not errors, errors\n"
        "for account in realization.iter_children(realization.realize(entries)):\n"
        "    for position in account.balance:\n"
        "        print(account.account, int(position.units.number * 100))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True)
    return {line.split()[0].rsplit(":", 1)[1]: int(line.split()[1]) for line in done.stdout.splitlines()}


EVENTS = st.sampled_from([event.value for event in MoneyEvent])
MOVES = st.lists(st.tuples(EVENTS, st.integers(1, 10**9), st.integers(0, 400)), min_size=1, max_size=30)


@settings(max_examples=5, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_bean_check_passes_the_books_and_its_balances_are_ours(
    moves: list[tuple[str, int, int]], tmp_path: Path
) -> None:
    postings = [posting(number, *move) for number, move in enumerate(moves, start=1)]
    text = "".join(beancount(postings, county(), "Pohjois-Karjalan hyvinvointialue"))
    done = checked(tmp_path, text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    ours = {number: cents for number, cents in trial_balance(postings).items() if cents}
    assert balances_by_beancount(tmp_path, text) == ours


def test_what_a_bank_kept_of_a_return_is_a_charge_in_the_books(tmp_path: Path) -> None:
    moves = [
        posting(1, "grant.awarded", 10_000, 0), posting(2, "payment.booked", 10_000, 1),
        posting(3, "payment.returned", 9_500, 6), posting(4, "payment.return_charged", 500, 6),
    ]  # fmt: skip
    text = "".join(beancount(moves, county(), "Kunta"))
    assert checked(tmp_path, text).returncode == 0
    assert "balance Expenses:4930 5.00 ~ 0.00 EUR" in text
    assert "balance Liabilities:2590 -100.00 ~ 0.00 EUR" in text


def test_bean_check_finds_a_cent_that_is_missing(tmp_path: Path) -> None:
    text = "".join(beancount([posting(1, "grant.awarded", 150_000, 0)], county(), "Kunta"))
    wrong = text.replace("1500.00 EUR\n  Liab", "1500.01 EUR\n  Liab")
    assert wrong != text
    assert checked(tmp_path, wrong).returncode != 0
    unbalanced = re.sub(r"balance Expenses:4740 1500.00", "balance Expenses:4740 1499.99", text)
    assert unbalanced != text
    assert checked(tmp_path, unbalanced).returncode != 0


@pytest.mark.parametrize("name", [HOSTILE, "Äänekosken \u202eyhdistys ry", "'; DROP", "=cmd|' /C calc'!A0"])
def test_a_hostile_name_stays_a_name(name: str, tmp_path: Path) -> None:
    text = "".join(beancount([posting(1, "grant.awarded", 1, 0, name)], county(), name))
    done = checked(tmp_path, text)
    assert (done.returncode, done.stdout) == (0, "")
    assert "open Assets:Own" not in [line[11:] for line in text.splitlines()]


def test_no_postings_are_an_empty_book(tmp_path: Path) -> None:
    assert checked(tmp_path, "".join(beancount([], county(), "Kunta"))).returncode == 0


def test_the_same_postings_give_the_same_text_in_any_order() -> None:
    moves = [posting(1, "grant.awarded", 5, 3), posting(2, "payment.booked", 5, 9), posting(3, "grant.awarded", 7, 3)]
    assert list(beancount(moves, county(), "K")) == list(beancount(moves[::-1], county(), "K"))
