"""What the routes of the services share: who commands, as of when somebody reads, and how a command's outcome is
told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from asgi_correlation_id import correlation_id
from fastapi import FastAPI, Query, Request, Response
from uuid_utils.compat import uuid7

from schemas.facts import Moment
from schemas.refusals import Kind, Refused, SeveralRefused, not_found
from services.ledger import Context, Entry, KeyReused, Ledger, Order, Unavailable, VersionConflict
from services.web.handling import Answer, Plan, handle
from services.web.idempotency import IdempotencyKey, KeyHeader, key_of
from services.web.identity import Credentials, Identity, identify
from services.web.pages import PageRequest, cut_page
from services.web.permissions import Guard
from services.web.preconditions import SeenHeader, etag, parse_if_match
from services.web.problems import Problem, register_problem
from services.web.validation import FieldError

POSITION_MAX: Final = 2**62
_STATUS: Final[Mapping[Kind, int]] = {
    "invalid": 422,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "stale": 412,
}
_TITLES: Final[Mapping[Kind, str]] = {
    "invalid": "The request breaks a rule",
    "forbidden": "Not allowed",
    "not_found": "Not found",
    "conflict": "The request does not fit the present state",
    "stale": "This has changed meanwhile",
}


@dataclass(frozen=True, slots=True)
class Command:
    """Somebody's command: who, the idempotency key if one was sent, and the version that they saw (If-Match)."""

    identity: Identity
    key: IdempotencyKey | None
    seen: int | None = None

    @property
    def context(self) -> Context:
        """What the ledger records of who acts: the person, and the request's correlation id."""
        return Context(self.identity.person, correlation_id.get() or str(uuid7()))


class CommandGuard(Guard):
    """A FastAPI dependency: a command by somebody who may do `action`; one dependency, since each costs time."""

    async def __call__(
        self,
        request: Request,
        credentials: Credentials,
        key: KeyHeader = None,
        seen: SeenHeader = None,
    ) -> Command:
        identity = self.admit(await identify(request, credentials))
        return Command(identity, await key_of(request, identity, key), parse_if_match(seen))


def command(action: str) -> CommandGuard:
    """The guard of a route that commands: `Annotated[Command, Depends(command("run.approve"))]`."""
    return CommandGuard(action)


_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""Nothing was recorded before or will be after. Moments near the ends of the calendar have no UTC."""


def bounded(moment: datetime | None) -> datetime | None:
    """The moment, or the nearest one that has its UTC: before it or after it nothing was recorded either."""
    return None if moment is None else min(max(moment, _EARLIEST), _LATEST)


@dataclass(frozen=True, slots=True)
class AsOf:
    """A past position or moment; both None mean now."""

    position: int | None
    moment: datetime | None

    async def resolve(self, ledger: Ledger) -> int:
        """The position that is meant."""
        return await ledger.resolve(self.position, self.moment)


async def as_of(
    position: Annotated[int | None, Query(ge=0, le=POSITION_MAX, description="As of this position")] = None,
    moment: Annotated[Moment | None, Query(description="As of this moment, with its offset")] = None,
) -> AsOf:
    """FastAPI dependency. Raises Problem 400 when both are given."""
    if position is not None and moment is not None:
        raise Problem(400, "as-of-twice", "As of when?", "Give position or moment, not both.")
    return AsOf(position, bounded(moment))


def encode(answer: Mapping[str, Any]) -> bytes:
    """An answer's JSON."""
    return msgspec.json.encode(answer)


async def carry_out(ledger: Ledger, commanded: Command, decide: Callable[[], Awaitable[Plan]]) -> Answer:
    """Runs a command as `handle` does."""
    return await handle(ledger, commanded.context, decide, encode, commanded.key, commanded.seen)


def respond(answer: Answer, status: int = 200) -> Response:
    """The HTTP answer to a command, with the new version as its ETag; a repeated command says so in a header."""
    headers = {"Idempotency-Replayed": "true"} if answer.replayed else {}
    if answer.version is not None:
        headers["ETag"] = etag(answer.version)
    return Response(answer.body, status, headers=headers, media_type="application/json")


def present(entry: Entry) -> dict[str, Any]:
    """A register's document with the position since which it has been so."""
    return {**entry.document, "as_recorded_at_position": entry.since}


async def register_entry(
    ledger: Ledger, response: Response, register: str, key: str, stream: str, moment: AsOf
) -> dict[str, Any]:
    """One document of a register as of a moment, with the version of its stream as ETag. Raises Refused (not found)."""
    position = await moment.resolve(ledger)
    entry = await ledger.entry(register, key, position)
    if entry is None:
        raise not_found("such entry as of then")
    response.headers["ETag"] = etag(await ledger.version(stream, position))
    return present(entry)


async def register_page(
    ledger: Ledger, register: str, asked: PageRequest, moment: AsOf, where: Mapping[str, Any]
) -> dict[str, Any]:
    """A page of a register as of a moment, of the documents that contain what `where` asks for."""
    position = await moment.resolve(ledger)
    start = asked.after(str)
    entries = await ledger.page(
        register,
        position,
        after="" if start is None else str(start[0]),
        where={name: value for name, value in where.items() if value is not None},
        limit=asked.rows,
    )
    shown, following = cut_page(entries, asked, lambda entry: (entry.key,))
    return {"items": [present(entry) for entry in shown], "next": following, "position": position}


async def sorted_register_page(
    ledger: Ledger,
    register: str,
    asked: PageRequest,
    moment: AsOf,
    where: Mapping[str, Any],
    order: Order | None,
) -> dict[str, Any]:
    """A page of a register in the order that is asked for; by key where none is. None in `where` is asked for, which an
    order alone can answer: what lacks the field.
    """
    if order is None:
        return await register_page(ledger, register, asked, moment, where)
    position = await moment.resolve(ledger)
    place = asked.after(int if order.sort.number else str, str)
    entries = await ledger.sorted_page(
        register, position, order, after=None if place is None else (place[0], str(place[1])), where=dict(where),
        limit=asked.rows,
    )  # fmt: skip
    shown, following = cut_page(entries, asked, lambda entry: (order.sort.of(entry.document), entry.key))
    return {"items": [present(entry) for entry in shown], "next": following, "position": position}


def refused_problem(refused: Refused) -> Problem:
    """A rule's refusal over HTTP."""
    errors = [FieldError(refused.field, refused.detail)] if refused.field else []
    return Problem(_STATUS[refused.kind], refused.slug, _TITLES[refused.kind], refused.detail, errors)


def several_refused_problem(refused: SeveralRefused) -> Problem:
    """Several rules' refusals over HTTP, each with its pointer."""
    errors = [FieldError(each.field, each.detail) for each in refused.refusals]
    return Problem(422, "rules-broken", _TITLES["invalid"], "Correct what `errors` lists and send it again.", errors)


def install_ledger_problems(app: FastAPI) -> None:
    """Refusals of rules and of the ledger become problem documents."""
    register_problem(app, Refused, refused_problem)
    register_problem(app, SeveralRefused, several_refused_problem)
    register_problem(
        app, KeyReused,
        lambda error: Problem(409, "idempotency-key-reused", "The key was used before", f"{error}: take a new key."),
    )  # fmt: skip
    register_problem(
        app, VersionConflict,
        lambda _: Problem(409, "busy", "Others are changing this", "Send the command again with the same key."),
    )  # fmt: skip
    register_problem(
        app, Unavailable,
        lambda _: Problem(
            503, "unavailable", "Not available now", "Nothing was recorded. Send the command again with the same key.",
            headers={"Retry-After": "1"},
        ),
    )  # fmt: skip
