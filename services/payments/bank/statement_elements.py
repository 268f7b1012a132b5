"""The elements of camt.053 and camt.054, from version .02 to .14, as values.

The versions differ in shape, not in meaning: ``Sts`` became ``Sts/Cd``, ``BIC`` became ``BICFI``, ``Cdtr/Nm``
became ``Cdtr/Pty/Nm``, and a detail's amount moved from ``AmtDtls/TxAmt`` to ``Amt``. All amounts are cents.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from lxml import etree

from services.payments.bank.errors import SchemaInvalid, ValueInvalid
from services.payments.bank.xml_reading import Node, cents, line_of, local_name

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
    node = Node(statement, without="Ntry")
    balances = [_balance(balance) for balance in map(Node, node.all("Bal")) if _is_booked(balance)]
    opening = next(filter(None, (_balance_of(balances, code, min) for code in _OPENING_CODES)), None)
    closing = next(filter(None, (_balance_of(balances, code, max) for code in _CLOSING_CODES)), None)
    return StatementHead(
        statement_id=node.required("Id"),
        electronic_sequence_number=_sequence_number(node),
        created_at=node.text("CreDtTm"),
        account=node.required("Acct/Id/IBAN", "Acct/Id/Othr/Id"),
        currency=opening.currency if opening else node.text("Acct/Ccy"),
        opening=opening,
        closing=closing,
    )


def batch_from(element: etree._Element) -> Batch:
    """A ``Btch``. Raises ValueInvalid when its count is no number."""
    node = Node(element)
    count = node.text("NbOfTxs")
    if count is not None and not (count.isascii() and count.isdigit()):
        raise ValueInvalid("Btch/NbOfTxs", count, "a number of transactions", node.line)
    return Batch(node.text("MsgId"), node.text("PmtInfId"), None if count is None else int(count))


def detail_from(element: etree._Element, batch: Batch | None, account: str) -> Detail:
    """A ``TxDtls`` of an entry on ``account``, inside ``batch`` if there is one. Raises ValueInvalid."""
    holder = next(element.iterancestors("{*}Ntry"), None)
    if holder is None:
        raise SchemaInvalid("TxDtls stands outside of an Ntry", line_of(element))
    entry, node = Node(holder, without="NtryDtls"), Node(element)
    currency = _currency(_amount(entry))
    amount = _detail_amount(node, currency)
    side = _side(node) if node.text("CdtDbtInd") else None
    counterparty_name, counterparty_account = _counterparty(node, side or _side(entry), account)
    payment_information_id = node.text("Refs/PmtInfId") or (batch.payment_information_id if batch else None)
    return Detail(
        end_to_end_id=_provided(node.text("Refs/EndToEndId")),
        amount_cents=None if amount is None else cents(amount),
        currency=None if amount is None else _currency(amount),
        side=side,
        charges_cents=_charges(node, currency),
        payment_information_id=_provided(payment_information_id),
        instruction_id=_provided(node.text("Refs/InstrId")),
        bank_reference=node.text("Refs/AcctSvcrRef"),
        references=node.texts("RmtInf/Strd/CdtrRefInf/Ref"),
        remittance_text="\n".join(node.texts("RmtInf/Ustrd")) or None,
        counterparty_name=counterparty_name,
        counterparty_account=counterparty_account,
        bank_transaction_code=_bank_transaction_code(node),
        return_reason_code=node.text("RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry"),
        return_reason_text="\n".join(node.texts("RtrInf/AddtlInf")) or None,
    )


def entry_from(element: etree._Element, batches: tuple[Batch, ...], details: tuple[Detail, ...]) -> Entry:
    """An ``Ntry`` with what was read inside it.

    Raises SchemaInvalid or ValueInvalid, also when all details have amounts and these do not make the
    entry's.
    """
    node = Node(element, without="NtryDtls")
    amount = _amount(node)
    entry = Entry(
        bank_reference=node.text("AcctSvcrRef"),
        entry_reference=node.text("NtryRef"),
        booked_on=_day(node, "BookgDt"),
        valued_on=_day(node, "ValDt"),
        side=_side(node),
        amount_cents=cents(amount),
        currency=_currency(amount),
        status=node.required("Sts/Cd", "Sts/Prtry", "Sts"),
        bank_transaction_code=_bank_transaction_code(node) or _shared_code(details),
        is_reversal=node.text("RvslInd") in ("true", "1"),
        additional_information=node.text("AddtlNtryInf"),
        batches=batches,
        details=details,
    )
    _refuse_unequal_details(entry, node.line)
    return entry


def _refuse_unequal_details(entry: Entry, line: int | None) -> None:
    """Details that all have amounts in the entry's currency must sum to it, with or without the bank's
    charges.
    """
    details = entry.details
    if not details or any(detail.amount_cents is None or detail.currency != entry.currency for detail in details):
        return
    total = sum((d.amount_cents or 0) * (1 if (d.side or entry.side) is entry.side else -1) for d in details)
    charges = sum(detail.charges_cents for detail in details)
    if entry.amount_cents not in (total, total - charges, total + charges):
        right = f"the sum of its details, which is {total // 100}.{total % 100:02d}"
        written = f"{entry.amount_cents // 100}.{entry.amount_cents % 100:02d}"
        raise ValueInvalid("Ntry/Amt", written, right, line)


def _is_booked(balance: Node) -> bool:
    return balance.text("Tp/CdOrPrtry/Cd") in (*_OPENING_CODES, *_CLOSING_CODES)


def _balance(node: Node) -> Balance:
    amount = _amount(node)
    sign = 1 if _side(node) is Side.CREDIT else -1
    day = _day(node, "Dt")
    if day is None:
        raise SchemaInvalid("Bal has no Dt", node.line)
    return Balance(node.required("Tp/CdOrPrtry/Cd"), sign * cents(amount), _currency(amount), day)


def _balance_of(balances: list[Balance], code: str, choose: Callable[..., Balance]) -> Balance | None:
    """The first opening or the last closing balance: a statement over several days may have one of each a
    day.
    """
    of_code = [balance for balance in balances if balance.code == code]
    return choose(of_code, key=lambda balance: balance.day) if of_code else None


def _sequence_number(statement: Node) -> int | None:
    written = statement.text("ElctrncSeqNb")
    if written is None:
        return None
    if not (written.isascii() and written.isdigit()):
        raise ValueInvalid("ElctrncSeqNb", written, "a whole number", statement.line)
    return int(written)


def _amount(node: Node) -> etree._Element:
    amount = node.first("Amt")
    if amount is None:
        raise SchemaInvalid(f"{node.name} has no Amt", node.line)
    return amount


def _currency(amount: etree._Element) -> str:
    currency = (amount.get("Ccy") or "").strip()
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise ValueInvalid(f"{local_name(amount)}/@Ccy", currency or None, "a currency such as EUR", line_of(amount))
    return currency


def _side(node: Node) -> Side:
    written = node.required("CdtDbtInd")
    if written not in (Side.CREDIT, Side.DEBIT):
        raise ValueInvalid("CdtDbtInd", written, "CRDT or DBIT", node.line)
    return Side(written)


def _day(node: Node, name: str) -> date | None:
    """The day of a date or of a date with time (whose clock time is the bank's own)."""
    written = node.text(f"{name}/Dt", f"{name}/DtTm")
    if written is None:
        return None
    try:
        return date.fromisoformat(written[:10])
    except ValueError:
        raise ValueInvalid(name, written, "a date such as 2026-01-15", node.line) from None


def _detail_amount(node: Node, currency: str) -> etree._Element | None:
    """The detail's amount in the entry's currency where the bank gives one; an instructed amount is never
    used.
    """
    found = [node.first(path) for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/CntrValAmt/Amt")]
    present = [amount for amount in found if amount is not None]
    return next((amount for amount in present if _currency(amount) == currency), present[0] if present else None)


def _charges(node: Node, currency: str) -> int:
    found = node.all("Chrgs/Amt") + node.all("Chrgs/Rcrd/Amt")
    return sum(cents(amount) for amount in found if _currency(amount) == currency)


def _counterparty(node: Node, side: Side, account: str) -> tuple[str | None, str | None]:
    """The other party. Money that comes back keeps the parties of the payment that it returns."""
    is_return = node.first("RtrInf") is not None
    roles = ("Dbtr", "Cdtr") if (side is Side.CREDIT) is not is_return else ("Cdtr", "Dbtr")
    for role in roles:
        name = node.text(f"RltdPties/{role}/Nm", f"RltdPties/{role}/Pty/Nm")
        number = node.text(f"RltdPties/{role}Acct/Id/IBAN", f"RltdPties/{role}Acct/Id/Othr/Id")
        if (name or number) and number != account:
            return name, number
    return None, None


def _bank_transaction_code(node: Node) -> str | None:
    parts = [node.text(f"BkTxCd/Domn/{path}") for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    return "/".join(part for part in parts if part) or node.text("BkTxCd/Prtry/Cd")


def _shared_code(details: tuple[Detail, ...]) -> str | None:
    """The code of all details where the entry has none of its own."""
    codes = {detail.bank_transaction_code for detail in details}
    return codes.pop() if len(codes) == 1 else None


def _provided(identifier: str | None) -> str | None:
    return None if identifier == NOT_PROVIDED else identifier
