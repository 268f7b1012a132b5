"""The last look at a payment file finds each fault that its writer could have let through."""

import pytest

from services.payments.bank.credit_transfer import build_credit_transfer, profile_faults
from services.payments.bank.errors import CreditTransferInvalid, NotXml, SchemaInvalid, Truncated
from tests.unit.payments.bank.files import PROFILE, bank_profile, needs_shared, payment_file, shared, transfer

FILE = payment_file(
    transfer("E-1", message="Avustus 1", creditor_bic="OKOYFIHH", town="Nurmes", country="FI"),
    transfer("E-2", reference="1234561"),
)
PARTY = "<Id><OrgId><Othr><Id>1</Id></Othr></OrgId></Id>"
DATA = build_credit_transfer(FILE, PROFILE)


def faults(old: str, new: str, **fields: object) -> list[tuple[str, int | None]]:
    assert DATA.count(old.encode()) >= 1
    data = DATA.replace(old.encode(), new.encode(), 1)
    return [(fault.field, fault.index) for fault in profile_faults(data, bank_profile(**fields))]


def test_what_was_built_has_no_fault() -> None:
    assert profile_faults(DATA, PROFILE) == ()


@pytest.mark.parametrize(
    ("old", "new", "field", "index"),
    [
        ("<MsgId>MRUN-1<", "<MsgId>M_1<", "message_id", None),
        ("<PmtInfId>MRUN-1<", "<PmtInfId>/M1<", "payment_information_id", None),
        ("<BtchBookg>true<", "<BtchBookg>false<", "batch_booking", None),
        ("<BtchBookg>true</BtchBookg>", "", "batch_booking", None),
        ("<Dbtr><Nm>Pohjois", "<Dbtr><Nm>Põhjois", "debtor_name", None),
        ("<InitgPty><Nm>Pohjois-Karjalan hyvinvointialue<", "<InitgPty><Nm><", "debtor_name", None),
        ("</InitgPty>", f"{PARTY}</InitgPty>", "initiating_party_id", None),
        ("<BICFI>NDEAFIHH</BICFI>", "<Othr><Id>SOMEBANK</Id></Othr>", "debtor_bic", None),
        ("<EndToEndId>E-1<", "<EndToEndId>E_1<", "end_to_end_id", 0),
        ("<EndToEndId>E-2<", "<EndToEndId>E-1<", "end_to_end_id", 1),
        ("<EndToEndId>E-2<", "<EndToEndId>E-2 <", "end_to_end_id", 1),
        ('Ccy="EUR"', 'Ccy="SEK"', "amount_cents", 0),
        ("<Cdtr><Nm>Kylän", "<Cdtr><Nm>Kylán", "creditor_name", 0),
        ("<Cdtr><Nm>Kylän väki ry<", f"<Cdtr><Nm>{'x' * 71}<", "creditor_name", 0),
        ("<TwnNm>Nurmes</TwnNm>", "", "town", 0),
        ("</Ctry>", "</Ctry><AdrLine>Katu 1</AdrLine>", "town", 0),
        ("<TwnNm>Nurmes<", f"<TwnNm>{'x' * 36}<", "town", 0),
        ("<Ustrd>Avustus 1<", "<Ustrd>Avustus #1<", "message", 0),
        ("<Ustrd>Avustus 1<", f"<Ustrd>{'x' * 141}<", "message", 0),
        ("<Ustrd>Avustus 1</Ustrd>", "<Ustrd>a</Ustrd><Ustrd>b</Ustrd>", "reference", 0),
        ("<Ref>1234561<", "<Ref>1234562<", "reference", 1),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_field_and_payment(old: str, new: str, field: str, index: int | None) -> None:
    found = faults(old, new)
    assert found[0] == (field, index)
    assert {each for each, _ in found} == {field} | ({"town"} if field == "town" else set())


@pytest.mark.parametrize("amount", ["0.00", "123.456", "-1.00", "abc", "1000000000.00"])
def test_an_amount_that_is_none_spoils_its_payment_and_the_sums(amount: str) -> None:
    assert faults(">123.45<", f">{amount}<") == [("amount_cents", 0), ("payments", None), ("payments", None)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"batch_booking": False}, [("batch_booking", None)]),
        ({"bic": "left_out"}, [("creditor_bic", 0), ("debtor_bic", None)]),
        ({"address": "none"}, [("town", 0)]),
        ({"remittance": "reference", "reference_kind": "national"}, [("reference", 0)]),
        ({"remittance": "reference", "reference_kind": "rf"}, [("reference", 0), ("reference", 1)]),
        ({"initiating_party_id": "1"}, [("initiating_party_id", None)]),
        ({"name_length_max": 12}, [
            ("debtor_name", None), ("creditor_name", 0), ("creditor_name", 1), ("debtor_name", None),
        ]),
        ({"message_length_max": 10}, []),
        ({"payments_per_file_max": 1}, [("payments", None)]),
        ({"characters": "basic"}, [("creditor_name", 0), ("creditor_name", 1)]),
        ({"message": "pain.001.001.03"}, [("message", None)]),
    ],
)  # fmt: skip
def test_a_file_of_another_profile_is_told_apart(
    fields: dict[str, object], expected: list[tuple[str, int | None]]
) -> None:
    found = [(fault.field, fault.index) for fault in profile_faults(DATA, bank_profile(**fields))]
    assert found == expected


def test_numbers_and_sums_are_those_that_the_file_holds() -> None:
    assert faults("<NbOfTxs>2<", "<NbOfTxs>3<") == [("payments", None)]
    assert faults("<CtrlSum>246.90<", "<CtrlSum>246.91<") == [("payments", None)]
    data = DATA.replace(b"<NbOfTxs>2<", b"<NbOfTxs>1<")
    assert [fault.field for fault in profile_faults(data, PROFILE)] == ["payments", "payments"]


def test_every_fault_is_told_at_once_in_a_sentence() -> None:
    data = DATA.replace("Kylän väki".encode(), b"Kyl#").replace(b"E-2", b"E_2").replace(b"MRUN-1", b"M_1")
    found = profile_faults(data, PROFILE)
    assert [(fault.field, fault.index) for fault in found] == [
        ("message_id", None), ("creditor_name", 0), ("end_to_end_id", 1), ("creditor_name", 1),
        ("payment_information_id", None),
    ]  # fmt: skip
    assert str(found[1]) == (
        "payments[0].creditor_name: 'Kyl# ry' holds '#'; "
        "right would be characters that the bank carries (profile finnish)"
    )


@pytest.mark.parametrize(("data", "error"), [(b"hello", NotXml), (DATA[:-20], Truncated)])
def test_bytes_that_are_no_document_are_refused(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        profile_faults(data, PROFILE)


@pytest.mark.parametrize(
    ("old", "new", "error", "said"),
    [
        ("<ChrgBr>SLEV</ChrgBr>", "<ChrgBr>NONE</ChrgBr>", SchemaInvalid, "ChrgBr"),
        ("<BtchBookg>true</BtchBookg>", "<BtchBookg>false</BtchBookg>", CreditTransferInvalid, "batch_booking"),
    ],
)
def test_a_writer_that_errs_is_caught_before_the_file_is_given_back(
    monkeypatch: pytest.MonkeyPatch, old: str, new: str, error: type[Exception], said: str
) -> None:
    spoilt = DATA.replace(old.encode(), new.encode(), 1)
    monkeypatch.setattr("services.payments.bank.credit_transfer.write_file", lambda *_: spoilt)
    with pytest.raises(error, match=said):
        build_credit_transfer(FILE, PROFILE)


@needs_shared
def test_a_finnish_banks_own_example_is_read_too() -> None:
    profile = bank_profile(message="pain.001.001.03", initiating_party_id="87654321", name_length_max=70)
    found = {fault.field for fault in profile_faults(shared("bank-fi-payments-rf-1-pain001-v03.xml"), profile)}
    assert found == {"debtor_name", "batch_booking", "payments"}
