"""What an application must hold, and what may be done with it on its way. Given facts, when a command, then facts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from schemas.calls import AttachedFile
from schemas.facts import Fact
from schemas.intake import (
    ApplicationAttachmentAdded,
    ApplicationStandingChanged,
    ApplicationSubmitted,
    ApplicationSupplemented,
    ApplicationWithdrawn,
    AssociationRegistered,
    CallAmended,
    CallPublished,
    ChangeRequested,
    PersonEnded,
    PersonErased,
    PersonNamed,
    UsageReportSubmitted,
)
from schemas.refusals import SeveralRefused
from schemas.samples import SAMPLES
from services.intake.domain import applications, associations
from services.intake.domain.applications import Application
from services.intake.domain.associations import Association
from services.intake.domain.calls import Call
from tests.unit.given import county, fact, folded, refused

CALL = Call(fact(CallPublished))
IN_TIME = datetime(2026, 1, 16, 14, 0, 30, tzinfo=UTC)
ACTIVITY = "patients-and-disability-organisations"
REQUEST = UUID("019b7a1e-8c00-7000-8000-000000000009")


def sample(**changed: Any) -> ApplicationSubmitted:
    return fact(ApplicationSubmitted, **{"activity": ACTIVITY, "budget": None, **changed})


def application(*facts: Fact) -> Application:
    state = folded(applications.evolve, None, sample(), *facts)
    assert state is not None
    return state


def standing(name: str, **changed: Any) -> ApplicationStandingChanged:
    return fact(ApplicationStandingChanged, standing=name, **changed)


def test_the_sample_application_has_no_problem() -> None:
    assert applications.problems(sample(), county()) == []


@pytest.mark.parametrize(
    ("changed", "slug", "field"),
    [
        ({"activity": "space-travel"}, "unknown-activity", "/activity"),
        (
            {"municipalities": [{"municipality": "joensuu", "percent": 60}, {"municipality": "kuopio", "percent": 40}]},
            "outside-the-county",
            "/municipalities/1/municipality",
        ),
        (
            {
                "municipalities": [
                    {"municipality": "joensuu", "percent": 50},
                    {"municipality": "joensuu", "percent": 50},
                ]
            },
            "municipality-twice",
            "/municipalities",
        ),
        (
            {"municipalities": [{"municipality": "joensuu", "percent": 99}]},
            "shares-do-not-add-up",
            "/municipalities",
        ),
        ({"separable_bookkeeping": False}, "bookkeeping-not-separable", "/separable_bookkeeping"),
        ({"costs": "2500.51 EUR"}, "budget-does-not-add-up", "/costs"),
        ({"applied": "0.00 EUR", "costs": "500.50 EUR"}, "nothing-applied", "/applied"),
        ({"attachments": [SAMPLES["attachment.stored", 1]["file"]] * 2}, "attached-twice", "/attachments"),
    ],
)
def test_each_problem_is_told_with_its_field(changed: dict[str, Any], slug: str, field: str) -> None:
    found = applications.problems(sample(**changed), county())
    assert [(each.slug, each.kind, each.field) for each in found] == [(slug, "invalid", field)]


def test_all_problems_are_told_at_once() -> None:
    wrong = sample(activity="x", costs="1.00 EUR", separable_bookkeeping=False)
    assert [each.field for each in applications.problems(wrong, county())] == [
        "/activity", "/separable_bookkeeping", "/costs",
    ]  # fmt: skip


def test_a_partnership_may_be_without_money() -> None:
    asked = sample(basket="partnership", applied="0.00 EUR", costs="500.50 EUR")
    assert applications.problems(asked, county()) == []


def test_what_comes_in_the_closing_minute_is_in_time_and_after_it_is_late_not_refused() -> None:
    sent = sample()
    assert applications.submit(None, CALL, sent, IN_TIME) == [sent]
    late = applications.submit(None, CALL, sent, datetime(2026, 1, 16, 14, 1, tzinfo=UTC))
    assert late == [sent.model_copy(update={"late": True})]


def test_nothing_is_taken_before_the_call_opens() -> None:
    with refused("call-not-open"):
        applications.submit(None, CALL, sample(), datetime(2025, 12, 15, 5, 59, 59, tzinfo=UTC))


def test_an_application_is_sent_once() -> None:
    with refused("application-exists"):
        applications.submit(application(), CALL, sample(), IN_TIME)


@pytest.mark.parametrize(
    ("day", "late"), [(date(2026, 1, 15), False), (date(2026, 1, 16), False), (date(2026, 1, 17), True)]
)
def test_a_paper_application_counts_by_its_day_of_arrival_in_helsinki(day: date, late: bool) -> None:
    [sent] = applications.submit(None, CALL, sample(), applications.paper_moment(day))
    assert isinstance(sent, ApplicationSubmitted)
    assert sent.late is late


def test_the_day_of_arrival_begins_at_midnight_in_helsinki_in_winter_and_summer() -> None:
    assert applications.paper_moment(date(2026, 1, 16)) == datetime(2026, 1, 15, 22, 0, tzinfo=UTC)
    assert applications.paper_moment(date(2026, 7, 1)) == datetime(2026, 6, 30, 21, 0, tzinfo=UTC)


def test_a_request_for_a_supplement_is_answered_once() -> None:
    asked = application(standing("supplement_requested", request_id=REQUEST))
    answered = applications.supplement(asked, REQUEST, "Liitteenä.")
    assert answered == [fact(ApplicationSupplemented, request_id=REQUEST)]
    after = application(standing("supplement_requested", request_id=REQUEST), *answered)
    with refused("no-such-request"):
        applications.supplement(after, REQUEST, "Uudelleen.")


def test_what_was_not_asked_is_not_answered() -> None:
    with refused("no-such-request"):
        applications.supplement(application(), REQUEST, "Liitteenä.")


def test_an_application_is_withdrawn_until_it_is_decided() -> None:
    preparing = application(standing("in_preparation"))
    withdrawn = applications.withdraw(preparing, "Hanke peruttiin")
    assert withdrawn == [fact(ApplicationWithdrawn)]
    with refused("withdrawn-already"):
        applications.withdraw(application(*withdrawn), "Uudelleen")


@pytest.mark.parametrize("decided", sorted(applications.DECIDED))
def test_what_is_decided_is_not_withdrawn(decided: str) -> None:
    with refused("decided-already"):
        applications.withdraw(application(standing(decided)), "Hanke peruttiin")


DUE = ((1, "2026-11-30"), (2, "2027-01-31"))


@pytest.mark.parametrize("now", ["paid", "recovery"])
def test_the_use_of_a_paid_grant_is_reported_once(now: str) -> None:
    report = fact(UsageReportSubmitted)
    assert applications.report_use(application(standing(now)), report) == [report]
    with refused("reported-already"):
        applications.report_use(application(standing(now), report), report)


@pytest.mark.parametrize("now", ["decided", "notified", "final", "payment_delayed", "in_preparation"])
def test_nothing_is_reported_of_what_was_not_paid(now: str) -> None:
    with refused("nothing-paid"):
        applications.report_use(application(standing(now)), fact(UsageReportSubmitted))


def test_each_report_that_is_asked_for_or_returned_is_sent_and_no_other() -> None:
    report = fact(UsageReportSubmitted)
    first, second = (
        standing("report_requested", due_on=day, request_id=UUID(int=number), happened_on=None) for number, day in DUE
    )
    reminders = [each.model_copy(update={"happened_on": date(2027, 2, 1)}) for each in (first, second)]
    both = [standing("paid"), first, second, *reminders]
    for sent in ([], [report]):
        assert applications.report_use(application(*both, *sent), report) == [report]
    with refused("reported-already"):
        applications.report_use(application(*both, report, report), report)
    returned = standing("report_returned", due_on="2027-03-01", request_id=UUID(int=1))
    again = [*both, report, report, returned, returned.model_copy(update={"standing": "report_requested"})]
    assert applications.report_use(application(*again), report) == [report]
    with refused("reported-already"):
        applications.report_use(application(*again, report), report)
    # The one that came back is sent before the other, which is awaited still.
    received = [standing("report_received", request_id=UUID(int=number), due_on=None) for number in (1, 2)]
    turned = [standing("paid"), first, second, report, received[0], returned, report, received[0]]
    for told in ([], [reminders[1]]):
        assert applications.report_use(application(*turned, *told), report) == [report]
        for more in ([report], [report, received[1]], [received[1]]):
            with refused("reported-already"):
                applications.report_use(application(*turned, *told, *more), report)


def test_a_reminder_without_its_report_is_of_the_report_that_is_due_on_that_day_or_of_a_new_one() -> None:
    report, due = fact(UsageReportSubmitted), {"due_on": "2026-11-30", "request_id": None, "happened_on": None}
    asked = standing("report_requested", **due)
    with refused("reported-already"):
        applications.report_use(application(standing("paid"), asked, asked, report), report)
    reminded = standing("report_requested", **{**due, "happened_on": "2026-12-01"})
    assert applications.report_use(application(asked, report, reminded), report) == [report]


def test_a_new_standing_is_noted_and_a_known_one_is_not_repeated() -> None:
    change = standing("in_preparation")
    assert applications.note_standing(application(), change) == [change]
    assert applications.note_standing(application(change), change) == []


def test_a_second_request_for_a_supplement_is_noted_beside_the_first() -> None:
    first = standing("supplement_requested", request_id=REQUEST)
    second = standing("supplement_requested", request_id="019b7a1e-8c00-7000-8000-00000000000a")
    assert applications.note_standing(application(first), second) == [second]
    assert len(application(first, second).open_requests) == 2


@pytest.mark.parametrize("now", ["received", "in_preparation", "supplement_requested"])
def test_a_withdrawal_stays_whatever_is_heard_of_the_preparation(now: str) -> None:
    told = standing(now, request_id=REQUEST)
    assert applications.note_standing(application(fact(ApplicationWithdrawn)), told) == []


@pytest.mark.parametrize("now", [*sorted(applications.DECIDED), "transferred"])
def test_what_was_decided_or_transferred_before_a_withdrawal_was_heard_of_stands(now: str) -> None:
    told = standing(now)
    withdrawn = application(fact(ApplicationWithdrawn))
    assert applications.note_standing(withdrawn, told) == [told]
    after = application(fact(ApplicationWithdrawn), told)
    assert (after.standing, after.decided) == (now, now != "transferred")
    with refused("transferred-already" if now == "transferred" else "decided-already"):
        applications.withdraw(after, "Uudelleen")


def test_what_was_sent_on_to_a_municipality_is_neither_withdrawn_nor_supplemented_here() -> None:
    asked = standing("supplement_requested", request_id=REQUEST)
    state = application(asked, standing("transferred"))
    with refused("transferred-already"):
        applications.withdraw(state, "Hanke peruttiin")
    with refused("transferred-already"):
        applications.supplement(state, REQUEST, "Liitteenä.")


@pytest.mark.parametrize("now", sorted(applications.DECIDED))
def test_a_supplement_is_taken_until_the_decision(now: str) -> None:
    asked = standing("supplement_requested", request_id=REQUEST)
    with refused("decided-already"):
        applications.supplement(application(asked, standing(now)), REQUEST, "Liitteenä.")


def test_the_diary_number_stays_known() -> None:
    state = application(standing("in_preparation"), standing("decided", diary_number=None))
    assert state.diary_number == "17/02.05.01.00/2026"


# --- the budget by row ---------------------------------------------------------------------------------------

ROWS: dict[str, Any] = SAMPLES["application.submitted", 3]["budget"]
OWN, FUNDER = ROWS["income"]


def told(**changed: Any) -> list[tuple[str, str]]:
    return [(each.slug, each.field) for each in applications.problems(sample(**changed), county())]


def test_rows_that_agree_with_the_sums_are_right_and_income_of_the_activity_counts_as_own() -> None:
    assert told(budget=ROWS) == []
    parts = [{**OWN, "amount": "499.99 EUR"}, {**OWN, "source": "activity", "amount": "0.01 EUR"}, FUNDER]
    assert told(budget={**ROWS, "income": parts}) == []


@pytest.mark.parametrize(
    ("changed", "pointers"),
    [
        ({"costs": [{"label": "Vuokra", "amount": "2500.49 EUR"}]}, ["/budget/costs"]),
        ({"income": [{**OWN, "amount": "500.01 EUR"}, FUNDER]}, ["/budget/income"]),
        ({"income": [OWN, {**FUNDER, "amount": "0.49 EUR"}]}, ["/budget/income"]),
        ({"income": [OWN]}, ["/budget/income"]),
        ({"income": []}, ["/budget/income", "/budget/income"]),
    ],
)
def test_rows_that_do_not_add_up_are_told_by_their_part(changed: dict[str, Any], pointers: list[str]) -> None:
    assert told(budget={**ROWS, **changed}) == [("rows-do-not-add-up", pointer) for pointer in pointers]


def test_the_sums_that_differ_are_told_in_euros() -> None:
    costs = [{"label": "Vuokra", "amount": "2500.49 EUR"}]
    [wrong] = applications.problems(sample(budget={**ROWS, "costs": costs}), county())
    assert wrong.detail == "the rows of costs add up to 2500.49 EUR, not 2500.50 EUR"


def test_other_funders_money_and_no_other_says_whether_it_was_received() -> None:
    income = [{**OWN, "status": "received"}, {**FUNDER, "status": None}]
    assert told(budget={**ROWS, "income": income}) == [
        ("funding-status", "/budget/income/0/status"), ("funding-status", "/budget/income/1/status"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("basket", "years", "wrong"),
    [("operating", 1, []), ("operating", 2, [("too-many-years", "/years")]), ("project", 5, [])],
)
def test_a_grant_is_for_as_many_years_as_its_basket_allows(
    basket: str, years: int, wrong: list[tuple[str, str]]
) -> None:
    assert told(basket=basket, years=years, budget=ROWS) == wrong


def test_where_own_funding_is_declared_the_budget_by_row_comes_with_the_application() -> None:
    assert told(basket="project") == [("budget-missing", "/budget")]
    assert "budget-missing" in applications.PAPER_MAY_LACK
    assert told(basket="operating") == told(basket="theme") == told(basket="partnership") == []


# --- what the call asks for ----------------------------------------------------------------------------------

CONTACT = UUID("019b7a1e-8c00-7000-8000-000000000002")


def association(*facts: Fact, kind: str = "local") -> Association:
    state = folded(associations.evolve, None, fact(AssociationRegistered, kind=kind), *facts)
    assert state is not None
    return state


def call_told(state: Association, call: Call = CALL, **changed: Any) -> list[tuple[str, str]]:
    asked = sample(**{"answers": [], "contact_id": None, **changed})
    return [(each.slug, each.field) for each in applications.call_problems(asked, call, state, county())]


@pytest.mark.parametrize(
    ("kind", "basket", "applicants", "may"),
    [
        ("local", "operating", ["local", "district", "collaborative_area"], True),
        ("district", "operating", ["local", "district", "collaborative_area"], False),
        ("collaborative_area", "operating", ["local", "district", "collaborative_area"], False),
        ("district", "theme", ["local", "district"], True),
        ("collaborative_area", "theme", ["local", "district"], False),
        ("local", "partnership", ["local", "district", "collaborative_area"], False),
        ("district", "partnership", ["local", "district", "collaborative_area"], True),
        ("local", "project", ["local"], True),
    ],
)
def test_who_may_apply_is_who_both_the_basket_and_the_call_are_for(
    kind: str, basket: str, applicants: list[str], may: bool
) -> None:
    call = Call(fact(CallPublished, basket=basket, applicants=applicants))
    expected = [] if may else [("may-not-apply", "/association_id")]
    assert call_told(association(kind=kind), call, basket=basket) == expected


def test_who_may_apply_is_told() -> None:
    asked = sample(answers=[], contact_id=None)
    [wrong] = applications.call_problems(asked, CALL, association(kind="district"), county())
    assert wrong.detail == "the call is for associations of the kind local"


def test_the_contact_is_a_person_of_the_association_who_was_not_erased() -> None:
    named = fact(PersonNamed, role="contact")
    assert call_told(association(named), contact_id=CONTACT) == []
    assert call_told(association(), contact_id=CONTACT) == [("unknown-contact", "/contact_id")]
    assert call_told(association(named, fact(PersonErased)), contact_id=CONTACT) == [("unknown-contact", "/contact_id")]
    for last, right in (("2026-01-12", True), ("2026-01-11", False)):
        told = call_told(association(named, fact(PersonEnded, valid_until=last)), contact_id=CONTACT)
        assert (told == []) is right


def test_the_calls_own_questions_and_attachments_are_asked_for() -> None:
    question = {"question_id": "members", "kind": "number", "label": {"fi": "Jäseniä"}, "required": True}
    attachment = {"kind": "rules", "label": {"fi": "Säännöt"}}
    call = Call(fact(CallPublished, questions=[question], attachments=[attachment]))
    assert call_told(association(), call) == [("answer-missing", "/answers"), ("attachment-missing", "/attachments")]


# --- what may follow later -----------------------------------------------------------------------------------

FILE = AttachedFile.model_validate(SAMPLES["application.attachment_added", 1]["file"])
LAST_DAY = date(2026, 4, 30)
AWAITING = Call(
    fact(
        CallAmended,
        attachments=[
            {"kind": "annual-accounts", "label": {"fi": "Tilinpäätös"}, "later_until": "2026-04-30"},
            {"kind": "rules", "label": {"fi": "Säännöt"}},
        ],
    ),
    2,
)


def test_an_awaited_attachment_is_added_until_the_end_of_its_last_day() -> None:
    added = applications.add_attachment(application(), AWAITING, FILE, LAST_DAY)
    assert added == [fact(ApplicationAttachmentAdded)]
    assert application(*added).added == (FILE,)
    with refused("attachment-late"):
        applications.add_attachment(application(), AWAITING, FILE, date(2026, 5, 1))


@pytest.mark.parametrize("kind", ["rules", "photo"])
def test_what_the_call_does_not_await_later_is_not_added(kind: str) -> None:
    with refused("attachment-not-awaited", "invalid", "/kind"):
        applications.add_attachment(application(), AWAITING, FILE.model_copy(update={"kind": kind}), LAST_DAY)


def amended_to(*asked: dict[str, Any]) -> Call:
    return Call(fact(CallAmended, attachments=asked), 3)


def test_what_an_amendment_takes_away_stays_with_who_had_applied() -> None:
    accounts = {"kind": "annual-accounts", "label": {"fi": "Tilinpäätös"}}
    for by_now in (amended_to(), amended_to(accounts), amended_to({**accounts, "later_until": "2026-02-28"})):
        assert applications.add_attachment(application(), AWAITING, FILE, LAST_DAY, by_now) != []
        with refused("attachment-late"):
            applications.add_attachment(application(), AWAITING, FILE, date(2026, 5, 1), by_now)


def test_a_later_day_that_an_amendment_gives_is_everybodys() -> None:
    by_now = amended_to({"kind": "annual-accounts", "label": {"fi": "Tilinpäätös"}, "later_until": "2026-05-31"})
    for sent_under in (AWAITING, Call(fact(CallPublished))):
        assert applications.add_attachment(application(), sent_under, FILE, date(2026, 5, 31), by_now) != []
        with refused("attachment-late"):
            applications.add_attachment(application(), sent_under, FILE, date(2026, 6, 1), by_now)


def test_nothing_follows_an_application_that_is_the_municipalitys_by_now() -> None:
    with refused("transferred-already"):
        applications.add_attachment(application(standing("transferred")), AWAITING, FILE, LAST_DAY)


@pytest.mark.parametrize("kind", ["rules", "photo", "annual-accounts"])
def test_while_a_supplement_is_asked_for_a_file_of_any_kind_comes_with_it(kind: str) -> None:
    file, late = FILE.model_copy(update={"kind": kind}), date(2026, 5, 1)
    asked = standing("supplement_requested", request_id=REQUEST)
    assert len(applications.add_attachment(application(asked), AWAITING, file, late)) == 1
    for ended in (fact(ApplicationSupplemented, request_id=REQUEST), standing("decided")):
        why = ("attachment-late",) if kind == "annual-accounts" else ("attachment-not-awaited", "invalid", "/kind")
        with refused(*why):
            applications.add_attachment(application(asked, ended), AWAITING, file, late)


def test_an_attachment_is_added_once_and_another_of_its_kind_beside_it() -> None:
    state = application(fact(ApplicationAttachmentAdded))
    with refused("attached-already"):
        applications.add_attachment(state, AWAITING, FILE, LAST_DAY)
    sent = folded(applications.evolve, None, sample(attachments=[FILE]))
    assert sent is not None
    with refused("attached-already"):
        applications.add_attachment(sent, AWAITING, FILE, LAST_DAY)
    other = FILE.model_copy(update={"attachment_id": REQUEST})
    assert applications.add_attachment(state, AWAITING, other, LAST_DAY) != []


def test_a_decision_that_is_known_stays_known_whatever_is_told_late() -> None:
    state = application(standing("paid"), standing("in_preparation"))
    with refused("decided-already"):
        applications.withdraw(state, "Hanke peruttiin")
    assert len(applications.request_change(state, fact(ChangeRequested))) == 1


def test_a_withdrawn_application_answers_no_request_that_was_open() -> None:
    asked = standing("supplement_requested", request_id=str(REQUEST))
    with refused("withdrawn-already"):
        applications.supplement(application(asked, fact(ApplicationWithdrawn)), REQUEST, "Vastaus")


def test_nothing_follows_a_withdrawn_application() -> None:
    with refused("withdrawn-already"):
        applications.add_attachment(application(fact(ApplicationWithdrawn)), AWAITING, FILE, LAST_DAY)


# --- a change after the decision -----------------------------------------------------------------------------


@pytest.mark.parametrize("now", sorted(applications.DECIDED))
def test_a_change_is_asked_for_after_the_decision(now: str) -> None:
    asked = fact(ChangeRequested)
    assert applications.request_change(application(standing(now)), asked) == [asked]
    assert application(standing(now), asked).changes == {asked.change_id}


@pytest.mark.parametrize("now", ["supplement_requested", "in_preparation", "transferred"])
def test_before_the_decision_no_change_is_asked_for(now: str) -> None:
    with refused("not-decided"):
        applications.request_change(application(standing(now)), fact(ChangeRequested))
    for untouched in (application(), application(fact(ApplicationWithdrawn))):
        with refused("not-decided"):
            applications.request_change(untouched, fact(ChangeRequested))


def test_a_change_of_the_budget_and_no_other_brings_a_budget() -> None:
    decided = application(standing("decided", amount="2000.00 EUR"))
    whole = fact(ChangeRequested, what="budget", budget=ROWS)
    assert applications.request_change(decided, whole) == [whole]
    for what, budget in (("budget", None), ("time", ROWS), ("purpose", ROWS)):
        with refused("budget-of-change", "invalid", "/budget"):
            applications.request_change(decided, fact(ChangeRequested, what=what, budget=budget))


def test_a_changed_budget_covers_its_costs_by_its_income_and_the_grant() -> None:
    decided = application(standing("decided", amount="1500.00 EUR"))
    short = {"costs": [{"label": "Vuokra", "amount": "2000.49 EUR"}], "income": [OWN, {**FUNDER, "status": None}]}
    with pytest.raises(SeveralRefused) as told:
        applications.request_change(decided, fact(ChangeRequested, what="budget", budget=short))
    assert [(each.slug, each.field) for each in told.value.refusals] == [
        ("funding-status", "/budget/income/1/status"), ("rows-do-not-add-up", "/budget/costs"),
    ]  # fmt: skip
    assert told.value.refusals[1].detail == (
        "the rows of costs add up to 2000.49 EUR, and should to 2000.50 EUR: the rows of income, 500.50 EUR, and the "
        "grant, 1500.00 EUR"
    )
    fits = {**short, "costs": [{"label": "Vuokra", "amount": "2000.50 EUR"}], "income": [OWN, FUNDER]}
    asked = fact(ChangeRequested, what="budget", budget=fits)
    assert applications.request_change(decided, asked) == [asked]


def test_there_is_an_end_to_the_changes_that_are_asked_for() -> None:
    ids = [UUID(int=number) for number in range(applications.CHANGES_MAX)]
    asked = [fact(ChangeRequested, change_id=each) for each in ids]
    assert len(applications.request_change(application(standing("decided"), *asked[1:]), asked[0])) == 1
    with refused("too-many-changes"):
        applications.request_change(application(standing("decided"), *asked), fact(ChangeRequested))
