"""An acknowledgement moves only the vouchers that it names, and what it says of a voucher is never guessed."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.backoffice import AcknowledgementShape
from services.payments.backoffice import PostingFileInvalid
from services.payments.backoffice.acknowledgement import Acknowledgement, VoucherKey, read_acknowledgement
from tests.unit.payments.backoffice.profiles import DYNASTY, GENERIC
from tests.unit.payments.backoffice.workbooks import book

EXPORTED = [VoucherKey("AV", number) for number in range(15, 21)]
assert DYNASTY.acknowledgement is not None
assert GENERIC.acknowledgement is not None
TABLE, LISTS = DYNASTY.acknowledgement, GENERIC.acknowledgement
BARE = TABLE.model_copy(update={"voucher_series": None})


def table(*lines: str, header: str = "Numerosarja;Tositenumero;Tila;Selite") -> bytes:
    return "\r\n".join([header, *lines, ""]).encode()


def said(found: Acknowledgement) -> tuple[list[str], dict[str, str], list[str]]:
    return (
        [str(each) for each in found.accepted],
        {str(each.voucher): each.reason for each in found.failed},
        [str(each) for each in found.problems],
    )


def test_a_table_moves_the_rows_that_it_names_and_no_others() -> None:
    content = table("AV;15;Hyväksytty;", "AV;16;HYLÄTTY;Tili on suljettu", "AV;18;ok;", "AV;19;Virhe;")
    found = read_acknowledgement(TABLE, content, EXPORTED)
    assert said(found) == (["AV 15", "AV 18"], {"AV 16": "Tili on suljettu", "AV 19": ""}, [])
    assert [each.line for each in found.failed] == [3, 5]
    assert (found.encoding, found.delimiter) == ("utf-8", ";")


def test_lists_in_the_manner_of_the_talpa_robot_move_the_vouchers_that_they_name() -> None:
    content = json.dumps(
        {
            "status": "Success",
            "successful_applications": [15, "16", {"voucher_number": 17, "voucher_series": "AV"}],
            "failed_applications": [18, {"voucher_number": "19", "reason": "Tili on suljettu"}],
            "more": {"nested": [1]},
        },
        indent=1,
    ).encode()
    found = read_acknowledgement(LISTS, content, EXPORTED)
    assert said(found) == (["AV 15", "AV 16", "AV 17"], {"AV 18": "", "AV 19": "Tili on suljettu"}, [])
    assert found.status == "Success"
    assert [each.line for each in found.failed] == [12, 13]


def test_the_status_of_a_file_as_a_whole_moves_nothing() -> None:
    content = b'{"status": "Failure", "successful_applications": [], "failed_applications": []}'
    assert said(read_acknowledgement(LISTS, content, EXPORTED)) == ([], {}, [])


def test_an_unknown_voucher_is_a_problem_with_its_line() -> None:
    found = read_acknowledgement(TABLE, table("AV;15;OK;", "AV;99;OK;", "XX;15;OK;", "AV;x;OK;", "AV;;OK;"), EXPORTED)
    assert said(found) == (
        ["AV 15"], {}, [
            "line 3: no voucher '99' was exported in series AV",
            "line 4: no voucher '15' was exported in series XX",
            "line 5: 'x' is not a voucher number",
            "line 6: the voucher number is empty",
        ],
    )  # fmt: skip
    lists = b'{"successful_applications": [15,\n99], "failed_applications":\n[true, null, [1], {}]}'
    found = read_acknowledgement(LISTS, lists, EXPORTED)
    assert said(found)[2] == [
        "line 2, column '/successful_applications/1': no voucher '99' was exported",
        "line 3, column '/failed_applications/0': 'true' is not a voucher number",
        "line 3, column '/failed_applications/1': the voucher number is empty",
        "line 3, column '/failed_applications/2': '[1]' is not a voucher number",
        "line 3, column '/failed_applications/3': the voucher number is empty",
    ]


def test_a_voucher_that_is_named_with_different_status_is_a_problem_and_does_not_move() -> None:
    found = read_acknowledgement(TABLE, table("AV;15;OK;", "AV;16;OK;", "AV;15;Virhe;x"), EXPORTED)
    problem = "line 4: voucher AV 15 is named twice: line 2 says accepted, this line failed; it does not move"
    assert said(found) == (["AV 16"], {}, [problem])


def test_a_voucher_that_is_named_once_for_each_of_its_rows_moves_once() -> None:
    content = table("AV;15;OK;", "AV;15;OK;", "AV;16;Virhe;a", "AV;16;Virhe;b", "AV;16;Virhe;a")
    assert said(read_acknowledgement(TABLE, content, EXPORTED)) == (["AV 15"], {"AV 16": "a; b"}, [])


def test_a_status_that_means_nothing_is_a_problem_and_the_voucher_does_not_move() -> None:
    found = read_acknowledgement(TABLE, table("AV;15;Jonossa;", "AV;16;;"), EXPORTED)
    assert said(found) == (
        [], {}, [
            "line 2: the status 'Jonossa' is none of Hyväksytty, OK, Hylätty, Virhe",
            "line 3: the status '' is none of Hyväksytty, OK, Hylätty, Virhe",
        ],
    )  # fmt: skip


@pytest.mark.parametrize("text", ["17", "AV17", "AV 17", "AV-17", "AV/17", " AV\u00a017 ", "0017"])
def test_without_a_column_for_the_series_the_number_may_carry_it(text: str) -> None:
    content = table(f"{text};OK;", header="Tositenumero;Tila;Selite")
    assert said(read_acknowledgement(BARE, content, EXPORTED))[0] == ["AV 17"]


def test_a_number_that_two_series_have_has_to_name_its_series() -> None:
    exported = [VoucherKey("AV", 17), VoucherKey("AV2", 17), VoucherKey("1", 7)]
    content = table("17;OK;", "AV2-17;OK;", "7;OK;", header="Tositenumero;Tila;Selite")
    assert said(read_acknowledgement(BARE, content, exported)) == (
        ["AV2 17", "1 7"], {}, ["line 2: voucher 17 stands in the series AV, AV2: the file has to name the series"],
    )  # fmt: skip


def test_columns_may_stand_anywhere_others_are_skipped_and_the_delimiter_is_found() -> None:
    content = table("x,Tili puuttuu,Virhe,15,AV", "x,,OK,16,AV", header="Muu,Selite,Tila,Tositenumero,Numerosarja")
    found = read_acknowledgement(TABLE, content, EXPORTED)
    assert said(found) == (["AV 16"], {"AV 15": "Tili puuttuu"}, [])
    assert found.delimiter == ","


def test_a_line_that_ends_before_the_reason_has_none() -> None:
    assert said(read_acknowledgement(TABLE, table("AV;15;OK", "AV;16;Virhe"), EXPORTED)) == (
        ["AV 15"], {"AV 16": ""}, [],
    )  # fmt: skip


def test_a_workbook_is_read_like_a_table() -> None:
    content = book([["Numerosarja", "Tositenumero", "Tila", "Selite"], ["AV", 15, "OK"], ["AV", 16, "Virhe", "x"]])
    assert said(read_acknowledgement(TABLE, content, EXPORTED)) == (["AV 15"], {"AV 16": "x"}, [])


def test_control_characters_in_a_reason_become_spaces() -> None:
    content = b'{"failed_applications": [{"voucher_number": 15, "reason": "a\\u0000b\\ud800\\nc "}]}'
    assert said(read_acknowledgement(LISTS, content, EXPORTED))[1] == {"AV 15": "a b c"}


@pytest.mark.parametrize(
    ("shape", "content", "reason"),
    [
        (TABLE, b"", "header line is missing"),
        (TABLE, table(header="Numerosarja;Tositenumero;Selite"), "'Tila': the column is missing"),
        (TABLE, table(header="Numerosarja;Tositenumero;Tila;Tila;Selite"), "'Tila': the column stands twice"),
        (TABLE, b"\xff\x81", "neither UTF-8 nor CP1252"),
        (LISTS, b"", "is not JSON as agreed"),
        (LISTS, b"[]", "is not JSON as agreed"),
        (LISTS, b"{}", "has none of the lists failed_applications, successful_applications"),
        (LISTS, b'{"failed_applications": 1}', "is not a list"),
        (LISTS, b'{"failed_applications": [1,]}', "is not JSON"),
        (LISTS, b'{"failed_applications": [1 2]}', "is not JSON"),
        (LISTS, b'{"failed_applications": [1]', "'}' is missing"),
        (LISTS, b'{"failed_applications": [1]} x', "something follows"),
        (LISTS, b'{"failed_applications": [1], "failed_applications": []}', "stands twice"),
        (LISTS, b'{"failed_applications": [NaN]}', "no value of JSON"),
        (LISTS, b'{"failed_applications":\n[' + b"[" * 100_000, "line 2"),
        (LISTS, b'{"failed_applications": [' + b"9" * 5000 + b"]}", "digits"),
    ],
)
def test_a_file_that_cannot_be_read_as_a_whole_is_refused(
    shape: AcknowledgementShape, content: bytes, reason: str
) -> None:
    with pytest.raises(PostingFileInvalid, match=reason):
        read_acknowledgement(shape, content, EXPORTED)


@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,0 "successful_applications', max_size=80).map(str.encode))
def test_whatever_comes_in_is_read_or_refused_in_words(content: bytes) -> None:
    for shape in (TABLE, LISTS):
        with contextlib.suppress(PostingFileInvalid):
            read_acknowledgement(shape, content, EXPORTED)


@given(st.lists(st.tuples(st.sampled_from([*EXPORTED, VoucherKey("AV", 99)]), st.sampled_from(["OK", "Virhe", "?"]))))
def test_no_voucher_moves_that_was_not_named_or_was_named_both_ways(lines: list[tuple[VoucherKey, str]]) -> None:
    content = table(*(f"{key.series};{key.number};{word};" for key, word in lines))
    found = read_acknowledgement(TABLE, content, EXPORTED)
    words: dict[VoucherKey, set[str]] = {}
    for key, word in lines:
        if word != "?" and key in EXPORTED:
            words.setdefault(key, set()).add(word)
    assert set(found.accepted) == {key for key, each in words.items() if each == {"OK"}}
    assert {each.voucher for each in found.failed} == {key for key, each in words.items() if each == {"Virhe"}}
    assert len(found.accepted) == len(set(found.accepted))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": None}, "names its status column"),
        ({"failed": ["ok"]}, "ok means both accepted and failed"),
        ({"accepted": []}, "at least 1"),
        ({"reason": "Tila"}, "name different columns"),
        ({"format": "xml"}, "format"),
    ],
)
def test_a_shape_that_contradicts_itself_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        AcknowledgementShape.model_validate({**TABLE.model_dump(), **changes})
