"""What can be wrong with a bank file.

    BankFileError
    ├── NotXml                  the bytes are not well-formed XML
    ├── Truncated               the XML is well-formed as far as it goes, and ends too early
    ├── WrongEncoding           the bytes are not what the XML declaration says
    ├── EntitiesRefused         the file has a document type declaration (entities, bombs)
    ├── UnknownNamespace        another message or version; names what is accepted
    ├── SchemaInvalid           an element is missing, misplaced or not of its type
    ├── ValueInvalid            one value cannot be right
    ├── StatementDoesNotBalance opening + entries is not closing
    ├── CreditTransferInvalid   what should be paid breaks the rules; every problem at once
    ├── ReferenceInvalid        a payment reference with a wrong form or check digit
    └── IdentifierInvalid       the parts of an identifier are out of range

Every message says what was wrong, where, and what would be right. Lines count from 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class BankFileError(Exception):
    """A bank file, or a part of one, that is refused."""


class NotXml(BankFileError):
    """The bytes are not well-formed XML."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        self.reason = reason
        self.line = line
        super().__init__(f"This is not well-formed XML{_at(line)}: {reason}. A bank file is one XML document.")


class Truncated(BankFileError):
    """The file ends before its last element is closed: it was cut on the way."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        self.reason = reason
        self.line = line
        super().__init__(f"The file ends too early{_at(line)}: {reason}. Fetch it from the bank again.")


class WrongEncoding(BankFileError):
    """The bytes are not in the encoding that the XML declaration names."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        self.reason = reason
        self.line = line
        super().__init__(f"The encoding is wrong{_at(line)}: {reason}. Bank files are UTF-8 and say so truly.")


class EntitiesRefused(BankFileError):
    """The file has a document type declaration. ISO 20022 messages never have one."""

    def __init__(self) -> None:
        super().__init__(
            "The file has a document type declaration (<!DOCTYPE …>), which can hide entities. "
            "ISO 20022 messages have none: ask the bank for the plain message."
        )


class UnknownNamespace(BankFileError):
    """The document is another message, or a version that is not read here."""

    def __init__(self, found: str | None, accepted: Sequence[str]) -> None:
        self.found = found
        self.accepted = tuple(accepted)
        super().__init__(f"The document's namespace is {found or 'missing'}. Accepted: {', '.join(self.accepted)}.")


class SchemaInvalid(BankFileError):
    """The message breaks its schema where the schema matters for what is read."""

    def __init__(self, what: str, line: int | None = None) -> None:
        self.what = what
        self.line = line
        super().__init__(f"The message breaks its schema{_at(line)}: {what}")


class ValueInvalid(BankFileError):
    """One value of the file cannot be right."""

    def __init__(self, field: str, value: str | None, right: str, line: int | None = None) -> None:
        self.field = field
        self.value = value
        self.right = right
        self.line = line
        shown = "missing" if value is None else repr(value[:80])
        super().__init__(f"{field}{_at(line)} is {shown}. It must be {right}.")


class StatementDoesNotBalance(BankFileError):
    """Opening balance plus booked entries is not the closing balance. All figures in cents."""

    def __init__(
        self,
        statement_id: str,
        currency: str | None,
        opening_cents: int | None,
        credits_cents: int,
        debits_cents: int,
        closing_cents: int | None,
        reason: str,
    ) -> None:
        self.statement_id = statement_id
        self.currency = currency
        self.opening_cents = opening_cents
        self.credits_cents = credits_cents
        self.debits_cents = debits_cents
        self.closing_cents = closing_cents
        super().__init__(
            f"Statement {statement_id} does not prove itself: opening {_money(opening_cents)} "
            f"+ credits {_money(credits_cents)} - debits {_money(debits_cents)} should be "
            f"closing {_money(closing_cents)} {currency or ''}".rstrip()
            + f". {reason} The whole file is refused: ask the bank for a corrected statement."
        )


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing that is wrong: the field, the payment's index from 0 (None for the file), what would be
    right.
    """

    field: str
    index: int | None
    wrong: str
    right: str

    def __str__(self) -> str:
        where = self.field if self.index is None else f"payments[{self.index}].{self.field}"
        return f"{where}: {self.wrong}; right would be {self.right}"


class CreditTransferInvalid(BankFileError):
    """The payments cannot be written as a bank file; ``problems`` holds all reasons, not only the first."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"- {problem}" for problem in self.problems)
        super().__init__(f"The bank file cannot be made, {len(self.problems)} problem(s):\n{lines}")


class ReferenceInvalid(BankFileError, ValueError):
    """A payment reference whose form or check digit is wrong."""

    def __init__(self, value: str, right: str) -> None:
        self.value = value
        self.right = right
        super().__init__(f"The reference {value!r} is not valid. It must be {right}.")


class IdentifierInvalid(BankFileError, ValueError):
    """A part of a bank file's identifier is out of its range."""

    def __init__(self, part: str, value: int, right: str) -> None:
        self.part = part
        self.value = value
        super().__init__(f"{part} is {value}. It must be {right}.")


def _at(line: int | None) -> str:
    return "" if line is None else f" at line {line}"


def _money(cents: int | None) -> str:
    if cents is None:
        return "(missing)"
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
