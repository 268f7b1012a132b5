"""What the back office says of the vouchers that it got (*kuittaus*): accepted, or failed with a reason.

Only a voucher that the file names moves. What the file says of all its vouchers together moves none.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, NamedTuple

from schemas.backoffice import AcknowledgementShape
from services.payments.backoffice.acknowledgement_lists import Item, items_of
from services.payments.backoffice.encoding import encoding_of
from services.payments.backoffice.errors import LineError, PostingFileInvalid
from services.payments.backoffice.sheet_cells import cell_text
from services.payments.backoffice.tables import Shape, Table, open_table

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


class VoucherKey(NamedTuple):
    """A voucher by its series and number."""

    series: str
    number: int

    def __str__(self) -> str:
        return f"{self.series} {self.number}"


@dataclass(frozen=True, slots=True)
class FailedVoucher:
    """A voucher that the back office did not take, and why; several reasons are joined by '; '."""

    voucher: VoucherKey
    reason: str
    line: int


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What one file says. A voucher is in `accepted` or in `failed`, once, or in neither where `problems` name it."""

    accepted: tuple[VoucherKey, ...]
    failed: tuple[FailedVoucher, ...]
    problems: tuple[LineError, ...]
    sha256: str
    encoding: str
    delimiter: str | None = None
    status: str | None = None
    """What a file of lists says of itself as a whole."""


Outcome = Literal["accepted", "failed"]


@dataclass(frozen=True, slots=True)
class _Named:
    line: int
    voucher: VoucherKey
    outcome: Outcome
    reason: str


def read_acknowledgement(shape: AcknowledgementShape, data: bytes, exported: Collection[VoucherKey]) -> Acknowledgement:
    """Read an acknowledgement of the vouchers that were exported.

    `problems` lists, by line: vouchers that nobody exported, a voucher that is named both accepted
    and failed (it is then in neither), and lines that cannot be understood. Raises
    PostingFileInvalid when the file as a whole cannot be read.
    """
    items, encoding, delimiter, status = _opened(shape, data)
    known = _Known(exported)
    named: list[_Named] = []
    problems: list[LineError] = []
    for item in items:
        try:
            voucher, outcome = known.voucher(item), _outcome(shape, item)
            named.append(_Named(item.line, voucher, outcome, _CONTROL.sub(" ", item.reason).strip()))
        except ValueError as error:
            problems.append(LineError(item.line, item.place, str(error)))
    accepted, failed, contradictions = _settled(named)
    return Acknowledgement(
        accepted=accepted, failed=failed, problems=tuple(sorted([*problems, *contradictions], key=lambda it: it.line)),
        sha256=sha256(data).hexdigest(), encoding=encoding, delimiter=delimiter, status=status,
    )  # fmt: skip


def _opened(shape: AcknowledgementShape, data: bytes) -> tuple[Iterator[Item], str, str | None, str | None]:
    if shape.format == "table":
        wanted = _wanted(shape)
        table = open_table(Shape(frozenset(wanted), delimiter=shape.delimiter, sheet=shape.sheet), data)
        return _rows(shape, table, _places(wanted, table)), table.encoding, table.delimiter, None
    try:
        encoding = encoding_of(data)
        items, status = items_of(shape, data.decode(encoding))
    except ValueError as error:
        raise PostingFileInvalid([LineError(0, None, str(error))]) from error
    return iter(items), encoding, None, status


def _wanted(shape: AcknowledgementShape) -> list[str]:
    names = (shape.voucher_number, shape.voucher_series, shape.status, shape.reason)
    return [name for name in names if name is not None]


def _places(wanted: list[str], table: Table) -> dict[str | None, int]:
    if table.header is None:
        raise PostingFileInvalid([LineError(1, None, "the header line is missing")])
    number, headers = table.header
    counts = {name: headers.count(name) for name in wanted}
    faults = {0: "the column is missing from the header line", 2: "the column stands twice in the header line"}
    errors = [LineError(number, name, faults[min(count, 2)]) for name, count in counts.items() if count != 1]
    if errors:
        raise PostingFileInvalid(errors)
    return {name: headers.index(name) for name in wanted}


def _rows(shape: AcknowledgementShape, table: Table, places: dict[str | None, int]) -> Iterator[Item]:
    """Cells that a line lacks at its end count as empty: a reason is often written for failures alone."""
    for number, cells in table.lines:

        def cell(name: str | None, cells: Any = cells) -> str:
            place = places.get(name)
            return "" if place is None or place >= len(cells) else cell_text(cells[place]).strip()

        yield Item(
            line=number, place=None, number=cell(shape.voucher_number), series=cell(shape.voucher_series),
            word=cell(shape.status), reason=cell(shape.reason),
        )  # fmt: skip


def _outcome(shape: AcknowledgementShape, item: Item) -> Outcome:
    word = item.word.casefold()
    if word in {each.casefold() for each in shape.accepted}:
        return "accepted"
    if word in {each.casefold() for each in shape.failed}:
        return "failed"
    words = ", ".join([*shape.accepted, *shape.failed])
    raise ValueError(f"the status {item.word!r} is none of {words}")


class _Known:
    """The vouchers that were exported, found by what a file writes for their numbers."""

    def __init__(self, exported: Collection[VoucherKey]) -> None:
        self._vouchers = frozenset(exported)
        self._by_number: dict[int, list[VoucherKey]] = {}
        for voucher in self._vouchers:
            self._by_number.setdefault(voucher.number, []).append(voucher)
        # The longest comes first, so that "AV2-17" is not taken for series "AV".
        self._series = sorted({voucher.series for voucher in self._vouchers}, key=lambda each: (-len(each), each))

    def voucher(self, item: Item) -> VoucherKey:
        """Raises ValueError when the number is none, unknown, or that of vouchers in two series."""
        text = item.number.strip()
        if not text:
            raise ValueError("the voucher number is empty")
        if item.series:
            return self._exported(VoucherKey(item.series, _number(text)), text)
        for series in () if _is_number(text) else self._series:
            rest = text.removeprefix(series).lstrip(" \u00a0-/")
            if text.startswith(series) and _is_number(rest):
                return self._exported(VoucherKey(series, int(rest)), text)
        found = self._by_number.get(_number(text), [])
        if len(found) > 1:
            series_named = ", ".join(sorted(each.series for each in found))
            raise ValueError(f"voucher {text} stands in the series {series_named}: the file has to name the series")
        if not found:
            raise ValueError(f"no voucher {text!r} was exported")
        return found[0]

    def _exported(self, voucher: VoucherKey, text: str) -> VoucherKey:
        if voucher not in self._vouchers:
            raise ValueError(f"no voucher {text!r} was exported in series {voucher.series}")
        return voucher


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _number(text: str) -> int:
    if not _is_number(text):
        raise ValueError(f"{text!r} is not a voucher number")
    return int(text)


def _settled(
    named: list[_Named],
) -> tuple[tuple[VoucherKey, ...], tuple[FailedVoucher, ...], list[LineError]]:
    by_voucher: dict[VoucherKey, list[_Named]] = {}
    for each in named:
        by_voucher.setdefault(each.voucher, []).append(each)
    accepted, failed, problems = [], [], []
    for voucher, said in by_voucher.items():
        outcomes = {each.outcome for each in said}
        if len(outcomes) > 1:
            first = said[0].line
            second = next(each for each in said if each.outcome != said[0].outcome)
            where = f"line {first} says {said[0].outcome}, this line {second.outcome}"
            problems.append(
                LineError(second.line, None, f"voucher {voucher} is named twice: {where}; it does not move")
            )
        elif "accepted" in outcomes:
            accepted.append(voucher)
        else:
            reasons = dict.fromkeys(each.reason for each in said if each.reason)
            failed.append(FailedVoucher(voucher, "; ".join(reasons), said[0].line))
    return tuple(accepted), tuple(failed), problems
