"""`grants contracts`: the published documents written anew: JSON Schemas, AsyncAPI, OpenAPI."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.console import console

if TYPE_CHECKING:
    from fastapi import FastAPI

    from services.web.settings import ServiceSettings

COUNTY: Final = Path(__file__).parents[2] / "deploy" / "county" / "north-karelia"


def contracts(
    folder: Annotated[
        Path | None,
        typer.Option("--folder", file_okay=False, help="Where to write; schemas/published by default."),
    ] = None,
) -> None:
    """Write the published schemas, AsyncAPI and OpenAPI documents anew."""
    from schemas import publish

    place = folder or publish.PUBLISHED
    written = [*publish.write(place), *write_openapi(place / "openapi")]
    console.print(f"{len(written)} documents are up to date in {place}", markup=False)


def write_openapi(folder: Path) -> list[Path]:
    """Writes the OpenAPI document of every service, and returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for service, document in openapi_documents().items():
        path = folder / f"{service}.json"
        path.write_text(document, encoding="utf-8")
        written.append(path)
    return written


def openapi_documents() -> dict[str, str]:
    """The OpenAPI document of every service by its name, as it is published. Starts nothing."""
    with tempfile.TemporaryDirectory() as place:
        key = _throwaway_key(Path(place))
        return {service: _text(make(key).openapi()) for service, make in _APPLICATIONS.items()}


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _throwaway_key(folder: Path) -> Path:
    """A signing key that signs nothing: the applications are composed and never started."""
    from deploy.local.system_folder import new_signing_key

    path = folder / "key.pem"
    path.touch(mode=0o600)
    path.write_bytes(new_signing_key())
    return path


def _settings(kind: type[ServiceSettings], service: str, key: Path, **more: Any) -> Any:
    return kind.model_validate(
        {
            "database_url": "postgresql://nobody@127.0.0.1/none",
            "GRANTS_SCHEMA": service,
            "kafka_bootstrap": "127.0.0.1:9092",
            "signing_key_file": key,
            "county_folder": COUNTY,
            "jwks_url": "file:///dev/null",
            "issuer": "none",
            "audience": "none",
            **more,
        }
    )


def _intake(key: Path) -> FastAPI:
    from services.intake.app import application
    from services.intake.settings import IntakeSettings

    return application(_settings(IntakeSettings, "intake", key))[0]


def _decisions(key: Path) -> FastAPI:
    from services.decisions.app import application
    from services.decisions.settings import DecisionsSettings

    return application(_settings(DecisionsSettings, "decisions", key))[0]


def _payments(key: Path) -> FastAPI:
    from services.payments.app import application
    from services.payments.settings import PaymentsSettings

    return application(_settings(PaymentsSettings, "payments", key, bank_outbox=key.parent))[0]


def _audit(key: Path) -> FastAPI:
    from services.audit.app import application
    from services.audit.settings import AuditSettings
    from services.ledger import Signer

    vkey = key.with_suffix(".vkey")
    vkey.write_text(Signer.load("none", key).verifier.vkey(), encoding="utf-8")
    source = {"dsn": "postgresql://nobody@127.0.0.1/none", "schema": "none", "vkey": str(vkey)}
    return application(_settings(AuditSettings, "audit", key, sources={"none": source}))[0]


_APPLICATIONS: Final[dict[str, Callable[[Path], FastAPI]]] = {
    "intake": _intake,
    "decisions": _decisions,
    "payments": _payments,
    "audit": _audit,
}
