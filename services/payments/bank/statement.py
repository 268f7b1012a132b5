"""Reads account statements (camt.053, *tiliote*) and notifications of bookings (camt.054) of any bank.

A file is read twice: once to prove it whole, once to give its records out. Nothing of a file is given out
before all of it was found sound, and neither pass holds it as a tree.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from lxml import etree

from services.payments.bank.errors import (
    SchemaInvalid,
    StatementDoesNotBalance,
    UnknownNamespace,
    ValueInvalid,
)
from services.payments.bank.statement_elements import (
    Balance,
    Batch,
    Detail,
    Entry,
    Side,
    StatementHead,
    batch_from,
    detail_from,
    entry_from,
    head_from,
)
from services.payments.bank.xml_reading import (
    Node,
    SchemaDeviation,
    elements,
    line_of,
    local_name,
    root_name,
)
from services.payments.bank.xsd import ISO_PREFIX, SchemaPolicy, checked_by_schema

__all__ = [
    "ACCEPTED_NAMESPACES",
    "Balance",
    "Batch",
    "Detail",
    "Entry",
    "FileKind",
    "SchemaPolicy",
    "Side",
    "Statement",
    "StatementFile",
    "read_statement_file",
]

ACCEPTED_NAMESPACES = tuple(
    f"{ISO_PREFIX}camt.{message}.001.{version:02d}" for message in ("053", "054") for version in range(2, 15)
)
_STATEMENT_TAGS = ("Stmt", "Ntfctn")
_TAGS = ("GrpHdr", "Btch", "TxDtls", "Ntry", *_STATEMENT_TAGS)
_REPEATING_TAGS = ("TxDtls", "Ntry")


class FileKind(StrEnum):
    """A statement has balances and proves itself; a notification only tells of bookings."""

    STATEMENT = "statement"
    NOTIFICATION = "notification"


@dataclass(frozen=True, slots=True)
class Statement:
    """One proven statement or notification: its head, and the sums of its booked entries in cents."""

    head: StatementHead
    entry_count: int
    credits_cents: int
    debits_cents: int


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A proven file. ``created_at`` is as the bank wrote it (some banks give no time zone)."""

    kind: FileKind
    namespace: str
    message_id: str | None
    created_at: str | None
    statements: tuple[Statement, ...]
    deviations: tuple[SchemaDeviation, ...]
    _data: bytes = field(repr=False, compare=False)

    def records(self) -> Iterator[Statement | Entry]:
        """Each statement, followed by its entries, in the file's order. May be called again."""
        proven = iter(self.statements)
        for record in _records(self._data):
            if isinstance(record, StatementHead):
                yield next(proven)
            elif isinstance(record, Entry):
                yield record


@dataclass(frozen=True, slots=True)
class _FileHead:
    message_id: str | None
    created_at: str | None


@dataclass(frozen=True, slots=True)
class _StatementEnd:
    counted: int | None  # What the bank says the number of entries is (TxsSummry), if it says so.
    line: int | None


def read_statement_file(data: bytes, schema_policy: SchemaPolicy = SchemaPolicy.REPORT) -> StatementFile:
    """Prove a camt.053 or camt.054 file whole, and make its records readable.

    Raises NotXml, Truncated, WrongEncoding, EntitiesRefused, UnknownNamespace, SchemaInvalid, ValueInvalid,
    and StatementDoesNotBalance when one statement's opening + entries is not its closing balance.
    """
    namespace = root_name(data).namespace
    if namespace not in ACCEPTED_NAMESPACES:
        raise UnknownNamespace(namespace, ACCEPTED_NAMESPACES)
    kind = FileKind.STATEMENT if "camt.053" in namespace else FileKind.NOTIFICATION
    file_head, statements = _proven(data, kind)
    if not statements:
        element = "Stmt" if kind is FileKind.STATEMENT else "Ntfctn"
        raise SchemaInvalid(f"the file has no {element}: at least one is needed")
    deviations = checked_by_schema(data, namespace, _REPEATING_TAGS, schema_policy)
    return StatementFile(
        kind, namespace, file_head.message_id, file_head.created_at, tuple(statements), deviations, data
    )


def _proven(data: bytes, kind: FileKind) -> tuple[_FileHead, list[Statement]]:
    file_head = _FileHead(None, None)
    statements: list[Statement] = []
    head: StatementHead | None = None
    tally = _Tally()
    for record in _records(data):
        match record:
            case _FileHead():
                file_head = record
            case StatementHead():
                head, tally = record, _Tally()
            case Entry():
                tally.add(record)
            case _StatementEnd():
                assert head is not None, "a head comes before its end"
                statements.append(_statement(head, tally, record, kind))
    return file_head, statements


class _Tally:
    """Sums the booked entries of one statement. Pending and informational entries are in no booked
    balance.
    """

    def __init__(self) -> None:
        self.entry_count = 0
        self.credits_cents = 0
        self.debits_cents = 0
        self.currencies: set[str] = set()

    def add(self, entry: Entry) -> None:
        self.entry_count += 1
        if entry.status != "BOOK":
            return
        self.currencies.add(entry.currency)
        if entry.side is Side.CREDIT:
            self.credits_cents += entry.amount_cents
        else:
            self.debits_cents += entry.amount_cents


def _statement(head: StatementHead, tally: _Tally, end: _StatementEnd, kind: FileKind) -> Statement:
    if end.counted is not None and end.counted != tally.entry_count:
        right = f"the number of entries, which is {tally.entry_count}"
        raise ValueInvalid("TxsSummry/TtlNtries/NbOfNtries", str(end.counted), right, end.line)
    if kind is FileKind.STATEMENT:
        _prove(head, tally)
    return Statement(head, tally.entry_count, tally.credits_cents, tally.debits_cents)


def _prove(head: StatementHead, tally: _Tally) -> None:
    reason = _fault_of_balance(head, tally)
    if reason is not None:
        raise StatementDoesNotBalance(
            head.statement_id,
            head.currency,
            head.opening.cents if head.opening else None,
            tally.credits_cents,
            tally.debits_cents,
            head.closing.cents if head.closing else None,
            reason,
        )


def _fault_of_balance(head: StatementHead, tally: _Tally) -> str | None:
    opening, closing = head.opening, head.closing
    if opening is None:
        return "It has no opening booked balance (OPBD, or PRCD)."
    if closing is None:
        return "It has no closing booked balance (CLBD)."
    difference = opening.cents + tally.credits_cents - tally.debits_cents - closing.cents
    foreign = sorted({closing.currency, *tally.currencies} - {opening.currency})
    if foreign:
        mixed = ", ".join(foreign)
        return f"It mixes {mixed} with {opening.currency}; the bare figures differ by {difference} cents."
    return f"The difference is {difference} cents." if difference else None


def _records(data: bytes) -> Iterator[_FileHead | StatementHead | Entry | _StatementEnd]:
    head: StatementHead | None = None
    counted: int | None = None
    parts = _EntryParts()
    for element in elements(data, _TAGS):
        name = local_name(element)
        if name == "GrpHdr":
            header = Node(element)
            yield _FileHead(header.text("MsgId"), header.text("CreDtTm"))
            continue
        if head is None:
            statement = _statement_of(element)
            head, counted = head_from(statement), _counted(statement)
            yield head
        if name == "Btch":
            parts.add_batch(element)
        elif name == "TxDtls":
            parts.add_detail(element, head.account)
        elif name == "Ntry":
            yield entry_from(element, tuple(parts.batches), tuple(parts.details))
            parts = _EntryParts()
        else:
            yield _StatementEnd(counted, line_of(element))
            head = None


class _EntryParts:
    """The batches and details of the entry that is being read."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.details: list[Detail] = []
        self._batch_parent: etree._Element | None = None

    def add_batch(self, element: etree._Element) -> None:
        self.batches.append(batch_from(element))
        self._batch_parent = element.getparent()

    def add_detail(self, element: etree._Element, account: str) -> None:
        in_batch = self._batch_parent is not None and element.getparent() is self._batch_parent
        self.details.append(detail_from(element, self.batches[-1] if in_batch else None, account))


def _statement_of(element: etree._Element) -> etree._Element:
    """The ``Stmt`` or ``Ntfctn`` that holds the element; its head and balances are complete before its
    entries.
    """
    if local_name(element) in _STATEMENT_TAGS:
        return element
    for ancestor in element.iterancestors():
        if local_name(ancestor) in _STATEMENT_TAGS:
            return ancestor
    raise SchemaInvalid(f"{local_name(element)} stands outside of a Stmt or Ntfctn", line_of(element))


def _counted(statement: etree._Element) -> int | None:
    node = Node(statement, without="Ntry")
    written = node.text("TxsSummry/TtlNtries/NbOfNtries")
    if written is None:
        return None
    if not (written.isascii() and written.isdigit()):
        raise ValueInvalid("TxsSummry/TtlNtries/NbOfNtries", written, "a number of entries", node.line)
    return int(written)
