"""Every field of a bank profile does what it says, in both versions of the message."""

import hashlib
from datetime import UTC, date, datetime
from uuid import UUID

import pyiso20022.pain.pain_001_001_03 as version_03
import pyiso20022.pain.pain_001_001_09 as version_09
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pydantic import ValidationError
from xsdata.formats.dataclass.parsers import XmlParser

from schemas.county import BankProfile
from services.payments.bank.credit_transfer import (
    CreditTransfer,
    CreditTransferFile,
    build_credit_transfer,
    end_to_end_id,
    profile_faults,
)
from services.payments.bank.errors import CreditTransferInvalid, FieldProblem
from services.payments.bank.references import is_finnish_reference, is_rf_reference
from services.payments.bank.xsd import schema_for
from services.web.county import load_county
from tests.unit.payments.bank.files import (
    IBAN,
    OTHER_IBAN,
    PROFILE,
    REPOSITORY,
    bank_profile,
    finnish_iban,
    payment_file,
    transfer,
)

MESSAGES = ("pain.001.001.03", "pain.001.001.09")
VERSIONS = pytest.mark.parametrize("message", MESSAGES)
COUNTY = REPOSITORY / "deploy" / "county" / "north-karelia"

NORTH_KARELIAS_FILE = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn><GrpHdr><MsgId>MRUN-1</MsgId>\
<CreDtTm>2026-01-15T06:00:00Z</CreDtTm><NbOfTxs>1</NbOfTxs><CtrlSum>100.00</CtrlSum><InitgPty>\
<Nm>Pohjois-Karjalan hyvinvointialue</Nm></InitgPty></GrpHdr><PmtInf><PmtInfId>MRUN-1</PmtInfId><PmtMtd>TRF</PmtMtd>\
<BtchBookg>true</BtchBookg><NbOfTxs>1</NbOfTxs><CtrlSum>100.00</CtrlSum><PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl>\
</PmtTpInf><ReqdExctnDt><Dt>2026-01-16</Dt></ReqdExctnDt><Dbtr><Nm>Pohjois-Karjalan hyvinvointialue</Nm></Dbtr>\
<DbtrAcct><Id><IBAN>FI2112345600000785</IBAN></Id></DbtrAcct><DbtrAgt><FinInstnId><BICFI>NDEAFIHH</BICFI></FinInstnId>\
</DbtrAgt><ChrgBr>SLEV</ChrgBr><CdtTrfTxInf><PmtId><EndToEndId>E2DPLRM7RKL2LKKMQF6EJDBUG-1-1</EndToEndId></PmtId>\
<Amt><InstdAmt Ccy="EUR">100.00</InstdAmt></Amt><Cdtr><Nm>Kylän väki 0 ry</Nm></Cdtr><CdtrAcct><Id>\
<IBAN>FI0600000000000000</IBAN></Id></CdtrAcct><RmtInf><Ustrd>Avustus 0/02.05.01.00/2026 erä 1</Ustrd></RmtInf>\
</CdtTrfTxInf></PmtInf></CstmrCdtTrfInitn></Document>"""
"""What the dataclasses of pyiso20022 wrote before payments were streamed."""
THOUSAND_SHA256 = "a50e6804231fcb3c"


def county_file(count: int) -> CreditTransferFile:
    payments = tuple(
        CreditTransfer(
            end_to_end_id(UUID(int=place), 1, 1), 100_00 + place, f"Kylän väki {place} ry", finnish_iban(place),
            message=f"Avustus {place}/02.05.01.00/2026 erä 1",
        )
        for place in range(count)
    )  # fmt: skip
    created = datetime(2026, 1, 15, 6, tzinfo=UTC)
    name = "Pohjois-Karjalan hyvinvointialue"
    return CreditTransferFile("MRUN-1", created, name, IBAN, "NDEAFIHH", date(2026, 1, 16), payments)


def built(file: CreditTransferFile, **fields: object) -> etree._Element:
    """The built file, asked of the official schema once more."""
    profile = bank_profile(**fields)
    data = build_credit_transfer(file, profile)
    assert profile_faults(data, profile) == ()
    schema = schema_for(f"urn:iso:std:iso:20022:tech:xsd:{profile.message}")
    assert schema is not None
    tree = etree.fromstring(data)
    schema.assertValid(tree)
    return tree


def texts(tree: etree._Element, path: str) -> list[str]:
    found = tree.findall(".//" + "/".join(f"{{*}}{step}" for step in path.split("/")))
    return [element.text or "" for element in found]


def refused(file: CreditTransferFile, **fields: object) -> list[FieldProblem]:
    with pytest.raises(CreditTransferInvalid) as refusal:
        build_credit_transfer(file, bank_profile(**fields))
    return list(refusal.value.problems)


def test_north_karelias_file_is_the_same_to_the_byte() -> None:
    profile = load_county(COUNTY).payment_rules(date(2026, 1, 16)).bank_profile
    assert build_credit_transfer(county_file(1), profile).decode() == NORTH_KARELIAS_FILE
    digest = hashlib.sha256(build_credit_transfer(county_file(1000), profile)).hexdigest()
    assert digest.startswith(THOUSAND_SHA256)


def test_what_a_profile_leaves_unsaid_is_north_karelias() -> None:
    profile = load_county(COUNTY).payment_rules(date(2026, 1, 16)).bank_profile
    assert profile == bank_profile(address="none")


def test_the_versions_differ_in_the_date_and_the_name_of_the_bic() -> None:
    file = payment_file(transfer(creditor_bic="OKOYFIHH"))
    old, new = built(file, message="pain.001.001.03"), built(file, message="pain.001.001.09")
    assert texts(old, "ReqdExctnDt") == texts(new, "ReqdExctnDt/Dt") == ["2026-01-16"]
    assert texts(old, "FinInstnId/BIC") == texts(new, "FinInstnId/BICFI") == ["NDEAFIHH", "OKOYFIHH"]
    assert texts(old, "FinInstnId/BICFI") == texts(new, "FinInstnId/BIC") == texts(old, "ReqdExctnDt/Dt") == []


@pytest.mark.parametrize(("message", "classes"), [(MESSAGES[0], version_03), (MESSAGES[1], version_09)])
def test_others_classes_read_what_was_written(message: str, classes: object) -> None:
    file = payment_file(
        transfer("E-1", 5, message="Erä 1", town="Nurmes", country="FI"), transfer("E-2", reference="1234561")
    )
    data = build_credit_transfer(file, bank_profile(message=message, initiating_party_id="12345678"))
    initiation = XmlParser().from_bytes(data, classes.Document).cstmr_cdt_trf_initn  # type: ignore[attr-defined]
    [bundle] = initiation.pmt_inf
    first, second = bundle.cdt_trf_tx_inf
    assert initiation.grp_hdr.initg_pty.id.org_id.othr[0].id == "12345678"
    assert (initiation.grp_hdr.nb_of_txs, str(initiation.grp_hdr.ctrl_sum)) == ("2", "123.50")
    assert (bundle.btch_bookg, bundle.pmt_tp_inf.svc_lvl) != (None, None)
    assert (first.pmt_id.end_to_end_id, str(first.amt.instd_amt.value), first.amt.instd_amt.ccy) == (
        "E-1",
        "0.05",
        "EUR",
    )
    assert (first.cdtr.pstl_adr.twn_nm, first.cdtr.pstl_adr.ctry) == ("Nurmes", "FI")
    assert first.rmt_inf.ustrd == ["Erä 1"]
    assert second.rmt_inf.strd[0].cdtr_ref_inf.ref == "1234561"
    assert second.cdtr_acct.id.iban == OTHER_IBAN


@VERSIONS
def test_the_bic_is_written_where_it_is_known_or_left_out(message: str) -> None:
    file = payment_file(transfer(creditor_bic="OKOYFIHH"))
    unknown = payment_file(debtor_bic=None)
    assert texts(built(unknown, message=message), "DbtrAgt/FinInstnId/Othr/Id") == ["NOTPROVIDED"]
    tree = built(file, message=message, bic="left_out")
    assert texts(tree, "DbtrAgt/FinInstnId/Othr/Id") == ["NOTPROVIDED"]
    assert texts(tree, "CdtrAgt") == texts(tree, "FinInstnId/BIC") == texts(tree, "FinInstnId/BICFI") == []


@VERSIONS
def test_the_address_is_a_town_and_a_country_or_nothing(message: str) -> None:
    file = payment_file(transfer(town="Nurmes", country="FI"), transfer("E-2"))
    tree = built(file, message=message, address="town_and_country")
    assert [element.tag.rpartition("}")[2] for element in tree.iterfind(".//{*}PstlAdr/*")] == ["TwnNm", "Ctry"]
    assert texts(built(file, message=message, address="none"), "PstlAdr") == []


@VERSIONS
@pytest.mark.parametrize("batch_booking", [True, False])
def test_the_account_is_debited_once_or_for_each_payment(message: str, batch_booking: bool) -> None:
    tree = built(payment_file(), message=message, batch_booking=batch_booking)
    assert texts(tree, "BtchBookg") == [str(batch_booking).lower()]


@VERSIONS
def test_the_id_agreed_with_the_bank_stands_in_the_group_header(message: str) -> None:
    tree = built(payment_file(), message=message, initiating_party_id="12345678")
    assert texts(tree, "InitgPty/Id/OrgId/Othr/Id") == ["12345678"]
    assert texts(tree, "InitgPty/Id/OrgId/Othr/SchmeNm/Cd") == ["BANK"]
    assert texts(built(payment_file(), message=message), "InitgPty/Id") == []
    assert refused(payment_file(), initiating_party_id="1//2")[0].field == "initiating_party_id"


@VERSIONS
@pytest.mark.parametrize(("kind", "right"), [("national", is_finnish_reference), ("rf", is_rf_reference)])
def test_a_profile_with_references_gives_every_payment_its_own(message: str, kind: str, right: object) -> None:
    file = county_file(20)
    fields = {"message": message, "remittance": "reference", "reference_kind": kind}
    tree = built(file, **fields)
    references = texts(tree, "Strd/CdtrRefInf/Ref")
    assert len(set(references)) == 20
    assert all(right(each) for each in references)  # type: ignore[operator]
    assert all(each.startswith("RF") == (kind == "rf") for each in references)
    assert texts(tree, "CdtrRefInf/Tp/CdOrPrtry/Cd") == ["SCOR"] * 20
    assert texts(tree, "CdtrRefInf/Tp/Issr") == (["ISO"] * 20 if kind == "rf" else [])
    assert texts(tree, "RmtInf/Ustrd") == []
    assert references == texts(built(file, **fields), "Strd/CdtrRefInf/Ref")


def test_a_reference_that_the_payee_gave_is_kept_in_the_kind_of_the_profile() -> None:
    file = payment_file(transfer(reference="1234561"), transfer("E-2", reference="RF34 1234 561"))
    assert texts(built(file, remittance="reference", reference_kind="national"), "Ref") == ["1234561"] * 2
    assert texts(built(file, remittance="reference", reference_kind="rf"), "Ref") == ["RF341234561"] * 2
    letters = payment_file(transfer(reference="RF18539007547034"), transfer("E-2", reference="RF91ABCDE"))
    found = refused(letters, remittance="reference", reference_kind="national")
    assert ("reference", 1) in [(problem.field, problem.index) for problem in found]


def test_other_characters_are_written_in_another_way_or_refuse_the_payment() -> None:
    file = payment_file(transfer(), transfer("E-2", creditor_name="Šeffit & Co ry"))
    assert texts(built(file), "Cdtr/Nm")[1] == "Seffit + Co ry"
    [problem] = refused(file, other_characters="refuse")
    assert (problem.field, problem.index) == ("creditor_name", 1)
    assert "'Š&'" in problem.wrong
    assert "payments[1].creditor_name" in str(problem)


def test_lengths_are_those_of_the_bank() -> None:
    file = payment_file(transfer(creditor_name="x" * 36, message="y" * 36), debtor_name="Alue")
    built(file, name_length_max=36, message_length_max=36)
    found = refused(file, name_length_max=35, message_length_max=35)
    assert [(problem.field, problem.index) for problem in found] == [("creditor_name", 0), ("message", 0)]
    assert [problem.right for problem in found] == ["1–35 characters"] * 2


def test_a_file_with_more_payments_than_the_bank_takes_is_refused_with_a_sentence() -> None:
    file = payment_file(transfer("E-1"), transfer("E-2"), transfer("E-3"))
    built(file, payments_per_file_max=3)
    [problem] = refused(file, payments_per_file_max=2)
    assert str(problem) == (
        "payments: there are 3; right would be at most 2 in a file, as the bank profile says: propose smaller runs"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"message": "pain.001.001.10"},
        {"characters": "all"},
        {"other_characters": "drop"},
        {"bic": "guessed"},
        {"address": "lines"},
        {"remittance": "reference"},
        {"reference_kind": "rf"},
        {"reference_kind": "rf", "remittance": "message"},
        {"initiating_party_id": "a_b"},
        {"initiating_party_id": ""},
        {"name_length_max": 71},
        {"message_length_max": 141},
        {"payments_per_file_max": 0},
        {"payments_per_file_max": 20_001},
        {"unheard_of": 1},
    ],
)
def test_a_profile_that_no_bank_could_take_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        bank_profile(**fields)


PROFILES = st.builds(
    lambda kind, **fields: bank_profile(
        remittance="message" if kind is None else "reference", reference_kind=kind, **fields
    ),
    kind=st.sampled_from((None, "national", "rf")),
    message=st.sampled_from(MESSAGES),
    characters=st.sampled_from(("finnish", "basic")),
    batch_booking=st.booleans(),
    bic=st.sampled_from(("written", "left_out")),
    address=st.sampled_from(("town_and_country", "none")),
    initiating_party_id=st.sampled_from((None, "12345678")),
)
PAYMENTS = st.lists(
    st.tuples(
        st.integers(1, 99_999_999_999),
        st.text(alphabet="Äåö Šßø&<>\"'abc", min_size=1, max_size=30).filter(str.strip),
        st.sampled_from((None, "OKOYFIHH")),
        st.sampled_from(({}, {"message": "Erä <1> & 2"}, {"reference": "RF341234561"}, {"reference": "1234561"})),
        st.sampled_from(({}, {"town": "Nurmes", "country": "FI"})),
    ),
    min_size=1,
    max_size=6,
)


@given(PROFILES, PAYMENTS)
def test_any_payments_are_valid_by_the_schema_and_the_profile_in_any_form(
    profile: BankProfile, drawn: list[tuple[int, str, str | None, dict[str, str], dict[str, str]]]
) -> None:
    payments = [
        transfer(f"E-{place}", amount, creditor_name=name, creditor_bic=bic, **remittance, **address)
        for place, (amount, name, bic, remittance, address) in enumerate(drawn)
    ]
    tree = built(payment_file(*payments), **profile.model_dump())
    assert texts(tree, "EndToEndId") == [payment.end_to_end_id for payment in payments]
    assert [int(each.replace(".", "")) for each in texts(tree, "InstdAmt")] == [each.amount_cents for each in payments]


def test_ten_thousand_payments_stand_in_one_file_in_their_order() -> None:
    file = county_file(10_000)
    data = build_credit_transfer(file, PROFILE)
    assert data.count(b"<CdtTrfTxInf>") == 10_000
    tree = etree.fromstring(data)
    assert texts(tree, "EndToEndId") == [payment.end_to_end_id for payment in file.payments]
