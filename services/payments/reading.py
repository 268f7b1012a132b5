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
_TOLD: Final = frozenset({Outcome.ACCEPTED, Outcome.PENDING, Outcome.PAYEE_CHECKED})
_STATUS: Final = re.compile(r"[A-Z0-9]{1,4}")
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


def answers(report: StatusReport, sent: Iterable[str], sha256: str) -> Iterator[BankEvent]:
    """What a report says of the payments that left in the file it answers: which it rejects (the bank's words alone are
    NARR), and the status of the others where it tells one. A duplicate says nothing of the first file.
    """
    for end_to_end_id in sorted(sent):
        verdict = report.verdict_on(end_to_end_id, report.original_message_id)
        reason = next((one_line(each.code) for each in verdict.reasons if each.code), None)
        if verdict.outcome is Outcome.REJECTED:
            yield BankEvent("rejected", end_to_end_id, 0, None, None, reason or "NARR", sha256)
        elif verdict.outcome in _TOLD and verdict.status is not None and _STATUS.fullmatch(verdict.status):
            yield BankEvent("told", end_to_end_id, 0, None, None, reason, sha256, verdict.status)


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


Booking = tuple[BankEntry, ...]
"""An entry of the bank as it is compared: itself first, then its parts where the bank tells them."""


def booking_of(entry: Entry) -> Booking:
    """A booked entry in euros for the comparison; nothing for any other.

    A part stands under its own archive id where it has one, and under its entry's. It has a sum where the bank tells
    that of every part, else its archive id alone says in which entry it is.
    """
    if entry.status != "BOOK" or entry.booked_on is None or entry.currency != "EUR":
        return ()
    own, parts = archive_id(entry), list(parts_of(entry))
    names = [own if part is None or part.bank_reference is None else one_line(part.bank_reference) for part, _ in parts]
    sole = parts[0][0] if len(parts) == 1 and names == [own] else None
    whole = BankEntry(
        own, entry.booked_on, _signed(entry.side, entry.amount_cents), None if sole is None else sole.end_to_end_id
    )
    if len(parts) == 1 and names == [own]:
        return (whole,)
    told = all(amount is not None for _, amount in parts)
    return (
        whole,
        *(
            BankEntry(
                name, entry.booked_on,
                _signed((part.side if part else None) or entry.side, amount or 0) if told else None,
                part.end_to_end_id if part else None, own,
            )
            for name, (part, amount) in zip(names, parts, strict=True)
            if told or name != own
        ),
    )  # fmt: skip


def _signed(side: Side, amount: int) -> int:
    return amount if side is Side.CREDIT else -amount
