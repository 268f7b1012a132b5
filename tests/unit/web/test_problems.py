from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.web.identity import Role
from services.web.validation import explain
from tests.unit.web.conftest import Bearer

PREFIX = "urn:grant-ledger:problem:"


def problem_in(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    document: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, document["status"], document["type"]) == (status, status, PREFIX + slug)
    assert document["title"]
    assert document["detail"]
    assert document["correlation"] == answer.headers["X-Correlation-ID"]
    return document


async def posted(client: httpx.AsyncClient, bearer: Bearer, content: str | bytes) -> httpx.Response:
    headers = bearer(Role.OFFICER) | {"Content-Type": "application/json"}
    return await client.post("/v1/notes", content=content, headers=headers)


async def test_every_wrong_field_is_named_with_what_would_be_right_and_without_its_value(
    client: httpx.AsyncClient, bearer: Bearer
) -> None:
    answer = await client.post(
        "/v1/notes",
        json={
            "title": "xy",
            "amount": "1.005",
            "shoe/size~": "secret-47",
            "pet": {"kind": "cat", "lives": "many"},
        },
        headers=bearer(Role.OFFICER),
    )
    document = problem_in(answer, 422, "validation")
    found = {error["pointer"]: (error["in"], error["detail"]) for error in document["errors"]}
    assert found == {
        "/title": ("body", "String should have at least 3 characters"),
        "/amount": ("body", r"should match the pattern ^\d{1,9}\.\d{2}$"),
        "/shoe~1size~0": ("body", "is not known here and should be left out"),
        "/pet/lives": ("body", "should be a whole number"),
    }
    for sent in ("xy", "1.005", "secret-47", "many"):
        assert sent not in answer.text


@pytest.mark.parametrize(
    ("note", "pointer", "detail"),
    [
        ({}, "/title", "is required"),
        ({"title": 5}, "/title", "should be text"),
        ({"title": "damn it"}, "/title", "has a value that is not allowed"),
        ([], "", "should be a JSON object"),
        (
            {"title": "good", "pet": {"kind": "wolf-7"}},
            "/pet",
            "should have 'kind' set to one of 'cat', 'dog'",
        ),
        ({"title": "good", "pet": {}}, "/pet", "should say which kind it is"),
        ({"title": "good", "pet": {"kind": "dog", "tricks": ["sit", 4]}}, "/pet/tricks/1", "should be text"),
        (
            {"title": "good", "pet": {"kind": "cat", "lives": 10}},
            "/pet/lives",
            "Input should be less than or equal to 9",
        ),
    ],
)
async def test_an_error_points_into_what_was_sent(
    client: httpx.AsyncClient, bearer: Bearer, note: object, pointer: str, detail: str
) -> None:
    answer = await client.post("/v1/notes", json=note, headers=bearer(Role.OFFICER))
    assert problem_in(answer, 422, "validation")["errors"] == [{"in": "body", "pointer": pointer, "detail": detail}]
    assert "wolf-7" not in answer.text


def test_a_member_of_a_union_is_no_place_in_an_object_that_was_sent() -> None:
    errors = [
        {"type": kind, "loc": ("body", "value", name), "msg": "", "input": {"a": 1}}
        for kind, name in (("string_type", "str"), ("int_type", "int"), ("missing", "number"))
    ]
    told = explain(errors, {"value": {"a": 1}})
    assert [each.pointer for each in told] == ["/value", "/value", "/value/number"]


async def test_a_wrong_query_parameter_and_path_are_pointed_at(client: httpx.AsyncClient, bearer: Bearer) -> None:
    answer = await client.get("/v1/notes?limit=201", headers=bearer())
    assert problem_in(answer, 422, "validation")["errors"][0] == {
        "in": "query",
        "pointer": "/limit",
        "detail": "Input should be less than or equal to 200",
    }
    answer = await client.put(
        "/v1/notes/abc", json={"title": "good"}, headers=bearer(Role.OFFICER) | {"If-Match": '"1"'}
    )
    assert problem_in(answer, 422, "validation")["errors"][0]["pointer"] == "/number"


@pytest.mark.parametrize(
    "broken", ['{"title": ', "nonsense", b'{"title": "\xff\xfe"}', "[" * 900, '{"title": "a\\u0000b"}']
)
async def test_a_body_that_is_no_json_is_a_malformed_request(
    client: httpx.AsyncClient, bearer: Bearer, broken: str | bytes
) -> None:
    problem_in(await posted(client, bearer, broken), 400, "malformed-request")


async def test_an_escaped_backslash_before_u0000_is_no_nul(client: httpx.AsyncClient, bearer: Bearer) -> None:
    assert (await posted(client, bearer, r'{"title": "a\\u0000b"}')).status_code == 201


async def test_u0000_in_the_address_is_refused(client: httpx.AsyncClient, bearer: Bearer) -> None:
    problem_in(await client.get("/v1/notes/%00", headers=bearer()), 400, "malformed-request")
    problem_in(await client.get("/v1/notes?cursor=%00", headers=bearer()), 400, "malformed-request")


async def test_an_unknown_address_and_a_wrong_method_are_problems(client: httpx.AsyncClient, bearer: Bearer) -> None:
    problem_in(await client.get("/v1/nothing"), 404, "not-found")
    answer = await client.delete("/v1/notes", headers=bearer())
    problem_in(answer, 405, "method-not-allowed")
    assert answer.headers["allow"]


async def test_an_unexpected_error_is_answered_with_a_correlation_id_and_none_of_its_text(
    client: httpx.AsyncClient, bearer: Bearer
) -> None:
    answer = await client.get("/v1/trouble/unexpected", headers=bearer() | {"X-Correlation-ID": "case-7"})
    assert problem_in(answer, 500, "unexpected")["correlation"] == "case-7"
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_an_error_of_the_domain_is_answered_as_registered(client: httpx.AsyncClient, bearer: Bearer) -> None:
    problem_in(await client.get("/v1/trouble/domain", headers=bearer()), 409, "exhausted")
