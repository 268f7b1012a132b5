"""Files of real banks that others published; a separate script computed their figures (MANIFEST.md)."""

import pytest
from lxml import etree

from services.payments.bank.errors import SchemaInvalid, StatementDoesNotBalance
from services.payments.bank.references import is_finnish_reference, is_rf_reference
from services.payments.bank.statement import Entry, SchemaPolicy, StatementFile, read_statement_file
from services.payments.bank.status_report import Outcome, Reason, read_status_report
from tests.unit.payments.bank.files import needs_shared, shared

pytestmark = needs_shared


def entries(file: StatementFile) -> list[Entry]:
    return [record for record in file.records() if isinstance(record, Entry)]


def balances(file: StatementFile) -> list[tuple[int | None, int | None]]:
    return [
        (s.head.opening.cents if s.head.opening else None, s.head.closing.cents if s.head.closing else None)
        for s in file.statements
    ]


@pytest.mark.parametrize(
    ("name", "entry_count", "detail_count", "credits_cents", "debits_cents", "expected_balances"),
    [
        ("bank-fi-statement-camt053-v02.xml", 10, 13, 2307500, 943017, [(1000000, 2364483)]),
        ("bank-fi-credit-notification-camt054-v02.xml", 4, 4, 704800, 0, [(None, None)]),
        ("bank-de-statement-batch-camt053-v02.xml", 4, 5, 100, 1100, [(3306, 2306)]),
        ("bank-nl-two-statements-camt053-v02.xml", 2, 2, 885, 700, [(1815, 2700), (2700, 2000)]),
        ("bank-two-currencies-camt053.xml", 3, 3, 125050, 60024, [(1000000, 1075025), (250000, 240001)]),
    ],
)
def test_the_figures_are_those_of_the_manifest(
    name: str,
    entry_count: int,
    detail_count: int,
    credits_cents: int,
    debits_cents: int,
    expected_balances: list[tuple[int | None, int | None]],
) -> None:
    file = read_statement_file(shared(name))
    found = entries(file)
    assert sum(s.entry_count for s in file.statements) == len(found) == entry_count
    assert sum(len(entry.details) for entry in found) == detail_count
    assert sum(s.credits_cents for s in file.statements) == credits_cents
    assert sum(s.debits_cents for s in file.statements) == debits_cents
    assert balances(file) == expected_balances


def test_the_finnish_sample_has_its_batches_and_references() -> None:
    file = read_statement_file(shared("bank-fi-statement-camt053-v02.xml"), SchemaPolicy.ENFORCE)
    found = entries(file)
    details = [detail for entry in found for detail in entry.details]
    references = [reference for detail in details for reference in detail.references]
    assert file.statements[0].head.electronic_sequence_number == 120
    assert [detail.end_to_end_id for detail in details if detail.end_to_end_id] == ["EndToEndIdSCT01"]
    assert [reference for reference in references if is_finnish_reference(reference)] == ["3900"]
    assert len([reference for reference in references if reference.startswith("RF")]) == 2
    assert not any(is_rf_reference(reference) for reference in references)
    assert [detail.amount_cents for detail in found[2].details] == [200002, 100001, 123002]
    assert found[2].batches[0].payment_information_id == "CustRefForPmtBatch9"
    assert found[6].details[0].charges_cents == 2000


def test_the_finnish_notification_has_one_detail_without_an_id() -> None:
    file = read_statement_file(shared("bank-fi-credit-notification-camt054-v02.xml"), SchemaPolicy.ENFORCE)
    details = [detail for entry in entries(file) for detail in entry.details]
    assert [detail.end_to_end_id for detail in details] == [
        "End To End ID 11",
        "End to End ID 12",
        "EndToEndId 13",
        None,
    ]
    references = [detail.reference for detail in details if detail.reference]
    assert [reference for reference in references if is_finnish_reference(reference)] == ["9544208"]
    assert (details[3].amount_cents, details[3].currency) == (21685, "EUR")


def test_the_german_batch_is_the_sum_of_its_details() -> None:
    file = read_statement_file(shared("bank-de-statement-batch-camt053-v02.xml"))
    batch = entries(file)[3]
    assert batch.amount_cents == 600
    assert [detail.amount_cents for detail in batch.details] == [350, 250]
    assert [entry.details[0].amount_cents for entry in entries(file)[:3]] == [None, None, None]
    assert file.statements[0].head.opening is not None
    assert file.statements[0].head.opening.code == "PRCD"


def test_the_swiss_statement_does_not_balance_and_is_refused() -> None:
    with pytest.raises(StatementDoesNotBalance) as refused:
        read_statement_file(shared("bank-ch-statement-not-balancing-camt053-v08.xml"))
    fault = refused.value
    assert (fault.opening_cents, fault.credits_cents, fault.debits_cents, fault.closing_cents) == (
        8272195,
        56325,
        2097,
        8451525,
    )
    assert "mixes EUR with CHF" in str(fault)


@pytest.mark.parametrize(
    ("name", "line"),
    [("bank-de-statement-batch-camt053-v02.xml", 62), ("bank-two-currencies-camt053.xml", 50)],
)
def test_real_files_that_deviate_from_their_schema_are_told_and_can_be_refused(name: str, line: int) -> None:
    assert read_statement_file(shared(name)).deviations[0].line == line
    with pytest.raises(SchemaInvalid, match=f"at line {line}"):
        read_statement_file(shared(name), SchemaPolicy.ENFORCE)


def test_a_group_that_is_rejected_as_a_duplicate_rejects_no_payment() -> None:
    report = read_status_report(shared("bank-fi-status-group-rejected-pain002-v03.xml"), SchemaPolicy.ENFORCE)
    assert (report.original_message_id, report.group_status) == ("MSGID-PS-TEST-0708-01", "RJCT")
    assert report.group_reasons == (Reason("DU01", "ISO Duplicate Message ID"),)
    assert report.transactions == ()
    assert report.verdict_on("E-1", "B-1").outcome is Outcome.DUPLICATE


def test_rejected_payments_are_named_where_the_group_is_silent() -> None:
    report = read_status_report(shared("bank-fi-status-transaction-rejected-pain002-v03.xml"), SchemaPolicy.ENFORCE)
    assert report.group_status is None
    assert [bundle.status for bundle in report.payment_informations] == ["RJCT"]
    assert [(t.status, t.reasons[0].code) for t in report.transactions] == [("RJCT", "NARR")] * 2
    verdict = report.verdict_on("ENDTOENDID-950-TEST2-2807-02", "PMTINFID-950-TEST2-2807-01")
    assert verdict.outcome is Outcome.REJECTED


def test_the_swiss_namespace_is_read_with_its_umlauts() -> None:
    report = read_status_report(shared("bank-ch-status-rejected-ac01-pain002.xml"))
    [bundle], [transaction] = report.payment_informations, report.transactions
    assert (bundle.status, bundle.reasons[0].code) == ("RJCT", "NARR")
    assert "ausführbaren" in bundle.reasons[0].text
    assert (transaction.status, transaction.reasons) == ("RJCT", (Reason("AC01", "1301813;Konto ungültig"),))


def test_a_payee_verification_is_no_rejection() -> None:
    report = read_status_report(shared("bank-de-status-payee-verification-pain002-v10.xml"))
    [transaction] = report.transactions
    assert (report.group_status, transaction.status, transaction.end_to_end_id) == ("RVMC", "RVNM", None)
    assert report.verdict_on("E-1", report.original_message_id).outcome is Outcome.PAYEE_CHECKED


@pytest.mark.parametrize(
    ("number", "count", "total", "bundles"),
    [(1, "1", "100.01", 1), (2, "1", "100.01", 1), (3, "3", "300.03", 1), (4, "3", "300.03", 2)],
)
def test_finnish_payment_files_carry_references_that_are_right(
    number: int, count: str, total: str, bundles: int
) -> None:
    tree = etree.fromstring(shared(f"bank-fi-payments-rf-{number}-pain001-v03.xml"))
    assert tree.findtext(".//{*}GrpHdr/{*}NbOfTxs") == count
    assert tree.findtext(".//{*}GrpHdr/{*}CtrlSum") == total
    assert len(tree.findall(".//{*}PmtInf")) == bundles
    references = [element.text or "" for element in tree.findall(".//{*}CdtrRefInf/{*}Ref")]
    assert references
    assert all(is_rf_reference(reference) or is_finnish_reference(reference) for reference in references)
