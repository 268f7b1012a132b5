"""What commands and lists carry over HTTP: idempotency keys, versions, pages."""

from __future__ import annotations

import base64
import hashlib
import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.web.identity import Role
from services.web.pages import PageRequest, cut_page, decode_cursor, encode_cursor
from services.web.preconditions import check_version, etag, parse_if_match
from services.web.problems import Problem
from tests.unit.web.conftest import Bearer
from tests.unit.web.test_problems import problem_in

NOTE = b'{"title": "good"}'


async def written(client: httpx.AsyncClient, headers: dict[str, str], content: bytes = NOTE) -> httpx.Response:
    return await client.post("/v1/notes", content=content, headers=headers | {"Content-Type": "application/json"})


async def test_the_fingerprint_is_the_digest_of_method_path_query_and_body(
    client: httpx.AsyncClient, bearer: Bearer
) -> None:
    answer = await written(client, bearer(Role.OFFICER) | {"Idempotency-Key": "k-1"})
    assert answer.headers["X-Fingerprint"] == hashlib.sha256(b"POST\n/v1/notes\n\n" + NOTE + b"\n").hexdigest()


async def test_another_body_has_another_fingerprint(client: httpx.AsyncClient, bearer: Bearer) -> None:
    headers = bearer(Role.OFFICER) | {"Idempotency-Key": "k-1"}
    prints = {
        (await written(client, headers, body)).headers["X-Fingerprint"]
        for body in (NOTE, NOTE, NOTE + b" ", b'{"title": "better"}')
    }
    assert len(prints) == 3


async def test_another_query_has_another_fingerprint(client: httpx.AsyncClient, bearer: Bearer) -> None:
    headers = bearer(Role.OFFICER) | {"Idempotency-Key": "k-1"}
    answers = [
        await client.post(f"/v1/notes{query}", content=NOTE, headers=headers | {"Content-Type": "application/json"})
        for query in ("", "?name=a", "?name=b")
    ]
    assert len({answer.headers["X-Fingerprint"] for answer in answers}) == 3


async def test_the_key_may_be_left_out(client: httpx.AsyncClient, bearer: Bearer) -> None:
    answer = await written(client, bearer(Role.OFFICER))
    assert answer.status_code == 201
    assert "X-Fingerprint" not in answer.headers


@pytest.mark.parametrize("key", ["", "has space", "x" * 65, "tab\tkey", "umlaut-ä"])
async def test_a_key_that_is_not_visible_ascii_of_fitting_length_is_refused(
    client: httpx.AsyncClient, bearer: Bearer, key: str
) -> None:
    headers = {**bearer(Role.OFFICER), "Idempotency-Key": key.encode("latin-1")}
    answer = await client.post("/v1/notes", json={"title": "good"}, headers=headers)  # type: ignore[arg-type]
    error = problem_in(answer, 422, "validation")["errors"][0]
    assert (error["in"], error["pointer"]) == ("header", "/Idempotency-Key")


@pytest.mark.parametrize(("header", "version"), [(None, None), ('"0"', 0), ('"17"', 17), (' "3" ', 3)])
def test_if_match_is_the_version_that_was_seen(header: str | None, version: int | None) -> None:
    assert parse_if_match(header) == version


def test_an_etag_comes_back_as_the_version_it_was_made_of() -> None:
    assert parse_if_match(etag(42)) == 42


@pytest.mark.parametrize(
    "header", ["", "3", 'W/"3"', '"03"', '"-1"', '"3", "4"', "*", '"a"', '"٣"', '"' + "9" * 30 + '"']
)
def test_a_weak_or_malformed_if_match_is_refused(header: str) -> None:
    with pytest.raises(Problem) as refused:
        parse_if_match(header)
    assert (refused.value.status, refused.value.slug) == (400, "if-match-invalid")


def test_a_stale_version_is_refused_with_the_current_one() -> None:
    check_version(3, 3)
    check_version(None, 3)
    with pytest.raises(Problem) as refused:
        check_version(2, 3)
    assert (refused.value.status, refused.value.headers) == (412, {"ETag": '"3"'})


async def test_a_write_that_needs_a_version_asks_for_it(client: httpx.AsyncClient, bearer: Bearer) -> None:
    officer = bearer(Role.OFFICER)
    await written(client, officer)
    note = {"title": "better"}
    problem_in(await client.put("/v1/notes/1", json=note, headers=officer), 428, "if-match-required")
    problem_in(
        await client.put("/v1/notes/1", json=note, headers=officer | {"If-Match": '"2"'}),
        412,
        "version-stale",
    )
    answer = await client.put("/v1/notes/1", json=note, headers=officer | {"If-Match": '"1"'})
    assert answer.status_code == 200


async def test_pages_hold_every_item_once_and_end(client: httpx.AsyncClient, bearer: Bearer) -> None:
    officer = bearer(Role.OFFICER)
    for _ in range(7):
        await written(client, officer)
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"?limit=3&cursor={cursor}" if cursor else "?limit=3"
        page = (await client.get(f"/v1/notes{query}", headers=officer)).json()
        seen += [item["number"] for item in page["items"]]
        cursor = page["next"]
    assert seen == [1, 2, 3, 4, 5, 6, 7]


def test_a_page_that_is_just_full_is_the_last() -> None:
    assert cut_page([1, 2], PageRequest(2), lambda row: (row,)) == ([1, 2], None)
    assert cut_page([1, 2, 3], PageRequest(2), lambda row: (row,)) == ([1, 2], encode_cursor((2,)))


storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(storable, st.integers(-(2**63) + 1, 2**63 - 1))
def test_a_cursor_comes_back_as_the_sort_key_it_was_made_of(text: str, number: int) -> None:
    cursor = encode_cursor((text, number))
    assert cursor.isascii()
    assert decode_cursor(cursor, (str, int)) == (text, number)


@given(st.text(max_size=60))
def test_any_other_text_is_refused_as_a_cursor(text: str) -> None:
    with pytest.raises(Problem) as refused:
        decode_cursor(text, (str, int))
    assert (refused.value.status, refused.value.slug) == (400, "cursor-invalid")


@pytest.mark.parametrize(
    "key",
    [
        ["a"],
        ["a", 1, 2],
        [1, "a"],
        ["a", True],
        ["a", 1.5],
        ["a", 2**63],
        ["a", None],
        ["\0", 1],
        ["\ud800", 1],
        {"a": 1},
    ],
)
def test_a_forged_cursor_of_another_shape_is_refused(key: object) -> None:
    forged = base64.urlsafe_b64encode(json.dumps(key).encode()).rstrip(b"=").decode()
    with pytest.raises(Problem):
        decode_cursor(forged, (str, int))


async def test_a_broken_cursor_is_a_bad_request(client: httpx.AsyncClient, bearer: Bearer) -> None:
    answer = await client.get("/v1/notes?cursor=nonsense", headers=bearer())
    assert problem_in(answer, 400, "cursor-invalid")["errors"][0]["pointer"] == "/cursor"
