"""Mails to applicants over HTTP: what was sent, what was not and why, and trying again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends

from schemas.refusals import conflict, not_found
from services.intake.messages import MessageUnknown, NotRetriable, State, list_messages, retry
from services.ledger import Ledger
from services.web.pages import PageRequest, cut_page, page_request
from services.web.permissions import require
from services.web.problems import problem_responses


def router(ledger: Ledger) -> APIRouter:
    """The list of mails, without addresses, and retrying one."""
    routes = APIRouter(prefix="/messages", tags=["messages"])

    @routes.get("", dependencies=[Depends(require("message.read"))])
    async def list_all(
        asked: Annotated[PageRequest, Depends(page_request)],
        state: State | None = None,
        application_id: UUID | None = None,
    ) -> dict[str, Any]:
        """Mails in the order of what they tell of. An addressee is looked up when a mail is sent, and not kept."""
        start = asked.after(int, str)
        rows = await list_messages(
            ledger,
            state=state,
            application_id=None if application_id is None else str(application_id),
            after=None if start is None else (int(start[0]), str(start[1])),
            limit=asked.rows,
        )
        shown, following = cut_page(rows, asked, lambda message: message.key)
        return {"items": [asdict(message) for message in shown], "next": following}

    @routes.post(
        "/{message_id}/retry",
        dependencies=[Depends(require("message.retry"))],
        responses=problem_responses(404, 409),
    )
    async def retry_message(message_id: UUID) -> dict[str, Any]:
        """Queue a mail again that failed or had no addressee."""
        try:
            await retry(ledger, message_id)
        except MessageUnknown as error:
            raise not_found("such message") from error
        except NotRetriable as error:
            raise conflict("not-retriable", str(error)) from error
        return {"message_id": str(message_id), "state": "queued"}

    return routes
