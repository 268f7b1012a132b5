"""Finnish words of the reports for codes and reasons. JSON has the codes; files for people have these."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

STATES: Final[Mapping[str, str]] = {
    "proposed": "Ehdotettu",
    "dropped": "Poistettu ajosta",
    "sent": "Lähetetty",
    "booked": "Maksettu",
    "rejected": "Hylätty pankissa",
    "returned": "Palautunut",
}
CLASSES: Final[Mapping[str, str]] = {
    "matched": "Täsmää",
    "amount_differs": "Summa eroaa",
    "date_or_period_differs": "Päivä tai kausi eroaa",
    "account_or_cost_centre_differs": "Tili tai kustannuspaikka eroaa",
    "missing_in_back_office": "Puuttuu kirjanpidosta",
    "missing_in_ledger": "Puuttuu pääkirjasta",
    "missing_at_bank": "Puuttuu pankista",
    "duplicate": "Kahteen kertaan",
    "ambiguous": "Monitulkintainen",
}
ACCOUNT_TYPES: Final[Mapping[str, str]] = {
    "asset": "Vastaavaa",
    "liability": "Vastattavaa",
    "expense": "Kulu",
    "income": "Tuotto",
}
DIFFERENCE_STATES: Final[Mapping[str, str]] = {"open": "Avoin", "explained": "Selvitetty, odottaa hyväksyntää"}
AGES: Final[Mapping[str, str]] = {
    "0-7": "0–7 päivää",
    "8-30": "8–30 päivää",
    "31-90": "31–90 päivää",
    "over-90": "Yli 90 päivää",
}
STEPS: Final[Mapping[str, str]] = {
    "grant.awarded": "Avustus myönnetty",
    "grant.changed": "Avustusta muutettu",
    "grant.released": "Avustus vapautettu maksuun",
    "payment.proposed": "Maksu ehdotettu",
    "payment.dropped": "Maksu poistettu ajosta",
    "payment.sent": "Maksu lähetetty",
    "payment.rejected": "Pankki hylkäsi maksun",
    "payment.booked": "Maksu tiliotteella",
    "payment.returned": "Maksu palautui",
    "payment.return_charged": "Pankin kulu palautuksesta",
    "payment.status_reported": "Pankin tilatieto",
    "payment.cause_settled": "Syy selvitetty",
    "run.proposed": "Maksuajo ehdotettu",
    "run.changed": "Maksuajoa muutettu",
    "run.approved": "Maksuajo hyväksytty",
    "run.approval_refused": "Hyväksyntä evätty",
    "run.file_built": "Pankkiaineisto muodostettu",
    "run.sent": "Pankkiaineisto lähetetty",
    "run.sent_again": "Pankkiaineisto lähetetty uudelleen",
    "bank_file.imported": "Pankin tiedosto luettu",
    "recovery.claimed": "Takaisinperintä",
    "recovery.interest_claimed": "Takaisinperinnän korko",
    "recovery.late_interest_claimed": "Viivästyskorko",
    "recovery.received": "Takaisinperintä saatu",
    "recovery.overpaid": "Liikasuoritus",
    "recovery.set_off": "Kuittaus",
    "recovery.written_off": "Saatavan poisto",
    "vouchers.exported": "Tosite viety",
    "vouchers.acknowledged": "Kirjanpidon kuittaus",
    "postings.imported": "Kirjaukset tuotu",
}
_HOLDS: Final = (
    ("the bank did not pay", "pankki ei maksanut tilille"),
    ("waits for notice", "odottaa tiedoksiantoa"),
    ("waits for finality", "odottaa lainvoimaa"),
    ("a claim against the decision is pending", "päätöksestä on oikaisuvaatimus"),
    ("an appeal against the decision is pending", "päätöksestä on valitettu"),
    ("the agreement", "sopimus allekirjoittamatta"),
    ("the own funding", "omarahoitus todentamatta"),
    ("the partnership was not reviewed", "kumppanuus arvioimatta"),
    ("accepted costs", "hyväksytyt kulut eivät kata aiempia eriä"),
    ("a report of use", "käyttöselvitys myöhässä"),
    ("payable from", "maksupäivä ei ole tullut"),
)
"""How the reason of a hold begins, and what it is called; what names a day or a sum is told as one."""


def hold(reason: str) -> str:
    """What a hold is called in Finnish; its own words where it is not known here."""
    return next((words for begins, words in _HOLDS if reason.startswith(begins)), reason)


def finnish_date(on: date) -> str:
    """A date as in Finnish files: 5.10.2026."""
    return f"{on:%-d.%-m.%Y}"


def finnish_euros(cents: int) -> str:
    """Cents with a decimal comma and nothing between the thousands, so that a spreadsheet reads a number: 1234,50."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100},{abs(cents) % 100:02d}"
