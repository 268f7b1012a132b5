"""Acts on many cases at once, with one answer for each: what one case refuses stops no other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from pydantic import Field

from schemas.decisions import ProposalMade
from schemas.facts import Contract, Date
from schemas.identifiers import Name, Slug, Text
from schemas.money import euros
from schemas.refusals import Refused, SeveralRefused, conflict, not_found
from services.decisions.domain.cases import Case
from services.ledger import KeyReused, VersionConflict
from services.web.commands import Command
from services.web.handling import Answer
from services.web.idempotency import IdempotencyKey
from services.web.problems import Problem

from .cases import Decisions, MakeDecision
from .claims import Claims, Publish


class DecideMany(Contract):
    """What a body decides on several cases as they are proposed; the terms are those of what is granted."""

    application_ids: tuple[UUID, ...] = Field(min_length=1, max_length=500)
    organ: Name
    meeting_id: Slug | None = None
    conditions: tuple[Text, ...] = Field(default=(), max_length=20)
    payable_from: tuple[Date, ...] = Field(default=(), max_length=60)
    use_from: Date | None = None
    use_until: Date | None = None


async def on_each(
    command: Command, application_ids: Sequence[UUID], act: Callable[[Command, UUID], Awaitable[Answer]]
) -> list[dict[str, Any]]:
    """Does the same for each case in a transaction of its own, in the order given; a case that is named twice is done
    once. A command that comes again under its key is answered case by case as before.
    """
    return [await _one(_for_case(command, each), each, act) for each in dict.fromkeys(application_ids)]


async def decide_as_proposed(decisions: Decisions, command: Command, given: DecideMany) -> list[dict[str, Any]]:
    """Decides each case as it is proposed and for the reasons of its proposal; at a meeting in the order given."""

    async def act(own: Command, application_id: UUID) -> Answer:
        _, case = await decisions.existing(application_id)
        if case.proposal is None:
            raise conflict("no-proposal", "a decision needs a proposal first")
        proposal = case.proposal

        def check(by_now: Case) -> None:
            if by_now.proposal != proposal:
                raise conflict("proposal-replaced", "another proposal was made meanwhile: read it, and decide again")

        return await decisions.make_decision(own, application_id, _as_proposed(proposal, given), check)

    return await on_each(command, given.application_ids, act)


async def publish_meeting(
    claims: Claims, decisions: Decisions, command: Command, meeting_id: str, given: Publish
) -> list[dict[str, Any]]:
    """Records the publication of each decision that a meeting made, in the order of its minutes."""
    meeting = (await decisions.meeting(meeting_id)).state
    if meeting is None:
        raise not_found(f"meeting {meeting_id}")
    return await on_each(command, meeting.decided, lambda own, each: claims.publish(own, each, given))


def tally(items: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer to an act on many cases: one for each, and how many were done."""
    return {"items": items, "done": sum(each["done"] for each in items), "next": None}


def _as_proposed(proposal: ProposalMade, given: DecideMany) -> MakeDecision:
    granted = proposal.outcome in {"granted", "granted_in_part"}
    terms = given.model_dump(mode="json", include={"conditions", "payable_from", "use_from", "use_until"})
    said = {"outcome": proposal.outcome, "amount": euros(proposal.amount), "reasons": proposal.reasons}
    where = {"organ": given.organ, "meeting_id": given.meeting_id}
    return MakeDecision.model_validate({**said, **where, **(terms if granted else {})})


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
