"""What a file tells beside its effects, without a database: kinds, sums, what a correction dropped, contradictions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.payments import GrantAwarded, PaymentBooked, PaymentProposed, PaymentReturned, PaymentSent
from services.payments.bank.statement import Detail, Entry, read_statement_file
from services.payments.bank_answers import Others, dropped, kind_of, statements_noted
from services.payments.domain import grants
from services.payments.domain.bank_events import BankEvent, contradiction
from services.payments.reading import (
    archive_id,
    bank_entries,
    booked_entries,
    bundle_of,
    event_of,
    keys_of,
    parts_of,
    read_bank_file,
    taken_back,
)
from tests.unit.given import fact, folded
from tests.unit.payments.bank.files import own

DAY = own("camt053-v08-batch-and-return.xml")
SHA = "a" * 64


def entries() -> list[Entry]:
    """A batch with details, a batch without, a return, a pending entry, a reversal, a foreign payer."""
    return [record for record in read_statement_file(DAY).records() if isinstance(record, Entry)]


def detail(entry: Entry, **changed: object) -> Detail:
    return replace(entry.details[0], **changed)  # type: ignore[arg-type]  # Fields of a detail by name.


def test_a_file_names_what_could_be_ours() -> None:
    keys = keys_of(read_statement_file(DAY))
    assert keys.end_to_end_ids == {"E-0", "E-1", "E-2"}
    assert keys.references == {"1234561"}
    assert "BUNDLE-2" in keys.bundles
    assert "BUNDLE-1" not in keys.bundles, "its details have ids of their own"


@pytest.mark.parametrize(
    ("code", "kind"),
    [("PMNT/MDOP/CHRG", "charge"), ("ACMT/MDOP/INTR", "interest"), ("730PALVELUMAKSU", "charge"), ("740", "interest"),
     ("PMNT/ICDT/ESCT", "debit"), (None, "debit")],
)  # fmt: skip
def test_an_entry_is_a_charge_or_interest_by_its_code(code: str | None, kind: str) -> None:
    entry = replace(entries()[0], bank_transaction_code=code)
    assert kind_of(entry, entry.details[0]) == kind


def test_each_kind_of_a_day_is_counted_with_its_sum_and_only_so_many_are_listed() -> None:
    others = Others(listed_max=2)
    for entry in booked_entries(read_statement_file(DAY)):
        for part, amount in parts_of(entry):
            others.add(entry, part, amount)
    shown = others.shown()
    assert shown["kinds"] == {
        "batch": {"count": 1, "sum": "-1000.00 EUR"}, "credit": {"count": 1, "sum": "385.20 EUR"},
        "debit": {"count": 2, "sum": "-700.10 EUR"}, "return": {"count": 1, "sum": "200.00 EUR"},
        "reversal": {"count": 1, "sum": "0.50 EUR"},
    }  # fmt: skip
    assert (len(shown["items"]), shown["left_off"]) == (2, others.count - 2)


def test_a_batch_that_tells_no_sums_of_its_details_counts_its_own_sum_once() -> None:
    batch = entries()[0]
    untold = replace(batch, details=tuple(replace(each, amount_cents=None) for each in batch.details))
    others = Others()
    for part, amount in parts_of(untold):
        others.add(untold, part, amount)
    assert (others.counts, others.sums) == ({"debit": 2}, {"debit": -70010})


def test_a_debit_of_a_whole_file_is_known_by_its_bundle_and_only_in_euros() -> None:
    bundle = entries()[1]
    assert bundle_of(bundle, {"BUNDLE-2"}) == "BUNDLE-2"
    assert bundle_of(bundle, {"BUNDLE-1"}) is None
    assert bundle_of(replace(bundle, currency="SEK"), {"BUNDLE-2"}) is None


def test_only_euros_are_booked() -> None:
    batch = entries()[0]
    booked = event_of(batch, batch.details[0], 50010, SHA, {"E-1"})
    assert booked is not None
    assert (booked.kind, booked.key, booked.amount) == ("booked", "E-1", 50010)
    assert event_of(replace(batch, currency="SEK"), batch.details[0], 50010, SHA, {"E-1"}) is None


def test_only_euros_are_reconciled_and_a_batch_by_its_parts() -> None:
    day = bank_entries(read_statement_file(DAY))
    assert [(each.end_to_end_id, each.amount) for each in day if each.bank_reference == "260120ARCH0001"] == [
        ("E-1", -50010), ("E-2", -20000),
    ]  # fmt: skip
    kronor = read_statement_file(own("camt053-v08-two-currencies.xml").replace(b'Ccy="EUR"', b'Ccy="SEK"'))
    assert [bank_entries(kronor), sum(each.entry_count for each in kronor.statements)] == [[], 1]


def test_a_detail_against_its_entrys_direction_has_its_own() -> None:
    batch = entries()[0]
    back = detail(batch, side=entries()[2].side)
    returned = event_of(batch, back, 50010, SHA, {"E-1"})
    assert returned is not None
    assert returned.kind == "returned"


def test_a_reference_that_no_claim_has_is_not_ours_and_a_debit_of_one_takes_back() -> None:
    batch, credit = entries()[0], entries()[2]
    paid = detail(batch, end_to_end_id=None, side=None)
    assert event_of(credit, paid, 100, SHA, set()) is None
    received = event_of(credit, paid, 100, SHA, {"1234561"})
    assert received is not None
    assert received.kind == "received"
    assert (taken_back(batch, paid, {"1234561"}), taken_back(credit, paid, {"1234561"})) == ("1234561", None)


def test_a_detail_in_another_currency_than_its_entry_tells_no_sum() -> None:
    batch = entries()[0]
    mixed = replace(batch, details=(detail(batch, currency="SEK"), batch.details[1]))
    assert [amount for _, amount in parts_of(mixed)] == [None, 20000]


def test_what_a_bank_writes_in_lines_becomes_one_line() -> None:
    assert archive_id(replace(entries()[0], bank_reference="A\n1" + "x" * 200)) == ("A 1" + "x" * 200)[:140]


def test_a_statement_is_noted_with_its_days_and_balances_and_an_absurd_number_is_none() -> None:
    [noted], told = statements_noted(read_bank_file(DAY, SHA))
    assert (noted.sequence, noted.opening, noted.closing, noted.entries, told) == (14, 100_000, -11_440, 6, [])
    absurd = DAY.replace(b"<ElctrncSeqNb>14<", b"<ElctrncSeqNb>999999999999999999<")
    [noted], _ = statements_noted(read_bank_file(absurd, SHA))
    assert noted.sequence is None


def test_a_correction_tells_what_it_dropped_and_what_it_changed() -> None:
    before, after = {"A": "1.00 EUR", "B": "2.00 EUR", "C": "3.00 EUR"}, {"A": "1.00 EUR", "C": "4.00 EUR"}
    gone, changed = dropped(before, after)
    assert "no longer has entry B of 2.00 EUR" in gone
    assert changed == "Entry C was 3.00 EUR and is 4.00 EUR in the corrected statement: ask the bank."


def booking(archive: str) -> BankEvent:
    sample = fact(PaymentBooked)
    return BankEvent("booked", sample.end_to_end_id, sample.amount, sample.booked_on, archive, None, SHA)


def test_a_second_debit_contradicts_and_the_same_one_again_does_not() -> None:
    sample = fact(PaymentBooked)
    proposed = fact(PaymentProposed, end_to_end_id=sample.end_to_end_id)
    facts = [fact(kind, instalment=proposed.instalment) for kind in (PaymentSent, PaymentBooked)]
    grant = folded(grants.evolve, None, fact(GrantAwarded), proposed, *facts)
    assert grant is not None
    assert contradiction(grant, booking(sample.bank_reference)) is None
    assert "paid twice" in (contradiction(grant, booking("OTHER")) or "")
    rejected = BankEvent("rejected", sample.end_to_end_id, 0, None, None, "AC04", SHA)
    assert "which it booked before" in (contradiction(grant, rejected) or "")


def test_the_code_of_a_return_stays_with_the_payment_until_the_next_attempt() -> None:
    back = fact(PaymentReturned)
    proposed = fact(PaymentProposed, end_to_end_id=back.end_to_end_id, instalment=back.instalment)
    grant = folded(grants.evolve, None, fact(GrantAwarded), proposed, fact(PaymentSent), back)
    assert grant is not None
    assert grant.payment(back.instalment).reason_code == back.reason_code
    again = folded(grants.evolve, grant, proposed)
    assert again is not None
    assert again.payment(back.instalment).reason_code is None
