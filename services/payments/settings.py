"""Settings of payments."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from services.web.settings import ServiceSettings

from .channel import Channel, Folder, Sftp


class PaymentsSettings(ServiceSettings):
    """Beside what every service is told: how payment files go to the bank. Without an SFTP address they are put into
    the folder that the bank's connection empties.
    """

    bank_outbox: Path = Field(description="Folder for payment files on their way to the bank")
    bank_sftp: str | None = Field(default=None, description="sftp://user@host:22/folder of the bank's server")
    bank_sftp_key_file: Path | None = Field(default=None, description="Private key that the bank knows us by")
    bank_sftp_known_hosts: Path | None = Field(default=None, description="OpenSSH known_hosts with the bank's key")

    @model_validator(mode="after")
    def _sftp_is_whole(self) -> Self:
        files = (self.bank_sftp_key_file, self.bank_sftp_known_hosts)
        if self.bank_sftp is None:
            if any(files):
                raise ValueError("bank_sftp is missing beside its key file or known hosts")
            return self
        if not all(file is not None and file.is_file() for file in files):
            raise ValueError("bank_sftp needs bank_sftp_key_file and bank_sftp_known_hosts, both files that are there")
        self.channel()
        return self

    def channel(self) -> Channel:
        """The channel to the bank."""
        if self.bank_sftp is None:
            return Folder(self.bank_outbox)
        assert self.bank_sftp_key_file is not None, "the settings were checked"
        assert self.bank_sftp_known_hosts is not None, "the settings were checked"
        return Sftp.at(self.bank_sftp, self.bank_sftp_key_file, self.bank_sftp_known_hosts)
