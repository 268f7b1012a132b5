"""The audit trail (*kirjausketju*): from a voucher to the posting's event, payment, run, approvals, bank file and
statement, to the grant, its application and its diary number; and from an application to all its vouchers.

Every step is an event of the ledger, by position and id, so that an auditor can prove each by its place in the tree.
What came of an event of another service has that event's id as its cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.payments import BankFileImported, GrantAwarded, GrantReleased, PostingsImported, VouchersAcknowledged
from services.payments.domain.postings import Posting

from .dossiers import Dossier, RunEvent, Runs
from .model import Closing, Column, Event, Note, Row, as_text
from .vouchers import VoucherNumber
from .wording import STEPS

TITLE: Final = "Kirjausketju"
_ATTEMPT: Final = frozenset({
    "payment.proposed", "payment.dropped", "payment.sent", "payment.rejected", "payment.booked", "payment.returned",
    "payment.return_charged", "payment.status_reported", "payment.cause_settled",
})  # fmt: skip
_GRANT: Final = (GrantAwarded, GrantReleased)
COLUMNS: Final = (
    Column("voucher", "Tosite", width=16),
    Column("step", "Vaihe", words=STEPS, width=28),
    Column("recorded_on", "Kirjattu pääkirjaan", "date", 12),
    Column("position", "Sijainti", "number", 10),
    Column("event_id", "Tapahtuman tunnus", width=38),
    Column("stream", "Tapahtumavirta", width=46),
    Column("caused_by", "Aiheuttaja", width=38),
    Column("posting", "Tositteen kirjaus", words={"yes": "Kyllä"}, width=10),
    Column("posted_on", "Kirjauspäivä", "date", 12),
    Column("debit_account", "Debet", width=9),
    Column("credit_account", "Kredit", width=9),
    Column("cost_centre", "Kustannuspaikka", width=15),
    Column("amount", "Summa (EUR)", "money"),
    Column("instalment", "Erä", "number", 6),
    Column("attempt", "Yritys", "number", 7),
    Column("end_to_end_id", "EndToEndId", width=36),
    Column("bank_reference", "Arkistointitunnus", width=20),
    Column("reference", "Viitenumero", width=22),
    Column("person", "Henkilö"),
    Column("on_behalf_of", "Kenen puolesta"),
    Column("sha256", "Tiedosto (SHA-256)", width=66),
    Column("diary_number", "Diaarinumero", width=22),
    Column("application_id", "Hakemus", width=38),
)


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around the grants: runs by id, imports of the bank's files by hash, and of postings by month, and the
    back office's answers on vouchers.
    """

    runs: Runs
    bank_files: Mapping[str, Event]
    imports: Mapping[str, Event]
    answers: Sequence[Event] = ()


@dataclass(frozen=True, slots=True)
class Posted:
    """A posting with its voucher, None while no export holds it."""

    posting: Posting
    voucher: VoucherNumber | None


def newest_imports(events: Iterable[Event]) -> dict[str, Event]:
    """The last import of postings of each month: a later file is the whole month again."""
    return {each.fact.period: each for each in events if isinstance(each.fact, PostingsImported)}


def imports_by_hash(events: Iterable[Event]) -> dict[str, Event]:
    """The imports of the bank's files."""
    return {each.fact.sha256: each for each in events if isinstance(each.fact, BankFileImported)}


def runs_of(dossiers: Iterable[Dossier]) -> set[str]:
    """The payment runs that the grants' payments stood in."""
    return {str(run) for each in _facts(dossiers) if (run := getattr(each, "run_id", None)) is not None}


def files_of(dossiers: Iterable[Dossier]) -> set[str]:
    """The hashes of the bank's files that the grants' events name."""
    return {str(sha) for each in _facts(dossiers) if (sha := getattr(each, "sha256", None)) is not None}


def _facts(dossiers: Iterable[Dossier]) -> Iterable[object]:
    return (event.fact for dossier in dossiers for event in dossier.events)


def rows(dossier: Dossier, posted: Sequence[Posted], context: Context) -> list[Row]:
    """The steps of each of a grant's postings, in the order of the ledger; the postings in theirs."""
    return [row for each in posted for row in _steps(dossier, each, context)]


def _steps(dossier: Dossier, posted: Posted, context: Context) -> list[Row]:
    own = next(event for event in dossier.events if event.position == posted.posting.position)
    events = _grant_events(dossier, own)
    around = [*_files(events, context), *_outside(posted, context)]
    steps = {each.position: _event_row(each, own, posted.posting) for each in (*events, *around)}
    for each in _run_events(events, context):
        steps[each.event.position] = _run_row(each)
    named = {
        "voucher": as_text(posted.voucher), "diary_number": dossier.awarded.diary_number,
        "application_id": dossier.application_id,
    }  # fmt: skip
    return [{**row, **named} for _, row in sorted(steps.items())]


def _grant_events(dossier: Dossier, own: Event) -> list[Event]:
    """The grant's events that belong to a posting: the award, and the same attempt or the same claim."""
    return [each for each in dossier.events if each is own or isinstance(each.fact, _GRANT) or _belongs(each, own)]


def _belongs(event: Event, own: Event) -> bool:
    mine, other = own.fact, event.fact
    if own.type in _ATTEMPT:
        return event.type in _ATTEMPT and _attempt(other) == _attempt(mine)
    recovery = getattr(mine, "recovery_id", None)
    return recovery is not None and event.type == "recovery.claimed" and getattr(other, "recovery_id", None) == recovery


def _attempt(fact: Any) -> tuple[int, int]:
    return fact.instalment, fact.attempt


def _files(events: Iterable[Event], context: Context) -> list[Event]:
    """The imports of the bank's files that these events came from."""
    hashes = {getattr(each.fact, "sha256", None) for each in events}
    return [event for sha256, event in context.bank_files.items() if sha256 in hashes]


def _outside(posted: Posted, context: Context) -> list[Event]:
    """The export that numbered the voucher, the back office's answers on it, and its postings of the month."""
    voucher = posted.voucher
    if voucher is None:
        return []
    imported = context.imports.get(posted.posting.period)
    answers = [each for each in context.answers if _answers(each, voucher)]
    return [voucher.export, *answers, *([] if imported is None else [imported])]


def _answers(event: Event, voucher: VoucherNumber) -> bool:
    fact = event.fact
    if not isinstance(fact, VouchersAcknowledged) or (fact.series, fact.year) != (voucher.series, voucher.year):
        return False
    return voucher.number in fact.accepted or any(each.number == voucher.number for each in fact.failed)


def _run_events(events: Iterable[Event], context: Context) -> list[RunEvent]:
    """The events of the run of the attempt, without approvals of other lines."""
    found: list[RunEvent] = []
    for event in events:
        if event.type == "payment.proposed":
            fact: Any = event.fact
            found += [
                each
                for each in context.runs.get(str(fact.run_id), ())
                if each.lines is None or fact.end_to_end_id in each.lines
            ]
    return found


def _event_row(event: Event, own: Event, posting: Posting) -> Row:
    fact: Any = event.fact
    row: dict[str, Any] = dict.fromkeys(column.name for column in COLUMNS)
    row |= {
        "step": event.type, "recorded_on": event.on, "position": event.position, "event_id": str(event.id),
        "stream": event.stream, "caused_by": event.causation,
    }  # fmt: skip
    for name in ("instalment", "attempt", "end_to_end_id", "bank_reference", "reference", "person", "sha256"):
        row[name] = getattr(fact, name, None)
    if event is own:
        row |= {
            "posting": "yes", "posted_on": posting.posted_on, "debit_account": posting.debit,
            "credit_account": posting.credit, "cost_centre": posting.cost_centre, "amount": posting.amount,
        }  # fmt: skip
    else:
        row["amount"] = getattr(fact, "amount", None)
    return row


def _run_row(event: RunEvent) -> Row:
    record = event.event
    row: dict[str, Any] = dict.fromkeys(column.name for column in COLUMNS)
    return row | {
        "step": record.type, "recorded_on": event.on, "position": record.position, "event_id": str(record.id),
        "stream": record.stream, "caused_by": record.causation, "person": event.person,
        "on_behalf_of": event.on_behalf_of, "sha256": event.sha256,
    }  # fmt: skip


def closing(posted: Sequence[Posted]) -> Closing:
    """How many vouchers the trail has, and how many postings that are not exported yet."""
    open_count = sum(each.voucher is None for each in posted)
    return Closing(notes=(
        Note("vouchers", "Tositteita", str(len(posted) - open_count)),
        Note("not_exported", "Viemättömiä kirjauksia", str(open_count)),
    ))  # fmt: skip
