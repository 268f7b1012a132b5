"""The texts of the mails, in Finnish, Swedish and English. Pure.

A mail names an occasion and where to read more. It holds no reasons and no sum of a decision, no account number,
nothing of the back office, and no personal data but its addressee's name.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from schemas.words import Language
from services.intake.messages.errors import MailSettingsInvalid, TextImpossible
from services.intake.messages.wording import REFERENCES, TEXTS, Wording

Kind = Literal["line", "date", "block"]
Said = str | Mapping[str, str | None]
"""A text for every language, or by language with `fi` at least: what is not translated is said in Finnish."""

WIDTH: Final = 72
OCCASIONS: Final[Mapping[str, Mapping[str, Kind]]] = {
    "received": {"diary_number": "line"},
    "supplement_requested": {"question": "block", "due_on": "date"},
    "transferred": {"municipality": "line"},
    "decided": {},
    "notified": {"last_claim_day": "date"},
    "claim_notified": {"last_appeal_day": "date"},
    "final": {},
    "paid": {"paid_on": "date"},
    "payment_delayed": {},
    "payment_later": {},
    "hearing": {"due_on": "date"},
    "recovery": {},
    "recovery_to_pay": {},
    "report_due": {"due_on": "date"},
    "report_returned": {"due_on": "date"},
    "report_overdue": {"due_on": "date"},
    "agreement_offered": {},
    "own_funding_awaited": {},
    "cost_report_returned": {"due_on": "date"},
    "change_decided": {},
    "account_change_requested": {},
    "account_changed": {},
    "account_change_refused": {},
    "call_amended": {"what_changed": "block"},
}
"""Each occasion with the parameters that its text needs."""
OPTIONAL: Final[Mapping[str, Kind]] = {"diary_number": "line", "call": "line"}
"""What any occasion may carry besides, to say which application or call it is about."""

UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, marks that turn the direction of writing, halves of pairs, separators of lines and paragraphs."""
_ADDRESS: Final = re.compile(r"https?://[!-~]+")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes: the county's name, and the web address where an applicant logs in. Raises MailSettingsInvalid."""

    county: Said
    address: str

    def __post_init__(self) -> None:
        if _ADDRESS.fullmatch(self.address) is None:
            raise MailSettingsInvalid("the service's address has to be one word such as https://avustukset.example.fi")
        if not isinstance(self.county, str) and not self.county.get("fi"):
            raise MailSettingsInvalid("the county's name has to be given in Finnish at least")


@dataclass(frozen=True, slots=True)
class MailText:
    """A mail in words. `body` has lines of at most 72 characters but for the web address. Raises TextImpossible for a
    subject that is not one printable line: it would end as another header.
    """

    subject: str
    body: str

    def __post_init__(self) -> None:
        if not self.subject or one_line(self.subject) != self.subject:
            raise TextImpossible("the subject of a mail has to be one printable line")


def write(
    occasion: str, language: Language, name: str, parameters: Mapping[str, object], letterhead: Letterhead
) -> MailText | None:
    """The mail of an occasion to `name`; None for an occasion that has no text. Dates come as dates or in ISO 8601.

    Raises TextImpossible where a parameter is missing or of another kind.
    """
    if occasion not in OCCASIONS:
        return None
    values = {**_values(occasion, language, parameters), "name": one_line(name)}
    wording = TEXTS[language]
    subject, told = wording.occasions[occasion]
    paragraphs = [wording.greeting, *_references(occasion, language, values), *told]
    body = [_paragraph(each, values) for each in paragraphs]
    return MailText(one_line(subject.format(**values)), "\n\n".join([*body, *_ending(wording, language, letterhead)]))


def kept(occasion: str, parameters: Mapping[str, object]) -> dict[str, object]:
    """Of the parameters those that the occasion's text uses: no other may lie in the outbox."""
    known = {*OCCASIONS.get(occasion, {}), *OPTIONAL}
    return {name: value for name, value in parameters.items() if name in known and value is not None}


def _values(occasion: str, language: Language, parameters: Mapping[str, object]) -> dict[str, str]:
    needed = OCCASIONS[occasion]
    missing = [name for name in needed if parameters.get(name) is None]
    if missing:
        raise TextImpossible(f"{occasion}: the parameter {', '.join(missing)} is missing")
    kinds = {**OPTIONAL, **needed}
    return {
        name: _value(f"{occasion}: the parameter {name}", kinds[name], language, value)
        for name, value in kept(occasion, parameters).items()
    }


def _value(what: str, kind: Kind, language: Language, value: object) -> str:
    if kind == "date":
        return shown_date(_date(what, value), language)
    said = value.get(language) or value.get("fi") if isinstance(value, Mapping) else value
    if not isinstance(said, str):
        raise TextImpossible(f"{what} has to be a text, or texts by language with fi among them")
    text = _printable(said).strip() if kind == "block" else one_line(said)
    if not text:
        raise TextImpossible(f"{what} is empty")
    return text


def _date(what: str, value: object) -> date:
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise TextImpossible(f"{what} has to be a date such as 2026-02-05") from None


def shown_date(day: date, language: Language) -> str:
    """5.2.2026 in Finnish and Swedish, 5 February 2026 in English, whatever the machine's locale."""
    if language == "en":
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{day.day}.{day.month}.{day.year}"


def _references(occasion: str, language: Language, values: Mapping[str, str]) -> list[str]:
    """Which application or call it is about, where the text does not say so itself."""
    asked = [name for name in OPTIONAL if name in values and name not in OCCASIONS[occasion]]
    return ["\n".join(REFERENCES[name][language] for name in asked)] if asked else []


def _ending(wording: Wording, language: Language, letterhead: Letterhead) -> list[str]:
    county = letterhead.county
    said = county if isinstance(county, str) else county.get(language) or county["fi"] or ""
    return [
        _wrapped(wording.log_in),
        letterhead.address,
        _wrapped(wording.automatic),
        f"{wording.regards}\n{_wrapped(one_line(said))}\n",
    ]


def _paragraph(template: str, values: Mapping[str, str]) -> str:
    """A paragraph in lines. What others wrote at length stands indented, so that it is seen to be theirs."""
    indent = "  " if template in {"{question}", "{what_changed}"} else ""
    return "\n".join(_wrapped(line, indent) for line in template.format(**values).split("\n"))


def _wrapped(line: str, indent: str = "") -> str:
    return textwrap.fill(line, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def _printable(text: str) -> str:
    """Line ends as LF, and a space for every character that does not print."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(" " if unicodedata.category(c) in UNPRINTABLE else c for c in line) for line in lines)


def one_line(text: str) -> str:
    """The text in one line, without characters that do not print."""
    return " ".join(_printable(text).split())
