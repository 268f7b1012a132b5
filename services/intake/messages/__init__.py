"""Tells applicants by e-mail that something waits for them in the service.

`follow` makes messages of what the ledger records, `send_due` sends them, `messaging` does both in the background. A
mail says that something waits, never what a decision says.
"""

from services.intake.messages.errors import (
    AddresseeInvalid,
    Deferred,
    MailSettingsInvalid,
    MessagesError,
    MessageUnknown,
    NotRetriable,
    Refused,
    SendingFailed,
    ServerAway,
    TextImpossible,
)
from services.intake.messages.mail import Addressee
from services.intake.messages.mailer import Mailer
from services.intake.messages.outbox import (
    Message,
    Occasion,
    OccasionsOf,
    State,
    follow,
    list_messages,
    retry,
)
from services.intake.messages.sending import FindAddressee, Post, Tally, send_due
from services.intake.messages.task import following, messaging
from services.intake.messages.texts import OCCASIONS, Letterhead, MailText, write

__all__ = [
    "OCCASIONS",
    "Addressee",
    "AddresseeInvalid",
    "Deferred",
    "FindAddressee",
    "Letterhead",
    "MailSettingsInvalid",
    "MailText",
    "Mailer",
    "Message",
    "MessageUnknown",
    "MessagesError",
    "NotRetriable",
    "Occasion",
    "OccasionsOf",
    "Post",
    "Refused",
    "SendingFailed",
    "ServerAway",
    "State",
    "Tally",
    "TextImpossible",
    "follow",
    "following",
    "list_messages",
    "messaging",
    "retry",
    "send_due",
    "write",
]
