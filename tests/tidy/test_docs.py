"""What README and docs name exists: commands, make targets, addresses of the APIs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from services.cli.contracts import openapi_documents
from services.cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


@pytest.fixture(scope="module")
def addresses() -> set[str]:
    import json

    documents = [json.loads(text) for text in openapi_documents().values()]
    return {re.sub(r"\{[^}]+\}", "{}", path) for document in documents for path in document["paths"]}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_address_that_a_page_names_is_served(page: Path, addresses: set[str]) -> None:
    named = set(re.findall(r"(/v1/[A-Za-z0-9_{}./-]+|/health/[a-z]+|/metrics)", page.read_text(encoding="utf-8")))
    wanted = {re.sub(r"\{[^}]+\}", "{}", each.rstrip(".")) for each in named}
    assert wanted <= addresses, f"{page.name} names {sorted(wanted - addresses)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    commands = getattr(get_command(app), "commands", {})
    named = set(re.findall(r"`grants ([a-z]+)", page.read_text(encoding="utf-8")))
    assert named <= set(commands), f"{page.name} names {sorted(named - set(commands))}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"make ([a-z]+)\b(?=`|     #| N=)", page.read_text(encoding="utf-8")))
    assert named <= targets, f"{page.name} names {sorted(named - targets)}"
