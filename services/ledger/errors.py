"""The errors of the ledger.

LedgerError
├── VersionConflict       a stream is not at the expected version; load again and decide again
├── KeyReused             an idempotency key came back with another request
├── MessageRefused        a received message takes no effect now
│   ├── AlreadyReceived   it took effect before: nothing to do
│   └── Blocked           an earlier message of its key is parked: it must queue behind
├── NotYet                a reaction needs a fact that has not come: park and wait for its stream
├── Unavailable           the database cannot be reached; nothing was recorded, try again
└── Corrupt               what is stored contradicts itself
    ├── NoteInvalid       a checkpoint is malformed or its signature does not hold
    └── ReceiptInvalid    a receipt does not prove what it says
"""

from __future__ import annotations


class LedgerError(Exception):
    """Base of all errors of the ledger."""


class VersionConflict(LedgerError):
    """A stream moved on since it was loaded."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"stream {stream} is at version {actual}, not at the expected {expected}")
        self.stream = stream
        self.expected = expected
        self.actual = actual


class KeyReused(LedgerError):
    """An idempotency key was used before with another request."""


class MessageRefused(LedgerError):
    """A received message takes no effect now."""


class AlreadyReceived(MessageRefused):
    """The message took effect, or was parked, before."""


class Blocked(MessageRefused):
    """An earlier message of the same source and key is parked."""


class NotYet(LedgerError):
    """A reaction needs a fact that comes with a later event on `stream` of the own ledger.

    `seen` is the stream's version at the time of the look (0 when it does not exist): if it has moved on by the time
    the message is parked, the message is ready at once, so no wake-up is lost.
    """

    def __init__(self, stream: str, seen: int, need: str) -> None:
        super().__init__(f"waits for {need} ({stream}, seen at version {seen})")
        self.stream = stream
        self.seen = seen


class Unavailable(LedgerError):
    """The database cannot be reached; nothing of the request was recorded."""


class Corrupt(LedgerError):
    """Stored data contradicts itself: a hash, a size or a position does not fit."""


class NoteInvalid(Corrupt):
    """A signed note is malformed, or its signature does not hold."""


class ReceiptInvalid(Corrupt):
    """A receipt does not prove what it says."""
