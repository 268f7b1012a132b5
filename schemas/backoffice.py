"""The shape of the files that go to the back office and come back from it, as data.

A profile says how a file of vouchers (*tosite*) and of postings (*kirjaus*) looks: its columns,
encoding, decimal mark and dates. Innofactor Dynasty's file columns are published nowhere, so each
column says whether it is assumed.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from schemas.validity import Dated, Record


class PostingField(StrEnum):
    """What a column of a voucher or posting file can carry."""

    VOUCHER_SERIES = "voucher_series"
    VOUCHER_NUMBER = "voucher_number"
    ROW = "row"
    VOUCHER_DATE = "voucher_date"
    POSTING_DATE = "posting_date"
    PERIOD = "period"
    ACCOUNT = "account"
    COST_CENTRE = "cost_centre"
    SERVICE_CLASS = "service_class"
    DIARY_NUMBER = "diary_number"
    INSTALMENT = "instalment"
    END_TO_END_ID = "end_to_end_id"
    TEXT = "text"
    DEBIT = "debit"
    CREDIT = "credit"
    AMOUNT = "amount"
    """Debit less credit in one column with a sign: takes the place of `debit` and `credit`."""


DATE_FIELDS = frozenset({PostingField.VOUCHER_DATE, PostingField.POSTING_DATE})
MONEY_FIELDS = frozenset({PostingField.DEBIT, PostingField.CREDIT, PostingField.AMOUNT})
NUMBER_FIELDS = frozenset({PostingField.VOUCHER_NUMBER, PostingField.ROW, PostingField.INSTALMENT})

DERIVABLE_FIELDS = frozenset(
    {PostingField.VOUCHER_NUMBER, PostingField.ROW, PostingField.VOUCHER_DATE, PostingField.PERIOD}
)
"""What a reader can find out when a file lacks it: see `Profile`."""

OPTIONAL_FIELDS = frozenset(
    {
        PostingField.COST_CENTRE,
        PostingField.SERVICE_CLASS,
        PostingField.DIARY_NUMBER,
        PostingField.INSTALMENT,
        PostingField.END_TO_END_ID,
        PostingField.TEXT,
    }
)
"""What may be empty in a row, and so may lack a column in a file that is only read."""

DateFormat = Literal["iso", "finnish", "finnish_padded", "compact", "short"]
"""iso 2026-10-05, finnish 5.10.2026, finnish_padded 05.10.2026, compact 20261005, short 261005."""
PeriodFormat = Literal["iso", "finnish", "compact"]
"""iso 2026-10, finnish 10/2026, compact 202610."""
MoneyFormat = Literal["decimal", "cents"]
Delimiter = Literal[";", ",", "\t", "|"]

_FORMATS: dict[str, tuple[frozenset[PostingField], frozenset[str]]] = {
    "a date": (DATE_FIELDS, frozenset({"iso", "finnish", "finnish_padded", "compact", "short"})),
    "a period": (frozenset({PostingField.PERIOD}), frozenset({"iso", "finnish", "compact"})),
    "an amount": (MONEY_FIELDS, frozenset({"decimal", "cents"})),
}


class Column(Record):
    """One column. Without a `field` it is skipped on reading and left empty on writing."""

    field: PostingField | None = Field(default=None, strict=False)
    header: str = Field(min_length=1)
    assumed: bool = False
    """True when no public source tells that the back office's file has this column."""
    width: int | None = Field(default=None, ge=1)
    """Bytes in the file's encoding; for fixed-width files alone."""
    align: Literal["left", "right"] = "left"
    fill: Literal[" ", "0"] = " "
    format: str | None = None
    """How this column writes its date, period or amount, where it differs from the profile's way.
    """

    @model_validator(mode="after")
    def _format_fits_the_field(self) -> Self:
        where = f"column {self.header!r}"
        numeric = self.field in NUMBER_FIELDS | MONEY_FIELDS
        if self.fill == "0" and not (numeric and self.align == "right"):
            raise ValueError(f"{where}: only right-aligned numbers and amounts fill with zeros")
        if self.format is None:
            return self
        for kind, (fields, formats) in _FORMATS.items():
            if self.field in fields:
                if self.format not in formats:
                    known = ", ".join(sorted(formats))
                    raise ValueError(f"{where}: {kind} has no format {self.format!r} but {known}")
                return self
        raise ValueError(f"{where}: only dates, periods and amounts have a format")


class AcknowledgementShape(Record):
    """How the back office answers a file of vouchers (*kuittaustiedosto*): which vouchers it accepted and which failed.

    `table` is a delimited file or an .xlsx with a header line: `voucher_number`, `voucher_series`, `status` and
    `reason` name its columns, `accepted` and `failed` the words of the status column, whose case does not matter.
    Other columns are skipped. `lists` is a JSON object in the manner of Helsinki's Talpa robot (City-of-Helsinki/yjdh):
    `accepted` and `failed` name its lists, whose items are voucher numbers or objects with the keys `voucher_number`,
    `voucher_series` and `reason`; `status` names the key of the file's own status.
    """

    format: Literal["table", "lists"]
    voucher_number: str = Field(min_length=1)
    voucher_series: str | None = None
    """Without it, a number alone or a number with its series before it ("AV 17", "AV-17")."""
    status: str | None = None
    reason: str | None = None
    accepted: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1, strict=False)
    failed: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1, strict=False)
    delimiter: Delimiter = ";"
    """Where the header line does not tell it."""
    sheet: str | None = None

    @model_validator(mode="after")
    def _words_are_told_apart(self) -> Self:
        if self.format == "table" and self.status is None:
            raise ValueError("an acknowledgement that is a table names its status column")
        both = {word.casefold() for word in self.accepted} & {word.casefold() for word in self.failed}
        if both:
            raise ValueError(f"{', '.join(sorted(both))} means both accepted and failed")
        names = [name for name in (self.voucher_number, self.voucher_series, self.status, self.reason) if name]
        if len(names) != len(set(names)):
            raise ValueError("voucher_number, voucher_series, status and reason name different columns")
        return self


class Profile(Dated):
    """How one back office's files look.

    A file that is written has a column for every field. A file that is only read may lack some:
    `constants` give them as cell texts, and what neither a column nor a constant gives is found
    out: the voucher number and row are the ordinal of the row in the file, the voucher date is the
    posting date, the period is the posting date's month; what may be empty is empty.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    name: str = Field(min_length=1)
    kind: Literal["delimited", "fixed_width", "spreadsheet"]
    """A spreadsheet (.xlsx) is only read. A delimited profile with a header line reads its columns from .xlsx too."""
    encoding: Literal["utf-8", "cp1252"] = "utf-8"
    """Of written files. Reading goes by the bytes: a byte order mark, strict UTF-8, then CP1252."""
    bom: bool = False
    newline: Literal["crlf", "lf"] = "crlf"
    delimiter: Delimiter | None = None
    """Of written files. Reading takes the one by which the header line holds the most of the profile's headers."""
    sheet: str | None = Field(default=None, min_length=1)
    """The sheet of an .xlsx that holds the rows; may be left out when the workbook has one visible sheet."""
    quoting: Literal["minimal", "text", "all", "none"] = "minimal"
    decimal_mark: Literal[",", "."] = ","
    thousands: Literal["none", "space", "nbsp", "narrow_nbsp"] = "none"
    """Written between groups of three digits. Reading takes any of them, or none, where it stands
    rightly.
    """
    date_format: DateFormat = "iso"
    period_format: PeriodFormat = "iso"
    header: bool = True
    final_newline: bool = True
    """A file that is read must end with a line break, so that one that was cut off is noticed."""
    spreadsheet_guard: bool = True
    """An apostrophe is put before a text that a spreadsheet would run as a formula, and taken off
    on reading.
    """
    columns: tuple[Column, ...] = Field(min_length=1, strict=False)
    constants: dict[Annotated[PostingField, Strict(strict=False)], str] = Field(default_factory=dict)
    acknowledgement: AcknowledgementShape | None = None
    """How the back office answers a file of vouchers, where it does."""

    @property
    def fields(self) -> frozenset[PostingField]:
        """What the columns carry."""
        return frozenset(column.field for column in self.columns if column.field is not None)

    @property
    def unwritable_fields(self) -> frozenset[PostingField]:
        """The fields that a written file would lose: empty for a profile that can be written."""
        wanted = set(PostingField) - {PostingField.AMOUNT}
        if PostingField.AMOUNT in self.fields:
            wanted -= MONEY_FIELDS
        return frozenset(wanted - self.fields)

    @model_validator(mode="after")
    def _kind_has_what_it_needs(self) -> Self:
        delimited = self.kind == "delimited"
        if delimited != (self.delimiter is not None):
            raise ValueError(
                "a delimited profile names its delimiter, a fixed-width one has none, nor has a spreadsheet"
            )
        fixed = self.kind == "fixed_width"
        if not fixed and any(column.width is not None for column in self.columns):
            raise ValueError("only the columns of a fixed-width profile have a width")
        if fixed and any(column.width is None for column in self.columns):
            raise ValueError("each column of a fixed-width profile has a width")
        if fixed and (self.header or self.spreadsheet_guard):
            raise ValueError("a fixed-width profile has no header line and no spreadsheet guard: say false")
        if fixed and self.sheet is not None:
            raise ValueError("a fixed-width profile has no sheet")
        if self.kind == "spreadsheet" and not self.header:
            raise ValueError("a spreadsheet is read by its header line: header may not be false")
        if self.bom and self.encoding != "utf-8":
            raise ValueError("a byte order mark (bom) goes with utf-8 alone")
        if self.delimiter == self.decimal_mark and self.quoting == "none":
            raise ValueError("the delimiter is the decimal mark, so amounts need quoting")
        return self

    @model_validator(mode="after")
    def _columns_are_told_apart(self) -> Self:
        headers = [column.header for column in self.columns]
        fields = [column.field.value for column in self.columns if column.field is not None]
        for kind, names in (("header", headers), ("field", fields)):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{kind} {', '.join(twice)} stands in more than one column")
        both = sorted(self.constants.keys() & self.fields)
        if both:
            raise ValueError(f"{', '.join(both)} has both a column and a constant")
        return self

    @model_validator(mode="after")
    def _rows_can_be_read(self) -> Self:
        known = self.fields | self.constants.keys()
        sides = {PostingField.DEBIT, PostingField.CREDIT}
        if (PostingField.AMOUNT in known) == bool(sides & known) or len(sides & known) == 1:
            raise ValueError("a profile has either an amount column, or both a debit and a credit column")
        missing = set(PostingField) - MONEY_FIELDS - OPTIONAL_FIELDS - DERIVABLE_FIELDS - known
        if missing:
            raise ValueError(f"no column and no constant gives {', '.join(sorted(missing))}")
        return self
