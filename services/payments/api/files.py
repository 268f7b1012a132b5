"""Files over HTTP: to and from the back office, and every file as it was kept."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from schemas.facts import Contract
from schemas.identifiers import Period, Sha256, Slug
from schemas.refusals import not_found
from services.ledger import Ledger
from services.payments.backoffice import Take
from services.payments.closing import Books
from services.payments.handlers import Payments
from services.web.commands import AsOf, Command, as_of, command, register_page, respond
from services.web.pages import PageRequest, cut_page, page_request
from services.web.permissions import require
from services.web.problems import problem_responses

Asked = Annotated[PageRequest, Depends(page_request)]
When = Annotated[AsOf, Depends(as_of)]
_ANSWERS = problem_responses(404, 409, 412)
CSV_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
FILE_BYTES_MAX = 128 * 1024 * 1024
VoucherState = Literal["sent", "accepted", "failed"]
LARGE_BODIES = {
    "/v1/acknowledgements": FILE_BYTES_MAX,
    "/v1/bank-files": FILE_BYTES_MAX,
    "/v1/postings": FILE_BYTES_MAX,
}


class ExportVouchers(Contract):
    """The vouchers of a month in a profile's columns."""

    period: Period
    profile: Slug


def router(payments: Payments, books: Books, ledger: Ledger) -> APIRouter:
    """Vouchers out, answers and postings in, and every file byte for byte."""
    routes = APIRouter(tags=["files"])

    @routes.get("/files", dependencies=[Depends(require("statement.read"))])
    async def list_files(asked: Asked, when: When) -> dict[str, Any]:
        """The files that came and went, by their SHA-256."""
        return await register_page(ledger, "files", asked, when, {})

    @routes.get(
        "/files/{sha256}",
        dependencies=[Depends(require("statement.read"))],
        responses={**problem_responses(404), 200: {"content": {"application/octet-stream": {}}}},
        response_class=Response,
    )
    async def read_file(sha256: Sha256) -> Response:
        """A file's bytes as they came or went."""
        content = await payments.files.get(sha256)
        if content is None:
            raise not_found("file with this SHA-256")
        return Response(content, media_type="application/octet-stream")

    @routes.post("/voucher-exports", status_code=201, responses=_ANSWERS)
    async def export_vouchers(
        sent: ExportVouchers, commanded: Annotated[Command, Depends(command("voucher.export"))]
    ) -> Response:
        """Write the vouchers of a month that no file holds yet."""
        return respond(await books.export_vouchers(commanded, sent.period, sent.profile), 201)

    @routes.post("/acknowledgements", responses=_ANSWERS, openapi_extra=CSV_BODY)
    async def import_acknowledgement(
        request: Request,
        profile: Annotated[Slug, Query()],
        year: Annotated[int, Query(ge=2020, le=2100, description="The year of the vouchers' series")],
        commanded: Annotated[Command, Depends(command("voucher.acknowledge"))],
    ) -> Response:
        """Take the back office's answer on vouchers: accepted ones and failed ones, with the reason. Only those that it
        names move.
        """
        return respond(await books.import_acknowledgement(commanded, profile, year, await request.body()))

    @routes.get("/vouchers", dependencies=[Depends(require("statement.read"))], responses=problem_responses(404))
    async def list_vouchers(
        asked: Asked,
        when: When,
        year: Annotated[int, Query(ge=2020, le=2100, description="The year of the vouchers' series")],
        state: VoucherState | None = None,
    ) -> dict[str, Any]:
        """The vouchers that went out in a year, by number, with what the back office answered last on each."""
        position = await when.resolve(ledger)
        start = asked.after(int)
        first = 1 if start is None else int(start[0]) + 1
        rows = await books.vouchers_of(year, position, state, first, asked.rows)
        shown, following = cut_page(rows, asked, lambda row: (row["number"],))
        return {"items": list(shown), "next": following, "position": position}

    @routes.post("/postings", responses=_ANSWERS, openapi_extra=CSV_BODY)
    async def import_postings(
        request: Request,
        period: Annotated[Period, Query()],
        profile: Annotated[Slug, Query()],
        commanded: Annotated[Command, Depends(command("posting.import"))],
        take: Annotated[Take, Query()] = "all_or_nothing",
    ) -> Response:
        """Take the back office's postings of a month, whole or, with `take=good_lines`, without the bad lines, which
        the answer lists in `left_out`. CSV and fixed width, and .xlsx by a profile with a header line.
        """
        return respond(await books.import_postings(commanded, period, profile, await request.body(), take))

    return routes
