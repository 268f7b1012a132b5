"""The payment list (*maksuluettelo*): every attempt to pay an instalment, with its voucher, run, approvers and dates.

A row that was booked or returned within the asked dates shows the sum there. So the list's totals are the movement of
the bank account by payments, and with what came in for claims they equal the account's balance in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from schemas.payments import (
    PaymentBooked,
    PaymentDropped,
    PaymentProposed,
    PaymentRejected,
    PaymentReturnCharged,
    PaymentReturned,
    PaymentSent,
    PaymentStatusReported,
    RecoveryOverpaid,
    RecoveryReceived,
)
from services.payments.bank.status_codes import status_texts
from services.payments.domain.postings import Posting, PostingTable

from .dossiers import Dossier, Runs, approvals_of, person_of, proposer_of
from .model import Check, Closing, Column, Event, KeyedRow, Range, Row, Total, as_text, joined
from .vouchers import VoucherNumber, VoucherNumbers
from .wording import STATES

TITLE: Final = "Maksuluettelo"
State = Literal["proposed", "dropped", "sent", "booked", "rejected", "returned"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which payments are asked for; None is any. The dates are those on which the bank booked or returned them, or else
    of what happened to them last.
    """

    dates: Range = field(default_factory=Range)
    state: State | None = None
    basket: str | None = None
    association_id: str | None = None

    def takes(self, dossier: Dossier) -> bool:
        """Whether the grant's payments are asked for at all."""
        awarded = dossier.awarded
        return self.basket in {None, awarded.basket} and self.association_id in {None, awarded.association_id}


@dataclass(slots=True)
class Attempt:
    """One attempt to pay an instalment, as of a position; dates are Helsinki dates."""

    proposed: PaymentProposed
    proposed_on: date
    position: int
    state: State = "proposed"
    sent_on: date | None = None
    dropped_on: date | None = None
    rejected_on: date | None = None
    booked: PaymentBooked | None = None
    booked_at: int = 0
    returned: PaymentReturned | None = None
    returned_at: int = 0
    kept: PaymentReturnCharged | None = None
    bank_status: str | None = None
    reason_code: str | None = None

    @property
    def booked_on(self) -> date | None:
        """When the bank booked it."""
        return None if self.booked is None else self.booked.booked_on

    @property
    def returned_on(self) -> date | None:
        """When it came back."""
        return None if self.returned is None else self.returned.booked_on

    def within(self, dates: Range) -> bool:
        """Whether it belongs to these dates."""
        if self.booked is not None:
            return dates.holds(self.booked_on) or (self.returned is not None and dates.holds(self.returned_on))
        return dates.holds(self.rejected_on or self.dropped_on or self.sent_on or self.proposed_on)


def attempts(dossier: Dossier) -> list[Attempt]:
    """A grant's attempts, by instalment and attempt."""
    found: dict[tuple[int, int], Attempt] = {}
    for event in dossier.events:
        fact = event.fact
        if isinstance(fact, PaymentProposed):
            found[fact.instalment, fact.attempt] = Attempt(fact, event.on, event.position)
        elif isinstance(fact, _NOTED):
            _note(found[fact.instalment, fact.attempt], event)
    return [attempt for _, attempt in sorted(found.items())]


_NOTED: Final = (
    PaymentSent, PaymentDropped, PaymentStatusReported, PaymentRejected, PaymentBooked, PaymentReturned,
    PaymentReturnCharged,
)  # fmt: skip


def _note(attempt: Attempt, event: Event) -> None:
    attempt.position = event.position
    match event.fact:
        case PaymentSent(sent_on=sent_on):
            attempt.state, attempt.sent_on = "sent", sent_on
        case PaymentDropped():
            attempt.state, attempt.dropped_on = "dropped", event.on
        case PaymentRejected(reason_code=reason):
            attempt.state, attempt.rejected_on, attempt.reason_code = "rejected", event.on, reason
            attempt.bank_status = "RJCT"
        case PaymentStatusReported(bank_status=status, reason_code=reason):
            attempt.bank_status, attempt.reason_code = status, reason
        case PaymentBooked() as booked:
            attempt.state, attempt.booked, attempt.booked_at = "booked", booked, event.position
            if attempt.rejected_on is not None:
                attempt.rejected_on = attempt.bank_status = attempt.reason_code = None
        case PaymentReturned() as returned:
            attempt.state, attempt.returned, attempt.returned_at = "returned", returned, event.position
            attempt.reason_code = returned.reason_code
        case PaymentReturnCharged() as kept:
            attempt.kept = kept


def columns(baskets: Mapping[str, str]) -> tuple[Column, ...]:
    """The columns, with the county's names of its baskets."""
    return (
        Column("diary_number", "Diaarinumero", width=22),
        Column("basket", "Avustuskori", words=baskets),
        Column("association_id", "Y-tunnus", width=12),
        Column("association_name", "Saaja", width=34),
        Column("account", "Saajan tili", width=22),
        Column("instalment", "Erä", "number", 6),
        Column("attempt", "Yritys", "number", 7),
        Column("state", "Tila", words=STATES),
        Column("bank_status", "Pankin tila", words=status_texts(), width=30),
        Column("amount", "Summa (EUR)", "money", 14),
        Column("paid", "Maksettu (EUR)", "money", 14),
        Column("returned", "Palautunut (EUR)", "money", 14),
        Column("kept_by_bank", "Pankin kulu palautuksesta (EUR)", "money", 14),
        Column("voucher_series", "Tositesarja", width=11),
        Column("voucher_number", "Tositenumero", "number", 12),
        Column("return_voucher", "Palautuksen tosite"),
        Column("run_id", "Maksuajo", width=38),
        Column("proposed_by", "Ehdottaja"),
        Column("approvers", "Hyväksyjät", width=30),
        Column("proposed_on", "Ehdotettu", "date", 11),
        Column("sent_on", "Lähetetty", "date", 11),
        Column("booked_on", "Kirjattu", "date", 11),
        Column("returned_on", "Palautunut", "date", 11),
        Column("rejected_on", "Hylätty", "date", 11),
        Column("dropped_on", "Poistettu ajosta", "date", 11),
        Column("bank_reference", "Arkistointitunnus", width=20),
        Column("return_bank_reference", "Palautuksen arkistointitunnus", width=20),
        Column("reason_code", "Syykoodi", width=9),
        Column("end_to_end_id", "EndToEndId", width=36),
        Column("application_id", "Hakemus", width=38),
        Column("position", "Pääkirjan sijainti", "number", 12),
    )


def key_of(application_id: str, attempt: Attempt) -> str:
    """The place of a row: application, instalment, attempt."""
    return f"{application_id}/{attempt.proposed.instalment:05d}-{attempt.proposed.attempt:05d}"


def rows(dossier: Dossier, wanted: Wanted, runs: Runs, numbers: VoucherNumbers) -> Iterator[KeyedRow]:
    """A grant's rows."""
    for attempt in attempts(dossier):
        if wanted.state in {None, attempt.state} and attempt.within(wanted.dates):
            yield key_of(dossier.application_id, attempt), _row(dossier, attempt, wanted.dates, runs, numbers)


def _row(dossier: Dossier, attempt: Attempt, dates: Range, runs: Runs, numbers: VoucherNumbers) -> Row:
    proposed, awarded = attempt.proposed, dossier.awarded
    booked, returned, kept = attempt.booked, attempt.returned, attempt.kept
    voucher = None if booked is None else numbers.of(attempt.booked_at, booked.booked_on)
    back = None if returned is None else numbers.of(attempt.returned_at, returned.booked_on)
    run = runs.get(str(proposed.run_id), ())
    return {
        "diary_number": awarded.diary_number, "basket": awarded.basket, "association_id": awarded.association_id,
        "association_name": awarded.association_name, "account": proposed.iban, "instalment": proposed.instalment,
        "attempt": proposed.attempt, "state": attempt.state, "bank_status": attempt.bank_status,
        "amount": proposed.amount,
        "paid": booked.amount if booked is not None and dates.holds(booked.booked_on) else 0,
        "returned": returned.amount if returned is not None and dates.holds(returned.booked_on) else 0,
        "kept_by_bank": kept.amount if kept is not None and dates.holds(kept.charged_on) else 0,
        **_voucher(voucher), "return_voucher": as_text(back), "run_id": str(proposed.run_id),
        "proposed_by": proposer_of(run),
        "approvers": joined([person_of(each) for each in approvals_of(run, proposed.end_to_end_id)]),
        "proposed_on": attempt.proposed_on, "sent_on": attempt.sent_on, "booked_on": attempt.booked_on,
        "returned_on": attempt.returned_on, "rejected_on": attempt.rejected_on, "dropped_on": attempt.dropped_on,
        "bank_reference": None if booked is None else booked.bank_reference,
        "return_bank_reference": None if returned is None else returned.bank_reference,
        "reason_code": attempt.reason_code, "end_to_end_id": proposed.end_to_end_id,
        "application_id": dossier.application_id, "position": attempt.position,
    }  # fmt: skip


def _voucher(voucher: VoucherNumber | None) -> Row:
    return {
        "voucher_series": None if voucher is None else voucher.series,
        "voucher_number": None if voucher is None else voucher.number,
    }


@dataclass(slots=True)
class Totals:
    """What the rows add up to, and what the ledger's postings say of the bank account; cents."""

    wanted: Wanted
    count: int = 0
    amount: int = 0
    paid: int = 0
    returned: int = 0
    kept: int = 0
    received: int = 0
    moved: int = 0
    """The bank account's balance by the postings, credit positive: what left it."""

    def add(self, dossier: Dossier, made: Iterable[KeyedRow], table: PostingTable) -> None:
        """One grant's rows more."""
        for _, row in made:
            self.count += 1
            self.amount += _cents(row["amount"])
            self.paid += _cents(row["paid"])
            self.returned += _cents(row["returned"])
            self.kept += _cents(row["kept_by_bank"])
        if self.wanted.state is None:
            self._add_ledger(dossier, table)

    def _add_ledger(self, dossier: Dossier, table: PostingTable) -> None:
        dates = self.wanted.dates
        for event in dossier.events:
            fact = event.fact
            if isinstance(fact, RecoveryReceived | RecoveryOverpaid) and dates.holds(fact.booked_on):
                self.received += fact.amount
        self.moved += sum(left_bank(each, table) for each in dossier.postings(table) if dates.holds(each.posted_on))

    def closing(self) -> Closing:
        """The total row, and the check: paid less what came back is what left the bank account. Without a check where
        a state is asked for: the ledger has no balance by states.
        """
        total = Total(
            "total", f"Yhteensä, {self.count} maksua",
            {"amount": self.amount, "paid": self.paid, "returned": self.returned, "kept_by_bank": self.kept},
        )  # fmt: skip
        if self.wanted.state is not None:
            return Closing((total,))
        label = "Maksettu − palautunut − takaisinperinnöistä saatu = pankkitilin saldo kirjanpidossa"
        told = self.paid - self.returned - self.received
        return Closing((total,), (Check("bank_account", label, told, self.moved),))


def left_bank(posting: Posting, table: PostingTable) -> int:
    """What a posting took from the county's bank account, which a booked payment credits; negative for what came."""
    bank = table.posting(PaymentBooked.event_type, posting.grant.basket, posting.posted_on).credit.number
    return (posting.credit == bank) * posting.amount - (posting.debit == bank) * posting.amount


def _cents(cell: object) -> int:
    assert isinstance(cell, int), "a sum is cents"
    return cell
