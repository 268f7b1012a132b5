import csv
import io
from dataclasses import fields
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.backoffice import Profile
from services.payments.backoffice import (
    PostingFile,
    VoucherRow,
    VouchersInvalid,
    read_postings,
    write_postings,
    write_vouchers,
)
from tests.unit.payments.backoffice.profiles import DYNASTY, WRITABLE, voucher, voucher_row

_codes = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff"), max_size=40).map(
    str.strip
)
_texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=70),
    st.text(alphabet="åäöÅÄÖé €\"';,=+-@\t\n|'0aÃ¤ï»¿", max_size=20),
)
_cents = st.integers(min_value=1, max_value=10**15 - 1)
_numbers = st.integers(min_value=1, max_value=10**18 - 1)


@st.composite
def rows(draw: st.DrawFn) -> VoucherRow:
    debit = draw(st.booleans())
    cents = draw(_cents)
    return VoucherRow(
        voucher_series=draw(_codes.filter(bool)),
        voucher_number=draw(_numbers),
        row=draw(_numbers),
        voucher_date=draw(st.dates()),
        posting_date=draw(st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31))),
        period=draw(st.dates().map(lambda day: f"{day.year:04d}-{day.month:02d}")),
        account=draw(_codes.filter(bool)),
        cost_centre=draw(_codes),
        service_class=draw(_codes),
        diary_number=draw(_codes),
        instalment=draw(st.none() | _numbers),
        end_to_end_id=draw(st.none() | _codes.filter(bool)),
        text=draw(_texts),
        debit_cents=cents if debit else 0,
        credit_cents=0 if debit else cents,
    )


def as_vouchers(file: PostingFile) -> list[VoucherRow]:
    names = [field.name for field in fields(VoucherRow)]
    return [VoucherRow(**{name: getattr(row, name) for name in names}) for row in file.rows]


@pytest.mark.parametrize("profile", WRITABLE, ids=lambda profile: f"{profile.id}-{profile.delimiter!r}")
@given(listed=st.lists(rows(), max_size=4))
def test_whatever_a_profile_writes_it_reads_back_the_same(profile: Profile, listed: list[VoucherRow]) -> None:
    try:
        data = write_postings(profile, listed)
    except VouchersInvalid:
        return  # What a file cannot carry is refused; what it carries comes back.
    assert as_vouchers(read_postings(profile, data)) == listed


@pytest.mark.parametrize("profile", WRITABLE, ids=lambda profile: f"{profile.id}-{profile.delimiter!r}")
@given(cents=_cents.map(lambda cents: cents % 10**12 + 1))
def test_ordinary_vouchers_are_never_refused_and_come_back_with_their_sums(profile: Profile, cents: int) -> None:
    listed = voucher(cents, text="Järjestöavustus (1. erä): Äijä ry - 50 %")
    file = read_postings(profile, write_vouchers(profile, listed))
    assert as_vouchers(file) == listed
    assert (file.sum_debit_cents, file.sum_credit_cents) == (cents, cents)


@given(text=_texts.filter(lambda text: text.isprintable()))
def test_no_cell_of_a_guarded_file_begins_like_a_formula(text: str) -> None:
    data = write_postings(DYNASTY, [voucher_row(text=text, account="=1+1", diary_number="@SUM(A1)")])
    cells = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))[1]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_a_text_that_looks_guarded_already_comes_back_as_it_was() -> None:
    for text in ("'=1+1", "''-2", "'", "''", "'t Hart", "=1", "'", "-", "'@x", "＝1"):
        file = read_postings(DYNASTY, write_postings(DYNASTY, [voucher_row(text=text)]))
        assert file.rows[0].text == text
