"""An attachment's type is told by its content alone, and nothing but the listed types passes."""

import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import typst

from schemas.refusals import Refused
from services.intake.storage import DEFAULT_LIMITS, Limits
from services.intake.storage.content import checked_type
from services.intake.storage.limits import DOCX, JPEG, NAMES, ODS, ODT, PDF, PNG, TEXT, XLSX

CONTENT_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{}</Types>'
PNG_START = bytes.fromhex("89504e470d0a1a0a0000000d49484452")
MACROS = "application/vnd.ms-office.vbaProject"


def archive(members: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as made:
        for name, content in members.items():
            made.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return buffer.getvalue()


def open_xml(parts: Mapping[str, str]) -> bytes:
    """A package whose parts have these content types."""
    overrides = "".join(f'<Override PartName="/{name}" ContentType="{each}"/>' for name, each in parts.items())
    declared = CONTENT_TYPES.format('<Default Extension="xml" ContentType="application/xml"/>' + overrides)
    return archive({"[Content_Types].xml": declared, **dict.fromkeys(parts, "<part/>")})


def commented(parts: Mapping[str, str]) -> bytes:
    """A package whose content types hold what XML may hold beside elements."""
    overrides = "".join(f'<Override PartName="/{name}" ContentType="{each}"/>' for name, each in parts.items())
    declared = "<!-- a -->" + CONTENT_TYPES.format(f"<!-- b --><?c d?>{overrides}")
    return archive({"[Content_Types].xml": declared, **dict.fromkeys(parts, "<part/>")})


def open_document(media_type: str, **more: str) -> bytes:
    return archive({"mimetype": media_type, "content.xml": "<office:document-content/>", **more})


def real_pdf() -> bytes:
    pdf = typst.compile(b"= Toimintasuunnitelma", format="pdf")
    assert isinstance(pdf, bytes)
    return pdf


TAKEN = [
    pytest.param(PDF, real_pdf(), id="a PDF"),
    pytest.param(PDF, b"\r\n%PDF-1.4\n1 0 obj", id="a PDF after an empty line"),
    pytest.param(DOCX, open_xml({"word/document.xml": f"{DOCX}.main+xml"}), id="a docx"),
    pytest.param(
        DOCX, commented({"word/document.xml": f"{DOCX}.main+xml"}), id="a docx with comments in its declarations"
    ),
    pytest.param(XLSX, open_xml({"xl/workbook.xml": f"{XLSX}.main+xml"}), id="an xlsx"),
    pytest.param(ODT, open_document(ODT), id="an odt"),
    pytest.param(ODS, open_document(ODS), id="an ods"),
    pytest.param(PNG, PNG_START + bytes(100), id="a PNG"),
    pytest.param(JPEG, b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(100), id="a JPEG"),
    pytest.param(TEXT, "Hyvää päivää, 1 000 €".encode(), id="text in UTF-8"),
    pytest.param(TEXT, "\ufeffTilinpäätös".encode(), id="text with a byte order mark"),
    pytest.param(TEXT, "Hyvää päivää – 1 000 €\r\n".encode("cp1252"), id="text in CP1252"),
    pytest.param(TEXT, "Tili;Määrä\n3000;1 250,00\n".encode("cp1252"), id="CSV"),
    pytest.param(TEXT, b"MZ on lyhenne, BM toinen, 3 < 5 ja <anna@yhdistys.fi>\t\n", id="text that looks like more"),
    pytest.param(TEXT, b"<3 kerho\n", id="text that starts with a sign"),
    pytest.param(TEXT, ("ä" * 300_001).encode(), id="text whose letters cross the blocks it is read in"),
]

REFUSED = [
    pytest.param(archive({"kuitti.txt": "1"}), "zip archive", id="a zip"),
    pytest.param(archive({}), "(ZIP|zip|Zip)", id="an empty zip"),
    pytest.param(archive({"META-INF/MANIFEST.MF": "", "A.class": b"\xca\xfe\xba\xbe"}), "zip archive", id="a jar"),
    pytest.param(archive({"mimetype": "application/epub+zip"}), "zip archive", id="an EPUB"),
    pytest.param(archive({"mimetype": ODT, "evil.exe": "MZ"}), "zip archive", id="a zip that says odt"),
    pytest.param(archive({"evil.exe": "MZ", "mimetype": ODT, "content.xml": ""}), "zip archive", id="mimetype later"),
    pytest.param(archive({"mimetype": ODT + " " * 200, "content.xml": ""}), "zip archive", id="a long mimetype"),
    pytest.param(archive({"[Content_Types].xml": "<Types"}), "zip archive", id="broken content types"),
    pytest.param(
        archive({"[Content_Types].xml": '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]><Types>&z;</Types>'}),
        "zip archive",
        id="content types of entities",
    ),
    pytest.param(archive({"[Content_Types].xml": "<Types/>"}), "zip archive", id="no content types"),
    pytest.param(archive({"[Content_Types].xml": " " * 2_000_000}), "zip archive", id="swollen content types"),
    pytest.param(open_xml({"ppt/presentation.xml": "x/presentationml+xml"}), "zip archive", id="a presentation"),
    pytest.param(
        archive(
            {"[Content_Types].xml": CONTENT_TYPES.format(f'<Override PartName="/a" ContentType="{DOCX}.main+xml"/>')}
        ),
        "zip archive",
        id="a document declared and not there",
    ),
    pytest.param(
        open_xml({"word/document.xml": f"{DOCX}.main+xml", "xl/workbook.xml": f"{XLSX}.main+xml"}),
        "zip archive",
        id="a document and a workbook in one",
    ),
    pytest.param(
        open_xml({"word/document.xml": "application/vnd.ms-word.document.macroEnabled.main+xml"}), "macros", id="a docm"
    ),
    pytest.param(
        open_xml({"word/document.xml": f"{DOCX}.main+xml", "word/vbaProject.bin": MACROS}), "macros", id="hidden macros"
    ),
    pytest.param(open_document(ODT)[:-10], "zip archive", id="a cut-off odt"),
    pytest.param(b"MZ\x90\x00\x03" + bytes(200), "a Windows program", id="a Windows program"),
    pytest.param(b"\x7fELF\x02\x01\x01" + bytes(200), "a Linux program", id="a Linux program"),
    pytest.param(b"#!/bin/sh\nrm -r ~\n", "a script", id="a shell script"),
    pytest.param(b"<!DOCTYPE html><html></html>", "markup", id="HTML"),
    pytest.param(b"\n\n  <HTML><body>", "markup", id="HTML after empty lines"),
    pytest.param(b"Hei!\n" * 100 + b"<ScRiPt>alert(1)</script>", "markup", id="HTML within text"),
    pytest.param(b"a" * 262_140 + b"<script>" + b"b" * 9, "markup", id="HTML across the blocks it is read in"),
    pytest.param(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "markup", id="SVG"),
    pytest.param("\ufeff<?xml version='1.0'?><svg/>".encode(), "markup", id="SVG with a byte order mark"),
    pytest.param(b"<html>%PDF-1.7</html>", "markup", id="HTML that names PDF"),
    pytest.param(b"{\\rtf1 Hei}", "RTF", id="RTF"),
    pytest.param(b"%!PS-Adobe-3.0\n", "PostScript", id="PostScript"),
    pytest.param(b"GIF89a" + bytes(50), "Graphics interchange", id="a GIF"),
    pytest.param(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "Office 97-2003", id="an old Word document"),
    pytest.param(bytes.fromhex("0000000c6a5020200d0a870a") + bytes(20), "JPEG2000", id="JPEG 2000"),
    pytest.param("Hei".encode("utf-16"), "text in UTF-16", id="UTF-16"),
    pytest.param(b"\x00\x01\x02\x03\x04", "no known type", id="bytes"),
    pytest.param(b"Hei\x00hei", "no known type", id="text with a NUL"),
    pytest.param(b"\x81\x8d", "no known type", id="bytes that CP1252 has no letters for"),
]


@pytest.mark.parametrize(("media_type", "content"), TAKEN)
@pytest.mark.parametrize("name", ["attachment", "attachment.exe", "attachment.html", "attachment.zip"])
def test_a_listed_type_is_recognised_whatever_the_name(
    media_type: str, content: bytes, name: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    assert checked_type(tmp_path / name, DEFAULT_LIMITS) == media_type


@pytest.mark.parametrize(("content", "found"), REFUSED)
@pytest.mark.parametrize("name", ["attachment", "attachment.pdf", "attachment.docx"])
def test_anything_else_is_refused_whatever_the_name(content: bytes, found: str, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Refused, match=f"recognised as: .*({found})") as refusal:
        checked_type(tmp_path / name, DEFAULT_LIMITS)
    assert (refusal.value.kind, refusal.value.slug) == ("invalid", "attachment-type")
    assert all(each in refusal.value.detail for each in NAMES.values())


def test_a_type_that_the_limits_leave_out_is_refused_and_the_others_are_named(tmp_path: Path) -> None:
    path = tmp_path / "attachment"
    path.write_bytes(PNG_START)
    with pytest.raises(Refused) as refusal:
        checked_type(path, Limits(media_types=frozenset({ODT, PDF})))
    assert refusal.value.detail.endswith("recognised as: PNG image. These are taken: PDF, OpenDocument text (odt)")


def test_an_archive_with_a_huge_directory_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """A directory of 20 MB would become hundreds of megabytes of objects."""
    many = archive({"[Content_Types].xml": "<Types/>", **{f"{n:060}": "" for n in range(12_000)}})
    path = tmp_path / "attachment"
    path.write_bytes(many)
    with pytest.raises(Refused, match="zip archive"):
        checked_type(path, DEFAULT_LIMITS)


def test_an_archive_whose_end_lies_about_the_directory_is_refused(tmp_path: Path) -> None:
    """The size that is checked is the one that zipfile goes by: with a comment, and with a record of zip64."""
    document = open_document(ODT)
    end = len(document) - 22
    size, offset = struct.unpack_from("<LL", document, end + 12)
    entries = struct.unpack_from("<H", document, end + 10)[0]
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, entries, entries, size, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    path = tmp_path / "attachment"
    path.write_bytes(document[:end] + record + locator + document[end:])
    assert zipfile.is_zipfile(path)
    with pytest.raises(Refused, match="zip archive"):
        checked_type(path, DEFAULT_LIMITS)
    path.write_bytes(document[:-2] + struct.pack("<H", 5) + b"Hei\0\0")
    assert checked_type(path, DEFAULT_LIMITS) == ODT


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"size_bytes_max": 0}, "size_bytes_max should be 1 or more"),
        ({"media_types": frozenset()}, "media_types should be some of"),
        ({"media_types": frozenset({"text/html"})}, "media_types should be some of"),
    ],
)
def test_limits_that_no_file_could_meet_are_refused(limits: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Limits(**limits)  # type: ignore[arg-type]
