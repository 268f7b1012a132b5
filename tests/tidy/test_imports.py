"""The verifier stands alone, and a reader can trust it without reading anything else of ours."""

import ast
import sys
from pathlib import Path

from tests.tidy.tree import ROOT

VERIFIER = ROOT / "services" / "ledger" / "verify.py"
ALLOWED = frozenset(sys.stdlib_module_names) | {"cryptography"}


def imported_packages(source: str) -> set[str]:
    """The top-level packages that a module imports, inside functions too; '.' for a relative import."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." if node.level else (node.module or "").partition(".")[0])
    return found


def _foreign(path: Path) -> set[str]:
    return imported_packages(path.read_text(encoding="utf-8")) - ALLOWED


def test_the_verifier_imports_nothing_but_the_standard_library_and_cryptography() -> None:
    assert not _foreign(VERIFIER)


def test_a_relative_or_hidden_import_is_seen() -> None:
    source = "import json\nfrom . import tree\ndef f():\n    from asyncpg import connect\n"
    assert imported_packages(source) - ALLOWED == {".", "asyncpg"}
