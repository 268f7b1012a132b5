"""Questions about events of all ledgers together."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import StreamingResponse

from schemas.facts import Moment
from schemas.money import Money
from services.audit.documents import EventDocument
from services.audit.domain.filters import EventFilter
from services.audit.views import POSITION_MAX
from services.ledger.records import encode_moment
from services.web.commands import bounded
from services.web.identity import Identity
from services.web.pages import Page, PageRequest, cut_page, page_request
from services.web.problems import Problem, problem_responses
from services.web.validation import FieldError

from .dependencies import JSON_LINES, Parts, disclosed, json_lines

router = APIRouter(prefix="/v1", tags=["events"])

Word = Annotated[str | None, Query(min_length=1, max_length=200)]
Amount = Annotated[Money | None, Query(description='Such as "1234.50 EUR"', examples=["1234.50 EUR"])]
Position = Annotated[int | None, Query(ge=1, le=POSITION_MAX)]
Auditor = Annotated[Identity, Depends(disclosed("event.query"))]


async def event_filter(
    *,
    source: Word = None,
    type: Word = None,
    stream: Word = None,
    actor: Word = None,
    application_id: Word = None,
    association_id: Word = None,
    diary_number: Word = None,
    municipality: Word = None,
    amount_min: Amount = None,
    amount_max: Amount = None,
    recorded_from: Annotated[Moment | None, Query(alias="from", description="Recorded then or later")] = None,
    recorded_before: Annotated[Moment | None, Query(alias="to", description="Recorded before then")] = None,
    position_min: Position = None,
    position_max: Position = None,
) -> EventFilter:
    """FastAPI dependency: any combination of conditions."""
    return EventFilter(
        source, type, stream, actor, application_id, association_id, diary_number, municipality, amount_min,
        amount_max, bounded(recorded_from), bounded(recorded_before), position_min, position_max,
    )  # fmt: skip


Filter = Annotated[EventFilter, Depends(event_filter)]


@router.get("/events", responses=problem_responses(400))
async def list_events(
    asked: Filter, page: Annotated[PageRequest, Depends(page_request)], audit: Parts, _: Auditor
) -> Page[EventDocument]:
    """Events by recorded time, then ledger, then position. An event that reaches the mirror late, with a
    recorded time before the cursor's, is not on the pages that follow.
    """
    rows = await audit.views.events(asked, _sort_key(page), page.rows)
    shown, following = cut_page(
        rows, page, lambda row: (encode_moment(row["recorded_at"]), row["source"], row["position"])
    )
    items = [EventDocument.model_validate(document) for document in await audit.views.shown(shown)]
    return Page[EventDocument](items=items, next=following)


@router.get(
    "/events/export.jsonl",
    response_class=StreamingResponse,
    responses={200: {"content": {JSON_LINES: {}}, "description": "One event a line"}},
)
async def export_events(asked: Filter, audit: Parts, _: Annotated[Identity, Depends(disclosed("export.read"))]) -> Any:
    """All events that fulfil the conditions, in the order of the list, as JSON Lines."""
    return json_lines(audit.views.export_events(asked), "events.jsonl")


def _sort_key(page: PageRequest) -> tuple[datetime, str, int] | None:
    key = page.after(str, str, int)
    if key is None:
        return None
    moment, source, position = key
    try:
        return datetime.fromisoformat(str(moment)).astimezone(), str(source), int(position)
    except (ValueError, OverflowError) as error:
        right = "should be `next` of the page before, unchanged"
        fault = FieldError("/cursor", right, "query")
        raise Problem(400, "cursor-invalid", "The cursor cannot be used", f"The cursor {right}.", [fault]) from error
