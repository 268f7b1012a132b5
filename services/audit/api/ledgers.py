"""One watched ledger: how far it is mirrored, its checkpoints, proofs, streams and export."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from services.audit.documents import (
    CheckpointDocument,
    ConsistencyDocument,
    EventDocument,
    ProofDocument,
    ProvenEvent,
    ReceiptDocument,
    SourceDocument,
    Sources,
    StreamDocument,
)
from services.audit.domain.streams import merged
from services.audit.proving import proofs_of
from services.audit.views import POSITION_MAX, checkpoint_document
from services.ledger.proofs import TileAddress
from services.ledger.receipts import build_receipt
from services.ledger.tree import TILE_WIDTH, leaf_hash
from services.web.commands import AsOf, as_of
from services.web.identity import Identity
from services.web.problems import problem_responses

from .dependencies import JSON_LINES, Audit, Parts, SourceName, disclosed, json_lines, not_found

router = APIRouter(prefix="/v1", tags=["ledgers"])

Prover = Annotated[Identity, Depends(disclosed("proof.read"))]
Querier = Annotated[Identity, Depends(disclosed("event.query"))]
Exporter = Annotated[Identity, Depends(disclosed("export.read"))]
Size = Annotated[int, Query(ge=1, le=POSITION_MAX)]
NOT_FOUND: Final = problem_responses(404)


@router.get("/sources")
async def list_sources(audit: Parts, _: Querier) -> Sources:
    """How far each ledger is mirrored, and how far behind the mirror is."""
    return Sources(items=[SourceDocument.model_validate(one) for one in await audit.views.sources()])


@router.get("/sources/{source}/checkpoint", response_class=PlainTextResponse, responses=NOT_FOUND)
async def read_checkpoint(source: SourceName, audit: Parts, _: Prover) -> Any:
    """The newest witnessed checkpoint that the mirror covers, as a signed note."""
    return PlainTextResponse((await _covering_checkpoint(audit, source))["note"])


@router.get("/sources/{source}/key", response_class=PlainTextResponse, responses=NOT_FOUND)
async def read_key(source: SourceName, audit: Parts, _: Prover) -> Any:
    """The ledger's public key, as one line (C2SP signed-note)."""
    return PlainTextResponse(audit.sources[source].verifier.vkey() + "\n")


@router.get(
    "/sources/{source}/tile/{path:path}",
    response_class=Response,
    responses={
        **NOT_FOUND,
        200: {"content": {"application/octet-stream": {}}, "description": "Hashes of 32 bytes"},
    },
)
async def read_tile(source: SourceName, path: Annotated[str, Path(max_length=60)], audit: Parts, _: Prover) -> Any:
    """A tile of hashes (C2SP tlog-tiles): `<level>/<number>`, or `<level>/<number>.p/<width>` for an
    incomplete one.
    """
    try:
        address = TileAddress.parse(path)
    except ValueError as error:
        raise not_found("tile", f"There is no such tile: {error}.") from error
    end = (address.number * TILE_WIDTH + address.width) * TILE_WIDTH**address.level
    if end > await audit.views.size(source):
        raise not_found("tile", "The mirror does not hold enough events for this tile yet.")
    content = await proofs_of(audit.views.pool, source).tile(address)
    if content is None:
        raise not_found("tile", "The mirror does not hold this tile yet.")
    return Response(content, media_type="application/octet-stream")


@router.get("/sources/{source}/events/{position}", responses=NOT_FOUND)
async def read_event(
    source: SourceName, position: Annotated[int, Path(ge=1, le=POSITION_MAX)], audit: Parts, _: Prover
) -> ProvenEvent:
    """One event, with the proof that it is in the ledger as the newest witnessed checkpoint signs it."""
    row = await audit.views.event(source, position)
    if row is None:
        raise not_found("event", f"The mirror of {source} has no event at this position.")
    checkpoint = await audit.views.newest_checkpoint(source, await audit.views.size(source))
    covered = checkpoint is not None and position <= checkpoint["size"]
    [document] = await audit.views.shown([row])
    return ProvenEvent(
        event=EventDocument.model_validate(document),
        body=row["body"].decode(),
        proof=await _proof(audit, row, checkpoint["size"]) if covered else None,
        checkpoint=CheckpointDocument.model_validate(checkpoint_document(checkpoint)) if covered else None,
    )


@router.get("/sources/{source}/consistency", responses=NOT_FOUND)
async def read_consistency(source: SourceName, old: Size, new: Size, audit: Parts, _: Prover) -> ConsistencyDocument:
    """Proof that the ledger of `new` events begins with the ledger of `old` events."""
    size = await audit.views.size(source)
    if not old <= new <= size:
        raise not_found("size", f"A proof goes from an old to a new size of at most {size}, the size of the mirror.")
    tree = proofs_of(audit.views.pool, source)
    return ConsistencyDocument(
        old=old,
        new=new,
        old_root=(await tree.root(old)).hex(),
        new_root=(await tree.root(new)).hex(),
        path=_encoded(await tree.consistency(old, new)),
    )


@router.get(
    "/sources/{source}/export.jsonl",
    response_class=StreamingResponse,
    responses={**NOT_FOUND, 200: {"content": {JSON_LINES: {}}, "description": "One event's body a line"}},
)
async def export_ledger(
    source: SourceName,
    audit: Parts,
    _: Exporter,
    size: Annotated[int | None, Query(ge=1, le=POSITION_MAX, description="Up to this size instead")] = None,
) -> Any:
    """All bodies as they are hashed, in order, up to the newest checkpoint that the mirror covers."""
    checkpoint = await _covering_checkpoint(audit, source)
    last = checkpoint["size"] if size is None else min(size, await audit.views.size(source))
    return json_lines(audit.views.export_ledger(source, last), f"{source}.jsonl")


@router.get("/sources/{source}/streams/{stream:path}", responses={**NOT_FOUND, **problem_responses(400)})
async def read_stream(
    source: SourceName,
    stream: Annotated[str, Path(max_length=300)],
    moment: Annotated[AsOf, Depends(as_of)],
    audit: Parts,
    _: Querier,
) -> StreamDocument:
    """A stream as of a position or moment: all its events until then, and their data merged."""
    events = await audit.views.stream(source, stream, moment.position, moment.moment)
    if not events:
        raise not_found("stream", f"The mirror of {source} has no such stream as of then.")
    return StreamDocument(
        source=source,
        stream=stream,
        version=events[-1]["version"],
        events=[EventDocument.model_validate(event) for event in events],
        state=merged(event["data"] for event in events),
    )


@router.get("/receipts/{application_id}", responses=NOT_FOUND)
async def read_receipt(
    application_id: Annotated[str, Path(min_length=1, max_length=200)], audit: Parts, _: Prover
) -> ReceiptDocument:
    """The receipt of an application: proof without a network that it is in the ledger."""
    row = await audit.views.submitted(application_id)
    if row is None or row["source"] not in audit.sources:
        raise not_found("application", "The mirror has no application of this id.")
    checkpoint = await _covering_checkpoint(audit, row["source"])
    if row["position"] > checkpoint["size"]:
        raise not_found("checkpoint", "No checkpoint covers the application yet. Try again in a few seconds.")
    path = await proofs_of(audit.views.pool, row["source"]).inclusion(row["position"], checkpoint["size"])
    vkey = audit.sources[row["source"]].verifier.vkey()
    receipt = build_receipt(row["source"], row["body"], checkpoint["size"], path, checkpoint["note"], vkey)
    return ReceiptDocument.model_validate(receipt)


async def _covering_checkpoint(audit: Audit, source: str) -> Any:
    checkpoint = await audit.views.newest_checkpoint(source, await audit.views.size(source))
    if checkpoint is None:
        raise not_found("checkpoint", f"No checkpoint of {source} was witnessed yet. Try again in a few seconds.")
    return checkpoint


async def _proof(audit: Audit, row: Any, size: int) -> ProofDocument:
    path = await proofs_of(audit.views.pool, row["source"]).inclusion(row["position"], size)
    return ProofDocument(index=row["position"] - 1, size=size, path=_encoded(path), leaf=leaf_hash(row["body"]).hex())


def _encoded(path: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(part).decode() for part in path]
