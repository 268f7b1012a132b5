"""The books: vouchers out, the back office's postings in with planted differences, reconciliation, closing of months
and of the year.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date
from typing import Any

from deploy.local.demo.backoffice import Planted, post_back
from deploy.local.demo.world import FINANCE, World
from schemas.county import County
from schemas.money import cents
from services.payments.backoffice import read_postings, write_postings
from services.payments.closing import last_day_of

PROFILE = "dynasty"


async def close_period(world: World, county: County, period: str, wanted: tuple[str, ...], sent: list[Any]) -> None:
    """One month: vouchers, postings with the differences of `wanted` classes, comparison, settlement, closing."""
    exported = await world.post(FINANCE[0], "payments", "/v1/voucher-exports", {"period": period, "profile": PROFILE})
    content = (await world.call(FINANCE[0], "GET", "payments", f"/v1/files/{exported['sha256']}")).content
    world.save(f"vouchers/{period}.csv", content)
    profile = county.profile(PROFILE, last_day_of(period))
    assert profile is not None, "the county's data has the profile"
    rows, planted = post_back(read_postings(profile, content).rows, wanted, sent)
    postings = write_postings(profile, rows)
    world.save(f"postings/{period}.csv", postings)
    query = {"period": period, "profile": PROFILE}
    await world.call(FINANCE[0], "POST", "payments", "/v1/postings", content=postings, params=query)
    again = await world.call(FINANCE[0], "POST", "payments", "/v1/postings", content=postings, params=query)
    world.check(f"{period}: the same postings again change nothing", True, again.json()["already_imported"])
    await world.post(FINANCE[0], "payments", "/v1/reconciliations", {"period": period})
    await _report(world, period, planted)
    await _settle(world, period)
    repeated = await world.post(FINANCE[0], "payments", "/v1/reconciliations", {"period": period})
    world.check(f"{period}: the second run finds the same", len(planted), repeated["differences"])
    await world.post(FINANCE[0], "payments", f"/v1/periods/{period}/closing")


async def close_year(world: World, county: County, year: int) -> None:
    """The year: its checklist is done, and its documents are the accounts of its trial balance."""
    checklist = await world.get(FINANCE[0], "payments", f"/v1/years/{year}/checklist")
    world.check(f"{year}: nothing is left to do", [], [each for each in checklist["items"] if not each["done"]])
    closed = await world.post(FINANCE[0], "payments", f"/v1/years/{year}/closing")
    balances = {each["account"]: cents(each["balance"]) for each in closed["balances"]}
    for name, event, sum_, sign in (
        ("accruals", "grant.awarded", "accrued", -1), ("receivables", "recovery.claimed", "receivable", 1),
    ):  # fmt: skip
        rule = county.posting(event, "operating", date(year, 12, 31))
        account = rule.credit if sign < 0 else rule.debit
        held = sign * balances.get(account.number, 0)
        content = (await world.call(FINANCE[0], "GET", "payments", f"/v1/files/{closed[f'{name}_sha256']}")).content
        world.save(f"year/{year}-{name}.csv", content)
        listed = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
        rows = [each for each in listed if each["Tili"] == account.number]
        total = sum(int(each["Avoinna (EUR)"].replace(",", "")) for each in rows)
        world.check(f"{year}: the rows of {name} come to account {account.number}", held, total)
        world.notes[sum_] = closed[sum_]
    again = await world.call(FINANCE[0], "POST", "payments", f"/v1/years/{year}/closing", expect=[409])
    world.check(f"{year}: it is closed once", "closed-already", again.json()["type"].rsplit(":", 1)[-1])


async def _report(world: World, period: str, planted: list[Planted]) -> None:
    lines = await world.all_items(FINANCE[0], "payments", f"/v1/reconciliations/{period}")
    text = io.StringIO()
    writer = csv.DictWriter(
        text, ["class", "subject", "expected", "found", "amount", "off", "application_id"], delimiter=";"
    )
    writer.writeheader()
    writer.writerows(lines)
    world.save(f"reconciliation/{period}.csv", text.getvalue())
    found = Counter((line["class"], line["subject"]) for line in lines if line["class"] != "matched")
    expected = Counter((each.line_class, each.subject) for each in planted)
    world.check(f"{period}: exactly the planted differences are found", sorted(expected.items()), sorted(found.items()))
    world.notes["planted"] = world.notes.get("planted", 0) + len(planted)
    world.notes["false"] = world.notes.get("false", 0) + sum((found - expected).values())
    world.notes.setdefault("planted_classes", set()).update(each.line_class for each in planted)


async def _settle(world: World, period: str) -> None:
    raised = await world.all_items(FINANCE[0], "payments", "/v1/differences", period=period)

    async def one(difference: dict[str, Any]) -> None:
        path = f"/v1/differences/{difference['difference_id']}"
        await world.post(FINANCE[0], "payments", f"{path}/explanation", {"explanation": "Kirjanpito korjaa tositteen"})
        await world.post(FINANCE[0], "payments", f"{path}/acceptance", {"reason": "Oma selitys"}, expect=[403])
        await world.post(FINANCE[1], "payments", f"{path}/acceptance", {"reason": "Tarkastettu"})

    await world.each(raised, one)
