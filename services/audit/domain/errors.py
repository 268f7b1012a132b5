"""The errors of audit.

AuditError
├── NotMirrorable    a message is no event that the mirror could hold
└── ReceiptInvalid   a receipt does not prove what it says
"""

from __future__ import annotations


class AuditError(Exception):
    """Base of all errors of audit."""


class NotMirrorable(AuditError):
    """A message is no event that the mirror could hold."""


class ReceiptInvalid(AuditError):
    """A receipt does not prove what it says."""
