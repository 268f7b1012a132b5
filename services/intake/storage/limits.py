"""Which files are taken as attachments, and what their sender is told when one is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from schemas.refusals import Refused, invalid

PDF: Final = "application/pdf"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT: Final = "application/vnd.oasis.opendocument.text"
ODS: Final = "application/vnd.oasis.opendocument.spreadsheet"
PNG: Final = "image/png"
JPEG: Final = "image/jpeg"
TEXT: Final = "text/plain"

NAMES: Final = {
    PDF: "PDF",
    DOCX: "Word (docx)",
    XLSX: "Excel (xlsx)",
    ODT: "OpenDocument text (odt)",
    ODS: "OpenDocument spreadsheet (ods)",
    PNG: "PNG image",
    JPEG: "JPEG image",
    TEXT: "plain text (txt, csv)",
}
"""The types that can be told by their content, and what people call them. CSV is text: nothing in it says more."""

SIZE_BYTES_MAX: Final = 20 * 1000 * 1000
"""20 MB a file, as Helsinki takes it (City-of-Helsinki/hel-fi-drupal-grants)."""

FIELD: Final = "/content"
"""Where a refusal points: the content of the file, whatever its name."""


@dataclass(frozen=True)
class Limits:
    """What a file may be. Raises ValueError for a limit that no file fits or a type that content cannot show."""

    size_bytes_max: int = SIZE_BYTES_MAX
    media_types: frozenset[str] = frozenset(NAMES)

    def __post_init__(self) -> None:
        if self.size_bytes_max < 1:
            raise ValueError(f"size_bytes_max should be 1 or more, not {self.size_bytes_max}")
        if not self.media_types or self.media_types - NAMES.keys():
            raise ValueError(f"media_types should be some of {sorted(NAMES)}, not {sorted(self.media_types)}")

    @property
    def names(self) -> str:
        """The types that are taken, for people, in the order of `NAMES`."""
        return ", ".join(name for media_type, name in NAMES.items() if media_type in self.media_types)


DEFAULT_LIMITS: Final = Limits()


def too_large(limits: Limits) -> Refused:
    megabytes = f"{limits.size_bytes_max / 1_000_000:g}"
    return invalid(
        "attachment-too-large",
        f"the file is larger than {megabytes} MB ({limits.size_bytes_max} bytes), the most that is taken; "
        "send a smaller one, or send it in several files",
        FIELD,
    )


def empty() -> Refused:
    return invalid("attachment-empty", "the file is empty; send one with content", FIELD)


def wrong_type(found: str, limits: Limits) -> Refused:
    return invalid(
        "attachment-type",
        f"the file's content, whatever its name, was recognised as: {found}. These are taken: {limits.names}",
        FIELD,
    )


def infected(name: str) -> Refused:
    return invalid(
        "attachment-infected",
        f"the virus scanner found {name} in the file; it was not kept. Send a copy that is clean",
        FIELD,
    )
