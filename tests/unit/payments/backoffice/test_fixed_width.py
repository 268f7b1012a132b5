"""Fixed-width files are exact to the byte in the encoding that the file has."""

import pytest

from schemas.backoffice import Profile
from services.payments.backoffice import PostingFileInvalid, VouchersInvalid, read_postings, write_vouchers
from tests.unit.payments.backoffice.profiles import FIXED, profile, voucher

UTF8 = profile("fixed", encoding="utf-8")
TOTAL = 212


@pytest.mark.parametrize("shape", [FIXED, UTF8, profile("fixed", encoding="utf-8", bom=True)])
def test_every_line_has_the_same_bytes_and_every_column_its_place(shape: Profile) -> None:
    rows = voucher(text="Äijänkankaan järjestö €")
    content = write_vouchers(shape, rows).removeprefix(b"\xef\xbb\xbf")
    lines = content.split(b"\r\n")
    assert [len(line) for line in lines] == [TOTAL, TOTAL, 0]
    start = 0
    for column in shape.columns:
        end = start + (column.width or 0)
        cell = lines[0][start:end].decode(shape.encoding)
        if column.header == "Vientiselite":
            assert cell.rstrip() == "Äijänkankaan järjestö €"
        start = end
    assert [row.text for row in read_postings(shape, write_vouchers(shape, rows)).rows] == [rows[0].text] * 2


def test_a_letter_of_two_bytes_takes_two_bytes_of_the_column() -> None:
    assert write_vouchers(FIXED, voucher(text="ä" * 60))
    assert write_vouchers(UTF8, voucher(text="ä" * 30))
    with pytest.raises(VouchersInvalid) as refusal:
        write_vouchers(UTF8, voucher(text="ä" * 31))
    assert str(refusal.value.errors[0]) == (
        f"line 1, column 'Vientiselite': '{'ä' * 31}' has 62 bytes in utf-8, the column holds 60"
    )


def test_an_overflow_names_row_column_and_the_length_allowed_and_nothing_is_cut() -> None:
    rows = [*voucher(), *voucher(voucher_number=123_456_789)]
    with pytest.raises(VouchersInvalid) as refusal:
        write_vouchers(FIXED, rows)
    assert [str(error) for error in refusal.value.errors] == [
        f"line {line}, column 'Tositenumero': '123456789' has 9 bytes in cp1252, the column holds 8" for line in (3, 4)
    ]


def test_a_line_of_another_length_is_listed_with_both_lengths() -> None:
    content = write_vouchers(UTF8, voucher()).replace("ä".encode(), b"a", 1)
    with pytest.raises(PostingFileInvalid, match=f"line 1: has {TOTAL - 1} bytes, not {TOTAL}"):
        read_postings(UTF8, content)


def test_a_letter_across_the_edge_of_two_columns_is_refused() -> None:
    line = write_vouchers(UTF8, voucher(text="Avustus")).splitlines(keepends=True)[0]
    edge = sum(column.width or 0 for column in UTF8.columns[:7])
    broken = line[: edge - 1] + "ä".encode() + line[edge + 1 :]
    with pytest.raises(PostingFileInvalid, match="line 1: has a letter across the edge of two columns"):
        read_postings(UTF8, broken)


def test_a_fixed_width_file_in_utf_16_is_refused() -> None:
    with pytest.raises(PostingFileInvalid, match="is UTF-16"):
        read_postings(FIXED, write_vouchers(FIXED, voucher()).decode("cp1252").encode("utf-16"))


def test_a_minus_after_zeros_is_a_minus() -> None:
    content = write_vouchers(FIXED, voucher()).replace(b"0000000123450", b"000000123450-", 1)
    assert read_postings(FIXED, content).rows[0].debit_cents == -123450
