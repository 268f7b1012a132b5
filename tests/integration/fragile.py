"""A ledger whose appends fail when a test says so, before or after they took effect."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from unittest.mock import patch

from services.ledger import Appended, Ledger, Unavailable, Unit
from services.ledger.registers import Registers
from tests.integration.cutting_proxy import CuttingProxy

Crash = Literal["before", "within", "cut", "after"]
CRASHES: Final[tuple[Crash, ...]] = ("before", "within", "cut", "after")


@dataclass
class Fragile:
    """Lets the next append fail: before anything is sent, within the transaction (the connection breaks), at COMMIT
    (its answer is lost), or after it. Each strikes once.
    """

    proxy: CuttingProxy
    armed: Crash | None = None
    struck: Counter[str] = field(default_factory=Counter)

    def arm(self, crash: Crash) -> None:
        """The next append fails so."""
        self.armed = crash
        self.proxy.armed = crash == "cut"

    def disarm(self) -> None:
        """Nothing fails any more."""
        self.struck["cut"] += self.armed == "cut" and not self.proxy.armed
        self.armed, self.proxy.armed = None, False

    def _strikes(self, crash: Crash) -> bool:
        if self.armed != crash:
            return False
        self.armed = None
        self.struck[crash] += 1
        return True

    def installed(self, ledger: Ledger) -> Any:
        """Puts the points into the ledger's appends, as a context manager."""
        append, apply = ledger.append, Registers.apply

        async def fragile_append(unit: Unit) -> Appended:
            if self._strikes("before"):
                raise Unavailable("cut before the append")
            appended = await append(unit)
            if self._strikes("after"):
                raise Unavailable("cut after the append")
            return appended

        async def fragile_apply(registers: Registers, *arguments: Any) -> None:
            await apply(registers, *arguments)
            if self._strikes("within"):
                raise ConnectionResetError("cut within the transaction")

        ledger.append = fragile_append  # type: ignore[method-assign]  # of this one ledger
        return patch.object(Registers, "apply", fragile_apply)
