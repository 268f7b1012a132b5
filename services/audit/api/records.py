"""What audit itself records: verifications, divergences, disclosures."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from services.audit.documents import DisclosureDocument, DivergenceDocument, VerificationDocument
from services.audit.views import POSITION_MAX
from services.web.identity import Identity
from services.web.pages import Page, PageRequest, cut_page, page_request
from services.web.problems import problem_responses

from .dependencies import Parts, disclosed, not_found

router = APIRouter(prefix="/v1", tags=["verification"])

Verifier = Annotated[Identity, Depends(disclosed("verification.run"))]
Querier = Annotated[Identity, Depends(disclosed("event.query"))]
Asked = Annotated[PageRequest, Depends(page_request)]


@router.post("/verifications", status_code=201, responses=problem_responses(404))
async def run_verification(audit: Parts, identity: Verifier) -> VerificationDocument:
    """Compares every ledger in its own database with the mirror and the signed checkpoints, and stores the
    outcome.
    """
    verified = await audit.verification.run(identity.person)
    return await _read(audit, verified.number)


@router.get("/verifications", responses=problem_responses(400))
async def list_verifications(audit: Parts, page: Asked, _: Querier) -> Page[VerificationDocument]:
    """All verifications in their order, whatever they found."""
    rows = await audit.views.verifications(_after(page), page.rows)
    shown, following = cut_page(rows, page, lambda row: (row["number"],))
    items = [VerificationDocument.model_validate(row) for row in shown]
    return Page[VerificationDocument](items=items, next=following)


@router.get("/verifications/{number}", responses=problem_responses(404))
async def read_verification(
    number: Annotated[int, Path(ge=1, le=POSITION_MAX)], audit: Parts, _: Querier
) -> VerificationDocument:
    """One verification."""
    return await _read(audit, number)


@router.get("/divergences", responses=problem_responses(400))
async def list_divergences(audit: Parts, page: Asked, _: Querier) -> Page[DivergenceDocument]:
    """All that ever contradicted what was published or signed, in the order of finding."""
    rows = await audit.views.divergences(_after(page), page.rows)
    shown, following = cut_page(rows, page, lambda row: (row["number"],))
    items = [DivergenceDocument.model_validate(dict(row)) for row in shown]
    return Page[DivergenceDocument](items=items, next=following)


@router.get("/disclosures", responses=problem_responses(400))
async def list_disclosures(audit: Parts, page: Asked, _: Querier) -> Page[DisclosureDocument]:
    """Who looked at what, in the order of looking."""
    rows = await audit.views.disclosures(_after(page), page.rows)
    shown, following = cut_page(rows, page, lambda row: (row["number"],))
    items = [DisclosureDocument.model_validate(row) for row in shown]
    return Page[DisclosureDocument](items=items, next=following)


def _after(page: PageRequest) -> int:
    key = page.after(int)
    return 0 if key is None else int(key[0])


async def _read(audit: Any, number: int) -> VerificationDocument:
    found = await audit.views.verification(number)
    if found is None:
        raise not_found("verification", "There is no verification of this number.")
    return VerificationDocument.model_validate(found)
