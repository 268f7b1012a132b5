"""The bank's statements of one account, in their order: what is missing between them is told, and a corrected one names
the file that it replaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

from schemas.facts import Fact
from schemas.money import euros
from schemas.payments import StatementNoted

MISSING_MAX = 400
SHOWN_MAX = 20
Numbered = tuple[int, int]
"""The year in which a statement ends, and its number."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Two statements that should follow each other and do not: numbers are missing, or the balances differ."""

    before: StatementNoted
    after: StatementNoted
    missing: tuple[int, ...]

    @property
    def follows(self) -> bool:
        """Whether the later one begins with the balance with which the earlier one ends."""
        return self.after.opening == self.before.closing

    @property
    def sentence(self) -> str:
        """What is wrong and what would be right."""
        later = _named(self.after)
        if self.missing:
            numbers = ", ".join(map(str, self.missing[:SHOWN_MAX])) + ("…" if len(self.missing) > SHOWN_MAX else "")
            return f"Before statement {later} of {self.after.iban} these numbers have not come: {numbers}. Import them."
        return (
            f"Statement {later} of {self.after.iban} begins with {euros(self.after.opening)}, but "
            f"{_named(self.before)} ended with {euros(self.before.closing)}: ask the bank for what is in between."
        )


@dataclass(frozen=True, slots=True)
class Account:
    """The statements of an account: those with a number by year and number, the others by their id and first date (the
    last file of each), and the one that ends last.
    """

    numbered: Mapping[Numbered, StatementNoted] = field(default_factory=dict)
    named: Mapping[tuple[str, date], StatementNoted] = field(default_factory=dict)
    files: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    last: StatementNoted | None = None

    @property
    def missing(self) -> list[Numbered]:
        """Years and numbers between the first and the last that came that have not come."""
        return [(gap.after.last_day.year, number) for gap in self.gaps() for number in gap.missing]

    def gaps(self) -> list[Gap]:
        """Where the row of statements is broken now, in its order; what came late has closed its gap."""
        rows = [[self.numbered[key] for key in sorted(self.numbered)]]
        rows.append(sorted(self.named.values(), key=lambda each: (each.first_day, each.last_day, each.statement_id)))
        pairs = [pair for row in rows for pair in pairwise(row)]
        made = [Gap(before, after, _between(before, after)) for before, after in pairs]
        return [gap for gap in made if gap.missing or not gap.follows]

    def known(self, came: StatementNoted) -> StatementNoted | None:
        """The statement that `came` is another file of: of the same year and number, or the same id and first date."""
        if came.sequence is not None:
            return self.numbered.get(_numbered(came))
        return self.named.get((came.statement_id, came.first_day))

    def before(self, came: StatementNoted) -> StatementNoted | None:
        """The statement whose closing balance `came` must begin with; None where it has not come."""
        known = self.known(came)
        if came.sequence is not None:
            neighbour = self.numbered.get((came.last_day.year, came.sequence - 1))
            newest = self._newest_number(came.last_day.year)
            if neighbour is not None or (newest is not None and came.sequence <= newest):
                return neighbour
        if known is not None or self.last is None or came.first_day < self.last.last_day:
            return None
        return self.last

    def _newest_number(self, year: int) -> int | None:
        return max((number for each, number in self.numbered if each == year), default=None)

    def missing_before(self, came: StatementNoted) -> tuple[int, ...]:
        """The numbers between the newest that came and `came`; none before a late one."""
        year = came.last_day.year
        newest = [key for key in self.numbered if key[0] <= year]
        if came.sequence is None or not newest or max(newest) >= (year, came.sequence):
            return ()
        return _between(self.numbered[max(newest)], came)


def _between(before: StatementNoted, after: StatementNoted) -> tuple[int, ...]:
    """The numbers between two statements, at most the last 400. In a year whose numbers begin anew they begin at 1;
    where they run on, only the balances tell what is missing at the turn of the year.
    """
    if before.sequence is None or after.sequence is None:
        return ()
    first = before.sequence + 1
    if before.last_day.year != after.last_day.year:
        first = 1 if after.sequence <= before.sequence else after.sequence
    return tuple(range(max(first, after.sequence - MISSING_MAX), after.sequence))


def evolve(state: Account, fact: Fact) -> Account:
    """The account after a fact."""
    if not isinstance(fact, StatementNoted):
        return state
    after = replace(
        state,
        files=state.files | {(fact.sha256, fact.statement_id)},
        last=fact if state.last is None or fact.last_day >= state.last.last_day else state.last,
    )
    if fact.sequence is None:
        return replace(after, named={**state.named, (fact.statement_id, fact.first_day): fact})
    return replace(after, numbered={**state.numbered, _numbered(fact): fact})


def note(state: Account, came: StatementNoted) -> list[Fact]:
    """What a statement tells beside its entries; nothing when the same file brought it before."""
    if (came.sha256, came.statement_id) in state.files:
        return []
    known, before = state.known(came), state.before(came)
    return [
        came.model_copy(
            update={
                "missing": state.missing_before(came),
                "follows": None if before is None else came.opening == before.closing,
                "corrects": None if known is None else known.sha256,
            }
        )
    ]


def _numbered(noted: StatementNoted) -> Numbered:
    assert noted.sequence is not None, "only statements with a number are kept by it"
    return noted.last_day.year, noted.sequence


def _named(noted: StatementNoted) -> str:
    number = noted.statement_id if noted.sequence is None else f"{noted.sequence}/{noted.last_day.year}"
    return f"{number} ({noted.first_day:%-d.%-m.%Y})"
