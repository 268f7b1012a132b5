"""Opens the place where attachments are kept: a folder, or a bucket of an S3-compatible store."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import SplitResult, unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from services.intake.storage.errors import AddressInvalid

if TYPE_CHECKING:  # the library has these names for type checkers only
    from obstore.store import ClientConfig, ObjectStore, RetryConfig, S3Config

# An upload's sender waits: a store that is away is told after seconds, not after the library's three minutes.
_RETRIES: Final[RetryConfig] = {"max_retries": 3, "retry_timeout": timedelta(seconds=15)}
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_DEFAULT_REGION: Final = "us-east-1"  # what stores other than Amazon's expect where they have no regions


class StoreOptions(BaseModel):
    """What an S3-compatible store needs beside its address; a folder needs none of it.

    Without a key the library's own search goes on: AWS_* variables, then a role of the machine or the container.
    An error never shows the secret.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    endpoint: str | None = Field(default=None, pattern="^https?://", description="Where it is not Amazon's own")
    region: str = Field(default=_DEFAULT_REGION, min_length=1)
    access_key_id: str | None = Field(default=None, min_length=1)
    secret_access_key: SecretStr | None = Field(default=None, min_length=1)
    secret_access_key_file: Path | None = None

    @model_validator(mode="after")
    def _has_both_halves_of_a_key(self) -> Self:
        secrets = [each for each in (self.secret_access_key, self.secret_access_key_file) if each is not None]
        if len(secrets) > 1:
            raise ValueError("give secret_access_key or secret_access_key_file, not both")
        if (self.access_key_id is None) is not (not secrets):
            raise ValueError("access_key_id and its secret go together: give both or neither")
        return self

    def secret(self) -> str | None:
        """The secret key, from where it was given. Raises AddressInvalid when its file cannot be read."""
        if self.secret_access_key is not None:
            return self.secret_access_key.get_secret_value()
        if self.secret_access_key_file is None:
            return None
        try:
            secret = self.secret_access_key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            secret = ""
        if not secret:
            raise AddressInvalid(f"{self.secret_access_key_file} should be a file with the store's secret key in it")
        return secret


def open_store(url: str, *, options: StoreOptions | None = None) -> ObjectStore:
    """The store at file:///path (made, for this user only, where it is missing) or s3://bucket/prefix.

    Nothing is asked of an S3 store yet: whether it answers shows at the first use. Raises AddressInvalid.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise AddressInvalid("a store's address should be file:///path or s3://bucket/prefix") from error
    if parts.query or parts.fragment or parts.username is not None:
        raise AddressInvalid("a store's address should have no user, '?' or '#': keys and regions are settings")
    if parts.scheme == "file":
        return _folder(url, parts)
    if parts.scheme == "s3":
        return _bucket(url, parts, options or StoreOptions())
    raise AddressInvalid(f"{url!r} is no store for attachments: it should be file:///path or s3://bucket/prefix")


def _folder(url: str, parts: SplitResult) -> LocalStore:
    path = Path(unquote(parts.path))
    if parts.netloc or not path.is_absolute() or path == path.parent:
        raise AddressInvalid(f"{url!r} should be file:/// and the full path of a folder")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise AddressInvalid(f"the folder {path} cannot be made: {error.strerror}") from error
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise AddressInvalid(f"the folder {path} should be readable and writable for the service")
    return LocalStore(path)


def _bucket(url: str, parts: SplitResult, options: StoreOptions) -> S3Store:
    if not _BUCKET.fullmatch(parts.netloc):
        raise AddressInvalid(f"{url!r} should name a bucket: s3://bucket/prefix, in small letters")
    config: S3Config = {"region": options.region}
    if options.endpoint is not None:
        config["endpoint"] = options.endpoint
    secret = options.secret()
    if options.access_key_id is not None and secret is not None:
        config |= {"access_key_id": options.access_key_id, "secret_access_key": secret}
    client: ClientConfig = {"allow_http": (options.endpoint or "").startswith("http://")}
    prefix = unquote(parts.path).strip("/") or None
    try:
        return S3Store(parts.netloc, prefix=prefix, config=config, client_options=client, retry_config=_RETRIES)
    except (BaseError, ValueError) as error:
        raise AddressInvalid(f"{url!r} cannot be used with the given options") from error
