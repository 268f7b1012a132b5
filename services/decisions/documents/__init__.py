"""The decision document (*päätös*) as one PDF that archives (PDF/A-2a) and everybody can read (PDF/UA-1).

Pure: data in, bytes out, and the same bytes for the same decision with the same release of typst. The surface is
`DecisionDocument` with its parts, and `render`; both raise errors of `errors`.
"""

from services.decisions.documents.errors import DocumentError, NotRendered
from services.decisions.documents.model import (
    DecisionDocument,
    GrantPeriod,
    Notice,
    Official,
    RectificationInstructions,
    Rule,
)
from services.decisions.documents.rendering import render

__all__ = [
    "DecisionDocument",
    "DocumentError",
    "GrantPeriod",
    "NotRendered",
    "Notice",
    "Official",
    "RectificationInstructions",
    "Rule",
    "render",
]
