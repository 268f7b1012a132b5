"""Calls (*haku*): when they are open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.facts import Fact
from schemas.intake import CallPublished
from schemas.refusals import conflict, invalid

CLOSING_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Call:
    """An open or closed call; `closes_at` None means that it is open until further notice."""

    call: CallPublished

    def is_late(self, moment: datetime) -> bool:
        """Whether something sent at `moment` came after the call. The closing minute is inclusive: a call that closes
        at 16.00 takes what is sent at 16:00:59.999.
        """
        closes_at = self.call.closes_at
        return closes_at is not None and moment >= closes_at + CLOSING_MINUTE

    def is_open(self, moment: datetime) -> bool:
        """Whether the call takes applications at `moment`."""
        return moment >= self.call.opens_at and not self.is_late(moment)


def evolve(state: Call | None, fact: Fact) -> Call | None:
    """The call after a fact."""
    return Call(fact) if isinstance(fact, CallPublished) else state


def publish(state: Call | None, call: CallPublished) -> list[Fact]:
    """Publishes a call. Refused when its id is taken, when it closes before it opens, or when a round has no end."""
    if state is not None:
        raise conflict("call-exists", f"the call {call.call_id} is published already")
    if call.kind == "round" and call.closes_at is None:
        raise invalid("round-without-end", "a round closes at a stated moment", "/closes_at")
    if call.closes_at is not None and call.closes_at <= call.opens_at:
        raise invalid("closes-before-it-opens", "a call closes after it opens", "/closes_at")
    return [call]
