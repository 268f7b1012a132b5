"""Attachments (*liite*) of grant applications, kept byte for byte under their SHA-256.

A file is taken as a stream, checked by its content and by a virus scanner, and kept in a folder or an S3-compatible
store. What is refused is told by `schemas.refusals.Refused`; what cannot be done now by this package's errors.
"""

from services.intake.storage.attachments import AttachmentStore, Stored
from services.intake.storage.errors import (
    AddressInvalid,
    ContentChanged,
    NotStored,
    ScannerUnavailable,
    StorageError,
    StoreUnavailable,
)
from services.intake.storage.limits import DEFAULT_LIMITS, Limits
from services.intake.storage.opening import StoreOptions, open_store
from services.intake.storage.scanner import ClamScanner, NoScanner, Scanner
from services.intake.storage.sweeping import AGE_MIN, Orphan, Register, orphans, remove

__all__ = [
    "AGE_MIN",
    "DEFAULT_LIMITS",
    "AddressInvalid",
    "AttachmentStore",
    "ClamScanner",
    "ContentChanged",
    "Limits",
    "NoScanner",
    "NotStored",
    "Orphan",
    "Register",
    "Scanner",
    "ScannerUnavailable",
    "StorageError",
    "StoreOptions",
    "StoreUnavailable",
    "Stored",
    "open_store",
    "orphans",
    "remove",
]
