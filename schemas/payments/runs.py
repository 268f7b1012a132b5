"""Events of payment runs (*maksuajo*): proposed, approved, sent; who may approve; files from the bank."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from schemas.facts import Contract, Date, Fact
from schemas.identifiers import DiaryNumber, EndToEndId, Iban, Name, Person, Sha256, Text
from schemas.money import Money, NonNegativeMoney, PositiveMoney


class PaymentLine(Contract):
    """One payment of a run. `attempt` counts the tries to pay one instalment, from 1."""

    application_id: UUID
    instalment: int = Field(ge=1)
    attempt: int = Field(ge=1)
    end_to_end_id: EndToEndId
    amount: PositiveMoney
    creditor_name: Name
    iban: Iban
    diary_number: DiaryNumber


class RunProposed(Fact):
    """A payment run (*maksuajo*) was proposed."""

    event_type: ClassVar[str] = "run.proposed"
    run_id: UUID
    execution_date: Date
    lines: tuple[PaymentLine, ...] = Field(min_length=1, max_length=20000)
    total: PositiveMoney
    person: Person


class RunApprovedV1(Fact, title="RunApproved"):
    """One person's approval; `approval` counts from 1."""

    event_type: ClassVar[str] = "run.approved"
    run_id: UUID
    approval: int = Field(ge=1, le=5)
    person: Person


class RunApproved(Fact):
    """One person's approval of a run or of some of its lines; `approval` counts from 1. Since version 2 `lines` names
    those that are approved (None: the run as a whole), and `on_behalf_of` for whom a stand-in approved.
    """

    event_type: ClassVar[str] = "run.approved"
    event_schema: ClassVar[int] = 2
    run_id: UUID
    approval: int = Field(ge=1, le=20000)
    person: Person
    lines: tuple[EndToEndId, ...] | None = Field(max_length=20000)
    on_behalf_of: Person | None


class RunApprovalRefused(Fact):
    """Somebody tried to approve what they may not approve."""

    event_type: ClassVar[str] = "run.approval_refused"
    run_id: UUID
    person: Person
    reason: Text


class BankFileBuilt(Fact):
    """The bank file's bytes are stored; this is their hash. Nothing was sent before this was recorded."""

    event_type: ClassVar[str] = "run.file_built"
    run_id: UUID
    sha256: Sha256
    message_id: EndToEndId
    count: int = Field(ge=1)
    total: PositiveMoney


class RunSent(Fact):
    """The bank file was handed to the channel to the bank."""

    event_type: ClassVar[str] = "run.sent"
    run_id: UUID
    sha256: Sha256


class RunSentAgain(Fact):
    """The same bank file under the same name is handed over once more: the bank says that it never came. Its payments
    keep their ids, so that a bank that had it after all refuses it as a duplicate.
    """

    event_type: ClassVar[str] = "run.sent_again"
    run_id: UUID
    sha256: Sha256
    reason: Text
    person: Person


class BankFileImported(Fact):
    """A file from the bank was read whole; it is kept byte for byte under its hash."""

    event_type: ClassVar[str] = "bank_file.imported"
    sha256: Sha256
    kind: Literal["pain.002", "camt.053", "camt.054"]
    statements: int = Field(ge=0)
    entries: int = Field(ge=0)
    credits: NonNegativeMoney
    debits: NonNegativeMoney


class StatementNoted(Fact):
    """A statement (*tiliote*) of an account came: its number where the bank numbers them, its first and last Helsinki
    date, and its balances. `missing` are the numbers before it that have not come; `follows` says whether it begins
    with the balance with which the one before ended (None where none is known); `corrects` is the file it replaces.
    """

    event_type: ClassVar[str] = "statement.noted"
    iban: Iban
    statement_id: Name
    sequence: int | None = Field(strict=True, ge=0)
    first_day: Date
    last_day: Date
    opening: Money
    closing: Money
    entries: int = Field(strict=True, ge=0)
    sha256: Sha256
    missing: tuple[int, ...] = Field(max_length=400)
    follows: bool | None
    corrects: Sha256 | None


class RunChanged(Fact):
    """Lines were taken out of a run: what stays, and its total. Approvals that were given before are void."""

    event_type: ClassVar[str] = "run.changed"
    run_id: UUID
    lines: tuple[PaymentLine, ...] = Field(max_length=20000)
    total: NonNegativeMoney
    reason: Text
    person: Person


class ApproverLimitSet(Fact):
    """Up to which sum of a run a person approves, from one Helsinki date to another (both inclusive; None: until
    further notice). The person who sets it is another one.
    """

    event_type: ClassVar[str] = "approver.limit_set"
    approver: Person
    limit: NonNegativeMoney
    valid_from: Date
    valid_until: Date | None
    person: Person


class ApproverStandInNamed(Fact):
    """Somebody approves in a person's place from one Helsinki date to another, both inclusive, up to `limit`."""

    event_type: ClassVar[str] = "approver.stand_in_named"
    stand_in_id: UUID
    principal: Person
    stand_in: Person
    valid_from: Date
    valid_until: Date
    limit: PositiveMoney
    reason: Text
    person: Person


class ApproverStandInEnded(Fact):
    """A standing in ends early; `valid_until` is its last Helsinki date."""

    event_type: ClassVar[str] = "approver.stand_in_ended"
    stand_in_id: UUID
    valid_until: Date
    person: Person
