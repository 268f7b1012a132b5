"""Attachments (*liite*): bytes go to the store under their SHA-256, and the ledger keeps what they are and whose."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from uuid import UUID

from uuid_utils.compat import uuid7

from schemas.calls import AttachedFile
from schemas.helsinki import HELSINKI
from schemas.intake import AttachmentStored
from schemas.refusals import not_found
from services.intake.domain import associations
from services.intake.storage import AttachmentStore, Limits
from services.ledger import Ledger
from services.web.clock import Clock
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Loaded, Plan, fact_of, load
from services.web.permissions import limited_to
from services.web.problems import Problem

from .applications import check_mandate


class Attachments:
    """Takes and gives attachments."""

    def __init__(self, ledger: Ledger, clock: Clock, store: AttachmentStore | None, limits: Limits) -> None:
        self._ledger = ledger
        self._clock = clock
        self._store = store
        self._limits = limits

    async def take(
        self, command: Command, association_id: str, kind: str, name: str, chunks: AsyncIterator[bytes]
    ) -> Answer:
        """Stores a file, then records it. A crash between the two leaves bytes that nothing names; the file sent again
        is the same object. The command's key has the fingerprint of the request without its body: the file's hash
        stands for that. Whose file it is, and whether the sender may act for them, is asked before any of it is read.
        """
        await self._check_whose(command, association_id)
        stored = await self._stored().take(chunks, self._limits)
        command = _with_content(command, association_id, stored.sha256)
        file = AttachedFile(attachment_id=uuid7(), kind=kind, name=name, **asdict(stored))
        fact = AttachmentStored(association_id=association_id, file=file)

        async def decide() -> Plan:
            loaded: Loaded[None] = Loaded(f"attachment/{file.attachment_id}", 0, None)
            return Plan((loaded.write([fact]),), file.model_dump(mode="json"))

        return await carry_out(self._ledger, command, decide)

    async def _check_whose(self, command: Command, association_id: str) -> None:
        """Raises Refused for an association that is not registered here, and without a mandate of it."""
        association = await load(self._ledger, f"association/{association_id}", associations.evolve, None)
        if association.state is None:
            raise not_found(f"association {association_id}: register it first")
        if limited_to(command.identity, "attachment.store") is not None:
            today = self._clock().astimezone(HELSINKI).date()
            check_mandate(association.state, command.identity.person, today)

    async def find(self, attachment_id: UUID) -> AttachmentStored:
        """What is known of an attachment. Raises Refused (not found)."""
        records = await self._ledger.stream(f"attachment/{attachment_id}")
        if not records:
            raise not_found("such attachment")
        fact = fact_of(records[0])
        assert isinstance(fact, AttachmentStored)
        return fact

    async def content(self, attachment_id: UUID) -> AsyncIterator[bytes]:
        """The bytes of an attachment, proven against their hash while they stream."""
        return await self._stored().open((await self.find(attachment_id)).file.sha256)

    def _stored(self) -> AttachmentStore:
        if self._store is None:
            raise Problem(
                503, "attachments-missing", "Attachments cannot be kept here",
                "The service has no store for attachments (GRANTS_ATTACHMENTS_URL).",
            )  # fmt: skip
        return self._store


def _with_content(command: Command, association_id: str, sha256: str) -> Command:
    """The command with the file's hash, and whose it is, in its key's fingerprint: the same key with another file, or
    with a token of another association, is told.
    """
    if command.key is None:
        return command
    whole = hashlib.sha256(command.key.fingerprint + bytes.fromhex(sha256) + association_id.encode()).digest()
    return replace(command, key=replace(command.key, fingerprint=whole))
