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
from .identifiers import BusinessId, Iban, Slug
from .money import NonNegativeMoney
from .money_events import MoneyEvent
from .validity import Dated, Record, holding_on

Line = Annotated[str, Field(min_length=1, max_length=400)]
Code = Annotated[str, Field(pattern=r"^[0-9A-Za-z.-]{1,20}$")]


_Item = TypeVar("_Item")
Several = Annotated[tuple[_Item, ...], Strict(strict=False)]
"""A list in the file."""


class NothingHolds(LookupError):
    """The county's files have no record for what was asked on that date."""


class Names(Record):
    """A name or sentence in Finnish and English, and where it was translated in Swedish."""

    fi: Line
    en: Line
    sv: Line | None = None


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
    """A basket (*avustuskori*): its kinds of call, who may apply, and the appropriation it draws on."""

    id: Slug
    name: Names
    opens: Several[Literal["round", "continuous", "negotiated"]] = Field(min_length=1)
    applicants: Several[Literal["local", "district", "collaborative_area"]] = Field(min_length=1)
    years_max: int = Field(ge=1, le=5)
    money: Literal["always", "optional"]
    own_funding_declared: bool
    appropriation: Slug
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
    """How days are counted. `registry_closes` is Helsinki time; `extra_closed` adds to the calendar."""

    notice_days: NoticeDays
    rectification_days: int = Field(ge=1, le=365)
    members_notice_days: int = Field(ge=0, le=60)
    appeal_days: int = Field(ge=1, le=365)
    supplement_days: int = Field(ge=1, le=365)
    report_ask_days: int = Field(ge=0, le=365)
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
        if not told or self.number(1235, 2026) == written:
            raise ValueError(f"the pattern writes {written!r}: the regex does not tell it, or it is not unique")
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
    """What the county's bank takes."""

    message: Literal["pain.001.001.09"]
    characters: Literal["finnish", "basic"]
    batch_booking: bool


class RecoveryReference(Record):
    """The reference that a recovery is paid with: these digits, then a running number."""

    kind: Literal["rf", "national"]
    base: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,9}$")]


class PaymentRules(Dated):
    """How money leaves and comes back. `small_recovery_limit` is in cents: what is less is not claimed.
    `account_change_days` pass between the request for another account and its earliest confirmation.
    """

    approvals_required: int = Field(ge=2, le=5)
    small_recovery_limit: NonNegativeMoney
    recovery_due_days: int = Field(ge=1, le=365)
    hearing_before_recovery: bool
    account_change_days: int = Field(ge=0, le=60)
    de_minimis_limit: NonNegativeMoney
    bank_profile: BankProfile
    reference: RecoveryReference
    voucher_series: Slug
    back_office_profile: Slug


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
