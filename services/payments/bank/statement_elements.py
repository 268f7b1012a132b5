"""The elements of camt.053 and camt.054, from version .02 to .14, as values.

The versions differ in shape, not in meaning: ``Sts`` became ``Sts/Cd``, ``BIC`` became ``BICFI``, ``Cdtr/Nm``
became ``Cdtr/Pty/Nm``, and a detail's amount moved from ``AmtDtls/TxAmt`` to ``Amt``. All amounts are cents.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from lxml import etree

from services.payments.bank.errors import SchemaInvalid, ValueInvalid
from services.payments.bank.xml_reading import cents, child, children, line_of, local_name, required, text

NOT_PROVIDED = "NOTPROVIDED"
_OPENING_CODES = ("OPBD", "PRCD")  # PRCD, the previous closing balance, opens where a bank gives no OPBD.
_CLOSING_CODES = ("CLBD",)


class Side(StrEnum):
    """The direction of money, seen from the account's owner."""

    CREDIT = "CRDT"
    DEBIT = "DBIT"


@dataclass(frozen=True, slots=True)
class Balance:
    """A booked balance in cents (negative when overdrawn) and the day that it belongs to."""

    code: str
    cents: int
    currency: str
    day: date


@dataclass(frozen=True, slots=True)
class StatementHead:
    """What identifies a statement, and its balances (None in a notification).

    Together with the account, ``statement_id`` and ``electronic_sequence_number`` tell whether it was read
    before. ``account`` is the IBAN, or another identifier where the bank gives no IBAN; ``currency`` is the
    balances'.
    """

    statement_id: str
    electronic_sequence_number: int | None
    created_at: str | None
    account: str
    currency: str | None
    opening: Balance | None
    closing: Balance | None


@dataclass(frozen=True, slots=True)
class Batch:
    """A bundle that was booked as one: the ids of the payer's file, and the number of transactions."""

    message_id: str | None
    payment_information_id: str | None
    transaction_count: int | None


@dataclass(frozen=True, slots=True)
class Detail:
    """One transaction inside an entry. What the bank does not tell is None; so is an id "NOTPROVIDED".

    ``amount_cents`` is in ``currency``. ``counterparty_account`` is an IBAN, or a national number where
    the bank gives that. The return's reason is a code such as AC04, with the bank's text.
    """

    end_to_end_id: str | None
    amount_cents: int | None
    currency: str | None
    side: Side | None
    charges_cents: int
    payment_information_id: str | None
    instruction_id: str | None
    bank_reference: str | None
    references: tuple[str, ...]
    remittance_text: str | None
    counterparty_name: str | None
    counterparty_account: str | None
    bank_transaction_code: str | None
    return_reason_code: str | None
    return_reason_text: str | None

    @property
    def reference(self) -> str | None:
        """The first structured reference, or None."""
        return self.references[0] if self.references else None


@dataclass(frozen=True, slots=True)
class Entry:
    """One booking. ``amount_cents`` is never negative: ``side`` tells the direction, of a reversal too.

    ``bank_reference`` is the archive id (*arkistointitunnus*, AcctSvcrRef). Only entries with the status BOOK
    count in the balances. ``bank_transaction_code`` is "PMNT/ICDT/RRTN" or the bank's own code.
    """

    bank_reference: str | None
    entry_reference: str | None
    booked_on: date | None
    valued_on: date | None
    side: Side
    amount_cents: int
    currency: str
    status: str
    bank_transaction_code: str | None
    is_reversal: bool
    additional_information: str | None
    batches: tuple[Batch, ...]
    details: tuple[Detail, ...]


def head_from(statement: etree._Element) -> StatementHead:
    """The head of a ``Stmt`` or ``Ntfctn`` whose balances are complete. Raises SchemaInvalid or
    ValueInvalid.
    """
    balances = [_balance(element) for element in children(statement, "Bal") if _is_booked_balance(element)]
    opening = next(filter(None, (_balance_of(balances, code, min) for code in _OPENING_CODES)), None)
    closing = next(filter(None, (_balance_of(balances, code, max) for code in _CLOSING_CODES)), None)
    account = child(statement, "Acct")
    if account is None:
        raise SchemaInvalid(f"{local_name(statement)} has no Acct", line_of(statement))
    return StatementHead(
        statement_id=required(statement, "Id"),
        electronic_sequence_number=_sequence_number(statement),
        created_at=text(statement, "CreDtTm"),
        account=required(account, "Id/IBAN", "Id/Othr/Id"),
        currency=opening.currency if opening else text(account, "Ccy"),
        opening=opening,
        closing=closing,
    )


def batch_from(element: etree._Element) -> Batch:
    """A ``Btch``. Raises ValueInvalid when its count is no number."""
    count = text(element, "NbOfTxs")
    if count is not None and not (count.isascii() and count.isdigit()):
        raise ValueInvalid("Btch/NbOfTxs", count, "a number of transactions", line_of(element))
    return Batch(text(element, "MsgId"), text(element, "PmtInfId"), None if count is None else int(count))


def detail_from(element: etree._Element, batch: Batch | None, account: str) -> Detail:
    """A ``TxDtls`` of an entry on ``account``, inside ``batch`` if there is one. Raises ValueInvalid."""
    entry = next(element.iterancestors("{*}Ntry"), None)
    if entry is None:
        raise SchemaInvalid("TxDtls stands outside of an Ntry", line_of(element))
    currency = _currency(_amount(entry))
    amount = _detail_amount(element, currency)
    side = _side(element) if text(element, "CdtDbtInd") else None
    counterparty_name, counterparty_account = _counterparty(element, side or _side(entry), account)
    payment_information_id = text(element, "Refs/PmtInfId") or (
        batch.payment_information_id if batch else None
    )
    return Detail(
        end_to_end_id=_provided(text(element, "Refs/EndToEndId")),
        amount_cents=None if amount is None else cents(amount),
        currency=None if amount is None else _currency(amount),
        side=side,
        charges_cents=_charges(element, currency),
        payment_information_id=_provided(payment_information_id),
        instruction_id=_provided(text(element, "Refs/InstrId")),
        bank_reference=text(element, "Refs/AcctSvcrRef"),
        references=_texts(children(element, "RmtInf/Strd/CdtrRefInf/Ref")),
        remittance_text=_joined(children(element, "RmtInf/Ustrd")),
        counterparty_name=counterparty_name,
        counterparty_account=counterparty_account,
        bank_transaction_code=_bank_transaction_code(element),
        return_reason_code=text(element, "RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry"),
        return_reason_text=_joined(children(element, "RtrInf/AddtlInf")),
    )


def entry_from(element: etree._Element, batches: tuple[Batch, ...], details: tuple[Detail, ...]) -> Entry:
    """An ``Ntry`` with what was read inside it.

    Raises SchemaInvalid or ValueInvalid, also when all details have amounts and these do not make the
    entry's.
    """
    amount = _amount(element)
    entry = Entry(
        bank_reference=text(element, "AcctSvcrRef"),
        entry_reference=text(element, "NtryRef"),
        booked_on=_day(element, "BookgDt"),
        valued_on=_day(element, "ValDt"),
        side=_side(element),
        amount_cents=cents(amount),
        currency=_currency(amount),
        status=required(element, "Sts/Cd", "Sts/Prtry", "Sts"),
        bank_transaction_code=_bank_transaction_code(element) or _shared_code(details),
        is_reversal=text(element, "RvslInd") in ("true", "1"),
        additional_information=text(element, "AddtlNtryInf"),
        batches=batches,
        details=details,
    )
    _refuse_unequal_details(entry, element)
    return entry


def _refuse_unequal_details(entry: Entry, element: etree._Element) -> None:
    """Details that all have amounts in the entry's currency must sum to it, with or without the bank's
    charges.
    """
    details = entry.details
    if not details or any(
        detail.amount_cents is None or detail.currency != entry.currency for detail in details
    ):
        return
    total = sum((d.amount_cents or 0) * (1 if (d.side or entry.side) is entry.side else -1) for d in details)
    charges = sum(detail.charges_cents for detail in details)
    if entry.amount_cents not in (total, total - charges, total + charges):
        right = f"the sum of its details, which is {total // 100}.{total % 100:02d}"
        raise ValueInvalid("Ntry/Amt", f"{entry.amount_cents // 100}.{entry.amount_cents % 100:02d}", right,
                           line_of(element))  # fmt: skip


def _is_booked_balance(element: etree._Element) -> bool:
    return text(element, "Tp/CdOrPrtry/Cd") in (*_OPENING_CODES, *_CLOSING_CODES)


def _balance(element: etree._Element) -> Balance:
    amount = _amount(element)
    sign = 1 if _side(element) is Side.CREDIT else -1
    day = _day(element, "Dt")
    if day is None:
        raise SchemaInvalid("Bal has no Dt", line_of(element))
    return Balance(required(element, "Tp/CdOrPrtry/Cd"), sign * cents(amount), _currency(amount), day)


def _balance_of(balances: list[Balance], code: str, choose: Callable[..., Balance]) -> Balance | None:
    """The first opening or the last closing balance: a statement over several days may have one of each a
    day.
    """
    of_code = [balance for balance in balances if balance.code == code]
    return choose(of_code, key=lambda balance: balance.day) if of_code else None


def _sequence_number(statement: etree._Element) -> int | None:
    written = text(statement, "ElctrncSeqNb")
    if written is None:
        return None
    if not (written.isascii() and written.isdigit()):
        raise ValueInvalid("ElctrncSeqNb", written, "a whole number", line_of(statement))
    return int(written)


def _amount(element: etree._Element) -> etree._Element:
    amount = child(element, "Amt")
    if amount is None:
        raise SchemaInvalid(f"{local_name(element)} has no Amt", line_of(element))
    return amount


def _currency(amount: etree._Element) -> str:
    currency = (amount.get("Ccy") or "").strip()
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise ValueInvalid(
            f"{local_name(amount)}/@Ccy", currency or None, "a currency such as EUR", line_of(amount)
        )
    return currency


def _side(element: etree._Element) -> Side:
    written = required(element, "CdtDbtInd")
    if written not in (Side.CREDIT, Side.DEBIT):
        raise ValueInvalid("CdtDbtInd", written, "CRDT or DBIT", line_of(element))
    return Side(written)


def _day(element: etree._Element, name: str) -> date | None:
    """The day of a date or of a date with time (whose clock time is the bank's own)."""
    written = text(element, f"{name}/Dt", f"{name}/DtTm")
    if written is None:
        return None
    try:
        return date.fromisoformat(written[:10])
    except ValueError:
        raise ValueInvalid(name, written, "a date such as 2026-01-15", line_of(element)) from None


def _detail_amount(element: etree._Element, currency: str) -> etree._Element | None:
    """The detail's amount in the entry's currency where the bank gives one; an instructed amount is never
    used.
    """
    found = [child(element, path) for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/CntrValAmt/Amt")]
    present = [amount for amount in found if amount is not None]
    return next(
        (amount for amount in present if _currency(amount) == currency), present[0] if present else None
    )


def _charges(element: etree._Element, currency: str) -> int:
    found = [child(charge, "Amt") for path in ("Chrgs", "Chrgs/Rcrd") for charge in children(element, path)]
    return sum(cents(amount) for amount in found if amount is not None and _currency(amount) == currency)


def _counterparty(element: etree._Element, side: Side, account: str) -> tuple[str | None, str | None]:
    """The other party. Money that comes back keeps the parties of the payment that it returns."""
    is_return = child(element, "RtrInf") is not None
    roles = ("Dbtr", "Cdtr") if (side is Side.CREDIT) is not is_return else ("Cdtr", "Dbtr")
    for role in roles:
        name = text(element, f"RltdPties/{role}/Nm", f"RltdPties/{role}/Pty/Nm")
        number = text(element, f"RltdPties/{role}Acct/Id/IBAN", f"RltdPties/{role}Acct/Id/Othr/Id")
        if (name or number) and number != account:
            return name, number
    return None, None


def _bank_transaction_code(element: etree._Element) -> str | None:
    parts = [text(element, f"BkTxCd/Domn/{path}") for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    return "/".join(part for part in parts if part) or text(element, "BkTxCd/Prtry/Cd")


def _shared_code(details: tuple[Detail, ...]) -> str | None:
    """The code of all details where the entry has none of its own."""
    codes = {detail.bank_transaction_code for detail in details}
    return codes.pop() if len(codes) == 1 else None


def _provided(identifier: str | None) -> str | None:
    return None if identifier == NOT_PROVIDED else identifier


def _texts(found: Iterable[etree._Element]) -> tuple[str, ...]:
    return tuple(value for value in (text(element) for element in found) if value)


def _joined(found: Iterable[etree._Element]) -> str | None:
    return "\n".join(_texts(found)) or None
