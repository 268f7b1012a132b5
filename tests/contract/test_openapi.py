"""The committed OpenAPI documents are those of the services."""

from __future__ import annotations

import pytest

from schemas.publish import PUBLISHED
from services.cli.contracts import openapi_documents


@pytest.mark.parametrize("service", ["intake", "decisions", "payments", "audit"])
def test_a_published_openapi_document_is_not_stale(service: str) -> None:
    published = (PUBLISHED / "openapi" / f"{service}.json").read_text(encoding="utf-8")
    assert published == openapi_documents()[service], "run make contracts"
