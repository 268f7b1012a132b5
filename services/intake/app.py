"""Intake's composition root."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from schemas.county import County
from schemas.helsinki import HELSINKI
from services.ledger import Ledger, Verifier
from services.web.composition import Parts, compose, ledger_of, signer_of
from services.web.county import load_county
from services.web.requests import BodyLimits

from . import api, views
from .handlers import Applications, Associations, Attachments, Calls, Drafts, Handlers
from .messages import Letterhead, Mailer, Post, following, messaging
from .person_keys import PersonKeys, load_key_encryption_key
from .reactions import Reactions
from .settings import IntakeSettings
from .storage import DEFAULT_LIMITS, AttachmentStore, ClamScanner, NoScanner, StoreOptions, open_store
from .telling import Telling


def application(settings: IntakeSettings | None = None) -> tuple[FastAPI, IntakeSettings]:
    """The application and the settings that it was made of, by default those of the environment."""
    chosen = settings or IntakeSettings()
    county = load_county(chosen.county_folder)
    ledger = ledger_of(chosen, views.REGISTERS)
    keys = _person_keys(chosen)
    handlers = _handlers(chosen, ledger, county, signer_of(chosen, "intake").verifier, keys)

    async def person_keys() -> AsyncIterator[None]:
        yield
        if keys is not None:
            await keys.stop()

    async def mail() -> AsyncIterator[None]:
        if keys is None or chosen.mail_url is None:
            # Nobody is told now; whoever turns mail on later should not be told of the past.
            async with asynccontextmanager(following)(ledger, interval_seconds=chosen.mail_interval_seconds):
                yield
            return
        telling = Telling(ledger, county, chosen.clock, keys)
        mailer = Mailer(chosen.mail_url.get_secret_value(), chosen.mail_sender, password_file=chosen.mail_password_file)
        name = county.identity(chosen.clock().astimezone(HELSINKI).date()).name
        letterhead = Letterhead({"fi": name.fi, "sv": name.sv, "en": name.en}, chosen.public_address)
        post = Post(mailer, telling.addressee, letterhead)
        interval = chosen.mail_interval_seconds
        async with asynccontextmanager(messaging)(ledger, telling.occasions, post, interval_seconds=interval):
            yield

    parts = Parts(
        "intake",
        "Calls, associations, applications and usage reports.",
        api.routers(handlers, ledger),
        Reactions(ledger, county).by_type(),
        limits=BodyLimits(by_path=api.LARGE_BODIES),
        install=api.install_problems,
        tasks=[person_keys, mail],
    )
    return compose(chosen, ledger, parts), chosen


def _handlers(
    settings: IntakeSettings, ledger: Ledger, county: County, verifier: Verifier, keys: PersonKeys | None
) -> Handlers:
    clock = settings.clock
    applications = Applications(ledger, county, clock, verifier)
    return Handlers(
        Calls(ledger, county, clock),
        Associations(ledger, county, clock, keys),
        Attachments(ledger, clock, _attachment_store(settings), DEFAULT_LIMITS),
        applications,
        Drafts(ledger, county, clock, applications),
    )


def _person_keys(settings: IntakeSettings) -> PersonKeys | None:
    if settings.key_encryption_key_file is None:
        return None
    key = load_key_encryption_key(settings.key_encryption_key_file)
    url = settings.person_keys_url
    if url is None:
        return PersonKeys(settings.database_dsn, settings.schema_name, key, settings.clock)
    return PersonKeys(url.get_secret_value(), settings.person_keys_schema, key, settings.clock)


def _attachment_store(settings: IntakeSettings) -> AttachmentStore | None:
    if settings.attachments_url is None:
        return None
    options = StoreOptions(
        endpoint=settings.attachments_endpoint, region=settings.attachments_region,
        access_key_id=settings.attachments_access_key_id,
        secret_access_key_file=settings.attachments_secret_key_file,
    )  # fmt: skip
    scanner = NoScanner() if settings.clamd is None else ClamScanner(settings.clamd)
    scratch = settings.scratch_folder or Path(tempfile.gettempdir())
    return AttachmentStore(open_store(settings.attachments_url, options=options), scanner, scratch)
