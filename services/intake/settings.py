"""Intake's settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from services.web.settings import ServiceSettings


class IntakeSettings(ServiceSettings):
    """Beside what every service is told: where attachments and persons' keys are kept, and how mail leaves.

    What is not told is not done: without a key-encryption key no persons are kept, without a store no attachments,
    without a mail server nobody is told.
    """

    key_encryption_key_file: Path | None = Field(default=None, description="32 random bytes in base64")
    person_keys_url: SecretStr | None = Field(
        default=None, description="postgresql:// address of the persons' keys, where they have a database of their own"
    )
    person_keys_schema: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")] = "intake"

    attachments_url: str | None = Field(default=None, description="file:///folder or s3://bucket/prefix")
    attachments_endpoint: str | None = None
    attachments_region: str = "eu-north-1"
    attachments_access_key_id: str | None = None
    attachments_secret_key_file: Path | None = None
    scratch_folder: Path | None = Field(default=None, description="Where files are looked at before they are kept")
    clamd: str | None = Field(default=None, description="host:port or the path of clamd's socket")

    mail_url: SecretStr | None = Field(default=None, description="smtp:// or smtps:// address of the mail server")
    mail_password_file: Path | None = None
    mail_sender: str = "avustukset@example.org"
    public_address: str = Field(default="https://avustukset.example.org", pattern="^https?://")
    mail_interval_seconds: float = Field(default=10.0, gt=0)

    @field_validator("mail_url", "attachments_url", "person_keys_url", "clamd", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value
