"""Which characters a bank carries, and how others are written with those.

The SEPA basic set (EPC217-08) is safe everywhere; Finnish banks carry å, ä and ö besides. Nothing is dropped
in silence: a character that has no way of writing is named, and the text is refused.
"""

import re
import unicodedata
from enum import StrEnum

_BASIC = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ ")
_FINNISH = _BASIC | frozenset("åäöÅÄÖ")
_IDENTIFIER = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]+")

# Letters that Unicode does not decompose, and the signs that EPC217-08 replaces.
_WRITTEN_AS = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D",
    "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "ŋ": "n", "Ŋ": "N", "ŧ": "t", "Ŧ": "T",
    "ı": "i", "Ħ": "H", "ħ": "h", "Ŀ": "L", "ŀ": "l", "ŉ": "'n",
    "&": "+", "_": "-", "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "~": "-", "=": "-",
    "“": "'", "”": "'", "„": "'", '"': "'", "«": "'", "»": "'", "‘": "'", "’": "'", "´": "'",
    "`": "'", "ʼ": "'",
    "!": ".", ";": ",", "*": ".", "#": ".", "%": ".", "…": "...", "@": "(at)", "€": "EUR", "§": "S",
    "[": "(", "]": ")", "{": "(", "}": ")", "<": "(", ">": ")", "\\": "/", "|": "/",
    "\n": " ", "\t": " ", "\u00a0": " ", "\u202f": " ", "\u2009": " ",
}  # fmt: skip


class CharacterProfile(StrEnum):
    """What the debtor's bank carries: ``finnish`` keeps å, ä, ö; ``basic`` writes them as a, a, o."""

    FINNISH = "finnish"
    BASIC = "basic"


_CARRIED = {CharacterProfile.FINNISH: _FINNISH, CharacterProfile.BASIC: _BASIC}


def write_with(profile: CharacterProfile, text: str) -> tuple[str, str]:
    """Write ``text`` with the profile's characters: the result, and the characters that cannot be written.

    Spaces at the ends are cut and runs of spaces made one.
    """
    allowed = _CARRIED[profile]
    pieces: list[str] = []
    impossible: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        piece = _written(character, allowed)
        if piece is None:
            impossible.append(character)
        else:
            pieces.append(piece)
    return " ".join("".join(pieces).split()), "".join(dict.fromkeys(impossible))


def outside(profile: CharacterProfile, text: str) -> str:
    """The characters of ``text`` that the profile does not carry, each once; a decomposed letter counts as composed."""
    carried = _CARRIED[profile]
    return "".join(dict.fromkeys(each for each in unicodedata.normalize("NFC", text) if each not in carried))


def identifier_fault(text: str, length_max: int) -> str | None:
    """Say what is wrong with an identifier by the EPC rules, or None when nothing is."""
    if not 1 <= len(text) <= length_max:
        return f"has {len(text)} characters"
    if not _IDENTIFIER.fullmatch(text):
        outside = "".join(sorted({c for c in text if not _IDENTIFIER.fullmatch(c)}))
        return f"holds {outside!r}"
    if text.startswith("/") or text.endswith("/") or "//" in text:
        return 'starts or ends with "/" or holds "//"'
    if text != text.strip():
        return "starts or ends with a space"
    return None


def _written(character: str, allowed: frozenset[str]) -> str | None:
    if character in allowed:
        return character
    if character in _WRITTEN_AS:
        return _WRITTEN_AS[character]
    base = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
    # A sign such as a lone diaeresis decomposes into a space and a mark: a space would not write it but drop it.
    blank = not base.strip() and not character.isspace()
    return None if blank or not set(base) <= allowed else base
