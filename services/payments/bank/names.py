"""Names that are longer than the bank takes: cut where a word ends, and never between a letter and its marks."""

from __future__ import annotations

import unicodedata
from typing import Final

from .characters import CharacterProfile, write_with

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
    # The longest that fits: a letter's marks and joiners add nothing to what is written, so they stay with it.
    end = max(each for each in range(len(whole)) if written_length(whole[:each], characters) <= length_max)
    within = whole[:end]
    between_words = within[-1:].isspace() or whole[end].isspace()
    words = within if between_words else " ".join(within.split()[:-1])
    if 2 * written_length(words, characters) < length_max:
        words = within
    return words.rstrip(_LEFT_HANGING) or within
