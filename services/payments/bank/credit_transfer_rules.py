"""What may be paid, and how it is written: the rules of a SEPA payment file, field by field."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

from stdnum import bic, iban
from stdnum.exceptions import ValidationError

from services.payments.bank.characters import CharacterProfile, identifier_fault, write_with
from services.payments.bank.errors import CreditTransferInvalid, FieldProblem
from services.payments.bank.identifiers import ID_LENGTH_MAX
from services.payments.bank.references import canonical_reference, is_finnish_reference, is_rf_reference

_NAME_LENGTH_MAX = 70
_MESSAGE_LENGTH_MAX = 140
_TOWN_LENGTH_MAX = 35
_AMOUNT_CENTS_MAX = 99_999_999_999  # EUR 999,999,999.99, the most that a SEPA credit transfer carries.
_ID_RIGHT = (
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

    ``created_at`` is an aware instant (written in UTC, whole seconds). ``initiating_party_id`` is the id
    agreed with the bank. ``payment_information_id`` names the bundle; without it the bundle has the message's
    id. With ``booked_as_one`` the account is debited once for the bundle.
    """

    message_id: str
    created_at: datetime
    debtor_name: str
    debtor_iban: str
    debtor_bic: str | None
    initiating_party_id: str | None
    execution_date: date
    payments: tuple[CreditTransfer, ...]
    payment_information_id: str | None = None
    booked_as_one: bool = True

    @property
    def bundle_id(self) -> str:
        """The PmtInfId of the file's one bundle."""
        return self.payment_information_id or self.message_id


def accepted(file: CreditTransferFile, profile: CharacterProfile) -> CreditTransferFile:
    """The file as it is written: numbers compact, texts in the profile's characters.

    Raises CreditTransferInvalid with every problem found.
    """
    check = _Check(profile, None)
    written = replace(
        file,
        message_id=check.identifier("message_id", file.message_id),
        payment_information_id=check.optional(check.identifier, "payment_information_id", file.payment_information_id),
        initiating_party_id=check.optional(check.identifier, "initiating_party_id", file.initiating_party_id),
        debtor_name=check.text("debtor_name", file.debtor_name, _NAME_LENGTH_MAX),
        debtor_iban=check.iban("debtor_iban", file.debtor_iban),
        debtor_bic=check.optional(check.bic, "debtor_bic", file.debtor_bic),
    )
    if file.created_at.tzinfo is None:
        check.wrong("created_at", "has no time zone", "an aware instant in UTC")
    if not file.payments:
        check.wrong("payments", "there are none", "at least one payment")
    problems = list(check.problems)
    payments = [_accepted_payment(payment, index, profile, problems) for index, payment in enumerate(file.payments)]
    problems += _repeated_ids(file.payments)
    if problems:
        raise CreditTransferInvalid(problems)
    return replace(written, payments=tuple(payments))


def _accepted_payment(
    payment: CreditTransfer, index: int, profile: CharacterProfile, problems: list[FieldProblem]
) -> CreditTransfer:
    check = _Check(profile, index)
    check.amount("amount_cents", payment.amount_cents)
    if payment.reference is not None and payment.message is not None:
        check.wrong("reference", "stands beside a message", "a reference or a message, not both")
    if (payment.town is None) is not (payment.country is None):
        check.wrong("town", "town and country do not stand together", "both, or neither")
    written = replace(
        payment,
        end_to_end_id=check.identifier("end_to_end_id", payment.end_to_end_id),
        creditor_name=check.text("creditor_name", payment.creditor_name, _NAME_LENGTH_MAX),
        creditor_iban=check.iban("creditor_iban", payment.creditor_iban),
        creditor_bic=check.optional(check.bic, "creditor_bic", payment.creditor_bic),
        reference=check.optional(check.reference, "reference", payment.reference),
        message=check.optional(check.message, "message", payment.message),
        town=check.optional(check.town, "town", payment.town),
        country=check.optional(check.country, "country", payment.country),
    )
    problems += check.problems
    return written


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

    def __init__(self, profile: CharacterProfile, index: int | None) -> None:
        self._profile = profile
        self._index = index
        self.problems: list[FieldProblem] = []

    def wrong(self, field: str, wrong: str, right: str) -> None:
        self.problems.append(FieldProblem(field, self._index, wrong, right))

    def optional(self, check: Callable[[str, str], str], field: str, value: str | None) -> str | None:
        return None if value is None else check(field, value)

    def identifier(self, field: str, value: str) -> str:
        fault = identifier_fault(value, ID_LENGTH_MAX)
        if fault is not None:
            self.wrong(field, f"{value!r} {fault}", _ID_RIGHT)
        return value

    def text(self, field: str, value: str, length_max: int) -> str:
        written, impossible = write_with(self._profile, value)
        if impossible:
            right = f"characters that the bank carries (profile {self._profile.value})"
            self.wrong(field, f"{value!r} holds {impossible!r}, which cannot be written", right)
        elif not 1 <= len(written) <= length_max:
            self.wrong(field, f"{value!r} has {len(written)} characters", f"1–{length_max} characters")
        return written

    def message(self, field: str, value: str) -> str:
        return self.text(field, value, _MESSAGE_LENGTH_MAX)

    def town(self, field: str, value: str) -> str:
        return self.text(field, value, _TOWN_LENGTH_MAX)

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

    def bic(self, field: str, value: str) -> str:
        try:
            return str(bic.validate(value))
        except ValidationError:
            self.wrong(field, f"{value!r} is no BIC", "a BIC of 8 or 11 characters, such as NDEAFIHH, or none")
            return value

    def reference(self, field: str, value: str) -> str:
        if is_rf_reference(value):
            compact = "".join(value.split()).upper()
            return compact[:4] + compact[4:].lstrip("0")
        if is_finnish_reference(value):
            return canonical_reference(value)
        right = "a Finnish reference number or an RF reference with its right check digits"
        self.wrong(field, f"{value!r} is no reference", right)
        return value

    def amount(self, field: str, value: int) -> None:
        if not 1 <= value <= _AMOUNT_CENTS_MAX:
            self.wrong(field, repr(value), f"whole cents, from 1 to {_AMOUNT_CENTS_MAX}")
