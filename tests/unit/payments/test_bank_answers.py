"""What a file tells beside its effects, without a database: kinds, sums, what a correction dropped, contradictions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.facts import Fact
from schemas.payments import (
    GrantAwarded,
    PaymentBooked,
    PaymentProposed,
    PaymentRejected,
    PaymentReturned,
    PaymentSent,
    PaymentStatusReported,
)
from services.payments.bank.statement import Detail, Entry, read_statement_file
from services.payments.bank.status_report import StatusReport
from services.payments.bank_answers import Others, dropped, kind_of, statements_noted
from services.payments.domain import grants
from services.payments.domain.bank_events import BankEvent, apply_bank_event, contradiction
from services.payments.domain.grants import Grant
from services.payments.reading import (
    answers,
    archive_id,
    booked_entries,
    booking_of,
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


def test_only_booked_euros_are_reconciled_and_a_batch_by_its_parts() -> None:
    batch = entries()[0]
    whole, *parts = booking_of(batch)
    assert (whole.bank_reference, whole.amount, whole.entry_of) == ("260120ARCH0001", -70010, None)
    assert [(each.end_to_end_id, each.amount, each.entry_of) for each in parts] == [
        ("E-1", -50010, "260120ARCH0001"), ("E-2", -20000, "260120ARCH0001"),
    ]  # fmt: skip
    assert booking_of(replace(batch, currency="SEK")) == booking_of(replace(batch, status="PDNG")) == ()


def test_a_part_has_its_own_direction_and_archive_id_and_no_sum_unless_all_have_one() -> None:
    batch = entries()[0]
    first, second = batch.details
    back = replace(second, side=entries()[2].side, bank_reference="P2")
    assert [(each.bank_reference, each.amount) for each in booking_of(replace(batch, details=(first, back)))[1:]] == [
        ("260120ARCH0001", -50010), ("P2", 20000),
    ]  # fmt: skip
    untold = (replace(first, amount_cents=None), back)
    assert [(each.bank_reference, each.amount) for each in booking_of(replace(batch, details=untold))[1:]] == [
        ("P2", None)
    ]
    [alone] = booking_of(replace(batch, details=(first,)))
    assert (alone.end_to_end_id, alone.amount, alone.entry_of) == ("E-1", -70010, None)
    assert [each.amount for each in booking_of(replace(batch, details=()))] == [-70010]


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


def sent_grant(*facts: Fact) -> Grant:
    """A grant whose first payment was sent, and what happened to it then."""
    proposed = fact(PaymentProposed, end_to_end_id=fact(PaymentBooked).end_to_end_id)
    state = folded(grants.evolve, None, fact(GrantAwarded), proposed, fact(PaymentSent), *facts)
    assert state is not None
    return state


def status(code: str, reason: str | None = None) -> BankEvent:
    return BankEvent("told", fact(PaymentBooked).end_to_end_id, 0, None, None, reason, SHA, code)


def test_a_status_is_noted_once_until_it_changes_and_only_while_the_payment_is_on_its_way() -> None:
    state = sent_grant()
    [made] = apply_bank_event(state, status("PDNG"))
    sample = fact(PaymentBooked)
    assert made == fact(PaymentStatusReported, end_to_end_id=sample.end_to_end_id, sha256=SHA)
    after = folded(grants.evolve, state, made)
    assert after is not None
    assert (after.paid, after.on_its_way) == (state.paid, state.on_its_way)
    assert apply_bank_event(after, status("PDNG")) == []
    assert len(apply_bank_event(after, status("PDNG", "TM01"))) == len(apply_bank_event(after, status("ACSC"))) == 1
    for beyond in (fact(PaymentBooked), fact(PaymentRejected)):
        assert apply_bank_event(sent_grant(beyond), status("ACSC")) == []
        assert contradiction(sent_grant(beyond), status("ACSC")) is None


def test_another_sum_is_told_with_both_sums_and_a_return_of_less_is_not() -> None:
    sample = fact(PaymentBooked)
    odd = replace(booking("ODD1"), amount=sample.amount - 1)
    told = contradiction(sent_grant(), odd) or ""
    assert told.startswith("Entry ODD1 debits 1499.99 EUR")
    assert "1500.00 EUR was sent" in told
    back = replace(odd, kind="returned", amount=sample.amount + 1)
    assert "returns 1500.01 EUR" in (contradiction(sent_grant(sample), back) or "")
    assert contradiction(sent_grant(sample), replace(back, amount=sample.amount - 1)) is None


def test_a_second_return_of_a_payment_changes_nothing_and_is_told() -> None:
    back = fact(PaymentReturned, end_to_end_id=fact(PaymentBooked).end_to_end_id)
    state = sent_grant(fact(PaymentBooked), back)
    again = replace(booking("AGAIN1"), kind="returned", amount=100)
    assert apply_bank_event(state, again) == []
    assert "AGAIN1 returns 1.00 EUR" in (contradiction(state, again) or "")
    assert contradiction(state, replace(again, bank_reference=back.bank_reference)) is None


REPORTED = "<TxInfAndSts><OrgnlEndToEndId>{}</OrgnlEndToEndId><TxSts>{}</TxSts></TxInfAndSts>"


@pytest.mark.parametrize(
    ("group", "told", "expected"),
    [
        ("ACCP", (), [("told", "E1", "ACCP"), ("told", "E2", "ACCP")]),
        ("PDNG", (("E2", "ACSC"),), [("told", "E1", "PDNG"), ("told", "E2", "ACSC")]),
        ("PART", (("E1", "ACSP"), ("E2", "RJCT")), [("told", "E1", "ACSP"), ("rejected", "E2", None)]),
        ("PART", (("E1", "RVNM"),), [("told", "E1", "RVNM")]),
        ("RJCT", (), [("rejected", "E1", None), ("rejected", "E2", None)]),
        ("ZZZZ", (), []),
    ],
)  # fmt: skip
def test_a_report_tells_of_each_payment_of_its_file(
    group: str, told: tuple[tuple[str, str], ...], expected: list[tuple[str, str, str | None]]
) -> None:
    content = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
        "<GrpHdr><MsgId>R1</MsgId><CreDtTm>2026-04-02T08:00:00+03:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts>"
        f"<OrgnlMsgId>M1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><GrpSts>{group}</GrpSts>"
        "</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>M1</OrgnlPmtInfId>"
        f"{''.join(REPORTED.format(*each) for each in told)}</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    )
    report = read_bank_file(content.encode(), SHA).parsed
    assert isinstance(report, StatusReport)
    assert [(each.kind, each.key, each.status) for each in answers(report, ["E2", "E1"], SHA)] == expected


def test_the_code_of_a_return_stays_with_the_payment_until_the_next_attempt() -> None:
    back = fact(PaymentReturned)
    proposed = fact(PaymentProposed, end_to_end_id=back.end_to_end_id, instalment=back.instalment)
    grant = folded(grants.evolve, None, fact(GrantAwarded), proposed, fact(PaymentSent), back)
    assert grant is not None
    assert grant.payment(back.instalment).reason_code == back.reason_code
    again = folded(grants.evolve, grant, proposed)
    assert again is not None
    assert again.payment(back.instalment).reason_code is None
