"""Decision documents (*päätös*, *päätös oikaisuvaatimukseen*): made of the ledger and the county's data, kept under
their SHA-256, hashed into the ledger with the notice that is given of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import UUID

from pydantic import ValidationError

from schemas.county import County
from schemas.decisions import CallNoted, DecisionDocumented, DecisionNotified, RectificationNotified
from schemas.refusals import conflict, invalid, not_found
from services.decisions.documents import ClaimDocument, DecisionDocument, DocumentError, Language, render
from services.decisions.domain.cases import Case
from services.ledger import Ledger
from services.web.clock import Clock

from .printing import claim_document_of, document_of

__all__ = ["Documents", "Language", "Written"]

_KEEP: Final = """
INSERT INTO decision_document (sha256, content, stored_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""
_READ: Final = "SELECT content FROM decision_document WHERE sha256 = $1"


@dataclass(frozen=True, slots=True)
class Written:
    """A document's bytes, and the event that they are known by."""

    content: bytes
    fact: DecisionDocumented


class Documents:
    """Writes decision documents, keeps them, and gives them out again."""

    def __init__(self, ledger: Ledger, county: County, clock: Clock) -> None:
        self._ledger = ledger
        self._county = county
        self._clock = clock

    async def write(self, case: Case, call: CallNoted | None, notice: DecisionNotified, language: Language) -> Written:
        """The document of a case's decision, stored before anything names it. Raises Refused when there is no decision,
        or when a text in it cannot be printed.
        """
        return await self._write(case, language, None, lambda: document_of(case, call, notice, language, self._county))

    async def write_claim(
        self, case: Case, call: CallNoted | None, notice: RectificationNotified, language: Language
    ) -> Written:
        """The document of the last decision on a claim, with the instructions to appeal; stored, and refused, as the
        decision's own.
        """
        return await self._write(
            case, language, notice.claim_id, lambda: claim_document_of(case, call, notice, language, self._county)
        )

    async def _write(
        self,
        case: Case,
        language: Language,
        claim_id: UUID | None,
        said: Callable[[], DecisionDocument | ClaimDocument],
    ) -> Written:
        try:
            content = await asyncio.to_thread(render, said())
        except ValidationError as error:
            first = error.errors()[0]
            told = ": ".join(filter(None, (".".join(str(part) for part in first["loc"]), first["msg"])))
            raise invalid("document-impossible", f"the decision cannot be printed: {told}") from error
        except DocumentError as error:
            raise conflict("document-impossible", str(error)) from error
        digest = sha256(content).hexdigest()
        await self._ledger.pool.execute(_KEEP, digest, content, self._clock())
        fact = DecisionDocumented(
            application_id=case.opened.application_id, language=language, sha256=digest, size_bytes=len(content),
            about="decision" if claim_id is None else "claim", claim_id=claim_id,
        )  # fmt: skip
        return Written(content, fact)

    async def read(self, case: Case, language: Language | None, claim_id: UUID | None = None) -> bytes:
        """The document of which notice was given, in a language or in the one that there is: the decision's, or that of
        a decision on a claim. Raises Refused (not found).
        """
        found = next(
            (made for (about, said), made in case.documents.items() if about == claim_id and language in {None, said}),
            None,
        )
        if found is None:
            raise not_found("such document of the decision")
        content = await self._ledger.pool.fetchval(_READ, found.sha256)
        assert sha256(content).hexdigest() == found.sha256, "the table refuses other content under this hash"
        return bytes(content)
