"""What a file from the bank tells beside its effects: what is not ours, what contradicts what is known, and what a
corrected file no longer has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from schemas.identifiers import iban
from schemas.money import euros
from schemas.payments import StatementNoted

from .bank.reason_codes import explained
from .bank.statement import Statement, StatementFile
from .bank.statement_elements import Detail, Entry, Side
from .bank.status_codes import with_status_text
from .bank.status_report import Outcome, StatusReport
from .reading import BankFile, archive_id, one_line

LISTED_MAX: Final = 200
SEQUENCE_MAX: Final = 10**9
OtherKind = Literal["charge", "interest", "reversal", "return", "batch", "credit", "debit"]
# The parts of ISO 20022 bank transaction codes for charges and fees, and for interest.
_CHARGES: Final = frozenset({"CHRG", "FEES", "COMM"})
_INTEREST: Final = frozenset({"INTR"})


def kind_of(entry: Entry, detail: Detail | None) -> OtherKind:
    """What an entry that is not ours is, by its code; a credit or a debit where the code tells no more. 730, 740 and
    750 are Finnish entry codes (*kirjausselite*) for charges and interest, which some banks write first in their own.
    """
    code = entry.bank_transaction_code or ""
    parts = set(code.split("/"))
    kinds: tuple[tuple[OtherKind, bool], ...] = (
        ("reversal", entry.is_reversal),
        ("charge", bool(parts & _CHARGES) or code.startswith("730")),
        ("interest", bool(parts & _INTEREST) or code.startswith(("740", "750"))),
        ("return", detail is not None and detail.return_reason_code is not None),
        ("batch", detail is None and bool(entry.batches)),
        ("credit", entry.side is Side.CREDIT),
    )
    return next((kind for kind, fits in kinds if fits), "debit")


@dataclass
class Others:
    """Entries that are not ours: how many and how much of each kind, and the first of them; cents, a debit negative.

    What is listed is of the statement's own entry: no name, no account and no message of anybody.
    """

    listed_max: int = LISTED_MAX
    counts: dict[str, int] = field(default_factory=dict)
    sums: dict[str, int] = field(default_factory=dict)
    listed: list[dict[str, Any]] = field(default_factory=list)
    charges: int = 0

    def add(self, entry: Entry, detail: Detail | None, amount: int | None) -> None:
        """One entry, or one detail of it."""
        kind = kind_of(entry, detail)
        told = entry.amount_cents if amount is None else amount
        signed = told if entry.side is Side.CREDIT else -told
        self.counts[kind] = self.counts.get(kind, 0) + 1
        # Where a batch tells no sums of its details, the entry's sum counts once, with its first detail.
        if amount is not None or (detail is not None and detail is entry.details[0]):
            self.sums[kind] = self.sums.get(kind, 0) + signed
        if len(self.listed) < self.listed_max:
            self.listed.append({
                "kind": kind, "amount": None if amount is None else euros(signed), "archive_id": archive_id(entry),
                "booked_on": None if entry.booked_on is None else entry.booked_on.isoformat(),
                "code": entry.bank_transaction_code,
            })  # fmt: skip

    @property
    def count(self) -> int:
        return sum(self.counts.values())

    def shown(self) -> dict[str, Any]:
        """The answer's `others`; `left_off` says how many are not listed."""
        kinds = {
            kind: {"count": count, "sum": euros(self.sums.get(kind, 0))} for kind, count in sorted(self.counts.items())
        }
        return {
            "kinds": kinds, "items": self.listed, "left_off": self.count - len(self.listed),
            "charges_in_details": euros(self.charges),
        }  # fmt: skip


def statements_noted(file: BankFile) -> tuple[list[StatementNoted], list[str]]:
    """The statements of a camt.053 whose row can be followed, and a sentence for each that cannot: those of accounts
    without an IBAN, or in another currency than EUR.
    """
    found: list[StatementNoted] = []
    sentences: list[str] = []
    if file.kind != "camt.053" or not isinstance(file.parsed, StatementFile):
        return found, sentences
    for statement in file.parsed.statements:
        made = _noted(statement, file.sha256)
        if isinstance(made, str):
            sentences.append(made)
        else:
            found.append(made)
    return found, sentences


def noted_of(statement: Statement, sha256: str) -> StatementNoted | None:
    """A statement of a file as its row knows it; None for a notification, and where its row cannot be followed."""
    if statement.head.opening is None or statement.head.closing is None:
        return None
    made = _noted(statement, sha256)
    return None if isinstance(made, str) else made


def _noted(statement: Statement, sha256: str) -> StatementNoted | str:
    head = statement.head
    assert head.opening is not None, "a statement was proven by its balances"
    assert head.closing is not None, "a statement was proven by its balances"
    try:
        account = iban(head.account)
    except ValueError:
        return f"The account of statement {head.statement_id} has no valid IBAN: its row is not followed."
    if head.currency != "EUR":
        return f"Statement {head.statement_id} is in {head.currency}: its row of numbers is not followed."
    sequence = head.electronic_sequence_number
    return StatementNoted(
        iban=account, statement_id=one_line(head.statement_id),
        sequence=sequence if sequence is not None and sequence < SEQUENCE_MAX else None,
        first_day=min(head.opening.day, head.closing.day), last_day=head.closing.day, opening=head.opening.cents,
        closing=head.closing.cents, entries=statement.entry_count, sha256=sha256, missing=(), follows=None,
        corrects=None,
    )  # fmt: skip


def archive_ids(file: StatementFile, noted: StatementNoted) -> dict[str, str]:
    """The booked entries of one statement of its file: archive id to the signed sum, as text."""
    found: dict[str, str] = {}
    inside = False
    for record in file.records():
        if isinstance(record, Statement):
            made = _noted(record, noted.sha256)
            inside = isinstance(made, StatementNoted) and _same(made, noted)
        elif inside and record.status == "BOOK":
            sign = 1 if record.side is Side.CREDIT else -1
            found[archive_id(record)] = euros(sign * record.amount_cents)
    return found


def _same(one: StatementNoted, other: StatementNoted) -> bool:
    return (one.iban, one.statement_id, one.sequence) == (other.iban, other.statement_id, other.sequence)


def dropped(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each entry that a corrected statement no longer has, or has with another sum."""
    for entry, amount in before.items():
        if entry not in after:
            yield (
                f"The corrected statement no longer has entry {entry} of {amount}. What it did in the ledger stays: "
                "ask the bank."
            )
        elif after[entry] != amount:
            yield f"Entry {entry} was {amount} and is {after[entry]} in the corrected statement: ask the bank."


def statuses(report: StatusReport, sent: Iterable[str]) -> list[dict[str, Any]]:
    """What a report says of each of our payments that left in the file it answers: the status code, what it means, and
    why. ACSC is the payer's bank's word: it does not say that the payee has the money.
    """
    found = []
    for end_to_end_id in sorted(sent):
        verdict = report.verdict_on(end_to_end_id, report.original_message_id)
        reason = next((each for each in verdict.reasons if each.code or each.text), None)
        told = {"reason_code": reason.code, "bank_text": reason.text or None} if reason is not None else {}
        found.append(
            with_status_text(explained({
                "end_to_end_id": end_to_end_id, "bank_status": verdict.status, "outcome": str(verdict.outcome), **told,
            }))
        )  # fmt: skip
    return found


def status_warnings(report: StatusReport, sent: Iterable[str]) -> list[str]:
    """What of a report needs a person: a duplicate, a payment that it leaves untold, and a name that is not ours."""
    ours = set(sent)
    found = []
    if not ours:
        return [f"The report answers {report.original_message_id}, which is no payment file of ours."]
    verdicts = {each: report.verdict_on(each, report.original_message_id) for each in sorted(ours)}
    for each, verdict in verdicts.items():
        if verdict.outcome is Outcome.DUPLICATE:
            found.append(f"The bank says that it had {each} before: it stays as it is, and nothing is paid anew.")
        if verdict.outcome is Outcome.UNKNOWN:
            said = verdict.status or "no status"
            found.append(f"The report does not say what became of {each} ({said}): ask the bank.")
    named = {each.end_to_end_id for each in report.transactions if each.end_to_end_id is not None}
    found += [f"The report names {each}, which did not leave in that file." for each in sorted(named - ours)]
    return found[:LISTED_MAX]
