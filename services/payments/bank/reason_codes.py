"""Why a bank does not pay or sends back, in words: the reason codes of ISO 20022, and what a person does next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, get_args

import yaml

WhatToDo = Literal["account", "name", "retry", "bank", "none"]
CodeList = Literal["status_or_return", "recall"]
UNKNOWN: Final = "tuntematon syykoodi"
FILE: Final = Path(__file__).parent / "reason_codes.yaml"


@dataclass(frozen=True, slots=True)
class ReasonCode:
    """One code. `what_to_do`: `account` another account is needed, `name` the name or address is corrected, `retry` the
    same can be sent anew, `bank` the bank is asked, `none` nothing is sent anew. `list` says which of ISO's lists it is
    of.
    """

    code: str
    fi: str
    en: str
    what_to_do: WhatToDo
    list: CodeList = "status_or_return"

    @property
    def text(self) -> str:
        """The code and its Finnish text, as a clerk reads them."""
        return f"{self.code}: {self.fi}"

    def shown(self) -> dict[str, str]:
        """The code as a document."""
        return {"code": self.code, "fi": self.fi, "en": self.en, "what_to_do": self.what_to_do, "list": self.list}


@cache
def reason_codes() -> Mapping[str, ReasonCode]:
    """All known codes, in the alphabet's order. Raises ValueError when the data has a code twice or an unknown word."""
    rows: list[dict[str, Any]] = yaml.safe_load(FILE.read_text("utf-8"))["reason_codes"]
    found: dict[str, ReasonCode] = {}
    for row in sorted(rows, key=lambda each: str(each["code"])):
        made = ReasonCode(row["code"], row["fi"], row["en"], row["do"], row.get("list", "status_or_return"))
        if made.code in found or made.what_to_do not in get_args(WhatToDo) or made.list not in get_args(CodeList):
            raise ValueError(f"{FILE.name}: {made.code} stands twice, or what to do is none of {get_args(WhatToDo)}")
        found[made.code] = made
    return found


def reason_code(code: str) -> ReasonCode:
    """What a code means. One that is not known stays as the bank wrote it: then the bank is asked."""
    return reason_codes().get(code) or ReasonCode(code, UNKNOWN, "unknown reason code", "bank")


def explained(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document with what its `reason_code` means (`reason_text`, `what_to_do`), as it is where it has none."""
    code = document.get("reason_code")
    if not isinstance(code, str):
        return dict(document)
    reason = reason_code(code)
    return {**document, "reason_text": reason.text, "what_to_do": reason.what_to_do}
