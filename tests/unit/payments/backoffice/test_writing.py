from datetime import date

import pytest

from schemas.backoffice import Column, PostingField
from services.payments.backoffice import ProfileUnwritable, VouchersInvalid, write_postings, write_vouchers
from tests.unit.payments.backoffice.profiles import (
    DYNASTY,
    FIXED,
    GENERIC,
    profile,
    voucher,
    voucher_row,
)


def reasons(refusal: pytest.ExceptionInfo[VouchersInvalid]) -> list[str]:
    return [str(error) for error in refusal.value.errors]


def test_a_dynasty_file_looks_as_documented() -> None:
    data = write_vouchers(DYNASTY, voucher())
    assert data.startswith(b"\xef\xbb\xbf")
    codes = '"1310";"5900";"1234/02.05.01.00/2026";1;"AV-1234-2026-1";"Järjestöavustus, 1. erä"'
    header = (
        '"Numerosarja";Tositenumero;Rivi;Tositepäivä;Kirjauspäivä;Kausi;"Tili";"Kustannuspaikka";"Palveluluokka";'
        '"Diaarinumero";Maksuerä;"EndToEndId";"Vientiselite";Debet;Kredit'
    )
    assert data.decode("utf-8-sig").split("\r\n") == [
        header,
        f'"AV";17;1;5.10.2026;6.10.2026;2026-10;"4700";{codes};1234,50;0,00',
        f'"AV";17;2;5.10.2026;6.10.2026;2026-10;"1700";{codes};0,00;1234,50',
        "",
    ]


def test_a_fixed_width_line_has_every_cell_at_its_place() -> None:
    line = write_vouchers(FIXED, voucher()).decode("cp1252").split("\r\n")[0]
    assert len(line) == sum(column.width or 0 for column in FIXED.columns)
    assert line[:34] == "AV  000000170001261005261006202610"
    assert "00000001234500000000000000Järjestöavustus, 1. erä" in line


def test_the_same_rows_always_give_the_same_bytes() -> None:
    assert write_vouchers(GENERIC, voucher()) == write_vouchers(GENERIC, iter(voucher()))


def test_a_voucher_that_does_not_balance_is_refused_with_its_difference() -> None:
    rows = [*voucher(), voucher_row(voucher_number=18, debit_cents=100)]
    with pytest.raises(VouchersInvalid) as refusal:
        write_vouchers(DYNASTY, rows)
    assert reasons(refusal) == ["line 3: voucher AV 18: debit less credit is 1,00, not 0,00"]


def test_two_vouchers_cannot_balance_each_other() -> None:
    debit, credit = voucher()
    with pytest.raises(VouchersInvalid, match=r"AV 17.*AV 18"):
        write_vouchers(
            DYNASTY, [debit, voucher_row(voucher_number=18, debit_cents=0, credit_cents=credit.credit_cents)]
        )


def test_a_row_number_that_stands_twice_in_a_voucher_is_refused() -> None:
    with pytest.raises(VouchersInvalid, match="line 3: voucher AV 17 has row 1 twice"):
        write_vouchers(DYNASTY, [*voucher(), *voucher()])


@pytest.mark.parametrize(("debit", "credit"), [(0, 0), (5, 5), (-5, 0), (0, -5), (5, -5)])
def test_a_voucher_row_with_anything_but_one_side_above_zero_is_refused(debit: int, credit: int) -> None:
    with pytest.raises(VouchersInvalid, match="line 1: one side is above zero"):
        write_vouchers(DYNASTY, [voucher_row(debit_cents=debit, credit_cents=credit)])


def test_what_a_fixed_width_cannot_hold_is_refused_and_never_cut() -> None:
    rows = voucher(text="x" * 61, end_to_end_id="E" * 36)
    with pytest.raises(VouchersInvalid) as refusal:
        write_vouchers(FIXED, rows)
    assert [(error.line, error.column) for error in refusal.value.errors] == [
        (1, "EndToEndId"),
        (1, "Vientiselite"),
        (2, "EndToEndId"),
        (2, "Vientiselite"),
    ]
    assert "has 61 bytes in cp1252, the column holds 60" in reasons(refusal)[1]


def test_a_date_beyond_two_year_digits_is_refused() -> None:
    with pytest.raises(VouchersInvalid, match=r"Tositepäivä.*2100-01-01"):
        write_postings(FIXED, [voucher_row(voucher_date=date(2100, 1, 1))])


def test_a_letter_that_the_encoding_lacks_is_refused_with_its_row() -> None:
    with pytest.raises(VouchersInvalid, match="line 2, column 'Vientiselite': cp1252 has no character 'Č'"):
        write_postings(FIXED, [voucher_row(), voucher_row(text="Čapek Őry")])


def test_a_file_that_would_be_read_in_another_encoding_is_refused() -> None:
    plain = profile("generic", encoding="cp1252", header=False)
    with pytest.raises(VouchersInvalid, match="would be read as utf-8"):
        write_postings(plain, [voucher_row(text="Ã¤")])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"account": ""}, "'Tili': is empty"),
        ({"account": " 4700"}, "spaces around"),
        ({"end_to_end_id": ""}, "give None"),
        ({"text": "a\x00b"}, "control character"),
        ({"cost_centre": "1\n2"}, "control character"),
        ({"period": "2026-13"}, "not a period"),
        ({"period": "2026-1"}, "not a period"),
        ({"voucher_number": 0}, "'Tositenumero': 0 is not"),
        ({"instalment": -1}, "'Maksuerä': -1 is not"),
        ({"debit_cents": 10**15}, "larger than any"),
    ],
)
def test_a_row_that_could_not_be_read_back_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(VouchersInvalid, match=reason):
        write_postings(DYNASTY, [voucher_row(**changes)])


def test_a_delimiter_in_a_text_is_refused_where_nothing_is_quoted() -> None:
    with pytest.raises(VouchersInvalid, match=r"line 1, column 'text'.*no quoting"):
        write_postings(profile("generic", quoting="none"), [voucher_row(text="a,b")])


def test_a_profile_without_all_columns_cannot_write() -> None:
    columns = tuple(column for column in GENERIC.columns if column.field is not PostingField.TEXT)
    with pytest.raises(ProfileUnwritable, match="no column for text"):
        write_vouchers(GENERIC.model_copy(update={"columns": columns}), voucher())


def test_one_amount_column_with_a_sign_serves_for_both_sides() -> None:
    columns = tuple(
        Column(header="amount", field=PostingField.AMOUNT) if column.field is PostingField.DEBIT else column
        for column in GENERIC.columns
        if column.field is not PostingField.CREDIT
    )
    signed = GENERIC.model_copy(update={"columns": columns})
    lines = write_vouchers(signed, voucher()).decode().splitlines()
    assert [line.rsplit(",", 1)[1] for line in lines] == ["amount", "1234.50", "-1234.50"]
