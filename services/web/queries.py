"""The query of a request: a parameter that a route does not know is refused. A filter with a slip in its name would
otherwise be left out in silence, and the answer would be another one than was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute


async def refuse_unknown_query(request: Request) -> None:
    """FastAPI dependency. Raises RequestValidationError (422) that names each parameter that is not known."""
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute):
        return
    unknown = sorted(set(request.query_params) - set(_known(route.dependant)))
    if unknown:
        raise RequestValidationError(
            [{"type": "extra_forbidden", "loc": ("query", name), "msg": "", "input": None} for name in unknown]
        )


def _known(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _known(inner)
