"""The ledger: a library for append-only, provable event ledgers on PostgreSQL. It knows nothing of what is recorded.

Append with `Ledger.append(Unit(...))`, read with `stream`, `scan`, `page`, `entry`. See docs/ledger.md.
"""

from schemas.envelope import message_key

from .errors import (
    AlreadyReceived,
    Blocked,
    Corrupt,
    KeyReused,
    LedgerError,
    MessageRefused,
    NoteInvalid,
    NotYet,
    Unavailable,
    VersionConflict,
)
from .ledger import Head, Ledger
from .migrate import migrate
from .notes import Checkpoint, Signer, Verifier
from .records import Context, NewEvent, Record, StreamWrite, decode_body
from .registers import Document, Entry, Order, Register, Sort
from .units import Appended, Idempotency, Parking, Receipt, Unit

__all__ = [
    "AlreadyReceived", "Appended", "Blocked", "Checkpoint", "Context", "Corrupt", "Document", "Entry", "Head",
    "Idempotency", "KeyReused", "Ledger", "LedgerError", "MessageRefused", "NewEvent", "NotYet", "NoteInvalid",
    "Order", "Parking", "Receipt", "Record", "Register", "Signer", "Sort", "StreamWrite", "Unavailable", "Unit",
    "Verifier", "VersionConflict", "decode_body", "message_key", "migrate",
]  # fmt: skip
