"""Drafts (*luonnos*): applications while they are written. They belong to their applicant alone: no part of the ledger,
saved in place at a version, and gone when they are removed. What counts is the moment of sending.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from uuid_utils.compat import uuid7

from schemas.county import County
from schemas.helsinki import HELSINKI
from schemas.refusals import Refused, conflict, invalid, not_found
from services.intake.domain import associations
from services.ledger import KeyReused, Ledger
from services.web.clock import Clock
from services.web.commands import Command
from services.web.handling import Answer, load
from services.web.idempotency import IdempotencyKey
from services.web.preconditions import check_version, stale
from services.web.validation import FieldError, explain

from .applications import Applications, SubmitApplication, check_mandate

_COLUMNS: Final = "draft_id, association_id, call_id, version, content, saved_by, saved_at, sent_at"
_ADD: Final = f"""
INSERT INTO draft ({_COLUMNS}, begun_by, begun_with, begun_as)
VALUES ($1, $2, $3, 1, $4::jsonb, $5, $6, NULL, $7, $8, $9)
ON CONFLICT ON CONSTRAINT draft_key DO NOTHING RETURNING {_COLUMNS}
"""  # noqa: S608 - the columns are a constant
_BEGUN: Final = f"SELECT {_COLUMNS}, begun_as FROM draft WHERE begun_by = $1 AND begun_with = $2"  # noqa: S608 - as above
_SAVE: Final = f"""
UPDATE draft SET content = $4::jsonb, version = version + 1, saved_by = $5, saved_at = $6
WHERE draft_id = $1 AND association_id = $2 AND version = $3 AND sent_at IS NULL RETURNING {_COLUMNS}
"""  # noqa: S608 - the columns are a constant
_READ: Final = f"SELECT {_COLUMNS} FROM draft WHERE draft_id = $1 AND association_id = $2"  # noqa: S608 - as above
_PAGE: Final = f"""
SELECT {_COLUMNS} FROM draft WHERE association_id = $1 AND ($2::text IS NULL OR draft_id::text COLLATE "C" > $2)
ORDER BY draft_id LIMIT $3
"""  # noqa: S608 - the columns are a constant
_REMOVE: Final = """
DELETE FROM draft
WHERE draft_id = $1 AND association_id = $2 AND sent_at IS NULL AND version = coalesce($3::bigint, version)
RETURNING draft_id
"""
# Who saved it while it was sent came too late: what was sent is what the draft shows from now on.
_SENT: Final = """
UPDATE draft SET sent_at = $2, content = $3::jsonb, version = version + (version <> $4)::integer
WHERE draft_id = $1 AND sent_at IS NULL
"""
_PLACEHOLDERS: Final[Mapping[str, Any]] = {
    "activity": "not-given", "municipalities": [{"municipality": "not-given", "percent": 100}], "purpose": "-",
    "applied": "0.00 EUR", "costs": "0.00 EUR", "other_funding": "0.00 EUR", "own_funding": "0.00 EUR",
    "separable_bookkeeping": True,
}  # fmt: skip
_DEPTH_MAX: Final = 20
"""How deep a draft's content may nest. An application's fields nest four deep."""
_MONEY: Final = frozenset({"applied", "costs", "other_funding", "own_funding", "budget"})


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it was saved last; `sent_at` None until it was sent."""

    draft_id: UUID
    association_id: str
    call_id: str
    version: int
    content: dict[str, Any]
    saved_by: str
    saved_at: datetime
    sent_at: datetime | None


class Drafts:
    """Keeps drafts, and tells what is wrong or missing in each."""

    def __init__(self, ledger: Ledger, county: County, clock: Clock, applications: Applications) -> None:
        self._ledger = ledger
        self._county = county
        self._clock = clock
        self._applications = applications

    async def begin(self, command: Command, association_id: str, call_id: str, content: dict[str, Any]) -> Draft:
        """Begins a draft; with an idempotency key the same draft, however often it is sent, until it is removed. The
        ledger knows nothing of these keys. Raises Refused for a call or an association that is not known, and KeyReused
        when the key began a draft by another request.
        """
        if not await self._ledger.version(f"call/{call_id}"):
            raise not_found(f"call {call_id}")
        await self._check_mandate(command, association_id)
        key, text, person = command.key, _encoded(content), command.identity.person
        begun = (None, None, None) if key is None else (key.actor, key.key, key.fingerprint)
        row = await self._ledger.pool.fetchrow(
            _ADD, uuid7(), association_id, call_id, text, person, self._clock(), *begun
        )
        if row is not None:
            return _draft(row)
        assert key is not None, "only a key stands in the way of a new draft"
        return await self._begun(key, association_id)

    async def _begun(self, key: IdempotencyKey, association_id: str) -> Draft:
        """The draft that a key began. The request's fingerprint does not hold whose token it came with, so that the
        association is compared too.
        """
        row = await self._ledger.pool.fetchrow(_BEGUN, key.actor, key.key)
        if row is None:
            raise not_found("such draft")
        fields = dict(row)
        if fields.pop("begun_as") != key.fingerprint or fields["association_id"] != association_id:
            raise KeyReused(f"the key {key.key} began a draft by another request")
        return _draft(fields)

    async def read(self, association_id: str, draft_id: UUID) -> Draft:
        """A draft of this association. Raises Refused (not found)."""
        row = await self._ledger.pool.fetchrow(_READ, draft_id, association_id)
        if row is None:
            raise not_found("such draft")
        return _draft(row)

    async def page(self, association_id: str, after: str | None, limit: int) -> list[Draft]:
        """The association's drafts by their ids, those after an id (any text, as a cursor may hold it)."""
        return [_draft(row) for row in await self._ledger.pool.fetch(_PAGE, association_id, after, limit)]

    async def save(
        self, command: Command, association_id: str, draft_id: UUID, version: int, content: dict[str, Any]
    ) -> Draft:
        """Saves the whole content over the version that was seen. Raises Problem 412 when it is another by now."""
        await self._check_mandate(command, association_id)
        person, now = command.identity.person, self._clock()
        row = await self._ledger.pool.fetchrow(_SAVE, draft_id, association_id, version, _encoded(content), person, now)
        if row is not None:
            return _draft(row)
        current = await self.read(association_id, draft_id)
        if current.sent_at is not None:
            raise conflict("draft-sent", "the draft was sent: send a supplement instead")
        raise stale(current.version)

    async def remove(self, command: Command, association_id: str, draft_id: UUID) -> None:
        """Removes a draft for good; one that was sent stays. Raises Problem 412 when another version was seen."""
        await self._check_mandate(command, association_id)
        if await self._ledger.pool.fetchval(_REMOVE, draft_id, association_id, command.seen) is None:
            current = await self.read(association_id, draft_id)
            if current.sent_at is not None:
                raise conflict("draft-sent", "the draft was sent: withdraw the application instead")
            raise stale(current.version)

    async def _check_mandate(self, command: Command, association_id: str) -> None:
        """Whoever may not act for the association may not change what it is about to send either. Raises Refused."""
        known = await load(self._ledger, f"association/{association_id}", associations.evolve, None)
        if known.state is None:
            raise not_found(f"association {association_id}: register it first")
        check_mandate(known.state, command.identity.person, self._clock().astimezone(HELSINKI).date())

    async def copy(self, command: Command, association_id: str, draft_id: UUID, call_id: str) -> Draft:
        """A new draft of another call with the content of this one."""
        original = await self.read(association_id, draft_id)
        return await self.begin(command, association_id, call_id, original.content)

    async def send(self, command: Command, association_id: str, draft_id: UUID) -> Answer:
        """Sends a draft as it stands: the application gets the draft's id, so it is sent once whatever happens. The
        version that was seen is the draft's. Raises Problem 412 when it is another by now, DraftIncomplete, and Refused
        and SeveralRefused as sending does.
        """
        draft = await self.read(association_id, draft_id)
        if draft.sent_at is None:
            check_version(command.seen, draft.version)
        try:
            sent = SubmitApplication.model_validate(_whole(draft))
        except ValidationError as error:
            raise DraftIncomplete(await self.errors(draft)) from error
        try:
            answer = await self._applications.submit_draft(replace(command, seen=None), draft_id, sent)
        except Refused as refused:
            # A crash after sending may have left the draft as if it were not sent.
            if refused.slug == "application-exists":
                await self._note_sent(draft)
            raise
        await self._note_sent(draft)
        return answer

    async def _note_sent(self, draft: Draft) -> None:
        content = _encoded(draft.content)
        await self._ledger.pool.execute(_SENT, draft.draft_id, self._clock(), content, draft.version)

    async def errors(self, draft: Draft) -> list[FieldError]:
        """Everything that is wrong or missing in a draft, at once, each with a pointer into its content; nothing once
        it was sent, whatever the rules would say by now.
        """
        if draft.sent_at is not None:
            return []
        content, found = _whole(draft), []
        try:
            sent = SubmitApplication.model_validate(content)
        except ValidationError as error:
            found = _type_errors(error, draft)
            sent = _with_placeholders(content, found)
        unfit = {each.pointer.split("/")[1] for each in found if each.pointer}
        hidden = unfit | (_MONEY if unfit & _MONEY else set())
        asked, _ = await self._applications.asked(sent)
        now = self._clock()
        if asked.call.is_late(now):
            found.append(FieldError("/call_id", "the call has closed: copy the draft to the next call"))
        today = now.astimezone(HELSINKI).date()
        application = asked.application(draft.draft_id, sent, "electronic", today)
        rules = asked.problems(application, self._county)
        return found + [FieldError(each.field, each.detail) for each in rules if each.field.split("/")[1] not in hidden]


class DraftIncomplete(Exception):
    """A draft cannot be sent as it stands: what is wrong in it."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(f"{len(errors)} fields are missing or wrong")
        self.errors = errors


def listed(draft: Draft) -> dict[str, Any]:
    """A draft in a list, which says nothing of what is wrong in it."""
    fields = {**asdict(draft), "draft_id": str(draft.draft_id), "saved_at": draft.saved_at.isoformat()}
    return {**fields, "sent_at": draft.sent_at and draft.sent_at.isoformat()}


def shown(draft: Draft, errors: list[FieldError]) -> dict[str, Any]:
    """A draft as its applicant sees it."""
    told = [{"pointer": each.pointer, "detail": each.detail} for each in errors]
    return {**listed(draft), "errors": told}


def _whole(draft: Draft) -> dict[str, Any]:
    return {**draft.content, "call_id": draft.call_id, "association_id": draft.association_id}


def _type_errors(error: ValidationError, draft: Draft) -> list[FieldError]:
    errors = [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
    return explain(errors, draft.content)


def _with_placeholders(content: Mapping[str, Any], found: list[FieldError]) -> SubmitApplication:
    """The content with what is missing or of a wrong type replaced by something harmless, so that the rest can be
    checked by the rules.
    """
    unfit = {each.pointer.split("/")[1] for each in found if each.pointer}
    fit = {name: value for name, value in content.items() if name in SubmitApplication.model_fields.keys() - unfit}
    return SubmitApplication.model_validate({**_PLACEHOLDERS, **fit})


def _draft(row: Mapping[str, Any]) -> Draft:
    return Draft(**{**row, "content": json.loads(row["content"])})


def _encoded(content: Mapping[str, Any]) -> str:
    """The content as the database takes it. Raises Refused for text that no database holds, and for content nested so
    deep that no application is meant.
    """
    if _nests_deeper(content, _DEPTH_MAX):
        raise invalid("content-too-deep", f"the content nests at most {_DEPTH_MAX} levels deep", "/content")
    try:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, UnicodeEncodeError) as error:
        raise invalid(
            "content-not-text", "the content has numbers or characters that cannot be kept", "/content"
        ) from error
    return text


def _nests_deeper(content: Mapping[str, Any], levels: int) -> bool:
    """Looks level by level, since what nests deep enough exhausts the stack of whoever descends."""
    level: list[Any] = [content]
    for _ in range(levels):
        level = [inner for each in level for inner in _parts(each) if isinstance(inner, dict | list)]
    return bool(level)


def _parts(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value
