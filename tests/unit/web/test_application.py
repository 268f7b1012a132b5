from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from services.web.identity import Role, TokenVerifier
from services.web.permissions import UnguardedRoute
from services.web.requests import BodyLimits
from services.web.settings import ServiceSettings
from tests.unit.web import sample
from tests.unit.web.conftest import Bearer
from tests.unit.web.test_problems import problem_in


async def chunks(size: int, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * size


async def test_a_body_over_the_limit_is_refused_by_its_declared_length(
    client: httpx.AsyncClient, bearer: Bearer
) -> None:
    answer = await client.post("/v1/notes", content=b" " * 1001, headers=bearer(Role.OFFICER))
    assert "at most 1000 bytes" in problem_in(answer, 413, "body-too-large")["detail"]


@pytest.mark.parametrize("media_type", ["application/json", "text/plain"])
async def test_a_body_of_undeclared_length_is_refused_once_it_is_too_long(
    client: httpx.AsyncClient, bearer: Bearer, media_type: str
) -> None:
    headers = bearer(Role.OFFICER) | {"Content-Type": media_type}
    problem_in(await client.post("/v1/notes", content=chunks(100, 11), headers=headers), 413, "body-too-large")


async def test_a_body_of_exactly_the_limit_is_read(client: httpx.AsyncClient, bearer: Bearer) -> None:
    content = b'{"title": "good"}'.ljust(1000)
    headers = bearer(Role.OFFICER) | {"Content-Type": "application/json"}
    assert (await client.post("/v1/notes", content=content, headers=headers)).status_code == 201


async def test_an_address_may_have_a_limit_of_its_own(client: httpx.AsyncClient, bearer: Bearer) -> None:
    finance = bearer(Role.FINANCE)
    answer = await client.post("/v1/notes/files", files={"file": b"x" * 2000}, headers=finance)
    assert (answer.status_code, answer.json()) == (200, 2000)
    problem_in(
        await client.post("/v1/notes/files", files={"file": b"x" * 3000}, headers=finance),
        413,
        "body-too-large",
    )


async def test_an_upload_of_undeclared_length_is_refused_once_it_is_too_long(
    client: httpx.AsyncClient, bearer: Bearer
) -> None:
    async def upload() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        async for chunk in chunks(500, 7):
            yield chunk
        yield b"\r\n--b--\r\n"

    headers = bearer(Role.FINANCE) | {"Content-Type": "multipart/form-data; boundary=b"}
    problem_in(await client.post("/v1/notes/files", content=upload(), headers=headers), 413, "body-too-large")


def test_the_longest_fitting_path_sets_the_limit() -> None:
    limits = BodyLimits(1, {"/v1/files": 2, "/v1/files/large": 3})
    assert [limits.of(path) for path in ("/v1/other", "/v1/files/x", "/v1/files/large/y")] == [1, 2, 3]


@pytest.mark.parametrize("path", ["/health/live", "/v1/notes", "/v1/nothing", "/openapi.json"])
async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/oauth2-redirect"])
async def test_no_page_loads_scripts_from_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_other_origins_are_not_let_in(client: httpx.AsyncClient) -> None:
    answer = await client.options(
        "/v1/notes", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert answer.status_code == 405
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_the_documentation_has_problems_for_every_error_and_the_bearer_scheme(app: FastAPI) -> None:
    schema = app.openapi()
    assert app.openapi() is schema
    components = schema["components"]
    assert components["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    assert {"Problem", "FieldErrorDocument"} <= set(components["schemas"])
    assert not {"HTTPValidationError", "ValidationError"} & set(components["schemas"])
    put = schema["paths"]["/v1/notes/{number}"]["put"]
    assert put["security"] == [{"bearer": []}]
    assert put["x-action"] == "case.assess"
    statuses = {"200", "400", "401", "403", "404", "412", "413", "422", "428", "500", "503"}
    assert set(put["responses"]) == statuses
    for status in statuses - {"200"}:
        assert list(put["responses"][status]["content"]) == ["application/problem+json"]
    assert "security" not in schema["paths"]["/health/live"]["get"]
    assert set(schema["paths"]["/health/live"]["get"]["responses"]) == {"200", "400", "413", "500"}


def test_an_application_with_an_unguarded_route_is_not_made(settings: ServiceSettings, verifier: TokenVerifier) -> None:
    open_router = APIRouter()

    @open_router.delete("/v1/everything")
    async def delete() -> None: ...

    with pytest.raises(UnguardedRoute, match="DELETE /v1/everything"):
        sample.make(settings, verifier, None, open_router)
