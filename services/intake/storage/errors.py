"""The errors of the attachments' storage. A file that breaks a rule is no error of these: it is a `Refused`.

StorageError
├── AddressInvalid       the configured address of the store or the scanner cannot be used
├── StoreUnavailable     the store or the scratch folder cannot be read or written now; try again
├── ScannerUnavailable   nobody could look at the file; it was not kept, try again
├── NotStored            there is nothing under this SHA-256
└── ContentChanged       what lies under a SHA-256 is not what was put there
"""

from __future__ import annotations


class StorageError(Exception):
    """Base of all errors of the attachments' storage."""


class AddressInvalid(StorageError):
    """The configuration names a store or a scanner that cannot be used. The text says what would be right."""


class StoreUnavailable(StorageError):
    """The store, or the folder for files under way, cannot be read or written now."""


class ScannerUnavailable(StorageError):
    """The virus scanner cannot say whether the file is clean. The file is not kept until it can."""


class NotStored(StorageError):
    """There is nothing under this SHA-256."""

    def __init__(self, sha256: str) -> None:
        super().__init__(f"there is no stored file {sha256}")


class ContentChanged(StorageError):
    """The stored bytes were changed behind our back: their SHA-256 is another than the one they lie under."""

    def __init__(self, sha256: str, found: str) -> None:
        super().__init__(f"the file stored as {sha256} was changed: its content has the SHA-256 {found}")
        self.sha256 = sha256
        self.found = found
