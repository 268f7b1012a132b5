"""De minimis aid over HTTP: what was granted, for the register that the grantor keeps (Regulation (EU) 2023/2831)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from schemas.identifiers import BusinessId
from schemas.money import cents
from services.decisions.open_data.spreadsheet import decimal, inert, lines
from services.ledger import Document, Ledger
from services.web.commands import AsOf, as_of, register_page
from services.web.pages import PageRequest, page_request
from services.web.permissions import require

HEADERS: Final = (
    "Hakemusnumero", "Tuensaaja", "Y-tunnus", "Päätöspäivä", "De minimis -tuki (EUR)",
    "Kolmen vuoden tuki ennen päätöstä (EUR)", "Muutettu",
)  # fmt: skip
PAGE: Final = 500
_CSV: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
Year = Annotated[int | None, Query(ge=2020, le=2100, description="The year of granting")]


def router(ledger: Ledger) -> APIRouter:
    """The register as pages and as a file."""
    routes = APIRouter(prefix="/de-minimis", tags=["de minimis"], dependencies=[Depends(require("de_minimis.read"))])

    @routes.get("")
    async def list_aid(
        asked: Annotated[PageRequest, Depends(page_request)],
        when: Annotated[AsOf, Depends(as_of)],
        association_id: BusinessId | None = None,
        year: Year = None,
    ) -> dict[str, Any]:
        """De minimis aid by application, as of a moment."""
        return await register_page(ledger, "de_minimis", asked, when, {"association_id": association_id, "year": year})

    @routes.get("/register.csv", response_class=StreamingResponse, responses=_CSV)
    async def export_register(when: Annotated[AsOf, Depends(as_of)], year: Year = None) -> Response:
        """The register as a file: UTF-8 with a byte order mark, `;`, decimal comma, inert cells."""
        position = await when.resolve(ledger)
        headers = {"Content-Disposition": 'attachment; filename="de-minimis.csv"'}
        return StreamingResponse(_file(ledger, position, year), media_type="text/csv; charset=utf-8", headers=headers)

    return routes


async def _file(ledger: Ledger, position: int, year: int | None) -> AsyncIterator[bytes]:
    yield "\ufeff".encode() + lines([HEADERS])
    after = ""
    where = {} if year is None else {"year": year}
    while page := await ledger.page("de_minimis", position, after=after, where=where, limit=PAGE):
        after = page[-1].key
        yield lines([_cells(entry.document) for entry in page])


def _cells(aid: Document) -> list[str]:
    return [
        inert(aid["diary_number"]), inert(aid["association_name"]), inert(aid["association_id"]), aid["granted_on"],
        decimal(cents(aid["amount"])), decimal(cents(aid["three_years_before"])), aid.get("changed_on") or "",
    ]  # fmt: skip
