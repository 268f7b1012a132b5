"""A small service made of what all services share, for the tests: notes with versions, in memory.

`python -m tests.unit.web.sample` serves it as the GRANTS_ variables say.
"""

from __future__ import annotations

import asyncio
import pathlib
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, FastAPI, Path, Request, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.web import server
from services.web.application import create_app
from services.web.health import Check
from services.web.idempotency import IdempotencyKey, idempotency_key
from services.web.identity import Identity, TokenVerifier
from services.web.pages import Page, PageRequest, cut_page, page_request
from services.web.permissions import require
from services.web.preconditions import check_version, etag, required_if_match
from services.web.problems import Problem, problem_responses, register_problem
from services.web.requests import BodyLimits
from services.web.settings import ServiceSettings
from services.web.telemetry import outgoing_headers


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = Field(ge=1, le=9)


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: list[str]


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=3, max_length=40)
    amount: str = Field(default="0.00", pattern=r"^\d{1,9}\.\d{2}$")
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None

    @field_validator("title")
    @classmethod
    def _is_polite(cls, value: str) -> str:
        if "damn" in value:
            raise ValueError(f"{value!r} is not polite")
        return value


class Stored(BaseModel):
    number: int
    title: str


class Exhausted(Exception):
    """An error of a domain, which knows nothing of HTTP."""


router = APIRouter(prefix="/v1/notes", tags=["notes"])
Number = Annotated[int, Path(ge=1, le=10**9)]


@router.post("", status_code=201, responses=problem_responses(409))
async def write(
    note: Note,
    request: Request,
    response: Response,
    identity: Annotated[Identity, Depends(require("case.assess"))],
    key: Annotated[IdempotencyKey | None, Depends(idempotency_key)],
    name: str = "",
) -> Stored:
    notes: dict[int, str] = request.app.state.notes
    notes[len(notes) + 1] = note.title
    response.headers["ETag"] = etag(1)
    if key is not None:
        response.headers["X-Fingerprint"] = key.fingerprint.hex()
    response.headers["X-Person"] = identity.person
    return Stored(number=len(notes), title=note.title)


@router.get("", dependencies=[Depends(require("call.read"))])
async def listed(request: Request, page: Annotated[PageRequest, Depends(page_request)]) -> Page[Stored]:
    after = page.after(int)
    start = after[0] if after else 0
    rows = sorted(item for item in request.app.state.notes.items() if item[0] > int(start))[: page.rows]
    shown, cursor = cut_page(rows, page, lambda row: (row[0],))
    return Page(items=[Stored(number=number, title=title) for number, title in shown], next=cursor)


@router.put(
    "/{number}",
    dependencies=[Depends(require("case.assess"))],
    responses=problem_responses(404, 412, 428),
)
async def rewrite(
    number: Number, note: Note, request: Request, version: Annotated[int, Depends(required_if_match)]
) -> Stored:
    notes: dict[int, str] = request.app.state.notes
    if number not in notes:
        raise Problem(404, "note-unknown", "No such note", "The number should be one of the list's.")
    check_version(version, 1)
    notes[number] = note.title
    return Stored(number=number, title=note.title)


@router.post("/files", dependencies=[Depends(require("bank_file.import"))])
async def upload(file: UploadFile) -> int:
    return len(await file.read())


hidden = APIRouter(prefix="/v1/trouble", include_in_schema=False, dependencies=[Depends(require("call.read"))])


@hidden.get("/unexpected")
async def unexpected() -> None:
    raise RuntimeError("the password is hunter2\nDETAIL: Key (name)=(Aino) exists")


@hidden.get("/domain")
async def domain() -> None:
    raise Exhausted


@hidden.get("/held")
async def held(request: Request) -> str:
    """Says by a file that it runs, and answers when another file is there."""
    folder: pathlib.Path = request.app.state.folder
    (folder / "running").touch()
    while not (folder / "release").exists():  # noqa: ASYNC110 - the test is another process
        await asyncio.sleep(0.01)
    return "done"


@hidden.get("/outgoing")
async def outgoing(name: str = "") -> dict[str, str]:
    return outgoing_headers()


def make(
    settings: ServiceSettings,
    verifier: TokenVerifier | None = None,
    checks: dict[str, Check] | None = None,
    *routers: APIRouter,
    body_bytes_max: int = 1000,
) -> FastAPI:
    app = create_app(
        title="Notes",
        version="1",
        description="Notes, for the tests",
        settings=settings,
        routers=[router, hidden, *routers],
        verifier=verifier,
        checks=checks,
        limits=BodyLimits(body_bytes_max, {"/v1/notes/files": 3000}),
    )
    app.state.notes = {}
    app.state.folder = settings.county_folder
    register_problem(app, Exhausted, lambda _: Problem(409, "exhausted", "Nothing is left", "Ask for less or wait."))
    return app


if __name__ == "__main__":
    environment = ServiceSettings()
    server.run(make(environment), environment)
