"""How a rule is printed whose section number nobody has read in the statute.

An unchecked rule never stands among the statutes: it is the county's own instruction, printed without the statute's
number, section or chapter. What stands in brackets with such a number is cut; a sentence that has one outside brackets
cannot be cut without changing what it says, so that rule is left out. Leaving out too much is the safe side.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_CITED: Final = re.compile(
    r"§|pykäl|paragraf|moment|artikl|artikel|\bmom\b|\bart\.|\bsection\b|\bkap\.|kapitel"
    r"|\d\s*\.?\s*(?:luvu|luku|kap|kohta|kohda|punkt)"
    r"|(?:laki|lain|laissa|lakia|lag|lagen|lagens)\s+\d"
    r"|\d/\d{4}\b|\b\d{4}/\d",
    re.IGNORECASE,
)
_BRACKETS: Final = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])")


def without_citations(text: str) -> str | None:
    """The text without citations of statutes in brackets; None when a citation is left, or no word is."""
    cut = _BRACKETS.sub(lambda brackets: "" if _cites(brackets.group()) else brackets.group(), text).strip()
    if _cites(cut) or not re.search(r"\w", cut):
        return None
    return cut


def _cites(text: str) -> bool:
    """Whether a statute is cited, however its characters are written: invisible ones do not hide it."""
    seen = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return _CITED.search(unicodedata.normalize("NFKC", seen)) is not None
