"""A run as its bank file: the same run has the same bytes, whenever it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from schemas.county import BankProfile, County
from schemas.payments import PaymentLine
from schemas.refusals import conflict

from .bank.characters import CharacterProfile, write_with
from .bank.credit_transfer import build_credit_transfer
from .bank.credit_transfer_rules import CreditTransfer, CreditTransferFile
from .bank.identifiers import message_id
from .bank.names import shortened
from .domain.runs import Run

_TOLD_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class ShortName:
    """A payee's name that is longer than the bank takes, and as it is written."""

    end_to_end_id: str
    name: str
    written: str


def profile_of(county: County, run: Run) -> BankProfile:
    """The bank's profile on the day of execution."""
    return county.payment_rules(run.proposed.execution_date).bank_profile


def short_names(lines: Sequence[PaymentLine], profile: BankProfile) -> list[ShortName]:
    """The lines whose payee's name does not fit as it is, in their order."""
    characters = CharacterProfile(profile.characters)
    cut = ((line, shortened(line.creditor_name, profile.name_length_max, characters)) for line in lines)
    return [
        ShortName(line.end_to_end_id, line.creditor_name, write_with(characters, name)[0])
        for line, name in cut
        if name != line.creditor_name
    ]


def refuse_long_names(run: Run, profile: BankProfile) -> None:
    """Raises Refused, with each line and its name, where the profile refuses a name that is too long."""
    found = short_names(run.lines, profile) if profile.long_names == "refuse" else []
    if found:
        named = "; ".join(f"{each.end_to_end_id} “{each.name}”" for each in found[:_TOLD_MAX])
        more = f" and {len(found) - _TOLD_MAX} others" if len(found) > _TOLD_MAX else ""
        raise conflict(
            "name-too-long",
            f"the bank takes names of {profile.name_length_max} characters: {named}{more}. Take the lines out of the "
            "run and propose them when the name is shorter",
        )


def payment_file(county: County, run: Run, proposed_at: datetime) -> bytes:
    """The bytes of a run's bank file. Raises CreditTransferInvalid with every problem of every line."""
    profile, on = profile_of(county, run), run.proposed.execution_date
    debtor, characters = county.identity(on).debtor, CharacterProfile(profile.characters)
    file = CreditTransferFile(
        message_id=message_id(run.run_id), created_at=proposed_at.replace(microsecond=0), debtor_name=debtor.name,
        debtor_iban=debtor.iban, debtor_bic=debtor.bic, execution_date=on,
        payments=tuple(
            CreditTransfer(
                line.end_to_end_id, line.amount, shortened(line.creditor_name, profile.name_length_max, characters),
                line.iban, message=f"Avustus {line.diary_number} erä {line.instalment}",
            )
            for line in run.lines
        ),
    )  # fmt: skip
    return build_credit_transfer(file, profile)


def told(names: Sequence[ShortName]) -> list[dict[str, Any]]:
    """Shortened names as an answer shows them."""
    return [asdict(each) for each in names]
