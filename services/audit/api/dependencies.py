"""What the routes of audit share: the parts they use, and the disclosure that each of them leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, cast

from asgi_correlation_id import correlation_id
from fastapi import Depends, Path, Request
from starlette.responses import StreamingResponse

from services.audit.settings import Source
from services.audit.verification import Verification
from services.audit.views import Views
from services.web.clock import Clock
from services.web.identity import Identity
from services.web.permissions import require
from services.web.problems import Problem

JSON_LINES: Final = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Audit:
    """The parts of audit that its routes use."""

    views: Views
    verification: Verification
    sources: dict[str, Source]
    clock: Clock


def audit_of(request: Request) -> Audit:
    """FastAPI dependency: the parts of the running service."""
    return cast(Audit, request.app.state.audit)


Parts = Annotated[Audit, Depends(audit_of)]


def disclosed(action: str) -> Callable[..., Awaitable[Identity]]:
    """FastAPI dependency: somebody who may do `action`, whose look is noted."""
    guard = Depends(require(action))

    # The guard is a default, since an annotation is read where the variables of this function are not known.
    async def dependency(request: Request, audit: Parts, identity: Identity = guard) -> Identity:
        query = {name: request.query_params.getlist(name) for name in sorted(request.query_params.keys())}
        await audit.views.disclose(
            audit.clock(), identity.person, sorted(identity.roles), action, request.url.path,
            {**query, **request.path_params}, correlation_id.get(),
        )  # fmt: skip
        return identity

    return dependency


async def known_source(source: Annotated[str, Path(max_length=63)], audit: Parts) -> str:
    """FastAPI dependency: the name of a watched ledger; raises Problem 404."""
    if source not in audit.sources:
        raise not_found("ledger", f"The watched ledgers are {', '.join(sorted(audit.sources))}.")
    return source


SourceName = Annotated[str, Depends(known_source)]


def not_found(kind: str, detail: str) -> Problem:
    """Nothing of this kind is there."""
    return Problem(404, f"{kind}-not-found", "Not found", detail)


def json_lines(lines: Any, name: str) -> StreamingResponse:
    """Lines that are streamed as a file."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(lines, media_type=JSON_LINES, headers=headers)
