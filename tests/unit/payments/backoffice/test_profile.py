from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.payments.backoffice.profiles import DYNASTY, GENERIC, profile


def columns(profile_id: str = "generic", **changes: Any) -> list[dict[str, Any]]:
    source = GENERIC if profile_id == "generic" else DYNASTY
    return [{"header": column.header, "field": column.field, **changes} for column in source.columns]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"delimiter": None}, "names its delimiter"),
        ({"kind": "fixed_width"}, "a fixed-width one has none"),
        ({"kind": "fixed_width", "delimiter": None}, "has a width"),
        ({"columns": columns(width=3)}, "only the columns of a fixed-width"),
        ({"encoding": "cp1252", "bom": True}, "byte order mark"),
        ({"quoting": "none", "decimal_mark": ","}, "amounts need quoting"),
        ({"columns": columns()[:-1]}, "both a debit and a credit"),
        ({"columns": columns()[1:]}, "no column and no constant gives voucher_series"),
        (
            {"columns": [*columns(), {"header": "credit", "field": None}]},
            "header credit stands in more than one",
        ),
        ({"columns": [*columns(), {"header": "x", "field": "text"}]}, "field text stands in more than one"),
        ({"constants": {"text": "x"}}, "text has both a column and a constant"),
        ({"columns": columns(fill="0")}, "only right-aligned numbers"),
        ({"columns": columns(format="iso")}, "only dates, periods and amounts have a format"),
        (
            {"columns": [*columns()[:-1], {"header": "c", "field": "credit", "format": "iso"}]},
            "an amount has no format",
        ),
        ({"colour": "blue"}, "colour"),
        ({"valid_to": DYNASTY.valid_from.replace(year=2000)}, "before valid_from"),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        profile("generic", **changes)


def test_every_column_of_the_dynasty_profile_is_marked_as_assumed() -> None:
    assert all(column.assumed for column in DYNASTY.columns)
    assert not any(column.assumed for column in GENERIC.columns)
