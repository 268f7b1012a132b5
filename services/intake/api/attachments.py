"""Attachments over HTTP: bytes in, bytes out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from schemas.identifiers import BusinessId, Name, Slug
from schemas.refusals import invalid, not_found
from services.intake.handlers import Attachments
from services.intake.storage.limits import DEFAULT_LIMITS, FIELD, too_large
from services.ledger import Ledger
from services.web.commands import AsOf, Command, as_of, register_page, respond
from services.web.idempotency import IdempotencyKey, KeyHeader, fingerprint_of
from services.web.identity import Credentials, Identity, identify
from services.web.pages import PageRequest, page_request
from services.web.permissions import Guard, limited_to, require
from services.web.preconditions import SeenHeader, parse_if_match
from services.web.problems import problem_responses

from .ownership import own_of

PATH: Final = "/v1/attachments"
_BINARY: Final = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_BODY: Final[dict[str, Any]] = {"requestBody": {"required": True, "content": _BINARY}}
_BYTES: Final[dict[int | str, dict[str, Any]]] = {200: {"content": _BINARY}}


class UploadGuard(Guard):
    """A FastAPI dependency: a command whose body is not read yet. Its key, where one was sent, has the fingerprint of
    the request without the body, which may be large: the handler adds the content's hash.
    """

    async def __call__(
        self,
        request: Request,
        credentials: Credentials,
        key: KeyHeader = None,
        seen: SeenHeader = None,
    ) -> Command:
        identity = self.admit(await identify(request, credentials))
        kept = None if key is None else IdempotencyKey(key, identity.person, fingerprint_of(request, b""))
        return Command(identity, kept, parse_if_match(seen))


def router(attachments: Attachments, ledger: Ledger) -> APIRouter:
    """Storing, listing, reading back."""
    routes = APIRouter(prefix="/attachments", tags=["attachments"])

    @routes.post("", status_code=201, responses=problem_responses(404, 409, 412), openapi_extra=_BODY)
    async def store_attachment(
        request: Request,
        kind: Annotated[Slug, Query(description="What it is, by the call's list")],
        name: Annotated[Name, Query(description="Its file name; told again, never used as a path")],
        commanded: Annotated[Command, Depends(UploadGuard("attachment.store"))],
        association_id: Annotated[BusinessId | None, Query(description="Whose it is; officers name it")] = None,
    ) -> Response:
        """Store a file (the body). Its type is found from its content; what is too large or of another type is refused
        at once.
        """
        whose = own_of(commanded.identity, "attachment.store", association_id)
        if request.headers.get("content-type", "").lower().startswith("multipart/"):
            raise invalid(
                "attachment-in-a-form", "the body is the file itself: send it without a form around it", FIELD
            )
        return respond(await attachments.take(commanded, whose, kind, name, _chunks(request)), 201)

    @routes.get("")
    async def list_attachments(
        asked: Annotated[PageRequest, Depends(page_request)],
        when: Annotated[AsOf, Depends(as_of)],
        identity: Annotated[Identity, Depends(require("attachment.read"))],
        association_id: BusinessId | None = None,
    ) -> dict[str, Any]:
        """The attachments that the caller may see, as of a moment."""
        limit = limited_to(identity, "attachment.read")
        if limit is not None and association_id not in {None, limit}:
            raise not_found("such association")
        return await register_page(ledger, "attachments", asked, when, {"association_id": limit or association_id})

    @routes.get(
        "/{attachment_id}/content",
        response_class=StreamingResponse,
        responses={**_BYTES, **problem_responses(404)},
    )
    async def read_content(
        attachment_id: UUID, identity: Annotated[Identity, Depends(require("attachment.read"))]
    ) -> StreamingResponse:
        """The bytes of an attachment, always as a file to save."""
        limit = limited_to(identity, "attachment.read")
        found = await attachments.find(attachment_id)
        if limit not in {None, found.association_id}:
            raise not_found("such attachment")
        chunks = await attachments.content(attachment_id)
        headers = {"Content-Disposition": "attachment", "Content-Length": str(found.file.size_bytes)}
        return StreamingResponse(chunks, media_type="application/octet-stream", headers=headers)

    return routes


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes. What grows over the service's limit without having said so is told the limit of files."""
    try:
        async for chunk in request.stream():
            yield chunk
    except HTTPException as error:
        if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise too_large(DEFAULT_LIMITS) from error
        raise
