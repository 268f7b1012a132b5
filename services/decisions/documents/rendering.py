"""The document's bytes, set by typst from the template beside this module."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from functools import cache
from importlib.resources import files

import typst

from services.decisions.documents.claim_content import claim_content
from services.decisions.documents.claim_model import ClaimDocument
from services.decisions.documents.content import content
from services.decisions.documents.errors import NotRendered
from services.decisions.documents.model import DecisionDocument


@cache
def _template() -> bytes:
    return files(__package__).joinpath("decision.typ").read_bytes()


def render(document: DecisionDocument | ClaimDocument) -> bytes:
    """The document as PDF/A-2a and PDF/UA-1 in one file.

    The same document gives the same bytes, at any time and in any process: its dates are the decision's, its fonts are
    those inside typst, and no text is read as markup. Raises NotRendered.
    """
    held = claim_content(document) if isinstance(document, ClaimDocument) else content(document)
    data = json.dumps(held, ensure_ascii=False)
    try:
        made = typst.compile(
            _template(),
            format="pdf",
            sys_inputs={"data": data},
            ignore_system_fonts=True,
            pdf_standards=["a-2a", "ua-1"],
            timestamp=datetime.combine(document.decided_on, time(), UTC),
        )
    except typst.TypstError as error:
        raise NotRendered(document.diary_number, error.message) from error
    if not isinstance(made, bytes):
        raise NotRendered(document.diary_number, "typst gave no single file")
    return made
