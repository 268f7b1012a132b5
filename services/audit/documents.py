"""What audit answers with, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class EventDocument(BaseModel):
    """One event of one ledger: the fields of its body, and the ledger's name."""

    source: str
    position: int
    recorded_at: str
    id: str
    stream: str
    version: int
    type: str
    schema_: int = Field(alias="schema")
    actor: str
    correlation: str
    causation: str | None
    data: Any


class CheckpointDocument(BaseModel):
    """A signed tree head: `root` in hexadecimal, `note` as it was signed."""

    size: int
    root: str
    note: str
    witnessed_at: datetime


class SourceDocument(BaseModel):
    """How far one ledger is mirrored. `lag` counts the events known to exist that are not in the mirror's
    tree yet.
    """

    source: str
    size: int
    root: str
    recorded_at: datetime | None
    highest_position: int
    lag: int
    checkpoint: CheckpointDocument | None
    divergences: int


class Sources(BaseModel):
    """The watched ledgers."""

    items: list[SourceDocument]


class ProofDocument(BaseModel):
    """Inclusion (RFC 9162): the audit path, in base64 from leaf to root, of leaf `index` in the tree of
    `size` leaves.
    """

    index: int
    size: int
    path: list[str]
    leaf: str = Field(description="SHA-256(0x00 ‖ body), hexadecimal")


class ProvenEvent(BaseModel):
    """An event with its proof. `body` is the exact text that is hashed (UTF-8). `proof` and `checkpoint`
    are null while no witnessed checkpoint covers the event.
    """

    event: EventDocument
    body: str
    proof: ProofDocument | None
    checkpoint: CheckpointDocument | None


class ConsistencyDocument(BaseModel):
    """Consistency (RFC 9162): the tree of `new` events begins with the tree of `old`. Roots in hexadecimal."""

    old: int
    new: int
    old_root: str
    new_root: str
    path: list[str]


class StreamDocument(BaseModel):
    """A stream as of a position or moment: its events, and their data merged at the top level in order."""

    source: str
    stream: str
    version: int
    events: list[EventDocument]
    state: dict[str, Any]


class DivergenceDocument(BaseModel):
    """Something that does not fit what was published or signed. `verification` names the one that found it,
    if any.
    """

    number: int
    source: str
    position: int | None
    kind: str
    what: str
    found_at: datetime
    verification: int | None


class FindingDocument(BaseModel):
    """What is wrong in a ledger, and where."""

    ledger: str
    position: int | None
    column: str | None
    what: str


class VerificationDocument(BaseModel):
    """The outcome of a verification. `checked` counts the mirrored events that each ledger was compared
    with.
    """

    number: int
    person: str
    started_at: datetime
    finished_at: datetime
    verified: bool
    findings: list[FindingDocument]
    checked: dict[str, int]


class DisclosureDocument(BaseModel):
    """Who looked at what, and when."""

    number: int
    disclosed_at: datetime
    person: str
    roles: list[str]
    action: str
    path: str
    filters: dict[str, Any]
    correlation: str | None


class ReceiptDocument(BaseModel):
    """A receipt (*kuittaus*) of an application, checkable without a network: see docs/ledger.md."""

    receipt: str
    ledger: str
    stream: str
    position: int
    event: str
    size: int
    path: list[str]
    checkpoint: str
    vkey: str
