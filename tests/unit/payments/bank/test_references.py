import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649

from services.payments.bank.errors import ReferenceInvalid
from services.payments.bank.references import (
    canonical_reference,
    finnish_from_rf,
    finnish_reference,
    is_finnish_reference,
    is_rf_reference,
    payment_reference,
    reference_of_kind,
    rf_from_finnish,
    same_reference,
)

bases = st.integers(min_value=100, max_value=10**19 - 1)


def test_the_check_digit_is_that_of_the_guide() -> None:
    assert finnish_reference(123456) == "1234561"
    assert is_finnish_reference("3900")
    assert is_finnish_reference("12 34561")


@pytest.mark.parametrize("wrong", ["", "1", "12", "1234562", "123456A", "0000", "١٢٣٤٥٦١", "1" * 21])
def test_a_wrong_number_is_no_finnish_reference(wrong: str) -> None:
    assert not is_finnish_reference(wrong)


@pytest.mark.parametrize("base", ["12", "", "12a", "1" * 20, -123])
def test_a_base_that_is_too_short_too_long_or_no_number_is_refused(base: int | str) -> None:
    with pytest.raises(ReferenceInvalid, match="3–19 digits"):
        finnish_reference(base)


def test_rf_is_made_as_the_standard_says() -> None:
    assert rf_from_finnish("1234561") == "RF341234561"
    assert finnish_from_rf("RF34 1234 561") == "1234561"


@pytest.mark.parametrize("wrong", ["RF98123456789012", "RF00", "RF", "FI341234561", "RF3412345610", "RF00000"])
def test_a_wrong_rf_reference_is_refused(wrong: str) -> None:
    assert not is_rf_reference(wrong)
    with pytest.raises(ReferenceInvalid):
        finnish_from_rf(wrong)


def test_an_rf_reference_around_letters_has_no_finnish_number() -> None:
    rf = iso11649.validate("RF18539007547034")
    assert is_rf_reference(rf)
    with pytest.raises(ReferenceInvalid, match="around"):
        finnish_from_rf("RF18539007547034")


@pytest.mark.parametrize("spelling", ["1234561", "0001234561", "RF341234561", "rf34 0000 1234 561", "123 4561"])
def test_all_spellings_of_one_reference_are_the_same(spelling: str) -> None:
    assert canonical_reference(spelling) == "1234561"
    assert same_reference(spelling, "1234561")


def test_leading_zeros_of_a_general_rf_reference_mean_nothing() -> None:
    assert canonical_reference("RF410013") == canonical_reference("RF4113") == "RF4113"


def test_an_invalid_reference_equals_only_itself() -> None:
    assert same_reference("abc", "ABC")
    assert not same_reference("abc", "1234561")
    assert not same_reference("1234562", "1234561")


@given(bases)
def test_a_made_reference_is_valid_and_goes_through_rf_and_back(base: int) -> None:
    reference = finnish_reference(base)
    rf = rf_from_finnish(reference)
    assert is_finnish_reference(reference)
    assert iso11649.validate(rf) == rf
    assert finnish_from_rf(rf) == reference


@given(bases, st.data())
def test_one_changed_digit_is_found(base: int, data: st.DataObject) -> None:
    reference = finnish_reference(base)
    place = data.draw(st.integers(min_value=0, max_value=len(reference) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != reference[place]]))
    changed = reference[:place] + other + reference[place + 1 :]
    assert not is_finnish_reference(changed)


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ234567-", min_size=1, max_size=35))
def test_a_payment_always_has_the_same_reference_in_both_kinds(end_to_end_id: str) -> None:
    national, rf = payment_reference(end_to_end_id, "national"), payment_reference(end_to_end_id, "rf")
    assert is_finnish_reference(national)
    assert len(national) == 20
    assert rf == rf_from_finnish(national)
    assert payment_reference(end_to_end_id, "national") == national


def test_the_reference_of_a_payment_stays_what_it_was() -> None:
    assert payment_reference("E2DPLRM7RKL2LKKMQF6EJDBUG-1-1", "national") == "66157637372266227848"


def test_payments_have_references_of_their_own() -> None:
    made = {payment_reference(f"E-{number}", "national") for number in range(10_000)}
    assert len(made) == 10_000


def test_a_reference_is_written_in_the_kind_that_is_asked() -> None:
    assert reference_of_kind("000 1234561", "national") == reference_of_kind("RF341234561", "national") == "1234561"
    assert reference_of_kind("1234561", "rf") == reference_of_kind("rf34 1234 561", "rf") == "RF341234561"
    assert reference_of_kind("RF18539007547034", "rf") == "RF18539007547034"
    for wrong in ("RF18539007547034", "1234562"):
        with pytest.raises(ReferenceInvalid):
            reference_of_kind(wrong, "national")
