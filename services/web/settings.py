"""What every service is told by its environment: variables with the prefix GRANTS_."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.web.clock import Clock, SimulatedClock, system_clock


class Mode(StrEnum):
    """Embedded: one machine, development identity, time may be simulated. Production: none of these."""

    EMBEDDED = "embedded"
    PRODUCTION = "production"


class KafkaFlavour(StrEnum):
    """What kind of broker answers: Apache Kafka, or the embedded one with its fewer abilities."""

    APACHE = "apache"
    EMBEDDED = "embedded"


class ServiceSettings(BaseSettings):
    """The environment of a service, checked at its start. An error names the variable and never shows its
    value.

    A service adds its own by inheriting. `database_dsn` is the address with the password in it.
    """

    model_config = SettingsConfigDict(
        env_prefix="GRANTS_", frozen=True, hide_input_in_errors=True, populate_by_name=True, extra="ignore"
    )

    mode: Mode = Mode.PRODUCTION
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    database_url: SecretStr = Field(description="postgresql:// address with the service's own role")
    database_password_file: Path | None = None
    schema_name: str = Field(validation_alias="GRANTS_SCHEMA", pattern="^[a-z][a-z0-9_]*$")

    kafka_bootstrap: str = Field(min_length=1, description="host:port, several separated by commas")
    kafka_flavour: KafkaFlavour = KafkaFlavour.APACHE

    signing_key_file: Path = Field(description="Ed25519 private key in PEM")
    county_folder: Path

    jwks_url: str = Field(pattern="^(https?|file)://", description="Where the issuer's public keys are")
    issuer: str = Field(min_length=1)
    audience: str = Field(min_length=1)

    clock_file: Path | None = Field(default=None, description="Embedded mode only: the simulated time")

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("should start with postgresql://")
        return value

    @field_validator("database_password_file", "signing_key_file", "clock_file")
    @classmethod
    def _is_file(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None and info.field_name != "clock_file" and not value.is_file():
            raise ValueError("should name a file that exists and can be read")
        return value

    @model_validator(mode="after")
    def _simulates_time_only_when_embedded(self) -> Self:
        if self.clock_file is not None and self.mode is not Mode.EMBEDDED:
            raise ValueError("GRANTS_CLOCK_FILE is for GRANTS_MODE=embedded only: real grants run on real time")
        return self

    @property
    def database_dsn(self) -> str:
        """The database's address; the password of GRANTS_DATABASE_PASSWORD_FILE, when given, replaces any in
        the URL.
        """
        url = self.database_url.get_secret_value()
        if self.database_password_file is None:
            return url
        return with_password(url, self.database_password_file.read_text(encoding="utf-8").rstrip("\r\n"))

    @property
    def clock(self) -> Clock:
        """The clock that the service counts legal time by. Tokens are always checked by the real one."""
        return system_clock if self.clock_file is None else SimulatedClock(self.clock_file)


def with_password(url: str, password: str) -> str:
    """The database URL with this password in it, percent-encoded. The URL should name a user."""
    parts = urlsplit(url)
    user, _, _ = parts.netloc.rpartition("@")[0].partition(":")
    address = parts.netloc.rpartition("@")[2]
    if not user:
        raise ValueError("GRANTS_DATABASE_URL should name the user: postgresql://user@host/database")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{address}"))
