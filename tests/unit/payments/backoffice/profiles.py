"""The county's own profiles, and small ones that show one thing each."""

from datetime import date
from pathlib import Path
from typing import Any

import yaml

from schemas.backoffice import Profile
from services.payments.backoffice import VoucherRow

REPOSITORY = Path(__file__).parents[4]
_FILE = REPOSITORY / "deploy" / "county" / "north-karelia" / "backoffice.yaml"
_RAW: dict[str, dict[str, Any]] = {
    profile["id"]: profile for profile in yaml.safe_load(_FILE.read_text("utf-8"))["profiles"]
}


def profile(profile_id: str, **changes: object) -> Profile:
    return Profile.model_validate({**_RAW[profile_id], **changes})


DYNASTY = profile("dynasty")
GENERIC = profile("generic")
FIXED = profile("fixed")
WRITABLE = (
    DYNASTY,
    GENERIC,
    FIXED,
    profile("dynasty", thousands="narrow_nbsp", date_format="finnish_padded", period_format="finnish"),
    profile("dynasty", thousands="nbsp", quoting="all", newline="lf", bom=False, delimiter=","),
    profile("dynasty", bom=False, encoding="cp1252", thousands="space", quoting="minimal", delimiter="\t"),
    profile("generic", quoting="none", delimiter="|", date_format="compact", period_format="compact"),
    profile("generic", header=False, date_format="short"),
)


def voucher_row(**changes: Any) -> VoucherRow:
    values: dict[str, Any] = {
        "voucher_series": "AV",
        "voucher_number": 17,
        "row": 1,
        "voucher_date": date(2026, 10, 5),
        "posting_date": date(2026, 10, 6),
        "period": "2026-10",
        "account": "4700",
        "cost_centre": "1310",
        "service_class": "5900",
        "diary_number": "1234/02.05.01.00/2026",
        "instalment": 1,
        "end_to_end_id": "AV-1234-2026-1",
        "text": "Järjestöavustus, 1. erä",
        "debit_cents": 123450,
        "credit_cents": 0,
    }
    return VoucherRow(**{**values, **changes})


def voucher(cents: int = 123450, **changes: Any) -> list[VoucherRow]:
    """Give a voucher of two rows that balances."""
    return [
        voucher_row(row=1, debit_cents=cents, credit_cents=0, **changes),
        voucher_row(row=2, account="1700", debit_cents=0, credit_cents=cents, **changes),
    ]
