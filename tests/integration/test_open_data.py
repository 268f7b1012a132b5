"""Open data over HTTP on a real database: the right rows in every form, nothing of a person, and the past as it was."""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from jsonschema import Draft202012Validator

from schemas.decisions import (
    CaseAssigned,
    CaseOpened,
    CaseOpenedV1,
    CaseTransferred,
    CaseWithdrawn,
    ChangeDecided,
    ChangeProposed,
    ChangeReceived,
    ConflictDeclared,
    DecisionBecameFinal,
    DecisionMade,
    DecisionNotified,
    ProposalMade,
    RecoveryDecided,
    RectificationClaimed,
    RectificationDecided,
    RectificationDecidedV2,
)
from schemas.facts import Fact
from schemas.money import cents, euros
from services.decisions.open_data import OPEN_PATHS, open_router, rows
from services.decisions.open_data.rows import OpenCases, Wanted
from services.web.application import create_app
from services.web.commands import install_ledger_problems
from services.web.permissions import UnguardedRoute
from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import InProcess, identity, in_process, pointers, problem
from tests.unit.given import county, fact
from tests.unit.web.conftest import Issuer, client_of, make_settings, make_verifier

SCHEMA = Path(__file__).parents[1] / "data" / "open-data" / "360-giving-schema.json"
GRANTS, MUNICIPALITIES = "/v1/open-data/grants", "/v1/open-data/municipalities"
DRY = "SALAINEN PERUSTELU"
FORBIDDEN = (
    "FI2112345600000785", "FI21 1234", "iban", "officer-", "board-", "hilkka", DRY.lower(), "131052-308t",
    "anna@example.org", "reasons", "points", "disqualified",
)  # fmt: skip
PERSONAL = "Kahvia; FI21 1234 5600 0007 85, 131052-308T, anna@example.org"
SHARES = [{"municipality": "joensuu", "percent": 67}, {"municipality": "kitee", "percent": 33}]


@dataclass
class Open:
    """The open routes alone, on the ledger of decisions."""

    service: InProcess
    client: httpx.AsyncClient
    before_claims: int = 0

    async def items(self, **query: Any) -> list[dict[str, Any]]:
        answer = await self.client.get(GRANTS, params={"limit": 200, **query})
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def numbers(self, **query: Any) -> list[int]:
        """The cases' numbers by the test, in the order of the answer."""
        return [number_of(item["application_id"]) for item in await self.items(**query)]

    async def csv(self, path: str, **query: Any) -> list[dict[str, str]]:
        answer = await self.client.get(f"{path}.csv", params=query)
        assert answer.status_code == 200, answer.text
        text = io.StringIO(answer.content.decode("utf-8-sig"), newline="")
        return list(csv.DictReader(text, delimiter=";"))

    async def package(self, **query: Any) -> dict[str, Any]:
        """The 360Giving package, each grant of which is right by the schema."""
        answer = await self.client.get(f"{GRANTS}.360giving.json", params=query)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        validator = Draft202012Validator(
            json.loads(SCHEMA.read_text("utf-8")), format_checker=Draft202012Validator.FORMAT_CHECKER
        )
        for grant in document["grants"]:
            validator.validate(grant)
        return document


def number_of(application_id: str) -> int:
    return int(application_id[-12:], 16)


async def given_case(service: InProcess, number: int, *facts: Fact, **changed: Any) -> None:
    """A case with an officer, a declared conflict and a proposal, then these facts. `old` opens it as version 1 did."""
    application = identity(number)
    kind = CaseOpenedV1 if changed.pop("old", False) else CaseOpened
    one = {"application_id": application, "diary_number": f"{number}/02.05.01.00/2026", **changed}
    if kind is CaseOpened:
        one.setdefault("municipalities", [{"municipality": changed.get("municipality", "joensuu"), "percent": 100}])
    before = (
        fact(CaseAssigned, application_id=application),
        fact(ConflictDeclared, application_id=application, person="hilkka"),
        fact(ProposalMade, application_id=application, reasons=DRY),
    )
    own = (each.model_copy(update={"application_id": UUID(application)}) for each in facts)
    await service.given(f"case/{application}", fact(kind, **one), *before, *own)


def decided(outcome: str, amount: str, on: str) -> Fact:
    return fact(DecisionMade, outcome=outcome, amount=amount, decided_on=on, reasons=DRY)


def rectified(amount: str, changed_to: str | None) -> tuple[Fact, ...]:
    """A claim that changed the decision to an outcome, or upheld it."""
    return (
        fact(DecisionNotified),
        fact(RectificationClaimed, grounds=DRY),
        fact(
            RectificationDecided, outcome="changed" if changed_to else "upheld", amount=amount, changed_to=changed_to,
            reasons=DRY,
        ),
    )  # fmt: skip


def rectified_as_once(amount: str) -> tuple[Fact, ...]:
    """A claim that changed the sum, recorded when the outcome was not told."""
    changed = fact(RectificationDecidedV2, outcome="changed", amount=amount, reasons=DRY)
    return (fact(DecisionNotified), fact(RectificationClaimed, grounds=DRY), changed)


def recovered(amount: str) -> tuple[Fact, ...]:
    return (fact(RecoveryDecided, amount=amount, grounds=DRY),)


def lengthened(use_until: str) -> tuple[Fact, ...]:
    return (
        fact(ChangeReceived, what="time"),
        fact(ChangeProposed),
        fact(ChangeDecided, what="time", approved=True, use_until=use_until, reasons=DRY),
    )


async def given_all(service: InProcess) -> int:
    """Cases of every kind in two years; returns the position before the claims were decided."""
    service.at(datetime(2025, 5, 5, 8, 0, tzinfo=UTC))
    await given_case(service, 1, decided("granted", "2000.00 EUR", "2025-05-05"), applied="2000.00 EUR")
    part = decided("granted_in_part", "333.33 EUR", "2025-12-31").model_copy(
        update={"use_from": date(2026, 1, 1), "use_until": date(2026, 12, 31)}
    )
    shared: dict[str, Any] = {"municipalities": SHARES, "applied": "1000.01 EUR", "activity": "cultural-work"}
    await given_case(service, 2, part, **shared)
    sports: dict[str, Any] = {"activity": "sports-and-exercise", "applied": "700.00 EUR"}
    await given_case(service, 12, fact(CaseTransferred), **sports)
    service.at(datetime(2025, 12, 31, 22, 30, tzinfo=UTC))
    await given_case(service, 6, fact(CaseTransferred, municipality="nurmes"), municipality="nurmes", **sports)
    service.at(datetime(2026, 2, 24, 8, 0, tzinfo=UTC))
    rejected = decided("rejected", "0.00 EUR", "2026-02-24")
    await given_case(service, 3, rejected, old=True, municipality="kitee", applied="500.00 EUR")
    await given_case(service, 4, decided("not_examined", "0.00 EUR", "2026-02-25"), purpose=PERSONAL)
    await given_case(service, 5, fact(CaseWithdrawn))
    await given_case(service, 7)
    await given_case(service, 8, rejected)
    await given_case(service, 9, decided("granted_in_part", "900.00 EUR", "2026-03-01"))
    await given_case(
        service, 10, decided("granted", "0.00 EUR", "2026-03-02"), applied="0.00 EUR", basket="partnership"
    )
    formula: dict[str, Any] = {"purpose": "=1+1", "association_name": "+Yhdistys"}
    granted = decided("granted", "2000.00 EUR", "2026-03-03")
    await given_case(service, 11, granted, fact(DecisionNotified), fact(DecisionBecameFinal), **formula)
    nothing: dict[str, Any] = {"applied": "0.00 EUR", "basket": "partnership"}
    await given_case(service, 13, decided("rejected", "0.00 EUR", "2026-03-04"), **nothing)
    before = await service.size()
    for number, facts in (
        (2, (*rectified("400.01 EUR", "granted_in_part"), *recovered("100.00 EUR"), *lengthened("2027-03-31"))),
        (8, rectified_as_once("600.00 EUR")),
        (9, rectified("0.00 EUR", "rejected")),
        (1, rectified("2000.00 EUR", None)),
        (13, rectified("0.00 EUR", "granted")),
    ):
        await service.given(f"case/{identity(number)}", *facts)
    return before


@pytest.fixture
async def empty(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Open]:
    async with in_process("decisions", database, tmp_path, datetime(2025, 3, 1, 8, 0, tzinfo=UTC)) as service:
        app = create_app(
            title="open data", version="1", description="", settings=make_settings(tmp_path),
            routers=[open_router(service.ledger, county())], verifier=make_verifier(Issuer()), open_paths=OPEN_PATHS,
        )  # fmt: skip
        install_ledger_problems(app)
        async with client_of(app) as client:
            yield Open(service, client)


@pytest.fixture
async def opened(empty: Open) -> Open:
    empty.before_claims = await given_all(empty.service)
    return empty


async def test_decided_cases_alone_are_shown_in_the_order_of_decision_as_they_are_in_force(opened: Open) -> None:
    shown = [
        (number_of(item["application_id"]), item["outcome"], item["granted"], item["recovered"], item["rectified"])
        for item in await opened.items()
    ]
    assert shown == [
        (1, "granted", "2000.00 EUR", "0.00 EUR", False),
        (2, "granted_in_part", "400.01 EUR", "100.00 EUR", True),
        (3, "rejected", "0.00 EUR", "0.00 EUR", False),
        (8, "granted_in_part", "600.00 EUR", "0.00 EUR", True),
        (4, "not_examined", "0.00 EUR", "0.00 EUR", False),
        (9, "rejected", "0.00 EUR", "0.00 EUR", True),
        (10, "granted", "0.00 EUR", "0.00 EUR", False),
        (11, "granted", "2000.00 EUR", "0.00 EUR", False),
        (13, "granted", "0.00 EUR", "0.00 EUR", True),
    ]


async def test_a_row_tells_who_where_what_and_how_much(opened: Open) -> None:
    shown = (await opened.items())[1]
    assert shown == {
        "application_id": identity(2), "diary_number": "2/02.05.01.00/2026", "decided_on": "2025-12-31", "section": 1,
        "basket": "operating", "basket_name": "Toiminta-avustus", "association_id": shown["association_id"],
        "association_name": shown["association_name"], "activity": "cultural-work", "activity_name": "Kulttuurityö",
        "purpose": "Vertaistuki", "municipality": "joensuu", "applied": "1000.01 EUR", "granted": "400.01 EUR",
        "municipalities": [
            {"municipality": "joensuu", "name": "Joensuu", "code": "167", "percent": 67},
            {"municipality": "kitee", "name": "Kitee", "code": "260", "percent": 33},
        ],
        "recovered": "100.00 EUR", "outcome": "granted_in_part", "rectified": True, "use_from": "2026-01-01",
        "use_until": "2027-03-31",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"year": 2025}, [1, 2]),
        ({"year": 2026}, [3, 8, 4, 9, 10, 11, 13]),
        ({"year": 2024}, []),
        ({"basket": "partnership"}, [10, 13]),
        ({"municipality": "kitee"}, [2, 3]),
        ({"activity": "cultural-work"}, [2]),
        ({"outcome": "rejected"}, [3, 9]),
        ({"outcome": "granted_in_part", "year": 2026}, [8]),
        ({"outcome": "not_examined", "municipality": "joensuu"}, [4]),
    ],
)
async def test_filters_show_what_they_name_in_the_list_and_in_the_file(
    opened: Open, query: dict[str, Any], numbers: list[int]
) -> None:
    assert await opened.numbers(**query) == numbers
    rows = await opened.csv(GRANTS, **query)
    assert [int(row["Diaarinumero"].split("/")[0]) for row in rows] == numbers


@pytest.mark.parametrize("year", [{}, {"year": 2025}, {"year": 2026}])
async def test_pages_follow_each_other_without_a_gap_or_a_row_twice(opened: Open, year: dict[str, int]) -> None:
    found, query = [], {"limit": 1, "position": await opened.service.size(), **year}
    while True:
        page = (await opened.client.get(GRANTS, params=query)).json()
        found += [number_of(item["application_id"]) for item in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert found == await opened.numbers(**year)


async def test_a_page_is_read_from_its_place_in_the_index_on(opened: Open) -> None:
    values = (await opened.service.size(), "2025-12-31", identity(2), ":", None, None, None, None, 0, 50)
    async with opened.service.ledger.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plan = [row[0].strip() for row in await connection.fetch(f"EXPLAIN {rows._ROWS}", *values)]
    (bounds,) = (line for line in plan if line.startswith("Index Cond:"))
    assert any("decided_case" in line for line in plan), plan
    assert "ROW(" in bounds, plan
    assert ">= " not in bounds, "a second lower bound makes each page begin at the first row"


async def test_a_download_read_in_small_pages_holds_every_row_and_no_connection(opened: Open) -> None:
    cases = OpenCases(opened.service.ledger, rows_at_once=2)
    position = await opened.service.size()
    pages = [page async for page in cases.pages(position, Wanted())]
    assert [len(page) for page in pages] == [2, 2, 2, 2, 1]
    assert [number_of(str(row.application_id)) for page in pages for row in page] == await opened.numbers()
    reading = cases.pages(position, Wanted())
    await anext(reading)
    pool = opened.service.ledger.pool
    assert pool.get_idle_size() == pool.get_size(), "a reader who pauses keeps a connection"
    assert not cases.turns.locked()


async def test_the_file_is_inert_and_finnish(opened: Open) -> None:
    answer = await opened.client.get(f"{GRANTS}.csv", params={"year": 2026})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="avustukset-2026.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbfDiaarinumero;")
    rows = await opened.csv(GRANTS, year=2026)
    last = rows[-2]
    assert (last["Käyttötarkoitus"], last["Hakija"]) == ("'=1+1", "'+Yhdistys")
    assert (last["Myönnetty (EUR)"], last["Ratkaisu"], last["Oikaistu"]) == ("2000,00", "Myönnetty", "ei")
    assert not [cell for row in rows for cell in row.values() if cell[:1] in set("=+-@")]


async def test_the_360giving_package_has_awards_above_zero_alone_and_is_right_by_the_schema(opened: Open) -> None:
    document = await opened.package()
    awarded = {number_of(grant["id"]): grant["amountAwarded"] for grant in document["grants"]}
    assert awarded == {1: 2000, 2: 400.01, 8: 600, 11: 2000}
    assert {grant["id"].rsplit("-", 5)[0] for grant in document["grants"]} == {"360G-FI-1234567-1"}
    assert [grant["amountAwarded"] for grant in (await opened.package(year=2025))["grants"]] == [2000, 400.01]
    assert (await opened.package(outcome="rejected"))["grants"] == []


async def test_an_empty_ledger_gives_whole_empty_answers(empty: Open) -> None:
    assert await empty.items() == []
    assert await empty.csv(GRANTS) == []
    assert (await empty.package())["grants"] == []
    answer = (await empty.client.get(MUNICIPALITIES, params={"year": 2026})).json()
    assert len(answer["municipalities"]) == 13
    assert answer["totals"]["applied"] == "0.00 EUR"


async def test_no_answer_holds_an_account_a_person_or_reasons(opened: Open) -> None:
    documents = [record.data async for record in opened.service.ledger.scan()]
    assert "FI2112345600000785" in str(documents), "the ledger has what must not be shown"
    for path in OPEN_PATHS:
        query = {"year": 2026} if path.startswith(MUNICIPALITIES) else {}
        answer = await opened.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        text = answer.content.decode().lower()
        assert [word for word in FORBIDDEN if word.lower() in text] == [], path


async def test_the_picture_shares_sums_by_largest_remainder_and_adds_up(opened: Open) -> None:
    answer = (await opened.client.get(MUNICIPALITIES, params={"year": 2025})).json()
    by_id = {each["municipality"]: each for each in answer["municipalities"]}
    joensuu, kitee = by_id["joensuu"], by_id["kitee"]
    assert (joensuu["applications"], joensuu["shared"], joensuu["grants"]) == (3, 0, 2)
    assert (kitee["applications"], kitee["shared"], kitee["grants"]) == (0, 1, 0)
    assert (joensuu["granted"], kitee["granted"]) == ("2268.01 EUR", "132.00 EUR")
    assert (joensuu["applied"], kitee["applied"]) == ("3370.01 EUR", "330.00 EUR")
    assert (joensuu["transferred"], joensuu["transferred_applied"]) == (1, "700.00 EUR")
    assert [each["activity"] for each in joensuu["activities"]] == [
        "cultural-work",
        "patient-organisations",
        "sports-and-exercise",
    ]
    assert answer["totals"] == {
        "applications": 3, "shared": 1, "applied": "3700.01 EUR", "grants": 2, "granted": "2400.01 EUR",
        "transferred": 1, "transferred_applied": "700.00 EUR",
    }  # fmt: skip


async def test_every_sum_of_the_picture_is_that_of_its_parts(opened: Open) -> None:
    for year in (2025, 2026):
        answer = (await opened.client.get(MUNICIPALITIES, params={"year": year})).json()
        rows = await opened.csv(MUNICIPALITIES, year=year)
        for name, header in (("applied", "Haettu (EUR)"), ("granted", "Myönnetty (EUR)")):
            total = cents(answer["totals"][name])
            assert sum(cents(each[name]) for each in answer["municipalities"]) == total
            parts = [part for each in answer["municipalities"] for part in each["activities"]]
            assert sum(cents(part[name]) for part in parts) == total
            assert sum(int(row[header].replace(",", "")) for row in rows) == total
        assert sum(each["applications"] for each in answer["municipalities"]) == answer["totals"]["applications"]
        items = [item for item in await opened.items(year=year) if item["outcome"].startswith("granted")]
        assert sum(cents(item["granted"]) for item in items) == cents(answer["totals"]["granted"])


async def test_whatever_was_decided_the_public_sums_are_those_of_the_ledger(empty: Open) -> None:
    """By the events alone, and to the cent; a failure is repeated by its printed seed."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for number in range(1, 41):
        await given_case(empty.service, number, *some_facts(chance), **some_terms(chance))
    by_year = await summed(empty.service)
    for year in (2025, 2026):
        wanted = by_year[year]
        totals = (await empty.client.get(MUNICIPALITIES, params={"year": year})).json()["totals"]
        assert {name: cents(totals[name]) for name in ("applied", "granted")} == dict(wanted.sums)
        assert totals["applications"] == wanted.cases
        grants = [row["Myönnetty (EUR)"] for row in await empty.csv(GRANTS, year=year)]
        assert sum(int(each.replace(",", "")) for each in grants) == wanted.sums["granted"]
        awards = (await empty.client.get(f"{GRANTS}.360giving.json", params={"year": year})).text
        amounts = [each["amountAwarded"] for each in json.loads(awards, parse_float=Decimal)["grants"]]
        assert sum(amounts) * 100 == wanted.sums["granted"]
        assert 0 not in amounts


def some_terms(chance: random.Random) -> dict[str, Any]:
    largest = chance.choice([100, 99, 67, 51])
    others = [] if largest == 100 else [{"municipality": "kitee", "percent": 100 - largest}]
    return {
        "applied": euros(chance.randrange(100_000, 10_000_000)), "activity": chance.choice(["cultural-work", "none"]),
        "municipalities": [{"municipality": "joensuu", "percent": largest}, *others],
    }  # fmt: skip


def some_facts(chance: random.Random) -> tuple[Fact, ...]:
    """A case that is decided, and may be changed by claims; now and then one that is not."""
    if chance.random() < 0.2:
        return chance.choice([(), (fact(CaseWithdrawn),)])
    made = [decided("granted_in_part", euros(chance.randrange(1, 90_000)), f"{chance.choice([2025, 2026])}-05-05")]
    for _ in range(chance.choice([0, 0, 1, 2])):
        made += rectified(euros(chance.randrange(1, 90_000)), "granted_in_part")[1:]
    return tuple(made)


@dataclass
class Summed:
    """What a year's decisions come to by the events: cents, and how many cases."""

    sums: Counter[str] = field(default_factory=lambda: Counter(applied=0, granted=0))
    cases: int = 0


async def summed(service: InProcess) -> dict[int, Summed]:
    applied: dict[str, int] = {}
    decided_in: dict[str, int] = {}
    granted: dict[str, int] = {}
    async for record in service.ledger.scan():
        if record.type == "case.opened":
            applied[record.stream] = cents(record.data["applied"])
        if record.type == "decision.made":
            decided_in[record.stream] = int(record.data["decided_on"][:4])
        if record.type in {"decision.made", "rectification.decided"}:
            granted[record.stream] = cents(record.data["amount"])
    by_year: defaultdict[int, Summed] = defaultdict(Summed)
    for stream, year in decided_in.items():
        by_year[year].sums += Counter(applied=applied[stream], granted=granted[stream])
        by_year[year].cases += 1
    return by_year


async def test_a_transfer_belongs_to_its_helsinki_year_and_to_no_list_of_grants(opened: Open) -> None:
    rows = await opened.csv(MUNICIPALITIES, year=2026)
    (nurmes,) = (row for row in rows if row["Kunta"] == "Nurmes")
    assert (nurmes["Siirretty kunnalle"], nurmes["Siirrettyjen haettu summa (EUR)"]) == ("1", "700,00")
    assert (nurmes["Kuntanumero"], nurmes["Hakemuksia"], nurmes["Myönnetty (EUR)"]) == ("541", "1", "0,00")
    assert 6 not in await opened.numbers()
    assert 6 not in await opened.numbers(municipality="nurmes")


async def test_as_of_a_position_everything_is_as_it_was_shown_then(opened: Open) -> None:
    then = opened.before_claims
    shown = {number_of(item["application_id"]): item for item in await opened.items(position=then)}
    assert (shown[2]["granted"], shown[2]["recovered"], shown[2]["rectified"]) == ("333.33 EUR", "0.00 EUR", False)
    assert (shown[8]["outcome"], shown[9]["outcome"]) == ("rejected", "granted_in_part")
    assert await opened.numbers(position=0) == []
    old = {row["Diaarinumero"]: row["Myönnetty (EUR)"] for row in await opened.csv(GRANTS, position=then)}
    assert old["2/02.05.01.00/2026"] == "333,33"
    package = await opened.package(position=then)
    assert {number_of(each["id"]) for each in package["grants"]} == {1, 2, 9, 11}
    pictured = await opened.client.get(MUNICIPALITIES, params={"year": 2025, "position": then})
    assert pictured.json()["totals"]["granted"] == "2333.33 EUR"
    before_transfers = await opened.client.get(MUNICIPALITIES, params={"year": 2025, "position": 1})
    assert before_transfers.json()["totals"]["transferred"] == 0
    by_moment = await opened.items(moment="2025-05-05T23:00:00+00:00", year=2025)
    assert [number_of(item["application_id"]) for item in by_moment] == [1, 2]


@pytest.mark.parametrize(
    ("path", "query", "pointer"),
    [
        (GRANTS, {"year": "last"}, "/year"),
        (GRANTS, {"year": 1999}, "/year"),
        (GRANTS, {"outcome": "maybe"}, "/outcome"),
        (GRANTS, {"basket": "Not A Slug"}, "/basket"),
        (GRANTS, {"basket": "unheard-of"}, "/basket"),
        (GRANTS, {"municipality": "helsinki"}, "/municipality"),
        (f"{GRANTS}.csv", {"activity": "unheard-of"}, "/activity"),
        (f"{GRANTS}.360giving.json", {"municipality": "helsinki"}, "/municipality"),
        (GRANTS, {"municipalty": "joensuu"}, "/municipalty"),
        (MUNICIPALITIES, {}, "/year"),
        (f"{MUNICIPALITIES}.csv", {"year": 2101}, "/year"),
    ],
)
async def test_a_bad_filter_is_refused_with_its_name(
    empty: Open, path: str, query: dict[str, Any], pointer: str
) -> None:
    answer = await empty.client.get(path, params=query)
    slug = "filter-unknown" if "unheard-of" in query.values() or "helsinki" in query.values() else "validation"
    document = problem(answer, 422, slug)
    assert pointers(document) == [pointer]
    assert document["errors"][0]["in"] == "query"


async def test_a_broken_cursor_and_two_moments_are_refused(empty: Open) -> None:
    problem(await empty.client.get(GRANTS, params={"cursor": "x"}), 400, "cursor-invalid")
    twice: dict[str, str | int] = {"position": 1, "moment": "2026-01-01T00:00:00Z"}
    problem(await empty.client.get(f"{GRANTS}.csv", params=twice), 400, "as-of-twice")


@pytest.mark.parametrize("path", OPEN_PATHS)
async def test_an_answer_that_is_held_is_not_sent_again_until_something_is_recorded(empty: Open, path: str) -> None:
    await given_case(empty.service, 1, decided("granted", "2000.00 EUR", "2026-02-24"))
    query = {"year": 2026}
    first = await empty.client.get(path, params=query)
    tag = first.headers["etag"]
    assert (first.status_code, tag) == (200, f'"{await empty.service.size()}"')
    assert first.headers["cache-control"] == "public, max-age=300"
    again = await empty.client.get(path, params=query, headers={"If-None-Match": f'"0", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert again.headers["cache-control"] == "public, max-age=300"
    await given_case(empty.service, 2, decided("granted", "2000.00 EUR", "2026-02-25"))
    later = await empty.client.get(path, params=query, headers={"If-None-Match": tag})
    assert later.status_code == 200
    assert later.content != first.content
    past = await empty.client.get(path, params={**query, "position": tag.strip('"')})
    assert past.content == first.content
    assert past.headers["etag"] == tag


@pytest.mark.parametrize(
    ("moment", "numbers"),
    [("0001-01-01T00:00:00+14:00", []), ("9999-12-31T23:59:59-14:00", [1]), ("1969-07-20T20:17:40Z", [])],
)
async def test_a_moment_at_the_end_of_the_calendar_is_one_before_or_after_everything(
    empty: Open, moment: str, numbers: list[int]
) -> None:
    await given_case(empty.service, 1, decided("granted", "2000.00 EUR", "2026-02-24"))
    assert await empty.numbers(moment=moment) == numbers


async def test_a_position_that_is_not_there_yet_is_the_newest_one(empty: Open) -> None:
    answer = await empty.client.get(GRANTS, params={"position": 10**9})
    assert (answer.json()["position"], answer.headers["etag"]) == (0, '"0"')


async def test_the_routes_are_open_only_where_they_are_listed(empty: Open, tmp_path: Path) -> None:
    routes = [open_router(empty.service.ledger, county())]
    with pytest.raises(UnguardedRoute, match="open-data"):
        create_app(title="x", version="1", description="", settings=make_settings(tmp_path), routers=routes)
    answer = await empty.client.get(GRANTS)
    assert answer.headers["access-control-allow-origin"] == "*"
