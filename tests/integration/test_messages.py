"""What the ledger records is told once by mail: by a real database as the service's role, to a real mail server."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from structlog.testing import capture_logs

from schemas.words import Language
from services.intake.messages import (
    OCCASIONS,
    Addressee,
    Deferred,
    Letterhead,
    Mailer,
    MailText,
    Message,
    MessageUnknown,
    NotRetriable,
    Occasion,
    Post,
    Tally,
    follow,
    list_messages,
    messaging,
    retry,
    send_due,
    write,
)
from services.intake.messages.sending import ATTEMPTS_MAX, BACK_OFF, LEASE
from services.ledger import Context, Ledger, NewEvent, Record, StreamWrite, Unit
from tests.infrastructure.databases import FreshDatabase
from tests.integration.mail_server import CUT, HOST, MailServer
from tests.integration.post import until

MIGRATIONS = Path(__file__).parents[2] / "services" / "intake" / "migrations"
START = datetime(2026, 2, 5, 8, 0, tzinfo=UTC)
LETTERHEAD = Letterhead("Pohjois-Karjalan hyvinvointialue", "https://avustukset.example.fi")
SENDER = "Pohjois-Karjalan hyvinvointialue <avustukset@county.example>"
PARAMETERS: dict[str, dict[str, Any]] = {
    "received": {"diary_number": "12/02.05.01.01/2026"},
    "supplement_requested": {"question": "Lähettäkää tilinpäätös.", "due_on": date(2026, 2, 20)},
    "transferred": {"municipality": "Joensuu"},
    "notified": {"last_claim_day": date(2026, 3, 9)},
    "claim_notified": {"last_appeal_day": date(2026, 4, 27)},
    "cost_report_returned": {"due_on": date(2026, 8, 3)},
    "paid": {"paid_on": date(2026, 2, 5)},
    "report_due": {"due_on": date(2026, 4, 30)},
    "report_returned": {"due_on": date(2026, 4, 30)},
    "report_overdue": {"due_on": date(2026, 4, 30)},
    "hearing": {"due_on": date(2026, 4, 30)},
    "call_amended": {"what_changed": {"fi": "Hakuaika jatkuu."}},
}


@dataclass
class Clock:
    """Stands until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, step: timedelta) -> None:
        self.now += step


class HangingMailer(Mailer):
    """Hands the mail over and then, as a process that hangs or dies at that moment, does not return until `fail`."""

    def __init__(self, url: str) -> None:
        super().__init__(url, SENDER)
        self.handed_over = asyncio.Event()
        self.fail = asyncio.Event()

    async def send(self, message_id: UUID, to: Addressee, text: MailText, language: Language, at: datetime) -> None:
        await super().send(message_id, to, text, language, at)
        self.handed_over.set()
        await self.fail.wait()
        raise Deferred("451")


@dataclass
class Office:
    """A ledger whose events say what to tell, who can be told, and the server that carries it."""

    database: FreshDatabase
    ledger: Ledger
    server: MailServer
    clock: Clock
    addressees: dict[str, Addressee] = field(default_factory=dict)
    told: int = 0

    @property
    def url(self) -> str:
        return f"smtp://{HOST}:{self.server.port}?starttls=never"

    def post(self, mailer: Mailer | None = None) -> Post:
        return Post(mailer or Mailer(self.url, SENDER), self.find_addressee, LETTERHEAD)

    async def find_addressee(self, subject: str) -> Addressee | None:
        return self.addressees.get(subject)

    async def tell(self, *occasions: str, subject: str = "application/1", **parameters: Any) -> None:
        """One event for each occasion."""
        for name in occasions:
            said = {**PARAMETERS.get(name, {}), **parameters}
            await self.record([{"name": name, "subject": subject, "parameters": said, "application_id": "1"}])

    async def record(self, occasions: Sequence[dict[str, Any]]) -> None:
        """One event with these occasions."""
        self.told += 1
        data = json.dumps({"occasions": occasions}, default=date.isoformat).encode()
        write_ = StreamWrite(f"told/{self.told}", 0, (NewEvent("something.told", data),))
        await self.ledger.append(Unit(Context("test", "test"), (write_,)))

    async def follow(self) -> int:
        return await follow(self.ledger, occasions_of)

    async def send(self, mailer: Mailer | None = None) -> Tally:
        return await send_due(self.ledger, self.post(mailer))

    async def messages(self) -> list[Message]:
        return await list_messages(self.ledger)

    async def one(self) -> Message:
        (message,) = await self.messages()
        return message


def occasions_of(record: Record) -> list[Occasion]:
    return [Occasion(**each) for each in record.data["occasions"]]


async def prepared(database: FreshDatabase, *folders: Path) -> str:
    """Migrates intake's schema, and gives the address for the service's role."""
    return (await database.migrated("intake", *folders)).service_dsn


@asynccontextmanager
async def started(dsn: str, clock: Clock) -> AsyncIterator[Ledger]:
    ledger = Ledger(dsn, "intake", clock, pool_size=4)
    await ledger.start()
    try:
        yield ledger
    finally:
        await ledger.stop()


@pytest.fixture
async def office(database: FreshDatabase) -> AsyncIterator[Office]:
    clock, server = Clock(), MailServer()
    await server.start()
    try:
        async with started(await prepared(database, MIGRATIONS), clock) as ledger:
            found = {"application/1": Addressee("anna@yhdistys.example", "Jäsenet, Joensuu ry", "fi")}
            yield Office(database, ledger, server, clock, found)
    finally:
        await server.stop()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_each_occasion_arrives_in_the_addressees_language(office: Office, language: Language) -> None:
    office.addressees["application/1"] = Addressee("anna@yhdistys.example", "Jäsenet, Joensuu ry", language)
    await office.tell(*OCCASIONS)

    assert await office.follow() == len(OCCASIONS)
    assert await office.send() == Tally(sent=len(OCCASIONS))

    for occasion, message, arrived in zip(OCCASIONS, await office.messages(), office.server.arrived, strict=True):
        mail = arrived.message
        text = write(occasion, language, "Jäsenet, Joensuu ry", PARAMETERS.get(occasion, {}), LETTERHEAD)
        assert text is not None
        assert (arrived.sender, arrived.recipients) == ("avustukset@county.example", ("anna@yhdistys.example",))
        assert mail["From"].addresses[0].display_name == "Pohjois-Karjalan hyvinvointialue"
        assert mail["To"].addresses[0].display_name == "Jäsenet, Joensuu ry"
        assert (mail["Subject"], mail.get_content().replace("\r\n", "\n")) == (text.subject, text.body)
        assert mail["Message-ID"] == f"<{message.id}@county.example>"
        assert mail["Date"].datetime == START
        assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", language)
        assert (mail.get_content_type(), mail.get_content_charset()) == ("text/plain", "utf-8")
        assert (message.occasion, message.state, message.language) == (occasion, "sent", language)
        assert (message.sent_at, message.attempts, message.last_error) == (START, 1, None)


async def test_an_occasion_may_say_its_language(office: Office) -> None:
    await office.record([{"name": "decided", "subject": "application/1", "language": "sv"}])
    await office.follow()
    await office.send()

    assert office.server.arrived[0].message["Subject"] == "Beslutet i ert ärende är klart"


async def test_what_was_sent_is_not_sent_again(office: Office) -> None:
    await office.tell("decided")
    await office.follow()

    assert await office.send() == Tally(sent=1)
    office.clock.move(timedelta(days=30))
    assert (await office.follow(), await office.send()) == (0, Tally())
    assert len(office.server.arrived) == 1


async def test_the_table_holds_no_personal_data_and_no_parameter_that_the_text_does_not_use(office: Office) -> None:
    await office.tell("paid", iban="FI2112345600000785", amount="100.00 EUR", reasons="Perustelut")
    await office.tell("received")
    office.server.to_recipients.append("550 5.1.1 <anna@yhdistys.example>: no such user Anna")
    await office.follow()
    with capture_logs() as logs:
        await office.send()

    rows = [str(dict(row)) for row in await office.ledger.pool.fetch("SELECT * FROM message")]
    for secret in ("anna", "Anna", "yhdistys", "Joensuu", "FI21", "100.00", "Perustelut"):
        assert secret not in "".join(rows)
        assert secret not in str(logs)
    assert [message.last_error for message in await office.messages()] == [
        "the mail server refused the mail: 550 5.1.1", None,
    ]  # fmt: skip
    assert (await office.messages())[0].parameters == {"paid_on": "2026-02-05"}


async def test_an_occasion_without_a_text_makes_no_message(office: Office) -> None:
    await office.tell("in_preparation", "decided", "payment.booked")

    assert await office.follow() == 3
    assert (await office.one()).occasion == "decided"


async def test_a_mail_waits_while_the_server_is_away_and_is_sent_once_it_is_due(office: Office) -> None:
    await office.tell("decided")
    await office.follow()
    await office.server.stop()

    for attempt, wait in enumerate((*BACK_OFF, BACK_OFF[-1]), start=1):
        assert await office.send() == Tally(deferred=1)
        waiting = await office.one()
        assert (waiting.state, waiting.attempts, waiting.due_at) == ("queued", attempt, office.clock.now + wait)
        assert waiting.last_error == "the mail server cannot be used: SMTPConnectError"
        office.clock.move(wait - timedelta(seconds=1))
        assert await office.send() == Tally()
        office.clock.move(timedelta(seconds=1))

    await office.server.start()
    assert await office.send() == Tally(sent=1)
    assert (await office.one()).last_error is None
    assert len(office.server.arrived) == 1


async def test_when_the_server_is_away_the_rest_is_left_for_the_next_time(office: Office) -> None:
    await office.tell("decided", "final", "recovery")
    await office.follow()
    await office.server.stop()

    await office.send()
    assert [message.attempts for message in await office.messages()] == [1, 0, 0]
    await office.server.start()
    assert await office.send() == Tally(sent=2)
    office.clock.move(BACK_OFF[0])
    assert await office.send() == Tally(sent=1)


async def test_a_server_that_stays_away_is_given_up_and_a_person_may_retry(office: Office) -> None:
    await office.tell("decided")
    await office.follow()
    await office.server.stop()

    for _ in range(ATTEMPTS_MAX):
        assert (await office.one()).state == "queued"
        await office.send()
        office.clock.move(BACK_OFF[-1])
    failed = await office.one()
    assert failed.state == "failed"
    assert failed.last_error == "given up after 15 attempts: the mail server cannot be used: SMTPConnectError"
    assert office.clock.now - START > timedelta(days=5)

    await office.server.start()
    assert await office.send() == Tally()
    await retry(office.ledger, failed.id)
    assert await office.send() == Tally(sent=1)


@pytest.mark.parametrize("answers", ["to_recipients", "to_mails"])
async def test_a_greylisted_mail_is_accepted_later_and_holds_up_no_other(office: Office, answers: str) -> None:
    getattr(office.server, answers).append("451 4.7.1 Greylisted, anna@yhdistys.example")
    await office.tell("decided", "final")
    await office.follow()

    assert await office.send() == Tally(sent=1, deferred=1)
    greylisted = (await office.messages())[0]
    assert greylisted.last_error == "the mail server asks to try later: 451 4.7.1"
    assert await office.send() == Tally()
    office.clock.move(BACK_OFF[0])
    assert await office.send() == Tally(sent=1)
    assert Counter(office.server.ids) == dict.fromkeys(office.server.ids, 1)
    assert len(office.server.ids) == 2


@pytest.mark.parametrize("answers", ["to_recipients", "to_mails"])
async def test_a_refused_mail_has_failed_until_a_person_retries_it(office: Office, answers: str) -> None:
    getattr(office.server, answers).append("550 anna@yhdistys.example is unknown")
    await office.tell("decided", "final")
    await office.follow()

    assert await office.send() == Tally(sent=1, failed=1)
    (failed,) = await list_messages(office.ledger, state="failed")
    assert failed.last_error == "the mail server refused the mail: 550"
    office.clock.move(timedelta(days=30))
    assert await office.send() == Tally()

    await retry(office.ledger, failed.id)
    assert await office.send() == Tally(sent=1)
    assert office.server.ids[-1] == f"<{failed.id}@county.example>"
    assert await list_messages(office.ledger, state="failed") == []


async def test_only_what_was_not_sent_is_retried_by_hand(office: Office) -> None:
    await office.tell("decided")
    await office.follow()
    message = await office.one()

    with pytest.raises(NotRetriable, match=f"message {message.id} is queued"):
        await retry(office.ledger, message.id)
    await office.send()
    with pytest.raises(NotRetriable, match="is sent"):
        await retry(office.ledger, message.id)
    with pytest.raises(MessageUnknown, match="there is no message"):
        await retry(office.ledger, UUID(int=1))


async def test_two_senders_at_once_send_each_message_once(office: Office) -> None:
    await office.tell(*["decided"] * 30)
    await office.follow()
    async with started(office.ledger.dsn, office.clock) as other:
        sends = [send_due(ledger, office.post()) for ledger in (office.ledger, other) for _ in range(2)]
        tallies = await asyncio.gather(*sends)

    assert sum(tally.sent for tally in tallies) == 30
    assert sum(tally.sent > 0 for tally in tallies) > 1
    assert len(office.server.ids) == len(set(office.server.ids)) == 30
    assert {message.attempts for message in await office.messages()} == {1}


async def test_a_crash_between_acceptance_and_the_mark_sends_the_same_message_id_again(office: Office) -> None:
    await office.tell("decided")
    await office.follow()
    mailer = HangingMailer(office.url)
    dying = asyncio.create_task(office.send(mailer))
    await asyncio.wait_for(mailer.handed_over.wait(), 30)
    dying.cancel()
    await asyncio.wait({dying})

    assert (await office.one()).state == "queued"
    assert await office.send() == Tally()
    office.clock.move(LEASE)
    assert await office.send() == Tally(sent=1)
    first, second = office.server.ids
    assert first == second == f"<{(await office.one()).id}@county.example>"


async def test_a_connection_that_ends_at_the_acceptance_sends_the_same_message_id_again(office: Office) -> None:
    office.server.to_mails.append(CUT)
    await office.tell("decided")
    await office.follow()

    assert await office.send() == Tally(deferred=1)
    office.clock.move(BACK_OFF[0])
    assert await office.send() == Tally(sent=1)
    first, second = office.server.ids
    assert first == second


async def test_a_sender_that_hung_does_not_change_what_the_next_one_has_noted(office: Office) -> None:
    await office.tell("decided")
    await office.follow()
    mailer = HangingMailer(office.url)
    slow = asyncio.create_task(office.send(mailer))
    await asyncio.wait_for(mailer.handed_over.wait(), 30)
    office.clock.move(LEASE)
    office.server.to_recipients.append("451 later")
    assert await office.send() == Tally(deferred=1)
    noted = await office.one()

    mailer.fail.set()
    await slow
    assert await office.one() == noted
    assert (noted.attempts, noted.due_at) == (2, office.clock.now + BACK_OFF[1])


async def test_following_twice_and_at_once_makes_each_message_once(office: Office) -> None:
    await office.record(
        [{"name": "decided", "subject": f"application/{number}", "application_id": str(number)} for number in range(3)]
    )
    await office.tell(*["final"] * 40)
    async with started(office.ledger.dsn, office.clock) as other:
        looked_at = await asyncio.gather(*(follow(ledger, occasions_of) for ledger in (office.ledger, other) * 4))

    assert sum(looked_at) == 41
    assert await office.follow() == 0
    messages = await office.messages()
    assert Counter(message.occasion for message in messages) == {"decided": 3, "final": 40}
    assert {message.subject for message in messages[:3]} == {f"application/{number}" for number in range(3)}

    await office.ledger.pool.execute("UPDATE messenger SET position = 0")
    assert await office.follow() == 41
    assert [message.id for message in await office.messages()] == [message.id for message in messages]


async def test_more_events_than_a_batch_are_all_looked_at(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.intake.messages.outbox.BATCH_MAX", 7)
    await office.tell(*["final"] * 20)

    assert await office.follow() == 20
    assert [message.event_position for message in await office.messages()] == list(range(1, 21))


async def test_whom_an_event_concerns_may_be_looked_up(office: Office) -> None:
    async def applicants(record: Record) -> list[Occasion]:
        found = await office.ledger.stream(record.stream, record.position)
        return [Occasion("final", f"application/{each.version}") for each in found]

    await office.tell("final")
    await follow(office.ledger, applicants)
    assert (await office.one()).subject == "application/1"


async def test_an_event_that_cannot_be_looked_at_keeps_nothing_of_its_batch(office: Office) -> None:
    await office.tell("decided")
    await office.record([{"name": "decided"}])

    with pytest.raises(TypeError, match="subject"):
        await office.follow()
    assert await office.messages() == []
    assert await office.ledger.pool.fetchval("SELECT position FROM messenger") == 0


async def test_nobody_is_told_of_what_happened_before_there_were_messages(database: FreshDatabase) -> None:
    clock = Clock()
    async with started(await prepared(database), clock) as ledger:
        office = Office(database, ledger, MailServer(), clock)
        await office.tell("decided", "final")
        await prepared(database, MIGRATIONS)
        await office.tell("recovery")

        assert await office.follow() == 1
        assert (await office.one()).occasion == "recovery"


async def test_a_message_without_an_address_waits_for_one(office: Office) -> None:
    await office.tell("decided", subject="association/2050864-5")
    await office.tell("final")
    await office.follow()

    assert await office.send() == Tally(sent=1, unaddressed=1)
    (waiting,) = await list_messages(office.ledger, state="unaddressed")
    office.clock.move(timedelta(days=30))
    assert await office.send() == Tally()

    office.addressees["association/2050864-5"] = Addressee("bertta@yhdistys.example", "Bertta", "sv")
    await retry(office.ledger, waiting.id)
    assert await office.send() == Tally(sent=1)
    assert office.server.arrived[-1].recipients == ("bertta@yhdistys.example",)


async def test_an_addressee_that_cannot_be_looked_up_uses_up_no_attempt(office: Office) -> None:
    """The keys of persons may be away for longer than a mail server."""

    async def away(_: str) -> Addressee | None:
        raise OSError("the keys are away")

    await office.tell("decided")
    await office.follow()
    for _ in range(ATTEMPTS_MAX + 1):
        with pytest.raises(OSError, match="away"):
            await send_due(office.ledger, Post(Mailer(office.url, SENDER), away, LETTERHEAD))
        office.clock.move(LEASE)
    office.server.to_recipients.append("451 4.7.1 Greylisted")
    assert await office.send() == Tally(deferred=1)
    office.clock.move(BACK_OFF[0])
    assert await office.send() == Tally(sent=1)


async def test_an_address_with_a_line_end_gets_no_mail_and_holds_up_no_other(office: Office) -> None:
    async def find(subject: str) -> Addressee | None:
        address = "anna@yhdistys.example" + ("\r\nRCPT TO:<other@example.fi>" if subject.endswith("/2") else "")
        return Addressee(address, "Anna", "fi")

    await office.tell("decided", subject="application/2")
    await office.tell("final")
    await office.follow()

    assert await send_due(office.ledger, Post(Mailer(office.url, SENDER), find, LETTERHEAD)) == Tally(sent=1, failed=1)
    (failed,) = await list_messages(office.ledger, state="failed")
    assert str(failed.last_error).startswith("the e-mail address has to read like")
    assert [each.recipients for each in office.server.arrived] == [("anna@yhdistys.example",)]


async def test_a_text_that_cannot_be_written_holds_up_no_other(office: Office) -> None:
    await office.tell("paid", paid_on="eilen")
    await office.tell("final")
    await office.follow()

    assert await office.send() == Tally(sent=1, failed=1)
    (failed,) = await list_messages(office.ledger, state="failed")
    assert failed.last_error == "paid: the parameter paid_on has to be a date such as 2026-02-05"


async def test_messages_come_in_pages_by_state_and_by_application(office: Office) -> None:
    await office.tell(*["decided"] * 5)
    await office.tell("final", subject="association/2050864-5")
    await office.record([{"name": "final", "subject": "application/1", "application_id": "2"}] * 3)
    await office.follow()
    await office.send()

    found: list[Message] = []
    while page := await list_messages(office.ledger, state="sent", after=found[-1].key if found else None, limit=3):
        found += page
    assert [message.event_position for message in found] == [1, 2, 3, 4, 5, 7, 7, 7]
    assert len({message.id for message in found}) == 8
    assert len(await list_messages(office.ledger, after=(7, "none"))) == 3
    assert len(await list_messages(office.ledger, application_id="2")) == 3
    assert len(await list_messages(office.ledger, state="unaddressed", application_id="1")) == 1


async def test_the_services_role_removes_no_message_and_the_auditors_changes_none(office: Office) -> None:
    await office.tell("decided")
    await office.follow()
    for statement in (
        "DELETE FROM message",
        "TRUNCATE message",
        "DELETE FROM messenger",
        "INSERT INTO messenger DEFAULT VALUES",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await office.ledger.pool.execute(statement)

    auditor = await asyncpg.connect((await office.database.service("intake")).auditor_dsn)
    try:
        assert await auditor.fetchval("SELECT count(*) FROM message, messenger") == 1
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await auditor.execute("UPDATE message SET state = 'failed'")
    finally:
        await auditor.close()


async def test_in_the_background_what_goes_wrong_is_tried_again_and_no_address_is_logged(office: Office) -> None:
    failures: list[Exception] = [
        asyncpg.ConnectionDoesNotExistError("gone"),
        ValueError("anna@yhdistys.example"),
        OSError("anna@yhdistys.example"),
    ]
    broken = [TypeError("anna@yhdistys.example")]

    async def find(subject: str) -> Addressee | None:
        office.clock.move(LEASE)
        if failures:
            raise failures.pop()
        return await office.find_addressee(subject)

    def mapped(record: Record) -> list[Occasion]:
        if broken:
            raise broken.pop()
        return occasions_of(record)

    async def arrived() -> bool:
        office.clock.move(BACK_OFF[0])
        return len(office.server.arrived) == 2

    await office.server.stop()
    with capture_logs() as logs:
        async with AsyncExitStack() as stack:
            post = Post(Mailer(office.url, SENDER), find, LETTERHEAD)
            running = asynccontextmanager(messaging)(office.ledger, mapped, post, interval_seconds=0.01)
            await stack.enter_async_context(running)
            await office.tell("decided")
            await until(lambda: waits_for_the_server(office), "the server was asked for in vain")
            await office.server.start()
            await office.tell("final")
            await until(arrived, "both mails arrived")

    assert {log["error"] for log in logs if "error" in log} == {
        "TypeError", "ValueError", "OSError", "ConnectionDoesNotExistError",
    }  # fmt: skip
    assert "anna" not in str(logs)
    assert "messages" not in {task.get_name() for task in asyncio.all_tasks()}


async def waits_for_the_server(office: Office) -> bool:
    return any("SMTPConnectError" in (message.last_error or "") for message in await office.messages())
