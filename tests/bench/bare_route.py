"""The bare FastAPI route: checks the shape of what is sent, inserts one row, answers. Served as our services are.

GRANTS_DATABASE_URL=… GRANTS_HOST=127.0.0.1 GRANTS_PORT=… python -m tests.bench.bare_route
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from fastapi import FastAPI
from pydantic import BaseModel
from uuid_utils.compat import uuid7

from services.web.server import serve
from tests.bench.ledgers import now
from tests.bench.plain_insert import INSERT


class Share(BaseModel):
    municipality: str
    percent: int


class Submission(BaseModel):
    """The same fields as a real submission, of plain types."""

    call_id: str
    association_id: str
    activity: str
    municipalities: list[Share]
    purpose: str
    applied: str
    costs: str
    other_funding: str
    own_funding: str
    years: int
    separable_bookkeeping: bool


def application(dsn: str) -> FastAPI:
    """One route over a pool of connections."""
    pools: list[asyncpg.Pool[Any]] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(dsn) as pool:
            pools.append(pool)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/applications", status_code=201)
    async def submit(submission: Submission) -> dict[str, str]:
        identity = uuid7()
        stream, body = f"application/{identity}", submission.model_dump_json().encode()
        columns = (identity, stream, 1, "application.submitted", 1, now(), "anna", stream, None, body)
        await pools[0].fetchval(INSERT, *columns)
        return {"application_id": str(identity)}

    return app


if __name__ == "__main__":
    serve(application(os.environ["GRANTS_DATABASE_URL"]), os.environ["GRANTS_HOST"], int(os.environ["GRANTS_PORT"]))
