"""Open data in its forms: cells that run nothing, texts without personal data, sums that add up, grants by the
standard.
"""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from schemas.decisions import Outcome
from services.decisions.open_data import api, giving, picture, spreadsheet
from services.decisions.open_data.masking import MASK, masked
from services.decisions.open_data.names import CountyNames
from services.decisions.open_data.rows import OpenGrant, Share, days_of, shares_of
from tests.unit.given import county

SCHEMA = Path(__file__).parents[2] / "data" / "open-data" / "360-giving-schema.json"
ROW = OpenGrant(
    application_id="019b7a1e-8c00-7000-8000-000000000001",
    diary_number="1/02.05.01.00/2026",
    decided_on=date(2026, 2, 24),
    section=7,
    basket="operating",
    activity="cultural-work",
    association_id="2050864-5",
    association_name="Yhdistys ry",
    purpose="Vertaistuki",
    municipality="joensuu",
    shares=(Share("joensuu", 60), Share("kitee", 40)),
    applied=200_000,
    granted=150_001,
    recovered=0,
    outcome="granted_in_part",
    rectified=False,
    use_from=date(2026, 4, 1),
    use_until=date(2026, 12, 31),
)
PUBLISHER = giving.Publisher("360G-FI-1234567-1")
ON = date(2026, 3, 1)


@pytest.fixture(scope="module")
def names() -> CountyNames:
    return CountyNames(county())


async def pages(*made: list[OpenGrant]) -> AsyncIterator[list[OpenGrant]]:
    for page in made:
        yield page


async def whole(parts: AsyncIterator[bytes]) -> bytes:
    return b"".join([part async for part in parts])


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("Vertaistuki", "Vertaistuki"),
        ("", ""),
        ('=HYPERLINK("http://evil.example")', '\'=HYPERLINK("http://evil.example")'),
        ("+358", "'+358"),
        ("-1+1", "'-1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1+1", "'＝1+1"),
        (" \t\r\n=1+1", "'=1+1"),
        ("\ufeff=1+1", "'=1+1"),
        ("\u00a0@x", "'@x"),
        ("'=1", "''=1"),
        ("'sanottu'", "'sanottu'"),
        ("ensin\r\n=sitten", "ensin =sitten"),
    ],
)
def test_a_text_that_a_spreadsheet_would_run_becomes_inert(text: str, cell: str) -> None:
    assert spreadsheet.inert(text) == cell


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_no_cell_begins_a_formula_or_breaks_its_line(text: str) -> None:
    cell = spreadsheet.inert(text)
    assert cell[:1] not in set("=+-@＝＋－＠\t\r\n") or not cell
    assert cell.splitlines() in ([], [cell])


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "0,00"), (5, "0,05"), (123_450, "1234,50"), (10**14 - 1, "9" * 12 + ",99")]
)
def test_sums_have_a_decimal_comma(cents: int, text: str) -> None:
    assert spreadsheet.decimal(cents) == text


def test_a_sum_below_zero_is_an_error_and_no_cell() -> None:
    with pytest.raises(ValueError, match="zero or more"):
        spreadsheet.decimal(-1)


@pytest.mark.parametrize(
    "personal",
    [
        "131052-308T", "131052A308T", "010594y9021", "FI2112345600000785", "FI21 1234 5600 0007 85",
        "fi21 1234 5600 0007 85", "DE89370400440532013000", "anna.virtanen@example.org", "040 123 4567",
        "+358 50 1234567", "+358 (0)40 123 4567", "00358401234567", "+358 13 123 4567", "(040) 123 4567",
        "040\u00a0123\u00a04567", "040–123 4567", "131052–308T", "131052\u2011308T", "131052 - 308T",
        "FI21-1234-5600-0007-85", "FI21\u00a01234\u00a05600\u00a00007\u00a085", "anna@example.org+eeva@example.org",
    ],
)  # fmt: skip
def test_what_looks_like_a_persons_or_an_accounts_number_is_masked(personal: str) -> None:
    assert masked(f"Tuki, {personal}. Kiitos") == f"Tuki, {MASK}. Kiitos"


@pytest.mark.parametrize(
    "text",
    [
        "Vertaistuki vuonna 2026",
        "2050864-5",
        "1/02.05.01.00/2026",
        "100 000 jäsentä",
        "COVID19 2020",
        "klo 10-12",
        "1.1.2026-31.12.2026 10 000 euroa",
        "200000-3000 euroa",
        "2026-2027 ja 2028-2029",
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize("piece", ["a", "a.", "x@", "A1", "ab12", "a@b.c+", "-", "1 ", "+358", "0 4"])
def test_a_text_that_is_made_to_take_long_is_masked_at_once(piece: str) -> None:
    before = time.process_time()
    masked(f"12345678{piece * 100_000}")
    assert time.process_time() - before < 1


async def test_the_csv_has_finnish_headers_and_reads_back_cell_by_cell(names: CountyNames) -> None:
    odd = replace(ROW, purpose='a;b "c"\r\nd', shares=(Share("kitee", 100),), municipality="kitee", section=None)
    written = await whole(spreadsheet.grants_csv(pages([ROW], [odd]), names))
    assert written.startswith(b"\xef\xbb\xbfDiaarinumero;")
    assert written.count(b"\n") == written.count(b"\r\n") == 3
    header, first, second = csv.reader(io.StringIO(written.decode("utf-8-sig"), newline=""), delimiter=";")
    assert tuple(header) == spreadsheet.GRANT_HEADERS
    assert first == [
        "1/02.05.01.00/2026", "2026-02-24", "7", "Toiminta-avustus", "2050864-5", "Yhdistys ry", "Kulttuurityö",
        "Vertaistuki", "Joensuu", "167", "Joensuu 60 %, Kitee 40 %", "2000,00", "1500,01", "0,00",
        "Myönnetty osittain", "ei", "2026-04-01", "2026-12-31",
    ]  # fmt: skip
    assert dict(zip(header, second, strict=True)) | {
        "Pykälä": "",
        "Käyttötarkoitus": 'a;b "c" d',
        "Kuntanumero": "260",
    } == (dict(zip(header, second, strict=True)))


@pytest.mark.parametrize("outcome", spreadsheet.OUTCOMES)
async def test_every_outcome_has_its_finnish_word(names: CountyNames, outcome: Outcome) -> None:
    written = await whole(spreadsheet.grants_csv(pages([replace(ROW, outcome=outcome)]), names))
    assert f";{spreadsheet.OUTCOMES[outcome]};" in written.decode()


async def test_a_grant_is_as_the_standard_has_it(names: CountyNames) -> None:
    second = replace(ROW, granted=1, use_from=None, use_until=None)
    document = json.loads(await whole(giving.package(pages([ROW], [second]), names, PUBLISHER, ON)))
    validator = Draft202012Validator(
        json.loads(SCHEMA.read_text("utf-8")), format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    for each in document["grants"]:
        validator.validate(each)
    first: dict[str, Any] = document["grants"][0]
    assert first["id"] == "360G-FI-1234567-1-019b7a1e-8c00-7000-8000-000000000001"
    assert (first["amountAppliedFor"], first["amountAwarded"], first["currency"]) == (2000, 1500.01, "EUR")
    assert first["recipientOrganization"] == [{"id": "FI-PRO-2050864-5", "name": "Yhdistys ry"}]
    assert [(each["name"], each["geoCode"]) for each in first["beneficiaryLocation"]] == [
        ("Joensuu", "167"),
        ("Kitee", "260"),
    ]
    assert first["grantProgramme"] == [{"code": "operating", "title": "Toiminta-avustus"}]
    assert first["plannedDates"] == [{"startDate": "2026-04-01", "endDate": "2026-12-31"}]
    assert document["grants"][1]["amountAwarded"] == 0.01
    assert "plannedDates" not in document["grants"][1]


async def test_sums_are_written_as_exact_decimals(names: CountyNames) -> None:
    written = await whole(giving.package(pages([replace(ROW, granted=10**14 - 1)]), names, PUBLISHER, ON))
    assert b'"amountAwarded":999999999999.99' in written


async def test_an_empty_package_is_whole_and_tells_its_licence(names: CountyNames) -> None:
    publisher = giving.Publisher("360G-x", "https://creativecommons.org/licenses/by/4.0/")
    document = json.loads(await whole(giving.package(pages(), names, publisher, ON)))
    assert document["grants"] == []
    assert document["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert document["publisher"]["identifier"].startswith("FI-PRO-")


def test_what_the_county_does_not_know_stands_for_its_own_name(names: CountyNames) -> None:
    assert names.name("activity", "unheard-of", ON) == "unheard-of"
    assert names.code("nowhere", ON) is None


def test_a_name_of_another_time_serves_where_none_holds(names: CountyNames) -> None:
    assert names.name("basket", "theme", date(2023, 1, 1)) == "Teema-avustus"
    assert names.name("basket", "theme", date(2099, 1, 1)) == "Teema-avustus"


def test_a_year_runs_from_its_first_day_to_before_the_next_ones() -> None:
    first, after = days_of(2026)
    assert first <= "2026-01-01" < after
    assert first <= "2026-12-31" < after
    assert not first <= "2025-12-31" < after
    assert not first <= "2027-01-01" < after
    first, after = days_of(None)
    assert first <= "1999-12-31" < after


def test_a_document_without_shares_is_the_one_municipalitys() -> None:
    assert shares_of(None, "kitee") == (Share("kitee", 100),)
    assert shares_of('[{"municipality": "nurmes", "percent": 100}]', "nurmes") == (Share("nurmes", 100),)


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(1, 100), min_size=1, max_size=6),
            st.integers(0, 10**9),
            st.integers(0, 10**9),
            st.integers(1, 5),
        ),
        max_size=8,
    )
)
def test_the_municipalities_add_up_to_the_total_to_the_cent(
    cases: list[tuple[list[int], int, int, int]],
) -> None:
    made = picture.Picture()
    for percents, applied, granted, number in cases:
        shares = [{"municipality": f"m{at}", "percent": percent} for at, percent in enumerate(percents)]
        row = {
            "municipality": "m0", "activity": "a", "municipalities": msgspec.json.encode(shares).decode(),
            "applied": applied, "granted": granted, "cases": number,
        }  # fmt: skip
        picture._note_shared(made, row)
    summed = picture.Figures()
    for figures in made.by_municipality().values():
        summed.add(figures)
    assert summed == made.totals
    assert made.totals.applied == sum(applied * number for _, applied, _, number in cases)
    assert made.totals.granted == sum(granted * number for _, _, granted, number in cases)
    assert made.totals.applications == sum(number for *_, number in cases)


def test_every_figure_that_is_money_is_written_as_an_amount() -> None:
    written = api._figures(picture.Figures(applied=5, granted=7, transferred_applied=9))
    assert {name for name, value in written.items() if isinstance(value, str)} == set(picture.MONEY)
    assert set(written) == {each.name for each in fields(picture.Figures)}


@pytest.mark.parametrize(
    ("header", "held"),
    [
        (None, False),
        ('"7"', True),
        ('W/"7"', True),
        ('"6", "7"', True),
        ("*", True),
        ('"70"', False),
        ("7", False),
        ("", False),
    ],
)
def test_an_answer_is_held_when_its_tag_was_sent(header: str | None, held: bool) -> None:
    assert api._held(header, 7) is held
