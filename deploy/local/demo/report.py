"""What the demo prints at its end."""

from __future__ import annotations

from typing import Any

from babel.numbers import format_currency
from rich.console import Console
from rich.table import Table

from deploy.local.demo.world import World

_SHOWN = (
    ("Hakemuksia", "applications"), ("Yhdistyksiä", "associations"), ("Haettu", "applied_eur"),
    ("Myönnetty", "granted_eur"), ("Maksettu", "paid_eur"), ("Peritty takaisin", "recovered_eur"),
    ("Siirretty kunnalle", "transferred_to_municipality"), ("Osittain myönnettyjä", "part_grants"),
    ("Hylättyjä", "rejected"), ("Pankin hylkäämiä maksuja", "rejected_payments"),
    ("Palautuneita maksuja", "returned_payments"), ("Evättyjä omia hyväksyntöjä", "self_approvals_refused"),
    ("Eroja löydetty", "differences_found"), ("Vääriä eroja", "differences_false"),
    ("Kausia suljettu", "periods_closed"), ("Koetaseen summa", "trial_balance_eur"),
    ("Siirtovelat vuoden lopussa", "accrued_eur"), ("Saamiset vuoden lopussa", "receivable_eur"),
)  # fmt: skip


def print_report(console: Console, world: World, summary: dict[str, Any]) -> int:
    """The year in figures, and each check that did not hold; 0 when all held, else 1."""
    table = Table(title="Avustusvuosi 2026", show_header=False)
    for label, name in _SHOWN:
        value = summary[name]
        shown = format_currency(value, "EUR", locale="fi_FI") if name.endswith("_eur") else str(value)
        table.add_row(label, shown)
    place = summary["tampering_found_at"]
    table.add_row("Peukalointi löytyi", f"{place['ledger']} {place['position']}")
    table.add_row("Tapahtumia", ", ".join(f"{name} {count}" for name, count in summary["events"].items()))
    table.add_row("Välitys, tietokanta", f"{summary['broker']}, {summary['postgres']}")
    table.add_row("Aika", f"{summary['seconds']} s")
    console.print(table)
    failed = [(name, expected, found) for name, expected, found in world.checks if expected != found]
    for name, expected, found in failed:
        console.print(f"[red]{name}: odotettiin {expected!r}, oli {found!r}[/red]", highlight=False)
    console.print(f"{summary['checks_held']} / {summary['checks']} tarkistusta piti. Tulokset: {world.folder}")
    return 1 if failed else 0
