"""Bank files as events of grants: which payment or claim each entry speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from services.payments.bank.errors import ReferenceInvalid
from services.payments.bank.references import canonical_reference
from services.payments.bank.statement import FileKind, StatementFile, read_statement_file
from services.payments.bank.statement_elements import Detail, Entry, Side
from services.payments.bank.status_report import Outcome, StatusReport, read_status_report
from services.payments.bank.xml_reading import root_name

from .domain.grants import BankEvent
from .domain.reconciliation import BankEntry

Kind = Literal["pain.002", "camt.053", "camt.054"]


@dataclass(frozen=True, slots=True)
class BankFile:
    """A file that was read whole; sums in cents."""

    kind: Kind
    sha256: str
    statements: int
    entries: int
    credits: int
    debits: int
    parsed: StatementFile | StatusReport


def read_bank_file(data: bytes, sha256: str) -> BankFile:
    """Reads any file from the bank. Raises BankFileError when it is not sound, and then nothing of it counts."""
    if "pain.002" in (root_name(data).namespace or ""):
        report = read_status_report(data)
        return BankFile("pain.002", sha256, 0, len(report.transactions), 0, 0, report)
    file = read_statement_file(data)
    kind: Kind = "camt.053" if file.kind is FileKind.STATEMENT else "camt.054"
    return BankFile(
        kind, sha256, len(file.statements), sum(each.entry_count for each in file.statements),
        sum(each.credits_cents for each in file.statements), sum(each.debits_cents for each in file.statements), file,
    )  # fmt: skip


def entries_of(file: StatementFile) -> Iterator[tuple[Entry, Detail | None, int | None]]:
    """Each booked entry, once for each of its details, with the sum of that detail in cents: None where the bank tells
    only the sum of a batch of several.
    """
    for record in file.records():
        if not isinstance(record, Entry) or record.status != "BOOK":
            continue
        if not record.details:
            yield record, None, record.amount_cents
        for detail in record.details:
            yield record, detail, record.amount_cents if len(record.details) == 1 else detail.amount_cents


def bank_events(file: BankFile, sent: Mapping[str, str]) -> Iterator[BankEvent]:
    """What the file says of our payments and claims, in its order. `sent` maps our EndToEndIds to the message (MsgId)
    that they left in; entries that name neither of these nor a reference are not ours.
    """
    if isinstance(file.parsed, StatusReport):
        yield from _rejections(file, file.parsed, sent)
        return
    for entry, detail, amount in entries_of(file.parsed):
        event = _event(entry, detail, amount, file.sha256, sent)
        if event is not None:
            yield event


def _rejections(file: BankFile, report: StatusReport, sent: Mapping[str, str]) -> Iterator[BankEvent]:
    message = report.original_message_id
    for end_to_end_id, left_in in sorted(sent.items()):
        if left_in != message:
            continue
        verdict = report.verdict_on(end_to_end_id, message)
        if verdict.outcome is Outcome.REJECTED:
            reason = next((each.code for each in verdict.reasons if each.code), verdict.status)
            yield BankEvent("rejected", end_to_end_id, 0, None, None, reason, file.sha256)


def _event(
    entry: Entry, detail: Detail | None, amount: int | None, sha256: str, sent: Mapping[str, str]
) -> BankEvent | None:
    end_to_end_id = detail.end_to_end_id if detail is not None else None
    kind: Literal["booked", "returned", "received"]
    if end_to_end_id in sent and end_to_end_id is not None:
        kind, key = ("booked" if entry.side is Side.DEBIT else "returned"), end_to_end_id
    elif entry.side is Side.CREDIT and detail is not None and detail.reference:
        try:
            kind, key = "received", canonical_reference(detail.reference)
        except ReferenceInvalid:
            return None
    else:
        return None
    reason = detail.return_reason_code if detail is not None else None
    return BankEvent(kind, key, amount, entry.booked_on, archive_id(entry), reason, sha256)


def archive_id(entry: Entry) -> str:
    """The bank's archive id (*arkistointitunnus*) of an entry, or what else names it."""
    return entry.bank_reference or entry.entry_reference or f"{entry.booked_on}/{entry.amount_cents}"


def bank_entries(file: StatementFile) -> list[BankEntry]:
    """The entries of a statement for reconciliation: a batch by its parts where the bank tells their sums."""
    found: list[BankEntry] = []
    for record in file.records():
        if not isinstance(record, Entry) or record.status != "BOOK" or record.booked_on is None:
            continue
        sign = 1 if record.side is Side.CREDIT else -1
        told = len(record.details) > 1 and all(each.amount_cents is not None for each in record.details)
        parts: list[tuple[str | None, int]] = (
            [(each.end_to_end_id, each.amount_cents or 0) for each in record.details]
            if told
            else [(record.details[0].end_to_end_id if len(record.details) == 1 else None, record.amount_cents)]
        )
        found += [BankEntry(archive_id(record), record.booked_on, sign * amount, key) for key, amount in parts]
    return found
