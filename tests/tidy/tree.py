"""Which files belong to the project, and how they read."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("intake", "decisions", "payments", "audit")
_MADE_BY_COMMANDS = {"out", "build", "node_modules", "target", "__pycache__"}
_HIDDEN_BUT_OURS = {".ci", ".gitignore"}


@cache
def project_files() -> tuple[Path, ...]:
    """Every file that is, or would be, committed; in a copy without git, every file not made by a command."""
    if (ROOT / ".git").exists():
        listing = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        found = [ROOT / name for name in listing.split("\0") if name]
    else:
        found = [path for path in ROOT.rglob("*") if not _is_made(path.relative_to(ROOT))]
    return tuple(sorted(path for path in found if path.is_file()))


def _is_made(path: Path) -> bool:
    """Whether a command made it: in a folder for results, or in a tool's hidden folder."""
    hidden = any(part.startswith(".") and part not in _HIDDEN_BUT_OURS for part in path.parts)
    return hidden or bool(_MADE_BY_COMMANDS & set(path.parts))


def text_of(path: Path) -> str | None:
    """The file's text, or None for a file that is not UTF-8 text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def python_files() -> tuple[Path, ...]:
    return tuple(path for path in project_files() if path.suffix == ".py")


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
