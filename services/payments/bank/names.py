"""Names that are longer than the bank takes: cut where a word ends, and never between a letter and its marks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

from .characters import CharacterProfile, write_with

_JOINERS: Final = frozenset("\u200d\ufe0e\ufe0f")
_LEFT_HANGING: Final = " ,;:-–—&+/("


def written_length(name: str, characters: CharacterProfile) -> int:
    """How many characters a name has as the bank's file writes it."""
    return len(write_with(characters, name)[0])


def shortened(name: str, length_max: int, characters: CharacterProfile) -> str:
    """The name, or so much of it as is written with at most `length_max` characters.

    It ends where a word ends, unless that leaves less than half of what fits: then within the word, after a whole
    letter. What would be left hanging at the end, such as a comma or an opening bracket, goes with the rest.
    """
    if written_length(name, characters) <= length_max:
        return name
    whole = unicodedata.normalize("NFC", name)
    end = max((each for each in _ends(whole) if written_length(whole[:each], characters) <= length_max), default=0)
    within = whole[:end]
    between_words = within[-1:].isspace() or whole[end].isspace()
    words = within if between_words else " ".join(within.split()[:-1])
    if 2 * written_length(words, characters) < length_max:
        words = within
    return words.rstrip(_LEFT_HANGING) or within


def _ends(text: str) -> Iterator[int]:
    """Where a text can be cut: after each letter with all its marks and what is joined to it."""
    for index in range(1, len(text)):
        before, after = text[index - 1], text[index]
        if before != "\u200d" and after not in _JOINERS and not unicodedata.category(after).startswith("M"):
            yield index
