"""docs/states-intake.md says what may be done with a call, an association and an application in each state: every cell
was tried. `python -m tests.tidy.test_states_intake` writes the page anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, get_args
from uuid import UUID

from schemas.calls import AttachedFile, CallTerms
from schemas.facts import Fact
from schemas.intake import (
    AccountChangeDropped,
    AccountChangeRequested,
    ApplicationStandingChanged,
    ApplicationSubmitted,
    ApplicationSupplemented,
    ApplicationWithdrawn,
    AssociationAccountChanged,
    AssociationCorrected,
    AssociationRegistered,
    CallPublished,
    ChangeRequested,
    CostReportSubmitted,
    PersonEnded,
    PersonErased,
    PersonNamed,
    Standing,
    UsageReportSubmitted,
)
from schemas.words import Words
from services.intake.domain import applications, associations, calls
from services.intake.domain.calls import Call
from tests.tidy.state_tables import NOTHING, YES, StateTable, page_of, tried
from tests.unit.given import fact, folded

PAGE: Final = Path(__file__).parents[2] / "docs" / "states-intake.md"
ID: Final = UUID("019b7a1e-8c00-7000-8000-000000000002")
OTHER_IBAN: Final = "FI1410093000123458"
TODAY: Final = date(2026, 3, 3)
OPEN_AT: Final = datetime(2026, 1, 12, 8, 0, tzinfo=UTC)
BEFORE: Final = datetime(2025, 12, 12, 8, 0, tzinfo=UTC)
AFTER: Final = datetime(2026, 1, 19, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Given:
    """What a command meets: the facts of its stream, and the moment."""

    facts: tuple[Fact, ...] = ()
    now: datetime = OPEN_AT

    def of(self, evolve: Callable[[Any, Fact], Any]) -> Any:
        return folded(evolve, None, *self.facts)


Act = Callable[[Given], list[Fact]]

# --- calls ---------------------------------------------------------------------------------------------------

ASKED: Final = {"kind": "annual-accounts", "label": {"fi": "Tilinpäätös"}, "later_until": "2026-04-30"}
ROUND: Final = fact(CallPublished, attachments=[ASKED])
CONTINUOUS: Final = fact(CallPublished, kind="continuous", closes_at=None)


def amend(**changed: Any) -> Act:
    """An amendment of what the call says now."""

    def act(given: Given) -> list[Fact]:
        state = given.of(calls.evolve)
        own = {name: getattr(state.call, name) for name in CallTerms.model_fields}
        terms = CallTerms.model_validate({**own, **changed})
        return calls.amend(state, terms, Words(fi="Muutos"), given.now)

    return act


def send(channel: str, arrived_on: str | None = None) -> Act:
    def act(given: Given) -> list[Fact]:
        day = date.fromisoformat(arrived_on) if arrived_on else given.now.date()
        sent = fact(ApplicationSubmitted, channel=channel, arrived_on=day.isoformat())
        moment = applications.paper_moment(day) if channel == "paper" else given.now
        return applications.submit(None, given.of(calls.evolve), sent, moment)

    return act


CALLS: Final = StateTable(
    "Calls (*haku*)",
    "An application that comes after the closing minute is taken and marked as late; a draft (*luonnos*) of a call "
    "that has closed is not sent, but copied to another call.",
    {
        "published, not open yet": Given((ROUND,), BEFORE),
        "open": Given((ROUND,)),
        "closed": Given((ROUND,), AFTER),
        "open until further notice": Given((CONTINUOUS,), AFTER),
    },
    {
        "publish it again": lambda given: calls.publish(given.of(calls.evolve), ROUND),
        "move the opening": amend(opens_at="2025-12-20T08:00:00+02:00"),
        "move the closing": amend(closes_at="2026-01-30T16:00:00+02:00"),
        "close it in the past": amend(closes_at="2025-12-11T16:00:00+02:00", opens_at="2025-12-10T08:00:00+02:00"),
        "change other terms": amend(instructions="Hae paperilla."),
        "change basket, year or kind": amend(year=2027),
        "change nothing": amend(),
        "send an application (*hakemus*)": send("electronic"),
        "register a paper application of today": send("paper"),
    },
)

# --- associations --------------------------------------------------------------------------------------------

REGISTERED: Final = fact(AssociationRegistered)
REQUESTED: Final = fact(AccountChangeRequested, iban=OTHER_IBAN, not_before=TODAY)
NAMED: Final = fact(PersonNamed)


def request(iban: str, change_id: UUID) -> Act:
    change = fact(AccountChangeRequested, iban=iban, change_id=change_id)
    return lambda given: associations.request_account_change(given.of(associations.evolve), change)


def confirm(person: str, today: date = TODAY) -> Act:
    return lambda given: associations.confirm_account_change(given.of(associations.evolve), ID, person, today)


ACCOUNTS: Final = StateTable(
    "An association's account (*tilinumero*)",
    "The attempt of the one who asked to confirm too is refused and kept.",
    {
        "registered": Given((REGISTERED,)),
        "a change waits": Given((REGISTERED, REQUESTED)),
        "the change was confirmed": Given(
            (REGISTERED, REQUESTED, fact(AssociationAccountChanged, iban=OTHER_IBAN), fact(AccountChangeDropped))
        ),
        "the change was dropped": Given((REGISTERED, REQUESTED, fact(AccountChangeDropped))),
    },
    {
        "register it again": lambda given: associations.register(given.of(associations.evolve), REGISTERED),
        "ask for another account": request("FI5542345670000081", ID),
        "ask for the account that it has first": request(REGISTERED.iban, ID),
        "confirm, by another person": confirm("officer-2"),
        "confirm, by the one who asked": confirm("officer-1"),
        "confirm before the waiting time is over": confirm("officer-2", date(2026, 3, 2)),
        "drop the change": lambda given: associations.drop_account_change(
            given.of(associations.evolve), ID, "Väärennös", "officer-1"
        ),
    },
)  # fmt: skip


def correct(**changed: Any) -> Act:
    corrected = fact(AssociationCorrected, **changed)
    return lambda given: associations.correct(given.of(associations.evolve), corrected, TODAY)


IDENTITY: Final = StateTable(
    "What an association is",
    "Its name, display name (*näyttönimi*), register number (*rekisterinumero*), domicile (*kotipaikka*), kind and "
    "language are corrected (*tietojen korjaus*) as a whole; the number by which it is known (*Y-tunnus*) stays.",
    {
        "registered": Given((REGISTERED,)),
        "corrected": Given((REGISTERED, fact(AssociationCorrected))),
        "a change of account waits": Given((REGISTERED, REQUESTED)),
        "the officer acts or signs for it": Given((REGISTERED, fact(PersonNamed, person="officer-1"))),
    },
    {
        "correct it": correct(name="Uusi nimi ry"),
        "correct it to what the register says": correct(),
        "correct it back to what was registered": correct(
            **{name: getattr(REGISTERED, name) for name in associations.CORRECTED}
        ),
    },
)


def act_for_it(given: Given) -> list[Fact]:
    """Whether the person of the mandate may act, as if it were an event."""
    return [NAMED] if associations.may_act(given.of(associations.evolve), "user-1", TODAY) else []


PEOPLE: Final = StateTable(
    "An association's people",
    "The person is one who may act for the association (*valtuutettu*) until 31.12.2027 at first.",
    {
        "not named": Given((REGISTERED,)),
        "named": Given((REGISTERED, NAMED)),
        "ended": Given((REGISTERED, NAMED, fact(PersonEnded, valid_until="2026-03-02"))),
        "erased": Given((REGISTERED, NAMED, fact(PersonErased))),
    },
    {
        "name them": lambda given: associations.name_person(given.of(associations.evolve), NAMED),
        "end their part earlier": lambda given: associations.end_person(
            given.of(associations.evolve), ID, date(2026, 3, 1)
        ),
        "end it later than it ends": lambda given: associations.end_person(
            given.of(associations.evolve), ID, date(2028, 1, 1)
        ),
        "end it before it begins": lambda given: associations.end_person(
            given.of(associations.evolve), ID, date(2025, 12, 31)
        ),
        "erase them": lambda given: associations.erase_person(given.of(associations.evolve), ID, "Pyyntö"),
        "they act for it by a token that names it": act_for_it,
    },
)

# --- applications --------------------------------------------------------------------------------------------

FINNISH: Final[dict[Standing, str]] = {
    "received": "saapunut", "supplement_requested": "täydennyspyyntö", "in_preparation": "valmistelussa",
    "transferred": "siirretty", "decided": "päätetty", "notified": "tiedoksiannettu", "final": "lainvoimainen",
    "paid": "maksettu", "payment_delayed": "maksu viivästyy", "recovery": "takaisinperintä", "withdrawn": "peruttu",
    "report_requested": "selvitys pyydetty", "report_returned": "selvitys palautettu",
    "report_accepted": "selvitys hyväksytty", "hearing": "kuuleminen", "agreement_offered": "sopimus tarjottu",
    "agreement_signed": "sopimus allekirjoitettu", "cost_report_returned": "kustannusselvitys palautettu",
    "cost_report_accepted": "kustannusselvitys hyväksytty", "change_decided": "muutos päätetty",
    "payment_sent": "maksu matkalla", "own_funding_awaited": "omarahoitus osoittamatta",
    "report_received": "selvitys saapunut", "appealed": "valitettu",
}  # fmt: skip
FILE: Final = AttachedFile(
    attachment_id=ID, kind="annual-accounts", name="tilinpäätös.pdf", sha256="0" * 64, size_bytes=1,
    media_type="application/pdf",
)  # fmt: skip


def told(standing: Standing) -> Fact:
    asks = standing in {"supplement_requested", "hearing"}
    amount = "2000.00 EUR" if standing == "decided" else None
    return fact(ApplicationStandingChanged, standing=standing, request_id=ID if asks else None, amount=amount)


def standing_at(standing: Standing) -> Given:
    """An application that got there by the usual way: after a decision, when the standing is one of those."""
    sent = fact(ApplicationSubmitted)
    if standing == "received":
        return Given((sent,))
    if standing == "withdrawn":
        return Given((sent, told("supplement_requested"), fact(ApplicationWithdrawn)))
    decided = (told("decided"),) if standing in applications.DECIDED - {"decided"} else ()
    return Given((sent, *decided, told(standing)))


DECISION_TOLD: Final = "another service tells that it is decided and final"


def do(act: Callable[[applications.Application], list[Fact]]) -> Act:
    return lambda given: act(given.of(applications.evolve))


APPLICATIONS: Final = StateTable(
    "Applications (*hakemus*)",
    "A row for each standing that an application may have. What other services tell is noted in any order; a decision "
    "that is known stays known.",
    {
        **{f"{name.replace('_', ' ')} (*{finnish}*)": standing_at(name) for name, finnish in FINNISH.items()},
        "supplemented (*täydennetty*)": Given(
            (fact(ApplicationSubmitted), told("supplement_requested"), fact(ApplicationSupplemented, request_id=ID))
        ),
        "report of use sent (*selvitys annettu*)": Given(
            (fact(ApplicationSubmitted), told("decided"), told("paid"), fact(UsageReportSubmitted))
        ),
    },
    {
        "send it again": lambda given: applications.submit(
            given.of(applications.evolve), Call(ROUND), fact(ApplicationSubmitted), OPEN_AT
        ),
        "supplement (*täydennys*)": do(lambda state: applications.supplement(state, ID, "Vastaus")),
        "add an attachment that may follow": do(
            lambda state: applications.add_attachment(state, Call(ROUND), FILE, date(2026, 4, 30))
        ),
        "add it after its last day": do(
            lambda state: applications.add_attachment(state, Call(ROUND), FILE, date(2026, 5, 1))
        ),
        "withdraw (*peruminen*)": do(lambda state: applications.withdraw(state, "Ei tarvetta")),
        "ask for a change (*muutoshakemus*)": do(
            lambda state: applications.request_change(state, fact(ChangeRequested))
        ),
        "report the use (*selvitys*)": do(lambda state: applications.report_use(state, fact(UsageReportSubmitted))),
        "report costs (*kustannusselvitys*)": do(
            lambda state: applications.report_costs(state, fact(CostReportSubmitted))
        ),
        "another service tells that it is prepared": do(
            lambda state: applications.note_standing(state, fact(ApplicationStandingChanged, standing="in_preparation"))
        ),
        DECISION_TOLD: do(
            lambda state: applications.note_standing(state, fact(ApplicationStandingChanged, standing="final"))
        ),
    },
)

INTRODUCTION: Final = (
    "Each row is a state, each column what somebody or another service does: "
    f"**{YES}** it is done, **{NOTHING}** nothing happens and nothing is recorded, a number is the refusal at the end. "
    "Every cell was tried on the rules themselves, with somebody who may do it. The page is written by "
    "`python -m tests.tidy.test_states_intake`; [states.md](states.md) has the cases of the back office."
)
TABLES: Final = (CALLS, IDENTITY, ACCOUNTS, PEOPLE, APPLICATIONS)


def page() -> str:
    """The whole page."""
    return page_of("What may be done in intake", INTRODUCTION, TABLES)


def test_the_page_of_intakes_states_is_what_the_rules_do() -> None:
    written = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    assert written == page(), "docs/states-intake.md is stale: python -m tests.tidy.test_states_intake writes it anew"


def test_every_standing_of_an_application_has_its_row_and_comes_about() -> None:
    assert set(FINNISH) == set(get_args(Standing))
    assert all(standing_at(name).of(applications.evolve).standing == name for name in FINNISH)


def test_a_withdrawn_application_takes_nothing_more_but_a_decision_that_came_first() -> None:
    withdrawn = standing_at("withdrawn")
    assert [name for name, command in APPLICATIONS.commands.items() if tried(command, withdrawn) == YES] == [
        DECISION_TOLD
    ]


def main() -> None:
    """Writes the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
