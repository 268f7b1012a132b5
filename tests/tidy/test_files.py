"""Files are short, named after what they do, and say nothing about the machine they were written on."""

import re
from pathlib import Path

import pytest

from tests.tidy.tree import ROOT, SERVICES, project_files, python_files, shown, text_of

LINES_MAX = 600
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
SERVICE_FILES = (
    "__init__.py",
    "__main__.py",
    "domain/__init__.py",
    "handlers.py",
    "reactions.py",
    "views.py",
    "api.py",
    "settings.py",
    "app.py",
)

# Written in halves, so that this file passes its own check.
_HOSTS = [
    "pypi" + ".org",
    "python" + "hosted",
    "npmjs" + ".org",
    "npmjs" + ".com",
    "repo" + ".maven.apache",
    "repo1" + ".maven",
    "crates" + ".io",
    "proxy.golang" + ".org",
    "deb.debian" + ".org",
]
_MACHINE_PATHS = [
    "/wo" + "rk/",
    "/ro" + "ot/",
    "/ho" + "me/",
    "/Us" + "ers/",
    "/opt/" + "wheels",
    "/tm" + "p/",
]
REGISTRY_HOST = re.compile("|".join(re.escape(host) for host in _HOSTS), re.IGNORECASE)
MACHINE_PATH = re.compile(r"(?<![\w./-])(" + "|".join(re.escape(path) for path in _MACHINE_PATHS) + ")")
INDEX_OPTION = re.compile("--(extra-)?index" + "-url|--find" + "-links|index" + "-url *=")

# What machines generate, or others wrote, may be long.
_LENGTH_FREE_SUFFIXES = {".lock", ".json", ".xsd", ".csv", ".txt"}
_LENGTH_FREE_NAMES = {"LICENSE", "requirements.lock", "asyncapi.yaml", "openapi.yaml"}


def test_no_file_is_longer_than_600_lines() -> None:
    too_long = {
        shown(path): lines
        for path in project_files()
        if path.suffix not in _LENGTH_FREE_SUFFIXES and path.name not in _LENGTH_FREE_NAMES
        if (lines := (text_of(path) or "").count("\n")) > LINES_MAX
    }
    assert not too_long, f"split these by what they do: {too_long}"


def test_no_module_is_named_after_nothing() -> None:
    vague = [shown(path) for path in python_files() if FORBIDDEN_NAMES & {path.stem, *path.relative_to(ROOT).parts}]
    assert not vague, f"name these after what they do: {vague}"


def _lines_matching(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in project_files():
        lines = (text_of(path) or "").splitlines()
        found += [
            f"{shown(path)}:{at}: {line.strip()[:120]}" for at, line in enumerate(lines, 1) if pattern.search(line)
        ]
    return found


@pytest.mark.parametrize("pattern", [REGISTRY_HOST, MACHINE_PATH, INDEX_OPTION], ids=["host", "path", "index option"])
def test_no_file_names_a_registry_or_a_path_of_one_machine(pattern: re.Pattern[str]) -> None:
    found = _lines_matching(pattern)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (REGISTRY_HOST, "see https://files." + "python" + "hosted.org/x"),
        (MACHINE_PATH, 'open("/tm' + 'p/file")'),
        (INDEX_OPTION, "--index" + "-url here"),
    ],
    ids=["host", "path", "index option"],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_file_names(service: str) -> None:
    folder = ROOT / "services" / service
    missing = [name for name in SERVICE_FILES if not _module_exists(folder / name)]
    assert not missing, f"services/{service} lacks {missing}"


def test_migrations_are_plain_sql() -> None:
    """A service that adds nothing to the ledger's own tables has none."""
    migrations = [path for path in project_files() if path.parent.name == "migrations"]
    assert migrations
    assert [shown(path) for path in migrations if path.suffix != ".sql" and path.name != "__init__.py"] == []


def _module_exists(path: Path) -> bool:
    """A module that outgrew its file may be a package of the same name."""
    return path.is_file() or (path.with_suffix("") / "__init__.py").is_file()
