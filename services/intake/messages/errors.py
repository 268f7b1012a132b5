"""What can go wrong with messages. No text of these errors holds an address, a name or a password.

MessagesError
├── MailSettingsInvalid   the mail server's address, the sender or the letterhead cannot be used
├── AddresseeInvalid      an e-mail address or a name that cannot stand in a mail
├── TextImpossible        a parameter of the text is missing or of another kind
├── MessageUnknown        no message has this id
├── NotRetriable          the message is queued or sent: there is nothing to retry
└── SendingFailed         a mail was not taken
    ├── Refused           for good: the server answered 5xx for this recipient or mail
    ├── Deferred          for now: the server answered 4xx for this recipient or mail
    └── ServerAway        for now: no mail can be sent (connection, TLS, log-in, or the sender was refused)
"""

from __future__ import annotations


class MessagesError(Exception):
    """The root of this package's errors."""


class MailSettingsInvalid(MessagesError):
    """What the county has set for its mails cannot be used."""


class AddresseeInvalid(MessagesError):
    """An address or a name that cannot stand in a mail."""


class TextImpossible(MessagesError):
    """A message cannot be put into words."""


class MessageUnknown(MessagesError):
    """No message has this id."""


class NotRetriable(MessagesError):
    """The message is queued or sent."""


class SendingFailed(MessagesError):
    """A mail was not taken. The text names the server's codes, never its words: they often repeat the address."""


class Refused(SendingFailed):
    """The server will never take this mail."""


class Deferred(SendingFailed):
    """The server did not take this mail now (greylisting, a full mailbox)."""


class ServerAway(SendingFailed):
    """The server takes no mail of ours now: the fault is not this mail's."""
