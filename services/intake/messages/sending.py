"""Sends the messages that are due."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from schemas.words import Language
from services.intake.messages.errors import (
    AddresseeInvalid,
    Deferred,
    Refused,
    SendingFailed,
    ServerAway,
    TextImpossible,
)
from services.intake.messages.mail import Addressee
from services.intake.messages.mailer import SEND_SECONDS, Mailer
from services.intake.messages.outbox import COLUMNS, Message, State, message_from_row
from services.intake.messages.texts import Letterhead, write
from services.ledger import Ledger

log = structlog.get_logger(__name__)

FindAddressee = Callable[[str], Awaitable[Addressee | None]]
"""Whom a reference such as 'application/<id>' stands for now; None where nobody can be reached by e-mail."""

LEASE: Final = timedelta(minutes=5)
BACK_OFF: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
"""How long a message waits after its first, second … failed attempt; the last one repeats."""
ATTEMPTS_MAX: Final = 15
"""Five days, as RFC 5321 (4.5.4.1) would have it at least: a server that is away over a long weekend loses no mail."""

_CLAIM = f"""
UPDATE message SET attempts = attempts + 1, due_at = $2
WHERE id = (SELECT id FROM message WHERE state = 'queued' AND due_at <= $1
            ORDER BY due_at, event_position, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING {COLUMNS}
"""  # noqa: S608 - the columns are a constant
_SENT = "UPDATE message SET state = 'sent', sent_at = $2, language = $3, last_error = NULL WHERE id = $1"
_NOT_SENT = """
UPDATE message SET state = $3, due_at = $4, last_error = $5 WHERE id = $1 AND attempts = $2 AND state = 'queued'
"""
_NOT_TRIED = "UPDATE message SET attempts = attempts - 1 WHERE id = $1 AND attempts = $2 AND state = 'queued'"


@dataclass(frozen=True, slots=True)
class Post:
    """What sending takes: the way to the server, the addresses, and who writes."""

    mailer: Mailer
    find_addressee: FindAddressee
    letterhead: Letterhead


@dataclass(slots=True)
class Tally:
    """What became of the messages that were due. `left` says that more are due."""

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    unaddressed: int = 0
    left: bool = False


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How an attempt ended: `language` of what was sent, else why it was not."""

    state: State
    language: Language | None = None
    reason: str | None = None
    server_away: bool = False


async def send_due(ledger: Ledger, post: Post, *, limit: int = 100) -> Tally:
    """Sends what is due by the ledger's clock, one message after the other; any number of replicas may do so at once.

    At least once, always with the same Message-ID: a message is claimed for five minutes, longer than sending it may
    take, before it is sent, and marked after the server has accepted it. Who dies in between leaves it to be sent
    again. What the server does not take now waits as `BACK_OFF` says; what it refuses with 5xx has failed until a
    person retries it. When the server is away the rest is left for the next call. Raises what `find_addressee` and
    the database raise; the message claimed then comes again after its five minutes, and no attempt was used up.
    """
    tally = Tally()
    for _ in range(limit):
        message = await _claim(ledger)
        if message is None:
            return tally
        outcome = await _attempt(ledger, post, message)
        await _note(ledger, message, outcome, tally)
        if outcome.server_away:
            return tally
    tally.left = True
    return tally


async def _claim(ledger: Ledger) -> Message | None:
    assert timedelta(seconds=SEND_SECONDS) < LEASE
    now = ledger.clock()
    row = await ledger.pool.fetchrow(_CLAIM, now, now + LEASE)
    return None if row is None else message_from_row(row)


async def _addressee(ledger: Ledger, post: Post, message: Message) -> Addressee | None:
    try:
        return await post.find_addressee(message.subject)
    except AddresseeInvalid:
        raise
    except Exception:
        # Nobody was written to: where the keys of persons are away for long, a mail must not be given up for it.
        await ledger.pool.execute(_NOT_TRIED, message.id, message.attempts)
        raise


async def _attempt(ledger: Ledger, post: Post, message: Message) -> _Outcome:
    try:
        addressee = await _addressee(ledger, post, message)
        if addressee is None:
            return _Outcome("unaddressed")
        return await _sent(ledger, post, message, addressee)
    except (AddresseeInvalid, TextImpossible) as error:
        return _Outcome("failed", reason=str(error))
    except Refused as error:
        return _Outcome("failed", reason=f"the mail server refused the mail: {error}")
    except Deferred as error:
        return _later(message, f"the mail server asks to try later: {error}", error)
    except ServerAway as error:
        return _later(message, f"the mail server cannot be used: {error}", error)


async def _sent(ledger: Ledger, post: Post, message: Message, addressee: Addressee) -> _Outcome:
    language = message.language or addressee.language
    text = write(message.occasion, language, addressee.name, message.parameters, post.letterhead)
    if text is None:
        return _Outcome("failed", reason=f"there is no text for the occasion {message.occasion}")
    await post.mailer.send(message.id, addressee, text, language, ledger.clock())
    return _Outcome("sent", language=language)


def _later(message: Message, reason: str, error: SendingFailed) -> _Outcome:
    away = isinstance(error, ServerAway)
    if message.attempts >= ATTEMPTS_MAX:
        return _Outcome("failed", reason=f"given up after {message.attempts} attempts: {reason}", server_away=away)
    return _Outcome("queued", reason=reason, server_away=away)


async def _note(ledger: Ledger, message: Message, outcome: _Outcome, tally: Tally) -> None:
    if outcome.state == "sent":
        await ledger.pool.execute(_SENT, message.id, ledger.clock(), outcome.language)
        tally.sent += 1
        return
    due_at = ledger.clock()
    if outcome.state == "queued":
        due_at += BACK_OFF[min(message.attempts, len(BACK_OFF)) - 1]
    await ledger.pool.execute(_NOT_SENT, message.id, message.attempts, outcome.state, due_at, outcome.reason)
    _count(tally, outcome.state)
    _warn(message.id, message.occasion, outcome)


def _count(tally: Tally, state: State) -> None:
    tally.deferred += state == "queued"
    tally.failed += state == "failed"
    tally.unaddressed += state == "unaddressed"


def _warn(id: UUID, occasion: str, outcome: _Outcome) -> None:
    log.warning("message not sent", message=str(id), occasion=occasion, state=outcome.state, reason=outcome.reason)
