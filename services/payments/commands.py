"""All commands of payments."""

from __future__ import annotations

from dataclasses import dataclass

from .approving import Approving
from .bank_files import BankFiles
from .claiming import Claiming
from .closing import Books
from .handlers import Payments
from .periods import Periods


@dataclass(frozen=True, slots=True)
class Handlers:
    """The commands by what they are about: paying, approving, what the bank answers, claims, the books, closing."""

    payments: Payments
    approving: Approving
    bank_files: BankFiles
    claiming: Claiming
    books: Books
    periods: Periods
