"""The whole year of the county runs on real parts, and every figure of its summary is as the issue of the year says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from deploy.local.broker import Broker
from deploy.local.demo.run import run

pytestmark = pytest.mark.timeout(900)


def test_the_grant_year_of_a_county_runs_from_calls_to_closed_books(
    tmp_path: Path, own_brokers: Callable[[], Broker]
) -> None:
    folder = tmp_path / "demo"
    console = Console(width=200)
    assert run(folder, 20260115, console, own_brokers()) == 0
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["checks_held"] == summary["checks"]
    assert (summary["applications"], summary["associations"], summary["municipalities"]) == (130, 105, 13)
    assert 590_000 < float(summary["applied_eur"]) < 610_000
    assert 195_000 < float(summary["granted_eur"]) <= 200_000
    assert summary["transferred_to_municipality"] >= 6
    assert (summary["rejected_payments"], summary["returned_payments"]) == (1, 1)
    assert summary["self_approvals_refused"] == 1
    assert float(summary["recovered_eur"]) > 0
    assert (summary["differences_planted"], summary["differences_found"], summary["differences_false"]) == (12, 12, 0)
    assert summary["difference_classes"] == 8
    assert summary["periods_closed"] >= 1
    assert summary["trial_balance_eur"] == "0.00"
    assert summary["tampering_found_at"]["ledger"] == "payments"
    assert summary["verified"] is True
    for kind in ("bank/out", "bank/in", "vouchers", "postings", "reconciliation", "ledgers", "receipts", "year"):
        assert any((folder / kind).iterdir()), f"{kind} holds files"
