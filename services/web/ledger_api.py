"""What every service with a ledger shows of it: checkpoint, key, tiles, export, registers, parked messages."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

from schemas.refusals import conflict, not_found
from services.ledger import Ledger, Verifier
from services.ledger.checkpointing import latest
from services.ledger.export import export_lines
from services.ledger.parking import Attendant, NotFirst, NotParked, Retried, list_parked
from services.ledger.proofs import Proofs, TableSource, TileAddress
from services.ledger.records import encode_moment
from services.web.commands import POSITION_MAX, AsOf, as_of, register_page
from services.web.pages import PageRequest, cut_page, page_request
from services.web.permissions import require
from services.web.problems import problem_responses

NDJSON: dict[int | str, dict[str, Any]] = {200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}}
TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}


def routers(ledger: Ledger, verifier: Verifier, attendant: Attendant) -> Sequence[APIRouter]:
    """The routes."""
    return [
        _proofs(ledger, verifier),
        _export(ledger),
        _registers(ledger),
        _parked(ledger, attendant),
    ]


def _proofs(ledger: Ledger, verifier: Verifier) -> APIRouter:
    routes = APIRouter(prefix="/ledger", tags=["ledger"], dependencies=[Depends(require("ledger.read"))])

    @routes.get("/checkpoint", response_class=PlainTextResponse, responses={**TEXT, **problem_responses(404)})
    async def read_checkpoint() -> str:
        """The newest signed checkpoint (C2SP signed note)."""
        note = await latest(ledger)
        if note is None:
            raise not_found("checkpoint yet: the ledger is empty")
        return note

    @routes.get("/head")
    async def read_head() -> dict[str, Any]:
        """Where the ledger stands: its size, the moment of its last event, and the Merkle root, signed or not."""
        head = await ledger.head()
        recorded_at = None if head.recorded_at is None else encode_moment(head.recorded_at)
        return {"size": head.size, "recorded_at": recorded_at, "root": b64encode(head.root).decode()}

    @routes.get("/key", response_class=PlainTextResponse, responses=TEXT)
    async def read_key() -> str:
        """The public key that checkpoints are checked with, as name+id+key."""
        return verifier.vkey()

    @routes.get("/tile/{path:path}", response_class=Response, responses={**BYTES, **problem_responses(404)})
    async def read_tile(path: Annotated[str, Path(max_length=100)]) -> Response:
        """A tile of the Merkle tree (C2SP tlog-tiles)."""
        try:
            address = TileAddress.parse(path)
        except ValueError as error:
            raise not_found(f"such tile: {error}") from error
        content = await Proofs(TableSource(ledger.pool)).tile(address)
        if content is None:
            raise not_found("such tile yet")
        return Response(content, media_type="application/octet-stream")

    return routes


def _export(ledger: Ledger) -> APIRouter:
    routes = APIRouter(prefix="/ledger", tags=["ledger"], dependencies=[Depends(require("ledger.read"))])

    @routes.get("/events.jsonl", response_class=StreamingResponse, responses=NDJSON)
    async def export_events(
        up_to: Annotated[int | None, Query(ge=0, le=POSITION_MAX)] = None,
    ) -> StreamingResponse:
        """Every event's exact bytes, one a line, from the first on."""
        last = min((await ledger.head()).size, POSITION_MAX if up_to is None else up_to)

        async def lines() -> AsyncIterator[bytes]:
            connection = await ledger.connect()
            try:
                async for line in export_lines(connection, up_to=last):
                    yield line
            finally:
                connection.terminate()

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    return routes


def _registers(ledger: Ledger) -> APIRouter:
    routes = APIRouter(tags=["registers"], dependencies=[Depends(require("register.read"))])

    @routes.get("/registers")
    async def list_registers() -> list[str]:
        """The names of the registers."""
        return sorted(ledger.registers.names)

    @routes.get("/registers/{name}", responses=problem_responses(404))
    async def read_register(
        name: Annotated[str, Path(max_length=64, pattern="^[a-z_]+$")],
        asked: Annotated[PageRequest, Depends(page_request)],
        when: Annotated[AsOf, Depends(as_of)],
    ) -> dict[str, Any]:
        """A register as of a position or moment."""
        if name not in ledger.registers.names:
            raise not_found(f"register of this name: there are {', '.join(sorted(ledger.registers.names))}")
        return await register_page(ledger, name, asked, when, {})

    return routes


def _parked(ledger: Ledger, attendant: Attendant) -> APIRouter:
    routes = APIRouter(prefix="/parked", tags=["parked messages"])

    @routes.get("", dependencies=[Depends(require("parked.read"))])
    async def list_messages(asked: Annotated[PageRequest, Depends(page_request)]) -> dict[str, Any]:
        """Messages that could not be handled, with their reasons."""
        start = asked.after(int)
        after = int(start[0]) if start is not None else 0
        rows = await list_parked(ledger, after=after, limit=asked.rows)
        shown, following = cut_page(rows, asked, lambda row: (row.number,))
        return {"items": [asdict(row) for row in shown], "next": following}

    @routes.post("/retry", dependencies=[Depends(require("parked.retry"))])
    async def retry_all() -> dict[str, Any]:
        """Try every parked message again, oldest first in each queue."""
        return _told(await attendant.retry())

    @routes.post(
        "/{number}/retry",
        dependencies=[Depends(require("parked.retry"))],
        responses=problem_responses(404, 409),
    )
    async def retry_one(number: Annotated[int, Path(ge=1, le=POSITION_MAX)]) -> dict[str, Any]:
        """Try one parked message again, and those behind it."""
        try:
            return _told(await attendant.retry_number(number))
        except NotParked as error:
            raise not_found(f"parked message {number}") from error
        except NotFirst as error:
            raise conflict("not-first", str(error)) from error

    return routes


def _told(retried: Retried) -> dict[str, Any]:
    return {"released": retried.released, "failed": {str(n): reason for n, reason in retried.failed.items()}}
