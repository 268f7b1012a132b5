"""Drafts over HTTP: saved step by step at the version that was seen, and sent as they stand."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from schemas.facts import Contract
from schemas.identifiers import Slug
from services.intake.handlers import Drafts
from services.intake.handlers.drafts import Draft, listed, shown
from services.web.commands import Command, command, respond
from services.web.identity import Identity
from services.web.pages import PageRequest, cut_page, page_request
from services.web.permissions import require
from services.web.preconditions import etag, required_if_match
from services.web.problems import problem_responses

from .ownership import own_of

_ANSWERS = problem_responses(404, 409, 412)
Drafting = Annotated[Command, Depends(command("application.draft"))]


class BeginDraft(Contract):
    """The call, and what is known of the application so far."""

    call_id: Slug
    content: dict[str, Any] = Field(default_factory=dict)


class SaveDraft(Contract):
    """The whole content: fields as an application has them, in whatever state they are."""

    content: dict[str, Any]


class CopyDraft(Contract):
    """The call to which the content is copied."""

    call_id: Slug


def router(drafts: Drafts) -> APIRouter:
    """An applicant's drafts."""
    routes = APIRouter(prefix="/drafts", tags=["drafts"])

    async def told(draft: Draft, response: Response) -> dict[str, Any]:
        response.headers["ETag"] = etag(draft.version)
        return shown(draft, await drafts.errors(draft))

    @routes.post("", status_code=201, responses=_ANSWERS)
    async def begin_draft(sent: BeginDraft, response: Response, commanded: Drafting) -> dict[str, Any]:
        """Begin a draft for a call."""
        association = own_of(commanded.identity, "application.draft", None)
        return await told(await drafts.begin(commanded, association, sent.call_id, sent.content), response)

    @routes.get("")
    async def list_drafts(
        asked: Annotated[PageRequest, Depends(page_request)],
        identity: Annotated[Identity, Depends(require("application.draft"))],
    ) -> dict[str, Any]:
        """The association's drafts; reading one tells what is wrong in it."""
        start = asked.after(str)
        after = None if start is None else str(start[0])
        rows = await drafts.page(own_of(identity, "application.draft", None), after, asked.rows)
        items, following = cut_page(rows, asked, lambda draft: (str(draft.draft_id),))
        return {"items": [listed(draft) for draft in items], "next": following}

    @routes.get("/{draft_id}", responses=problem_responses(404))
    async def read_draft(
        draft_id: UUID, response: Response, identity: Annotated[Identity, Depends(require("application.draft"))]
    ) -> dict[str, Any]:
        """One draft with everything that is wrong or missing in it."""
        return await told(await drafts.read(own_of(identity, "application.draft", None), draft_id), response)

    @routes.put("/{draft_id}", responses=problem_responses(404, 409, 412, 428))
    async def save_draft(
        draft_id: UUID,
        sent: SaveDraft,
        response: Response,
        version: Annotated[int, Depends(required_if_match)],
        commanded: Drafting,
    ) -> dict[str, Any]:
        """Save the whole content over the version that was seen (If-Match)."""
        association = own_of(commanded.identity, "application.draft", None)
        return await told(await drafts.save(commanded, association, draft_id, version, sent.content), response)

    @routes.delete("/{draft_id}", status_code=204, responses=_ANSWERS)
    async def remove_draft(draft_id: UUID, commanded: Drafting) -> Response:
        """Remove a draft for good, by If-Match only as it was seen."""
        await drafts.remove(commanded, own_of(commanded.identity, "application.draft", None), draft_id)
        return Response(status_code=204)

    @routes.post("/{draft_id}/copies", status_code=201, responses=_ANSWERS)
    async def copy_draft(draft_id: UUID, sent: CopyDraft, response: Response, commanded: Drafting) -> dict[str, Any]:
        """Copy a draft, one of a closed call for example, to another call."""
        association = own_of(commanded.identity, "application.draft", None)
        return await told(await drafts.copy(commanded, association, draft_id, sent.call_id), response)

    @routes.post("/{draft_id}/submission", status_code=201, responses=_ANSWERS)
    async def send_draft(
        draft_id: UUID, commanded: Annotated[Command, Depends(command("application.submit"))]
    ) -> Response:
        """Send a draft as it stands, by If-Match only as it was seen. The moment of sending counts; a draft of a closed
        call cannot be sent.
        """
        association = own_of(commanded.identity, "application.submit", None)
        return respond(await drafts.send(commanded, association, draft_id), 201)

    return routes
