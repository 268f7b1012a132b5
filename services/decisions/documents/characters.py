"""Which characters the document's fonts can print, and how the others are shown.

PDF/A and PDF/UA forbid a character without a glyph, and the fonts inside typst have no emoji and no Chinese. Nothing is
dropped in silence: what cannot be printed is shown by its code point, as in [U+1F600]. So are the invisible characters
that turn the direction of the text after them (U+202A to U+202E, U+2066 to U+2069), and marks that would be stacked
over the lines above. `glyphs.json` lists, font by font, what both weights in use can print; a test holds it against the
fonts of the installed typst.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

MARKS_MAX: Final = 4
"""How many combining marks a letter carries; Vietnamese and pointed Hebrew need three."""
UNBROKEN_MAX: Final = 40
"""After so many characters without a place to break, a line may break anyway."""

_INVISIBLE: Final = frozenset("\u00ad\u034f\u200b\u200c\u200d\u200e\u200f\u2060\ufeff") | {
    chr(selector) for selector in range(0xFE00, 0xFE10)
}
_BREAKS_AFTER: Final = frozenset(" -\u00ad\u200b\u2010")
_LINE_ENDS: Final = re.compile(r"\r\n|[\r\u2028]")
_PARAGRAPH_ENDS: Final = re.compile(r"\n[ \t]*(?:\n[ \t]*)+|\u2029")
_BREAK_HERE: Final = "\u200b"


@cache
def glyphs() -> dict[str, frozenset[str]]:
    """The characters of each font, in the order in which the template tries the fonts."""
    listed = json.loads(files(__package__).joinpath("glyphs.json").read_text(encoding="utf-8"))
    return {
        font: frozenset(chr(code) for span in spans for code in _span(*span.split("-")))
        for font, spans in listed.items()
    }


def _span(first: str, last: str) -> range:
    return range(int(first, 16), int(last, 16) + 1)


def paragraphs(text: str) -> list[list[str]]:
    """The paragraphs of a text, each as its lines, in characters that can be printed."""
    lines = _LINE_ENDS.sub("\n", text)
    return [
        [printable(line) for line in paragraph.split("\n")]
        for paragraph in _PARAGRAPH_ENDS.split(lines)
        if paragraph.strip()
    ]


def printable(line: str) -> str:
    """A line in characters that can be printed, with places to break where it has none of its own."""
    shown: list[str] = []
    unbroken = 0
    for cluster in _clusters(unicodedata.normalize("NFC", line.replace("\t", "    "))):
        for piece in _pieces(cluster):
            if unbroken >= UNBROKEN_MAX:
                shown.append(_BREAK_HERE)
                unbroken = 0
            shown.append(piece)
            unbroken = 0 if piece[-1] in _BREAKS_AFTER else unbroken + len(piece)
    return "".join(shown)


def _joins(character: str) -> bool:
    return character in _INVISIBLE or unicodedata.category(character).startswith("M")


def _clusters(line: str) -> Iterator[str]:
    """A character with the marks that follow it."""
    start = 0
    for place in range(1, len(line) + 1):
        if place == len(line) or not _joins(line[place]):
            yield line[start:place]
            start = place


def _pieces(cluster: str) -> Iterator[str]:
    """The cluster where one font prints all of it, else its characters, each as itself or by its code point."""
    marks = [character for character in cluster[1:] if character not in _INVISIBLE]
    if len(marks) <= MARKS_MAX and _one_font_has(cluster):
        yield cluster
        return
    for place, character in enumerate(cluster):
        alone = character in _INVISIBLE or (place == 0 and not _joins(character) and _one_font_has(character))
        yield character if alone else f"[U+{ord(character):04X}]"


def _one_font_has(cluster: str) -> bool:
    seen = {character for character in cluster if character not in _INVISIBLE}
    return any(seen <= font for font in glyphs().values())
