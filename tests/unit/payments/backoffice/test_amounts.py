from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from services.payments.backoffice.amounts import CENTS_MAX, cents_of_decimal, decimal_text

_cents = st.integers(min_value=1 - CENTS_MAX, max_value=CENTS_MAX - 1)


@given(_cents, st.sampled_from([",", "."]), st.sampled_from(["none", "space", "nbsp", "narrow_nbsp"]))
def test_every_amount_comes_back_to_the_cent(cents: int, mark: Literal[",", "."], thousands: str) -> None:
    assert cents_of_decimal(decimal_text(cents, mark, thousands), mark) == cents


@given(_cents)
def test_the_quick_way_and_the_finnish_way_agree(cents: int) -> None:
    plain = decimal_text(cents, ",")
    assert cents_of_decimal(plain, ",") == cents_of_decimal(f"{plain} €", ",")
