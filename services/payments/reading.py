"""Bank files as events of grants: which payment or claim each entry speaks of."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from services.payments.bank.errors import ReferenceInvalid
from services.payments.bank.references import canonical_reference
from services.payments.bank.statement import FileKind, StatementFile, read_statement_file
from services.payments.bank.statement_elements import Detail, Entry, Side
from services.payments.bank.status_report import Outcome, StatusReport, read_status_report
from services.payments.bank.xml_reading import root_name

from .domain.bank_events import BankEvent
from .domain.reconciliation import BankEntry

Kind = Literal["pain.002", "camt.053", "camt.054"]
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")


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


def parts_of(entry: Entry) -> Iterator[tuple[Detail | None, int | None]]:
    """An entry once for each of its details, with the sum of that detail in cents of the entry's currency: None where
    the bank tells only the sum of a batch of several.
    """
    if not entry.details:
        yield None, entry.amount_cents
    for detail in entry.details:
        told = detail.amount_cents if detail.currency == entry.currency else None
        yield detail, entry.amount_cents if len(entry.details) == 1 else told


def booked_entries(file: StatementFile) -> Iterator[Entry]:
    """Each booked entry of a file, in its order."""
    for record in file.records():
        if isinstance(record, Entry) and record.status == "BOOK":
            yield record


@dataclass(frozen=True, slots=True)
class Keys:
    """What a file may name of ours: EndToEndIds, references in canonical spelling, and bundles (PmtInfId or MsgId)."""

    end_to_end_ids: frozenset[str]
    references: frozenset[str]
    bundles: frozenset[str]


def keys_of(file: StatementFile) -> Keys:
    """Everything in the file by which an entry could be ours."""
    ids: set[str] = set()
    references: set[str] = set()
    bundles: set[str] = set()
    for entry in booked_entries(file):
        for detail in entry.details:
            if detail.end_to_end_id is not None:
                ids.add(detail.end_to_end_id)
            reference = _reference(detail)
            if reference is not None:
                references.add(reference)
        bundles |= set(_bundles(entry))
    return Keys(frozenset(ids), frozenset(references), frozenset(bundles))


def _reference(detail: Detail) -> str | None:
    try:
        return canonical_reference(detail.reference) if detail.reference else None
    except ReferenceInvalid:
        return None


def _bundles(entry: Entry) -> list[str]:
    """The bundles of a debit that was booked as one without the ids of its payments."""
    if entry.side is not Side.DEBIT or any(detail.end_to_end_id is not None for detail in entry.details):
        return []
    named = [name for batch in entry.batches for name in (batch.payment_information_id, batch.message_id) if name]
    return named + [each.payment_information_id for each in entry.details if each.payment_information_id]


def bundle_of(entry: Entry, sent: Collection[str]) -> str | None:
    """Our message (MsgId) that a debit without the ids of its payments paid, or None."""
    return next((name for name in _bundles(entry) if name in sent), None) if entry.currency == "EUR" else None


def rejections(report: StatusReport, sent: Iterable[str], sha256: str) -> Iterator[BankEvent]:
    """What a report rejects of the payments that left in the file it answers; the bank's words alone are NARR."""
    for end_to_end_id in sorted(sent):
        verdict = report.verdict_on(end_to_end_id, report.original_message_id)
        if verdict.outcome is Outcome.REJECTED:
            reason = next((each.code for each in verdict.reasons if each.code), "NARR")
            yield BankEvent("rejected", end_to_end_id, 0, None, None, one_line(reason), sha256)


def event_of(
    entry: Entry, detail: Detail | None, amount: int | None, sha256: str, ours: Collection[str]
) -> BankEvent | None:
    """What an entry, or one detail of it, says of a payment or claim; `ours` are our EndToEndIds and the references of
    our claims. None when it is not ours. Only euros are.
    """
    if detail is None or entry.currency != "EUR":
        return None
    side = detail.side or entry.side
    reference = _reference(detail)
    kind: Literal["booked", "returned", "received"]
    if detail.end_to_end_id is not None and detail.end_to_end_id in ours:
        kind, key = ("booked" if side is Side.DEBIT else "returned"), detail.end_to_end_id
    elif side is Side.CREDIT and reference is not None and reference in ours:
        kind, key = "received", reference
    else:
        return None
    reason = None if detail.return_reason_code is None else one_line(detail.return_reason_code)
    return BankEvent(kind, key, amount, entry.booked_on, archive_id(entry), reason, sha256)


def taken_back(entry: Entry, detail: Detail | None, claims: Collection[str]) -> str | None:
    """The reference of a claim whose money a debit takes back, or None."""
    if detail is None or (detail.side or entry.side) is Side.CREDIT:
        return None
    reference = _reference(detail)
    return reference if reference in claims else None


def archive_id(entry: Entry) -> str:
    """The bank's archive id (*arkistointitunnus*) of an entry, or what else names it."""
    return one_line(entry.bank_reference or entry.entry_reference or f"{entry.booked_on}/{entry.amount_cents}")


def one_line(written: str) -> str:
    """A bank's word as one line that fits into an event."""
    return _CONTROL.sub(" ", written)[:140]


def bank_entries(file: StatementFile) -> list[BankEntry]:
    """The entries in euros of a statement for reconciliation: a batch by its parts where the bank tells their sums."""
    found: list[BankEntry] = []
    for record in booked_entries(file):
        if record.booked_on is None or record.currency != "EUR":
            continue
        sign = 1 if record.side is Side.CREDIT else -1
        sums = [amount for _, amount in parts_of(record)]
        told = len(record.details) > 1 and None not in sums
        parts: list[tuple[str | None, int]] = (
            [(each.end_to_end_id, each.amount_cents or 0) for each in record.details]
            if told
            else [(record.details[0].end_to_end_id if len(record.details) == 1 else None, record.amount_cents)]
        )
        found += [BankEntry(archive_id(record), record.booked_on, sign * amount, key) for key, amount in parts]
    return found
