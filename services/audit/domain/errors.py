"""The errors of audit.

AuditError
└── NotMirrorable    a message is no event that the mirror could hold
"""

from __future__ import annotations


class AuditError(Exception):
    """Base of all errors of audit."""


class NotMirrorable(AuditError):
    """A message is no event that the mirror could hold."""
