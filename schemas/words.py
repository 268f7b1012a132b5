"""Texts that people read, in their languages."""

from __future__ import annotations

from typing import Literal

from .facts import Contract
from .identifiers import Text

Language = Literal["fi", "sv", "en"]


class Words(Contract):
    """A text in Finnish, and where it was translated in Swedish and English."""

    fi: Text
    sv: Text | None = None
    en: Text | None = None

    def in_language(self, language: Language) -> str:
        """The text in a language, in Finnish where it was not translated."""
        return getattr(self, language) or self.fi
