"""Versions over HTTP: the answer's ETag is the version of what was written, and If-Match says which one was
seen.

RFC 9110 sections 8.8.3 and 13.1.1; RFC 6585 section 3 (428).
"""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import Depends, Header

from services.web.problems import Problem
from services.web.validation import FieldError

_VERSION: Final = re.compile(r'"(0|[1-9][0-9]{0,17})"', re.ASCII)
_RIGHT: Final = 'should be the ETag that was seen, such as "3": one version in quotes, not weak'


def etag(version: int) -> str:
    """The strong entity tag of a version."""
    return f'"{version}"'


def parse_if_match(value: str | None) -> int | None:
    """The version that the sender saw, or None without the header. Raises Problem 400."""
    if value is None:
        return None
    match = _VERSION.fullmatch(value.strip())
    if match is None:
        raise Problem(
            400,
            "if-match-invalid",
            "The header If-Match cannot be used",
            f"If-Match {_RIGHT}.",
            [FieldError("/If-Match", _RIGHT, "header")],
        )
    return int(match[1])


SeenHeader = Annotated[str | None, Header(alias="If-Match", description='ETag seen, such as `"3"`')]


async def if_match(header: SeenHeader = None) -> int | None:
    """FastAPI dependency: the version that the sender saw, or None. Raises Problem 400."""
    return parse_if_match(header)


async def required_if_match(version: Annotated[int | None, Depends(if_match)]) -> int:
    """FastAPI dependency: the version that the sender saw. Raises Problem 400, and 428 without the header."""
    if version is None:
        raise Problem(
            428,
            "if-match-required",
            "A version is needed",
            f"Send the header If-Match: it {_RIGHT}. Read the current state first.",
        )
    return version


def check_version(seen: int | None, current: int) -> None:
    """Raises Problem 412, with the current ETag, when the sender saw another version. None checks nothing."""
    if seen is not None and seen != current:
        raise stale(current)


def stale(current: int) -> Problem:
    """The answer to a write that was decided on an older version than `current`."""
    return Problem(
        412,
        "version-stale",
        "This has changed meanwhile",
        f"The current version is {current}. Read it, decide again and send that version in If-Match.",
        headers={"ETag": etag(current)},
    )
