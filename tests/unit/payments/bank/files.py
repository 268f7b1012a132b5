"""Where the bank files of the tests stand, and payment files to build."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from schemas.county import BankProfile
from services.payments.bank.credit_transfer import CreditTransfer, CreditTransferFile

REPOSITORY = Path(__file__).parents[4]
OWN = REPOSITORY / "tests" / "data" / "bank"
SHARED = REPOSITORY.parent / "shared" / "data"
IBAN = "FI2112345600000785"
OTHER_IBAN = "FI6329501800020582"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the folder ../shared/data is not here")


def own(name: str) -> bytes:
    return (OWN / name).read_bytes()


def shared(name: str) -> bytes:
    return (SHARED / name).read_bytes()


def finnish_iban(number: int) -> str:
    """The IBAN of a Finnish account number of up to 14 digits."""
    account = f"{number:014d}"
    return f"FI{98 - int(f'{account}151800') % 97:02d}{account}"


def transfer(end_to_end_id: str = "E-1", amount_cents: int = 12345, **fields: str | None) -> CreditTransfer:
    values: dict[str, str | None] = {
        "creditor_name": "Kylän väki ry",
        "creditor_iban": OTHER_IBAN,
        "creditor_bic": None,
        "reference": None,
        "message": None,
        "town": None,
        "country": None,
        **fields,
    }
    return CreditTransfer(end_to_end_id, amount_cents, **values)  # type: ignore[arg-type]  # Wrong ones are tried.


def payment_file(*payments: CreditTransfer, **fields: object) -> CreditTransferFile:
    values: dict[str, object] = {
        "message_id": "MRUN-1",
        "created_at": datetime(2026, 1, 15, 6, 0, 0, 123456, tzinfo=UTC),
        "debtor_name": "Pohjois-Karjalan hyvinvointialue",
        "debtor_iban": IBAN,
        "debtor_bic": "NDEAFIHH",
        "execution_date": date(2026, 1, 16),
        "payments": payments or (transfer(),),
        **fields,
    }
    return CreditTransferFile(**values)  # type: ignore[arg-type]  # Wrong values are tried.


def bank_profile(**fields: object) -> BankProfile:
    """North Karelia's in what is not named, but with addresses."""
    return BankProfile.model_validate(
        {"message": "pain.001.001.09", "characters": "finnish", "batch_booking": True, **fields}
    )


PROFILE = bank_profile()
