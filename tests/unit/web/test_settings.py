from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.web.clock import ClockFileInvalid, SimulatedClock, system_clock
from services.web.settings import KafkaFlavour, Mode, ServiceSettings, with_password
from tests.unit.web.conftest import make_settings


def test_the_environment_gives_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key.pem").touch()
    (tmp_path / "password").write_text("p@ss/w:ö\n", encoding="utf-8")
    for name, value in {
        "DATABASE_URL": "postgresql://intake_service@db:5432/grants?sslmode=require",
        "DATABASE_PASSWORD_FILE": str(tmp_path / "password"),
        "SCHEMA": "intake",
        "KAFKA_BOOTSTRAP": "kafka:9092",
        "SIGNING_KEY_FILE": str(tmp_path / "key.pem"),
        "COUNTY_FOLDER": str(tmp_path),
        "JWKS_URL": "https://issuer.example/jwks.json",
        "ISSUER": "https://issuer.example",
        "AUDIENCE": "grant-ledger",
    }.items():
        monkeypatch.setenv(f"GRANTS_{name}", value)
    settings = ServiceSettings()
    assert settings.database_dsn == ("postgresql://intake_service:p%40ss%2Fw%3A%C3%B6@db:5432/grants?sslmode=require")
    assert (settings.schema_name, settings.mode, settings.kafka_flavour) == (
        "intake",
        Mode.PRODUCTION,
        KafkaFlavour.APACHE,
    )
    assert settings.clock is system_clock


def test_the_password_of_the_file_replaces_that_of_the_address() -> None:
    assert with_password("postgresql://u:old@h/d", "new") == "postgresql://u:new@h/d"
    with pytest.raises(ValueError, match="should name the user"):
        with_password("postgresql://h/d", "new")


def test_simulated_time_is_refused_outside_embedded_mode(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="GRANTS_CLOCK_FILE is for GRANTS_MODE=embedded only"):
        make_settings(tmp_path, clock_file=tmp_path / "clock.json")
    embedded = make_settings(tmp_path, clock_file=tmp_path / "clock.json", mode="embedded")
    assert isinstance(embedded.clock, SimulatedClock)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "mysql://u:hunter2@h/d"),
        ("schema_name", "Robert'; DROP"),
        ("jwks_url", "ftp://issuer.example"),
        ("mode", "lenient"),
        ("port", 70000),
        ("signing_key_file", "/nowhere/key.pem"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not_shown(tmp_path: Path, name: str, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        make_settings(tmp_path, **{name: value})
    assert str(refused.value.errors()[0]["loc"][0]) in {name, "GRANTS_SCHEMA"}
    assert str(value) not in str(refused.value)


def test_the_address_of_the_database_is_not_shown_by_the_settings(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, database_url="postgresql://u:hunter2@h/d")
    assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()


REAL = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
SIMULATED = datetime(2027, 1, 15, 6, 0, tzinfo=UTC)


def set_clock(path: Path, simulated: str, set_at: str) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps({"simulated": simulated, "set_at": set_at}), encoding="utf-8")
    draft.replace(path)


def test_simulated_time_runs_on_from_the_set_instant_at_real_speed(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    set_clock(path, SIMULATED.isoformat(), REAL.isoformat())
    now = REAL
    clock = SimulatedClock(path, lambda: now)
    assert clock() == SIMULATED
    now = REAL + timedelta(hours=3)
    assert clock() == SIMULATED + timedelta(hours=3)


def test_setting_the_clock_again_is_seen_at_once(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    set_clock(path, SIMULATED.isoformat(), REAL.isoformat())
    clock = SimulatedClock(path, lambda: REAL)
    assert clock() == SIMULATED
    set_clock(path, "2027-06-01T12:00:00+03:00", REAL.isoformat())
    assert clock() == datetime(2027, 6, 1, 9, tzinfo=UTC)
    assert clock().utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"simulated": "2027-01-15T06:00:00Z"}',
        '{"simulated": "2027-01-15T06:00:00", "set_at": "2026-03-01T10:00:00Z"}',
        '{"simulated": 5, "set_at": 6}',
        '{"simulated": "soon", "set_at": "now"}',
    ],
)
def test_a_clock_file_that_sets_no_time_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "clock.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ClockFileInvalid, match="should hold a JSON object"):
        SimulatedClock(path)()


def test_a_missing_clock_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClockFileInvalid, match="cannot be read"):
        SimulatedClock(tmp_path / "none.json")()


def test_the_system_clock_is_in_utc() -> None:
    assert system_clock().utcoffset() == timedelta(0)
