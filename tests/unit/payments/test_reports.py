"""Reports are pure: whatever happened, their totals are the ledger's to the cent, their files run nothing, and the same
rows are the same bytes.
"""

from __future__ import annotations

import asyncio
import csv
import io
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from schemas.decisions import Instalment
from schemas.facts import Fact
from schemas.payments import (
    BankFileImported,
    DifferenceAccepted,
    DifferenceAssigned,
    DifferenceCommented,
    DifferenceExplained,
    DifferenceRaised,
    DifferenceReopened,
    GrantAwarded,
    GrantHeld,
    GrantReleased,
    PaymentBooked,
    PaymentProposed,
    PaymentRejected,
    PaymentReturned,
    PaymentSent,
    PostingsImported,
    RecoveryClaimed,
    RecoveryReceived,
    Requirement,
    VouchersAcknowledged,
    VouchersExported,
)
from schemas.refusals import Refused
from schemas.samples import APPLICATION, IBAN, RUN
from services.ledger.records import Context, NewEvent, decode_body, encode_body
from services.payments.backoffice.errors import SheetUnwritable
from services.payments.backoffice.spreadsheet import SheetColumn, write_sheet
from services.payments.domain import grants as grant_rules
from services.payments.domain.holds import Requirements, requirement_hold
from services.payments.domain.postings import MONEY_EVENTS, number_vouchers, posting_of, settle_periods
from services.payments.reports import audit_trail, differences, grants, payments
from services.payments.reports.audit_trail import Posted
from services.payments.reports.dossiers import Dossier, RunEvent, approvals_of, dossier, person_of, run_event
from services.payments.reports.formats import csv_file, json_page, workbook
from services.payments.reports.model import (
    Check,
    Closing,
    Column,
    Event,
    KeyedRow,
    Note,
    Range,
    Report,
    Row,
    Standing,
    Total,
    listed,
)
from services.payments.reports.vouchers import VoucherNumbers, posted_on
from services.payments.reports.wording import STEPS, hold
from tests.unit.given import county, fact, folded
from tests.unit.payments.test_conservation import ACTS, AWARDED, TODAY
from tests.unit.payments.test_postings import IDENTITY

AT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
NOTHING_EXPORTED = VoucherNumbers({}, [], {})
BASKETS = ("operating", "project", "partnership")


def event(position: int, what: Fact, stream: str = "grant/x", at: datetime = AT) -> Event:
    return Event(position, UUID(int=position), stream, at, None, what)


def of(facts: Sequence[Fact], first: int = 1) -> Dossier:
    return dossier(APPLICATION, [event(number, each) for number, each in enumerate(facts, first)])


# --- histories -----------------------------------------------------------------------------------------------

Acts = list[tuple[str, int]]
HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(BASKETS),
        st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 300_000)), max_size=25),
    ),
    max_size=4,
)
DAYS = st.none() | st.dates(date(2026, 2, 20), date(2026, 9, 30))


def history(number: int, basket: str, acts: Acts) -> Dossier:
    """A grant after whatever of these acts its rules let happen."""
    awarded = AWARDED.model_copy(update={"basket": basket, "diary_number": f"{number}/02.05.01.00/2026"})
    facts: list[Fact] = [awarded, fact(GrantReleased)]
    for act, argument in acts:
        state = folded(grant_rules.evolve, None, *facts)
        assert state is not None
        try:
            facts += ACTS[act](state, argument)
        except Refused:
            continue
    return of(facts, number * 1000)


def histories(drawn: list[tuple[str, Acts]]) -> list[Dossier]:
    return [history(number, basket, acts) for number, (basket, acts) in enumerate(drawn, 1)]


def payment_list(
    found: Sequence[Dossier], wanted: payments.Wanted, numbers: VoucherNumbers = NOTHING_EXPORTED
) -> tuple[list[Row], Closing]:
    totals = payments.Totals(wanted)
    rows: list[Row] = []
    for each in found:
        if wanted.takes(each):
            made = list(payments.rows(each, wanted, {}, numbers))
            totals.add(each, made, county())
            rows += [row for _, row in made]
    return rows, totals.closing()


@settings(max_examples=100, print_blob=True, deadline=None)
@given(HISTORIES, DAYS, DAYS)
def test_the_payment_lists_total_is_what_left_the_bank_account_in_any_range_of_days(
    drawn: list[tuple[str, Acts]], first: date | None, last: date | None
) -> None:
    rows, closing = payment_list(histories(drawn), payments.Wanted(Range(first, last)))
    [total], [check] = closing.totals, closing.checks
    assert check.agrees, check
    for name in ("amount", "paid", "returned"):
        assert total.sums[name] == sum(int(str(row[name])) for row in rows)


@settings(max_examples=100, print_blob=True, deadline=None)
@given(HISTORIES)
def test_grants_add_up_to_the_ledger_and_every_grouping_to_the_same_total(drawn: list[tuple[str, Acts]]) -> None:
    closings = []
    for by in ("basket", "association", "grant"):
        figures = grants.Figures(by)
        for each in histories(drawn):
            figures.add(each, IBAN, TODAY, county())
        closing = figures.closing()
        assert all(check.agrees for check in closing.checks), closing.checks
        rows = figures.rows()
        for name, total in closing.totals[0].sums.items():
            assert total == sum(int(str(row[name])) for row in rows), name
        for row in rows:
            cents = {name: int(str(row[name])) for name in grants.Sums().as_cells()}
            assert cents["awarded"] + cents["changed"] + cents["overpaid"] == (
                cents["paid"] + cents["on_its_way"] + cents["set_off"] + cents["open"]
            )
        closings.append(closing)
    assert closings[0] == closings[1] == closings[2]


@settings(max_examples=100, print_blob=True, deadline=None)
@given(HISTORIES, st.data())
def test_a_voucher_is_numbered_as_its_export_did_and_is_found_again_by_its_number(
    drawn: list[tuple[str, Acts]], data: st.DataObject
) -> None:
    found_all = [each for found in histories(drawn) for each in found.postings(county())]
    closed = {
        period: data.draw(st.integers(0, 5000))
        for period in data.draw(st.sets(st.sampled_from(["2026-02", "2026-06"])))
    }
    postings = settle_periods(found_all, closed)
    periods: dict[str, list[int]] = {}
    for each in postings:
        periods.setdefault(each.period, []).append(each.position)
    exports: list[VouchersExported] = []
    next_number = 1
    for period, positions in sorted(periods.items()):
        after = 0
        for cut in sorted(data.draw(st.sets(st.sampled_from(positions), max_size=2))):
            count = len([each for each in positions if after < each <= cut])
            exports.append(fact(VouchersExported, period=period, after_position=after, up_to_position=cut,
                                first_number=next_number, count=count))  # fmt: skip
            after, next_number = cut, next_number + count
    numbers = VoucherNumbers(periods, [event(9000, each) for each in exports], closed)
    expected = {each.posting.position: each.number for each in number_vouchers(postings, exports)}
    for each in postings:
        voucher = numbers.of(each.position, each.posted_on)
        assert (None if voucher is None else voucher.number) == expected.get(each.position)
        if voucher is not None:
            assert numbers.positions_of("av", voucher.number, None) == [each.position]
            assert numbers.positions_of("av", voucher.number, 2026) == [each.position]
    assert numbers.positions_of("av", next_number, None) == []
    assert numbers.positions_of("other", 1, None) == []


@pytest.mark.parametrize("kind", MONEY_EVENTS, ids=lambda kind: str(kind.event_type))
def test_the_day_of_a_posting_is_read_as_the_posting_has_it(kind: type[Fact]) -> None:
    money = fact(kind)
    posting = posting_of(1, money, IDENTITY, county())
    assert posting is not None
    assert posted_on(money.model_dump_json().encode()) == posting.posted_on


# --- payments ------------------------------------------------------------------------------------------------

PROPOSED = fact(PaymentProposed)
SENT, BOOKED, RETURNED = fact(PaymentSent), fact(PaymentBooked), fact(PaymentReturned, booked_on="2026-05-04")


def rows_of(*facts: Fact, **wanted: Any) -> list[Row]:
    return payment_list([of([fact(GrantAwarded), fact(GrantReleased), *facts])], payments.Wanted(**wanted))[0]


def test_each_attempt_is_a_row_with_its_state_and_dates() -> None:
    again = fact(PaymentProposed, attempt=2, end_to_end_id="E-1-2")
    first, second = rows_of(PROPOSED, SENT, BOOKED, RETURNED, again)
    assert (first["state"], first["sent_on"], first["booked_on"], first["returned_on"]) == (
        "returned", date(2026, 4, 1), date(2026, 4, 2), date(2026, 5, 4),
    )  # fmt: skip
    assert (first["paid"], first["returned"], first["reason_code"]) == (150_000, 150_000, "AC04")
    assert (second["state"], second["attempt"], second["paid"]) == ("proposed", 2, 0)


def test_a_rejected_payment_has_its_reason_and_the_helsinki_date_on_which_it_was_told() -> None:
    late = dossier(APPLICATION, [
        event(1, fact(GrantAwarded)), event(2, PROPOSED), event(3, SENT),
        event(4, fact(PaymentRejected), at=datetime(2026, 6, 1, 21, 30, tzinfo=UTC)),
    ])  # fmt: skip
    [row], _ = payment_list([late], payments.Wanted())
    assert (row["state"], row["reason_code"], row["rejected_on"]) == ("rejected", "AC04", date(2026, 6, 2))


def test_a_payment_that_came_back_in_another_month_is_paid_in_the_one_and_returned_in_the_other() -> None:
    april, may = Range(date(2026, 4, 1), date(2026, 4, 30)), Range(date(2026, 5, 1), date(2026, 5, 31))
    facts = (PROPOSED, SENT, BOOKED, RETURNED)
    assert [(row["paid"], row["returned"]) for row in rows_of(*facts, dates=april)] == [(150_000, 0)]
    assert [(row["paid"], row["returned"]) for row in rows_of(*facts, dates=may)] == [(0, 150_000)]
    assert rows_of(*facts, dates=Range(date(2026, 6, 1), None)) == []


def test_a_list_by_state_has_a_total_and_no_check() -> None:
    found = [of([fact(GrantAwarded), PROPOSED, SENT])]
    rows, closing = payment_list(found, payments.Wanted(state="sent"))
    assert (len(rows), closing.totals[0].sums["amount"], closing.checks) == (1, 150_000, ())
    assert payment_list(found, payments.Wanted(state="booked"))[0] == []


def run_record(position: int, kind: str, **data: Any) -> RunEvent:
    body = encode_body(position, "2026-04-01T08:00:00.000000Z", NewEvent(kind, msgspec.json.encode(data)),
                       f"run/{RUN}", position, Context("anna", "c"))  # fmt: skip
    return run_event(decode_body(body))


def test_approvals_of_other_lines_and_those_before_a_change_do_not_count() -> None:
    events = [
        run_record(1, "run.proposed", person="anna", lines=[{"end_to_end_id": "E1"}]),
        run_record(2, "run.approved", person="bertta", lines=None),
        run_record(3, "run.changed", person="anna", lines=[]),
        run_record(4, "run.approved", person="cecilia", lines=["E1"], on_behalf_of="doris"),
        run_record(5, "run.approved", person="eeva", lines=["E2"]),
        run_record(6, "run.approved", person="fanni"),
    ]
    assert [person_of(each) for each in approvals_of(events, "E1")] == ["cecilia (puolesta: doris)", "fanni"]


# --- grants --------------------------------------------------------------------------------------------------

OVERDUE = fact(GrantHeld, reason="report_overdue")


def test_what_is_held_is_told_with_its_reason_in_finnish_and_is_a_part_of_what_is_open() -> None:
    figures = grants.Figures("basket")
    figures.add(of([fact(GrantAwarded)]), IBAN, TODAY, county())
    figures.add(of([fact(GrantAwarded), fact(GrantReleased), OVERDUE], 100), IBAN, TODAY, county())
    [row] = figures.rows()
    assert (row["grants"], row["open"], row["held"]) == (2, 300_000, 300_000)
    assert row["held_because"] == "käyttöselvitys myöhässä 1500,00, odottaa lainvoimaa 1500,00"


def reasons() -> list[str]:
    """Every reason that the rules can give for not paying an instalment."""
    plan = [Instalment(number=n, amount=100, payable_from=date(2025 + n, 1, 1)) for n in (1, 2)]
    needs: tuple[Requirement, ...] = ("agreement", "own_funding", "yearly_review", "cost_reports")
    found = [requirement_hold(Requirements(frozenset({each})), plan, plan[1]) for each in needs]
    rejected = (PROPOSED, SENT, fact(PaymentRejected))
    for facts, on in (
        ((fact(GrantAwarded),), TODAY),
        ((fact(GrantAwarded, pays="on_notice"),), TODAY),
        ((fact(GrantAwarded), fact(GrantReleased)), date(2026, 1, 1)),
        ((fact(GrantAwarded), fact(GrantReleased), OVERDUE), TODAY),
        ((fact(GrantAwarded), fact(GrantReleased), fact(GrantHeld, reason="appealed")), TODAY),
        ((fact(GrantAwarded), fact(GrantReleased), *rejected), TODAY),
    ):
        state = folded(grant_rules.evolve, None, *facts)
        assert state is not None
        found += [each.held for each in grant_rules.payables(state, IBAN, on)]
    return [each.reason for each in found if each is not None]


def test_every_reason_of_a_hold_has_a_name_of_its_own_in_finnish() -> None:
    names = [hold(each) for each in reasons()]
    assert len(set(names)) == len(names) == 10
    assert not set(names) & set(reasons())
    assert hold("something new") == "something new"


# --- differences ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "age"),
    [
        (0, "0-7"),
        (7, "0-7"),
        (8, "8-30"),
        (30, "8-30"),
        (31, "31-90"),
        (90, "31-90"),
        (91, "over-90"),
    ],
)
def test_an_age_begins_the_day_after_the_one_before_it(days: int, age: str) -> None:
    assert differences.age_of(days) == age


def test_a_difference_is_as_old_as_its_day_in_helsinki_and_a_settled_one_is_not_told() -> None:
    late = datetime(2026, 5, 31, 22, 30, tzinfo=UTC)
    first = [
        event(1, fact(DifferenceRaised), "difference/a", late),
        event(2, fact(DifferenceAssigned, assignee="bertta"), "difference/a"),
        event(3, fact(DifferenceCommented, comment="ensin"), "difference/a"),
        event(4, fact(DifferenceCommented, comment="sitten", person="cecilia"), "difference/a"),
        event(5, fact(DifferenceExplained), "difference/a"),
    ]
    [row] = differences.rows(first, date(2026, 6, 8), differences.Wanted())
    assert (row["raised_on"], row["days"], row["age"], row["state"]) == (date(2026, 6, 1), 7, "0-7", "explained")
    assert (row["assignee"], row["comment"], row["commented_by"], row["position"]) == ("bertta", "sitten", "cecilia", 1)
    settled = [*first, event(6, fact(DifferenceAccepted), "difference/a")]
    assert differences.rows(settled, date(2026, 6, 8), differences.Wanted()) == []
    reopened = [*settled, event(7, fact(DifferenceReopened), "difference/a")]
    [again] = differences.rows(reopened, date(2026, 6, 9), differences.Wanted())
    assert (again["state"], again["age"]) == ("open", "8-30")
    assert differences.rows(reopened, date(2026, 6, 9), differences.Wanted(age="0-7")) == []
    sums = {each.name: each.sums["amount"] for each in differences.closing([again]).totals}
    assert sums == {"0-7": 0, "8-30": 150_000, "31-90": 0, "over-90": 0, "total": 150_000}


# --- the audit trail -----------------------------------------------------------------------------------------


def trail(found: Dossier, context: audit_trail.Context, numbers: VoucherNumbers) -> list[Row]:
    posted = [Posted(each, numbers.of(each.position, each.posted_on)) for each in found.postings(county())]
    return audit_trail.rows(found, posted, context)


def test_a_claims_receipt_leads_to_the_claim_the_banks_file_and_the_award() -> None:
    received = fact(RecoveryReceived)
    found = of([fact(GrantAwarded), fact(RecoveryClaimed), PROPOSED, received])
    statement = event(5, fact(BankFileImported, sha256=received.sha256), "file/x")
    context = audit_trail.Context({}, audit_trail.imports_by_hash([statement]), {})
    steps = [(row["step"], row["position"], row["posting"]) for row in trail(found, context, NOTHING_EXPORTED)]
    assert steps == [
        ("grant.awarded", 1, "yes"),
        ("grant.awarded", 1, None), ("recovery.claimed", 2, "yes"),
        ("grant.awarded", 1, None), ("recovery.claimed", 2, None), ("recovery.received", 4, "yes"),
        ("bank_file.imported", 5, None),
    ]  # fmt: skip


def test_a_voucher_leads_to_its_export_the_answers_that_name_it_and_the_postings_of_its_month() -> None:
    exported = event(10, fact(VouchersExported, period="2026-02", up_to_position=5, first_number=7, count=1), "v/av")
    answer = {"series": "av", "year": 2026, "failed": ()}
    answers = [
        event(11, fact(VouchersAcknowledged, **answer | {"accepted": (8,)}), "a/av"),
        event(12, fact(VouchersAcknowledged, **answer | {"accepted": (7,)}), "a/av"),
        event(13, fact(VouchersAcknowledged, **answer | {"accepted": (7,), "year": 2027}), "a/av"),
    ]
    imports = audit_trail.newest_imports(
        [event(14, fact(PostingsImported, period="2026-02"), "p"), event(15, fact(PostingsImported), "p")]
    )
    rows = trail(
        of([fact(GrantAwarded)]), audit_trail.Context({}, {}, imports, answers),
        VoucherNumbers({"2026-02": [1]}, [exported], {}),
    )  # fmt: skip
    assert [row["position"] for row in rows] == [1, 10, 12, 14]
    assert {row["voucher"] for row in rows} == {"av-7/2026"}
    assert {row["diary_number"] for row in rows} == {"17/02.05.01.00/2026"}
    assert {str(row["step"]) for row in rows} <= STEPS.keys()


# --- files ---------------------------------------------------------------------------------------------------

COLUMNS = (
    Column("text", "Teksti", words={"sent": "Lähetetty"}), Column("day", "Päivä", "date"),
    Column("sum", "Summa (EUR)", "money"), Column("count", "Määrä", "number"),
)  # fmt: skip
CLOSING = Closing(
    (Total("total", "Yhteensä", {"sum": 123_450}),), (Check("bank", "Pankki", 5, 6),), (Note("file", "Tiedosto", "ab"),)
)
STANDING = Standing(12, AT, date(2026, 6, 1))


def report(rows: Sequence[Row]) -> Report:
    return Report("payments", "Maksuluettelo", COLUMNS, STANDING, listed(rows), lambda: CLOSING)


def as_csv(made: Report) -> bytes:
    async def read() -> bytes:
        return b"".join([piece async for piece in csv_file(made)])

    return asyncio.run(read())


def as_cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


ROW: Row = {"text": "sent", "day": date(2026, 10, 5), "sum": -123_450, "count": 7}


def test_a_csv_has_finnish_dates_a_decimal_comma_words_for_codes_and_what_stands_below() -> None:
    content = as_csv(report([ROW, {}]))
    assert content.startswith(b"\xef\xbb\xbfTeksti;")
    assert content.count(b"\r\n") == content.count(b"\n") == 7
    assert as_cells(content)[1:] == [
        ["Lähetetty", "5.10.2026", "-1234,50", "7"],
        ["", "", "", ""],
        ["Yhteensä", "", "1234,50", ""],
        ["Pankki: raportti 0,05, kirjanpito 0,06, EI TÄSMÄÄ", "", "", ""],
        ["Tiedosto: ab", "", "", ""],
        ["Tilanne: pääkirjan sijainti 12 (1.6.2026 klo 12.00), päivät laskettu 1.6.2026", "", "", ""],
    ]


def test_an_xlsx_has_real_dates_sums_and_numbers() -> None:
    content = asyncio.run(workbook(report([ROW])))
    [header, row, total, *_] = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert header == ["Teksti", "Päivä", "Summa (EUR)", "Määrä"]
    assert row == ["Lähetetty", date(2026, 10, 5), -1234.5, 7.0]
    assert total == ["Yhteensä", "", 1234.5, ""]


@pytest.mark.parametrize("cell", ["7", 7.0, True, 10**15])
def test_a_number_of_an_xlsx_is_a_whole_one_that_a_spreadsheet_keeps_exactly(cell: Any) -> None:
    with pytest.raises(SheetUnwritable, match="row 1, column 'Määrä'"):
        write_sheet("Kausi", [SheetColumn("Määrä", "number")], [(cell,)])


@settings(max_examples=200, print_blob=True, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(["=1+1", "\t=1", "@x", "'=1", "＝1"]))
def test_no_text_of_a_csv_runs_or_breaks_its_line(text: str) -> None:
    cells = as_cells(as_csv(report([{"text": text}])))
    assert len(cells) == 6
    assert cells[1][0][:1] not in set("=+-@＝＋－＠\t\r\n") - {""}
    assert cells[1][1:] == ["", "", ""]


@settings(max_examples=20, print_blob=True, deadline=None)
@given(st.lists(st.builds(lambda text, cents: {"text": text, "sum": cents}, st.text(max_size=5), st.integers(-99, 99))))
def test_the_same_rows_are_the_same_bytes(rows: list[Row]) -> None:
    assert as_csv(report(rows)) == as_csv(report(rows))
    assert asyncio.run(workbook(report(rows))) == asyncio.run(workbook(report(rows)))


def test_a_page_goes_on_where_the_one_before_ended_and_the_first_one_has_the_totals() -> None:
    made = report([{"text": str(number)} for number in range(5)])
    first, following = asyncio.run(json_page(made, "", 2))
    assert [row["text"] for row in first["items"]] == ["0", "1"]
    assert (first["position"], first["recorded_at"], first["on"]) == (12, "2026-06-01T09:00:00Z", "2026-06-01")
    assert first["checks"][0]["agrees"] is False
    assert first["totals"][0]["sums"] == {"sum": "1234.50 EUR"}
    assert following is not None
    second, following = asyncio.run(json_page(made, following, 2))
    assert ([row["text"] for row in second["items"]], second["totals"]) == (["2", "3"], None)
    assert following is not None
    last, following = asyncio.run(json_page(made, following, 2))
    assert ([row["text"] for row in last["items"]], following) == (["4"], None)


def endless(rows: int) -> Report:
    """A report whose rows are made as they are asked for."""

    async def batches(_after: str) -> AsyncIterator[Sequence[KeyedRow]]:
        for start in range(0, rows, 500):
            yield [(f"{start + n:08d}", {**ROW, "text": f"rivi {start + n}"}) for n in range(500)]

    return replace(report([]), batches=batches)


async def _drain_csv(made: Report) -> int:
    return sum([len(piece) async for piece in csv_file(made)])


def peak_of(form: str, rows: int) -> int:
    """The most memory at once, in bytes, while so many rows are written."""
    tracemalloc.start()
    try:
        made = endless(rows)
        size = asyncio.run(_drain_csv(made)) if form == "csv" else len(asyncio.run(workbook(made)))
        assert size > rows * 5
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("form", "rows"), [("csv", 20_000), ("xlsx", 8_000)])
def test_more_rows_take_no_more_memory_than_what_is_written_of_them(form: str, rows: int) -> None:
    # A row that is kept takes over 300 bytes; of a finished .xlsx some 40 a row stay, and none of a CSV.
    grown = peak_of(form, rows) - peak_of(form, rows // 4)
    assert grown < rows * 100, f"{grown} bytes more"
