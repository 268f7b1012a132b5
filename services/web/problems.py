"""Errors over HTTP: problem details (RFC 9457) whose `type` never changes.

    Problem       what a handler raises to answer with a problem document

Everything else that goes wrong is answered with the same document: errors of validation (422), broken
JSON (400), what the router answers (404, 405) and what nobody expected (500, with a correlation id and
not one word of the exception). A document tells what was wrong, where, and what would be right. It never
repeats the value that was sent.
"""

from __future__ import annotations

import http
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

import structlog
from asgi_correlation_id import correlation_id
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from services.web.validation import FieldError, Place, explain, is_broken_json, where_json_breaks

PROBLEM_TYPE_PREFIX: Final = "urn:grant-ledger:problem:"
PROBLEM_MEDIA_TYPE: Final = "application/problem+json"
CORRELATION_HEADER: Final = "X-Correlation-ID"

Raised = TypeVar("Raised", bound=Exception)

_log = structlog.get_logger(__name__)


class FieldErrorDocument(BaseModel):
    """One thing that is wrong in a request."""

    model_config = ConfigDict(populate_by_name=True)

    place: Place = Field(alias="in", description="The part of the request that `pointer` points into")
    pointer: str = Field(description="JSON pointer (RFC 6901); empty for the whole")
    detail: str = Field(description="What would be right")


class ProblemDocument(BaseModel):
    """Problem details as in RFC 9457."""

    type: str = Field(
        description="Stable identifier of the kind of problem", examples=[PROBLEM_TYPE_PREFIX + "not-found"]
    )
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    errors: list[FieldErrorDocument] | None = None
    correlation: str | None = Field(default=None, description="Name this when you ask for help")


class Problem(Exception):
    """Answers the request with `status` and a problem document of type `urn:grant-ledger:problem:<slug>`.

    A slug is part of the interface: once published it keeps its meaning. `detail` and `errors` are for
    the person who sent the request and must not repeat what was sent. `headers` go with the answer.
    """

    def __init__(
        self,
        status: int,
        slug: str,
        title: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {slug}: {detail}")
        self.status = status
        self.slug = slug
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def problem_response(problem: Problem) -> Response:
    """The HTTP answer to a problem, with the correlation id of the running request."""
    errors = [
        FieldErrorDocument(place=error.place, pointer=error.pointer, detail=error.detail) for error in problem.errors
    ]
    document = ProblemDocument(
        type=PROBLEM_TYPE_PREFIX + problem.slug,
        title=problem.title,
        status=problem.status,
        detail=problem.detail,
        errors=errors or None,
        correlation=correlation_id.get(),
    )
    content = document.model_dump_json(by_alias=True, exclude_none=True)
    return Response(content, problem.status, headers=problem.headers, media_type=PROBLEM_MEDIA_TYPE)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documentation of these statuses for `responses=` of a route: each a problem document.

    What any route may answer (400, 401, 403, 413, 422, 500, 503) is added by `create_app`: name the
    route's own.
    """
    content = {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": http.HTTPStatus(status).phrase, "content": content} for status in statuses}


def problem_schemas() -> dict[str, Any]:
    """The OpenAPI component schemas that `problem_responses` refers to."""
    schema = ProblemDocument.model_json_schema(
        by_alias=True, ref_template="#/components/schemas/{model}", mode="serialization"
    )
    definitions = cast(dict[str, Any], schema.pop("$defs"))
    return {"Problem": schema, **definitions}


def install_problems(app: FastAPI) -> None:
    """After this, every error that `app` answers is a problem document."""
    register_problem(app, Problem, lambda problem: problem)
    register_problem(app, RequestValidationError, _from_validation)
    register_problem(app, HTTPException, _from_http_exception)
    # Nobody is there to read it, and it is no fault of ours that somebody should look at.
    register_problem(app, ClientDisconnect, lambda _: _BROKEN_OFF)
    app.add_exception_handler(Exception, _answer_unexpected)


_BROKEN_OFF: Final = Problem(
    400, "malformed-request", "The request cannot be read", "The body broke off before its end: send it again."
)


def register_problem(app: FastAPI, exception_class: type[Raised], to_problem: Callable[[Raised], Problem]) -> None:
    """From now on an `exception_class` (or a subclass without its own registration) that leaves a handler of
    `app` is answered with the problem that `to_problem` makes of it.
    """

    async def answer(_request: Request, error: Exception) -> Response:
        return problem_response(to_problem(cast(Raised, error)))

    app.add_exception_handler(exception_class, answer)


def _from_validation(error: RequestValidationError) -> Problem:
    errors = error.errors()
    if is_broken_json(errors):
        return Problem(
            400,
            "malformed-request",
            "The request cannot be read",
            f"The body is {where_json_breaks(errors)}. It should be one JSON document in UTF-8.",
        )
    return Problem(
        422,
        "validation",
        "The request does not have the right content",
        "Correct what `errors` lists and send the request again.",
        explain(errors, error.body),
    )


_HTTP_DETAILS: Final[Mapping[int, str]] = {
    400: "The request cannot be read. The body should be one JSON document in UTF-8.",
    404: "There is nothing at this address. The addresses are listed in /openapi.json.",
    405: "This address does not take this method. The methods it takes are in the header Allow.",
    413: "The body is larger than this address accepts.",
}
_HTTP_SLUGS: Final[Mapping[int, str]] = {400: "malformed-request", 413: "body-too-large"}


def _from_http_exception(error: HTTPException) -> Problem:
    status = error.status_code
    phrase = http.HTTPStatus(status).phrase
    return Problem(
        status,
        _HTTP_SLUGS.get(status, phrase.lower().replace(" ", "-")),
        phrase,
        _HTTP_DETAILS.get(status, f"The request was answered with {status} {phrase}."),
        headers=error.headers,
    )


async def _answer_unexpected(request: Request, error: Exception) -> Response:
    _log.error("request failed unexpectedly", method=request.method, exc_info=error)
    problem = Problem(
        500,
        "unexpected",
        "Something went wrong here",
        "The request could not be handled, and it is not known that anything is wrong with it. "
        "Name the correlation id when you ask for help.",
    )
    return problem_response(problem)
