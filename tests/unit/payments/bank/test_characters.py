"""Whatever is in a name or a message is written or refused: nothing leaves it in silence."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payments.bank.characters import CharacterProfile, outside, write_with
from services.payments.bank.credit_transfer import build_credit_transfer
from services.payments.bank.errors import CreditTransferInvalid
from tests.unit.payments.bank.files import bank_profile, payment_file, transfer

LATIN = [chr(code) for code in range(0x180)]  # Basic Latin, Latin-1 Supplement and Latin Extended-A.
LETTERS = [each for each in LATIN if each.isalpha() and each not in "ªº"]
PROFILES = pytest.mark.parametrize("profile", CharacterProfile)


@PROFILES
@pytest.mark.parametrize("place", ["{}ab", "a{}b", "ab{}"])
def test_every_latin_character_is_written_or_refused(profile: CharacterProfile, place: str) -> None:
    for character in LATIN:
        written, impossible = write_with(profile, place.format(character))
        assert impossible in ("", character)
        assert not outside(profile, written) or impossible, repr(character)
        if not impossible and not character.isspace():
            assert len(written) > len("ab"), f"{character!r} was dropped"
            assert written.replace(" ", "") != "ab", f"{character!r} was dropped"


@PROFILES
def test_every_latin_letter_can_be_written(profile: CharacterProfile) -> None:
    refused = [letter for letter in LETTERS if write_with(profile, letter)[1]]
    assert refused == ["µ", "ĸ"], "letters that no Latin letter stands for"


def test_what_the_bank_carries_stays_as_it_is() -> None:
    text = "Åbo Äijä Öljy åäö abc XYZ 0189 /-?:().,'+"
    assert write_with(CharacterProfile.FINNISH, text) == (text, "")
    assert outside(CharacterProfile.FINNISH, text) == ""
    assert outside(CharacterProfile.BASIC, text) == "ÅÄäÖåö"


@PROFILES
@given(text=st.text(alphabet=st.sampled_from(LATIN), max_size=60))
def test_a_text_is_written_character_by_character(profile: CharacterProfile, text: str) -> None:
    written, impossible = write_with(profile, text)
    if impossible:
        assert set(impossible) <= set(unicodedata.normalize("NFC", text))
        return
    pieces = [write_with(profile, each)[0] for each in unicodedata.normalize("NFC", text)]
    assert written.replace(" ", "") == "".join(pieces).replace(" ", "")
    assert len(written.replace(" ", "")) >= sum(not each.isspace() for each in text)


@pytest.mark.parametrize("sign", ["¨", "¯", "¸", "´\u0301", "\u00ad", "\u0085"])
def test_a_sign_that_would_turn_into_a_space_is_refused(sign: str) -> None:
    assert write_with(CharacterProfile.FINNISH, f"Kylä{sign}")[1]


@given(st.text(alphabet=st.sampled_from(LATIN), min_size=1, max_size=40), st.sampled_from(("finnish", "basic")))
def test_a_profile_that_refuses_others_writes_nothing_in_another_way(text: str, characters: str) -> None:
    profile = bank_profile(characters=characters, other_characters="refuse")
    try:
        data = build_credit_transfer(payment_file(transfer(creditor_name="Yhdistys", message=text)), profile)
    except CreditTransferInvalid:
        assert outside(CharacterProfile(characters), text) or not text.strip()
        return
    assert f"<Ustrd>{' '.join(text.split())}</Ustrd>".encode() in data
