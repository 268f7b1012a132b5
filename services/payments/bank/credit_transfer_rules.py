"""What may be paid, and how it is written: the rules of a SEPA payment file, field by field."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

from stdnum import bic, iban
from stdnum.exceptions import ValidationError

from schemas.county import BankProfile
from services.payments.bank.characters import CharacterProfile, identifier_fault, outside, write_with
from services.payments.bank.errors import CreditTransferInvalid, FieldProblem, ReferenceInvalid
from services.payments.bank.identifiers import ID_LENGTH_MAX
from services.payments.bank.references import (
    canonical_reference,
    is_finnish_reference,
    is_rf_reference,
    payment_reference,
    reference_of_kind,
)

TOWN_LENGTH_MAX = 35
AMOUNT_CENTS_MAX = 99_999_999_999  # EUR 999,999,999.99, the most that a SEPA credit transfer carries.
ID_RIGHT = (
    f'1–{ID_LENGTH_MAX} characters of a–z A–Z 0–9 / - ? : ( ) . , \' + and space, no "_", no "/" at either end, no "//"'
)


@dataclass(frozen=True, slots=True)
class CreditTransfer:
    """One payment in euros, ``amount_cents`` in cents.

    At most one of ``reference`` (Finnish *viitenumero* or RF) and ``message``. ``town`` and ``country`` (two
    letters) stand together or not at all. The BIC may be left out: the IBAN is enough in SEPA.
    """

    end_to_end_id: str
    amount_cents: int
    creditor_name: str
    creditor_iban: str
    creditor_bic: str | None = None
    reference: str | None = None
    message: str | None = None
    town: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class CreditTransferFile:
    """A file of payments from one account, to be executed on one day.

    ``created_at`` is an aware instant (written in UTC, whole seconds). ``payment_information_id`` names the bundle;
    without it the bundle has the message's id. How all this is written is the bank profile's.
    """

    message_id: str
    created_at: datetime
    debtor_name: str
    debtor_iban: str
    debtor_bic: str | None
    execution_date: date
    payments: tuple[CreditTransfer, ...]
    payment_information_id: str | None = None

    @property
    def bundle_id(self) -> str:
        """The PmtInfId of the file's one bundle."""
        return self.payment_information_id or self.message_id


def accepted(file: CreditTransferFile, profile: BankProfile) -> CreditTransferFile:
    """The file as it is written: numbers compact, texts in the profile's characters, references made, and what the
    profile leaves out taken away.

    Raises CreditTransferInvalid with every problem found.
    """
    check = _Check(profile, None)
    written = replace(
        file,
        message_id=check.identifier("message_id", file.message_id),
        payment_information_id=check.optional(check.identifier, "payment_information_id", file.payment_information_id),
        debtor_name=check.name("debtor_name", file.debtor_name),
        debtor_iban=check.iban("debtor_iban", file.debtor_iban),
        debtor_bic=check.optional(check.bic, "debtor_bic", file.debtor_bic),
    )
    check.optional(check.identifier, "initiating_party_id", profile.initiating_party_id)
    if file.created_at.tzinfo is None:
        check.wrong("created_at", "has no time zone", "an aware instant in UTC")
    check.count(len(file.payments))
    problems = list(check.problems)
    payments = [_accepted_payment(payment, index, profile, problems) for index, payment in enumerate(file.payments)]
    problems += _repeated_ids(file.payments)
    if problems:
        raise CreditTransferInvalid(problems)
    return replace(written, payments=tuple(payments))


def _accepted_payment(
    payment: CreditTransfer, index: int, profile: BankProfile, problems: list[FieldProblem]
) -> CreditTransfer:
    check = _Check(profile, index)
    check.amount("amount_cents", payment.amount_cents)
    if payment.reference is not None and payment.message is not None:
        check.wrong("reference", "stands beside a message", "a reference or a message, not both")
    if (payment.town is None) is not (payment.country is None):
        check.wrong("town", "town and country do not stand together", "both, or neither")
    placed = _placed(payment, profile)
    written = replace(
        placed,
        end_to_end_id=check.identifier("end_to_end_id", payment.end_to_end_id),
        creditor_name=check.name("creditor_name", payment.creditor_name),
        creditor_iban=check.iban("creditor_iban", payment.creditor_iban),
        creditor_bic=check.optional(check.bic, "creditor_bic", payment.creditor_bic),
        reference=check.optional(check.reference, "reference", placed.reference),
        message=check.optional(check.message, "message", placed.message),
        town=check.optional(check.town, "town", placed.town),
        country=check.optional(check.country, "country", placed.country),
    )
    problems += check.problems
    return written


def _placed(payment: CreditTransfer, profile: BankProfile) -> CreditTransfer:
    """The payment with the address and remittance that the profile has: a reference that was given is kept, and where
    the profile wants one and there is none it is made.
    """
    if profile.address == "none":
        payment = replace(payment, town=None, country=None)
    if profile.reference_kind is None:
        return payment
    reference = payment.reference or payment_reference(payment.end_to_end_id, profile.reference_kind)
    return replace(payment, reference=reference, message=None)


def _repeated_ids(payments: tuple[CreditTransfer, ...]) -> list[FieldProblem]:
    first: dict[str, int] = {}
    problems: list[FieldProblem] = []
    for index, payment in enumerate(payments):
        earlier = first.setdefault(payment.end_to_end_id, index)
        if earlier != index:
            wrong = f"{payment.end_to_end_id!r} is also that of payments[{earlier}]"
            problems.append(FieldProblem("end_to_end_id", index, wrong, "an id of its own for each payment"))
    return problems


class _Check:
    """Checks the fields of the file (index None) or of one payment, gathers what is wrong, gives back what is
    written.

    After a problem the value comes back as it was: nothing is written then anyway.
    """

    def __init__(self, profile: BankProfile, index: int | None) -> None:
        self._profile = profile
        self._characters = CharacterProfile(profile.characters)
        self._index = index
        self.problems: list[FieldProblem] = []

    def wrong(self, field: str, wrong: str, right: str) -> None:
        self.problems.append(FieldProblem(field, self._index, wrong, right))

    def optional(self, check: Callable[[str, str], str | None], field: str, value: str | None) -> str | None:
        return None if value is None else check(field, value)

    def identifier(self, field: str, value: str) -> str:
        fault = identifier_fault(value, ID_LENGTH_MAX)
        if fault is not None:
            self.wrong(field, f"{value!r} {fault}", ID_RIGHT)
        return value

    def text(self, field: str, value: str, length_max: int) -> str:
        written, impossible = write_with(self._characters, value)
        if self._profile.other_characters == "refuse":
            impossible = outside(self._characters, value)
        if impossible:
            right = f"characters that the bank carries (profile {self._characters.value})"
            self.wrong(field, f"{value!r} holds {impossible!r}, which cannot be written", right)
        elif not 1 <= len(written) <= length_max:
            self.wrong(field, f"{value!r} has {len(written)} characters", f"1–{length_max} characters")
        return written

    def name(self, field: str, value: str) -> str:
        return self.text(field, value, self._profile.name_length_max)

    def message(self, field: str, value: str) -> str:
        return self.text(field, value, self._profile.message_length_max)

    def town(self, field: str, value: str) -> str:
        return self.text(field, value, TOWN_LENGTH_MAX)

    def country(self, field: str, value: str) -> str:
        if not re.fullmatch("[A-Z]{2}", value):
            self.wrong(field, repr(value), "a country code of two capital letters, such as FI")
        return value

    def iban(self, field: str, value: str) -> str:
        try:
            return str(iban.validate(value))
        except ValidationError:
            right = "an IBAN with its right check digits, such as FI2112345600000785"
            self.wrong(field, f"{value!r} is no IBAN", right)
            return value

    def bic(self, field: str, value: str) -> str | None:
        if self._profile.bic == "left_out":
            return None
        try:
            return str(bic.validate(value))
        except ValidationError:
            self.wrong(field, f"{value!r} is no BIC", "a BIC of 8 or 11 characters, such as NDEAFIHH, or none")
            return value

    def reference(self, field: str, value: str) -> str:
        try:
            return self._reference(value)
        except ReferenceInvalid as refused:
            self.wrong(field, f"{value!r} is no reference that can be written", refused.right)
            return value

    def _reference(self, value: str) -> str:
        if self._profile.reference_kind is not None:
            return reference_of_kind(value, self._profile.reference_kind)
        if is_rf_reference(value):
            compact = "".join(value.split()).upper()
            return compact[:4] + compact[4:].lstrip("0")
        if is_finnish_reference(value):
            return canonical_reference(value)
        raise ReferenceInvalid(value, "a Finnish reference number or an RF reference with its right check digits")

    def count(self, payments: int) -> None:
        most = self._profile.payments_per_file_max
        if not payments:
            self.wrong("payments", "there are none", "at least one payment")
        elif payments > most:
            right = f"at most {most} in a file, as the bank profile says: propose smaller runs"
            self.wrong("payments", f"there are {payments}", right)

    def amount(self, field: str, value: int) -> None:
        if not 1 <= value <= AMOUNT_CENTS_MAX:
            self.wrong(field, repr(value), f"whole cents, from 1 to {AMOUNT_CENTS_MAX}")
