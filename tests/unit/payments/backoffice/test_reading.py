from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from schemas.backoffice import Column, PostingField, Profile
from services.payments.backoffice import PostingFileInvalid, read_postings, write_postings, write_vouchers
from tests.unit.payments.backoffice.profiles import (
    DYNASTY,
    FIXED,
    GENERIC,
    REPOSITORY,
    WRITABLE,
    profile,
    voucher,
    voucher_row,
)

_SHARED = REPOSITORY.parent / "shared" / "data"


def dynasty(text: str) -> bytes:
    header = write_vouchers(DYNASTY, []).decode("utf-8-sig")
    return (header + text).encode()


def line(**cells: str) -> str:
    values = {
        "series": "AV",
        "number": "17",
        "row": "1",
        "voucher_date": "5.10.2026",
        "posting_date": "6.10.2026",
        "period": "2026-10",
        "account": "4700",
        "cost_centre": "1310",
        "service_class": "5900",
        "diary_number": "1234/02.05.01.00/2026",
        "instalment": "1",
        "end_to_end_id": "E1",
        "text": "Avustus",
        "debit": "10,00",
        "credit": "",
    }
    return ";".join({**values, **cells}.values()) + "\r\n"


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("1 234,50", 123450),
        ("1\u00a0234,50", 123450),
        ("1\u202f234,50", 123450),
        ("\u22121 234,50", -123450),
        ("- 5,00", -500),
        ("1234,5", 123450),
        ("1234", 123400),
        ("12 345 678,09 €", 1234567809),
        ("€ 5,00", 500),
        ("0012,50", 1250),
        ("  7,00 ", 700),
    ],
)
def test_finnish_amounts_are_read_to_the_cent(text: str, cents: int) -> None:
    assert read_postings(DYNASTY, dynasty(line(debit=text))).rows[0].debit_cents == cents


@pytest.mark.parametrize(
    "text",
    [
        "1.234,50",
        "1234.50",
        "1 23,00",
        "12 34,00",
        "1,234",
        "1,2,3",
        "1e3",
        "NaN",
        "--1",
        "١٢,00",
        "1 234 ,50",
        "x",
    ],
)
def test_an_amount_that_is_not_finnish_is_refused_and_never_guessed(text: str) -> None:
    with pytest.raises(PostingFileInvalid, match="line 2, column 'Debet'"):
        read_postings(DYNASTY, dynasty(line(debit=text)))


@pytest.mark.parametrize("text", ["1,23", "1234,50", "12,34.00", "1.2345", "1.234.5", "", "0x1"])
def test_an_english_amount_is_strict_too(text: str) -> None:
    data = write_postings(GENERIC, [voucher_row(debit_cents=987, credit_cents=0)])
    with pytest.raises(PostingFileInvalid):
        read_postings(GENERIC, data.replace(b"9.87", f'"{text}"'.encode()).replace(b",0.00", b","))


@pytest.mark.parametrize("text", ["5.10.2026", "05.10.2026", "2026-10-05"])
def test_finnish_and_iso_dates_are_read(text: str) -> None:
    assert read_postings(DYNASTY, dynasty(line(voucher_date=text))).rows[0].voucher_date == date(2026, 10, 5)


@pytest.mark.parametrize("text", ["31.2.2026", "2026-13-01", "10/5/2026", "5.10.26", "20261005", ""])
def test_a_date_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(PostingFileInvalid, match="column 'Tositepäivä'"):
        read_postings(DYNASTY, dynasty(line(voucher_date=text)))


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("cp1252", "cp1252"), ("utf-16", "utf-16")],
)
def test_the_bytes_tell_the_encoding(encoding: str, name: str) -> None:
    data = dynasty(line(text="Äijänkangas")).decode().encode(encoding)
    file = read_postings(DYNASTY, data)
    assert (file.encoding, file.rows[0].text) == (name, "Äijänkangas")
    assert file.sha256 == sha256(data).hexdigest()


def test_bytes_of_no_known_encoding_are_refused_with_their_line() -> None:
    with pytest.raises(PostingFileInvalid, match="line 2 has the bytes 81"):
        read_postings(DYNASTY, dynasty(line(text="X")).replace(b"X", b"\xe4\x81"))


def test_every_bad_line_is_listed_at_once() -> None:
    data = dynasty(
        line(debit="10.00", period="10/2026")
        + line()
        + line(account="", row="0")
        + "too;short\r\n"
        + line(credit="10,00")
        + line(debit="")
        + line(number="1.5", instalment="x")
    )
    with pytest.raises(PostingFileInvalid) as refusal:
        read_postings(DYNASTY, data)
    assert [(error.line, error.column) for error in refusal.value.errors] == [
        (2, "Kausi"),
        (2, "Debet"),
        (4, "Rivi"),
        (4, "Tili"),
        (5, None),
        (6, None),
        (7, None),
        (8, "Tositenumero"),
        (8, "Maksuerä"),
    ]
    assert "line 2, column 'Kausi': '10/2026' is not a period (as in 2026-10)" in str(refusal.value)


def test_lines_are_counted_through_line_breaks_inside_a_cell() -> None:
    data = dynasty(line(text='"two\r\nlines"') + line(text="next"))
    assert [(row.line, row.text) for row in read_postings(DYNASTY, data).rows] == [
        (2, "two\nlines"),
        (4, "next"),
    ]


def test_columns_may_stand_in_another_order_but_not_be_missing_or_unknown() -> None:
    data = write_vouchers(GENERIC, voucher()).decode()
    swapped = "".join(",".join(reversed(row.split(","))) + "\n" for row in data.replace(", 1.", " 1.").splitlines())
    assert read_postings(GENERIC, swapped.encode()).sum_debit_cents == 123450
    with pytest.raises(PostingFileInvalid, match=r"'credit': the column is missing.*'kredit': profile 'generic'"):
        read_postings(GENERIC, data.replace("credit", "kredit").encode())


def test_an_empty_file_has_no_header_and_a_header_alone_has_no_rows() -> None:
    with pytest.raises(PostingFileInvalid, match="header line is missing"):
        read_postings(DYNASTY, b"")
    assert read_postings(DYNASTY, dynasty("")).rows == ()


@pytest.mark.parametrize("shape", WRITABLE, ids=lambda shape: f"{shape.id}-{shape.delimiter!r}")
def test_a_file_cut_off_anywhere_inside_a_line_is_refused(shape: Profile) -> None:
    data = write_vouchers(shape, voucher())
    last_line = data.rstrip(b"\r\n").rindex(b"\n") + 1
    for end in range(last_line + 1, len(data)):
        with pytest.raises(PostingFileInvalid):
            read_postings(shape, data[:end])


def test_an_unclosed_quote_is_named_with_the_line_where_it_began() -> None:
    with pytest.raises(PostingFileInvalid, match="line 3: cannot be read"):
        read_postings(DYNASTY, dynasty(line() + line(text='"open') + line()))


def test_a_fixed_width_line_of_another_length_is_refused() -> None:
    data = write_vouchers(FIXED, voucher())
    with pytest.raises(PostingFileInvalid, match="line 1: has 213 bytes, not 212"):
        read_postings(FIXED, b" " + data)


def test_reversals_below_zero_are_read_as_they_stand() -> None:
    row = read_postings(DYNASTY, dynasty(line(debit="-10,00"))).rows[0]
    assert (row.debit_cents, row.credit_cents) == (-1000, 0)


def payments_list() -> Profile:
    """Procountor's list of bank events: no vouchers, one signed amount."""
    skipped = ("Maksupäivä", "Nimi", "Tilinro", "Viitenumero", "Viesti", "Kohdistettu")
    used = {
        "Arvopäivä": PostingField.POSTING_DATE,
        "Summa": PostingField.AMOUNT,
        "Kirjausselite": PostingField.TEXT,
        "Arkistointitunnus": PostingField.END_TO_END_ID,
    }
    columns = tuple(Column(header=header, field=used.get(header)) for header in (*used, *skipped))
    constants = {PostingField.VOUCHER_SERIES: "TI", PostingField.ACCOUNT: "1700"}
    return Profile(
        id="procountor",
        name="Procountor",
        valid_from=date(2014, 1, 1),
        kind="delimited",
        delimiter=";",
        date_format="finnish",
        columns=columns,
        constants=constants,
    )


def test_a_list_without_vouchers_is_read_with_what_is_found_out() -> None:
    file = read_postings(payments_list(), (REPOSITORY / "tests/data/books-fi-payments-cp1252.csv").read_bytes())
    assert file.encoding == "cp1252"
    assert [(row.voucher_series, row.voucher_number, row.period, row.account) for row in file.rows] == [
        ("TI", 1, "2026-10", "1700"),
        ("TI", 2, "2026-10", "1700"),
    ]
    assert [(row.debit_cents, row.credit_cents) for row in file.rows] == [(125050, 0), (0, 500)]


@pytest.mark.skipif(not _SHARED.is_dir(), reason="the files made by others are not beside this checkout")
def test_a_file_that_procountor_wrote_is_read() -> None:
    data = Path(_SHARED / "books-fi-payments-procountor-latin1.csv").read_bytes()
    file = read_postings(payments_list(), data)
    assert len(file.rows) == 3
    assert (file.sum_debit_cents, file.sum_credit_cents, file.encoding) == (12000, 0, "cp1252")
    assert file.rows[0].end_to_end_id == "1001553397672111"


def test_a_profile_may_carry_profiles_constants() -> None:
    columns = [
        {"header": column.header, "field": column.field} for column in GENERIC.columns if column.field != "period"
    ]
    shape = profile("generic", columns=columns, constants={"period": "2026-09"})
    data = write_postings(GENERIC, [voucher_row()]).replace(b",period", b"").replace(b",2026-10,", b",")
    assert read_postings(shape, data).rows[0].period == "2026-09"
