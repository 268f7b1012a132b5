from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.county import County, NothingHolds
from schemas.money_events import MoneyEvent
from schemas.validity import Dated, all_holding_on, overlapping
from services.web.county import FILES, CountyInvalid, load_county

FOLDER = Path(__file__).parents[2] / "deploy" / "county" / "north-karelia"
TODAY = date(2026, 1, 15)
COUNTY = load_county(FOLDER)

Edit = Callable[[str, str, str], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the county's folder, to be spoilt."""
    return Path(shutil.copytree(FOLDER, tmp_path / "county"))


@pytest.fixture
def edit(folder: Path) -> Edit:
    def change(name: str, old: str, new: str) -> None:
        text = (folder / name).read_text("utf-8")
        assert text.count(old) >= 1
        (folder / name).write_text(text.replace(old, new, 1), "utf-8")

    return change


def problems(folder: Path) -> str:
    with pytest.raises(CountyInvalid) as refusal:
        load_county(folder)
    return "\n".join(refusal.value.problems)


def test_the_county_has_its_13_municipalities_with_their_letters() -> None:
    names = [municipality.name.fi for municipality in all_holding_on(COUNTY.municipalities, TODAY)]
    assert names == [
        "Heinävesi", "Ilomantsi", "Joensuu", "Juuka", "Kitee", "Kontiolahti", "Lieksa", "Liperi", "Nurmes",
        "Outokumpu", "Polvijärvi", "Rääkkylä", "Tohmajärvi",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("activity", "task"),
    [
        ("cultural-work", "both"),
        ("sports-and-exercise", "municipality"),
        ("food-aid", "municipality"),
        ("patients-and-disability-organisations", "county"),
        ("war-veterans-and-invalids", "county"),
        ("events", "both"),
    ],
)
def test_the_division_by_activity_says_whose_task_it_is(activity: str, task: str) -> None:
    found = COUNTY.activity(activity, TODAY)
    assert found is not None
    assert found.task == task


def test_the_division_has_every_row_of_the_memo() -> None:
    tasks = [activity.task for activity in all_holding_on(COUNTY.activities, TODAY) if activity.id != "other"]
    assert {task: tasks.count(task) for task in set(tasks)} == {"municipality": 7, "county": 4, "both": 6}


def test_what_does_not_hold_on_a_day_is_not_found() -> None:
    assert COUNTY.basket("theme", date(2023, 12, 31)) is None
    assert COUNTY.basket("theme", date(2024, 1, 1)) is not None
    assert COUNTY.municipality("helsinki", TODAY) is None
    assert COUNTY.activity("food-aid", date(2022, 10, 31)) is None
    assert COUNTY.account("9999", TODAY) is None
    assert COUNTY.text("no-such", TODAY) is None
    assert COUNTY.profile("dynasty", TODAY) is not None
    with pytest.raises(NothingHolds, match="no record of deadlines holds on 2020-01-01"):
        COUNTY.deadline_rules(date(2020, 1, 1))


def test_the_rules_are_those_of_the_field() -> None:
    deadlines, payments = COUNTY.deadline_rules(TODAY), COUNTY.payment_rules(TODAY)
    assert (deadlines.notice_days.electronic, deadlines.notice_days.letter) == (3, 7)
    assert (deadlines.rectification_days, deadlines.registry_closes) == (14, time(15, 0))
    assert (payments.approvals_required, payments.small_recovery_limit) == (2, 100_00)
    assert (payments.recovery_years_max, payments.recovery_decided_within_years) == (10, 2)
    assert COUNTY.identity(TODAY).name.fi == "Pohjois-Karjalan hyvinvointialue"


def test_a_diary_number_that_is_written_is_told() -> None:
    diary = COUNTY.diary_rule(TODAY)
    assert diary.number(1234, 2026) == "1234/02.05.01.00/2026"
    assert diary.matches("1234/02.05.01.00/2026")
    assert not diary.matches("1234/02.05.01.00/26")
    assert not diary.matches("x1234/02.05.01.00/2026")


@given(st.lists(st.tuples(st.integers(1, 10**9), st.integers(0, 100), st.integers(0, 100)), max_size=20))
def test_a_grant_that_has_run_its_course_leaves_nothing_payable_or_receivable(
    grants: list[tuple[int, int, int]],
) -> None:
    balances: dict[str, int] = {}

    def post(event: MoneyEvent, cents: int) -> None:
        posting = COUNTY.posting(event, "operating", TODAY)
        balances[posting.debit.number] = balances.get(posting.debit.number, 0) + cents
        balances[posting.credit.number] = balances.get(posting.credit.number, 0) - cents

    for award, reduced_percent, recovered_percent in grants:
        reduction = award * reduced_percent // 100
        paid = award - reduction
        recovered = paid * recovered_percent // 100
        post(MoneyEvent.GRANT_AWARDED, award)
        post(MoneyEvent.GRANT_REDUCED, reduction)
        post(MoneyEvent.PAYMENT_BOOKED, paid)
        post(MoneyEvent.PAYMENT_RETURNED, paid)
        post(MoneyEvent.PAYMENT_BOOKED, paid)
        post(MoneyEvent.RECOVERY_CLAIMED, recovered)
        post(MoneyEvent.RECOVERY_RECEIVED, recovered // 2)
        post(MoneyEvent.RECOVERY_WRITTEN_OFF, recovered - recovered // 2)
    assert balances.get("2590", 0) == 0
    assert balances.get("1590", 0) == 0
    assert sum(balances.values()) == 0


def test_every_basket_has_a_cost_centre_and_every_money_event_a_posting() -> None:
    for basket in all_holding_on(COUNTY.baskets, TODAY):
        for event in MoneyEvent:
            posting = COUNTY.posting(event, basket.id, TODAY)
            assert posting.debit != posting.credit
            assert posting.cost_centre
    with pytest.raises(NothingHolds, match=r"payment\.lost"):
        COUNTY.posting("payment.lost", "operating", TODAY)
    with pytest.raises(NothingHolds, match="basket 'loans'"):
        COUNTY.posting(MoneyEvent.GRANT_AWARDED, "loans", TODAY)


def test_a_division_that_changes_holds_by_its_days(folder: Path, edit: Edit) -> None:
    old = "  - id: food-aid\n    valid_from: 2022-11-01\n"
    later = "    name: { fi: Ruoka-apu, en: Food aid, sv: Mathjälp }\n    task: municipality\n"
    edit(
        "activities.yaml",
        old + later,
        f"{old}    valid_to: 2026-12-31\n{later}"
        + old.replace("2022-11-01", "2027-01-01")
        + later.replace("municipality", "county"),
    )
    county = load_county(folder)
    tasks = [county.activity("food-aid", day) for day in (date(2026, 12, 31), date(2027, 1, 1))]
    assert [activity.task for activity in tasks if activity] == ["municipality", "county"]


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (
            "activities.yaml",
            "task: municipality\n",
            "task: state\n",
            r"line \d+, activities / sports-and-exercise / task",
        ),
        ("activities.yaml", "task: county\n", "task: both\n", "says the county's condition"),
        (
            "activities.yaml",
            "food-aid",
            "sports-and-exercise",
            r"id sports-and-exercise holds twice on 2022-11-01",
        ),
        (
            "municipalities.yaml",
            '"167"',
            "167",
            r"line 7, municipalities / joensuu / code: Input should be a",
        ),
        ("municipalities.yaml", '"146"', '"090"', r"ilomantsi: code 090 holds twice"),
        (
            "municipalities.yaml",
            "region: joensuu",
            "region: kainuu",
            r"region 'kainuu': regions has none that holds",
        ),
        ("baskets.yaml", "activity-in-county", "no-such-text", "conditions 'no-such-text': texts has none"),
        ("baskets.yaml", "years_max: 1", "years: 1", "baskets / operating / years: Extra inputs"),
        ("county.yaml", "1234567-1", "1234567-2", "business_id: a business id reads"),
        ("county.yaml", "FI2112345600000785", "FI2112345600000786", "iban: an account number is an IBAN"),
        (
            "deadlines.yaml",
            "letter: 7",
            "letter: 7, letter: 8",
            "deadlines.yaml, line 8: letter stands twice",
        ),
        ("deadlines.yaml", "deadlines:", "deadlines: [", r"deadlines.yaml, line \d+: "),
        ("deadlines.yaml", "deadlines:", "dates:", "deadlines.yaml: has to hold exactly deadlines"),
        ("diary.yaml", "{class_code}/{year}", "{class_code}", "the regex does not tell it"),
        ("diary.yaml", "{running}", "{number}", "pattern or regex cannot be used"),
        ("diary.yaml", "/{year}", "/2026", "it is not unique over running numbers and years"),
        ("accounts.yaml", 'payment.booked, debit: "2590"', 'payment.booked, debit: "1590"', "never settled"),
        (
            "accounts.yaml",
            'credit: "4740", valid_from',
            'credit: "4790", valid_from',
            "grant.reduced has credit 4790",
        ),
        (
            "accounts.yaml",
            'debit: "2590", credit: "1700"',
            'debit: "2590", credit: "2590"',
            "the same account",
        ),
        ("accounts.yaml", 'number: "4790"', 'number: "4791"', "accounts has none that holds on 2022-11-01"),
        (
            "accounts.yaml",
            "valid_from: 2022-11-01 }\n  - { event: recovery.received",
            "valid_from: 2022-11-01, valid_to: 2025-12-31 }\n  - { event: recovery.received",
            "recovery.claimed has no posting on 2026-01-01",
        ),
        (
            "payments.yaml",
            "approvals_required: 2",
            "approvals_required: 1",
            "approvals_required: Input should be greater",
        ),
        ("payments.yaml", "100.00 EUR", "100 EUR", "an amount reads"),
        (
            "payments.yaml",
            "recovery_years_max: 10",
            "recovery_years_max: 0",
            "recovery_years_max: Input should",
        ),
        ("payments.yaml", "profile: dynasty", "profile: sap", "back_office_profile 'sap': profiles has none"),
        (
            "backoffice.yaml",
            "field: credit",
            "field: kredit",
            "profiles / dynasty / columns / Kredit / field",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_file_and_place(
    folder: Path, edit: Edit, name: str, old: str, new: str, said: str
) -> None:
    edit(name, old, new)
    found = problems(folder)
    assert found.startswith(name)
    assert re.search(said, found), found


def test_all_mistakes_are_listed_at_once(folder: Path, edit: Edit) -> None:
    edit("payments.yaml", "approvals_required: 2", "approvals_required: 1")
    edit("county.yaml", "1234567-1", "1234567-2")
    assert len(problems(folder).splitlines()) == 2


def test_a_county_may_have_no_time_limits_of_recovery(folder: Path, edit: Edit) -> None:
    edit("payments.yaml", "    recovery_years_max: 10 # unchecked\n", "")
    edit("payments.yaml", "    recovery_decided_within_years: 2 # unchecked\n", "")
    payments = load_county(folder).payment_rules(TODAY)
    assert (payments.recovery_years_max, payments.recovery_decided_within_years) == (None, None)


def test_a_missing_and_an_unknown_file_are_named(folder: Path) -> None:
    (folder / "diary.yaml").rename(folder / "diaries.yaml")
    assert problems(folder).splitlines() == [
        "diary.yaml: the file is missing",
        "diaries.yaml: the file is not known",
    ]


def test_a_file_cannot_run_code(folder: Path) -> None:
    (folder / "diary.yaml").write_text("diary: !!python/object/apply:os.getcwd []\n", "utf-8")
    assert "diary.yaml, line 1: could not determine a constructor" in problems(folder)


def test_a_list_that_names_nothing_is_refused(folder: Path) -> None:
    (folder / "diary.yaml").write_text("diary:\n", "utf-8")
    assert problems(folder).startswith("diary.yaml, line 1, diary: ")


def test_every_file_of_the_county_names_its_source_or_says_what_it_is() -> None:
    for name in FILES:
        assert (FOLDER / name).read_text("utf-8").startswith("# ")


def test_a_county_never_changes_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        COUNTY.baskets = ()  # type: ignore[misc]
    assert isinstance(COUNTY, County)


@given(st.lists(st.tuples(st.integers(0, 30), st.none() | st.integers(0, 30)), max_size=6))
def test_periods_overlap_exactly_when_some_day_has_two_records(spans: list[tuple[int, int | None]]) -> None:
    records = [
        Dated(
            valid_from=date(2026, 1, 1 + start),
            valid_to=None if length is None else date(2026, 1, min(31, 1 + start + length)),
        )
        for start, length in spans
    ]
    days = [date(2026, 1, day) for day in range(1, 32)]
    shared = any(len(all_holding_on(records, day)) > 1 for day in days)
    assert (overlapping(records) is not None) == shared
