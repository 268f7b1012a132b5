from datetime import date

import pytest

from services.payments.bank.errors import SchemaInvalid, StatementDoesNotBalance, ValueInvalid
from services.payments.bank.statement import (
    Batch,
    Entry,
    FileKind,
    SchemaPolicy,
    Side,
    Statement,
    StatementFile,
    read_statement_file,
)
from tests.unit.payments.bank.files import own

DAY = "camt053-v08-batch-and-return.xml"
OLD = "camt053-v02-opening-by-prcd.xml"


def entries(file: StatementFile) -> list[Entry]:
    return [record for record in file.records() if isinstance(record, Entry)]


def changed(name: str, old: str, new: str) -> bytes:
    data = own(name)
    assert old.encode() in data, "the test changes what is there"
    return data.replace(old.encode(), new.encode(), 1)


def test_a_statement_tells_its_head_and_sums() -> None:
    file = read_statement_file(own(DAY), SchemaPolicy.ENFORCE)
    [statement] = file.statements
    assert (file.kind, file.message_id, file.deviations) == (FileKind.STATEMENT, "STM-2026-01-20", ())
    assert statement.head.statement_id == "STM-2026-01-20-EUR"
    assert statement.head.electronic_sequence_number == 14
    assert statement.head.account == "FI2112345600000785"
    assert statement.head.opening is not None
    assert statement.head.closing is not None
    assert (statement.head.opening.cents, statement.head.closing.cents) == (100000, -11440)
    assert (statement.entry_count, statement.credits_cents, statement.debits_cents) == (6, 58570, 170010)


def test_records_come_in_order_and_may_be_read_again() -> None:
    file = read_statement_file(own(DAY))
    first = list(file.records())
    assert first == list(file.records())
    assert [type(record) for record in first] == [Statement] + [Entry] * 6


def test_a_batch_has_its_bundle_and_its_details() -> None:
    batch = entries(read_statement_file(own(DAY)))[0]
    assert batch.batches == (Batch("MRUN-1", "BUNDLE-1", 2),)
    assert (batch.bank_reference, batch.amount_cents, batch.side) == ("260120ARCH0001", 70010, Side.DEBIT)
    one, two = batch.details
    assert (one.end_to_end_id, one.amount_cents, one.payment_information_id) == ("E-1", 50010, "BUNDLE-1")
    assert (one.counterparty_name, one.counterparty_account) == ("Äijälän kylä ry", "FI6329501800020582")
    assert (one.reference, one.remittance_text) == ("1234561", None)
    assert (two.end_to_end_id, two.amount_cents) == ("E-2", 20000)
    assert (two.reference, two.remittance_text) == (None, "Avustus 2026,\nerä 1/2")


def test_a_batch_without_details_still_names_its_bundle() -> None:
    batch = entries(read_statement_file(own(DAY)))[1]
    assert batch.batches == (Batch(None, "BUNDLE-2", 40),)
    assert batch.details == ()


def test_a_return_is_a_credit_with_the_id_of_the_payment_and_the_reason() -> None:
    returned = entries(read_statement_file(own(DAY)))[2]
    [detail] = returned.details
    assert (returned.side, returned.bank_transaction_code) == (Side.CREDIT, "PMNT/ICDT/RRTN")
    assert (detail.end_to_end_id, detail.payment_information_id) == ("E-0", "BUNDLE-0")
    assert (detail.return_reason_code, detail.return_reason_text) == ("AC04", "Tili suljettu")
    assert detail.counterparty_name == "Lopettanut ry", "the payee of the payment, not ourselves"
    assert (returned.booked_on, returned.valued_on) == (date(2026, 1, 20), date(2026, 1, 19))


def test_a_pending_entry_is_told_and_not_counted() -> None:
    pending = entries(read_statement_file(own(DAY)))[3]
    assert (pending.status, pending.booked_on, pending.bank_transaction_code) == ("PDNG", None, "710")


def test_a_reversal_keeps_its_own_direction() -> None:
    reversal = entries(read_statement_file(own(DAY)))[4]
    assert (reversal.is_reversal, reversal.side, reversal.amount_cents) == (True, Side.CREDIT, 50)
    assert reversal.additional_information == "Palvelumaksun oikaisu"


def test_a_foreign_detail_counts_in_the_currency_of_the_entry_with_its_charges() -> None:
    [detail] = entries(read_statement_file(own(DAY)))[5].details
    assert (detail.amount_cents, detail.currency, detail.charges_cents) == (39020, "EUR", 500)
    assert (detail.end_to_end_id, detail.counterparty_account) == (None, "5000-1234")


def test_the_old_shapes_are_read_and_the_balance_before_opens() -> None:
    file = read_statement_file(own(OLD), SchemaPolicy.ENFORCE)
    [statement] = file.statements
    assert statement.head.opening is not None
    assert (statement.head.opening.code, statement.head.opening.cents) == ("PRCD", -2560)
    assert statement.head.electronic_sequence_number is None
    assert statement.head.currency == "EUR"
    [entry] = entries(file)
    assert (entry.amount_cents, entry.status, entry.bank_transaction_code) == (47440, "BOOK", "705")
    assert (entry.details[0].counterparty_name, entry.details[0].reference) == (
        "Säästäväinen ry",
        "RF341234561",
    )


def test_a_file_may_hold_statements_in_two_currencies() -> None:
    file = read_statement_file(own("camt053-v08-two-currencies.xml"), SchemaPolicy.ENFORCE)
    assert [(s.head.statement_id, s.head.currency, s.entry_count) for s in file.statements] == [
        ("TWO-1-EUR", "EUR", 1),
        ("TWO-1-SEK", "SEK", 0),
    ]
    assert [type(record) for record in file.records()] == [Statement, Entry, Statement]


def test_a_notification_needs_no_balances() -> None:
    file = read_statement_file(own("camt054-v08-return.xml"), SchemaPolicy.ENFORCE)
    [statement] = file.statements
    assert (file.kind, statement.head.opening, statement.credits_cents) == (
        FileKind.NOTIFICATION,
        None,
        20000,
    )
    [detail] = entries(file)[0].details
    assert (detail.end_to_end_id, detail.return_reason_code) == ("E-0", "OMA")


@pytest.mark.parametrize("version", range(2, 9))
def test_every_version_from_02_to_08_is_read(version: int) -> None:
    """The old shapes and the new ones are both taken whatever version the namespace claims."""
    for name, old in ((OLD, "053.001.02"), (DAY, "053.001.08"), ("camt054-v08-return.xml", "054.001.08")):
        data = changed(name, old, f"{old[:8]}{version:02d}")
        assert read_statement_file(data).statements == read_statement_file(own(name)).statements


def test_a_statement_that_does_not_balance_is_refused_with_its_figures() -> None:
    with pytest.raises(StatementDoesNotBalance) as refused:
        read_statement_file(changed(DAY, ">114.40<", ">114.39<"))
    fault = refused.value
    assert (fault.statement_id, fault.currency) == ("STM-2026-01-20-EUR", "EUR")
    assert (fault.opening_cents, fault.credits_cents, fault.debits_cents, fault.closing_cents) == (
        100000,
        58570,
        170010,
        -11439,
    )
    assert "opening 1000.00 + credits 585.70 - debits 1700.10 should be closing -114.39 EUR" in str(fault)
    assert "The difference is -1 cents" in str(fault)


def test_one_bad_statement_refuses_the_whole_file() -> None:
    with pytest.raises(StatementDoesNotBalance, match="TWO-1-SEK"):
        read_statement_file(own("camt053-v08-two-currencies.xml").replace(b'"SEK">100.00', b'"SEK">100.01', 1))


@pytest.mark.parametrize(("code", "missing"), [("PRCD", "no opening"), ("CLBD", "no closing")])
def test_a_missing_balance_is_no_proof(code: str, missing: str) -> None:
    with pytest.raises(StatementDoesNotBalance, match=missing):
        read_statement_file(changed(OLD, f"<Cd>{code}</Cd>", "<Cd>XPCD</Cd>"))


def test_an_entry_in_another_currency_cannot_be_proven() -> None:
    with pytest.raises(StatementDoesNotBalance, match="mixes SEK with EUR"):
        read_statement_file(changed("camt053-v08-two-currencies.xml", '"EUR">2.50', '"SEK">2.50'))


def test_details_that_do_not_sum_to_their_entry_are_refused() -> None:
    with pytest.raises(ValueInvalid, match=r"Ntry/Amt at line 14 is '700.10'.* which is 700.11"):
        read_statement_file(changed(DAY, ">500.10<", ">500.11<"))


def test_details_of_which_one_has_no_amount_are_not_summed() -> None:
    data = changed(DAY, '<Amt Ccy="EUR">500.10</Amt>', "")
    assert entries(read_statement_file(data))[0].details[0].amount_cents is None


def test_a_detail_against_the_entrys_direction_is_taken_off() -> None:
    data = (
        own(DAY)
        .replace(b">500.10<", b">900.10<")
        .replace(b'<Amt Ccy="EUR">200</Amt><CdtDbtInd>DBIT', b'<Amt Ccy="EUR">200</Amt><CdtDbtInd>CRDT')
    )
    assert entries(read_statement_file(data))[0].amount_cents == 70010


def test_the_number_of_entries_that_the_bank_states_must_be_right() -> None:
    with pytest.raises(ValueInvalid, match=r"NbOfNtries .*is '7'.* which is 6"):
        read_statement_file(changed(DAY, "<NbOfNtries>6<", "<NbOfNtries>7<"))


@pytest.mark.parametrize("amount", ["474.400", "474,40", "-474.40", "", "4e2", "٤٧٤", "474.4.0", "1" * 19])
def test_an_amount_that_is_not_an_exact_sum_of_cents_is_refused(amount: str) -> None:
    with pytest.raises(ValueInvalid, match=r"Amt at line 13.* at most two decimals"):
        read_statement_file(changed(OLD, ">474.4<", f">{amount}<"))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('Ccy="EUR">25.60', 'Ccy="eur">25.60', "Ccy"),
        ("<CdtDbtInd>CRDT</CdtDbtInd><Sts>", "<CdtDbtInd>CREDIT</CdtDbtInd><Sts>", "CdtDbtInd"),
        ("<BookgDt><Dt>2026-02-02", "<BookgDt><Dt>2026-02-30", "BookgDt"),
    ],
)
def test_a_value_that_cannot_be_right_is_named_with_its_line(old: str, new: str, field: str) -> None:
    with pytest.raises(ValueInvalid) as refused:
        read_statement_file(changed(OLD, old, new))
    assert field in refused.value.field
    assert refused.value.line is not None


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("<Id>OLD-1-1</Id>", "", "Stmt has no Id"),
        ("<Acct><Id><IBAN>FI2112345600000785</IBAN></Id></Acct>", "", "Stmt has no Acct"),
        ('<Amt Ccy="EUR">474.4</Amt><Cdt', "<Cdt", "Ntry has no Amt"),
        ("<Sts>BOOK</Sts>", "", "Ntry has no Sts"),
        ("<Dt><Dt>2026-02-01</Dt></Dt>", "", "Bal has no Dt"),
    ],
)
def test_what_is_needed_and_missing_is_named_whatever_the_policy(old: str, new: str, what: str) -> None:
    with pytest.raises(SchemaInvalid, match=what):
        read_statement_file(changed(OLD, old, new), SchemaPolicy.REPORT)


def test_a_file_without_statements_is_refused() -> None:
    data = own(OLD)
    start, end = data.index(b"<Stmt>"), data.index(b"</Stmt>") + len(b"</Stmt>")
    with pytest.raises(SchemaInvalid, match="no Stmt"):
        read_statement_file(data[:start] + data[end:])


def test_a_deviation_from_the_schema_is_reported_with_its_line_or_refused_by_policy() -> None:
    data = changed(OLD, "<ValDt>", "<Unheard>of</Unheard><ValDt>")
    [deviation] = read_statement_file(data).deviations
    assert (deviation.line, "Unheard" in deviation.what) == (14, True)
    with pytest.raises(SchemaInvalid, match=r"at line 14.*Unheard"):
        read_statement_file(data, SchemaPolicy.ENFORCE)
