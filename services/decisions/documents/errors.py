"""What goes wrong with documents.

DocumentError
└── NotRendered     typst refused what the template made; nothing that a person enters should bring it about

What the data themselves lack is pydantic's ValidationError, with the field's name.
"""

from __future__ import annotations


class DocumentError(Exception):
    """Some document could not be made."""


class NotRendered(DocumentError):
    """A document that the typesetter refused, with its own words on why."""

    def __init__(self, diary_number: str, why: str) -> None:
        super().__init__(f"the decision document of {diary_number} was not made: {why}")
        self.diary_number = diary_number
