"""Decision documents (*päätös*, *päätös oikaisuvaatimukseen*) as one PDF that archives (PDF/A-2a) and everybody can
read (PDF/UA-1).

Pure: data in, bytes out, and the same bytes for the same decision with the same release of typst. The surface is
`DecisionDocument` and `ClaimDocument` with their parts, `without_citations`, and `render`, which raises errors of
`errors`.
"""

from services.decisions.documents.claim_model import ClaimDocument, ClaimedDecision, MadeClaim
from services.decisions.documents.errors import DocumentError, NotRendered
from services.decisions.documents.model import (
    DecisionDocument,
    GrantPeriod,
    Instructions,
    Language,
    Notice,
    Official,
    Prose,
    RectificationInstructions,
    Rule,
)
from services.decisions.documents.rendering import render
from services.decisions.documents.rules import without_citations

__all__ = [
    "ClaimDocument",
    "ClaimedDecision",
    "DecisionDocument",
    "DocumentError",
    "GrantPeriod",
    "Instructions",
    "Language",
    "MadeClaim",
    "NotRendered",
    "Notice",
    "Official",
    "Prose",
    "RectificationInstructions",
    "Rule",
    "render",
    "without_citations",
]
