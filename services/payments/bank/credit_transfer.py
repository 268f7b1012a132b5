"""Writes payment files (pain.001, SEPA credit transfers) for the bank, in the form that its profile says.

The rules are those of the EPC implementation guidelines and of Finnish banks: identifiers of the SEPA basic
set, names of at most 70 characters, a structured reference or a message but not both, a town with its country
or no address. What breaks a rule is not mended in silence: all problems are told at once, and no file is
made. The bytes depend on the arguments alone, so that the same payments always give the same file.
"""

from dataclasses import dataclass

from schemas.county import BankProfile
from services.payments.bank.credit_transfer_faults import profile_faults
from services.payments.bank.credit_transfer_rules import CreditTransfer, CreditTransferFile, accepted
from services.payments.bank.credit_transfer_writing import namespace_of, write_file
from services.payments.bank.errors import CreditTransferInvalid
from services.payments.bank.identifiers import end_to_end_id, message_id
from services.payments.bank.xsd import SchemaPolicy, checked_by_schema, schema_for

__all__ = [
    "CreditTransfer",
    "CreditTransferFile",
    "Totals",
    "build_credit_transfer",
    "end_to_end_id",
    "message_id",
    "profile_faults",
    "totals_of",
]


@dataclass(frozen=True, slots=True)
class Totals:
    """How many payments a file holds, and their sum in cents."""

    payment_count: int
    sum_cents: int


def totals_of(file: CreditTransferFile) -> Totals:
    """The number and sum that the built file will state (NbOfTxs, CtrlSum)."""
    return Totals(len(file.payments), sum(payment.amount_cents for payment in file.payments))


def build_credit_transfer(file: CreditTransferFile, profile: BankProfile) -> bytes:
    """The bytes of the payment file: UTF-8, one bundle, of the profile's version.

    What is given back was read again: it is valid by the official schema and has no fault by the profile. The same
    arguments give the same bytes; time grows with the number of payments. Raises CreditTransferInvalid with every
    problem of every field.
    """
    data = write_file(accepted(file, profile), profile)
    _read_back(data, profile)
    return data


def _read_back(data: bytes, profile: BankProfile) -> None:
    namespace = namespace_of(profile)
    assert schema_for(namespace) is not None, f"sepaxml ships the schema of {profile.message}"
    checked_by_schema(data, namespace, ("CdtTrfTxInf",), SchemaPolicy.ENFORCE)
    faults = profile_faults(data, profile)
    if faults:
        raise CreditTransferInvalid(faults)
