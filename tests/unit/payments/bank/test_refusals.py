"""Whatever arrives from outside, the reader says what is wrong with it; it never breaks and never guesses."""

import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from services.payments.bank.errors import (
    BankFileError,
    EntitiesRefused,
    NotXml,
    Truncated,
    UnknownNamespace,
    WrongEncoding,
)
from services.payments.bank.statement import read_statement_file
from services.payments.bank.status_report import read_status_report
from tests.unit.payments.bank.files import own

STATEMENT = own("camt053-v08-batch-and-return.xml")
REPORT = own("pain002-v10-part.xml")
READERS = pytest.mark.parametrize(
    ("read", "data"),
    [(read_statement_file, STATEMENT), (read_status_report, REPORT)],
    ids=["camt", "pain.002"],
)
Reader = Callable[[bytes], object]

BOMB = b"""<?xml version="1.0"?>
<!-- a comment first -->
<!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>
"""


def without_declaration(data: bytes) -> bytes:
    return data[data.index(b"?>") + 2 :]


@READERS
def test_an_empty_file_is_not_xml(read: Reader, data: bytes) -> None:
    for nothing in (b"", b" \r\n\t"):
        with pytest.raises(NotXml, match="the file is empty"):
            read(nothing)


@READERS
@pytest.mark.parametrize("junk", [b"hello", b'{"a": 1}', b"%PDF-1.7\n", b"PK\x03\x04", b"a;b;c\r\n1;2;3\r\n"])
def test_other_kinds_of_files_are_not_xml(read: Reader, data: bytes, junk: bytes) -> None:
    with pytest.raises(NotXml):
        read(junk)


@READERS
def test_a_file_cut_anywhere_is_truncated(read: Reader, data: bytes) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    whole = len(data.rstrip())
    for place in random.Random(seed).sample(range(6, whole), 60):
        with pytest.raises(Truncated, match="ends too early"):
            read(data[:place])


@READERS
def test_two_files_in_one_are_not_xml(read: Reader, data: bytes) -> None:
    with pytest.raises(NotXml, match="Extra content"):
        read(data + without_declaration(data))


@READERS
def test_tags_that_do_not_match_are_named_with_their_line(read: Reader, data: bytes) -> None:
    with pytest.raises(NotXml, match="at line 5: Opening and ending tag mismatch"):
        read(data.replace(b"</MsgId>", b"</MsgIt>", 1))


@READERS
def test_a_bare_ampersand_or_an_unknown_entity_is_not_xml(read: Reader, data: bytes) -> None:
    for text in (b"<MsgId>A & B", b"<MsgId>A &nope; B"):
        with pytest.raises(NotXml):
            read(data.replace(b"<MsgId>", text, 1))


@READERS
def test_a_control_character_is_not_xml(read: Reader, data: bytes) -> None:
    with pytest.raises(NotXml):
        read(data.replace(b"<MsgId>", b"<MsgId>\x01", 1))


@READERS
def test_an_entity_bomb_is_refused_before_it_is_parsed(read: Reader, data: bytes) -> None:
    with pytest.raises(EntitiesRefused, match="document type declaration"):
        read(BOMB + without_declaration(data).replace(b"<MsgId>", b"<MsgId>&d;", 1))


@READERS
@pytest.mark.parametrize(
    "doctype",
    [
        b'<!DOCTYPE Document SYSTEM "file:///etc/passwd">',
        b'<!DOCTYPE Document [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>',
        b"<!DOCTYPE Document>",
    ],
)
def test_any_document_type_is_refused_wherever_it_hides(read: Reader, data: bytes, doctype: bytes) -> None:
    body = without_declaration(data)
    for before in (b"", b"\xef\xbb\xbf", b"\n\n<?pi a?><!-- <!DOCTYPE --> ", b'<?xml version="1.0"?>\n'):
        with pytest.raises(EntitiesRefused):
            read(before + doctype + body)


@READERS
def test_cp1252_bytes_under_a_utf_8_declaration_are_the_wrong_encoding(read: Reader, data: bytes) -> None:
    with pytest.raises(WrongEncoding, match="at line 5"):
        read(data.replace(b"<MsgId>", "<MsgId>Säästö€".encode("cp1252"), 1))


@READERS
def test_utf_16_and_unknown_encodings_are_refused(read: Reader, data: bytes) -> None:
    with pytest.raises(WrongEncoding, match="UTF-16"):
        read(data.decode().replace("UTF-8", "UTF-16").encode("utf-16"))
    with pytest.raises(WrongEncoding):
        read(data.replace(b"UTF-8", b"FOO-8", 1))


@READERS
def test_a_byte_order_mark_and_another_true_declaration_are_taken(read: Reader, data: bytes) -> None:
    assert read(b"\xef\xbb\xbf" + data)
    assert read(data.replace(b"UTF-8", b"ISO-8859-1", 1).decode().encode("latin-1", "replace"))


@READERS
@pytest.mark.parametrize(
    "namespace",
    ["urn:iso:std:iso:20022:tech:xsd:camt.052.001.08", "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09", "x"],
)
def test_another_message_is_refused_and_the_accepted_ones_are_named(read: Reader, data: bytes, namespace: str) -> None:
    start = data.index(b'xmlns="') + len(b'xmlns="')
    other = data[:start] + namespace.encode() + data[data.index(b'"', start) :]
    with pytest.raises(UnknownNamespace) as refused:
        read(other)
    assert refused.value.found == namespace
    assert refused.value.accepted
    assert refused.value.accepted[0] in str(refused.value)


@READERS
def test_no_namespace_at_all_is_refused(read: Reader, data: bytes) -> None:
    with pytest.raises(UnknownNamespace, match="is missing"):
        read(b"<html/>")


def test_a_status_report_is_no_statement_and_the_other_way_round() -> None:
    with pytest.raises(UnknownNamespace):
        read_statement_file(REPORT)
    with pytest.raises(UnknownNamespace):
        read_status_report(STATEMENT)


@READERS
def test_any_damaged_file_is_either_read_or_refused_in_our_terms(read: Reader, data: bytes) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(damaged))
            damaged[place : place + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        with suppress(BankFileError):
            read(bytes(damaged))
