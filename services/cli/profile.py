"""`grants profile`: a profile of the back office's files, tried out on a file without code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from services.cli.console import CannotDo, console

if TYPE_CHECKING:
    from schemas.backoffice import Profile
    from services.payments.backoffice.errors import LineError
    from services.payments.backoffice.proposal import Proposal
    from services.payments.backoffice.trial import Trial

COUNTY: Final = Path(__file__).parents[2] / "deploy" / "county" / "north-karelia"
PROFILES: Final = "backoffice.yaml"
_DELIMITERS: Final = {"\t": "tab", None: "-"}

app = typer.Typer(help="Profiles of the back office's files.", no_args_is_help=True)


@app.callback()
def _profile() -> None:
    """Profiles of the back office's files."""


@app.command("check")
def check(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="File of postings: CSV, fixed width or .xlsx.")
    ],
    profile: Annotated[
        str | None,
        typer.Option("--profile", help="Id of a profile of the county, or a YAML file with one. Left out: a proposal."),
    ] = None,
    rows: Annotated[int, typer.Option("--rows", min=0, max=100, help="How many of the first values are shown.")] = 3,
    county: Annotated[
        Path, typer.Option("--county", file_okay=False, exists=True, help="Folder of the county's data.")
    ] = COUNTY,
) -> None:
    """Show how a profile reads each column of a file, and all bad lines. Exit code 1 when lines are bad."""
    from services.payments.backoffice.errors import PostingFileInvalid
    from services.payments.backoffice.proposal import propose
    from services.payments.backoffice.trial import try_profile

    content = file.read_bytes()
    try:
        if profile is None:
            _show_proposal(file, propose(content, _of_county(county)))
            return
        trial = try_profile(_chosen(profile, county), content, rows)
    except PostingFileInvalid as error:
        _show_bad(error.errors)
        raise typer.Exit(1) from error
    _show(trial)
    if trial.bad_lines:
        raise typer.Exit(1)


def _chosen(name: str, county: Path) -> Profile:
    path = Path(name)
    if path.suffix in {".yaml", ".yml"} or path.is_file():
        profiles = _read(path)
        if len(profiles) != 1:
            raise CannotDo(f"{path} holds {len(profiles)} profiles: a file that is tried out holds one")
        return profiles[0]
    known = _of_county(county)
    found = [each for each in known if each.id == name]
    if not found:
        ids = ", ".join(sorted({each.id for each in known}))
        raise CannotDo(f"there is no profile {name} in {county / PROFILES}, but {ids}; or name a YAML file")
    return max(found, key=lambda each: each.valid_from)


def _of_county(county: Path) -> list[Profile]:
    return _read(county / PROFILES)


def _read(path: Path) -> list[Profile]:
    """The profiles of a file: a list `profiles`, or one profile alone."""
    import yaml
    from pydantic import ValidationError

    from schemas.backoffice import Profile

    try:
        content = yaml.safe_load(path.read_text("utf-8"))
        listed = content["profiles"] if isinstance(content, dict) and "profiles" in content else [content]
        return [Profile.model_validate(each) for each in listed]
    except ValidationError as error:
        faults = "".join(f"\n  {_place(fault)}: {fault['msg']}" for fault in error.errors(include_url=False))
        raise CannotDo(f"{path} holds no profile that can be used:{faults}") from error
    except (yaml.YAMLError, UnicodeDecodeError, TypeError) as error:
        raise CannotDo(f"{path} is no YAML with a profile: {error}") from error


def _place(fault: Any) -> str:
    return " / ".join(str(step + 1) if isinstance(step, int) else str(step) for step in fault["loc"]) or "profile"


def _show(trial: Trial) -> None:
    where = f"sheet {trial.sheet!r}" if trial.sheet is not None else f"delimiter {_delimiter(trial.delimiter)}"
    header = "no header line" if trial.header_line is None else f"header in line {trial.header_line}"
    _say(f"encoding {trial.encoding}, {where}, {header}")
    table = Table(box=None, pad_edge=False)
    for title in ("header", "field", "from", "assumed", "first values"):
        table.add_column(title, overflow="fold")
    for column in trial.columns:
        field = "-" if column.field is None else column.field.value
        shown = " | ".join(column.values)
        cells = (column.header or "-", field, column.source, "assumed" if column.assumed else "", shown)
        table.add_row(*(escape(cell) for cell in cells))
    console.print(table)
    from services.payments.backoffice.amounts import decimal_text

    debit, credit = (decimal_text(cents, ",", "space") for cents in (trial.sum_debit_cents, trial.sum_credit_cents))
    _say(f"{trial.rows} of {trial.lines} lines are good; debit {debit} €, credit {credit} €")
    _show_bad(trial.bad_lines)


def _show_bad(errors: tuple[LineError, ...]) -> None:
    for error in errors:
        _say(str(error))


def _show_proposal(file: Path, proposal: Proposal) -> None:
    """Where no known profile fits, comments and YAML, so that the output can be kept as the new profile's file."""
    best = proposal.best
    if best is None:
        _say("# No known profile is near.")
    elif best.share == 1:
        _say(f"Profile {best.profile} fits: try `grants profile check {file} --profile {best.profile}`.")
        return
    else:
        _say(f"# Profile {best.profile} is the nearest: {best.share:.0%} of the columns or lines are its own.")
        for what, names in (("lacks", best.missing), ("has besides", best.unknown)):
            if names:
                _say(f"# The file {what}: {', '.join(names)}")
    _say(proposal.skeleton.rstrip("\n"))


def _delimiter(delimiter: str | None) -> str:
    return _DELIMITERS.get(delimiter) or repr(delimiter)


def _say(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
