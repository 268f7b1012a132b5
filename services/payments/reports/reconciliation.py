"""The reconciliation report (*täsmäytysraportti*) of a month: every line of the comparison with its class, and the
columns that OPH's report has (Opetushallitus/valtionavustus, as far as they are known): supplier, ledger account,
operating unit, bank account, long reference, gross sum, who checked and who approved. The call's name, the state's
budget account and the project code are not known to payments; the basket stands in the place of the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from schemas.money import euros
from schemas.payments import DifferenceClass
from services.payments.domain.postings import Voucher
from services.payments.domain.reconciliation import Line, LineClass

from .dossiers import Dossier, Runs, approvals_of, person_of, proposer_of
from .model import Closing, Column, Note, Row, Total, as_text, joined
from .payments import Attempt, attempts
from .wording import CLASSES

TITLE: Final = "Täsmäytysraportti"
ALL_CLASSES: Final[tuple[LineClass, ...]] = ("matched", *get_args(DifferenceClass))


def columns(baskets: Mapping[str, str]) -> tuple[Column, ...]:
    """The columns, with the county's names of its baskets."""
    return (
        Column("subject", "Kohde", width=22),
        Column("line_class", "Luokka", words=CLASSES, width=28),
        Column("basket", "Avustuskori", words=baskets, width=20),
        Column("association_name", "Toimittajan nimi", width=34),
        Column("diary_number", "Diaarinumero", width=22),
        Column("posted_on", "Kirjauspäivä", "date", 12),
        Column("debit_account", "LKP-tili, debet", width=14),
        Column("credit_account", "LKP-tili, kredit", width=14),
        Column("cost_centre", "Toimintayksikkö", width=15),
        Column("service_class", "Palveluluokka", width=13),
        Column("account", "Pankkitili", width=22),
        Column("reference", "Pitkä viite", width=36),
        Column("bank_reference", "Arkistointitunnus", width=20),
        Column("amount", "Bruttosumma (EUR)", "money"),
        Column("off", "Poikkeama toleranssin sisällä (EUR)", "money"),
        Column("checked_by", "Asiatarkastaja"),
        Column("approved_by", "Hyväksyjä", width=30),
        Column("expected", "Odotettu", width=50),
        Column("found", "Löytyi", width=50),
        Column("application_id", "Hakemus", width=38),
        Column("position", "Pääkirjan sijainti", "number", 12),
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """A month's comparison: its lines, its vouchers, the hashes of the files compared, and the grants that it names."""

    lines: Sequence[Line]
    vouchers: Sequence[Voucher]
    files: Sequence[str]
    dossiers: Sequence[Dossier]
    runs: Runs


def rows(compared: Compared, line_class: LineClass | None = None) -> list[Row]:
    """The lines in their order, of one class where one is asked for."""
    vouchers = {f"{each.series}-{each.number}": each for each in compared.vouchers}
    paid = {attempt.proposed.end_to_end_id: attempt for dossier in compared.dossiers for attempt in attempts(dossier)}
    return [
        _row(line, vouchers.get(line.subject), paid, compared.runs)
        for line in compared.lines
        if line_class in {None, line.line_class}
    ]


def _row(line: Line, voucher: Voucher | None, paid: Mapping[str, Attempt], runs: Runs) -> Row:
    return {
        "subject": line.subject, "line_class": line.line_class, **_posted(voucher), **_paid(voucher, paid, runs),
        "amount": line.amount, "off": line.off or None, "expected": line.expected, "found": line.found,
        "application_id": as_text(line.application_id),
    }  # fmt: skip


def _posted(voucher: Voucher | None) -> Row:
    """What the ledger's own voucher says; nothing where the line has none."""
    if voucher is None:
        return {}
    posting = voucher.posting
    return {
        "basket": posting.grant.basket, "association_name": posting.grant.association_name,
        "diary_number": posting.grant.diary_number, "posted_on": posting.posted_on, "debit_account": posting.debit,
        "credit_account": posting.credit, "cost_centre": posting.cost_centre, "service_class": posting.service_class,
        "bank_reference": posting.bank_reference, "position": posting.position,
    }  # fmt: skip


def _paid(voucher: Voucher | None, paid: Mapping[str, Attempt], runs: Runs) -> Row:
    """Where the payment went, under which id, and who answered for it; nothing where no payment was posted."""
    reference = None if voucher is None else voucher.posting.end_to_end_id
    attempt = None if reference is None else paid.get(reference)
    if reference is None or attempt is None:
        return {"account": None, "reference": reference, "checked_by": None, "approved_by": None}
    run = runs.get(str(attempt.proposed.run_id), ())
    approved = [person_of(each) for each in approvals_of(run, reference)]
    return {
        "account": attempt.proposed.iban, "reference": reference, "checked_by": proposer_of(run),
        "approved_by": joined(approved),
    }  # fmt: skip


def closing(made: Iterable[Row], period: str, files: Sequence[str], tolerance: int) -> Closing:
    """Count and sum of each class, and of all; the tolerance (cents) and how many lines match only by it; the files
    that were compared.
    """
    listed = list(made)
    totals = [
        _total(each, f"{CLASSES[each]}", [row for row in listed if row["line_class"] == each]) for each in ALL_CLASSES
    ]
    within = sum(row["off"] is not None for row in listed)
    notes = [
        Note("period", "Kausi", period),
        Note("tolerance", "Toleranssi", euros(tolerance)),
        Note("within_tolerance", "Vain toleranssin varassa täsmääviä rivejä", str(within)),
        *(Note("file", "Tiedosto (SHA-256)", each) for each in files),
    ]
    return Closing((*totals, _total("total", "Yhteensä", listed)), (), notes)


def _total(name: str, label: str, made: Sequence[Row]) -> Total:
    amount = sum(int(str(row["amount"])) for row in made)
    return Total(name, f"{label}, {len(made)} riviä", {"amount": amount})
