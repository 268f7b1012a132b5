"""A name that is longer than the bank takes is cut where a word ends, and never inside a letter."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payments.bank.characters import CharacterProfile, write_with
from services.payments.bank.names import shortened, written_length

FINNISH, BASIC = CharacterProfile.FINNISH, CharacterProfile.BASIC
LONG = "Pohjois-Karjalan vammaisten lasten ja nuorten harrastus- ja virkistystoiminnan tuki ry"


@pytest.mark.parametrize(
    ("name", "length_max", "written"),
    [
        ("Kylän väki ry", 13, "Kylän väki ry"),
        ("Kylän väki ry", 12, "Kylän väki"),
        ("Kylän väki ry", 10, "Kylän väki"),
        ("Kylän väki, ry", 12, "Kylän väki"),
        ("Kylän (väki) ry", 13, "Kylän (väki)"),
        ("Kylän väki ja (muut)", 17, "Kylän väki ja"),
        ("Tuki – ja apu ry", 8, "Tuki"),
        ("X Yhdistyksenpitkänimi", 10, "X Yhdistyk"),
        ("Vammaisjärjestöjenyhteistyöyhdistys", 10, "Vammaisjär"),
        (LONG, 70, "Pohjois-Karjalan vammaisten lasten ja nuorten harrastus- ja"),
    ],
)  # fmt: skip
def test_a_long_name_ends_where_a_word_ends_where_that_leaves_half_of_it(
    name: str, length_max: int, written: str
) -> None:
    assert shortened(name, length_max, FINNISH) == written


def test_a_name_that_fits_stays_as_it_is_also_with_spaces_that_are_not_written() -> None:
    assert shortened("  Kylän   väki ", 10, FINNISH) == "  Kylän   väki "


def test_what_counts_is_what_is_written() -> None:
    assert shortened("Viisi €uroa ry", 14, FINNISH) == "Viisi €uroa"
    assert written_length("Viisi €uroa", FINNISH) == 13
    assert shortened("Straßenfest ry", 14, BASIC) == "Straßenfest"


def test_a_letter_keeps_its_marks() -> None:
    decomposed = unicodedata.normalize("NFD", "Kyläntoimintaåå")
    assert shortened(decomposed, 14, FINNISH) == "Kyläntoimintaå"
    marked = unicodedata.normalize("NFC", "Yhdistyse\u0329\u0301nimi")
    for length_max in range(5, 13):
        rest = marked[len(shortened(marked, length_max, FINNISH)) :]
        assert not unicodedata.category(rest[:1] or "x").startswith("M")
    joined = "Perhe\u200d\ufe0ftuki ry ja muut"
    assert not shortened(joined, 5, FINNISH).endswith("e")


def one_line(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split())


NAMES = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"]), min_size=1, max_size=140)


@given(name=NAMES, length_max=st.integers(10, 70), characters=st.sampled_from(CharacterProfile))
def test_whatever_the_name_it_fits_begins_as_it_did_and_is_cut_once(
    name: str, length_max: int, characters: CharacterProfile
) -> None:
    cut = shortened(name, length_max, characters)
    assert written_length(cut, characters) <= length_max
    assert shortened(cut, length_max, characters) == cut
    assert one_line(name).startswith(one_line(cut))
    if written_length(name, characters) <= length_max:
        assert cut == name
    if write_with(characters, name)[0][:10].isalpha():
        assert cut
