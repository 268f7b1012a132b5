"""What audit is told by its environment, besides what every service is told."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from services.ledger.notes import Verifier
from services.web.settings import ServiceSettings

_VKEY_LINE = re.compile(r"[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44}")


class Source(BaseModel):
    """A watched ledger: its database as the auditors' role sees it, its schema, and its public key.

    `vkey` is the key's line itself (`name+keyid+base64`) or the name of a file that holds it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    dsn: SecretStr
    schema_name: str = Field(alias="schema", pattern="^[a-z][a-z0-9_]*$")
    vkey: str

    @cached_property
    def verifier(self) -> Verifier:
        """The public key; raises NoteInvalid, and OSError when the file cannot be read."""
        line = self.vkey if _VKEY_LINE.fullmatch(self.vkey) else Path(self.vkey).read_text(encoding="utf-8")
        return Verifier.parse(line)


class AuditSettings(ServiceSettings):
    """Audit signs nothing and knows no county: it watches `sources`, by the names of their topics."""

    signing_key_file: Path = Field(default=Path(), validate_default=False)
    county_folder: Path = Field(default=Path(), validate_default=False)
    sources: dict[str, Source] = Field(description="JSON: ledger → {dsn, schema, vkey}", min_length=1)
    kafka_group: str = "grant-ledger-audit"
