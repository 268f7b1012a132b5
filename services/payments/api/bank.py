"""What the bank answers, over HTTP: its files, the row of its statements, and the codes for what it does not pay."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from schemas.identifiers import Iban, Sha256
from services.ledger import Ledger
from services.payments.bank.reason_codes import reason_codes
from services.payments.bank_files import BankFiles
from services.web.commands import AsOf, Command, as_of, command, register_page, respond
from services.web.pages import PageRequest, page_request
from services.web.permissions import require
from services.web.problems import problem_responses

Asked = Annotated[PageRequest, Depends(page_request)]
When = Annotated[AsOf, Depends(as_of)]
_ANSWERS = problem_responses(404, 409, 412)
XML_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/xml": {"schema": {"type": "string"}}}}
}


def router(bank_files: BankFiles, ledger: Ledger) -> APIRouter:
    """Files from the bank in, what each says, what is missing between statements, and the reason codes."""
    routes = APIRouter(tags=["files"])

    @routes.post("/bank-files", responses=_ANSWERS, openapi_extra=XML_BODY)
    async def import_bank_file(
        request: Request, commanded: Annotated[Command, Depends(command("bank_file.import"))]
    ) -> Response:
        """Take a pain.002, camt.053 or camt.054 whole. The answer tells its effects, what is not ours (`others`), what
        is missing between the statements (`gaps`) and what a person should look at (`warnings`).
        """
        return respond(await bank_files.take(commanded, await request.body()))

    @routes.get(
        "/bank-files/{sha256}",
        dependencies=[Depends(require("statement.read"))],
        responses=problem_responses(404),
    )
    async def read_bank_file(sha256: Sha256) -> dict[str, Any]:
        """What a file from the bank says, read anew from its bytes: statements, entries that are not ours, and the
        status of each payment.
        """
        return await bank_files.show(sha256)

    @routes.get("/statements", dependencies=[Depends(require("statement.read"))])
    async def list_statements(
        asked: Asked,
        when: When,
        iban: Annotated[Iban | None, Query()] = None,
        *,
        gaps: Annotated[bool, Query(description="Only those before which something is missing as of then")] = False,
    ) -> dict[str, Any]:
        """The statements that came, as of a moment, with what each told of the row. With `gaps` only those before which
        statements are missing as of then, or whose balance does not follow, each with a sentence.
        """
        if gaps:
            return await bank_files.gaps(asked, await when.resolve(ledger), iban)
        return await register_page(ledger, "statements", asked, when, {"iban": iban})

    @routes.get("/reason-codes", dependencies=[Depends(require("statement.read"))])
    async def list_reason_codes() -> dict[str, Any]:
        """Why a bank does not pay or sends back: each code in Finnish and English, and what a person does next."""
        return {"items": [each.shown() for each in reason_codes().values()], "next": None}

    return routes
