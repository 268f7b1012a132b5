import json

import pytest

from services.audit.domain.errors import NotMirrorable
from services.audit.domain.facets import Facets, facets_of, mirrorable
from services.audit.domain.growth import dense_run, grow
from services.audit.domain.streams import merged
from services.ledger.tree import TILE_WIDTH, leaf_hash, root_of

BODY = {
    "position": 1,
    "recorded_at": "2026-01-15T06:00:00.000000Z",
    "id": "0198c0de-7a3b-7cc1-9d0e-2f4f6a8b1c3d",
    "stream": "letter/anna",
    "version": 1,
    "type": "letter.sent",
    "schema": 1,
    "actor": "anna",
    "correlation": "c-1",
    "causation": None,
    "data": {},
}


def test_an_event_is_found_by_what_stands_at_the_top_of_its_data() -> None:
    data = {
        "application_id": "a-1",
        "association_id": "2050864-5",
        "diary_number": "POKA/1/2026",
        "municipality": "joensuu",
        "amount": "1234.50 EUR",
    }
    assert facets_of(data) == Facets("a-1", "2050864-5", "POKA/1/2026", ("joensuu",), 123450)


def test_an_activity_that_is_shared_is_found_by_each_of_its_municipalities() -> None:
    shares = [{"municipality": "lieksa", "percent": 40}, {"municipality": "joensuu", "percent": 60}]
    assert facets_of({"municipalities": shares}).municipalities == ("joensuu", "lieksa")


@pytest.mark.parametrize("data", [None, 7, ["a"], {"amount": 1.5, "association_id": 5, "municipalities": "x"}])
def test_data_of_an_unexpected_shape_has_no_facets(data: object) -> None:
    assert facets_of(data) == Facets()


@pytest.mark.parametrize("amount", ["12 EUR", "1.234 EUR", ""])
def test_an_amount_that_is_none_is_no_facet(amount: str) -> None:
    assert facets_of({"amount": amount}).amount_cents is None


def test_only_what_stands_beside_an_application_leads_to_its_other_events() -> None:
    assert Facets(association_id="2050864-5").of_application() == []
    assert Facets("a-1", "2050864-5", None, ("joensuu",)).of_application() == [
        ("a-1", "association_id", "2050864-5"),
        ("a-1", "municipality", "joensuu"),
    ]


def test_a_sound_body_can_be_mirrored() -> None:
    assert mirrorable(json.dumps(BODY).encode()).position == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"position": 0},
        {"version": 2**31},
        {"schema": 0},
        {"stream": "no-key"},
        {"actor": "a\0b"},
        {"recorded_at": "2026-01-15T06:00:00"},
        {"recorded_at": "yesterday"},
        {"id": "1"},
    ],
)
def test_a_body_that_the_mirror_cannot_hold_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(NotMirrorable):
        mirrorable(json.dumps(BODY | changed).encode())


def test_the_tree_grows_alike_in_any_steps() -> None:
    leaves = [leaf_hash(b"%d" % number) for number in range(2 * TILE_WIDTH + 7)]
    whole = grow(0, [], [], leaves, {1, TILE_WIDTH, 300, 10_000})
    assert whole.size == len(leaves)
    assert whole.roots == {size: root_of(leaves[:size]) for size in (1, TILE_WIDTH, 300)}
    assert [number for number, _ in whole.tiles] == [0, 1]

    first = grow(0, [], [], leaves[:300], ())
    second = grow(first.size, first.edge, first.tail, leaves[300:], ())
    assert (second.edge, second.tail) == (whole.edge, whole.tail)
    assert first.tiles + second.tiles == whole.tiles


def test_a_dense_run_ends_at_the_first_gap() -> None:
    assert dense_run(4, [5, 6, 8, 9]) == 2
    assert dense_run(4, [6]) == 0
    assert dense_run(4, []) == 0


def test_of_each_field_a_stream_keeps_the_latest_value() -> None:
    assert merged([{"a": 1, "b": 1}, {"b": 2}, None]) == {"a": 1, "b": 2}
