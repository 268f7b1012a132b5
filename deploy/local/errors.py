"""Errors of the local servers.

LocalServerError            anything below
├── BinaryMissing           a program that must be started is not installed
├── FolderUnreachable       an unprivileged server cannot get at the folder it must use
├── AlreadyRunning          another live server holds the same data folder
├── CommandFailed           a program that should finish by itself (initdb, mvn) ended with an error
├── StartFailed             a server ended, or did not answer in time
└── BankRefused             the mock bank answered a control call with an error status
"""


class LocalServerError(Exception):
    """A local server could not do what was asked; the message says what, where and what would be right."""


class BinaryMissing(LocalServerError):
    """A program is not installed; the message says where it was looked for."""


class FolderUnreachable(LocalServerError):
    """A folder cannot be reached by the unprivileged user that must use it."""


class AlreadyRunning(LocalServerError):
    """A live server uses the data folder already."""


class CommandFailed(LocalServerError):
    """A program that ends by itself did so with an error; the message carries its last output."""


class StartFailed(LocalServerError):
    """A server ended early or missed its deadline; the message carries the end of its log."""


class BankRefused(LocalServerError):
    """The mock bank refused a control call; the message carries its answer."""
