"""Reads a county's folder of data files into a `County`. Errors name the file, the line and the field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from schemas.county import County

FILES: Mapping[str, tuple[str, ...]] = {
    "county.yaml": ("county", "regions"),
    "municipalities.yaml": ("municipalities",),
    "baskets.yaml": ("baskets",),
    "activities.yaml": ("activities",),
    "deadlines.yaml": ("deadlines",),
    "diary.yaml": ("diary",),
    "accounts.yaml": ("accounts", "postings", "cost_centres"),
    "payments.yaml": ("payments",),
    "backoffice.yaml": ("profiles",),
    "texts.yaml": ("texts",),
    "organs.yaml": ("organs",),
    "assessment.yaml": ("focus_areas", "wellbeing_coefficients"),
    "interest.yaml": ("reference_rates",),
}
"""The files of a folder, and the lists that stand in each."""

_Path = Sequence[str | int]


class CountyInvalid(Exception):
    """The county's folder cannot be used. `problems` are sentences, each with its file and line."""

    def __init__(self, folder: Path, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"the county's data in {folder} cannot be used:\n" + "\n".join(self.problems))


def load_county(folder: Path) -> County:
    """Read and check all files of the folder. Raises CountyInvalid with all that is wrong."""
    problems = [f"{name}: the file is missing" for name in FILES if not (folder / name).is_file()]
    known = {*FILES}
    problems += [
        f"{path.name}: the file is not known" for path in sorted(folder.glob("*.yaml")) if path.name not in known
    ]
    if problems:
        raise CountyInvalid(folder, problems)
    places: dict[str, tuple[str, yaml.Node]] = {}
    data: dict[str, Any] = {}
    for name, lists in FILES.items():
        found, values = _read(folder / name, lists, problems)
        places.update({key: (name, node) for key, node in found.items()})
        data.update(values)
    if problems:
        raise CountyInvalid(folder, problems)
    try:
        return County.model_validate(data)
    except ValidationError as error:
        raise CountyInvalid(folder, list(_explained(error, places))) from error


def _read(path: Path, lists: Sequence[str], problems: list[str]) -> tuple[dict[str, yaml.Node], dict[str, Any]]:
    """Give the nodes and the values of the file's lists; what is wrong is added to the problems."""
    try:
        loader = yaml.SafeLoader(path.read_text("utf-8"))
        node = loader.get_single_node()
        values = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark is not None else 1
        problems.append(f"{path.name}, line {line}: {error.problem}")
        return {}, {}
    except (yaml.YAMLError, ValueError) as error:
        problems.append(f"{path.name}: {error}")
        return {}, {}
    if not isinstance(node, yaml.MappingNode) or values is None or set(values) != set(lists):
        problems.append(f"{path.name}: has to hold exactly {', '.join(lists)}")
        return {}, {}
    problems.extend(f"{path.name}, line {line}: {key} stands twice" for key, line in _repeated_keys(node))
    return {key.value: value for key, value in node.value}, values


def _repeated_keys(node: yaml.Node) -> Iterator[tuple[str, int]]:
    """YAML takes the last of two equal keys and says nothing."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from _repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _repeated_keys(value)


def _explained(error: ValidationError, places: Mapping[str, tuple[str, yaml.Node]]) -> Iterator[str]:
    faults = error.errors(include_url=False)
    deep = {fault["loc"][0] for fault in faults if len(fault["loc"]) > 1}
    for one in faults:
        if len(one["loc"]) == 1 and one["loc"][0] in deep:
            continue  # A list counts as too short only because its records are bad.
        found = one.get("ctx", {}).get("found")
        if found is not None:
            for inconsistency in found:
                yield _problem(inconsistency.path, inconsistency.reason, places)
        else:
            yield _problem(one["loc"], one["msg"].removeprefix("Value error, "), places)


def _problem(path: _Path, reason: str, places: Mapping[str, tuple[str, yaml.Node]]) -> str:
    name, node = places[str(path[0])]
    line, shown = node.start_mark.line + 1, [str(path[0])]
    for step in path[1:]:
        child = _child(node, step)
        if child is None:
            shown.append(str(step))
            break
        node, line = child, child.start_mark.line + 1
        shown.append(str(step) if isinstance(step, str) else _label(child, step))
    return f"{name}, line {line}, {' / '.join(shown)}: {reason}"


def _child(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child: yaml.Node = node.value[step]
        return child
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    return None


def _label(node: yaml.Node, index: int) -> str:
    """Name a record as its reader knows it, else by its place in the list."""
    for key in ("id", "number", "event", "basket", "header"):
        child = _child(node, key)
        if isinstance(child, yaml.ScalarNode):
            return str(child.value)
    return f"record {index + 1}"
