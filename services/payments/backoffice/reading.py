"""The bytes of a file to posting rows, with every bad line listed."""

from hashlib import sha256

from schemas.backoffice import Profile
from services.payments.backoffice.errors import LineError, PostingFileInvalid
from services.payments.backoffice.lines import LineReader, columns_in_file
from services.payments.backoffice.rows import PostingFile, PostingRow, Take
from services.payments.backoffice.tables import Table, open_table, shape_of

CUT_OFF = "has no line break at its end: the file may be cut off"


def read_postings(profile: Profile, data: bytes, take: Take = "all_or_nothing") -> PostingFile:
    """Read a file of postings, exactly as `write_vouchers` wrote it or as the back office wrote it; or the same
    columns from an .xlsx.

    Vouchers need not balance: to find that out is reconciliation. Whether the file came before is
    told by `sha256`. With `good_lines`, bad lines are left out and listed in `bad_lines`. Raises
    PostingFileInvalid with every bad line (its number, its column and the reason) when one is bad
    and all were asked for, when no line is good, and when the file as a whole cannot be read.
    """
    table = open_table(shape_of(profile), data)
    columns, faults = columns_in_file(profile, table)
    if faults:
        raise PostingFileInvalid([*_cut_off(profile, table), *faults])
    rows, bad = _read(profile, table, LineReader(profile, columns, workbook=table.is_workbook))
    if bad and (take == "all_or_nothing" or not rows):
        raise PostingFileInvalid(bad)
    return PostingFile(
        rows=tuple(rows),
        sha256=sha256(data).hexdigest(),
        encoding=table.encoding,
        sum_debit_cents=sum(row.debit_cents for row in rows),
        sum_credit_cents=sum(row.credit_cents for row in rows),
        delimiter=table.delimiter,
        sheet=table.sheet,
        bad_lines=tuple(bad),
    )


def _read(profile: Profile, table: Table, reader: LineReader) -> tuple[list[PostingRow], list[LineError]]:
    """Give the good rows and what is wrong with the others. What stops the reading refuses the file."""
    rows: list[PostingRow] = []
    bad: list[LineError] = []
    last: PostingRow | list[LineError] | None = None
    try:
        for line in table.lines:
            last = reader.read(line)
            if isinstance(last, PostingRow):
                rows.append(last)
            else:
                bad.extend(last)
    except PostingFileInvalid as broken:
        raise PostingFileInvalid([*bad, *_cut_off(profile, table), *broken.errors]) from broken
    cut_off = _cut_off(profile, table)
    if cut_off and isinstance(last, PostingRow):
        rows.pop()
    return rows, [*bad, *cut_off]


def _cut_off(profile: Profile, table: Table) -> list[LineError]:
    if table.cut_off is None or not profile.final_newline:
        return []
    return [LineError(table.cut_off, None, CUT_OFF)]
