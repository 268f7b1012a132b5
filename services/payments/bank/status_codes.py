"""Where a bank says that a payment stands, in words: the payment status codes of ISO 20022."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

UNKNOWN: Final = "tuntematon tila"
FILE: Final = Path(__file__).parent / "status_codes.yaml"


@dataclass(frozen=True, slots=True)
class StatusCode:
    """One code, and what it means to who paid."""

    code: str
    fi: str
    en: str

    @property
    def text(self) -> str:
        """The code and its Finnish text, as a clerk reads them."""
        return f"{self.code}: {self.fi}"


@cache
def status_codes() -> Mapping[str, StatusCode]:
    """All known codes, from the file's receipt to its end. Raises ValueError when the data has a code twice."""
    rows: list[dict[str, Any]] = yaml.safe_load(FILE.read_text("utf-8"))["status_codes"]
    found: dict[str, StatusCode] = {}
    for row in rows:
        made = StatusCode(row["code"], row["fi"], row["en"])
        if made.code in found:
            raise ValueError(f"{FILE.name}: {made.code} stands twice")
        found[made.code] = made
    return found


def status_code(code: str) -> StatusCode:
    """What a code means. One that is not known stays as the bank wrote it."""
    return status_codes().get(code) or StatusCode(code, UNKNOWN, "unknown status")


def status_texts() -> dict[str, str]:
    """Each known code with its text."""
    return {code: each.text for code, each in status_codes().items()}


def with_status_text(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document with what its `bank_status` means (`bank_status_text`), None where the bank told none."""
    code = document.get("bank_status")
    return {**document, "bank_status_text": status_code(code).text if isinstance(code, str) else None}
