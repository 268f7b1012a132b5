"""What is wrong in a request, for the person who sent it: where, and what would be right, never the value
itself.

Pydantic's own messages serve where they speak of what is expected. Those that repeat what was sent are
replaced by sentences of ours; whatever still contains the sent value (a validator's own text) is replaced
as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

Place = Literal["body", "query", "path", "header", "cookie"]

_SEGMENT_LENGTH_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class FieldError:
    """`pointer` is a JSON pointer (RFC 6901) into `place`; `detail` says what would be right."""

    pointer: str
    detail: str
    place: Place = "body"


_UUID = "should be a UUID such as 0198c0de-7a3b-7cc1-9d0e-2f4f6a8b1c3d"
_DATE = "should be a date such as 2026-01-31"
_INSTANT = "should be an instant with its offset such as 2026-01-31T12:00:00Z"
_NUMBER = "should be a number"
_TEXT = "should be text"

_EXPECTED: Final[Mapping[str, str]] = {
    "missing": "is required",
    "extra_forbidden": "is not known here and should be left out",
    "uuid_parsing": _UUID,
    "uuid_type": _UUID,
    "uuid_version": "should be a UUID of the version that this field takes",
    "date_parsing": _DATE,
    "date_type": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "datetime_parsing": _INSTANT,
    "datetime_type": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "datetime_object_invalid": _INSTANT,
    "timezone_naive": _INSTANT,
    "timezone_aware": "should be a time without an offset",
    "int_parsing": "should be a whole number",
    "int_type": "should be a whole number",
    "int_from_float": "should be a whole number",
    "int_parsing_size": "should be a whole number of fewer digits",
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "finite_number": "should be a finite number",
    "decimal_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "bool_parsing": "should be true or false",
    "bool_type": "should be true or false",
    "string_type": _TEXT,
    "string_unicode": "should be text in valid Unicode",
    "url_parsing": "should be a URL",
    "url_syntax_violation": "should be a URL",
    "model_attributes_type": "should be a JSON object",
    "model_type": "should be a JSON object",
    "dict_type": "should be a JSON object",
    "dataclass_type": "should be a JSON object",
    "list_type": "should be a JSON array",
    "tuple_type": "should be a JSON array",
    "set_type": "should be a JSON array",
    "union_tag_not_found": "should say which kind it is",
}

_FROM_CONTEXT: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "union_tag_invalid": lambda ctx: f"should have {ctx['discriminator']} set to one of {ctx['expected_tags']}",
    "literal_error": lambda ctx: f"should be {ctx['expected']}",
    "enum": lambda ctx: f"should be {ctx['expected']}",
    "string_pattern_mismatch": lambda ctx: f"should match the pattern {ctx['pattern']}",
}

# Pydantic's messages of these kinds speak of the bounds alone.
_SPEAKS_OF_BOUNDS: Final = (
    "string_",
    "bytes_too",
    "greater_",
    "less_",
    "too_",
    "multiple_",
    "decimal_",
    "url_",
)


def is_broken_json(errors: Sequence[Mapping[str, Any]]) -> bool:
    """Whether FastAPI could not parse the body at all (the request is malformed: 400, not 422)."""
    return any(error["type"] == "json_invalid" for error in errors)


def where_json_breaks(errors: Sequence[Mapping[str, Any]]) -> str:
    """Where broken JSON breaks and what the parser expected there."""
    error = next(error for error in errors if error["type"] == "json_invalid")
    return f"not JSON at character {error['loc'][-1]}: {error['ctx']['error']}"


def explain(errors: Sequence[Mapping[str, Any]], body: object) -> list[FieldError]:
    """One FieldError for each error of FastAPI's RequestValidationError; `body` is the parsed body of the
    request. An error that only follows from another one is left out.
    """
    return [_explain(error, body) for error in errors if not _follows_from_another(error, errors)]


def _follows_from_another(error: Mapping[str, Any], errors: Sequence[Mapping[str, Any]]) -> bool:
    """Pydantic counts the valid items of an array alone: with a wrong item it is found too short as well."""
    place = error["loc"]
    return error["type"] == "too_short" and any(
        other["loc"][: len(place)] == place and len(other["loc"]) > len(place) for other in errors
    )


def _explain(error: Mapping[str, Any], body: object) -> FieldError:
    place, *location = error["loc"]
    segments = _resolvable(location, body, error["type"]) if place == "body" else location
    return FieldError(_pointer(segments), _expectation(error), cast(Place, place))


def _expectation(error: Mapping[str, Any]) -> str:
    kind: str = error["type"]
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    if kind in _FROM_CONTEXT:
        return _FROM_CONTEXT[kind](error["ctx"])
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind.startswith(_SPEAKS_OF_BOUNDS):
        return message
    return "has a value that is not allowed" if _repeats(message, error.get("input")) else message


def _repeats(message: str, value: object) -> bool:
    """Whether a text or number anywhere in the value stands in the message; however deep, without recursion."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            waiting += part.values()
        elif isinstance(part, list | tuple):
            waiting += part
        elif len(text := str(part)) > 1 and text in message:
            return True
    return False


def _resolvable(location: Sequence[str | int], body: object, kind: str) -> list[str | int]:
    """The location without the segments that Pydantic adds for members of unions: they name nothing in the
    body. What is missing is named though it is not there.
    """
    kept: list[str | int] = []
    here = body
    for number, segment in enumerate(location, start=1):
        if isinstance(here, list) and isinstance(segment, int) and segment < len(here):
            kept.append(segment)
            here = here[segment]
        elif isinstance(here, dict) and segment in here:
            kept.append(segment)
            here = here[str(segment)]
        elif isinstance(here, dict) and number == len(location) and kind == "missing":
            kept.append(segment)
    return kept


def _pointer(segments: Sequence[str | int]) -> str:
    return "".join("/" + _escaped(str(segment)) for segment in segments)


def _escaped(segment: str) -> str:
    return segment[:_SEGMENT_LENGTH_MAX].replace("~", "~0").replace("/", "~1")
