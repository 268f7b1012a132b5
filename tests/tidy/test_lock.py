"""What is installed is pinned by hash, comes from no named address, and may be built on."""

import importlib.metadata
import re
import tomllib
from email.message import Message
from pathlib import Path

import pytest

from tests.tidy.tree import ROOT

LOCK = ROOT / "requirements.lock"
IMAGE_LOCK = ROOT / "deploy" / "requirements.lock"
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)(\[[a-z0-9,._-]+\])?==(?P<version>[^ ;]+)", re.IGNORECASE)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}$")

PERMISSIVE = re.compile(
    r"\b(MIT|Apache|BSD|ISC|PSFL?|Python Software Foundation|MPL|Mozilla Public|LGPL|Lesser General Public)",
    re.IGNORECASE,
)
COPYLEFT = re.compile(r"\b(A?GPL|(?<!Lesser )General Public License|Affero|SSPL)", re.IGNORECASE)
REVIEWED = {
    # The metadata offers a choice of the Artistic License and the GPL; it is used under the Artistic License.
    "text-unidecode": "Artistic License",
    # The classifier says "Other/Proprietary" although its licence field reads "Apache-2.0 OR MIT".
    "camt053": "Apache-2.0 OR MIT",
    # One test runs its program, bean-check, on what is exported. Nothing imports it, and no image has it.
    "beancount": "GPL-2.0-only",
    # Windows only: never installed here.
    "pywin32": "PSF-2.0",
    "tzdata": "Apache-2.0",
}


def _pins(lock: Path) -> dict[str, str]:
    matches = (PIN.match(line) for line in lock.read_text(encoding="utf-8").splitlines())
    return {_canonical(match["name"]): match["version"] for match in matches if match}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("lock", [LOCK, IMAGE_LOCK], ids=["development", "image"])
def test_the_lock_names_no_address_and_every_pin_has_a_hash(lock: Path) -> None:
    logical_lines = lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    for line in logical_lines:
        assert "://" not in line, line
        assert "@" not in line, line
        assert PIN.match(line), f"not a pinned distribution: {line[:80]}"
        hashes = [word for word in line.split() if word.startswith("--")]
        assert hashes, f"no hash: {line[:80]}"
        assert all(HASH.match(word) for word in hashes), f"not a SHA-256: {line[:80]}"


def test_the_image_installs_the_versions_that_were_tested() -> None:
    tested = _pins(LOCK)
    assert {name: tested.get(name) for name in _pins(IMAGE_LOCK)} == _pins(IMAGE_LOCK)


def test_the_image_holds_no_embedded_server_and_no_test_tool() -> None:
    unwanted = {*_project()["optional-dependencies"]["embedded"], "pytest", "hypothesis", "mypy", "ruff", "beancount"}
    assert not unwanted & set(_pins(IMAGE_LOCK))


def test_every_declared_dependency_is_pinned() -> None:
    project = _project()
    declared = [
        *project["dependencies"],
        *(name for names in project["optional-dependencies"].values() for name in names),
    ]
    assert {_canonical(re.split(r"[\[<>=~ ]", name)[0]) for name in declared} <= set(_pins(LOCK))


def _project() -> dict[str, dict[str, list[str]]]:
    project: dict[str, dict[str, list[str]]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project


def _metadata(name: str) -> Message:
    """The metadata as the e-mail message that it is, with all its fields."""
    metadata = importlib.metadata.metadata(name)
    assert isinstance(metadata, Message)
    return metadata


def licence_of(metadata: Message) -> str:
    """The licence that a distribution states: its SPDX expression, else its classifiers and free text."""
    if expression := metadata.get("License-Expression"):
        return expression
    classifiers = [
        c.rpartition("::")[2].strip() for c in metadata.get_all("Classifier") or [] if c.startswith("License")
    ]
    free_text = (metadata.get("License") or "").strip().partition("\n")[0]
    return "; ".join([*classifiers, free_text])


@pytest.mark.parametrize("name", sorted(_pins(LOCK)))
def test_every_locked_distribution_is_permissive_or_lesser_copyleft(name: str) -> None:
    if name in REVIEWED:
        return
    stated = licence_of(_metadata(name))
    assert PERMISSIVE.search(stated), f"{name}: {stated!r} is not known to be permissive: review it"
    assert not COPYLEFT.search(stated), f"{name}: {stated!r} would bind what is built on it"


@pytest.mark.parametrize("stated", ["GPL-3.0-or-later", "GNU General Public License v3", "AGPL-3.0", "Proprietary"])
def test_a_licence_that_we_may_not_build_on_is_refused(stated: str) -> None:
    assert COPYLEFT.search(stated) or not PERMISSIVE.search(stated)
