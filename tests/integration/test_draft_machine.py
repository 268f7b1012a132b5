"""Whatever an applicant does with drafts in whatever order, they are what a plain model of them says: over HTTP on a
real database. A failure is repeated by its printed seed.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.infrastructure.databases import FreshDatabase
from tests.integration.in_process import problem
from tests.integration.intake_office import CALL_ID, CONTENT, Office, office

STEPS: Final = 120
KEYS: Final = (None, None, "k-1", "k-2", "k-3")
CONTENTS: Final[tuple[dict[str, Any], ...]] = (CONTENT, {**CONTENT, "purpose": "Toinen"}, {}, {"activity": "none"})


@dataclass
class Model:
    """One draft as it should be."""

    version: int
    content: dict[str, Any]
    sent: bool = False


@dataclass
class Applicant:
    """Does one thing at a time, and keeps what should have come of it; `keys` with the requests that began drafts."""

    intake: Office
    chance: random.Random
    drafts: dict[str, Model] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)

    def some(self) -> str | None:
        """A draft, now and then one that was removed."""
        known = sorted(self.drafts) * 3 + sorted(self.removed)
        return self.chance.choice(known) if known else None

    async def step(self) -> None:
        name = self.chance.choice(("begin", "begin", "save", "save", "save", "remove", "send", "copy", "compare"))
        self.done[name] += 1
        await getattr(self, name)()

    async def begin(self) -> None:
        content = self.chance.choice(CONTENTS)
        await self._begun("/drafts", {"call_id": CALL_ID, "content": content}, content)

    async def copy(self) -> None:
        draft_id = self.some()
        if draft_id is None:
            return
        model = self.drafts.get(draft_id)
        await self._begun(f"/drafts/{draft_id}/copies", {"call_id": CALL_ID}, None if model is None else model.content)

    async def _begun(self, path: str, sent: dict[str, Any], content: dict[str, Any] | None) -> None:
        """`content` None: there is nothing to copy."""
        key = self.chance.choice(KEYS)
        headers = self.intake.applicant() | ({} if key is None else {"Idempotency-Key": key})
        answer = await self.intake.post(path, sent, headers)
        if content is None:
            problem(answer, 404, "not-found")
            return
        request = f"{path} {sent}"
        if key is not None and key in self.keys:
            draft_id, by = self.keys[key]
            if by != request:
                problem(answer, 409, "idempotency-key-reused")
                return
            assert answer.json()["draft_id"] == draft_id
            assert answer.json()["version"] == self.drafts[draft_id].version
            self.done["replayed"] += 1
            return
        assert answer.status_code == 201, answer.text
        draft_id = answer.json()["draft_id"]
        assert draft_id not in self.drafts.keys() | self.removed
        self.drafts[draft_id] = Model(1, content)
        if key is not None:
            self.keys[key] = (draft_id, request)

    async def save(self) -> None:
        draft_id = self.some()
        if draft_id is None:
            return
        model = self.drafts.get(draft_id)
        seen = (model.version if model else 1) - self.chance.choice((0, 0, 0, 1))
        content = self.chance.choice(CONTENTS)
        headers = self.intake.applicant() | {"If-Match": f'"{seen}"'}
        client = self.intake.service.client
        answer = await client.put(f"/v1/drafts/{draft_id}", json={"content": content}, headers=headers)
        if self._is_gone_or_sent(answer, model):
            return
        assert model is not None
        if seen != model.version:
            assert answer.status_code == 412
            return
        model.version, model.content = model.version + 1, content
        assert (answer.status_code, answer.json()["version"]) == (200, model.version)

    def _seen(self, model: Model | None) -> tuple[dict[str, str], bool]:
        """Headers that may say which version was seen, and whether that is another than the draft's."""
        current = model.version if model else 1
        seen = self.chance.choice((None, None, current, current - 1))
        named = {} if seen is None else {"If-Match": f'"{seen}"'}
        return self.intake.applicant() | named, seen not in {None, current}

    async def remove(self) -> None:
        draft_id = self.some()
        if draft_id is None:
            return
        headers, stale = self._seen(self.drafts.get(draft_id))
        answer = await self.intake.service.client.delete(f"/v1/drafts/{draft_id}", headers=headers)
        if self._is_gone_or_sent(answer, self.drafts.get(draft_id)):
            return
        if stale:
            problem(answer, 412, "version-stale")
            return
        assert answer.status_code == 204
        del self.drafts[draft_id]
        self.removed.add(draft_id)
        self.keys = {key: (each, by) for key, (each, by) in self.keys.items() if each != draft_id}

    async def send(self) -> None:
        draft_id = self.some()
        if draft_id is None:
            return
        model = self.drafts.get(draft_id)
        headers, stale = self._seen(model)
        answer = await self.intake.post(f"/drafts/{draft_id}/submission", None, headers)
        if model is None:
            problem(answer, 404, "not-found")
        elif model.sent:
            problem(answer, 409, "application-exists")
        elif stale:
            problem(answer, 412, "version-stale")
        elif model.content.get("purpose") is None:
            problem(answer, 422, "draft-incomplete")
        else:
            assert (answer.status_code, answer.json()["application_id"]) == (201, draft_id)
            model.sent = True

    def _is_gone_or_sent(self, answer: httpx.Response, model: Model | None) -> bool:
        if model is None:
            problem(answer, 404, "not-found")
        elif model.sent:
            problem(answer, 409, "draft-sent")
        return model is None or model.sent

    async def compare(self) -> None:
        """Everything there is, and everything that was sent, is what the model says."""
        listed, cursor = [], None
        while True:
            asked = {"limit": 10} | ({} if cursor is None else {"cursor": cursor})
            page = (await self.intake.get("/drafts", self.intake.applicant(), **asked)).json()
            listed += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
        found = {each["draft_id"]: Model(each["version"], each["content"], bool(each["sent_at"])) for each in listed}
        assert found == self.drafts
        sent = await self.intake.records("application.submitted")
        assert sorted(each.key for each in sent) == sorted(each for each, model in self.drafts.items() if model.sent)
        assert all(each.data["purpose"] == self.drafts[each.key].content["purpose"] for each in sent)


@pytest.fixture
async def intake(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(database, tmp_path) as made:
        yield made


async def test_drafts_are_what_their_applicant_did_with_them(intake: Office) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    applicant = Applicant(intake, random.Random(seed))
    for _ in range(STEPS):
        await applicant.step()
    await applicant.compare()
    assert min(applicant.done[each] for each in ("begin", "save", "remove", "send", "copy")) > 0
