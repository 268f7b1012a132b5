"""One county's installation keeps to the Compose Specification and to what we promise of it: nothing runs
on a default password, with a writable root, as root, unwatched, or with a setting that no service reads.
"""

import importlib
import json
import re
from itertools import chain
from typing import Any

import jsonschema
import pytest
import yaml

from deploy import county_secrets
from services.web.settings import ServiceSettings
from tests.tidy.tree import ROOT, SERVICES

COMPOSE = ROOT / "deploy" / "compose.yaml"
SCHEMA = ROOT / "tests" / "data" / "compose-spec" / "compose-spec.json"
SPECIFICATION = jsonschema.Draft201909Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
TEXT = COMPOSE.read_text(encoding="utf-8")
DOCUMENT: dict[str, Any] = yaml.safe_load(TEXT)
CONTAINERS: dict[str, dict[str, Any]] = DOCUMENT["services"]

LONG_RUNNING = sorted(name for name, service in CONTAINERS.items() if service["restart"] == "unless-stopped")
JOBS = sorted(set(CONTAINERS) - set(LONG_RUNNING))
MIGRATING = [f"migrate-{service}" for service in SERVICES]

# Set outside the process's environment, so that the value stands in no `docker inspect`.
FROM_A_SECRET = {"audit": {"GRANTS_SOURCES"}}


def test_the_file_holds_to_the_compose_specification() -> None:
    # The copied schema is older than the specification's top-level name.
    SPECIFICATION.validate({key: value for key, value in DOCUMENT.items() if key != "name"})


def test_a_misspelt_key_is_refused_by_the_schema() -> None:
    with pytest.raises(jsonschema.ValidationError):
        SPECIFICATION.validate({"services": {"x": {"image": "a:1", "helthcheck": {}}}})


def test_every_part_of_a_county_is_there() -> None:
    assert {*SERVICES, *MIGRATING, "postgres", "audit-postgres", "kafka", "topics"} <= set(CONTAINERS)


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_whatever_runs_on_is_watched(name: str) -> None:
    assert CONTAINERS[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_watched_by_its_readiness(name: str) -> None:
    assert "/health/ready" in " ".join(CONTAINERS[name]["healthcheck"]["test"])
    assert CONTAINERS[name]["command"] == ["python", "-m", f"services.{name}"] or (
        f"exec python -m services.{name}" in CONTAINERS[name]["command"][-1]
    )


@pytest.mark.parametrize("name", JOBS)
def test_whoever_needs_a_job_waits_until_it_has_succeeded(name: str) -> None:
    waits = [
        dependency["condition"]
        for container in CONTAINERS.values()
        for awaited, dependency in container.get("depends_on", {}).items()
        if awaited == name
    ]
    assert CONTAINERS[name]["restart"] == "no"
    assert set(waits) == {"service_completed_successfully"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_starts_only_on_a_migrated_schema(name: str) -> None:
    assert f"migrate-{name}" in CONTAINERS[name]["depends_on"]
    assert CONTAINERS[f"migrate-{name}"]["command"] == ["grants", "migrate", name]


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_every_container_is_locked_down(name: str) -> None:
    container = CONTAINERS[name]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in container["security_opt"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", container["user"])


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_every_image_has_a_tag_that_is_not_latest(name: str) -> None:
    tag = CONTAINERS[name]["image"].partition(":")[2]
    assert tag
    assert tag != "latest"


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_no_password_or_key_stands_in_the_environment(name: str) -> None:
    for variable, value in CONTAINERS[name].get("environment", {}).items():
        if re.search("PASSWORD|SECRET|KEY|TOKEN", variable):
            named_file = value.startswith("/run/secrets/") or value in DOCUMENT["secrets"]
            assert variable == "SECRETS" or named_file, variable
        assert not re.search(r"://[^/@]*:[^/@]*@", str(value)), f"{variable} holds a password"


def test_nothing_falls_back_to_a_default() -> None:
    interpolations = re.findall(r"(?<!\$)\$\{([^}]*)\}", TEXT)
    assert interpolations
    assert [text for text in interpolations if not re.fullmatch(r"[A-Z_]+:\?.+", text)] == []


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_a_container_sees_the_secrets_that_it_names_and_no_others(name: str) -> None:
    container = CONTAINERS[name]
    text = json.dumps([container.get("environment", {}), container.get("command", [])])
    named = set(re.findall(r"/run/secrets/(\w+)", text))
    if name == "audit":
        named |= {f"{source}_vkey" for source in county_secrets.SIGNING}
    given = set(container.get("secrets", []))
    assert given <= set(DOCUMENT["secrets"])
    if "SECRETS" in container.get("environment", {}):
        services = [word for word in container["command"] if word in SERVICES]
        named = {f"{service}_{role}_password" for service in services for role in county_secrets.ROLES}
        named.add(container["environment"]["SUPERUSER_PASSWORD"])
    assert named == given


def _settings_of(service: str) -> type[ServiceSettings]:
    module = importlib.import_module(f"services.{service}.settings")
    classes = [value for value in vars(module).values() if isinstance(value, type)]
    found = [c for c in classes if issubclass(c, ServiceSettings) and c.__module__ == module.__name__]
    assert len(found) == 1, f"services.{service}.settings should define one ServiceSettings"
    return found[0]


def _variables(settings: type[ServiceSettings]) -> dict[str, bool]:
    """The environment variables that the settings read, and whether each must be given."""
    return {
        str(field.validation_alias or f"GRANTS_{name.upper()}"): field.is_required()
        for name, field in settings.model_fields.items()
    }


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_given_every_setting_that_it_needs_and_none_that_it_does_not_know(service: str) -> None:
    known = _variables(_settings_of(service))
    given = {name for name in CONTAINERS[service]["environment"] if name.startswith("GRANTS_")}
    given |= FROM_A_SECRET.get(service, set())
    assert given <= set(known)
    assert {name for name, required in known.items() if required} <= given


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_works_as_its_own_role_in_its_own_schema(service: str) -> None:
    for container, role in ((service, "service"), (f"migrate-{service}", "owner")):
        environment = CONTAINERS[container]["environment"]
        assert environment["GRANTS_SCHEMA"] == service
        assert f"//{service}_{role}@" in environment["GRANTS_DATABASE_URL"]
        assert environment["GRANTS_DATABASE_PASSWORD_FILE"] == f"/run/secrets/{service}_{role}_password"


def test_audits_database_is_reached_by_audit_alone() -> None:
    reaching = {name for name, container in CONTAINERS.items() if "audit" in container["networks"]}
    assert reaching == {"audit", "audit-postgres", "audit-roles", "migrate-audit"}


def test_only_the_services_are_published_and_on_loopback_only() -> None:
    ports = {name: container["ports"] for name, container in CONTAINERS.items() if "ports" in container}
    assert set(ports) == set(SERVICES)
    assert all(port.startswith("127.0.0.1:") for port in chain.from_iterable(ports.values()))


def test_every_topic_is_made_before_a_service_starts() -> None:
    script = CONTAINERS["topics"]["command"][0]
    assert "for service in intake decisions payments" in script
    assert all("topics" in CONTAINERS[service]["depends_on"] for service in SERVICES)
