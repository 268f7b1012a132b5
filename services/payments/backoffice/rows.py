"""The rows of vouchers and postings."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.payments.backoffice.errors import LineError

Take = Literal["all_or_nothing", "good_lines"]
"""What to do with a file that has bad lines: refuse it whole, or take the lines that are good. Both list the bad."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherRow:
    """A row (*vienti*) of a voucher (*tosite*). Amounts are integer cents; dates are Helsinki
    dates.

    A row to be written has exactly one side above zero. Codes (series, account, cost centre,
    service class, diary number, EndToEndId) carry no surrounding spaces; `text` is kept to the
    letter.
    """

    voucher_series: str
    voucher_number: int
    row: int
    voucher_date: date
    posting_date: date
    period: str
    """The accounting period (*kausi*), 'YYYY-MM'."""
    account: str
    """The account (*tili*)."""
    cost_centre: str
    """The cost centre (*kustannuspaikka*), or ''."""
    service_class: str
    """The service class (*palveluluokka*), or ''."""
    diary_number: str
    """The diary number (*diaarinumero*), or ''."""
    instalment: int | None
    end_to_end_id: str | None
    text: str
    debit_cents: int
    credit_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingRow(VoucherRow):
    """A posting (*kirjaus*) as it came back: the fields of a voucher row, and the line of the file,
    from 1.

    At most one side is other than zero; it may be below zero, as some back offices post reversals
    so.
    """

    line: int


@dataclass(frozen=True, slots=True)
class PostingFile:
    """A file of postings that was read, whole or, where the caller chose so, without its bad lines.

    `sha256` is the hex digest of its bytes: it tells a file that came before.
    """

    rows: tuple[PostingRow, ...]
    sha256: str
    encoding: str
    """Found by the bytes; 'xlsx' for a workbook."""
    sum_debit_cents: int
    sum_credit_cents: int
    delimiter: str | None = None
    """Found by the header line; None where cells are not delimited."""
    sheet: str | None = None
    """The sheet that was read, for a workbook."""
    bad_lines: tuple[LineError, ...] = ()
    """What is wrong with the lines that were left out; empty for a file that was taken whole."""
