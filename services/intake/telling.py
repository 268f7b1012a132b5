"""What applicants are told by mail, and to whom: an event of intake is the occasion, a contact the addressee."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from schemas.county import County
from schemas.facts import Fact
from schemas.helsinki import HELSINKI
from schemas.intake import (
    AccountChangeDropped,
    AccountChangeRequested,
    ApplicationStandingChanged,
    AssociationAccountChanged,
    CallAmended,
    Standing,
)
from schemas.personal import Sealed
from services.ledger import Ledger, Record
from services.web.clock import Clock
from services.web.handling import fact_of

from .messages import Addressee, Occasion
from .messages.texts import one_line
from .person_keys import PersonKeys

PAGE: Final = 500
_OCCASIONS: Final[Mapping[Standing, str]] = {
    "in_preparation": "received", "supplement_requested": "supplement_requested", "transferred": "transferred",
    "decided": "decided", "notified": "notified", "final": "final", "paid": "paid",
    "payment_delayed": "payment_delayed", "recovery": "recovery_to_pay",
    "hearing": "hearing", "report_requested": "report_due", "report_returned": "report_returned",
    "agreement_offered": "agreement_offered", "cost_report_returned": "cost_report_returned",
    "change_decided": "change_decided", "own_funding_awaited": "own_funding_awaited",
}  # fmt: skip
_OF_ACCOUNTS: Final[Mapping[str, str]] = {
    AccountChangeRequested.event_type: "account_change_requested",
    AssociationAccountChanged.event_type: "account_changed",
    AccountChangeDropped.event_type: "account_change_refused",
}
ON_ITS_WAY: Final[frozenset[Standing]] = frozenset({"received", "supplement_requested", "in_preparation"})
TOLD: Final = frozenset({ApplicationStandingChanged.event_type, CallAmended.event_type, *_OF_ACCOUNTS})


class Telling:
    """Finds occasions and addressees in intake's registers."""

    def __init__(self, ledger: Ledger, county: County, clock: Clock, keys: PersonKeys) -> None:
        self._ledger = ledger
        self._county = county
        self._clock = clock
        self._keys = keys

    async def occasions(self, record: Record) -> Sequence[Occasion]:
        """What an event is the occasion for; nothing for events that applicants are not told of."""
        if record.type not in TOLD:
            return ()
        if record.type in _OF_ACCOUNTS:
            return await self._of_account(record)
        fact: Fact = fact_of(record)
        if isinstance(fact, CallAmended):
            return [occasion async for occasion in self._of_amendment(fact, record.position)]
        assert isinstance(fact, ApplicationStandingChanged)
        return self._of_standing(fact, record.recorded_at.astimezone(HELSINKI).date())

    def _of_standing(self, change: ApplicationStandingChanged, on: date) -> Sequence[Occasion]:
        name = _occasion(change)
        if name is None:
            return ()
        subject = f"application/{change.application_id}"
        parameters = self._parameters(change, on)
        return (Occasion(name, subject, parameters, str(change.application_id)),)

    def _parameters(self, change: ApplicationStandingChanged, on: date) -> dict[str, object]:
        named = change.municipality
        municipality = None if named is None else self._county.municipality(named, on)
        said: dict[str, object | None] = {
            "diary_number": change.diary_number,
            "question": change.question or change.note,
            "due_on": change.due_on,
            "last_claim_day": change.due_on,
            "last_appeal_day": change.due_on,
            "paid_on": change.happened_on,
            "municipality": named if municipality is None else municipality.name.model_dump(),
        }
        return {name: value for name, value in said.items() if value is not None}

    async def _of_account(self, record: Record) -> Sequence[Occasion]:
        """A change of account is told of when it is asked for, and when it was made or was not: whoever did not ask for
        it should hear of it. A change that was confirmed waits no longer, which is no news beside it.
        """
        association_id = record.data["association_id"]
        if record.type == AccountChangeDropped.event_type:
            entry = await self._ledger.entry("associations", association_id, record.position)
            if entry is None or entry.document.get("account_change_refused") is None:
                return ()
        return (Occasion(_OF_ACCOUNTS[record.type], f"association/{association_id}"),)

    async def _of_amendment(self, amended: CallAmended, position: int) -> AsyncIterator[Occasion]:
        """Everybody whose application of the call is on its way, or who has begun a draft of it; each association once.
        A call may be open for years: whose matter has ended is not told of it.
        """
        told: set[str] = set()
        after = ""
        where = {"call_id": amended.call_id}
        while page := await self._ledger.page("applications", position, after=after, where=where, limit=PAGE):
            after = page[-1].key
            told.update(entry.document["association_id"] for entry in page if entry.document["standing"] in ON_ITS_WAY)
        rows = await self._ledger.pool.fetch(
            "SELECT DISTINCT association_id FROM draft WHERE call_id = $1 AND sent_at IS NULL", amended.call_id
        )
        told.update(row["association_id"] for row in rows)
        words = amended.what_changed
        parameters = {
            "what_changed": {"fi": words.fi, "sv": words.sv, "en": words.en},
            "call": amended.title,
        }
        for association_id in sorted(told):
            yield Occasion("call_amended", f"association/{association_id}", parameters)

    async def addressee(self, subject: str) -> Addressee | None:
        """Who is meant by 'application/<id>' or 'association/<id>': the application's contact, else one of the
        association's contacts in force; None where nobody is known or they were erased.
        """
        category, key = subject.split("/", 1)
        contact_id: str | None = None
        association_id = key
        if category == "application":
            entry = await self._ledger.entry("applications", key)
            if entry is None:
                return None
            association_id, contact_id = entry.document["association_id"], entry.document.get("contact_id")
        association = await self._ledger.entry("associations", association_id)
        people = await self._people(association_id)
        contacts = [each for each in people if each["role"] == "contact"]
        chosen = [each for each in people if each["person_id"] == contact_id]
        chosen += [each for each in contacts if each not in chosen]
        if association is None or not chosen:
            return None
        sealed = [Sealed.model_validate(each["details"]) for each in chosen]
        opened = await self._keys.open(sealed)
        for each in sealed:
            if each in opened:
                details = opened[each]
                return Addressee(details["email"], one_line(details["name"]), association.document["language"])
        return None

    async def _people(self, association_id: str) -> list[dict[str, Any]]:
        today = self._clock().astimezone(HELSINKI).date().isoformat()
        where = {"association_id": association_id, "erased": False}
        position = (await self._ledger.head()).size
        entries = await self._ledger.page("persons", position, where=where, limit=PAGE)
        return [
            dict(entry.document)
            for entry in entries
            if entry.document["valid_from"] <= today
            and (entry.document["valid_until"] is None or today <= entry.document["valid_until"])
        ]


def _occasion(change: ApplicationStandingChanged) -> str | None:  # noqa: PLR0911 - one arm a standing
    """What a standing is the occasion for. An applicant's own claim or answer that came is none, and money that came
    back either: nothing waits for them.
    """
    match change.standing:
        case "notified" if change.due_on is None:
            # A claim was taken back: who did that knows it, and no day is new.
            return None
        case "notified" if change.request_id is not None:
            # Against the decision on a claim an appeal can be made, and no claim.
            return "claim_notified"
        case "report_requested" if change.happened_on is not None:
            return "report_overdue"
        case "payment_delayed" if change.question is None:
            return "payment_later"
        case "recovery" if change.question is None:
            return "recovery" if change.due_on is not None else None
        case "in_preparation" if change.request_id is not None:
            return None
        case "hearing" if change.due_on is None:
            return None
        case "agreement_offered" | "own_funding_awaited" if change.question is None:
            return None
    return _OCCASIONS.get(change.standing)
