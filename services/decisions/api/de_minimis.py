"""De minimis aid over HTTP: what was granted, for the register that the grantor keeps (Regulation (EU) 2023/2831)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from functools import cache
from typing import Annotated, Any, Final

import holidays
from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from schemas.county import County
from schemas.identifiers import BusinessId
from schemas.money import cents
from services.decisions.open_data.spreadsheet import decimal, inert, lines
from services.ledger import Document, Ledger
from services.web.commands import AsOf, as_of, register_page
from services.web.pages import PageRequest, page_request
from services.web.permissions import require

HEADERS: Final = (
    "Hakemusnumero", "Tuensaaja", "Y-tunnus", "Päätöspäivä", "De minimis -tuki (EUR)",
    "Kolmen vuoden tuki ennen päätöstä (EUR)", "Muutettu", "Rekisteröitävä viimeistään",
)  # fmt: skip
PAGE: Final = 500
_CSV: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
Year = Annotated[int | None, Query(ge=2020, le=2100, description="The year of granting")]


def register_by(granted_on: date, county: County) -> date | None:
    """The last Helsinki date on which aid is registered in the EU's register: the county's working days after the day
    of granting, which is not counted; None where the county's data of that day do not say. Source: Regulation (EU)
    2023/2831, Art. 6, as the county's data have it.
    """
    rules = county.deadline_rules(granted_on)
    if rules.de_minimis_register_days is None:
        return None
    calendar = _calendar(rules.calendar, rules.extra_closed)
    return calendar.get_nth_working_day(granted_on, rules.de_minimis_register_days)


@cache
def _calendar(country: str, extra_closed: tuple[date, ...]) -> holidays.HolidayBase:
    """A country's holidays with the county's own; a year's are made at the first look into it."""
    calendar = holidays.country_holidays(country, language="fi")
    calendar.update(dict.fromkeys(extra_closed, "suljettu"))
    return calendar


def router(ledger: Ledger, county: County) -> APIRouter:
    """The register as pages and as a file."""
    routes = APIRouter(prefix="/de-minimis", tags=["de minimis"], dependencies=[Depends(require("de_minimis.read"))])

    @routes.get("")
    async def list_aid(
        asked: Annotated[PageRequest, Depends(page_request)],
        when: Annotated[AsOf, Depends(as_of)],
        association_id: BusinessId | None = None,
        year: Year = None,
    ) -> dict[str, Any]:
        """De minimis aid by application, as of a moment, each with the day by which it is registered."""
        where = {"association_id": association_id, "year": year}
        page = await register_page(ledger, "de_minimis", asked, when, where)
        items = [{**each, "register_by": _register_by(each, county) or None} for each in page["items"]]
        return {**page, "items": items}

    @routes.get("/register.csv", response_class=StreamingResponse, responses=_CSV)
    async def export_register(when: Annotated[AsOf, Depends(as_of)], year: Year = None) -> Response:
        """The register as a file: UTF-8 with a byte order mark, `;`, decimal comma, inert cells."""
        position = await when.resolve(ledger)
        headers = {"Content-Disposition": 'attachment; filename="de-minimis.csv"'}
        content = _file(ledger, county, position, year)
        return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=headers)

    return routes


async def _file(ledger: Ledger, county: County, position: int, year: int | None) -> AsyncIterator[bytes]:
    yield "\ufeff".encode() + lines([HEADERS])
    after = ""
    where = {} if year is None else {"year": year}
    while page := await ledger.page("de_minimis", position, after=after, where=where, limit=PAGE):
        after = page[-1].key
        yield lines([_cells(entry.document, county) for entry in page])


def _register_by(aid: Document, county: County) -> str:
    day = register_by(date.fromisoformat(aid["granted_on"]), county)
    return "" if day is None else day.isoformat()


def _cells(aid: Document, county: County) -> list[str]:
    return [
        inert(aid["diary_number"]), inert(aid["association_name"]), inert(aid["association_id"]), aid["granted_on"],
        decimal(cents(aid["amount"])), decimal(cents(aid["three_years_before"])), aid.get("changed_on") or "",
        _register_by(aid, county),
    ]  # fmt: skip
