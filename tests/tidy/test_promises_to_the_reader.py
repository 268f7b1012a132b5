"""The front page names the two commands, every skipped test says why, every command has a line of help."""

import ast
import re

import pytest

from tests.tidy.tree import ROOT, python_files, shown

SKIPPING_MARKS = {"skip", "skipif", "xfail"}


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_readme_names_the_two_commands(command: str) -> None:
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_of_the_runner_has_a_line_of_help() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = next(line for line in makefile.splitlines() if line.startswith(".PHONY:")).split()[1:]
    without_help = [name for name in phony if not re.search(rf"^{name}:.*## \S", makefile, re.MULTILINE)]
    assert not without_help


def _dotted(node: ast.expr) -> str:
    return f"{_dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def unexplained_skips(source: str) -> list[int]:
    """Line numbers of the skips and expected failures that give no reason."""
    tree = ast.parse(source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {id(call.func) for call in calls}
    bare = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and _is_mark(_dotted(node)) and id(node) not in called
    ]
    silent_marks = [call.lineno for call in calls if _is_mark(_dotted(call.func)) and not _has_reason(call)]
    silent_calls = [call.lineno for call in calls if _dotted(call.func) == "pytest.skip" and not _has_text(call)]
    return sorted(bare + silent_marks + silent_calls)


def _is_mark(dotted: str) -> bool:
    prefix, _, name = dotted.rpartition(".")
    return prefix in {"pytest.mark", "mark"} and name in SKIPPING_MARKS


def _has_reason(call: ast.Call) -> bool:
    return any(keyword.arg == "reason" and _not_empty(keyword.value) for keyword in call.keywords)


def _has_text(call: ast.Call) -> bool:
    return bool(call.args and _not_empty(call.args[0])) or _has_reason(call)


def _not_empty(value: ast.expr) -> bool:
    return not (isinstance(value, ast.Constant) and not value.value)


def test_every_skipped_test_says_why() -> None:
    silent = [f"{shown(path)}:{line}" for path in python_files() for line in unexplained_skips(path.read_text())]
    assert not silent


def test_a_skip_without_reason_is_seen() -> None:
    source = """
@pytest.mark.skip
def test_a(): ...
@pytest.mark.skipif(True)
def test_b(): ...
@pytest.mark.skipif(True, reason="no Docker engine answers")
def test_c():
    pytest.skip("no Java")
    pytest.skip()
"""
    assert unexplained_skips(source) == [2, 4, 9]
