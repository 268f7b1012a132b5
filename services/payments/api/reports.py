"""Reports for people over HTTP: each as a page of JSON, as CSV and as .xlsx."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from schemas.county import Code
from schemas.facts import Date
from schemas.identifiers import BusinessId, DiaryNumber, Period, Person, Slug
from schemas.payments import DifferenceClass
from services.payments.closing import last_day_of
from services.payments.reports import Reports, differences, grants, payments
from services.payments.reports.accounts import Stretch
from services.payments.reports.formats import csv_file, json_page, workbook
from services.payments.reports.making import VoucherAsked
from services.payments.reports.model import Range, Report, Standing
from services.payments.reports.open_items import ACCRUALS, RECEIVABLES
from services.web.commands import AsOf, as_of
from services.web.pages import PageRequest, encode_cursor, page_request
from services.web.permissions import require
from services.web.problems import Problem, problem_responses
from services.web.validation import FieldError

Format = Literal["json", "csv", "xlsx"]
LineClass = Literal["matched", DifferenceClass]
"""The class of a line, as one list: of a union a wrong value would be refused twice."""
_TYPES: Final[Mapping[Format, str]] = {
    "json": "application/json",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FILE_NAMES: Final[Mapping[str, str]] = {
    "payments": "maksuluettelo",
    "reconciliation": "tasmaytysraportti",
    "open-differences": "avoimet-erot",
    "grants": "avustukset",
    "audit-trail": "kirjausketju",
    "accruals": "siirtovelat",
    "receivables": "takaisinperintasaamiset",
    "account-statement": "paakirjan-ote",
    "trial-balance": "koetase",
}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            _TYPES["json"]: {"schema": {"type": "object"}},
            _TYPES["csv"]: {"schema": {"type": "string"}},
            _TYPES["xlsx"]: {"schema": {"type": "string", "format": "binary"}},
        }
    },
    **problem_responses(400, 404, 409, 422),
}
Make = Callable[[Standing], Awaitable[Report]]


@dataclass(frozen=True, slots=True)
class Asked:
    """In which form a report is asked for, which page of it, and as of when."""

    format: Format
    page: PageRequest
    when: AsOf
    on: date | None


async def _asked(
    request: Request,
    page: Annotated[PageRequest, Depends(page_request)],
    when: Annotated[AsOf, Depends(as_of)],
    chosen: Annotated[Format | None, Query(alias="format", description="By default as Accept names, or json")] = None,
    on: Annotated[Date | None, Query(description="Helsinki date by which ages and holds are counted")] = None,
) -> Asked:
    return Asked(chosen or _accepted(request.headers.get("accept", "")), page, when, on)


def _accepted(header: str) -> Format:
    """The first form that an Accept header names; json where it names none of them."""
    named = [part.split(";")[0].strip().lower() for part in header.split(",")]
    forms: Mapping[str, Format] = {media_type: form for form, media_type in _TYPES.items()}
    return next((forms[each] for each in named if each in forms), "json")


def _dates(
    period: Annotated[Period | None, Query(description="A month, in place of from and until")] = None,
    first: Annotated[Date | None, Query(alias="from", description="First Helsinki date")] = None,
    last: Annotated[Date | None, Query(alias="until", description="Last Helsinki date, inclusive")] = None,
) -> Range:
    if period is not None and (first is not None or last is not None):
        raise _wrong("/period", "give a month, or from and until, not both")
    if first is not None and last is not None and last < first:
        raise _wrong("/until", "should be the day of `from` or a later one")
    if period is not None:
        last_day = last_day_of(period)
        return Range(last_day.replace(day=1), last_day)
    return Range(first, last)


Dates = Annotated[Range, Depends(_dates)]


def _stretch(dates: Dates, period: Annotated[Period | None, Query(description="A month")] = None) -> Stretch:
    return Stretch(period, dates)


Chosen = Annotated[Asked, Depends(_asked)]
Within = Annotated[Stretch, Depends(_stretch)]
_READS: Final = [Depends(require("reconciliation.read"))]


def router(reports: Reports) -> APIRouter:
    """All reports."""
    routes = APIRouter(prefix="/reports", tags=["reports"])
    _add_money(routes, reports)
    _add_books(routes, reports)
    _add_accounts(routes, reports)
    _add_trail(routes, reports)
    return routes


def _add_money(routes: APIRouter, reports: Reports) -> None:
    @routes.get("/payments", dependencies=[Depends(require("grant.list"))], response_class=Response, responses=_ANSWERS)
    async def payment_list(
        asked: Chosen,
        dates: Dates,
        state: payments.State | None = None,
        basket: Slug | None = None,
        association_id: BusinessId | None = None,
    ) -> Response:
        """The payment list (*maksuluettelo*), its total checked against the bank account in the ledger."""
        _check_basket(reports, basket)
        wanted = payments.Wanted(dates, state, basket, association_id)
        return await _answer(reports, asked, lambda standing: reports.payments(standing, wanted))

    @routes.get("/grants", dependencies=[Depends(require("grant.list"))], response_class=Response, responses=_ANSWERS)
    async def grants_by(
        asked: Chosen,
        dates: Dates,
        by: grants.By = "basket",
        basket: Slug | None = None,
        association_id: BusinessId | None = None,
        municipality: Slug | None = None,
    ) -> Response:
        """Grants by basket, by municipality, by association or one by one, checked against the ledger's balances."""
        _check_basket(reports, basket)
        wanted = grants.Wanted(dates, basket, association_id, municipality)
        return await _answer(reports, asked, lambda standing: reports.grants(standing, wanted, by))


def _add_books(routes: APIRouter, reports: Reports) -> None:
    @routes.get("/reconciliation", dependencies=_READS, response_class=Response, responses=_ANSWERS)
    async def reconciliation(asked: Chosen, period: Period, line_class: LineClass | None = None) -> Response:
        """The reconciliation report (*täsmäytysraportti*) of a month."""
        return await _answer(reports, asked, lambda told: reports.reconciliation(told, period, line_class))

    @routes.get("/open-differences", dependencies=_READS, response_class=Response, responses=_ANSWERS)
    async def open_differences(
        asked: Chosen,
        period: Period | None = None,
        difference_class: DifferenceClass | None = None,
        assignee: Person | None = None,
        age: differences.Age | None = None,
    ) -> Response:
        """Open differences (*avoimet erot*) by age, the oldest first."""
        wanted = differences.Wanted(period, difference_class, assignee, age)
        return await _answer(reports, asked, lambda standing: reports.differences(standing, wanted))


def _add_accounts(routes: APIRouter, reports: Reports) -> None:
    @routes.get("/accruals", dependencies=_READS, response_class=Response, responses=_ANSWERS)
    async def accruals(asked: Chosen, period: Period) -> Response:
        """What is granted and unpaid (*siirtovelat*) at the end of a month, checked against its accounts."""
        return await _answer(reports, asked, lambda standing: reports.open_items(standing, ACCRUALS, period))

    @routes.get("/receivables", dependencies=_READS, response_class=Response, responses=_ANSWERS)
    async def receivables(asked: Chosen, period: Period) -> Response:
        """What is claimed and not received (*takaisinperintäsaamiset*) at the end of a month."""
        return await _answer(reports, asked, lambda standing: reports.open_items(standing, RECEIVABLES, period))

    @routes.get("/account-statement", dependencies=_READS, response_class=Response, responses=_ANSWERS)
    async def account_statement(
        asked: Chosen, within: Within, account: Annotated[Code, Query(description="The account's number")]
    ) -> Response:
        """What moved an account (*pääkirjan ote*): in a month by periods, or between days by dates."""
        return await _answer(reports, asked, lambda standing: reports.account_statement(standing, account, within))

    @routes.get("/trial-balance", dependencies=_READS, response_class=Response, responses=_ANSWERS)
    async def trial_balance(asked: Chosen, within: Within) -> Response:
        """The trial balance (*koetase*): each account's opening balance, debit, credit and closing balance."""
        return await _answer(reports, asked, lambda standing: reports.trial_balance(standing, within))


def _add_trail(routes: APIRouter, reports: Reports) -> None:
    @routes.get("/audit-trail", dependencies=_READS, response_class=Response, responses=_ANSWERS)
    async def trail(
        asked: Chosen,
        series: Annotated[Slug | None, Query(description="Voucher series, with number")] = None,
        number: Annotated[int | None, Query(ge=1, le=10**9, description="Voucher number, with series")] = None,
        year: Annotated[int | None, Query(ge=2000, le=2200, description="Year of the series; all without it")] = None,
        application_id: UUID | None = None,
        diary_number: DiaryNumber | None = None,
    ) -> Response:
        """The audit trail (*kirjausketju*): of a voucher by `series` and `number`, or of all vouchers of an application
        by `application_id` or `diary_number`.
        """
        ways: list[Make] = []
        if series is not None and number is not None:
            voucher = VoucherAsked(series, number, year)
            ways.append(lambda standing: reports.trail_of_voucher(standing, voucher))
        elif series is not None or number is not None or year is not None:
            raise _wrong("/series", "a voucher is named by series and number")
        if application_id is not None:
            ways.append(lambda standing: reports.trail_of_application(standing, str(application_id)))
        if diary_number is not None:
            ways.append(lambda standing: reports.trail_of_diary_number(standing, diary_number))
        if len(ways) != 1:
            raise _wrong("", "give series and number, or application_id, or diary_number: one of the three")
        return await _answer(reports, asked, ways[0])


async def _answer(reports: Reports, asked: Asked, make: Make) -> Response:
    after = _Place.of(asked.page)
    if after is not None and asked.format != "json":
        raise _wrong("/cursor", "a file holds all rows: leave the cursor out")
    standing = await _standing(reports, asked, after)
    report = await make(standing)
    headers = {"Ledger-Position": str(standing.position)}
    if asked.format != "json":
        name = f"{_FILE_NAMES[report.name]}-{standing.on}-{standing.position}.{asked.format}"
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    media_type = _TYPES[asked.format]
    match asked.format:
        case "csv":
            return StreamingResponse(csv_file(report), headers=headers, media_type=f"{media_type}; charset=utf-8")
        case "xlsx":
            return Response(await workbook(report), headers=headers, media_type=media_type)
        case "json":
            document, following = await json_page(report, "" if after is None else after.key, asked.page.limit)
            document["next"] = None if following is None else _Place(standing, following).cursor
            return Response(msgspec.json.encode(document), headers=headers, media_type=media_type)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page goes on: as of when the first page was told, and the key of the last row shown."""

    standing: Standing
    key: str

    @classmethod
    def of(cls, page: PageRequest) -> _Place | None:
        """The place in a cursor. Raises Problem 400 for what is no cursor of a report."""
        parts = page.after(int, str, str)
        if parts is None:
            return None
        position, on, key = int(parts[0]), str(parts[1]), str(parts[2])
        try:
            return cls(Standing(position, None, date.fromisoformat(on)), key)
        except ValueError:
            right = "should be `next` of the page before, unchanged"
            raise Problem(400, "cursor-invalid", "The cursor cannot be used", f"The cursor {right}.",
                          [FieldError("/cursor", right, "query")]) from None  # fmt: skip

    @property
    def cursor(self) -> str:
        return encode_cursor((self.standing.position, self.standing.on.isoformat(), self.key))


async def _standing(reports: Reports, asked: Asked, after: _Place | None) -> Standing:
    """As of when: what is asked for on a first page, and for a later one what the first was told by."""
    if after is None:
        return await reports.standing(asked.when, asked.on)
    first = after.standing
    if asked.when != AsOf(None, None) or asked.on is not None:
        told = await reports.standing(asked.when, asked.on or first.on)
        if (told.position, told.on) != (first.position, first.on):
            raise _wrong("/cursor", "the cursor goes on as of another time: leave position, moment and on out")
    return await reports.standing(AsOf(max(first.position, 0), None), first.on)


def _check_basket(reports: Reports, basket: str | None) -> None:
    """A slip in a basket's id would be told as no grants at all."""
    if basket is not None and basket not in reports.baskets:
        raise _wrong("/basket", f"should be one of: {', '.join(sorted(reports.baskets))}")


def _wrong(pointer: str, right: str) -> Problem:
    return Problem(
        422, "filter-unknown", "The report cannot be asked for so", f"What is asked for is wrong: {right}.",
        [FieldError(pointer, right, "query")],
    )  # fmt: skip
