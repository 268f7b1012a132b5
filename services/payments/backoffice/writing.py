"""Rows to the bytes of a file."""

from collections.abc import Iterable, Sequence

from schemas.backoffice import Column, Profile
from services.payments.backoffice.cells import TEXT_FIELDS, CellWriter, cell_writer
from services.payments.backoffice.checks import row_errors, side_errors, voucher_errors
from services.payments.backoffice.encoding import decode
from services.payments.backoffice.errors import LineError, ProfileUnwritable, VouchersInvalid
from services.payments.backoffice.rows import VoucherRow

_NEWLINES = {"crlf": "\r\n", "lf": "\n"}


def write_vouchers(profile: Profile, rows: Iterable[VoucherRow]) -> bytes:
    """Write vouchers as the profile's file; reading it with the same profile gives the same rows.

    Each row has one side above zero; each voucher (series, number) has debit equal to credit, and
    no row number twice. Raises VouchersInvalid with all that is wrong, ProfileUnwritable for a
    profile that lacks columns.
    """
    listed = list(rows)
    return _written(profile, listed, side_errors(listed) + voucher_errors(listed))


def write_postings(profile: Profile, rows: Iterable[VoucherRow]) -> bytes:
    """Write rows as a back office returns them: vouchers need not be whole, balanced or single.

    Otherwise as `write_vouchers`.
    """
    return _written(profile, list(rows), [])


def _written(profile: Profile, rows: Sequence[VoucherRow], errors: list[LineError]) -> bytes:
    if profile.kind == "spreadsheet":
        raise ProfileUnwritable(f"profile {profile.id!r} can only be read: it is a spreadsheet")
    if profile.unwritable_fields:
        missing = ", ".join(sorted(profile.unwritable_fields))
        raise ProfileUnwritable(f"profile {profile.id!r} can only be read: it has no column for {missing}")
    writers = [(column, cell_writer(column, profile)) for column in profile.columns]
    errors, lines = list(errors), []
    for number, row in enumerate(rows, 1):
        found = row_errors(number, row, profile)
        if not found:
            cells, found = _cells(profile, writers, number, row)
            lines.append(_line(profile, cells))
        errors.extend(found)
    if errors:
        raise VouchersInvalid(errors)
    return _encoded(profile, lines)


def _cells(
    profile: Profile, writers: Sequence[tuple[Column, CellWriter]], number: int, row: VoucherRow
) -> tuple[list[str], list[LineError]]:
    render = _delimited_cell if profile.kind == "delimited" else _fixed_cell
    cells, errors = [], []
    for column, write in writers:
        try:
            cells.append(render(profile, column, _encodable(profile, write(row))))
        except ValueError as error:
            errors.append(LineError(number, column.header, str(error)))
    return cells, errors


def _line(profile: Profile, cells: Sequence[str]) -> str:
    return (profile.delimiter or "").join(cells) + _NEWLINES[profile.newline]


def _delimited_cell(profile: Profile, column: Column, cell: str) -> str:
    breaking = any(character in cell for character in (profile.delimiter or "", "\n", "\r"))
    if profile.quoting == "none":
        if breaking:
            raise ValueError(f"{cell!r} holds the delimiter, and the profile has no quoting")
        return cell
    as_text = profile.quoting == "text" and (column.field is None or column.field in TEXT_FIELDS)
    if breaking or '"' in cell or as_text or profile.quoting == "all":
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _fixed_cell(profile: Profile, column: Column, cell: str) -> str:
    width, length = column.width or 0, len(cell.encode(profile.encoding))
    if length > width:
        raise ValueError(f"{cell!r} has {length} bytes in {profile.encoding}, the column holds {width}")
    if column.fill == "0" and cell:
        return cell.zfill(width)
    padding = " " * (width - length)
    return cell + padding if column.align == "left" else padding + cell


def _encodable(profile: Profile, cell: str) -> str:
    try:
        cell.encode(profile.encoding)
    except UnicodeEncodeError as error:
        raise ValueError(f"{profile.encoding} has no character {cell[error.start]!r}") from error
    return cell


def _encoded(profile: Profile, lines: Sequence[str]) -> bytes:
    text = (_header_line(profile) if profile.header else "") + "".join(lines)
    data = text.encode("utf-8-sig" if profile.bom else profile.encoding)
    read, encoding = decode(data)
    if read != text:
        reason = f"written in {profile.encoding}, the file would be read as {encoding}"
        raise VouchersInvalid([LineError(0, None, f"{reason}: use a profile with utf-8")])
    return data


def _header_line(profile: Profile) -> str:
    cells = [_delimited_cell(profile, column, column.header) for column in profile.columns]
    return _line(profile, cells)
