"""A county's own data as records with a period: municipalities, baskets, activities, accounts, payment rules.

One folder of files makes a `County`; nothing of it is a constant in code. Lookups are pure and take the
Helsinki date for which they ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, time
from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, Strict, model_validator
from pydantic_core import PydanticCustomError

from .backoffice import Profile
from .county_consistency import Inconsistency, inconsistencies
from .county_rules import FocusArea, Organ, RecoveryInterest, ReferenceRate, WellbeingCoefficient
from .identifiers import BusinessId, Iban, Slug
from .money import NonNegativeMoney
from .money_events import MoneyEvent
from .validity import Dated, Line, Names, Record, holding_on

Code = Annotated[str, Field(pattern=r"^[0-9A-Za-z.-]{1,20}$")]


_Item = TypeVar("_Item")
Several = Annotated[tuple[_Item, ...], Strict(strict=False)]
"""A list in the file."""


class NothingHolds(LookupError):
    """The county's files have no record for what was asked on that date."""


class Debtor(Record):
    """The account that grants are paid from. `name` is the registered one."""

    name: Annotated[str, Field(min_length=1, max_length=70)]
    iban: Iban
    bic: Annotated[str, Field(pattern=r"^[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?$")] | None = None
    town: Line
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class Identity(Dated):
    """The county itself (*hyvinvointialue*)."""

    id: Slug
    name: Names
    business_id: BusinessId
    debtor: Debtor


class Region(Dated):
    """A sub-region (*seutukunta*)."""

    id: Slug
    name: Names


class Municipality(Dated):
    """A municipality (*kunta*). `code` is the three digits of Statistics Finland."""

    id: Slug
    code: Annotated[str, Field(pattern=r"^[0-9]{3}$")]
    name: Names
    region: Slug


class Basket(Dated):
    """A basket (*avustuskori*): its kinds of call, who may apply, and the appropriation it draws on. `requires` is what
    instalments of its grants wait for beside their day; with `coefficients` points are multiplied before ranking, and
    with `own_funding_declared` an application comes with its budget by row.
    """

    id: Slug
    name: Names
    opens: Several[Literal["round", "continuous", "negotiated"]] = Field(min_length=1)
    applicants: Several[Literal["local", "district", "collaborative_area"]] = Field(min_length=1)
    years_max: int = Field(ge=1, le=5)
    money: Literal["always", "optional"]
    own_funding_declared: bool
    appropriation: Slug
    requires: Several[Literal["agreement", "yearly_review", "own_funding", "cost_reports"]] = ()
    coefficients: bool = False
    conditions: Several[Slug] = ()


class Activity(Dated):
    """An activity of the division (*toimintaperustainen jaottelu*) and whose task it is.

    Where it is `both`, it is the county's when `county_condition` is met, else the municipality's.
    """

    id: Slug
    name: Names
    task: Literal["municipality", "county", "both"]
    county_condition: Names | None = None

    @model_validator(mode="after")
    def _condition_belongs_to_shared_tasks(self) -> Self:
        if (self.task == "both") != (self.county_condition is not None):
            raise ValueError("an activity that is the task of both says the county's condition, and no other does")
        return self


class NoticeDays(Record):
    """Days after sending on which a notice (*tiedoksianto*) counts as received."""

    electronic: int = Field(ge=0, le=60)
    letter: int = Field(ge=0, le=60)


class Deadlines(Dated):
    """How days are counted. `registry_closes` is Helsinki time; `extra_closed` adds to the calendar. De minimis aid is
    registered within `de_minimis_register_days` working days after granting; None where nothing says by when.
    """

    notice_days: NoticeDays
    rectification_days: int = Field(ge=1, le=365)
    members_notice_days: int = Field(ge=0, le=60)
    appeal_days: int = Field(ge=1, le=365)
    supplement_days: int = Field(ge=1, le=365)
    report_ask_days: int = Field(ge=0, le=365)
    de_minimis_register_days: int | None = Field(default=None, ge=1, le=365)
    registry_closes: Annotated[time, Strict(strict=False)]
    calendar: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    extra_closed: Several[date] = ()


class Diary(Dated):
    """How a diary number (*diaarinumero*) is written and told."""

    pattern: Line
    class_code: Code
    class_title: Names
    regex: Line

    @model_validator(mode="after")
    def _regex_tells_what_the_pattern_writes(self) -> Self:
        try:
            written = self.number(1234, 2026)
            told = self.matches(written)
        except (re.error, KeyError, IndexError, ValueError) as error:
            raise ValueError(f"pattern or regex cannot be used: {error}") from error
        if not told or written in {self.number(1235, 2026), self.number(1234, 2027)}:
            raise ValueError(f"the pattern writes {written!r}: the regex does not tell it, or it is not unique over "
                             "running numbers and years")  # fmt: skip
        return self

    def number(self, running: int, year: int) -> str:
        """Write the diary number of a running number and year."""
        return self.pattern.format(running=running, class_code=self.class_code, year=year)

    def matches(self, text: str) -> bool:
        """Tell whether a text is a diary number."""
        return re.fullmatch(self.regex, text) is not None


class Account(Dated):
    """An account (*tili*). A cost centre stands on rows of expenses and income alone."""

    number: Code
    name: Names
    type: Literal["asset", "liability", "expense", "income"]

    @property
    def takes_cost_centre(self) -> bool:
        """Tell whether rows of this account carry a cost centre and a service class."""
        return self.type in {"expense", "income"}


class PostingRule(Dated):
    """Which accounts (by number) a money event debits and credits."""

    event: Annotated[MoneyEvent, Strict(strict=False)]
    debit: Code
    credit: Code


class CostCentre(Dated):
    """The cost centre (*kustannuspaikka*) and service class (*palveluluokka*) of a basket."""

    basket: Slug
    cost_centre: Code
    service_class: Code


class BankProfile(Record):
    """The form of payment files that the county agreed with its bank.

    `characters` are those that the bank carries: the SEPA basic set (EPC217-08), with `finnish` å, ä and ö besides.
    Others are written with those (`transliterate`) or refuse the payment (`refuse`); none is dropped. A BIC is written
    where it is known, or never. `address` is the payee's town and country where they are known, or nothing: lines
    without structure are barred since 15 November 2026 (EPC). `remittance` is what tells the payee of the payment: its
    message, or a reference of `reference_kind` (national is *viitenumero*, rf is ISO 11649) for every payment.
    `initiating_party_id` is the id agreed with the bank (*palvelutunnus*).
    """

    message: Literal["pain.001.001.03", "pain.001.001.09"]
    characters: Literal["finnish", "basic"]
    other_characters: Literal["transliterate", "refuse"] = "transliterate"
    batch_booking: bool
    bic: Literal["written", "left_out"] = "written"
    address: Literal["town_and_country", "none"] = "town_and_country"
    remittance: Literal["message", "reference"] = "message"
    reference_kind: Literal["national", "rf"] | None = None
    initiating_party_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9/?:().,'+ -]{1,35}$")] | None = None
    name_length_max: int = Field(default=70, ge=10, le=70)
    message_length_max: int = Field(default=140, ge=10, le=140)
    payments_per_file_max: int = Field(default=20_000, ge=1, le=20_000)
    long_names: Literal["cut", "refuse"] = "cut"

    @model_validator(mode="after")
    def _a_reference_has_its_kind(self) -> Self:
        if (self.remittance == "reference") != (self.reference_kind is not None):
            raise ValueError("remittance: reference says its reference_kind (national or rf), and message has none")
        return self


class RecoveryReference(Record):
    """The reference that a recovery is paid with: these digits, then a running number."""

    kind: Literal["rf", "national"]
    base: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,9}$")]


class PaymentRules(Dated):
    """How money leaves and comes back. `small_recovery_limit` is in cents: what is less is not claimed.
    By `reconciliation_tolerance` (cents) sums of bank and back office may differ from the ledger's and still match.
    `approver_limit` is what a person approves of a run for whom no limit was set (None: any sum).
    `account_change_days` pass between the request for another account and its earliest confirmation.
    A recovery is decided within `recovery_years_max` of the last payment, and by the end of the calendar year that is
    `recovery_decided_within_years` after the one in which the county learned of its grounds (None: at any time).
    """

    approvals_required: int = Field(ge=2, le=5)
    approver_limit: NonNegativeMoney | None = None
    small_recovery_limit: NonNegativeMoney
    recovery_due_days: int = Field(ge=1, le=365)
    hearing_before_recovery: bool
    recovery_interest: RecoveryInterest | None = None
    recovery_years_max: int | None = Field(default=None, ge=1, le=50)
    recovery_decided_within_years: int | None = Field(default=None, ge=0, le=50)
    account_change_days: int = Field(ge=0, le=60)
    de_minimis_limit: NonNegativeMoney
    bank_profile: BankProfile
    reference: RecoveryReference
    voucher_series: Slug
    back_office_profile: Slug
    reconciliation_tolerance: NonNegativeMoney = 0


class Text(Dated):
    """A text that documents print. `unchecked`: a rule or section in it was not read in the statute."""

    id: Slug
    fi: Annotated[str, Field(min_length=1, max_length=4000)]
    en: Annotated[str, Field(min_length=1, max_length=4000)]
    sv: Annotated[str, Field(min_length=1, max_length=4000)] | None = None
    unchecked: bool = False


class Posting(Record):
    """What a money event posts: one debit row and one credit row of the same sum."""

    debit: Account
    credit: Account
    cost_centre: str
    service_class: str


_Keyed = TypeVar("_Keyed", bound=Dated)
_Rule = TypeVar("_Rule", bound=Dated)


class County(Record):
    """All data of one county. A lookup by id is None when nothing of that id holds on the date."""

    county: Several[Identity] = Field(min_length=1)
    regions: Several[Region] = Field(min_length=1)
    municipalities: Several[Municipality] = Field(min_length=1)
    baskets: Several[Basket] = Field(min_length=1)
    activities: Several[Activity] = Field(min_length=1)
    deadlines: Several[Deadlines] = Field(min_length=1)
    diary: Several[Diary] = Field(min_length=1)
    accounts: Several[Account] = Field(min_length=2)
    postings: Several[PostingRule] = Field(min_length=1)
    cost_centres: Several[CostCentre] = Field(min_length=1)
    payments: Several[PaymentRules] = Field(min_length=1)
    profiles: Several[Profile] = Field(min_length=1)
    texts: Several[Text] = ()
    organs: Several[Organ] = Field(min_length=1)
    focus_areas: Several[FocusArea] = ()
    wellbeing_coefficients: Several[WellbeingCoefficient] = ()
    reference_rates: Several[ReferenceRate] = ()

    @model_validator(mode="after")
    def _files_agree(self) -> Self:
        found = inconsistencies(self)
        if found:
            raise _inconsistent(found)
        return self

    def municipality(self, municipality_id: str, on: date) -> Municipality | None:
        """Find a municipality by its id, such as 'joensuu'."""
        return _find(self.municipalities, "id", municipality_id, on)

    def basket(self, basket_id: str, on: date) -> Basket | None:
        """Find a basket by its id."""
        return _find(self.baskets, "id", basket_id, on)

    def activity(self, activity_id: str, on: date) -> Activity | None:
        """Find an activity by its id."""
        return _find(self.activities, "id", activity_id, on)

    def account(self, number: str, on: date) -> Account | None:
        """Find an account by its number."""
        return _find(self.accounts, "number", number, on)

    def profile(self, profile_id: str, on: date) -> Profile | None:
        """Find a back-office profile by its id."""
        return _find(self.profiles, "id", profile_id, on)

    def text(self, text_id: str, on: date) -> Text | None:
        """Find a text by its id."""
        return _find(self.texts, "id", text_id, on)

    def organ(self, organ_id: str, on: date) -> Organ | None:
        """Find a body that decides, by its id or by its name in any language."""
        return holding_on((each for each in self.organs if organ_id == each.id or organ_id in each.name.all), on)

    def focus_area(self, area_id: str, on: date) -> FocusArea | None:
        """Find a focus area by its id."""
        return _find(self.focus_areas, "id", area_id, on)

    def wellbeing_coefficient(self, municipality: str, on: date) -> int:
        """Give a municipality's coefficient in hundredths; 100 where the files have none."""
        found = _find(self.wellbeing_coefficients, "municipality", municipality, on)
        return 100 if found is None else found.coefficient

    def reference_rate(self, on: date) -> int:
        """Give the reference rate in hundredths of a percent. Raises NothingHolds."""
        return _rule(self.reference_rates, "reference_rates", on).rate

    def identity(self, on: date) -> Identity:
        """Give the county's name and account. Raises NothingHolds."""
        return _rule(self.county, "county", on)

    def deadline_rules(self, on: date) -> Deadlines:
        """Give how days are counted. Raises NothingHolds."""
        return _rule(self.deadlines, "deadlines", on)

    def diary_rule(self, on: date) -> Diary:
        """Give how diary numbers are written. Raises NothingHolds."""
        return _rule(self.diary, "diary", on)

    def payment_rules(self, on: date) -> PaymentRules:
        """Give how money leaves and comes back. Raises NothingHolds."""
        return _rule(self.payments, "payments", on)

    def posting(self, event_type: str, basket: str, on: date) -> Posting:
        """Give the accounts of a money event and the cost centre of its basket. Raises NothingHolds."""
        rule = _find(self.postings, "event", event_type, on)
        centre = _find(self.cost_centres, "basket", basket, on)
        if rule is None:
            raise NothingHolds(f"no posting for {event_type!r} holds on {on}")
        if centre is None:
            raise NothingHolds(f"no cost centre for basket {basket!r} holds on {on}")
        debit, credit = self.account(rule.debit, on), self.account(rule.credit, on)
        assert debit is not None, "the files were checked against each other"
        assert credit is not None, "the files were checked against each other"
        return Posting(debit=debit, credit=credit, cost_centre=centre.cost_centre, service_class=centre.service_class)


def _inconsistent(found: Iterable[Inconsistency]) -> PydanticCustomError:
    """Make one error of all that does not agree; a loader finds the places in its context, under `found`."""
    listed = tuple(found)
    return PydanticCustomError(
        "county_inconsistent",
        "{reasons}",
        {"reasons": "; ".join(str(one) for one in listed), "found": listed},
    )


def _find(records: Iterable[_Keyed], key: str, value: str, on: date) -> _Keyed | None:
    return holding_on((record for record in records if getattr(record, key) == value), on)


def _rule(records: Iterable[_Rule], what: str, on: date) -> _Rule:
    rule = holding_on(records, on)
    if rule is None:
        raise NothingHolds(f"no record of {what} holds on {on}")
    return rule
