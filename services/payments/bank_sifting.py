"""What of a bank's file is ours: sifted by application, with the bookings of whole payment files, and folded into the
facts of each grant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from schemas.facts import Fact
from schemas.money import euros
from schemas.payments import PaymentLine
from schemas.refusals import Refused, conflict
from services.ledger import StreamWrite
from services.web.handling import Loaded

from .bank.statement import StatementFile
from .bank.statement_elements import Entry
from .bank_answers import LISTED_MAX, Others
from .domain import grants
from .domain.bank_events import BankEvent, apply_bank_event, contradiction
from .domain.grants import Grant, seen_key
from .reading import archive_id, booked_entries, bundle_of, event_of, parts_of, taken_back

Owed = Mapping[str, Loaded[Grant | None]]
"""Grants by application id."""


@dataclass(frozen=True, slots=True)
class BundleBooked:
    """A debit of a whole payment file without the ids of its payments; cents. `count` is None where it is not told."""

    message: str
    amount: int
    count: int | None
    booked_on: date | None
    archive_id: str


@dataclass
class Sifted:
    """What of a file is ours, by application, and what else it tells."""

    by_grant: dict[str, list[BankEvent]] = field(default_factory=dict)
    bundles: list[BundleBooked] = field(default_factory=list)
    others: Others = field(default_factory=Others)
    warnings: list[str] = field(default_factory=list)
    outcomes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ours:
    """What of ours the file may name: payments with their applications, claims with theirs, runs by their message."""

    payments: Mapping[str, str]
    claims: Mapping[str, str]
    runs: Mapping[str, Sequence[PaymentLine]]


def sift(file: StatementFile, ours: Ours, sha256: str, listed_max: int) -> Sifted:
    """One pass over a file's booked entries; at most `listed_max` of those that are not ours are listed."""
    sifted = Sifted(others=Others(listed_max))
    mine = {**ours.claims, **ours.payments}
    for entry in booked_entries(file):
        bundle = bundle_of(entry, ours.runs)
        if bundle is not None:
            sifted.bundles.append(_bundle_booked(bundle, entry))
            continue
        for detail, amount in parts_of(entry):
            sifted.others.charges += 0 if detail is None else detail.charges_cents
            event = event_of(entry, detail, amount, sha256, mine)
            if event is not None:
                sifted.by_grant.setdefault(mine[event.key], []).append(event)
                continue
            sifted.others.add(entry, detail, amount)
            claim = taken_back(entry, detail, ours.claims)
            if claim is not None and len(sifted.warnings) < LISTED_MAX:
                sifted.warnings.append(
                    f"Entry {archive_id(entry)} takes back money that came with reference {claim}. The claim in the "
                    "ledger stays as it is: ask the bank."
                )
    return sifted


def _bundle_booked(message: str, entry: Entry) -> BundleBooked:
    counts = [each.transaction_count for each in entry.batches]
    told = [each for each in counts if each is not None]
    count = sum(told) if counts and len(told) == len(counts) else None
    return BundleBooked(message, entry.amount_cents, count, entry.booked_on, archive_id(entry))


def payees(sifted: Sifted, ours: Ours) -> set[str]:
    """The applications of the payments that were booked as one."""
    return {str(line.application_id) for bundle in sifted.bundles for line in ours.runs[bundle.message]}


def bundle_events(
    bundle: BundleBooked, lines: Sequence[PaymentLine], owed: Owed, sha256: str
) -> list[tuple[str, BankEvent]]:
    """A booking of each payment that a debit of a whole file paid: those that are on their way, where these make its
    sum, else those with what was booked before. Refused when neither does: then it is unknown which were paid. None
    when the same entry came before in another file, whatever became of its payments then.
    """
    if any(_taken(bundle, owed, line) for line in lines):
        return []
    standing = [(line, _state(owed, line)) for line in lines]
    sent = [line for line, state in standing if state == "sent"]
    paid = [line for line, state in standing if state in {"sent", "booked", "returned"}]
    if not any(_fits(bundle, chosen) for chosen in (sent, paid)):
        raise conflict(
            "bank-bundle-differs",
            f"the bank debited {euros(bundle.amount)} for payment file {bundle.message} without its details, but "
            f"{len(sent)} payments of {euros(_total(sent))} are on their way: import the bank's status reports first, "
            "or ask for a statement with details",
        )
    return [
        (
            str(line.application_id),
            BankEvent("booked", line.end_to_end_id, None, bundle.booked_on, bundle.archive_id, None, sha256),
        )
        for line in sent
    ]


def _taken(bundle: BundleBooked, owed: Owed, line: PaymentLine) -> bool:
    grant = owed[str(line.application_id)].state
    return grant is not None and seen_key(bundle.archive_id, line.end_to_end_id) in grant.seen


def _fits(bundle: BundleBooked, lines: Sequence[PaymentLine]) -> bool:
    return _total(lines) == bundle.amount and bundle.count in {None, len(lines)}


def _total(lines: Sequence[PaymentLine]) -> int:
    return sum(line.amount for line in lines)


def _state(owed: Owed, line: PaymentLine) -> str | None:
    grant = owed[str(line.application_id)].state
    payments = [] if grant is None else grant.payments.values()
    return next((each.state for each in payments if each.end_to_end_id == line.end_to_end_id), None)


def effects_of(sifted: Sifted, owed: Owed) -> tuple[list[StreamWrite], dict[str, int]]:
    """What to write for each grant, and how many facts of each type. What contradicts is added to the warnings."""
    writes: list[StreamWrite] = []
    effects: dict[str, int] = {}
    for key, events in sorted(sifted.by_grant.items()):
        facts, warnings = _folded(owed[key].state, events)
        writes.append(owed[key].write(facts))
        sifted.warnings += warnings
        for fact in facts:
            effects[fact.event_type] = effects.get(fact.event_type, 0) + 1
    return writes, effects


def _folded(grant: Grant | None, events: Sequence[BankEvent]) -> tuple[list[Fact], list[str]]:
    """The facts of several messages of one file about one grant, each seen by the next, and what contradicts."""
    if grant is None:
        raise Refused("conflict", "no-such-grant", "the file speaks of a payment of an unknown grant")
    facts: list[Fact] = []
    warnings: list[str] = []
    state: Grant | None = grant
    for event in events:
        assert state is not None, "a grant stays a grant"
        made = apply_bank_event(state, event)
        if not made and (warning := contradiction(state, event)) is not None:
            warnings.append(warning)
        for fact in made:
            state = grants.evolve(state, fact)
        facts += made
    return facts, warnings
