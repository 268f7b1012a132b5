"""Tables of what may be done in which state: every cell is tried on the rules themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, Generic, TypeVar

from schemas.facts import Fact
from schemas.refusals import Refused

YES: Final = "yes"
NOTHING: Final = "–"
State = TypeVar("State")


@dataclass(frozen=True)
class StateTable(Generic[State]):
    """A table with a row for each state and a column for each command. A state is made anew for each cell."""

    heading: str
    introduction: str
    states: Mapping[str, State]
    commands: Mapping[str, Callable[[State], Sequence[Fact]]]

    def cells(self) -> dict[str, list[str]]:
        """By state, what each command ends in: yes, nothing, or the slug and the words of the refusal."""
        return {
            name: [tried(command, state) for command in self.commands.values()] for name, state in self.states.items()
        }


def tried(command: Callable[[State], Sequence[Fact]], state: State) -> str:
    """Yes, nothing, or the slug and the words of the refusal."""
    try:
        return YES if command(state) else NOTHING
    except Refused as refused:
        return f"`{refused.slug}`: {refused.detail}"


def page_of(title: str, introduction: str, tables: Sequence[StateTable[State]]) -> str:
    """A page with the tables, and at its end each refusal once under its number."""
    cells = [table.cells() for table in tables]
    told = (cell for rows in cells for cell in chain.from_iterable(rows.values()) if cell not in {YES, NOTHING})
    numbers = {reason: str(number) for number, reason in enumerate(dict.fromkeys(told), 1)}
    lines = [f"# {title}", "", introduction]
    for table, rows in zip(tables, cells, strict=True):
        lines += ["", f"## {table.heading}", "", table.introduction, "", "| | " + " | ".join(table.commands) + " |"]
        lines.append("| --- |" + " --- |" * len(table.commands))
        lines += [f"| {name} | " + " | ".join(numbers.get(each, each) for each in row) + " |"
                  for name, row in rows.items()]  # fmt: skip
    lines += ["", "## Why not", "", *(f"{number}. {reason}" for reason, number in numbers.items())]
    return "\n".join(lines) + "\n"
