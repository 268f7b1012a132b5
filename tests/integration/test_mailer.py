"""A mail goes to a real mail server as the county has set it: encrypted, with a password, or not at all."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from services.intake.messages import (
    Addressee,
    Deferred,
    Mailer,
    MailSettingsInvalid,
    MailText,
    Refused,
    SendingFailed,
    ServerAway,
)
from tests.integration.mail_server import CUT, HOST, MailServer, certificate

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
SENDER = "County <avustukset@county.example>"
ANNA = Addressee("anna@yhdistys.example", "Anna", "fi")
Contexts = tuple[ssl.SSLContext, ssl.SSLContext]


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> Contexts:
    """A server's TLS, and a client's that trusts it."""
    return certificate(tmp_path_factory.mktemp("certificate"))


@asynccontextmanager
async def serving(server: MailServer) -> AsyncIterator[MailServer]:
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def send(mailer: Mailer) -> None:
    await mailer.send(UUID(int=1), ANNA, MailText("Päätös", ".\n.alku\n"), "fi", datetime(2026, 2, 5, tzinfo=UTC))


async def test_a_mail_goes_encrypted_and_with_the_password_of_a_file(contexts: Contexts, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("sala/na: 1\n", encoding="utf-8")
    async with serving(MailServer(starttls=contexts[0], users={"county@example": "sala/na: 1"})) as server:
        url = f"smtp://county%40example@{HOST}:{server.port}"
        await send(Mailer(url, SENDER, password_file=tmp_path / "password", trust=contexts[1]))

        assert [(each.encrypted, each.user) for each in server.arrived] == [(True, "county@example")]
        assert server.arrived[0].message.get_content().split() == [".", ".alku"]


async def test_a_mail_goes_through_a_server_that_is_encrypted_from_the_start(contexts: Contexts) -> None:
    async with serving(MailServer(tls=contexts[0], users={"county": "s3cret"})) as server:
        await send(Mailer(f"smtps://county:s3cret@{HOST}:{server.port}", SENDER, trust=contexts[1]))

        assert [(each.encrypted, each.user) for each in server.arrived] == [(True, "county")]


async def test_a_mail_goes_in_the_clear_only_where_the_county_has_said_so() -> None:
    async with serving(MailServer()) as server:
        for url in (f"smtp://{HOST}:{server.port}", f"smtp://county:x@{HOST}:{server.port}?starttls=required"):
            with pytest.raises(ServerAway, match="SMTP"):
                await send(Mailer(url, SENDER))
        assert server.arrived == []

        await send(Mailer(f"smtp://{HOST}:{server.port}?starttls=never", SENDER))
        assert [(each.encrypted, each.user) for each in server.arrived] == [(False, None)]


async def test_no_mail_goes_to_a_server_whose_certificate_is_not_trusted(contexts: Contexts) -> None:
    for server, scheme in ((MailServer(starttls=contexts[0]), "smtp"), (MailServer(tls=contexts[0]), "smtps")):
        async with serving(server):
            with pytest.raises(ServerAway):
                await send(Mailer(f"{scheme}://{HOST}:{server.port}", SENDER))
            assert server.arrived == []


async def test_a_wrong_password_is_no_fault_of_the_mail() -> None:
    async with serving(MailServer(users={"county": "right"})) as server:
        with pytest.raises(ServerAway, match=r"SMTPAuthenticationError: 535 5\.7\.8"):
            await send(Mailer(f"smtp://county:wrong@{HOST}:{server.port}?starttls=never", SENDER))
        with pytest.raises(ServerAway, match="SMTPSenderRefused: 530"):
            await send(Mailer(f"smtp://{HOST}:{server.port}?starttls=never", SENDER))
        await send(Mailer(f"smtp://county:right@{HOST}:{server.port}?starttls=never", SENDER))
        assert len(server.arrived) == 1


@pytest.mark.parametrize("answers", ["to_recipients", "to_mails"])
@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        ("550 5.1.1 anna@yhdistys.example is unknown", Refused, "550 5.1.1"),
        ("554 5.7.1anna@yhdistys.example", Refused, "554"),
        ("451 4.7.1 Greylisted, anna@yhdistys.example", Deferred, "451 4.7.1"),
        ("452 anna@yhdistys.example", Deferred, "452"),
        (CUT, ServerAway, "SMTPServerDisconnected"),
    ],
)
async def test_what_a_server_answers_is_told_by_its_codes_alone(
    answers: str, answer: str, error: type[SendingFailed], said: str
) -> None:
    async with serving(MailServer()) as server:
        getattr(server, answers).append(answer)
        with pytest.raises(error) as failed:
            await send(Mailer(f"smtp://{HOST}:{server.port}?starttls=never", SENDER))
        assert str(failed.value) == said


def test_a_password_file_has_to_hold_one_line(tmp_path: Path) -> None:
    file = tmp_path / "password"
    for content in (None, "", "\n", "two\nlines\n"):
        if content is not None:
            file.write_text(content, encoding="utf-8")
        with pytest.raises(MailSettingsInvalid, match="the file of the mail server's password"):
            Mailer("smtps://county@mail.example", SENDER, password_file=file)
    file.write_text("secret\n", encoding="utf-8")
    with pytest.raises(MailSettingsInvalid, match="both in it and in a file"):
        Mailer("smtps://county:other@mail.example", SENDER, password_file=file)
