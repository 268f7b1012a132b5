"""Acts on many cases at once, with one answer for each: what one case refuses stops no other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from schemas.refusals import Refused, SeveralRefused
from services.ledger import KeyReused, VersionConflict
from services.web.commands import Command
from services.web.handling import Answer
from services.web.idempotency import IdempotencyKey
from services.web.problems import Problem


async def on_each(
    command: Command, application_ids: Sequence[UUID], act: Callable[[Command, UUID], Awaitable[Answer]]
) -> list[dict[str, Any]]:
    """Does the same for each case in a transaction of its own, in the order given; a case that is named twice is done
    once. A command that comes again under its key is answered case by case as before.
    """
    return [await _one(_for_case(command, each), each, act) for each in dict.fromkeys(application_ids)]


def _for_case(command: Command, application_id: UUID) -> Command:
    """The command for one case: its own key, and no version, which would be that of one stream."""
    key = command.key
    own = None if key is None else IdempotencyKey(f"{key.key}/{application_id}", key.actor, key.fingerprint)
    return replace(command, key=own, seen=None)


async def _one(
    command: Command, application_id: UUID, act: Callable[[Command, UUID], Awaitable[Answer]]
) -> dict[str, Any]:
    told: dict[str, Any] = {"application_id": str(application_id), "done": False, "reason": None, "detail": None}
    try:
        await act(command, application_id)
    except Refused as refused:
        return {**told, "reason": refused.slug, "detail": refused.detail}
    except SeveralRefused as refused:
        return {**told, "reason": "rules-broken", "detail": str(refused)}
    except Problem as problem:
        return {**told, "reason": problem.slug, "detail": problem.detail}
    except KeyReused:
        return {**told, "reason": "idempotency-key-reused", "detail": "the key was used with another request"}
    except VersionConflict:
        return {**told, "reason": "busy", "detail": "others are changing this case: send it again"}
    return {**told, "done": True}
