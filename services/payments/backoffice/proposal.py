"""A file that no profile was named for: the known profile that fits best, and a skeleton of a new one.

The skeleton is a guess of the headers and of the first lines. What a person has to complete is left empty, so that it
cannot be used before.
"""

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from schemas.backoffice import DERIVABLE_FIELDS, MONEY_FIELDS, OPTIONAL_FIELDS, PostingField, Profile
from services.payments.backoffice.errors import PostingFileInvalid
from services.payments.backoffice.sheet_cells import cell_text
from services.payments.backoffice.tables import Shape, Table, first_lines, open_table, shape_of

SAMPLE_LINES = 200
NEAR = 0.5
"""The share of headers in common from which a known profile is worth naming."""

_NAMES: Final[Mapping[PostingField, str]] = {
    PostingField.VOUCHER_SERIES: "numerosarja tositesarja tositelaji sarja voucherseries series vouchertype "
    "verifikationsserie",
    PostingField.VOUCHER_NUMBER: "tositenumero tositenro tositeno tosite vouchernumber voucherno verifikationsnummer",
    PostingField.ROW: "rivi rivinumero rivinro vientirivi row rownumber line linenumber rad radnummer",
    PostingField.VOUCHER_DATE: "tositepäivä tositepäivämäärä tositepvm voucherdate verifikationsdatum",
    PostingField.POSTING_DATE: "kirjauspäivä kirjauspäivämäärä kirjauspvm postingdate bookingdate päivämäärä pvm "
    "päivä arvopäivä date bokföringsdatum datum",
    PostingField.PERIOD: "kausi kirjauskausi period kuukausi month",
    PostingField.ACCOUNT: "tili pääkirjatili kirjanpidontili kirjanpitotili lkptili account glaccount konto",
    PostingField.COST_CENTRE: "kustannuspaikka kustannuspaikkakoodi kustp costcentre costcenter kostnadsställe",
    PostingField.SERVICE_CLASS: "palveluluokka serviceclass tjänsteklass",
    PostingField.DIARY_NUMBER: "diaarinumero diaarinro dnro asianumero diarynumber diarienummer",
    PostingField.INSTALMENT: "maksuerä erä eränumero instalment rat",
    PostingField.END_TO_END_ID: "endtoendid endtoend maksunyksilöinti arkistointitunnus",
    PostingField.TEXT: "vientiselite selite kirjausselite teksti text description förklaring",
    PostingField.DEBIT: "debet debit debetsumma debiteuro perdebet",
    PostingField.CREDIT: "kredit credit kreditsumma kreditbelopp perkredit",
    PostingField.AMOUNT: "summa määrä euroa eur amount belopp verotonsumma",
}
_FIELDS: Final = {name: field for field, names in _NAMES.items() for name in names.split()}
_DATES: Final = {
    "iso": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "finnish_padded": re.compile(r"[0-9]{2}\.[0-9]{2}\.[0-9]{4}"),
    "finnish": re.compile(r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}"),
    "compact": re.compile(r"20[0-9]{6}"),
    "short": re.compile(r"[0-9]{6}"),
}
_PERIODS: Final = {
    "iso": re.compile(r"[0-9]{4}-[0-9]{2}"),
    "finnish": re.compile(r"[0-9]{1,2}/[0-9]{4}"),
    "compact": re.compile(r"20[0-9]{4}"),
}
_POINT: Final = re.compile(r".*\.[0-9]{1,2}-?")
_LOOKS_LIKE_DATA: Final = re.compile(r"[-−]?[0-9][0-9 \u00a0\u202f.,:/-]*")


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a known profile fits: 1.0 when every header, or every line's length, is as it says."""

    profile: str
    share: float
    missing: tuple[str, ...] = ()
    """Headers of the profile that the file lacks."""
    unknown: tuple[str, ...] = ()
    """Headers of the file that the profile does not know."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The profile that fits best, or None where none is near; and a skeleton as YAML."""

    best: Fit | None
    skeleton: str


def propose(data: bytes, known: Iterable[Profile]) -> Proposal:
    """Compare the file with the known profiles and draft a new one. Raises PostingFileInvalid when nothing opens it."""
    fits = [fit for profile in known if (fit := _fit(profile, data)) is not None and fit.share >= NEAR]
    best = max(fits, key=lambda fit: fit.share, default=None)
    return Proposal(best, "\n".join(_skeleton(data)) + "\n")


def _fit(profile: Profile, data: bytes) -> Fit | None:
    try:
        table = open_table(shape_of(profile), data)
        if not profile.header:
            lines = first_lines(table, SAMPLE_LINES)
            width = len(profile.columns)
            good = sum(1 for _, cells in lines if not isinstance(cells, str) and len(cells) == width)
            return Fit(profile.id, good / len(lines)) if lines else None
    except PostingFileInvalid:
        return None
    if table.header is None:
        return None
    own, found = [column.header for column in profile.columns], [name for name in table.header[1] if name]
    both = set(own) & set(found)
    return Fit(
        profile.id, len(both) / len({*own, *found}),
        tuple(name for name in own if name not in both), tuple(name for name in found if name not in both),
    )  # fmt: skip


def _skeleton(data: bytes) -> Iterator[str]:
    table = open_table(Shape(), data)
    if not table.is_workbook and table.header is not None and _looks_fixed(data, len(table.header[1])):
        yield from _fixed_skeleton(data, table)
        return
    headers = [] if table.header is None else table.header[1]
    lines = [cells for _, cells in first_lines(table, SAMPLE_LINES) if not isinstance(cells, str)]
    samples = [[cell_text(line[i]).strip() for line in lines if i < len(line)] for i in range(len(headers))]
    has_header = not any(_LOOKS_LIKE_DATA.fullmatch(name) for name in headers)
    if not has_header:
        samples = [[name, *values] for name, values in zip(headers, samples, strict=True)]
        headers = [f"Sarake {index}" for index in range(1, len(headers) + 1)]
    fields = _guessed(headers)
    yield from _top("spreadsheet" if table.is_workbook else "delimited", table)
    if not table.is_workbook:
        yield f"  delimiter: {json.dumps(table.delimiter)}"
    if not has_header:
        yield "  header: false"
    yield from _formats(fields, samples)
    yield "  columns:"
    yield from _columns(headers, fields)
    yield from _missing({field for field in fields if field is not None})


def _top(kind: str, table: Table) -> Iterator[str]:
    yield "# A guess from the file's first lines. Look at each line, complete what is empty, then check it again."
    yield "profiles:"
    yield "- id: new-profile # complete: a name of small letters"
    yield "  name: # complete: what people call it"
    yield "  valid_from: # complete: the day from which files look so, as 2026-01-01"
    yield f"  kind: {kind}"
    if table.sheet is not None:
        yield f"  sheet: {json.dumps(table.sheet, ensure_ascii=False)}"
    if not table.is_workbook:
        yield f"  encoding: {'cp1252' if table.encoding == 'cp1252' else 'utf-8'}"
        yield from ["  bom: true"] if table.encoding == "utf-8-sig" else []
        yield from ["  final_newline: false"] if table.cut_off is not None else []


def _guessed(headers: Sequence[str]) -> list[PostingField | None]:
    """Each field once, at the first header that has one of its names; a sum with a sign only without two sides."""
    fields: list[PostingField | None] = []
    for header in headers:
        field = _FIELDS.get("".join(letter for letter in header.casefold() if letter.isalnum()))
        fields.append(None if field in fields else field)
    if {PostingField.DEBIT, PostingField.CREDIT} <= set(fields):
        fields = [None if field is PostingField.AMOUNT else field for field in fields]
    return fields


def _formats(fields: Sequence[PostingField | None], samples: Sequence[Sequence[str]]) -> Iterator[str]:
    by_field = {field: [text for text in texts if text] for field, texts in zip(fields, samples, strict=True)}
    sums = [text for field in MONEY_FIELDS for text in by_field.get(field, [])]
    yield f'  decimal_mark: "{"." if any(_POINT.fullmatch(text) for text in sums) else ","}"'
    dates = by_field.get(PostingField.POSTING_DATE) or by_field.get(PostingField.VOUCHER_DATE) or []
    yield f"  date_format: {_format(_DATES, dates, 'finnish')}"
    yield f"  period_format: {_format(_PERIODS, by_field.get(PostingField.PERIOD, []), 'iso')}"


def _format(patterns: Mapping[str, re.Pattern[str]], texts: Sequence[str], otherwise: str) -> str:
    fitting = [name for name, pattern in patterns.items() if texts and all(pattern.fullmatch(each) for each in texts)]
    return fitting[0] if fitting else otherwise


def _columns(headers: Sequence[str], fields: Sequence[PostingField | None]) -> Iterator[str]:
    for header, field in zip(headers, fields, strict=True):
        if not header:
            continue
        name = json.dumps(header, ensure_ascii=False)
        if field is None:
            yield f"  - {{ header: {name} }} # skipped: add `field` when it carries one"
        else:
            yield f"  - {{ header: {name}, field: {field.value}, assumed: true }}"


def _missing(found: set[PostingField]) -> Iterator[str]:
    sides = {PostingField.DEBIT, PostingField.CREDIT}
    if PostingField.AMOUNT not in found and not sides <= found:
        yield "  # complete: a column has to carry `amount` with a sign, or two columns `debit` and `credit`."
    wanted = set(PostingField) - MONEY_FIELDS - OPTIONAL_FIELDS - DERIVABLE_FIELDS - found
    if wanted:
        yield "  constants:"
        yield from (f"    {field.value}: # complete, or name its column above" for field in sorted(wanted))
    free = sorted((OPTIONAL_FIELDS | DERIVABLE_FIELDS) - found)
    if free:
        yield f"  # No column was recognised for {', '.join(free)}: the file may lack these."


def _fixed_skeleton(data: bytes, table: Table) -> Iterator[str]:
    lines = _byte_lines(data)
    lengths = sorted({len(line) for line in lines})
    yield from _top("fixed_width", table)
    yield "  header: false"
    yield "  spreadsheet_guard: false"
    yield "  date_format: short"
    if len(lengths) > 1:
        yield f"  # The lines have {lengths[0]} to {lengths[-1]} bytes: a fixed-width file has lines of one length."
    yield "  columns: # complete: the fields, and edges that no space shows; widths are bytes"
    yield from (
        f'  - {{ header: "Sarake {index}", width: {width} }} # {json.dumps(sample, ensure_ascii=False)}'
        for index, (width, sample) in enumerate(_gaps(lines, table.encoding), 1)
    )
    yield from _missing(set())


def _looks_fixed(data: bytes, cells: int) -> bool:
    """A delimiter may stand in a text of a fixed-width file; that all lines are alike in length is its sign."""
    return cells == 1 or (cells <= 3 and len({len(line) for line in _byte_lines(data)}) == 1)


def _byte_lines(data: bytes) -> list[bytes]:
    lines = islice(io.BytesIO(data.removeprefix(b"\xef\xbb\xbf")), SAMPLE_LINES)
    return [stripped for line in lines if (stripped := line.rstrip(b"\r\n"))]


def _gaps(lines: Sequence[bytes], encoding: str) -> Iterator[tuple[int, str]]:
    """Columns begin where a letter follows a place that is blank in every line."""
    width = max((len(line) for line in lines), default=0)
    blank = [all(line[at : at + 1] in {b" ", b""} for line in lines) for at in range(width)]
    starts = [0, *(at for at in range(1, width) if blank[at - 1] and not blank[at])]
    for start, end in zip(starts, [*starts[1:], width], strict=True):
        yield end - start, lines[0][start:end].decode(encoding.removesuffix("-sig"), "replace").strip() if lines else ""
