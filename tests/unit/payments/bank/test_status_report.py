import pytest

from services.payments.bank.errors import SchemaInvalid
from services.payments.bank.statement import SchemaPolicy
from services.payments.bank.status_report import Outcome, Reason, outcome_of, read_status_report
from tests.unit.payments.bank.files import own

PART = "pain002-v10-part.xml"


@pytest.mark.parametrize("name", [PART, "pain002-swiss-part.xml"])
def test_a_report_tells_of_file_bundles_and_payments(name: str) -> None:
    report = read_status_report(own(name))
    assert (report.message_id, report.original_message_id, report.group_status) == ("RPT-1", "MRUN-1", "PART")
    assert [(b.payment_information_id, b.status) for b in report.payment_informations] == [
        ("BUNDLE-1", "PART"),
        ("BUNDLE-2", "RJCT"),
    ]
    assert [(t.payment_information_id, t.end_to_end_id, t.status) for t in report.transactions] == [
        ("BUNDLE-1", "E-1", "ACCP"),
        ("BUNDLE-1", "E-2", "RJCT"),
        ("BUNDLE-1", None, "PDNG"),
    ]
    assert report.transactions[1].reasons == (Reason("AC04", "Saajan tili on suljettu"), Reason("X1", ""))
    assert report.transactions[2].instruction_id == "I-3"


@pytest.mark.parametrize(
    ("end_to_end_id", "bundle", "outcome", "status"),
    [
        ("E-1", "BUNDLE-1", Outcome.ACCEPTED, "ACCP"),
        ("E-2", "BUNDLE-1", Outcome.REJECTED, "RJCT"),
        ("E-9", "BUNDLE-1", Outcome.UNKNOWN, "PART"),
        ("E-8", "BUNDLE-2", Outcome.REJECTED, "RJCT"),
        ("E-7", "BUNDLE-3", Outcome.UNKNOWN, "PART"),
    ],
)
def test_the_nearest_level_that_speaks_decides_on_a_payment(
    end_to_end_id: str, bundle: str, outcome: Outcome, status: str
) -> None:
    verdict = read_status_report(own(PART)).verdict_on(end_to_end_id, bundle)
    assert (verdict.outcome, verdict.status) == (outcome, status)


def test_the_verdict_brings_the_reasons_of_its_level() -> None:
    assert read_status_report(own(PART)).verdict_on("E-8", "BUNDLE-2").reasons == (Reason("AM04", ""),)


def test_a_duplicate_file_says_nothing_against_the_payments_of_the_first() -> None:
    report = read_status_report(own("pain002-v03-duplicate.xml"), SchemaPolicy.ENFORCE)
    assert report.group_reasons == (Reason("DU01", "Duplicate message"),)
    assert report.verdict_on("E-1", "BUNDLE-1").outcome is Outcome.DUPLICATE


def test_a_report_that_gives_no_status_leaves_the_payment_unknown() -> None:
    silent = own("pain002-v03-duplicate.xml").replace(b"<GrpSts>RJCT</GrpSts>", b"")
    assert read_status_report(silent).verdict_on("E-1", "B").outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("ACTC", Outcome.ACCEPTED),
        ("ACSC", Outcome.ACCEPTED),
        ("ACWC", Outcome.ACCEPTED),
        ("PDNG", Outcome.PENDING),
        ("RJCT", Outcome.REJECTED),
        ("RVMC", Outcome.PAYEE_CHECKED),
        ("RVNM", Outcome.PAYEE_CHECKED),
        ("PART", Outcome.SEE_BELOW),
        ("XXXX", Outcome.UNKNOWN),
        (None, Outcome.UNKNOWN),
    ],
)
def test_each_status_code_has_its_meaning(status: str | None, outcome: Outcome) -> None:
    assert outcome_of(status) is outcome


@pytest.mark.parametrize("version", range(3, 16))
def test_every_version_from_03_to_15_is_read(version: int) -> None:
    data = own(PART).replace(b"002.001.10", b"002.001.%02d" % version)
    assert read_status_report(data).transactions == read_status_report(own(PART)).transactions


def test_a_report_must_say_which_file_it_answers() -> None:
    data = own(PART).replace(b"<OrgnlMsgId>MRUN-1</OrgnlMsgId>", b"")
    with pytest.raises(SchemaInvalid, match="OrgnlMsgId"):
        read_status_report(data)


def test_a_report_answers_one_file() -> None:
    group = b"<OrgnlGrpInfAndSts><OrgnlMsgId>OTHER</OrgnlMsgId></OrgnlGrpInfAndSts>"
    data = own(PART).replace(b"<OrgnlPmtInfAndSts>", group + b"<OrgnlPmtInfAndSts>", 1)
    with pytest.raises(SchemaInvalid, match="a second"):
        read_status_report(data)


def test_a_bundle_must_have_its_id() -> None:
    data = own(PART).replace(b"<OrgnlPmtInfId>BUNDLE-2</OrgnlPmtInfId>", b"")
    with pytest.raises(SchemaInvalid, match="no OrgnlPmtInfId"):
        read_status_report(data)


def test_a_known_schema_is_enforced_when_asked() -> None:
    data = own("pain002-v03-duplicate.xml").replace(b"<GrpSts>RJCT</GrpSts>", b"<GrpSts>NO</GrpSts>")
    assert read_status_report(data).deviations[0].line == 7
    with pytest.raises(SchemaInvalid, match="at line 7"):
        read_status_report(data, SchemaPolicy.ENFORCE)
