"""The routes of open data. Anyone may ask, so no route names an action: they are given to `create_app` as open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse

from schemas.county import County
from schemas.decisions import Outcome
from schemas.identifiers import Slug
from schemas.money import euros
from services.ledger import Ledger
from services.web.commands import AsOf, as_of
from services.web.pages import PageRequest, cut_page, page_request
from services.web.preconditions import etag
from services.web.problems import Problem, problem_responses
from services.web.validation import FieldError

from .giving import Publisher, package
from .names import CountyNames, Kind
from .picture import HELSINKI, MONEY, Figures, Picture, picture
from .rows import START, OpenCases, OpenGrant, Wanted, place_of
from .spreadsheet import grants_csv, picture_csv

_GRANTS: Final = "/v1/open-data/grants"
_MUNICIPALITIES: Final = "/v1/open-data/municipalities"
OPEN_PATHS: Final = (
    _GRANTS,
    f"{_GRANTS}.csv",
    f"{_GRANTS}.360giving.json",
    _MUNICIPALITIES,
    f"{_MUNICIPALITIES}.csv",
)
"""The paths that need no token: `create_app(open_paths=...)` takes them."""
SECONDS_FRESH: Final = 300

_FOR_ANYONE: Final[Mapping[str, str]] = {
    "Cache-Control": f"public, max-age={SECONDS_FRESH}",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_CSV: Final = "text/csv; charset=utf-8"
_JSON: Final = "application/json"
_YEAR_MIN, _YEAR_MAX = 2000, 2100

Year = Annotated[int | None, Query(ge=_YEAR_MIN, le=_YEAR_MAX, description="Year of the decision")]
OneYear = Annotated[int, Query(ge=_YEAR_MIN, le=_YEAR_MAX, description="Year of the decision or transfer")]
Seen = Annotated[str | None, Header(alias="If-None-Match", description='ETag of the answer held, such as `"7"`')]


async def _wanted(
    year: Year = None,
    basket: Slug | None = None,
    municipality: Annotated[Slug | None, Query(description="Any with a share of the activity")] = None,
    activity: Slug | None = None,
    outcome: Outcome | None = None,
) -> Wanted:
    return Wanted(year, basket, municipality, activity, outcome)


Asked = Annotated[PageRequest, Depends(page_request)]
Filter = Annotated[Wanted, Depends(_wanted)]
When = Annotated[AsOf, Depends(as_of)]


def open_router(ledger: Ledger, county: County, *, prefix: str | None = None, licence: str | None = None) -> APIRouter:
    """The routes of `OPEN_PATHS`.

    `prefix` begins the ids of grants in 360Giving. It is by default 360G-FI- and the county's business id, which is
    nobody's registered prefix: a county that publishes in 360Giving's registry asks it for one and gives it here.
    `licence` is the address of the data's licence, told in the 360Giving package.
    """
    names = CountyNames(county)
    publisher = Publisher(prefix or f"360G-FI-{names.identity(date.max).business_id}", licence)
    cases = OpenCases(ledger)
    routes = APIRouter(tags=["open data"])
    _add_grants(routes, ledger, cases, names)
    _add_files(routes, ledger, cases, names, publisher)
    _add_municipalities(routes, ledger, cases, names)
    return routes


def _add_grants(routes: APIRouter, ledger: Ledger, cases: OpenCases, names: CountyNames) -> None:
    @routes.get(_GRANTS, response_class=Response, responses=_answers(_JSON, "object"))
    async def list_grants(asked: Asked, wanted: Filter, when: When, seen: Seen = None) -> Response:
        """Decided cases of organisations, in the order of decision. Give `position` with `cursor`."""
        _check(wanted, names)
        position = await _position(ledger, when)
        if _held(seen, position):
            return _unchanged(position)
        start = asked.after(str, str)
        after = START if start is None else (str(start[0]), str(start[1]))
        rows = await cases.page(position, wanted, after, asked.rows)
        shown, following = cut_page(rows, asked, place_of)
        items = [_document(row, names) for row in shown]
        return _json({"items": items, "next": following, "position": position}, position)


def _add_files(routes: APIRouter, ledger: Ledger, cases: OpenCases, names: CountyNames, publisher: Publisher) -> None:
    @routes.get(f"{_GRANTS}.csv", response_class=StreamingResponse, responses=_answers("text/csv", "string"))
    async def download_csv(wanted: Filter, when: When, seen: Seen = None) -> Response:
        """The same rows as a file for spreadsheets."""
        _check(wanted, names)
        position = await _position(ledger, when)
        if _held(seen, position):
            return _unchanged(position)
        lines = grants_csv(cases.pages(position, wanted), names)
        return StreamingResponse(lines, headers=_headers(position, _file("avustukset", wanted.year)), media_type=_CSV)

    @routes.get(f"{_GRANTS}.360giving.json", response_class=StreamingResponse, responses=_answers(_JSON, "object"))
    async def download_360giving(wanted: Filter, when: When, seen: Seen = None) -> Response:
        """Grants of more than zero in the 360Giving Data Standard."""
        _check(wanted, names)
        position = await _position(ledger, when)
        if _held(seen, position):
            return _unchanged(position)
        awards = Wanted(wanted.year, wanted.basket, wanted.municipality, wanted.activity, wanted.outcome, granted_min=1)
        on = ledger.clock().astimezone(HELSINKI).date()
        parts = package(cases.pages(position, awards), names, publisher, on)
        return StreamingResponse(parts, headers=_headers(position), media_type=_JSON)


def _add_municipalities(routes: APIRouter, ledger: Ledger, cases: OpenCases, names: CountyNames) -> None:
    @routes.get(_MUNICIPALITIES, response_class=Response, responses=_answers(_JSON, "object"))
    async def picture_of_year(year: OneYear, when: When, seen: Seen = None) -> Response:
        """A year's applications, grants and transfers by municipality and activity."""
        position = await _position(ledger, when)
        if _held(seen, position):
            return _unchanged(position)
        made = await picture(ledger, cases, position, year)
        return _json({"year": year, "position": position, **_picture_document(made, year, names)}, position)

    @routes.get(f"{_MUNICIPALITIES}.csv", response_class=Response, responses=_answers("text/csv", "string"))
    async def download_picture(year: OneYear, when: When, seen: Seen = None) -> Response:
        """The same figures as a file for spreadsheets."""
        position = await _position(ledger, when)
        if _held(seen, position):
            return _unchanged(position)
        made = await picture(ledger, cases, position, year)
        headers = _headers(position, _file("kunnat", year))
        return Response(picture_csv(made, year, names), headers=headers, media_type=_CSV)


def _answers(media_type: str, kind: str) -> dict[int | str, dict[str, Any]]:
    """What a route answers, for its documentation."""
    content = {media_type: {"schema": {"type": kind}}}
    return {200: {"content": content}, 304: {"description": "Not Modified"}, **problem_responses(422)}


async def _position(ledger: Ledger, when: AsOf) -> int:
    """The position that is meant, at most the newest: a later one would name rows that are still to change."""
    return min(await when.resolve(ledger), (await ledger.head()).size)


def _check(wanted: Wanted, names: CountyNames) -> None:
    """Raises Problem 422 for an id that the county's data does not have: nothing found would tell a slip as a fact."""
    asked: tuple[tuple[Kind, str | None], ...] = (
        ("basket", wanted.basket), ("municipality", wanted.municipality), ("activity", wanted.activity),
    )  # fmt: skip
    faults = [
        FieldError(f"/{kind}", f"should be one of: {', '.join(names.known(kind))}", "query")
        for kind, value in asked
        if value is not None and value not in names.known(kind)
    ]
    if faults:
        raise Problem(
            422, "filter-unknown", "The filter names nothing here", "Correct what `errors` lists and ask again.", faults
        )


def _held(seen: str | None, position: int) -> bool:
    """Whether the sender holds this answer already (RFC 9110 section 13.1.2, weak comparison)."""
    tags = [tag.strip().removeprefix("W/") for tag in (seen or "").split(",")]
    return etag(position) in tags or tags == ["*"]


def _headers(position: int, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The ETag is the position: what the ledger holds up to it never changes."""
    return {**_FOR_ANYONE, "ETag": etag(position), **(more or {})}


def _unchanged(position: int) -> Response:
    return Response(status_code=304, headers=_headers(position))


def _json(document: Mapping[str, Any], position: int) -> Response:
    return Response(msgspec.json.encode(document), headers=_headers(position), media_type=_JSON)


def _file(name: str, year: int | None) -> dict[str, str]:
    part = "" if year is None else f"-{year}"
    return {"Content-Disposition": f'attachment; filename="{name}{part}.csv"'}


def _document(row: OpenGrant, names: CountyNames) -> dict[str, Any]:
    on = row.decided_on
    return {
        "application_id": row.application_id,
        "diary_number": row.diary_number,
        "decided_on": on.isoformat(),
        "section": row.section,
        "basket": row.basket,
        "basket_name": names.name("basket", row.basket, on),
        "association_id": row.association_id,
        "association_name": row.association_name,
        "activity": row.activity,
        "activity_name": names.name("activity", row.activity, on),
        "purpose": row.purpose,
        "municipality": row.municipality,
        "municipalities": [
            {**_municipality(share.municipality, names, on), "percent": share.percent} for share in row.shares
        ],
        "applied": euros(row.applied),
        "granted": euros(row.granted),
        "recovered": euros(row.recovered),
        "outcome": row.outcome,
        "rectified": row.rectified,
        "use_from": _day(row.use_from),
        "use_until": _day(row.use_until),
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _municipality(key: str, names: CountyNames, on: date) -> dict[str, Any]:
    return {"municipality": key, "name": names.name("municipality", key, on), "code": names.code(key, on)}


def _figures(figures: Figures) -> dict[str, Any]:
    return {name: euros(value) if name in MONEY else value for name, value in asdict(figures).items()}


def _picture_document(made: Picture, year: int, names: CountyNames) -> dict[str, Any]:
    """Every municipality of the county stands in it, those without a case with zeros."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    found = {key: Figures() for key in names.municipalities(first, last)} | made.by_municipality()
    return {
        "municipalities": [
            {
                **_municipality(key, names, last),
                **_figures(found[key]),
                "activities": [
                    {"activity": activity, "name": names.name("activity", activity, last), **_figures(cell)}
                    for (municipality, activity), cell in sorted(made.cells.items())
                    if municipality == key
                ],
            }
            for key in sorted(found)
        ],
        "totals": _figures(made.totals),
    }
