from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from services.payments.bank.credit_transfer import (
    Totals,
    build_credit_transfer,
    end_to_end_id,
    message_id,
    totals_of,
)
from services.payments.bank.errors import CreditTransferInvalid, FieldProblem, IdentifierInvalid
from services.payments.bank.xsd import schema_for
from tests.unit.payments.bank.files import IBAN, OTHER_IBAN, PROFILE, bank_profile, payment_file, transfer

APPLICATION = UUID("018f0000-0000-7000-8000-000000000001")


def built(data: bytes) -> etree._Element:
    tree = etree.fromstring(data)
    schema = schema_for("urn:iso:std:iso:20022:tech:xsd:pain.001.001.09")
    assert schema is not None
    schema.assertValid(tree)
    return tree


def texts(tree: etree._Element, path: str) -> list[str | None]:
    return [element.text for element in tree.findall(".//" + "/".join(f"{{*}}{s}" for s in path.split("/")))]


def problems(*payments: object, **fields: object) -> list[FieldProblem]:
    with pytest.raises(CreditTransferInvalid) as refused:
        build_credit_transfer(payment_file(*payments, **fields), PROFILE)  # type: ignore[arg-type]
    return list(refused.value.problems)


def test_a_file_says_who_pays_whom_how_much_and_when() -> None:
    tree = built(
        build_credit_transfer(
            payment_file(transfer(), transfer("E-2", 5)), bank_profile(initiating_party_id="12345678")
        )
    )
    assert texts(tree, "GrpHdr/MsgId") == texts(tree, "PmtInf/PmtInfId") == ["MRUN-1"]
    assert texts(tree, "GrpHdr/CreDtTm") == ["2026-01-15T06:00:00Z"]
    assert texts(tree, "NbOfTxs") == ["2", "2"]
    assert texts(tree, "CtrlSum") == ["123.50", "123.50"]
    assert texts(tree, "InitgPty/Id/OrgId/Othr/Id") == ["12345678"]
    assert texts(tree, "PmtMtd") == ["TRF"]
    assert texts(tree, "SvcLvl/Cd") == ["SEPA"]
    assert texts(tree, "ReqdExctnDt/Dt") == ["2026-01-16"]
    assert texts(tree, "DbtrAcct/Id/IBAN") == [IBAN]
    assert texts(tree, "DbtrAgt/FinInstnId/BICFI") == ["NDEAFIHH"]
    assert texts(tree, "ChrgBr") == ["SLEV"]
    assert texts(tree, "EndToEndId") == ["E-1", "E-2"]
    assert texts(tree, "InstdAmt") == ["123.45", "0.05"]
    assert texts(tree, "CdtrAcct/Id/IBAN") == [OTHER_IBAN, OTHER_IBAN]


def test_the_same_payments_make_the_same_bytes() -> None:
    assert build_credit_transfer(payment_file(), PROFILE) == build_credit_transfer(payment_file(), PROFILE)


def test_the_bundle_is_booked_as_one_unless_asked_otherwise() -> None:
    assert texts(built(build_credit_transfer(payment_file(), PROFILE)), "BtchBookg") == ["true"]
    assert texts(built(build_credit_transfer(payment_file(), bank_profile(batch_booking=False))), "BtchBookg") == [
        "false"
    ]


def test_the_bundle_has_its_own_id_when_it_is_given() -> None:
    assert texts(built(build_credit_transfer(payment_file(payment_information_id="B-1"), PROFILE)), "PmtInfId") == [
        "B-1"
    ]


def test_an_unknown_bank_of_the_debtor_is_written_as_not_provided() -> None:
    tree = built(build_credit_transfer(payment_file(debtor_bic=None), PROFILE))
    assert texts(tree, "DbtrAgt/FinInstnId/Othr/Id") == ["NOTPROVIDED"]


def test_a_creditor_without_bic_has_no_bank_at_all() -> None:
    assert texts(built(build_credit_transfer(payment_file(), PROFILE)), "CdtrAgt") == []
    tree = built(build_credit_transfer(payment_file(transfer(creditor_bic="OKOYFIHH")), PROFILE))
    assert texts(tree, "CdtrAgt/FinInstnId/BICFI") == ["OKOYFIHH"]


def test_a_reference_is_structured_and_a_message_is_not() -> None:
    tree = built(
        build_credit_transfer(
            payment_file(
                transfer("E-1", reference="000 1234561"),
                transfer("E-2", reference="rf34 1234561"),
                transfer("E-3", message="Avustus 2026"),
                transfer("E-4"),
            ),
            PROFILE,
        )
    )
    assert texts(tree, "Strd/CdtrRefInf/Tp/CdOrPrtry/Cd") == ["SCOR", "SCOR"]
    assert texts(tree, "Strd/CdtrRefInf/Ref") == ["1234561", "RF341234561"]
    assert texts(tree, "RmtInf/Ustrd") == ["Avustus 2026"]
    assert len(texts(tree, "RmtInf")) == 3


def test_an_address_is_a_town_with_its_country_or_nothing() -> None:
    tree = built(build_credit_transfer(payment_file(transfer(town="Nurmes", country="FI"), transfer("E-2")), PROFILE))
    assert texts(tree, "PstlAdr/TwnNm") == ["Nurmes"]
    assert texts(tree, "PstlAdr/Ctry") == ["FI"]
    assert texts(tree, "AdrLine") == []


def test_the_finnish_profile_keeps_its_letters_and_the_basic_one_writes_them_plainly() -> None:
    file = payment_file(transfer(creditor_name="Äijänkankaan Övertornion Åbo & Šeffit ry"))
    finnish = built(build_credit_transfer(file, PROFILE))
    basic = built(build_credit_transfer(file, bank_profile(characters="basic")))
    assert texts(finnish, "Cdtr/Nm") == ["Äijänkankaan Övertornion Åbo + Seffit ry"]
    assert texts(basic, "Cdtr/Nm") == ["Aijankankaan Overtornion Abo + Seffit ry"]
    assert build_credit_transfer(file, bank_profile(characters="basic")).isascii()


def test_a_decomposed_letter_is_the_same_letter() -> None:
    tree = built(build_credit_transfer(payment_file(transfer(creditor_name="A\u0308ijä ry")), PROFILE))
    assert texts(tree, "Cdtr/Nm") == ["Äijä ry"]


@pytest.mark.parametrize("text", ["Ряд ry", "Kylä 😀 ry", "Kylä\u200b ry", "Kylä\x00 ry", "漢字"])
def test_a_character_that_cannot_be_written_is_named_and_never_dropped(text: str) -> None:
    [problem] = problems(transfer(creditor_name=text))
    assert (problem.field, problem.index) == ("creditor_name", 0)
    assert "cannot be written" in problem.wrong


def test_a_name_is_never_cut() -> None:
    [problem] = problems(transfer(creditor_name="x" * 71))
    assert problem.wrong.endswith("has 71 characters")
    assert problem.right == "1–70 characters"
    assert texts(built(build_credit_transfer(payment_file(transfer(creditor_name="x" * 70)), PROFILE)), "Cdtr/Nm")


def test_the_length_counts_as_it_is_written() -> None:
    assert problems(transfer(creditor_name="ß" * 36))[0].wrong.endswith("has 72 characters")


@pytest.mark.parametrize("wrong", ["", "A_1", "/A", "A/", "A//B", "Ä", "x" * 36, " A", "A\n"])
def test_an_identifier_outside_the_rules_is_refused(wrong: str) -> None:
    assert problems(message_id=wrong)[0].field == "message_id"
    assert problems(transfer(wrong))[0].field == "end_to_end_id"


@pytest.mark.parametrize("right", ["A", "A/B", "x" * 35, "2026-1:2.3(4)"])
def test_an_identifier_inside_the_rules_is_taken(right: str) -> None:
    assert texts(built(build_credit_transfer(payment_file(transfer(right)), PROFILE)), "EndToEndId") == [right]


@pytest.mark.parametrize("cents", [0, -1, 100_000_000_000])
def test_an_amount_must_be_positive_and_within_the_scheme(cents: int) -> None:
    [problem] = problems(transfer(amount_cents=cents))
    assert (problem.field, problem.index) == ("amount_cents", 0)


def test_two_payments_with_one_id_are_refused() -> None:
    [problem] = problems(transfer("E-1"), transfer("E-2"), transfer("E-1"))
    assert (problem.field, problem.index) == ("end_to_end_id", 2)
    assert "payments[0]" in problem.wrong


def test_a_file_without_payments_is_refused() -> None:
    assert [problem.field for problem in problems(payments=())] == ["payments"]


def test_an_instant_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 1, 15, 6)  # noqa: DTZ001 - the fault that is tested
    assert [problem.field for problem in problems(created_at=naive)] == ["created_at"]


def test_all_problems_are_told_at_once_each_with_its_field_and_index() -> None:
    found = problems(
        transfer(creditor_iban="FI2112345600000786", reference="1234562"),
        transfer("E-2", amount_cents=0, message="x" * 141, town="Nurmes"),
        transfer("E-3", reference="1234561", message="both", creditor_bic="X", country="fi", town="Nurmes"),
        debtor_iban="FI00",
        debtor_bic="NDEA",
        debtor_name=" ",
    )
    assert [(problem.field, problem.index) for problem in found] == [
        ("debtor_name", None),
        ("debtor_iban", None),
        ("debtor_bic", None),
        ("creditor_iban", 0),
        ("reference", 0),
        ("amount_cents", 1),
        ("town", 1),
        ("message", 1),
        ("reference", 2),
        ("creditor_bic", 2),
        ("country", 2),
    ]
    assert all(problem.right for problem in found)


def test_the_message_of_the_error_names_every_problem() -> None:
    with pytest.raises(CreditTransferInvalid, match=r"payments\[1\]\.amount_cents: 0; right would be whole cents"):
        build_credit_transfer(payment_file(transfer(), transfer("E-2", 0)), PROFILE)


def test_ids_are_deterministic_short_and_of_the_allowed_set() -> None:
    first = end_to_end_id(APPLICATION, 1, 1)
    assert first == end_to_end_id(APPLICATION, 1, 1)
    assert first.endswith("-1-1")
    different = {
        first,
        end_to_end_id(APPLICATION, 1, 2),
        end_to_end_id(APPLICATION, 2, 1),
        message_id(APPLICATION),
    }
    assert len(different) == 4
    assert len(end_to_end_id(APPLICATION, 999, 999)) <= 35
    assert message_id(APPLICATION, 2) == message_id(APPLICATION)[:-1] + "2"
    assert set(first) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")


@pytest.mark.parametrize(("instalment", "attempt"), [(0, 1), (1, 0), (1000, 1), (1, -1)])
def test_an_instalment_or_attempt_out_of_range_is_refused(instalment: int, attempt: int) -> None:
    with pytest.raises(IdentifierInvalid, match="between 1 and 999"):
        end_to_end_id(APPLICATION, instalment, attempt)


@given(st.lists(st.integers(min_value=1, max_value=99_999_999_999), min_size=1, max_size=12), st.dates())
def test_a_built_file_reads_back_to_the_same_sums(amounts: list[int], day: date) -> None:
    payments = [transfer(f"E-{place}", amount) for place, amount in enumerate(amounts)]
    file = payment_file(*payments, execution_date=day)
    tree = built(build_credit_transfer(file, PROFILE))
    read = [int(Decimal(text or "") * 100) for text in texts(tree, "InstdAmt")]
    assert read == amounts
    assert [Decimal(text or "") for text in texts(tree, "CtrlSum")] == [Decimal(sum(amounts)) / 100] * 2
    assert totals_of(file) == Totals(len(amounts), sum(amounts))


@given(st.text(max_size=80), st.sampled_from(("finnish", "basic")))
def test_any_text_is_either_written_within_the_profile_or_refused(text: str, characters: str) -> None:
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ åäöÅÄÖ")
    try:
        tree = built(
            build_credit_transfer(payment_file(transfer(creditor_name=text)), bank_profile(characters=characters))
        )
    except CreditTransferInvalid:
        assert [problem.field for problem in problems(transfer(creditor_name=text))] == ["creditor_name"]
        return
    [name] = texts(tree, "Cdtr/Nm")
    assert set(name or "") <= allowed
