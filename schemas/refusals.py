"""A command that the rules refuse: one exception with a stable name, which HTTP turns into a problem's `type`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Kind = Literal["invalid", "forbidden", "not_found", "conflict", "stale"]


class Refused(Exception):
    """A rule says no. `slug` is stable, `detail` says what was wrong and what would be right, `field` where (a
    pointer).
    """

    def __init__(self, kind: Kind, slug: str, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.kind = kind
        self.slug = slug
        self.detail = detail
        self.field = field


class SeveralRefused(Exception):
    """A command's content breaks several rules: all are told at once."""

    def __init__(self, refusals: Sequence[Refused]) -> None:
        super().__init__("; ".join(each.detail for each in refusals))
        self.refusals = tuple(refusals)


def invalid(slug: str, detail: str, field: str = "") -> Refused:
    """The command contradicts itself or a rule: 422."""
    return Refused("invalid", slug, detail, field)


def conflict(slug: str, detail: str) -> Refused:
    """The command does not fit the state that things are in: 409."""
    return Refused("conflict", slug, detail)


def not_found(what: str) -> Refused:
    """There is no such thing, or none that the caller may know of: 404."""
    return Refused("not_found", "not-found", f"there is no {what}")


def forbidden(slug: str, detail: str) -> Refused:
    """Nobody but others may do this here: 403."""
    return Refused("forbidden", slug, detail)
