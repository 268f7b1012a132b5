"""Encoding and delimiter are told by the file itself and shown; a bad file is taken whole or in part as asked."""

import pytest

from schemas.backoffice import PostingField
from services.payments.backoffice import PostingFileInvalid, read_postings, write_postings, write_vouchers
from services.payments.backoffice.amounts import cents_of_decimal, cents_of_whole
from tests.unit.payments.backoffice.profiles import DYNASTY, GENERIC, profile, voucher, voucher_row


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_the_header_line_tells_the_delimiter_and_the_bytes_the_encoding(delimiter: str, encoding: str) -> None:
    written = write_vouchers(profile("dynasty", delimiter=delimiter, bom=False, quoting="minimal"), voucher())
    file = read_postings(DYNASTY, written.decode().encode(encoding))
    assert (file.delimiter, file.encoding, file.sum_debit_cents) == (delimiter, encoding, 123450)


def test_without_a_header_line_the_profile_tells_the_delimiter() -> None:
    shape = profile("generic", header=False)
    assert read_postings(shape, write_vouchers(shape, voucher())).delimiter == ","
    with pytest.raises(PostingFileInvalid, match="line 1: has 2 cells, not 15"):
        read_postings(shape, write_vouchers(profile("generic", header=False, delimiter="|"), voucher()))


@pytest.mark.parametrize(
    ("text", "cents"),
    [("123,45-", -12345), ("1 234,50-", -123450), ("1\u202f234,50 −", -123450), ("5,00- €", -500), ("0,01−", -1)],
)
def test_a_minus_after_the_digits_is_a_minus(text: str, cents: int) -> None:
    assert cents_of_decimal(text, ",") == cents


@pytest.mark.parametrize("text", ["-5,00-", "--5,00", "5,00--", "-", "5-00", "1-,00"])
def test_two_minuses_or_one_inside_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an amount|is empty"):
        cents_of_decimal(text, ",")


def test_whole_cents_and_points_take_the_minus_on_both_sides_too() -> None:
    assert (cents_of_whole("500-"), cents_of_whole("−500")) == (-500, -500)
    assert (cents_of_decimal("1,234.50-", "."), cents_of_decimal("-1234.50", ".")) == (-123450, -123450)


def two_of_four() -> bytes:
    rows = [voucher_row(row=index, debit_cents=index * 100) for index in range(1, 5)]
    return write_postings(GENERIC, rows).replace(b",2.00,", b",2.000,").replace(b"2026-10-06", b"2026-10-32", 1)


def test_by_default_one_bad_line_refuses_the_file_and_all_bad_lines_are_listed() -> None:
    with pytest.raises(PostingFileInvalid) as refusal:
        read_postings(GENERIC, two_of_four())
    assert [error.line for error in refusal.value.errors] == [2, 3]


def test_the_good_lines_are_taken_when_they_are_asked_for_and_the_bad_ones_are_listed_all_the_same() -> None:
    file = read_postings(GENERIC, two_of_four(), take="good_lines")
    assert [row.line for row in file.rows] == [4, 5]
    assert (file.sum_debit_cents, file.sum_credit_cents) == (700, 0)
    with pytest.raises(PostingFileInvalid) as refusal:
        read_postings(GENERIC, two_of_four())
    assert file.bad_lines == refusal.value.errors


def test_a_file_without_a_good_line_is_refused_whatever_was_asked() -> None:
    content = write_postings(GENERIC, [voucher_row()]).replace(b"2026-10-06", b"x")
    with pytest.raises(PostingFileInvalid, match="line 2, column 'posting_date'"):
        read_postings(GENERIC, content, take="good_lines")


def test_of_a_file_that_was_cut_off_the_last_line_is_not_good() -> None:
    content = write_vouchers(GENERIC, voucher())[:-1]
    file = read_postings(GENERIC, content, take="good_lines")
    assert [row.line for row in file.rows] == [2]
    assert [str(each) for each in file.bad_lines] == ["line 3: has no line break at its end: the file may be cut off"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"posting_date", b"colour", "the column is missing"),
        (b"AV,17,2", b'"AV,17,2', "line 3: cannot be read, nor what follows it"),
        (b"rjest", b"\x81", "neither UTF-8 nor CP1252"),
    ],
)
def test_what_is_wrong_with_the_file_as_a_whole_refuses_it_whatever_was_asked(
    old: bytes, new: bytes, reason: str
) -> None:
    content = write_vouchers(GENERIC, voucher()).replace(old, new)
    with pytest.raises(PostingFileInvalid, match=reason):
        read_postings(GENERIC, content, take="good_lines")


def test_rows_share_what_repeats_so_that_memory_stays_flat() -> None:
    file = read_postings(GENERIC, write_postings(GENERIC, [voucher_row(row=index) for index in range(1, 3)]))
    first, second = file.rows
    for name in (PostingField.ACCOUNT, PostingField.POSTING_DATE, PostingField.TEXT, PostingField.PERIOD):
        assert getattr(first, name) is getattr(second, name)
