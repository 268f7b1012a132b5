"""What every request must be before a route sees it: not too large, and without the character U+0000.

U+0000 is refused here because the databases' text cannot hold it: a value with one in it would fail deep
inside a command instead of being refused with a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.web.problems import Problem, problem_response

BODY_BYTES_MAX: Final = 2 * 1024 * 1024

_NUL_IN_ADDRESS: Final = re.compile(rb"%00")
_NUL_IN_JSON: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """How many bytes a body may have: by the path's start (the longest that fits counts), else `default`."""

    default: int = BODY_BYTES_MAX
    by_path: Mapping[str, int] = field(default_factory=dict)

    def of(self, path: str) -> int:
        """The limit for this path, in bytes."""
        fitting = [start for start in self.by_path if path.startswith(start)]
        return self.by_path[max(fitting, key=len)] if fitting else self.default


class RequestGuard:
    """ASGI middleware. Refuses a body over its limit (413) by its declared length, or as soon as more has
    come, and U+0000 in the address or in a JSON body (400).

    A JSON body is gathered before the route runs; any other is counted while it streams.
    """

    def __init__(self, app: ASGIApp, limits: BodyLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limits.of(scope["path"])
        try:
            _check_address(scope)
            headers = Headers(scope=scope)
            _check_declared_length(headers, limit)
            guarded = await _gathered(receive, limit) if _is_json(headers) else _counted(receive, limit)
        except Problem as problem:
            await problem_response(problem)(scope, receive, send)
            return
        await self._app(scope, guarded, send)


def _is_json(headers: Headers) -> bool:
    return "json" in headers.get("content-type", "").lower()


def _check_address(scope: Scope) -> None:
    if "\0" in scope["path"] or _NUL_IN_ADDRESS.search(scope["query_string"]):
        raise _malformed("The address holds the character U+0000 (%00), which no value here can have.")


def _check_declared_length(headers: Headers, limit: int) -> None:
    declared = headers.get("content-length", "0")
    if not declared.isdecimal():
        raise _malformed("The header Content-Length should be a number of bytes.")
    if int(declared) > limit:
        raise _too_large(limit)


async def _gathered(receive: Receive, limit: int) -> Receive:
    """Reads the whole body, refuses U+0000 in it, and gives it to the application as one message."""
    body = bytearray()
    message = await receive()
    while message["type"] == "http.request":
        body += message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            break
        message = await receive()
    if _NUL_IN_JSON.search(body):
        raise _malformed("The body holds the character U+0000, which no text here can have.")
    ready: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]
    if message["type"] != "http.request":
        ready = [message]

    async def replay() -> Message:
        return ready.pop() if ready else await receive()

    return replay


def _counted(receive: Receive, limit: int) -> Receive:
    """Passes the body on as it comes and stops when more than `limit` has come.

    It stops by an HTTPException, because that alone passes through FastAPI's reading of forms unchanged.
    """
    count = 0

    async def counted() -> Message:
        nonlocal count
        message = await receive()
        count += len(message.get("body", b""))
        if count > limit:
            raise HTTPException(413)
        return message

    return counted


def _too_large(limit: int) -> Problem:
    return Problem(
        413,
        "body-too-large",
        "The body is too large",
        f"The body should be at most {limit} bytes at this address.",
    )


def _malformed(detail: str) -> Problem:
    return Problem(400, "malformed-request", "The request cannot be read", detail)
